//! What devices are counted by, in memory: a code a field and device.
//!
//! Counting by nine fields in SQL would read every device nine times. The board follows the database by the numbers of
//! changes: before it answers, it reads what changed since it last did. All writers draw these numbers one after the other, so
//! none is missed, whoever wrote.

use std::collections::HashMap;

use medward_monitor::{Facet, FacetCount, FacetField, Lifecycle, Status, StoreError};

use crate::columns::{NONE, shown};
use crate::engine::Session;
use crate::sql::Sql;
use crate::terms::{SCOPES, SERVICE, TAG, VLAN};

/// Changes for which it is remembered which devices went; a board that is further behind begins anew.
pub(crate) const REMEMBERED: i64 = 1_000_000;

/// Code of "none".
const NOTHING: u32 = 0;

const FIELDS: [FacetField; 14] = [
    FacetField::Site,
    FacetField::Group,
    FacetField::Category,
    FacetField::Vendor,
    FacetField::Model,
    FacetField::Os,
    FacetField::Status,
    FacetField::Scope,
    FacetField::Vlan,
    FacetField::Tag,
    FacetField::Owner,
    FacetField::Lifecycle,
    FacetField::Place,
    FacetField::Service,
];

/// Where the values of a field stand.
enum Source {
    /// Text in a column of the device.
    Text(&'static str),
    /// A code in a column of the device.
    Code(&'static str, Vec<&'static str>),
    /// Terms of that field.
    Terms(i64),
}

fn source(field: FacetField) -> Source {
    match field {
        FacetField::Site => Source::Text("site_key"),
        FacetField::Group => Source::Text("grp"),
        FacetField::Category => Source::Text("category"),
        FacetField::Vendor => Source::Text("vendor"),
        FacetField::Model => Source::Text("model"),
        FacetField::Os => Source::Text("os"),
        FacetField::Owner => Source::Text("owner"),
        FacetField::Place => Source::Text("place"),
        FacetField::Status => Source::Code("status", Status::ALL.map(Status::name).to_vec()),
        FacetField::Scope => Source::Code("scope", SCOPES.to_vec()),
        FacetField::Lifecycle => Source::Code("lifecycle", Lifecycle::ALL.map(Lifecycle::name).to_vec()),
        FacetField::Vlan => Source::Terms(VLAN),
        FacetField::Tag => Source::Terms(TAG),
        FacetField::Service => Source::Terms(SERVICE),
    }
}

/// The keys of devices `d` as one text: a row a device would cost more than the search.
pub(crate) const fn joined(sqlite: bool) -> &'static str {
    if sqlite { "GROUP_CONCAT(d.id)" } else { "STRING_AGG(CAST(d.id AS TEXT), ',')" }
}

/// The keys in such a text.
pub(crate) fn keys(text: &str) -> Vec<i64> {
    text.split(',').filter_map(|key| key.parse().ok()).collect()
}

/// Values of a field, and who has them.
#[derive(Default)]
struct Column {
    codes: HashMap<String, u32>,
    names: Vec<String>,
    /// A code a device, by its slot.
    one: Vec<u32>,
    /// Codes of a device, by its slot, where a device may have several.
    many: Vec<Vec<u32>>,
}

impl Column {
    fn code(&mut self, name: &str) -> u32 {
        if let Some(code) = self.codes.get(name) {
            return *code;
        }
        self.names.push(name.to_owned());
        // The first name has code 1.
        let code = u32::try_from(self.names.len()).unwrap_or(NOTHING);
        self.codes.insert(name.to_owned(), code);
        code
    }
}

/// The board.
#[derive(Default)]
pub(crate) struct Board {
    change: i64,
    slots: HashMap<i64, usize>,
    free: Vec<usize>,
    columns: Vec<Column>,
}

impl Board {
    /// Reads what changed.
    pub(crate) async fn refresh(&mut self, session: &mut Session) -> Result<(), StoreError> {
        let now = session.first(Sql::new("SELECT value FROM counter WHERE name = 'device'")).await?;
        let now = now.map_or(Ok(0), |row| row.int(0))?;
        if now <= self.change {
            return Ok(());
        }
        if now - self.change >= REMEMBERED || self.change == 0 {
            *self = Board { columns: FIELDS.iter().map(|_| Column::default()).collect(), ..Board::default() };
        }
        // Half of it must not be taken for the whole, should the database fail meanwhile.
        let since = std::mem::replace(&mut self.change, 0);
        let mut gone = Sql::new("SELECT r.device FROM removed r WHERE r.changed > ");
        gone.bind(since);
        if since > 0 {
            for row in session.fetch(gone).await? {
                if let Some(slot) = self.slots.remove(&row.int(0)?) {
                    self.free.push(slot);
                    for column in &mut self.columns {
                        if let Some(codes) = column.many.get_mut(slot) {
                            codes.clear();
                        }
                    }
                }
            }
        }
        for number in 0..FIELDS.len() {
            self.read_field(session, number, since).await?;
        }
        self.change = now;
        Ok(())
    }

