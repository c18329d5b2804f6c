//! How much devices are used, from clinical activity.
//!
//! Up to eight days are counted by the hour; longer times by whole days (UTC) that they touch, from a mask of the hours
//! of each day, which is kept as long as days are. The board sums up what it knows; the rest the database does.

use std::collections::HashMap;

use medward_monitor::{Page, StoreError, UseGroup, UseList, UseRow};

use crate::Database;
use crate::columns::shown;
use crate::cursor;
use crate::ingest::{DAY, HOUR};
use crate::search::condition;
use crate::session::Session;
use crate::sql::Sql;

mod board;

/// Longest time that is counted by the hour, in hours.
const BY_HOUR: i64 = 8 * 24;

/// Hours of a week.
const WEEK: usize = 168;

/// Hours that are summed up in one number, each in so many bits: two million days of devices in an hour of the week.
const LANES: usize = 3;
const WIDTH: usize = 21;

/// Puts three bits, one beside the other, into their lanes.
const SPREAD: i64 = 1 | 1 << (WIDTH - 1) | 1 << (2 * (WIDTH - 1));
const SPREAD_MASK: i64 = 1 | 1 << WIDTH | 1 << (2 * WIDTH);

/// Which rows hold the use in the time asked for.
enum Span {
    Hours { first: i64, after: i64 },
    Days { first: i64, after: i64 },
}

impl Span {
    fn of(list: &UseList) -> Span {
        let (from, until) = (list.from.as_nanos(), list.until.as_nanos());
        let after = |width: i64| until.div_euclid(width) + i64::from(until.rem_euclid(width) != 0);
        let (first, end) = (from.div_euclid(HOUR), after(HOUR));
        if end.saturating_sub(first) <= BY_HOUR {
            Span::Hours { first, after: end }
        } else {
            Span::Days { first: from.div_euclid(DAY), after: after(DAY) }
        }
    }

    /// Adds a query for device, actions, hours, days, last.
    fn by_device(&self, sql: &mut Sql) {
        match self {
            Span::Hours { first, after } => {
                sql.push(
                    "SELECT h.device AS device, SUM(h.actions) AS actions, COUNT(*) AS hours, \
                     COUNT(DISTINCT h.bucket / 24) AS days, MAX(h.last) AS last FROM (",
                );
                hours(*first, *after, sql);
                sql.push(") h GROUP BY h.device");
            }
            Span::Days { first, after } => {
                sql.push(
                    "SELECT u.device AS device, SUM(u.actions) AS actions, SUM(u.busy) AS hours, COUNT(*) AS days, \
                     MAX(u.last) AS last FROM use_day u WHERE u.bucket >= ",
                );
                sql.bind(*first).push(" AND u.bucket < ").bind(*after);
                sql.push(" AND u.device IN (SELECT m.id FROM m) GROUP BY u.device");
            }
        }
    }
}

/// Device-hours with clinical activity.
fn hours(first: i64, after: i64, sql: &mut Sql) {
    sql.push(
        "SELECT a.device, a.bucket, SUM(a.count) AS actions, MAX(a.last) AS last FROM activity_hour a \
         JOIN activity_kind k ON k.id = a.kind WHERE k.clinical = 1 AND a.bucket >= ",
    );
    sql.bind(first).push(" AND a.bucket < ").bind(after);
    sql.push(" AND a.device IN (SELECT m.id FROM m) GROUP BY a.device, a.bucket");
}

const fn node(group: UseGroup) -> &'static str {
    match group {
        UseGroup::Device => "d.uid",
        UseGroup::Category => "d.category",
        UseGroup::Site => "d.site_key",
        UseGroup::Place => "d.place",
        UseGroup::Vendor => "d.vendor",
    }
}

/// `WITH m (id, node, name)`: the devices asked for.
fn devices(database: &Database, list: &UseList, sql: &mut Sql) -> Result<(), StoreError> {
    sql.push(&format!(
        "WITH m (id, node, name) AS (SELECT d.id, {}, d.name FROM device d WHERE ",
        node(list.group)
    ));
    condition(&list.devices, database.lookup(), sql)?;
    sql.push(")");
    Ok(())
}

