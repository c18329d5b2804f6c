//! A running monitor, asked over its API with a token.

use std::io::Read as _;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::exit::Failure;

/// Where a token is looked for without `--token-file`.
const TOKEN: &str = "MEDWARD_TOKEN";
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of an answer, and of a file with a token.
const LARGEST: u64 = 64 << 20;
const LONGEST_TOKEN: u64 = 4096;

/// Which monitor to ask, and how it is trusted.
#[derive(Debug, Default, Args)]
pub struct ServerArguments {
    /// Ask a running monitor at this address (https://HOST:8443), with a token (Settings, Access tokens).
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// File with the token. Default: $MEDWARD_TOKEN.
    #[arg(long, global = true, value_name = "FILE", requires = "server")]
    pub token_file: Option<PathBuf>,
    /// Certificates (PEM) that the monitor's is checked against, in place of public authorities. The monitor's own: `medward data
    /// certificate`.
    #[arg(long, global = true, value_name = "FILE", requires = "server", conflicts_with = "fingerprint")]
    pub ca: Option<PathBuf>,
    /// SHA-256 of the certificate of the monitor's authority, as `medward serve` prints it: 64 digits, with or without colons.
    #[arg(long, global = true, value_name = "SHA256", requires = "server")]
    pub fingerprint: Option<Fingerprint>,
}

/// SHA-256 of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Fingerprint, String> {
        let wrong = || "give the 64 hexadecimal digits of a SHA-256, with or without colons".to_owned();
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':' && !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        if digits.len() != 64 {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |all, digit| all << 4 | digit);
        }
        Ok(Fingerprint(bytes))
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().enumerate().try_for_each(|(place, byte)| {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")
        })
    }
}

/// A monitor to ask.
pub struct Asking {
    agent: ureq::Agent,
    /// Without a slash at its end.
    base: String,
    token: String,
}

/// An address as given, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Place<'t> {
    tls: bool,
    host: &'t str,
    port: u16,
}

impl<'t> Place<'t> {
    fn read(url: &'t str) -> Option<Place<'t>> {
        let (tls, rest) = match url.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return None;
        }
        let usual = if tls { 443 } else { 80 };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                (host, port.strip_prefix(':'))
            }
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let port = port.map_or(Some(usual), |port| port.parse().ok())?;
        (!host.is_empty()).then_some(Place { tls, host, port })
    }

    fn is_here(&self) -> bool {
        self.host == "localhost"
            || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl Asking {
    /// Makes ready to ask the monitor at `server`; says what is missing where something is.
    pub fn new(server: &str, arguments: &ServerArguments) -> anyhow::Result<Asking> {
        let place = Place::read(server).ok_or_else(|| {
            Failure::usage(format!(
                "--server '{server}' is no address: give one like https://medward.example:8443"
            ))
        })?;
        if !place.tls && !place.is_here() {
            return Err(Failure::usage(format!(
                "--server {server}: without TLS the token would travel in the clear. Use https://"
            )));
        }
        if !place.tls && (arguments.ca.is_some() || arguments.fingerprint.is_some()) {
            return Err(Failure::usage("--ca and --fingerprint are for https:// addresses"));
        }
        let token = token(arguments.token_file.as_deref())?;
        let roots = match (&arguments.ca, arguments.fingerprint) {
            (Some(path), _) => certificates(path)?,
            (None, Some(fingerprint)) => vec![look(server, &place, fingerprint)?],
            (None, None) => Vec::new(),
        };
        let mut tls = TlsConfig::builder();
        if !roots.is_empty() {
            let roots = roots.iter().map(|root| Certificate::from_der(root).to_owned());
            tls = tls.root_certs(RootCerts::from(roots));
        }
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            // A token goes nowhere but to where it was sent.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("medward/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls.build())
            .build();
        Ok(Asking { agent: config.into(), base: server.trim_end_matches('/').to_owned(), token })
    }

    /// What stands at a path below /api/v1; `None` where nothing does.
    pub fn get(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let request = self.agent.get(self.url(path)).header("authorization", self.bearer());
        self.answer(request.call())
    }

    /// Sends a document; `None` where there is no such path or thing.
    pub fn post(&self, path: &str, body: &Value) -> anyhow::Result<Option<Value>> {
        let request = self
            .agent
            .post(self.url(path))
            .header("authorization", self.bearer())
            .header("content-type", "application/json");
        self.answer(request.send(body.to_string()))
    }

    /// Takes something away; `None` where there is no such thing.
    pub fn delete(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let request = self.agent.delete(self.url(path)).header("authorization", self.bearer());
        self.answer(request.call())
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.base)
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> anyhow::Result<Option<Value>> {
        let mut answer = answer.map_err(|error| self.away(&error))?;
        let status = answer.status().as_u16();
        let text = answer
            .body_mut()
            .with_config()
            .limit(LARGEST)
            .read_to_string()
            .map_err(|error| self.away(&error))?;
        if status == 204 {
            return Ok(Some(Value::Null));
        }
        let told = serde_json::from_str::<Value>(&text);
        if (200..300).contains(&status) {
            return told.map(Some).map_err(|error| {
                Failure::missing(format!("{}: what answers there is no monitor ({error})", self.base))
            });
        }
        if status == 404 {
            return Ok(None);
        }
        let told = told.unwrap_or_default();
        let part = |name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let words = match status {
            401 => "the token is not valid there (any more): make one at Settings, Access tokens".to_owned(),
            _ if !part("detail").is_empty() => format!("{} {}", part("detail"), part("do")),
            _ => format!("it answers with status {status}; is it a monitor?"),
        };
        let words = format!("{}: {}", self.base, words.trim_end());
        Err(if matches!(status, 400 | 409 | 412 | 422) {
            Failure::usage(words)
        } else {
            Failure::missing(words)
        })
    }

    fn away(&self, error: &ureq::Error) -> anyhow::Error {
        let text = error.to_string();
        let advice = if text.contains("certificate") || text.contains("UnknownIssuer") {
            ". Its certificate is not trusted here: give --ca FILE (`medward data certificate` writes it on the monitor's machine) \
             or --fingerprint SHA256, and the name that stands in it"
        } else {
            ". Is it running, and the address right?"
        };
        Failure::missing(format!("{}: no answer ({text}){advice}", self.base))
    }
}

/// Writes what may stand in a path or query as it is, and all else as %XX.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

/// The token: from a file, or the environment.
fn token(file: Option<&Path>) -> anyhow::Result<String> {
    let text = match file {
        Some(path) => {
            let wrong = |error: &dyn std::fmt::Display| {
                Failure::usage(format!("--token-file {}: {error}", path.display()))
            };
            let file = std::fs::File::open(path).map_err(|error| wrong(&error))?;
            let mut text = String::new();
            file.take(LONGEST_TOKEN).read_to_string(&mut text).map_err(|error| wrong(&error))?;
            text
        }
        None => std::env::var(TOKEN).unwrap_or_default(),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!(
            "--server needs a token: make one at Settings, Access tokens, and give --token-file FILE or ${TOKEN}"
        )));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Failure::usage("the token is not one line of letters and digits: it begins with mw_"));
    }
    Ok(text.to_owned())
}

