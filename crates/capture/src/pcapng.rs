//! pcapng (draft-ietf-opsawg-pcapng): the blocks that hold packets, interfaces, names and comments.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use medward_model::Timestamp;
use medward_wire::LinkType;

use crate::batch::Descriptor;
use crate::decode::{BLOCK_LIMIT, Halt, Inside, Tally, half, packet_limit, words};

/// Section Header Block (section 4.1); the same in both byte orders.
pub(crate) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER: u32 = 0x1a2b_3c4d;
/// Interface Description Block (4.2).
const INTERFACE: u32 = 1;
/// Packet Block, obsolete (appendix A).
const PACKET: u32 = 2;
/// Simple Packet Block (4.4).
const SIMPLE_PACKET: u32 = 3;
/// Name Resolution Block (4.5).
const NAMES: u32 = 4;
/// Enhanced Packet Block (4.3).
const ENHANCED_PACKET: u32 = 6;

const OPT_COMMENT: u16 = 1;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// Bounds of what is kept of one file.
const INTERFACES: usize = 1 << 16;
const COMMENTS: usize = 256;
const COMMENT_BYTES: usize = 4096;
const NAMES_KEPT: usize = 1 << 16;
const NAME_BYTES: usize = 255;

/// A pcapng file.
#[derive(Debug, Default)]
pub(crate) struct Pcapng {
    big: bool,
    /// Interfaces of this section.
    interfaces: Vec<Interface>,
    comments: usize,
    names: usize,
    /// Of the last packet that had a time.
    time: Timestamp,
}

#[derive(Clone, Copy, Debug)]
struct Interface {
    link: LinkType,
    snap: u32,
    unit: Unit,
    /// Seconds to add.
    offset: i64,
}

/// What one unit of a timestamp is.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// So many nanoseconds.
    Nanos(u64),
    /// So many make a nanosecond; 0 where more than can be told.
    PerNano(u64),
    /// 2 to this power make a second.
    Binary(u8),
}

impl Unit {
    /// From `if_tsresol` (4.2): a negative power of 10, or of 2 where the highest bit is set.
    fn from_option(resolution: u8) -> Unit {
        let power = resolution & 0x7f;
        if resolution & 0x80 != 0 {
            return Unit::Binary(power);
        }
        match 9u32.checked_sub(u32::from(power)) {
            Some(more) => Unit::Nanos(10u64.pow(more)),
            None => Unit::PerNano(10u64.checked_pow(u32::from(power) - 9).unwrap_or(0)),
        }
    }

    #[inline]
    fn nanos(self, units: u64) -> i64 {
        let nanos = match self {
            Unit::Nanos(each) => units.saturating_mul(each),
            Unit::PerNano(each) => units.checked_div(each).unwrap_or(0),
            Unit::Binary(power) => {
                let scaled = (u128::from(units) * 1_000_000_000) >> power;
                u64::try_from(scaled).unwrap_or(u64::MAX)
            }
        };
        i64::try_from(nanos).unwrap_or(i64::MAX)
    }
}

impl Interface {
    #[inline]
    fn time(&self, high: u32, low: u32) -> Timestamp {
        let nanos = self.unit.nanos(u64::from(high) << 32 | u64::from(low));
        Timestamp::from_nanos(nanos).plus_seconds(self.offset)
    }
}

impl Pcapng {
    pub fn decode(
        &mut self,
        bytes: &[u8],
        packets: &mut Vec<Descriptor>,
        room: usize,
        tally: &mut Tally,
    ) -> (usize, Halt) {
        let mut at = 0;
        while packets.len() < room {
            match self.block(bytes, at, packets, tally) {
                Ok(length) => at += length,
                Err(halt) => return (at, halt),
            }
        }
        (at, Halt::Full)
    }

