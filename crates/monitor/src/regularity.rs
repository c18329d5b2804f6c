//! Whether a silence is unusual: how long a device was ever silent before.

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

/// A silence shorter than this is none.
const SHORTEST: i64 = 15 * 60;

/// With less history than this nothing can be said.
const LEARNING: i64 = 24 * 3600;

/// How regularly a device speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Regularity {
    first: i64,
    last: i64,
    /// The longest silence of late, in seconds; a twentieth of it is forgotten each day.
    longest: u32,
    forgot: i64,
    /// Hours in which it spoke, at most 65,535.
    hours: u16,
}

impl Regularity {
    /// It spoke from `first` to `last`.
    pub(crate) fn note(&mut self, first: Timestamp, last: Timestamp) {
        let (first, last) = (first.as_seconds(), last.as_seconds());
        if self.hours == 0 {
            *self = Regularity { first, last, longest: 0, forgot: last, hours: 1 };
            return;
        }
        if last <= self.last {
            return;
        }
        let silence = first.max(self.last).saturating_sub(self.last);
        let days = last.saturating_sub(self.forgot).div_euclid(86_400);
        for _ in 0..days.clamp(0, 60) {
            self.longest -= self.longest / 20;
        }
        if days > 0 {
            self.forgot = last;
        }
        self.longest = self.longest.max(u32::try_from(silence).unwrap_or(u32::MAX));
        if last.div_euclid(3600) != self.last.div_euclid(3600) {
            self.hours = self.hours.saturating_add(1);
        }
        self.last = last;
    }

    /// Seconds after which its silence is no longer usual for it.
    pub(crate) fn patience(&self) -> i64 {
        SHORTEST.max(i64::from(self.longest).saturating_mul(3) / 2)
    }

    /// It is silent for longer than usual.
    pub(crate) fn is_silent(&self, now: Timestamp) -> bool {
        now.as_seconds().saturating_sub(self.last) > self.patience()
    }

    /// It was regular, and is silent for much longer than ever of late. Silence before `from` does not count.
    pub(crate) fn is_missing(&self, now: Timestamp, from: Timestamp) -> bool {
        let age = self.last.saturating_sub(self.first);
        // It spoke in at least half of the hours since it was first seen.
        let regular = i64::from(self.hours).saturating_mul(2 * 3600) >= age;
        let silence = now.as_seconds().saturating_sub(self.last.max(from.as_seconds()));
        age >= LEARNING && regular && silence > 3600.max(self.patience().saturating_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use medward_model::Timestamp;

    use super::Regularity;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_parts(1_700_000_000 + minutes * 60, 0)
    }

    fn spoke(every: i64, until: i64) -> Regularity {
        let mut regular = Regularity::default();
        for minute in (0..=until).step_by(every as usize) {
            regular.note(at(minute), at(minute));
        }
        regular
    }

    #[test]
    fn what_spoke_each_minute_for_two_days_is_missing_after_two_hours() {
        let regular = spoke(1, 2 * 1440);
        assert!(!regular.is_missing(at(2 * 1440 + 30), Timestamp::MIN));
        assert!(regular.is_silent(at(2 * 1440 + 30)));
        assert!(regular.is_missing(at(2 * 1440 + 120), Timestamp::MIN));
    }

    #[test]
    fn what_is_off_at_night_is_not_missing_in_the_morning() {
        let mut regular = Regularity::default();
        for day in 0..7 {
            for minute in 0..14 * 60 {
                regular.note(at(day * 1440 + minute), at(day * 1440 + minute));
            }
        }
        let evening = 6 * 1440 + 14 * 60;
        assert!(!regular.is_missing(at(evening + 10 * 60), Timestamp::MIN));
        assert!(regular.is_missing(at(evening + 48 * 60), Timestamp::MIN));
    }

    #[test]
    fn a_visitor_is_never_missing() {
        assert!(!spoke(1, 120).is_missing(at(10 * 1440), Timestamp::MIN));
    }
}
