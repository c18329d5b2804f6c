//! The core: reports in, one task a site, commits to the store, news to whoever listens.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use medward_identify::Catalog;
use medward_model::DeviceId;
use medward_monitor::{
    Commit, Decision, LiveSite, PlaceRules, Position, Receipt, Report, Said, Store, StoreError,
};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::names::Compiled;
use super::observe::clock;

/// What the core tells while it runs.
#[derive(Clone, Debug)]
pub enum Signal {
    /// A commit was stored: numbers of events up to, how many devices changed.
    Stored { site: String, last_event: u64, devices: usize, events: usize, sensors: bool },
    /// Devices were judged: numbers of events up to, how many there are.
    Judged { last_event: u64, events: usize },
}

/// What may be asked of a site.
enum Job {
    Report {
        receipt: Receipt,
        report: Box<Report>,
        /// Room for it while it waits.
        room: Option<OwnedSemaphorePermit>,
        done: oneshot::Sender<()>,
    },
    Place(Vec<Position>),
    /// Decisions are to be read again.
    Decided(oneshot::Sender<()>),
    /// Commits what there is, and ends.
    Stop(oneshot::Sender<()>),
}

/// Jobs that may wait for one site; beyond, senders wait.
const WAITING: usize = 64;
/// Reports that are taken into one commit.
const TOGETHER: usize = 256;
/// How often a site commits.
const EVERY: Duration = Duration::from_millis(1000);
/// A thorough look is followed by so many times its length without another: it takes at most a fifth of one core.
const REST: u32 = 4;
/// A site that waited longer for a thorough look stands in line for it; one that did not takes a quick look while others
/// look.
const IMPATIENT: Duration = Duration::from_secs(10);
/// Bytes of reports, as they travel, that may wait for all sites; read, they take some ten times as much.
const ROOM: u32 = 24 << 20;
/// When the program ends, a store that is away is tried for so long.
const LAST_TRIES: Duration = Duration::from_secs(10);
/// Between attempts to reach the store.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// Rules and exceptions that people set, for all sites.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Orders {
    pub places: Vec<PlaceRules>,
    pub excused: BTreeSet<DeviceId>,
    pub said: Arc<BTreeMap<DeviceId, Said>>,
}

impl Orders {
    fn give(self, site: &mut LiveSite) {
        site.map(self.places);
        site.excuse(&self.excused);
        site.heed(self.said);
    }
}

/// Takes reports of all sites.
#[derive(Clone)]
pub struct Core {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    names: Arc<Compiled>,
    /// The site whose ids carry no name: the first there was.
    plain: String,
    sites: Mutex<BTreeMap<String, mpsc::Sender<Job>>>,
    signals: broadcast::Sender<Signal>,
    orders: watch::Sender<Orders>,
    /// Thorough looks take much memory for a moment: few at a time.
    looks: Arc<Semaphore>,
    /// Bytes of reports that wait, as they travelled.
    room: Arc<Semaphore>,
}

/// Why a report was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    #[error("the core is ending")]
    Ending,
}

impl Core {
    pub fn new(store: Arc<dyn Store>, catalog: Arc<Catalog>, names: Arc<Compiled>, plain: &str) -> Core {
        let (signals, _) = broadcast::channel(1024);
        let (orders, _) = watch::channel(Orders::default());
        Core {
            inner: Arc::new(Inner {
                store,
                catalog,
                names,
                plain: plain.to_owned(),
                sites: Mutex::default(),
                signals,
                orders,
                looks: Arc::new(Semaphore::new(looks())),
                room: Arc::new(Semaphore::new(ROOM as usize)),
            }),
        }
    }

    /// Hears of every commit from now on.
    pub fn listen(&self) -> broadcast::Receiver<Signal> {
        self.inner.signals.subscribe()
    }

    /// Tells those who listen that devices were judged.
    pub fn judged(&self, last_event: u64, events: usize) {
        // Nobody may be listening.
        let _ = self.inner.signals.send(Signal::Judged { last_event, events });
    }

    /// Sets places and exceptions for all sites.
    pub fn order(&self, orders: Orders) {
        self.inner.orders.send_if_modified(|known| {
            let other = *known != orders;
            *known = orders;
            other
        });
    }

    /// Hands a report over; what is answered resolves when it is stored.
    pub async fn queue(
        &self,
        site: &str,
        receipt: Receipt,
        report: Report,
    ) -> Result<oneshot::Receiver<()>, TakeError> {
        self.queue_with(site, receipt, report, None).await
    }

