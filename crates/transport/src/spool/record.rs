//! How parcels lie in a segment file.
//!
//! A segment opens with 28 bytes: `MWSPOOL1`, the epoch and the sequence of its first record (64 bits each), and the CRC32C
//! of these. A record is its length (32 bits), the CRC32C of sequence and body, the sequence (64 bits), the body. All numbers
//! are little-endian.

use std::io::{self, Read};

use bytes::Bytes;

use crate::MAX_BODY;

const MAGIC: &[u8; 8] = b"MWSPOOL1";

/// Bytes of a segment's head.
pub const HEAD: u64 = 28;

/// Bytes of a record beside its body.
pub const RECORD_HEAD: u64 = 16;

/// Head of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub epoch: u64,
    pub first: u64,
}

impl Head {
    pub fn encode(self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.first.to_le_bytes());
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// `None` if these are not the bytes of a head.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEAD as usize];
        if !fill(from, &mut bytes)? {
            return Ok(None);
        }
        let (content, crc) = bytes.split_at(24);
        if !content.starts_with(MAGIC) || crc != crc32c::crc32c(content).to_le_bytes() {
            return Ok(None);
        }
        let mut rest = content.get(8..).unwrap_or_default();
        Ok(Some(Self { epoch: number(&mut rest), first: number(&mut rest) }))
    }
}

/// The bytes of a record.
pub fn encode(sequence: u64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(body.len() + RECORD_HEAD as usize);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc(sequence, body).to_le_bytes());
    out.extend_from_slice(&sequence.to_le_bytes());
    out.extend_from_slice(body);
    out
}

/// What stands at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub enum Record {
    Whole {
        sequence: u64,
        body: Bytes,
    },
    /// Nothing more.
    End,
    /// The record is cut off or was altered: neither it nor what follows can be trusted.
    Torn,
}

/// Reads the next record.
pub fn read(from: &mut impl Read) -> io::Result<Record> {
    let mut head = [0; RECORD_HEAD as usize];
    let got = fill_some(from, &mut head)?;
    if got == 0 {
        return Ok(Record::End);
    }
    if got < head.len() {
        return Ok(Record::Torn);
    }
    let mut rest = &head[..];
    let (length, sum) = (small(&mut rest), small(&mut rest));
    let sequence = number(&mut rest);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > MAX_BODY {
        return Ok(Record::Torn);
    }
    let mut body = Vec::new();
    from.by_ref().take(length as u64).read_to_end(&mut body)?;
    if body.len() < length || crc(sequence, &body) != sum {
        return Ok(Record::Torn);
    }
    Ok(Record::Whole { sequence, body: body.into() })
}

fn crc(sequence: u64, body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&sequence.to_le_bytes()), body)
}

/// Takes a 64-bit number off the front.
pub fn number(bytes: &mut &[u8]) -> u64 {
    match bytes.split_first_chunk::<8>() {
        Some((first, rest)) => {
            *bytes = rest;
            u64::from_le_bytes(*first)
        }
        None => 0,
    }
}

fn small(bytes: &mut &[u8]) -> u32 {
    match bytes.split_first_chunk::<4>() {
        Some((first, rest)) => {
            *bytes = rest;
            u32::from_le_bytes(*first)
        }
        None => 0,
    }
}

fn fill(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    Ok(fill_some(from, bytes)? == bytes.len())
}

/// Reads as much as there is; tells how much.
fn fill_some(from: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = bytes.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match from.read(rest) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}
