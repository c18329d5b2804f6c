//! GE CARESCAPE Network (formerly Unity Network): the discovery broadcast of patient monitors, telemetry servers and
//! central stations, and the network's time synchronisation.
//!
//! GE publishes no specification. Two independent public descriptions agree on the parts that are read here:
//! - *Discovery* ("RWHAT"), UDP 7000, every node, every few seconds, 88 bytes from a Dash 4000 as decoded by an owner
//!   of that monitor: bytes 0–3 a head that begins with 1, bytes 4–7 the node's IPv4 address, bytes 8–11 a counter,
//!   bytes 12–27 `unit|bed` in ASCII padded with NUL, bytes 28–43 **the patient's name**, then the list of services as
//!   pairs of 16-bit service number and port.
//! - *Time synchronisation*, UDP 2000, from the master node, 64 bytes as described by the maker of a nurse-call
//!   adapter: bytes 7–10 (counted from 1) the node's IPv4 address, from byte 25 `unit|room` (at most 7 and 6
//!   characters) padded with NUL, bytes 61–64 seconds since 1900.
//!
//! What it can identify: that the sender is a node of a CARESCAPE Network (so a GE monitoring product), and where it
//! stands. No model and no serial is in it. Patient names are never read.
//!
//! Limits: built from those descriptions only, never checked against a capture. There is no magic number, so
//! a datagram counts only on the network's own port, with every structural check passed **and** with the stated
//! address equal to the address that sent it. Alarm datagrams (UDP 7001) and waveforms are not read.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Attribute, Field, Verb};

use crate::reader::{Reader, hex};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session};

const DISCOVERY_PORT: u16 = 7000;
const TIME_PORT: u16 = 2000;

static LOCATION: Field = Field::states(
    "unit-bed",
    Attribute::Location,
    85,
    "Care unit and bed of a node, as `unit|bed`, in its discovery broadcast",
);
static MASTER_LOCATION: Field = Field::states(
    "master-unit-room",
    Attribute::Location,
    75,
    "Care unit and room of the master node, as `unit|room`, in its time synchronisation",
);
static NODE: Field = Field::fact(
    "node",
    "Kind of CARESCAPE Network datagram that the node sends, with its first four bytes in hexadecimal",
);
static SERVICES: Field = Field::fact(
    "services",
    "Services of a node from its discovery broadcast, as `number:port` in the order sent",
);

pub(super) static CARESCAPE: Dissector = Dissector {
    name: "carescape",
    title: "GE CARESCAPE Network",
    label: "CARESCAPE",
    group: Group::Clinical,
    specification: &[
        "No public standard; discovery as decoded from a GE Dash 4000 by its owner",
        "Time synchronisation as described in the reference of a nurse-call adapter for GE CARESCAPE",
    ],
    ports: &[DISCOVERY_PORT, TIME_PORT],
    carrier: Carrier::Datagram { probe, session: || Box::new(Node::default()) },
    fields: &[&LOCATION, &MASTER_LOCATION, &NODE, &SERVICES],
    basis: Basis::DocumentOnly,
};

/// A datagram that passed all structural checks.
struct Beacon<'a> {
    kind: &'static str,
    head: [u8; 4],
    address: Ipv4Addr,
    location: &'a str,
    services: &'a [u8],
}

fn probe(head: &Head<'_>) -> Probe {
    Probe::when(read(head.any(), head.on_port(DISCOVERY_PORT), head.on_port(TIME_PORT)).is_some())
}

fn read(bytes: &[u8], discovery: bool, time: bool) -> Option<Beacon<'_>> {
    if discovery {
        read_discovery(bytes)
    } else if time {
        read_time(bytes)
    } else {
        None
    }
}

fn read_discovery(bytes: &[u8]) -> Option<Beacon<'_>> {
    if !(44..=256).contains(&bytes.len()) || !bytes.len().is_multiple_of(4) {
        return None;
    }
    let mut reader = Reader::new(bytes);
    let head = reader.array::<4>()?;
    if !matches!(head, [1, _, 0, 0]) {
        return None;
    }
    let address = station(reader.array()?)?;
    reader.u32()?;
    let location = unit_and_place(reader.take(16)?)?;
    // The patient's name: skipped unread but for its shape (printable, NUL-padded, last byte free).
    let patient = reader.take(15)?;
    reader.u8()?;
    padded(patient)?;
    let services = reader.rest();
    Some(Beacon { kind: "discovery", head, address, location, services })
}

fn read_time(bytes: &[u8]) -> Option<Beacon<'_>> {
    if bytes.len() != 64 {
        return None;
    }
    let head = *bytes.first_chunk::<4>()?;
    let address = station(*bytes.get(6..)?.first_chunk()?)?;
    let location = unit_and_place(bytes.get(24..38)?)?;
    let seconds = u32::from_be_bytes(*bytes.last_chunk()?);
    // Seconds since 1900: from 1995 on.
    if seconds < 2_997_000_000 {
        return None;
    }
    Some(Beacon { kind: "time", head, address, location, services: &[] })
}

/// An address that one host can have.
fn station(bytes: [u8; 4]) -> Option<Ipv4Addr> {
    let address = Ipv4Addr::from(bytes);
    let odd =
        address.is_unspecified() || address.is_broadcast() || address.is_multicast() || address.is_loopback();
    (!odd).then_some(address)
}

/// Printable ASCII followed by nothing but NUL.
fn padded(bytes: &[u8]) -> Option<&str> {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let (text, padding) = bytes.split_at_checked(end)?;
    let fits = text.iter().all(|b| (b' '..=b'~').contains(b)) && padding.iter().all(|b| *b == 0);
    fits.then(|| std::str::from_utf8(text).ok()).flatten()
}

