//! Devices of a monitor: from its database, to read only, or from itself over its API.

use std::net::IpAddr;

use medward_model::{DeviceId, Mac};
use medward_monitor::{DeviceList, Inventory as _, PageRequest, Sort};
use medward_query::Query;
use medward_store::Database;
use serde_json::Value;

use super::known::Known;
use crate::asking::{Asking, escaped};
use crate::exit::Failure;

/// Most devices that a search for a name brings into question.
const CANDIDATES: u32 = 50;

/// The search that finds every device that may go by a name, and others.
fn search(name: &str) -> String {
    if let Ok(address) = name.parse::<IpAddr>() {
        return format!("ip:{address}");
    }
    if let Ok(station) = name.parse::<Mac>() {
        return format!("mac:{station}");
    }
    let quoted = format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""));
    format!("name:{quoted} or alias:{quoted} or serial:{quoted}")
}

fn read(document: Value) -> anyhow::Result<Known> {
    Known::read(document).map_err(|error| {
        Failure::missing(format!("a device cannot be read ({error}): is it of another version?"))
    })
}

/// Devices of that name in a monitor's database.
pub fn in_database(place: &str, name: &str) -> anyhow::Result<Vec<Known>> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    runtime.block_on(async {
        let database =
            Database::open_to_read(place).await.map_err(|error| Failure::missing(error.to_string()))?;
        let found = look(&database, name).await;
        database.close().await;
        found
    })
}

async fn look(database: &Database, name: &str) -> anyhow::Result<Vec<Known>> {
    let failed = |error: medward_monitor::StoreError| Failure::missing(error.to_string());
    // Also an id that became part of another device's.
    if let Some(record) = database.device(&DeviceId(name.to_owned())).await.map_err(failed)? {
        return Ok(vec![read(record.document)?]);
    }
    let Ok(query) = Query::parse(&search(name)) else { return Ok(Vec::new()) };
    let list = DeviceList {
        query,
        sites: None,
        now: crate::live::clock(),
        sort: Sort::default(),
        page: PageRequest { limit: CANDIDATES, cursor: None },
    };
    let mut found = Vec::new();
    for summary in database.devices(&list).await.map_err(failed)?.items {
        let Some(record) = database.device(&summary.id).await.map_err(failed)? else { continue };
        found.push(read(record.document)?);
    }
    found.retain(|known| known.is_called(name));
    Ok(found)
}

/// Devices of that name that a running monitor shows to the token.
pub fn at_server(asking: &Asking, name: &str) -> anyhow::Result<Vec<Known>> {
    if let Some(whole) = asking.get(&format!("/devices/{}", escaped(name)))? {
        return Ok(vec![read(document(whole))?]);
    }
    let path = format!("/devices?limit={CANDIDATES}&q={}", escaped(&search(name)));
    let page = asking.get(&path)?.unwrap_or_default();
    let rows = page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for id in rows.iter().filter_map(|row| row.get("id").and_then(Value::as_str)) {
        if let Some(whole) = asking.get(&format!("/devices/{}", escaped(id)))? {
            found.push(read(document(whole))?);
        }
    }
    found.retain(|known| known.is_called(name));
    Ok(found)
}

fn document(mut whole: Value) -> Value {
    whole.get_mut("device").map(Value::take).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use medward_query::Query;

    use super::search;

    #[test]
    fn every_name_makes_a_search_that_can_be_read() {
        for name in ["10.0.0.7", "fe80::1", "00-09-fb-00-00-01", "CT 1", "a\"b\\c", "(x) or -y", "dev-0123"] {
            assert!(Query::parse(&search(name)).is_ok(), "{name}: {}", search(name));
        }
    }
}
