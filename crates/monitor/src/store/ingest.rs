//! Taking in what was observed.

use async_trait::async_trait;
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Commit, Receipt, StoreError};

/// What a site needs to go on after a restart.
#[derive(Clone, Debug, Default)]
pub struct SiteMemory {
    /// Table, key, body of every entry.
    pub entries: Vec<(u8, Vec<u8>, Vec<u8>)>,
    pub receipts: Vec<Receipt>,
    /// What people decided about identities, oldest first, without what was undone.
    pub decisions: Vec<DecisionRecord>,
}

/// What a person decided about the identity of devices. Nodes are named as by
/// `medward_identify::NodeKey`: "mac 00:1b:21:aa:bb:cc", "ip 10.1.2.3", "behind …".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Decision {
    /// All these nodes are one device.
    Join { nodes: Vec<String> },
    /// This node is no part of the device of the others.
    Part { node: String, from: Vec<String> },
}

/// A decision with who took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// Given by the store.
    pub number: u64,
    pub site: String,
    pub decision: Decision,
    pub by: String,
    pub at: Timestamp,
    pub reason: String,
}

/// Takes in commits.
#[async_trait]
pub trait Ingest: Send + Sync {
    /// Everything that the site needs to go on; empty for a new site.
    async fn load_site(&self, site: &str) -> Result<SiteMemory, StoreError>;

    /// Names of all sites that were ever committed to.
    async fn sites(&self) -> Result<Vec<String>, StoreError>;

    /// Writes all of it in one transaction and answers the number of the last event (0 where there is none).
    ///
    /// A commit whose receipts were all stored before is refused as [`StoreError::AlreadyStored`] and changes nothing: the
    /// sequence of each (sensor, epoch) only ever grows. A commit without receipts (housekeeping) is always taken.
    async fn commit(&self, commit: &Commit) -> Result<u64, StoreError>;

    /// Sequence of the newest receipt of a sensor's epoch that is stored.
    async fn newest_receipt(&self, site: &str, sensor: &str, epoch: u64) -> Result<Option<u64>, StoreError>;

    /// Keeps a decision for good, and answers with its number.
    async fn decide(&self, record: &DecisionRecord) -> Result<u64, StoreError>;

    /// Takes a decision back; it stays on record as undone.
    async fn undo_decision(&self, number: u64, by: &str, at: Timestamp) -> Result<(), StoreError>;

    /// All decisions of a site, oldest first, each with whether it was undone (by whom, when).
    async fn decisions(
        &self,
        site: &str,
    ) -> Result<Vec<(DecisionRecord, Option<(String, Timestamp)>)>, StoreError>;
}
