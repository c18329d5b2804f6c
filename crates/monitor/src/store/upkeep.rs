//! Looking after the database.

use async_trait::async_trait;
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// How long is kept what, in days. Zero keeps for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Retention {
    /// Conversations and activity by the hour; then by the day.
    pub hours: u32,
    /// Conversations and activity by the day.
    pub days: u32,
    /// Events below medium severity.
    pub events: u32,
    /// Events of medium severity and above.
    pub grave_events: u32,
    /// Values that attributes had.
    pub attributes: u32,
    /// Where devices were.
    pub stays: u32,
    /// External devices that were not seen any more.
    pub external_devices: u32,
    /// Other devices that were not seen any more, and of which nobody said anything.
    pub devices: u32,
}

impl Default for Retention {
    fn default() -> Retention {
        Retention {
            hours: 14,
            days: 400,
            events: 90,
            grave_events: 730,
            attributes: 730,
            stays: 400,
            external_devices: 30,
            devices: 0,
        }
    }
}

/// What was removed, by table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    pub rows: std::collections::BTreeMap<String, u64>,
}

/// A table's size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SizeOf {
    pub table: String,
    pub rows: u64,
    /// With its indexes; absent where the database does not tell.
    pub bytes: Option<u64>,
}

/// How large everything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// The whole database, in bytes.
    pub bytes: u64,
    pub tables: Vec<SizeOf>,
    pub devices: u64,
    pub conversations: u64,
    pub events: u64,
}

/// How the store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// "sqlite", "postgresql".
    pub engine: String,
    pub version: String,
    /// Number of the last migration.
    pub schema: u64,
}

/// Looks after the database.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Answers within a second where all is well.
    async fn health(&self) -> Result<Health, StoreError>;

    async fn sizes(&self) -> Result<Sizes, StoreError>;

    /// Removes what is older than it is to be kept, in small transactions.
    async fn prune(&self, keep: &Retention, now: Timestamp) -> Result<Pruned, StoreError>;
}
