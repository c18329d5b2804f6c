//! Files in: recognised, read, checked, kept.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

use medward_knowledge::{Extent, Feed, Header, Sample, Sink, Skipped, recognise};
use medward_model::{Record, Timestamp};
use sha2::{Digest, Sha256, Sha512};

use crate::bundle;
use crate::open::each_plain;
use crate::signature::{Keys, Signed};
use crate::state::{FeedStatus, MOST_NAMED, MOST_REFUSED, Refusal, SkippedRecord};
use crate::store::{Counts, Store, StoreError, Writing, decode, encode};

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// "Now", for the state of feeds.
    pub now: Timestamp,
    /// Accept a feed that shrank by half, or that does not have the records that it declares.
    pub accept_shrink: bool,
    /// Accept a bundle that no trusted key signed.
    pub trust_unsigned: bool,
}

/// How far it is.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'p> {
    pub file: &'p str,
    /// Files done, and how many there are.
    pub done: usize,
    pub of: usize,
    /// Records read so far.
    pub records: u64,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct FileOutcome {
    pub path: String,
    /// The feed that it is of; `None` where it is none.
    pub feed: Option<&'static str>,
    pub counts: Counts,
    pub skipped: u64,
    /// The first that were left out.
    pub named: Vec<SkippedRecord>,
    /// Why it was not (wholly) taken.
    pub problem: Option<String>,
    /// Keys of what was added or changed, for judging again what it can concern; the first thousands.
    pub changed: Vec<String>,
}

/// What became of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportReport {
    /// Files that are of a feed, or that could not be read.
    pub files: Vec<FileOutcome>,
    /// Files that are of no feed.
    pub passed_over: Vec<String>,
    /// Files whose OpenPGP signature was found right.
    pub signed: u64,
    /// Ids of keys that signed files and are not known here, with how many files.
    pub unknown_keys: BTreeMap<String, u64>,
}

impl ImportReport {
    /// Whether something could not be taken.
    pub fn has_problems(&self) -> bool {
        self.files.iter().any(|file| file.problem.is_some())
    }
}

/// Why nothing could be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: String, error: std::io::Error },
    #[error("{0}")]
    Bundle(#[from] bundle::BundleError),
}

/// Most keys of changed records that a report names, by file.
const MOST_CHANGED: usize = 4_096;

/// Records that go to the writer at once, and how many such parts may wait.
const BATCH: usize = 1_000;
const WAITING: usize = 4;

/// Files whose changes are kept together at most.
const FILES_A_TRANSACTION: usize = 400;

/// Bytes of a file that recognition sees.
const HEAD: usize = 64 << 10;

/// How deep directories may lie.
const MOST_DEPTH: usize = 24;

