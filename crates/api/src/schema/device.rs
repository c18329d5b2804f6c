//! Shapes of devices.

use serde::Deserialize;
use utoipa::ToSchema;

/// How a device stands at this moment.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Active,
    Silent,
    Missing,
    Unheard,
}

/// Where a device stands between being ordered and being thrown away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Lifecycle {
    Ordered,
    InService,
    Stored,
    Retired,
    Lost,
}

/// Where a device is, and how that is known.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Whereabouts {
    /// Identifier of a place of the tree, where the position is mapped to one.
    pub place: Option<String>,
    /// The position in the teller's own words.
    pub position: String,
    /// Who tells: "switch-port", "access-point", "rtls", "vlan", "subnet", "hl7-location", …
    pub how: String,
    #[schema(format = DateTime)]
    pub since: String,
    #[schema(format = DateTime)]
    pub last: String,
}

/// A device as a row of a table. What is not known is absent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceSummary {
    pub id: String,
    pub site: String,
    pub name: String,
    pub status: Status,
    /// "internal", "external", "multicast".
    pub scope: String,
    #[schema(nullable = false)]
    pub vendor: Option<String>,
    #[schema(nullable = false)]
    pub family: Option<String>,
    #[schema(nullable = false)]
    pub model: Option<String>,
    #[schema(nullable = false)]
    pub serial: Option<String>,
    #[schema(nullable = false)]
    pub category: Option<String>,
    #[schema(nullable = false)]
    pub group: Option<String>,
    pub medical: bool,
    #[schema(nullable = false)]
    pub os: Option<String>,
    #[schema(nullable = false)]
    pub os_version: Option<String>,
    #[schema(nullable = false)]
    pub firmware: Option<String>,
    #[schema(nullable = false)]
    pub role: Option<String>,
    /// "yes", "no", "unknown".
    #[schema(nullable = false)]
    pub life_supporting: Option<String>,
    pub ips: Vec<String>,
    pub macs: Vec<String>,
    pub vlans: Vec<u16>,
    #[schema(nullable = false)]
    pub whereabouts: Option<Whereabouts>,
    #[schema(format = DateTime, nullable = false)]
    pub first_seen: Option<String>,
    #[schema(format = DateTime, nullable = false)]
    pub last_seen: Option<String>,
    pub tags: Vec<String>,
    #[schema(nullable = false)]
    pub owner: Option<String>,
    #[schema(nullable = false)]
    pub criticality: Option<u8>,
    pub lifecycle: Lifecycle,
    /// How much is found to be wrong with it, without what only may concern it.
    pub findings: u64,
    /// The worst of it.
    #[schema(nullable = false)]
    pub worst_finding: Option<super::Severity>,
    /// Counts changes: an entity tag.
    pub version: u64,
}

/// A time in which a device is worked on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    #[schema(format = DateTime)]
    pub from: String,
    #[schema(format = DateTime)]
    pub until: String,
    #[serde(default)]
    pub reason: String,
}

/// All that people said of one device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    pub tags: Vec<String>,
    pub owner: Option<String>,
    pub note: Option<String>,
    /// 1 (least) to 5 (life depends on it).
    pub criticality: Option<u8>,
    pub lifecycle: Lifecycle,
    pub maintenance: Vec<Maintenance>,
    pub place: Option<String>,
    pub value: Option<u64>,
    pub currency: Option<String>,
    /// Counts changes, from 0.
    pub version: u64,
}