    /// Waits until there is room for a report of so many bytes.
    pub async fn room(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let wanted = u32::try_from(bytes).unwrap_or(u32::MAX).min(ROOM);
        Arc::clone(&self.inner.room).acquire_many_owned(wanted).await.ok()
    }

    /// As [`Core::queue`], with the room that was taken for the report; it is given back when the site has taken it in.
    pub async fn queue_with(
        &self,
        site: &str,
        receipt: Receipt,
        report: Report,
        room: Option<OwnedSemaphorePermit>,
    ) -> Result<oneshot::Receiver<()>, TakeError> {
        let (done, stored) = oneshot::channel();
        let job = Job::Report { receipt, report: Box::new(report), room, done };
        self.site(site).await.send(job).await.map_err(|_| TakeError::Ending)?;
        Ok(stored)
    }

    /// Hands a report over without waiting until it is stored.
    pub async fn hand_over(&self, site: &str, receipt: Receipt, report: Report) -> Result<(), TakeError> {
        let (done, _) = oneshot::channel();
        let job = Job::Report { receipt, report: Box::new(report), room: None, done };
        self.site(site).await.send(job).await.map_err(|_| TakeError::Ending)
    }

    /// Somebody tells where devices are.
    pub async fn place(&self, site: &str, positions: Vec<Position>) -> Result<(), TakeError> {
        self.site(site).await.send(Job::Place(positions)).await.map_err(|_| TakeError::Ending)
    }

    /// A decision was stored; it holds when this answers.
    pub async fn decided(&self, site: &str) -> Result<(), TakeError> {
        let (done, held) = oneshot::channel();
        self.site(site).await.send(Job::Decided(done)).await.map_err(|_| TakeError::Ending)?;
        held.await.map_err(|_| TakeError::Ending)
    }

    /// Commits everything and ends all sites.
    pub async fn stop(&self) {
        let sites = std::mem::take(&mut *self.inner.sites.lock().await);
        let mut ends = Vec::new();
        for (_, jobs) in sites {
            let (done, ended) = oneshot::channel();
            if jobs.send(Job::Stop(done)).await.is_ok() {
                ends.push(ended);
            }
        }
        for end in ends {
            let _ = end.await;
        }
    }

    async fn site(&self, name: &str) -> mpsc::Sender<Job> {
        let mut sites = self.inner.sites.lock().await;
        if let Some(jobs) = sites.get(name).filter(|jobs| !jobs.is_closed()) {
            return jobs.clone();
        }
        let (jobs, inbox) = mpsc::channel(WAITING);
        sites.insert(name.to_owned(), jobs.clone());
        tokio::spawn(
            Keeper {
                inner: Arc::clone(&self.inner),
                name: name.to_owned(),
                inbox,
                thorough_at: Instant::now(),
                looked_at: None,
            }
            .run(),
        );
        jobs
    }
}

/// Thorough looks at a time.
fn looks() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Keeps one site.
struct Keeper {
    inner: Arc<Inner>,
    name: String,
    inbox: mpsc::Receiver<Job>,
    /// Before then devices are not looked at thoroughly again.
    thorough_at: Instant,
    /// When they last were.
    looked_at: Option<Instant>,
}

impl Keeper {
    async fn run(mut self) {
        let mut orders = self.inner.orders.subscribe();
        let mut site = self.load().await;
        loop {
            let mut done: Vec<oneshot::Sender<()>> = Vec::new();
            let mut ended: Option<oneshot::Sender<()>> = None;
            let mut closed = false;
            let until = Instant::now() + EVERY;
            while done.len() < TOGETHER && ended.is_none() {
                let job = tokio::select! {
                    job = self.inbox.recv() => job,
                    () = tokio::time::sleep_until(until) => break,
                };
                match job {
                    Some(Job::Report { receipt, report, room, done: sender }) => {
                        site.accept(&receipt, *report, clock());
                        drop(room);
                        done.push(sender);
                    }
                    Some(Job::Place(positions)) => positions.into_iter().for_each(|p| site.place(p)),
                    Some(Job::Decided(sender)) => {
                        site.decide(&self.decisions().await);
                        site.renew();
                        done.push(sender);
                        break;
                    }
                    Some(Job::Stop(sender)) => ended = Some(sender),
                    None => {
                        closed = true;
                        break;
                    }
                }
            }
            if orders.has_changed().unwrap_or(false) {
                orders.borrow_and_update().clone().give(&mut site);
            }
            if ended.is_some() {
                site.flush();
            }
            if site.is_due(clock()) || !done.is_empty() || ended.is_some() {
                let stored;
                (site, stored) = self.commit(site, ended.is_some()).await;
                if !stored {
                    // Nobody is told that it was: what was sent is sent again.
                    done.clear();
                }
            }
            for sender in done {
                // Who asked may have gone: it will send again and be told the same.
                let _ = sender.send(());
            }
            if let Some(sender) = ended {
                let _ = sender.send(());
                return;
            }
            if closed {
                return;
            }
        }
    }

