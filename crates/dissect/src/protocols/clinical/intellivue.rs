//! Philips IntelliVue patient monitors: Data Export over UDP, and the connect indication broadcast.
//!
//! Manual: *IntelliVue Patient Monitor Data Export Interface Programming Guide* (Philips 4535 642 59271): connect
//! indication (UDP 24005), association control (session, presentation and ACSE headers with fixed parts), SPpdu and
//! remote operations, MDS Create Event, poll actions, attribute lists. UDP 24105. The object model is that of ISO/IEEE
//! 11073-10201; numbers are big-endian.
//!
//! What it can identify: the monitor: maker and model number (System Model), serial number, part numbers, hardware and
//! software revision (Production Specification), bed label, MAC address (Network Address Information, System Id).
//!
//! Limits: built from the guide and from the structures of public readers of it, checked against one published dump of
//! a monitor's connect indication; never against a capture. Lengths of all nested headers must agree before anything is
//! read. Patient demographics, measurements, waves and alarm texts are not read; a poll of them is activity. Data
//! export over RS-232 behind a serial server is not read.

use std::net::Ipv4Addr;

use medward_model::{Attribute, Field, Mac, Outcome, Verb};

use crate::pending::{Asked, Pending, Said};
use crate::reader::{Reader, hex};
use crate::{
    Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean, clean_bytes,
};

const PORT: u16 = 24105;
const INDICATION_PORT: u16 = 24005;
/// MDDL object identifier, front part, in the presentation headers of association control.
const MDDL: [u8; 7] = [0x2a, 0x86, 0x48, 0xce, 0x14, 0x02, 0x01];
/// Object class of the medical device system.
const MDS: u16 = 33;
const MDS_CREATE: u16 = 0x0d06;
const CONNECT_INDICATION: u16 = 0x0d17;
const POLL: u16 = 0x0c16;
const POLL_EXTENDED: u16 = 0xf13b;

static MAKER: Field = Field::states(
    "manufacturer",
    Attribute::Vendor,
    96,
    "Manufacturer in System Model, NOM_ATTR_ID_MODEL (Programming Guide)",
);
static MODEL: Field = Field::states(
    "model-number",
    Attribute::Model,
    90,
    "Model number in System Model, NOM_ATTR_ID_MODEL; Philips's product number (Programming Guide)",
);
static SERIAL: Field = Field::states(
    "serial-number",
    Attribute::Serial,
    94,
    "Serial number of the product component in NOM_ATTR_ID_PROD_SPECN (Programming Guide)",
);
static SOFTWARE: Field = Field::states(
    "software-revision",
    Attribute::Firmware,
    88,
    "Software revision of the application component in NOM_ATTR_ID_PROD_SPECN (Programming Guide)",
);
static HARDWARE: Field =
    Field::fact("hardware-revision", "Hardware revision of the product component in NOM_ATTR_ID_PROD_SPECN");
static PART: Field =
    Field::fact("part-number", "Part number of the product component in NOM_ATTR_ID_PROD_SPECN");
static BED: Field = Field::states(
    "bed-label",
    Attribute::Location,
    90,
    "Bed label, NOM_ATTR_ID_BED_LABEL or attribute 0xF135 of the connect indication (Programming Guide)",
);
static ADDRESS: Field = Field::states(
    "mac-address",
    Attribute::UniqueId,
    93,
    "MAC address in NOM_ATTR_NET_ADDR_INFO, where the IP address in it is the sender's (Programming Guide)",
);
static SYSTEM_ID: Field =
    Field::fact("system-id", "System Id, NOM_ATTR_SYS_ID, in hexadecimal (Programming Guide)");
static SYSTEM_TYPE: Field = Field::fact(
    "system-type",
    "System Type, NOM_ATTR_SYS_TYPE, as partition:code of the nomenclature (ISO/IEEE 11073-10101)",
);
static ROLE: Field = Field::fact(
    "role",
    "\"monitor\": announces itself or answers polls; \"client\": asks for an association",
);

