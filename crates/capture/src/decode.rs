//! From bytes to packet descriptors: the pure core that pcap and pcapng share.

use std::net::IpAddr;

use medward_model::Timestamp;

use crate::batch::Descriptor;
use crate::pcap::Pcap;
use crate::pcapng::Pcapng;

/// Captured bytes of one packet that are always believed: libpcap's largest snap length for network traffic.
pub(crate) const PACKET_LIMIT: u32 = 256 << 10;

/// Longest block of a pcapng file, and the largest snap length that can raise [`PACKET_LIMIT`].
pub(crate) const BLOCK_LIMIT: u32 = 16 << 20;

/// Why decoding stopped.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Halt {
    /// The record that begins at the position reached is so many bytes long, and fewer are there.
    Need { bytes: usize, inside: Inside },
    /// The record that begins at the position reached cannot be right.
    Corrupt(String),
    /// As many packets as asked for.
    Full,
}

/// What a record is, for messages.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Inside {
    FileHeader,
    Packet,
    Block,
}

/// Counts of one file, and what it says beside packets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub packets: u64,
    pub bytes: u64,
    pub first: Option<Timestamp>,
    pub last: Option<Timestamp>,
    pub comments: Vec<String>,
    pub names: Vec<(IpAddr, String)>,
}

impl Tally {
    /// Counts a packet; `time` where the file tells it.
    #[inline]
    pub fn packet(&mut self, length: u32, time: Option<Timestamp>) {
        self.packets += 1;
        self.bytes = self.bytes.saturating_add(u64::from(length));
        if let Some(time) = time {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
    }
}

/// Decodes one uncompressed capture. Holds no bytes of it.
#[derive(Debug)]
pub(crate) enum Decoder {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

impl Decoder {
    /// By the first four bytes of the file.
    pub fn for_magic(magic: [u8; 4]) -> Option<Decoder> {
        if magic == crate::pcapng::SECTION_HEADER.to_be_bytes() {
            return Some(Decoder::Pcapng(Box::default()));
        }
        Pcap::for_magic(magic).map(Decoder::Pcap)
    }

    pub fn format(&self) -> &'static str {
        match self {
            Decoder::Pcap(_) => "pcap",
            Decoder::Pcapng(_) => "pcapng",
        }
    }

    /// Decodes `bytes`, which begin at a record, and appends packets until there are `room` of them. Returns the
    /// position of the first record not taken, and why it stopped there.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        packets: &mut Vec<Descriptor>,
        room: usize,
        tally: &mut Tally,
    ) -> (usize, Halt) {
        match self {
            Decoder::Pcap(pcap) => pcap.decode(bytes, packets, room, tally),
            Decoder::Pcapng(pcapng) => pcapng.decode(bytes, packets, room, tally),
        }
    }
}

/// The largest captured length to believe under a snap length.
pub(crate) fn packet_limit(snap: u32) -> u32 {
    if snap > BLOCK_LIMIT { PACKET_LIMIT } else { snap.max(PACKET_LIMIT) }
}

/// The first `N` 32-bit words of `bytes`.
#[inline]
pub(crate) fn words<const N: usize>(bytes: &[u8], big: bool) -> Option<[u32; N]> {
    let (chunks, _) = bytes.as_chunks::<4>();
    let chunks: &[[u8; 4]; N] = chunks.first_chunk()?;
    Some(chunks.map(|four| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) }))
}

/// The first 16-bit number of `bytes`.
#[inline]
pub(crate) fn half(bytes: &[u8], big: bool) -> Option<u16> {
    let two = *bytes.first_chunk()?;
    Some(if big { u16::from_be_bytes(two) } else { u16::from_le_bytes(two) })
}
