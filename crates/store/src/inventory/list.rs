//! Pages of devices, by a key and not by counting, so that the last page costs what the first one does.

use std::collections::HashMap;

use medward_monitor::{Annotation, DeviceList, DeviceSummary, Page, SortKey, StoreError};

use super::unpacked;
use crate::board::select;
use crate::columns::{NONE, keyed, maybe_time, scope_name, status, with_annotation};
use crate::cursor;
use crate::search::{condition_where, probes};
use crate::session::Session;
use crate::sql::{Sql, json};
use crate::{Database, columns};

/// So many devices make a part of a query common.
const COMMON: usize = 5_000;

/// Parts of a query that are probed; with more, none is.
const MOST_PROBES: usize = 8;

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

pub(super) async fn page(database: &Database, list: &DeviceList) -> Result<Page<DeviceSummary>, StoreError> {
    let limit = cursor::limit(&list.page)?;
    let (column, number) = column(list.sort.key);
    let (order, beyond) = if list.sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    let name = format!("devices {column} {order}");
    let mut sql = Sql::new(&format!("SELECT d.id, d.{column} FROM device d WHERE "));
    let mut session = database.engine.reader().await?;
    let common = common(database, &mut session, list).await?;
    condition_where(list, database.lookup(), &common, &mut sql)?;
    if let Some(at) = &list.page.cursor {
        sql.push(&format!(" AND (d.{column}, d.id) {beyond} ("));
        if number {
            let (value, id): (i64, i64) = cursor::read(&name, at)?;
            sql.bind(value).push(", ").bind(id);
        } else {
            let (value, id): (String, i64) = cursor::read(&name, at)?;
            sql.bind(value).push(", ").bind(id);
        }
        sql.push(")");
    }
    sql.push(&format!(" ORDER BY d.{column} {order}, d.id {order} LIMIT {}", limit + 1));
    let mut rows = session.fetch(sql).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(row) if more && number => Some(cursor::write(&name, &(row.int(1)?, row.int(0)?))?),
        Some(row) if more => Some(cursor::write(&name, &(row.text(1)?, row.int(0)?))?),
        _ => None,
    };
    let keys = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(Page { items: summaries(&mut session, &keys).await?, next })
}

/// Which parts of the query so many devices have that a page is full soon when they are walked in order.
async fn common(
    database: &Database,
    session: &mut Session,
    list: &DeviceList,
) -> Result<Vec<bool>, StoreError> {
    let probes = probes(list, database.lookup(), COMMON);
    if probes.len() > MOST_PROBES {
        return Ok(Vec::new());
    }
    let most = u64::try_from(COMMON).unwrap_or(u64::MAX);
    let mut common = Vec::with_capacity(probes.len());
    for probe in probes {
        let found = session.first(probe).await?.map_or(Ok(0), |row| row.count(0))?;
        common.push(found >= most);
    }
    Ok(common)
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
