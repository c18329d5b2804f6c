//! Devices and conversations that a monitor stored; only read, also while the monitor runs.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use medward_model::{
    Attribute, Conversation, Device, DeviceId, Fused, Mac, Scope, Service, Software, Timestamp, Transport,
};
use medward_monitor::{
    Annotation, ConversationList, DeviceList, DeviceSummary, Direction, History as _, Inventory as _,
    PageRequest, Sort, SortKey, StoreError,
};
use medward_query::{Query, Standing};
use medward_store::Database;
use serde::Deserialize;
use serde_json::Value;

use crate::exit::Failure;

/// Rows that are asked for at once.
const PAGE: u32 = 1000;

/// The database in a monitor's data directory.
pub fn place(folder: &Path) -> anyhow::Result<String> {
    let file = folder.join("medward.db");
    if !file.exists() {
        return Err(Failure::unreadable(format!(
            "there is no database at {}: --data names the directory that `medward serve --data` uses; for PostgreSQL give \
             --database URL",
            file.display()
        )));
    }
    Ok(format!("sqlite:{}", file.display()))
}

fn failed(error: StoreError) -> anyhow::Error {
    Failure::missing(error.to_string())
}

/// Devices with what people say of them.
pub fn devices(place: &str, now: Timestamp) -> anyhow::Result<(Vec<Device>, BTreeMap<DeviceId, Standing>)> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    runtime.block_on(async {
        let database =
            Database::open_to_read(place).await.map_err(|error| Failure::missing(error.to_string()))?;
        let all = all_devices(&database, now).await;
        database.close().await;
        all
    })
}

async fn all_devices(
    database: &Database,
    now: Timestamp,
) -> anyhow::Result<(Vec<Device>, BTreeMap<DeviceId, Standing>)> {
    let mut list = DeviceList {
        query: Query::parse("").map_err(|error| Failure::usage(error.to_string()))?,
        sites: None,
        now,
        sort: Sort { key: SortKey::Name, descending: false },
        page: PageRequest::first(PAGE),
    };
    let mut devices = Vec::new();
    let mut standings = BTreeMap::new();
    loop {
        let page = database.devices(&list).await.map_err(failed)?;
        for summary in page.items {
            let Some(record) = database.device(&summary.id).await.map_err(failed)? else { continue };
            let device = device(record.document).map_err(|error| {
                Failure::missing(format!("the device {} cannot be read: {error}", summary.id))
            })?;
            standings.insert(device.id.clone(), standing(&record.summary, &record.annotation));
            devices.push(device);
        }
        match page.next {
            Some(next) => list.page.cursor = Some(next),
            None => break,
        }
    }
    devices.sort_by(|a, b| a.id.cmp(&b.id));
    devices.dedup_by(|a, b| a.id == b.id);
    Ok((devices, standings))
}

/// Each conversation in turn.
pub fn conversations(place: &str, take: &mut dyn FnMut(&Conversation)) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    runtime.block_on(async {
        let database =
            Database::open_to_read(place).await.map_err(|error| Failure::missing(error.to_string()))?;
        let mut list = ConversationList {
            device: None,
            direction: Direction::Either,
            sites: None,
            since: None,
            protocol: None,
            by_volume: true,
            page: PageRequest::first(PAGE),
        };
        let done = loop {
            match database.conversations(&list).await {
                Err(error) => break Err(failed(error)),
                Ok(page) => {
                    page.items.iter().for_each(|row| take(&row.conversation));
                    match page.next {
                        Some(next) => list.page.cursor = Some(next),
                        None => break Ok(()),
                    }
                }
            }
        };
        database.close().await;
        done
    })
}

fn standing(summary: &DeviceSummary, said: &Annotation) -> Standing {
    Standing {
        site: Some(summary.site.clone()),
        tags: said.tags.clone(),
        owner: said.owner.clone(),
        belongs: said.place.clone(),
        status: Some(summary.status.name()),
        lifecycle: Some(said.lifecycle.name()),
        criticality: said.criticality.or(summary.criticality),
        group: summary.group.clone(),
        medical: summary.medical,
        position: None,
        place: None,
        findings: BTreeSet::new(),
        cves: BTreeSet::new(),
    }
}

/// A device of schema medward.assessment/1, as far as policy looks at it.
#[derive(Deserialize)]
struct Stored {
    id: DeviceId,
    #[serde(default)]
    macs: Vec<Mac>,
    #[serde(default)]
    ips: Vec<IpAddr>,
    #[serde(default)]
    vlans: Vec<u16>,
    #[serde(default)]
    hostnames: Vec<String>,
    #[serde(default)]
    aliases: Vec<String>,
    first_seen: Option<Timestamp>,
    last_seen: Option<Timestamp>,
    parent: Option<DeviceId>,
    scope: String,
    #[serde(default)]
    attributes: BTreeMap<String, Belief>,
    #[serde(default)]
    software: Vec<Component>,
    #[serde(default)]
    services: Vec<Answering>,
}

#[derive(Deserialize)]
struct Belief {
    value: String,
    confidence: f64,
}

#[derive(Deserialize)]
struct Component {
    name: String,
    version: Option<String>,
    confidence: f64,
}

#[derive(Deserialize)]
struct Answering {
    transport: Transport,
    port: u16,
    protocol: String,
    first_seen: Timestamp,
    last_seen: Timestamp,
}

fn device(document: Value) -> serde_json::Result<Device> {
    let stored: Stored = serde_json::from_value(document)?;
    let fused = |belief: Belief| Fused {
        value: belief.value,
        confidence: belief.confidence,
        evidence: Vec::new(),
        rejected: Vec::new(),
    };
    Ok(Device {
        id: stored.id,
        macs: stored.macs,
        ips: stored.ips,
        vlans: stored.vlans,
        hostnames: stored.hostnames,
        aliases: stored.aliases,
        first_seen: stored.first_seen,
        last_seen: stored.last_seen,
        parent: stored.parent,
        scope: match stored.scope.as_str() {
            "external" => Scope::External,
            "multicast" => Scope::Multicast,
            _ => Scope::Internal,
        },
        attributes: stored
            .attributes
            .into_iter()
            .filter_map(|(name, belief)| Some((Attribute::by_name(&name)?.name(), fused(belief))))
            .collect(),
        software: stored
            .software
            .into_iter()
            .map(|part| Software {
                name: part.name,
                version: part.version,
                cpe: None,
                purl: None,
                confidence: part.confidence,
                evidence: Vec::new(),
            })
            .collect(),
        services: stored
            .services
            .into_iter()
            .map(|service| Service {
                transport: service.transport,
                port: service.port,
                protocol: service.protocol,
                first_seen: service.first_seen,
                last_seen: service.last_seen,
            })
            .collect(),
        remarks: Vec::new(),
        particulars: BTreeMap::new(),
        row: None,
    })
}
