//! What rules would have done to what was seen.
//!
//! History is replayed through the rule set as it is rendered, not through the policy: through what a target would enforce.
//! A conversation is between devices, and a device may have several addresses; which of them it used is not kept. Where
//! not all of them fare alike, the conversation is *perhaps* cut, and so it is where a rule depends on the time or on a
//! rate. A flow has its addresses, and one fate.
//!
//! A conversation counts as cut where its opening would be. ICMP is tried as an echo request.

mod home;
mod result;

use std::collections::BTreeSet;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt as _};
use medward_model::{Conversation, Device, DeviceId, FlowRecord, Timestamp, Transport};

use crate::language::Policy;
use crate::meaning::{Meaning, Purpose};
use crate::prove::{Decider, Prover};
use crate::ruleset::{Action, Reading, Ruleset};
use crate::space::{ICMP, ICMPV6, Packet, SCTP, TCP, UDP};
use crate::zones::Membership;

use home::Homes;
pub use result::{Fate, SIMULATION_SCHEMA, Simulation, Struck, Total};

/// Addresses of a device that are tried.
const TRIED: usize = 16;

/// Most groups that are kept; what has no room is counted.
const GROUPS: usize = 100_000;

/// What conversations are told together by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    fate: Fate,
    meaning: Meaning,
    from: u32,
    to: u32,
    transport: Transport,
    port: u16,
    protocol: u32,
    rule: Option<usize>,
}

#[derive(Debug)]
struct Group {
    originators: BTreeSet<u32>,
    responders: BTreeSet<u32>,
    total: Total,
    first: Timestamp,
    last: Timestamp,
}

/// One thing that was seen.
struct Event<'e> {
    /// Numbers of the devices.
    ends: [Option<u32>; 2],
    transport: Transport,
    port: u16,
    protocol: &'e str,
    total: Total,
    first: Timestamp,
    last: Timestamp,
}

/// Replays.
pub struct Simulator<'a> {
    ruleset: &'a Ruleset,
    prover: Prover<'a>,
    /// Whether headers alone decide.
    certain: bool,
    homes: Homes<'a>,
    protocols: HashMap<Box<str>, u32>,
    groups: HashMap<Key, Group>,
    simulation: Simulation,
}

/// What happens to one packet.
#[derive(Clone, Copy)]
struct Verdict {
    /// When conditions are taken so that most passes, and so that least does.
    actions: [Action; 2],
    /// The rule that decides when least passes.
    rule: Option<usize>,
}

