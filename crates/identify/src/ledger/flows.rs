//! Flows, aggregated by their hosts, transport, responder's port and protocol.

use medward_model::{FlowRecord, HostKey, Timestamp, Transport};

use super::{Limits, Map};

/// What flows are aggregated by. The protocol is "other" where ports were folded into port 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FlowKey {
    pub originator: HostKey,
    pub responder: HostKey,
    pub transport: Transport,
    pub port: u16,
    pub protocol: Option<&'static str>,
}

/// The aggregate of some flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowSum {
    pub flows: u64,
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    pub first: Timestamp,
    pub last: Timestamp,
    pub packet: u64,
    /// A service stands behind the port: at least one flow was answered and its direction is sure enough.
    pub serves: bool,
    /// Most packets from the originator in one flow.
    pub most_sent: u64,
}

impl FlowSum {
    fn of(flow: &FlowRecord) -> FlowSum {
        let recognised = flow.protocol.is_some();
        let sure = match flow.transport {
            Transport::Tcp | Transport::Sctp => {
                flow.oriented || flow.responder_port < 1024 && flow.originator_port >= 1024
            }
            Transport::Udp => {
                (recognised || flow.responder_port < 1024) && flow.responder_port <= flow.originator_port
            }
            _ => false,
        };
        FlowSum {
            flows: u64::from(flow.continues.is_none()),
            packets: flow.packets,
            bytes: flow.bytes,
            first: flow.first,
            last: flow.last,
            packet: flow.first_packet,
            serves: flow.answered && sure,
            most_sent: flow.packets[0].saturating_add(flow.continues.unwrap_or(0)),
        }
    }

    fn absorb(&mut self, other: &FlowSum) {
        self.flows = self.flows.saturating_add(other.flows);
        for (ours, theirs) in
            self.packets.iter_mut().zip(other.packets).chain(self.bytes.iter_mut().zip(other.bytes))
        {
            *ours = ours.saturating_add(theirs);
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.packet = self.packet.min(other.packet);
        self.serves |= other.serves;
        self.most_sent = self.most_sent.max(other.most_sent);
    }
}

/// All aggregates.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    sums: Map<FlowKey, FlowSum>,
    /// Distinct keys of a pair of hosts.
    pairs: Map<(HostKey, HostKey), u32>,
}

impl Flows {
    /// False where it had to be folded or dropped.
    pub(super) fn note(&mut self, flow: &FlowRecord, limits: &Limits) -> bool {
        let port = match flow.transport {
            Transport::Icmp => 0,
            _ => flow.responder_port,
        };
        let key = FlowKey {
            originator: flow.originator,
            responder: flow.responder,
            transport: flow.transport,
            port,
            protocol: flow.protocol,
        };
        let sum = FlowSum::of(flow);
        if let Some(same) = self.sums.get_mut(&key) {
            same.absorb(&sum);
            return true;
        }
        let pair = (flow.originator, flow.responder);
        let of_pair = self.pairs.get(&pair).copied().unwrap_or(0) as usize;
        if self.sums.len() < limits.flows && of_pair < limits.ports_per_pair {
            self.sums.insert(key, sum);
            *self.pairs.entry(pair).or_default() += 1;
            return true;
        }
        let folded = FlowKey { port: 0, protocol: Some("other"), ..key };
        if let Some(same) = self.sums.get_mut(&folded) {
            same.absorb(&FlowSum { serves: false, ..sum });
        } else if self.sums.len() < limits.flows.saturating_add(limits.flows / 4) {
            self.sums.insert(folded, FlowSum { serves: false, ..sum });
        }
        false
    }

    /// Every second entry to each side.
    pub(super) fn halve(self, left: &mut Flows, right: &mut Flows) {
        for (at, (key, entry)) in self.sums.into_iter().enumerate() {
            let side = if at % 2 == 0 { &mut *left } else { &mut *right };
            side.restore(key, entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    pub(super) fn merge(&mut self, other: Flows) {
        for (key, sum) in other.sums {
            self.sums.entry(key).and_modify(|ours| ours.absorb(&sum)).or_insert(sum);
        }
        for (pair, count) in other.pairs {
            let total = self.pairs.entry(pair).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, key: FlowKey, sum: FlowSum) {
        if self.sums.insert(key, sum).is_none() {
            *self.pairs.entry((key.originator, key.responder)).or_default() += 1;
        }
    }

    /// A copy of all, by key.
    pub(crate) fn sorted(&self) -> Vec<(FlowKey, FlowSum)> {
        let mut all: Vec<_> = self.sums.iter().map(|(key, sum)| (*key, *sum)).collect();
        all.sort_unstable_by_key(|entry| entry.0);
        all
    }

    /// All of them, by key.
    pub(crate) fn into_sorted(self) -> Vec<(FlowKey, FlowSum)> {
        let mut all: Vec<_> = self.sums.into_iter().collect();
        all.sort_by_key(|entry| entry.0);
        all
    }
}
