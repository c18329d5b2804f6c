//! DHCP for IPv6: clients that introduce themselves with a DUID.
//!
//! Standards: RFC 8415 (7.3 message types, 9 relays, 11 DUIDs, 21 options), RFC 4704 (client FQDN), RFC 6355 (UUID DUID),
//! RFC 6939 (client link-layer address), RFC 4649 (remote id), RFC 5970 (boot), RFC 8520 (MUD URL).
//!
//! Shape: message type, transaction id of three bytes, options of type, length and value; relays wrap messages into
//! RELAY-FORW and RELAY-REPL, which is followed four levels deep.
//!
//! What it tells: of the client its DUID, host name, the options it asks for in their order, vendor and user class; of
//! the server that it serves and what. A REPLY with an address links the client's MAC to it.
//!
//! Which MAC: that of the frame where no relay is between, else the relay's option 79, the EUI-64 in the peer address,
//! or that of a request with the same transaction. A DUID holds a MAC of the device, though perhaps of another of its
//! interfaces (RFC 8415, 11): it is a fact, not an address.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv6Addr};

use medward_model::{Attribute, Field, LinkKind, Mac, Outcome, Verb};

use super::said::Said;
use super::value::{hex, host_name, readable};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

static FQDN: Field =
    Field::states("fqdn", Attribute::Hostname, 92, "Client FQDN option, sent by the client (RFC 4704, 4)");
static DUID: Field = Field::fact(
    "duid",
    "Client Identifier (RFC 8415, 21.2): \"llt MAC\", \"ll MAC\", \"en enterprise id\", \"uuid …\" or hexadecimal",
);
static REQUESTS: Field =
    Field::fact("option-request", "Option Request option (RFC 8415, 21.7): codes in the client's order");
static OPTIONS: Field =
    Field::fact("options", "message type, then the codes of all options in the client's order");
static VENDOR_CLASS: Field =
    Field::fact("vendor-class", "Vendor Class option (RFC 8415, 21.16): enterprise number and text");
static VENDOR_OPTIONS: Field = Field::fact(
    "vendor-options",
    "Vendor-specific Information option (RFC 8415, 21.17): enterprise number, sub-option and value",
);
static USER_CLASS: Field = Field::fact("user-class", "User Class option (RFC 8415, 21.15)");
static ARCHITECTURE: Field =
    Field::fact("client-architecture", "Client System Architecture Type (RFC 5970, 3.3), number");
static MUD_URL: Field = Field::fact("mud-url", "Manufacturer Usage Description URL (RFC 8520, 10)");
static INTERFACE_ID: Field =
    Field::fact("relay-interface-id", "Interface-Id of the relay (RFC 8415, 21.18): the client's port");
static REMOTE_ID: Field =
    Field::fact("relay-remote-id", "Relay Agent Remote-ID (RFC 4649, 3): enterprise number and id");
static ROLE: Field = Field::fact("role", "\"server\" or \"relay\" (RFC 8415, 4.2)");
static SERVES: Field =
    Field::fact("serves", "what a server hands out (RFC 3646, RFC 5908): option name and value");

pub(super) static DHCPV6: Dissector = Dissector {
    name: "dhcpv6",
    title: "DHCP for IPv6",
    label: "DHCPv6",
    group: Group::Naming,
    specification: &["RFC 8415", "RFC 4704", "RFC 6939"],
    ports: &[547, 546],
    carrier: Carrier::Datagram { probe, session: || Box::new(Dhcpv6::default()) },
    fields: &[
        &FQDN,
        &DUID,
        &REQUESTS,
        &OPTIONS,
        &VENDOR_CLASS,
        &VENDOR_OPTIONS,
        &USER_CLASS,
        &ARCHITECTURE,
        &MUD_URL,
        &INTERFACE_ID,
        &REMOTE_ID,
        &ROLE,
        &SERVES,
    ],
    basis: Basis::RealPeers,
};

const RELAY_FORW: u8 = 12;
const RELAY_REPL: u8 = 13;
/// Relays followed (RFC 8415, 7.6 allows 8 hops).
const DEPTH: usize = 4;
/// Relayed transactions whose MAC is remembered.
const MOST_OPEN: usize = 256;

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    let known = matches!(bytes.first(), Some(1..=13));
    let start = if matches!(bytes.first(), Some(&RELAY_FORW | &RELAY_REPL)) { 34 } else { 4 };
    let whole = bytes.get(start..).is_some_and(|rest| {
        let mut used = 0;
        let count = options(rest).inspect(|(_, value)| used += 4 + value.len()).count();
        count > 0 && used == rest.len()
    });
    Probe::when(known && whole && (head.on_port(547) || head.on_port(546)))
}

