//! Putting IP fragments together (RFC 791, 3.2; RFC 8200, 4.5).
//!
//! Policy on overlaps: what arrived first stays. IPv6 datagrams with overlapping fragments are dropped whole
//! (RFC 5722). Bounds: datagrams under way, bytes held, pieces a datagram, and 30 seconds of packet time.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use hashbrown::HashMap;
use medward_model::Timestamp;

use crate::ip::IpPacket;

/// How many fragments one datagram may come in.
const MAX_PIECES: usize = 256;
/// Longest datagram payload.
const MAX_LENGTH: u32 = 65_535;
/// Seconds after which an unfinished datagram is given up.
const PATIENCE: i64 = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    identification: u32,
    vlan: u16,
}

#[derive(Debug, Default)]
struct Datagram {
    pieces: BTreeMap<u32, Box<[u8]>>,
    held: usize,
    /// Total payload length, once the last fragment was seen.
    length: Option<u32>,
    first: Timestamp,
    overlapped: bool,
    /// The IP header of the first fragment seen.
    header: Box<[u8]>,
    /// Order of arrival among all datagrams, to tell a stale entry of the queue.
    serial: u64,
}

/// What became of a fragment.
#[derive(Debug)]
pub enum Defragmented {
    /// Kept, waiting for others.
    Held,
    /// This was the last one missing: the whole datagram.
    Whole(Whole),
    /// Dropped; the name of the weird.
    Dropped(&'static str),
}

/// A datagram put together.
#[derive(Debug)]
pub struct Whole {
    header: Box<[u8]>,
    payload: Vec<u8>,
}

impl Whole {
    /// The datagram as a packet; `last` is the fragment that completed it.
    pub fn packet<'a>(&'a self, last: &IpPacket<'_>) -> IpPacket<'a> {
        IpPacket {
            source: last.source,
            destination: last.destination,
            protocol: last.protocol,
            hop_limit: last.hop_limit,
            ecn: last.ecn,
            dont_fragment: last.dont_fragment,
            identification: last.identification,
            flow_label: last.flow_label,
            options: last.options,
            header: &self.header,
            payload: &self.payload,
            payload_length: self.payload.len() as u32,
            total_length: (self.header.len() + self.payload.len()) as u32,
            fragment: None,
        }
    }
}

/// Fragments under way.
#[derive(Debug)]
pub struct Defragmenter {
    open: HashMap<Key, Datagram, foldhash::fast::FixedState>,
    order: VecDeque<(Key, u64)>,
    held: usize,
    max_datagrams: usize,
    max_bytes: usize,
    serial: u64,
    evicted: u64,
}

impl Defragmenter {
    /// Holds at most `max_datagrams` unfinished datagrams and `max_bytes` of their payload.
    pub fn new(max_datagrams: usize, max_bytes: usize) -> Defragmenter {
        Defragmenter {
            open: HashMap::default(),
            order: VecDeque::new(),
            held: 0,
            max_datagrams: max_datagrams.max(1),
            max_bytes,
            serial: 0,
            evicted: 0,
        }
    }

    /// Datagrams given up unfinished: timed out, or dropped for want of room.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Takes a fragment (`packet.fragment` must be set; otherwise it is dropped).
    pub fn push(&mut self, packet: &IpPacket<'_>, vlan: u16, now: Timestamp) -> Defragmented {
        let Some(part) = packet.fragment else { return Defragmented::Dropped("fragment_expected") };
        if (packet.payload.len() as u32) < packet.payload_length {
            return Defragmented::Dropped("fragment_cut_by_snap_length");
        }
        let length = packet.payload.len() as u32;
        let end = part.offset.saturating_add(length);
        if end > MAX_LENGTH || (part.more && !length.is_multiple_of(8)) || length == 0 {
            return Defragmented::Dropped("fragment_bad_length");
        }
        let key = Key {
            source: packet.source,
            destination: packet.destination,
            // RFC 8200 leaves the protocol out of the key; the first fragment's counts.
            protocol: if packet.version() == 4 { packet.protocol } else { 0 },
            identification: part.identification,
            vlan,
        };
        self.make_room(now, length as usize);
        let serial = self.serial + 1;
        let datagram = self.open.entry(key).or_default();
        if datagram.serial == 0 {
            self.serial = serial;
            datagram.serial = serial;
            datagram.first = now;
            datagram.header = packet.header.into();
            self.order.push_back((key, serial));
        }
        if datagram.overlaps(part.offset, end) {
            if datagram.pieces.get(&part.offset).is_some_and(|held| **held == *packet.payload) {
                return Defragmented::Dropped("fragment_repeated");
            }
            datagram.overlapped = true;
            if packet.version() == 6 {
                self.forget(&key);
                return Defragmented::Dropped("fragment_overlap");
            }
        }
        if datagram.pieces.len() >= MAX_PIECES {
            self.forget(&key);
            self.evicted += 1;
            return Defragmented::Dropped("fragment_too_many_pieces");
        }
        if !part.more {
            datagram.length = Some(datagram.length.map_or(end, |told| told.min(end)));
        }
        datagram.pieces.entry(part.offset).or_insert_with(|| packet.payload.into());
        datagram.held += length as usize;
        self.held += length as usize;
        let Some(payload) = datagram.assemble() else { return Defragmented::Held };
        let overlapped = datagram.overlapped;
        let header = std::mem::take(&mut datagram.header);
        self.forget(&key);
        if overlapped {
            // Endpoints disagree on the content: not worth believing.
            return Defragmented::Dropped("fragment_overlap");
        }
        Defragmented::Whole(Whole { header, payload })
    }

    fn forget(&mut self, key: &Key) {
        if let Some(datagram) = self.open.remove(key) {
            self.held = self.held.saturating_sub(datagram.held);
        }
    }

    /// Gives up the oldest while they are stale or too many.
    fn make_room(&mut self, now: Timestamp, coming: usize) {
        while let Some((key, serial)) = self.order.front().copied() {
            match self.open.get(&key) {
                Some(datagram) if datagram.serial == serial => {
                    let stale = now.seconds_since(datagram.first) > PATIENCE;
                    let crowded =
                        self.open.len() >= self.max_datagrams || self.held + coming > self.max_bytes;
                    if !stale && !crowded {
                        return;
                    }
                    self.forget(&key);
                    self.evicted += 1;
                }
                _ => {}
            }
            self.order.pop_front();
        }
    }
}

impl Datagram {
    fn overlaps(&self, start: u32, end: u32) -> bool {
        let before = self.pieces.range(..start).next_back();
        before.is_some_and(|(at, piece)| at + piece.len() as u32 > start)
            || self.pieces.range(start..end).next().is_some()
    }

    /// The payload, when no piece is missing.
    fn assemble(&self) -> Option<Vec<u8>> {
        let length = self.length?;
        let mut covered = 0_u32;
        for (at, piece) in &self.pieces {
            if *at > covered {
                return None;
            }
            covered = covered.max(at + piece.len() as u32);
        }
        if covered < length {
            return None;
        }
        let mut payload: Vec<u8> = Vec::with_capacity(covered as usize);
        for (at, piece) in &self.pieces {
            let skip = (payload.len() as u32).saturating_sub(*at) as usize;
            payload.extend_from_slice(piece.get(skip..).unwrap_or_default());
        }
        payload.truncate(length as usize);
        Some(payload)
    }
}
