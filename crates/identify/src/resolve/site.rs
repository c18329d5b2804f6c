//! A site over time: what is observed is taken in, and each round tells which devices became others and who did what.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Device, DeviceId, HostKey, Mac, Subject, Timestamp, Transport, Verb};

use super::cache::Cache;
use super::decisions::Decisions;
use super::nodes::{Locator, Node, Nodes};
use super::ownership::Ownership;
use super::presence::Broadcasts;
use super::{Around, Prepared, build, prepare};
use crate::catalog::Catalog;
use crate::codec::{DecodeError, Names, PENDING, WrittenEntry, pending_in, pending_out};
use crate::ledger::{Deed as Kind, DeedSum, FlowKey, FlowSum, Ledger, Limits, Memory, Part};

/// Flows whose ends are not known to exist yet wait for so many rounds.
const PATIENCE: u8 = 60;

/// At most so many of them.
const WAITING: usize = 65_536;

/// What is known of one site, and what it came to.
pub struct Site {
    realm: String,
    memory: Memory,
    cache: Cache,
    decisions: Decisions,
    located: Option<Located>,
    flows: Vec<(FlowKey, FlowSum, u8)>,
    deeds: Vec<(IpAddr, Vec<(Kind, DeedSum)>)>,
    heard: Vec<(Subject, Timestamp)>,
    /// Something was written down as waiting.
    waited: bool,
}

/// Whose each address was at the last thorough look.
struct Located {
    ownership: Ownership,
    broadcasts: Broadcasts,
    nodes: Nodes,
    ids: BTreeMap<usize, DeviceId>,
}

/// Traffic between two devices since the round before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    pub originator: DeviceId,
    pub responder: DeviceId,
    pub transport: Transport,
    pub port: u16,
    pub protocol: &'static str,
    /// Flows that began.
    pub flows: u64,
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    pub first: Timestamp,
    pub last: Timestamp,
}

/// What a device did, or what was done to it, since the round before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    pub device: DeviceId,
    /// It did it; else it was done to it.
    pub actor: bool,
    pub protocol: &'static str,
    pub verb: Verb,
    pub operation: Box<str>,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// What one round came to.
#[derive(Debug, Default)]
pub struct Round {
    /// Devices that are new or other than they were, by id.
    pub devices: Vec<Device>,
    /// Devices that are as they were, with when they were first and last seen.
    pub unchanged: Vec<(DeviceId, Timestamp, Timestamp)>,
    /// Devices that are none any more, with what each is part of now.
    pub gone: Vec<(DeviceId, Option<DeviceId>)>,
    pub exchanges: Vec<Exchange>,
    pub deeds: Vec<Deed>,
    /// Aggregated flows that were given up because one end never showed that it exists.
    pub unanswered: u64,
}

impl Site {
    /// A site of which nothing is known. `realm` makes ids of what has only a local address differ from other sites'; it is
    /// empty where there is one site.
    pub fn new(realm: &str, limits: &Limits) -> Site {
        Site {
            realm: realm.to_owned(),
            memory: Memory::new(limits),
            cache: Cache::default(),
            decisions: Decisions::default(),
            located: None,
            flows: Vec::new(),
            deeds: Vec::new(),
            heard: Vec::new(),
            waited: false,
        }
    }

    /// Takes in what was observed.
    pub fn absorb(&mut self, ledger: Ledger) {
        let absorbed = self.memory.absorb(ledger);
        self.flows.extend(absorbed.flows.into_iter().map(|(key, sum)| (key, sum, 0)));
        self.deeds.extend(absorbed.deeds);
        self.heard.extend(absorbed.heard);
    }

    /// What people decided; everything is looked at anew where it is other than before.
    pub fn decide(&mut self, decisions: Decisions) {
        if decisions != self.decisions {
            self.decisions = decisions;
            self.cache.clear();
            self.located = None;
        }
    }

    /// Makes the next round build every device anew (another catalogue, say).
    pub fn rebuild(&mut self) {
        self.cache.clear();
        self.located = None;
    }

    /// Makes the next [`Site::refresh`] build these devices anew.
    pub fn rebuild_some(&mut self, devices: &BTreeSet<DeviceId>) {
        if !devices.is_empty() {
            self.cache.forget(devices);
            self.memory.stale = true;
        }
    }

    /// Something was taken in since the last round.
    pub fn is_due(&self) -> bool {
        !self.flows.is_empty()
            || !self.deeds.is_empty()
            || !self.heard.is_empty()
            || !self.memory.is_written()
    }

    /// Hosts that are remembered.
    pub fn hosts(&self) -> usize {
        self.memory.hosts()
    }

    /// Something was learnt that a quick look does not take into account.
    pub fn is_stale(&self) -> bool {
        self.memory.stale || self.located.is_none()
    }

