//! Which hosts were there: every address triple with when it was seen, and whom it spoke with.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp, Transport};

use super::addresses::is_group;
use crate::ledger::{FlowKey, FlowSum, Holding, Observation};

/// When something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Span {
    pub(crate) fn widen(&mut self, other: Span) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What is known of a host triple.
#[derive(Clone, Debug)]
pub(crate) struct Presence {
    pub span: Span,
    /// It spoke, or something that only a real host gets was sent to it.
    pub exists: bool,
    /// Other ends of its flows.
    pub peers: BTreeSet<HostKey>,
}

/// More peers than this are not needed to tell a router.
const MAX_PEERS: usize = 64;

/// Everything that was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Unicast hosts.
    pub hosts: BTreeMap<HostKey, Presence>,
    /// MAC addresses that spoke or were linked.
    pub macs: BTreeMap<Mac, Span>,
    /// Who held an address: by IP, then MAC.
    pub holders: BTreeMap<IpAddr, BTreeMap<Mac, Holding>>,
    /// IPv4 addresses that spoke.
    pub speakers: BTreeSet<IpAddr>,
    /// VLANs of a MAC address.
    pub vlans: BTreeMap<Mac, BTreeSet<u16>>,
}

impl Seen {
    pub(crate) fn of(
        observations: &[(Subject, Vec<Observation>)],
        links: &[((Mac, IpAddr, u16), Holding)],
        flows: &[(FlowKey, FlowSum)],
    ) -> Seen {
        let mut seen = Seen::default();
        for ((mac, ip, vlan), holding) in links {
            let first = holding.intervals.first().map_or(Timestamp::MIN, |i| i.0);
            // A lease runs ahead of what was seen: only its beginning is a sighting.
            let last = holding.intervals.last().map_or(first, |i| i.0);
            seen.mac(*mac, *vlan, Span { first, last });
            let known = seen.holders.entry(*ip).or_default().entry(*mac).or_default();
            known.intervals.extend(&holding.intervals);
            known.intervals.sort_unstable();
        }
        for (key, sum) in flows {
            let span = Span { first: sum.first, last: sum.last };
            let (to, from) = (key.originator, key.responder);
            seen.host(to, span, sum.packets[0] > 0, from);
            seen.speakers.extend((sum.packets[0] > 0).then_some(to.ip));
            seen.speakers.extend((sum.packets[1] > 0).then_some(from.ip));
            let heard = sum.packets[1] > 0
                || key.protocol.is_some_and(|p| p != "other")
                || key.transport == Transport::Tcp && sum.most_sent >= 4;
            seen.host(from, span, heard, to);
        }
        for (subject, observations) in observations {
            let Some(first) = observations.iter().map(|o| o.first).min() else { continue };
            let last = observations.iter().map(|o| o.last).max().unwrap_or(first);
            let span = Span { first, last };
            match subject {
                Subject::Mac { mac, vlan } => seen.mac(*mac, *vlan, span),
                Subject::Host(host) | Subject::Behind { via: host, .. } => {
                    seen.host(*host, span, true, *host)
                }
                Subject::Ip(_) => {}
            }
        }
        seen
    }

    /// The last address of a usual subnet, that never spoke and was not sent to a station: a directed broadcast
    /// (RFC 919) in a capture that does not tell the destination's MAC.
    pub(crate) fn is_silent_broadcast(&self, host: &HostKey) -> bool {
        let IpAddr::V4(ip) = host.ip else { return false };
        ip.octets()[3] == 255
            && !host.mac.is_station()
            && !self.speakers.contains(&host.ip)
            && !self.holders.contains_key(&host.ip)
    }

    fn mac(&mut self, mac: Mac, vlan: u16, span: Span) {
        if mac.is_station() {
            self.macs.entry(mac).and_modify(|known| known.widen(span)).or_insert(span);
            self.vlans.entry(mac).or_default().insert(vlan);
        }
    }

    fn host(&mut self, host: HostKey, span: Span, exists: bool, peer: HostKey) {
        if is_group(&host) {
            return;
        }
        // A frame went to this very station: somebody had resolved its address.
        self.mac(host.mac, host.vlan, span);
        if host.ip.is_unspecified() {
            return;
        }
        let known =
            self.hosts.entry(host).or_insert_with(|| Presence { span, exists, peers: BTreeSet::new() });
        known.span.widen(span);
        known.exists |= exists;
        if peer != host && !is_group(&peer) && known.peers.len() < MAX_PEERS {
            known.peers.insert(peer);
        }
    }
}
