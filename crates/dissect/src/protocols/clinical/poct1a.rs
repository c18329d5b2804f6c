//! POCT1-A: point-of-care analysers (glucose, blood gas, coagulation, rapid tests) to an observation reviewer.
//!
//! Standard: CLSI POCT1-A2, *Point-of-Care Connectivity*, Appendix B (Device Messaging Layer: messages and objects) over
//! TCP on a port that each site chooses. Messages are XML documents one after the other, without framing; values stand
//! in the attribute `V`. A conversation: `HEL.R01` (who I am), `DST.R01` (how many results wait), `REQ.R01`, `OBS.R01`
//! (patient results) and `OBS.R02` (controls, calibration), `EVS.R01` (device events), `DTV.R01`/`.R02` (directives, such
//! as setting the clock), `OPL.R01` and `PTL.R01` (operator and patient lists sent to the device), `EOT.R01`, `KPA.R01`,
//! `END.R01`, `ESC.R01`; each is answered by `ACK.R01`.
//!
//! What it can identify: of the device, from the DEV object of `HEL.R01`: maker, model, serial, software and hardware
//! version, vendor and device ids, and a worldwide unique id where the device id is a MAC address or EUI-64.
//!
//! Limits: built from the standard's message structures as makers publish them for their devices; never checked against
//! a capture of a device. A docking station or concentrator that speaks for several devices on one connection is seen
//! by its several `HEL.R01`: from the second device on they count as devices behind the sender; over several
//! connections the dissector cannot know. Patient, operator and order objects (PT, OPR, ORD, ACC, NTE) are not read, the
//! lists only counted. Messages above 64 KiB are passed over.

use medward_model::{Attribute, Field, Mac, Outcome, Subject, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::pending::{Asked, Pending};
use crate::xml::{Node, Walk, attribute};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Resync, Session, Side, clean};

const MAX_MESSAGE: usize = 64 * 1024;
/// Roots of the messages of the standard, without release.
const ROOTS: [&str; 14] =
    ["ACK", "CNC", "DST", "DTV", "END", "EOT", "ESC", "EVS", "HEL", "KPA", "OBS", "OPL", "PTL", "REQ"];

static MAKER: Field =
    Field::states("dev-manufacturer", Attribute::Vendor, 95, "DEV.manufacturer_name in HEL.R01 (POCT1-A2 B)");
static MODEL: Field =
    Field::states("dev-model", Attribute::Model, 90, "DEV.model_id in HEL.R01 (POCT1-A2 B)");
static SERIAL: Field =
    Field::states("dev-serial", Attribute::Serial, 95, "DEV.serial_id in HEL.R01 (POCT1-A2 B)");
static FIRMWARE: Field =
    Field::states("dev-software", Attribute::Firmware, 92, "DEV.sw_version in HEL.R01 (POCT1-A2 B)");
static UNIQUE: Field = Field::states(
    "dev-eui",
    Attribute::UniqueId,
    92,
    "DEV.device_id in HEL.R01 where it is a MAC address or EUI-64 (POCT1-A2 B)",
);
static DEVICE_ID: Field =
    Field::fact("dev-id", "DEV.device_id in HEL.R01, where it is no MAC address or EUI-64");
static VENDOR_ID: Field = Field::fact("dev-vendor-id", "DEV.vendor_id in HEL.R01 (POCT1-A2 B)");
static NAME: Field =
    Field::fact("dev-name", "DEV.device_name in HEL.R01 (POCT1-A2 B); a product name or a given name");
static HARDWARE: Field = Field::fact("dev-hardware", "DEV.hw_version in HEL.R01 (POCT1-A2 B)");
static REVIEWER: Field = Field::fact(
    "reviewer",
    "Acknowledges HEL.R01: an observation reviewer (data manager), constant \"POCT1-A\"",
);

pub(super) static POCT1A: Dissector = Dissector {
    name: "poct1a",
    title: "POCT1-A",
    label: "POCT1-A",
    group: Group::Clinical,
    specification: &["CLSI POCT1-A2, Appendix B"],
    ports: &[],
    carrier: Carrier::Stream { probe, session: || Box::new(Conversation::default()) },
    fields: &[
        &MAKER,
        &MODEL,
        &SERIAL,
        &FIRMWARE,
        &UNIQUE,
        &DEVICE_ID,
        &VENDOR_ID,
        &NAME,
        &HARDWARE,
        &REVIEWER,
        &CLEAR_PATIENT,
    ],
    basis: Basis::DocumentOnly,
};

