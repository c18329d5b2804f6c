//! One file of the spool.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::record::{self, HEAD, Head, RECORD_HEAD, Record};
use crate::Number;

/// A segment whose whole records are known.
pub struct Segment {
    pub path: PathBuf,
    pub index: u64,
    pub epoch: u64,
    /// Sequence of the first record, and the one after the last.
    pub first: u64,
    pub next: u64,
    /// Where the whole records end.
    pub bytes: u64,
    pub file: Arc<File>,
}

/// What was found of a segment on disk.
pub enum Found {
    /// The flag tells that bytes behind the last whole record were cut off.
    Whole(Segment, bool),
    /// Its head is not one.
    Nothing,
}

impl Segment {
    /// Begins a new file.
    pub fn create(folder: &Path, index: u64, start: Number) -> io::Result<Self> {
        let path = folder.join(format!("{index:020}.seg"));
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        file.write_all(&Head { epoch: start.epoch, first: start.sequence }.encode())?;
        File::open(folder)?.sync_all()?;
        Ok(Self {
            path,
            index,
            epoch: start.epoch,
            first: start.sequence,
            next: start.sequence,
            bytes: HEAD,
            file: Arc::new(file),
        })
    }

    /// Opens a file that is there, reads it through, and cuts off what is not a whole record.
    pub fn open(path: PathBuf, index: u64) -> io::Result<Found> {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let mut reader = BufReader::with_capacity(1 << 16, &file);
        let Some(head) = Head::read(&mut reader)? else { return Ok(Found::Nothing) };
        let (mut next, mut bytes, mut torn) = (head.first, HEAD, false);
        loop {
            match record::read(&mut reader)? {
                Record::Whole { sequence, body } if sequence == next => {
                    next += 1;
                    bytes += RECORD_HEAD + body.len() as u64;
                }
                Record::End => break,
                Record::Whole { .. } | Record::Torn => {
                    torn = true;
                    break;
                }
            }
        }
        drop(reader);
        if torn {
            file.set_len(bytes)?;
        }
        let mut file = file;
        file.seek(SeekFrom::Start(bytes))?;
        let (epoch, first) = (head.epoch, head.first);
        Ok(Found::Whole(Self { path, index, epoch, first, next, bytes, file: Arc::new(file) }, torn))
    }

    /// Adds a record. After an error nothing of it counts: the next record is written over it.
    pub fn append(&mut self, body: &[u8]) -> io::Result<u64> {
        let bytes = record::encode(self.next, body);
        std::os::unix::fs::FileExt::write_all_at(&*self.file, &bytes, self.bytes)?;
        self.bytes += bytes.len() as u64;
        self.next += 1;
        Ok(self.next - 1)
    }

    /// The record at a place; `None` at the end of what is whole.
    pub fn read_at(&self, offset: u64) -> io::Result<Option<(u64, bytes::Bytes)>> {
        if offset >= self.bytes {
            return Ok(None);
        }
        // Its own handle: appending does not move it, and reading is in order.
        let mut reader = BufReader::with_capacity(1 << 12, At { file: &self.file, offset });
        match record::read(&mut reader)? {
            Record::Whole { sequence, body } => Ok(Some((sequence, body))),
            Record::End | Record::Torn => Ok(None),
        }
    }

    /// Where the first record stands that is beyond `done`; skips without keeping bodies.
    pub fn seek_beyond(&self, done: u64) -> io::Result<u64> {
        let mut offset = HEAD;
        while let Some((sequence, body)) = self.read_at(offset)? {
            if sequence > done {
                break;
            }
            offset += RECORD_HEAD + body.len() as u64;
        }
        Ok(offset)
    }
}

/// Reads a file at a place without moving its own.
struct At<'a> {
    file: &'a File,
    offset: u64,
}

impl io::Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = std::os::unix::fs::FileExt::read_at(self.file, buffer, self.offset)?;
        self.offset += got as u64;
        Ok(got)
    }
}
