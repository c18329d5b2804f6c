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

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use medward_model::{Endpoint, Timestamp};

    use super::{KEPT, MAX, Refused, Way};

    fn way(number: u32) -> Way {
        let end = |bits, port| Endpoint { ip: IpAddr::V4(Ipv4Addr::from_bits(bits)), port };
        (end(number, 1), end(0, 502))
    }

    #[test]
    fn the_oldest_is_forgotten_where_there_is_no_more_room_and_all_in_time() {
        let mut refused = Refused::default();
        let at = |seconds| Timestamp::from_parts(seconds, 0);
        for number in 0..MAX as u32 + 10 {
            refused.insert(way(number), at(0));
        }
        assert_eq!((refused.len(), refused.forgotten), (MAX, 10));
        assert!(!refused.holds(&way(9), at(1)) && refused.holds(&way(10), at(1)));
        for _ in 0..3 * MAX {
            refused.insert(way(10), at(2));
        }
        assert!(refused.order.len() <= 2 * MAX);
        assert!(!refused.holds(&way(11), at(KEPT + 3)), "they repeat no more");
        refused.insert(way(0), at(2 * KEPT));
        assert_eq!(refused.len(), 1);
    }
}
