//! DHCP and BOOTP over IPv4: the best passive source of who is who, since every client introduces itself.
//!
//! Standards: RFC 951 (BOOTP), RFC 2131 (DHCP), RFC 2132 (options), RFC 3046 (relay agent information), RFC 3396 (long
//! options), RFC 3925 (vendor-identifying options), RFC 4361 (client ids), RFC 4702 (client FQDN), RFC 4578 (PXE),
//! RFC 8520 (MUD URL).
//!
//! Shape: a fixed head of 236 bytes with the client's hardware address (`chaddr`), the magic cookie 99.130.83.99, then
//! options; `file` and `sname` may hold more of them (option 52).
//!
//! What it tells: of the client (by `chaddr`, not by the frame's address, which may be a relay's or 0.0.0.0) the host
//! name, the order of the options it sends and asks for (fingerprints of its DHCP software), vendor and user class,
//! client id, the relay's circuit and remote id (the switch port); of the server what it hands out. An ACK, or a BOOTP
//! reply, links the client's MAC to its address for the time of the lease; a client that renews or informs states its
//! own address.
//!
//! Limits: clients without an Ethernet address (`htype` other than 1 and 6) are told only as activity. What a relay
//! forwards carries the VLAN of the relay, not that of the client.

mod options;

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Attribute, Field, LinkKind, Mac, Outcome, Subject, Verb};

use self::options::{Options, by_enterprise, list, triples};
use super::said::Said;
use super::value::{hex, host_name, readable};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

static HOST_NAME: Field = Field::states(
    "host-name",
    Attribute::Hostname,
    92,
    "Host Name option (RFC 2132, 3.14), sent by the client",
);
static FQDN: Field =
    Field::states("fqdn", Attribute::Hostname, 92, "Client FQDN option, Domain Name field (RFC 4702, 2)");
static ASSIGNED_NAME: Field = Field::states(
    "assigned-host-name",
    Attribute::Hostname,
    85,
    "Host Name option (RFC 2132, 3.14), sent by the server to the client",
);
static REQUESTS: Field = Field::fact(
    "parameter-request-list",
    "Parameter Request List (RFC 2132, 9.8): option codes in the client's order",
);
static OPTIONS: Field = Field::fact(
    "options",
    "message type, then the codes of all options in the client's order (RFC 2131, 4.1)",
);
static VENDOR_CLASS: Field = Field::fact("vendor-class", "Vendor class identifier (RFC 2132, 9.13)");
static USER_CLASS: Field = Field::fact("user-class", "User Class option (RFC 3004, 4)");
static CLIENT_ID: Field = Field::fact(
    "client-id",
    "Client-identifier (RFC 2132, 9.14) where it is not the hardware address: \"mac …\", \"duid …\", \"text …\", \"type N …\"",
);
static VENDOR_SPECIFIC: Field = Field::fact(
    "vendor-specific",
    "Vendor Specific Information (RFC 2132, 8.4), hexadecimal, first 64 bytes",
);
static VI_CLASS: Field = Field::fact(
    "vi-vendor-class",
    "Vendor-Identifying Vendor Class (RFC 3925, 3): enterprise number and text",
);
static VI_INFORMATION: Field = Field::fact(
    "vi-vendor-information",
    "Vendor-Identifying Vendor-Specific Information (RFC 3925, 4): enterprise number, sub-option and value",
);
static MAXIMUM_SIZE: Field =
    Field::fact("maximum-message-size", "Maximum DHCP Message Size (RFC 2132, 9.10), in bytes");
static ARCHITECTURE: Field =
    Field::fact("client-architecture", "Client System Architecture Type (RFC 4578, 2.1), number");
static MACHINE_ID: Field =
    Field::fact("client-machine-id", "Client Machine Identifier (RFC 4578, 2.3), hexadecimal");
static MUD_URL: Field = Field::fact("mud-url", "Manufacturer Usage Description URL (RFC 8520, 10)");
static CIRCUIT: Field = Field::fact(
    "relay-circuit-id",
    "Relay Agent Information, Agent Circuit ID (RFC 3046, 3.1): the client's port",
);
static REMOTE: Field = Field::fact(
    "relay-remote-id",
    "Relay Agent Information, Agent Remote ID (RFC 3046, 3.2): the client's switch",
);
static SUBSCRIBER: Field =
    Field::fact("relay-subscriber-id", "Relay Agent Information, Subscriber-ID (RFC 3993, 2)");