    /// Which devices there are now, as far as they changed. Costs time in the size of the site, and much more in the number
    /// of devices that changed.
    pub fn refresh(&mut self, catalog: &Catalog) -> Round {
        let pending = self.pending();
        let around = Around { catalog, realm: &self.realm, decisions: &self.decisions };
        let flows: Vec<(FlowKey, FlowSum)> = pending.flows.iter().map(|(key, sum, _)| (*key, *sum)).collect();
        let places: Vec<(IpAddr, Timestamp)> =
            pending.deeds.iter().map(|(ip, _, sum)| (*ip, sum.time)).collect();
        let prepared = prepare(&self.memory, &around, &flows, &places);
        let Prepared { material, ownership, broadcasts, ends, doers } = prepared;
        let cache = Some(&mut self.cache);
        let (built, nodes) = build::devices(material, &ownership, &around, &|_, _| false, cache);
        let gone = self.cache.succeed(&built.ids, &nodes);
        self.memory.stale = false;
        let mut round = Round { devices: built.devices, gone, ..Round::default() };
        round.unchanged = built
            .unchanged
            .into_iter()
            .filter_map(|(id, span)| span.map(|span| (id, span.first, span.last)))
            .collect();
        self.located = Some(Located { ownership, broadcasts, nodes, ids: built.ids });
        self.tell(pending, &ends, &doers, false, &mut round);
        round
    }

