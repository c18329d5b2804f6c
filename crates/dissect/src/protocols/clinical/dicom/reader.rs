//! Reads a data set piece by piece (PS3.5 chapter 7 and annex A), keeping only what an allow-list names.
//!
//! Every transfer syntax is one of: implicit VR little endian, explicit VR little endian (also for every compressed
//! pixel encoding), explicit VR big endian, deflated. Values that the list does not name are skipped unread. Reading
//! ends behind group 0040 of the outermost level, so pixel data (7FE0,0010) is never reached; inside sequences its
//! fragments are stepped over by length.

use flate2::{Decompress, FlushDecompress, Status};

use super::dataset::{Elements, Wanted};

/// Longest value that is kept; identity text is far shorter (VR LO: 64 characters).
const MAX_VALUE: u32 = 1024;
/// Deepest nesting that is followed.
const MAX_DEPTH: usize = 12;
/// Most element headers read in one data set.
const MAX_ELEMENTS: u32 = 20_000;
/// Most bytes that a deflated data set is inflated to.
const MAX_INFLATED: u64 = 1 << 20;
/// Last group that is read on the outermost level.
const LAST_GROUP: u16 = 0x0040;

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocols::clinical) enum Encoding {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
    Deflated,
    /// The transfer syntax was not seen: told from the first element.
    Guess,
}

impl Encoding {
    /// The encoding of a transfer syntax UID (PS3.5 annex A).
    pub fn of(transfer_syntax: &str) -> Encoding {
        match transfer_syntax {
            "" => Encoding::Guess,
            "1.2.840.10008.1.2" => Encoding::ImplicitLittle,
            "1.2.840.10008.1.2.2" => Encoding::ExplicitBig,
            "1.2.840.10008.1.2.1.99" | "1.2.840.10008.1.2.4.95" | "1.2.840.10008.1.2.8.1" => {
                Encoding::Deflated
            }
            standard if standard.starts_with("1.2.840.10008.1.2.") => Encoding::ExplicitLittle,
            _ => Encoding::Guess,
        }
    }
}

/// A sequence or item that is open.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Tag of the sequence; 0 for an item.
    tag: u32,
    /// Where it ends, by position in the data set; `None` where a delimiter ends it.
    end: Option<u64>,
    /// Encapsulated fragments: items are opaque.
    fragments: bool,
    /// Content is implicit VR although the data set is explicit (PS3.5 6.2.2, UN of undefined length).
    implicit: bool,
}

/// One data set as its fragments come in.
pub(in crate::protocols::clinical) struct Reader {
    encoding: Encoding,
    wanted: Wanted,
    /// The front of an element that is not complete yet; never longer than a header and `MAX_VALUE`.
    held: Vec<u8>,
    skip: u64,
    position: u64,
    levels: Vec<Level>,
    elements: u32,
    inflate: Option<Box<Inflate>>,
    finished: bool,
    broken: bool,
    found: Elements,
}

struct Inflate {
    state: Decompress,
    out: Vec<u8>,
}

/// What came of trying to read one element.
enum Step {
    /// This many bytes are needed before anything can be said.
    Need(usize),
    Taken(usize),
    Finished,
    Broken,
}

impl Reader {
    /// Begins a data set of that encoding.
    pub fn new(encoding: Encoding, wanted: Wanted) -> Reader {
        let inflate = (encoding == Encoding::Deflated)
            .then(|| Box::new(Inflate { state: Decompress::new(false), out: vec![0; 4096] }));
        let encoding = if encoding == Encoding::Deflated { Encoding::ExplicitLittle } else { encoding };
        Reader {
            encoding,
            wanted,
            held: Vec::new(),
            skip: 0,
            position: 0,
            levels: Vec::new(),
            elements: 0,
            inflate,
            finished: false,
            broken: false,
            found: Elements::default(),
        }
    }

    /// Nothing of value can follow.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// The bytes are no data set of that encoding.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// What was found so far.
    pub fn into_elements(self) -> Elements {
        self.found
    }

