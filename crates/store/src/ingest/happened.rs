//! Values that changed, places, events, and sensors.

use std::collections::BTreeMap;

use medward_monitor::{AttributeChange, Event, SensorState, Stay, StoreError};

use super::book::{Book, site_key};
use crate::columns::{event_kind_code, severity_code};
use crate::session::Session;
use crate::sql::{Sql, to_json};

pub(crate) async fn history(
    session: &mut Session,
    book: &Book,
    changes: &[AttributeChange],
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(changes.len());
    for change in changes {
        let Some(device) = book.key(&change.device) else { continue };
        rows.push(vec![
            device.into(),
            change.at.into(),
            change.attribute.as_str().into(),
            change.value.clone().into(),
            change.confidence.into(),
            change.because.as_str().into(),
        ]);
    }
    let head = "INSERT INTO attribute_history (device, at, attribute, value, confidence, because)";
    session.insert(head, "", rows).await
}

pub(crate) async fn stays(session: &mut Session, book: &Book, stays: &[Stay]) -> Result<(), StoreError> {
    for stay in stays {
        let Some(device) = book.key(&stay.device) else { continue };
        let at = &stay.whereabouts;
        session
            .execute(Sql::with(
                "UPDATE stay SET ended = $2 WHERE device = $1 AND since < $2 AND (ended IS NULL OR ended > $2)",
                [device.into(), at.since.into()],
            ))
            .await?;
        session
            .execute(Sql::with(
                "INSERT INTO stay (device, since, last, ended, place, position, how) \
                 VALUES ($1, $2, $3, (SELECT MIN(s.since) FROM stay s WHERE s.device = $1 AND s.since > $2), $4, $5, $6) \
                 ON CONFLICT (device, since, how, position) DO UPDATE SET place = excluded.place, \
                 last = CASE WHEN excluded.last > stay.last THEN excluded.last ELSE stay.last END",
                [
                    device.into(),
                    at.since.into(),
                    at.last.into(),
                    at.place.clone().into(),
                    at.position.as_str().into(),
                    at.how.as_str().into(),
                ],
            ))
            .await?;
    }
    Ok(())
}

pub(crate) async fn sensors(
    session: &mut Session,
    committed: &str,
    sensors: &[SensorState],
) -> Result<(), StoreError> {
    for sensor in sensors {
        let site = if sensor.site.is_empty() { committed } else { &sensor.site };
        let site = site_key(session, site).await?;
        session
            .execute(Sql::with(
                "INSERT INTO sensor (site, name, body) VALUES ($1, $2, $3) \
                 ON CONFLICT (site, name) DO UPDATE SET body = excluded.body",
                [site.into(), sensor.name.as_str().into(), to_json(sensor)?.into()],
            ))
            .await?;
    }
    Ok(())
}

/// Answers the number of the last event; 0 where there is none.
pub(crate) async fn events(session: &mut Session, book: &Book, events: &[Event]) -> Result<u64, StoreError> {
    if events.is_empty() {
        return Ok(0);
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let last = next_number(session, "event", count).await?;
    let mut sites: BTreeMap<&str, i64> = BTreeMap::new();
    let mut rows = Vec::with_capacity(events.len());
    for (number, event) in (last - count + 1..).zip(events) {
        let site = match sites.get(event.site.as_str()) {
            Some(site) => *site,
            None if event.site.is_empty() => book.site,
            None => {
                let site = site_key(session, &event.site).await?;
                sites.insert(&event.site, site);
                site
            }
        };
        let device = event.device.as_ref().map(|id| book.redirects.get(id).unwrap_or(id).0.clone());
        rows.push(vec![
            number.into(),
            event.at.into(),
            site.into(),
            event_kind_code(event.kind).into(),
            severity_code(event.severity).into(),
            device.into(),
            event.title.as_str().into(),
            to_json(&event.details)?.into(),
        ]);
    }
    let head = "INSERT INTO event (number, at, site, kind, severity, device, title, details)";
    session.insert(head, "", rows).await?;
    Ok(u64::try_from(last).unwrap_or(0))
}

/// Draws numbers; whoever draws next waits until this transaction is through, so that they are seen in order and without
/// holes: nobody who asks for those after the last one seen misses any. Draw as late as can be: the wait is short then.
pub(crate) async fn next_number(session: &mut Session, name: &str, count: i64) -> Result<i64, StoreError> {
    session
        .execute(Sql::with(
            "UPDATE counter SET value = value + $2 WHERE name = $1",
            [name.into(), count.into()],
        ))
        .await?;
    match session.first(Sql::with("SELECT value FROM counter WHERE name = $1", [name.into()])).await? {
        Some(row) => row.int(0),
        None => Err(StoreError::Corrupt(format!("the counter '{name}' is missing"))),
    }
}
