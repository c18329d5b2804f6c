//! The sensor's memory on disk: parcels wait here until the core has acknowledged them.
//!
//! A folder of segment files that are only appended to, a `mark` of how far the core has acknowledged, and a `lock`.
//!
//! * An appended parcel survives the end of the process at once, and loss of power after at most the sync interval.
//! * A parcel is handed to the courier only after it is safe against loss of power: a number that the core may have seen is
//!   never given to another parcel.
//! * What is torn is cut off at the last whole record; what follows gets a new epoch.
//! * When the bound is reached, the oldest segment is given up, and its parcels are counted as lost.

mod mark;
mod record;
mod segment;
mod store;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;

use self::store::Store;
use crate::{MAX_BODY, Number, Parcel, ParcelError, check_name};

/// Reads bytes as a segment file, whatever they are.
pub(crate) fn exercise(mut bytes: &[u8]) {
    let _ = record::Head::read(&mut &bytes[..]);
    while let Ok(record::Record::Whole { sequence, body }) = record::read(&mut bytes) {
        let again = record::encode(sequence, &body);
        assert_eq!(record::read(&mut &again[..]).ok(), Some(record::Record::Whole { sequence, body }));
    }
}

/// How a spool is kept.
#[derive(Clone, Debug)]
pub struct SpoolSettings {
    pub site: String,
    pub sensor: String,
    /// Bytes of all its segment files together, at most. At least [`SpoolSettings::LEAST`].
    pub bound: u64,
    /// How long a parcel may lie in the kernel's memory only.
    pub sync: Duration,
}

impl SpoolSettings {
    /// Least bound of a spool, in bytes: room for several of the largest parcels.
    pub const LEAST: u64 = 8 * (MAX_BODY as u64 + 64);

    /// One gibibyte, synced each second.
    pub fn new(site: &str, sensor: &str) -> Self {
        Self { site: site.into(), sensor: sensor.into(), bound: 1 << 30, sync: Duration::from_secs(1) }
    }
}

/// What a spool says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpoolStatistics {
    /// Parcels that wait for their acknowledgement.
    pub spooled: u64,
    /// Bytes on disk.
    pub bytes: u64,
    /// Parcels that were given up for want of room or found damaged, since the spool was made.
    pub lost_reports: u64,
}

/// Why the spool failed.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error(transparent)]
    Parcel(#[from] ParcelError),
    #[error("the spool may have {bound} bytes; it needs {} at least: raise its bound", SpoolSettings::LEAST)]
    Bound { bound: u64 },
    #[error("the spool {} is in use by another process: stop it, or give this sensor another folder", .0.display())]
    InUse(PathBuf),
    #[error("the spool {}: {error}; see that the disk has room and the folder may be written to", path.display())]
    Disk { path: PathBuf, error: io::Error },
}

/// A bounded queue of parcels on disk. Clones are the same queue. Its methods wait for the disk: from a task, call them
/// where blocking is allowed.
#[derive(Clone)]
pub struct Spool {
    shared: Arc<Shared>,
    /// Ends the syncing thread with the last clone.
    _keeper: Arc<Keeper>,
}

struct Shared {
    path: PathBuf,
    settings: SpoolSettings,
    store: Mutex<Store>,
    arrived: Notify,
    _lock: File,
}

