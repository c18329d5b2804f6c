//! Shapes of sensors, sizes and the audit trail.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

/// What a sensor last said of itself.
#[derive(Deserialize, ToSchema)]
pub struct SensorState {
    pub name: String,
    pub site: String,
    pub version: String,
    pub interfaces: Vec<String>,
    pub epoch: u64,
    pub sequence: u64,
    #[schema(format = DateTime)]
    pub started: String,
    #[schema(format = DateTime)]
    pub last_report: String,
    #[schema(format = DateTime)]
    pub last_packet: String,
    pub packets: u64,
    pub bytes: u64,
    pub dropped: u64,
    pub spooled: u64,
    pub spooled_bytes: u64,
    pub lost_reports: u64,
    pub packets_per_second: f64,
    pub bits_per_second: f64,
    pub memory: u64,
    pub weirds: BTreeMap<String, u64>,
    pub evictions: BTreeMap<String, u64>,
}

/// What is known to exist and was never heard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    pub site: String,
    pub heard: u64,
    pub unheard: u64,
    pub blind_spots: Vec<String>,
    /// VLANs with the number of devices heard in each.
    pub vlans: BTreeMap<String, u64>,
    /// VLANs with the number of devices never heard in each.
    pub unheard_vlans: BTreeMap<String, u64>,
    /// Switches with the number of devices heard at the ports of each.
    pub switches: BTreeMap<String, u64>,
    /// Switches with the number of devices never heard at the ports of each.
    pub unheard_switches: BTreeMap<String, u64>,
}

/// How long is kept what, in days. Zero keeps for good.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    pub hours: u32,
    pub days: u32,
    pub events: u32,
    pub grave_events: u32,
    pub attributes: u32,
    pub stays: u32,
    pub external_devices: u32,
    pub devices: u32,
}

/// A table's size.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SizeOf {
    pub table: String,
    pub rows: u64,
    pub bytes: Option<u64>,
}

/// How large everything is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    pub bytes: u64,
    pub tables: Vec<SizeOf>,
    pub devices: u64,
    pub conversations: u64,
    pub events: u64,
}

/// An entry of the audit trail in its chain.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditRecord {
    pub number: u64,
    #[schema(format = DateTime)]
    pub at: String,
    pub who: String,
    pub from: String,
    pub action: String,
    pub object: String,
    /// "done", "denied", "failed".
    pub outcome: String,
    #[schema(value_type = Object)]
    pub details: serde_json::Value,
    pub hash: String,
}
