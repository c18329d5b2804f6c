//! Classic pcap (draft-ietf-opsawg-pcap sections 4 and 5).

use medward_model::Timestamp;
use medward_wire::LinkType;

use crate::batch::Descriptor;
use crate::decode::{Halt, Inside, Tally, half, packet_limit, words};

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
/// The record header of the "modified" format adds interface, protocol and packet type.
const MODIFIED_RECORD_HEADER: usize = 24;

/// A classic pcap file; its header comes with the first bytes.
#[derive(Debug)]
pub(crate) struct Pcap {
    header: Option<Header>,
}

#[derive(Clone, Copy, Debug)]
struct Header {
    big: bool,
    /// Nanoseconds in one unit of a record's fraction of a second.
    unit: u64,
    record: usize,
    link: LinkType,
    limit: u32,
    /// Files before version 2.4 may hold the two lengths in the other order.
    old: bool,
}

/// Byte order, nanoseconds in a unit and length of a record header of the file with this magic number.
fn shape(magic: [u8; 4]) -> Option<(bool, u64, usize)> {
    let of = |number: u32| match number {
        0xa1b2_c3d4 => Some((1000, RECORD_HEADER)),
        0xa1b2_3c4d => Some((1, RECORD_HEADER)),
        0xa1b2_cd34 => Some((1000, MODIFIED_RECORD_HEADER)),
        _ => None,
    };
    let with = |big| move |(unit, record)| (big, unit, record);
    of(u32::from_be_bytes(magic)).map(with(true)).or_else(|| of(u32::from_le_bytes(magic)).map(with(false)))
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Header, String> {
        let odd = || "the magic number is not one of pcap".to_owned();
        let (big, unit, record) = bytes.first_chunk().copied().and_then(shape).ok_or_else(odd)?;
        let version = |at: usize| bytes.get(at..).and_then(|rest| half(rest, big)).unwrap_or(0);
        let (major, minor) = (version(4), version(6));
        // 543 is what one vendor of capture cards wrote for 2.
        if major != 2 && major != 543 {
            return Err(format!("pcap version {major}.{minor} is not known (2.4 is usual)"));
        }
        let [_, _, _, _, snap, network] = words(bytes, big).ok_or_else(odd)?;
        Ok(Header {
            big,
            unit,
            record,
            // The upper half tells of a frame check sequence.
            link: LinkType::from_number((network & 0xffff) as u16),
            limit: packet_limit(snap),
            old: major == 2 && minor < 4,
        })
    }
}

impl Pcap {
    pub fn for_magic(magic: [u8; 4]) -> Option<Pcap> {
        shape(magic).map(|_| Pcap { header: None })
    }

    pub fn decode(
        &mut self,
        bytes: &[u8],
        packets: &mut Vec<Descriptor>,
        room: usize,
        tally: &mut Tally,
    ) -> (usize, Halt) {
        let mut at = 0;
        loop {
            let header = match self.header {
                Some(header) => header,
                None => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    if rest.len() < FILE_HEADER {
                        return (at, Halt::Need { bytes: FILE_HEADER, inside: Inside::FileHeader });
                    }
                    match Header::parse(rest) {
                        Ok(header) => {
                            at += FILE_HEADER;
                            *self.header.insert(header)
                        }
                        Err(problem) => return (at, Halt::Corrupt(problem)),
                    }
                }
            };
            match header.records(bytes, &mut at, packets, room, tally) {
                Some(halt) => return (at, halt),
                // Another file follows.
                None => self.header = None,
            }
        }
    }
}

impl Header {
    /// Takes records from `at` on; none where another file header follows there.
    fn records(
        &self,
        bytes: &[u8],
        at: &mut usize,
        packets: &mut Vec<Descriptor>,
        room: usize,
        tally: &mut Tally,
    ) -> Option<Halt> {
        while packets.len() < room {
            let rest = bytes.get(*at..).unwrap_or_default();
            let Some([seconds, fraction, mut captured, mut original]) = words(rest, self.big) else {
                return Some(Halt::Need { bytes: self.record, inside: Inside::Packet });
            };
            if captured == 0 && original == 0 {
                // A file header has zeros in these places, and so has a hole in a file.
                if rest.first_chunk().copied().and_then(shape).is_some() {
                    return None;
                }
                if seconds == 0 && fraction == 0 {
                    return Some(Halt::Corrupt("zeros instead of a packet".to_owned()));
                }
            }
            if self.old && captured > original {
                std::mem::swap(&mut captured, &mut original);
            }
            if captured > self.limit {
                let limit = self.limit;
                return Some(Halt::Corrupt(format!(
                    "a packet of {captured} captured bytes is promised, at most {limit} are possible"
                )));
            }
            let end = self.record + captured as usize;
            if rest.len() < end {
                return Some(Halt::Need { bytes: end, inside: Inside::Packet });
            }
            // Below 2^32 s and 2^32 units of at most 1 µs: far inside an i64.
            let nanos = u64::from(seconds) * 1_000_000_000 + u64::from(fraction) * self.unit;
            let time = Timestamp::from_nanos(nanos as i64);
            tally.packet(captured, Some(time));
            packets.push(Descriptor {
                time,
                offset: (*at + self.record) as u32,
                length: captured,
                original: original.max(captured),
                link: self.link,
            });
            *at += end;
        }
        Some(Halt::Full)
    }
}
