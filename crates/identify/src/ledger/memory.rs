//! What is remembered of a network from its beginning: ledgers are taken in, one after the other, and nothing is forgotten
//! that identity needs.
//!
//! It can be written down piece by piece (see the codec) and read back: it knows what changed since.

use std::collections::BTreeSet;
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp};

use super::presence::{Presences, ServedKey};
use super::{Deeds, FlowKey, FlowSum, Ledger, Limits, Links, Observations};

/// How much something changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Counts and times only.
    Times,
    /// It may make a device another one.
    Material,
}

/// What names a piece of memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Subject(Subject),
    Link((Mac, IpAddr, u16)),
    Deeds(IpAddr),
    Host(HostKey),
    Group(IpAddr),
    Station((Mac, u16)),
    Served(ServedKey),
    Asked(ServedKey),
}

/// Everything that identity needs of what was observed at one site.
#[derive(Debug)]
pub struct Memory {
    pub(crate) observations: Observations,
    pub(crate) links: Links,
    pub(crate) deeds: Deeds,
    pub(crate) presences: Presences,
    limits: Limits,
    /// What changed and was not written down yet: with material changes, and with others.
    pub(crate) unwritten: BTreeSet<Key>,
    pub(crate) unwritten_times: BTreeSet<Key>,
    tracked: bool,
    /// Something changed that may make devices other than they were.
    pub(crate) stale: bool,
}

impl Memory {
    /// Remembers nothing yet. `limits` bound each table.
    pub fn new(limits: &Limits) -> Memory {
        Memory {
            observations: Observations::default(),
            links: Links::default(),
            deeds: Deeds::default(),
            presences: Presences::default(),
            limits: limits.clone(),
            unwritten: BTreeSet::new(),
            unwritten_times: BTreeSet::new(),
            tracked: true,
            stale: true,
        }
    }

    /// The memory of one ledger, for resolving it once, and its flows in order.
    pub(crate) fn of(ledger: Ledger) -> (Memory, Vec<(FlowKey, FlowSum)>) {
        let mut memory = Memory::new(&Limits::default());
        memory.tracked = false;
        let Ledger { observations, links, deeds, flows, .. } = ledger;
        (memory.observations, memory.links, memory.deeds) = (observations, links, deeds);
        let flows = flows.into_sorted();
        for (key, sum) in &flows {
            memory.presences.absorb(key, sum, &mut |_, _| ());
        }
        (memory, flows)
    }

    /// Takes in what was observed since; answers the flows and deeds of that time, in order.
    pub(crate) fn absorb(&mut self, ledger: Ledger) -> Absorbed {
        let Ledger { observations, links, deeds, flows, .. } = ledger;
        let (unwritten, times, tracked) = (&mut self.unwritten, &mut self.unwritten_times, self.tracked);
        let stale = &mut self.stale;
        let heard = observations.latest().chain(links.latest()).collect();
        let mut changed = |key: Key, change: Change| {
            *stale |= change == Change::Material;
            if tracked {
                match change {
                    Change::Material => unwritten.insert(key),
                    Change::Times => times.insert(key),
                };
            }
        };
        self.observations.absorb(observations, &self.limits, &mut changed);
        self.links.absorb(links, &self.limits, &mut changed);
        let lately = deeds.sums();
        self.deeds.absorb(deeds, &self.limits, &mut changed);
        let flows = flows.into_sorted();
        for (key, sum) in &flows {
            let room = self.presences.hosts.len() < self.limits.subjects;
            if room || self.presences.hosts.contains_key(&key.originator) {
                self.presences.absorb(key, sum, &mut changed);
            }
        }
        Absorbed { flows, deeds: lately, heard }
    }

    /// Forgets what was last seen before `before` and has no MAC address of its own: addresses elsewhere, which never end.
    pub fn forget_remote(&mut self, before: Timestamp, owns: &dyn Fn(&HostKey) -> bool) -> usize {
        let stale: Vec<HostKey> = self
            .presences
            .hosts
            .iter()
            .filter(|(host, presence)| presence.span.last < before && !owns(host))
            .map(|(host, _)| *host)
            .collect();
        for host in &stale {
            self.presences.hosts.remove(host);
            self.observations.remove(&Subject::Host(*host));
            self.unwritten.insert(Key::Host(*host));
            self.unwritten.insert(Key::Subject(Subject::Host(*host)));
        }
        let gone: BTreeSet<HostKey> = stale.iter().copied().collect();
        let (unwritten, presences) = (&mut self.unwritten, &mut self.presences);
        presences.served.retain(|key, _| {
            let keep = !gone.contains(&key.0);
            if !keep {
                unwritten.insert(Key::Served(*key));
            }
            keep
        });
        presences.asked.retain(|key, _| {
            let keep = !gone.contains(&key.0);
            if !keep {
                unwritten.insert(Key::Asked(*key));
            }
            keep
        });
        stale.len()
    }

    /// Hosts that are remembered.
    pub fn hosts(&self) -> usize {
        self.presences.hosts.len()
    }
}

/// What a ledger held of its own time.
pub(crate) struct Absorbed {
    pub flows: Vec<(FlowKey, FlowSum)>,
    pub deeds: Vec<(IpAddr, Vec<(super::Deed, super::DeedSum)>)>,
    /// Who else was heard, and when.
    pub heard: Vec<(Subject, Timestamp)>,
}
