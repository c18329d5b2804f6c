//! The database: records by feed and key, and the state of each feed.
//!
//! One file, `knowledge.redb`. A transaction is applied wholly or not at all, so a process that is killed leaves what was
//! there before. Values begin with one byte that tells how they are coded; what is long is compressed.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use medward_knowledge::{FEEDS, Indexer, feed};
use medward_model::Record;
use redb::{
    Database, ReadOnlyDatabase, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition,
};

use crate::state::FeedStatus;

pub(crate) const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("records");
const STATES: TableDefinition<'_, &str, &str> = TableDefinition::new("states");

/// Records of indexed feeds that were put in since the index was made.
pub(crate) const PENDING: TableDefinition<'_, (&str, &str), ()> = TableDefinition::new("pending");

/// First byte of a value.
const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;

/// Longer values are compressed.
const LONG: usize = 600;

/// Largest record when unpacked.
const LARGEST: usize = 256 << 20;

/// How long a writer waits for others, and between two attempts.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// Memory for pages, in bytes.
const CACHE: usize = 192 << 20;

/// Knowledge on disk.
pub struct Store {
    database: Access,
    directory: PathBuf,
}

enum Access {
    Writing(Database),
    Reading(ReadOnlyDatabase),
}

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "there is no knowledge in {0}: import some with `medward knowledge import PATH... --knowledge {0}`"
    )]
    Missing(String),
    #[error("the knowledge in {0} is in use by another process that writes: try again when it is done")]
    Busy(String),
    #[error("the knowledge in {directory} cannot be read or written: {reason}")]
    Broken { directory: String, reason: String },
    #[error("the record {feed} {key} cannot be read: {reason}. Import the feed again")]
    Record { feed: String, key: String, reason: String },
}

/// What a load changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Left as they were, for what was stored is newer.
    pub older: u64,
    pub removed: u64,
}

impl Counts {
    /// How many records the load had.
    pub fn read(&self) -> u64 {
        self.added + self.changed + self.unchanged + self.older
    }
}

impl Store {
    fn path(directory: &Path) -> PathBuf {
        directory.join("knowledge.redb")
    }

