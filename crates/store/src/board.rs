//! What devices are counted by, in memory: a code a field and device.
//!
//! Counting by nine fields in SQL would read every device nine times. The board follows the database by the numbers of
//! changes: before it answers, it reads what changed since it last did, whoever wrote. SQLite gives these numbers one after
//! the other. In PostgreSQL they are the numbers of the transactions themselves: what lies below the oldest one that is under
//! way is through, and what lies above is read again next time, so that none is missed though they end in any order.
//!
//! A device takes a number of four bytes a field (a set of tags, VLANs or services is one number too) and its slot: some 80
//! bytes, which a test holds.

use std::collections::HashMap;
use std::hash::Hash;

use medward_monitor::{Facet, FacetCount, FacetField, Lifecycle, Status, StoreError};

use crate::columns::{NONE, shown};
use crate::session::Session;
use crate::sql::{Row, Sql};
use crate::terms::{SCOPES, SERVICE, TAG, VLAN};

/// Changes for which it is remembered which devices went; a board that is further behind begins anew.
pub(crate) const REMEMBERED: i64 = 1_000_000;

/// Devices that are read at once.
const PORTION: usize = 4096;

/// Changed devices from which on all are read anew.
const MANY: u64 = 20_000;

/// Code of "none".
const NOTHING: u32 = 0;

/// Fields with one value, in the order of [`COLUMNS`].
const SINGLE: [FacetField; 11] = [
    FacetField::Site,
    FacetField::Group,
    FacetField::Category,
    FacetField::Vendor,
    FacetField::Model,
    FacetField::Os,
    FacetField::Owner,
    FacetField::Place,
    FacetField::Status,
    FacetField::Scope,
    FacetField::Lifecycle,
];

/// Of these, how many are texts; the rest are codes.
const TEXTS: usize = 8;

const COLUMNS: &str = "SELECT d.id, d.site_key, d.grp, d.category, d.vendor, d.model, d.os, d.owner, d.place, \
                       d.status, d.scope, d.lifecycle FROM device d";

/// Fields with several values, and the field of their terms.
const SEVERAL: [(FacetField, i64); 3] =
    [(FacetField::Vlan, VLAN), (FacetField::Tag, TAG), (FacetField::Service, SERVICE)];

/// The keys of devices `d` as one text: a row a device would cost more than the search.
pub(crate) const fn joined(sqlite: bool) -> &'static str {
    if sqlite { "GROUP_CONCAT(d.id)" } else { "STRING_AGG(CAST(d.id AS TEXT), ',')" }
}

/// The keys in such a text.
pub(crate) fn keys(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|key| key.parse().ok()).collect()
}

/// Things with a number each, from 1 on.
struct Interned<T> {
    codes: HashMap<T, u32>,
    all: Vec<T>,
}

impl<T> Default for Interned<T> {
    fn default() -> Interned<T> {
        Interned { codes: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    fn code<Q>(&mut self, thing: &Q) -> u32
    where
        T: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(code) = self.codes.get(thing) {
            return *code;
        }
        self.all.push(thing.to_owned());
        let code = u32::try_from(self.all.len()).unwrap_or(NOTHING);
        self.codes.insert(thing.to_owned(), code);
        code
    }

    fn get(&self, code: u32) -> Option<&T> {
        self.all.get(usize::try_from(code).ok()?.checked_sub(1)?)
    }
}

/// Values of a field, and who has them.
#[derive(Default)]
struct Column {
    names: Interned<String>,
    /// A code a device, by its slot: of a name, or of a set where there may be several.
    of: Vec<u32>,
    sets: Interned<Vec<u32>>,
}

impl Column {
    fn put(&mut self, slot: u32, code: u32) {
        let Ok(slot) = usize::try_from(slot) else { return };
        if self.of.len() <= slot {
            // By parts, as doubling would leave half of it empty.
            self.of.reserve_exact(slot / 16 + 1024);
            self.of.resize(slot + 1, NOTHING);
        }
        if let Some(place) = self.of.get_mut(slot) {
            *place = code;
        }
    }

    fn code(&self, slot: u32) -> u32 {
        usize::try_from(slot).ok().and_then(|slot| self.of.get(slot).copied()).unwrap_or(NOTHING)
    }
}

/// The board.
#[derive(Default)]
pub(crate) struct Board {
    /// All changes below are in.
    horizon: i64,
    slots: HashMap<u32, u32>,
    free: Vec<u32>,
    single: [Column; SINGLE.len()],
    several: [Column; SEVERAL.len()],
}

fn number(key: i64) -> Result<u32, StoreError> {
    u32::try_from(key)
        .map_err(|_| StoreError::Refused(format!("device number {key} is too large to count by")))
}

impl Board {
    /// Reads what changed.
    pub(crate) async fn refresh(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let now = session.horizon().await?;
        // Half of it must not be taken for the whole, should the database fail meanwhile.
        let since = std::mem::replace(&mut self.horizon, 0);
        if session.is_sqlite() && now == since {
            self.horizon = now;
            return Ok(());
        }
        let many = Sql::with(
            "SELECT COUNT(*) FROM (SELECT 1 AS one FROM device d WHERE d.changed >= $1 LIMIT 20000) n",
            [since.into()],
        );
        let anew = since == 0
            || now.saturating_sub(since) >= REMEMBERED
            || session.first(many).await?.map_or(Ok(0), |row| row.count(0))? >= MANY;
        if anew {
            *self = Board::default();
            self.read_all(session).await?;
        } else {
            self.read_changes(session, since).await?;
        }
        self.horizon = now;
        Ok(())
    }