fn probe(head: &Head<'_>) -> Probe {
    match (root_of(head.originator), root_of(head.responder)) {
        (Root::Is(_), _) | (_, Root::Is(_)) => Probe::Match,
        (Root::Unsure, Root::Unsure) => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Root<'a> {
    /// The name of a POCT1-A message.
    Is(&'a str),
    Unsure,
    None,
}

/// The root element that `bytes` begin with, after blanks, control bytes and an XML declaration.
fn root_of(bytes: &[u8]) -> Root<'_> {
    let start = bytes.iter().position(|b| !blank(*b)).unwrap_or(bytes.len());
    let Some(mut rest) = bytes.get(start..) else { return Root::None };
    if rest.is_empty() {
        return Root::Unsure;
    }
    if rest.starts_with(b"<?xml") {
        let window = rest.get(..512).unwrap_or(rest);
        let Some(end) = window.windows(2).position(|w| w == b"?>") else {
            return if rest.len() >= 512 { Root::None } else { Root::Unsure };
        };
        rest = rest.get(end + 2..).unwrap_or_default();
        let start = rest.iter().position(|b| !blank(*b)).unwrap_or(rest.len());
        rest = rest.get(start..).unwrap_or_default();
    } else if rest.len() < 5 && b"<?xml".starts_with(rest) {
        return Root::Unsure;
    }
    let Some(name) = rest.get(1..8) else {
        let plausible = rest.first().is_none_or(|b| *b == b'<')
            && rest.iter().skip(1).all(|b| b.is_ascii_uppercase() || *b == b'.' || b.is_ascii_digit());
        return if plausible { Root::Unsure } else { Root::None };
    };
    let Some(after) = rest.get(8) else { return Root::Unsure };
    let [a, b, c, b'.', b'R', tens, units] = name else { return Root::None };
    let shaped = rest.first() == Some(&b'<')
        && [a, b, c].iter().all(|b| b.is_ascii_uppercase())
        && tens.is_ascii_digit()
        && units.is_ascii_digit()
        && matches!(after, b'>' | b'/' | b' ' | b'\r' | b'\n' | b'\t');
    match std::str::from_utf8(name) {
        Ok(name) if shaped && name.get(..3).is_some_and(|kind| ROOTS.contains(&kind)) => Root::Is(name),
        _ => Root::None,
    }
}

/// What may stand between messages: blanks, NUL, ESC and other controls, a byte order mark.
fn blank(byte: u8) -> bool {
    byte <= b' ' || matches!(byte, 0xef | 0xbb | 0xbf)
}

/// What one direction is doing.
#[derive(Default)]
struct Direction {
    /// Bytes of the message at hand that were searched for its end in vain.
    searched: usize,
    /// End tag of a message that is passed over.
    passing: Option<String>,
}

#[derive(Default)]
struct Conversation {
    directions: [Direction; 2],
    /// Who said HEL first, and which device that was.
    device: Option<(Side, String)>,
    reviewer_said: bool,
    patient_said: bool,
    pending: Pending<(Side, String), 16>,
}

impl Session for Conversation {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let side = cx.side();
        let Some(direction) = self.directions.get_mut(side.index()) else { return Progress::Quiet };
        if let Some(end) = &direction.passing {
            return match find(bytes, end.as_bytes()) {
                Some(at) => {
                    let length = at + end.len();
                    direction.passing = None;
                    Progress::Consumed(length as u64)
                }
                None if bytes.len() >= end.len() => Progress::Consumed((bytes.len() + 1 - end.len()) as u64),
                None => Progress::Need(end.len()),
            };
        }
        let blanks = bytes.iter().position(|b| !blank(*b)).unwrap_or(bytes.len());
        if blanks > 0 {
            return Progress::Consumed(blanks as u64);
        }
        let root = match root_of(bytes) {
            Root::Is(root) => root.to_owned(),
            Root::Unsure => return Progress::Need(bytes.len() + 1),
            Root::None => match bytes.iter().skip(1).position(|b| *b == b'<') {
                // Between messages, after a gap or after a message of a maker's own: go on at the next tag.
                Some(at) => return Progress::Consumed(at as u64 + 1),
                None => return Progress::Consumed(bytes.len() as u64),
            },
        };
        let end = format!("</{root}>");
        let from = direction.searched.saturating_sub(end.len());
        let length = match find(bytes.get(from..).unwrap_or_default(), end.as_bytes()) {
            Some(at) => from + at + end.len(),
            None => match closes_itself(bytes) {
                Some(length) => length,
                None if bytes.len() > MAX_MESSAGE => {
                    direction.searched = 0;
                    direction.passing = Some(end);
                    cx.weird("poct1a_long_message");
                    return Progress::Consumed(1);
                }
                None => {
                    direction.searched = bytes.len();
                    return Progress::Need(bytes.len() + 1);
                }
            },
        };
        direction.searched = 0;
        let message = Message::read(&String::from_utf8_lossy(bytes.get(..length).unwrap_or(bytes)));
        if message.patient_named && !std::mem::replace(&mut self.patient_said, true) {
            cx.of_service(Side::Responder, &CLEAR_PATIENT, "PT objects of POCT1-A");
        }
        self.message(&root, &message, cx);
        Progress::Consumed(length as u64)
    }

    fn gap(&mut self, _length: u64, cx: &mut Context<'_>) -> Resync {
        if let Some(direction) = self.directions.get_mut(cx.side().index()) {
            *direction = Direction::default();
        }
        Resync::Continue
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
    }
}

