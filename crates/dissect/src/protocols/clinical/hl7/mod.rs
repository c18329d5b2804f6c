//! HL7 version 2 messages over TCP, with or without MLLP frames.
//!
//! Follows HL7 2.9 chapter 2 (delimiters, MSH, MSA, SFT), chapter 7 (OBX, PRT), chapter 17 (DEV), appendix C (MLLP: 0BH
//! message 1CH 0DH), and for device observations the IHE Devices technical framework (PCD-01 and its alerts) with the
//! codes of ISO/IEEE 11073-10101. Recognised by an MSH, FHS or BHS segment with usable delimiters at the front of a
//! stream, after 0BH or without it; line feeds are taken for segment ends too; delimiters and character sets are any.
//!
//! Identity: names of the applications at both ends, the software that sent (SFT), Philips Efficia serials in MSH-10, and
//! the devices that a message tells of: by OBX-18, by the attributes of an MDS (containment n.0.0.x), by PRT and DEV. A
//! device is the sender itself only where both carry the same EUI-64 (MSH-3, OBX-18); else it is one behind the sender.
//! PV1-3 counts as location of the one device of a message; without a device it is a bed: of the sender where it is the
//! only bed, else of a device of its own.
//!
//! Activity: every message, by type, with the outcome that its acknowledgement (MSA) tells. Message control ids are kept
//! as hashes only. PID, NK1, NTE, observation values and all else of patients is not looked at.
//!
//! Limits: segments are read up to 8 KiB, what follows in them is skipped (documents in OBX-5), so that OBX-18 of such a
//! segment is not seen. After a loss the rest of the message is left. Delimiter look-alikes inside ISO 2022 escapes are
//! not told apart.

mod device;
mod message;
mod segment;

use medward_model::Field;

use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side};

use message::{Finished, Memory, Message, Sent};
use segment::{Delimiters, Segment};

const VT: u8 = 0x0B;
const FS: u8 = 0x1C;
/// Longest part of a segment that is read.
const MAX_SEGMENT: usize = 8 * 1024;
/// Messages that wait for their acknowledgement.
const MAX_OPEN: usize = 64;
/// Bytes between messages that are passed over before the flow is given up.
const MAX_JUNK: u64 = 64 * 1024;

static FIELDS: [&Field; 26] = joined(&message::FIELDS, &device::FIELDS);

#[allow(clippy::indexing_slicing, reason = "runs at compile time, where an index out of bounds is an error")]
const fn joined<const N: usize>(a: &[&'static Field], b: &[&'static Field]) -> [&'static Field; N] {
    assert!(a.len() + b.len() == N);
    let mut all = [a[0]; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < a.len() { a[at] } else { b[at - a.len()] };
        at += 1;
    }
    all
}

/// HL7 version 2.
pub(super) static HL7: Dissector = Dissector {
    name: "hl7",
    title: "HL7 v2",
    label: "HL7 v2",
    group: Group::Clinical,
    specification: &[
        "HL7 2.9 chapters 2, 7, 17 and appendix C",
        "IHE DEV TF-2 PCD-01",
        "ISO/IEEE 11073-10101",
    ],
    ports: &[2575, 6661],
    carrier: Carrier::Stream { probe, session: || Box::new(Hl7::default()) },
    fields: &FIELDS,
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    let sides = [probe_side(head.originator, head.from_start), probe_side(head.responder, head.from_start)];
    if sides.contains(&Probe::Match) {
        Probe::Match
    } else if sides == [Probe::NeedMore; 2] {
        Probe::NeedMore
    } else {
        Probe::NoMatch
    }
}

fn probe_side(bytes: &[u8], from_start: bool) -> Probe {
    let start = bytes.iter().take(4).position(|b| !matches!(*b, b'\r' | b'\n' | VT)).unwrap_or(bytes.len());
    let front = bytes.get(start..).unwrap_or_default();
    if front.len() < 9 {
        let fits = [b"MSH", b"FHS", b"BHS"].iter().any(|name| {
            let common = front.len().min(3);
            front.get(..common) == name.get(..common)
        });
        let passed = if fits { Probe::NeedMore } else { Probe::NoMatch };
        return if bytes.is_empty() { Probe::NeedMore } else { passed };
    }
    if Delimiters::read(front.get(..9).unwrap_or_default()).is_some() {
        return Probe::Match;
    }
    // Picked up in the middle of a message: the next one is framed.
    Probe::when(!from_start && bytes.windows(9).any(|w| w == b"\x0bMSH|^~\\&"))
}