    async fn read_all(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let mut after = i64::MIN;
        loop {
            let text = format!("{COLUMNS} WHERE d.id > $1 ORDER BY d.id LIMIT {PORTION}");
            let rows = session.fetch(Sql::with(&text, [after.into()])).await?;
            for row in &rows {
                self.note(row)?;
            }
            match rows.last() {
                Some(row) if rows.len() == PORTION => after = row.int(0)?,
                _ => break,
            }
        }
        let all = joined(session.is_sqlite());
        for (at, (_, field)) in SEVERAL.iter().enumerate() {
            let text = format!(
                "SELECT t.shown, {all} FROM term t JOIN device_term x ON x.term = t.id JOIN device d ON d.id = x.device \
                 WHERE t.field = {field} GROUP BY t.id, t.shown"
            );
            let rows = session.fetch(Sql::new(&text)).await?;
            self.note_sets(at, &rows)?;
        }
        Ok(())
    }

    async fn read_changes(&mut self, session: &mut Session, since: i64) -> Result<(), StoreError> {
        let gone = Sql::with("SELECT r.device FROM removed r WHERE r.changed >= $1", [since.into()]);
        for row in session.fetch(gone).await? {
            if let Some(slot) = self.slots.remove(&number(row.int(0)?)?) {
                self.free.push(slot);
            }
        }
        let text = format!("{COLUMNS} WHERE d.changed >= $1");
        for row in session.fetch(Sql::with(&text, [since.into()])).await? {
            let slot = self.note(&row)?;
            for column in &mut self.several {
                column.put(slot, NOTHING);
            }
        }
        let all = joined(session.is_sqlite());
        for (at, (_, field)) in SEVERAL.iter().enumerate() {
            let text = format!(
                "SELECT t.shown, y.devices FROM (SELECT x.term AS term, {all} AS devices \
                 FROM device d CROSS JOIN device_term x WHERE d.changed >= $1 AND x.device = d.id \
                 AND x.term + 0 IN (SELECT f.id FROM term f WHERE f.field = {field}) GROUP BY x.term) y \
                 JOIN term t ON t.id = y.term"
            );
            let rows = session.fetch(Sql::with(&text, [since.into()])).await?;
            self.note_sets(at, &rows)?;
        }
        Ok(())
    }

    /// A device as [`COLUMNS`] tell it; answers its slot.
    fn note(&mut self, row: &Row) -> Result<u32, StoreError> {
        let key = number(row.int(0)?)?;
        let next = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let slot = *self.slots.entry(key).or_insert_with(|| self.free.pop().unwrap_or(next));
        for (at, (field, column)) in SINGLE.iter().zip(&mut self.single).enumerate() {
            let code = if at < TEXTS {
                let value = row.text(at + 1)?;
                match shown(&value).filter(|value| !value.is_empty() && *value != NONE) {
                    Some(name) => column.names.code(name),
                    None => NOTHING,
                }
            } else {
                match named(*field, row.int(at + 1)?) {
                    Some(name) => column.names.code(name),
                    None => NOTHING,
                }
            };
            column.put(slot, code);
        }
        Ok(slot)
    }