/// Options: type, length, value (RFC 8415, 21.1); ends where one is cut.
fn options(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&[k1, k0, l1, l0], tail) = rest.split_first_chunk::<4>()?;
        let (value, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes([l1, l0])))?;
        rest = tail;
        Some((u16::from_be_bytes([k1, k0]), value))
    })
}

fn option(bytes: &[u8], code: u16) -> Option<&[u8]> {
    options(bytes).find(|(known, _)| *known == code).map(|(_, value)| value)
}

/// What relays told on the way to the message inside.
#[derive(Default)]
struct Relayed<'a> {
    depth: usize,
    /// Of the innermost relay: the client.
    peer: Option<Ipv6Addr>,
    mac: Option<Mac>,
    interface: Option<&'a [u8]>,
    remote: Option<&'a [u8]>,
}

/// Takes the relays' wrapping off.
fn unwrap_relays(bytes: &[u8]) -> Option<(Relayed<'_>, &[u8])> {
    let mut relayed = Relayed::default();
    let mut message = bytes;
    while matches!(message.first(), Some(&RELAY_FORW | &RELAY_REPL)) {
        if relayed.depth == DEPTH {
            return None;
        }
        relayed.depth += 1;
        let peer = message.get(18..34)?.first_chunk::<16>()?;
        let rest = message.get(34..)?;
        relayed.peer = Some(Ipv6Addr::from(*peer));
        // Option 79: link-layer type (1 for Ethernet), then the address (RFC 6939, 4).
        let address =
            option(rest, 79).and_then(|value| value.strip_prefix(&[0, 1])).filter(|mac| mac.len() == 6);
        relayed.mac = address.and_then(Mac::read).or(relayed.mac);
        relayed.interface = option(rest, 18);
        relayed.remote = option(rest, 37);
        message = option(rest, 9)?;
    }
    Some((relayed, message))
}

/// The MAC inside a link-local address made by EUI-64 (RFC 4291, appendix A).
fn eui64(ip: Ipv6Addr) -> Option<Mac> {
    let [0xfe, 0x80, .., a, b, c, 0xff, 0xfe, d, e, f] = ip.octets() else { return None };
    Some(Mac([a ^ 0x02, b, c, d, e, f])).filter(|mac| mac.is_station())
}

#[derive(Default)]
struct Dhcpv6 {
    said: Said,
    /// Transaction, DUID and MAC of relayed requests.
    open: VecDeque<([u8; 3], Vec<u8>, Mac)>,
}

impl Session for Dhcpv6 {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        let Some((relayed, message)) = unwrap_relays(bytes) else {
            cx.weird("dhcpv6_bad_relay");
            return done;
        };
        let (Some(&[kind, transaction @ ..]), Some(rest)) = (message.first_chunk::<4>(), message.get(4..))
        else {
            cx.weird("dhcpv6_truncated");
            return done;
        };
        if relayed.depth > 0 {
            let relay = if bytes.first() == Some(&RELAY_FORW) { cx.sender() } else { cx.receiver() };
            self.said.tell(cx, &relay, &ROLE, "relay");
        }
        let duid = option(rest, 1).unwrap_or_default();
        let answer = matches!(kind, 2 | 7 | 10);
        let mac = self.client_mac(&relayed, answer, transaction, duid, cx);
        if answer {
            self.server(kind, rest, &relayed, mac, cx);
        } else {
            self.client(kind, rest, &relayed, mac, cx);
        }
        report(kind, rest, duid, &relayed, cx);
        done
    }
}

