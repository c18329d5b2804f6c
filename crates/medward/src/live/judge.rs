//! Devices are judged in the background: those that changed, and all when the knowledge is another or the day is.
//!
//! The store tells which devices were not judged with the knowledge that is loaded, so that nothing must be remembered
//! here: commits never wait, memory is bounded by a batch, and after a restart it goes on where it ended. Knowledge is
//! held only while there is something to judge, and its database is open only while it is read, so that
//! `medward knowledge import` runs beside.

use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medward_fetch::{LoadError, Store as Archive, StoreError as ArchiveError};
use medward_identify::Catalog;
use medward_knowledge::{Base, Subject};
use medward_model::{Day, Finding, Timestamp};
use medward_monitor::{JudgedBy, JudgedDevice, JudgedWith, Store, StoreError, Unjudged};
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::core::{Core, Signal};
use super::observe::clock;
use crate::judging::{compile, judge_all};

/// How often it is looked whether knowledge or day are others.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What changes together is judged together.
const GATHER: Duration = Duration::from_millis(500);
/// Devices that are judged at a time.
const BATCH: u32 = 500;
/// With more devices than this to judge, all knowledge is loaded once instead of what each batch needs.
const MANY: u64 = 2_000;
/// While judging goes on for long, what was found so far is told this often.
const TELL_EVERY: Duration = Duration::from_secs(300);

/// Why a batch was not judged.
#[derive(Debug, thiserror::Error)]
enum JudgeError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the judging was given up")]
    GivenUp,
}

/// Knowledge on disk, as it was last seen.
pub struct Knowledge {
    directory: PathBuf,
    catalog: Arc<Catalog>,
    /// Time and length of the file when its state was read, and the day.
    read: Option<(SystemTime, u64, Day)>,
    /// 0 while there is none.
    stamp: i64,
    /// What was last complained of.
    complaint: String,
}

impl Knowledge {
    pub fn new(directory: PathBuf, catalog: Arc<Catalog>) -> Knowledge {
        Knowledge { directory, catalog, read: None, stamp: 0, complaint: String::new() }
    }

    fn file(&self) -> Option<(SystemTime, u64)> {
        let found = std::fs::metadata(self.directory.join("knowledge.redb")).ok()?;
        Some((found.modified().ok()?, found.len()))
    }

    /// Reads the state where the file or the day is another; answers what feeds there are where they are others.
    fn look(&mut self, now: Timestamp) -> Option<serde_json::Value> {
        let (modified, length) = self.file()?;
        let seen = (modified, length, Day::of(now));
        if self.read == Some(seen) {
            return None;
        }
        match Archive::open_readonly(&self.directory).and_then(|archive| archive.states()) {
            Ok(states) => {
                self.complaint.clear();
                self.read = Some(seen);
                let feeds = serde_json::to_value(&states).unwrap_or_default();
                let stamp = self.stamp_of(&feeds, seen.2);
                if stamp == self.stamp {
                    return None;
                }
                self.stamp = stamp;
                let feeds: serde_json::Map<String, serde_json::Value> = states
                    .iter()
                    .map(|(name, state)| {
                        let as_of = state.as_of.or(state.loaded);
                        (name.clone(), serde_json::json!({ "records": state.records, "as_of": as_of }))
                    })
                    .collect();
                Some(serde_json::json!({ "stamp": stamp, "feeds": feeds, "since": now }))
            }
            // Somebody imports: it is looked at again soon.
            Err(ArchiveError::Busy(_)) => None,
            Err(error) => {
                let complaint = error.to_string();
                if complaint != self.complaint {
                    tracing::warn!("{complaint}");
                    self.complaint = complaint;
                }
                None
            }
        }
    }

    /// Names all that a judgement rests on besides the device.
    fn stamp_of(&self, feeds: &serde_json::Value, day: Day) -> i64 {
        // The seeds are fixed: the number is stored.
        let mut hasher = std::hash::DefaultHasher::new();
        feeds.to_string().hash(&mut hasher);
        env!("CARGO_PKG_VERSION").hash(&mut hasher);
        self.catalog.digest().hash(&mut hasher);
        day.to_string().hash(&mut hasher);
        // 0 stands for "never judged".
        i64::from_ne_bytes(hasher.finish().to_ne_bytes()) | 1
    }
}

/// Judges devices until it is dropped.
pub struct Judge {
    store: Arc<dyn Store>,
    core: Core,
    knowledge: Option<Knowledge>,
    told: Instant,
}

