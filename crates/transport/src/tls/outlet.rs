//! The sensor's side.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::link::Link;
use crate::outlet::handover;
use crate::turnstile::{Entry, Turnstile};
use crate::{Credentials, Handover, Outlet, OutletError, Parcel};

/// Where the core is, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct TlsOutletSettings {
    /// `host:port`; the host must be in the core's certificate.
    pub core: String,
    /// Connecting and the welcome must be over within this.
    pub connect: Duration,
    /// Longest silence of the core.
    pub silence: Duration,
    /// How often the sensor says that it lives.
    pub ping: Duration,
}

impl TlsOutletSettings {
    pub fn new(core: &str) -> Self {
        Self {
            core: core.into(),
            connect: Duration::from_secs(15),
            silence: Duration::from_secs(45),
            ping: Duration::from_secs(15),
        }
    }
}

/// Sends parcels to a core over TLS. Connects when there is something to send, keeps the connection, and renews the sensor's
/// certificate over it.
pub struct TlsOutlet {
    entries: mpsc::Sender<Entry>,
    turnstile: Arc<Turnstile>,
    _task: JoinSet<()>,
}

impl TlsOutlet {
    /// Needs a tokio runtime. The connection is made by the first parcel.
    pub fn new(settings: TlsOutletSettings, credentials: Arc<Credentials>) -> Self {
        let (entries, received) = mpsc::channel(1);
        let turnstile = Arc::new(Turnstile::default());
        let mut task = JoinSet::new();
        task.spawn(run(settings, credentials, received, Arc::clone(&turnstile)));
        Self { entries, turnstile, _task: task }
    }
}

#[async_trait]
impl Outlet for TlsOutlet {
    async fn send(&mut self, parcel: Parcel) -> Result<Handover, OutletError> {
        parcel.check()?;
        let ended = |_| OutletError::Lost { reason: "the task that sends has ended".into() };
        let permit = self.entries.reserve().await.map_err(ended)?;
        let (answer, handover) = handover();
        permit.send(self.turnstile.enter(parcel, answer)?);
        Ok(handover)
    }
}

async fn run(
    settings: TlsOutletSettings,
    credentials: Arc<Credentials>,
    mut entries: mpsc::Receiver<Entry>,
    turnstile: Arc<Turnstile>,
) {
    while let Some(entry) = entries.recv().await {
        let Some(entry) = turnstile.admit(entry) else { continue };
        let mut pending = VecDeque::from([entry]);
        let outcome = match Link::open(&settings, &credentials).await {
            Ok(mut link) => link.carry(&settings, &credentials, &mut entries, &turnstile, &mut pending).await,
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "the connection to the core ended");
            turnstile.fail(pending, &error);
        }
    }
}
