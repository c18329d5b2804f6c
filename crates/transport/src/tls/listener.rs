//! The core's side: one port for reports and for enrolment.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::LazyConfigAcceptor;

use super::config::{Showing, enrol_server, report_server};
use super::enrol;
use super::frame::{FrameError, Pace};
use super::gate::Gate;
use super::protocol::{ENROL, REPORT};
use super::session;
use super::statistics::{Counts, ListenerStatistics, Refusal};
use crate::{Arrival, Authority, AuthorityError, InvitationBook};

/// Who takes what arrives.
#[async_trait]
pub trait Reception: Send + Sync + 'static {
    /// Takes a parcel; it may wait. Parcels of one connection come one after the other.
    async fn arrived(&self, arrival: Arrival);
}

/// Bounds of a listener.
#[derive(Clone, Debug)]
pub struct ListenerSettings {
    /// Host names and addresses under which sensors reach the core; they stand in its certificate.
    pub names: Vec<String>,
    /// Open connections, in all and from one address.
    pub connections: usize,
    pub connections_each: usize,
    /// Handshake, hello and enrolment must be over within this.
    pub handshake: Duration,
    /// Longest silence of a sensor; it pings each quarter of a minute.
    pub silence: Duration,
    /// A frame must be over within this, and a second for each 64 KiB.
    pub frame: Duration,
    /// How often the core says that it lives.
    pub alive: Duration,
    /// Parcels of one sensor that may wait for their commit, and bytes of their bodies beyond the first.
    pub window: u32,
    pub window_bytes: usize,
}

impl ListenerSettings {
    pub fn new(names: &[&str]) -> Self {
        Self {
            names: names.iter().map(|name| (*name).into()).collect(),
            connections: 1024,
            connections_each: 64,
            handshake: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            frame: Duration::from_secs(15),
            alive: Duration::from_secs(10),
            window: 256,
            window_bytes: 32 << 20,
        }
    }
}

/// Why the listener did not start.
#[derive(Debug, thiserror::Error)]
pub enum ListenerError {
    #[error("sensors cannot be listened for at {address}: {error}")]
    Bind { address: SocketAddr, error: io::Error },
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("TLS could not be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// What all connections share.
pub(super) struct Shared<R> {
    pub authority: Arc<Authority>,
    pub book: Arc<dyn InvitationBook>,
    pub settings: ListenerSettings,
    pub reception: Arc<R>,
    pub counts: Arc<Counts>,
    pub gate: Arc<Gate>,
    report: Arc<ServerConfig>,
    enrol: Arc<ServerConfig>,
}

impl<R> Shared<R> {
    pub fn pace(&self) -> Pace {
        Pace { silence: self.settings.silence, frame: self.settings.frame }
    }
}

/// Why a connection ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// It was not worth a complaint.
    Over,
    Refused(Refusal),
}

impl From<FrameError> for Ending {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Closed => Self::Over,
            FrameError::Oversized { .. } => Self::Refused(Refusal::Oversized),
            FrameError::Malformed => Self::Refused(Refusal::Malformed),
            FrameError::Slow => Self::Refused(Refusal::Slow),
            // rustls says so of records that are none.
            FrameError::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Self::Refused(Refusal::Malformed)
            }
            FrameError::Io(_) => Self::Over,
        }
    }
}

/// Listens until it is dropped; all connections end with it.
pub struct Listener {
    address: SocketAddr,
    counts: Arc<Counts>,
    _tasks: JoinSet<()>,
}

impl Listener {
    /// Starts listening; needs a tokio runtime.
    pub async fn start<R: Reception>(
        address: SocketAddr,
        authority: Arc<Authority>,
        book: Arc<dyn InvitationBook>,
        settings: ListenerSettings,
        reception: Arc<R>,
    ) -> Result<Self, ListenerError> {
        let identity = authority.server_identity(&settings.names, SystemTime::now())?;
        let mut renew = identity.renew;
        let showing = Arc::new(Showing::new(identity)?);
        let report = report_server(authority.certificate(), &showing)?;
        let enrol = enrol_server(&showing)?;
        let bind = |error| ListenerError::Bind { address, error };
        let socket = TcpListener::bind(address).await.map_err(bind)?;
        let address = socket.local_addr().map_err(bind)?;
        let counts = Arc::new(Counts::default());
        let gate = Gate::new(settings.connections, settings.connections_each);
        let shared = Arc::new(Shared {
            authority: Arc::clone(&authority),
            book,
            settings,
            reception,
            counts: Arc::clone(&counts),
            gate,
            report,
            enrol,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(socket, Arc::clone(&shared)));
        tasks.spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                let now = SystemTime::now();
                if now < renew {
                    continue;
                }
                let fresh = authority.server_identity(&shared.settings.names, now);
                match fresh.map(|identity| (identity.renew, showing.replace(identity))) {
                    Ok((next, Ok(()))) => renew = next,
                    Ok((_, Err(error))) => tracing::error!(%error, "the core's certificate was not renewed"),
                    Err(error) => tracing::error!(%error, "the core's certificate was not renewed"),
                }
            }
        });
        Ok(Self { address, counts, _tasks: tasks })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn statistics(&self) -> ListenerStatistics {
        self.counts.read()
    }
}

async fn accept<R: Reception>(socket: TcpListener, shared: Arc<Shared<R>>) {
    let mut sessions = JoinSet::new();
    loop {
        while sessions.try_join_next().is_some() {}
        let (stream, from) = match socket.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, or the other side has gone already.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(ticket) = shared.gate.enter(from.ip()) else {
            shared.counts.refused(Refusal::Crowded);
            tracing::warn!(%from, "a connection was refused: {}", Refusal::Crowded.words());
            continue;
        };
        let shared = Arc::clone(&shared);
        sessions.spawn(async move {
            shared.counts.add(|counts| {
                counts.accepted += 1;
                counts.connections += 1;
            });
            let open = Open(Arc::clone(&shared.counts));
            if let Err(Ending::Refused(refusal)) = greet(stream, &shared).await {
                shared.counts.refused(refusal);
                tracing::warn!(%from, "a connection was closed: {}", refusal.words());
            }
            drop((open, ticket));
        });
    }
}

/// Counts a connection as open while it lives.
struct Open(Arc<Counts>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.add(|counts| counts.connections -= 1);
    }
}

/// Makes the handshake, and goes on with what the other side wants to speak.
async fn greet<R: Reception>(stream: TcpStream, shared: &Shared<R>) -> Result<(), Ending> {
    let handshake = shared.settings.handshake;
    // Refused options make it slower, not wrong.
    let _: io::Result<()> = stream.set_nodelay(true);
    let greeting = async {
        let failed = |_| Ending::Refused(Refusal::Handshake);
        let started =
            LazyConfigAcceptor::new(rustls::server::Acceptor::default(), stream).await.map_err(failed)?;
        let wanted = started.client_hello().alpn().and_then(|mut names| names.next()).map(<[u8]>::to_vec);
        let (config, enrols) = match wanted.as_deref() {
            Some(REPORT) => (&shared.report, false),
            Some(ENROL) => (&shared.enrol, true),
            _ => return Err(Ending::Refused(Refusal::Handshake)),
        };
        let stream = started.into_stream(Arc::clone(config)).await.map_err(failed)?;
        Ok((stream, enrols))
    };
    let (stream, enrols) =
        timeout(handshake, greeting).await.map_err(|_| Ending::Refused(Refusal::Slow))??;
    if enrols {
        timeout(handshake, enrol::grant(stream, shared)).await.map_err(|_| Ending::Refused(Refusal::Slow))?
    } else {
        session::serve(stream, shared).await
    }
}
