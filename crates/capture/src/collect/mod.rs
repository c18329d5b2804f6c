//! Listening to sources: UDP ports and files whose lines or datagrams [`medward_sources`] reads.
//!
//! A [`Collector`] drives the session of one source on one port or file, on one thread. Datagrams are read whole; files
//! are followed over rotation, truncation and rewriting.

mod follow;
mod listen;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use medward_model::Timestamp;
use medward_sources::{Carrier, Report, Sink, Source, SourceSession};

use follow::{Follow, Look};
use listen::Listen;

/// How often a session is told that time passed.
const TICK: Duration = Duration::from_secs(10);
/// Datagrams or lines read in one pull.
const MOST: usize = 4096;

/// Why a source cannot be listened to, or what happened to it.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("cannot listen for {source_name} on UDP {address}: {error}; is another program listening there?")]
    Listen { source_name: &'static str, address: SocketAddr, error: std::io::Error },
    #[error("{source_name} comes in {comes}: it cannot be read from {asked}")]
    Carrier { source_name: &'static str, comes: &'static str, asked: &'static str },
    /// Told once; the file is looked for as long as the collector is pulled.
    #[error("cannot read {} for {source_name}: {error}; it is tried again", path.display())]
    File { source_name: &'static str, path: PathBuf, error: std::io::Error },
    /// Told once in a row; the port is read on.
    #[error("receiving for {source_name} failed: {error}")]
    Receive { source_name: &'static str, error: std::io::Error },
}

/// What was counted since a collector was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectCounters {
    /// Datagrams or lines handed to the session.
    pub received: u64,
    pub bytes: u64,
    /// Datagrams that the kernel dropped because they were not taken in time.
    pub dropped: u64,
    /// Datagrams of senders that are not allowed, or that were not made with the shared secret; lines that were too long.
    pub refused: u64,
}

/// Who may send, and what they share with us.
#[derive(Clone, Default)]
pub struct ListenOptions {
    /// Networks of which datagrams are taken, as address and prefix length; all where there are none. Anybody can send UDP
    /// with any sender's address: this keeps out mistakes, not forgers.
    pub allowed: Vec<(std::net::IpAddr, u8)>,
    /// The secret of RADIUS accounting (RFC 2866, 3). With it, forged requests are refused and genuine ones answered; without
    /// it, everything is read and nothing answered.
    pub secret: Option<Vec<u8>>,
}

impl std::fmt::Debug for ListenOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenOptions")
            .field("allowed", &self.allowed)
            .field("secret", &self.secret.as_ref().map(|_| "kept"))
            .finish()
    }
}

/// One source on one port or file.
pub struct Collector {
    source: &'static Source,
    session: Box<dyn SourceSession>,
    inlet: Inlet,
    counters: CollectCounters,
    number: u64,
    ticked: Instant,
    /// The last trouble was told.
    told: bool,
}

enum Inlet {
    Port(Listen),
    File(Follow),
}

impl Collector {
    /// Listens on a UDP port. Port 0 lets the system choose; see [`Collector::address`].
    pub fn listen(
        source: &'static Source,
        address: SocketAddr,
        options: ListenOptions,
    ) -> Result<Collector, CollectError> {
        if !matches!(source.carrier, Carrier::Datagrams { .. }) {
            return Err(wrong(source, "a UDP port"));
        }
        let port = Listen::open(address, options).map_err(|error| CollectError::Listen {
            source_name: source.name,
            address,
            error,
        })?;
        Ok(Collector::new(source, Inlet::Port(port)))
    }

    /// Follows a file, which need not be there yet. A log is read from its end on, a lease file whole.
    pub fn follow(source: &'static Source, path: &Path) -> Result<Collector, CollectError> {
        let look = match source.carrier {
            Carrier::Log { .. } => Look::NewLines,
            Carrier::Ledger { .. } => Look::WholeFile,
            Carrier::Datagrams { .. } => return Err(wrong(source, "a file")),
        };
        Ok(Collector::new(source, Inlet::File(Follow::new(path, look))))
    }

    fn new(source: &'static Source, inlet: Inlet) -> Collector {
        Collector {
            source,
            session: (source.make)(),
            inlet,
            counters: CollectCounters::default(),
            number: 0,
            ticked: Instant::now(),
            told: false,
        }
    }

    /// The source.
    pub fn source(&self) -> &'static Source {
        self.source
    }

    /// Where a port is listened on.
    pub fn address(&self) -> Option<SocketAddr> {
        match &self.inlet {
            Inlet::Port(port) => port.address(),
            Inlet::File(_) => None,
        }
    }

    /// What was counted.
    pub fn counters(&self) -> CollectCounters {
        self.counters
    }

    /// Waits at most `wait`, reads what there is, and lets the session report to `sink`. Returns how many datagrams or
    /// lines were read. An error does not end the collector: it is told once, and tried again.
    pub fn pull(&mut self, wait: Duration, sink: &mut Sink) -> Result<usize, CollectError> {
        let Collector { source, session, inlet, counters, number, .. } = self;
        let before = *number;
        let outcome = match inlet {
            Inlet::Port(port) => port
                .receive(wait, MOST, counters, |bytes, from| {
                    *number += 1;
                    session.read(bytes, &mut Report::new(now(), from, *number, source, sink));
                })
                .map_err(|error| CollectError::Receive { source_name: source.name, error }),
            Inlet::File(file) => file
                .read(wait, MOST, counters, |step| match step {
                    follow::Step::Line(line) => {
                        *number += 1;
                        session.read(line, &mut Report::new(now(), nobody(), *number, source, sink));
                    }
                    follow::Step::Restart => session.restart(),
                })
                .map_err(|error| CollectError::File {
                    source_name: source.name,
                    path: file.path().to_owned(),
                    error,
                }),
        };
        let count = (self.number - before) as usize;
        if self.ticked.elapsed() >= TICK {
            self.ticked = Instant::now();
            self.session.tick(&mut Report::new(now(), nobody(), self.number, self.source, sink));
        }
        match outcome {
            Ok(()) => {
                self.told = false;
                Ok(count)
            }
            Err(_) if self.told => Ok(count),
            Err(error) => {
                self.told = true;
                Err(error)
            }
        }
    }

    /// Tells what the session held back.
    pub fn finish(mut self, sink: &mut Sink) {
        self.session.end(&mut Report::new(now(), nobody(), self.number, self.source, sink));
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").field("source", &self.source.name).finish_non_exhaustive()
    }
}

fn wrong(source: &'static Source, asked: &'static str) -> CollectError {
    let comes = match source.carrier {
        Carrier::Datagrams { .. } => "datagrams to a UDP port",
        Carrier::Log { .. } | Carrier::Ledger { .. } => "lines of a file",
    };
    CollectError::Carrier { source_name: source.name, comes, asked }
}

fn nobody() -> SocketAddr {
    SocketAddr::from(([0; 4], 0))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since.as_secs() as i64, since.subsec_nanos())
}
