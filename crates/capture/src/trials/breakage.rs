//! Cut off or corrupt: everything before is used, and the place is told.

use std::io::{self, Read};

use crate::forge::{Forge, gzip, seen, zstd};
use crate::{Options, Reader};

/// A file, and where each of its records begins and whether it is a packet.
type Sample = (Vec<u8>, Vec<(usize, bool)>);

/// One of each format and byte order.
fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for big in [false, true] {
        let mut forge = Forge::pcap(big, 0xa1b2_c3d4, 1);
        let mut starts = vec![(0, false)];
        for length in [5usize, 0, 33, 14] {
            starts.push((forge.bytes.len(), true));
            forge.record(1, 2, &vec![7; length], 99);
        }
        samples.push((forge.bytes, starts));
        let mut forge = Forge { big, bytes: Vec::new() };
        let mut starts = vec![(0, false)];
        forge.section(&[(1, b"comment")]);
        starts.push((forge.bytes.len(), false));
        forge.interface(1, 0, &[(9, &[9])]);
        for length in [5usize, 33] {
            starts.push((forge.bytes.len(), true));
            forge.enhanced(0, 3, &vec![7; length], 99);
            starts.push((forge.bytes.len(), false));
            forge.names(&[(1, b"\x01\x02\x03\x04name\0")]);
            starts.push((forge.bytes.len(), true));
            forge.obsolete(0, 3, b"abc", 3);
            starts.push((forge.bytes.len(), true));
            forge.simple(b"abc", 3);
        }
        samples.push((forge.bytes, starts));
    }
    samples
}

#[test]
fn every_cut_gives_the_packets_before_it() {
    for (bytes, starts) in samples() {
        let mut ends: Vec<(usize, bool)> = Vec::new();
        for (index, (_, packet)) in starts.iter().enumerate() {
            // The header of a pcap file ends where the first record begins.
            let end = starts.get(index + 1).map_or(bytes.len(), |next| next.0);
            ends.push((end, *packet));
        }
        for cut in 4..=bytes.len() {
            let (frames, file) = seen(&bytes[..cut]);
            let whole = ends.iter().filter(|(end, packet)| *packet && *end <= cut).count();
            assert_eq!(frames.len(), whole, "cut at {cut}");
            let clean = cut == bytes.len() || starts.iter().any(|(start, _)| *start == cut);
            let position = starts.iter().map(|(start, _)| *start).filter(|start| *start < cut).max().unwrap();
            assert_eq!(file.problem.is_none(), clean, "cut at {cut}: {:?}", file.problem);
            assert_eq!(file.truncated_at, (!clean).then_some(position as u64), "cut at {cut}");
        }
        for cut in 0..4 {
            let (frames, file) = seen(&bytes[..cut]);
            assert!(frames.is_empty());
            assert!(file.problem.unwrap().contains("not a packet capture"));
        }
    }
}

#[test]
fn the_place_of_a_cut_is_told_in_words() {
    let mut forge = Forge::pcap(false, 0xa1b2_c3d4, 1);
    forge.record(1, 0, &[1; 60], 60);
    forge.record(2, 0, &[2; 60], 60);
    forge.bytes.truncate(24 + 76 + 28);
    let (_, file) = seen(&forge.bytes);
    assert_eq!(
        file.problem.as_deref(),
        Some("cut off inside packet 2 that begins at byte 100: 76 bytes promised, 28 left")
    );
    assert_eq!(file.truncated_at, Some(100));
}

#[test]
fn corruption_in_the_middle_ends_the_file_there() {
    let mut forge = Forge::pcap(false, 0xa1b2_c3d4, 1);
    forge.record(1, 0, &[1; 60], 60);
    let good = forge.bytes.len();
    forge.bytes.extend_from_slice(&[0xee; 400]);
    let (frames, file) = seen(&forge.bytes);
    assert_eq!((frames.len(), file.truncated_at), (1, Some(good as u64)));
    assert_eq!(
        file.problem.as_deref(),
        Some(
            "corrupt after packet 1, at byte 100: a packet of 4008636142 captured bytes is promised, \
             at most 262144 are possible"
        )
    );

    forge.bytes.truncate(good);
    forge.bytes.extend_from_slice(&[0; 4096]);
    let (frames, file) = seen(&forge.bytes);
    assert_eq!(frames.len(), 1);
    assert_eq!(
        file.problem.as_deref(),
        Some("corrupt after packet 1, at byte 100: zeros instead of a packet")
    );
}

