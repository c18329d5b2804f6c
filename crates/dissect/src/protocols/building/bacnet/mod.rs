//! BACnet/IP: building controllers, air handling, operating-theatre and isolation-room pressure control.
//!
//! Standard: ANSI/ASHRAE 135 (ISO 16484-5): Annex J (BACnet/IP, BVLC), 6 (network layer), 13–17 and 20.1 (services and
//! their encoding), 12.11 (Device object), 20.2 (tags). UDP 47808.
//!
//! What it can identify: the speaker, from `I-Am` (device instance, vendor id) and from the answers it gives about its own
//! Device object: vendor and model name, firmware and application revision, object name, serial number, location,
//! description. A device behind a BACnet router (its network number and address stand in the NPDU) is a device behind
//! the speaker; a datagram forwarded by a broadcast manager (Annex J.2.5) is about the address that it names.
//!
//! Limits: present values are never kept. Of a segmented answer only the first segment is read. A read of the same
//! property is reported once a flow, a write always; at most 256 different reads a flow. BACnet over
//! Ethernet, MS/TP, IPv6 and Secure Connect are not read.

mod apdu;
mod names;
mod tag;

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Attribute, Field, Subject, Verb};

use crate::pending::{Pending, Said};
use crate::reader::{Reader, hex};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, Side};

static VENDOR_ID: Field =
    Field::fact("vendor-id", "Vendor identifier in I-Am or of the Device object (ASHRAE 135 16.10, 12.11.5)");
static INSTANCE: Field =
    Field::fact("device-instance", "Instance of the Device object in I-Am (ASHRAE 135 16.10)");
static VENDOR: Field = Field::states(
    "vendor-name",
    Attribute::Vendor,
    93,
    "Vendor_Name of the Device object (ASHRAE 135 12.11.4)",
);
static MODEL: Field =
    Field::states("model-name", Attribute::Model, 93, "Model_Name of the Device object (ASHRAE 135 12.11.6)");
static FIRMWARE: Field = Field::states(
    "firmware-revision",
    Attribute::Firmware,
    92,
    "Firmware_Revision of the Device object (ASHRAE 135 12.11.7)",
);
static APPLICATION: Field = Field::fact(
    "application-software",
    "Application_Software_Version of the Device object (ASHRAE 135 12.11.8)",
);
static NAME: Field = Field::states(
    "object-name",
    Attribute::Alias,
    92,
    "Object_Name of the Device object (ASHRAE 135 12.11.2)",
);
static SERIAL: Field = Field::states(
    "serial-number",
    Attribute::Serial,
    93,
    "Serial_Number of the Device object (ASHRAE 135 12.11)",
);
static LOCATION: Field =
    Field::states("location", Attribute::Location, 88, "Location of the Device object (ASHRAE 135 12.11.9)");
static DESCRIPTION: Field =
    Field::fact("description", "Description of the Device object (ASHRAE 135 12.11.10)");
static REVISION: Field =
    Field::fact("protocol-revision", "Protocol_Revision of the Device object (ASHRAE 135 12.11.13)");
static ROLE: Field = Field::fact(
    "role",
    "\"router\": carries traffic of other BACnet networks (ASHRAE 135 6.2.2); \"broadcast manager\": forwards broadcasts (J.4)",
);

pub(super) static BACNET: Dissector = Dissector {
    name: "bacnet",
    title: "BACnet/IP",
    label: "BACnet",
    group: Group::Building,
    specification: &["ANSI/ASHRAE 135 (ISO 16484-5), Annex J, 6, 13–17, 20"],
    ports: &[47808],
    carrier: Carrier::Datagram { probe, session: || Box::new(Talk::default()) },
    fields: &[
        &VENDOR_ID,
        &INSTANCE,
        &VENDOR,
        &MODEL,
        &FIRMWARE,
        &APPLICATION,
        &NAME,
        &SERIAL,
        &LOCATION,
        &DESCRIPTION,
        &REVISION,
        &ROLE,
    ],
    basis: Basis::RealPeers,
};

/// A BVLC message with what it carries.
struct Link<'a> {
    function: u8,
    /// J.2.5: who sent what is forwarded.
    origin: Option<(Ipv4Addr, u16)>,
    body: &'a [u8],
    npdu: Option<Npdu<'a>>,
}

/// A network-layer header (6.2) with what follows it.
struct Npdu<'a> {
    /// Network number and address of the device behind a router that sent it.
    source: Option<(u16, &'a [u8])>,
    destination: Option<u16>,
    /// Network-layer message type, or none for an APDU.
    message: Option<u8>,
    body: &'a [u8],
}

fn link(bytes: &[u8]) -> Option<Link<'_>> {
    let mut reader = Reader::new(bytes);
    (reader.u8()? == 0x81).then_some(())?;
    let function = reader.u8()?;
    let length = usize::from(reader.u16()?);
    (length == bytes.len() && function <= 0x0b).then_some(())?;
    let mut origin = None;
    if function == 0x04 {
        origin = Some((Ipv4Addr::from(reader.array::<4>()?), reader.u16()?));
    }
    let body = reader.rest();
    let npdu = match function {
        0x04 | 0x09 | 0x0a | 0x0b => Some(npdu(reader)?),
        0x00 if body.len() != 2 => return None,
        0x02 | 0x06 if !body.is_empty() => return None,
        0x05 if body.len() != 2 => return None,
        0x08 if body.len() != 6 => return None,
        0x01 | 0x03 | 0x07 if !body.len().is_multiple_of(10) => return None,
        _ => None,
    };
    Some(Link { function, origin, body, npdu })
}

