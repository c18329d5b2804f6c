//! The core's own certificate authority: a folder that holds its key, the server's certificate, and what was issued.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use super::peer::{Peer, Serial, validity};
use super::register::Register;
use super::{digest, is_due, private};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Life of the authority, and of what it issues.
const AUTHORITY_LIFE: Duration = Duration::from_secs(20 * 365 * 24 * 3600);
const LIFE: Duration = Duration::from_secs(365 * 24 * 3600);

/// Sensors' clocks may be slow by this.
const SLACK: Duration = Duration::from_secs(3600);

/// The authority that the core keeps for itself and its sensors. Its folder has the mode 0700, its files 0600.
pub struct Authority {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    register: Register,
}

/// Certificate and key of the core as a server.
#[derive(Debug)]
pub struct ServerIdentity {
    /// The server's certificate, then the authority's.
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
    /// To be renewed from then on.
    pub renew: SystemTime,
}

/// Why the authority failed.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("the certificate authority in {}: {error}", path.display())]
    Disk { path: PathBuf, error: io::Error },
    #[error("{} is damaged: restore it from a backup, or remove the folder and enrol all sensors again", .0.display())]
    Damaged(PathBuf),
    #[error("'{0}' is neither a host name nor an address")]
    Name(String),
    #[error("the request for a certificate is not valid: {0}")]
    Request(String),
    #[error("the certificate could not be made: {0}")]
    Crypto(String),
}