static ROLE: Field =
    Field::fact("role", "\"server\": sends OFFER, ACK or NAK; \"relay\": stands in giaddr (RFC 2131, 2)");
static SERVES: Field =
    Field::fact("serves", "what a server hands out in OFFER and ACK (RFC 2132): option name and value");

pub(super) static DHCPV4: Dissector = Dissector {
    name: "dhcpv4",
    title: "DHCP and BOOTP",
    label: "DHCP",
    group: Group::Naming,
    specification: &[
        "RFC 951", "RFC 2131", "RFC 2132", "RFC 3046", "RFC 3396", "RFC 3925", "RFC 4361", "RFC 4702",
    ],
    ports: &[67, 68],
    carrier: Carrier::Datagram { probe, session: || Box::new(Dhcp::default()) },
    fields: &[
        &HOST_NAME,
        &FQDN,
        &ASSIGNED_NAME,
        &REQUESTS,
        &OPTIONS,
        &VENDOR_CLASS,
        &USER_CLASS,
        &CLIENT_ID,
        &VENDOR_SPECIFIC,
        &VI_CLASS,
        &VI_INFORMATION,
        &MAXIMUM_SIZE,
        &ARCHITECTURE,
        &MACHINE_ID,
        &MUD_URL,
        &CIRCUIT,
        &REMOTE,
        &SUBSCRIBER,
        &ROLE,
        &SERVES,
    ],
    basis: Basis::RealPeers,
};

const COOKIE: [u8; 4] = [99, 130, 83, 99];
const HEAD: usize = 236;

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let (Some([op, _, hlen, _]), Some(cookie)) = (bytes.first_chunk::<4>(), bytes.get(HEAD..HEAD + 4)) else {
        return Probe::NoMatch;
    };
    let shaped = matches!(op, 1 | 2) && *hlen <= 16;
    let bootp = head.on_port(67) && bytes.len() >= 300 && bytes.starts_with(&[*op, 1, 6]);
    Probe::when(shaped && (cookie == COOKIE || bootp))
}

/// DHCP message types (RFC 2132, 9.6; RFC 3203; RFC 4388).
fn kind_name(kind: Option<u8>, reply: bool) -> &'static str {
    match kind {
        None if reply => "BOOTREPLY",
        None => "BOOTREQUEST",
        Some(1) => "DISCOVER",
        Some(2) => "OFFER",
        Some(3) => "REQUEST",
        Some(4) => "DECLINE",
        Some(5) => "ACK",
        Some(6) => "NAK",
        Some(7) => "RELEASE",
        Some(8) => "INFORM",
        Some(9) => "FORCERENEW",
        Some(10) => "LEASEQUERY",
        Some(11) => "LEASEUNASSIGNED",
        Some(12) => "LEASEUNKNOWN",
        Some(13) => "LEASEACTIVE",
        Some(_) => "other",
    }
}

/// The fixed head (RFC 2131, 2) with the options.
struct Dhcpv4Message {
    reply: bool,
    kind: Option<u8>,
    client: Option<Mac>,
    ciaddr: Ipv4Addr,
    yiaddr: Ipv4Addr,
    giaddr: Ipv4Addr,
    options: Options,
}

impl Dhcpv4Message {
    fn read(bytes: &[u8]) -> Option<Dhcpv4Message> {
        let address =
            |at: usize| bytes.get(at..).and_then(|b| b.first_chunk::<4>()).map(|b| Ipv4Addr::from(*b));
        let &[op, htype, hlen, _] = bytes.first_chunk::<4>()?;
        let (ciaddr, yiaddr, giaddr) = (address(12)?, address(16)?, address(24)?);
        let ethernet = matches!(htype, 1 | 6) && hlen == 6;
        let client = bytes.get(28..34).and_then(Mac::read).filter(|mac| ethernet && mac.is_station());
        let (sname, file) = (bytes.get(44..108)?, bytes.get(108..HEAD)?);
        let options = match bytes.get(HEAD..HEAD + 4) {
            Some(cookie) if cookie == COOKIE => {
                Options::read(bytes.get(HEAD + 4..).unwrap_or_default(), file, sname)
            }
            _ => Options::default(),
        };
        let kind = options.byte(53);
        Some(Dhcpv4Message { reply: op == 2, kind, client, ciaddr, yiaddr, giaddr, options })
    }
}