    /// Takes the block at `at`; returns its length.
    #[inline]
    fn block(
        &mut self,
        bytes: &[u8],
        at: usize,
        packets: &mut Vec<Descriptor>,
        tally: &mut Tally,
    ) -> Result<usize, Halt> {
        let rest = bytes.get(at..).unwrap_or_default();
        let need = |bytes| Halt::Need { bytes, inside: Inside::Block };
        let [kind, mut total] = words(rest, self.big).ok_or(need(12))?;
        let mut big = self.big;
        if kind == SECTION_HEADER {
            big = section_order(rest).ok_or(need(12))?.map_err(Halt::Corrupt)?;
            [_, total] = words(rest, big).ok_or(need(12))?;
        }
        if total < 12 || total % 4 != 0 || total > BLOCK_LIMIT {
            return Err(Halt::Corrupt(format!("a block of {total} bytes is promised, which cannot be")));
        }
        let length = total as usize;
        let Some(block) = rest.get(..length) else {
            let packet = matches!(kind, PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
            let inside = if packet { Inside::Packet } else { Inside::Block };
            return Err(Halt::Need { bytes: length, inside });
        };
        let (body, end) = block.get(8..).unwrap_or_default().split_at(length - 12);
        if words(end, big) != Some([total]) {
            return Err(Halt::Corrupt(format!("a block of {total} bytes does not end with its own length")));
        }
        let body_at = at + 8;
        match kind {
            ENHANCED_PACKET => self.enhanced(body, body_at, packets, tally),
            SIMPLE_PACKET => self.simple(body, body_at, packets, tally),
            PACKET => self.obsolete(body, body_at, packets, tally),
            INTERFACE => self.interface(body, tally),
            SECTION_HEADER => {
                self.big = big;
                self.section(body, tally)
            }
            NAMES => {
                self.read_names(body, tally);
                Ok(())
            }
            // Statistics, secrets, custom and unknown blocks.
            _ => Ok(()),
        }
        .map_err(Halt::Corrupt)?;
        Ok(length)
    }

    fn section(&mut self, body: &[u8], tally: &mut Tally) -> Result<(), String> {
        self.interfaces.clear();
        let version = |at: usize| body.get(at..).and_then(|rest| half(rest, self.big));
        match (version(4), version(6)) {
            (Some(1), Some(_)) => {}
            (Some(major), Some(minor)) => return Err(format!("pcapng version {major}.{minor} is not known")),
            _ => return Err("a section header that is too short".to_owned()),
        }
        self.keep_comments(body.get(16..).unwrap_or_default(), tally);
        Ok(())
    }

    fn interface(&mut self, body: &[u8], tally: &mut Tally) -> Result<(), String> {
        let short = || "an interface description that is too short".to_owned();
        let link = half(body, self.big).ok_or_else(short)?;
        let [_, snap] = words(body, self.big).ok_or_else(short)?;
        if self.interfaces.len() == INTERFACES {
            return Err(format!("more than {INTERFACES} interfaces in a section"));
        }
        let mut interface =
            Interface { link: LinkType::from_number(link), snap, unit: Unit::from_option(6), offset: 0 };
        let options = body.get(8..).unwrap_or_default();
        for (code, value) in (Fields { rest: options, big: self.big }) {
            match (code, value) {
                (IF_TSRESOL, &[resolution, ..]) => interface.unit = Unit::from_option(resolution),
                (IF_TSOFFSET, value) => {
                    if let Some(&eight) = value.first_chunk::<8>() {
                        interface.offset =
                            if self.big { i64::from_be_bytes(eight) } else { i64::from_le_bytes(eight) };
                    }
                }
                _ => {}
            }
        }
        self.interfaces.push(interface);
        self.keep_comments(options, tally);
        Ok(())
    }

    #[inline]
    fn enhanced(
        &mut self,
        body: &[u8],
        at: usize,
        packets: &mut Vec<Descriptor>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Some([interface, high, low, captured, original]) = words(body, self.big) else {
            return Err("a packet block that is too short".to_owned());
        };
        let interface = self.known(interface)?;
        let time = interface.time(high, low);
        let room = body.len() - 20;
        self.take(interface, Some(time), (captured, original), (at + 20, room), packets, tally)
    }

    fn obsolete(
        &mut self,
        body: &[u8],
        at: usize,
        packets: &mut Vec<Descriptor>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let (Some(interface), Some([_, high, low, captured, original])) =
            (half(body, self.big), words(body, self.big))
        else {
            return Err("a packet block that is too short".to_owned());
        };
        let interface = self.known(u32::from(interface))?;
        let time = interface.time(high, low);
        let room = body.len() - 20;
        self.take(interface, Some(time), (captured, original), (at + 20, room), packets, tally)
    }

    /// A packet of the first interface, without a time: it is taken to be as late as the packet before it.
    fn simple(
        &mut self,
        body: &[u8],
        at: usize,
        packets: &mut Vec<Descriptor>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let Some([original]) = words(body, self.big) else {
            return Err("a packet block that is too short".to_owned());
        };
        let interface = self.known(0)?;
        let room = body.len() - 4;
        let snap = if interface.snap == 0 { u32::MAX } else { interface.snap };
        let mut captured = original.min(snap);
        // The block itself is the better witness where the snap length is not what the writer used: only the up to
        // three bytes of padding are in doubt.
        if captured as usize > room {
            captured = room as u32;
        }
        self.take(interface, None, (captured, original), (at + 4, room), packets, tally)
    }

    #[inline]
    fn known(&self, index: u32) -> Result<Interface, String> {
        let interface = self.interfaces.get(index as usize);
        interface.copied().ok_or_else(|| format!("a packet of interface {index}, which was not described"))
    }

    #[inline]
    fn take(
        &mut self,
        interface: Interface,
        time: Option<Timestamp>,
        (captured, original): (u32, u32),
        (offset, room): (usize, usize),
        packets: &mut Vec<Descriptor>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        if captured as usize > room {
            return Err(format!("a packet of {captured} captured bytes in a block with room for {room}"));
        }
        let limit = packet_limit(interface.snap);
        if captured > limit {
            return Err(format!("a packet of {captured} captured bytes, at most {limit} are possible"));
        }
        self.time = time.unwrap_or(self.time);
        tally.packet(captured, time);
        packets.push(Descriptor {
            time: self.time,
            offset: offset as u32,
            length: captured,
            original: original.max(captured),
            link: interface.link,
        });
        Ok(())
    }

    fn keep_comments(&mut self, options: &[u8], tally: &mut Tally) {
        for (code, value) in (Fields { rest: options, big: self.big }) {
            if code != OPT_COMMENT || self.comments == COMMENTS {
                continue;
            }
            let text = text(value, COMMENT_BYTES);
            if !text.is_empty() && !tally.comments.contains(&text) {
                self.comments += 1;
                tally.comments.push(text);
            }
        }
    }

    /// Records: type, length, an address, then names that end with a zero byte each.
    fn read_names(&mut self, body: &[u8], tally: &mut Tally) {
        for (kind, value) in (Fields { rest: body, big: self.big }) {
            let (address, names) = match kind {
                1 => match value.split_first_chunk::<4>() {
                    Some((four, names)) => (IpAddr::V4(Ipv4Addr::from(*four)), names),
                    None => continue,
                },
                2 => match value.split_first_chunk::<16>() {
                    Some((sixteen, names)) => (IpAddr::V6(Ipv6Addr::from(*sixteen)), names),
                    None => continue,
                },
                _ => continue,
            };
            for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
                if self.names == NAMES_KEPT {
                    return;
                }
                self.names += 1;
                tally.names.push((address, text(name, NAME_BYTES)));
            }
        }
    }
}

/// Whether the section that begins here is big-endian; none where fewer than 12 bytes are there.
fn section_order(rest: &[u8]) -> Option<Result<bool, String>> {
    let [_, _, magic] = words(rest, true)?;
    Some(if magic == BYTE_ORDER {
        Ok(true)
    } else if magic.swap_bytes() == BYTE_ORDER {
        Ok(false)
    } else {
        Err("a section header whose byte-order magic is wrong".to_owned())
    })
}

fn text(value: &[u8], limit: usize) -> String {
    let value = value.get(..limit).unwrap_or(value);
    String::from_utf8_lossy(value).trim_matches(|c: char| c == '\0' || c.is_whitespace()).to_owned()
}

/// Code, length, value and padding to four bytes, up to code 0: the shape of options (3.5) and name records (4.5).
struct Fields<'a> {
    rest: &'a [u8],
    big: bool,
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let code = half(self.rest, self.big)?;
        let length = usize::from(half(self.rest.get(2..)?, self.big)?);
        if code == 0 {
            return None;
        }
        let value = self.rest.get(4..4 + length)?;
        self.rest = self.rest.get(4 + length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}
