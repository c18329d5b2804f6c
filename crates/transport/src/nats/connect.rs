//! How NATS is reached, and how things are called there.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::{Client, ConnectOptions};

use crate::parcel::{escape, unescape};
use crate::{MAX_BODY, Peer};

/// The stream that holds all reports until a core has committed them.
pub const STREAM: &str = "MEDWARD";

/// First two tokens of all subjects.
const PREFIX: &str = "medward.report";

/// Least `max_payload` of the server: a parcel that does not compress, and its label.
pub const LEAST_PAYLOAD: usize = MAX_BODY + (256 << 10);

/// Where the server is and who we are there.
#[derive(Clone, Debug)]
pub struct NatsServer {
    /// `nats://host:port` or `tls://host:port`, several separated by commas.
    pub url: String,
    pub login: NatsLogin,
    /// Certificates to trust (PEM); empty for those of the system.
    pub authority: Option<PathBuf>,
    /// Certificate and key to show (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// Refuse to speak without TLS.
    pub require_tls: bool,
}

/// How we prove who we are.
#[derive(Clone)]
pub enum NatsLogin {
    /// By certificate, or not at all.
    None,
    /// A `.creds` file.
    Credentials(PathBuf),
    Password {
        user: String,
        password: String,
    },
    Token(String),
}

impl std::fmt::Debug for NatsLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Credentials(_) => "Credentials",
            Self::Password { .. } => "Password",
            Self::Token(_) => "Token",
        })
    }
}

impl NatsServer {
    /// Without login and TLS.
    pub fn new(url: &str) -> Self {
        let (login, authority, certificate) = (NatsLogin::None, None, None);
        Self { url: url.into(), login, authority, certificate, require_tls: false }
    }
}

/// Why NATS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    #[error("the NATS server at {url} cannot be reached: {reason}")]
    Unreachable { url: String, reason: String },
    #[error("the credentials for NATS in {}: {error}", path.display())]
    Credentials { path: PathBuf, error: std::io::Error },
    #[error(
        "the NATS server takes messages of {most} bytes only; reports need {LEAST_PAYLOAD}: set `max_payload` in its configuration"
    )]
    Payload { most: usize },
    #[error(
        "NATS JetStream does not offer what is needed ({what}): {reason}; see that JetStream is on and this user may use it"
    )]
    JetStream { what: &'static str, reason: String },
}

/// Connects once; the client comes back by itself when the server was away.
pub async fn connect(server: &NatsServer, inbox: &str) -> Result<Client, NatsError> {
    let mut options = ConnectOptions::new()
        .name("medward")
        .custom_inbox_prefix(inbox)
        .ping_interval(Duration::from_secs(10))
        .connection_timeout(Duration::from_secs(10))
        .require_tls(server.require_tls)
        .reconnect_delay_callback(|attempts| {
            Duration::from_millis(100).saturating_mul(1 << attempts.min(6)).min(Duration::from_secs(5))
        });
    options = match &server.login {
        NatsLogin::None => options,
        NatsLogin::Credentials(path) => options
            .credentials_file(path)
            .await
            .map_err(|error| NatsError::Credentials { path: path.clone(), error })?,
        NatsLogin::Password { user, password } => options.user_and_password(user.clone(), password.clone()),
        NatsLogin::Token(token) => options.token(token.clone()),
    };
    if let Some(path) = &server.authority {
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &server.certificate {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    let unreachable = |reason: String| NatsError::Unreachable { url: server.url.clone(), reason };
    let addresses: Result<Vec<async_nats::ServerAddr>, _> =
        server.url.split(',').map(|url| url.trim().parse()).collect();
    let addresses = addresses.map_err(|error: std::io::Error| unreachable(error.to_string()))?;
    let client = options.connect(addresses).await.map_err(|error| unreachable(error.to_string()))?;
    let most = client.server_info().max_payload;
    if most < LEAST_PAYLOAD {
        return Err(NatsError::Payload { most });
    }
    Ok(client)
}

/// Where a sensor publishes.
pub fn subject(peer: &Peer) -> String {
    format!("{PREFIX}.{}.{}", escape(&peer.site, '='), escape(&peer.sensor, '='))
}

/// Where answers to a sensor go: a place of its own, so that its permissions can be narrow.
pub fn inbox(peer: &Peer) -> String {
    format!("medward.inbox.{}.{}", escape(&peer.site, '='), escape(&peer.sensor, '='))
}

/// All sensors of a site.
pub fn site_filter(site: &str) -> String {
    format!("{PREFIX}.{}.*", escape(site, '='))
}

/// All of them.
pub fn all() -> String {
    format!("{PREFIX}.*.*")
}

/// Name of a site where names must be simple.
pub fn site_key(site: &str) -> String {
    escape(site, '=')
}

/// Who published on a subject.
pub fn publisher(subject: &str) -> Option<Peer> {
    let (site, sensor) = subject.strip_prefix(PREFIX)?.strip_prefix('.')?.split_once('.')?;
    Peer::new(&unescape(site, '=')?, &unescape(sensor, '=')?).ok()
}