/// The certificates of a PEM file; keys in it are passed over.
fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("--ca {}: {error}", path.display()));
    let all: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?.collect();
    let all = all.map_err(|error| wrong(&error))?;
    if all.is_empty() {
        return Err(wrong(&"there is no certificate (PEM) in it"));
    }
    Ok(all)
}

/// Looks which certificates the monitor shows, and takes the one with that fingerprint. What is asked later is checked against it
/// in full, on connections of their own; nothing is sent on this one.
fn look(server: &str, place: &Place<'_>, wanted: Fingerprint) -> anyhow::Result<CertificateDer<'static>> {
    let away = |error: &dyn std::fmt::Display| {
        Failure::missing(format!("{server}: no answer ({error}). Is it running, and the address right?"))
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let seen = Arc::new(Looking { wanted, found: Mutex::default(), provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| away(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let name = ServerName::try_from(place.host.to_owned())
        .map_err(|_| Failure::usage(format!("--server {server}: '{}' is no host name", place.host)))?;
    let address = (place.host, place.port)
        .to_socket_addrs()
        .map_err(|error| away(&error))?
        .next()
        .ok_or_else(|| away(&"no such host"))?;
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| away(&error))?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(|error| away(&error))?;
    socket.set_write_timeout(Some(PATIENCE)).map_err(|error| away(&error))?;
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(|error| away(&error))?;
    let mut ended = Ok((0, 0));
    while connection.is_handshaking() && ended.is_ok() {
        ended = connection.complete_io(&mut socket);
    }
    let found = seen.found.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (found, ended) {
        (Found::Wanted(certificate), _) => Ok(certificate),
        (Found::Others, _) => Err(Failure::missing(format!(
            "{server} shows no certificate with the fingerprint {wanted}. Compare it with what `medward serve` printed; if that is \
             another, somebody else may answer there"
        ))),
        (Found::Nothing, Err(error)) => Err(away(&error)),
        (Found::Nothing, Ok(_)) => Err(away(&"it showed no certificate")),
    }
}

/// What was shown.
#[derive(Debug, Default)]
enum Found {
    #[default]
    Nothing,
    Others,
    Wanted(CertificateDer<'static>),
}

impl Found {
    fn take(&mut self) -> Found {
        std::mem::take(self)
    }
}

/// Notes whether the wanted certificate is shown.
#[derive(Debug)]
struct Looking {
    wanted: Fingerprint,
    found: Mutex<Found>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Looking {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let is_wanted = |shown: &&CertificateDer<'_>| Sha256::digest(shown)[..] == self.wanted.0[..];
        let wanted = std::iter::once(leaf).chain(chain).find(is_wanted);
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = match wanted {
            Some(certificate) => Found::Wanted(certificate.clone().into_owned()),
            None => Found::Others,
        };
        match wanted {
            Some(_) => Ok(ServerCertVerified::assertion()),
            None => Err(rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Place, escaped};

    #[test]
    fn an_address_is_taken_apart() {
        let place = |tls, host, port| Some(Place { tls, host, port });
        assert_eq!(Place::read("https://core.example:8443/"), place(true, "core.example", 8443));
        assert_eq!(Place::read("https://[::1]:8443"), place(true, "::1", 8443));
        assert_eq!(Place::read("http://localhost"), place(false, "localhost", 80));
        for wrong in ["core.example:8443", "ftp://core", "https://", "https://kim@core", "https://core:x"] {
            assert_eq!(Place::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_fingerprint_reads_back() {
        let print = Fingerprint([0xA7; 32]);
        assert_eq!(print.to_string().parse(), Ok(print));
        assert_eq!("a7".repeat(32).parse(), Ok(print));
        assert!("a7".repeat(31).parse::<Fingerprint>().is_err());
    }

    #[test]
    fn what_would_mean_something_in_a_path_is_escaped() {
        assert_eq!(escaped("CT 1/2?é"), "CT%201%2F2%3F%C3%A9");
    }
}