impl Conversation {
    fn message(&mut self, root: &str, message: &Message, cx: &mut Context<'_>) {
        let side = cx.side();
        let of = |name: &str| message.value(name).to_owned();
        let asked = match root.get(..3).unwrap_or_default() {
            "ACK" => return self.acknowledged(message, cx),
            "HEL" => {
                self.hello(message, cx);
                Asked::new(side, Verb::Connect, root, message.value("DEV.model_id"))
            }
            "DST" => Asked::new(side, Verb::Report, root, "device status")
                .detail("new_observations", of("DST.new_observations_qty"))
                .detail("condition", of("DST.condition_cd")),
            "OBS" => Asked::new(side, Verb::Result, root, &message.observations.join(" "))
                .detail("observations", message.observation_count.to_string())
                .detail("role", of("SVC.role_cd"))
                .detail("reason", of("SVC.reason_cd")),
            "EVS" => Asked::new(side, Verb::Report, root, "device events"),
            "REQ" => Asked::new(side, Verb::Query, root, message.value("REQ.request_cd")),
            "DTV" if message.value("DTV.command_cd") == "SET_TIME" => {
                Asked::new(side, Verb::Time, root, "SET_TIME")
            }
            "DTV" => Asked::new(side, Verb::Command, root, message.value("DTV.command_cd")),
            "OPL" => Asked::new(side, Verb::Set, root, "operator list")
                .detail("entries", message.operators.to_string()),
            "PTL" => Asked::new(side, Verb::Set, root, "patient list")
                .detail("entries", message.patients.to_string()),
            "END" | "ESC" => {
                let reason = if root.starts_with("END") { "TRM.reason_cd" } else { "ESC.esc_cd" };
                Asked::new(side, Verb::Disconnect, root, message.value(reason))
            }
            _ => return,
        };
        let id = message.value("HDR.control_id");
        if id.is_empty() {
            asked.tell(cx);
            asked.report(Outcome::Unknown, cx);
        } else {
            self.pending.ask((side, id.to_owned()), asked, cx);
        }
    }