impl<'a> Simulator<'a> {
    /// Makes ready. `membership` tells which zones' names devices go by.
    pub fn new(
        policy: &Policy,
        ruleset: &'a Ruleset,
        membership: &Membership,
        devices: &'a [Device],
    ) -> Simulator<'a> {
        Simulator {
            ruleset,
            prover: Prover::new(ruleset),
            certain: ruleset.rules.iter().all(crate::ruleset::Rule::is_certain),
            homes: Homes::of(policy, membership, devices),
            protocols: HashMap::new(),
            groups: HashMap::new(),
            simulation: Simulation::new(&policy.name),
        }
    }

    fn verdict(&self, packet: &Packet) -> Verdict {
        let action = |rule: Option<usize>| {
            rule.and_then(|at| self.ruleset.rules.get(at)).map_or(self.ruleset.default, |rule| rule.action)
        };
        let least = self.prover.decision(packet, Reading::Least);
        let most = if self.certain { least } else { self.prover.decision(packet, Reading::Most) };
        Verdict { actions: [action(most), action(least)], rule: least }
    }

    /// Replays one conversation.
    pub fn conversation(&mut self, talk: &Conversation) {
        let total = Total { conversations: 1, flows: talk.flows, packets: talk.packets, bytes: talk.bytes };
        let event = Event {
            ends: [self.homes.number(&talk.originator), self.homes.number(&talk.responder)],
            transport: talk.transport,
            port: talk.port,
            protocol: &talk.protocol,
            total,
            first: talk.first_seen,
            last: talk.last_seen,
        };
        if self.beside(&event) {
            return;
        }
        let [Some(from), Some(to)] = event.ends else {
            self.simulation.undecided.add(&event.total);
            return;
        };
        let (sources, destinations) = (self.homes.opening(from), self.homes.opened(to));
        let mut verdicts = Tally::default();
        let mut tried = |near: bool| {
            for source in sources {
                for destination in destinations {
                    if source.is_ipv4() == destination.is_ipv4()
                        && (!near || is_near(*source) == is_near(*destination) || destination.is_multicast())
                        && let Some(packet) = packet(*source, *destination, talk.transport, talk.port)
                    {
                        verdicts.count(self.verdict(&packet));
                    }
                }
            }
            !verdicts.is_empty()
        };
        let _ = tried(true) || tried(false);
        self.settle(&event, &verdicts);
    }

    /// Replays one flow, by the addresses that it had.
    pub fn flow(&mut self, flow: &FlowRecord) {
        let [opened, answered] = flow.packets;
        let [there, back] = flow.bytes;
        let total = Total {
            conversations: 1,
            flows: 1,
            packets: opened.saturating_add(answered),
            bytes: there.saturating_add(back),
        };
        let event = Event {
            ends: [self.homes.at(flow.originator.ip), self.homes.at(flow.responder.ip)],
            transport: flow.transport,
            port: flow.responder_port,
            protocol: flow.protocol.unwrap_or("unknown"),
            total,
            first: flow.first,
            last: flow.last,
        };
        if self.beside(&event) {
            return;
        }
        let mut verdicts = Tally::default();
        if flow.originator.ip.is_ipv4() == flow.responder.ip.is_ipv4()
            && let Some(packet) =
                packet(flow.originator.ip, flow.responder.ip, flow.transport, flow.responder_port)
        {
            verdicts.count(self.verdict(&packet));
        }
        self.settle(&event, &verdicts);
    }

    /// Counts what is replayed; whether rules do not speak of it.
    fn beside(&mut self, event: &Event<'_>) -> bool {
        self.simulation.seen(event.first, event.last);
        self.simulation.total.add(&event.total);
        let beside = event.transport == Transport::Link || Purpose::of(event.protocol) == Purpose::Link;
        if beside {
            self.simulation.beside.add(&event.total);
        }
        beside
    }

    fn settle(&mut self, event: &Event<'_>, verdicts: &Tally) {
        let Some((fate, rule)) = verdicts.fate() else {
            self.simulation.undecided.add(&event.total);
            return;
        };
        if fate == Fate::Passes {
            self.simulation.passes.add(&event.total);
            return;
        }
        let [from, to] = event.ends;
        let meaning = if from.into_iter().chain(to).any(|at| self.homes.supports_life(at)) {
            Meaning::LifeSupporting
        } else if Purpose::of(event.protocol) == Purpose::Clinical {
            Meaning::Clinical
        } else {
            Meaning::Other
        };
        let protocol = match self.protocols.get(event.protocol) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.protocols.len()).unwrap_or(u32::MAX);
                self.protocols.insert(event.protocol.into(), number);
                number
            }
        };
        let zone = |end: Option<u32>| end.map_or(Homes::NONE, |at| self.homes.zone(at));
        let key = Key {
            fate,
            meaning,
            from: zone(from),
            to: zone(to),
            transport: event.transport,
            port: event.port,
            protocol,
            rule,
        };
        let full = self.groups.len() >= GROUPS;
        let group = match self.groups.entry(key) {
            std::collections::hash_map::Entry::Vacant(_) if full => {
                self.simulation.untold.add(&event.total);
                return;
            }
            entry => entry.or_insert_with(|| Group {
                originators: BTreeSet::new(),
                responders: BTreeSet::new(),
                total: Total::default(),
                first: event.first,
                last: event.last,
            }),
        };
        group.originators.extend(from);
        group.responders.extend(to);
        group.total.add(&event.total);
        group.first = group.first.min(event.first);
        group.last = group.last.max(event.last);
    }

    /// What came of it.
    pub fn finish(self) -> Simulation {
        let names: HashMap<u32, &str> =
            self.protocols.iter().map(|(name, number)| (*number, &**name)).collect();
        let mut affected: BTreeSet<u32> = BTreeSet::new();
        let mut simulation = self.simulation;
        for (key, group) in &self.groups {
            affected.extend(&group.originators);
            affected.extend(&group.responders);
            let ids = |numbers: &BTreeSet<u32>| -> Vec<DeviceId> {
                let mut ids: Vec<DeviceId> =
                    numbers.iter().filter_map(|at| self.homes.id(*at)).cloned().collect();
                ids.sort();
                ids.truncate(Struck::DEVICES);
                ids
            };
            let rule = key
                .rule
                .map_or_else(|| Decider::at(self.ruleset, usize::MAX), |at| Decider::at(self.ruleset, at));
            simulation.groups.push(Struck {
                fate: key.fate,
                meaning: key.meaning,
                from: self.homes.name(key.from),
                to: self.homes.name(key.to),
                service: result::service(key.transport, key.port),
                protocol: names.get(&key.protocol).copied().unwrap_or("unknown").to_owned(),
                devices: [group.originators.len(), group.responders.len()],
                originators: ids(&group.originators),
                responders: ids(&group.responders),
                total: group.total,
                first_seen: group.first,
                last_seen: group.last,
                rule,
            });
        }
        simulation.devices = affected.len();
        simulation.settled()
    }
}