impl Spool {
    /// Opens the spool in a folder, makes it if there is none, and mends what a crash left.
    pub fn open(path: &Path, settings: SpoolSettings) -> Result<Self, SpoolError> {
        check_name("site", &settings.site)?;
        check_name("sensor", &settings.sensor)?;
        if settings.bound < SpoolSettings::LEAST {
            return Err(SpoolError::Bound { bound: settings.bound });
        }
        let disk = |error| SpoolError::Disk { path: path.into(), error };
        make_private(path).map_err(disk)?;
        let lock = File::create(path.join("lock")).map_err(disk)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => SpoolError::InUse(path.into()),
            std::fs::TryLockError::Error(error) => disk(error),
        })?;
        let store = Store::open(path, settings.bound).map_err(disk)?;
        let shared = Arc::new(Shared {
            path: path.into(),
            settings,
            store: Mutex::new(store),
            arrived: Notify::new(),
            _lock: lock,
        });
        let keeper = Arc::new(Keeper::start(&shared).map_err(disk)?);
        Ok(Self { shared, _keeper: keeper })
    }

    /// Keeps an encoded report, and tells its number. Gives up the oldest parcels where there is no room.
    pub fn append(&self, body: &[u8]) -> Result<Number, SpoolError> {
        if body.len() > MAX_BODY {
            return Err(ParcelError::TooLarge { bytes: body.len() }.into());
        }
        let number = self.shared.store().append(body).map_err(|error| self.shared.disk(error))?;
        self.shared.arrived.notify_one();
        Ok(number)
    }

    /// The next parcels in order, at most so many parcels and (beyond the first) bytes. Each is given once until
    /// [`Spool::rewind`]; it stays on disk until [`Spool::done`].
    pub fn take(&self, parcels: usize, bytes: usize) -> Result<Vec<Parcel>, SpoolError> {
        self.sync()?;
        let taken = self.shared.store().take(parcels, bytes).map_err(|error| self.shared.disk(error))?;
        Ok(taken.into_iter().map(|(number, body)| self.parcel(number, body)).collect())
    }

    /// Begins again with the oldest parcel that is not done: what was taken and not done is given once more.
    pub fn rewind(&self) -> Result<(), SpoolError> {
        self.shared.store().find_reader().map_err(|error| self.shared.disk(error))
    }

    /// The core has acknowledged this parcel and all before it: they are forgotten. To be called for each parcel, in order.
    pub fn done(&self, number: Number) -> Result<(), SpoolError> {
        self.shared.store().done(number).map_err(|error| self.shared.disk(error))
    }

    /// Makes everything safe against loss of power now.
    pub fn sync(&self) -> Result<(), SpoolError> {
        self.shared.sync().map_err(|error| self.shared.disk(error))
    }

    pub fn statistics(&self) -> SpoolStatistics {
        self.shared.store().statistics()
    }

    /// Waits until something was appended since the last time.
    pub async fn arrived(&self) {
        self.shared.arrived.notified().await;
    }

    fn parcel(&self, number: Number, body: Bytes) -> Parcel {
        Parcel {
            site: self.shared.settings.site.clone(),
            sensor: self.shared.settings.sensor.clone(),
            epoch: number.epoch,
            sequence: number.sequence,
            body,
        }
    }
}

impl Shared {
    fn store(&self) -> MutexGuard<'_, Store> {
        // The store is whole between its calls; a panic inside one leaves at worst a record that is written over.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn disk(&self, error: io::Error) -> SpoolError {
        SpoolError::Disk { path: self.path.clone(), error }
    }

    /// Syncs without holding up those who append.
    fn sync(&self) -> io::Result<()> {
        let unsynced = self.store().unsynced()?;
        let Some(unsynced) = unsynced else { return Ok(()) };
        for file in unsynced.ended.iter().chain(&unsynced.open) {
            file.sync_data()?;
        }
        self.store().synced(&unsynced);
        Ok(())
    }
}

/// The thread that syncs.
struct Keeper {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Keeper {
    fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (shared, signal) = (Arc::clone(shared), Arc::clone(&stop));
        let thread = std::thread::Builder::new().name("spool".into()).spawn(move || {
            loop {
                let (stopped, wake) = &*signal;
                let guard = stopped.lock().unwrap_or_else(PoisonError::into_inner);
                let (guard, _) = wake
                    .wait_timeout_while(guard, shared.settings.sync, |stopped| !*stopped)
                    .unwrap_or_else(PoisonError::into_inner);
                let last = *guard;
                drop(guard);
                if let Err(error) = shared.sync() {
                    tracing::error!(%error, spool = %shared.path.display(), "the spool could not be synced");
                }
                if last {
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let (stopped, wake) = &*self.stop;
        *stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing to hand over.
            let _: Result<(), _> = thread.join();
        }
    }
}

/// Makes a folder that only its owner may enter.
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}
