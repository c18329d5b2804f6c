//! Who reaches whom, over conversations that were seen: the shortest ways from less trusted devices to each other one.
//!
//! One search from all origins of a kind at once; a hop over a service that lets its user command the device is shorter than
//! one that only exchanges data. Cost: O((devices + conversations) log devices) for each kind of origin.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use medward_model::{AttackPath, Conversation, DeviceId, Hop};

/// Where attackers may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    Internet,
    Guest,
    Office,
    Building,
}

impl Origin {
    /// All of them, least trusted first.
    pub const ALL: [Origin; 4] = [Origin::Internet, Origin::Guest, Origin::Office, Origin::Building];

    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Origin::Internet => "internet",
            Origin::Guest => "guest",
            Origin::Office => "it",
            Origin::Building => "building",
        }
    }
}

/// Most hops of a way.
const MAX_HOPS: u32 = 4;

/// Services that command a device, and what a hop over them costs; any other costs [`PLAIN`].
const COMMANDING: [&str; 14] = [
    "rdp", "vnc", "ssh", "telnet", "smb", "dcerpc", "ftp", "winrm", "http", "snmp", "tds", "modbus", "dicom",
    "sdc",
];
const COMMAND: u32 = 2;
const PLAIN: u32 = 3;

/// Ways to devices.
#[derive(Debug, Default)]
pub struct Reach {
    /// Of each origin: cost, hops, the device before and the service that leads here.
    from: BTreeMap<Origin, Vec<Option<Step>>>,
    ids: Vec<DeviceId>,
    at: BTreeMap<DeviceId, usize>,
}

#[derive(Clone, Debug)]
struct Step {
    cost: u32,
    hops: u32,
    before: Option<usize>,
    via: usize,
}

impl Reach {
    /// From conversations and what each device is as an origin.
    pub fn new(conversations: &[Conversation], origins: &BTreeMap<DeviceId, Origin>) -> (Reach, Vec<String>) {
        let mut reach = Reach::default();
        let mut services: Vec<String> = Vec::new();
        let mut service_at: BTreeMap<String, usize> = BTreeMap::new();
        let mut edges: Vec<Vec<(usize, usize, u32)>> = Vec::new();
        for conversation in conversations {
            let from = reach.index(&conversation.originator, &mut edges);
            let to = reach.index(&conversation.responder, &mut edges);
            let name =
                format!("{}/{} {}", conversation.transport.name(), conversation.port, conversation.protocol);
            let via = *service_at.entry(name.clone()).or_insert_with(|| {
                services.push(name);
                services.len() - 1
            });
            let cost = if COMMANDING.contains(&conversation.protocol.as_str()) { COMMAND } else { PLAIN };
            if let Some(list) = edges.get_mut(from) {
                list.push((to, via, cost));
            }
        }
        for origin in Origin::ALL {
            let starts: Vec<usize> = origins
                .iter()
                .filter(|(_, own)| **own == origin)
                .filter_map(|(id, _)| reach.at.get(id).copied())
                .collect();
            let steps = search(&starts, &edges);
            reach.from.insert(origin, steps);
        }
        (reach, services)
    }

    fn index(&mut self, id: &DeviceId, edges: &mut Vec<Vec<(usize, usize, u32)>>) -> usize {
        if let Some(at) = self.at.get(id) {
            return *at;
        }
        let at = self.ids.len();
        self.ids.push(id.clone());
        self.at.insert(id.clone(), at);
        edges.push(Vec::new());
        at
    }

    /// Hops from the nearest origin of that kind; `None` where none leads here.
    pub fn hops(&self, device: &DeviceId, origin: Origin) -> Option<u32> {
        let step = self.from.get(&origin)?.get(*self.at.get(device)?)?.as_ref()?;
        (step.hops > 0).then_some(step.hops)
    }

    /// The shortest way from each kind of origin, shortest first; at most three.
    pub fn paths(&self, device: &DeviceId, services: &[String]) -> Vec<AttackPath> {
        let mut found: Vec<(u32, AttackPath)> = Vec::new();
        for origin in Origin::ALL {
            let Some(steps) = self.from.get(&origin) else { continue };
            let Some(mut at) = self.at.get(device).copied() else { continue };
            let Some(Some(last)) = steps.get(at) else { continue };
            if last.hops == 0 {
                continue;
            }
            let cost = last.cost;
            let mut hops = Vec::new();
            let mut via = String::new();
            while let Some(Some(step)) = steps.get(at) {
                if let Some(id) = self.ids.get(at) {
                    hops.push(Hop { device: id.clone(), via: std::mem::take(&mut via) });
                }
                let Some(before) = step.before else { break };
                via = services.get(step.via).cloned().unwrap_or_default();
                at = before;
            }
            hops.reverse();
            found.push((cost, AttackPath { origin: origin.name(), hops }));
        }
        found.sort_by_key(|(cost, path)| (*cost, path.origin));
        found.into_iter().take(3).map(|(_, path)| path).collect()
    }
}

fn search(starts: &[usize], edges: &[Vec<(usize, usize, u32)>]) -> Vec<Option<Step>> {
    let mut steps: Vec<Option<Step>> = vec![None; edges.len()];
    let mut open = BinaryHeap::new();
    for start in starts {
        if let Some(slot) = steps.get_mut(*start) {
            *slot = Some(Step { cost: 0, hops: 0, before: None, via: 0 });
            open.push(Reverse((0u32, *start)));
        }
    }
    while let Some(Reverse((cost, at))) = open.pop() {
        let Some(Some(here)) = steps.get(at).cloned() else { continue };
        if here.cost < cost || here.hops >= MAX_HOPS {
            continue;
        }
        for (to, via, length) in edges.get(at).into_iter().flatten() {
            let cost = cost + length;
            let better =
                steps.get(*to).is_some_and(|known| known.as_ref().is_none_or(|known| cost < known.cost));
            if better && let Some(slot) = steps.get_mut(*to) {
                *slot = Some(Step { cost, hops: here.hops + 1, before: Some(at), via: *via });
                open.push(Reverse((cost, *to)));
            }
        }
    }
    steps
}
