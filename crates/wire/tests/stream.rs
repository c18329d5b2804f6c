//! Whatever way a stream is cut, shuffled and repeated, its bytes come out once and in order.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use medward_wire::{Piece, Stream, StreamLimits};
use proptest::prelude::*;

/// What came out, gaps as counts.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    bytes: Vec<u8>,
    gaps: Vec<(usize, u64)>,
}

impl Heard {
    fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Bytes(bytes) => self.bytes.extend_from_slice(bytes),
            Piece::Gap(length) => self.gaps.push((self.bytes.len(), length)),
        }
    }
}

fn content(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 31 % 251) as u8).collect()
}

proptest! {
    #[test]
    fn shuffled_and_overlapping_segments_come_out_once_in_order(
        isn in any::<u32>(),
        length in 1_usize..3000,
        cuts in proptest::collection::vec((0_usize..3000, 1_usize..800), 1..60),
        order in any::<u64>(),
    ) {
        let whole = content(length);
        let mut pieces: Vec<(usize, usize)> =
            cuts.into_iter().map(|(at, n)| (at % length, n)).map(|(at, n)| (at, (at + n).min(length))).collect();
        // Make sure that nothing is missing in the end.
        pieces.extend((0..length).step_by(500).map(|at| (at, (at + 500).min(length))));
        let mut state = order | 1;
        for i in (1..pieces.len()).rev() {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            pieces.swap(i, (state >> 33) as usize % (i + 1));
        }
        let mut stream = Stream::default();
        stream.start(isn);
        let mut heard = Heard::default();
        for (from, to) in pieces {
            let sequence = isn.wrapping_add(1).wrapping_add(from as u32);
            let payload = &whole[from..to];
            stream.segment(sequence, payload, payload.len() as u32, &StreamLimits::default(), &mut |p| heard.take(p));
        }
        prop_assert_eq!(heard, Heard { bytes: whole, gaps: vec![] });
        prop_assert_eq!(stream.held(), 0);
    }

    #[test]
    fn bytes_and_gaps_together_cover_the_stream(
        isn in any::<u32>(),
        kept in proptest::collection::vec(any::<bool>(), 1..80),
        bytes in 0_usize..2000,
    ) {
        let whole = content(kept.len() * 100);
        let mut stream = Stream::default();
        stream.start(isn);
        let mut heard = Heard::default();
        let limits = StreamLimits { bytes, segments: 8 };
        for (i, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
            let payload = &whole[i * 100..i * 100 + 100];
            let sequence = isn.wrapping_add(1).wrapping_add(i as u32 * 100);
            stream.segment(sequence, payload, 100, &limits, &mut |p| heard.take(p));
            prop_assert!(stream.held() <= bytes.max(100) + 100);
        }
        stream.flush(&mut |p| heard.take(p));
        let expected: Vec<u8> = kept.iter().enumerate().filter(|(_, k)| **k)
            .flat_map(|(i, _)| whole[i * 100..i * 100 + 100].to_vec()).collect();
        prop_assert_eq!(heard.bytes, expected);
        let last = kept.iter().rposition(|k| *k).map_or(0, |i| i + 1);
        let lost = kept[..last].iter().filter(|k| !**k).count() as u64 * 100;
        prop_assert_eq!(heard.gaps.iter().map(|g| g.1).sum::<u64>(), lost);
    }
}

#[test]
fn the_first_copy_of_overlapping_bytes_stays() {
    let mut stream = Stream::default();
    stream.start(99);
    let mut heard = Heard::default();
    let limits = StreamLimits::default();
    stream.segment(104, b"BBBB", 4, &limits, &mut |p| heard.take(p));
    stream.segment(100, b"aaaaXXXXcc", 10, &limits, &mut |p| heard.take(p));
    assert_eq!(heard.bytes, b"aaaaXXXXcc", "delivered bytes stay: the segment in order came out whole");
    let mut stream = Stream::default();
    stream.start(99);
    let mut heard = Heard::default();
    stream.segment(104, b"BBBB", 4, &limits, &mut |p| heard.take(p));
    stream.segment(102, b"xxYYYYzz", 8, &limits, &mut |p| heard.take(p));
    stream.segment(100, b"aa", 2, &limits, &mut |p| heard.take(p));
    assert_eq!(heard.bytes, b"aaxxBBBBzz", "held bytes stay");
}

#[test]
fn a_hole_that_was_acknowledged_is_a_gap_at_once() {
    let mut stream = Stream::default();
    stream.start(0);
    let mut heard = Heard::default();
    stream.segment(101, b"later", 5, &StreamLimits::default(), &mut |p| heard.take(p));
    stream.acknowledged(101, &mut |p| heard.take(p));
    assert_eq!(heard.gaps, [], "the acknowledgement does not reach beyond the hole");
    stream.acknowledged(106, &mut |p| heard.take(p));
    assert_eq!(heard, Heard { bytes: b"later".to_vec(), gaps: vec![(0, 100)] });
}

#[test]
fn what_the_snap_length_cut_is_a_gap() {
    let mut stream = Stream::default();
    stream.start(0);
    let mut heard = Heard::default();
    stream.segment(1, b"head", 1000, &StreamLimits::default(), &mut |p| heard.take(p));
    stream.segment(1001, b"next", 4, &StreamLimits::default(), &mut |p| heard.take(p));
    assert_eq!(heard, Heard { bytes: b"headnext".to_vec(), gaps: vec![(4, 996)] });
}

#[test]
fn a_stream_without_handshake_starts_where_it_is_met() {
    let mut stream = Stream::default();
    let mut heard = Heard::default();
    stream.segment(0xffff_fffe, b"abcd", 4, &StreamLimits::default(), &mut |p| heard.take(p));
    stream.segment(2, b"ef", 2, &StreamLimits::default(), &mut |p| heard.take(p));
    assert_eq!(heard.bytes, b"abcdef", "also around the wrap of the sequence number");
}
