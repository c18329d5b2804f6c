//! The segments of a spool in order, what of them is done, and how far they were read.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::SpoolStatistics;
use super::mark::{Mark, Position};
use super::record::{HEAD, RECORD_HEAD};
use super::segment::{Found, Segment};
use crate::Number;

/// A segment ends at this size, or at an eighth of the bound.
const SEGMENT: u64 = 32 << 20;

/// What waits to be synced.
pub struct Unsynced {
    pub files: Vec<Arc<File>>,
    segment: u64,
    bytes: u64,
    marks: u64,
}

pub struct Store {
    folder: PathBuf,
    bound: u64,
    /// Never empty after opening; the last one is appended to.
    segments: VecDeque<Segment>,
    mark: Mark,
    position: Position,
    /// Parcels that are neither done nor given up.
    live: u64,
    /// Next record to take: index of its segment, and place in it.
    reader: (u64, u64),
    /// Up to here everything is safe: index of a segment, and bytes of it.
    safe: (u64, u64),
    /// Segments that ended and were not synced yet.
    ended: Vec<Arc<File>>,
    marks: u64,
    marks_safe: u64,
}

impl Store {
    pub fn open(folder: &Path, bound: u64) -> io::Result<Self> {
        let (mark, mut position) = Mark::open(&folder.join("mark"))?;
        let mut segments: VecDeque<Segment> = VecDeque::new();
        let mut fresh_epoch = false;
        let mut last_index = 0;
        for (index, path) in listed(folder)? {
            last_index = index;
            match Segment::open(path.clone(), index)? {
                Found::Whole(segment, torn) => {
                    // Where an earlier segment was cut short, the next one of the epoch tells how many are missing.
                    if let Some(before) = segments.back()
                        && before.epoch == segment.epoch
                    {
                        position.lost += segment.first.saturating_sub(before.next);
                    }
                    fresh_epoch = torn;
                    segments.push_back(segment);
                }
                Found::Nothing => {
                    std::fs::remove_file(path)?;
                    fresh_epoch = true;
                }
            }
        }
        let mut store = Self {
            folder: folder.into(),
            bound,
            segments,
            mark,
            position,
            live: 0,
            reader: (0, HEAD),
            safe: (0, 0),
            ended: Vec::new(),
            marks: 0,
            marks_safe: 0,
        };
        store.drop_done()?;
        let ahead = match (store.segments.back(), store.position.done) {
            // The core has more than the disk: what was lost must not give its numbers to others.
            (Some(last), Some(done)) => last.epoch == done.epoch && done.sequence >= last.next,
            _ => false,
        };
        if store.segments.is_empty() || fresh_epoch || ahead {
            let start = Number { epoch: draw()?, sequence: 1 };
            store.segments.push_back(Segment::create(folder, last_index + 1, start)?);
        }
        store.find_reader()?;
        Ok(store)
    }

    /// Forgets the segments of which everything is done, but for the last.
    fn drop_done(&mut self) -> io::Result<()> {
        let Some(done) = self.position.done else { return Ok(()) };
        let Some(at) = self.holder(done) else { return Ok(()) };
        for _ in 0..at {
            self.remove_front()?;
        }
        while self.segments.len() > 1
            && self
                .segments
                .front()
                .is_some_and(|front| holds(front, done) && done.sequence + 1 >= front.next)
        {
            self.remove_front()?;
        }
        Ok(())
    }

    /// Sets the reader to the first parcel that is not done, and counts those.
    pub fn find_reader(&mut self) -> io::Result<()> {
        self.live = self.segments.iter().map(|segment| segment.next - segment.first).sum();
        let Some(front) = self.segments.front() else { return Ok(()) };
        self.reader = (front.index, HEAD);
        if let Some(done) = self.position.done
            && holds(front, done)
        {
            self.reader.1 = front.seek_beyond(done.sequence)?;
            self.live -= (done.sequence + 1).min(front.next) - front.first;
        }
        Ok(())
    }

    pub fn append(&mut self, body: &[u8]) -> io::Result<Number> {
        let size = RECORD_HEAD + body.len() as u64;
        let limit = SEGMENT.min(self.bound / 8);
        if self.segments.back().is_none_or(|last| last.bytes > HEAD && last.bytes + size > limit) {
            self.rotate()?;
        }
        while self.segments.len() > 1 && self.bytes() + size > self.bound {
            self.give_up()?;
        }
        let Some(last) = self.segments.back_mut() else {
            return Err(io::Error::other("the spool has no segment"));
        };
        let number = Number { epoch: last.epoch, sequence: last.append(body)? };
        self.live += 1;
        Ok(number)
    }

    fn rotate(&mut self) -> io::Result<()> {
        let Some(last) = self.segments.back() else { return Ok(()) };
        let next = Number { epoch: last.epoch, sequence: last.next };
        let segment = Segment::create(&self.folder, last.index + 1, next)?;
        self.ended.push(Arc::clone(&last.file));
        self.segments.push_back(segment);
        Ok(())
    }