impl Dhcpv6 {
    fn client_mac(
        &mut self,
        relayed: &Relayed<'_>,
        answer: bool,
        transaction: [u8; 3],
        duid: &[u8],
        cx: &Context<'_>,
    ) -> Option<Mac> {
        if relayed.depth == 0 {
            let side = if answer { cx.side().other() } else { cx.side() };
            let peer = cx.flow().peer(side).host;
            // A client speaks from a link-local address; a routed unicast carries the router's MAC.
            let local = matches!(peer.ip, IpAddr::V6(ip) if ip.segments().first().is_some_and(|s| s & 0xffc0 == 0xfe80));
            return local.then_some(peer.mac).filter(|mac| mac.is_station());
        }
        let told = relayed.mac.or(relayed.peer.and_then(eui64)).filter(|mac| mac.is_station());
        let known = self.open.iter().position(|(id, client, _)| *id == transaction && client == duid);
        match (told, answer) {
            (Some(mac), false) if known.is_none() => {
                if self.open.len() >= MOST_OPEN {
                    self.open.pop_front();
                }
                self.open.push_back((transaction, duid.iter().take(130).copied().collect(), mac));
                told
            }
            (None, true) => known.and_then(|at| self.open.get(at)).map(|(_, _, mac)| *mac),
            _ => told,
        }
    }

    fn client(
        &mut self,
        kind: u8,
        rest: &[u8],
        relayed: &Relayed<'_>,
        mac: Option<Mac>,
        cx: &mut Context<'_>,
    ) {
        let subject = match (relayed.depth, mac, relayed.peer) {
            (0, ..) => cx.sender(),
            (_, Some(mac), _) => cx.mac(mac),
            (_, None, Some(ip)) if ip.segments().first().is_some_and(|s| s & 0xffc0 != 0xfe80) => {
                cx.ip(ip.into())
            }
            _ => return,
        };
        let said = &mut self.said;
        let codes: Vec<String> = options(rest).take(64).map(|(code, _)| code.to_string()).collect();
        said.tell(
            cx,
            &subject,
            &OPTIONS,
            &format!("{} {}", kind_name(kind).to_ascii_lowercase(), codes.join(",")),
        );
        for (code, value) in options(rest).take(64) {
            match code {
                1 => said.tell(cx, &subject, &DUID, &duid_text(value)),
                6 => {
                    let wanted: Vec<String> = value
                        .as_chunks::<2>()
                        .0
                        .iter()
                        .take(128)
                        .map(|code| u16::from_be_bytes(*code).to_string())
                        .collect();
                    said.tell(cx, &subject, &REQUESTS, &wanted.join(","));
                }
                15 => {
                    for class in strings(value).take(8) {
                        said.tell(cx, &subject, &USER_CLASS, &readable(class));
                    }
                }
                16 => {
                    if let Some((enterprise, classes)) = enterprise(value) {
                        let texts: Vec<String> = strings(classes).take(8).map(readable).collect();
                        said.tell(cx, &subject, &VENDOR_CLASS, &format!("{enterprise} {}", texts.join(" ")));
                    }
                }
                17 => {
                    if let Some((enterprise, inner)) = enterprise(value) {
                        for (code, value) in options(inner).take(16) {
                            let text = format!("{enterprise} {code} {}", readable(value));
                            said.tell(cx, &subject, &VENDOR_OPTIONS, &text);
                        }
                    }
                }
                39 => {
                    if let Some(name) = value.get(1..).and_then(fqdn) {
                        said.tell(cx, &subject, &FQDN, &name);
                    }
                }
                61 => {
                    if let Some(kind) = value.first_chunk::<2>() {
                        said.tell(cx, &subject, &ARCHITECTURE, &u16::from_be_bytes(*kind).to_string());
                    }
                }
                112 => said.tell(cx, &subject, &MUD_URL, &readable(value)),
                _ => {}
            }
        }
        if let Some(interface) = relayed.interface {
            said.tell(cx, &subject, &INTERFACE_ID, &readable(interface));
        }
        if let Some((enterprise, id)) = relayed.remote.and_then(enterprise) {
            said.tell(cx, &subject, &REMOTE_ID, &format!("{enterprise} {}", readable(id)));
        }
    }

