//! One file or pipe: its bytes, its decoder and its record for the report.

use std::io::{self, Read};
use std::path::Path;

use medward_model::CaptureFile;

use crate::batch::Batch;
use crate::decode::{Decoder, Halt, Inside, Tally};
use crate::error::OpenError;
use crate::guise;
use crate::inbox::Inbox;
use crate::progress::Progress;
use crate::stream::Stream;

/// Bytes looked at to tell what a file is that is no capture.
const HEAD: usize = 4096;

/// Packets in one block at most, which bounds the descriptors of a block of tiny packets.
const PACKETS: usize = 1 << 14;

/// One input that begins like a capture.
pub(crate) struct Source {
    stream: Stream,
    decoder: Decoder,
    /// Bytes after the last record that was taken.
    carry: Vec<u8>,
    /// Where `carry` begins, in bytes of the uncompressed stream.
    position: u64,
    ended: bool,
    file: CaptureFile,
    pub tally: Tally,
}

impl Source {
    /// Opens what a path names: a file, a pipe, or standard input for "-".
    pub fn open(path: &Path, progress: &Progress) -> Result<Source, OpenError> {
        let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
        let inbox = if path.as_os_str() == "-" {
            Inbox::of_stream(Box::new(io::stdin()), progress.clone())
        } else {
            let about = std::fs::metadata(path).map_err(unreadable)?;
            if about.is_file() {
                Inbox::of_file(path.to_owned(), progress.clone()).map_err(unreadable)?
            } else {
                let pipe = std::fs::File::open(path).map_err(unreadable)?;
                Inbox::of_stream(Box::new(pipe), progress.clone())
            }
        };
        Source::new(path, inbox)
    }

    /// From any reader; `path` is only its name.
    pub fn of_stream(
        path: &Path,
        stream: Box<dyn Read + Send>,
        progress: &Progress,
    ) -> Result<Source, OpenError> {
        Source::new(path, Inbox::of_stream(stream, progress.clone()))
    }

    fn new(path: &Path, inbox: Inbox) -> Result<Source, OpenError> {
        let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
        let mut stream = Stream::new(inbox).map_err(unreadable)?;
        let mut carry = vec![0; HEAD];
        let held = stream.fill(&mut carry);
        carry.truncate(held);
        let decoder = carry.first_chunk().and_then(|magic| Decoder::for_magic(*magic));
        let Some(decoder) = decoder else {
            let looks_like = guise::looks_like(&carry, stream.packing(), stream.fault());
            stream.inbox().forget();
            return Err(OpenError::NotACapture { path: path.to_owned(), looks_like });
        };
        let packing = stream.packing().map_or(String::new(), |name| format!("+{name}"));
        let file = CaptureFile {
            path: path.display().to_string(),
            format: format!("{}{packing}", decoder.format()),
            ..CaptureFile::default()
        };
        Ok(Source { stream, decoder, carry, position: 0, ended: false, file, tally: Tally::default() })
    }

    /// Reads a block of about `size` bytes into `batch` and describes the packets in it; false at the end.
    pub fn next_block(&mut self, batch: &mut Batch, size: usize) -> bool {
        let mut size = size;
        while !self.ended {
            let want = size.max(self.carry.len());
            match batch.buffer.len() {
                0 => batch.buffer = vec![0; want],
                length if length < want => batch.buffer.resize(want, 0),
                _ => {}
            }
            let held = self.carry.len();
            let Some((head, room)) =
                batch.buffer.get_mut(..want).and_then(|buffer| buffer.split_at_mut_checked(held))
            else {
                break;
            };
            head.copy_from_slice(&self.carry);
            let filled = held + self.stream.fill(room);
            let bytes = batch.buffer.get(..filled).unwrap_or_default();
            let (taken, halt) = self.decoder.decode(bytes, &mut batch.packets, PACKETS, &mut self.tally);
            self.carry.clear();
            self.carry.extend_from_slice(bytes.get(taken..).unwrap_or_default());
            self.position += taken as u64;
            match halt {
                Halt::Need { bytes, inside } if filled < want => self.end(bytes, inside),
                Halt::Need { bytes, .. } => size = size.max(bytes),
                Halt::Corrupt(why) => self.corrupt(&why),
                Halt::Full => {}
            }
            if !batch.packets.is_empty() {
                return true;
            }
        }
        false
    }

    /// The stream ended where a record of `promised` bytes should begin.
    fn end(&mut self, promised: usize, inside: Inside) {
        self.ended = true;
        let left = self.carry.len();
        let position = self.position;
        let packets = self.tally.packets;
        let fault = self.stream.fault().map(str::to_owned);
        let mut problem = match (left, inside) {
            (0, _) => match &fault {
                // A clean end.
                None => return,
                Some(fault) => {
                    self.file.problem = Some(format!("after packet {packets}, at byte {position}: {fault}"));
                    self.file.truncated_at = Some(position);
                    return;
                }
            },
            (_, Inside::FileHeader) => format!("cut off inside the file header at byte {position}"),
            (_, Inside::Packet) => {
                format!("cut off inside packet {} that begins at byte {position}", packets + 1)
            }
            (_, Inside::Block) => {
                format!("cut off after packet {packets}, inside the block that begins at byte {position}")
            }
        };
        problem.push_str(&format!(": {promised} bytes promised, {left} left"));
        if let Some(fault) = fault {
            problem.push_str(&format!(" ({fault})"));
        }
        self.file.problem = Some(problem);
        self.file.truncated_at = Some(position);
    }

    fn corrupt(&mut self, why: &str) {
        self.ended = true;
        let (packets, position) = (self.tally.packets, self.position);
        self.file.problem = Some(format!("corrupt after packet {packets}, at byte {position}: {why}"));
        self.file.truncated_at = Some(position);
    }

    /// The record for the report, with what was read up to now.
    pub fn into_file(self) -> CaptureFile {
        CaptureFile {
            packets: self.tally.packets,
            bytes: self.tally.bytes,
            first: self.tally.first,
            last: self.tally.last,
            comments: self.tally.comments,
            ..self.file
        }
    }

    /// Closes the file until it is read again, if that is possible.
    pub fn park(&mut self) {
        self.stream.inbox().park();
    }

    /// Whether it can be dropped and opened anew; a pipe cannot.
    pub fn can_reopen(&mut self) -> bool {
        self.stream.inbox().can_reopen()
    }

    /// Takes back what was counted as read, before it is dropped to be opened anew.
    pub fn forget(&mut self) {
        self.stream.inbox().forget();
    }
}
