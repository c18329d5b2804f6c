//! The listener as an inlet.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::listener::{Listener, ListenerError, ListenerSettings, Reception};
use super::statistics::ListenerStatistics;
use crate::{Arrival, Authority, Inlet, InvitationBook};

/// Puts what arrives into a bounded channel.
struct Inbox(mpsc::Sender<Arrival>);

#[async_trait]
impl Reception for Inbox {
    async fn arrived(&self, arrival: Arrival) {
        // Where the inlet has gone, the arrival is dropped, and comes again over the next connection.
        let _: Result<(), _> = self.0.send(arrival).await;
    }
}

/// Parcels of all sensors that connect over TLS.
pub struct TlsInlet {
    listener: Listener,
    arrivals: mpsc::Receiver<Arrival>,
}

impl TlsInlet {
    /// Listens as [`Listener::start`].
    pub async fn start(
        address: SocketAddr,
        authority: Arc<Authority>,
        book: Arc<dyn InvitationBook>,
        settings: ListenerSettings,
    ) -> Result<Self, ListenerError> {
        let (sender, arrivals) = mpsc::channel(settings.window as usize);
        let inbox = Arc::new(Inbox(sender));
        let listener = Listener::start(address, authority, book, settings, inbox).await?;
        Ok(Self { listener, arrivals })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    pub fn statistics(&self) -> ListenerStatistics {
        self.listener.statistics()
    }
}

#[async_trait]
impl Inlet for TlsInlet {
    async fn next(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }
}
