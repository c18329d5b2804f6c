//! One message as its segments come in, and what it says in the end.

use medward_model::{Attribute, Field, Outcome, Subject, Timestamp, Verb};

use crate::exposure::CLEAR_PATIENT;
use crate::{Context, Side};

use super::device::{Beds, Devices};
use super::segment::{Delimiters, Segment};

static SENDING_APPLICATION: Field = Field::states(
    "sending-application",
    Attribute::Alias,
    75,
    "MSH-3.1 Sending Application, of the sender (HL7 2.9, 2.14.9.3); an interface engine keeps the name of whom it forwards",
);
static RECEIVING_APPLICATION: Field = Field::states(
    "receiving-application",
    Attribute::Alias,
    60,
    "MSH-5.1 Receiving Application, of the receiver (HL7 2.9, 2.14.9.5); an interface engine takes messages for others",
);
static SENDING_ID: Field = Field::fact(
    "sending-application-id",
    "MSH-3 whole: namespace, universal id, its type (HL7 2.9, 2.14.9.3)",
);
static SENDING_FACILITY: Field =
    Field::fact("sending-facility", "MSH-4 Sending Facility (HL7 2.9, 2.14.9.4)");
static VERSION: Field = Field::fact("version", "MSH-12.1 Version ID (HL7 2.9, 2.14.9.12)");
static PROFILE: Field = Field::fact("profile", "MSH-21 Message Profile Identifier (HL7 2.9, 2.14.9.21)");
static SENDS: Field =
    Field::fact("sends", "MSH-9 message type and trigger that the sender sends (HL7 2.9, 2.14.9.9)");
static SOFTWARE: Field = Field::states(
    "software",
    Attribute::Software,
    90,
    "SFT-3 product name and SFT-2 version of the one application that sent (HL7 2.9, 2.14.12)",
);
static SOFTWARE_VENDOR: Field =
    Field::fact("software-vendor", "SFT-1 software vendor organization (HL7 2.9, 2.14.12.1)");
static SOFTWARE_CHAIN: Field = Field::fact(
    "software-chain",
    "SFT-3 and SFT-2 where several applications handled the message (HL7 2.9, 2.14.12)",
);
static EFFICIA_SERIAL: Field = Field::states(
    "efficia-serial",
    Attribute::Serial,
    85,
    "First ten characters of MSH-10 where MSH-3.2 is EfficiaCM (Philips Efficia HL7 guide)",
);

pub(super) static FIELDS: [&Field; 12] = [
    &SENDING_APPLICATION,
    &RECEIVING_APPLICATION,
    &SENDING_ID,
    &SENDING_FACILITY,
    &VERSION,
    &PROFILE,
    &SENDS,
    &SOFTWARE,
    &SOFTWARE_VENDOR,
    &SOFTWARE_CHAIN,
    &EFFICIA_SERIAL,
    &CLEAR_PATIENT,
];

/// Most applications named in one message.
const MAX_SOFTWARE: usize = 4;

/// A message under way.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub delimiters: Delimiters,
    side: Option<Side>,
    packet: u64,
    now: Timestamp,
    kind: String,
    trigger: String,
    structure: String,
    sending: String,
    sending_id: String,
    sending_eui64: String,
    facility: String,
    receiving: String,
    version: String,
    profile: String,
    processing: String,
    /// Hash of MSH-10: the id itself may name a patient.
    control: u64,
    serial: String,
    /// MSA: acknowledgement code and hash of the id acknowledged.
    answers: Option<(String, u64)>,
    software: Vec<(String, String, String)>,
    observations: u64,
    order_control: String,
    query: String,
    /// PID-3 or PID-5 holds something.
    patient: bool,
    devices: Devices,
}

/// What a session remembers from message to message, per side.
#[derive(Debug, Default)]
pub(super) struct Memory {
    said: Vec<u64>,
    beds: Beds,
    efficia: String,
}

impl Memory {
    /// True the first time; starts over when too much was said.
    fn once(&mut self, subject: &Subject, field: &'static Field, value: &str) -> bool {
        let mark = hash(&(subject, field.name, value));
        if self.said.contains(&mark) {
            return false;
        }
        if self.said.len() >= 512 {
            self.said.clear();
        }
        self.said.push(mark);
        true
    }
}