impl Judge {
    pub fn new(store: Arc<dyn Store>, core: Core, knowledge: Option<Knowledge>) -> Judge {
        Judge { store, core, knowledge, told: Instant::now() }
    }

    pub async fn run(mut self) {
        let mut signals = self.core.listen();
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = look.tick() => {}
                signal = signals.recv() => match signal {
                    Ok(Signal::Stored { devices: 0, .. } | Signal::Judged { .. }) => continue,
                    // Which devices changed, the store tells.
                    Ok(Signal::Stored { .. }) | Err(broadcast::error::RecvError::Lagged(_)) => {
                        tokio::time::sleep(GATHER).await;
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                },
            }
            if let Err(error) = self.round().await {
                tracing::warn!("devices were not judged: {error}; trying again");
            }
        }
    }

    /// Judges what is to be judged, and tells what is new.
    async fn round(&mut self) -> Result<(), JudgeError> {
        if let Some(mut knowledge) = self.knowledge.take() {
            let looked = tokio::task::spawn_blocking(move || {
                let news = knowledge.look(clock());
                (knowledge, news)
            });
            let (knowledge, news) = looked.await.map_err(|_| JudgeError::GivenUp)?;
            let (stamp, directory) = (knowledge.stamp, knowledge.directory.clone());
            let catalog = Arc::clone(&knowledge.catalog);
            self.knowledge = Some(knowledge);
            if let Some(news) = news {
                tracing::info!("knowledge in {} is judged with", directory.display());
                self.store.put_document("core", "knowledge", &news, None, None, clock()).await?;
            }
            if stamp != 0 {
                self.judge_all(stamp, directory, catalog).await?;
            }
        }
        self.tell().await
    }

    async fn judge_all(
        &mut self,
        stamp: i64,
        directory: PathBuf,
        catalog: Arc<Catalog>,
    ) -> Result<(), JudgeError> {
        let mut devices = self.store.unjudged(stamp, BATCH).await?;
        if devices.is_empty() {
            return Ok(());
        }
        let many = self.store.count_unjudged(stamp).await? > MANY;
        // What is needed of it for each batch, or all of it for all of them.
        let mut held: Option<Base> = None;
        while !devices.is_empty() {
            let (directory, catalog) = (directory.clone(), Arc::clone(&catalog));
            let batch = tokio::task::spawn_blocking(move || {
                judge_batch(devices, stamp, held, many, &directory, &catalog)
            });
            let (judged, base) = batch.await.map_err(|_| JudgeError::GivenUp)??;
            held = base;
            self.store.put_findings(&judged).await?;
            self.core.judged(0, 0);
            if self.told.elapsed() > TELL_EVERY {
                self.tell().await?;
            }
            devices = self.store.unjudged(stamp, BATCH).await?;
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<(), JudgeError> {
        self.told = Instant::now();
        let (last, events) = self.store.tell_findings(clock()).await?;
        if events > 0 {
            self.core.judged(last, events);
        }
        Ok(())
    }
}

/// Judges some devices; hands back the knowledge where all of it was loaded.
fn judge_batch(
    devices: Vec<Unjudged>,
    stamp: i64,
    held: Option<Base>,
    many: bool,
    directory: &std::path::Path,
    catalog: &Arc<Catalog>,
) -> Result<(Vec<JudgedDevice>, Option<Base>), LoadError> {
    let now = clock();
    let mut subjects: Vec<Subject> =
        devices.iter().filter_map(|device| Subject::of_document(&device.document)).collect();
    let (base, whole) = match held {
        Some(base) => (base, true),
        None => {
            let archive = Archive::open_readonly(directory)?;
            let needed = if many { None } else { archive.load_for(catalog, &subjects)? };
            match needed {
                Some(base) => (base, false),
                None => (compile(&archive, catalog, &mut |_| {})?, true),
            }
        }
    };
    for subject in &mut subjects {
        base.complete(subject);
    }
    // The wire is watched by this machine, too.
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().div_ceil(2));
    let outcomes = judge_all(&base, &subjects, Day::of(now), threads);
    let mut found: std::collections::BTreeMap<_, Vec<Finding>> = subjects
        .into_iter()
        .zip(outcomes)
        .filter_map(|(subject, outcome)| Some((subject.id?, outcome.findings)))
        .collect();
    let judged = devices
        .into_iter()
        .map(|device| JudgedDevice {
            by: JudgedBy::Knowledge,
            findings: found.remove(&device.device).unwrap_or_default(),
            at: now,
            with: Some(JudgedWith { stamp, version: device.version }),
            device: device.device,
        })
        .collect();
    Ok((judged, whole.then_some(base)))
}
