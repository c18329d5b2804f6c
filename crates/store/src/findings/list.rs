//! Pages of findings and of what they are about, worst first.

use std::collections::{BTreeMap, HashMap};

use medward_model::{DeviceId, Severity, Timestamp};
use medward_monitor::{FindingCounts, FindingList, FindingRow, Page, StoreError, TopicRow, severity_of_rank};
use serde_json::Value as Json;

use crate::Database;
use crate::board::{Bits, Board, Rulings, Sum, TopicSum};
use crate::columns::{
    finding_kind, finding_kind_code, severity, severity_code, shown, treatment, treatment_code, verdict,
    verdict_code,
};
use crate::cursor;
use crate::packing::unpack;
use crate::search::{pattern, site_numbers};
use crate::session::Session;
use crate::sql::{Row, Sql};

const FROM: &str = "FROM finding f JOIN ruling r ON r.id = f.ruling JOIN device d ON d.id = f.device WHERE ";

/// The condition that a finding is in the list.
async fn condition(session: &mut Session, list: &FindingList, sql: &mut Sql) -> Result<(), StoreError> {
    sql.push(if list.ended { "f.ended IS NOT NULL" } else { "f.ended IS NULL" });
    if let Some(device) = &list.device {
        // What became part of another is asked for by either id.
        let moved = session
            .first(Sql::with("SELECT new FROM redirect WHERE old = $1", [device.0.as_str().into()]))
            .await?;
        let id = moved.map(|row| row.text(0)).transpose()?.unwrap_or_else(|| device.0.clone());
        sql.push(" AND f.device = (SELECT x.id FROM device x WHERE x.uid = ").bind(id).push(")");
    }
    if let Some(sites) = site_numbers(session, list.sites.as_deref()).await? {
        // Not by an index: all devices of a site are more than those that a page shows.
        sql.push(" AND d.site + 0 IN ").numbers(sites);
    }
    if !list.kinds.is_empty() {
        sql.push(" AND r.kind IN ").numbers(list.kinds.iter().map(|kind| finding_kind_code(*kind)));
    }
    if !list.treatments.is_empty() {
        sql.push(" AND r.treatment IN ").numbers(list.treatments.iter().map(|t| treatment_code(*t)));
    }
    if !list.statuses.is_empty() {
        sql.push(" AND r.status IN ").numbers(list.statuses.iter().map(|s| verdict_code(*s)));
    }
    if let Some(least) = list.severity {
        // By the rank, too, which the list is ordered by.
        let ranks = Severity::ALL.iter().position(|one| *one == least).unwrap_or(0) * 8 + 8;
        sql.push(" AND r.severity >= ").bind(severity_code(least));
        sql.push(&format!(" AND f.rank < {ranks}"));
    }
    if let Some(exploited) = list.exploited {
        sql.push(" AND r.exploited = ").bind(exploited);
    }
    if let Some(topic) = &list.topic {
        sql.push(" AND r.topic = ").bind(topic.as_str());
    }
    if let Some(text) = list.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let wanted = pattern(&text.to_lowercase());
        sql.push(" AND (r.words LIKE ").bind(wanted.clone()).push(" ESCAPE '\\' OR d.name LIKE ");
        sql.bind(wanted).push(" ESCAPE '\\')");
    }
    Ok(())
}

const COLUMNS: &str = "SELECT f.rank, f.id, f.uid, d.uid, d.name, d.category, \
     (SELECT s.name FROM site s WHERE s.id = d.site), r.topic, r.exploited, f.found, f.ended, r.body ";

fn body(packed: &[u8]) -> Result<Json, StoreError> {
    serde_json::from_slice(&unpack(packed)?)
        .map_err(|error| StoreError::Corrupt(format!("a finding: {error}")))
}

fn read(row: &Row) -> Result<FindingRow, StoreError> {
    Ok(FindingRow {
        id: row.text(2)?,
        device: DeviceId(row.text(3)?),
        device_name: shown(&row.text(4)?).unwrap_or_default().to_owned(),
        device_category: shown(&row.text(5)?).map(str::to_owned),
        site: row.maybe_text(6)?.unwrap_or_default(),
        topic: row.text(7)?,
        exploited: row.int(8)? == 1,
        found: row.time(9)?,
        ended: row.maybe_time(10)?,
        body: body(&row.blob(11)?)?,
    })
}