impl Authority {
    /// Opens the authority in a folder, or makes a new one there.
    pub fn open_or_create(folder: &Path, now: SystemTime) -> Result<Self, AuthorityError> {
        let disk = |error| AuthorityError::Disk { path: folder.into(), error };
        private::make_folder(folder).map_err(disk)?;
        let path = folder.join("authority.pem");
        let pem = match private::read(&path).map_err(disk)? {
            Some(pem) => pem,
            None => {
                let pem = new_authority(now)?;
                private::replace(&path, pem.as_bytes()).map_err(disk)?;
                pem.into_bytes()
            }
        };
        let (mut chain, key) = read_pem(&pem).ok_or_else(|| AuthorityError::Damaged(path.clone()))?;
        let certificate = chain.pop().ok_or_else(|| AuthorityError::Damaged(path.clone()))?;
        let key = KeyPair::try_from(&key).map_err(|_| AuthorityError::Damaged(path.clone()))?;
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|_| AuthorityError::Damaged(path.clone()))?;
        let register = Register::open(folder).map_err(disk)?;
        Ok(Self { folder: folder.into(), certificate, issuer, register })
    }

    /// Opens the authority in a folder where there is one.
    pub fn open(folder: &Path, now: SystemTime) -> Result<Option<Self>, AuthorityError> {
        if folder.join("authority.pem").exists() {
            Self::open_or_create(folder, now).map(Some)
        } else {
            Ok(None)
        }
    }

    /// The authority's certificate (DER).
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The authority's certificate as text (PEM): what others need to trust it.
    pub fn certificate_text(&self) -> String {
        pem_of(&self.certificate)
    }

    /// SHA-256 of the authority's certificate: what invitations carry.
    pub fn fingerprint(&self) -> [u8; 32] {
        digest(&self.certificate)
    }

    /// What was issued and revoked.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The server's certificate for these host names and addresses: the one in the folder, or a new one where there is none,
    /// a third of its life or less is left, or the names differ.
    pub fn server_identity(
        &self,
        names: &[String],
        now: SystemTime,
    ) -> Result<ServerIdentity, AuthorityError> {
        let disk = |error| AuthorityError::Disk { path: self.folder.clone(), error };
        let wanted = names.iter().map(|name| alternative(name)).collect::<Result<Vec<_>, _>>()?;
        let path = self.folder.join("server.pem");
        if let Some(pem) = private::read(&path).map_err(disk)?
            && let Some((chain, key)) = read_pem(&pem)
            && let Some(renew) = self.usable(&chain, &wanted, now)
        {
            return Ok(ServerIdentity { chain, key, renew });
        }
        let key = KeyPair::generate().map_err(crypto)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named("Medward core");
        params.subject_alt_names = wanted;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let serial = self.prepare(&mut params, now)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(crypto)?;
        let authority = pem_of(&self.certificate);
        let pem = format!("{}{}{authority}", key.serialize_pem(), certificate.pem());
        private::replace(&path, pem.as_bytes()).map_err(disk)?;
        tracing::info!(%serial, "the core has a new certificate");
        let chain = vec![certificate.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(ServerIdentity { chain, key, renew: now + LIFE / 3 * 2 })
    }

    /// When this chain is to be renewed; `None` if at once.
    fn usable(
        &self,
        chain: &[CertificateDer<'_>],
        wanted: &[SanType],
        now: SystemTime,
    ) -> Option<SystemTime> {
        let (leaf, authority) = (chain.first()?, chain.get(1)?);
        let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
        let names = leaf.subject_alternative_name().ok()??;
        let same = names.value.general_names.len() == wanted.len()
            && wanted.iter().all(|want| names.value.general_names.iter().any(|name| is_same(name, want)));
        let (from, until) = validity(&leaf);
        let good = same && authority == &self.certificate && !is_due(from, until, now);
        good.then(|| until - until.duration_since(from).unwrap_or_default() / 3)
    }

    /// Issues a certificate for a sensor, valid for a year, to the key in the request (PKCS#10, DER). Whatever else the
    /// request asks for is left out. Returns DER.
    pub fn issue(&self, request: &[u8], peer: &Peer, now: SystemTime) -> Result<Vec<u8>, AuthorityError> {
        let request = CertificateSigningRequestDer::from(request);
        let mut request = CertificateSigningRequestParams::from_der(&request)
            .map_err(|error| AuthorityError::Request(error.to_string()))?;
        let mut params = CertificateParams::default();
        let uri = peer.uri().try_into().map_err(crypto)?;
        params.distinguished_name = named(&peer.sensor);
        params.distinguished_name.push(DnType::OrganizationalUnitName, peer.site.as_str());
        params.subject_alt_names = vec![SanType::URI(uri)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let serial = self.prepare(&mut params, now)?;
        request.params = params;
        let certificate = request.signed_by(&self.issuer).map_err(crypto)?;
        self.register
            .note(serial, peer, now + LIFE)
            .map_err(|error| AuthorityError::Disk { path: self.folder.clone(), error })?;
        Ok(certificate.der().to_vec())
    }

    fn prepare(&self, params: &mut CertificateParams, now: SystemTime) -> Result<Serial, AuthorityError> {
        let serial = fresh_serial()?;
        params.serial_number = Some(SerialNumber::from_slice(&serial));
        params.not_before = (now - SLACK).into();
        params.not_after = (now + LIFE).into();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        Ok(Serial::from_bytes(&serial))
    }
}

fn new_authority(now: SystemTime) -> Result<String, AuthorityError> {
    let key = KeyPair::generate().map_err(crypto)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Medward certificate authority");
    params.serial_number = Some(SerialNumber::from_slice(&fresh_serial()?));
    params.not_before = (now - DAY).into();
    params.not_after = (now + AUTHORITY_LIFE).into();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(crypto)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn alternative(name: &str) -> Result<SanType, AuthorityError> {
    let wrong = || AuthorityError::Name(name.into());
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    // What a client can ask for is what a certificate may say.
    rustls::pki_types::DnsName::try_from(name).map_err(|_| wrong())?;
    Ok(SanType::DnsName(name.to_string().try_into().map_err(|_| wrong())?))
}

fn is_same(name: &GeneralName<'_>, want: &SanType) -> bool {
    match (name, want) {
        (GeneralName::DNSName(name), SanType::DnsName(want)) => *name == want.as_str(),
        (GeneralName::IPAddress(name), SanType::IpAddress(IpAddr::V4(want))) => *name == want.octets(),
        (GeneralName::IPAddress(name), SanType::IpAddress(IpAddr::V6(want))) => *name == want.octets(),
        _ => false,
    }
}

/// Sixteen bytes by chance, of a positive number.
fn fresh_serial() -> Result<[u8; 16], AuthorityError> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial).map_err(crypto)?;
    let [first, ..] = &mut serial;
    *first = *first & 0x7F | 0x40;
    Ok(serial)
}

/// Reads certificates and a key.
pub(super) fn read_pem(pem: &[u8]) -> Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    (!chain.is_empty()).then_some((chain, key))
}

/// Writes a certificate as text.
pub(super) fn pem_of(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (place, letter) in text.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            out.push('\n');
        }
        out.push(letter);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}

fn crypto(error: impl std::fmt::Display) -> AuthorityError {
    AuthorityError::Crypto(error.to_string())
}