    pub(crate) fn broken(directory: &Path) -> impl Fn(&dyn std::fmt::Display) -> StoreError + '_ {
        |reason| StoreError::Broken { directory: directory.display().to_string(), reason: reason.to_string() }
    }

    /// Opens for writing; makes the directory where it is missing, and waits some time for who uses it.
    ///
    /// # Errors
    /// Where it cannot be made, is in use, or is damaged.
    pub fn open(directory: &Path) -> Result<Store, StoreError> {
        let broken = Store::broken(directory);
        std::fs::create_dir_all(directory).map_err(|error| broken(&error))?;
        let end = Instant::now() + PATIENCE;
        let database = loop {
            match Database::builder().set_cache_size(CACHE).create(Store::path(directory)) {
                Ok(database) => break database,
                // A monitor reads it for some seconds at a time.
                Err(redb::DatabaseError::DatabaseAlreadyOpen) if Instant::now() < end => {
                    std::thread::sleep(PAUSE);
                }
                Err(redb::DatabaseError::DatabaseAlreadyOpen) => {
                    return Err(StoreError::Busy(directory.display().to_string()));
                }
                Err(other) => return Err(broken(&other)),
            }
        };
        let write = database.begin_write().map_err(|error| broken(&error))?;
        write.open_table(RECORDS).map_err(|error| broken(&error))?;
        write.open_table(STATES).map_err(|error| broken(&error))?;
        write.open_table(PENDING).map_err(|error| broken(&error))?;
        write.commit().map_err(|error| broken(&error))?;
        Ok(Store { database: Access::Writing(database), directory: directory.to_owned() })
    }

    /// Opens for reading.
    ///
    /// # Errors
    /// Where there is none, it is in use by a writer, or is damaged.
    pub fn open_readonly(directory: &Path) -> Result<Store, StoreError> {
        let path = Store::path(directory);
        if !path.exists() {
            return Err(StoreError::Missing(directory.display().to_string()));
        }
        let broken = Store::broken(directory);
        let database = match ReadOnlyDatabase::open(&path) {
            Ok(database) => Access::Reading(database),
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => {
                return Err(StoreError::Busy(directory.display().to_string()));
            }
            // After a crash it must be repaired first, which only a writer may.
            Err(redb::DatabaseError::RepairAborted) => return Store::open(directory),
            Err(error) => return Err(broken(&error)),
        };
        Ok(Store { database, directory: directory.to_owned() })
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn begin_read(&self) -> Result<redb::ReadTransaction, StoreError> {
        let broken = Store::broken(&self.directory);
        match &self.database {
            Access::Writing(database) => database.begin_read().map_err(|error| broken(&error)),
            Access::Reading(database) => database.begin_read().map_err(|error| broken(&error)),
        }
    }

    /// The state of each feed that was ever loaded, by name.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn states(&self) -> Result<std::collections::BTreeMap<String, FeedStatus>, StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.begin_read()?.open_table(STATES).map_err(|error| broken(&error))?;
        let mut states = std::collections::BTreeMap::new();
        for entry in table.iter().map_err(|error| broken(&error))? {
            let (name, state) = entry.map_err(|error| broken(&error))?;
            let state = serde_json::from_str(state.value()).map_err(|error| broken(&error))?;
            states.insert(name.value().to_owned(), state);
        }
        Ok(states)
    }

    /// Every record, feed by feed in order of keys. Feeds that this version does not know are passed over.
    ///
    /// # Errors
    /// Where the database or a record cannot be read.
    pub fn scan(&self, mut each: impl FnMut(&'static str, Record)) -> Result<(), StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.begin_read()?.open_table(RECORDS).map_err(|error| broken(&error))?;
        for feed in FEEDS {
            self.scan_feed(&table, feed.name, |record| each(feed.name, record))?;
        }
        Ok(())
    }

    /// Every record of one feed, in order of keys.
    pub(crate) fn scan_feed(
        &self,
        table: &impl ReadableTable<(&'static str, &'static str), &'static [u8]>,
        feed: &str,
        mut each: impl FnMut(Record),
    ) -> Result<(), StoreError> {
        let broken = Store::broken(&self.directory);
        let end = format!("{feed}\0");
        for entry in table.range((feed, "")..(end.as_str(), "")).map_err(|error| broken(&error))? {
            let (key, value) = entry.map_err(|error| broken(&error))?;
            each(decode(value.value()).map_err(|reason| StoreError::Record {
                feed: feed.to_owned(),
                key: key.value().1.to_owned(),
                reason,
            })?);
        }
        Ok(())
    }

    /// Changes the state of a feed.
    ///
    /// # Errors
    /// Where the store was opened for reading or cannot be written.
    pub(crate) fn update_state(
        &self,
        feed: &str,
        change: impl FnOnce(&mut FeedStatus),
    ) -> Result<(), StoreError> {
        let held = self.write()?;
        let mut state = held.state(feed)?;
        change(&mut state);
        held.set_state(feed, &state)?;
        held.commit()
    }

    /// One record.
    ///
    /// # Errors
    /// Where the database or the record cannot be read.
    pub fn get(&self, feed: &str, key: &str) -> Result<Option<Record>, StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.begin_read()?.open_table(RECORDS).map_err(|error| broken(&error))?;
        let Some(value) = table.get((feed, key)).map_err(|error| broken(&error))? else { return Ok(None) };
        decode(value.value()).map(Some).map_err(|reason| StoreError::Record {
            feed: feed.to_owned(),
            key: key.to_owned(),
            reason,
        })
    }

    /// Reads everything once: the number of records, and the names of those that cannot be read.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub fn verify(&self) -> Result<(u64, Vec<String>), StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.begin_read()?.open_table(RECORDS).map_err(|error| broken(&error))?;
        let mut bad = Vec::new();
        for entry in table.iter().map_err(|error| broken(&error))? {
            let (key, value) = entry.map_err(|error| broken(&error))?;
            let (feed_name, key) = key.value();
            match decode(value.value()) {
                Ok(record) if record.key() != key => {
                    bad.push(format!("{feed_name} {key}: holds {}", record.key()))
                }
                Ok(_) if feed(feed_name).is_none() => {
                    bad.push(format!("{feed_name} {key}: no such feed in this version"))
                }
                Ok(_) => {}
                Err(reason) => bad.push(format!("{feed_name} {key}: {reason}")),
            }
        }
        Ok((table.len().map_err(|error| broken(&error))?, bad))
    }

    /// Begins to write.
    ///
    /// # Errors
    /// Where the store was opened for reading, or cannot be written.
    pub(crate) fn write(&self) -> Result<Writing, StoreError> {
        let broken = Store::broken(&self.directory);
        match &self.database {
            Access::Writing(database) => Ok(Writing {
                transaction: database.begin_write().map_err(|error| broken(&error))?,
                directory: self.directory.clone(),
            }),
            Access::Reading(_) => Err(broken(&"it was opened for reading")),
        }
    }
}

/// A transaction under way; dropped without [`Writing::commit`], nothing of it is kept.
pub(crate) struct Writing {
    pub(crate) transaction: redb::WriteTransaction,
    directory: PathBuf,
}