/// Where one side's stream stands.
#[derive(Debug, Default)]
struct Direction {
    message: Option<Message>,
    /// Inside a segment whose rest is not read.
    skipping: bool,
    junk: u64,
    memory: Memory,
}

#[derive(Debug, Default)]
struct Hl7 {
    directions: [Direction; 2],
    open: Vec<Sent>,
}

impl Session for Hl7 {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let mut at = 0_usize;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.step(rest, cx) {
                Step::Took(n) => at = at.saturating_add(n.max(1)),
                Step::NeedMore if at == 0 => return Progress::Need(bytes.len().saturating_add(1)),
                Step::NeedMore => break,
                Step::GiveUp => return Progress::GiveUp("hl7_no_message"),
            }
        }
        Progress::Consumed(at as u64)
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        self.finish(cx.side(), cx);
        self.direction(cx.side()).skipping = true;
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        for side in [Side::Originator, Side::Responder] {
            self.finish(side, cx);
        }
        for sent in std::mem::take(&mut self.open) {
            sent.report(None, cx);
        }
    }
}

enum Step {
    Took(usize),
    NeedMore,
    GiveUp,
}

impl Hl7 {
    fn direction(&mut self, side: Side) -> &mut Direction {
        let [originator, responder] = &mut self.directions;
        match side {
            Side::Originator => originator,
            Side::Responder => responder,
        }
    }

    /// Takes one delimiter, one segment, or what stands between messages.
    fn step(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Step {
        let direction = self.direction(cx.side());
        let Some(first) = bytes.first() else { return Step::NeedMore };
        let end = bytes.iter().position(|b| matches!(*b, b'\r' | b'\n' | FS | VT));
        if direction.skipping {
            direction.skipping = end.is_none();
            return Step::Took(end.unwrap_or(bytes.len()));
        }
        match first {
            b'\r' | b'\n' => return Step::Took(1),
            &FS | &VT => {
                self.finish(cx.side(), cx);
                return Step::Took(1);
            }
            _ => {}
        }
        let (line, whole) = match end {
            Some(end) => (bytes.get(..end).unwrap_or_default(), true),
            None if bytes.len() < MAX_SEGMENT => return Step::NeedMore,
            None => (bytes, false),
        };
        direction.skipping = !whole;
        let line = line.get(..line.len().min(MAX_SEGMENT)).unwrap_or_default();
        let taken = end.unwrap_or(bytes.len());
        if line.starts_with(b"MSH") {
            self.finish(cx.side(), cx);
            let message = Message::begin(line, cx);
            if message.is_none() {
                cx.weird("hl7_header");
            }
            let direction = self.direction(cx.side());
            direction.junk = 0;
            direction.message = message;
        } else if let Some(message) = &mut direction.message {
            let delimiters = message.delimiters;
            message.segment(&Segment { bytes: line, delimiters });
        } else if !matches!(line.get(..3), Some(b"FHS" | b"BHS" | b"BTS" | b"FTS")) {
            direction.junk = direction.junk.saturating_add(taken as u64);
            if direction.junk > MAX_JUNK {
                return Step::GiveUp;
            }
        }
        Step::Took(taken)
    }

    /// The message at hand is over.
    fn finish(&mut self, side: Side, cx: &mut Context<'_>) {
        let direction = self.direction(side);
        let Some(message) = direction.message.take() else { return };
        match message.finish(&mut direction.memory, cx) {
            Finished::Sent(sent) => {
                if self.open.len() >= MAX_OPEN {
                    self.open.remove(0).report(None, cx);
                }
                self.open.push(sent);
            }
            Finished::Answer { code, control, kind } => {
                let asked = self.open.iter().position(|sent| sent.side != side && sent.control == control);
                match asked {
                    Some(at) => self.open.remove(at).report(Some((&code, &kind)), cx),
                    None => cx.weird("hl7_answer_to_nothing_seen"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
