//! What was told already, so that it is not told again each time a file is rewritten or a packet repeated.

use std::hash::{BuildHasher, Hash};

use hashbrown::HashSet;
use medward_model::Timestamp;

/// How much is remembered; beyond it everything is forgotten, and told once more.
const LIMIT: usize = 1 << 16;
/// Seconds after which everything is forgotten: what still holds is told again, so that one can see that it does.
const LONG: i64 = 3600;

/// Remembers by hash, bounded.
#[derive(Debug, Default)]
pub(crate) struct Told {
    hasher: foldhash::fast::FixedState,
    seen: HashSet<u64, foldhash::fast::FixedState>,
    since: Timestamp,
}

impl Told {
    /// True the first time within an hour.
    pub(crate) fn first(&mut self, what: &impl Hash, now: Timestamp) -> bool {
        if self.seen.len() >= LIMIT || !(0..LONG).contains(&now.seconds_since(self.since)) {
            self.seen.clear();
            self.since = now;
        }
        self.seen.insert(self.hasher.hash_one(what))
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Timestamp;

    use super::{LIMIT, LONG, Told};

    #[test]
    fn what_holds_for_long_is_told_again() {
        let mut told = Told::default();
        let answers: Vec<bool> =
            [0, 10, LONG - 1, LONG, LONG + 1].map(|s| told.first(&"x", Timestamp::from_parts(s, 0))).into();
        assert_eq!(answers, [true, false, false, true, false]);
    }

    #[test]
    fn no_more_is_remembered_than_the_limit() {
        let mut told = Told::default();
        for n in 0..3 * LIMIT {
            told.first(&n, Timestamp::from_parts(0, 0));
        }
        assert!(told.seen.len() <= LIMIT);
    }
}
