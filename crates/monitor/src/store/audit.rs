//! The audit trail: who did what, chained by hashes so that nothing can be changed or left out unseen.

use async_trait::async_trait;
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Page, PageRequest, StoreError};

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub at: Timestamp,
    /// Name of the person or token; "system" for what Medward does by itself.
    pub who: String,
    /// Address it was asked from.
    pub from: String,
    /// "login", "device.annotate", "token.create", …
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// "done", "denied", "failed".
    pub outcome: String,
    /// More, as a JSON object; never a secret, never a patient.
    pub details: serde_json::Value,
}

/// An entry in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// From 1, without holes.
    pub number: u64,
    #[serde(flatten)]
    pub entry: AuditEntry,
    /// SHA-256 in hexadecimal over the previous record's hash (64 zeros before the first), the number, and the entry as JSON.
    pub hash: String,
}

impl AuditRecord {
    /// The hash of the record before the first.
    pub const ORIGIN: &'static str = "0000000000000000000000000000000000000000000000000000000000000000";

    /// Chains an entry to the record before it.
    pub fn chain(previous: &str, number: u64, entry: AuditEntry) -> AuditRecord {
        let hash = AuditRecord::hash_of(previous, number, &entry);
        AuditRecord { number, entry, hash }
    }

    /// True where the record's hash is right after `previous`.
    pub fn follows(&self, previous: &str) -> bool {
        self.hash == AuditRecord::hash_of(previous, self.number, &self.entry)
    }

    fn hash_of(previous: &str, number: u64, entry: &AuditEntry) -> String {
        let mut digest = Sha256::new();
        digest.update(previous.as_bytes());
        digest.update(number.to_be_bytes());
        // Objects of serde_json are sorted by key, so the text is the same each time.
        digest.update(serde_json::to_vec(entry).unwrap_or_default());
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Keeps the audit trail.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends an entry; concurrent ones are put one after the other.
    async fn audit(&self, entry: AuditEntry) -> Result<AuditRecord, StoreError>;

    /// Records, latest first; `text` must occur in who, action or object, ignoring case.
    async fn audit_page(&self, text: &str, page: &PageRequest) -> Result<Page<AuditRecord>, StoreError>;

    /// Records from a number on, oldest first, at most `limit`: for verification and export.
    async fn audit_from(&self, number: u64, limit: u32) -> Result<Vec<AuditRecord>, StoreError>;
}