#[derive(Default)]
struct Dhcp {
    said: Said,
}

impl Session for Dhcp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let Some(message) = Dhcpv4Message::read(bytes) else {
            cx.weird("dhcpv4_truncated");
            return Progress::Consumed(bytes.len() as u64);
        };
        if message.options.broken {
            cx.weird("dhcpv4_bad_option");
        }
        if !message.giaddr.is_unspecified() && message.giaddr.is_private() {
            self.said.tell(cx, &Subject::Ip(message.giaddr.into()), &ROLE, "relay");
        }
        if message.reply {
            self.server(&message, cx);
        } else {
            self.client(&message, cx);
        }
        self.relay_information(&message, cx);
        report(&message, cx);
        Progress::Consumed(bytes.len() as u64)
    }
}

impl Dhcp {
    fn client(&mut self, message: &Dhcpv4Message, cx: &mut Context<'_>) {
        // LEASEQUERY speaks of a client, in the words of an access concentrator (RFC 4388, 6.1).
        let own = matches!(message.kind, None | Some(1 | 3 | 4 | 7 | 8));
        let Some(mac) = message.client.filter(|_| own) else { return };
        let subject = cx.mac(mac);
        let options = &message.options;
        let said = &mut self.said;
        if let Some(codes) = options.get(55) {
            said.tell(cx, &subject, &REQUESTS, &list(codes));
        }
        if !options.order.is_empty() {
            let order =
                format!("{} {}", kind_name(message.kind, false).to_ascii_lowercase(), list(&options.order));
            said.tell(cx, &subject, &OPTIONS, &order);
        }
        if let Some(name) = options.get(12).and_then(|name| host_name(&clean_bytes(name))) {
            said.tell(cx, &subject, &HOST_NAME, &name);
        }
        if let Some(name) = options.get(81).and_then(fqdn) {
            said.tell(cx, &subject, &FQDN, &name);
        }
        if let Some(class) = options.get(60) {
            said.tell(cx, &subject, &VENDOR_CLASS, &readable(class));
        }
        if let Some(class) = options.get(77) {
            for class in user_classes(class) {
                said.tell(cx, &subject, &USER_CLASS, &class);
            }
        }
        if let Some(id) = options.get(61).and_then(|id| client_id(id, mac)) {
            said.tell(cx, &subject, &CLIENT_ID, &id);
        }
        if let Some(bytes) = options.get(43) {
            said.tell(cx, &subject, &VENDOR_SPECIFIC, &hex(bytes, 64));
        }
        for (enterprise, bytes) in options.get(124).map(by_enterprise).into_iter().flatten().take(8) {
            // Inside stand strings with a length each.
            let texts: Vec<String> = lengths(bytes).map(readable).collect();
            said.tell(cx, &subject, &VI_CLASS, &format!("{enterprise} {}", texts.join(" ")));
        }
        for (enterprise, bytes) in options.get(125).map(by_enterprise).into_iter().flatten().take(8) {
            for (code, value) in triples(bytes).take(16) {
                let text = format!("{enterprise} {code} {}", readable(value));
                said.tell(cx, &subject, &VI_INFORMATION, &text);
            }
        }
        if let Some(size) = options.get(57).and_then(|b| b.first_chunk::<2>()) {
            said.tell(cx, &subject, &MAXIMUM_SIZE, &u16::from_be_bytes(*size).to_string());
        }
        if let Some(kind) = options.get(93).and_then(|b| b.first_chunk::<2>()) {
            said.tell(cx, &subject, &ARCHITECTURE, &u16::from_be_bytes(*kind).to_string());
        }
        if let Some((0, id)) = options.get(97).and_then(|b| b.split_first()).map(|(t, id)| (*t, id))
            && id.iter().any(|b| !matches!(b, 0 | 0xff))
        {
            said.tell(cx, &subject, &MACHINE_ID, &hex(id, 16));
        }
        if let Some(url) = options.get(161) {
            said.tell(cx, &subject, &MUD_URL, &readable(url));
        }
        // A client that renews, rebinds or informs states the address that it uses (RFC 2131, 4.4.1, table 5).
        if matches!(message.kind, Some(3 | 8)) && !message.ciaddr.is_unspecified() {
            self.link(mac, message.ciaddr, LinkKind::Neighbour, cx);
        }
    }

