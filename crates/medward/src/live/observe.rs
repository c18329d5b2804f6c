//! A tap observed: one thread that dissects what comes, and hands out what it learnt each second.
//!
//! Live capture and replay go this way alike. What cannot be handed out because the receiver is busy is kept and grows by
//! merging, never by waiting: capture is not held up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use medward_capture::{Pull, Tap, TapCounters, TapState};
use medward_dissect::{Engine, Event, Limits};
use medward_identify::Ledger;
use medward_model::Timestamp;
use medward_wire::decode;

/// How taps are observed.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Flows that may be open at once, over all taps.
    pub max_flows: usize,
    /// Bytes that unfinished datagrams, streams and messages may take, over all taps.
    pub max_reassembly: usize,
    /// Taps that share these.
    pub taps: usize,
    /// How often what was learnt is handed out.
    pub interval: Duration,
    /// Frames carry the time of now: silence passes by the clock.
    pub current: bool,
    /// Reports go on after all taps have ended, until the program is asked to end.
    pub linger: bool,
}

/// What a tap brought since it was last asked.
pub struct Delta {
    /// Which of the taps.
    pub tap: usize,
    pub ledger: Ledger,
    pub counters: TapCounters,
    pub state: TapState,
    pub last_packet: Timestamp,
    pub weirds: BTreeMap<String, u64>,
    pub evictions: BTreeMap<String, u64>,
    /// The tap has ended; nothing more will come of it.
    pub ended: bool,
}

/// A thread that observes one tap.
pub struct Observer {
    thread: JoinHandle<()>,
}

impl Observer {
    /// Begins. `stop` ends it within a quarter of a second; it hands out what it has then.
    pub fn start(
        tap: Box<dyn Tap>,
        number: usize,
        settings: Settings,
        out: SyncSender<Delta>,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<Observer> {
        let thread = std::thread::Builder::new().name(format!("tap-{number}")).spawn(move || {
            Observing::new(tap, number, settings, out).run(&stop);
        })?;
        Ok(Observer { thread })
    }

    /// Waits for its end.
    pub fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

struct Observing {
    tap: Box<dyn Tap>,
    number: usize,
    settings: Settings,
    out: SyncSender<Delta>,
    engine: Engine,
    ledger: Ledger,
    /// Time of the last checkpoint, and of the latest packet or the clock.
    since: Timestamp,
    now: Timestamp,
    last_packet: Timestamp,
    last_number: u64,
    hour: Option<i64>,
    cut: Instant,
}

/// How long a pull may wait for frames.
const WAIT: Duration = Duration::from_millis(200);

impl Observing {
    fn new(tap: Box<dyn Tap>, number: usize, settings: Settings, out: SyncSender<Delta>) -> Observing {
        let limits = Limits::shared(settings.max_flows, settings.max_reassembly, settings.taps.max(1));
        Observing {
            tap,
            number,
            settings,
            out,
            engine: Engine::new(limits),
            ledger: Ledger::new(&medward_identify::Limits::tap()),
            since: Timestamp::MIN,
            now: Timestamp::MIN,
            last_packet: Timestamp::MIN,
            last_number: 0,
            hour: None,
            cut: Instant::now(),
        }
    }

    fn run(mut self, stop: &AtomicBool) {
        while !stop.load(Ordering::Relaxed) {
            match self.tap.pull(WAIT) {
                Ok(Pull::Batch(batch)) => {
                    for frame in batch.frames() {
                        // What is reported together lies within one hour, so that sums by the hour are right.
                        let hour = frame.time.as_seconds().div_euclid(3600);
                        if self.hour.is_some_and(|before| before < hour) {
                            self.checkpoint();
                            self.hand_out(false, !self.settings.current);
                        }
                        self.hour = Some(self.hour.map_or(hour, |before| before.max(hour)));
                        self.engine.packet(frame.number, frame.time, &decode(&frame));
                        self.now = self.now.max(frame.time);
                        self.last_packet = self.last_packet.max(frame.time);
                        self.last_number = frame.number;
                    }
                    self.collect();
                }
                Ok(Pull::Idle) => {
                    if self.settings.current {
                        self.now = self.now.max(clock());
                    }
                }
                Ok(Pull::End) => break,
                Err(error) => {
                    tracing::warn!(tap = self.tap.name(), "{error}");
                    if error.is_final() {
                        break;
                    }
                }
            }
            if self.cut.elapsed() >= self.settings.interval {
                self.checkpoint();
                self.hand_out(false, !self.settings.current);
            }
        }
        self.engine.finish(self.now, self.last_number);
        self.collect();
        self.hand_out(true, true);
    }

    fn checkpoint(&mut self) {
        self.engine.checkpoint(self.since, self.now, self.last_number);
        self.since = self.now;
        self.collect();
    }

    /// Moves what the engine reported into the ledger.
    fn collect(&mut self) {
        for event in self.engine.events() {
            match event {
                Event::Evidence(evidence) => self.ledger.evidence(evidence),
                Event::Link(link) => self.ledger.link(link),
                Event::Activity(activity) => self.ledger.activity(&activity),
                Event::Asked(_) => {}
            }
        }
        for record in self.engine.records() {
            self.ledger.flow(record);
        }
    }

    /// Hands out what there is. With `must` it waits for room.
    fn hand_out(&mut self, ended: bool, must: bool) {
        self.cut = Instant::now();
        let mut evictions: BTreeMap<String, u64> =
            self.engine.evictions().into_iter().map(|(table, count)| (table.to_owned(), count)).collect();
        for (table, count) in self.ledger.evictions() {
            *evictions.entry(table.to_owned()).or_default() += count;
        }
        let delta = Delta {
            tap: self.number,
            ledger: self.ledger.take(),
            counters: self.tap.counters(),
            state: if ended { TapState::Ended } else { self.tap.state() },
            last_packet: self.last_packet,
            weirds: self.engine.weirds().iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            evictions,
            ended,
        };
        if must {
            // The receiver is gone only when all ends.
            let _ = self.out.send(delta);
            return;
        }
        if let Err(TrySendError::Full(delta)) = self.out.try_send(delta) {
            self.ledger = delta.ledger;
        }
    }
}

/// The time of day.
pub fn clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
