//! The flow table: bounded, ordered by last use.

use std::hash::BuildHasher;
use std::net::IpAddr;

use hashbrown::HashTable;
use medward_model::{Mac, Timestamp, Transport};

use crate::decode::{Layer, decode};
use crate::frame::{LinkType, RawFrame};

/// Marks the end of a list.
const NONE: u32 = u32::MAX;

/// What tells flows apart: both endpoints in a fixed order, transport, VLAN. Link-layer flows have MACs as addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    low: [u64; 2],
    high: [u64; 2],
    /// Both ports, the VLAN, the transport: in one word, so that hashing a key takes five steps.
    rest: u64,
}

/// The same for a frame, from its addresses where they stand plainly; the innermost ones where it is wrapped.
pub fn shard_of_frame(frame: &RawFrame<'_>, shards: u32) -> u32 {
    if let Some((a, b)) = plain_addresses(frame) {
        return shard_of(a, b, shards);
    }
    let decoded = decode(frame);
    match &decoded.layer {
        Layer::Ip(packet) => shard_of(packet.source, packet.destination, shards),
        _ => u32::from(decoded.source.0[5] ^ decoded.destination.0[5]) % shards.max(1),
    }
}

/// Addresses of an IPv4 packet in an Ethernet frame that carries TCP, or UDP to no tunnel's port: nothing is inside.
fn plain_addresses(frame: &RawFrame<'_>) -> Option<(IpAddr, IpAddr)> {
    let head = frame.bytes.first_chunk::<38>()?;
    if frame.link != LinkType::Ethernet || head[12..15] != [0x08, 0x00, 0x45] {
        return None;
    }
    match head[23] {
        6 => {}
        17 if !matches!(u16::from_be_bytes([head[36], head[37]]), 4789 | 8472 | 6081) => {}
        _ => return None,
    }
    let address = |at: usize| head.get(at..)?.first_chunk::<4>().map(|b| IpAddr::from(*b));
    Some((address(26)?, address(30)?))
}

fn words(ip: IpAddr) -> [u64; 2] {
    let all = match ip {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    };
    [(all >> 64) as u64, all as u64]
}

fn mac_words(mac: Mac) -> [u64; 2] {
    let [a, b, c, d, e, f] = mac.0;
    [0, u64::from_be_bytes([0, 0, a, b, c, d, e, f])]
}

impl FlowKey {
    /// The key of a packet from `source` to `destination`, and whether the source is the lower end.
    pub fn ip(
        source: (IpAddr, u16),
        destination: (IpAddr, u16),
        transport: Transport,
        vlan: u16,
    ) -> (FlowKey, bool) {
        FlowKey::ordered((words(source.0), source.1), (words(destination.0), destination.1), transport, vlan)
    }

    /// The same for a link-layer protocol: MACs, and the EtherType for both ports.
    pub fn link(source: Mac, destination: Mac, kind: u16, vlan: u16) -> (FlowKey, bool) {
        FlowKey::ordered((mac_words(source), kind), (mac_words(destination), kind), Transport::Link, vlan)
    }

    fn ordered(
        source: ([u64; 2], u16),
        destination: ([u64; 2], u16),
        transport: Transport,
        vlan: u16,
    ) -> (FlowKey, bool) {
        let forward = source <= destination;
        let (low, high) = if forward { (source, destination) } else { (destination, source) };
        let rest =
            u64::from(low.1) << 48 | u64::from(high.1) << 32 | u64::from(vlan) << 16 | transport as u64;
        let key = FlowKey { low: low.0, high: high.0, rest };
        (key, forward)
    }
}