pub(super) static INTELLIVUE: Dissector = Dissector {
    name: "intellivue",
    title: "Philips IntelliVue Data Export",
    label: "IntelliVue",
    group: Group::Clinical,
    specification: &[
        "Philips IntelliVue Patient Monitor Data Export Interface Programming Guide, 4535 642 59271",
    ],
    ports: &[PORT, INDICATION_PORT],
    carrier: Carrier::Datagram { probe, session: || Box::new(Export::default()) },
    fields: &[
        &MAKER,
        &MODEL,
        &SERIAL,
        &SOFTWARE,
        &HARDWARE,
        &PART,
        &BED,
        &ADDRESS,
        &SYSTEM_ID,
        &SYSTEM_TYPE,
        &ROLE,
    ],
    basis: Basis::DocumentOnly,
};

/// A datagram whose headers agree.
#[derive(Debug)]
enum Datagram<'a> {
    /// Attribute list of a connect indication.
    Indication(Reader<'a>),
    /// Session header of association control.
    Association(Session8327),
    /// A remote operation on an established association.
    Operation(Operation<'a>),
}

/// Session-layer message type (ISO 8327-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Session8327 {
    Connect,
    Accept,
    Refuse,
    Finish,
    Disconnect,
    Abort,
}

#[derive(Debug)]
struct Operation<'a> {
    kind: Kind,
    invoke: u16,
    command: u16,
    body: Reader<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Invoke,
    Result,
    Error,
}

fn datagram<'a>(bytes: &'a [u8], on_port: bool) -> Option<Datagram<'a>> {
    match bytes {
        [0, 0, 1, _, ..] => {
            // Nomenclature version 1.x, then an event report about the MDS.
            let mut reader = Reader::new(bytes.get(4..)?);
            let operation = operation(&mut reader)?;
            (operation.kind == Kind::Invoke && operation.command <= 1).then_some(())?;
            let mut body = operation.body;
            let (_class, _context, _handle) = (body.u16()?, body.u16()?, body.u16()?);
            body.u32()?;
            (body.u16()? == CONNECT_INDICATION).then_some(())?;
            exact(&mut body)?;
            Some(Datagram::Indication(attributes(&mut body)?))
        }
        [0xe1, 0, 0, 0x02, rest @ ..] => {
            let mut reader = Reader::new(rest);
            operation(&mut reader).map(Datagram::Operation)
        }
        _ => association(bytes, on_port).map(Datagram::Association),
    }
}

/// A length that covers exactly what is left.
fn exact(reader: &mut Reader<'_>) -> Option<()> {
    let length = usize::from(reader.u16()?);
    (length == reader.rest().len()).then_some(())
}

/// ROapdus with the APDU inside it.
fn operation<'a>(reader: &mut Reader<'a>) -> Option<Operation<'a>> {
    let kind = reader.u16()?;
    exact(reader)?;
    let kind = match kind {
        1 => Kind::Invoke,
        2 => Kind::Result,
        3 => Kind::Error,
        5 => {
            // A linked result: state and count come first.
            reader.u16()?;
            Kind::Result
        }
        _ => return None,
    };
    let (invoke, command) = (reader.u16()?, reader.u16()?);
    exact(reader)?;
    (kind == Kind::Error || command <= 7).then_some(Operation { kind, invoke, command, body: *reader })
}

/// An attribute list: count, length, attributes; all of what is left.
fn attributes<'a>(reader: &mut Reader<'a>) -> Option<Reader<'a>> {
    let count = usize::from(reader.u16()?);
    exact(reader)?;
    (count <= 128 && reader.rest().len() >= count * 4).then_some(*reader)
}

fn association(bytes: &[u8], on_port: bool) -> Option<Session8327> {
    let kind = match bytes.first()? {
        0x0d => Session8327::Connect,
        0x0e => Session8327::Accept,
        0x0c => Session8327::Refuse,
        0x09 => Session8327::Finish,
        0x0a => Session8327::Disconnect,
        0x19 => Session8327::Abort,
        _ => return None,
    };
    let (length, head) = match bytes.get(1..)? {
        [0xff, high, low, ..] => (usize::from(u16::from_be_bytes([*high, *low])), 4),
        [length, ..] => (usize::from(*length), 2),
        [] => return None,
    };
    (length + head == bytes.len()).then_some(())?;
    let contains = |wanted: &[u8]| bytes.windows(wanted.len()).any(|window| window == wanted);
    let known = match kind {
        Session8327::Connect | Session8327::Accept => contains(&MDDL),
        Session8327::Refuse => on_port,
        // Release request and response: fixed presentation header.
        Session8327::Finish | Session8327::Disconnect => {
            on_port
                && bytes
                    .get(2..10)
                    .is_some_and(|b| matches!(b, [0xc1, _, 0x61, 0x80, 0x30, 0x80, 0x02, 0x01]))
        }
        Session8327::Abort => on_port && contains(&[0xa0, 0x80]),
    };
    known.then_some(kind)
}

