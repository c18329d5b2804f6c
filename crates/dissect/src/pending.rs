//! Requests that wait for their answers, bounded.

use std::collections::VecDeque;

use medward_model::{Outcome, Verb};

use crate::context::{Context, Side};

/// An activity that is reported when its outcome is known, or when it can no longer be.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) actor: Side,
    pub(crate) verb: Verb,
    pub(crate) operation: String,
    pub(crate) object: String,
    pub(crate) details: Vec<(&'static str, String)>,
}

impl Asked {
    pub(crate) fn new(actor: Side, verb: Verb, operation: &str, object: &str) -> Asked {
        Asked { actor, verb, operation: operation.to_owned(), object: object.to_owned(), details: Vec::new() }
    }

    pub(crate) fn detail(mut self, name: &'static str, value: impl Into<String>) -> Asked {
        self.details.push((name, value.into()));
        self
    }

    /// In line: tells it before its answer.
    pub(crate) fn tell(&self, cx: &mut Context<'_>) {
        if !cx.in_line() {
            return;
        }
        let details: Vec<_> = self.details.iter().map(|(name, value)| (*name, value.as_str())).collect();
        cx.asks(self.actor, self.verb, &self.operation, &self.object, &details);
    }

    /// Reports it.
    pub(crate) fn report(&self, outcome: Outcome, cx: &mut Context<'_>) {
        let mut entry = cx.activity_by(self.actor, self.verb, &self.operation, &self.object).outcome(outcome);
        for (name, value) in &self.details {
            entry = entry.detail(name, value);
        }
    }
}

/// At most `LIMIT` open requests; the oldest is reported without an outcome when one more comes.
#[derive(Debug)]
pub(crate) struct Pending<K, const LIMIT: usize> {
    open: VecDeque<(K, Asked)>,
}

impl<K, const LIMIT: usize> Default for Pending<K, LIMIT> {
    fn default() -> Self {
        Pending { open: VecDeque::new() }
    }
}

impl<K: PartialEq, const LIMIT: usize> Pending<K, LIMIT> {
    /// Keeps a request. One that waits under the same key is reported without an outcome.
    pub(crate) fn ask(&mut self, key: K, asked: Asked, cx: &mut Context<'_>) {
        asked.tell(cx);
        if let Some(old) = self.answer(&key) {
            old.report(Outcome::Unknown, cx);
        }
        if self.open.len() >= LIMIT
            && let Some((_, oldest)) = self.open.pop_front()
        {
            oldest.report(Outcome::Unknown, cx);
        }
        self.open.push_back((key, asked));
    }

    /// Takes out the request of that key.
    pub(crate) fn answer(&mut self, key: &K) -> Option<Asked> {
        let at = self.open.iter().position(|(k, _)| k == key)?;
        self.open.remove(at).map(|(_, asked)| asked)
    }

    /// Reports all that are left without an outcome, oldest first.
    pub(crate) fn flush(&mut self, cx: &mut Context<'_>) {
        for (_, asked) in self.open.drain(..) {
            asked.report(Outcome::Unknown, cx);
        }
    }
}

/// Remembers what was said, up to `LIMIT` things; beyond that nothing is new any more.
#[derive(Debug)]
pub(crate) struct Said<const LIMIT: usize> {
    seen: hashbrown::HashSet<u64, foldhash::fast::FixedState>,
}

impl<const LIMIT: usize> Default for Said<LIMIT> {
    fn default() -> Self {
        Said { seen: hashbrown::HashSet::with_hasher(foldhash::fast::FixedState::default()) }
    }
}

impl<const LIMIT: usize> Said<LIMIT> {
    /// Whether this is the first time.
    pub(crate) fn first(&mut self, thing: impl std::hash::Hash) -> bool {
        use std::hash::BuildHasher;
        let hash = foldhash::fast::FixedState::default().hash_one(thing);
        self.seen.len() < LIMIT && self.seen.insert(hash)
    }
}