    fn acknowledged(&mut self, message: &Message, cx: &mut Context<'_>) {
        let key = (cx.side().other(), message.value("ACK.ack_control_id").to_owned());
        let outcome = match message.value("ACK.type_cd") {
            "AA" => Outcome::Success,
            "AE" | "AR" => Outcome::Failure,
            _ => Outcome::Unknown,
        };
        if let Some(mut asked) = self.pending.answer(&key) {
            if !self.reviewer_said && asked.operation.starts_with("HEL") && outcome == Outcome::Success {
                self.reviewer_said = true;
                cx.evidence(cx.sender(), &REVIEWER, "POCT1-A");
            }
            if outcome == Outcome::Failure {
                asked = asked.detail("error", message.value("ACK.error_detail_cd"));
            }
            asked.report(outcome, cx);
        }
    }

    /// The DEV object, about the sender or, from the second device of a connection on, about a device behind it.
    fn hello(&mut self, message: &Message, cx: &mut Context<'_>) {
        let identity =
            ["DEV.serial_id", "DEV.device_id", "DEV.model_id"].map(|name| message.value(name)).join("/");
        let side = cx.side();
        let subject: Subject = match &self.device {
            Some((first, said)) if *first == side && *said == identity => return,
            Some((first, _)) if *first == side => {
                let key = ["DEV.serial_id", "DEV.device_id"].map(|name| message.value(name));
                match key.iter().find(|text| meant(text)) {
                    Some(key) => cx.behind(side, &format!("poct1a {key}")),
                    None => return,
                }
            }
            _ => {
                self.device = Some((side, identity));
                cx.sender()
            }
        };
        for (field, name) in [
            (&MAKER, "DEV.manufacturer_name"),
            (&MODEL, "DEV.model_id"),
            (&SERIAL, "DEV.serial_id"),
            (&FIRMWARE, "DEV.sw_version"),
            (&VENDOR_ID, "DEV.vendor_id"),
            (&NAME, "DEV.device_name"),
            (&HARDWARE, "DEV.hw_version"),
        ] {
            let value = message.value(name);
            if meant(value) {
                cx.evidence(subject.clone(), field, value);
            }
        }
        let id = message.value("DEV.device_id");
        match eui(id) {
            Some(eui) => cx.evidence(subject, &UNIQUE, &eui),
            None if meant(id) => cx.evidence(subject, &DEVICE_ID, id),
            None => {}
        }
    }
}

/// Not a placeholder.
fn meant(value: &str) -> bool {
    let plain = value.trim();
    plain.chars().any(|c| c.is_alphanumeric() && c != '0')
        && !["n/a", "na", "none", "unknown", "null"].iter().any(|none| plain.eq_ignore_ascii_case(none))
}

/// A MAC address or EUI-64 written with separators or as bare hexadecimal digits with a letter among them (a run of
/// digits alone may be a serial number), in lower case with colons.
fn eui(id: &str) -> Option<String> {
    let separated = id.contains([':', '-']);
    let digits: String = id.chars().filter(|c| !matches!(c, ':' | '-')).collect();
    let hexadecimal = digits.chars().all(|c| c.is_ascii_hexdigit());
    let lettered = digits.chars().any(|c| c.is_ascii_alphabetic());
    if !hexadecimal || !(separated || lettered) {
        return None;
    }
    match digits.len() {
        12 => digits
            .parse::<Mac>()
            .ok()
            .filter(|mac| mac.is_station() && !mac.is_local())
            .map(|mac| mac.to_string()),
        16 if digits.chars().any(|c| c != '0') => {
            let lower = digits.to_ascii_lowercase();
            let pairs: Vec<&str> = (0..8).filter_map(|i| lower.get(i * 2..i * 2 + 2)).collect();
            Some(pairs.join(":"))
        }
        _ => None,
    }
}

/// What is kept of a message: values by element name, without any object about people.
#[derive(Debug, Default)]
struct Message {
    values: Vec<(String, String)>,
    observations: Vec<String>,
    observation_count: usize,
    operators: usize,
    patients: usize,
    /// An identifier or name of a patient holds something.
    patient_named: bool,
}

