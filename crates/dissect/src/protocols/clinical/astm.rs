//! ASTM / LIS2: laboratory analysers to a laboratory information system.
//!
//! Standards: CLSI LIS1-A (ASTM E1381) for framing: ENQ, numbered frames `STX n … ETX|ETB checksum CR LF`, ACK/NAK, EOT;
//! CLSI LIS2-A2 (ASTM E1394) for records, each ended by CR: H header, P patient, C comment, O order, R result,
//! Q request, M manufacturer, S scientific, L terminator. Made for RS-232, in use over TCP on ports that each site
//! chooses. Some middleware leaves the framing out and sends the records alone; both forms are read.
//!
//! What it can identify: the sender's name (H-5), which by custom holds name, version and serial of the analyser in an
//! order of each maker's own. It is given as it stands for the catalogue to interpret; only its first component is
//! claimed, as a name. Who sends results and who sends orders tells analyser from information system.
//!
//! Limits: checked against an independent implementation of the protocol (python-astm), not against analysers. Patient, comment,
//! manufacturer and scientific records are counted, not read; of O, R and Q records only the universal test id
//! is. Sample ids are not kept.

use medward_model::{Attribute, Field, Outcome, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean,
    clean_bytes,
};

const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const ETB: u8 = 0x17;
const EOT: u8 = 0x04;
/// LIS1-A 6.3.1.2: at most 64,000 characters a frame.
const MAX_FRAME: usize = 64_000 + 16;
const MAX_RECORD: usize = 4096;

static SENDER: Field =
    Field::fact("sender", "H-5 Sender Name or ID, whole, components set off by `^` (LIS2-A2 6.5)");
static SENDER_NAME: Field = Field::states(
    "sender-name",
    Attribute::Alias,
    88,
    "First component of H-5 Sender Name or ID (LIS2-A2 6.5)",
);
static RECEIVER: Field = Field::fact("receiver", "H-10 Receiver ID, about the other side (LIS2-A2 6.10)");
static VERSION: Field = Field::fact("version", "H-13 Version Number of the standard (LIS2-A2 6.13)");
static ROLE: Field = Field::fact(
    "role",
    "\"sends results\", \"sends orders\" or \"asks for orders\": records R, O without R, Q (LIS2-A2 5)",
);

pub(super) static ASTM: Dissector = Dissector {
    name: "astm",
    title: "ASTM / LIS2",
    label: "ASTM",
    group: Group::Clinical,
    specification: &["CLSI LIS1-A (ASTM E1381)", "CLSI LIS2-A2 (ASTM E1394)"],
    ports: &[],
    carrier: Carrier::Stream { probe, session: || Box::new(Link::default()) },
    fields: &[&SENDER, &SENDER_NAME, &RECEIVER, &VERSION, &ROLE, &CLEAR_PATIENT],
    basis: Basis::RealPeers,
};

