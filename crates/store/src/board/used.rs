//! The hours of clinical use of each device, of the last hundred days.
//!
//! Of a device and day: a bit for each hour in use, and how much was done. When it was used last is known of its last day
//! alone; so what ends before the last use of all is asked of the database.

use std::collections::HashMap;
use std::sync::Arc;

use medward_monitor::StoreError;

use super::column::Cells;
use super::{Bits, Board};
use crate::session::Session;
use crate::sql::Sql;

/// Days that are kept, from the last one with any use back; more than the longest time that pages offer.
const KEPT: i64 = 100;

/// Devices whose days are read at once.
const PORTION: i64 = 5000;

/// Devices up to which each is looked up by itself.
const FEW: usize = 500;

#[derive(Clone, Copy, Default)]
struct Day {
    /// Since 1970.
    day: u16,
    hours: u32,
    actions: u32,
}

#[derive(Clone, Default)]
struct Days {
    /// In their order.
    all: Box<[Day]>,
    /// The last use of the last of them.
    last: i64,
}

/// What was done from an hour of a day on, by the keys of devices.
type Heads = Arc<HashMap<u32, u64>>;

#[derive(Default)]
pub(super) struct Uses {
    of: Cells<Days>,
    /// Devices with any.
    any: Bits,
    /// The first day that is kept.
    from: i64,
    /// The last hour with any use.
    latest: i64,
    /// From that hour to the end of its day, of all devices; until something is added to that day.
    heads: Option<(i64, Heads)>,
}

/// The time asked for: hours or days since 1970, and the first that is not asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) first: i64,
    pub(crate) after: i64,
    pub(crate) by_hour: bool,
}

impl Window {
    fn first_day(&self) -> i64 {
        if self.by_hour { self.first.div_euclid(24) } else { self.first }
    }

    /// Of the first day, the hours that are asked for, where that is not all of it.
    fn head(&self) -> Option<u32> {
        let hour = u32::try_from(self.first.rem_euclid(24)).unwrap_or(0);
        (self.by_hour && hour > 0).then(|| !0 << hour)
    }
}

/// How much a device was used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) actions: u64,
    pub(crate) hours: u64,
    pub(crate) days: u64,
    pub(crate) last: Option<i64>,
}

impl Uses {
    pub(super) fn clear(&mut self, slot: u32) {
        if self.of.get(slot).is_some_and(|days| !days.all.is_empty()) {
            self.of.put(slot, Days::default());
        }
        self.any.clear(slot);
    }

    /// Puts days of a device beside those that are known of it, or in their place.
    fn put(&mut self, slot: u32, told: &[(Day, i64)]) {
        let Some((day, last)) = told.last() else { return };
        let known = self.of.get(slot).cloned().unwrap_or_default();
        let ends = known.all.last().map_or(0, |day| day.day);
        let last = if day.day >= ends { *last } else { known.last };
        let mut all: Vec<Day> = known
            .all
            .iter()
            .filter(|day| {
                i64::from(day.day) >= self.from && !told.iter().any(|(other, _)| other.day == day.day)
            })
            .copied()
            .collect();
        all.extend(told.iter().map(|(day, _)| *day));
        all.sort_unstable_by_key(|day| day.day);
        self.any.set(slot);
        self.of.put(slot, Days { all: all.into(), last });
    }
}

impl Board {
    /// The days of all devices, or those that changed.
    pub(super) async fn read_used(
        &mut self,
        session: &mut Session,
        since: Option<i64>,
    ) -> Result<(), StoreError> {
        const COLUMNS: &str = "SELECT u.device, u.bucket, u.hours, u.actions, u.last FROM use_day u WHERE";
        if let Some(since) = since {
            let text = format!("{COLUMNS} u.changed >= $1 ORDER BY u.device, u.bucket");
            return self.note_used(&session.fetch(Sql::with(&text, [since.into()])).await?);
        }
        let ends = session
            .first(Sql::new("SELECT (SELECT MAX(u.bucket) FROM use_day u), (SELECT MAX(d.id) FROM device d)"))
            .await?;
        let Some(ends) = ends else { return Ok(()) };
        let (Some(day), Some(last)) = (ends.maybe_int(0)?, ends.maybe_int(1)?) else { return Ok(()) };
        self.used.from = day.saturating_sub(KEPT);
        let text = format!(
            "{COLUMNS} u.device >= $1 AND u.device < $2 AND u.bucket >= $3 ORDER BY u.device, u.bucket"
        );
        let mut first = 0;
        while first <= last {
            let args = [first.into(), (first + PORTION).into(), self.used.from.into()];
            self.note_used(&session.fetch(Sql::with(&text, args)).await?)?;
            first += PORTION;
        }
        Ok(())
    }

