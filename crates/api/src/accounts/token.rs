//! API tokens: `mw_<id>_<secret>`; only a hash of the secret is kept.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use serde::{Deserialize, Serialize};

use super::keep::{self, Kept};
use crate::rights::{Permission, Role};
use crate::secrets::{self, SecretError};

pub const KIND: &str = "token";

/// A token as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    pub id: String,
    pub name: String,
    /// The person who made it; it can never do more than that person can.
    pub owner: String,
    pub role: Role,
    pub sites: Option<Vec<String>>,
    /// Narrows the role's permissions; empty: all of the role.
    pub scopes: Vec<Permission>,
    pub expires: Timestamp,
    pub last_used: Option<Timestamp>,
    /// SHA-256 of the secret, which has 256 random bits.
    pub hash: String,
}

/// A new identifier, the text to give out once, and the hash to keep.
pub fn mint() -> Result<(String, String, String), SecretError> {
    let (id, secret) = (secrets::random_id()?, secrets::random_text()?);
    let hash = secrets::fingerprint(secret.as_bytes());
    let text = format!("mw_{id}_{secret}");
    Ok((id, text, hash))
}

/// The token of a text, where it is valid. Counts as used, at most once a minute.
pub async fn find(store: &dyn Store, text: &str, now: Timestamp) -> Result<Option<Token>, StoreError> {
    let Some((id, secret)) = text.strip_prefix("mw_").and_then(|rest| rest.split_once('_')) else {
        return Ok(None);
    };
    if id.len() != 16 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(None);
    }
    let Some(Kept { body: token, version }) = keep::load::<Token>(store, KIND, id, now).await? else {
        return Ok(None);
    };
    if !secrets::same(&token.hash, &secrets::fingerprint(secret.as_bytes())) || token.expires <= now {
        return Ok(None);
    }
    if token.last_used.is_none_or(|used| now.seconds_since(used) >= 60) {
        let used = Token { last_used: Some(now), ..token.clone() };
        match keep::save(store, KIND, id, &used, Some(version), Some(token.expires), now).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(Some(token))
}