    /// The permission to look thoroughly, where it is time for that.
    async fn turn(&self, site: &LiveSite, ending: bool) -> Option<OwnedSemaphorePermit> {
        if !site.is_stale() || !ending && Instant::now() < self.thorough_at {
            return None;
        }
        let looks = Arc::clone(&self.inner.looks);
        if !ending && self.looked_at.is_some_and(|at| at.elapsed() < IMPATIENT) {
            return looks.try_acquire_owned().ok();
        }
        looks.acquire_owned().await.ok()
    }

    /// Makes a commit and stores it, however long the store is away. False where it was given up at the end.
    async fn commit(&mut self, mut site: LiveSite, ending: bool) -> (LiveSite, bool) {
        let turn = self.turn(&site, ending).await;
        let (catalog, names) = (Arc::clone(&self.inner.catalog), Arc::clone(&self.inner.names));
        let made = tokio::task::spawn_blocking(move || {
            let start = Instant::now();
            let thorough = turn.is_some();
            let commit = site.commit(&catalog, &*names, clock(), thorough);
            let took = thorough.then(|| start.elapsed());
            (site, commit, took, turn)
        })
        .await;
        // Others look when this is stored: what a thorough look brings may be large.
        let (site, commit, took, _turn) = match made {
            Ok(made) => made,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        if let Some(took) = took {
            let now = Instant::now();
            (self.looked_at, self.thorough_at) = (Some(now), now + took * REST);
        }
        match self.store(&commit, ending).await {
            Some(last_event) => {
                let _ = self.inner.signals.send(Signal::Stored {
                    site: self.name.clone(),
                    last_event,
                    devices: commit.devices.len() + commit.gone.len(),
                    events: commit.events.len(),
                    sensors: !commit.sensors.is_empty(),
                });
                (site, true)
            }
            None if ending => (site, false),
            // The store knows more than this program: another one wrote to it. Go on from there.
            None => (self.load().await, true),
        }
    }

    /// While the program runs, until it succeeds; when it ends, for a while: who sent a report keeps it until it is told.
    async fn store(&self, commit: &Commit, ending: bool) -> Option<u64> {
        let mut pause = PAUSES[0];
        let began = Instant::now();
        loop {
            match self.inner.store.commit(commit).await {
                Ok(last) => return Some(last),
                Err(error @ StoreError::AlreadyStored { .. }) => {
                    tracing::warn!(site = self.name, "{error}: another core serves this site");
                    return None;
                }
                Err(error) if ending && began.elapsed() > LAST_TRIES => {
                    tracing::error!(
                        site = self.name,
                        "cannot store: {error}; given up, since the program ends"
                    );
                    return None;
                }
                Err(error) => {
                    tracing::warn!(site = self.name, "cannot store: {error}; trying again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(PAUSES[1]);
                }
            }
        }
    }

    async fn load(&self) -> LiveSite {
        let realm = if self.name == self.inner.plain { "" } else { &self.name };
        let mut pause = PAUSES[0];
        loop {
            let mut site = LiveSite::new(&self.name, realm);
            match self.inner.store.load_site(&self.name).await {
                Ok(memory) => match site.restore(memory, &*self.inner.names) {
                    Ok(unknown) => {
                        if unknown > 0 {
                            tracing::warn!(
                                site = self.name,
                                "{unknown} statements of a later version left out"
                            );
                        }
                        // They may have been given long before this site began.
                        self.inner.orders.borrow().clone().give(&mut site);
                        return site;
                    }
                    Err(error) => {
                        tracing::error!(site = self.name, "what was stored cannot be read: {error}")
                    }
                },
                Err(error) => tracing::warn!(site = self.name, "cannot load: {error}; trying again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        }
    }

    async fn decisions(&self) -> Vec<Decision> {
        let mut pause = PAUSES[0];
        loop {
            match self.inner.store.decisions(&self.name).await {
                Ok(all) => {
                    return all
                        .into_iter()
                        .filter(|(_, undone)| undone.is_none())
                        .map(|(record, _)| record.decision)
                        .collect();
                }
                Err(error) => {
                    tracing::warn!(site = self.name, "cannot load decisions: {error}; trying again")
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        }
    }
}
