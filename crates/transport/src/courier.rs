//! The task that carries parcels from the spool to the core.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{Handover, Outlet, OutletError, Parcel, Spool, SpoolError};

/// How parcels are carried.
#[derive(Clone, Copy, Debug)]
pub struct CourierSettings {
    /// Parcels that may be under way at once.
    pub window: usize,
    /// Bytes of their bodies, at most, beyond the first.
    pub window_bytes: usize,
    /// Wait after the first failure; it doubles with each further one.
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

impl Default for CourierSettings {
    fn default() -> Self {
        Self {
            window: 256,
            window_bytes: 32 << 20,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
        }
    }
}

/// What the courier and its spool say of themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CourierStatistics {
    /// Parcels that wait or are under way.
    pub spooled: u64,
    /// Bytes of the spool on disk.
    pub spooled_bytes: u64,
    /// Parcels that had to be given up, since the spool was made.
    pub lost_reports: u64,
    /// Parcels that the core has acknowledged, since the courier started.
    pub delivered: u64,
    /// Failures since the last success.
    pub failures: u32,
    /// What last went wrong, in words; empty when all is well.
    pub last_error: String,
}

/// Carries parcels from a spool through an outlet until it is stopped or dropped. A parcel leaves the spool after its
/// acknowledgement. After a failure it waits (longer each time, and by chance a little less) and starts again from the
/// oldest parcel that was not acknowledged.
pub struct Courier {
    spool: Spool,
    state: Arc<Mutex<State>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    delivered: u64,
    failures: u32,
    last_error: String,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Outlet(#[from] OutletError),
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl Courier {
    /// Starts the task; needs a tokio runtime.
    pub fn start(spool: Spool, outlet: Box<dyn Outlet>, settings: CourierSettings) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let (stop, stopped) = watch::channel(false);
        let round = Round {
            spool: spool.clone(),
            outlet,
            settings,
            state: Arc::clone(&state),
            window: VecDeque::new(),
            sent: 0,
            more: true,
            rewound: false,
            taking: None,
        };
        let task = tokio::spawn(round.run(stopped));
        Self { spool, state, stop, task }
    }

    pub fn statistics(&self) -> CourierStatistics {
        let spool = self.spool.statistics();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        CourierStatistics {
            spooled: spool.spooled,
            spooled_bytes: spool.bytes,
            lost_reports: spool.lost_reports,
            delivered: state.delivered,
            failures: state.failures,
            last_error: state.last_error.clone(),
        }
    }

    /// Stops. What is under way stays in the spool and is sent again next time.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // Cancelled or panicked, it has stopped.
        let _: Result<(), _> = (&mut self.task).await;
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.task.abort();
    }
}

/// The task's own state.
struct Round {
    spool: Spool,
    outlet: Box<dyn Outlet>,
    settings: CourierSettings,
    state: Arc<Mutex<State>>,
    /// Parcels that were taken and not acknowledged, in order.
    window: VecDeque<(Parcel, Option<Handover>)>,
    /// So many at the front were handed over.
    sent: usize,
    /// The spool may have more.
    more: bool,
    /// The spool begins with the oldest parcel that is not done.
    rewound: bool,
    /// Parcels are being taken from the spool; awaited to the end even where the courier is stopped meanwhile.
    taking: Option<tokio::task::JoinHandle<Result<Vec<Parcel>, SpoolError>>>,
}

impl Round {
    async fn run(mut self, stopped: watch::Receiver<bool>) {
        self.rounds(stopped).await;
        // What is being taken from the spool is taken by this courier, not behind the back of the next one.
        if let Some(taking) = self.taking.take() {
            let _: Result<_, _> = taking.await;
        }
    }

    async fn rounds(&mut self, mut stopped: watch::Receiver<bool>) {
        loop {
            let outcome = tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                outcome = self.step() => outcome,
            };
            let Err(fault) = outcome else { continue };
            let wait = self.note(&fault);
            self.sent = 0;
            for (_, handover) in &mut self.window {
                *handover = None;
            }
            tokio::select! {
                _ = stopped.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does the next thing that can be done. Nothing is lost where it is cancelled.
    async fn step(&mut self) -> Result<(), Fault> {
        if !self.rewound {
            self.spool.rewind()?;
            self.rewound = true;
        }
        if self.more && self.room() > 0 && self.sent == self.window.len() {
            return self.fill().await;
        }
        let unsent = self.window.get(self.sent).map(|(parcel, _)| parcel.clone());
        let room = self.room() > 0;
        let first = match self.window.front_mut() {
            Some((_, Some(handover))) => Some(handover),
            _ => None,
        };
        let under_way = first.is_some();
        let sending = unsent.is_some();
        tokio::select! {
            biased;
            delivered = async { match first { Some(handover) => handover.await, None => std::future::pending().await } },
                if under_way =>
            {
                delivered?;
                self.delivered()
            }
            handover = async { match unsent {
                Some(parcel) => self.outlet.send(parcel).await,
                None => std::future::pending().await,
            } }, if sending => {
                let handover = handover?;
                if let Some((_, place)) = self.window.get_mut(self.sent) {
                    *place = Some(handover);
                    self.sent += 1;
                }
                Ok(())
            }
            () = self.spool.arrived(), if room && !sending => {
                self.more = true;
                Ok(())
            }
        }
    }

    fn room(&self) -> usize {
        let bytes: usize = self.window.iter().map(|(parcel, _)| parcel.body.len()).sum();
        if bytes >= self.settings.window_bytes { 0 } else { self.settings.window.max(1) - self.window.len() }
    }

    async fn fill(&mut self) -> Result<(), Fault> {
        let (room, spool, bytes) = (self.room(), self.spool.clone(), self.settings.window_bytes);
        let take = move || spool.take(room, bytes);
        let taking = self.taking.get_or_insert_with(|| tokio::task::spawn_blocking(take));
        let taken = taking.await;
        self.taking = None;
        let Ok(taken) = taken else { return Ok(()) };
        let taken = taken?;
        self.more = !taken.is_empty();
        self.window.extend(taken.into_iter().map(|parcel| (parcel, None)));
        Ok(())
    }

    fn delivered(&mut self) -> Result<(), Fault> {
        if let Some((parcel, _)) = self.window.pop_front() {
            self.sent = self.sent.saturating_sub(1);
            self.spool.done(parcel.number())?;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.delivered += 1;
            state.failures = 0;
            state.last_error.clear();
        }
        Ok(())
    }

    /// Notes a failure, and tells how long to wait.
    fn note(&self, fault: &Fault) -> Duration {
        let text = fault.to_string();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last_error != text {
            tracing::warn!(error = %text, "reports wait in the spool");
        }
        state.last_error = text;
        state.failures = state.failures.saturating_add(1);
        let doubled = self.settings.first_wait.saturating_mul(1 << (state.failures - 1).min(16));
        let wait = doubled.min(self.settings.longest_wait);
        // Without chance all sensors would come back at the same moment.
        let chance = getrandom::u32().map_or(0.5, |chance| f64::from(chance) / f64::from(u32::MAX));
        wait.mul_f64(0.5 + chance / 2.0)
    }
}
