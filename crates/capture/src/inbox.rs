//! Raw bytes of one input: a file that can be closed and opened again where it was, or a pipe.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::progress::Progress;

/// Room for the largest zstd block (RFC 8878 section 3.1.1.2.4) with the header of the next.
const ROOM: usize = 256 << 10;

/// The raw bytes of an input, with a window on those that come next.
pub(crate) struct Inbox {
    handle: Option<Box<dyn Read + Send>>,
    /// A regular file, which can be opened again.
    path: Option<PathBuf>,
    /// Bytes read from the handle.
    offset: u64,
    progress: Progress,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl Inbox {
    /// Of a pipe or the like.
    pub fn of_stream(stream: Box<dyn Read + Send>, progress: Progress) -> Inbox {
        Inbox {
            handle: Some(stream),
            path: None,
            offset: 0,
            progress,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            ended: false,
        }
    }

    /// Of a regular file.
    pub fn of_file(path: PathBuf, progress: Progress) -> io::Result<Inbox> {
        let file = File::open(&path)?;
        Ok(Inbox { path: Some(path), ..Inbox::of_stream(Box::new(file), progress) })
    }

    /// Whether a new start from the first byte is possible.
    pub fn can_reopen(&self) -> bool {
        self.path.is_some()
    }

    /// Closes a regular file until it is read again.
    pub fn park(&mut self) {
        if self.path.is_some() {
            self.handle = None;
        }
    }

    /// Takes back from the progress what was read: the input will be read again from its start.
    pub fn forget(&self) {
        self.progress.back(self.offset);
    }

    /// Reads past the window, straight into `into`; 0 at the end.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.ended || into.is_empty() {
            return Ok(0);
        }
        if self.handle.is_none()
            && let Some(path) = &self.path
        {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(self.offset))?;
            self.handle = Some(Box::new(file));
        }
        let Some(handle) = &mut self.handle else { return Ok(0) };
        loop {
            match handle.read(into) {
                Ok(count) => {
                    self.ended = count == 0;
                    self.offset += count as u64;
                    self.progress.forward(count as u64);
                    return Ok(count);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
            }
        }
    }

    /// The bytes that come next: at least `least` (and at most [`ROOM`]) unless the input ends before.
    pub fn window(&mut self, least: usize) -> io::Result<&[u8]> {
        let least = least.min(ROOM);
        if self.buffer.is_empty() {
            self.buffer = vec![0; ROOM];
        }
        if self.end - self.start < least && !self.ended {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let mut buffer = std::mem::take(&mut self.buffer);
            let outcome = self.fill(&mut buffer, least);
            self.buffer = buffer;
            outcome?;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn fill(&mut self, buffer: &mut [u8], least: usize) -> io::Result<()> {
        while self.end < least {
            match self.read(buffer.get_mut(self.end..).unwrap_or_default())? {
                0 => break,
                count => self.end += count,
            }
        }
        Ok(())
    }

    /// Drops bytes from the front of the window.
    pub fn advance(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}