    /// Gives up the oldest segment.
    fn give_up(&mut self) -> io::Result<()> {
        let Some(front) = self.segments.front() else { return Ok(()) };
        let done = self.position.done.filter(|done| holds(front, *done)).map(|done| done.sequence + 1);
        let from = done.unwrap_or(front.first).max(front.first);
        let lost = front.next.saturating_sub(from);
        tracing::warn!(parcels = lost, "the spool is full: its oldest reports are given up");
        if front.next > front.first {
            self.position.done = Some(Number { epoch: front.epoch, sequence: front.next - 1 });
        }
        self.position.lost += lost;
        self.live = self.live.saturating_sub(lost);
        self.write_mark()?;
        self.remove_front()
    }

    pub fn take(&mut self, parcels: usize, bytes: usize) -> io::Result<Vec<(Number, Bytes)>> {
        let mut taken = Vec::new();
        let mut size = 0;
        while taken.len() < parcels && (taken.is_empty() || size < bytes) {
            let (index, offset) = self.reader;
            let Some(at) = self.segments.iter().position(|segment| segment.index >= index) else { break };
            let Some(segment) = self.segments.get(at) else { break };
            if segment.index != index {
                // What it stood in is done or was given up.
                self.reader = (segment.index, HEAD);
                continue;
            }
            // Only what is safe may leave: see the head of the module.
            if index > self.safe.0 || (index == self.safe.0 && offset >= self.safe.1) {
                break;
            }
            match segment.read_at(offset)? {
                Some((sequence, body)) => {
                    size += body.len();
                    self.reader.1 += RECORD_HEAD + body.len() as u64;
                    taken.push((Number { epoch: segment.epoch, sequence }, body));
                }
                None => match self.segments.get(at + 1) {
                    Some(next) => self.reader = (next.index, HEAD),
                    None => break,
                },
            }
        }
        Ok(taken)
    }

    pub fn done(&mut self, number: Number) -> io::Result<()> {
        let Some(at) = self.holder(number) else {
            // It was given up while it was under way, and has arrived nevertheless.
            self.position.lost = self.position.lost.saturating_sub(1);
            return self.write_mark();
        };
        let mut finished = 0;
        for (place, segment) in self.segments.iter().enumerate().take(at + 1) {
            let next = if place == at { number.sequence + 1 } else { segment.next };
            let from = match self.position.done {
                Some(done) if holds(segment, done) => (done.sequence + 1).max(segment.first),
                _ => segment.first,
            };
            finished += next.saturating_sub(from);
        }
        if finished == 0 {
            return Ok(());
        }
        self.live = self.live.saturating_sub(finished);
        self.position.done = Some(number);
        self.write_mark()?;
        self.drop_done()
    }

    fn write_mark(&mut self) -> io::Result<()> {
        self.marks += 1;
        self.mark.write(self.position)
    }

    fn remove_front(&mut self) -> io::Result<()> {
        if let Some(front) = self.segments.front() {
            std::fs::remove_file(&front.path)?;
            self.segments.pop_front();
        }
        Ok(())
    }

    /// Place of the segment that holds this parcel.
    fn holder(&self, number: Number) -> Option<usize> {
        self.segments.iter().position(|segment| holds(segment, number))
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    pub fn statistics(&self) -> SpoolStatistics {
        SpoolStatistics { spooled: self.live, bytes: self.bytes(), lost_reports: self.position.lost }
    }

    /// What is to be synced; `None` if everything is safe.
    pub fn unsynced(&mut self) -> io::Result<Option<Unsynced>> {
        let Some(last) = self.segments.back() else { return Ok(None) };
        let dirty = self.safe != (last.index, last.bytes) || !self.ended.is_empty();
        if !dirty && self.marks == self.marks_safe {
            return Ok(None);
        }
        let mut files = self.ended.clone();
        if dirty {
            files.push(Arc::clone(&last.file));
        }
        if self.marks != self.marks_safe {
            files.push(Arc::new(self.mark.file().try_clone()?));
        }
        Ok(Some(Unsynced { files, segment: last.index, bytes: last.bytes, marks: self.marks }))
    }

    pub fn synced(&mut self, what: &Unsynced) {
        self.safe = self.safe.max((what.segment, what.bytes));
        self.marks_safe = self.marks_safe.max(what.marks);
        self.ended.retain(|file| !what.files.iter().any(|synced| Arc::ptr_eq(file, synced)));
    }
}

fn holds(segment: &Segment, number: Number) -> bool {
    segment.epoch == number.epoch && segment.first <= number.sequence && number.sequence < segment.next
}

/// The segment files of a folder in order.
fn listed(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(index) = name.strip_suffix(".seg").and_then(|index| index.parse().ok()) {
            found.push((index, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// A new epoch.
fn draw() -> io::Result<u64> {
    getrandom::u64().map(|epoch| epoch.max(1)).map_err(io::Error::other)
}