    fn server(
        &mut self,
        kind: u8,
        rest: &[u8],
        relayed: &Relayed<'_>,
        mac: Option<Mac>,
        cx: &mut Context<'_>,
    ) {
        if matches!(kind, 2 | 7) {
            let server = cx.sender();
            // What a relay passes on to the client comes from the relay, unwrapped; with the wrapping it is the server's.
            let own = relayed.depth > 0 || option(rest, 2).is_some();
            if own {
                self.said.tell(cx, &server, &ROLE, "server");
            }
            for (code, value) in options(rest).take(64) {
                let name = match code {
                    23 => "dns",
                    31 => "sntp",
                    24 => {
                        if let Some(domain) = fqdn(value) {
                            self.said.tell(cx, &server, &SERVES, &format!("domain {domain}"));
                        }
                        continue;
                    }
                    _ => continue,
                };
                for address in value.as_chunks::<16>().0.iter().take(4) {
                    let text = format!("{name} {}", Ipv6Addr::from(*address));
                    self.said.tell(cx, &server, &SERVES, &text);
                }
            }
        }
        // Only a REPLY gives addresses for use (RFC 8415, 18.2.10).
        if kind == 7
            && let Some(mac) = mac
        {
            for (ip, seconds) in addresses(rest) {
                if seconds > 0 && !ip.is_loopback() {
                    cx.link(mac, IpAddr::V6(ip), LinkKind::Lease { seconds });
                }
            }
        }
    }
}

/// Addresses of IA_NA (option 3) and IA_TA (option 4) with their valid lifetime in seconds; at most 16.
fn addresses(rest: &[u8]) -> Vec<(Ipv6Addr, u32)> {
    options(rest)
        .filter_map(|(code, value)| match code {
            3 => value.get(12..),
            4 => value.get(4..),
            _ => None,
        })
        .flat_map(options)
        .filter(|(code, _)| *code == 5)
        .filter_map(|(_, value)| {
            let (ip, rest) = value.split_first_chunk::<16>()?;
            let seconds = rest.get(4..8)?.first_chunk::<4>()?;
            Some((Ipv6Addr::from(*ip), u32::from_be_bytes(*seconds)))
        })
        .take(16)
        .collect()
}

fn enterprise(value: &[u8]) -> Option<(u32, &[u8])> {
    value.split_first_chunk::<4>().map(|(number, rest)| (u32::from_be_bytes(*number), rest))
}

/// Strings with a length of two bytes each.
fn strings(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let (text, tail) = tail.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        rest = tail;
        Some(text)
    })
}

/// A name in DNS wire form, perhaps without its root label (RFC 4704, 4.2).
fn fqdn(wire: &[u8]) -> Option<String> {
    let mut rest = wire;
    let mut labels = Vec::new();
    while let Some((length, tail)) = rest.split_first().filter(|(length, _)| **length > 0) {
        let (label, tail) = tail.split_at_checked(usize::from(*length).min(64))?;
        labels.push(clean_bytes(label));
        rest = tail;
    }
    host_name(&labels.join("."))
}

/// RFC 8415, 11; RFC 6355.
fn duid_text(duid: &[u8]) -> String {
    let (kind, rest) = match duid.split_first_chunk::<2>() {
        Some((kind, rest)) => (u16::from_be_bytes(*kind), rest),
        None => return hex(duid, 64),
    };
    let mac = |skip: usize| {
        // Hardware type 1 is Ethernet.
        let hardware = rest.starts_with(&[0, 1]);
        rest.get(skip..).filter(|mac| hardware && mac.len() == 6).and_then(Mac::read)
    };
    match kind {
        1 if mac(6).is_some() => format!("llt {}", mac(6).unwrap_or_default()),
        3 if mac(2).is_some() => format!("ll {}", mac(2).unwrap_or_default()),
        2 => match enterprise(rest) {
            Some((number, id)) => format!("en {number} {}", hex(id, 64)),
            None => hex(duid, 64),
        },
        4 => format!("uuid {}", hex(rest, 16)),
        _ => hex(duid, 64),
    }
}

/// RFC 8415, 7.3.
fn kind_name(kind: u8) -> &'static str {
    match kind {
        1 => "SOLICIT",
        2 => "ADVERTISE",
        3 => "REQUEST",
        4 => "CONFIRM",
        5 => "RENEW",
        6 => "REBIND",
        7 => "REPLY",
        8 => "RELEASE",
        9 => "DECLINE",
        10 => "RECONFIGURE",
        11 => "INFORMATION-REQUEST",
        _ => "other",
    }
}

