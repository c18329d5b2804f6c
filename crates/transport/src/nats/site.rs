//! Takes the reports of one site in the order in which they were published, and tells their sensors what is committed.
//!
//! JetStream gives a message that was not acknowledged again, but not in its place. So the order is kept here: the consumer
//! is made anew at the beginning and after every fault, for then the server begins with the oldest message that is not
//! acknowledged; a gap in the consumer's own count is such a fault. A message that comes again while its parcels are still
//! with the core only gets another way of being acknowledged; where that is not certain its parcels are given to the core
//! once more, which knows them by their receipts.
//!
//! A server that loses power, or a disk, may lose what it said it had stored, count anew, or keep a consumer that believes
//! it has given out what it has not. So sensors hold their reports until the core tells them that they are committed, and can ask; what
//! does not follow on what came before is dropped, and its sensor begins again; a consumer that is not new is not taken;
//! and whoever hears nothing looks now and then whether something waits.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::message::{Acker, Message};
use futures_util::{StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connect::{
    Heading, LEAST_PAYLOAD, Standing, Told, asker, publisher, questions, receipts, site_filter, site_key,
    subject,
};
use super::inlet::Shared;
use crate::lane::{Lane, Slot};
use crate::packed::Packed;
use crate::{Ack, Arrival, Number, Parcel, Peer};

/// How long a parcel rests after it was given up, before it is offered again.
const REST: Duration = Duration::from_millis(100);

/// Wait after a fault.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one request for messages stays open.
const REQUEST: Duration = Duration::from_secs(5);

/// So many requests in a row must have brought nothing although something waited, before the site is begun again.
const OVERLOOKED: u32 = 2;

/// Epochs of sensors whose progress is remembered; of others the receipts tell.
const REMEMBERED: usize = 4096;

/// Most parcels in a message.
const MOST: usize = 1024;

type Offering = Pin<Box<dyn Future<Output = ()> + Send>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Our own number of a message, and whether this is its last parcel.
#[derive(Clone, Copy)]
struct Token {
    message: u64,
    number: Number,
    last: bool,
}

/// How far a sensor's epoch has come.
#[derive(Clone, Copy)]
struct Progress {
    committed: u64,
    /// Came into the lane.
    given: u64,
}

/// A message whose parcels are with the core.
struct Open {
    /// The stream's number of it.
    sequence: u64,
    acker: Acker,
    sensor: String,
    /// Of its last parcel.
    last: Number,
}

pub struct Site {
    name: String,
    shared: Arc<Shared>,
    lane: Lane<Token>,
    /// The messages of which parcels are in the lane, by our own number.
    open: BTreeMap<u64, Open>,
    /// Our own number of the next message.
    next: u64,
    /// Of each sensor and epoch.
    progress: BTreeMap<(String, u64), Progress>,
    /// The consumer's count of the last message.
    counted: u64,
    /// When the stream was made: another one counts anew.
    born: Option<String>,
    rest: Option<Instant>,
}

impl Site {
    pub fn new(name: &str, shared: Arc<Shared>) -> Self {
        Self {
            name: name.into(),
            shared,
            lane: Lane::new(),
            open: BTreeMap::new(),
            next: 0,
            progress: BTreeMap::new(),
            counted: 0,
            born: None,
            rest: None,
        }
    }

    /// Until it is cancelled.
    pub async fn run(mut self) {
        let (settlements, mut settled) = mpsc::unbounded_channel();
        loop {
            // What a server that was away kept of the consumer may be older than what it kept of the stream.
            let mut connected = self.shared.connected.clone();
            connected.mark_unchanged();
            let error = match self.consumer().await {
                Ok(consumer) => tokio::select! {
                    served = self.serve(&consumer, &settlements, &mut settled) => served.err(),
                    Ok(()) = connected.changed() => Some("the server was away".into()),
                },
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                tracing::warn!(%error, site = %self.name, "the site is begun again from its oldest report");
            }
            self.shared.count(|statistics| statistics.restarts += 1);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// A new consumer, which begins with the oldest message that is not acknowledged.
    async fn consumer(&mut self) -> Result<Consumer<Config>, Failure> {
        let info = self.shared.stream.get_info().await?;
        let born = info.created.to_string();
        if self.born.as_ref() != Some(&born) {
            self.open.clear();
            self.born = Some(born);
        }
        let name = format!("site-{}", site_key(&self.name));
        let settings = &self.shared.settings;
        // Mostly there is none, which is an error too; what matters shows when it is made.
        let _: Result<_, _> = self.shared.stream.delete_consumer(&name).await;
        let config = Config {
            durable_name: Some(name),
            description: Some(format!("Reports of the site {}", self.name)),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: settings.ack_wait,
            max_deliver: -1,
            max_ack_pending: i64::try_from(settings.window).unwrap_or(i64::MAX),
            filter_subject: site_filter(&self.name),
            num_replicas: settings.replicas,
            ..Default::default()
        };
        self.counted = 0;
        let consumer = self.shared.stream.create_consumer(config).await?;
        let info = consumer.cached_info();
        if info.delivered.consumer_sequence != 0 || info.ack_floor.stream_sequence != 0 {
            return Err("the server still has the consumer of before".into());
        }
        Ok(consumer)
    }

    /// Messages in the stream on subjects.
    async fn waiting(&self, subjects: String) -> Result<usize, Failure> {
        let found = self.shared.stream.info_with_subjects(subjects).await?;
        Ok(found.map_ok(|(_, count)| count).try_fold(0, |sum, count| async move { Ok(sum + count) }).await?)
    }

    async fn serve(
        &mut self,
        consumer: &Consumer<Config>,
        settlements: &mpsc::UnboundedSender<(Slot, bool)>,
        settled: &mut mpsc::UnboundedReceiver<(Slot, bool)>,
    ) -> Result<(), Failure> {
        let mut batch: Option<Batch> = None;
        let mut offering: Option<Offering> = None;
        let (mut heard, mut overlooked) = (false, 0);
        let mut questions = self.shared.client.subscribe(questions(&self.name)).await?;
        loop {
            if offering.is_none() && self.rest.is_none_or(|rest| rest <= Instant::now()) {
                self.rest = None;
                offering = self.lane.offer().map(|(parcel, slot)| self.hand_on(parcel, slot, settlements));
            }
            let room = self.shared.settings.window.saturating_sub(self.open.len());
            if batch.is_none() && room > 0 && self.lane.bytes() < self.shared.settings.window_bytes {
                // Without heartbeats: this client's batch falls asleep over one, and drops what comes after it.
                let request =
                    consumer.batch().max_messages(room).max_bytes(2 * LEAST_PAYLOAD).expires(REQUEST);
                batch = Some(request.messages().await?);
            }
            let rest = self.rest;
            tokio::select! {
                Some((slot, committed)) = settled.recv() => self.settle(slot, committed).await?,
                () = async { if let Some(offering) = &mut offering { offering.await } }, if offering.is_some() => {
                    offering = None;
                }
                message = async { match &mut batch { Some(batch) => batch.next().await, None => None } },
                    if batch.is_some() => match message {
                        Some(message) => {
                            self.take(message?).await?;
                            heard = true;
                        }
                        None => {
                            batch = None;
                            let waits = !heard && self.waiting(site_filter(&self.name)).await? > self.open.len();
                            overlooked = if waits { overlooked + 1 } else { 0 };
                            heard = false;
                            if overlooked >= OVERLOOKED {
                                return Err("reports wait that the server does not tell of".into());
                            }
                        }
                    },
                Some(question) = questions.next() => self.answer(question).await?,
                () = async { tokio::time::sleep_until(rest.unwrap_or_else(Instant::now)).await },
                    if rest.is_some() && offering.is_none() => {}
            }
        }
    }

    fn hand_on(
        &self,
        parcel: Parcel,
        slot: Slot,
        settlements: &mpsc::UnboundedSender<(Slot, bool)>,
    ) -> Offering {
        let settlements = settlements.clone();
        let ack = Ack::new(move |committed| {
            // Where the site is served no more, the parcel comes again to whoever serves it.
            let _: Result<(), _> = settlements.send((slot, committed));
        });
        let arrivals = self.shared.arrivals.clone();
        Box::pin(async move {
            // Where the inlet has gone, the arrival is dropped.
            let _: Result<(), _> = arrivals.send(Arrival { parcel, ack }).await;
        })
    }

    async fn settle(&mut self, slot: Slot, committed: bool) -> Result<(), Failure> {
        let settled = self.lane.settle(slot, committed);
        if settled.given_up {
            self.rest = Some(Instant::now() + REST);
        }
        for token in settled.tokens {
            let Some(Open { sensor, .. }) = self.open.get(&token.message) else { continue };
            if let Some(progress) = self.progress.get_mut(&(sensor.clone(), token.number.epoch)) {
                progress.committed = progress.committed.max(token.number.sequence);
            }
            if token.last
                && let Some(Open { acker, sensor, last, .. }) = self.open.remove(&token.message)
            {
                acker.ack().await?;
                self.tell(&sensor, Told::Committed(last)).await?;
            }
        }
        Ok(())
    }

    /// Tells a sensor something. Where it does not hear that, it asks.
    async fn tell(&self, sensor: &str, told: Told) -> Result<(), Failure> {
        let Ok(peer) = Peer::new(&self.name, sensor) else { return Ok(()) };
        Ok(self.shared.client.publish(receipts(&peer), postcard::to_stdvec(&told)?.into()).await?)
    }

    /// How far a sensor's epoch has come.
    async fn progress(&mut self, sensor: &str, epoch: u64) -> Result<Progress, Failure> {
        let key = (sensor.to_owned(), epoch);
        if let Some(progress) = self.progress.get(&key) {
            return Ok(*progress);
        }
        let peer = Peer::new(&self.name, sensor)?;
        let committed = self.shared.receipts.newest(&peer, epoch).await?.unwrap_or(0);
        let progress = Progress { committed, given: committed };
        // What is in the lane is not yet in the receipts.
        if self.progress.len() >= REMEMBERED && self.lane.len() == 0 {
            self.progress.clear();
        }
        self.progress.insert(key, progress);
        Ok(progress)
    }

    /// Answers a sensor that asks what became of its reports.
    async fn answer(&mut self, question: async_nats::Message) -> Result<(), Failure> {
        let (Some(peer), Some(reply)) = (asker(&question.subject), question.reply) else { return Ok(()) };
        let Ok(epoch) = postcard::from_bytes::<u64>(&question.payload) else { return Ok(()) };
        let progress = self.progress(&peer.sensor, epoch).await?;
        let waits = self.waiting(subject(&peer)).await? > 0;
        let standing =
            Standing { committed: Some(progress.committed).filter(|sequence| *sequence > 0), waits };
        Ok(self.shared.client.publish(reply, postcard::to_stdvec(&standing)?.into()).await?)
    }

    async fn take(&mut self, message: Message) -> Result<(), Failure> {
        let info = message.info()?;
        let (sequence, count) = (info.stream_sequence, info.consumer_sequence);
        if count != self.counted + 1 {
            return Err(format!("message {} was lost on the way", self.counted + 1).into());
        }
        self.counted = count;
        let subject = message.subject.to_string();
        let (message, acker) = message.split();
        let Some((heading, parcels)) = unpack(&subject, &message.payload).await else {
            tracing::warn!(%subject, "a message is refused: it cannot be understood, or claims another sensor");
            self.shared.count(|statistics| statistics.refused += 1);
            acker.ack_with(AckKind::Term).await?;
            return Ok(());
        };
        let Some((sensor, last)) = parcels.last().map(|parcel| (parcel.sensor.clone(), parcel.number()))
        else {
            return Ok(());
        };
        let first = parcels.first().map_or(last, Parcel::number);
        let mut fresh = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            if parcel.sequence > self.progress(&sensor, parcel.epoch).await?.committed {
                fresh.push(parcel);
            }
        }
        if fresh.is_empty() {
            acker.ack().await?;
            return self.tell(&sensor, Told::Committed(last)).await;
        }
        let known =
            |open: &&mut Open| open.sequence == sequence && open.sensor == sensor && open.last == last;
        if let Some(open) = self.open.values_mut().find(known) {
            open.acker = acker;
            return Ok(());
        }
        // What had that number before is no more in the stream: to acknowledge it would acknowledge this one.
        self.open.retain(|_, open| open.sequence != sequence);
        // A message has no gaps; one may be before it, where the server lost a message after it had stored it.
        if first != heading.oldest && first.sequence > self.progress(&sensor, first.epoch).await?.given + 1 {
            tracing::warn!(site = %self.name, %sensor, "a message is dropped, for one before it is missing; it comes again");
            acker.ack_with(AckKind::Term).await?;
            return self.tell(&sensor, Told::Missing { round: heading.round }).await;
        }
        self.shared.count(|statistics| {
            statistics.parcels += fresh.len() as u64;
            statistics.body_bytes += fresh.iter().map(|parcel| parcel.body.len() as u64).sum::<u64>();
        });
        let end = fresh.len().saturating_sub(1);
        let message = self.next;
        self.next += 1;
        for (place, parcel) in fresh.into_iter().enumerate() {
            let number = parcel.number();
            if let Some(progress) = self.progress.get_mut(&(sensor.clone(), number.epoch)) {
                progress.given = progress.given.max(number.sequence);
            }
            self.lane.push(parcel, Token { message, number, last: place == end });
        }
        self.open.insert(message, Open { sequence, acker, sensor, last });
        Ok(())
    }
}

/// The parcels in a message, if all are of the sensor that may publish there.
async fn unpack(subject: &str, payload: &[u8]) -> Option<(Heading, Vec<Parcel>)> {
    let peer = publisher(subject)?;
    let ((heading, packed), rest) = postcard::take_from_bytes::<(Heading, Vec<Packed>)>(payload).ok()?;
    let sizes: u64 = packed.iter().map(|packed| packed.size).fold(0, u64::saturating_add);
    if !rest.is_empty() || packed.is_empty() || packed.len() > MOST || sizes > 2 * crate::MAX_BODY as u64 {
        return None;
    }
    let mut parcels: Vec<Parcel> = Vec::with_capacity(packed.len());
    for packed in packed {
        if packed.site != peer.site || packed.sensor != peer.sensor {
            return None;
        }
        parcels.push(packed.unpack().await.ok()?);
    }
    Some((heading, parcels))
}