/// A message whose answer may come.
#[derive(Debug)]
pub(super) struct Sent {
    pub side: Side,
    pub control: u64,
    packet: u64,
    now: Timestamp,
    verb: Verb,
    operation: String,
    object: String,
    details: Vec<(&'static str, String)>,
}

impl Message {
    /// Begins a message with its MSH segment; `None` where that is none.
    pub fn begin(bytes: &[u8], cx: &mut Context<'_>) -> Option<Message> {
        let delimiters = Delimiters::read(bytes)?;
        let msh = Segment { bytes, delimiters };
        let (sending, kind) = (msh.field(3), msh.field(9));
        let control = msh.field(10).first();
        let mut message = Message {
            delimiters,
            side: Some(cx.side()),
            packet: cx.packet,
            now: cx.now,
            kind: code(&kind.text(1)),
            trigger: code(&kind.text(2)),
            structure: code(&kind.text(3)),
            sending: sending.text(1),
            sending_id: sending.whole(),
            facility: msh.field(4).whole(),
            receiving: msh.field(5).text(1),
            version: msh.field(12).text(1),
            profile: msh.field(21).text(1),
            processing: code(&msh.field(11).text(1)),
            control: hash(&control),
            ..Message::default()
        };
        if message.sending.is_empty() {
            message.sending = sending.text(2);
        }
        if sending.component(3) == b"EUI-64" {
            message.sending_eui64 = sending.text(2);
        }
        if sending.component(2).eq_ignore_ascii_case(b"EfficiaCM")
            && let Some(serial) = control.get(..10)
            && serial.iter().all(u8::is_ascii_alphanumeric)
            && serial.iter().any(|b| (b'1'..=b'9').contains(b))
        {
            message.serial = String::from_utf8_lossy(serial).into_owned();
        }
        // Told at its head, before its content has passed.
        let details = [
            ("structure", message.structure.as_str()),
            ("sending-application", &message.sending),
            ("receiving-application", &message.receiving),
        ];
        let operation = join(&message.kind, &message.trigger);
        cx.asks(cx.side(), verb(&message.kind, &message.trigger), &operation, &message.receiving, &details);
        Some(message)
    }

    /// One more segment. Segments that are not named here are not looked at: NK1, GT1, IN1, NTE and the like. Of PID it
    /// is only seen whether identifier and name are there.
    pub fn segment(&mut self, segment: &Segment<'_>) {
        match segment.name() {
            b"MSA" => {
                self.answers = Some((code(&segment.field(1).text(1)), hash(&segment.field(2).first())));
            }
            b"SFT" if self.software.len() < MAX_SOFTWARE => {
                let vendor = segment.field(1).text(1);
                self.software.push((vendor, segment.field(3).text(1), segment.field(2).text(1)));
            }
            b"OBX" => {
                self.observations = self.observations.saturating_add(1);
                self.devices.observation(segment);
                return;
            }
            b"PRT" => {
                self.devices.participation(segment);
                return;
            }
            b"DEV" => self.devices.described(segment),
            b"PV1" => self.devices.location(segment),
            b"ORC" if self.order_control.is_empty() => self.order_control = code(&segment.field(1).text(1)),
            b"PID" if !self.patient => {
                let holds =
                    |number: usize| segment.field(number).first().iter().any(u8::is_ascii_alphanumeric);
                self.patient = holds(3) || holds(5);
            }
            b"QPD" => self.query = code(&segment.field(1).text(1)),
            _ => {}
        }
        self.devices.other_segment();
    }

    /// The message is whole: says what it identifies. Returns it for its answer to be awaited, unless it is one.
    pub fn finish(self, memory: &mut Memory, cx: &mut Context<'_>) -> Finished {
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = (self.packet, self.now);
        self.identify(memory, cx);
        (cx.packet, cx.now) = stands;
        if let Some((code, control)) = self.answers {
            return Finished::Answer { code, control, kind: join(&self.kind, &self.trigger) };
        }
        let mut details = vec![
            ("structure", self.structure),
            ("sending-application", self.sending),
            ("receiving-application", self.receiving.clone()),
            ("version", self.version),
            ("processing", self.processing),
            ("order-control", self.order_control),
            ("query", self.query),
        ];
        if self.observations > 0 {
            details.push(("observations", self.observations.to_string()));
        }
        if self.devices.len() > 0 {
            details.push(("devices", self.devices.len().to_string()));
        }
        if self.devices.waveforms {
            details.push(("waveforms", "yes".to_owned()));
        }
        Finished::Sent(Sent {
            side: self.side.unwrap_or(Side::Originator),
            control: self.control,
            packet: self.packet,
            now: self.now,
            verb: verb(&self.kind, &self.trigger),
            operation: join(&self.kind, &self.trigger),
            object: self.receiving,
            details,
        })
    }