impl Message {
    fn read(text: &str) -> Message {
        let mut message = Message::default();
        // The element whose text counts as its value when it has no V.
        let mut waiting: Option<&str> = None;
        for node in Walk::new(text) {
            match node {
                Node::Start { name, attributes, empty } => {
                    waiting = None;
                    match name {
                        "OBS" => message.observation_count += 1,
                        "OPR" => message.operators += 1,
                        "PT" => message.patients += 1,
                        _ => {}
                    }
                    let value = attribute(attributes, "V").unwrap_or_default();
                    if !value.trim().is_empty() {
                        message.patient_named |= matches!(name, "PT.patient_id" | "PT.name");
                        message.keep(name, &value);
                    } else if !empty {
                        waiting = Some(name);
                    }
                }
                Node::Text(text) => {
                    if let Some(name) = waiting.take() {
                        message.keep(name, &text);
                    }
                }
                Node::End { .. } => waiting = None,
            }
        }
        message
    }

    /// Keeps only what this dissector reports.
    fn keep(&mut self, name: &str, value: &str) {
        let value = clean(value);
        if name == "OBS.observation_id" {
            if self.observations.len() < 16 && !self.observations.iter().any(|o| *o == value) {
                self.observations.push(value.into_owned());
            }
            return;
        }
        let object = name.split('.').next().unwrap_or_default();
        let wanted = matches!(object, "HDR" | "DEV" | "DST" | "ACK" | "REQ" | "DTV" | "TRM" | "ESC")
            || matches!(name, "SVC.role_cd" | "SVC.reason_cd");
        // One maker writes the acknowledgement's fields with these names.
        let name = match name {
            "ACK.type_id" => "ACK.type_cd",
            "ACK.control_id" => "ACK.ack_control_id",
            other => other,
        };
        if wanted && self.values.len() < 64 && !self.values.iter().any(|(n, _)| n == name) {
            self.values.push((name.to_owned(), value.into_owned()));
        }
    }

    fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
}

