//! What taps brought, made into reports: one a second, with the sensor's own state.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use medward_capture::{TapCounters, TapState};
use medward_identify::Ledger;
use medward_model::Timestamp;
use medward_monitor::{Position, Report, SensorState};

use super::observe::{Delta, Observer, Settings, clock};
use super::taps::Opened;

/// Takes reports; false where it takes no more. It may wait: capture goes on, and later reports hold more.
pub trait Sink: Send {
    fn take(&mut self, report: Report) -> bool;
    /// What waits behind it: reports, bytes, reports given up.
    fn backlog(&self) -> (u64, u64, u64) {
        (0, 0, 0)
    }
}

/// Deltas that may wait between taps and the reporter, for each tap.
const WAITING: usize = 4;
/// Positions in one report.
const POSITIONS: usize = 10_000;
/// Positions that wait: those of some large networks.
const MOST_POSITIONS: usize = 500_000;

/// Observes taps and reports.
pub struct Reporter {
    name: String,
    settings: Settings,
    observers: Vec<Observer>,
    deltas: Receiver<Delta>,
    interfaces: Vec<String>,
    /// The interface of each tap.
    names: Vec<String>,
    /// Taps and sources.
    inputs: usize,
    listeners: Vec<JoinHandle<()>>,
    /// What switches tell, and what of it waits for the next report.
    positions: Option<Receiver<Vec<Position>>>,
    waiting: VecDeque<Position>,
    stop: Arc<AtomicBool>,
}

impl Reporter {
    /// Starts a thread for each tap and source.
    pub fn start(
        name: &str,
        opened: Opened,
        settings: Settings,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<Reporter> {
        let Opened { taps, sources } = opened;
        let (out, deltas): (SyncSender<Delta>, _) =
            sync_channel(WAITING * (taps.len() + sources.len()).max(1));
        let mut interfaces: Vec<String> = taps.iter().map(|tap| tap.name().to_owned()).collect();
        let names = interfaces.clone();
        interfaces.dedup();
        interfaces.extend(sources.iter().map(|source| source.name.clone()));
        let (count, all) = (taps.len(), taps.len() + sources.len());
        let mut observers = Vec::new();
        for (number, tap) in taps.into_iter().enumerate() {
            let settings = Settings { taps: count, ..settings };
            observers.push(Observer::start(tap, number, settings, out.clone(), Arc::clone(&stop))?);
        }
        let mut listeners = Vec::new();
        for (number, source) in sources.into_iter().enumerate() {
            let (out, stop) = (out.clone(), Arc::clone(&stop));
            listeners.push(source.start(count + number, settings.interval, out, stop)?);
        }
        Ok(Reporter {
            name: name.to_owned(),
            settings,
            observers,
            deltas,
            interfaces,
            names,
            inputs: all,
            listeners,
            positions: None,
            waiting: VecDeque::new(),
            stop,
        })
    }

    /// Reports what is told here of where devices are, too.
    pub fn with_positions(self, positions: Receiver<Vec<Position>>) -> Reporter {
        Reporter { positions: Some(positions), ..self }
    }

    /// Positions for a report. What does not fit waits; of more than that the oldest is told again by itself.
    fn positions(&mut self) -> Vec<Position> {
        if let Some(positions) = &self.positions {
            self.waiting.extend(positions.try_iter().flatten());
        }
        let excess = self.waiting.len().saturating_sub(MOST_POSITIONS);
        self.waiting.drain(..excess);
        self.waiting.drain(..self.waiting.len().min(POSITIONS)).collect()
    }

    /// Reports until all taps have ended or `stop` is set, and once more then. Without taps it reports its state only.
    pub fn run(mut self, sink: &mut dyn Sink) {
        let started = clock();
        let mut last: BTreeMap<usize, Delta> = BTreeMap::new();
        let mut ledger: Option<Ledger> = None;
        let mut ended = 0;
        let mut due = Instant::now() + self.settings.interval;
        let mut before = (Instant::now(), TapCounters::default());
        loop {
            let wait = due.saturating_duration_since(Instant::now()).min(Duration::from_millis(250));
            let closed = match self.deltas.recv_timeout(wait) {
                Ok(mut delta) => {
                    ended += usize::from(delta.ended);
                    let fresh = Ledger::new(&medward_identify::Limits::tap());
                    let came = std::mem::replace(&mut delta.ledger, fresh);
                    match &mut ledger {
                        Some(ledger) => ledger.merge(came),
                        None => ledger = Some(came),
                    }
                    last.insert(delta.tap, delta);
                    false
                }
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            let asked = self.stop.load(Ordering::Relaxed);
            let all_ended = closed || ended == self.inputs;
            // A monitor whose replay is over goes on saying how it is.
            let over = all_ended && (asked || !self.settings.linger && self.inputs > 0);
            if closed {
                std::thread::sleep(wait);
            }
            if Instant::now() < due && !over {
                continue;
            }
            due = Instant::now() + self.settings.interval;
            let ledger = ledger.take().unwrap_or_else(|| Ledger::new(&medward_identify::Limits::tap()));
            let state = self.state(&last, started, &mut before, sink.backlog());
            let taken = sink.take(Report { state, positions: self.positions(), ledger });
            if !taken {
                self.stop.store(true, Ordering::Relaxed);
            }
            if over || !taken {
                break;
            }
        }
        // Those that still wait for room get it.
        drop(self.deltas);
        for observer in self.observers {
            observer.join();
        }
        for listener in self.listeners {
            if let Err(panic) = listener.join() {
                std::panic::resume_unwind(panic);
            }
        }
    }

    fn state(
        &self,
        last: &BTreeMap<usize, Delta>,
        started: Timestamp,
        before: &mut (Instant, TapCounters),
        backlog: (u64, u64, u64),
    ) -> SensorState {
        let mut total = TapCounters::default();
        let mut state = SensorState {
            name: self.name.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            interfaces: self.interfaces.clone(),
            started,
            last_packet: Timestamp::MIN,
            ..SensorState::default()
        };
        for delta in last.values() {
            total += delta.counters;
            // Of an interface with several taps, one that does not run tells.
            if !matches!(delta.state, TapState::Running | TapState::Ended)
                && let Some(name) = self.names.get(delta.tap)
                && let Some(shown) = state.interfaces.iter_mut().find(|shown| *shown == name)
            {
                *shown = format!("{name} ({})", delta.state.name());
            }
            state.last_packet = state.last_packet.max(delta.last_packet);
            for (name, count) in &delta.weirds {
                *state.weirds.entry(name.clone()).or_default() += count;
            }
            for (table, count) in &delta.evictions {
                *state.evictions.entry(table.clone()).or_default() += count;
            }
        }
        let seconds = before.0.elapsed().as_secs_f64().max(0.001);
        state.packets_per_second = total.received.saturating_sub(before.1.received) as f64 / seconds;
        state.bits_per_second = total.bytes.saturating_sub(before.1.bytes) as f64 * 8.0 / seconds;
        *before = (Instant::now(), total);
        (state.packets, state.bytes) = (total.received, total.bytes);
        state.dropped = total.dropped.saturating_add(total.dropped_by_interface);
        (state.spooled, state.spooled_bytes, state.lost_reports) = backlog;
        state.memory = resident();
        state
    }
}

/// Resident memory of this process, in bytes; 0 where the system does not tell.
pub fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()));
    pages.unwrap_or(0).saturating_mul(4096)
}