fn report(kind: u8, rest: &[u8], duid: &[u8], relayed: &Relayed<'_>, cx: &mut Context<'_>) {
    let status =
        option(rest, 13).and_then(|value| value.first_chunk::<2>()).map(|code| u16::from_be_bytes(*code));
    let outcome = match (kind, status) {
        (7, None | Some(0)) => Outcome::Success,
        (7, _) => Outcome::Failure,
        _ => Outcome::Unknown,
    };
    let address = addresses(rest).first().map(|(ip, _)| ip.to_string()).unwrap_or_default();
    let server = option(rest, 2).map(duid_text).unwrap_or_default();
    let relay = if relayed.depth > 0 { relayed.depth.to_string() } else { String::new() };
    cx.activity(Verb::Address, kind_name(kind), &duid_text(duid))
        .outcome(outcome)
        .detail("address", &address)
        .detail("server", &server)
        .detail("relays", &relay)
        .detail("status", &status.map(|s| s.to_string()).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use medward_model::{LinkKind, Transport};

    use super::DHCPV6;
    use crate::{Side, exercise};

    fn option(code: u16, value: &[u8]) -> Vec<u8> {
        [&code.to_be_bytes()[..], &(value.len() as u16).to_be_bytes(), value].concat()
    }

    const DUID: [u8; 10] = [0, 3, 0, 1, 0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc];

    fn wrap(kind: u8, peer: [u8; 16], inner: &[u8], more: &[u8]) -> Vec<u8> {
        [&[kind, 0][..], &[0; 16], &peer, &option(9, inner), more].concat()
    }

    const PEER: [u8; 16] = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0x02, 0x1b, 0x21, 0xff, 0xfe, 0xaa, 0xbb, 0xcc];

    #[test]
    fn a_solicit_introduces_the_client() {
        let message = [
            vec![1, 1, 2, 3],
            option(1, &DUID),
            option(6, &[0, 23, 0, 24]),
            option(16, &[&[0, 0, 1, 0x37, 0, 8][..], b"MSFT 5.0"].concat()),
            option(39, &[0, 4, b'c', b't', b'-', b'2']),
        ]
        .concat();
        let said = exercise(&DHCPV6, Transport::Udp, &[(Side::Originator, &message)]);
        assert_eq!(said.values("duid"), ["ll 00:1b:21:aa:bb:cc"]);
        assert_eq!(said.values("option-request"), ["23,24"]);
        assert_eq!(said.values("options"), ["solicit 1,6,16,39"]);
        assert_eq!(said.values("vendor-class"), ["311 MSFT 5.0"]);
        assert_eq!(said.values("fqdn"), ["ct-2"]);
        assert_eq!(&*said.activity[0].operation, "SOLICIT");
    }

    #[test]
    fn a_relayed_reply_links_the_client_behind_the_relay() {
        let mut address = vec![0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        address.extend_from_slice(&[0, 0, 0, 100, 0, 0, 0, 200]);
        let ia = [vec![0; 12], option(5, &address)].concat();
        let reply = [vec![7, 1, 2, 3], option(1, &DUID), option(2, &DUID), option(3, &ia)].concat();
        let said = exercise(&DHCPV6, Transport::Udp, &[(Side::Responder, &wrap(13, PEER, &reply, &[]))]);
        assert_eq!(said.links.len(), 1);
        assert_eq!(said.links[0].mac.to_string(), "00:1b:21:aa:bb:cc");
        assert_eq!(said.links[0].ip.to_string(), "2001:db8::7");
        assert_eq!(said.links[0].kind, LinkKind::Lease { seconds: 200 });
    }

    #[test]
    fn relays_are_followed_to_a_bound() {
        let mut message = [vec![1, 1, 2, 3], option(1, &DUID)].concat();
        for _ in 0..9 {
            message = wrap(12, PEER, &message, &option(18, b"ge-0/0/1"));
        }
        let said = exercise(&DHCPV6, Transport::Udp, &[(Side::Originator, &message)]);
        assert_eq!(said.weirds.count("dhcpv6_bad_relay"), 1);
        let once = wrap(12, PEER, &[vec![1, 1, 2, 3], option(1, &DUID)].concat(), &option(18, b"ge-0/0/1"));
        let said = exercise(&DHCPV6, Transport::Udp, &[(Side::Originator, &once)]);
        assert_eq!(said.values("relay-interface-id"), ["ge-0/0/1"]);
        let about = said.evidence.iter().find(|e| e.field.name == "duid").unwrap();
        assert_eq!(about.subject.to_string(), "00:1b:21:aa:bb:cc");
    }
}