/// A root element without content: `<ESC.R01 …/>`.
fn closes_itself(bytes: &[u8]) -> Option<usize> {
    let open = if bytes.starts_with(b"<?") { bytes.windows(2).position(|w| w == b"?>")? + 2 } else { 0 };
    let close = bytes.get(open..)?.iter().position(|b| *b == b'>')? + open;
    (bytes.get(close.checked_sub(1)?) == Some(&b'/')).then_some(close + 1)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::{POCT1A, Root, eui, root_of};
    use crate::{Side, exercise};
    use medward_model::{Outcome, Subject, Transport, Verb};

    const HELLO: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<HEL.R01><HDR><HDR.message_type V="HEL.R01" SN="POCT1" SV="1"/><HDR.control_id V="7135"/><HDR.version_id V="POCT1"/>
<HDR.creation_dttm V="2026-02-22T14:06:34-05:00"/></HDR><DEV><DEV.device_id V="00-06-66-00-22-A1"/>
<DEV.vendor_id V="ACMEPOC"/><DEV.model_id V="GlucoLink"/><DEV.serial_id V="0600100736"/>
<DEV.manufacturer_name V="Acme Point of Care"/><DEV.hw_version V="K1"/><DEV.sw_version V="">3.10.8.0</DEV.sw_version>
<DEV.device_name V="WARD-3"/><DCP><DCP.application_timeout V="120"/></DCP></DEV></HEL.R01>"#;
    const OBS: &str = r#"<OBS.R01><HDR><HDR.control_id V="27"/></HDR><SVC><SVC.role_cd V="OBS"/><SVC.reason_cd V="NEW"/>
<PT><PT.patient_id V="PLANTED-1"/><PT.name V="Mustermann"/><OBS><OBS.observation_id V="GLU"/><OBS.value V="105"/></OBS>
<OBS><OBS.observation_id V="KET"/></OBS></PT><OPR><OPR.operator_id V="PLANTED-2"/></OPR></SVC></OBS.R01>"#;

    fn ack(of: &str, kind: &str) -> String {
        format!(
            "<ACK.R01><HDR><HDR.control_id V=\"9{of}\"/></HDR><ACK><ACK.type_cd V=\"{kind}\"/><ACK.ack_control_id V=\"{of}\"/></ACK></ACK.R01>"
        )
    }

    #[test]
    fn a_meter_says_who_it_is_and_sends_results() {
        let (hello_ack, obs_ack) = (ack("7135", "AA"), ack("27", "AE"));
        let seen = exercise(
            &POCT1A,
            Transport::Tcp,
            &[
                (Side::Originator, HELLO.as_bytes()),
                (Side::Responder, hello_ack.as_bytes()),
                (Side::Originator, OBS.as_bytes()),
                (Side::Responder, obs_ack.as_bytes()),
            ],
        );
        assert_eq!(seen.values("dev-manufacturer"), ["Acme Point of Care"]);
        assert_eq!(seen.values("dev-model"), ["GlucoLink"]);
        assert_eq!(seen.values("dev-serial"), ["0600100736"]);
        assert_eq!(seen.values("dev-software"), ["3.10.8.0"]);
        assert_eq!(seen.values("dev-eui"), ["00:06:66:00:22:a1"]);
        assert_eq!(seen.values("reviewer"), ["POCT1-A"]);
        let result = seen.activity.iter().find(|a| a.verb == Verb::Result).unwrap();
        assert_eq!((&*result.object, result.outcome), ("GLU KET", Outcome::Failure));
        assert!(!format!("{seen:?}").contains("PLANTED") && !format!("{seen:?}").contains("Mustermann"));
    }

    #[test]
    fn a_second_device_on_the_connection_is_behind_the_sender() {
        let second = HELLO.replace("0600100736", "0600100999").replace("A1", "A2").replace("7135", "7136");
        let both = format!("{HELLO}\n{second}");
        let seen = exercise(&POCT1A, Transport::Tcp, &[(Side::Originator, both.as_bytes())]);
        let behind: Vec<_> =
            seen.evidence.iter().filter(|e| matches!(e.subject, Subject::Behind { .. })).collect();
        assert!(behind.iter().any(|e| e.value.shown() == "0600100999"));
        assert!(!behind.iter().any(|e| e.value.shown() == "0600100736"));
        assert_eq!(seen.activity.len(), 2);
    }

    #[test]
    fn lists_and_directives_are_activity_without_people() {
        let list = "<PTL.R01><HDR><HDR.control_id V='4'/></HDR><PT><PT.patient_id V='PLANTED'/></PT></PTL.R01>\
                    <DTV.R02><HDR><HDR.control_id V='5'/></HDR><DTV><DTV.command_cd V='SET_TIME'/></DTV></DTV.R02>\
                    <ESC.R01/>";
        let seen = exercise(&POCT1A, Transport::Tcp, &[(Side::Responder, list.as_bytes())]);
        let verbs: Vec<Verb> = seen.activity.iter().map(|a| a.verb).collect();
        assert_eq!(verbs, [Verb::Disconnect, Verb::Set, Verb::Time]);
        assert!(!format!("{seen:?}").contains("PLANTED"));
    }

    #[test]
    fn only_messages_of_the_standard_are_recognised() {
        assert_eq!(root_of(b"<HEL.R01>"), Root::Is("HEL.R01"));
        assert_eq!(root_of(b"<?xml version='1.0'?>\r\n<OBS.R02 >"), Root::Is("OBS.R02"));
        assert_eq!(root_of(b"<HEL.R0"), Root::Unsure);
        assert_eq!(root_of(b"<html><body>"), Root::None);
        assert_eq!(root_of(b"<ABC.R01>"), Root::None);
        assert_eq!(root_of(b"<stream:stream"), Root::None);
        assert_eq!(eui("0600100736"), None);
        assert_eq!(eui("123456789012"), None);
        assert_eq!(eui("0009FB0977BD0001").as_deref(), Some("00:09:fb:09:77:bd:00:01"));
    }

    #[test]
    fn bytes_one_by_one_say_the_same() {
        let text = format!("{HELLO}\r\n{OBS}<ESC.R01/>");
        let whole = exercise(&POCT1A, Transport::Tcp, &[(Side::Originator, text.as_bytes())]);
        let single: Vec<(Side, &[u8])> =
            text.as_bytes().chunks(1).map(|byte| (Side::Originator, byte)).collect();
        let split = exercise(&POCT1A, Transport::Tcp, &single);
        let said = |seen: &crate::Exercise| seen.evidence.iter().map(|e| e.value.shown()).collect::<Vec<_>>();
        assert_eq!(said(&whole), said(&split));
        assert_eq!(whole.activity.len(), split.activity.len());
    }
}