    fn server(&mut self, message: &Dhcpv4Message, cx: &mut Context<'_>) {
        let options = &message.options;
        let server = server_of(message, cx);
        if matches!(message.kind, Some(2 | 5 | 6)) {
            self.said.tell(cx, &server, &ROLE, "server");
        }
        if matches!(message.kind, Some(2 | 5)) {
            for (name, value) in served(options) {
                self.said.tell(cx, &server, &SERVES, &format!("{name} {value}"));
            }
        }
        let Some(mac) = message.client else { return };
        match message.kind {
            Some(5) => {
                if let Some(name) = options.get(12).and_then(|name| host_name(&clean_bytes(name))) {
                    let subject = cx.mac(mac);
                    self.said.tell(cx, &subject, &ASSIGNED_NAME, &name);
                }
                if !message.yiaddr.is_unspecified() {
                    let seconds = options.word(51).unwrap_or(u32::MAX);
                    self.link(mac, message.yiaddr, LinkKind::Lease { seconds }, cx);
                }
            }
            // The server answers LEASEQUERY from its records: the address stands in ciaddr (RFC 4388, 6.4.2).
            Some(13) if !message.ciaddr.is_unspecified() => {
                if let Some(seconds) = options.word(51) {
                    self.link(mac, message.ciaddr, LinkKind::Lease { seconds }, cx);
                }
            }
            // BOOTP assigns for good (RFC 951, 3); RFC 2131, 3.3 writes "for ever" as all ones.
            None if !message.yiaddr.is_unspecified() => {
                self.link(mac, message.yiaddr, LinkKind::Lease { seconds: u32::MAX }, cx);
            }
            _ => {}
        }
    }

    /// Leases are told each time, since they move; a client's own word only once per session.
    fn link(&mut self, mac: Mac, ip: Ipv4Addr, kind: LinkKind, cx: &mut Context<'_>) {
        if ip.is_broadcast() || ip.is_loopback() {
            cx.weird("dhcpv4_bad_address");
        } else if kind != LinkKind::Neighbour || self.said.first(&(mac, ip)) {
            cx.link(mac, IpAddr::V4(ip), kind);
        }
    }

    /// Option 82 stands in what a relay sends to the server and in the server's echo; both are about the client.
    fn relay_information(&mut self, message: &Dhcpv4Message, cx: &mut Context<'_>) {
        let (Some(mac), Some(information)) = (message.client, message.options.get(82)) else { return };
        let subject = cx.mac(mac);
        for (code, value) in triples(information).take(16) {
            let field = match code {
                1 => &CIRCUIT,
                2 => &REMOTE,
                6 => &SUBSCRIBER,
                _ => continue,
            };
            self.said.tell(cx, &subject, field, &readable(value));
        }
    }
}

/// Who serves: option 54, which stays the server's own address when a relay passes the answer on (RFC 2132, 9.7).
fn server_of(message: &Dhcpv4Message, cx: &Context<'_>) -> Subject {
    let sender = cx.flow().peer(cx.side()).host.ip;
    match message.options.word(54).map(|id| IpAddr::V4(Ipv4Addr::from(id))) {
        Some(id) if id != sender && !id.is_unspecified() => cx.ip(id),
        _ => cx.sender(),
    }
}

