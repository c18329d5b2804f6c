//! Modbus/TCP: programmable controllers, meters, gas panels, generators, air handling.
//!
//! Standards: *MODBUS Messaging on TCP/IP Implementation Guide* V1.0b (3.1.3 MBAP header) and *MODBUS Application Protocol
//! Specification* V1.1b3 (6 function codes, 6.13 Report Server ID, 6.21 Read Device Identification, 7 exception codes).
//!
//! What it can identify: of a server that is asked, maker, product code, revision, product, model and application name
//! (function 43/14), and the text of its server id (function 17). Unit ids other than 0, 1 and 255 count as devices
//! behind the address once several unit ids have answered there (a gateway to a serial line).
//!
//! Limits: values of coils and registers are never kept. A read of the same range is reported once a connection, a
//! write always. RTU or ASCII frames inside TCP are not read.

use medward_model::{Attribute, Field, Outcome, Subject, Verb};

use crate::pending::{Asked, Pending, Said};
use crate::reader::Reader;
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean_bytes,
};

const PORT: u16 = 502;

static VENDOR: Field = Field::states(
    "vendor-name",
    Attribute::Vendor,
    92,
    "VendorName, object 0x00 of Read Device Identification (V1.1b3 6.21)",
);
static CODE: Field = Field::states(
    "product-code",
    Attribute::Model,
    78,
    "ProductCode, object 0x01 of Read Device Identification (V1.1b3 6.21)",
);
static REVISION: Field = Field::states(
    "revision",
    Attribute::Firmware,
    88,
    "MajorMinorRevision, object 0x02 of Read Device Identification (V1.1b3 6.21)",
);
static URL: Field =
    Field::fact("vendor-url", "VendorUrl, object 0x03 of Read Device Identification (V1.1b3 6.21)");
static PRODUCT: Field =
    Field::fact("product-name", "ProductName, object 0x04 of Read Device Identification (V1.1b3 6.21)");
static MODEL: Field = Field::states(
    "model-name",
    Attribute::Model,
    92,
    "ModelName, object 0x05 of Read Device Identification (V1.1b3 6.21)",
);
static APPLICATION: Field = Field::states(
    "application-name",
    Attribute::Alias,
    80,
    "UserApplicationName, object 0x06 of Read Device Identification (V1.1b3 6.21)",
);
static SERVER_ID: Field = Field::fact("server-id", "Text in the answer to Report Server ID (V1.1b3 6.13)");
static SPEAKS: Field = Field::fact(
    "role",
    "\"server\": answers requests; \"gateway\": reports a target behind it that does not answer (exceptions 10 and 11, V1.1b3 7)",
);

pub(super) static MODBUS: Dissector = Dissector {
    name: "modbus",
    title: "Modbus/TCP",
    label: "Modbus",
    group: Group::Building,
    specification: &[
        "MODBUS Messaging on TCP/IP Implementation Guide V1.0b",
        "MODBUS Application Protocol Specification V1.1b3",
    ],
    ports: &[PORT],
    carrier: Carrier::Stream { probe, session: || Box::new(Line::default()) },
    fields: &[&VENDOR, &CODE, &REVISION, &URL, &PRODUCT, &MODEL, &APPLICATION, &SERVER_ID, &SPEAKS],
    basis: Basis::RealPeers,
};

/// One application data unit.
#[derive(Clone, Copy)]
struct Unit<'a> {
    transaction: u16,
    unit: u8,
    function: u8,
    /// After the function code.
    body: &'a [u8],
    /// Of the whole unit with its header.
    length: usize,
}

/// Whether `bytes` begin with a well-formed header, and how much is needed for the whole unit.
enum Framed<'a> {
    Whole(Unit<'a>),
    Needs(usize),
    Not,
}