    /// Values with the devices that have them: all values of each device that is told of.
    fn note_sets(&mut self, at: usize, rows: &[Row]) -> Result<(), StoreError> {
        let Some(column) = self.several.get_mut(at) else { return Ok(()) };
        let mut pairs = Vec::new();
        for row in rows {
            let code = column.names.code(row.text(0)?.as_str());
            for key in keys(&row.maybe_text(1)?.unwrap_or_default()) {
                if let Some(slot) = self.slots.get(&number(key)?) {
                    pairs.push((*slot, code));
                }
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let mut set = Vec::new();
        for of_one in pairs.chunk_by(|a, b| a.0 == b.0) {
            set.clear();
            set.extend(of_one.iter().map(|(_, code)| *code));
            if let Some((slot, _)) = of_one.first() {
                let code = column.sets.code(set.as_slice());
                column.put(*slot, code);
            }
        }
        Ok(())
    }

    /// Where the devices of those keys stand.
    pub(crate) fn slots(&self, keys: &[i64]) -> Vec<u32> {
        let slot = |key: &i64| u32::try_from(*key).ok().and_then(|key| self.slots.get(&key)).copied();
        keys.iter().filter_map(slot).collect()
    }

    /// How many of the devices wanted, by where they stand (`None`: all) have which values of a field.
    pub(crate) fn facet(&self, field: FacetField, wanted: Option<&[u32]>, limit: usize) -> Facet {
        let single = SINGLE.iter().zip(&self.single).find(|(other, _)| **other == field);
        let several = SEVERAL.iter().zip(&self.several).find(|((other, _), _)| *other == field);
        let (column, sets) = match (single, several) {
            (Some((_, column)), _) => (column, false),
            (_, Some((_, column))) => (column, true),
            _ => return Facet { field, values: Vec::new(), without: 0 },
        };
        // By code first, then, where these are sets, by what is in them.
        let most = if sets { column.sets.all.len() } else { column.names.all.len() };
        let mut counts = vec![0_u64; most + 1];
        let mut count = |slot: u32| {
            if let Some(count) = usize::try_from(column.code(slot)).ok().and_then(|code| counts.get_mut(code))
            {
                *count += 1;
            }
        };
        match wanted {
            None => self.slots.values().for_each(|slot| count(*slot)),
            Some(slots) => slots.iter().for_each(|slot| count(*slot)),
        }
        let without = counts.first().copied().unwrap_or(0);
        if sets {
            counts = spread(column, &counts);
        }
        let mut values: Vec<FacetCount> = column
            .names
            .all
            .iter()
            .zip(counts.into_iter().skip(1))
            .filter(|(_, count)| *count > 0)
            .map(|(value, count)| FacetCount { value: value.clone(), count })
            .collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        Facet { field, values, without }
    }
}

/// From counts of sets to counts of what is in them.
fn spread(column: &Column, counts: &[u64]) -> Vec<u64> {
    let mut names = vec![0_u64; column.names.all.len() + 1];
    for (set, count) in (0..).zip(counts) {
        for code in column.sets.get(set).into_iter().flatten() {
            if let Some(name) = usize::try_from(*code).ok().and_then(|code| names.get_mut(code)) {
                *name += count;
            }
        }
    }
    names
}

fn named(field: FacetField, code: i64) -> Option<&'static str> {
    let code = usize::try_from(code).ok()?;
    match field {
        FacetField::Status => Status::ALL.get(code).map(|status| status.name()),
        FacetField::Scope => SCOPES.get(code).copied(),
        FacetField::Lifecycle => Lifecycle::ALL.get(code).map(|lifecycle| lifecycle.name()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that the parts take that grow with devices: what is reserved, not only what is in use.
    fn bytes(board: &Board) -> usize {
        let slots = board.slots.capacity() * 8 / 7 * (size_of::<(u32, u32)>() + 1);
        let columns = board.single.iter().chain(&board.several);
        let codes: usize = columns.map(|column| column.of.capacity() * size_of::<u32>()).sum();
        let sets = |column: &Column| -> usize {
            let heap: usize = column.sets.all.iter().map(|set| 2 * (set.capacity() * 4 + 16)).sum();
            heap + column.sets.all.len() * (2 * size_of::<Vec<u32>>() + 8)
        };
        slots + codes + board.several.iter().map(sets).sum::<usize>()
    }

    #[test]
    fn a_device_takes_at_most_150_bytes() {
        for devices in [30_000, 60_000_u32] {
            let mut board = Board::default();
            for device in 0..devices {
                board.slots.insert(device * 3 + 1, device);
                for column in &mut board.single {
                    column.put(device, device % 500);
                }
                for column in &mut board.several {
                    let set = column.sets.code([device % 60, device % 7 + 100].as_slice());
                    column.put(device, set);
                }
            }
            let each = bytes(&board) / usize::try_from(devices).unwrap_or(1);
            assert!(each <= 150, "{each} bytes a device with {devices} devices");
            let facet = board.facet(FacetField::Status, None, 10);
            assert_eq!(facet.without, u64::from(devices.div_ceil(500)));
        }
    }

    #[test]
    fn sets_count_for_each_value_in_them() {
        let mut board = Board::default();
        let tags = &mut board.several[1];
        let (a, b) = (tags.names.code("a"), tags.names.code("b"));
        for (device, set) in [(1, vec![a]), (2, vec![a, b]), (3, vec![])] {
            let slot = device - 1;
            board.slots.insert(device, slot);
            let tags = &mut board.several[1];
            if !set.is_empty() {
                let code = tags.sets.code(set.as_slice());
                tags.put(slot, code);
            }
        }
        let facet = board.facet(FacetField::Tag, None, 10);
        let told: Vec<_> = facet.values.iter().map(|value| (value.value.as_str(), value.count)).collect();
        assert_eq!((told, facet.without), (vec![("a", 2), ("b", 1)], 1));
        assert_eq!(board.slots(&[2, 99]), [1]);
    }
}
