//! What was told already, so that it is not told again each time a file is rewritten or a packet repeated.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashSet;

/// How much is remembered; beyond it everything is forgotten, and told once more.
const LIMIT: usize = 1 << 16;

/// Remembers by hash, bounded.
#[derive(Debug, Default)]
pub(crate) struct Told {
    hasher: foldhash::fast::FixedState,
    seen: HashSet<u64, foldhash::fast::FixedState>,
}

impl Told {
    /// True the first time.
    pub(crate) fn first(&mut self, what: &impl Hash) -> bool {
        if self.seen.len() >= LIMIT {
            self.seen.clear();
        }
        self.seen.insert(self.hasher.hash_one(what))
    }
}