fn framed(bytes: &[u8]) -> Framed<'_> {
    let mut reader = Reader::new(bytes);
    let transaction = reader.u16();
    let protocol = reader.u16();
    let length = reader.u16();
    match (protocol, length) {
        (Some(protocol), _) if protocol != 0 => Framed::Not,
        (_, Some(length)) if !(2..=254).contains(&length) => Framed::Not,
        (Some(_), Some(length)) => {
            let whole = usize::from(length) + 6;
            let mut body = match reader.part(usize::from(length)) {
                Some(body) => body,
                None => return Framed::Needs(whole),
            };
            match (transaction, body.u8(), body.u8()) {
                (Some(transaction), Some(unit), Some(function)) if function & 0x7f != 0 => {
                    Framed::Whole(Unit { transaction, unit, function, body: body.rest(), length: whole })
                }
                _ => Framed::Not,
            }
        }
        _ => Framed::Needs(8),
    }
}

/// Whether a request of that function can look like this.
fn request_fits(unit: &Unit<'_>) -> bool {
    let count = |at: usize| unit.body.get(at..).and_then(|b| b.first_chunk()).map(|c| u16::from_be_bytes(*c));
    let n = unit.body.len();
    match unit.function {
        1 | 2 => n == 4 && count(2).is_some_and(|c| (1..=2000).contains(&c)),
        3 | 4 => n == 4 && count(2).is_some_and(|c| (1..=125).contains(&c)),
        5 => n == 4 && matches!(count(2), Some(0 | 0xff00)),
        6 => n == 4,
        7 | 11 | 12 | 17 => n == 0,
        8 => n >= 4,
        15 | 16 => n >= 6 && unit.body.get(4).is_some_and(|bytes| usize::from(*bytes) + 5 == n),
        20 | 21 => n >= 8 && unit.body.first().is_some_and(|bytes| usize::from(*bytes) + 1 == n),
        22 => n == 6,
        23 => n >= 10 && unit.body.get(8).is_some_and(|bytes| usize::from(*bytes) + 9 == n),
        24 => n == 2,
        43 => matches!(unit.body, [0x0e, 1..=4, _]) || unit.body.first() == Some(&0x0d),
        _ => false,
    }
}

/// Whether an answer of that function can look like this.
fn answer_fits(unit: &Unit<'_>) -> bool {
    let n = unit.body.len();
    let counted = || unit.body.first().is_some_and(|bytes| usize::from(*bytes) + 1 == n);
    match unit.function {
        0x80.. => n == 1 && unit.body.first().is_some_and(|code| matches!(code, 1..=11)),
        1..=4 | 12 | 17 | 20 | 21 | 23 => counted(),
        5 | 6 | 11 | 15 | 16 => n == 4,
        7 => n == 1,
        8 => n >= 4,
        22 => n == 6,
        24 => n >= 4,
        43 => {
            matches!(unit.body, [0x0e, 1..=4, 1 | 2 | 3 | 0x81 | 0x82 | 0x83, 0 | 0xff, _, _, ..])
                || unit.body.first() == Some(&0x0d)
        }
        _ => false,
    }
}

fn probe(head: &Head<'_>) -> Probe {
    let (asked, answered) = (framed(head.originator), framed(head.responder));
    if matches!(asked, Framed::Not) || matches!(answered, Framed::Not) {
        return Probe::NoMatch;
    }
    match (asked, answered) {
        (Framed::Whole(asked), Framed::Whole(answered)) => {
            let same = asked.unit == answered.unit && asked.function == answered.function & 0x7f;
            // After a mid-stream pick-up the two heads need not belong together, but each has its shape.
            Probe::when(
                request_fits(&asked)
                    && answer_fits(&answered)
                    && (!head.from_start
                        || head.on_port(PORT)
                        || (same && asked.transaction == answered.transaction)),
            )
        }
        (Framed::Whole(asked), _) if !request_fits(&asked) => Probe::NoMatch,
        (Framed::Whole(_), _) if head.responder_port == PORT => Probe::Match,
        (_, Framed::Whole(answered)) if !answer_fits(&answered) => Probe::NoMatch,
        (_, Framed::Whole(_)) if head.responder_port == PORT && head.originator.is_empty() => Probe::Match,
        _ => Probe::NeedMore,
    }
}

#[derive(Default)]
struct Line {
    pending: Pending<(u16, u8), 64>,
    reads: Said<256>,
    identity: Said<256>,
    /// Unit ids that answered, one bit each.
    answered: [u64; 4],
    /// Bytes were lost: the next unit must look like one in every way.
    lost: [bool; 2],
}