impl Writing {
    /// Puts records of a feed, coded and in order of keys.
    pub(crate) fn put(
        &self,
        feed: &str,
        batch: &[(String, Vec<u8>)],
        counts: &mut Counts,
    ) -> Result<(), StoreError> {
        let broken = Store::broken(&self.directory);
        let mut table = self.transaction.open_table(RECORDS).map_err(|error| broken(&error))?;
        let mut pending = self.transaction.open_table(PENDING).map_err(|error| broken(&error))?;
        let is_indexed = medward_knowledge::feed(feed).is_some_and(Indexer::is_indexed);
        for (key, value) in batch {
            let before = table.get((feed, key.as_str())).map_err(|error| broken(&error))?;
            match before.as_ref().map(|before| before.value()) {
                None => counts.added += 1,
                Some(before) if before == value.as_slice() => {
                    counts.unchanged += 1;
                    continue;
                }
                Some(before) if is_newer(before, value) => {
                    counts.older += 1;
                    continue;
                }
                Some(_) => counts.changed += 1,
            }
            drop(before);
            table.insert((feed, key.as_str()), value.as_slice()).map_err(|error| broken(&error))?;
            if is_indexed {
                pending.insert((feed, key.as_str()), ()).map_err(|error| broken(&error))?;
            }
        }
        Ok(())
    }

    /// Removes the records of a feed that `keep` does not want; how many.
    pub(crate) fn retain(&self, feed: &str, mut keep: impl FnMut(&str) -> bool) -> Result<u64, StoreError> {
        let broken = Store::broken(&self.directory);
        let mut table = self.transaction.open_table(RECORDS).map_err(|error| broken(&error))?;
        let end = format!("{feed}\0");
        let before = table.len().map_err(|error| broken(&error))?;
        table
            .retain_in((feed, "")..(end.as_str(), ""), |key, _| keep(key.1))
            .map_err(|error| broken(&error))?;
        Ok(before - table.len().map_err(|error| broken(&error))?)
    }

    /// How many records a feed has.
    pub(crate) fn count(&self, feed: &str) -> Result<u64, StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.transaction.open_table(RECORDS).map_err(|error| broken(&error))?;
        let end = format!("{feed}\0");
        Ok(table.range((feed, "")..(end.as_str(), "")).map_err(|error| broken(&error))?.count() as u64)
    }

    pub(crate) fn state(&self, feed: &str) -> Result<FeedStatus, StoreError> {
        let broken = Store::broken(&self.directory);
        let table = self.transaction.open_table(STATES).map_err(|error| broken(&error))?;
        let state = table.get(feed).map_err(|error| broken(&error))?;
        state.map_or(Ok(FeedStatus::default()), |state| {
            serde_json::from_str(state.value()).map_err(|error| broken(&error))
        })
    }

    pub(crate) fn set_state(&self, feed: &str, state: &FeedStatus) -> Result<(), StoreError> {
        let broken = Store::broken(&self.directory);
        let text = serde_json::to_string(state).map_err(|error| broken(&error))?;
        let mut table = self.transaction.open_table(STATES).map_err(|error| broken(&error))?;
        table.insert(feed, text.as_str()).map_err(|error| broken(&error))?;
        Ok(())
    }

    /// Keeps all of it.
    pub(crate) fn commit(self) -> Result<(), StoreError> {
        let broken = Store::broken(&self.directory);
        self.transaction.commit().map_err(|error| broken(&error))
    }
}

/// Codes a record.
pub(crate) fn encode(record: &Record) -> Result<Vec<u8>, String> {
    let plain = postcard::to_stdvec(record).map_err(|error| error.to_string())?;
    let mut value = Vec::with_capacity(plain.len().min(LONG) + 1);
    if plain.len() > LONG {
        value.push(COMPRESSED);
        value.extend(zstd::bulk::compress(&plain, 1).map_err(|error| error.to_string())?);
    } else {
        value.push(PLAIN);
        value.extend(plain);
    }
    Ok(value)
}

/// Decodes a record.
pub(crate) fn decode(value: &[u8]) -> Result<Record, String> {
    match value.split_first() {
        Some((&PLAIN, plain)) => postcard::from_bytes(plain).map_err(|error| error.to_string()),
        Some((&COMPRESSED, packed)) => {
            let plain = unpack(packed)?;
            postcard::from_bytes(&plain).map_err(|error| error.to_string())
        }
        _ => Err("is coded in a way that this version does not know".to_owned()),
    }
}

/// Unpacks a frame that says how long it is, as those of [`encode`] do.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    thread_local! {
        // Setting one up costs more than most records take to unpack.
        static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let length = match zstd::zstd_safe::get_frame_content_size(packed) {
        Ok(Some(length)) => usize::try_from(length).unwrap_or(usize::MAX),
        _ => return Err("does not say how long it is".to_owned()),
    };
    if length > LARGEST {
        return Err(format!("has {length} bytes"));
    }
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = match unpacker {
            Some(unpacker) => unpacker,
            None => unpacker.insert(zstd::bulk::Decompressor::new().map_err(|error| error.to_string())?),
        };
        unpacker.decompress(packed, length).map_err(|error| error.to_string())
    })
}

/// Whether what is stored was modified later than what comes.
fn is_newer(stored: &[u8], coming: &[u8]) -> bool {
    match (decode(stored), decode(coming)) {
        (Ok(Record::Advisory(stored)), Ok(Record::Advisory(coming))) => {
            matches!((stored.modified, coming.modified), (Some(stored), Some(coming)) if stored > coming)
        }
        _ => false,
    }
}
