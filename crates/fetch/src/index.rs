//! Which records a few devices need: the keys of [`Indexer`] beside the records.
//!
//! A table of buckets by the first bits of a key; in each, sorted, keys and the numbers of records; and a table of the
//! records by number. Made anew where much changed; what changed since it was made is noted and always taken. An index of another
//! fingerprint (another version, another catalogue) is not used. Cost: about 12 bytes a key and 15 keys a CVE.

use std::sync::Arc;

use medward_identify::Catalog;
use medward_knowledge::{Base, Builder, FEEDS, Feed, Indexer, Kind, Subject, feed};
use medward_model::Record;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::store::{PENDING, RECORDS, Store, StoreError, decode};

const BUCKETS: TableDefinition<'_, u16, &[u8]> = TableDefinition::new("index");
const NUMBERS: TableDefinition<'_, u32, (&str, &str)> = TableDefinition::new("indexed");
const MADE: TableDefinition<'_, &str, &str> = TableDefinition::new("index-made");

/// Bits of a key that choose its bucket.
const BITS: u32 = 12;
/// Bytes of an entry: key, number.
const ENTRY: usize = 12;

/// Beyond so many changed records the index is made anew.
const MOST_PENDING: u64 = 20_000;

/// For more kinds of devices everything is loaded: then most is needed anyway.
const MOST_KINDS: usize = 2_000;

/// Records that go from one thread to another at a time.
const BATCH: usize = 1_024;

/// Why knowledge could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the built-in vocabulary is not of its shape: {0}")]
    Vocabulary(#[from] toml::de::Error),
}