#[test]
fn corrupt_blocks_are_told() {
    let begin = || {
        let mut forge = Forge { big: false, bytes: Vec::new() };
        forge.section(&[]);
        forge.interface(1, 0, &[]);
        forge.enhanced(0, 1, b"good", 4);
        forge
    };
    let at = begin().bytes.len() as u64;
    let problem = |forge: Forge| {
        let (frames, file) = seen(&forge.bytes);
        assert_eq!((frames.len(), file.truncated_at), (1, Some(at)));
        file.problem.unwrap()
    };

    let mut forge = begin();
    forge.enhanced(3, 1, b"late", 4);
    assert!(problem(forge).ends_with("a packet of interface 3, which was not described"));

    let mut forge = begin();
    forge.block(6, &[0xff; 24]);
    assert!(problem(forge).contains("which was not described"));

    let mut forge = begin();
    forge.block(6, &[0; 8]);
    assert!(problem(forge).ends_with("a packet block that is too short"));

    let mut forge = begin();
    forge.block(6, &[[0; 12].as_slice(), &[0xff; 8]].concat());
    assert!(problem(forge).ends_with("a packet of 4294967295 captured bytes in a block with room for 0"));

    let mut forge = begin();
    forge.bytes.extend_from_slice(&[9; 60]);
    assert!(problem(forge).ends_with("a block of 151587081 bytes is promised, which cannot be"));

    let mut forge = begin();
    forge.enhanced(0, 1, b"late", 4);
    *forge.bytes.last_mut().unwrap() = 1;
    assert!(problem(forge).ends_with("does not end with its own length"));

    let mut forge = begin();
    forge.block(0x0a0d_0d0a, &[5; 20]);
    assert!(problem(forge).ends_with("byte-order magic is wrong"));
}

/// Enough packets that do not compress well, to make several blocks of either packing.
fn noise() -> Vec<u8> {
    let mut forge = Forge::pcap(false, 0xa1b2_c3d4, 1);
    let mut state = 1u64;
    for _ in 0..5000 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 60) as u8
        })
        .take(84)
        .collect();
        forge.record(1, 2, &bytes, 84);
    }
    forge.bytes
}

#[test]
fn packed_data_that_break_give_what_was_before() {
    let plain = noise();
    let (all, _) = seen(&plain);
    for (packed, name) in [(gzip(&plain), "gzip"), (zstd(&plain), "zstd")] {
        for cut in [packed.len() / 3, packed.len() / 2, packed.len() - 1] {
            let (frames, file) = seen(&packed[..cut]);
            assert_eq!(frames[..], all[..frames.len()]);
            let problem = file.problem.unwrap();
            assert!(problem.contains(&format!("the {name} data end too early")), "{problem}");
            // One zstd block (128 KiB) may be lost.
            assert!(frames.len() + 1400 > all.len() * cut / packed.len(), "{name} {}", frames.len());
        }
        let mut damaged = packed.clone();
        let middle = packed.len() / 2;
        damaged[middle..middle + 64].fill(0xff);
        let (frames, file) = seen(&damaged);
        assert!(frames.len() > 500, "{name}: {} packets, {:?}", frames.len(), file.problem);
        assert!(file.problem.is_some());

        let mut trailed = packed;
        trailed.extend_from_slice(b"something else");
        let (frames, file) = seen(&trailed);
        assert_eq!(frames.len(), all.len());
        let place = format!("after packet 5000, at byte {}: what follows the {name} data", plain.len());
        assert!(file.problem.unwrap().starts_with(&place));
    }
}

/// Gives its bytes in small pieces, then an error.
struct Drip(io::Cursor<Vec<u8>>, bool);

impl Read for Drip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(3);
        match self.0.read(&mut into[..count])? {
            0 if self.1 => Err(io::Error::other("cable pulled")),
            0 => Ok(0),
            count => Ok(count),
        }
    }
}

#[test]
fn a_stream_may_come_in_pieces_and_fail() {
    for (bytes, starts) in samples() {
        let packets = starts.iter().filter(|(_, packet)| *packet).count() as u64;
        for packed in [bytes.clone(), gzip(&bytes), zstd(&bytes)] {
            let drip = Drip(io::Cursor::new(packed), true);
            let mut reader = Reader::of_stream("-", drip, &Options::default()).unwrap();
            let mut count = 0;
            while let Some(batch) = reader.next_batch() {
                count += batch.len() as u64;
            }
            assert_eq!(count, packets);
            let files = reader.finish();
            let problem = files[0].problem.as_deref().unwrap();
            assert!(problem.ends_with("reading failed (cable pulled)"), "{problem}");
        }
    }
}
