//! KNXnet/IP: gateways, routers and servers of KNX building control.
//!
//! Standard: KNX System Specification 3.8 (ISO 22510): 3.8.1 frame header, 3.8.2 core (search, description, connect, DIBs),
//! 3.8.4 tunnelling, 3.8.5 routing; 3.6.3 common EMI; 3.3.7 application layer. UDP and TCP 3671, multicast 224.0.23.12.
//!
//! What it can identify: of a KNXnet/IP server, from the device information block of its search or description response:
//! friendly name, KNX serial number (worldwide unique), MAC address, individual address, medium, manufacturer code.
//!
//! Limits: devices on the KNX line are not listed: telegrams carry an individual address only and say nothing of what the
//! device is. Secure frames are counted, not read. Group telegrams are reported once per source, kind and group address.

use medward_model::{Attribute, Field, Mac, Outcome, Verb};

use crate::pending::{Asked, Pending, Said};
use crate::reader::{Reader, hex};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side, clean_bytes};

const PORT: u16 = 3671;

static NAME: Field = Field::fact(
    "friendly-name",
    "Device friendly name, device information DIB (KNX 3.8.2, 7.5.4.2); product or given name",
);
static SERIAL: Field = Field::states(
    "serial-number",
    Attribute::UniqueId,
    95,
    "KNX serial number, device information DIB (KNX 3.8.2, 7.5.4.2), as manufacturer:number",
);
static MAC: Field = Field::states(
    "mac-address",
    Attribute::UniqueId,
    93,
    "MAC address, device information DIB (KNX 3.8.2, 7.5.4.2)",
);
static MAKER: Field = Field::fact(
    "manufacturer-code",
    "KNX manufacturer code, from the manufacturer data DIB or the front of the serial number (KNX 3.8.2, 7.5.4.7)",
);
static ADDRESS: Field =
    Field::fact("individual-address", "KNX individual address, device information DIB (KNX 3.8.2, 7.5.4.2)");
static MEDIUM: Field = Field::fact("medium", "KNX medium, device information DIB (KNX 3.8.2, 7.5.4.2)");
static SERVICES: Field =
    Field::fact("services", "Supported service families with version, DIB of that name (KNX 3.8.2, 7.5.4.3)");

pub(super) static KNX: Dissector = Dissector {
    name: "knx",
    title: "KNXnet/IP",
    label: "KNX",
    group: Group::Building,
    specification: &["KNX System Specification 3.8 (ISO 22510)"],
    ports: &[PORT],
    carrier: Carrier::Both { probe, session: || Box::new(Talk::default()) },
    fields: &[&NAME, &SERIAL, &MAC, &MAKER, &ADDRESS, &MEDIUM, &SERVICES],
    basis: Basis::RealPeers,
};

/// Service type and total length of a frame, where the header is well formed.
fn header(bytes: &[u8]) -> Option<(u16, usize)> {
    let mut reader = Reader::new(bytes);
    (reader.u16()? == 0x0610).then_some(())?;
    let service = reader.u16()?;
    let length = usize::from(reader.u16()?);
    (length >= 6 && !name(service).is_empty()).then_some((service, length))
}

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if bytes.len() < 6 {
        return if Probe::magic(bytes, &[0x06, 0x10]) == Probe::NoMatch {
            Probe::NoMatch
        } else {
            Probe::NeedMore
        };
    }
    let Some((service, length)) = header(bytes) else { return Probe::NoMatch };
    // A frame is a whole datagram. On a stream, the frames of one read follow each other.
    let shaped = length == bytes.len()
        || (length < bytes.len() && header(bytes.get(length..).unwrap_or_default()).is_some());
    let ample = length <= minimum(service).1 && length >= minimum(service).0;
    match (shaped, ample) {
        (true, true) => Probe::Match,
        (false, true) if length > bytes.len() && head.on_port(PORT) => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}

/// Least and greatest length of a frame of that service.
fn minimum(service: u16) -> (usize, usize) {
    match service {
        0x0201 | 0x0203 => (14, 14),
        0x0202 | 0x0204 | 0x020c => (14, 1024),
        0x0205 => (24, 64),
        0x0206 => (8, 64),
        0x0207..=0x020a => (8, 16),
        0x0421 | 0x0311 => (10, 10),
        0x0310 | 0x0420 | 0x0422..=0x0425 => (10, 512),
        0x0530..=0x0533 => (8, 512),
        _ => (6, 1024),
    }
}

#[derive(Default)]
struct Talk {
    said: Said<256>,
    telegrams: Said<256>,
    pending: Pending<Side, 2>,
}