fn probe(head: &Head<'_>) -> Probe {
    match (opening(head.originator), opening(head.responder)) {
        (Probe::Match, _) | (_, Probe::Match) => Probe::Match,
        (Probe::NoMatch, Probe::NoMatch) => Probe::NoMatch,
        (Probe::NeedMore, _) if answers(head.responder) => Probe::NeedMore,
        (_, Probe::NeedMore) if answers(head.originator) => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

/// Nothing but what a receiver says.
fn answers(bytes: &[u8]) -> bool {
    bytes.len() <= 64 && bytes.iter().all(|b| matches!(*b, ACK | NAK | EOT | ENQ))
}

/// Line control, then a header record, framed or not.
fn opening(bytes: &[u8]) -> Probe {
    let start = bytes.iter().take(16).position(|b| !matches!(*b, ENQ | EOT | ACK | NAK));
    let rest = match start {
        Some(start) => bytes.get(start..).unwrap_or_default(),
        None if bytes.len() < 16 => return Probe::NeedMore,
        None => return Probe::NoMatch,
    };
    let record = match rest {
        [STX] => return Probe::NeedMore,
        [STX, b'0'..=b'7', record @ ..] => record,
        [STX, ..] => return Probe::NoMatch,
        record => record,
    };
    let shape = record.get(..6).unwrap_or(record);
    if shape.first().is_some_and(|b| *b != b'H')
        || !delimiters_differ(shape.get(1..5).unwrap_or(shape.get(1..).unwrap_or_default()))
    {
        return Probe::NoMatch;
    }
    match shape {
        [_, field, _, _, _, next] => Probe::when(next == field || *next == b'\r'),
        _ => Probe::NeedMore,
    }
}

/// All punctuation, all different.
fn delimiters_differ(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .enumerate()
        .all(|(at, b)| b.is_ascii_punctuation() && !bytes.iter().take(at).any(|earlier| earlier == b))
}

/// The delimiters that a header record sets (LIS2-A2 6.2).
#[derive(Clone, Copy)]
struct Delimiters {
    field: u8,
    repeat: u8,
    component: u8,
}

/// What one side is sending.
#[derive(Default)]
struct Stream {
    searched: usize,
    /// The record at hand, as far as it came.
    record: Vec<u8>,
    delimiters: Option<Delimiters>,
    last_frame: Option<u8>,
    message: Message,
}

/// A message from H to L, without anything about patients.
#[derive(Default)]
struct Message {
    open: bool,
    /// Its L record was read, and nothing before it was lost: what it lacks, it does not have.
    ended: bool,
    lost: bool,
    results: u32,
    orders: u32,
    patients: u32,
    queries: u32,
    manufacturer: u32,
    tests: Vec<String>,
    /// The answer to the last frame.
    accepted: Outcome,
}

#[derive(Default)]
struct Link {
    streams: [Stream; 2],
    /// That patient fields were there is said once.
    patient_said: bool,
    said: Vec<(Side, &'static str, String)>,
}

impl Session for Link {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        match bytes.first() {
            Some(&(ACK | NAK)) => {
                if let Some(other) = self.streams.get_mut(side.other().index()) {
                    other.message.accepted =
                        if bytes.first() == Some(&ACK) { Outcome::Success } else { Outcome::Failure };
                }
                Progress::Consumed(1)
            }
            Some(&(ENQ | EOT)) => {
                self.finish(side, cx);
                if let Some(stream) = self.streams.get_mut(side.index()) {
                    stream.record.clear();
                    stream.last_frame = None;
                }
                Progress::Consumed(1)
            }
            Some(&STX) => self.frame(bytes, cx),
            Some(b'\r' | b'\n' | 0x0b | 0x1c) => Progress::Consumed(1),
            Some(_) => self.bare(bytes, cx),
            None => Progress::Need(1),
        }
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        if let Some(stream) = self.streams.get_mut(cx.side().index()) {
            stream.record.clear();
            stream.searched = 0;
            stream.last_frame = None;
            stream.message.lost = true;
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.finish(Side::Originator, cx);
        self.finish(Side::Responder, cx);
    }
}

impl Link {
    /// One frame: STX, number, text, ETX or ETB, two checksum digits, CR LF.
    fn frame(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(stream) = self.streams.get_mut(side.index()) else { return Progress::Quiet };
        let from = stream.searched.max(1);
        let found = bytes.get(from..).and_then(|b| b.iter().position(|b| matches!(*b, ETX | ETB)));
        let Some(end) = found.map(|at| from + at) else {
            if bytes.len() > MAX_FRAME {
                return Progress::GiveUp("astm_endless_frame");
            }
            stream.searched = bytes.len();
            return Progress::Need(bytes.len() + 1);
        };
        let Some(&[high, low]) = bytes.get(end + 1..).and_then(|b| b.first_chunk::<2>()) else {
            return Progress::Need(end + 3);
        };
        stream.searched = 0;
        let summed = bytes.get(1..=end).unwrap_or_default().iter().fold(0_u8, |sum, b| sum.wrapping_add(*b));
        let stated =
            std::str::from_utf8(&[high, low]).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
        // Over TCP some leave the checksum out.
        let (sound, length) = match stated {
            Some(stated) => (stated == summed, end + 3),
            None => (true, end + 1),
        };
        if !sound {
            cx.weird("astm_bad_checksum");
            return Progress::Consumed(length as u64);
        }
        let number = bytes.get(1).copied();
        let repeated =
            number.is_some() && stream.last_frame == number && stream.message.accepted != Outcome::Success;
        stream.last_frame = number;
        stream.message.accepted = Outcome::Unknown;
        if !repeated {
            let text = bytes.get(2..end).unwrap_or_default().to_vec();
            self.text(&text, bytes.get(end) == Some(&ETX), cx);
        }
        Progress::Consumed(length as u64)
    }

    /// Records without frames: up to the next CR.
    fn bare(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(stream) = self.streams.get_mut(side.index()) else { return Progress::Quiet };
        let from = stream.searched;
        let found = bytes
            .get(from..)
            .and_then(|b| b.iter().position(|b| matches!(*b, b'\r' | b'\n' | STX | EOT | ENQ)));
        match found.map(|at| from + at) {
            Some(end) => {
                stream.searched = 0;
                let record = bytes.get(..end).unwrap_or_default().to_vec();
                self.text(&record, true, cx);
                Progress::Consumed(end as u64)
            }
            None if bytes.len() > MAX_RECORD => {
                stream.searched = 0;
                Progress::Consumed(bytes.len() as u64)
            }
            None => {
                stream.searched = bytes.len();
                Progress::Need(bytes.len() + 1)
            }
        }
    }

    /// Text of a frame; `last`: no more of this record follows in the next one.
    fn text(&mut self, text: &[u8], last: bool, cx: &mut Context<'_>) {
        let side = cx.side();
        let mut lines = text.split(|b| *b == b'\r').peekable();
        while let Some(line) = lines.next() {
            let Some(stream) = self.streams.get_mut(side.index()) else { return };
            let room = MAX_RECORD.saturating_sub(stream.record.len());
            stream.record.extend_from_slice(line.get(..room).unwrap_or(line));
            if lines.peek().is_some() || last {
                let record = std::mem::take(&mut stream.record);
                self.record(&record, cx);
            }
        }
    }

    fn record(&mut self, record: &[u8], cx: &mut Context<'_>) {
        let record = record.trim_ascii();
        let Some((kind, rest)) = record.split_first() else { return };
        let side = cx.side();
        if *kind == b'H' {
            return self.header(rest, cx);
        }
        let Some(stream) = self.streams.get_mut(side.index()) else { return };
        let Some(delimiters) = stream.delimiters else { return };
        if rest.first() != Some(&delimiters.field) {
            return;
        }
        let fields: Vec<&[u8]> = rest.split(|b| *b == delimiters.field).collect();
        let message = &mut stream.message;
        match kind {
            b'P' => {
                message.patients = message.patients.saturating_add(1);
                // P-3 to P-6: three identifiers and the name (LIS2-A2 7.3 to 7.6). Only that they hold something is seen.
                let holds = fields.iter().skip(2).take(4).any(|f| f.iter().any(u8::is_ascii_alphanumeric));
                if holds && !std::mem::replace(&mut self.patient_said, true) {
                    cx.of_service(Side::Responder, &CLEAR_PATIENT, "P records of LIS2");
                }
            }
            b'M' => message.manufacturer = message.manufacturer.saturating_add(1),
            // Universal test id: O-5, R-3, Q-5 (the record's letter is field 1).
            b'O' => {
                message.orders = message.orders.saturating_add(1);
                message.tests(fields.get(4).copied(), delimiters);
            }
            b'R' => {
                message.results = message.results.saturating_add(1);
                message.tests(fields.get(2).copied(), delimiters);
            }
            b'Q' => {
                message.queries = message.queries.saturating_add(1);
                message.tests(fields.get(4).copied(), delimiters);
            }
            b'L' => {
                message.ended = true;
                if stream.last_frame.is_none() {
                    self.finish(side, cx);
                }
            }
            _ => {}
        }
    }

    /// H: the delimiters, then the fields that say who speaks.
    fn header(&mut self, rest: &[u8], cx: &mut Context<'_>) {
        let side = cx.side();
        let Some(&[field, repeat, component, escape]) = rest.first_chunk::<4>() else { return };
        if !delimiters_differ(&[field, repeat, component, escape]) || rest.get(4).is_some_and(|b| *b != field)
        {
            return cx.weird("astm_odd_header");
        }
        self.finish(side, cx);
        let delimiters = Delimiters { field, repeat, component };
        if let Some(stream) = self.streams.get_mut(side.index()) {
            stream.delimiters = Some(delimiters);
            stream.message = Message { open: true, accepted: stream.message.accepted, ..Message::default() };
        }
        let fields: Vec<&[u8]> = rest.split(|b| *b == field).collect();
        let at = |number: usize| fields.get(number - 1).copied().unwrap_or_default();
        let whole = |bytes: &[u8]| {
            let text: Vec<u8> = bytes.iter().map(|b| if *b == component { b'^' } else { *b }).collect();
            clean_bytes(&text)
        };
        let sender = whole(at(5));
        self.say(side, &SENDER, sender.trim_matches('^'), cx);
        self.say(side, &SENDER_NAME, sender.split('^').next().unwrap_or_default(), cx);
        self.say(side.other(), &RECEIVER, &whole(at(10)), cx);
        let version = whole(at(13));
        if version.len() <= 16 {
            self.say(side, &VERSION, &version, cx);
        }
    }

    /// The message is over: says what it was.
    fn finish(&mut self, side: Side, cx: &mut Context<'_>) {
        let Some(stream) = self.streams.get_mut(side.index()) else { return };
        let message = std::mem::take(&mut stream.message);
        if !message.open {
            return;
        }
        let (verb, operation, role) = if message.results > 0 {
            (Verb::Result, "R", "sends results")
        } else if message.queries > 0 {
            (Verb::Query, "Q", "asks for orders")
        } else if message.orders > 0 {
            (Verb::Order, "O", "sends orders")
        } else if message.manufacturer > 0 {
            (Verb::Report, "M", "")
        } else {
            return;
        };
        let entry = cx.activity_by(side, verb, operation, &message.tests.join(" ")).outcome(message.accepted);
        let counts = [
            ("results", message.results),
            ("orders", message.orders),
            ("patients", message.patients),
            ("queries", message.queries),
        ];
        counts
            .iter()
            .filter(|(_, n)| *n > 0)
            .fold(entry, |entry, (name, n)| entry.detail(name, &n.to_string()));
        // Orders come before results: of a message that is cut off nobody can say that it had none.
        if message.results > 0 || message.queries > 0 || (message.ended && !message.lost) {
            self.say(side, &ROLE, role, cx);
        }
    }

    /// Says a thing once a connection.
    fn say(&mut self, side: Side, field: &'static Field, value: &str, cx: &mut Context<'_>) {
        let value = clean(value);
        let meant = value.chars().any(char::is_alphanumeric);
        let new =
            !self.said.iter().any(|(s, name, text)| *s == side && *name == field.name && *text == value);
        if meant && new && self.said.len() < 32 {
            self.said.push((side, field.name, value.clone().into_owned()));
            cx.evidence(cx.host(side), field, &value);
        }
    }
}

impl Message {
    /// Adds the codes of a universal test id: of each repeat the first component that is not empty.
    fn tests(&mut self, field: Option<&[u8]>, delimiters: Delimiters) {
        for test in field.unwrap_or_default().split(|b| *b == delimiters.repeat) {
            let code =
                test.split(|b| *b == delimiters.component).map(clean_bytes).find(|code| !code.is_empty());
            if let Some(code) = code
                && code.len() <= 32
                && self.tests.len() < 16
                && !self.tests.contains(&code)
            {
                self.tests.push(code);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ASTM;
    use crate::{Exercise, Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    const O: Side = Side::Originator;
    const R: Side = Side::Responder;

    fn frame(number: char, text: &str, end: u8) -> Vec<u8> {
        let mut bytes = format!("{number}{text}").into_bytes();
        bytes.push(end);
        let sum = bytes.iter().fold(0_u8, |sum, b| sum.wrapping_add(*b));
        bytes.insert(0, 2);
        bytes.extend(format!("{sum:02X}\r\n").bytes());
        bytes
    }

    fn framed() -> Exercise {
        let frames = [
            frame('1', "H|\\^&|||XN-10^00-22^17339^^^^AP1234||||||||LIS2-A2|20261122101500\r", 3),
            frame('2', "P|1||PLANTED-7||Muster", 0x17),
            frame('3', "mann^Erika\r", 3),
            frame('4', "O|1|SAMPLE-9||^^^WBC\\^^^RBC\r", 3),
            frame('5', "R|1|^^^^WBC^1|7.41|mol/L\r", 3),
            frame('6', "L|1|N\r", 3),
        ];
        let mut chunks: Vec<(Side, &[u8])> = vec![(O, b"\x05"), (R, b"\x06")];
        for frame in &frames {
            chunks.push((O, frame));
            chunks.push((R, b"\x06"));
        }
        chunks.push((O, b"\x04"));
        exercise(&ASTM, Transport::Tcp, &chunks)
    }

    #[test]
    fn an_analyser_sends_framed_results() {
        let seen = framed();
        assert_eq!(seen.values("sender"), ["XN-10^00-22^17339^^^^AP1234"]);
        assert_eq!(seen.values("sender-name"), ["XN-10"]);
        assert_eq!(seen.values("version"), ["LIS2-A2"]);
        assert_eq!(seen.values("role"), ["sends results"]);
        let [activity] = &seen.activity[..] else { panic!("{:?}", seen.activity) };
        assert_eq!(
            (activity.verb, &*activity.object, activity.outcome),
            (Verb::Result, "WBC RBC", Outcome::Success)
        );
        let shown = format!("{seen:?}");
        assert!(
            !["PLANTED", "Muster", "mann", "7.41", "SAMPLE"].iter().any(|planted| shown.contains(planted))
        );
    }

    #[test]
    fn records_without_frames_are_read() {
        let text = b"H|\\^&|||Middleware^2|||||LAB||P|1\rO|1|S1||^^^GLU\rL|1|N\r";
        let seen = exercise(&ASTM, Transport::Tcp, &[(R, text)]);
        assert_eq!(seen.values("sender-name"), ["Middleware"]);
        assert_eq!(seen.values("receiver"), ["LAB"]);
        assert_eq!((seen.activity[0].verb, &*seen.activity[0].object), (Verb::Order, "GLU"));
    }

    #[test]
    fn a_frame_with_a_wrong_checksum_says_nothing() {
        let mut bad = frame('1', "H|\\^&|||ANALYSER\r", 3);
        let at = bad.len() - 3;
        bad[at] ^= 1;
        let seen = exercise(&ASTM, Transport::Tcp, &[(O, b"\x05"), (R, b"\x06"), (O, &bad), (R, b"\x15")]);
        assert!(seen.evidence.is_empty());
        assert_eq!(seen.weirds.count("astm_bad_checksum"), 1);
    }

    #[test]
    fn other_text_does_not_match() {
        for foreign in [
            &b"HTTP/1.1 200 OK\r\n"[..],
            b"HELO mail\r\n",
            b"H|||||",
            b"\x02\x00\x00\x00",
            b"\x05\x01\x00",
            b"H|\\^&x",
        ] {
            assert!(exercise(&ASTM, Transport::Tcp, &[(O, foreign)]).unmatched);
        }
    }

    #[test]
    fn bytes_one_by_one_say_the_same() {
        let frames = [
            vec![5],
            frame('1', "H|\\^&|||XN-10^00-22\r", 3),
            frame('2', "R|1|^^^WBC|7\r", 3),
            frame('3', "L|1|N\r", 3),
            vec![4],
        ]
        .concat();
        for bytes in [&frames[..], b"H|\\^&|||Middleware^2\rO|1|S1||^^^GLU\rL|1|N\r"] {
            let whole = exercise(&ASTM, Transport::Tcp, &[(O, bytes)]);
            let single: Vec<(Side, &[u8])> = bytes.chunks(1).map(|byte| (O, byte)).collect();
            let split = exercise(&ASTM, Transport::Tcp, &single);
            assert!(!whole.evidence.is_empty() && whole.activity.len() == 1);
            assert_eq!(whole.values("sender"), split.values("sender"));
            assert_eq!(whole.activity.len(), split.activity.len());
        }
    }
}