    fn note_used(&mut self, rows: &[crate::sql::Row]) -> Result<(), StoreError> {
        let mut device = -1;
        let mut told = Vec::new();
        for row in rows {
            let (key, bucket, hours) = (row.int(0)?, row.int(1)?, row.int(2)?);
            if key != device {
                self.put_used(device, &mut told);
                device = key;
            }
            if self.used.heads.as_ref().is_some_and(|(hour, _)| hour.div_euclid(24) == bucket) {
                self.used.heads = None;
            }
            let (Ok(day), Ok(hours)) = (u16::try_from(bucket), u32::try_from(hours)) else { continue };
            if let Some(hour) = hours.checked_ilog2() {
                let hour = bucket.saturating_mul(24).saturating_add(i64::from(hour));
                self.used.latest = self.used.latest.max(hour);
                self.used.from = self.used.from.max(hour.div_euclid(24).saturating_sub(KEPT));
            }
            if bucket >= self.used.from {
                let actions = u32::try_from(row.int(3)?).unwrap_or(u32::MAX);
                told.push((Day { day, hours, actions }, row.int(4)?));
            }
        }
        self.put_used(device, &mut told);
        Ok(())
    }

    fn put_used(&mut self, device: i64, told: &mut Vec<(Day, i64)>) {
        if let Some(slot) = self.slot(device) {
            self.used.put(slot, told);
        }
        told.clear();
    }

    /// True where the board knows all of the time asked for.
    pub(crate) fn covers(&self, window: &Window) -> bool {
        let after = if window.by_hour { window.after } else { window.after.saturating_mul(24) };
        window.first_day() >= self.used.from && self.used.latest < after
    }

    /// The days of a device in that time, with the hours that count.
    pub(crate) fn days(&self, slot: u32, window: &Window) -> impl Iterator<Item = (i64, u32)> {
        self.within(slot, window).map(|(day, hours)| (i64::from(day.day), hours))
    }

    fn within(&self, slot: u32, window: &Window) -> impl Iterator<Item = (&Day, u32)> {
        let (first, head) = (window.first_day(), window.head());
        let days = self.used.of.get(slot).into_iter().flat_map(|days| days.all.iter());
        days.filter_map(move |day| {
            let hours = match head {
                Some(head) if i64::from(day.day) == first => day.hours & head,
                _ => day.hours,
            };
            (i64::from(day.day) >= first && hours != 0).then_some((day, hours))
        })
    }

    /// Devices with any use of late.
    pub(crate) const fn in_use(&self) -> &Bits {
        &self.used.any
    }

    /// How much a device was used in that time.
    pub(crate) fn used(&self, slot: u32, window: &Window, heads: &HashMap<u32, u64>) -> Used {
        let (first, head) = (window.first_day(), window.head());
        let mut used = Used::default();
        for (day, hours) in self.within(slot, window) {
            used.hours += u64::from(hours.count_ones());
            used.days += 1;
            used.actions += match head {
                // All of its hours of that day may be asked for.
                Some(head) if i64::from(day.day) == first && day.hours & !head != 0 => {
                    let key = self.facts.get(slot).map_or(0, |facts| facts.key);
                    heads.get(&key).copied().unwrap_or(0)
                }
                _ => u64::from(day.actions),
            };
            used.last = self.used.of.get(slot).map(|days| days.last);
        }
        used
    }

    /// What was done in the part of the first day that is asked for: days are not told apart by hours here.
    pub(crate) async fn heads(
        &mut self,
        session: &mut Session,
        window: &Window,
        wanted: &Bits,
    ) -> Result<Heads, StoreError> {
        let Some(hours) = window.head() else { return Ok(Heads::default()) };
        let first = window.first_day();
        if let Some((hour, heads)) = &self.used.heads
            && *hour == window.first
        {
            return Ok(Arc::clone(heads));
        }
        let then = |slot: &u32| {
            let days = self.used.of.get(*slot).into_iter().flat_map(|days| days.all.iter());
            days.take_while(|day| i64::from(day.day) <= first)
                .any(|day| i64::from(day.day) == first && day.hours & hours != 0 && day.hours & !hours != 0)
        };
        let some: Vec<u32> = wanted.clone().and(&self.used.any).slots().filter(then).take(FEW + 1).collect();
        if some.is_empty() {
            return Ok(Heads::default());
        }
        let mut sql = Sql::new(
            "SELECT a.device, CAST(SUM(a.count) AS BIGINT) FROM activity_hour a JOIN activity_kind k ON k.id = a.kind \
             WHERE k.clinical = 1 AND a.bucket >= ",
        );
        sql.bind(window.first).push(" AND a.bucket < ").bind((first + 1).saturating_mul(24));
        if some.len() <= FEW {
            sql.push(" AND a.device IN ").numbers(some.iter().map(|slot| self.key(*slot)));
        }
        sql.push(" GROUP BY a.device");
        let mut heads = HashMap::new();
        for row in session.fetch(sql).await? {
            heads.insert(super::number(row.int(0)?)?, row.count(1)?);
        }
        let heads = Arc::new(heads);
        if some.len() > FEW {
            self.used.heads = Some((window.first, Arc::clone(&heads)));
        }
        Ok(heads)
    }
}
