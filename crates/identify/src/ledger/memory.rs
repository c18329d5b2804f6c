//! What is remembered of a network from its beginning: ledgers are taken in, one after the other, and nothing is forgotten
//! that identity needs.
//!
//! It can be written down piece by piece (see the codec) and read back: it knows what changed since.

use std::collections::BTreeSet;
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp};

use super::packed::{Doings, Statements};
use super::presence::{Presences, ServedKey};
use super::{Deed, DeedSum, FlowKey, FlowSum, Ledger, Limits, Links, Observation};

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
    pub(crate) statements: Statements,
    pub(crate) links: Links,
    pub(crate) doings: Doings,
    pub(crate) presences: Presences,
    limits: Limits,
    /// What changed materially and was not written down yet.
    unwritten: BTreeSet<Key>,
    /// Something changed in its times: what, each table knows.
    later: bool,
    /// Something changed that may make devices other than they were.
    pub(crate) stale: bool,
}

impl Memory {
    /// Remembers nothing yet. `limits` bound each table.
    pub fn new(limits: &Limits) -> Memory {
        Memory {
            statements: Statements::default(),
            links: Links::default(),
            doings: Doings::default(),
            presences: Presences::default(),
            limits: limits.clone(),
            unwritten: BTreeSet::new(),
            later: false,
            stale: true,
        }
    }

    /// The memory of one ledger, for resolving it once, with what was told in it and its flows, in order.
    pub(crate) fn of(ledger: Ledger) -> (Memory, Told, Vec<(FlowKey, FlowSum)>) {
        let mut memory = Memory::new(&Limits::default());
        let Ledger { observations, links, deeds, flows, .. } = ledger;
        memory.links = links;
        let told = Told { statements: observations.into_sorted(), doings: deeds.into_sorted() };
        let flows = flows.into_sorted();
        for (key, sum) in &flows {
            memory.presences.absorb(key, sum, &mut |_, _| ());
        }
        (memory, told, flows)
    }

    /// What was told of every device, in order.
    pub(crate) fn told(&self) -> Told {
        Told { statements: self.statements.sorted(), doings: self.doings.sorted() }
    }

    /// Takes in what was observed since; answers the flows and deeds of that time, in order.
    pub(crate) fn absorb(&mut self, ledger: Ledger) -> Absorbed {
        let Ledger { observations, links, deeds, flows, .. } = ledger;
        let (unwritten, later, stale) = (&mut self.unwritten, &mut self.later, &mut self.stale);
        let heard = observations.latest().chain(links.latest()).collect();
        let mut changed = |key: Key, change: Change| match change {
            Change::Material => {
                *stale = true;
                unwritten.insert(key);
            }
            Change::Times => *later = true,
        };
        self.statements.absorb(observations, &self.limits, &mut changed);
        self.links.absorb(links, &self.limits, &mut changed);
        let lately = deeds.sums();
        self.doings.absorb(deeds, &self.limits, &mut changed);
        let flows = flows.into_sorted();
        for (key, sum) in &flows {
            let room = self.presences.hosts.len() < self.limits.subjects;
            if room || self.presences.hosts.contains_key(&key.originator) {
                self.presences.absorb(key, sum, &mut changed);
            }
        }
        Absorbed { flows, deeds: lately, heard }
    }

    /// Nothing waits to be written down.
    pub(crate) fn is_written(&self) -> bool {
        self.unwritten.is_empty() && !self.later
    }

    /// Takes out the names of what is to be written down: what changed materially, and with `times` everything.
    pub(crate) fn take_unwritten(&mut self, times: bool) -> Vec<Key> {
        let mut keys: Vec<Key> = std::mem::take(&mut self.unwritten).into_iter().collect();
        if times && std::mem::take(&mut self.later) {
            self.statements.later(&mut keys);
            self.links.later(&mut keys);
            self.doings.later(&mut keys);
            self.presences.later(&mut keys);
            keys.sort_unstable();
            keys.dedup();
        }
        keys
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
            self.statements.remove(&Subject::Host(*host));
            self.unwritten.insert(Key::Host(*host));
            self.unwritten.insert(Key::Subject(Subject::Host(*host)));
            let unwritten = &mut self.unwritten;
            self.presences.forget_services(host, &mut |key| {
                unwritten.insert(key);
            });
        }
        stale.len()
    }

    /// Hosts that are remembered.
    pub fn hosts(&self) -> usize {
        self.presences.hosts.len()
    }
}

/// What was told, in order: of whom, by whom, what each did.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub statements: Vec<(Subject, Vec<Observation>)>,
    pub doings: Vec<(IpAddr, Vec<(Deed, DeedSum)>)>,
}

/// What a ledger held of its own time.
pub(crate) struct Absorbed {
    pub flows: Vec<(FlowKey, FlowSum)>,
    pub deeds: Vec<(IpAddr, Vec<(Deed, DeedSum)>)>,
    /// Who else was heard, and when.
    pub heard: Vec<(Subject, Timestamp)>,
}
