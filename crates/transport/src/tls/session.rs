//! One connection of a sensor, on the core's side.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_rustls::server::TlsStream;

use super::frame::{self, FrameError, Pace};
use super::listener::{Ending, Reception, Shared};
use super::protocol::{Downward, LEAST_VERSION, MAX_FRAME, MAX_SMALL_FRAME, MOST_VERSION, Upward};
use super::statistics::Refusal;
use crate::compress::BodyError;
use crate::lane::{Lane, Slot};
use crate::packed::Packed;
use crate::{Ack, Arrival, Certified, Number, Parcel};

/// The other side has to take a frame of ours within this.
const WRITING: Duration = Duration::from_secs(30);

/// How long a parcel rests after it was given up, before it is offered again.
const REST: Duration = Duration::from_millis(100);

type Stream = TlsStream<TcpStream>;
type Offering = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Serves a sensor until either side ends it.
pub async fn serve<R: Reception>(stream: Stream, shared: &Shared<R>) -> Result<(), Ending> {
    let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first).cloned();
    let (read, mut write) = tokio::io::split(stream);
    let outcome = match certificate.map(|certificate| Certified::read(&certificate)) {
        Some(Ok(certified)) => {
            let (lane, last, rest) = (Lane::new(), None, None);
            Session { shared, certified, write: &mut write, lane, last, rest }.run(read).await
        }
        _ => Err(Ending::Refused(Refusal::Nameless)),
    };
    if let Err(Ending::Refused(refusal)) = outcome {
        // The last word is a courtesy; who does not take it is closed on all the same.
        let words = Downward::Refused { words: refusal.words().into() };
        let _: Result<(), FrameError> = frame::write(&mut write, &words, Duration::from_secs(2)).await;
    }
    let _: Result<_, _> = timeout(Duration::from_secs(2), write.shutdown()).await;
    outcome
}

struct Session<'a, R> {
    shared: &'a Shared<R>,
    certified: Certified,
    write: &'a mut WriteHalf<Stream>,
    lane: Lane<Number>,
    /// The last parcel that came.
    last: Option<Number>,
    /// Nothing is offered before this.
    rest: Option<Instant>,
}