pub(super) async fn page(database: &Database, list: &FindingList) -> Result<Page<FindingRow>, StoreError> {
    const NAME: &str = "findings";
    let limit = cursor::limit(&list.page)?;
    let mut session = database.engine.snapshot().await?;
    let mut sql = Sql::new(&format!("{COLUMNS}{FROM}"));
    condition(&mut session, list, &mut sql).await?;
    if on_board(list) {
        let mut board = database.board.lock().await;
        board.refresh(&mut session).await?;
        let within = within(&board, &mut session, list).await?;
        // Few are put in order; more are found soon by walking all in that order, from the first rank that any has.
        match board.rulings(list, &within) {
            Rulings::Few(rulings) => {
                sql.push(" AND f.ruling IN ").keys(session.is_sqlite(), &rulings)?;
            }
            Rulings::Many { first } => {
                sql.push(&format!(" AND f.rank >= {first}"));
            }
        }
    }
    if let Some(at) = &list.page.cursor {
        let (rank, key): (i64, i64) = cursor::read(NAME, at)?;
        sql.push(" AND (f.rank, f.id) > (").bind(rank).push(", ").bind(key).push(")");
    }
    sql.push(&format!(" ORDER BY f.rank, f.id LIMIT {}", limit + 1));
    let rows = session.fetch(sql).await?;
    let items = rows.iter().take(limit).map(read).collect::<Result<Vec<_>, _>>()?;
    let next = match rows.get(limit.saturating_sub(1)) {
        Some(last) if rows.len() > limit => Some(cursor::write(NAME, &(last.int(0)?, last.int(1)?))?),
        _ => None,
    };
    Ok(Page { items, next })
}

pub(super) async fn one(database: &Database, id: &str) -> Result<Option<FindingRow>, StoreError> {
    let mut session = database.engine.reader().await?;
    let text = format!("{COLUMNS}{FROM} f.uid = $1 ORDER BY f.ended IS NOT NULL, f.id LIMIT 1");
    session.first(Sql::with(&text, [id.into()])).await?.as_ref().map(read).transpose()
}

/// What the board holds: what is so now, without looking into texts.
const fn on_board(list: &FindingList) -> bool {
    !list.ended && list.text.is_none() && list.device.is_none()
}

/// The devices of the sites that the list names.
async fn within(board: &Board, session: &mut Session, list: &FindingList) -> Result<Bits, StoreError> {
    Ok(match site_numbers(session, list.sites.as_deref()).await? {
        Some(sites) => board.of_sites(&sites),
        None => board.all().clone(),
    })
}

/// Where a page of topics ended: rank, devices as a negative number, topic.
type At = (i64, i64, String);

/// What a row tells, with its ruling's body.
fn topic(sum: &TopicSum, packed: &[u8]) -> Result<TopicRow, StoreError> {
    let mut body = body(packed)?;
    if let Some(object) = body.as_object_mut() {
        // One device's own, and how bad the worst is stands beside it.
        object.remove("match");
        object.remove("severity");
    }
    Ok(TopicRow {
        topic: sum.topic.clone(),
        devices: sum.devices.unsigned_abs(),
        severity: severity_of_rank(sum.rank),
        exploited: sum.exploited,
        first_found: Timestamp::from_nanos(sum.first),
        last_found: Timestamp::from_nanos(sum.last),
        body,
    })
}

