//! A device in one line.

use std::collections::BTreeSet;

use medward_model::{DeviceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Lifecycle, Whereabouts};

/// How a device stands at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Seen within what is usual for it.
    #[default]
    Active,
    /// Silent, and that is usual, or too little is known to say.
    Silent,
    /// Regular once, silent now, while its network is not.
    Missing,
    /// Known from what others say, or from what it sends to everybody, only: its own talks were never heard.
    Unheard,
}

impl Status {
    /// All of them.
    pub const ALL: [Status; 4] = [Status::Active, Status::Silent, Status::Missing, Status::Unheard];

    /// As in output and search.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Silent => "silent",
            Status::Missing => "missing",
            Status::Unheard => "unheard",
        }
    }
}

/// A device as a row of a table. What is not known is absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceSummary {
    pub id: DeviceId,
    pub site: String,
    pub name: String,
    pub status: Status,
    /// "internal", "external", "multicast".
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub medical: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// "yes", "no", "unknown".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub life_supporting: Option<String>,
    /// All of them, as text.
    pub ips: Vec<String>,
    pub macs: Vec<String>,
    pub vlans: Vec<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whereabouts: Option<Whereabouts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    pub tags: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub criticality: Option<u8>,
    pub lifecycle: Lifecycle,
    /// How much is found to be wrong with it, without what only may concern it.
    pub findings: u64,
    /// The worst of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_finding: Option<medward_model::Severity>,
    /// Counts changes of the stored device and of its annotation: an entity tag.
    pub version: u64,
}
