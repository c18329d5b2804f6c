//! What devices are counted, chosen and summed up by, in memory.
//!
//! Counting by nine fields in SQL would read every device nine times. The board follows the database by the numbers of
//! changes: before it answers, it reads what changed since it last did, whoever wrote. SQLite gives these numbers one after
//! the other. In PostgreSQL they are the numbers of the transactions themselves: what lies below the oldest one that is under
//! way is through, and what lies above is read again next time, so that none is missed though they end in any order.
//!
//! A device takes a number of four bytes a field (a set of tags, VLANs or services is one number too), what searches ask of
//! it, and its slot: at most 300 bytes, which a test holds. An open finding takes 16 bytes, a day of use 12.

mod ask;
mod column;
mod facet;
mod found;
mod used;

use std::collections::HashMap;

use medward_monitor::{FacetField, StoreError, switch_of};

use crate::columns::{NONE, shown};
use crate::session::Session;
use crate::sql::{Row, Sql};
use crate::terms::{POSITION, SERVICE, TAG, VLAN};

pub(crate) use ask::select;
pub(crate) use column::{Bits, NOTHING};
use column::{Cells, Column, Numbered, Texts, at};
pub(crate) use found::{Rulings, Sum, TopicSum};
pub(crate) use used::{Used, Window};

/// Changes for which it is remembered which devices went; a board that is further behind begins anew.
pub(crate) const REMEMBERED: i64 = 1_000_000;

/// Devices that are read at once.
const PORTION: usize = 4096;

/// Changed devices from which on all are read anew.
const MANY: u64 = 20_000;

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
                       d.status, d.scope, d.lifecycle, d.uid, d.site, d.medical, d.criticality, d.known, d.letters | d.said, \
                       d.first_seen, d.vlan, d.terms, d.name FROM device d";

/// Fields with several values, and the field of their terms. The switch at whose port a device is counts for it alone.
const SEVERAL: [(Option<FacetField>, i64); 4] = [
    (Some(FacetField::Vlan), VLAN),
    (Some(FacetField::Tag), TAG),
    (Some(FacetField::Service), SERVICE),
    (None, POSITION),
];

/// Where VLANs and switches stand in [`SEVERAL`].
const VLANS: usize = 0;
const SWITCHES: usize = 3;

/// The keys of devices `d` as one text: a row a device would cost more than the search.
pub(crate) const fn joined(sqlite: bool) -> &'static str {
    if sqlite { "GROUP_CONCAT(d.id)" } else { "STRING_AGG(CAST(d.id AS TEXT), ',')" }
}

/// The keys in such a text.
pub(crate) fn keys(text: &str) -> Vec<u32> {
    text.split(',').filter_map(|key| key.parse().ok()).collect()
}

/// What searches ask of a device now and then.
#[derive(Clone, Default)]
struct Facts {
    known: i64,
    /// Letters of its words.
    letters: i64,
    first_seen: i64,
    key: u32,
    /// The lowest VLAN.
    vlan: Option<u16>,
}

/// What nearly all searches ask: apart, so that little is read for it.
#[derive(Clone, Copy, Default)]
struct Flags {
    site: u32,
    status: u8,
    scope: u8,
    lifecycle: u8,
    /// The first bit tells that it is medical; the second, that it was told of itself and not only by others; the rest are
    /// its criticality.
    rest: u8,
}

impl Flags {
    const fn medical(self) -> bool {
        self.rest & 1 != 0
    }

    const fn told(self) -> bool {
        self.rest & 2 != 0
    }

    const fn criticality(self) -> u8 {
        self.rest >> 2
    }
}

/// The board.
#[derive(Default)]
pub(crate) struct Board {
    /// All changes below are in.
    horizon: i64,
    slots: Numbered<u32, u32>,
    /// Slots in use.
    alive: Bits,
    free: Vec<u32>,
    single: [Column; SINGLE.len()],
    several: [Column; SEVERAL.len()],
    facts: Cells<Facts>,
    flags: Cells<Flags>,
    /// Another where anything but times may be other.
    generation: u64,
    uids: Texts,
    /// As lists are ordered by them.
    names: Texts,
    found: found::Findings,
    used: used::Uses,
    /// Who has what was looked up in other tables; as long as nothing changes.
    looked_up: HashMap<String, ask::Kept>,
}

fn number(key: i64) -> Result<u32, StoreError> {
    u32::try_from(key)
        .map_err(|_| StoreError::Refused(format!("device number {key} is too large to count by")))
}

