//! Several captures as one stream of batches in time order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medward_model::{CaptureFile, Timestamp};

use crate::batch::{Batch, Descriptor, Pool};
use crate::error::OpenError;
use crate::listing::{Listed, Listing};
use crate::progress::Progress;
use crate::source::Source;

/// Block size when only the first packet of each of many files is looked at.
const PROBE: usize = 64 << 10;
/// With more inputs than this, files are looked at with [`PROBE`].
const FEW: usize = 8;
/// Blocks of files whose turn has not come may take so much memory; beyond it files are read again later.
const KEPT: usize = 16 << 20;
/// Blocks of files that are being merged take about so much memory.
const MERGED: usize = 64 << 20;
const SMALLEST_BLOCK: usize = 16 << 10;
/// With more files than this being merged, each is closed between its blocks.
const OPEN: usize = 128;
/// Names kept over all files.
const NAMES: usize = 1 << 16;
/// Files of directories that are named as left out.
const LEFT_OUT: usize = 1000;

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Bytes of a batch, about (4 KiB to 16 MiB).
    pub batch_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options { batch_bytes: 512 << 10 }
    }
}

/// Files of directories that were not read because they are no captures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LeftOut {
    /// Path and what it looks like, the first thousand.
    pub files: Vec<(PathBuf, String)>,
    /// How many more.
    pub more: u64,
}

impl LeftOut {
    fn add(&mut self, path: PathBuf, looks_like: String) {
        if self.files.len() < LEFT_OUT {
            self.files.push((path, looks_like));
        } else {
            self.more += 1;
        }
    }
}

/// The place of a packet in the merge: its time, then the order of the files.
type Turn = (Timestamp, usize);

/// Reads captures as one stream of batches, in time order over all files and in file order within each.
pub struct Reader {
    batch_bytes: usize,
    progress: Progress,
    pool: Arc<Pool>,
    /// Files whose first packet has not had its turn.
    waiting: VecDeque<(Turn, Waiting)>,
    /// Files being read, with the turn of their next packet as key.
    active: BinaryHeap<Reverse<Keyed>>,
    /// By the order of the inputs.
    files: BTreeMap<usize, CaptureFile>,
    names: BTreeMap<IpAddr, BTreeSet<String>>,
    names_kept: usize,
    left_out: LeftOut,
    next_number: u64,
}

enum Waiting {
    /// With its first block.
    Kept(Box<Active>),
    /// To be opened again.
    Closed(PathBuf),
}

struct Active {
    source: Source,
    block: Batch,
    /// The next packet of the block.
    next: usize,
}

struct Keyed {
    turn: Turn,
    active: Box<Active>,
}

impl PartialEq for Keyed {
    fn eq(&self, other: &Keyed) -> bool {
        self.turn == other.turn
    }
}

impl Eq for Keyed {}

impl PartialOrd for Keyed {
    fn partial_cmp(&self, other: &Keyed) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Keyed {
    fn cmp(&self, other: &Keyed) -> std::cmp::Ordering {
        self.turn.cmp(&other.turn)
    }
}

impl Reader {
    /// Opens files, directories (recursively, by name) and standard input (`-`).
    ///
    /// Fails where nothing at all can be read. One unreadable input among several becomes a `problem` in its
    /// [`CaptureFile`]; files in directories that are no captures are [left out](Reader::left_out).
    pub fn open(paths: &[PathBuf], options: &Options) -> Result<Reader, OpenError> {
        if paths.is_empty() {
            return Err(OpenError::NoInput);
        }
        let listing = Listing::of(paths);
        let mut reader = Reader::new(options, Progress::with_total(listing.total));
        let block = if listing.files.len() > FEW { PROBE } else { reader.batch_bytes };
        let mut errors = Vec::new();
        let mut looked_at: BTreeMap<PathBuf, (usize, bool)> = BTreeMap::new();
        for (path, source) in listing.failures {
            errors.push(OpenError::Unreadable { path, source });
        }
        for path in listing.special {
            reader.left_out.add(path, "a device, pipe or socket".to_owned());
        }
        let mut kept = 0;
        let count = listing.files.len();
        for (order, Listed { path, directory }) in listing.files.into_iter().enumerate() {
            let opened = Source::open(&path, &reader.progress);
            if let Some(directory) = &directory {
                let (files, found) = looked_at.entry(directory.clone()).or_default();
                *files += 1;
                *found |= opened.is_ok();
            }
            match opened {
                Ok(source) => reader.admit(order, path, source, block, &mut kept),
                Err(OpenError::NotACapture { path, looks_like }) if directory.is_some() => {
                    reader.left_out.add(path, looks_like);
                }
                Err(error) => errors.push(error),
            }
        }
        for path in paths.iter().filter(|path| path.is_dir() && !listing.doubled.contains(*path)) {
            let (files, found) = looked_at.get(path).copied().unwrap_or_default();
            if !found {
                errors.push(OpenError::NoCaptureIn { path: path.clone(), files });
            }
        }
        if reader.waiting.is_empty() && reader.files.is_empty() {
            return Err(match errors.len() {
                1 => errors.remove(0),
                _ => OpenError::NoneReadable(errors),
            });
        }
        for (index, error) in errors.into_iter().enumerate() {
            reader.files.insert(count + index, unread(&error));
        }
        reader.waiting.make_contiguous().sort_by_key(|(turn, _)| *turn);
        Ok(reader)
    }

