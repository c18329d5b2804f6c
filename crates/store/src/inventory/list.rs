//! Pages of devices, by a key and not by counting, so that the last page costs what the first one does.

use std::collections::HashMap;

use medward_monitor::{Annotation, DeviceList, DeviceSummary, Page, SortKey, StoreError};

use super::unpacked;
use crate::board::{self, Bits, joined, select};
use crate::columns::{NONE, keyed, maybe_time, scope_name, status, with_annotation};
use crate::cursor;
use crate::session::Session;
use crate::sql::{Sql, Value, json};
use crate::{Database, columns};

/// Up to so many devices are put in order; more are found soon by walking all in that order.
const FEW: u64 = 3_000;

/// Up to so many, they are put in order where they were not found soon.
const MANY: u64 = 60_000;

/// Devices that are walked at once, at least and at most.
const STEP: u64 = 500;
const LONGEST_STEP: u64 = 100_000;

/// The column, and whether it holds a number.
const fn column(key: SortKey) -> (&'static str, bool) {
    match key {
        SortKey::LastSeen => ("last_seen", true),
        SortKey::FirstSeen => ("first_seen", true),
        SortKey::Name => ("name", false),
        SortKey::Vendor => ("vendor", false),
        SortKey::Model => ("model", false),
        SortKey::Category => ("category", false),
        SortKey::Site => ("site_key", false),
        SortKey::Location => ("location", false),
        SortKey::Criticality => ("criticality", true),
        SortKey::Findings => ("worst", true),
    }
}

/// Where a page ended: what the list is ordered by, and the key.
#[derive(Clone)]
struct At {
    value: Value,
    key: i64,
}

/// An order of devices.
struct Order {
    column: &'static str,
    number: bool,
    descending: bool,
    /// Of the list, for its cursors.
    name: String,
}

impl Order {
    fn of(list: &DeviceList) -> Order {
        let (column, number) = column(list.sort.key);
        let descending = list.sort.descending;
        let name = format!("devices {column} {}", if descending { "DESC" } else { "ASC" });
        Order { column, number, descending, name }
    }

    fn read(&self, cursor: &str) -> Result<At, StoreError> {
        if self.number {
            let (value, key): (i64, i64) = cursor::read(&self.name, cursor)?;
            return Ok(At { value: value.into(), key });
        }
        let (value, key): (String, i64) = cursor::read(&self.name, cursor)?;
        Ok(At { value: value.into(), key })
    }

    fn write(&self, at: &At) -> Result<String, StoreError> {
        match &at.value {
            Value::Int(Some(value)) => cursor::write(&self.name, &(value, at.key)),
            Value::Text(Some(value)) => cursor::write(&self.name, &(value, at.key)),
            _ => Err(StoreError::BadCursor),
        }
    }

    /// Where a device stands in it.
    async fn of_device(&self, session: &mut Session, key: i64) -> Result<Option<At>, StoreError> {
        let text = format!("SELECT d.{} FROM device d WHERE d.id = $1", self.column);
        let Some(row) = session.first(Sql::with(&text, [key.into()])).await? else { return Ok(None) };
        let value = if self.number { row.int(0)?.into() } else { row.text(0)?.into() };
        Ok(Some(At { value, key }))
    }

    /// Adds: after that, in this order, so many.
    fn push(&self, after: Option<&At>, limit: u64, sql: &mut Sql) {
        let column = self.column;
        let (order, beyond) = if self.descending { ("DESC", "<") } else { ("ASC", ">") };
        if let Some(at) = after {
            sql.push(&format!(" AND (d.{column}, d.id) {beyond} ("));
            sql.args.push(at.value.clone());
            sql.push(&format!("${}, ", sql.args.len())).bind(at.key).push(")");
        }
        sql.push(&format!(" ORDER BY d.{column} {order}, d.id {order} LIMIT {limit}"));
    }
}

pub(super) async fn page(database: &Database, list: &DeviceList) -> Result<Page<DeviceSummary>, StoreError> {
    let limit = cursor::limit(&list.page)?;
    let order = Order::of(list);
    let after = list.page.cursor.as_deref().map(|cursor| order.read(cursor)).transpose()?;
    let mut session = database.engine.snapshot().await?;
    let (board, wanted) = select(database, &mut session, list).await?;
    let (found, all) = (wanted.count(), board.all().count());
    let some: Vec<i64> = match found <= MANY {
        true => wanted.slots().map(|slot| board.key(slot)).collect(),
        false => Vec::new(),
    };
    let wanted = board.keys_of(&wanted);
    // Others need not wait for what the database is asked now.
    drop(board);
    let mut keys = None;
    if found > FEW {
        let patience = if found <= MANY { found * 2 } else { u64::MAX };
        let walk = Walk { order: &order, limit: limit + 1, one_in: all / found.max(1), patience };
        keys = walk.keys(&mut session, after.clone(), &wanted).await?;
    }
    let mut keys = match keys {
        Some(keys) => keys,
        None => {
            let mut sql = Sql::new("SELECT d.id FROM device d WHERE d.id IN ");
            sql.keys(session.is_sqlite(), &some)?;
            order.push(after.as_ref(), wide(limit + 1), &mut sql);
            session.fetch(sql).await?.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?
        }
    };
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = match keys.last() {
        Some(last) if more => {
            order.of_device(&mut session, *last).await?.map(|at| order.write(&at)).transpose()?
        }
        _ => None,
    };
    Ok(Page { items: summaries(&mut session, &keys).await?, next })
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The first so many of the devices wanted, of which one in so many is, in an order.
struct Walk<'a> {
    order: &'a Order,
    limit: usize,
    one_in: u64,
    /// It is given up after so many.
    patience: u64,
}