fn small(value: i64) -> u8 {
    u8::try_from(value).unwrap_or(u8::MAX)
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
        let changed = match since {
            0 => MANY,
            _ => session.first(many).await?.map_or(Ok(0), |row| row.count(0))?,
        };
        if since == 0 || now.saturating_sub(since) >= REMEMBERED || changed >= MANY {
            *self = Board { generation: self.generation + 1, ..Board::default() };
            self.read_all(session).await?;
        } else {
            self.read_changes(session, since, changed > 0).await?;
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
        for (place, (_, field)) in SEVERAL.iter().enumerate() {
            let text = format!(
                "SELECT t.shown, {all} FROM term t JOIN device_term x ON x.term = t.id JOIN device d ON d.id = x.device \
                 WHERE t.field = {field}{} GROUP BY t.id, t.shown",
                narrowed(place)
            );
            let rows = session.fetch(Sql::new(&text)).await?;
            self.note_sets(place, &rows)?;
        }
        self.read_found(session, None).await?;
        self.read_used(session, None).await
    }

    async fn read_changes(
        &mut self,
        session: &mut Session,
        since: i64,
        changed: bool,
    ) -> Result<(), StoreError> {
        let gone = Sql::with("SELECT r.device FROM removed r WHERE r.changed >= $1", [since.into()]);
        for row in session.fetch(gone).await? {
            if let Some(slot) = self.slots.remove(&number(row.int(0)?)?) {
                self.alive.clear(slot);
                self.found.put(slot, Box::default());
                self.used.clear(slot);
                self.free.push(slot);
                self.looked_up.clear();
                self.generation += 1;
            }
        }
        if changed {
            self.looked_up.clear();
            self.generation += 1;
            let text = format!("{COLUMNS} WHERE d.changed >= $1");
            for row in session.fetch(Sql::with(&text, [since.into()])).await? {
                let slot = self.note(&row)?;
                for column in &mut self.several {
                    column.put(slot, NOTHING);
                }
                self.found.put(slot, Box::default());
            }
            let all = joined(session.is_sqlite());
            for (place, (_, field)) in SEVERAL.iter().enumerate() {
                let text = format!(
                    "SELECT t.shown, y.devices FROM (SELECT x.term AS term, {all} AS devices \
                     FROM device d CROSS JOIN device_term x WHERE d.changed >= $1 AND x.device = d.id \
                     AND x.term + 0 IN (SELECT t.id FROM term t WHERE t.field = {field}{}) GROUP BY x.term) y \
                     JOIN term t ON t.id = y.term",
                    narrowed(place)
                );
                let rows = session.fetch(Sql::with(&text, [since.into()])).await?;
                self.note_sets(place, &rows)?;
            }
            self.read_found(session, Some(since)).await?;
        }
        self.read_used(session, Some(since)).await
    }

    /// A device as [`COLUMNS`] tell it; answers its slot.
    fn note(&mut self, row: &Row) -> Result<u32, StoreError> {
        let key = number(row.int(0)?)?;
        let next = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        let slot = *self.slots.entry(key).or_insert_with(|| self.free.pop().unwrap_or(next));
        self.alive.set(slot);
        for (place, (field, column)) in SINGLE.iter().zip(&mut self.single).enumerate() {
            let code = if place < TEXTS {
                let value = row.text(place + 1)?;
                match shown(&value).filter(|value| !value.is_empty() && *value != NONE) {
                    Some(name) => column.names.code(name),
                    None => NOTHING,
                }
            } else {
                match facet::named(*field, row.int(place + 1)?) {
                    Some(name) => column.names.code(name),
                    None => NOTHING,
                }
            };
            column.put(slot, code);
        }
        self.uids.put_unique(slot, &row.text(12)?);
        self.names.put(slot, &row.text(21)?);
        let facts = Facts {
            known: row.int(16)?,
            letters: row.int(17)?,
            first_seen: row.int(18)?,
            key,
            vlan: row.maybe_int(19)?.and_then(|vlan| u16::try_from(vlan).ok()),
        };
        self.facts.put(slot, facts);
        let (medical, told) = (row.int(14)? == 1, row.int(20)? != 0);
        let flags = Flags {
            site: number(row.int(13)?)?,
            status: small(row.int(9)?),
            scope: small(row.int(10)?),
            lifecycle: small(row.int(11)?),
            rest: u8::from(medical) | u8::from(told) << 1 | small(row.int(15)?).min(63) << 2,
        };
        self.flags.put(slot, flags);
        Ok(slot)
    }

    /// Values with the devices that have them: all values of each device that is told of.
    fn note_sets(&mut self, place: usize, rows: &[Row]) -> Result<(), StoreError> {
        let Some(column) = self.several.get_mut(place) else { return Ok(()) };
        let mut pairs = Vec::new();
        for row in rows {
            let value = row.text(0)?;
            let name = if place == SWITCHES { switch_of(&value) } else { Some(value.as_str()) };
            let Some(name) = name else { continue };
            let code = column.names.code(name);
            for key in keys(&row.maybe_text(1)?.unwrap_or_default()) {
                if let Some(slot) = self.slots.get(&key) {
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

    /// Where a device stands.
    pub(crate) fn slot(&self, key: i64) -> Option<u32> {
        u32::try_from(key).ok().and_then(|key| self.slots.get(&key)).copied()
    }

    /// The key of the device that stands there.
    pub(crate) fn key(&self, slot: u32) -> i64 {
        self.facts.get(slot).map_or(-1, |facts| i64::from(facts.key))
    }

    /// The keys of those that stand there.
    pub(crate) fn keys_of(&self, slots: &Bits) -> Bits {
        let mut keys = Bits::default();
        for facts in slots.slots().filter_map(|slot| self.facts.get(slot)) {
            keys.set(facts.key);
        }
        keys
    }

    /// Its identifier.
    pub(crate) fn uid(&self, slot: u32) -> &str {
        self.uids.get(slot)
    }

    /// What it is called.
    pub(crate) fn name(&self, slot: u32) -> &str {
        shown(self.names.get(slot)).unwrap_or_default()
    }

    /// Where the device of that identifier stands.
    pub(crate) fn find(&self, uid: &str) -> Option<u32> {
        self.uids.find(uid).filter(|slot| self.alive.has(*slot))
    }

    /// Status, scope, and whether it is medical.
    pub(crate) fn standing(&self, slot: u32) -> (i64, i64, bool) {
        self.flags
            .get(slot)
            .map_or((0, 0, false), |flags| (flags.status.into(), flags.scope.into(), flags.medical()))
    }

    /// Another where a set of slots that was chosen before may not hold any more.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Its lowest VLAN.
    pub(crate) fn vlan(&self, slot: u32) -> Option<u16> {
        self.facts.get(slot).and_then(|facts| facts.vlan)
    }

    /// All devices.
    pub(crate) const fn all(&self) -> &Bits {
        &self.alive
    }

    /// The code of a device's value of a field that has one, and what it is called.
    pub(crate) fn single(&self, field: FacetField) -> Option<Single<'_>> {
        let (_, column) = SINGLE.iter().zip(&self.single).find(|(other, _)| **other == field)?;
        Some(Single(column))
    }
}

/// A field with one value.
pub(crate) struct Single<'a>(&'a Column);

impl<'a> Single<'a> {
    pub(crate) fn code(&self, slot: u32) -> u32 {
        self.0.code(slot)
    }

    /// `None` for "none".
    pub(crate) fn name(&self, code: u32) -> Option<&'a str> {
        self.0.names.get(code).map(String::as_str)
    }

    /// Codes lie below.
    pub(crate) const fn codes(&self) -> usize {
        self.0.names.all.len() + 1
    }
}

/// Of positions, those at a port of a switch: only they have that word.
const fn narrowed(place: usize) -> &'static str {
    if place == SWITCHES { " AND t.value LIKE '% port %'" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that the parts take that grow with devices: what is reserved, not only what is in use.
    fn bytes(board: &Board) -> usize {
        let slots = board.slots.capacity() * 8 / 7 * (size_of::<(u32, u32)>() + 1);
        let columns = board.single.iter().chain(&board.several);
        let codes: usize = columns.map(|column| column.of.all.capacity() * size_of::<u32>()).sum();
        let facts = board.facts.all.capacity() * size_of::<Facts>()
            + board.flags.all.capacity() * size_of::<Flags>()
            + board.uids.bytes()
            + board.names.bytes();
        let sets = |column: &Column| -> usize {
            let heap: usize = column.sets.all.iter().map(|set| 2 * (set.capacity() * 4 + 16)).sum();
            heap + column.sets.all.len() * (2 * size_of::<Vec<u32>>() + 8)
        };
        slots + codes + facts + board.several.iter().map(sets).sum::<usize>()
    }

    #[test]
    fn a_device_takes_at_most_300_bytes() {
        for devices in [30_000, 60_000_u32] {
            let mut board = Board::default();
            for device in 0..devices {
                board.slots.insert(device * 3 + 1, device);
                board.alive.set(device);
                board.facts.put(device, Facts::default());
                board.flags.put(device, Flags::default());
                board.uids.put_unique(device, &format!("dev-{device:020}"));
                board.names.put(device, &format!("pump-{device:015}"));
                for column in &mut board.single {
                    column.put(device, device % 500);
                }
                for column in &mut board.several {
                    let set = column.sets.code([device % 60, device % 7 + 100].as_slice());
                    column.put(device, set);
                }
            }
            let each = bytes(&board) / usize::try_from(devices).unwrap_or(1);
            assert!(each <= 300, "{each} bytes a device with {devices} devices");
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
            board.alive.set(slot);
            let tags = &mut board.several[1];
            if !set.is_empty() {
                let code = tags.sets.code(set.as_slice());
                tags.put(slot, code);
            }
        }
        let facet = board.facet(FacetField::Tag, None, 10);
        let told: Vec<_> = facet.values.iter().map(|value| (value.value.as_str(), value.count)).collect();
        assert_eq!((told, facet.without), (vec![("a", 2), ("b", 1)], 1));
        assert_eq!([board.slot(2), board.slot(99)], [Some(1), None]);
    }
}
