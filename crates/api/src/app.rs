//! What every route has at hand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use medward_model::Timestamp;
use medward_monitor::{Event, Store};
use serde::Serialize;
use tokio::sync::{Semaphore, broadcast};
use utoipa::ToSchema;

use crate::outgoing::Outgoing;
use crate::pace::Pace;
use crate::resource::Unseen;
use crate::secrets::{SecretError, Vault};
use crate::site::Site;
use crate::{Live, Problem};

/// Tells the time. Tests fix it.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_parts(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
    }
}

/// What listeners of the stream are told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// An event was stored; it has its number.
    Event(Arc<Event>),
    /// So many devices of a site changed.
    Devices { site: String, changed: u64 },
    /// The state of sensors of a site changed.
    Sensors { site: String },
    /// Devices were judged.
    Findings,
}

/// Settings that the program gives, not people.
#[derive(Clone)]
pub struct Config {
    /// The interface is reached by TLS: cookies are Secure then.
    pub tls: bool,
    /// Key that seals secrets at rest: 32 random bytes from a file that only Medward can read.
    pub key: [u8; 32],
    /// Host names (with port where not the usual one) by which it may be asked; empty: by any.
    pub hosts: Vec<String>,
    /// Its own address as people reach it, for single sign-on: "https://medward.example".
    pub public_address: String,
    /// Outgoing calls may reach loopback, private and link-local addresses.
    pub private_outgoing: bool,
    /// Requests a minute from one address, and by one person or token.
    pub per_address: u32,
    pub per_person: u32,
    /// Largest body, in bytes.
    pub body_limit: usize,
    /// Longest answer, apart from streams and downloads.
    pub timeout: Duration,
    /// Version of Medward.
    pub version: String,
    /// What is read, and how people write it.
    pub protocols: Arc<[Spoken]>,
}

/// A protocol, or another source of what is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spoken {
    /// As in conversations, services and evidence: "modbus".
    pub name: String,
    /// As it is usually written, in short: "DHCP".
    pub label: String,
    /// In full: "DHCP and BOOTP".
    pub title: String,
}

impl Config {
    /// Usual settings with a key.
    pub fn with_key(key: [u8; 32]) -> Config {
        Config {
            tls: false,
            key,
            hosts: Vec::new(),
            public_address: String::new(),
            private_outgoing: false,
            per_address: 1200,
            per_person: 1200,
            body_limit: 8 * 1024 * 1024,
            timeout: Duration::from_secs(30),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocols: Arc::default(),
        }
    }
}

/// Counts of devices of past days, by the sites that somebody sees, and when they were counted.
pub(crate) type Trends = Arc<tokio::sync::Mutex<BTreeMap<String, (Timestamp, Vec<(Timestamp, u64)>)>>>;

/// What every route has at hand. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub store: Arc<dyn Store>,
    pub live: Arc<dyn Live>,
    pub events: broadcast::Sender<Notice>,
    pub clock: Arc<dyn Clock>,
    pub config: Arc<Config>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) outgoing: Outgoing,
    /// At most so many passwords are checked at a time: each takes 19 MiB.
    pub(crate) checks: Arc<Semaphore>,
    pub(crate) trends: Trends,
    /// What of the maintenance system's list was nowhere on the wire, when it was compared last.
    pub(crate) unseen: Arc<tokio::sync::Mutex<Option<(Timestamp, Unseen)>>>,
    pub(crate) site: Site,
    /// Streams and downloads that are open.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    /// Puts the parts together.
    pub fn new(
        store: Arc<dyn Store>,
        live: Arc<dyn Live>,
        events: broadcast::Sender<Notice>,
        clock: Arc<dyn Clock>,
        config: Config,
    ) -> Result<App, SecretError> {
        Ok(App {
            store,
            live,
            events,
            clock,
            vault: Arc::new(Vault::new(&config.key)?),
            pace: Arc::new(Pace::new(config.per_address, config.per_person)),
            outgoing: Outgoing::new(config.private_outgoing),
            checks: Arc::new(Semaphore::new(2)),
            trends: Trends::default(),
            unseen: Arc::default(),
            site: Site::embedded(),
            streams: Arc::new(Semaphore::new(256)),
            config: Arc::new(config),
        })
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin(pub Option<SocketAddr>);

impl Origin {
    /// From this machine.
    pub fn is_local(self) -> bool {
        self.0.is_some_and(|address| address.ip().to_canonical().is_loopback())
    }

    /// The address without the port, for limits and the audit trail. An IPv6 network of 64 bits counts as one address.
    pub fn address(self) -> String {
        match self.0.map(|address| address.ip().to_canonical()) {
            Some(std::net::IpAddr::V6(ip)) if !ip.is_loopback() => {
                let bits = ip.to_bits() & !(u128::MAX >> 64);
                format!("{}/64", std::net::Ipv6Addr::from_bits(bits))
            }
            Some(ip) => ip.to_string(),
            None => "unknown".to_owned(),
        }
    }
}

impl From<SecretError> for Problem {
    fn from(error: SecretError) -> Problem {
        match error {
            SecretError::NoRandom => Problem::internal("no random numbers"),
            SecretError::Unreadable => Problem::refused(
                "A stored secret cannot be opened with this installation's key.",
                "Was the key file replaced? Put the old one back, or enter the secret again.",
            ),
        }
    }
}