/// What a server tells about the network, bounded: name and value.
fn served(options: &Options) -> Vec<(&'static str, String)> {
    const ADDRESSES: [(u8, &str); 7] = [
        (1, "subnet-mask"),
        (3, "router"),
        (6, "dns"),
        (42, "ntp"),
        (44, "wins"),
        (150, "tftp"),
        (7, "log-server"),
    ];
    const TEXTS: [(u8, &str); 5] = [
        (15, "domain"),
        (66, "tftp-server"),
        (67, "boot-file"),
        (252, "proxy-auto-configuration"),
        (114, "captive-portal"),
    ];
    let mut told = Vec::new();
    for (code, name) in ADDRESSES {
        for address in options.get(code).unwrap_or_default().as_chunks::<4>().0.iter().take(4) {
            told.push((name, Ipv4Addr::from(*address).to_string()));
        }
    }
    for (code, name) in TEXTS {
        let text = options.get(code).map(readable).unwrap_or_default();
        if !text.is_empty() {
            told.push((name, text));
        }
    }
    if let Some(seconds) = options.word(51) {
        told.push(("lease-seconds", seconds.to_string()));
    }
    told
}

/// The name in option 81: plain text or, with flag E, in DNS wire form (RFC 4702, 2.1 and 2.3).
fn fqdn(option: &[u8]) -> Option<String> {
    let (&[flags, _, _], name) = option.split_first_chunk::<3>()?;
    if flags & 0x04 == 0 {
        return host_name(&clean_bytes(name));
    }
    let labels: Vec<String> = lengths(name).take_while(|l| !l.is_empty()).map(clean_bytes).collect();
    host_name(&labels.join("."))
}

/// Byte strings with a length in front of each.
fn lengths(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first()?;
        let (text, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        Some(text)
    })
}

/// Option 77 as RFC 3004 has it (strings with lengths), or as plain text, as many clients send it.
fn user_classes(option: &[u8]) -> Vec<String> {
    let total: usize = lengths(option).map(|class| class.len() + 1).sum();
    if total == option.len() && lengths(option).all(|class| !class.is_empty()) {
        lengths(option).take(8).map(readable).collect()
    } else {
        vec![readable(option)]
    }
}

/// Option 61, unless it only repeats the hardware address.
fn client_id(id: &[u8], client: Mac) -> Option<String> {
    let (kind, rest) = id.split_first()?;
    match (kind, rest.len()) {
        (1, 6) => Mac::read(rest).filter(|mac| *mac != client).map(|mac| format!("mac {mac}")),
        // RFC 4361, 6.1: IAID of four bytes, then the DUID.
        (255, 7..) => rest.get(4..).map(|duid| format!("duid {}", hex(duid, 64))),
        (0, 1..) => Some(format!("text {}", readable(rest))),
        (_, 0) => None,
        _ => Some(format!("type {kind} {}", hex(rest, 64))),
    }
}

fn report(message: &Dhcpv4Message, cx: &mut Context<'_>) {
    let object = message.client.map(|mac| mac.to_string()).unwrap_or_default();
    let address = match message.kind {
        Some(4) | Some(1) | Some(3) if message.ciaddr.is_unspecified() => {
            message.options.word(50).map(Ipv4Addr::from)
        }
        _ if message.reply => Some(message.yiaddr),
        _ => Some(message.ciaddr),
    };
    let text = |ip: Option<Ipv4Addr>| {
        ip.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()).unwrap_or_default()
    };
    let outcome = match message.kind {
        Some(5) => Outcome::Success,
        Some(6) => Outcome::Failure,
        None if message.reply => Outcome::Success,
        _ => Outcome::Unknown,
    };
    let name = message.options.get(12).or(message.options.get(81).and_then(|o| o.get(3..)));
    cx.activity(Verb::Address, kind_name(message.kind, message.reply), &object)
        .outcome(outcome)
        .detail("address", &text(address))
        .detail("server", &text(message.options.word(54).map(Ipv4Addr::from)))
        .detail("relay", &text(Some(message.giaddr)))
        .detail("host-name", &name.map(readable).unwrap_or_default())
        .detail(
            "router",
            &if message.reply { text(message.options.word(3).map(Ipv4Addr::from)) } else { String::new() },
        )
        .detail(
            "dns",
            &if message.reply { text(message.options.word(6).map(Ipv4Addr::from)) } else { String::new() },
        )
        .detail("message", &message.options.get(56).map(readable).unwrap_or_default());
}

#[cfg(test)]
mod tests;