fn probe(head: &Head<'_>) -> Probe {
    let on_port = head.on_port(PORT) || head.on_port(INDICATION_PORT);
    match datagram(head.any(), on_port) {
        // A short operation holds too little to be sure of elsewhere.
        Some(Datagram::Operation(_)) if head.any().len() < 24 && !on_port => Probe::NoMatch,
        found => Probe::when(found.is_some()),
    }
}

#[derive(Default)]
struct Export {
    said: Said<256>,
    association: Pending<Side, 2>,
    polls: Pending<(Side, u16), 16>,
}

impl Session for Export {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        match datagram(bytes, true) {
            Some(Datagram::Indication(list)) => {
                self.role("monitor", cx);
                self.identity(list, cx);
                if self.said.first("indication") {
                    cx.activity(Verb::Announce, "Connect Indication", "");
                }
            }
            Some(Datagram::Association(kind)) => self.control(kind, cx),
            Some(Datagram::Operation(operation)) => {
                let _ = self.operation(&operation, cx);
            }
            None => cx.weird("intellivue_bad_datagram"),
        }
        Progress::Consumed(bytes.len() as u64)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.association.flush(cx);
        self.polls.flush(cx);
    }
}

impl Export {
    fn control(&mut self, kind: Session8327, cx: &mut Context<'_>) {
        let side = cx.side();
        match kind {
            Session8327::Connect => {
                self.role("client", cx);
                self.association.ask(side, Asked::new(side, Verb::Connect, "Association Request", ""), cx);
            }
            Session8327::Accept | Session8327::Refuse => {
                let accepted = kind == Session8327::Accept;
                if accepted {
                    self.role("monitor", cx);
                }
                if let Some(asked) = self.association.answer(&side.other()) {
                    asked.report(if accepted { Outcome::Success } else { Outcome::Failure }, cx);
                }
            }
            Session8327::Finish => {
                cx.activity(Verb::Disconnect, "Release Request", "");
            }
            Session8327::Abort => {
                cx.activity(Verb::Disconnect, "Association Abort", "");
            }
            Session8327::Disconnect => {}
        }
    }

    fn operation(&mut self, operation: &Operation<'_>, cx: &mut Context<'_>) -> Option<()> {
        let side = cx.side();
        let mut body = operation.body;
        match (operation.kind, operation.command) {
            // Event report: the MDS says that it is there, and what it is.
            (Kind::Invoke, 0 | 1) => {
                let (class, _context, _handle, _time) = (body.u16()?, body.u16()?, body.u16()?, body.u32()?);
                let event = body.u16()?;
                exact(&mut body)?;
                if class == MDS && event == MDS_CREATE {
                    let (_class, _context, _handle) = (body.u16()?, body.u16()?, body.u16()?);
                    self.role("monitor", cx);
                    self.identity(attributes(&mut body)?, cx);
                    if self.said.first("created") {
                        cx.activity(Verb::Announce, "MDS Create Event", "");
                    }
                }
            }
            (Kind::Invoke, 7) => {
                let (_class, _context, _handle, _scope) =
                    (body.u16()?, body.u16()?, body.u16()?, body.u32()?);
                let action = body.u16()?;
                exact(&mut body)?;
                if matches!(action, POLL | POLL_EXTENDED) {
                    let (_number, _partition, class) = (body.u16()?, body.u16()?, body.u16()?);
                    if self.said.first(("poll", side, class)) {
                        let asked = Asked::new(side, Verb::Query, "Poll MDIB Data", class_name(class));
                        self.polls.ask((side, operation.invoke), asked, cx);
                    }
                } else {
                    cx.activity(Verb::Command, &format!("Action {action}"), "");
                }
            }
            (Kind::Result, 7) => {
                let (_class, _context, _handle) = (body.u16()?, body.u16()?, body.u16()?);
                let action = body.u16()?;
                exact(&mut body)?;
                self.answered(operation.invoke, Outcome::Success, cx);
                if !matches!(action, POLL | POLL_EXTENDED) {
                    return None;
                }
                body.u16()?;
                if action == POLL_EXTENDED {
                    body.u16()?;
                }
                let (_relative, _absolute) = (body.u32()?, body.take(8)?);
                let (_partition, class, _group) = (body.u16()?, body.u16()?, body.u16()?);
                self.role("monitor", cx);
                if self.said.first(("polled", side, class)) {
                    cx.activity(Verb::Result, "Poll MDIB Data Result", class_name(class));
                }
                if class == MDS {
                    self.polled(&mut body, cx)?;
                }
            }
            (Kind::Invoke, 4 | 5) => {
                cx.activity(Verb::Set, "Set", class_name(body.u16()?));
            }
            (Kind::Invoke, 3) => {
                let class = body.u16()?;
                if self.said.first(("get", side, class)) {
                    cx.activity(Verb::Query, "Get", class_name(class));
                }
            }
            (Kind::Error, _) => self.answered(operation.invoke, Outcome::Failure, cx),
            _ => {}
        }
        Some(())
    }