/// How the addresses of a conversation fare.
#[derive(Default)]
struct Tally {
    counts: [u32; 4],
    /// The rules of those that do not pass: the first that cuts, may cut, or alerts.
    rules: [Option<Option<usize>>; 4],
}

impl Tally {
    const fn is_empty(&self) -> bool {
        let [a, b, c, d] = self.counts;
        a + b + c + d == 0
    }

    fn count(&mut self, verdict: Verdict) {
        let at = match verdict.actions {
            [Action::Drop, Action::Drop] => 0,
            [Action::Drop, _] | [_, Action::Drop] => 1,
            [_, Action::Alert] => 2,
            _ => 3,
        };
        if let Some(count) = self.counts.get_mut(at) {
            *count += 1;
        }
        if let Some(rule) = self.rules.get_mut(at) {
            rule.get_or_insert(verdict.rule);
        }
    }

    fn fate(&self) -> Option<(Fate, Option<usize>)> {
        let [cut, maybe, alert, passes] = self.counts;
        let [by_cut, by_maybe, by_alert, by_pass] = self.rules;
        match (cut, maybe, alert, passes) {
            (0, 0, 0, 0) => None,
            (_, 0, 0, 0) => Some((Fate::Cut, by_cut.flatten())),
            (0, 0, 0, _) => Some((Fate::Passes, by_pass.flatten())),
            (0, 0, ..) => Some((Fate::Alerts, by_alert.flatten())),
            _ => Some((Fate::PerhapsCut, by_cut.or(by_maybe).flatten())),
        }
    }
}

/// Whether an address is of the link only.
const fn is_near(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

/// The packet that opens a flow; none where rules do not speak of it.
fn packet(source: IpAddr, destination: IpAddr, transport: Transport, port: u16) -> Option<Packet> {
    let (protocol, port) = match transport {
        Transport::Link => return None,
        Transport::Tcp => (TCP, port),
        Transport::Udp => (UDP, port),
        Transport::Sctp => (SCTP, port),
        Transport::Icmp if source.is_ipv4() => (ICMP, 8 << 8),
        Transport::Icmp => (ICMPV6, 128 << 8),
        Transport::Ip => (u8::try_from(port).ok()?, 0),
    };
    Some(Packet { source, destination, protocol, port })
}
