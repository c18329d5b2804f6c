//! Letting sensors in, and taking their right to report away: for the interface and for `medward invite`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medward_api::OpenInvitation;
use medward_monitor::{Store, StoreError};
use medward_transport::{
    Authority, BookError, Invitation, InvitationBook as _, InvitationError, ParcelError, Peer,
};

use super::book::StoredBook;
use crate::live::clock;

/// How long an invitation is good for.
const INVITED: Duration = Duration::from_secs(24 * 3600);

/// Where the address that sensors are told is kept: kind and id of its document.
const PLACE: (&str, &str) = ("core", "sensors");

/// Why a sensor was not invited or dismissed.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    #[error(transparent)]
    Name(#[from] ParcelError),
    #[error(transparent)]
    Invitation(#[from] InvitationError),
    #[error(transparent)]
    Book(#[from] BookError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the list of revoked certificates: {0}")]
    Register(#[from] std::io::Error),
}

/// Who may let sensors in: the authority that certifies them, and the book of invitations.
pub struct Guests {
    pub authority: Arc<Authority>,
    pub book: Arc<StoredBook>,
}

impl Guests {
    /// Makes an invitation for a sensor of that name at a site; `core` is where it will report, `host:port`.
    pub async fn invite(&self, core: &str, site: &str, name: &str) -> Result<Invitation, GuestError> {
        let peer = Peer::new(site, name)?;
        let expires = SystemTime::now() + INVITED;
        let (invitation, entry) = Invitation::new(core, self.authority.fingerprint(), &peer, expires)?;
        self.book.keep(entry).await?;
        Ok(invitation)
    }

    /// Invitations that nobody has used yet.
    pub async fn open(&self) -> Result<Vec<OpenInvitation>, GuestError> {
        Ok(self.book.open().await?)
    }

    /// Takes an invitation back; false where there is none of that id.
    pub async fn withdraw(&self, id: &str) -> Result<bool, GuestError> {
        Ok(self.book.withdraw(id).await?)
    }

    /// Revokes the certificates of the sensors of that name at these sites (`None`: at all); answers how many.
    pub fn dismiss(&self, sites: Option<&[String]>, name: &str) -> Result<u64, GuestError> {
        let register = self.authority.register();
        let mut count = 0;
        for issued in register.issued() {
            let meant = issued.peer.sensor == name
                && !issued.revoked
                && sites.is_none_or(|sites| sites.contains(&issued.peer.site));
            if meant {
                register.revoke(&issued.serial)?;
                count += 1;
            }
        }
        Ok(count)
    }
}

/// What to run on the sensor's machine.
pub fn command(token: &str) -> String {
    format!("medward sensor --data /var/lib/medward-sensor --capture eth1 --invitation {token}")
}

/// Keeps where this core takes sensors in, for who invites one from the command line; `None` where it takes in none.
pub async fn keep_place(store: &dyn Store, core: Option<&str>) -> Result<(), StoreError> {
    let (kind, id) = PLACE;
    match core {
        Some(core) => {
            let body = serde_json::json!({ "address": core });
            store.put_document(kind, id, &body, None, None, clock()).await.map(|_| ())
        }
        None => store.delete_document(kind, id).await.map(|_| ()),
    }
}

/// Where the core takes sensors in, as it was when it last started.
pub async fn place(store: &dyn Store) -> Result<Option<String>, StoreError> {
    let (kind, id) = PLACE;
    let document = store.document(kind, id, clock()).await?;
    Ok(document.and_then(|document| document.body.get("address")?.as_str().map(str::to_owned)))
}