    fn answered(&mut self, invoke: u16, outcome: Outcome, cx: &mut Context<'_>) {
        if let Some(asked) = self.polls.answer(&(cx.side().other(), invoke)) {
            asked.report(outcome, cx);
        }
    }

    /// Poll Info List of the MDS object: contexts, each with observation polls, each with an attribute list.
    fn polled(&mut self, body: &mut Reader<'_>, cx: &mut Context<'_>) -> Option<()> {
        let contexts = body.u16()?;
        exact(body)?;
        for _ in 0..contexts {
            let (_context, polls, length) = (body.u16()?, body.u16()?, body.u16()?);
            let mut context = body.part(usize::from(length))?;
            for _ in 0..polls {
                let (_handle, _count, length) = (context.u16()?, context.u16()?, context.u16()?);
                let list = context.part(usize::from(length))?;
                self.identity(list, cx);
            }
        }
        Some(())
    }

    /// The attributes that say who the monitor is: id, length, value each.
    fn identity(&mut self, mut list: Reader<'_>, cx: &mut Context<'_>) {
        while let (Some(id), Some(length)) = (list.u16(), list.u16()) {
            let Some(value) = list.part(usize::from(length)) else { return };
            match id {
                0x0928 => self.system_model(value, cx).unwrap_or_default(),
                0x092d => self.production(value, cx).unwrap_or_default(),
                0x091e | 0xf135 => self.say(&BED, &utf16(value.rest()), cx),
                0x0984 if meaningful(value.rest()) => self.say(&SYSTEM_ID, &hex(variable(value)), cx),
                0x0986 => {
                    let mut value = value;
                    if let (Some(partition), Some(code)) = (value.u16(), value.u16()) {
                        self.say(&SYSTEM_TYPE, &format!("{partition}:{code}"), cx);
                    }
                }
                0xf100 => self.network_address(value, cx).unwrap_or_default(),
                _ => {}
            }
        }
    }

    fn system_model(&mut self, mut value: Reader<'_>, cx: &mut Context<'_>) -> Option<()> {
        let (maker, model) = (label(&mut value)?, label(&mut value)?);
        self.say(&MAKER, &clean_bytes(maker), cx);
        self.say(&MODEL, &clean_bytes(model), cx);
        Some(())
    }

    /// Entries of specification type, component id and text.
    fn production(&mut self, mut value: Reader<'_>, cx: &mut Context<'_>) -> Option<()> {
        let count = value.u16()?;
        let length = usize::from(value.u16()?);
        let mut value = value.part(length)?;
        for _ in 0..count {
            let (kind, component) = (value.u16()?, value.u16()?);
            let text = clean_bytes(label(&mut value)?);
            match (kind, component) {
                (1, 0x0008) => self.say(&SERIAL, &text, cx),
                (2, 0x0008) => self.say(&PART, &text, cx),
                (3, 0x0008) => self.say(&HARDWARE, &text, cx),
                (4, 0x0058) => self.say(&SOFTWARE, &text, cx),
                _ => {}
            }
        }
        Some(())
    }

    fn network_address(&mut self, mut value: Reader<'_>, cx: &mut Context<'_>) -> Option<()> {
        let mac = Mac(value.array()?);
        let ip = Ipv4Addr::from(value.array::<4>()?);
        if mac.is_station() && cx.flow().peer(cx.side()).host.ip == std::net::IpAddr::V4(ip) {
            self.say(&ADDRESS, &mac.to_string(), cx);
        }
        Some(())
    }

