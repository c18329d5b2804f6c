//! What a session has said already, so that a name repeated every second costs one statement.

use std::hash::{BuildHasher, Hash};

use foldhash::fast::FixedState;
use hashbrown::HashSet;
use medward_model::{Field, Subject};

use crate::Context;

/// Statements remembered per session; when it is full it starts anew, and statements may repeat.
const BOUND: usize = 2048;

/// Remembers statements by their hash. Allocates nothing before the first one.
#[derive(Debug, Default)]
pub(super) struct Said {
    seen: HashSet<u64, FixedState>,
}

impl Said {
    /// True the first time that `key` is given.
    pub(super) fn first<T: Hash>(&mut self, key: &T) -> bool {
        if self.seen.len() >= BOUND {
            self.seen.clear();
        }
        self.seen.insert(FixedState::default().hash_one(key))
    }

    /// How many statements are remembered.
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Reports evidence that was not reported before. Empty text says nothing.
    pub(super) fn tell(
        &mut self,
        cx: &mut Context<'_>,
        subject: &Subject,
        field: &'static Field,
        value: &str,
    ) {
        if !value.is_empty() && self.first(&(subject, field.name, value)) {
            cx.evidence(subject.clone(), field, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BOUND, Said};

    #[test]
    fn it_stays_bounded() {
        let mut said = Said::default();
        for n in 0..3 * BOUND {
            said.first(&n);
        }
        assert!(said.len() <= BOUND);
        assert!(said.first(&"new") && !said.first(&"new"));
    }
}