    /// Whose traffic it was and who was seen again, by what the last [`Site::refresh`] found; what is new waits for the next.
    /// Costs time only in what came since.
    pub fn glance(&mut self) -> Round {
        let Some(located) = self.located.take() else { return Round::default() };
        let pending = self.pending();
        let locator = Locator { ownership: &located.ownership, broadcasts: &located.broadcasts };
        let mut seen: BTreeMap<&DeviceId, (Timestamp, Timestamp)> = BTreeMap::new();
        let mut see = |number: usize, first: Timestamp, last: Timestamp| {
            if let Some(id) = located.ids.get(&number) {
                let span = seen.entry(id).or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
        };
        let find =
            |host: &HostKey, at: Timestamp| locator.host(host, at).and_then(|node| located.nodes.find(&node));
        let ends: Vec<Option<(usize, usize)>> = pending
            .flows
            .iter()
            .map(|(key, sum, _)| {
                if key.transport == Transport::Link && !between_stations(key) {
                    return None;
                }
                let from = find(&key.originator, sum.first);
                let to = find(&key.responder, sum.first);
                for number in from.into_iter().chain(to) {
                    see(number, sum.first, sum.last);
                }
                Some((from?, to?))
            })
            .collect();
        let doers: Vec<Option<usize>> =
            pending.deeds.iter().map(|(ip, _, sum)| located.nodes.find(&locator.ip(*ip, sum.time))).collect();
        for (subject, at) in &pending.heard {
            let node = match subject {
                Subject::Mac { mac, .. } => Some(Node::Station(*mac)),
                Subject::Host(host) => locator.host(host, *at),
                Subject::Ip(_) | Subject::Behind { .. } => None,
            };
            if let Some(number) = node.and_then(|node| located.nodes.find(&node)) {
                see(number, *at, *at);
            }
        }
        let unchanged = seen.into_iter().map(|(id, (first, last))| (id.clone(), first, last)).collect();
        let mut round = Round { unchanged, ..Round::default() };
        self.located = Some(located);
        self.tell(pending, &ends, &doers, true, &mut round);
        round
    }

    fn pending(&mut self) -> Pending {
        Pending {
            flows: std::mem::take(&mut self.flows),
            deeds: std::mem::take(&mut self.deeds)
                .into_iter()
                .flat_map(|(ip, list)| list.into_iter().map(move |(kind, sum)| (ip, kind, sum)))
                .collect(),
            heard: std::mem::take(&mut self.heard),
        }
    }

    /// Puts traffic and deeds into the round; what has no device yet waits.
    fn tell(
        &mut self,
        pending: Pending,
        ends: &[Option<(usize, usize)>],
        doers: &[Option<usize>],
        again: bool,
        round: &mut Round,
    ) {
        let Some(located) = &self.located else { return };
        for ((key, sum, patience), ends) in pending.flows.into_iter().zip(ends) {
            let found = ends.and_then(|(from, to)| Some((located.ids.get(&from)?, located.ids.get(&to)?)));
            match found {
                Some((from, to)) => round.exchanges.push(exchange(from, to, &key, &sum)),
                // A frame to a group has no device at its other end, and never will.
                None if key.transport == Transport::Link && !between_stations(&key) => {}
                None if patience < PATIENCE && self.flows.len() < WAITING => {
                    self.flows.push((key, sum, patience + 1));
                }
                None if key.transport == Transport::Link => {}
                None => round.unanswered = round.unanswered.saturating_add(1),
            }
        }
        for ((ip, kind, sum), doer) in pending.deeds.into_iter().zip(doers) {
            let Some(device) = doer.and_then(|number| located.ids.get(&number)) else {
                // Whose it is shows at the next thorough look.
                if again && self.deeds.len() < WAITING {
                    self.deeds.push((ip, vec![(kind, sum)]));
                }
                continue;
            };
            round.deeds.push(Deed {
                device: device.clone(),
                actor: kind.part == Part::Actor,
                protocol: kind.protocol,
                verb: kind.verb,
                operation: kind.operation,
                count: sum.count,
                first: sum.time.min(sum.last),
                last: sum.last,
            });
        }
    }

    /// What is to be written down, so that the site can be taken up again: pieces by table and key, an empty body for what
    /// is to be removed. Without `times`, only what changed materially.
    pub fn unwritten(&mut self, times: bool) -> Vec<WrittenEntry> {
        let mut entries = self.memory.unwritten(times);
        // What waits belongs to reports that are acknowledged with this.
        let waits = !self.flows.is_empty() || !self.deeds.is_empty();
        if waits || self.waited {
            let body = waits.then(|| pending_out(&self.flows, &self.deeds));
            entries.push((PENDING, Vec::new(), body));
        }
        self.waited = waits;
        entries
    }

    /// Takes up what was written down. What this version does not know (a dissector of a later one) is left out; answers
    /// how many pieces were.
    pub fn restore(
        &mut self,
        entries: impl IntoIterator<Item = (u8, Vec<u8>, Vec<u8>)>,
        names: &dyn Names,
    ) -> Result<usize, DecodeError> {
        let mut of_memory = Vec::new();
        for (table, key, body) in entries {
            if table == PENDING {
                (self.flows, self.deeds) = pending_in(&body, names)?;
                self.waited = true;
            } else {
                of_memory.push((table, key, body));
            }
        }
        self.memory.restore(of_memory, names)
    }

    /// Forgets addresses without a MAC address of their own that were last seen before `before`.
    pub fn forget_remote(&mut self, before: Timestamp) -> usize {
        self.memory
            .forget_remote(before, &|host| host.mac.is_station() && super::addresses::is_private(host.ip))
    }
}

/// A frame from one station to another.
fn between_stations(key: &FlowKey) -> bool {
    key.responder.mac.is_station() && key.originator.mac != Mac::ZERO
}

/// What came since the last look.
struct Pending {
    flows: Vec<(FlowKey, FlowSum, u8)>,
    deeds: Vec<(IpAddr, Kind, DeedSum)>,
    heard: Vec<(Subject, Timestamp)>,
}

fn exchange(from: &DeviceId, to: &DeviceId, key: &FlowKey, sum: &FlowSum) -> Exchange {
    Exchange {
        originator: from.clone(),
        responder: to.clone(),
        transport: key.transport,
        port: if key.transport == Transport::Link { 0 } else { key.port },
        protocol: key.protocol.unwrap_or("unknown"),
        flows: sum.flows,
        packets: sum.packets,
        bytes: sum.bytes,
        first: sum.first,
        last: sum.last,
    }
}

/// Puts the exchanges of one conversation together.
pub fn conversations(exchanges: Vec<Exchange>) -> Vec<Exchange> {
    type Key = (DeviceId, DeviceId, Transport, u16, &'static str);
    let mut sums: BTreeMap<Key, Exchange> = BTreeMap::new();
    for one in exchanges {
        let key = (one.originator.clone(), one.responder.clone(), one.transport, one.port, one.protocol);
        match sums.get_mut(&key) {
            Some(known) => {
                known.flows = known.flows.saturating_add(one.flows);
                for (ours, theirs) in known.packets.iter_mut().zip(one.packets) {
                    *ours = ours.saturating_add(theirs);
                }
                for (ours, theirs) in known.bytes.iter_mut().zip(one.bytes) {
                    *ours = ours.saturating_add(theirs);
                }
                known.first = known.first.min(one.first);
                known.last = known.last.max(one.last);
            }
            None => {
                sums.insert(key, one);
            }
        }
    }
    sums.into_values().collect()
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("realm", &self.realm).field("hosts", &self.memory.hosts()).finish()
    }
}

/// Ids of devices that some node had, and which it has now.
pub(super) fn successors(
    before: &BTreeMap<u64, DeviceId>,
    now: &BTreeMap<u64, DeviceId>,
) -> Vec<(DeviceId, Option<DeviceId>)> {
    let alive: BTreeSet<&DeviceId> = now.values().collect();
    let mut gone: BTreeMap<DeviceId, Option<DeviceId>> = BTreeMap::new();
    for (node, old) in before {
        if !alive.contains(old) {
            let new = now.get(node).cloned();
            let known = gone.entry(old.clone()).or_default();
            if known.is_none() {
                *known = new;
            }
        }
    }
    gone.into_iter().collect()
}
