//! Invitations of sensors, kept in the store.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use medward_api::OpenInvitation;
use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use medward_transport::{BookError, InvitationBook, InvitationEntry, Peer};

/// Kind of their documents.
const KIND: &str = "invitation";

/// Invitations as documents, by the hash of their secret.
pub struct StoredBook(pub Arc<dyn Store>);

fn id(hash: &[u8; 32]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl StoredBook {
    /// Invitations that nobody has used yet, the first to expire first.
    pub async fn open(&self) -> Result<Vec<OpenInvitation>, StoreError> {
        let documents = self.0.documents(KIND, crate::live::clock()).await?;
        let mut open: Vec<OpenInvitation> = documents
            .into_iter()
            .filter_map(|document| {
                let peer = Peer::from_uri(document.body.get("peer")?.as_str()?)?;
                let expires = document.expires?;
                Some(OpenInvitation { id: document.id, site: peer.site, name: peer.sensor, expires })
            })
            .collect();
        open.sort_by(|a, b| (a.expires, &a.id).cmp(&(b.expires, &b.id)));
        Ok(open)
    }

    /// Takes one back; false where there is none of that id.
    pub async fn withdraw(&self, id: &str) -> Result<bool, StoreError> {
        self.0.delete_document(KIND, id).await
    }
}

fn moment(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), 0)
}

#[async_trait]
impl InvitationBook for StoredBook {
    async fn keep(&self, entry: InvitationEntry) -> Result<(), BookError> {
        let body = serde_json::json!({ "peer": entry.peer.uri(), "expires": moment(entry.expires) });
        self.0
            .put_document(
                KIND,
                &id(&entry.hash),
                &body,
                Some(0),
                Some(moment(entry.expires)),
                crate::live::clock(),
            )
            .await
            .map(|_| ())
            .map_err(|error| BookError(error.to_string()))
    }

    async fn redeem(&self, hash: [u8; 32]) -> Result<Option<InvitationEntry>, BookError> {
        let wrong = |error: medward_monitor::StoreError| BookError(error.to_string());
        let id = id(&hash);
        let Some(document) = self.0.document(KIND, &id, crate::live::clock()).await.map_err(wrong)? else {
            return Ok(None);
        };
        // Of several that come at once, one takes it away.
        if !self.0.delete_document(KIND, &id).await.map_err(wrong)? {
            return Ok(None);
        }
        let peer = document.body.get("peer").and_then(|p| p.as_str()).and_then(Peer::from_uri);
        let Some(peer) = peer else { return Ok(None) };
        let seconds = document.expires.map_or(0, |at| at.as_seconds().unsigned_abs());
        Ok(Some(InvitationEntry {
            hash,
            peer,
            expires: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
        }))
    }
}
