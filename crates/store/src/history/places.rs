//! Where devices were, and what a site does not hear.

use medward_model::{DeviceId, Timestamp};
use medward_monitor::{Coverage, Status, Stay, StoreError, Whereabouts};

use super::MOST;
use crate::Database;
use crate::columns::status_code;
use crate::ingest::find_device;
use crate::sql::{Row, Sql};

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
    let mut coverage = Coverage { site: site.to_owned(), ..Coverage::default() };
    let key = session.first(Sql::with("SELECT s.id FROM site s WHERE s.name = $1", [site.into()])).await?;
    let Some(key) = key.map(|row| row.int(0)).transpose()? else { return Ok(coverage) };
    let text = format!(
        "SELECT d.uid FROM device d WHERE d.site = $1 AND d.scope = 0 AND d.status = {unheard} \
         ORDER BY d.uid LIMIT {NAMED}"
    );
    for row in session.fetch(Sql::with(&text, [key.into()])).await? {
        coverage.blind_spots.push(DeviceId(row.text(0)?));
    }
    let mut board = database.board.lock().await;
    board.refresh(&mut session).await?;
    let [heard, silent] = board.of_site(key, unheard);
    (coverage.heard, coverage.unheard) = (heard.count(), silent.count());
    for (devices, vlans, switches) in [
        (&heard, &mut coverage.vlans, &mut coverage.switches),
        (&silent, &mut coverage.unheard_vlans, &mut coverage.unheard_switches),
    ] {
        let [by_vlan, by_switch] = board.vlans_and_switches(devices);
        vlans.extend(by_vlan.into_iter().filter_map(|(vlan, count)| Some((vlan.parse().ok()?, count))));
        switches.extend(by_switch.into_iter().map(|(switch, count)| (switch.to_owned(), count)));
    }
    Ok(coverage)
}