    async fn read_field(
        &mut self,
        session: &mut Session,
        number: usize,
        since: i64,
    ) -> Result<(), StoreError> {
        let Some(field) = FIELDS.get(number) else { return Ok(()) };
        let source = source(*field);
        let all = joined(session.is_sqlite());
        let several = matches!(source, Source::Terms(_));
        let mut sql = match &source {
            Source::Text("site_key") => Sql::new(&format!("SELECT d.site_key, {all} FROM device d")),
            Source::Text(column) => Sql::new(&format!("SELECT d.{column}, {all} FROM device d")),
            Source::Code(column, _) => {
                Sql::new(&format!("SELECT CAST(d.{column} AS TEXT), {all} FROM device d"))
            }
            Source::Terms(field) => Sql::new(&format!(
                "SELECT t.shown, {all} FROM term t JOIN device_term x ON x.term = t.id JOIN device d ON d.id = x.device \
                 WHERE t.field = {field} AND d.changed > "
            )),
        };
        match &source {
            Source::Terms(_) => {
                sql.bind(since).push(" GROUP BY t.id, t.shown");
            }
            Source::Text(column) | Source::Code(column, _) => {
                if since > 0 {
                    sql.push(" WHERE d.changed > ").bind(since);
                }
                // By site too, as the indexes are.
                let site = if *column == "site_key" { "" } else { "d.site, " };
                sql.push(&format!(" GROUP BY {site}d.{column}"));
            }
        }
        let rows = session.fetch(sql).await?;
        if several && since > 0 {
            self.forget(session, number, since).await?;
        }
        for row in rows {
            let value = row.text(0)?;
            let name = match &source {
                Source::Text(_) => shown(&value).filter(|value| !value.is_empty() && *value != NONE),
                Source::Code(_, names) => {
                    value.parse::<usize>().ok().and_then(|code| names.get(code).copied())
                }
                Source::Terms(_) => Some(value.as_str()),
            };
            let devices = keys(&row.maybe_text(1)?.unwrap_or_default());
            self.note(number, name, several, &devices);
        }
        Ok(())
    }

    /// Takes away the values that changed devices had.
    async fn forget(&mut self, session: &mut Session, number: usize, since: i64) -> Result<(), StoreError> {
        let text = format!("SELECT {} FROM device d WHERE d.changed > $1", joined(session.is_sqlite()));
        let changed = session.first(Sql::with(&text, [since.into()])).await?;
        let changed = changed.map(|row| row.maybe_text(0)).transpose()?.flatten().unwrap_or_default();
        let Some(column) = self.columns.get_mut(number) else { return Ok(()) };
        for key in keys(&changed) {
            if let Some(codes) = self.slots.get(&key).and_then(|slot| column.many.get_mut(*slot)) {
                codes.clear();
            }
        }
        Ok(())
    }

    fn note(&mut self, number: usize, name: Option<&str>, several: bool, devices: &[i64]) {
        let Some(column) = self.columns.get_mut(number) else { return };
        let code = name.map_or(NOTHING, |name| column.code(name));
        for device in devices {
            let next = self.slots.len();
            let slot = *self.slots.entry(*device).or_insert_with(|| self.free.pop().unwrap_or(next));
            if several {
                if column.many.len() <= slot {
                    column.many.resize(slot + 1, Vec::new());
                }
                if let Some(codes) = column.many.get_mut(slot) {
                    codes.push(code);
                }
            } else {
                if column.one.len() <= slot {
                    column.one.resize(slot + 1, NOTHING);
                }
                if let Some(place) = column.one.get_mut(slot) {
                    *place = code;
                }
            }
        }
    }

    /// How many of the devices wanted (`None`: all) have which values of a field.
    pub(crate) fn facet(&self, field: FacetField, wanted: Option<&[i64]>, limit: usize) -> Facet {
        let number = FIELDS.iter().position(|other| *other == field);
        let Some(column) = number.and_then(|number| self.columns.get(number)) else {
            return Facet { field, values: Vec::new(), without: 0 };
        };
        let several = matches!(source(field), Source::Terms(_));
        let mut counts = vec![0_u64; column.names.len() + 1];
        let mut count = |slot: usize| {
            let one = [column.one.get(slot).copied().unwrap_or(NOTHING)];
            let codes = if several { column.many.get(slot).map_or(&[][..], Vec::as_slice) } else { &one };
            for code in codes.iter().copied().chain(codes.is_empty().then_some(NOTHING)) {
                if let Some(count) = usize::try_from(code).ok().and_then(|code| counts.get_mut(code)) {
                    *count += 1;
                }
            }
        };
        match wanted {
            None => self.slots.values().for_each(|slot| count(*slot)),
            Some(keys) => keys.iter().filter_map(|key| self.slots.get(key)).for_each(|slot| count(*slot)),
        }
        let mut counts = counts.into_iter();
        let without = counts.next().unwrap_or(0);
        let mut values: Vec<FacetCount> = column
            .names
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(value, count)| FacetCount { value: value.clone(), count })
            .collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        Facet { field, values, without }
    }
}