    /// The next bytes of the data set.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.finished {
            return;
        }
        let Some(mut inflate) = self.inflate.take() else {
            self.plain(bytes);
            return;
        };
        let mut rest = bytes;
        loop {
            let before = (inflate.state.total_in(), inflate.state.total_out());
            let Inflate { state, out } = inflate.as_mut();
            let status = state.decompress(rest, out, FlushDecompress::None);
            let taken = usize::try_from(state.total_in().saturating_sub(before.0)).unwrap_or(rest.len());
            let made = usize::try_from(state.total_out().saturating_sub(before.1)).unwrap_or(0);
            let total = state.total_out();
            rest = rest.get(taken..).unwrap_or_default();
            self.plain(inflate.out.get(..made).unwrap_or_default());
            match status {
                Err(_) => {
                    self.broken = true;
                    self.finished = true;
                }
                Ok(Status::StreamEnd) => self.finished = true,
                Ok(_) if total > MAX_INFLATED => self.finished = true,
                Ok(_) => {}
            }
            if self.finished {
                return;
            }
            if taken == 0 && made == 0 || rest.is_empty() && made < inflate.out.len() {
                break;
            }
        }
        self.inflate = Some(inflate);
    }

    fn plain(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !self.finished && !rest.is_empty() {
            if self.skip > 0 {
                let n = usize::try_from(self.skip).unwrap_or(usize::MAX).min(rest.len());
                self.advance(n);
                self.skip = self.skip.saturating_sub(n as u64);
                rest = rest.get(n..).unwrap_or_default();
                continue;
            }
            if self.held.is_empty() {
                match self.step(rest) {
                    Step::Need(_) => {
                        self.held.extend_from_slice(rest);
                        return;
                    }
                    other => rest = rest.get(self.settle(other)..).unwrap_or_default(),
                }
            } else {
                // Fill the held front up to what it needs, then read from it.
                let held = std::mem::take(&mut self.held);
                let before = held.len();
                match self.step(&held) {
                    Step::Need(need) => {
                        let missing = need.saturating_sub(before).max(1).min(rest.len());
                        let (front, back) = rest.split_at_checked(missing).unwrap_or((rest, &[]));
                        self.held = held;
                        self.held.extend_from_slice(front);
                        rest = back;
                        let held = std::mem::take(&mut self.held);
                        match self.step(&held) {
                            Step::Need(_) => self.held = held,
                            other => {
                                let taken = self.settle(other);
                                self.held = held.get(taken..).unwrap_or_default().to_vec();
                            }
                        }
                    }
                    other => {
                        let taken = self.settle(other);
                        self.held = held.get(taken..).unwrap_or_default().to_vec();
                    }
                }
            }
        }
    }

    /// Takes the effect of a step; how many bytes it used.
    fn settle(&mut self, step: Step) -> usize {
        match step {
            Step::Taken(n) => {
                self.advance(n);
                n
            }
            Step::Broken => {
                self.broken = true;
                self.finished = true;
                0
            }
            Step::Finished | Step::Need(_) => {
                self.finished = true;
                0
            }
        }
    }

    fn advance(&mut self, n: usize) {
        self.position = self.position.saturating_add(n as u64);
        while let Some(Level { end: Some(end), .. }) = self.levels.last() {
            if *end > self.position {
                break;
            }
            self.levels.pop();
        }
    }

    /// Reads one element header, and the value where it is wanted.
    fn step(&mut self, bytes: &[u8]) -> Step {
        if self.encoding == Encoding::Guess {
            let Some(head) = bytes.first_chunk::<8>() else { return Step::Need(8) };
            self.encoding = guess(head);
        }
        let big = self.encoding == Encoding::ExplicitBig;
        let Some([a, b, c, d, e, f, g, h]) = bytes.first_chunk::<8>().copied() else { return Step::Need(8) };
        let u16_of = |x: u8, y: u8| if big { u16::from_be_bytes([x, y]) } else { u16::from_le_bytes([x, y]) };
        let u32_of = |v: [u8; 4]| if big { u32::from_be_bytes(v) } else { u32::from_le_bytes(v) };
        let (group, element) = (u16_of(a, b), u16_of(c, d));
        let tag = u32::from(group) << 16 | u32::from(element);
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Step::Finished;
        }
        if group == 0xFFFE {
            return self.delimiter(element, u32_of([e, f, g, h]));
        }
        if self.levels.is_empty() && group > LAST_GROUP {
            return Step::Finished;
        }
        let in_fragments = self.levels.last().is_some_and(|level| level.fragments);
        if in_fragments || group < 0x0008 && !(self.levels.is_empty() && group == 0x0002) {
            return Step::Broken;
        }
        let implicit = self.encoding == Encoding::ImplicitLittle
            || self.levels.last().is_some_and(|level| level.implicit);
        let (vr, header, length) = if implicit {
            ([0, 0], 8, u32_of([e, f, g, h]))
        } else {
            let vr = [e, f];
            if !vr.iter().all(u8::is_ascii_uppercase) {
                return Step::Broken;
            }
            if matches!(
                &vr,
                b"OB"
                    | b"OD"
                    | b"OF"
                    | b"OL"
                    | b"OV"
                    | b"OW"
                    | b"SQ"
                    | b"SV"
                    | b"UC"
                    | b"UN"
                    | b"UR"
                    | b"UT"
                    | b"UV"
            ) {
                let Some([.., i, j, k, l]) = bytes.first_chunk::<12>().copied() else {
                    return Step::Need(12);
                };
                (vr, 12, u32_of([i, j, k, l]))
            } else {
                (vr, 8, u32::from(u16_of(g, h)))
            }
        };
        self.value(tag, vr, header, length, implicit, bytes)
    }

    fn value(
        &mut self,
        tag: u32,
        vr: [u8; 2],
        header: usize,
        length: u32,
        implicit: bool,
        bytes: &[u8],
    ) -> Step {
        let pixels = matches!(&vr, b"OB" | b"OW" | b"OD" | b"OF" | b"OL" | b"OV") || tag == 0x7FE0_0010;
        let undefined = length == u32::MAX;
        let parent = self.levels.iter().rev().find(|level| level.tag != 0).map_or(0, |level| level.tag);
        if undefined || &vr == b"SQ" && self.wanted.enters(tag) || implicit && self.wanted.enters(tag) {
            if self.levels.len() >= MAX_DEPTH {
                return Step::Finished;
            }
            let end = (!undefined)
                .then(|| self.position.saturating_add(header as u64).saturating_add(u64::from(length)));
            if end.is_some_and(|_| length == 0) {
                return Step::Taken(header);
            }
            self.levels.push(Level {
                tag,
                end,
                fragments: undefined && pixels,
                implicit: implicit || &vr == b"UN",
            });
            return Step::Taken(header);
        }
        let taken = self.wanted.takes(parent, tag, self.levels.len());
        if taken && length > MAX_VALUE {
            self.found.long_value(self.wanted, tag);
        } else if taken {
            let need = header.saturating_add(length as usize);
            let Some(value) = bytes.get(header..need) else {
                // Not counted twice when it is read again.
                self.elements = self.elements.saturating_sub(1);
                return Step::Need(need);
            };
            self.found.present(self.wanted, parent, tag, value);
            return Step::Taken(need);
        }
        self.skip = u64::from(length);
        Step::Taken(header)
    }

    /// Item and delimiters (PS3.5 7.5).
    fn delimiter(&mut self, element: u16, length: u32) -> Step {
        match element {
            0xE000 => {
                let Some(level) = self.levels.last().copied() else { return Step::Broken };
                if level.fragments {
                    if length == u32::MAX {
                        return Step::Broken;
                    }
                    self.skip = u64::from(length);
                } else if length > 0 {
                    if self.levels.len() >= MAX_DEPTH {
                        return Step::Finished;
                    }
                    let end = (length != u32::MAX)
                        .then(|| self.position.saturating_add(8).saturating_add(u64::from(length)));
                    self.levels.push(Level { tag: 0, end, fragments: false, implicit: level.implicit });
                }
                Step::Taken(8)
            }
            0xE00D | 0xE0DD => {
                // Some writers delimit what also had a length; then it was closed by its length already.
                if self
                    .levels
                    .last()
                    .is_some_and(|level| level.end.is_none() && (level.tag == 0) == (element == 0xE00D))
                {
                    self.levels.pop();
                }
                Step::Taken(8)
            }
            _ => Step::Broken,
        }
    }
}

/// Tells the encoding from the first element: its group is small, so the byte order shows; a VR is two capitals.
fn guess(head: &[u8; 8]) -> Encoding {
    let [a, b, _, _, e, f, _, _] = *head;
    if !(e.is_ascii_uppercase() && f.is_ascii_uppercase()) {
        Encoding::ImplicitLittle
    } else if a == 0 && b != 0 {
        Encoding::ExplicitBig
    } else {
        Encoding::ExplicitLittle
    }
}