/// Which of `shards` a packet between two addresses belongs to: the same for both directions and for all its fragments.
pub fn shard_of(a: IpAddr, b: IpAddr, shards: u32) -> u32 {
    let fold = |ip: IpAddr| -> u64 {
        let [x, y] = words(ip);
        (x ^ y.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    let mixed = (fold(a) ^ fold(b)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    ((mixed >> 33) as u32) % shards.max(1)
}

#[derive(Debug)]
struct Slot<T> {
    key: FlowKey,
    touched: Timestamp,
    newer: u32,
    older: u32,
    /// None while the slot is free.
    value: Option<T>,
}

/// Slots a chunk.
const CHUNK: usize = 1024;

/// A list of slots that grows by chunks, so that growing copies nothing and holds no second copy.
#[derive(Debug)]
struct Slots<T> {
    chunks: Vec<Vec<Slot<T>>>,
}

impl<T> Slots<T> {
    #[inline]
    fn get(&self, at: u32) -> Option<&Slot<T>> {
        self.chunks.get(at as usize / CHUNK)?.get(at as usize % CHUNK)
    }

    #[inline]
    fn get_mut(&mut self, at: u32) -> Option<&mut Slot<T>> {
        self.chunks.get_mut(at as usize / CHUNK)?.get_mut(at as usize % CHUNK)
    }

    /// Appends, and answers where.
    fn push(&mut self, slot: Slot<T>) -> u32 {
        let full = self.chunks.last().is_none_or(|chunk| chunk.len() == CHUNK);
        if full {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        let before = (self.chunks.len() - 1) * CHUNK;
        match self.chunks.last_mut() {
            Some(chunk) => {
                chunk.push(slot);
                (before + chunk.len() - 1) as u32
            }
            None => NONE,
        }
    }
}

/// A table of flows with a bound and an idle time; the longest unused goes first.
#[derive(Debug)]
pub struct FlowTable<T> {
    index: HashTable<u32>,
    hasher: foldhash::fast::FixedState,
    slots: Slots<T>,
    free: Vec<u32>,
    newest: u32,
    oldest: u32,
    limit: usize,
    idle_seconds: i64,
}

/// A place in the table, valid until the flow is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRef(u32);

impl<T> FlowTable<T> {
    /// At most `limit` flows; those unused for `idle_seconds` of packet time can be taken out by `expired`.
    pub fn new(limit: usize, idle_seconds: i64) -> FlowTable<T> {
        FlowTable {
            index: HashTable::new(),
            hasher: foldhash::fast::FixedState::default(),
            slots: Slots { chunks: Vec::new() },
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            limit: limit.clamp(1, NONE as usize - 1),
            idle_seconds,
        }
    }

    /// Flows in the table.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// True without flows.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Bytes a flow takes in the table, the index included.
    pub const fn bytes_per_flow() -> usize {
        // Index: four bytes and a control byte, at 7/8 load after a doubling.
        size_of::<Slot<T>>() + 12
    }

    /// The flow with that key; it counts as used at `now`.
    #[inline]
    pub fn find(&mut self, key: &FlowKey, now: Timestamp) -> Option<FlowRef> {
        let hash = self.hasher.hash_one(key);
        let slots = &self.slots;
        let at = *self.index.find(hash, |i| slots.get(*i).is_some_and(|slot| slot.key == *key))?;
        self.touch(at, now);
        Some(FlowRef(at))
    }

    /// The flow's value.
    #[inline]
    pub fn get_mut(&mut self, flow: FlowRef) -> Option<&mut T> {
        self.slots.get_mut(flow.0).and_then(|slot| slot.value.as_mut())
    }

    /// Puts in a flow that `find` did not find. Where the table is full, the longest unused is returned.
    pub fn insert(&mut self, key: FlowKey, now: Timestamp, value: T) -> (FlowRef, Option<T>) {
        let evicted = if self.index.len() >= self.limit { self.remove_oldest() } else { None };
        let slot = Slot { key, touched: now, newer: NONE, older: NONE, value: Some(value) };
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(place) = self.slots.get_mut(at) {
                    *place = slot;
                }
                at
            }
            None => self.slots.push(slot),
        };
        let hash = self.hasher.hash_one(key);
        let (slots, hasher) = (&self.slots, &self.hasher);
        self.index.insert_unique(hash, at, |i| slots.get(*i).map_or(0, |slot| hasher.hash_one(slot.key)));
        self.link_newest(at);
        (FlowRef(at), evicted)
    }

    /// Takes out the longest unused flow if it has been idle for too long.
    pub fn expired(&mut self, now: Timestamp) -> Option<T> {
        let oldest = self.slots.get(self.oldest)?;
        if now.seconds_since(oldest.touched) <= self.idle_seconds {
            return None;
        }
        self.remove_oldest()
    }

    /// Visits the flows used at `since` or later, latest first.
    pub fn recent(&mut self, since: Timestamp, mut visit: impl FnMut(&mut T)) {
        let mut at = self.newest;
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.touched < since {
                break;
            }
            if let Some(value) = slot.value.as_mut() {
                visit(value);
            }
            at = slot.older;
        }
    }

    /// Takes out the longest unused flow.
    pub fn remove_oldest(&mut self) -> Option<T> {
        if self.oldest == NONE { None } else { self.remove(FlowRef(self.oldest)) }
    }

    /// Takes out a flow.
    pub fn remove(&mut self, flow: FlowRef) -> Option<T> {
        let at = flow.0;
        let slot = self.slots.get_mut(at)?;
        let value = slot.value.take()?;
        let hash = self.hasher.hash_one(slot.key);
        if let Ok(entry) = self.index.find_entry(hash, |i| *i == at) {
            entry.remove();
        }
        self.unlink(at);
        self.free.push(at);
        Some(value)
    }

    /// Moves a flow to the newest end; at most once a second of packet time, so that busy flows cost nothing.
    #[inline]
    fn touch(&mut self, at: u32, now: Timestamp) {
        let Some(slot) = self.slots.get_mut(at) else { return };
        if now.as_nanos().saturating_sub(slot.touched.as_nanos()) < 1_000_000_000 {
            return;
        }
        slot.touched = now;
        if self.newest != at {
            self.unlink(at);
            self.link_newest(at);
        }
    }

    fn unlink(&mut self, at: u32) {
        let Some(slot) = self.slots.get(at) else { return };
        let (newer, older) = (slot.newer, slot.older);
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }

    fn link_newest(&mut self, at: u32) {
        let before = self.newest;
        if let Some(slot) = self.slots.get_mut(at) {
            slot.older = before;
            slot.newer = NONE;
        }
        match self.slots.get_mut(before) {
            Some(slot) => slot.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }
}