impl Walk<'_> {
    async fn keys(
        &self,
        session: &mut Session,
        mut after: Option<At>,
        wanted: &Bits,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let all = joined(session.is_sqlite());
        let mut keys = Vec::with_capacity(self.limit);
        let expected = wide(self.limit).saturating_mul(self.one_in);
        let mut step = (expected * 5 / 4 + 1).clamp(STEP.min(expected), LONGEST_STEP);
        let mut walked = 0;
        loop {
            let mut sql = Sql::new(&format!("SELECT {all} FROM (SELECT d.id FROM device d WHERE 1 = 1"));
            self.order.push(after.as_ref(), step, &mut sql);
            sql.push(") d");
            let text = session.first(sql).await?.map(|row| row.maybe_text(0)).transpose()?.flatten();
            let some = board::keys(&text.unwrap_or_default());
            let left = self.limit.saturating_sub(keys.len());
            keys.extend(some.iter().filter(|key| wanted.has(**key)).take(left).map(|key| i64::from(*key)));
            walked += wide(some.len());
            match some.last() {
                Some(last) if keys.len() < self.limit && wide(some.len()) >= step => {
                    if walked > self.patience {
                        return Ok(None);
                    }
                    after = self.order.of_device(session, i64::from(*last)).await?;
                }
                _ => return Ok(Some(keys)),
            }
            step = (step * 4).min(LONGEST_STEP);
        }
    }
}

pub(super) async fn count(database: &Database, list: &DeviceList) -> Result<u64, StoreError> {
    let mut session = database.engine.snapshot().await?;
    Ok(select(database, &mut session, list).await?.1.count())
}

/// Devices by their keys, in that order; those that are gone are left out.
pub(crate) async fn summaries(session: &mut Session, keys: &[i64]) -> Result<Vec<DeviceSummary>, StoreError> {
    let mut found = HashMap::with_capacity(keys.len());
    for part in keys.chunks(500) {
        let mut sql = Sql::new(
            "SELECT d.id, d.uid, s.name, d.name, d.status, d.scope, d.first_seen, d.last_seen, d.version, b.summary, \
             a.body, a.version, d.findings, d.worst FROM device d JOIN site s ON s.id = d.site \
             LEFT JOIN device_body b ON b.device = d.id LEFT JOIN annotation a ON a.device = d.id WHERE d.id IN ",
        );
        sql.numbers(part.iter().copied());
        for row in session.fetch(sql).await? {
            let mut summary: DeviceSummary = match row.maybe_blob(9)? {
                Some(body) => unpacked(&body)?,
                // Only spoken of so far.
                None => DeviceSummary {
                    name: columns::shown(&row.text(3)?).unwrap_or_default().to_owned(),
                    scope: scope_name(row.int(5)?)?.to_owned(),
                    ..DeviceSummary::default()
                },
            };
            summary.id = medward_model::DeviceId(row.text(1)?);
            summary.site = row.text(2)?;
            summary.status = status(row.int(4)?)?;
            summary.first_seen = maybe_time(row.int(6)?);
            summary.last_seen = maybe_time(row.int(7)?);
            summary.version = row.count(8)?;
            summary.findings = row.count(12)?;
            let worst = row.int(13)?;
            summary.worst_finding = if worst < 0 { None } else { Some(columns::severity(worst)?) };
            if let Some(body) = row.maybe_text(10)? {
                let annotation: Annotation = json(&body)?;
                with_annotation(&mut summary, &annotation);
            }
            found.insert(row.int(0)?, summary);
        }
    }
    Ok(keys.iter().filter_map(|key| found.remove(key)).collect())
}

/// The column of an effective place.
pub(super) fn place(whereabout: Option<&str>, belongs: Option<&str>) -> String {
    whereabout.or(belongs).unwrap_or(NONE).to_owned()
}

/// The column of an owner.
pub(super) fn owner(annotation: &Annotation) -> String {
    keyed(annotation.owner.as_deref())
}
