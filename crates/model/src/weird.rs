//! Weirds: odd traffic, counted by name. Neither an error of ours nor a judgement.

use std::collections::BTreeMap;

/// How often each kind of oddness was seen. Names are `'static`, so that the map cannot grow with traffic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weirds(BTreeMap<&'static str, u64>);

impl Weirds {
    /// Counts one more.
    pub fn note(&mut self, name: &'static str) {
        self.add(name, 1);
    }

    /// Counts `count` more.
    pub fn add(&mut self, name: &'static str, count: u64) {
        if count > 0 {
            let total = self.0.entry(name).or_default();
            *total = total.saturating_add(count);
        }
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Weirds) {
        for (name, count) in &other.0 {
            self.add(name, *count);
        }
    }

    /// How often `name` was seen.
    pub fn count(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// All names with their counts, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.iter().map(|(name, count)| (*name, *count))
    }

    /// True where nothing was odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