pub(super) async fn page(database: &Database, list: &UseList) -> Result<Page<UseRow>, StoreError> {
    let limit = cursor::limit(&list.devices.page)?;
    let (order, beyond) = if list.least_first { ("ASC", ">") } else { ("DESC", "<") };
    let name = format!("usage {:?} {order}", list.group);
    let span = Span::of(list);
    let mut session = database.engine.snapshot().await?;
    if let Some(page) = board::page(database, &mut session, list, &span, &name, limit).await? {
        return Ok(page);
    }
    let mut sql = Sql::default();
    devices(database, list, &mut sql)?;
    sql.push(", u AS (");
    span.by_device(&mut sql);
    sql.push(
        "), g AS (SELECT m.node AS node, MIN(m.name) AS name, COUNT(*) AS devices, COUNT(u.device) AS used, \
         CAST(COALESCE(SUM(u.actions), 0) AS BIGINT) AS actions, CAST(COALESCE(SUM(u.hours), 0) AS BIGINT) AS hours, \
         CAST(COALESCE(SUM(u.days), 0) AS BIGINT) AS days, MAX(u.last) AS last \
         FROM m LEFT JOIN u ON u.device = m.id GROUP BY m.node) \
         SELECT node, name, devices, used, actions, hours, days, last FROM g",
    );
    if let Some(at) = &list.devices.page.cursor {
        let (hours, actions, node): (i64, i64, String) = cursor::read(&name, at)?;
        sql.push(&format!(" WHERE (hours, actions, node) {beyond} ("));
        sql.bind(hours).push(", ").bind(actions).push(", ").bind(node).push(")");
    }
    sql.push(&format!(" ORDER BY hours {order}, actions {order}, node {order} LIMIT {}", limit + 1));
    let mut rows = session.fetch(sql).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(row) if more => Some(cursor::write(&name, &(row.int(5)?, row.int(4)?, row.text(0)?))?),
        _ => None,
    };
    let nodes = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?;
    let mut weeks = weeks(database, &mut session, list, &span, &nodes).await?;
    let mut items = Vec::with_capacity(rows.len());
    for (row, node) in rows.iter().zip(nodes) {
        let (key, label) = match list.group {
            UseGroup::Device => (node.clone(), shown(&row.text(1)?).unwrap_or_default().to_owned()),
            _ => {
                let value = shown(&node).unwrap_or_default().to_owned();
                (value.clone(), value)
            }
        };
        items.push(UseRow {
            key,
            label,
            devices: row.count(2)?,
            used: row.count(3)?,
            actions: row.count(4)?,
            hours: row.count(5)?,
            days: row.count(6)?,
            last_used: row.maybe_time(7)?,
            week: weeks.remove(&node).unwrap_or_else(|| vec![0; WEEK]),
        });
    }
    Ok(Page { items, next })
}

/// Use by the hour of the week, for the nodes of a page.
async fn weeks(
    database: &Database,
    session: &mut Session,
    list: &UseList,
    span: &Span,
    nodes: &[String],
) -> Result<HashMap<String, Vec<u32>>, StoreError> {
    let mut weeks: HashMap<String, Vec<u32>> = HashMap::new();
    if nodes.is_empty() {
        return Ok(weeks);
    }
    let mut sql = Sql::default();
    sql.push("WITH m (id, node) AS (SELECT d.id, ").push(node(list.group)).push(" FROM device d WHERE ");
    sql.push(node(list.group)).push(" IN ").list(nodes.iter().map(String::as_str)).push(" AND ");
    condition(&list.devices, database.lookup(), &mut sql)?;
    sql.push(") ");
    // The epoch began on a Thursday; the week begins on Monday.
    match span {
        Span::Hours { first, after } => {
            sql.push("SELECT m.node, (h.bucket + 72) % 168, COUNT(*) FROM (");
            hours(*first, *after, &mut sql);
            sql.push(") h JOIN m ON m.id = h.device GROUP BY m.node, (h.bucket + 72) % 168");
        }
        Span::Days { first, after } => {
            sql.push("SELECT m.node, (u.bucket + 3) % 7");
            for lane in 0..24 / LANES {
                // Three bits are spread over one number, so that they are summed up at once.
                sql.push(&format!(
                    ", CAST(SUM((((u.hours >> {}) & 7) * {SPREAD}) & {SPREAD_MASK}) AS BIGINT)",
                    lane * LANES
                ));
            }
            sql.push(" FROM m JOIN use_day u ON u.device = m.id WHERE u.bucket >= ").bind(*first);
            sql.push(" AND u.bucket < ").bind(*after).push(" GROUP BY m.node, (u.bucket + 3) % 7");
        }
    }
    let by_hour = matches!(span, Span::Hours { .. });
    for row in session.fetch(sql).await? {
        let week = weeks.entry(row.text(0)?).or_insert_with(|| vec![0; WEEK]);
        let slot = usize::try_from(row.int(1)?).unwrap_or(0);
        for hour in 0..if by_hour { 1 } else { 24 } {
            let (at, count) = if by_hour {
                (slot, row.count(2)?)
            } else {
                let sums = row.count(2 + hour / LANES)?;
                (slot * 24 + hour, (sums >> (WIDTH * (hour % LANES))) & ((1 << WIDTH) - 1))
            };
            if let Some(place) = week.get_mut(at) {
                *place = u32::try_from(count).unwrap_or(u32::MAX);
            }
        }
    }
    Ok(weeks)
}
