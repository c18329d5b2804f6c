//! Bodies in few bytes.
//!
//! They are small, and their JSON is much alike: zstd starts from a text that holds what most of them do. That text is part of
//! what is stored and never changes; a better one gets a mark of its own.

use std::cell::RefCell;
use std::sync::LazyLock;

use medward_monitor::StoreError;
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

const ALIKE: &[u8] = include_bytes!("body.txt");

/// Stands before a body that was packed with [`ALIKE`]; none begins a frame of zstd, as bodies of the first schema do.
const MARK: u8 = 1;

const LEVEL: i32 = 3;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(ALIKE, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(ALIKE));

thread_local! {
    // Setting one up costs more than most bodies take.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Largest body, unpacked.
const LARGEST: usize = 64 << 20;

/// A body in few bytes.
pub(crate) fn pack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let packed = PACKER.with_borrow_mut(|packer| {
        let packer = match packer {
            Some(packer) => packer,
            None => packer.insert(Compressor::with_prepared_dictionary(&ENCODER)?),
        };
        packer.compress(bytes)
    });
    let packed = packed.map_err(|error| StoreError::Refused(format!("it cannot be packed: {error}")))?;
    let mut marked = Vec::with_capacity(packed.len() + 1);
    marked.push(MARK);
    marked.extend(packed);
    Ok(marked)
}

/// What was packed, now or by the first schema.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (alike, frame) = match bytes.split_first() {
        Some((&MARK, frame)) => (true, frame),
        _ => (false, bytes),
    };
    let size = zstd::zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .filter(|size| *size <= LARGEST)
        .ok_or_else(|| StoreError::Corrupt("a body of unknown size".to_owned()))?;
    let unpacked = if alike {
        UNPACKER.with_borrow_mut(|unpacker| {
            let unpacker = match unpacker {
                Some(unpacker) => unpacker,
                None => unpacker.insert(Decompressor::with_prepared_dictionary(&DECODER)?),
            };
            unpacker.decompress(frame, size)
        })
    } else {
        zstd::bulk::decompress(frame, size)
    };
    unpacked.map_err(|error| StoreError::Corrupt(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_they_were_written() {
        for body in [&b""[..], b"{}", ALIKE, &[0, 255, 1].repeat(5000)] {
            let packed = pack(body).unwrap_or_default();
            assert_eq!(unpack(&packed).ok().as_deref(), Some(body));
            let before = zstd::bulk::compress(body, LEVEL).unwrap_or_default();
            assert_eq!(unpack(&before).ok().as_deref(), Some(body));
        }
        for broken in [&b""[..], &[MARK], b"\x01nothing", &[0; 40]] {
            assert!(unpack(broken).is_err());
        }
    }
}
