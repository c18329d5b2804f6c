//! Telling what is new, once.

use medward_model::{DeviceId, Timestamp};
use medward_monitor::{StoreError, Untold, finding_events};

use crate::Database;
use crate::columns::{event_kind_code, severity, severity_code, shown};
use crate::ingest::next_number;
use crate::sql::{Sql, to_json};

/// Findings of one site that are looked at in one telling; more are counted.
const MOST: usize = 20_000;

/// Makes events of what nobody was told of yet, site by site, in one transaction.
pub(super) async fn tell(database: &Database, now: Timestamp) -> Result<(u64, usize), StoreError> {
    let untold = "FROM finding f JOIN device d ON d.id = f.device WHERE f.told = 0";
    {
        // Most often there is nothing: no writer is kept waiting for that.
        let mut session = database.engine.reader().await?;
        if session.first(Sql::new(&format!("SELECT 1 {untold} LIMIT 1"))).await?.is_none() {
            return Ok((0, 0));
        }
    }
    let mut session = database.engine.writer().await?;
    let sites = session
        .fetch(Sql::new(&format!("SELECT d.site, COUNT(*) {untold} GROUP BY d.site ORDER BY d.site")))
        .await?;
    let mut rows = Vec::new();
    for row in sites {
        let (site, count) = (row.int(0)?, row.count(1)?);
        let name = session.first(Sql::with("SELECT name FROM site WHERE id = $1", [site.into()])).await?;
        let name = name.map(|row| row.text(0)).transpose()?.unwrap_or_default();
        let found = session
            .fetch(Sql::with(
                &format!(
                    "SELECT f.uid, d.uid, d.name, r.topic, r.title, r.severity, r.exploited FROM finding f \
                     JOIN device d ON d.id = f.device JOIN ruling r ON r.id = f.ruling \
                     WHERE f.told = 0 AND d.site = $1 ORDER BY f.rank, f.id LIMIT {MOST}"
                ),
                [site.into()],
            ))
            .await?;
        let mut all = Vec::with_capacity(found.len());
        for row in &found {
            all.push(Untold {
                id: row.text(0)?,
                device: DeviceId(row.text(1)?),
                device_name: shown(&row.text(2)?).unwrap_or_default().to_owned(),
                topic: row.text(3)?,
                title: row.text(4)?,
                severity: severity(row.int(5)?)?,
                exploited: row.int(6)? == 1,
            });
        }
        let more = count.saturating_sub(u64::try_from(all.len()).unwrap_or(u64::MAX));
        for event in finding_events(&name, all, more, now) {
            rows.push((site, event));
        }
    }
    session.execute(Sql::new("UPDATE finding SET told = 1 WHERE told = 0")).await?;
    let count = rows.len();
    if count == 0 {
        session.commit().await?;
        return Ok((0, 0));
    }
    let drawn = i64::try_from(count).unwrap_or(i64::MAX);
    let last = next_number(&mut session, "event", drawn).await?;
    let mut values = Vec::with_capacity(count);
    for (number, (site, event)) in (last - drawn + 1..).zip(rows) {
        values.push(vec![
            number.into(),
            event.at.into(),
            site.into(),
            event_kind_code(event.kind).into(),
            severity_code(event.severity).into(),
            event.device.map(|id| id.0).into(),
            event.title.as_str().into(),
            to_json(&event.details)?.into(),
        ]);
    }
    let head = "INSERT INTO event (number, at, site, kind, severity, device, title, details)";
    session.insert(head, "", values).await?;
    session.commit().await?;
    Ok((u64::try_from(last).unwrap_or(0), count))
}