pub(super) async fn topics(database: &Database, list: &FindingList) -> Result<Page<TopicRow>, StoreError> {
    const NAME: &str = "topics";
    let limit = cursor::limit(&list.page)?;
    let after: Option<At> =
        list.page.cursor.as_deref().map(|cursor| cursor::read(NAME, cursor)).transpose()?;
    let mut session = database.engine.snapshot().await?;
    let mut sums = if on_board(list) {
        let mut board = database.board.lock().await;
        board.refresh(&mut session).await?;
        let within = within(&board, &mut session, list).await?;
        board.topics(list, &within)
    } else {
        summed(&mut session, list).await?
    };
    let key = |sum: &TopicSum| -> At { (sum.rank, -sum.devices, sum.topic.clone()) };
    if let Some(after) = after {
        sums.retain(|sum| key(sum) > after);
    }
    sums.sort_by_cached_key(key);
    let more = sums.len() > limit;
    sums.truncate(limit);
    let mut bodies = HashMap::new();
    let mut sql = Sql::new("SELECT r.id, r.body FROM ruling r WHERE r.id IN ");
    sql.numbers(sums.iter().map(|sum| sum.ruling));
    for row in session.fetch(sql).await? {
        bodies.insert(row.int(0)?, row.blob(1)?);
    }
    let next = match sums.last() {
        Some(last) if more => Some(cursor::write(NAME, &key(last))?),
        _ => None,
    };
    let row = |sum: &TopicSum| bodies.get(&sum.ruling).map(|packed| topic(sum, packed));
    Ok(Page { items: sums.iter().filter_map(row).collect::<Result<_, _>>()?, next })
}

/// By the database: what is so no more, and what is looked for in texts.
async fn summed(session: &mut Session, list: &FindingList) -> Result<Vec<TopicSum>, StoreError> {
    let mut sql = Sql::new(&format!(
        "SELECT MIN(f.rank), COUNT(DISTINCT f.device), r.topic, MIN(f.found), MAX(f.found), MAX(r.exploited), \
         MIN(r.id) {FROM}"
    ));
    condition(session, list, &mut sql).await?;
    sql.push(" GROUP BY r.topic");
    let rows = session.fetch(sql).await?;
    let sum = |row: &Row| {
        Ok(TopicSum {
            rank: row.int(0)?,
            devices: row.int(1)?,
            topic: row.text(2)?,
            first: row.int(3)?,
            last: row.int(4)?,
            exploited: row.int(5)? == 1,
            ruling: row.int(6)?,
            ..TopicSum::default()
        })
    };
    rows.iter().map(sum).collect()
}

pub(super) async fn count(database: &Database, list: &FindingList) -> Result<FindingCounts, StoreError> {
    let mut session = database.engine.snapshot().await?;
    let (devices, sums) = if on_board(list) {
        let mut board = database.board.lock().await;
        board.refresh(&mut session).await?;
        let within = within(&board, &mut session, list).await?;
        board.count_found(list, &within)
    } else {
        counted(&mut session, list).await?
    };
    let mut counts = FindingCounts { devices, ..FindingCounts::default() };
    let add = |map: &mut BTreeMap<String, u64>, name: &str, count: u64| {
        *map.entry(name.to_owned()).or_default() += count;
    };
    for Sum { kind, severity: grave, treatment: todo, status, exploited, count } in sums {
        counts.findings += count;
        counts.exploited += if exploited { count } else { 0 };
        add(&mut counts.kinds, finding_kind(kind)?.name(), count);
        add(&mut counts.severities, severity(grave)?.name(), count);
        add(&mut counts.treatments, treatment(todo)?.name(), count);
        add(&mut counts.statuses, verdict(status)?.name(), count);
    }
    Ok(counts)
}

/// By the database, as [`summed`].
async fn counted(session: &mut Session, list: &FindingList) -> Result<(u64, Vec<Sum>), StoreError> {
    let mut sql = Sql::new(&format!("SELECT COUNT(DISTINCT f.device) {FROM}"));
    condition(session, list, &mut sql).await?;
    let devices = session.first(sql).await?.map_or(Ok(0), |row| row.count(0))?;
    let mut sql =
        Sql::new(&format!("SELECT r.kind, r.severity, r.treatment, r.status, r.exploited, COUNT(*) {FROM}"));
    condition(session, list, &mut sql).await?;
    sql.push(" GROUP BY r.kind, r.severity, r.treatment, r.status, r.exploited");
    let rows = session.fetch(sql).await?;
    let sum = |row: &Row| {
        Ok(Sum {
            kind: row.int(0)?,
            severity: row.int(1)?,
            treatment: row.int(2)?,
            status: row.int(3)?,
            exploited: row.int(4)? == 1,
            count: row.count(5)?,
        })
    };
    Ok((devices, rows.iter().map(sum).collect::<Result<_, StoreError>>()?))
}