    fn identify(&self, memory: &mut Memory, cx: &mut Context<'_>) {
        let side = self.side.unwrap_or(Side::Originator);
        let (sender, receiver) = (cx.host(side), cx.host(side.other()));
        let mut say = |subject: &Subject, field: &'static Field, value: &str, cx: &mut Context<'_>| {
            if !is_placeholder(value) && memory.once(subject, field, value) {
                cx.evidence(subject.clone(), field, value);
            }
        };
        say(&sender, &SENDING_APPLICATION, &self.sending, cx);
        say(&receiver, &RECEIVING_APPLICATION, &self.receiving, cx);
        if self.sending_id != self.sending {
            say(&sender, &SENDING_ID, &self.sending_id, cx);
        }
        say(&sender, &SENDING_FACILITY, &self.facility, cx);
        say(&sender, &VERSION, &self.version, cx);
        say(&sender, &PROFILE, &self.profile, cx);
        say(&sender, &SENDS, &join(&self.kind, &self.trigger), cx);
        for (vendor, product, version) in &self.software {
            if self.software.len() == 1 {
                say(&sender, &SOFTWARE_VENDOR, vendor, cx);
            } else {
                say(&sender, &SOFTWARE_CHAIN, &format!("{vendor} {product} {version}"), cx);
            }
        }
        if let [(_, product, version)] = self.software.as_slice()
            && !is_placeholder(product)
            && memory.once(&sender, &SOFTWARE, product)
        {
            cx.software(
                sender.clone(),
                &SOFTWARE,
                product,
                Some(version).filter(|v| !is_placeholder(v)).map(String::as_str),
            );
        }
        if !self.serial.is_empty() {
            if memory.efficia.is_empty() {
                memory.efficia = self.serial.clone();
            }
            // A second serial on one connection: the sender passes on for several monitors.
            let own = memory.efficia == self.serial;
            let subject = if own { sender } else { cx.behind(side, &format!("hl7 {}", self.serial)) };
            if memory.once(&subject, &EFFICIA_SERIAL, &self.serial) {
                cx.evidence(subject, &EFFICIA_SERIAL, &self.serial);
            }
        }
        if self.patient && memory.once(&receiver, &CLEAR_PATIENT, "PID") {
            // Whoever connects sends, whoever listens offers the service; a query's answer comes the other way.
            cx.of_service(Side::Responder, &CLEAR_PATIENT, "PID of HL7 messages");
        }
        let mut beds = std::mem::take(&mut memory.beds);
        self.devices.report(side, &self.sending_eui64, &mut beds, |s, f, v| memory.once(s, f, v), cx);
        memory.beds = beds;
    }
}

/// What became of a message.
#[derive(Debug)]
pub(super) enum Finished {
    Sent(Sent),
    /// It answers the message whose id hashes to `control`.
    Answer {
        code: String,
        control: u64,
        kind: String,
    },
}

impl Sent {
    /// Reports it, with its answer where that was seen: acknowledgement code and type of the answering message.
    pub fn report(self, answer: Option<(&str, &str)>, cx: &mut Context<'_>) {
        let stands = (cx.packet, cx.now);
        (cx.packet, cx.now) = (self.packet, self.now);
        let outcome = match answer.map(|(code, _)| code) {
            Some("AA" | "CA") => Outcome::Success,
            Some("AE" | "AR" | "CE" | "CR") => Outcome::Failure,
            _ => Outcome::Unknown,
        };
        let mut entry = cx.activity_by(self.side, self.verb, &self.operation, &self.object).outcome(outcome);
        if let Some((code, kind)) = answer {
            entry = entry.detail("acknowledgement", code);
            if kind != "ACK" {
                entry = entry.detail("answer", kind);
            }
        }
        for (name, value) in &self.details {
            entry = entry.detail(name, value);
        }
        (cx.packet, cx.now) = stands;
    }
}

/// What kind of act a message is (HL7 2.9, appendix A, table 0076).
fn verb(kind: &str, trigger: &str) -> Verb {
    match kind {
        "ADT" => Verb::Admission,
        "ORU" if matches!(trigger, "R40" | "R41" | "R42") => Verb::Alarm,
        "ORA" => Verb::Alarm,
        "ORU" | "OUL" | "OPU" | "ORF" => Verb::Result,
        "ORM" | "OMG" | "OML" | "OMI" | "OMP" | "OMS" | "OMN" | "OMB" | "OMD" | "OMQ" | "OPL" | "OSU"
        | "RDE" | "RDS" | "RGV" | "RAS" | "RDO" | "SIU" | "SRM" => Verb::Order,
        "QBP" | "QRY" | "QSB" | "QVR" | "QCN" | "OSQ" | "SQM" | "VXQ" | "QRF" => Verb::Query,
        "EAC" | "EAR" | "TCU" => Verb::Command,
        "MDM" | "MFN" | "VXU" | "DFT" | "BAR" | "PPR" | "PGL" => Verb::Write,
        "QSX" | "QCK" => Verb::Subscribe,
        _ => Verb::Report,
    }
}

/// Codes are short and of letters, digits and `_`; anything else in their place is not kept.
fn code(text: &str) -> String {
    let fits = text.len() <= 24
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b' '));
    if fits { text.to_owned() } else { String::new() }
}

fn join(kind: &str, trigger: &str) -> String {
    if trigger.is_empty() { kind.to_owned() } else { format!("{kind}^{trigger}") }
}

fn is_placeholder(value: &str) -> bool {
    value.is_empty()
        || value.chars().all(|c| matches!(c, '0' | '-' | '.' | '?' | '^' | '&'))
        || [
            "unknown",
            "none",
            "n/a",
            "null",
            "sending_application",
            "sendingapplication",
            "sendingapp",
            "sending_facility",
            "sendingfacility",
            "sendingfac",
            "receiving_facility",
            "receivingfac",
            "receiving_application",
            "receivingapplication",
            "receivingapp",
        ]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}

fn hash(value: &impl std::hash::Hash) -> u64 {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
