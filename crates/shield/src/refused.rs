//! Connections of which a request was refused: what follows of them in that direction is refused too.

use std::collections::VecDeque;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use medward_model::{Endpoint, Timestamp};

/// Most connections remembered; the oldest is forgotten when one more comes.
const MAX: usize = 65_536;
/// Seconds for which one is remembered: longer than senders repeat.
const KEPT: i64 = 900;

/// From whom to whom.
pub(crate) type Way = (Endpoint, Endpoint);

/// Ways of connections that are refused.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    since: HashMap<Way, Timestamp, FixedState>,
    order: VecDeque<(Way, Timestamp)>,
    /// How often one was forgotten for want of room.
    pub forgotten: u64,
}

impl Refused {
    pub fn insert(&mut self, way: Way, now: Timestamp) {
        while let Some((oldest, since)) = self.order.front().copied() {
            let full = self.since.len() >= MAX;
            if !full && now.seconds_since(since) <= KEPT {
                break;
            }
            self.order.pop_front();
            // Refused again since: a younger entry stands behind.
            if self.since.get(&oldest) == Some(&since) {
                self.since.remove(&oldest);
                self.forgotten += u64::from(full);
            }
        }
        self.since.insert(way, now);
        self.order.push_back((way, now));
        if self.order.len() > 2 * MAX {
            let since = &self.since;
            self.order.retain(|(way, at)| since.get(way) == Some(at));
        }
    }

    pub fn holds(&self, way: &Way, now: Timestamp) -> bool {
        !self.since.is_empty() && self.since.get(way).is_some_and(|since| now.seconds_since(*since) <= KEPT)
    }

    /// Another connection begins between these two.
    pub fn forget(&mut self, way: &Way) {
        self.since.remove(way);
        self.since.remove(&(way.1, way.0));
    }

    pub fn len(&self) -> usize {
        self.since.len()
    }
}
