//! The sensor's side: publishes into the stream, and waits until a core has committed what was published.
//!
//! One message is under way at a time, for JetStream does not keep the order of messages when one of them fails. What is
//! handed over meanwhile goes into the next message together.
//!
//! That the stream has stored a message is not enough: a server writes to its disk now and then, and what it lost meanwhile
//! nobody would miss. So parcels stay with the sensor until the core tells of them. Where that is not heard the core is
//! asked; what it has not committed and the stream does not hold is published again.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use async_nats::client::Request;
use async_nats::connection::State;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, Message, Subscriber};
use async_trait::async_trait;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::connect::{
    Heading, NatsError, NatsServer, Standing, Told, connect, inbox, question, receipts, subject,
};
use crate::outlet::handover;
use crate::packed::Packed;
use crate::turnstile::{Entry, Turnstile};
use crate::{Delivered, Handover, Number, Outlet, OutletError, Parcel, Peer};

/// Parcels in one message, and bytes of them beyond the first.
const BATCH: usize = 128;
const BATCH_BYTES: usize = 512 << 10;

/// The stream has to say within this that it has stored a message.
const STORED: Duration = Duration::from_secs(5);

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
            peer: peer.clone(),
            turnstile: Arc::clone(&turnstile),
            connection: None,
            stored: VecDeque::new(),
            failures: 0,
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

/// How often a core is asked for parcels that it has not told of.
const ASK: Duration = Duration::from_secs(3);

struct Publisher {
    server: NatsServer,
    peer: Peer,
    turnstile: Arc<Turnstile>,
    connection: Option<Connection>,
    /// Parcels that the stream has stored and no core has committed yet.
    stored: VecDeque<Entry>,
    /// Times that parcels had to be handed over again: what was published then is not what is published now.
    failures: u64,
}

struct Connection {
    client: Client,
    context: Context,
    receipts: Subscriber,
}

/// What happens next.
enum Next {
    HandedOver(Option<Entry>),
    Receipt(Message),
    Silence,
}

