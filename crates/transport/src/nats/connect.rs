//! How NATS is reached, and how things are called there.

use std::path::PathBuf;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, Event};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::parcel::{escape, unescape};
use crate::{MAX_BODY, Number, Peer};

/// The stream that holds all reports until a core has committed them.
pub const STREAM: &str = "MEDWARD";

/// First two tokens of the subjects of reports, and of questions about them.
const PREFIX: &str = "medward.report";
const QUESTIONS: &str = "medward.question";

/// What stands before the parcels of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// How often the sensor had to begin again before it published this.
    pub round: u64,
    /// The oldest parcel that the sensor does not know to be committed.
    pub oldest: Number,
}

/// What a core tells a sensor unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// This parcel is committed, with all before it.
    Committed(Number),
    /// Something is missing before a message of this round: it was dropped.
    Missing { round: u64 },
}

/// What became of the reports of a sensor, as the core tells who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The newest one of the epoch asked for that is committed.
    pub committed: Option<u64>,
    /// Some are in the stream.
    pub waits: bool,
}

/// Least `max_payload` of the server: a parcel that does not compress, and its label.
pub const LEAST_PAYLOAD: usize = MAX_BODY + (256 << 10);

/// Where the server is and who we are there.
#[derive(Clone)]
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

impl std::fmt::Debug for NatsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsServer")
            .field("url", &self.shown())
            .field("login", &self.login)
            .field("require_tls", &self.require_tls)
            .finish_non_exhaustive()
    }
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

    /// The addresses without what may be a password in them.
    pub(super) fn shown(&self) -> String {
        let shown = self.url.split(',').map(|url| {
            let (scheme, rest) = url.trim().split_once("://").unwrap_or(("nats", url.trim()));
            let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            format!("{scheme}://{host}")
        });
        shown.collect::<Vec<_>>().join(", ")
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

/// Connects once; the client comes back by itself when the server was away. With the client comes how often it connected.
pub async fn connect(server: &NatsServer, inbox: &str) -> Result<(Client, watch::Receiver<u64>), NatsError> {
    let (connections, connected) = watch::channel(0);
    let mut options = ConnectOptions::new()
        .name("medward")
        .custom_inbox_prefix(inbox)
        .ping_interval(Duration::from_secs(10))
        .connection_timeout(Duration::from_secs(10))
        .require_tls(server.require_tls)
        .event_callback(move |event| {
            if let Event::Connected = event {
                connections.send_modify(|times| *times += 1);
            }
            std::future::ready(())
        })
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
    let unreachable = |reason: String| NatsError::Unreachable { url: server.shown(), reason };
    let addresses: Result<Vec<async_nats::ServerAddr>, _> =
        server.url.split(',').map(|url| url.trim().parse()).collect();
    let addresses = addresses.map_err(|error: std::io::Error| unreachable(error.to_string()))?;
    let client = options.connect(addresses).await.map_err(|error| unreachable(error.to_string()))?;
    let most = client.server_info().max_payload;
    if most < LEAST_PAYLOAD {
        return Err(NatsError::Payload { most });
    }
    Ok((client, connected))
}

/// Where a sensor publishes.
pub fn subject(peer: &Peer) -> String {
    format!("{PREFIX}.{}.{}", escape(&peer.site, '='), escape(&peer.sensor, '='))
}

/// Where a sensor asks what became of its reports.
pub fn question(peer: &Peer) -> String {
    format!("{QUESTIONS}.{}.{}", escape(&peer.site, '='), escape(&peer.sensor, '='))
}

/// Questions of all sensors of a site.
pub fn questions(site: &str) -> String {
    format!("{QUESTIONS}.{}.*", escape(site, '='))
}

/// Where a sensor is told what is committed.
pub fn receipts(peer: &Peer) -> String {
    format!("{}.receipt", inbox(peer))
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
    of(PREFIX, subject)
}

/// Who asks on a subject.
pub fn asker(subject: &str) -> Option<Peer> {
    of(QUESTIONS, subject)
}

fn of(prefix: &str, subject: &str) -> Option<Peer> {
    let (site, sensor) = subject.strip_prefix(prefix)?.strip_prefix('.')?.split_once('.')?;
    Peer::new(&unescape(site, '=')?, &unescape(sensor, '=')?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        let server = NatsServer::new("nats://user:pass@one:4222, tls://two:4222,three");
        assert_eq!(server.shown(), "nats://one:4222, tls://two:4222, nats://three");
        assert!(!format!("{server:?}").contains("pass"));
    }

    #[test]
    fn a_subject_tells_who_published_whatever_the_names_are() {
        for (site, sensor) in [("ward", "a"), ("St. Mary's", "*.>"), ("süd", "x y")] {
            let peer = Peer::new(site, sensor).unwrap();
            let subject = subject(&peer);
            assert_eq!(subject.split('.').count(), 4, "{subject}");
            assert_eq!(publisher(&subject), Some(peer));
        }
        for other in
            ["medward.report.ward", "medward.report.ward.a.b", "medward.other.ward.a", "medward.report..a"]
        {
            assert_eq!(publisher(other), None, "{other}");
        }
    }
}