impl<R: Reception> Session<'_, R> {
    async fn run(&mut self, mut read: ReadHalf<Stream>) -> Result<(), Ending> {
        self.check()?;
        let settings = &self.shared.settings;
        let greeting = Pace { silence: settings.handshake, frame: settings.handshake };
        let hello = frame::read(&mut read, MAX_SMALL_FRAME, greeting).await?;
        let Upward::Hello { least, most } = frame::decode(&hello)? else {
            return Err(Ending::Refused(Refusal::Malformed));
        };
        let version = most.min(MOST_VERSION);
        if version < least.max(LEAST_VERSION) {
            return Err(Ending::Refused(Refusal::Version));
        }
        self.say(&Downward::Welcome { version, window: settings.window }).await?;
        let mut place = self.shared.gate.seat(&self.certified.peer);
        let mut reader = JoinSet::new();
        let (sender, mut frames) = mpsc::channel(1);
        reader.spawn(read_frames(read, sender, self.shared.pace()));
        let (settlements, mut settled) = mpsc::unbounded_channel();
        let mut offering: Option<Offering> = None;
        let mut alive = tokio::time::interval(settings.alive);
        alive.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if offering.is_none() && self.rest.is_none_or(|rest| rest <= Instant::now()) {
                self.rest = None;
                offering = self.lane.offer().map(|(parcel, slot)| self.hand_on(parcel, slot, &settlements));
            }
            let room =
                self.lane.len() < settings.window as usize && self.lane.bytes() < settings.window_bytes;
            let rest = self.rest;
            tokio::select! {
                Some(first) = settled.recv() => {
                    let more = std::iter::from_fn(|| settled.try_recv().ok());
                    self.settle(std::iter::once(first).chain(more).collect()).await?;
                }
                () = async { if let Some(offering) = &mut offering { offering.await } }, if offering.is_some() => {
                    offering = None;
                }
                frame = frames.recv(), if room => {
                    let frame = frame.unwrap_or(Err(FrameError::Closed))?;
                    self.take(&frame).await?;
                }
                _ = alive.tick() => self.say(&Downward::Alive).await?,
                () = place.is_taken() => return Ok(()),
                () = async { tokio::time::sleep_until(rest.unwrap_or_else(Instant::now)).await },
                    if rest.is_some() && offering.is_none() => {}
            }
        }
    }

    /// Whether the certificate still counts.
    fn check(&self) -> Result<(), Ending> {
        if self.shared.authority.register().is_revoked(&self.certified.serial) {
            return Err(Ending::Refused(Refusal::Revoked));
        }
        if self.certified.until < SystemTime::now() {
            return Err(Ending::Refused(Refusal::Expired));
        }
        Ok(())
    }

    async fn say(&mut self, message: &Downward) -> Result<(), Ending> {
        Ok(frame::write(self.write, message, WRITING).await?)
    }

    /// Gives a parcel to the core.
    fn hand_on(
        &self,
        parcel: Parcel,
        slot: Slot,
        settlements: &mpsc::UnboundedSender<(Slot, bool)>,
    ) -> Offering {
        let settlements = settlements.clone();
        let ack = Ack::new(move |committed| {
            // After the connection has ended nobody listens; the parcel comes again over the next one.
            let _: Result<(), _> = settlements.send((slot, committed));
        });
        let reception = Arc::clone(&self.shared.reception);
        Box::pin(async move { reception.arrived(Arrival { parcel, ack }).await })
    }

    /// Takes what the core says of parcels, and acknowledges up to the last that is committed.
    async fn settle(&mut self, settlements: Vec<(Slot, bool)>) -> Result<(), Ending> {
        let mut up_to = None;
        for (slot, committed) in settlements {
            let settled = self.lane.settle(slot, committed);
            up_to = settled.tokens.last().copied().or(up_to);
            if settled.given_up {
                self.rest = Some(Instant::now() + REST);
            }
        }
        match up_to {
            Some(number) => self.say(&Downward::Ack(number)).await,
            None => Ok(()),
        }
    }

    async fn take(&mut self, frame: &[u8]) -> Result<(), Ending> {
        self.check()?;
        match frame::decode(frame)? {
            Upward::Parcel(packed) => self.take_parcel(packed).await,
            Upward::Ping => Ok(()),
            Upward::Renew { request } => self.renew(request.to_vec()).await,
            Upward::Hello { .. } => Err(Ending::Refused(Refusal::Malformed)),
        }
    }

    async fn take_parcel(&mut self, packed: Packed) -> Result<(), Ending> {
        let peer = &self.certified.peer;
        if packed.site != peer.site || packed.sensor != peer.sensor {
            return Err(Ending::Refused(Refusal::Impostor));
        }
        let number = packed.number;
        if self.last.is_some_and(|last| last.epoch == number.epoch && last.sequence >= number.sequence) {
            return Err(Ending::Refused(Refusal::Disordered));
        }
        self.last = Some(number);
        let bytes = packed.packed.len() as u64;
        let parcel = packed.unpack().await.map_err(|error| match error {
            BodyError::Bomb { .. } => Ending::Refused(Refusal::Bomb),
            _ => Ending::Refused(Refusal::Malformed),
        })?;
        self.shared.counts.add(|counts| {
            counts.parcels += 1;
            counts.bytes += bytes;
            counts.body_bytes += parcel.body.len() as u64;
        });
        self.lane.push(parcel, number);
        Ok(())
    }

    /// Issues a new certificate to the sensor for a new key.
    async fn renew(&mut self, request: Vec<u8>) -> Result<(), Ending> {
        let (authority, peer) = (Arc::clone(&self.shared.authority), self.certified.peer.clone());
        let issuing = move || authority.issue(&request, &peer, SystemTime::now());
        match tokio::task::spawn_blocking(issuing).await {
            Ok(Ok(certificate)) => {
                self.shared.counts.add(|counts| counts.renewed += 1);
                self.say(&Downward::Renewed { certificate: certificate.into() }).await
            }
            Ok(Err(crate::AuthorityError::Request(_))) => Err(Ending::Refused(Refusal::Malformed)),
            Ok(Err(error)) => {
                // Ours to mend; the sensor asks again.
                tracing::error!(%error, sensor = %self.certified.peer, "a certificate was not renewed");
                Ok(())
            }
            Err(_) => Ok(()),
        }
    }
}

/// Reads frames until the connection ends.
async fn read_frames(
    mut read: ReadHalf<Stream>,
    frames: mpsc::Sender<Result<Vec<u8>, FrameError>>,
    pace: Pace,
) {
    loop {
        let frame = frame::read(&mut read, MAX_FRAME, pace).await;
        let ended = frame.is_err();
        if frames.send(frame).await.is_err() || ended {
            return;
        }
    }
}