impl Session for Line {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        match framed(bytes) {
            Framed::Needs(length) => Progress::Need(length),
            Framed::Not => Progress::GiveUp("modbus_bad_header"),
            Framed::Whole(unit) => {
                let asking = cx.side() == Side::Originator;
                if let Some(lost) = self.lost.get_mut(cx.side().index())
                    && std::mem::take(lost)
                    && !(if asking { request_fits(&unit) } else { answer_fits(&unit) })
                {
                    return Progress::GiveUp("modbus_lost_footing");
                }
                if asking {
                    self.request(&unit, cx);
                } else {
                    self.answer(&unit, cx);
                }
                Progress::Consumed(unit.length as u64)
            }
        }
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        // What is lost is mostly whole segments, each a whole unit.
        if let Some(lost) = self.lost.get_mut(cx.side().index()) {
            *lost = true;
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
    }
}

impl Line {
    fn request(&mut self, unit: &Unit<'_>, cx: &mut Context<'_>) {
        if !request_fits(unit) && unit.function < 65 {
            cx.weird("modbus_odd_request");
        }
        let (verb, operation) = function(unit.function, unit.body);
        let object = object(unit);
        if verb == Verb::Query && !self.reads.first((unit.unit, unit.function, &object)) {
            return;
        }
        let mut asked = Asked::new(Side::Originator, verb, &operation, &object);
        asked = asked.detail("unit", unit.unit.to_string());
        self.pending.ask((unit.transaction, unit.unit), asked, cx);
    }

    fn answer(&mut self, unit: &Unit<'_>, cx: &mut Context<'_>) {
        let failed = unit.function & 0x80 != 0;
        let code = unit.body.first().copied().unwrap_or(0);
        if let Some(mut asked) = self.pending.answer(&(unit.transaction, unit.unit)) {
            if failed {
                asked = asked.detail("exception", exception(code));
            }
            asked.report(if failed { Outcome::Failure } else { Outcome::Success }, cx);
        }
        if failed {
            if matches!(code, 10 | 11) && self.identity.first("gateway") {
                cx.evidence(cx.sender(), &SPEAKS, "gateway");
            }
            return;
        }
        if !answer_fits(unit) {
            return;
        }
        if self.identity.first("server") {
            cx.evidence(cx.sender(), &SPEAKS, "server");
        }
        if let Some(word) = self.answered.get_mut(usize::from(unit.unit >> 6)) {
            *word |= 1 << (unit.unit & 0x3f);
        }
        match (unit.function, unit.body) {
            (43, [0x0e, _, _, _, _, count, objects @ ..]) => {
                self.identification(unit.unit, *count, objects, cx)
            }
            (17, [_, id @ ..]) => {
                let text = printable(id);
                if text.len() >= 3 && self.identity.first((unit.unit, 17, &text)) {
                    let subject = self.subject(unit.unit, cx);
                    cx.evidence(subject, &SERVER_ID, &text);
                }
            }
            _ => {}
        }
    }

    /// The list of objects: id, length, value.
    fn identification(&mut self, unit: u8, count: u8, objects: &[u8], cx: &mut Context<'_>) {
        let mut reader = Reader::new(objects);
        for _ in 0..count {
            let (Some(id), Some(length)) = (reader.u8(), reader.u8()) else { return };
            let Some(value) = reader.take(usize::from(length)) else { return };
            let field = match id {
                0 => &VENDOR,
                1 => &CODE,
                2 => &REVISION,
                3 => &URL,
                4 => &PRODUCT,
                5 => &MODEL,
                6 => &APPLICATION,
                _ => continue,
            };
            let text = clean_bytes(value);
            if text.chars().any(char::is_alphanumeric) && self.identity.first((unit, id, &text)) {
                let subject = self.subject(unit, cx);
                cx.evidence(subject, field, &text);
            }
        }
    }