    /// Reads one capture from any stream; `name` stands for it in the report.
    pub fn of_stream(
        name: &str,
        stream: impl Read + Send + 'static,
        options: &Options,
    ) -> Result<Reader, OpenError> {
        let mut reader = Reader::new(options, Progress::with_total(None));
        let path = PathBuf::from(name);
        let source = Source::of_stream(&path, Box::new(stream), &reader.progress)?;
        reader.admit(0, path, source, reader.batch_bytes, &mut 0);
        Ok(reader)
    }

    fn new(options: &Options, progress: Progress) -> Reader {
        Reader {
            batch_bytes: options.batch_bytes.clamp(4 << 10, 16 << 20),
            progress,
            pool: Arc::default(),
            waiting: VecDeque::new(),
            active: BinaryHeap::new(),
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            names_kept: 0,
            left_out: LeftOut::default(),
            next_number: 1,
        }
    }

    /// Looks at the first packet of a file, to know when its turn comes.
    fn admit(&mut self, order: usize, path: PathBuf, source: Source, block: usize, kept: &mut usize) {
        let mut active = Box::new(Active { source, block: self.pool.batch(), next: 0 });
        if !active.source.next_block(&mut active.block, block) {
            return self.close(order, *active);
        }
        let Some(first) = active.block.packets.first() else { return };
        let turn = (first.time, order);
        let size = active.block.buffer.len();
        active.source.park();
        if *kept + size <= KEPT || !active.source.can_reopen() {
            *kept += size;
            self.waiting.push_back((turn, Waiting::Kept(active)));
        } else {
            active.source.forget();
            self.waiting.push_back((turn, Waiting::Closed(path)));
        }
    }

    /// The next frames; none at the end of the input. Never an empty batch.
    ///
    /// A problem in the middle of a file ends that file only; [`Reader::finish`] tells of it.
    pub fn next_batch(&mut self) -> Option<Batch> {
        let mut merged: Option<Batch> = None;
        loop {
            self.wake();
            let Some(Reverse(Keyed { turn: (_, order), mut active })) = self.active.pop() else { break };
            let bound = self.bound();
            let within = |time: Timestamp| bound.is_none_or(|bound| (time, order) < bound);
            if active.next == 0 && active.block.latest(0).is_some_and(within) {
                // The whole block comes before anything else.
                if merged.is_some() {
                    self.put_back(order, active);
                    break;
                }
                let block = std::mem::replace(&mut active.block, self.pool.batch());
                self.refill(order, active);
                return Some(self.numbered(block));
            }
            let batch = merged.get_or_insert_with(|| {
                let mut batch = self.pool.batch();
                batch.buffer.clear();
                batch
            });
            let rest = active.block.packets.get(active.next..).unwrap_or_default();
            let room = self.batch_bytes.saturating_sub(batch.buffer.len());
            let mut bytes = 0;
            // The first one has its turn whatever its size.
            let run = rest.iter().enumerate().take_while(|(index, packet)| {
                bytes += packet.length as usize + size_of::<Descriptor>();
                *index == 0 || (bytes <= room && within(packet.time))
            });
            let mut taken = 0;
            for (_, packet) in run {
                batch.copy(&active.block, packet);
                taken += 1;
            }
            active.next += taken;
            let full = batch.buffer.len() + batch.packets.len() * size_of::<Descriptor>() >= self.batch_bytes;
            if active.next < active.block.len() {
                self.put_back(order, active);
            } else {
                self.refill(order, active);
            }
            if full {
                break;
            }
        }
        merged.map(|batch| self.numbered(batch))
    }