fn npdu(mut reader: Reader<'_>) -> Option<Npdu<'_>> {
    (reader.u8()? == 1).then_some(())?;
    let control = reader.u8()?;
    (control & 0x50 == 0).then_some(())?;
    let mut destination = None;
    if control & 0x20 != 0 {
        destination = Some(reader.u16()?);
        let length = reader.u8()?;
        reader.take(usize::from(length))?;
    }
    let mut source = None;
    if control & 0x08 != 0 {
        let network = reader.u16()?;
        let length = reader.u8()?;
        (network != 0 && network != 0xffff && (1..=18).contains(&length)).then_some(())?;
        source = Some((network, reader.take(usize::from(length))?));
    }
    if destination.is_some() {
        reader.u8()?;
    }
    let message = if control & 0x80 != 0 { Some(reader.u8()?) } else { None };
    Some(Npdu { source, destination, message, body: reader.rest() })
}

fn probe(head: &Head<'_>) -> Probe {
    let Some(link) = link(head.any()) else { return Probe::NoMatch };
    // A message of a few bytes, without a network layer, is too little outside of the port range of the standard.
    let usual = |port: u16| (47808..=47823).contains(&port);
    let on_port = usual(head.originator_port) || usual(head.responder_port);
    Probe::when(on_port || link.npdu.is_some_and(|npdu| npdu.message.is_none() && apdu::plausible(npdu.body)))
}

#[derive(Default)]
struct Talk {
    pending: Pending<(Side, u8), 32>,
    reads: Said<256>,
    identity: Said<1024>,
}

impl Session for Talk {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some(link) = link(bytes) else {
            cx.weird("bacnet_bad_link");
            return done;
        };
        let Some(npdu) = link.npdu else {
            self.management(link.function, link.body, cx);
            return done;
        };
        let sender = cx.flow().peer(cx.side()).host;
        let mut subject = cx.sender();
        if let Some((ip, _)) = link.origin
            && IpAddr::V4(ip) != sender.ip
        {
            if self.identity.first(("manager", cx.side())) {
                cx.evidence(cx.sender(), &ROLE, "broadcast manager");
            }
            subject = cx.ip(IpAddr::V4(ip));
        }
        if let Some((network, address)) = npdu.source {
            if self.identity.first(("router", &subject)) {
                cx.evidence(subject.clone(), &ROLE, "router");
            }
            subject = match subject {
                Subject::Host(_) => cx.behind(cx.side(), &format!("bacnet {network}:{}", hex(address))),
                // Behind a router that only the forwarded datagram names: no address to hang it on.
                _ => return done,
            };
        }
        match npdu.message {
            Some(kind) => self.network(kind, npdu.body, cx),
            None => apdu::read(self, npdu.body, npdu.destination, &subject, cx),
        }
        done
    }

    fn end(&mut self, cx: &mut Context<'_>) {
        self.pending.flush(cx);
    }
}

impl Talk {
    /// BVLC messages without a network layer (J.2).
    fn management(&mut self, function: u8, body: &[u8], cx: &mut Context<'_>) {
        let (verb, operation) = match function {
            0x01 => (Verb::Set, "Write-Broadcast-Distribution-Table"),
            0x02 => (Verb::Query, "Read-Broadcast-Distribution-Table"),
            0x05 => (Verb::Connect, "Register-Foreign-Device"),
            0x06 => (Verb::Query, "Read-Foreign-Device-Table"),
            0x08 => (Verb::Delete, "Delete-Foreign-Device-Table-Entry"),
            0x03 | 0x07 => {
                if self.identity.first(("manager", cx.side())) {
                    cx.evidence(cx.sender(), &ROLE, "broadcast manager");
                }
                return;
            }
            _ => return,
        };
        let repeats = matches!(function, 0x02 | 0x05 | 0x06);
        if repeats && !self.reads.first((cx.side(), "bvlc", function)) {
            return;
        }
        let object = match (function, body) {
            (0x05, [high, low]) => format!("{} s", u16::from_be_bytes([*high, *low])),
            (0x01, _) => format!("{} entries", body.len() / 10),
            _ => String::new(),
        };
        cx.activity(verb, operation, &object);
    }

    /// Network-layer messages (6.4).
    fn network(&mut self, kind: u8, body: &[u8], cx: &mut Context<'_>) {
        let networks: Vec<String> =
            body.as_chunks::<2>().0.iter().take(16).map(|n| u16::from_be_bytes(*n).to_string()).collect();
        let (verb, operation, object) = match kind {
            0x00 => (Verb::Lookup, "Who-Is-Router-To-Network", networks.join(" ")),
            0x01 => {
                if self.identity.first(("router", cx.sender())) {
                    cx.evidence(cx.sender(), &ROLE, "router");
                }
                (Verb::Announce, "I-Am-Router-To-Network", networks.join(" "))
            }
            0x06 => (Verb::Set, "Initialize-Routing-Table", String::new()),
            0x08 => (Verb::Set, "Establish-Connection-To-Network", String::new()),
            0x12 => (Verb::Lookup, "What-Is-Network-Number", String::new()),
            0x13 => (Verb::Announce, "Network-Number-Is", networks.into_iter().take(1).collect()),
            _ => return,
        };
        if verb == Verb::Set || self.reads.first((cx.side(), "network", kind, &object)) {
            cx.activity(verb, operation, &object);
        }
    }
}

#[cfg(test)]
mod tests;
