//! Which hosts were there: every address triple with when it was seen, and whom it spoke with.

use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp};

use super::addresses::is_group;
use crate::ledger::{Map, Memory, Told, may_be_broadcast};

pub(crate) use crate::ledger::Span;

/// What is known of a host triple.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presence<'m> {
    pub span: Span,
    /// It spoke, or something that only a real host gets was sent to it.
    pub exists: bool,
    /// It spoke with a private IPv4 address of another station.
    pub among_private: bool,
    /// Other ends of its flows that may be neighbours.
    pub peers: &'m [HostKey],
}

/// Addresses that look like directed broadcasts and are none: they spoke, or a station holds them.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts(Vec<IpAddr>);

impl Broadcasts {
    /// The last address of a usual subnet, that never spoke and was not sent to a station: a directed broadcast
    /// (RFC 919) in a capture that does not tell the destination's MAC.
    pub(crate) fn is_silent(&self, host: &HostKey) -> bool {
        may_be_broadcast(host.ip) && !host.mac.is_station() && self.0.binary_search(&host.ip).is_err()
    }
}

/// Intervals from first to last.
pub(crate) type Spans<'m> = &'m [(Timestamp, Timestamp)];

/// Who held an address: in order of address and MAC; one that did so on several networks is there several times.
#[derive(Debug, Default)]
pub(crate) struct Holders<'m> {
    all: Vec<(IpAddr, Mac, Spans<'m>)>,
    /// Where the entries of an address begin, and how many they are.
    at: Map<IpAddr, (u32, u32)>,
}

impl<'m> Holders<'m> {
    fn of(mut all: Vec<(IpAddr, Mac, Spans<'m>)>) -> Holders<'m> {
        all.sort_unstable_by_key(|(ip, mac, _)| (*ip, *mac));
        let mut at: Map<IpAddr, (u32, u32)> = Map::default();
        for (number, (ip, ..)) in (0_u32..).zip(&all) {
            at.entry(*ip).or_insert((number, 0)).1 += 1;
        }
        Holders { all, at }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(IpAddr, Mac, Spans<'m>)> {
        self.all.iter()
    }

    /// Who held that address; `None` where nobody did.
    pub(crate) fn get(&self, ip: IpAddr) -> Option<&[(IpAddr, Mac, Spans<'m>)]> {
        let (from, count) = *self.at.get(&ip)?;
        let from = from as usize;
        self.all.get(from..from + count as usize)
    }

    /// That station held the address, or nobody did, or others: `Some(true)`, `None`, `Some(false)`.
    pub(crate) fn is_held_by(&self, ip: IpAddr, mac: Mac) -> Option<bool> {
        self.get(ip).map(|holders| holders.iter().any(|(_, holder, _)| *holder == mac))
    }
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen<'m> {
    /// Unicast hosts, in order.
    pub hosts: Vec<(HostKey, Presence<'m>)>,
    /// MAC addresses that spoke or were linked, in order.
    pub macs: Vec<(Mac, Span)>,
    pub holders: Holders<'m>,
    pub broadcasts: Broadcasts,
    /// VLANs of MAC addresses, in order.
    pub vlans: Vec<(Mac, u16)>,
}

impl<'m> Seen<'m> {
    pub(crate) fn of(memory: &'m Memory, told: &Told) -> Seen<'m> {
        let presences = &memory.presences;
        let mut stations: Vec<((Mac, u16), Span)> =
            presences.stations.iter().map(|(station, span)| (*station, *span)).collect();
        let mut hosts: Vec<(HostKey, Presence<'m>)> = presences
            .hosts
            .iter()
            .map(|(host, known)| {
                let (span, exists) = (known.span, known.exists);
                let among_private = known.among_private;
                (*host, Presence { span, exists, among_private, peers: &known.peers })
            })
            .collect();
        let mut held = Vec::new();
        for ((mac, ip, vlan), holding) in memory.links.iter() {
            let first = holding.intervals.first().map_or(Timestamp::MIN, |i| i.0);
            // A lease runs ahead of what was seen: only what was said is a sighting.
            stations.push(((*mac, *vlan), Span { first, last: holding.said.max(first) }));
            held.push((*ip, *mac, holding.intervals.as_slice()));
        }
        for (subject, list) in &told.statements {
            let Some(first) = list.iter().map(|o| o.first).min() else { continue };
            let last = list.iter().map(|o| o.last).max().unwrap_or(first);
            let span = Span { first, last };
            match subject {
                Subject::Mac { mac, vlan } => stations.push(((*mac, *vlan), span)),
                Subject::Host(host) | Subject::Behind { via: host, .. } if !is_group(host) => {
                    stations.push(((host.mac, host.vlan), span));
                    if !host.ip.is_unspecified() {
                        let presence = Presence { span, exists: true, among_private: false, peers: &[] };
                        hosts.push((*host, presence));
                    }
                }
                _ => {}
            }
        }
        let holders = Holders::of(held);
        let spoken_for = holders.iter().map(|(ip, ..)| *ip).filter(|ip| may_be_broadcast(*ip));
        let mut broadcasts: Vec<IpAddr> = presences.speakers.keys().copied().chain(spoken_for).collect();
        broadcasts.sort_unstable();
        broadcasts.dedup();
        stations.retain(|((mac, _), _)| mac.is_station());
        stations.sort_unstable_by_key(|(station, _)| *station);
        let mut vlans: Vec<(Mac, u16)> = stations.iter().map(|(station, _)| *station).collect();
        vlans.dedup();
        let mut macs: Vec<(Mac, Span)> = Vec::with_capacity(vlans.len());
        for ((mac, _), span) in stations {
            match macs.last_mut() {
                Some((last, known)) if *last == mac => known.widen(span),
                _ => macs.push((mac, span)),
            }
        }
        // What flows told comes before what was said: it has the peers.
        hosts.sort_by_key(|entry| entry.0);
        hosts.dedup_by(|later, known| {
            let same = later.0 == known.0;
            if same {
                known.1.span.widen(later.1.span);
                known.1.exists |= later.1.exists;
            }
            same
        });
        Seen { hosts, macs, holders, broadcasts: Broadcasts(broadcasts), vlans }
    }
}

/// The entries of `key` in a list that is in order of its keys.
pub(crate) fn within<K: Ord + Copy, V>(list: &[(K, V)], key: K) -> impl Iterator<Item = &V> {
    let from = list.partition_point(|(known, _)| *known < key);
    list.get(from..)
        .unwrap_or_default()
        .iter()
        .take_while(move |(known, _)| *known == key)
        .map(|(_, value)| value)
}
