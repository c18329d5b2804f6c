//! How TLS is set up on both sides: version 1.3 only, no resumption, our own authority and no other.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme, version::TLS13,
};

use super::protocol::{ENROL, REPORT};
use crate::trust::{Current, ServerIdentity, digest};

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn only(authority: &CertificateDer<'static>) -> Result<Arc<RootCertStore>, Error> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.clone())?;
    Ok(Arc::new(roots))
}

/// The server's certificate, which can be replaced while the server runs.
#[derive(Debug)]
pub struct Showing(RwLock<Arc<CertifiedKey>>);

impl Showing {
    pub fn new(identity: ServerIdentity) -> Result<Self, Error> {
        Ok(Self(RwLock::new(certified(identity)?)))
    }

    pub fn replace(&self, identity: ServerIdentity) -> Result<(), Error> {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified(identity)?;
        Ok(())
    }
}

impl ResolvesServerCert for Showing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn certified(identity: ServerIdentity) -> Result<Arc<CertifiedKey>, Error> {
    CertifiedKey::from_der(identity.chain, identity.key, &provider()).map(Arc::new)
}

/// For sensors with a certificate of this authority.
pub fn report_server(
    authority: &CertificateDer<'static>,
    showing: &Arc<Showing>,
) -> Result<Arc<ServerConfig>, Error> {
    let verifier = WebPkiClientVerifier::builder_with_provider(only(authority)?, provider())
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::clone(showing) as Arc<dyn ResolvesServerCert>);
    Ok(finish(config, REPORT))
}

/// For sensors that have none yet.
pub fn enrol_server(showing: &Arc<Showing>) -> Result<Arc<ServerConfig>, Error> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(showing) as Arc<dyn ResolvesServerCert>);
    Ok(finish(config, ENROL))
}

fn finish(mut config: ServerConfig, protocol: &[u8]) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![protocol.to_vec()];
    // Each connection shows its certificate anew, so that a revoked one has no ticket to come back with.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Arc::new(config)
}

/// For a sensor that reports.
pub fn report_client(current: &Current) -> Result<Arc<ClientConfig>, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(only(&current.authority)?)
        .with_client_auth_cert(vec![current.certificate.clone()], current.key.clone_key())?;
    config.alpn_protocols = vec![REPORT.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// For a sensor that enrols: it trusts the authority with this fingerprint.
pub fn enrol_client(fingerprint: [u8; 32]) -> Result<Arc<ClientConfig>, Error> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Pinned { fingerprint, provider: provider() }))
        .with_no_client_auth();
    config.alpn_protocols = vec![ENROL.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Trusts a server whose chain holds the authority with this fingerprint, and checks all the rest as usual.
#[derive(Debug)]
struct Pinned {
    fingerprint: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let authority = chain.iter().find(|certificate| digest(certificate) == self.fingerprint);
        let authority = authority.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let roots = only(&authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(leaf, &[], name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
