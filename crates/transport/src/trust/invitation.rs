//! How a new sensor is let in: a token that a person carries from the core to the sensor, valid once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::digest;
use super::peer::Peer;

/// Longest text of an invitation that is looked at.
const MAX_TEXT: usize = 2048;

/// An invitation for one sensor. Its text is a secret until it is used.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Where the core listens, `host:port`. The host must be in the core's certificate.
    pub core: String,
    /// SHA-256 of the certificate of the core's authority.
    pub fingerprint: [u8; 32],
    pub(crate) secret: [u8; 32],
    /// In whole seconds.
    pub expires: SystemTime,
}

#[derive(Serialize, Deserialize)]
struct Token {
    version: u8,
    core: String,
    fingerprint: [u8; 32],
    secret: [u8; 32],
    expires: u64,
}

/// Why a text is no invitation.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvitationError {
    #[error("this is not an invitation, or not all of it: copy the whole text that the core printed")]
    Malformed,
    #[error("no secret could be drawn: {0}")]
    Chance(String),
}

impl Invitation {
    /// Draws an invitation; the entry is for the core's book, the invitation for the sensor.
    pub fn new(
        core: &str,
        fingerprint: [u8; 32],
        peer: &Peer,
        expires: SystemTime,
    ) -> Result<(Self, InvitationEntry), InvitationError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(|error| InvitationError::Chance(error.to_string()))?;
        let entry = InvitationEntry { hash: digest(&secret), peer: peer.clone(), expires };
        Ok((Self { core: core.into(), fingerprint, secret, expires }, entry))
    }

    /// The text to hand over (base64url).
    pub fn text(&self) -> String {
        let expires = self.expires.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let (core, fingerprint, secret) = (self.core.clone(), self.fingerprint, self.secret);
        let token = Token { version: 1, core, fingerprint, secret, expires };
        URL_SAFE_NO_PAD.encode(postcard::to_stdvec(&token).unwrap_or_default())
    }
}

impl std::str::FromStr for Invitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let text = text.trim();
        let malformed = InvitationError::Malformed;
        if text.len() > MAX_TEXT {
            return Err(malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvitationError::Malformed)?;
        match postcard::take_from_bytes::<Token>(&bytes) {
            Ok((token, [])) if token.version == 1 => {
                let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(token.expires));
                let expires = expires.ok_or(malformed)?;
                let Token { core, fingerprint, secret, .. } = token;
                Ok(Self { core, fingerprint, secret, expires })
            }
            _ => Err(malformed),
        }
    }
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invitation").field("core", &self.core).finish_non_exhaustive()
    }
}

/// What the core keeps of an invitation: never the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationEntry {
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// Whom it lets in.
    pub peer: Peer,
    pub expires: SystemTime,
}

/// Where the core keeps open invitations.
#[async_trait]
pub trait InvitationBook: Send + Sync {
    /// Adds an invitation.
    async fn keep(&self, entry: InvitationEntry) -> Result<(), BookError>;

    /// Takes out the invitation with this hash, so that no other call ever gets it, also after a crash. `None` if there is
    /// none. Whether it has expired is the caller's to judge.
    async fn redeem(&self, hash: [u8; 32]) -> Result<Option<InvitationEntry>, BookError>;
}

/// The book cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the book of invitations: {0}")]
pub struct BookError(pub String);

/// A book in memory: open invitations end with the process.
#[derive(Default)]
pub struct MemoryBook(Mutex<BTreeMap<[u8; 32], InvitationEntry>>);

#[async_trait]
impl InvitationBook for MemoryBook {
    async fn keep(&self, entry: InvitationEntry) -> Result<(), BookError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(entry.hash, entry);
        Ok(())
    }

    async fn redeem(&self, hash: [u8; 32]) -> Result<Option<InvitationEntry>, BookError> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_invitation_reads_back_and_debug_hides_the_secret() {
        let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
        let peer = Peer::new("ward", "a").unwrap();
        let (invitation, entry) = Invitation::new("core.example:7443", [7; 32], &peer, expires).unwrap();
        let text = invitation.text();
        assert_eq!(text.parse(), Ok(invitation.clone()));
        assert_eq!(entry.hash, digest(&invitation.secret));
        assert!(!format!("{invitation:?} {entry:?}").contains(&format!("{:?}", invitation.secret)));
        assert_eq!(text[..text.len() - 2].parse::<Invitation>(), Err(InvitationError::Malformed));
    }
}