    fn role(&mut self, role: &'static str, cx: &mut Context<'_>) {
        self.say(&ROLE, role, cx);
    }

    /// Says a thing about the sender once a flow; not placeholders.
    fn say(&mut self, field: &'static Field, text: &str, cx: &mut Context<'_>) {
        let meant = text.chars().any(|c| c.is_alphanumeric() && c != '0');
        if meant && self.said.first((cx.side(), field.name, text)) {
            cx.evidence(cx.sender(), field, text);
        }
    }
}

/// A VariableLabel: length, text, padded to an even number of bytes.
fn label<'a>(reader: &mut Reader<'a>) -> Option<&'a [u8]> {
    let length = usize::from(reader.u16()?);
    let text = reader.take(length)?;
    if length % 2 == 1 {
        reader.u8();
    }
    Some(text)
}

/// The content of a VariableLabel where that is what the bytes are, else the bytes.
fn variable(value: Reader<'_>) -> &[u8] {
    let mut ahead = value;
    match ahead.u16() {
        Some(length) if usize::from(length) == ahead.rest().len() => ahead.rest(),
        _ => value.rest(),
    }
}

fn meaningful(bytes: &[u8]) -> bool {
    bytes.len() >= 6 && bytes.iter().skip(2).any(|b| *b != 0)
}

/// A String of 16-bit characters, with or without its length in front.
fn utf16(bytes: &[u8]) -> String {
    let bytes = variable(Reader::new(bytes));
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .take_while(|unit| *unit != 0)
        .collect();
    clean(&String::from_utf16_lossy(&units)).into_owned()
}