    fn numbered(&mut self, mut batch: Batch) -> Batch {
        batch.first = self.next_number;
        self.next_number += batch.len() as u64;
        batch
    }

    /// When the next packet of any other file has its turn.
    fn bound(&self) -> Option<Turn> {
        let active = self.active.peek().map(|Reverse(keyed)| keyed.turn);
        let waiting = self.waiting.front().map(|(turn, _)| *turn);
        active.into_iter().chain(waiting).min()
    }

    /// Takes up the waiting files whose first packet is next.
    fn wake(&mut self) {
        while let Some((turn, _)) = self.waiting.front() {
            if self.active.peek().is_some_and(|Reverse(keyed)| keyed.turn < *turn) {
                return;
            }
            let Some(((_, order), waiting)) = self.waiting.pop_front() else { return };
            match waiting {
                Waiting::Kept(active) => self.put_back(order, active),
                Waiting::Closed(path) => match Source::open(&path, &self.progress) {
                    Ok(source) => {
                        let block = self.pool.batch();
                        self.refill(order, Box::new(Active { source, block, next: 0 }));
                    }
                    Err(error) => {
                        self.files.insert(order, unread(&error));
                    }
                },
            }
        }
    }

    fn put_back(&mut self, order: usize, active: Box<Active>) {
        if let Some(packet) = active.block.packets.get(active.next) {
            self.active.push(Reverse(Keyed { turn: (packet.time, order), active }));
        }
    }

    /// Reads the next block of a file, or closes the file at its end.
    fn refill(&mut self, order: usize, mut active: Box<Active>) {
        let share = MERGED / (self.active.len() + 1);
        let size = share.clamp(SMALLEST_BLOCK.min(self.batch_bytes), self.batch_bytes);
        active.next = 0;
        active.block.packets.clear();
        let more = active.source.next_block(&mut active.block, size);
        self.keep_names(&mut active.source);
        if !more {
            return self.close(order, *active);
        }
        if self.active.len() >= OPEN {
            active.source.park();
        }
        self.put_back(order, active);
    }

    fn close(&mut self, order: usize, mut active: Active) {
        self.keep_names(&mut active.source);
        self.files.insert(order, active.source.into_file());
    }

    fn keep_names(&mut self, source: &mut Source) {
        for (address, name) in source.tally.names.drain(..) {
            if self.names_kept < NAMES && self.names.entry(address).or_default().insert(name) {
                self.names_kept += 1;
            }
        }
    }

    /// How far reading has come.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Names that the files read up to now give to addresses (pcapng Name Resolution Blocks), at most 65,536.
    ///
    /// Whoever wrote the capture put them there: hints, not traffic.
    pub fn names(&self) -> &BTreeMap<IpAddr, BTreeSet<String>> {
        &self.names
    }

    /// What lies in the named directories without being a capture.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// What was read of each file, in the order in which they were named; inputs that could not be opened come last.
    pub fn finish(mut self) -> Vec<CaptureFile> {
        while let Some(Reverse(Keyed { turn: (_, order), active })) = self.active.pop() {
            self.close(order, *active);
        }
        while let Some(((_, order), waiting)) = self.waiting.pop_front() {
            match waiting {
                Waiting::Kept(active) => self.close(order, *active),
                Waiting::Closed(path) => {
                    let path = path.display().to_string();
                    self.files.insert(order, CaptureFile { path, ..CaptureFile::default() });
                }
            }
        }
        self.files.into_values().collect()
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("next_number", &self.next_number).finish_non_exhaustive()
    }
}

/// The record of an input that could not be opened.
fn unread(error: &OpenError) -> CaptureFile {
    let (path, problem): (&Path, _) = match error {
        OpenError::Unreadable { path, source } => (path, format!("cannot be read: {source}")),
        OpenError::NotACapture { path, looks_like } => {
            (path, format!("not a packet capture: it looks like {looks_like}"))
        }
        OpenError::NoCaptureIn { path, files } => {
            (path, format!("no packet capture in this directory ({files} files were looked at)"))
        }
        OpenError::NoInput | OpenError::NoneReadable(_) => (Path::new(""), error.to_string()),
    };
    CaptureFile { path: path.display().to_string(), problem: Some(problem), ..CaptureFile::default() }
}
