//! What a sensor holds: its key, its certificate, and the authority that it trusts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::authority::{pem_of, read_pem};
use super::peer::{Certified, PeerError};
use super::{is_due, private};

/// A sensor's credentials in a file (`sensor.pem`, mode 0600: key, certificate, certificate of the authority).
pub struct Credentials {
    path: PathBuf,
    current: Mutex<Arc<Current>>,
}

/// What is valid now.
pub(crate) struct Current {
    pub key: PrivateKeyDer<'static>,
    pub certificate: CertificateDer<'static>,
    pub authority: CertificateDer<'static>,
    pub certified: Certified,
}

/// Why credentials could not be read or renewed.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    #[error("there are no credentials at {}: enrol this sensor with an invitation", .0.display())]
    Missing(PathBuf),
    #[error("{} is damaged: enrol this sensor again", .0.display())]
    Damaged(PathBuf),
    #[error("{}: {error}", path.display())]
    Disk { path: PathBuf, error: io::Error },
    #[error("the certificate that came does not belong to this sensor's key, or names another: {0}")]
    Foreign(String),
    #[error("a key could not be made: {0}")]
    Crypto(String),
}

impl From<PeerError> for CredentialsError {
    fn from(error: PeerError) -> Self {
        Self::Foreign(error.to_string())
    }
}

/// A new key that waits for its certificate.
pub(crate) struct Request {
    key: KeyPair,
    /// PKCS#10, DER.
    pub der: Vec<u8>,
}

impl Request {
    pub fn new() -> Result<Self, CredentialsError> {
        let crypto = |error: rcgen::Error| CredentialsError::Crypto(error.to_string());
        let key = KeyPair::generate().map_err(crypto)?;
        let request = CertificateParams::default().serialize_request(&key).map_err(crypto)?;
        Ok(Self { der: request.der().to_vec(), key })
    }
}

impl Credentials {
    /// Reads the credentials in a folder.
    pub fn open(folder: &Path) -> Result<Self, CredentialsError> {
        let path = folder.join("sensor.pem");
        let disk = |error| CredentialsError::Disk { path: path.clone(), error };
        let pem = private::read(&path).map_err(disk)?;
        let pem = pem.ok_or_else(|| CredentialsError::Missing(path.clone()))?;
        let current = read(&pem).ok_or_else(|| CredentialsError::Damaged(path.clone()))?;
        Ok(Self { path, current: Mutex::new(Arc::new(current)) })
    }

    /// Keeps what an enrolment brought.
    pub(crate) fn create(
        folder: &Path,
        request: &Request,
        certificate: &[u8],
        authority: &[u8],
    ) -> Result<Self, CredentialsError> {
        let path = folder.join("sensor.pem");
        private::make_folder(folder)
            .map_err(|error| CredentialsError::Disk { path: folder.into(), error })?;
        let current = keep(&path, request, certificate, authority)?;
        Ok(Self { path, current: Mutex::new(Arc::new(current)) })
    }

    /// Replaces key and certificate by renewed ones.
    pub(crate) fn renew(&self, request: &Request, certificate: &[u8]) -> Result<(), CredentialsError> {
        let before = self.current();
        let peer = Certified::read(certificate)?.peer;
        if peer != before.certified.peer {
            return Err(CredentialsError::Foreign(peer.to_string()));
        }
        let current = keep(&self.path, request, certificate, &before.authority)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
        Ok(())
    }

    pub(crate) fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whom they speak for, and until when.
    pub fn certified(&self) -> Certified {
        self.current().certified.clone()
    }

    /// Whether a third of their life, or less, is left.
    pub fn is_due(&self, now: SystemTime) -> bool {
        let certified = &self.current().certified;
        is_due(certified.from, certified.until, now)
    }
}

fn keep(
    path: &Path,
    request: &Request,
    certificate: &[u8],
    authority: &[u8],
) -> Result<Current, CredentialsError> {
    let pem = format!("{}{}{}", request.key.serialize_pem(), pem_of(certificate), pem_of(authority));
    let current =
        read(pem.as_bytes()).ok_or_else(|| CredentialsError::Foreign("it cannot be read".into()))?;
    let provider = rustls::crypto::ring::default_provider();
    rustls::sign::CertifiedKey::from_der(
        vec![current.certificate.clone()],
        current.key.clone_key(),
        &provider,
    )
    .map_err(|error| CredentialsError::Foreign(error.to_string()))?;
    private::replace(path, pem.as_bytes())
        .map_err(|error| CredentialsError::Disk { path: path.into(), error })?;
    Ok(current)
}

fn read(pem: &[u8]) -> Option<Current> {
    let (chain, key) = read_pem(pem)?;
    let [certificate, authority] = <[_; 2]>::try_from(chain).ok()?;
    let certified = Certified::read(&certificate).ok()?;
    Some(Current { key, certificate, authority, certified })
}
