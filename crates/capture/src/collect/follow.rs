//! A file that grows, is rotated, cut off or rewritten.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::CollectCounters;

/// Longest line that is read; longer ones are left out.
const LONGEST: usize = 64 << 10;
/// Bytes read in one go.
const CHUNK: usize = 64 << 10;
/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What of the file is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Lines that are added; those that were there before are not read.
    NewLines,
    /// The whole file, again whenever it was changed.
    WholeFile,
}

/// What the reader of lines is told.
pub(super) enum Step<'a> {
    Line(&'a [u8]),
    /// The next line is the first of the file.
    Restart,
}

pub(super) struct Follow {
    path: PathBuf,
    look: Look,
    open: Option<Open>,
    /// The file was there, or was seen to be missing: one that comes later is read from its start.
    begun: bool,
}

struct Open {
    file: File,
    /// Device and number of the file.
    identity: (u64, u64),
    /// Changed last, in seconds and nanoseconds, when it was read.
    changed: (i64, i64),
    position: u64,
    /// A line without its end yet.
    line: Vec<u8>,
    /// The line at hand is too long: it is left out up to its end.
    skipping: bool,
}

impl Follow {
    pub fn new(path: &Path, look: Look) -> Follow {
        Follow { path: path.to_owned(), look, open: None, begun: false }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Hands over lines, about `most` of them; waits for the first.
    pub fn read(
        &mut self,
        wait: Duration,
        most: usize,
        counters: &mut CollectCounters,
        mut take: impl FnMut(Step<'_>),
    ) -> io::Result<()> {
        let deadline = Instant::now() + wait;
        loop {
            let mut lines = 0;
            let outcome = self.advance(counters, most, &mut lines, &mut take);
            let left = deadline.saturating_duration_since(Instant::now());
            if lines > 0 || left.is_zero() {
                return outcome;
            }
            if outcome.is_err() {
                std::thread::sleep(left.min(LOOK_EVERY));
                return outcome;
            }
            std::thread::sleep(left.min(LOOK_EVERY));
        }
    }

    fn advance(
        &mut self,
        counters: &mut CollectCounters,
        most: usize,
        lines: &mut usize,
        take: &mut impl FnMut(Step<'_>),
    ) -> io::Result<()> {
        let Some(open) = &mut self.open else {
            let opened = Open::new(&self.path, self.look == Look::NewLines && !self.begun);
            self.begun = true;
            self.open = Some(opened?);
            take(Step::Restart);
            return self.advance(counters, most, lines, take);
        };
        // First what is left in the file at hand, though it may have been renamed.
        let more = open.lines(counters, most, lines, take)?;
        if more {
            return Ok(());
        }
        let there = match std::fs::metadata(&self.path) {
            Ok(there) => there,
            // Between two files of a rotation there is none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if (there.dev(), there.ino()) != open.identity {
            open.last_line(counters, lines, take);
            self.open = None;
            return if *lines == 0 { self.advance(counters, most, lines, take) } else { Ok(()) };
        }
        let changed = (there.mtime(), there.mtime_nsec());
        let rewritten = self.look == Look::WholeFile && changed != open.changed;
        if there.len() < open.position || rewritten {
            open.changed = changed;
            open.rewind()?;
            take(Step::Restart);
            open.lines(counters, most, lines, take)?;
        }
        Ok(())
    }
}

impl Open {
    fn new(path: &Path, at_end: bool) -> io::Result<Open> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        let position = if at_end { file.seek(SeekFrom::End(0))? } else { 0 };
        Ok(Open {
            file,
            identity: (about.dev(), about.ino()),
            changed: (about.mtime(), about.mtime_nsec()),
            position,
            line: Vec::new(),
            skipping: false,
        })
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.position = self.file.seek(SeekFrom::Start(0))?;
        self.line.clear();
        self.skipping = false;
        Ok(())
    }

    /// Reads on; true where it stopped because there were many lines.
    fn lines(
        &mut self,
        counters: &mut CollectCounters,
        most: usize,
        lines: &mut usize,
        take: &mut impl FnMut(Step<'_>),
    ) -> io::Result<bool> {
        let mut chunk = vec![0; CHUNK];
        while *lines < most {
            let count = self.file.read(&mut chunk)?;
            if count == 0 {
                return Ok(false);
            }
            self.position += count as u64;
            let mut rest = chunk.get(..count).unwrap_or_default();
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                let (front, after) = rest.split_at(end);
                self.grow(front);
                self.last_line(counters, lines, take);
                rest = after.get(1..).unwrap_or_default();
            }
            self.grow(rest);
        }
        Ok(true)
    }

    fn grow(&mut self, bytes: &[u8]) {
        if self.line.len() + bytes.len() > LONGEST {
            self.skipping = true;
            self.line.clear();
        } else if !self.skipping {
            self.line.extend_from_slice(bytes);
        }
    }

    /// Hands over the line at hand.
    fn last_line(
        &mut self,
        counters: &mut CollectCounters,
        lines: &mut usize,
        take: &mut impl FnMut(Step<'_>),
    ) {
        if self.skipping {
            counters.refused += 1;
        } else if !self.line.is_empty() {
            *lines += 1;
            counters.received += 1;
            counters.bytes += self.line.len() as u64 + 1;
            take(Step::Line(self.line.strip_suffix(b"\r").unwrap_or(&self.line)));
        }
        self.line.clear();
        self.skipping = false;
    }
}