impl Publisher {
    async fn run(mut self, mut entries: mpsc::Receiver<Entry>) {
        let mut silence = tokio::time::interval(ASK);
        silence.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let receipts = self.connection.as_mut().map(|connection| &mut connection.receipts);
            let next = tokio::select! {
                entry = entries.recv() => Next::HandedOver(entry),
                Some(receipt) = async { match receipts { Some(receipts) => receipts.next().await, None => pending().await } } => {
                    Next::Receipt(receipt)
                }
                _ = silence.tick(), if !self.stored.is_empty() => Next::Silence,
            };
            match next {
                Next::HandedOver(None) => break,
                Next::HandedOver(Some(entry)) => {
                    let batch = self.batch(entry, &mut entries);
                    match self.publish(&batch).await {
                        Ok(()) => self.stored.extend(batch),
                        Err(error) => self.fail(batch, &error),
                    }
                }
                Next::Receipt(receipt) => {
                    silence.reset();
                    match postcard::from_bytes(&receipt.payload) {
                        Ok(Told::Committed(number)) => self.committed(number),
                        Ok(Told::Missing { round }) if round == self.failures => {
                            let reason = "the NATS server lost what it had stored".into();
                            self.fail(Vec::new(), &OutletError::Lost { reason });
                        }
                        Ok(Told::Missing { .. }) | Err(_) => {}
                    }
                }
                Next::Silence => self.ask().await,
            }
        }
    }

    /// What goes into one message.
    fn batch(&self, first: Entry, entries: &mut mpsc::Receiver<Entry>) -> Vec<Entry> {
        let mut batch: Vec<Entry> = self.turnstile.admit(first).into_iter().collect();
        let mut bytes: usize = batch.iter().map(|entry| entry.parcel.body.len()).sum();
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Ok(entry) = entries.try_recv() else { break };
            if let Some(entry) = self.turnstile.admit(entry) {
                bytes += entry.parcel.body.len();
                batch.push(entry);
            }
        }
        batch
    }

    /// Parcels up to this one are committed, for a core takes them in their order.
    fn committed(&mut self, number: Number) {
        let done =
            |entry: &Entry| entry.parcel.epoch == number.epoch && entry.parcel.sequence <= number.sequence;
        let count = self.stored.iter().rposition(done).map_or(0, |last| last + 1);
        for entry in self.stored.drain(..count) {
            // Nobody waits for it any more where the sender has gone.
            let _: Result<(), _> = entry.answer.send(Ok(Delivered));
        }
    }

    /// All that is not committed begins anew, with these parcels at the end.
    fn fail(&mut self, batch: Vec<Entry>, error: &OutletError) {
        self.failures += 1;
        self.turnstile.fail(std::mem::take(&mut self.stored).into_iter().chain(batch), error);
    }

    /// Asks the core what became of the oldest parcels. Nobody answers where no core serves the site.
    async fn ask(&mut self) {
        let (Some(connection), Some(oldest)) = (&self.connection, self.stored.front()) else { return };
        let number = oldest.parcel.number();
        let Ok(payload) = postcard::to_stdvec(&number.epoch) else { return };
        let request = Request::new().payload(payload.into()).timeout(Some(STORED));
        let answer = match connection.client.send_request(question(&self.peer), request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::debug!(%error, "no core says what became of the reports");
                return;
            }
        };
        let Ok(standing) = postcard::from_bytes::<Standing>(&answer.payload) else { return };
        if let Some(sequence) = standing.committed {
            self.committed(Number { epoch: number.epoch, sequence });
        }
        if !standing.waits && self.stored.front().is_some_and(|entry| entry.parcel.number() == number) {
            let reason = "the NATS server lost what it had stored, or it was committed unheard".into();
            self.fail(Vec::new(), &OutletError::Lost { reason });
        }
    }

    async fn publish(&mut self, batch: &[Entry]) -> Result<(), OutletError> {
        let lost = |reason: String| OutletError::Lost { reason };
        let mut packed = Vec::with_capacity(batch.len());
        for entry in batch {
            packed.push(Packed::pack(&entry.parcel).await.map_err(|error| lost(error.to_string()))?);
        }
        let (Some(oldest), Some(last)) = (self.stored.front().or(batch.first()), batch.last()) else {
            return Ok(());
        };
        let heading = Heading { round: self.failures, oldest: oldest.parcel.number() };
        let payload = postcard::to_stdvec(&(heading, packed)).map_err(|error| lost(error.to_string()))?;
        let address = self.server.shown();
        let unreachable = |reason: String| OutletError::Unreachable { address, reason };
        let subject = subject(&self.peer);
        // Whatever message ends with this parcel, all before it are in the stream already or in the message itself; but
        // not after a failure.
        let id = format!("{subject}.{}.{}", last.parcel.number(), self.failures);
        let connection = self.connection().await?;
        let message = PublishMessage::build().payload(payload.into()).message_id(id);
        let stored = connection
            .context
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

    async fn connection(&mut self) -> Result<&Connection, OutletError> {
        let address = self.server.shown();
        let unreachable = |reason: String| OutletError::Unreachable { address, reason };
        match &mut self.connection {
            Some(connection) => {
                // Rather wait in the spool than in a client that is not connected.
                if connection.client.connection_state() != State::Connected {
                    return Err(unreachable("the connection was lost".into()));
                }
                Ok(connection)
            }
            none => {
                let (client, _) =
                    connect(&self.server, &inbox(&self.peer)).await.map_err(|error| match error {
                        NatsError::Unreachable { url, reason } => {
                            OutletError::Unreachable { address: url, reason }
                        }
                        other => OutletError::Refused { reason: other.to_string() },
                    })?;
                let receipts = client.subscribe(receipts(&self.peer)).await;
                let receipts = receipts.map_err(|error| unreachable(error.to_string()))?;
                let mut context = jetstream::new(client.clone());
                context.set_timeout(STORED);
                Ok(none.insert(Connection { client, context, receipts }))
            }
        }
    }
}