impl Session for Talk {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        if cx.is_stream() && bytes.len() < 6 {
            return Progress::Need(6);
        }
        let Some((service, length)) = header(bytes) else {
            return if cx.is_stream() {
                Progress::GiveUp("knx_bad_header")
            } else {
                Progress::Consumed(bytes.len() as u64)
            };
        };
        let Some(body) = bytes.get(6..length) else {
            return if cx.is_stream() { Progress::Need(length) } else { Progress::Consumed(length as u64) };
        };
        self.frame(service, body, cx);
        Progress::Consumed(length as u64)
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
    }
}

impl Talk {
    fn frame(&mut self, service: u16, body: &[u8], cx: &mut Context<'_>) {
        let side = cx.side();
        let once = |said: &mut Said<256>| said.first((side, service));
        match service {
            0x0201 | 0x0203 | 0x020b if once(&mut self.said) => {
                cx.activity(Verb::Lookup, name(service), "");
            }
            0x0202 | 0x0204 | 0x020c => {
                let blocks = if service == 0x0204 { Some(body) } else { body.get(8..) };
                self.blocks(blocks.unwrap_or_default(), cx);
                if once(&mut self.said) {
                    cx.activity(Verb::Announce, name(service), "");
                }
            }
            0x0205 => {
                // Two endpoints of 8 bytes, then the connection request information.
                let kind = match body.get(17) {
                    Some(3) => "device management",
                    Some(4) => "tunnelling",
                    Some(6) => "remote logging",
                    Some(7) => "remote configuration",
                    Some(8) => "object server",
                    _ => "",
                };
                self.pending.ask(side, Asked::new(side, Verb::Connect, name(service), kind), cx);
            }
            0x0206 => {
                let status = body.get(1).copied().unwrap_or(0xff);
                if let Some(asked) = self.pending.answer(&side.other()) {
                    let outcome = if status == 0 { Outcome::Success } else { Outcome::Failure };
                    asked.detail("status", format!("0x{status:02x}")).report(outcome, cx);
                }
            }
            0x0209 => {
                cx.activity(Verb::Disconnect, name(service), "");
            }
            0x0310 | 0x0420 => self.telegram(service, body.get(4..).unwrap_or_default(), cx),
            0x0530 => self.telegram(service, body, cx),
            0x0950..=0x0955 if self.said.first((side, "secure")) => {
                cx.activity(Verb::Connect, name(service), "");
            }
            _ => {}
        }
    }

