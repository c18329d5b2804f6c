//! How far the core has acknowledged, on disk: two places written in turn, so that one is always whole.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::record::number;
use crate::Number;

const PLACE: usize = 36;

/// What the mark says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The last parcel that is done with: acknowledged or given up.
    pub done: Option<Number>,
    /// Parcels that were given up so far.
    pub lost: u64,
}

/// The file.
pub struct Mark {
    file: File,
    turn: u64,
}

impl Mark {
    /// Opens it, and tells what it says: the newest place that is whole.
    pub fn open(path: &Path) -> io::Result<(Self, Position)> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        let mut bytes = Vec::new();
        (&mut file).take(2 * PLACE as u64).read_to_end(&mut bytes)?;
        let newest = bytes.chunks(PLACE).filter_map(decode).max_by_key(|(turn, _)| *turn);
        let (turn, position) = newest.unwrap_or_default();
        Ok((Self { file, turn }, position))
    }

    /// Writes it; safe against the end of the process at once, against loss of power after [`Mark::file`] was synced.
    pub fn write(&mut self, position: Position) -> io::Result<()> {
        self.turn += 1;
        let done = position.done.unwrap_or(Number { epoch: 0, sequence: 0 });
        let mut bytes = Vec::with_capacity(PLACE);
        for field in [self.turn, done.epoch, done.sequence, position.lost] {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        self.file.write_all_at(&bytes, (self.turn % 2) * PLACE as u64)
    }

    pub fn file(&self) -> &File {
        &self.file
    }
}

fn decode(bytes: &[u8]) -> Option<(u64, Position)> {
    let (content, crc) = bytes.split_at_checked(PLACE - 4)?;
    if crc != crc32c::crc32c(content).to_le_bytes() {
        return None;
    }
    let mut rest = content;
    let turn = number(&mut rest);
    let done = Number { epoch: number(&mut rest), sequence: number(&mut rest) };
    let lost = number(&mut rest);
    Some((turn, Position { done: (done.sequence > 0).then_some(done), lost }))
}
