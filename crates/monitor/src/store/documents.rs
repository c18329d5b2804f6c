//! Small documents by kind and identifier: people, tokens, sessions, places, saved views, channels, settings.

use async_trait::async_trait;
use medward_model::Timestamp;

use crate::StoreError;

/// A small document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub kind: String,
    pub id: String,
    pub body: serde_json::Value,
    /// Counts changes, from 1.
    pub version: u64,
    pub changed: Timestamp,
    /// It is gone then (sessions, one-time codes); expired documents are not returned.
    pub expires: Option<Timestamp>,
}

/// Keeps small documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// One document that has not expired at `now`.
    async fn document(&self, kind: &str, id: &str, now: Timestamp) -> Result<Option<Document>, StoreError>;

    /// All of a kind, by id, that have not expired at `now`.
    async fn documents(&self, kind: &str, now: Timestamp) -> Result<Vec<Document>, StoreError>;

    /// Writes one and answers with its new version. `expected`: `Some(0)` only where there is none (an expired one counts as
    /// none), `Some(n)` only where it has version n, `None` in any case; else [`StoreError::Conflict`].
    async fn put_document(
        &self,
        kind: &str,
        id: &str,
        body: &serde_json::Value,
        expected: Option<u64>,
        expires: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<u64, StoreError>;

    /// Removes one; false where there was none.
    async fn delete_document(&self, kind: &str, id: &str) -> Result<bool, StoreError>;

    /// Removes all that have expired at `now`; answers how many.
    async fn expire_documents(&self, now: Timestamp) -> Result<u64, StoreError>;
}