    /// Description information blocks: length, type, content.
    fn blocks(&mut self, bytes: &[u8], cx: &mut Context<'_>) {
        let mut reader = Reader::new(bytes);
        while let Some(length) = reader.u8() {
            let Some(mut block) = usize::from(length).checked_sub(1).and_then(|n| reader.part(n)) else {
                return;
            };
            match block.u8() {
                Some(0x01) => self.device(block, cx),
                Some(0x02) => {
                    let families: Vec<String> = block
                        .rest()
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .map(|[family, version]| format!("{family}.{version}"))
                        .collect();
                    self.say(&SERVICES, &families.join(" "), cx);
                }
                Some(0xfe) => {
                    if let Some(code) = block.u16() {
                        self.say(&MAKER, &format!("{code:04x}"), cx);
                    }
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    fn device(&mut self, block: Reader<'_>, cx: &mut Context<'_>) {
        let Some(block) = block.rest().first_chunk::<52>() else { return };
        let mut reader = Reader::new(block);
        let (Some(medium), Some(_status), Some(address)) = (reader.u8(), reader.u8(), reader.u16()) else {
            return;
        };
        let (Some(_project), Some(serial)) = (reader.u16(), reader.array::<6>()) else { return };
        let (Some(_multicast), Some(mac), Some(name)) = (reader.u32(), reader.array::<6>(), reader.take(30))
        else {
            return;
        };
        let medium = match medium {
            0x02 => "TP1",
            0x04 => "PL110",
            0x10 => "RF",
            0x20 => "IP",
            _ => "",
        };
        self.say(&MEDIUM, medium, cx);
        if !matches!(address, 0 | 0xffff) {
            self.say(&ADDRESS, &individual(address), cx);
        }
        let meaning = |bytes: &[u8]| bytes.iter().any(|b| *b != 0) && bytes.iter().any(|b| *b != 0xff);
        if let [a, b, number @ ..] = &serial
            && meaning(number)
            && meaning(&[*a, *b])
        {
            self.say(&SERIAL, &format!("{}:{}", hex(&[*a, *b]), hex(number)), cx);
            self.say(&MAKER, &hex(&[*a, *b]), cx);
        }
        if Mac(mac).is_station() {
            self.say(&MAC, &Mac(mac).to_string(), cx);
        }
        self.say(&NAME, &clean_bytes(name), cx);
    }

    fn say(&mut self, field: &'static Field, value: &str, cx: &mut Context<'_>) {
        if self.said.first((cx.side(), field.name, value)) {
            cx.evidence(cx.sender(), field, value);
        }
    }

    /// A common EMI frame: message code, additional information, then an L_Data telegram.
    fn telegram(&mut self, service: u16, bytes: &[u8], cx: &mut Context<'_>) {
        let mut reader = Reader::new(bytes);
        let Some(code) = reader.u8() else { return };
        let operation = match code {
            0x11 | 0x29 => match l_data(&mut reader) {
                Some(telegram) => telegram,
                None => return,
            },
            0xf6 => Telegram {
                verb: Verb::Set,
                operation: "M_PropWrite.req",
                source: 0,
                object: property(&mut reader),
            },
            0xfc => Telegram {
                verb: Verb::Query,
                operation: "M_PropRead.req",
                source: 0,
                object: property(&mut reader),
            },
            0xf1 => {
                Telegram { verb: Verb::Command, operation: "M_Reset.req", source: 0, object: String::new() }
            }
            _ => return,
        };
        let Telegram { verb, operation, source, object } = operation;
        let routine = operation.starts_with("GroupValue") || verb == Verb::Query;
        if routine && !self.telegrams.first((cx.side(), operation, source, &object)) {
            return;
        }
        let source = if source == 0 { String::new() } else { individual(source) };
        cx.activity(verb, operation, &object).detail("source", &source).detail("service", name(service));
    }
}

struct Telegram {
    verb: Verb,
    operation: &'static str,
    source: u16,
    object: String,
}

fn l_data(reader: &mut Reader<'_>) -> Option<Telegram> {
    let additional = reader.u8()?;
    reader.take(usize::from(additional))?;
    let _control = reader.u8()?;
    let group = reader.u8()? & 0x80 != 0;
    let (source, destination) = (reader.u16()?, reader.u16()?);
    let _length = reader.u8()?;
    let service = reader.u16()? & 0x03ff;
    let object = if group {
        format!("{}/{}/{}", destination >> 11, destination >> 8 & 0x07, destination & 0xff)
    } else {
        individual(destination)
    };
    let (verb, operation) = match (service, service & 0x03c0) {
        (0x03d5, _) => (Verb::Query, "PropertyValueRead"),
        (0x03d7, _) => (Verb::Set, "PropertyValueWrite"),
        (0x03d1, _) => (Verb::Login, "Authorize"),
        (0x03d3, _) => (Verb::Set, "KeyWrite"),
        (0x03dd, _) => (Verb::Set, "IndividualAddressSerialNumberWrite"),
        (0x02c2, _) => (Verb::Write, "UserMemoryWrite"),
        (_, 0x0000) if group => (Verb::Query, "GroupValueRead"),
        (_, 0x0080) if group => (Verb::Set, "GroupValueWrite"),
        (0x00c0, _) => (Verb::Set, "IndividualAddressWrite"),
        (0x0100, _) => (Verb::Query, "IndividualAddressRead"),
        (_, 0x0200) => (Verb::Read, "MemoryRead"),
        (_, 0x0280) => (Verb::Write, "MemoryWrite"),
        (_, 0x0300) => (Verb::Query, "DeviceDescriptorRead"),
        (_, 0x0380) => (Verb::Command, "Restart"),
        _ => return None,
    };
    Some(Telegram { verb, operation, source, object })
}

/// Object type and property id of a device management frame.
fn property(reader: &mut Reader<'_>) -> String {
    match (reader.u16(), reader.u8(), reader.u8()) {
        (Some(kind), Some(instance), Some(id)) => format!("object {kind}.{instance} property {id}"),
        _ => String::new(),
    }
}

fn individual(address: u16) -> String {
    format!("{}.{}.{}", address >> 12, address >> 8 & 0x0f, address & 0xff)
}

/// The service's name in the standard; empty for unknown ones.
fn name(service: u16) -> &'static str {
    match service {
        0x0201 => "SEARCH_REQUEST",
        0x0202 => "SEARCH_RESPONSE",
        0x0203 => "DESCRIPTION_REQUEST",
        0x0204 => "DESCRIPTION_RESPONSE",
        0x0205 => "CONNECT_REQUEST",
        0x0206 => "CONNECT_RESPONSE",
        0x0207 => "CONNECTIONSTATE_REQUEST",
        0x0208 => "CONNECTIONSTATE_RESPONSE",
        0x0209 => "DISCONNECT_REQUEST",
        0x020a => "DISCONNECT_RESPONSE",
        0x020b => "SEARCH_REQUEST_EXTENDED",
        0x020c => "SEARCH_RESPONSE_EXTENDED",
        0x0310 => "DEVICE_CONFIGURATION_REQUEST",
        0x0311 => "DEVICE_CONFIGURATION_ACK",
        0x0420 => "TUNNELLING_REQUEST",
        0x0421 => "TUNNELLING_ACK",
        0x0422 => "TUNNELLING_FEATURE_GET",
        0x0423 => "TUNNELLING_FEATURE_RESPONSE",
        0x0424 => "TUNNELLING_FEATURE_SET",
        0x0425 => "TUNNELLING_FEATURE_INFO",
        0x0530 => "ROUTING_INDICATION",
        0x0531 => "ROUTING_LOST_MESSAGE",
        0x0532 => "ROUTING_BUSY",
        0x0533 => "ROUTING_SYSTEM_BROADCAST",
        0x0950 => "SECURE_WRAPPER",
        0x0951 => "SESSION_REQUEST",
        0x0952 => "SESSION_RESPONSE",
        0x0953 => "SESSION_AUTHENTICATE",
        0x0954 => "SESSION_STATUS",
        0x0955 => "TIMER_NOTIFY",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::KNX;
    use crate::{Side, exercise};
    use medward_model::{Outcome, Transport, Verb};

    fn frame(service: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![6, 0x10];
        bytes.extend(service.to_be_bytes());
        bytes.extend((body.len() as u16 + 6).to_be_bytes());
        bytes.extend(body);
        bytes
    }

    fn description() -> Vec<u8> {
        let mut block = vec![54, 1, 0x02, 0, 0x11, 0x0a, 0, 0, 0, 0xc5, 1, 2, 0xd8, 0x4e, 224, 0, 23, 12];
        block.extend([0xcc, 0x1b, 0xe0, 0x80, 0x11, 0x22]);
        let mut name = b"KNX IP Router 752".to_vec();
        name.resize(30, 0);
        block.extend(name);
        block.extend([8, 2, 2, 2, 4, 1, 5, 1]);
        block
    }

    #[test]
    fn a_server_describes_itself() {
        let mut found = vec![8, 1, 10, 0, 0, 2, 0x0e, 0x57];
        found.extend(description());
        let seen = exercise(
            &KNX,
            Transport::Udp,
            &[
                (Side::Originator, &frame(0x0201, &[8, 1, 10, 0, 0, 1, 0xa1, 0x7f])),
                (Side::Responder, &frame(0x0202, &found)),
                (Side::Responder, &frame(0x0204, &description())),
            ],
        );
        assert_eq!(seen.values("friendly-name"), ["KNX IP Router 752"]);
        assert_eq!(seen.values("serial-number"), ["00c5:0102d84e"]);
        assert_eq!(seen.values("mac-address"), ["cc:1b:e0:80:11:22"]);
        assert_eq!(seen.values("individual-address"), ["1.1.10"]);
        assert_eq!(seen.values("services"), ["2.2 4.1 5.1"]);
        assert_eq!(seen.values("manufacturer-code"), ["00c5"]);
        assert_eq!(seen.evidence.len(), 7);
    }

    #[test]
    fn tunnels_and_telegrams_are_activity() {
        let mut connect = vec![8, 1, 10, 0, 0, 1, 0, 1, 8, 1, 10, 0, 0, 1, 0, 1];
        connect.extend([4, 4, 2, 0]);
        let write = [4, 1, 0, 0, 0x11, 0, 0xbc, 0xe0, 0, 0, 0x0a, 0x03, 1, 0, 0x81];
        let restart = [4, 1, 1, 0, 0x11, 0, 0xbc, 0x60, 0, 0, 0x11, 0x05, 1, 0x03, 0x80];
        let seen = exercise(
            &KNX,
            Transport::Udp,
            &[
                (Side::Originator, &frame(0x0205, &connect)),
                (Side::Responder, &frame(0x0206, &[4, 0, 8, 1, 10, 0, 0, 2, 0x0e, 0x57, 4, 4, 0x11, 0xff])),
                (Side::Originator, &frame(0x0420, &write)),
                (Side::Originator, &frame(0x0420, &write)),
                (Side::Originator, &frame(0x0420, &restart)),
            ],
        );
        let shown: Vec<_> = seen.activity.iter().map(|a| (a.verb, &*a.operation, &*a.object)).collect();
        assert_eq!(
            shown,
            [
                (Verb::Connect, "CONNECT_REQUEST", "tunnelling"),
                (Verb::Set, "GroupValueWrite", "1/2/3"),
                (Verb::Command, "Restart", "1.1.5"),
            ]
        );
        assert_eq!(seen.activity[0].outcome, Outcome::Success);
    }

    #[test]
    fn foreign_datagrams_do_not_match() {
        for foreign in [&[6, 0x10, 9, 9, 0, 6][..], &[6, 0x10, 2, 1, 0, 20, 1], b"\x06\x10"] {
            assert!(exercise(&KNX, Transport::Udp, &[(Side::Originator, foreign)]).unmatched);
        }
    }
}