impl Store {
    /// Every record, in order, to be compiled in this thread while another one reads. `done` is told how many.
    ///
    /// # Errors
    /// Where the store or a record cannot be read.
    pub fn each_record(
        &self,
        mut each: impl FnMut(&'static str, Record),
        done: &mut dyn FnMut(u64),
    ) -> Result<(), StoreError> {
        std::thread::scope(|scope| {
            let (give, take) = std::sync::mpsc::sync_channel::<Vec<(&'static str, Record)>>(8);
            let reader = scope.spawn(move || {
                let mut batch = Vec::with_capacity(BATCH);
                let read = self.scan(|feed, record| {
                    batch.push((feed, record));
                    if batch.len() == BATCH {
                        // Nobody takes any more only where this thread's owner is gone.
                        let _ = give.send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
                    }
                });
                let _ = give.send(batch);
                read
            });
            let mut count = 0;
            for batch in take {
                count += batch.len() as u64;
                for (feed, record) in batch {
                    each(feed, record);
                }
                done(count);
            }
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    /// Makes the index anew where there is none for this catalogue, or much changed since. True where it did.
    ///
    /// # Errors
    /// Where the store was opened for reading, or cannot be read or written.
    pub fn refresh_index(&self, catalog: Arc<Catalog>, done: &mut dyn FnMut(u64)) -> Result<bool, LoadError> {
        let mut indexer = Indexer::new(catalog)?;
        let broken = Store::broken(self.directory());
        let fingerprint = indexer.fingerprint();
        if self.made()?.as_deref() == Some(&fingerprint) && self.pending()? <= MOST_PENDING {
            return Ok(false);
        }
        let mut entries: Vec<(u64, u32)> = Vec::new();
        let mut names: Vec<(&'static str, Box<str>)> = Vec::new();
        let mut each = |feed_name: &'static str, record: Record| {
            if !feed(feed_name).is_some_and(Indexer::is_indexed) {
                return;
            }
            let number = u32::try_from(names.len()).unwrap_or(u32::MAX);
            names.push((feed_name, record.key().into()));
            entries.extend(indexer.keys(feed_name, record).into_iter().map(|key| (key, number)));
        };
        self.each_record(&mut each, done)?;
        entries.sort_unstable();
        let held = self.write()?;
        {
            let mut buckets = held.transaction.open_table(BUCKETS).map_err(|error| broken(&error))?;
            let mut numbers = held.transaction.open_table(NUMBERS).map_err(|error| broken(&error))?;
            let mut made = held.transaction.open_table(MADE).map_err(|error| broken(&error))?;
            let mut pending = held.transaction.open_table(PENDING).map_err(|error| broken(&error))?;
            buckets.retain(|_, _| false).map_err(|error| broken(&error))?;
            numbers.retain(|_, _| false).map_err(|error| broken(&error))?;
            pending.retain(|_, ()| false).map_err(|error| broken(&error))?;
            for group in entries.chunk_by(|a, b| bucket(a.0) == bucket(b.0)) {
                let Some((first, _)) = group.first() else { continue };
                let bytes: Vec<u8> = group
                    .iter()
                    .flat_map(|(key, number)| key.to_le_bytes().into_iter().chain(number.to_le_bytes()))
                    .collect();
                buckets.insert(bucket(*first), bytes.as_slice()).map_err(|error| broken(&error))?;
            }
            for (number, (feed, key)) in (0u32..).zip(&names) {
                numbers.insert(number, (*feed, &**key)).map_err(|error| broken(&error))?;
            }
            made.insert("fingerprint", fingerprint.as_str()).map_err(|error| broken(&error))?;
        }
        held.commit()?;
        Ok(true)
    }

    /// What these devices need, compiled; `None` where there is no index for this catalogue, or so many kinds of devices that
    /// everything is loaded sooner. Judged with it, they have the same findings as with everything.
    ///
    /// # Errors
    /// Where the store or a record cannot be read.
    pub fn load_for(&self, catalog: &Arc<Catalog>, subjects: &[Subject]) -> Result<Option<Base>, LoadError> {
        let indexer = Indexer::new(Arc::clone(catalog))?;
        if self.made()?.as_deref() != Some(&indexer.fingerprint()) {
            return Ok(None);
        }
        let mut kinds: std::collections::HashSet<String> = std::collections::HashSet::new();
        for subject in subjects {
            kinds.insert(subject.kind());
            if kinds.len() > MOST_KINDS {
                return Ok(None);
            }
        }
        let broken = Store::broken(self.directory());
        let reading = self.begin_read()?;
        let records = reading.open_table(RECORDS).map_err(|error| broken(&error))?;
        let mut builder = Builder::new(Arc::clone(catalog))?;
        for feed in FEEDS.iter().filter(|feed| !Indexer::is_indexed(feed) && !is_scored(feed)) {
            self.scan_feed(&records, feed.name, |record| builder.add(feed.name, record))?;
        }
        let base = builder.finish();
        let get = |feed_name: &str, key: &str| -> Result<Option<Record>, StoreError> {
            let value = records.get((feed_name, key)).map_err(|error| broken(&error))?;
            // What was removed since is not needed any more.
            let Some(value) = value else { return Ok(None) };
            decode(value.value()).map(Some).map_err(|reason| StoreError::Record {
                feed: feed_name.to_owned(),
                key: key.to_owned(),
                reason,
            })
        };
        // The register of identifiers first: what it says of a device leads to more.
        let needed = self.needed(&reading, &base.keys_of(subjects))?;
        let mut builder = base.reopen();
        for (feed_name, key) in needed.iter().filter(|(feed_name, _)| is_register(feed_name)) {
            if let Some(record) = get(feed_name, key)? {
                builder.add(feed_name, record);
            }
        }
        let base = builder.finish();
        let completed: Vec<Subject> = subjects
            .iter()
            .cloned()
            .map(|mut subject| {
                base.complete(&mut subject);
                subject
            })
            .collect();
        let needed = self.needed(&reading, &base.keys_of(&completed))?;
        let mut builder = base.reopen();
        for (feed_name, key) in needed.iter().filter(|(feed_name, _)| !is_register(feed_name)) {
            if let Some(record) = get(feed_name, key)? {
                builder.add(feed_name, record);
            }
        }
        let base = builder.finish();
        let cves: std::collections::BTreeSet<String> = base.cves().map(str::to_owned).collect();
        let mut builder = base.reopen();
        // What CISA adds to a CVE's record counts though the record itself names the product otherwise.
        let loaded: std::collections::HashSet<&(&'static str, String)> = needed.iter().collect();
        for cve in &cves {
            if !loaded.contains(&("cve", cve.clone()))
                && let Some(record) = get("cve", cve)?
            {
                builder.add("cve", record);
            }
        }
        for feed in FEEDS.iter().filter(|feed| is_scored(feed)) {
            let end = format!("{}\0", feed.name);
            let mut any =
                records.range((feed.name, "")..(end.as_str(), "")).map_err(|error| broken(&error))?;
            if any.next().is_none() {
                continue;
            }
            builder.has_scores();
            for cve in &cves {
                if let Some(record) = get(feed.name, cve)? {
                    builder.add(feed.name, record);
                }
            }
        }
        Ok(Some(builder.finish()))
    }

    /// Feed and key of the records under these keys, and of those that changed since, in the order of a scan.
    fn needed(
        &self,
        reading: &redb::ReadTransaction,
        keys: &[u64],
    ) -> Result<Vec<(&'static str, String)>, StoreError> {
        let broken = Store::broken(self.directory());
        let buckets = reading.open_table(BUCKETS).map_err(|error| broken(&error))?;
        let names = reading.open_table(NUMBERS).map_err(|error| broken(&error))?;
        let mut numbers: Vec<u32> = Vec::new();
        for group in keys.chunk_by(|a, b| bucket(*a) == bucket(*b)) {
            let Some(first) = group.first() else { continue };
            let Some(bytes) = buckets.get(bucket(*first)).map_err(|error| broken(&error))? else { continue };
            let entries = bytes.value();
            for key in group {
                numbers.extend(under(entries, *key));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let mut needed: Vec<(usize, String)> = Vec::new();
        for number in numbers {
            if let Some(name) = names.get(number).map_err(|error| broken(&error))? {
                let (feed, key) = name.value();
                needed.extend(position(feed).map(|at| (at, key.to_owned())));
            }
        }
        let pending = reading.open_table(PENDING).map_err(|error| broken(&error))?;
        for entry in pending.iter().map_err(|error| broken(&error))? {
            let (name, ()) =
                entry.map(|(name, value)| (name, value.value())).map_err(|error| broken(&error))?;
            let (feed, key) = name.value();
            needed.extend(position(feed).map(|at| (at, key.to_owned())));
        }
        needed.sort_unstable();
        needed.dedup();
        Ok(needed.into_iter().filter_map(|(at, key)| Some((FEEDS.get(at)?.name, key))).collect())
    }

    /// The fingerprint of the index, where there is one.
    fn made(&self) -> Result<Option<String>, StoreError> {
        let broken = Store::broken(self.directory());
        match self.begin_read()?.open_table(MADE) {
            Ok(made) => {
                let value = made.get("fingerprint").map_err(|error| broken(&error))?;
                Ok(value.map(|value| value.value().to_owned()))
            }
            Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(broken(&error)),
        }
    }

    fn pending(&self) -> Result<u64, StoreError> {
        let broken = Store::broken(self.directory());
        let pending = self.begin_read()?.open_table(PENDING).map_err(|error| broken(&error))?;
        pending.len().map_err(|error| broken(&error))
    }
}

/// Whether it is a register of device identifiers.
fn is_register(name: &str) -> bool {
    feed(name).is_some_and(|feed| feed.yields.contains(&Kind::DeviceIdentifier))
}

fn is_scored(feed: &Feed) -> bool {
    feed.yields.contains(&Kind::Score)
}

fn position(name: &str) -> Option<usize> {
    FEEDS.iter().position(|feed| feed.name == name)
}

fn bucket(key: u64) -> u16 {
    u16::try_from(key >> (64 - BITS)).unwrap_or(u16::MAX)
}

/// The numbers that stand under a key in the sorted entries of its bucket.
fn under(entries: &[u8], key: u64) -> Vec<u32> {
    let count = entries.len() / ENTRY;
    let at = |position: usize| -> Option<(u64, u32)> {
        let entry = entries.get(position * ENTRY..(position + 1) * ENTRY)?;
        let (own, number) = entry.split_first_chunk::<8>()?;
        Some((u64::from_le_bytes(*own), u32::from_le_bytes(*number.first_chunk::<4>()?)))
    };
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if at(middle).is_some_and(|(own, _)| own < key) { low = middle + 1 } else { high = middle }
    }
    (low..count).map_while(at).take_while(|(own, _)| *own == key).map(|(_, number)| number).collect()
}
