//! TLS of the interface: a certificate from files, or one of the program's own authority.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum_server::tls_rustls::RustlsConfig;
use medward_transport::Authority;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::exit::Failure;

/// TLS 1.2 and 1.3 with what rustls holds for safe.
pub fn config(
    authority: &Authority,
    files: Option<&(PathBuf, PathBuf)>,
    names: &[String],
) -> anyhow::Result<RustlsConfig> {
    let (chain, key) = match files {
        Some((certificate, key)) => {
            let wrong = |path: &PathBuf, error: rustls::pki_types::pem::Error| {
                Failure::usage(format!("{}: {error}", path.display()))
            };
            let chain: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_file_iter(certificate)
                .map_err(|error| wrong(certificate, error))?
                .collect();
            let chain = chain.map_err(|error| wrong(certificate, error))?;
            (chain, PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error))?)
        }
        None => {
            let mut all: Vec<String> = names.to_vec();
            all.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
            let identity = authority
                .server_identity(&all, SystemTime::now())
                .map_err(|error| Failure::missing(error.to_string()))?;
            (identity.chain, identity.key)
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| Failure::usage(format!("the certificate cannot be used: {error}")))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
