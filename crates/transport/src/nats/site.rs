//! Takes the reports of one site in the order in which they were published.
//!
//! JetStream gives a message that was not acknowledged again, but not in its place. So the order is kept here: the consumer
//! is made anew at the beginning and after every fault, for then the server begins with the oldest message that is not
//! acknowledged; a gap in the consumer's own count is such a fault. What was given out already is known by its sequence in
//! the stream and by what is in it, and only its way of being acknowledged is replaced: a server that was killed while its
//! stream was empty may count from an earlier number again, and what has a known number then is something new.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::pull::{Batch, Config};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::message::{Acker, Message};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::connect::{LEAST_PAYLOAD, publisher, site_filter, site_key};
use super::inlet::Shared;
use crate::lane::{Lane, Slot};
use crate::packed::Packed;
use crate::{Ack, Arrival, Parcel};

/// How long a parcel rests after it was given up, before it is offered again.
const REST: Duration = Duration::from_millis(100);

/// Wait after a fault.
const PAUSE: Duration = Duration::from_millis(500);

/// How long one request for messages stays open.
const REQUEST: Duration = Duration::from_secs(5);

/// Sensors' epochs whose newest parcel is remembered; without it a parcel may come twice, which its receipt tells.
const REMEMBERED: usize = 4096;

/// Most parcels in a message.
const MOST: usize = 1024;

type Offering = Pin<Box<dyn Future<Output = ()> + Send>>;
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Our own number of a message, and whether this is its last parcel.
#[derive(Clone, Copy)]
struct Token {
    message: u64,
    last: bool,
}

pub struct Site {
    name: String,
    shared: Arc<Shared>,
    lane: Lane<Token>,
    /// How to acknowledge the messages of which parcels are in the lane, by our own number, with the stream's.
    open: BTreeMap<u64, (u64, Acker)>,
    /// Our own number of the next message.
    next: u64,
    /// The newest message of which parcels came into the lane.
    highest: u64,
    /// The newest parcel of each sensor and epoch that came into the lane.
    given: BTreeMap<(String, u64), u64>,
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
            highest: 0,
            given: BTreeMap::new(),
            counted: 0,
            born: None,
            rest: None,
        }
    }

    /// Until it is cancelled.
    pub async fn run(mut self) {
        let (settlements, mut settled) = mpsc::unbounded_channel();
        loop {
            let error = match self.consumer().await {
                Ok(consumer) => self.serve(&consumer, &settlements, &mut settled).await.err(),
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
            self.highest = 0;
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
        Ok(self.shared.stream.create_consumer(config).await?)
    }

    async fn serve(
        &mut self,
        consumer: &Consumer<Config>,
        settlements: &mpsc::UnboundedSender<(Slot, bool)>,
        settled: &mut mpsc::UnboundedReceiver<(Slot, bool)>,
    ) -> Result<(), Failure> {
        let mut batch: Option<Batch> = None;
        let mut offering: Option<Offering> = None;
        loop {
            if offering.is_none() && self.rest.is_none_or(|rest| rest <= Instant::now()) {
                self.rest = None;
                offering = self.lane.offer().map(|(parcel, slot)| self.hand_on(parcel, slot, settlements));
            }
            let room = self.shared.settings.window.saturating_sub(self.open.len());
            if batch.is_none() && room > 0 && self.lane.bytes() < self.shared.settings.window_bytes {
                let request =
                    consumer.batch().max_messages(room).max_bytes(2 * LEAST_PAYLOAD).expires(REQUEST);
                batch = Some(request.heartbeat(REQUEST / 4).messages().await?);
            }
            let rest = self.rest;
            tokio::select! {
                Some((slot, committed)) = settled.recv() => self.settle(slot, committed).await?,
                () = async { if let Some(offering) = &mut offering { offering.await } }, if offering.is_some() => {
                    offering = None;
                }
                message = async { match &mut batch { Some(batch) => batch.next().await, None => None } },
                    if batch.is_some() => match message {
                        Some(message) => self.take(message?).await?,
                        None => batch = None,
                    },
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
        for token in settled.tokens.into_iter().filter(|token| token.last) {
            if let Some((_, acker)) = self.open.remove(&token.message) {
                acker.ack().await?;
            }
        }
        Ok(())
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
        let Some(parcels) = unpack(&subject, &message.payload).await else {
            tracing::warn!(%subject, "a message is refused: it cannot be understood, or claims another sensor");
            self.shared.count(|statistics| statistics.refused += 1);
            acker.ack_with(AckKind::Term).await?;
            return Ok(());
        };
        if sequence <= self.highest && parcels.iter().all(|parcel| self.is_given(parcel)) {
            match self.open.values_mut().find(|(open, _)| *open == sequence) {
                Some((_, open)) => *open = acker,
                // It is committed; the acknowledgement did not arrive.
                None => acker.ack().await?,
            }
            return Ok(());
        }
        // What had that number before is no more in the stream: to acknowledge it would acknowledge this one.
        self.open.retain(|_, (open, _)| *open != sequence);
        self.highest = self.highest.max(sequence);
        self.shared.count(|statistics| {
            statistics.parcels += parcels.len() as u64;
            statistics.body_bytes += parcels.iter().map(|parcel| parcel.body.len() as u64).sum::<u64>();
        });
        let last = parcels.len().saturating_sub(1);
        let number = self.next;
        self.next += 1;
        if self.given.len() >= REMEMBERED {
            self.given.clear();
        }
        for (place, parcel) in parcels.into_iter().enumerate() {
            let given = self.given.entry((parcel.sensor.clone(), parcel.epoch)).or_default();
            *given = (*given).max(parcel.sequence);
            self.lane.push(parcel, Token { message: number, last: place == last });
        }
        self.open.insert(number, (sequence, acker));
        Ok(())
    }

    fn is_given(&self, parcel: &Parcel) -> bool {
        self.given
            .get(&(parcel.sensor.clone(), parcel.epoch))
            .is_some_and(|sequence| *sequence >= parcel.sequence)
    }
}

/// The parcels in a message, if all are of the sensor that may publish there.
async fn unpack(subject: &str, payload: &[u8]) -> Option<Vec<Parcel>> {
    let peer = publisher(subject)?;
    let (packed, rest) = postcard::take_from_bytes::<Vec<Packed>>(payload).ok()?;
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
    Some(parcels)
}