    fn subject(&self, unit: u8, cx: &Context<'_>) -> Subject {
        let several = self.answered.iter().map(|word| word.count_ones()).sum::<u32>() > 1;
        if matches!(unit, 0 | 1 | 255) || !several {
            cx.sender()
        } else {
            cx.behind(cx.side(), &format!("modbus unit {unit}"))
        }
    }
}

/// What the function does, and its name in the specification.
fn function(code: u8, body: &[u8]) -> (Verb, String) {
    let (verb, name) = match code {
        1 => (Verb::Query, "Read Coils"),
        2 => (Verb::Query, "Read Discrete Inputs"),
        3 => (Verb::Query, "Read Holding Registers"),
        4 => (Verb::Query, "Read Input Registers"),
        5 => (Verb::Set, "Write Single Coil"),
        6 => (Verb::Set, "Write Single Register"),
        7 => (Verb::Query, "Read Exception Status"),
        8 => (Verb::Command, "Diagnostics"),
        11 => (Verb::Query, "Get Comm Event Counter"),
        12 => (Verb::Query, "Get Comm Event Log"),
        15 => (Verb::Set, "Write Multiple Coils"),
        16 => (Verb::Set, "Write Multiple Registers"),
        17 => (Verb::Query, "Report Server ID"),
        20 => (Verb::Read, "Read File Record"),
        21 => (Verb::Write, "Write File Record"),
        22 => (Verb::Set, "Mask Write Register"),
        23 => (Verb::Set, "Read/Write Multiple Registers"),
        24 => (Verb::Query, "Read FIFO Queue"),
        43 if body.first() == Some(&0x0e) => (Verb::Query, "Read Device Identification"),
        43 => (Verb::Command, "Encapsulated Interface Transport"),
        // Schneider's Unity programming and others' own functions.
        _ => return (Verb::Command, format!("Function {code}")),
    };
    (verb, name.to_owned())
}

/// The range that a request names, in the specification's zero-based addresses; never a value.
fn object(unit: &Unit<'_>) -> String {
    let number =
        |at: usize| unit.body.get(at..).and_then(|b| b.first_chunk()).map(|c| u16::from_be_bytes(*c));
    let range = |at: usize| match (number(at), number(at + 2)) {
        (Some(address), Some(count)) => format!("{address}+{count}"),
        _ => String::new(),
    };
    match unit.function {
        1..=4 | 15 | 16 => range(0),
        5 | 6 | 22 | 24 => number(0).map(|a| a.to_string()).unwrap_or_default(),
        8 => number(0).map(|sub| format!("sub-function {sub}")).unwrap_or_default(),
        23 => range(4),
        _ => String::new(),
    }
}

fn exception(code: u8) -> String {
    let name = match code {
        1 => "illegal function",
        2 => "illegal data address",
        3 => "illegal data value",
        4 => "server device failure",
        5 => "acknowledge",
        6 => "server device busy",
        8 => "memory parity error",
        10 => "gateway path unavailable",
        11 => "gateway target failed to respond",
        _ => return code.to_string(),
    };
    name.to_owned()
}

/// The longest run of printable ASCII.
fn printable(bytes: &[u8]) -> String {
    let run = bytes.split(|b| !(b' '..=b'~').contains(b)).max_by_key(|run| run.len()).unwrap_or_default();
    clean_bytes(run)
}

