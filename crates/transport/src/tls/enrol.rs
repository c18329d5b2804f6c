//! How a sensor comes to its certificate.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::config::enrol_client;
use super::frame::{self, FrameError, Pace};
use super::link::{dial, refused_by};
use super::listener::{Ending, Shared};
use super::protocol::{EnrolAnswer, EnrolRequest, MAX_SMALL_FRAME};
use super::statistics::Refusal;
use crate::trust::{Request, digest};
use crate::{Credentials, CredentialsError, Invitation, OutletError};

/// Enrolment is over within this, or has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a sensor was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error("the invitation has expired: ask for a new one")]
    Expired,
    #[error(transparent)]
    Connection(#[from] OutletError),
    #[error("the core's answer cannot be understood: {0}")]
    Answer(String),
    #[error("the core whose invitation this is has another authority than the one that answers")]
    Fingerprint,
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
}

/// Redeems an invitation: makes a key, has it certified by the core, and keeps both in a folder.
pub async fn enrol(invitation: &Invitation, folder: &Path) -> Result<Credentials, EnrolError> {
    if invitation.expires <= SystemTime::now() {
        return Err(EnrolError::Expired);
    }
    let request = Request::new()?;
    let answer =
        timeout(PATIENCE, ask(invitation, &request)).await.map_err(|_| OutletError::Unreachable {
            address: invitation.core.clone(),
            reason: "it did not answer in time".into(),
        })??;
    match answer {
        EnrolAnswer::Granted { certificate, authority } => {
            if digest(&authority) != invitation.fingerprint {
                return Err(EnrolError::Fingerprint);
            }
            Ok(Credentials::create(folder, &request, &certificate, &authority)?)
        }
        EnrolAnswer::Refused { words } => Err(OutletError::Refused { reason: words }.into()),
    }
}

async fn ask(invitation: &Invitation, request: &Request) -> Result<EnrolAnswer, EnrolError> {
    let config = enrol_client(invitation.fingerprint).map_err(|error| OutletError::Untrusted {
        address: invitation.core.clone(),
        reason: error.to_string(),
    })?;
    let mut stream = dial(&invitation.core, config).await?;
    let question = EnrolRequest { secret: invitation.secret, request: request.der.clone().into() };
    let lost = |error: FrameError| refused_by(&invitation.core, error);
    frame::write(&mut stream, &question, PATIENCE).await.map_err(lost)?;
    let pace = Pace { silence: PATIENCE, frame: PATIENCE };
    let answer = frame::read(&mut stream, MAX_SMALL_FRAME, pace).await.map_err(lost)?;
    frame::decode(&answer).map_err(|error| EnrolError::Answer(error.to_string()))
}

/// The core's side. The caller bounds its time.
pub(super) async fn grant<R>(mut stream: TlsStream<TcpStream>, shared: &Shared<R>) -> Result<(), Ending> {
    let within = shared.settings.handshake;
    let pace = Pace { silence: within, frame: within };
    let question = frame::read(&mut stream, MAX_SMALL_FRAME, pace).await?;
    let EnrolRequest { secret, request } = frame::decode(&question)?;
    let granted = certify(secret, request.to_vec(), shared).await;
    let answer = match &granted {
        Some(certificate) => EnrolAnswer::Granted {
            certificate: certificate.clone().into(),
            authority: shared.authority.certificate().to_vec().into(),
        },
        None => EnrolAnswer::Refused { words: Refusal::Invitation.words().into() },
    };
    frame::write(&mut stream, &answer, within).await?;
    // Who has the answer may close first.
    let _: std::io::Result<()> = stream.shutdown().await;
    match granted {
        Some(_) => {
            shared.counts.add(|counts| counts.enrolled += 1);
            Ok(())
        }
        None => Err(Ending::Refused(Refusal::Invitation)),
    }
}

/// The new sensor's certificate, if it may have one. The invitation is used up whatever follows.
async fn certify<R>(secret: [u8; 32], request: Vec<u8>, shared: &Shared<R>) -> Option<Vec<u8>> {
    let entry = match shared.book.redeem(digest(&secret)).await {
        Ok(entry) => entry?,
        Err(error) => {
            tracing::error!(%error, "a sensor could not be enrolled");
            return None;
        }
    };
    let now = SystemTime::now();
    if entry.expires <= now {
        return None;
    }
    let (authority, peer) = (Arc::clone(&shared.authority), entry.peer.clone());
    let issued = tokio::task::spawn_blocking(move || authority.issue(&request, &peer, now)).await.ok()?;
    match issued {
        Ok(certificate) => {
            tracing::info!(sensor = %entry.peer, "a sensor was enrolled");
            Some(certificate)
        }
        Err(error) => {
            tracing::error!(%error, sensor = %entry.peer, "a sensor could not be enrolled");
            None
        }
    }
}