/// Imports files, directories and archives.
///
/// # Errors
/// Where a path cannot be read at all, a bundle is not to be trusted, or the store fails. What is wrong with single files
/// stands in the report.
pub fn import(
    store: &Store,
    paths: &[PathBuf],
    options: &ImportOptions,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ImportReport, ImportError> {
    let mut files = Vec::new();
    for path in paths {
        list(path, 0, &mut files)
            .map_err(|error| ImportError::Unreadable { path: path.display().to_string(), error })?;
    }
    files.sort();
    files.dedup();
    let mut run = Run {
        store,
        options,
        report: ImportReport::default(),
        writing: None,
        held: 0,
        states: BTreeMap::new(),
        records: 0,
    };
    let of = files.len();
    let keys = Keys::read(store.directory());
    for (done, path) in files.iter().enumerate() {
        let shown = path.display().to_string();
        progress(Progress { file: &shown, done, of, records: run.records });
        if bundle::is_bundle(path) {
            run.flush()?;
            let opened = bundle::open(path, store.directory(), options.trust_unsigned)?;
            for part in &opened.parts {
                run.packed(&shown, part)?;
            }
            continue;
        }
        if is_companion(path) {
            continue;
        }
        match check_signature(path, &keys) {
            Ok(None) => {}
            Ok(Some(Signed::By(_))) => run.report.signed += 1,
            Ok(Some(Signed::Unknown(key))) => *run.report.unknown_keys.entry(key).or_default() += 1,
            Ok(Some(Signed::Wrong(why))) | Err(why) => {
                run.report.files.push(failed(&shown, None, why));
                continue;
            }
        }
        if let Err(why) = check_hashes(path) {
            run.report.files.push(failed(&shown, None, why));
            continue;
        }
        let mut failure = None;
        each_plain(path, &mut |name, stream| {
            if failure.is_some() {
                return;
            }
            let result = match stream {
                Ok(stream) => run.file(name, stream),
                Err(error) => {
                    run.report.files.push(failed(name, None, error.to_string()));
                    Ok(())
                }
            };
            failure = result.err();
        });
        if let Some(error) = failure {
            return Err(error);
        }
    }
    run.flush()?;
    Ok(run.report)
}

fn list(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth >= MOST_DEPTH {
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        // A link inside could lead anywhere, or round and round.
        let kind = entry.file_type()?;
        if kind.is_dir() {
            list(&entry.path(), depth + 1, files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Hashes and signatures stand beside what they are of.
fn is_companion(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    [".asc", ".sha256", ".sha512", ".sig", ".meta"].iter().any(|ending| name.ends_with(ending))
}

/// Where a signature stands beside a file, what it says (CSAF 2.0, 7.1.19).
fn check_signature(path: &Path, keys: &Keys) -> Result<Option<Signed>, String> {
    let beside = PathBuf::from(format!("{}.asc", path.display()));
    let Ok(signature) = std::fs::read(&beside) else { return Ok(None) };
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    Ok(Some(keys.check(&bytes, &signature)))
}

/// Where a hash stands beside a file, it must be the file's (CSAF 2.0, 7.1.18).
fn check_hashes(path: &Path) -> Result<(), String> {
    for (ending, digits) in [("sha256", 64), ("sha512", 128)] {
        let beside = PathBuf::from(format!("{}.{ending}", path.display()));
        let Ok(text) = std::fs::read_to_string(&beside) else { continue };
        let stated = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
        if stated.len() != digits || !stated.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(format!("{} holds no hash", beside.display()));
        }
        let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
        let own = if digits == 64 { hex(&Sha256::digest(&bytes)) } else { hex(&Sha512::digest(&bytes)) };
        if own != stated {
            return Err(format!(
                "does not have the hash that {} states: it was changed or damaged on its way",
                beside.display()
            ));
        }
    }
    Ok(())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn failed(path: &str, feed: Option<&'static str>, why: String) -> FileOutcome {
    FileOutcome {
        path: path.to_owned(),
        feed,
        counts: Counts::default(),
        skipped: 0,
        named: Vec::new(),
        problem: Some(why),
        changed: Vec::new(),
    }
}

struct Run<'r> {
    store: &'r Store,
    options: &'r ImportOptions,
    report: ImportReport,
    writing: Option<Writing>,
    /// Files whose changes wait in `writing`.
    held: usize,
    /// What was read of each feed in this run: header and skipped.
    states: BTreeMap<&'static str, Parts>,
    records: u64,
}

impl Run<'_> {
    /// A part of a bundle: the whole of one feed, as the sender had it.
    fn packed(&mut self, bundle: &str, part: &bundle::Part) -> Result<(), ImportError> {
        let name = format!("{bundle}!{}", part.feed.name);
        let unreadable = |error: std::io::Error| ImportError::Unreadable { path: name.clone(), error };
        let mut input = BufReader::new(std::fs::File::open(&part.path).map_err(unreadable)?);
        let held = self.store.write()?;
        let mut outcome = failed(&name, Some(part.feed.name), String::new());
        outcome.problem = None;
        let mut seen = HashSet::new();
        let mut batch = Vec::with_capacity(BATCH);
        while let Some(value) = bundle::next_value(&mut input).map_err(unreadable)? {
            let record = decode(&value).map_err(|reason| ImportError::Unreadable {
                path: name.clone(),
                error: std::io::Error::other(reason),
            })?;
            seen.insert(key_hash(record.key()));
            batch.push((record.key().to_owned(), value));
            if batch.len() >= BATCH {
                held.put(part.feed.name, &batch, &mut outcome.counts)?;
                batch.clear();
            }
        }
        held.put(part.feed.name, &batch, &mut outcome.counts)?;
        if part.feed.extent == Extent::Whole {
            outcome.counts.removed = held.retain(part.feed.name, |key| seen.contains(&key_hash(key)))?;
        }
        let mut state = part.status.clone();
        state.records = held.count(part.feed.name)?;
        state.loaded = Some(self.options.now);
        state.source = name;
        // What asks the publisher for changes belongs to the sender.
        state.validators.clear();
        held.set_state(part.feed.name, &state)?;
        held.commit()?;
        self.records += outcome.counts.read();
        self.report.files.push(outcome);
        Ok(())
    }

    fn file(&mut self, name: &str, stream: &mut dyn Read) -> Result<(), ImportError> {
        match recognised(name, stream) {
            Ok(Some((feed, mut input))) => self.feed_file(name, feed, &mut input),
            Ok(None) => {
                self.report.passed_over.push(name.to_owned());
                Ok(())
            }
            Err(error) => {
                self.report.files.push(failed(name, None, error.to_string()));
                Ok(())
            }
        }
    }

    fn feed_file(
        &mut self,
        name: &str,
        feed: &'static Feed,
        input: &mut (dyn BufRead + '_),
    ) -> Result<(), ImportError> {
        let whole = feed.extent == Extent::Whole;
        if whole {
            self.flush()?;
        }
        let held = match self.writing.take() {
            Some(held) => held,
            None => self.store.write()?,
        };
        let mut outcome = failed(name, Some(feed.name), String::new());
        outcome.problem = None;
        let mut seen = HashSet::new();
        // Reading and coding in this thread, writing in another: the stream cannot change threads, the transaction can.
        let (sender, receiver) = sync_channel::<Vec<(String, Vec<u8>)>>(WAITING);
        let feed_name = feed.name;
        let writing = &held;
        let mut counts = Counts::default();
        let (read, written, sink) = std::thread::scope(|scope| {
            let counts = &mut counts;
            let writer = scope.spawn(move || -> Result<(), StoreError> {
                for mut batch in receiver {
                    batch.sort_by(|a, b| a.0.cmp(&b.0));
                    // Of one key in one part the last counts.
                    batch.reverse();
                    batch.dedup_by(|a, b| a.0 == b.0);
                    batch.reverse();
                    writing.put(feed_name, &batch, counts)?;
                }
                Ok(())
            });
            let mut sink = Coding {
                batch: Vec::with_capacity(BATCH),
                sender,
                skipped: 0,
                named: Vec::new(),
                keys: Vec::new(),
                seen: whole.then_some(&mut seen),
                records: 0,
            };
            let read = (feed.read)(input, &mut sink);
            let last = std::mem::take(&mut sink.batch);
            let _ = sink.sender.send(last);
            let Coding { sender, skipped, named, keys, records, .. } = sink;
            drop(sender);
            let written = writer.join().unwrap_or_else(|_| {
                Err(StoreError::Broken { directory: String::new(), reason: "the writer stopped".to_owned() })
            });
            (read, written, (skipped, named, keys, records))
        });
        written?;
        let (skipped, named, keys, records) = sink;
        outcome.counts = counts;
        outcome.skipped = skipped;
        outcome.named = named;
        outcome.changed = keys;
        self.records += records;
        let header = match read {
            Ok(header) => header,
            Err(error) => {
                outcome.problem = Some(format!("{name} {error}"));
                Header { truncated: true, ..Header::default() }
            }
        };
        if header.truncated && outcome.problem.is_none() {
            outcome.problem = Some("ends before its end: what stands before was read".to_owned());
        }
        if whole {
            self.replace(feed, held, outcome, header, &seen)?
        } else {
            self.keep(feed, held, outcome, header)?
        }
        Ok(())
    }

    /// A whole feed: all of it or nothing.
    fn replace(
        &mut self,
        feed: &'static Feed,
        held: Writing,
        mut outcome: FileOutcome,
        header: Header,
        seen: &HashSet<u64>,
    ) -> Result<(), ImportError> {
        let mut state = held.state(feed.name)?;
        let read = outcome.counts.read();
        let refused = if outcome.problem.is_some() {
            outcome.problem.clone()
        } else if read == 0 {
            Some("holds no record of this feed: its shape may have changed".to_owned())
        } else if header.declared.is_some_and(|declared| declared != read + outcome.skipped)
            && !self.options.accept_shrink
        {
            Some(format!(
                "declares {} records but holds {}",
                header.declared.unwrap_or_default(),
                read + outcome.skipped
            ))
        } else if read * 2 < state.records && !self.options.accept_shrink {
            Some(format!(
                "has {read} records where {} are loaded: it shrank by more than half",
                state.records
            ))
        } else if header.as_of.is_some() && header.as_of < state.as_of && !self.options.accept_shrink {
            Some("is older than what is loaded".to_owned())
        } else {
            None
        };
        if let Some(why) = refused {
            // Nothing of it is kept but the note.
            drop(held);
            let held = self.store.write()?;
            if state.records > 0 {
                state.refused.push(Refusal {
                    time: self.options.now,
                    source: outcome.path.clone(),
                    why: why.clone(),
                });
                let surplus = state.refused.len().saturating_sub(MOST_REFUSED);
                state.refused.drain(..surplus);
                held.set_state(feed.name, &state)?;
            }
            held.commit()?;
            outcome.counts = Counts::default();
            outcome.changed.clear();
            outcome.problem = Some(if state.records > 0 {
                format!("{why}: refused, what was loaded before is kept")
            } else {
                format!("{why}: refused")
            });
            self.report.files.push(outcome);
            return Ok(());
        }
        outcome.counts.removed = held.retain(feed.name, |key| seen.contains(&key_hash(key)))?;
        state.refused.clear();
        note(&mut state, &held, feed, &outcome, &header, self.options.now)?;
        held.set_state(feed.name, &state)?;
        held.commit()?;
        self.report.files.push(outcome);
        Ok(())
    }

    /// A part of a feed: what could be read is kept.
    fn keep(
        &mut self,
        feed: &'static Feed,
        held: Writing,
        outcome: FileOutcome,
        header: Header,
    ) -> Result<(), ImportError> {
        let entry = self.states.entry(feed.name).or_default();
        entry.header.as_of = entry.header.as_of.max(header.as_of);
        entry.header.version = header.version.or_else(|| entry.header.version.take());
        entry.skipped += outcome.skipped;
        let room = MOST_NAMED.saturating_sub(entry.named.len());
        entry.named.extend(outcome.named.iter().take(room).cloned());
        entry.source = outcome.path.clone();
        self.report.files.push(outcome);
        self.writing = Some(held);
        self.held += 1;
        if self.held >= FILES_A_TRANSACTION {
            self.flush()?
        }
        Ok(())
    }

    /// Keeps what waits.
    fn flush(&mut self) -> Result<(), ImportError> {
        self.held = 0;
        let Some(held) = self.writing.take() else { return Ok(()) };
        for (name, parts) in std::mem::take(&mut self.states) {
            let mut state = held.state(name)?;
            state.as_of = state.as_of.max(parts.header.as_of);
            state.version = parts.header.version.or(state.version);
            state.loaded = Some(self.options.now);
            state.source = parts.source;
            state.skipped = parts.skipped;
            state.named = parts.named;
            state.records = held.count(name)?;
            held.set_state(name, &state)?;
        }
        held.commit()?;
        Ok(())
    }
}

/// The feed that a stream is of, and the stream from its beginning; `None` where it is of none.
pub(crate) fn recognised<'s>(
    name: &str,
    stream: &'s mut dyn Read,
) -> std::io::Result<Option<(&'static Feed, impl BufRead + 's)>> {
    let mut input = BufReader::with_capacity(HEAD, stream);
    let (mut head, mut end) = (Vec::new(), false);
    // A packed stream hands out what it likes: the head is filled first, then joined again.
    while head.len() < HEAD && !end {
        let chunk = input.fill_buf()?;
        end = chunk.is_empty();
        head.extend_from_slice(chunk);
        let length = chunk.len();
        input.consume(length);
    }
    let base = name.rsplit(['/', '!']).next().unwrap_or(name);
    let sample = Sample { name: base, head: head.get(..HEAD.min(head.len())).unwrap_or_default() };
    let Some(feed) = recognise(&sample) else { return Ok(None) };
    let joined = std::io::Cursor::new(head).chain(input);
    Ok(Some((feed, BufReader::with_capacity(256 << 10, joined))))
}

/// What was read of one feed since the last commit.
#[derive(Default)]
struct Parts {
    header: Header,
    skipped: u64,
    named: Vec<SkippedRecord>,
    source: String,
}

fn note(
    state: &mut FeedStatus,
    held: &Writing,
    feed: &Feed,
    outcome: &FileOutcome,
    header: &Header,
    now: Timestamp,
) -> Result<(), StoreError> {
    state.as_of = header.as_of.or(state.as_of);
    state.version.clone_from(&header.version);
    state.loaded = Some(now);
    state.source.clone_from(&outcome.path);
    state.skipped = outcome.skipped;
    state.named.clone_from(&outcome.named);
    state.records = held.count(feed.name)?;
    Ok(())
}

/// A key, for remembering millions.
fn key_hash(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    digest.first_chunk::<8>().map_or(0, |first| u64::from_le_bytes(*first))
}

/// Codes what a feed yields and hands it on in parts.
struct Coding<'s> {
    batch: Vec<(String, Vec<u8>)>,
    sender: SyncSender<Vec<(String, Vec<u8>)>>,
    skipped: u64,
    named: Vec<SkippedRecord>,
    keys: Vec<String>,
    seen: Option<&'s mut HashSet<u64>>,
    records: u64,
}

impl Sink for Coding<'_> {
    fn record(&mut self, record: Record) {
        let key = record.key().to_owned();
        match encode(&record) {
            Ok(value) => {
                if let Some(seen) = &mut self.seen {
                    seen.insert(key_hash(&key));
                }
                if self.keys.len() < MOST_CHANGED {
                    self.keys.push(key.clone());
                }
                self.records += 1;
                self.batch.push((key, value));
                if self.batch.len() >= BATCH {
                    // Where the writer has stopped, its error is told when it is joined.
                    let _ = self.sender.send(std::mem::replace(&mut self.batch, Vec::with_capacity(BATCH)));
                }
            }
            Err(why) => self.skip(Skipped { what: key, why }),
        }
    }

    fn skip(&mut self, skipped: Skipped) {
        self.skipped += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(SkippedRecord { what: skipped.what, why: skipped.why });
        }
    }
}
