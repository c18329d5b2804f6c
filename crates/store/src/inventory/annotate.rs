//! What people say of devices.

use std::collections::HashMap;

use medward_model::DeviceId;
use medward_monitor::{AllSaid, Annotation, DeviceList, Patch, StoreError};

use super::list;
use crate::Database;
use crate::columns::lifecycle_code;
use crate::ingest::{find_device, next_change, write_terms};
use crate::search::condition;
use crate::session::Session;
use crate::sql::{Row, Sql, json, to_json};
use crate::terms;

/// Most devices that are changed by one call.
const MOST: usize = 10_000;

pub(super) async fn one(
    database: &Database,
    id: &DeviceId,
    patch: &Patch,
    expected: Option<u64>,
) -> Result<Annotation, StoreError> {
    let mut session = database.engine.writer().await?;
    let key = find_device(&mut session, id)
        .await?
        .ok_or_else(|| StoreError::Missing { what: "device", id: id.0.clone() })?;
    let mut annotation = read_annotation(&mut session, key).await?.unwrap_or_default();
    if let Some(expected) = expected
        && annotation.version != expected
    {
        return Err(StoreError::Conflict { expected, found: annotation.version });
    }
    apply(patch, &mut annotation)?;
    write_annotation(&mut session, key, &annotation).await?;
    session.commit().await?;
    Ok(annotation)
}

pub(super) async fn all(database: &Database, list: &DeviceList, patch: &Patch) -> Result<u64, StoreError> {
    let mut session = database.engine.writer().await?;
    let mut sql = Sql::new("SELECT d.id FROM device d WHERE ");
    condition(list, database.lookup(), &mut sql)?;
    sql.push(&format!(" ORDER BY d.id LIMIT {MOST}"));
    let keys = session.fetch(sql).await?.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
    let mut annotations = HashMap::with_capacity(keys.len());
    for part in keys.chunks(500) {
        let mut sql = Sql::new("SELECT device, body FROM annotation WHERE device IN ");
        sql.numbers(part.iter().copied());
        for row in session.fetch(sql).await? {
            annotations.insert(row.int(0)?, json::<Annotation>(&row.text(1)?)?);
        }
    }
    let mut changed = Vec::with_capacity(keys.len());
    for key in &keys {
        let mut annotation = annotations.remove(key).unwrap_or_default();
        apply(patch, &mut annotation)?;
        changed.push((*key, annotation));
    }
    write_annotations(&mut session, &changed).await?;
    session.commit().await?;
    Ok(u64::try_from(keys.len()).unwrap_or(0))
}

/// Each of several devices its own change; devices that are not there are left out.
pub(super) async fn each(database: &Database, changes: &[(DeviceId, Patch)]) -> Result<u64, StoreError> {
    let mut session = database.engine.writer().await?;
    let mut changed = HashMap::with_capacity(changes.len());
    for (id, patch) in changes {
        let Some(key) = find_device(&mut session, id).await? else { continue };
        let annotation = match changed.remove(&key) {
            Some(annotation) => Some(annotation),
            None => read_annotation(&mut session, key).await?,
        };
        let mut annotation = annotation.unwrap_or_default();
        apply(patch, &mut annotation)?;
        changed.insert(key, annotation);
    }
    let changed: Vec<(i64, Annotation)> = changed.into_iter().collect();
    for part in changed.chunks(MOST) {
        write_annotations(&mut session, part).await?;
    }
    session.commit().await?;
    Ok(u64::try_from(changed.len()).unwrap_or(0))
}

/// What people said of several devices.
pub(super) async fn of(
    database: &Database,
    ids: &[DeviceId],
) -> Result<Vec<(DeviceId, Annotation)>, StoreError> {
    let mut session = database.engine.reader().await?;
    let wanted = ids.iter().map(|id| vec![id.0.as_str().into()]).collect();
    let text = "SELECT d.uid, a.body FROM annotation a JOIN device d ON d.id = a.device WHERE d.uid IN";
    session.fetch_of(text, "", wanted).await?.iter().map(read).collect()
}

