//! When in the week a conduit holds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

/// Days and hours, by the clock of the place where it is enforced: `mon-fri 08:00-18:00`, `sat,sun 22:00-04:00`,
/// `daily 00:00-24:00`. Hours that end before they begin go on into the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// A bit for each day on which it begins, Monday the lowest.
    pub days: u8,
    /// Minutes since midnight at which it begins.
    pub from: u16,
    /// Minutes since midnight before which it ends; at most 1,440.
    pub to: u16,
}

impl Window {
    /// Whether it is open at that minute of that day (Monday is 0).
    pub const fn holds(self, day: u8, minute: u16) -> bool {
        let today = self.days & (1 << (day % 7)) != 0;
        let yesterday = self.days & (1 << ((day % 7 + 6) % 7)) != 0;
        if self.from < self.to {
            today && self.from <= minute && minute < self.to
        } else {
            (today && self.from <= minute) || (yesterday && minute < self.to)
        }
    }
}

fn wrong(text: &str) -> String {
    format!("'{text}' is not a time window like 'mon-fri 08:00-18:00'")
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Window, String> {
        let (days, hours) = text.trim().split_once(' ').ok_or_else(|| wrong(text))?;
        let day = |name: &str| DAYS.iter().position(|known| *known == name.trim()).ok_or_else(|| wrong(text));
        let mut bits = 0_u8;
        for part in days.split(',').filter(|_| days != "daily") {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (day(first)?, day(last)?);
            let mut at = first;
            loop {
                bits |= 1 << at;
                if at == last {
                    break;
                }
                at = (at + 1) % 7;
            }
        }
        if days == "daily" {
            bits = 0x7f;
        }
        let clock = |text: &str| -> Option<u16> {
            let (hours, minutes) = text.trim().split_once(':')?;
            let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
            (minutes < 60 && hours <= 24).then(|| hours * 60 + minutes).filter(|at| *at <= DAY)
        };
        let (from, to) = hours.split_once('-').ok_or_else(|| wrong(text))?;
        match (clock(from), clock(to)) {
            (Some(from), Some(to)) if from != to && from < DAY => Ok(Window { days: bits, from, to }),
            _ => Err(wrong(text)),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days & 0x7f == 0x7f {
            f.write_str("daily")?;
        } else {
            let named = DAYS.iter().enumerate().filter(|(at, _)| self.days & (1 << at) != 0);
            f.write_str(&named.map(|(_, name)| *name).collect::<Vec<_>>().join(","))?;
        }
        write!(f, " {:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, self.to / 60, self.to % 60)
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
