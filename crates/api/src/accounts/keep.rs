//! Typed documents: reading and writing them with their version.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A body with its version.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub body: T,
    pub version: u64,
}

fn unreadable(kind: &str, id: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("{kind} '{id}': {error}"))
}

/// One document, or nothing.
pub async fn load<T: DeserializeOwned>(
    store: &dyn Store,
    kind: &str,
    id: &str,
    now: Timestamp,
) -> Result<Option<Kept<T>>, StoreError> {
    let Some(document) = store.document(kind, id, now).await? else { return Ok(None) };
    let body = serde_json::from_value(document.body).map_err(|error| unreadable(kind, id, &error))?;
    Ok(Some(Kept { body, version: document.version }))
}

/// All of a kind, by id.
pub async fn load_all<T: DeserializeOwned>(
    store: &dyn Store,
    kind: &str,
    now: Timestamp,
) -> Result<Vec<(String, Kept<T>)>, StoreError> {
    let mut all = Vec::new();
    for document in store.documents(kind, now).await? {
        let body =
            serde_json::from_value(document.body).map_err(|error| unreadable(kind, &document.id, &error))?;
        all.push((document.id, Kept { body, version: document.version }));
    }
    Ok(all)
}

/// Writes one; see [`medward_monitor::Documents::put_document`].
pub async fn save<T: Serialize + Sync>(
    store: &dyn Store,
    kind: &str,
    id: &str,
    body: &T,
    expected: Option<u64>,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let body = serde_json::to_value(body).map_err(|error| unreadable(kind, id, &error))?;
    store.put_document(kind, id, &body, expected, expires, now).await
}