/// What people said of all devices. The mark tells whether anything changed without reading it.
pub(super) async fn everything(
    database: &Database,
    known: Option<u64>,
) -> Result<Option<AllSaid>, StoreError> {
    let mut session = database.engine.snapshot().await?;
    let text = "SELECT COUNT(*), CAST(COALESCE(SUM(version), 0) AS BIGINT), COALESCE(MAX(device), 0) \
                FROM annotation";
    let mut mark = 0_u64;
    if let Some(row) = session.first(Sql::new(text)).await? {
        for at in 0..3 {
            // An odd factor, so that no two of the three make up for each other.
            mark = mark.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(row.count(at)?);
        }
    }
    if known == Some(mark) {
        return Ok(None);
    }
    let text = "SELECT d.uid, a.body FROM annotation a JOIN device d ON d.id = a.device";
    let all = session.fetch(Sql::new(text)).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Some((mark, all)))
}

fn read(row: &Row) -> Result<(DeviceId, Annotation), StoreError> {
    Ok((DeviceId(row.text(0)?), json(&row.text(1)?)?))
}

fn apply(patch: &Patch, annotation: &mut Annotation) -> Result<(), StoreError> {
    patch.apply(annotation);
    if annotation.tags.len() > 32
        || annotation.tags.iter().any(|tag| tag.is_empty() || tag.chars().count() > 64)
    {
        return Err(StoreError::Refused(
            "a device has at most 32 tags, each of 1 to 64 characters".to_owned(),
        ));
    }
    if annotation.criticality.is_some_and(|criticality| !(1..=5).contains(&criticality)) {
        return Err(StoreError::Refused("criticality goes from 1 (least) to 5".to_owned()));
    }
    Ok(())
}

pub(crate) async fn read_annotation(
    session: &mut Session,
    key: i64,
) -> Result<Option<Annotation>, StoreError> {
    let found =
        session.first(Sql::with("SELECT body FROM annotation WHERE device = $1", [key.into()])).await?;
    found.map(|row| json(&row.text(0)?)).transpose()
}

pub(crate) async fn write_annotation(
    session: &mut Session,
    key: i64,
    annotation: &Annotation,
) -> Result<(), StoreError> {
    write_annotations(session, &[(key, annotation.clone())]).await
}

async fn write_annotations(session: &mut Session, all: &[(i64, Annotation)]) -> Result<(), StoreError> {
    let change = next_change(session).await?;
    let mut bodies = Vec::with_capacity(all.len());
    let mut columns = Vec::with_capacity(all.len());
    let mut words = HashMap::with_capacity(all.len());
    for (key, annotation) in all {
        let said = terms::of_annotation(annotation);
        bodies.push(vec![(*key).into(), annotation.version.into(), to_json(annotation)?.into()]);
        columns.push(vec![
            (*key).into(),
            list::owner(annotation).into(),
            lifecycle_code(annotation.lifecycle).into(),
            i64::from(annotation.criticality.unwrap_or(0)).into(),
            annotation.place.clone().into(),
            list::place(None, annotation.place.as_deref()).into(),
            change.into(),
            terms::letters(&said).into(),
        ]);
        words.insert(*key, said);
    }
    session
        .insert(
            "INSERT INTO annotation (device, version, body)",
            "ON CONFLICT (device) DO UPDATE SET version = excluded.version, body = excluded.body",
            bodies,
        )
        .await?;
    session
        .apply(
            "UPDATE device SET owner = v.column2, lifecycle = v.column3, criticality = v.column4, belongs = v.column5, \
             place = CASE WHEN whereabout IS NULL THEN v.column6 ELSE place END, version = version + 1, \
             changed = v.column7, said = v.column8 FROM",
            "AS v WHERE device.id = v.column1",
            columns,
        )
        .await?;
    let keys: Vec<i64> = all.iter().map(|(key, _)| *key).collect();
    write_terms(session, &words, &keys, true).await
}
