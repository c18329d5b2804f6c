//! The sensor's side: publishes into the stream, and waits until it is stored there.
//!
//! One message is under way at a time, for JetStream does not keep the order of messages when one of them fails. What is
//! handed over meanwhile goes into the next message together.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::connect::{NatsError, NatsServer, connect, inbox, subject};
use crate::outlet::handover;
use crate::packed::Packed;
use crate::turnstile::{Entry, Turnstile};
use crate::{Delivered, Handover, Outlet, OutletError, Parcel, Peer};

/// Parcels in one message, and bytes of them beyond the first.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 512 << 10;

/// The stream has to say within this that it has stored a message.
const STORED: Duration = Duration::from_secs(10);

/// Publishes parcels of one sensor.
pub struct NatsOutlet {
    peer: Peer,
    entries: mpsc::Sender<Entry>,
    turnstile: Arc<Turnstile>,
    _task: JoinSet<()>,
}

impl NatsOutlet {
    /// Needs a tokio runtime. Connects with the first parcel; the stream must have been made by a core.
    pub fn new(server: NatsServer, peer: Peer) -> Self {
        let (entries, received) = mpsc::channel(BATCH);
        let turnstile = Arc::new(Turnstile::default());
        let mut task = JoinSet::new();
        let publisher = Publisher {
            server,
            subject: subject(&peer),
            inbox: inbox(&peer),
            turnstile: Arc::clone(&turnstile),
            connection: None,
        };
        task.spawn(publisher.run(received));
        Self { peer, entries, turnstile, _task: task }
    }
}

#[async_trait]
impl Outlet for NatsOutlet {
    async fn send(&mut self, parcel: Parcel) -> Result<Handover, OutletError> {
        parcel.check()?;
        if parcel.site != self.peer.site || parcel.sensor != self.peer.sensor {
            let reason = format!("this way belongs to {}, the report to another sensor", self.peer);
            return Err(OutletError::Refused { reason });
        }
        let ended = |_| OutletError::Lost { reason: "the task that sends has ended".into() };
        let permit = self.entries.reserve().await.map_err(ended)?;
        let (answer, handover) = handover();
        permit.send(self.turnstile.enter(parcel, answer)?);
        Ok(handover)
    }
}

struct Publisher {
    server: NatsServer,
    subject: String,
    inbox: String,
    turnstile: Arc<Turnstile>,
    connection: Option<(Client, Context)>,
}

impl Publisher {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        while let Some(entry) = entries.recv().await {
            let Some(entry) = self.turnstile.admit(entry) else { continue };
            let mut bytes = entry.parcel.body.len();
            let mut batch = vec![entry];
            while batch.len() < BATCH && bytes < BATCH_BYTES {
                let Ok(entry) = entries.try_recv() else { break };
                if let Some(entry) = self.turnstile.admit(entry) {
                    bytes += entry.parcel.body.len();
                    batch.push(entry);
                }
            }
            match self.publish(&batch).await {
                Ok(()) => batch.into_iter().for_each(|entry| {
                    // Nobody waits for it any more where the sender has gone.
                    let _: Result<(), _> = entry.answer.send(Ok(Delivered));
                }),
                Err(error) => self.turnstile.fail(batch, &error),
            }
        }
    }

    async fn publish(&mut self, batch: &[Entry]) -> Result<(), OutletError> {
        let lost = |reason: String| OutletError::Lost { reason };
        let mut packed = Vec::with_capacity(batch.len());
        for entry in batch {
            packed.push(Packed::pack(&entry.parcel).await.map_err(|error| lost(error.to_string()))?);
        }
        let payload = postcard::to_stdvec(&packed).map_err(|error| lost(error.to_string()))?;
        let Some(last) = batch.last() else { return Ok(()) };
        let url = self.server.url.clone();
        let unreachable = |reason: String| OutletError::Unreachable { address: url.clone(), reason };
        let subject = self.subject.clone();
        // Whatever message ends with this parcel, all before it are in the stream already or in the message itself.
        let id = format!("{subject}.{}", last.parcel.number());
        let context = self.context().await?;
        let message = PublishMessage::build().payload(payload.into()).message_id(id);
        let stored = context
            .send_publish(subject, message)
            .await
            .map_err(|error| lost(error.to_string()))?
            .await
            .map_err(|error| match error.kind() {
                PublishErrorKind::StreamNotFound => {
                    unreachable("no core has made the stream there yet".into())
                }
                _ => lost(error.to_string()),
            });
        stored.map(|_| ())
    }

    async fn context(&mut self) -> Result<&Context, OutletError> {
        let url = self.server.url.clone();
        let unreachable = |reason: String| OutletError::Unreachable { address: url, reason };
        match &mut self.connection {
            Some((client, context)) => {
                // Rather wait in the spool than in a client that is not connected.
                if client.connection_state() != State::Connected {
                    return Err(unreachable("the connection was lost".into()));
                }
                Ok(context)
            }
            connection => {
                let client = connect(&self.server, &self.inbox).await.map_err(|error| match error {
                    NatsError::Unreachable { url, reason } => {
                        OutletError::Unreachable { address: url, reason }
                    }
                    other => OutletError::Refused { reason: other.to_string() },
                })?;
                let mut context = jetstream::new(client.clone());
                context.set_timeout(STORED);
                Ok(&connection.insert((client, context)).1)
            }
        }
    }
}