#[cfg(test)]
mod tests {
    use super::MODBUS;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Subject, Transport, Verb};

    fn unit(transaction: u16, unit: u8, pdu: &[u8]) -> Vec<u8> {
        let mut bytes = transaction.to_be_bytes().to_vec();
        bytes.extend([0, 0]);
        bytes.extend((pdu.len() as u16 + 1).to_be_bytes());
        bytes.push(unit);
        bytes.extend(pdu);
        bytes
    }

    fn identification(objects: &[(u8, &str)]) -> Vec<u8> {
        let mut pdu = vec![0x2b, 0x0e, 1, 0x83, 0, 0, objects.len() as u8];
        for (id, text) in objects {
            pdu.extend([*id, text.len() as u8]);
            pdu.extend(text.as_bytes());
        }
        pdu
    }

    #[test]
    fn device_identification_and_writes() {
        let answer = identification(&[(0, "ACME Gas"), (1, "MGP-2"), (2, "3.1"), (5, "MGP-2000"), (6, "")]);
        let seen = exercise(
            &MODBUS,
            Transport::Tcp,
            &[
                (Side::Originator, &unit(1, 1, &[0x2b, 0x0e, 1, 0])),
                (Side::Responder, &unit(1, 1, &answer)),
                (Side::Originator, &unit(2, 1, &[6, 0, 2, 3, 0xe7])),
                (Side::Responder, &unit(2, 1, &[6, 0, 2, 3, 0xe7])),
                (Side::Originator, &unit(3, 1, &[3, 0, 0, 0, 4])),
                (Side::Responder, &unit(3, 1, &[0x83, 2])),
                (Side::Originator, &unit(4, 1, &[3, 0, 0, 0, 4])),
            ],
        );
        assert_eq!(seen.values("vendor-name"), ["ACME Gas"]);
        assert_eq!(seen.values("product-code"), ["MGP-2"]);
        assert_eq!(seen.values("revision"), ["3.1"]);
        assert_eq!(seen.values("model-name"), ["MGP-2000"]);
        assert!(seen.values("application-name").is_empty());
        let shown: Vec<_> = seen.activity.iter().map(|a| (a.verb, &*a.object, a.outcome)).collect();
        assert_eq!(
            shown,
            [
                (Verb::Query, "", Outcome::Success),
                (Verb::Set, "2", Outcome::Success),
                (Verb::Query, "0+4", Outcome::Failure),
            ]
        );
        assert!(!format!("{:?}", seen.activity).contains("999"));
    }

    #[test]
    fn several_units_on_one_address_are_behind_a_gateway() {
        let ask = [0x2b, 0x0e, 1, 0];
        let (three, seven) = (identification(&[(0, "Alpha")]), identification(&[(0, "Beta")]));
        let seen = exercise(
            &MODBUS,
            Transport::Tcp,
            &[
                (Side::Originator, &unit(1, 3, &[3, 0, 0, 0, 1])),
                (Side::Responder, &unit(1, 3, &[3, 2, 0, 1])),
                (Side::Originator, &unit(2, 7, &ask)),
                (Side::Responder, &unit(2, 7, &seven)),
                (Side::Originator, &unit(3, 3, &ask)),
                (Side::Responder, &unit(3, 3, &three)),
                (Side::Originator, &unit(4, 9, &ask)),
                (Side::Responder, &unit(4, 9, &[0xab, 11])),
            ],
        );
        let keys: Vec<_> = seen
            .evidence
            .iter()
            .filter_map(|e| match &e.subject {
                Subject::Behind { key, .. } => Some((&**key, e.value.shown())),
                _ => None,
            })
            .collect();
        assert_eq!(keys, [("modbus unit 7", "Beta".to_owned()), ("modbus unit 3", "Alpha".to_owned())]);
        assert_eq!(seen.values("role"), ["server", "gateway"]);
    }

    #[test]
    fn foreign_bytes_do_not_match() {
        for foreign in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x00\x05hello",
            &[0, 1, 0, 0, 0, 6, 1, 99, 0, 0, 0, 1],
        ] {
            assert!(exercise(&MODBUS, Transport::Tcp, &[(Side::Originator, foreign)]).unmatched);
        }
    }

    #[test]
    fn bytes_one_by_one_say_the_same() {
        let ask = [unit(1, 1, &[3, 0, 0, 0, 4]), unit(2, 1, &[0x2b, 0x0e, 1, 0])].concat();
        let answer = [unit(1, 1, &[3, 2, 0, 1]), unit(2, 1, &identification(&[(0, "Alpha")]))].concat();
        let sides = [(Side::Originator, &ask), (Side::Responder, &answer)];
        let single: Vec<(Side, &[u8])> =
            sides.iter().flat_map(|(side, bytes)| bytes.chunks(1).map(|byte| (*side, byte))).collect();
        let seen = exercise(&MODBUS, Transport::Tcp, &single);
        assert_eq!(seen.values("vendor-name"), ["Alpha"]);
        assert_eq!(seen.activity.len(), 2);
        assert!(seen.weirds.is_empty());
    }
}
