//! Putting one direction of a TCP connection back in order.
//!
//! Policy on overlaps: what was delivered or held first stays; later copies of the same bytes are dropped, whatever
//! they hold. In-order segments are handed on without a copy. A hole is declared a gap when the other side has
//! acknowledged bytes beyond it (the capture lost them, the receiver has them), when too much waits behind it, or when
//! the connection ends.

/// What comes out: bytes in order, or the length of a hole.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Bytes(&'a [u8]),
    Gap(u64),
}

/// What one direction may hold behind a hole.
#[derive(Clone, Copy, Debug)]
pub struct StreamLimits {
    /// Bytes.
    pub bytes: usize,
    /// Segments.
    pub segments: usize,
}

impl Default for StreamLimits {
    fn default() -> StreamLimits {
        StreamLimits { bytes: 512 * 1024, segments: 512 }
    }
}

/// Oddities counted over a direction's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamNotes {
    pub retransmitted: bool,
    pub limit_reached: bool,
}

/// One direction of a connection. 24 bytes while in order.
#[derive(Debug, Default)]
pub struct Stream {
    /// Sequence number of the next byte to deliver; meaningless until `started`.
    next: u32,
    started: bool,
    pending: Option<Box<Pending>>,
}

#[derive(Debug, Default)]
struct Pending {
    /// Sorted by sequence number, without overlaps: (sequence, bytes, bytes cut off behind them).
    segments: Vec<(u32, Box<[u8]>, u32)>,
    bytes: usize,
}

/// `a - b` around the wrap: negative where `a` lies before `b`.
fn distance(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}

impl Stream {
    /// A SYN with that sequence number was seen: data starts one later.
    pub fn start(&mut self, sequence: u32) {
        if !self.started {
            self.started = true;
            self.next = sequence.wrapping_add(1);
        }
    }

    /// Whether the position is known.
    pub fn is_started(&self) -> bool {
        self.started
    }

    /// Sequence number of the next byte, where the position is known.
    pub fn next(&self) -> Option<u32> {
        self.started.then_some(self.next)
    }

    /// Bytes held behind a hole.
    pub fn held(&self) -> usize {
        self.pending.as_ref().map_or(0, |pending| pending.bytes)
    }