/// Object classes of the guide.
fn class_name(class: u16) -> &'static str {
    match class {
        6 => "numeric",
        9 => "real-time sample array",
        11 => "enumeration",
        33 | 35 => "medical device system",
        42 => "patient demographics",
        54 => "alert monitor",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::INTELLIVUE;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    const O: Side = Side::Originator;
    const R: Side = Side::Responder;

    fn counted(body: &[u8]) -> Vec<u8> {
        let mut bytes = (body.len() as u16).to_be_bytes().to_vec();
        bytes.extend(body);
        bytes
    }

    fn words(words: &[u16]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    fn attribute(id: u16, value: &[u8]) -> Vec<u8> {
        [words(&[id]), counted(value)].concat()
    }

    fn list(attributes: &[Vec<u8>]) -> Vec<u8> {
        [words(&[attributes.len() as u16]), counted(&attributes.concat())].concat()
    }

    /// A remote operation: kind, invoke id, command, body.
    fn operation(kind: u16, command: u16, body: &[u8]) -> Vec<u8> {
        [words(&[kind]), counted(&[words(&[1, command]), counted(body)].concat())].concat()
    }

    fn monitor(ip: [u8; 4]) -> Vec<u8> {
        let spec =
            |kind: u16, component: u16, text: &[u8]| [words(&[kind, component]), counted(text)].concat();
        let specs = [
            spec(1, 8, b"DE22700001\0\t"),
            spec(2, 8, b"M8007A\0\0"),
            spec(3, 8, b" B.00.05"),
            spec(5, 0x78, b"--------"),
            spec(4, 0x58, b"G.01.78 "),
        ];
        let bed: Vec<u8> = "ICU 7\0".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut address = vec![0, 9, 0xfb, 9, 0x77, 0xbd];
        address.extend(ip);
        address.extend([255, 255, 255, 0]);
        list(&[
            attribute(0x0986, &words(&[1, 0x114d])),
            attribute(0xf100, &address),
            attribute(0xf135, &bed),
            attribute(0x092d, &[words(&[5]), counted(&specs.concat())].concat()),
            attribute(0x0928, &[counted(b"Philips\0"), counted(b"M8007A\0"), vec![0]].concat()),
            attribute(0x095d, b"PLANTED PATIENT"),
        ])
    }

    fn event(class: u16, kind: u16, info: &[u8]) -> Vec<u8> {
        [words(&[class, 0, 0, 0, 0x1234, kind]), counted(info)].concat()
    }

    #[test]
    fn the_connect_indication_names_the_monitor() {
        let report = event(0x23, 0x0d17, &monitor([10, 0, 0, 1]));
        let bytes = [vec![0, 0, 1, 0], operation(1, 0, &report)].concat();
        let seen = exercise(&INTELLIVUE, Transport::Udp, &[(O, &bytes), (O, &bytes)]);
        assert_eq!(seen.values("manufacturer"), ["Philips"]);
        assert_eq!(seen.values("model-number"), ["M8007A"]);
        assert_eq!(seen.values("serial-number"), ["DE22700001"]);
        assert_eq!(seen.values("software-revision"), ["G.01.78"]);
        assert_eq!(seen.values("bed-label"), ["ICU 7"]);
        assert_eq!(seen.values("mac-address"), ["00:09:fb:09:77:bd"]);
        assert_eq!(seen.values("system-type"), ["1:4429"]);
        assert_eq!((seen.activity.len(), seen.activity[0].verb), (1, Verb::Announce));
        assert!(!format!("{seen:?}").contains("PLANTED"));
    }

    #[test]
    fn an_association_with_create_event_and_poll() {
        let mut request = vec![0x0d, 0, 0xc1, 20, 0x31, 0x80, 0xa0, 0x80, 0x06, 0x0c];
        request.extend(super::MDDL);
        request[1] = (request.len() - 2) as u8;
        let mut accept = request.clone();
        accept[0] = 0x0e;
        let export = |operation: Vec<u8>| [vec![0xe1, 0, 0, 2], operation].concat();
        let info = [words(&[33, 0, 0]), monitor([10, 0, 0, 99])].concat();
        let create = export(operation(1, 1, &event(33, 0x0d06, &info)));
        let poll_body = words(&[1, 1, 42, 0]);
        let poll = export(operation(1, 7, &[words(&[33, 0, 0, 0, 0, 0x0c16]), counted(&poll_body)].concat()));
        let result_body = [words(&[1, 0, 0]), vec![0; 8], words(&[1, 42, 0]), b"PLANTED".to_vec()].concat();
        let result = export(operation(2, 7, &[words(&[33, 0, 0, 0x0c16]), counted(&result_body)].concat()));
        let seen = exercise(
            &INTELLIVUE,
            Transport::Udp,
            &[(O, &request), (R, &accept), (R, &create), (O, &poll), (R, &result), (O, &poll), (R, &result)],
        );
        assert_eq!(seen.values("serial-number"), ["DE22700001"]);
        assert!(seen.values("mac-address").is_empty());
        let shown: Vec<_> = seen.activity.iter().map(|a| (&*a.operation, &*a.object, a.outcome)).collect();
        assert_eq!(
            shown,
            [
                ("Association Request", "", Outcome::Success),
                ("MDS Create Event", "", Outcome::Unknown),
                ("Poll MDIB Data", "patient demographics", Outcome::Success),
                ("Poll MDIB Data Result", "patient demographics", Outcome::Unknown),
            ]
        );
        assert_eq!(seen.values("role"), ["client", "monitor"]);
        assert!(!format!("{seen:?}").contains("PLANTED"));
    }

    #[test]
    fn lengths_that_disagree_do_not_match() {
        let report = event(0x23, 0x0d17, &monitor([10, 0, 0, 1]));
        let mut bytes = [vec![0, 0, 1, 0], operation(1, 0, &report)].concat();
        bytes.push(0);
        for foreign in [&bytes[..], &[0xe1, 0, 0, 2, 0, 1, 0, 0], b"\x0d\x02ab", &[0, 0, 1, 0, 0, 1]] {
            assert!(exercise(&INTELLIVUE, Transport::Udp, &[(O, foreign)]).unmatched);
        }
    }

    proptest::proptest! {
        #[test]
        fn a_damaged_attribute_list_is_read_to_an_end(at in 0_usize..250, byte in proptest::prelude::any::<u8>()) {
            let mut attributes = monitor([10, 0, 0, 1]);
            if let Some(slot) = attributes.get_mut(at) {
                *slot = byte;
            }
            let report = event(0x23, 0x0d17, &attributes);
            let bytes = [vec![0, 0, 1, 0], operation(1, 0, &report)].concat();
            let seen = exercise(&INTELLIVUE, Transport::Udp, &[(O, &bytes)]);
            proptest::prop_assert!(seen.evidence.len() <= 16);
        }
    }
}
