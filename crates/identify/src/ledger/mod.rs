//! The ledger: what was observed, deduplicated and bounded, ready to be resolved.
//!
//! Everything that is kept combines without regard to order: first is the lowest packet number, last the latest time,
//! counts are sums. So ledgers of shards may be merged in any order, with the same result.

mod activities;
mod flows;
mod links;
mod memory;
mod observations;
mod packed;
mod presence;

use std::collections::BTreeMap;

use medward_model::{Activity, Evidence, FlowRecord, Link};

pub(crate) use activities::{Deed, DeedSum, Deeds, Part};
pub(crate) use flows::{FlowKey, FlowSum, Flows};
pub(crate) use links::{Holding, Links};
pub(crate) use memory::Key;
pub use memory::Memory;
pub(crate) use memory::Told;
pub(crate) use observations::{Observation, Observations};
pub(crate) use presence::{Asked, Kind, Presence, Served, Span, may_be_broadcast};

/// How much one ledger keeps. What comes after a table is full is dropped and counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Subjects of evidence.
    pub subjects: usize,
    /// Distinct statements about one subject.
    pub evidence_per_subject: usize,
    /// Distinct statements in all.
    pub evidence: usize,
    /// Aggregated flows.
    pub flows: usize,
    /// Distinct ports between one pair of hosts; more are folded into port 0 and protocol "other".
    pub ports_per_pair: usize,
    /// Pairs of MAC and IP address.
    pub links: usize,
    /// Kinds of activity of one address.
    pub activities_per_address: usize,
    /// Kinds of activity in all.
    pub activities: usize,
}

impl Limits {
    /// For what one tap brings between two reports.
    pub fn tap() -> Limits {
        Limits {
            subjects: 262_144,
            evidence_per_subject: 256,
            evidence: 1_048_576,
            flows: 524_288,
            ports_per_pair: 128,
            links: 262_144,
            activities_per_address: 64,
            activities: 262_144,
        }
    }

    /// For all that is remembered of one site.
    pub fn site() -> Limits {
        Limits {
            subjects: 2_000_000,
            evidence_per_subject: 256,
            evidence: 16_000_000,
            flows: 4_000_000,
            ports_per_pair: 128,
            links: 2_000_000,
            activities_per_address: 64,
            activities: 4_000_000,
        }
    }
}

impl Default for Limits {
    /// For one of sixteen shards.
    fn default() -> Limits {
        Limits {
            subjects: 65_536,
            evidence_per_subject: 256,
            evidence: 262_144,
            flows: 131_072,
            ports_per_pair: 128,
            links: 65_536,
            activities_per_address: 64,
            activities: 65_536,
        }
    }
}

/// Observations of one shard, or of all after merging.
#[derive(Debug)]
pub struct Ledger {
    limits: Limits,
    pub(crate) observations: Observations,
    pub(crate) links: Links,
    pub(crate) deeds: Deeds,
    pub(crate) flows: Flows,
    evictions: BTreeMap<&'static str, u64>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(limits: &Limits) -> Ledger {
        Ledger {
            limits: limits.clone(),
            observations: Observations::default(),
            links: Links::default(),
            deeds: Deeds::default(),
            flows: Flows::default(),
            evictions: BTreeMap::new(),
        }
    }

    /// Notes a statement about a subject.
    pub fn evidence(&mut self, evidence: Evidence) {
        if !self.observations.note(evidence, &self.limits) {
            self.evict("ledger.evidence");
        }
    }

    /// Notes that an IP address belonged to a MAC address.
    pub fn link(&mut self, link: Link) {
        if !self.links.note(&link, &self.limits) {
            self.evict("ledger.links");
        }
    }

    /// Counts what was done, for both parties.
    pub fn activity(&mut self, activity: &Activity) {
        if !self.deeds.note(activity, &self.limits) {
            self.evict("ledger.activities");
        }
    }

    /// Adds a flow to the aggregate of its hosts, port and protocol.
    pub fn flow(&mut self, flow: FlowRecord) {
        if !self.flows.note(&flow, &self.limits) {
            self.evict("ledger.flows");
        }
    }

    /// Takes in all of `other`. Nothing is dropped here: each ledger kept its own bounds.
    pub fn merge(&mut self, other: Ledger) {
        self.observations.merge(other.observations);
        self.links.merge(other.links);
        self.deeds.merge(other.deeds);
        self.flows.merge(other.flows);
        for (table, count) in other.evictions {
            let total = self.evictions.entry(table).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Takes out everything, and goes on empty.
    pub fn take(&mut self) -> Ledger {
        let fresh = Ledger::new(&self.limits);
        std::mem::replace(self, fresh)
    }

    /// In two, where a whole is too large to travel; together they say what the whole said.
    pub fn halve(self) -> (Ledger, Ledger) {
        let (mut left, mut right) = (Ledger::new(&self.limits), Ledger::new(&self.limits));
        self.observations.halve(&mut left.observations, &mut right.observations);
        self.links.halve(&mut left.links, &mut right.links);
        self.deeds.halve(&mut left.deeds, &mut right.deeds);
        self.flows.halve(&mut left.flows, &mut right.flows);
        left.evictions = self.evictions;
        (left, right)
    }

    /// Nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.observations.is_empty()
            && self.links.is_empty()
            && self.deeds.is_empty()
            && self.flows.is_empty()
    }

    /// How often each table had to drop or fold something, by name of the table.
    pub fn evictions(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.evictions.iter().map(|(table, count)| (*table, *count))
    }

    fn evict(&mut self, table: &'static str) {
        let count = self.evictions.entry(table).or_default();
        *count = count.saturating_add(1);
    }
}

/// A hash map with the same seed in every run.
pub(crate) type Map<K, V> = hashbrown::HashMap<K, V, foldhash::fast::FixedState>;