    /// Takes the payload of a segment. `length` is its length on the wire; where the snap length cut the payload the
    /// rest counts as a gap. Pieces in order go to `out`, which answers whether to go on.
    pub fn segment(
        &mut self,
        sequence: u32,
        payload: &[u8],
        length: u32,
        limits: &StreamLimits,
        out: &mut dyn FnMut(Piece<'_>),
    ) -> StreamNotes {
        let mut notes = StreamNotes::default();
        if length == 0 {
            return notes;
        }
        if !self.started {
            self.started = true;
            self.next = sequence;
        }
        let length = length.max(payload.len() as u32);
        let ahead = distance(sequence, self.next);
        if ahead <= 0 {
            // Starts at or before what is expected: drop what was delivered already.
            let old = ahead.unsigned_abs();
            if old >= length {
                notes.retransmitted = true;
                return notes;
            }
            notes.retransmitted = old > 0;
            let fresh = payload.get(old as usize..).unwrap_or_default();
            self.deliver(fresh, length - old, out);
            self.deliver_pending(out);
            return notes;
        }
        let pending = self.pending.get_or_insert_default();
        notes.retransmitted = !pending.insert(sequence, payload, length);
        if pending.bytes > limits.bytes || pending.segments.len() > limits.segments {
            notes.limit_reached = true;
            self.skip_hole(out);
        }
        notes
    }

    /// The other side acknowledged up to (not including) `acknowledgement`: what lies before it was received, so a
    /// hole there will not be filled.
    pub fn acknowledged(&mut self, acknowledgement: u32, out: &mut dyn FnMut(Piece<'_>)) {
        while let Some(first) = self.pending.as_ref().and_then(|pending| pending.segments.first()) {
            // Only when bytes beyond the hole were acknowledged; a pure hole may still be reordering.
            if distance(acknowledgement, first.0) <= 0 {
                return;
            }
            self.skip_hole(out);
        }
    }

    /// No more will come: everything held goes out, with gaps.
    pub fn flush(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        while self.pending.is_some() {
            self.skip_hole(out);
        }
    }

    fn deliver(&mut self, bytes: &[u8], length: u32, out: &mut dyn FnMut(Piece<'_>)) {
        self.next = self.next.wrapping_add(length);
        if !bytes.is_empty() {
            out(Piece::Bytes(bytes));
        }
        let cut = length.saturating_sub(bytes.len() as u32);
        if cut > 0 {
            out(Piece::Gap(u64::from(cut)));
        }
    }

    /// Delivers what is held and now in order.
    fn deliver_pending(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        while let Some(pending) = self.pending.as_mut() {
            let Some((sequence, _, _)) = pending.segments.first() else {
                self.pending = None;
                return;
            };
            let ahead = distance(*sequence, self.next);
            if ahead > 0 {
                return;
            }
            let (_, bytes, cut) = pending.segments.remove(0);
            pending.bytes -= bytes.len();
            let old = ahead.unsigned_abs() as usize;
            let length = bytes.len() as u32 + cut;
            if (old as u32) < length {
                let fresh = bytes.get(old..).unwrap_or_default();
                self.deliver(fresh, length - old as u32, out);
            }
        }
    }

    /// Declares the hole before the first held segment a gap.
    fn skip_hole(&mut self, out: &mut dyn FnMut(Piece<'_>)) {
        let first = self.pending.as_ref().and_then(|pending| pending.segments.first().map(|s| s.0));
        match first {
            Some(sequence) => {
                let hole = distance(sequence, self.next);
                if hole > 0 {
                    self.next = sequence;
                    out(Piece::Gap(u64::from(hole.unsigned_abs())));
                }
                self.deliver_pending(out);
            }
            None => self.pending = None,
        }
    }
}

impl Pending {
    /// Keeps the parts of a segment that are new. False where nothing of it was.
    fn insert(&mut self, sequence: u32, payload: &[u8], length: u32) -> bool {
        let mut sequence = sequence;
        let mut payload = payload;
        let mut length = length;
        let mut at = self.segments.partition_point(|(start, _, _)| distance(*start, sequence) <= 0);
        // Cut off the front that an earlier segment holds.
        if let Some((start, bytes, cut)) = at.checked_sub(1).and_then(|i| self.segments.get(i)) {
            let covered = distance(start.wrapping_add(bytes.len() as u32 + cut), sequence);
            if covered > 0 {
                let covered = covered.unsigned_abs();
                if covered >= length {
                    return false;
                }
                payload = payload.get(covered as usize..).unwrap_or_default();
                sequence = sequence.wrapping_add(covered);
                length -= covered;
            }
        }
        let mut added = false;
        loop {
            let end = sequence.wrapping_add(length);
            let room = match self.segments.get(at) {
                Some((start, _, _)) if distance(end, *start) > 0 => distance(*start, sequence).unsigned_abs(),
                _ => length,
            };
            if room > 0 {
                let part = payload.get(..room as usize).unwrap_or(payload);
                self.bytes += part.len();
                self.segments.insert(at, (sequence, part.into(), room - part.len() as u32));
                added = true;
                at += 1;
            }
            if room == length {
                return added;
            }
            let Some((start, bytes, cut)) = self.segments.get(at) else { return added };
            let resume = start.wrapping_add(bytes.len() as u32 + cut);
            let skip = distance(resume, sequence).unsigned_abs();
            if skip >= length {
                return added;
            }
            payload = payload.get(skip as usize..).unwrap_or_default();
            sequence = resume;
            length -= skip;
            at += 1;
        }
    }
}
