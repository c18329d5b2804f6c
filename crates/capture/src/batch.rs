//! Many frames at once, in one piece of memory that goes back to its reader when the batch is dropped.

use std::sync::{Arc, Mutex};

use medward_model::Timestamp;
use medward_wire::{LinkType, RawFrame};

/// How many unused buffers a reader keeps.
const SPARE_BUFFERS: usize = 32;

/// A buffer that one huge block has blown up beyond this is given back to the system.
const SPARE_BYTES: usize = 4 << 20;

/// Where one packet lies in a buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Descriptor {
    pub time: Timestamp,
    pub offset: u32,
    pub length: u32,
    pub original: u32,
    pub link: LinkType,
}

/// Consecutive frames of the input, with the bytes they borrow.
///
/// Frames are numbered from 1 over the whole input. A batch may be shared (`Arc<Batch>`) by several threads.
#[derive(Debug)]
pub struct Batch {
    pub(crate) buffer: Vec<u8>,
    pub(crate) packets: Vec<Descriptor>,
    pub(crate) first: u64,
    pool: Arc<Pool>,
}

impl Batch {
    /// The frames in order.
    pub fn frames(&self) -> impl ExactSizeIterator<Item = RawFrame<'_>> {
        self.packets.iter().enumerate().map(|(index, packet)| self.frame(index, packet))
    }

    /// How many frames.
    pub fn len(&self) -> usize {
        self.packets.len()
    }

    /// Never so in a batch that a reader hands out.
    pub fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// The number of the first frame, counted from 1 over the whole input.
    pub fn first_number(&self) -> u64 {
        self.first
    }

    fn frame(&self, index: usize, packet: &Descriptor) -> RawFrame<'_> {
        RawFrame {
            number: self.first + index as u64,
            time: packet.time,
            link: packet.link,
            bytes: self.bytes_of(packet),
            original: packet.original,
        }
    }

    pub(crate) fn bytes_of(&self, packet: &Descriptor) -> &[u8] {
        let start = packet.offset as usize;
        self.buffer.get(start..start + packet.length as usize).unwrap_or_default()
    }

    /// The latest time of any packet from `next` on.
    pub(crate) fn latest(&self, next: usize) -> Option<Timestamp> {
        self.packets.get(next..)?.iter().map(|packet| packet.time).max()
    }

    /// Appends a packet of another batch.
    pub(crate) fn copy(&mut self, from: &Batch, packet: &Descriptor) {
        let offset = self.buffer.len() as u32;
        self.buffer.extend_from_slice(from.bytes_of(packet));
        self.packets.push(Descriptor { offset, ..*packet });
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        self.pool.give_back(std::mem::take(&mut self.buffer), std::mem::take(&mut self.packets));
    }
}

/// Buffers for reuse.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    spare: Mutex<Vec<(Vec<u8>, Vec<Descriptor>)>>,
}

impl Pool {
    /// A batch without packets. Its buffer may hold old bytes: they are overwritten by reading into it, or cleared by
    /// the merge before packets are appended.
    pub fn batch(self: &Arc<Pool>) -> Batch {
        let (buffer, packets) = self.spare.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default();
        Batch { buffer, packets, first: 0, pool: Arc::clone(self) }
    }

    fn give_back(&self, buffer: Vec<u8>, mut packets: Vec<Descriptor>) {
        packets.clear();
        if buffer.capacity() == 0 || buffer.capacity() > SPARE_BYTES {
            return;
        }
        if let Ok(mut spare) = self.spare.lock()
            && spare.len() < SPARE_BUFFERS
        {
            spare.push((buffer, packets));
        }
    }
}
