//! Where devices were, and what a site does not hear.

use medward_model::{DeviceId, Timestamp};
use medward_monitor::{Coverage, Status, Stay, StoreError, Whereabouts};

use super::MOST;
use crate::Database;
use crate::columns::status_code;
use crate::ingest::find_device;
use crate::sql::{Row, Sql};
use crate::terms::VLAN;

/// Blind spots that are named.
const NAMED: usize = 100;

const COLUMNS: &str = "SELECT d.uid, s.place, s.position, s.how, s.since, s.last FROM stay s \
                       JOIN device d ON d.id = s.device";

fn read(row: &Row) -> Result<Stay, StoreError> {
    Ok(Stay {
        device: DeviceId(row.text(0)?),
        whereabouts: Whereabouts {
            place: row.maybe_text(1)?,
            position: row.text(2)?,
            how: row.text(3)?,
            since: row.time(4)?,
            last: row.time(5)?,
        },
    })
}

pub(super) async fn stays(database: &Database, device: &DeviceId) -> Result<Vec<Stay>, StoreError> {
    let mut session = database.engine.reader().await?;
    let Some(key) = find_device(&mut session, device).await? else { return Ok(Vec::new()) };
    let text = format!("{COLUMNS} WHERE s.device = $1 ORDER BY s.since DESC, s.id DESC LIMIT {MOST}");
    session.fetch(Sql::with(&text, [key.into()])).await?.iter().map(read).collect()
}

/// A stay lasts until the next one of the device, or as long as the device is seen.
pub(super) async fn visitors(
    database: &Database,
    place: &str,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<Stay>, StoreError> {
    let mut session = database.engine.reader().await?;
    let text = format!(
        "{COLUMNS} WHERE s.place = $1 AND s.since < $3 \
         AND (s.ended > $2 OR (s.ended IS NULL AND (s.last >= $2 OR d.last_seen >= $2))) \
         ORDER BY s.since DESC, s.id DESC LIMIT {MOST}"
    );
    session
        .fetch(Sql::with(&text, [place.into(), from.into(), until.into()]))
        .await?
        .iter()
        .map(read)
        .collect()
}

pub(super) async fn coverage(database: &Database, site: &str) -> Result<Coverage, StoreError> {
    let mut session = database.engine.snapshot().await?;
    let unheard = status_code(Status::Unheard);
    let of_site = "d.site = (SELECT s.id FROM site s WHERE s.name = $1) AND d.scope = 0";
    let mut coverage = Coverage { site: site.to_owned(), ..Coverage::default() };
    let text = format!("SELECT d.status, COUNT(*) FROM device d WHERE {of_site} GROUP BY d.status");
    for row in session.fetch(Sql::with(&text, [site.into()])).await? {
        let count = row.count(1)?;
        *if row.int(0)? == unheard { &mut coverage.unheard } else { &mut coverage.heard } += count;
    }
    let text = format!(
        "SELECT d.uid FROM device d WHERE {of_site} AND d.status = {unheard} ORDER BY d.uid LIMIT {NAMED}"
    );
    for row in session.fetch(Sql::with(&text, [site.into()])).await? {
        coverage.blind_spots.push(DeviceId(row.text(0)?));
    }
    let text = format!(
        "SELECT t.shown, COUNT(*) FROM term t JOIN device_term x ON x.term = t.id WHERE t.field = {VLAN} \
         AND x.device IN (SELECT d.id FROM device d WHERE {of_site} AND d.status <> {unheard}) GROUP BY t.id, t.shown"
    );
    for row in session.fetch(Sql::with(&text, [site.into()])).await? {
        if let Ok(vlan) = row.text(0)?.parse() {
            coverage.vlans.insert(vlan, row.count(1)?);
        }
    }
    Ok(coverage)
}
