//! Which MAC address held which IP address, and when.

use std::net::IpAddr;

use medward_model::{Link, LinkKind, Mac, Subject, Timestamp};

use super::memory::{Change, Key};
use super::{Limits, Map};

/// Sightings closer than this belong to one interval.
const GAP_SECONDS: i64 = 600;

/// More intervals than this are joined into one.
const MAX_INTERVALS: usize = 32;

/// A MAC address held an IP address during these intervals, which are apart and in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    pub intervals: Vec<(Timestamp, Timestamp)>,
    /// Lowest packet that says so.
    pub packet: u64,
    /// When it was last said; a lease runs on from there.
    pub said: Timestamp,
    /// Its times changed since it was last written down.
    pub later: bool,
}

impl Holding {
    fn add(&mut self, first: Timestamp, last: Timestamp) {
        self.intervals.push((first, last));
        self.intervals.sort_unstable();
        let mut joined: Vec<(Timestamp, Timestamp)> = Vec::with_capacity(self.intervals.len());
        for &(first, last) in &self.intervals {
            match joined.last_mut() {
                Some(open) if open.1.plus_seconds(GAP_SECONDS) >= first => open.1 = open.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        if joined.len() > MAX_INTERVALS {
            let first = joined.iter().map(|i| i.0).min().unwrap_or_default();
            let last = joined.iter().map(|i| i.1).max().unwrap_or_default();
            joined = vec![(first, last)];
        }
        self.intervals = joined;
    }
}

/// All pairs of MAC and IP address, by VLAN.
#[derive(Debug, Default)]
pub(crate) struct Links(Map<(Mac, IpAddr, u16), Holding>);

impl Links {
    /// False where it had to be dropped.
    pub(super) fn note(&mut self, link: &Link, limits: &Limits) -> bool {
        let key = (link.mac, link.ip, link.vlan);
        let last = match link.kind {
            LinkKind::Neighbour => link.time,
            // A lease may be given up early: more than a day ahead is no better than a day.
            LinkKind::Lease { seconds } => link.time.plus_seconds(i64::from(seconds.min(86_400))),
        };
        if let Some(holding) = self.0.get_mut(&key) {
            holding.packet = holding.packet.min(link.packet);
            holding.said = holding.said.max(link.time);
            let inside = holding.intervals.iter().any(|i| i.0 <= link.time && last <= i.1);
            if !inside {
                holding.add(link.time, last);
            }
            return true;
        }
        if self.0.len() >= limits.links {
            return false;
        }
        self.0.insert(
            key,
            Holding {
                intervals: vec![(link.time, last)],
                packet: link.packet,
                said: link.time,
                later: false,
            },
        );
        true
    }

    /// Every second entry to each side.
    pub(super) fn halve(self, left: &mut Links, right: &mut Links) {
        for (at, (key, entry)) in self.0.into_iter().enumerate() {
            let side = if at % 2 == 0 { &mut *left } else { &mut *right };
            side.restore(key, entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn merge(&mut self, other: Links) {
        for (key, theirs) in other.0 {
            match self.0.get_mut(&key) {
                Some(ours) => {
                    ours.packet = ours.packet.min(theirs.packet);
                    ours.said = ours.said.max(theirs.said);
                    for (first, last) in theirs.intervals {
                        ours.add(first, last);
                    }
                }
                None => {
                    self.0.insert(key, theirs);
                }
            }
        }
    }

    /// As `merge`, bounded; tells what changed.
    pub(super) fn absorb(&mut self, other: Links, limits: &Limits, changed: &mut dyn FnMut(Key, Change)) {
        for (key, theirs) in other.0 {
            let room = self.0.len() < limits.links;
            match self.0.get_mut(&key) {
                Some(ours) => {
                    ours.packet = ours.packet.min(theirs.packet);
                    ours.said = ours.said.max(theirs.said);
                    for (first, last) in theirs.intervals {
                        ours.add(first, last);
                    }
                    ours.later = true;
                    changed(Key::Link(key), Change::Times);
                }
                None if room => {
                    self.0.insert(key, theirs);
                    changed(Key::Link(key), Change::Material);
                }
                None => {}
            }
        }
    }

    /// Pairs of which only times changed; they count as written from then on.
    pub(super) fn later(&mut self, keys: &mut Vec<Key>) {
        for (key, holding) in &mut self.0 {
            if std::mem::take(&mut holding.later) {
                keys.push(Key::Link(*key));
            }
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, key: (Mac, IpAddr, u16), holding: Holding) {
        self.0.insert(key, holding);
    }

    pub(crate) fn get(&self, key: &(Mac, IpAddr, u16)) -> Option<&Holding> {
        self.0.get(key)
    }

    /// When each station was last heard of.
    pub(super) fn latest(&self) -> impl Iterator<Item = (Subject, Timestamp)> + '_ {
        self.0.iter().map(|((mac, _, vlan), holding)| (Subject::Mac { mac: *mac, vlan: *vlan }, holding.said))
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&(Mac, IpAddr, u16), &Holding)> {
        self.0.iter()
    }

    /// All of them, by MAC, IP and VLAN.
    pub(crate) fn sorted(&self) -> Vec<((Mac, IpAddr, u16), &Holding)> {
        let mut all: Vec<_> = self.0.iter().map(|(key, holding)| (*key, holding)).collect();
        all.sort_unstable_by_key(|entry| entry.0);
        all
    }
}
