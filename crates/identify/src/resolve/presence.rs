//! Which hosts were there: every address triple with when it was seen, and whom it spoke with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp};

use super::addresses::is_group;
use crate::ledger::{Holding, Memory, Observation, may_be_broadcast};

pub(crate) use crate::ledger::Span;

/// What is known of a host triple.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presence<'m> {
    pub span: Span,
    /// It spoke, or something that only a real host gets was sent to it.
    pub exists: bool,
    /// Other ends of its flows.
    pub peers: &'m [HostKey],
}

/// Addresses that look like directed broadcasts and are none: they spoke, or a station holds them.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts(BTreeSet<IpAddr>);

impl Broadcasts {
    /// The last address of a usual subnet, that never spoke and was not sent to a station: a directed broadcast
    /// (RFC 919) in a capture that does not tell the destination's MAC.
    pub(crate) fn is_silent(&self, host: &HostKey) -> bool {
        may_be_broadcast(host.ip) && !host.mac.is_station() && !self.0.contains(&host.ip)
    }
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen<'m> {
    /// Unicast hosts.
    pub hosts: BTreeMap<HostKey, Presence<'m>>,
    /// MAC addresses that spoke or were linked.
    pub macs: BTreeMap<Mac, Span>,
    /// Who held an address: by IP, then MAC.
    pub holders: BTreeMap<IpAddr, BTreeMap<Mac, Holding>>,
    pub broadcasts: Broadcasts,
    /// VLANs of a MAC address.
    pub vlans: BTreeMap<Mac, BTreeSet<u16>>,
}

impl<'m> Seen<'m> {
    pub(crate) fn of(memory: &'m Memory, observations: &[(&Subject, Vec<&Observation>)]) -> Seen<'m> {
        let mut seen = Seen::default();
        for ((mac, ip, vlan), holding) in memory.links.sorted() {
            let first = holding.intervals.first().map_or(Timestamp::MIN, |i| i.0);
            // A lease runs ahead of what was seen: only what was said is a sighting.
            seen.mac(mac, vlan, Span { first, last: holding.said.max(first) });
            let known = seen.holders.entry(ip).or_default().entry(mac).or_default();
            known.intervals.extend(&holding.intervals);
            known.intervals.sort_unstable();
        }
        let presences = &memory.presences;
        for ((mac, vlan), span) in &presences.stations {
            seen.mac(*mac, *vlan, *span);
        }
        for (host, known) in &presences.hosts {
            let presence = Presence { span: known.span, exists: known.exists, peers: &known.peers };
            seen.hosts.insert(*host, presence);
        }
        let held = seen.holders.keys().copied().filter(|ip| may_be_broadcast(*ip));
        seen.broadcasts = Broadcasts(presences.speakers.keys().copied().chain(held).collect());
        for (subject, observations) in observations {
            let Some(first) = observations.iter().map(|o| o.first).min() else { continue };
            let last = observations.iter().map(|o| o.last).max().unwrap_or(first);
            let span = Span { first, last };
            match subject {
                Subject::Mac { mac, vlan } => seen.mac(*mac, *vlan, span),
                Subject::Host(host) | Subject::Behind { via: host, .. } => seen.host(*host, span),
                Subject::Ip(_) => {}
            }
        }
        seen
    }

    fn mac(&mut self, mac: Mac, vlan: u16, span: Span) {
        if mac.is_station() {
            self.macs.entry(mac).and_modify(|known| known.widen(span)).or_insert(span);
            self.vlans.entry(mac).or_default().insert(vlan);
        }
    }

    /// Something was said by or of a host.
    fn host(&mut self, host: HostKey, span: Span) {
        if is_group(&host) {
            return;
        }
        self.mac(host.mac, host.vlan, span);
        if host.ip.is_unspecified() {
            return;
        }
        let known = self.hosts.entry(host).or_insert(Presence { span, exists: true, peers: &[] });
        known.span.widen(span);
        known.exists = true;
    }
}