/// `unit|bed`: at least one of both, one bar.
fn unit_and_place(bytes: &[u8]) -> Option<&str> {
    let text = padded(bytes)?;
    let (unit, place) = text.split_once('|')?;
    (unit.len() + place.len() > 0 && !place.contains('|')).then_some(text)
}

/// Says each kind of thing once a flow.
#[derive(Default)]
struct Node {
    location: String,
    said: bool,
}

impl Session for Node {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let sender = *cx.flow().peer(cx.side());
        let on = |port| cx.flow().originator.port == port || cx.flow().responder.port == port;
        let Some(beacon) = read(bytes, on(DISCOVERY_PORT), on(TIME_PORT)) else {
            return Progress::Consumed(bytes.len() as u64);
        };
        if sender.host.ip != IpAddr::V4(beacon.address) {
            return Progress::GiveUp("carescape_foreign_address");
        }
        if self.said && self.location == beacon.location {
            return Progress::Consumed(bytes.len() as u64);
        }
        let subject = cx.sender();
        if !self.said {
            cx.evidence(subject.clone(), &NODE, &format!("{} {}", beacon.kind, hex(&beacon.head)));
            let services = services(beacon.services);
            cx.evidence(subject.clone(), &SERVICES, &services);
        }
        let discovery = beacon.kind == "discovery";
        if self.location != beacon.location && !beacon.location.trim_matches(['|', ' ']).is_empty() {
            cx.evidence(subject, if discovery { &LOCATION } else { &MASTER_LOCATION }, beacon.location);
        }
        if discovery {
            cx.activity(Verb::Announce, "Discovery", beacon.location);
        } else {
            cx.activity(Verb::Time, "Time Synchronization", "");
        }
        self.said = true;
        self.location = beacon.location.to_owned();
        Progress::Consumed(bytes.len() as u64)
    }
}

/// `number:port` pairs up to the first empty one, at most 32.
fn services(bytes: &[u8]) -> String {
    let mut reader = Reader::new(bytes);
    let mut listed = Vec::new();
    while let (Some(number), Some(port)) = (reader.u16(), reader.u16()) {
        if number == 0 || listed.len() == 32 {
            break;
        }
        listed.push(format!("{number}:{port}"));
    }
    listed.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{CARESCAPE, DISCOVERY_PORT, read, read_time};
    use crate::{Side, exercise};
    use medward_model::Transport;

    fn discovery(ip: [u8; 4], place: &str) -> Vec<u8> {
        let mut bytes = vec![1, 4, 0, 0];
        bytes.extend(ip);
        bytes.extend([0x5a, 0x40, 0xcd, 0xc0]);
        let mut field = |text: &str, size: usize| {
            let mut padded = text.as_bytes().to_vec();
            padded.resize(size, 0);
            bytes.extend(padded);
        };
        field(place, 16);
        field("MUSTERMANN,E", 15);
        bytes.extend([7, 0, 3, 7, 0xd0, 0, 0x11, 0, 0x20, 0, 9, 7, 0xd0]);
        bytes.resize(88, 0);
        bytes
    }

    #[test]
    fn a_monitor_states_its_unit_and_bed_and_no_patient() {
        let bytes = discovery([10, 0, 0, 1], "ICU2|B-07");
        let seen =
            exercise(&CARESCAPE, Transport::Udp, &[(Side::Originator, &bytes), (Side::Originator, &bytes)]);
        assert_eq!(seen.values("unit-bed"), ["ICU2|B-07"]);
        assert_eq!(seen.values("node"), ["discovery 01040000"]);
        assert_eq!(seen.values("services"), ["3:2000 17:32 9:2000"]);
        assert_eq!(seen.activity.len(), 1);
        assert!(!format!("{seen:?}").contains("MUSTERMANN"));
    }

    #[test]
    fn an_address_that_is_not_the_senders_is_refused() {
        let bytes = discovery([10, 0, 0, 9], "ICU2|B-07");
        let seen = exercise(&CARESCAPE, Transport::Udp, &[(Side::Originator, &bytes)]);
        assert!(seen.evidence.is_empty());
        assert_eq!(seen.weirds.count("carescape_foreign_address"), 1);
    }

    #[test]
    fn other_ports_and_shapes_do_not_match() {
        let good = discovery([10, 0, 0, 1], "ICU2|B-07");
        assert!(read(&good, true, false).is_some());
        assert!(read(&good, false, false).is_none());
        assert!(read(&discovery([10, 0, 0, 1], "ICU2 B-07"), true, false).is_none());
        assert!(read(&discovery([0, 0, 0, 0], "ICU2|B-07"), true, false).is_none());
        assert!(read(&good[..43], true, false).is_none());
        assert_eq!(DISCOVERY_PORT, 7000);
    }

    #[test]
    fn the_master_node_sends_the_time() {
        let mut bytes = vec![0_u8; 64];
        bytes[6..10].copy_from_slice(&[10, 0, 0, 1]);
        bytes[24..33].copy_from_slice(b"CIC|STAT1");
        bytes[60..64].copy_from_slice(&3_900_000_000_u32.to_be_bytes());
        let beacon = read_time(&bytes).unwrap();
        assert_eq!((beacon.location, beacon.address.octets()), ("CIC|STAT1", [10, 0, 0, 1]));
        bytes[60] = 0;
        assert!(read_time(&bytes).is_none());
    }
}
