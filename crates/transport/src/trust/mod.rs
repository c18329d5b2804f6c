//! Who may speak with whom: the core's certificate authority, sensors' certificates, invitations.

mod authority;
mod credentials;
mod invitation;
mod peer;
mod private;
mod register;

pub use authority::{Authority, AuthorityError, ServerIdentity};
pub use credentials::{Credentials, CredentialsError};
pub(crate) use credentials::{Current, Request};
pub use invitation::{BookError, Invitation, InvitationBook, InvitationEntry, InvitationError, MemoryBook};
pub use peer::{Certified, Peer, PeerError, Serial};
pub use register::{Issued, Register};

use std::time::{Duration, SystemTime};

/// Whether a third of its life, or less, is left to a certificate.
pub(crate) fn is_due(from: SystemTime, until: SystemTime, now: SystemTime) -> bool {
    let life = until.duration_since(from).unwrap_or(Duration::ZERO);
    until.duration_since(now).map_or(true, |left| left <= life / 3)
}

/// SHA-256 of some bytes.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}
