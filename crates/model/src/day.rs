//! A calendar day, as feeds and manuals give them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Timestamp;

/// A day in the Gregorian calendar, in UTC. Shown and serialised as `2026-11-22`.
///
/// Kept as days since 1970-01-01; range: years 1678 to 2261, that of [`Timestamp`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i32);

const SECONDS: i64 = 86_400;

impl Day {
    /// That day, where the calendar has it.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let epoch = jiff::civil::date(1970, 1, 1);
        let days = epoch.until(date).ok()?.get_days();
        (1678..=2261).contains(&year).then_some(Day(days))
    }

    /// The day on which `moment` falls, in UTC.
    pub fn of(moment: Timestamp) -> Day {
        // An i64 of nanoseconds spans 106,752 days either way.
        Day(i32::try_from(moment.as_seconds().div_euclid(SECONDS)).unwrap_or_default())
    }

    /// Its first moment, in UTC.
    pub const fn start(self) -> Timestamp {
        Timestamp::from_parts(self.0 as i64 * SECONDS, 0)
    }

    /// Days from `earlier` to this day; negative where `earlier` is later.
    pub const fn days_since(self, earlier: Day) -> i64 {
        self.0 as i64 - earlier.0 as i64
    }

    /// Year, month (1–12) and day (1–31).
    pub fn parts(self) -> (i16, i8, i8) {
        let date = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(i64::from(self.0)));
        (date.year(), date.month(), date.day())
    }

    /// Reads the forms that feeds use: `2026-11-22`, `20261122`, `2026-11-22T…` (the time is dropped).
    pub fn read(text: &str) -> Option<Day> {
        let text = text.trim();
        let text = text.split(['T', ' ']).next().unwrap_or(text);
        let digits: String = match text.split('-').collect::<Vec<_>>().as_slice() {
            [year, month, day] => format!("{year:0>4}{month:0>2}{day:0>2}"),
            [plain] => (*plain).to_owned(),
            _ => return None,
        };
        if digits.len() != 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Day::new(
            digits.get(..4)?.parse().ok()?,
            digits.get(4..6)?.parse().ok()?,
            digits.get(6..)?.parse().ok()?,
        )
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_i32(self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        if !deserializer.is_human_readable() {
            return i32::deserialize(deserializer).map(Day);
        }
        let text = String::deserialize(deserializer)?;
        Day::read(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("'{text}' is not a day like 2026-11-22")))
    }
}

#[cfg(test)]
mod tests {
    use super::Day;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_day_survives_its_own_text(days in -100_000i32..100_000) {
            prop_assert_eq!(Day::read(&Day(days).to_string()), Some(Day(days)));
        }
    }

    #[test]
    fn the_forms_that_feeds_use_are_read() {
        let day = Day::new(2019, 5, 7);
        assert!(day.is_some());
        for text in ["2019-05-07", "20190507", "2019-05-07T10:00:00.000", "2019-5-7"] {
            assert_eq!(Day::read(text), day, "{text}");
        }
        for text in ["", "2019", "2019-13-01", "05/07/2019", "201905071"] {
            assert_eq!(Day::read(text), None, "{text}");
        }
    }
}
