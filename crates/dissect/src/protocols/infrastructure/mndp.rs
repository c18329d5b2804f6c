//! MikroTik Neighbour Discovery Protocol: what a RouterOS device says of itself in a broadcast.
//!
//! Follows MikroTik's RouterOS documentation ("Neighbor discovery", MNDP, UDP port 5678). A datagram is two bytes of
//! header, a 16-bit sequence number, then TLVs of two bytes type and two bytes length, all big-endian. A request is four
//! zero bytes. Types: 1 MAC address, 5 identity, 7 version, 8 platform, 10 uptime, 11 software id, 12 board, 14
//! unpack, 15 IPv6 address, 16 interface name, 17 IPv4 address.
//!
//! Says, of the sender: its MAC address's link to the address it sends from, identity (host name), version (operating
//! system version), platform (vendor), board (model), software id (unique identifier of the licence).

use medward_model::{Attribute, Field, LinkKind, Verb};

use super::octets::{Octets, ip, is_owned, says_something};
use crate::{Basis, Carrier, Context, Dissector, Group, Head, Probe, Progress, Session, clean_bytes};

pub(super) static MNDP: Dissector = Dissector {
    name: "mndp",
    title: "MikroTik neighbour discovery",
    label: "MNDP",
    group: Group::Infrastructure,
    specification: &["MikroTik RouterOS documentation, Neighbor discovery"],
    ports: &[5678],
    carrier: Carrier::Datagram { probe, session: || Box::new(Mndp::default()) },
    fields: &[&IDENTITY, &VERSION, &OS, &OS_VERSION, &PLATFORM, &BOARD, &SOFTWARE_ID, &INTERFACE],
    basis: Basis::RealPeers,
};

static IDENTITY: Field = Field::states("identity", Attribute::Hostname, 90, "Identity TLV (type 5)");
static VERSION: Field = Field::fact("version", "Version TLV (type 7)");
static OS: Field =
    Field::states("os", Attribute::Os, 97, "RouterOS, where the Platform TLV is MikroTik (type 8)");
static OS_VERSION: Field =
    Field::states("os-version", Attribute::OsVersion, 97, "First word of the Version TLV (type 7)");
static PLATFORM: Field = Field::states("platform", Attribute::Vendor, 97, "Platform TLV (type 8)");
static BOARD: Field = Field::states("board", Attribute::Model, 95, "Board TLV (type 12)");
static SOFTWARE_ID: Field = Field::states(
    "software-id",
    Attribute::UniqueId,
    90,
    "Software ID TLV: the licence's identifier (type 11)",
);
static INTERFACE: Field = Field::fact("interface", "Interface name TLV (type 16)");

const PORT: u16 = 5678;
const MAX_TLVS: usize = 32;

fn probe(head: &Head<'_>) -> Probe {
    let bytes = head.any();
    if head.originator_port != PORT && head.responder_port != PORT {
        return Probe::NoMatch;
    }
    Probe::when(bytes == [0, 0, 0, 0] || has_mac_first(bytes))
}

/// After the four bytes of head comes the MAC address TLV, or the identity.
fn has_mac_first(bytes: &[u8]) -> bool {
    let mut octets = Octets::new(bytes);
    octets.u32().is_some()
        && matches!((octets.u16(), octets.u16()), (Some(1), Some(6)) | (Some(5), Some(1..=256)))
        && octets.len() >= 6
}

/// A sender repeats itself every minute; what it said last is remembered.
#[derive(Default)]
struct Mndp {
    last: [u64; 2],
}

impl Session for Mndp {
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress {
        let done = Progress::Consumed(bytes.len() as u64);
        if bytes == [0, 0, 0, 0] {
            return done;
        }
        let Some((_, body)) = bytes.split_at_checked(4) else { return Progress::GiveUp("mndp_truncated") };
        let hash = without_uptime(body);
        match self.last.get_mut(cx.side().index()) {
            Some(last) if *last == hash => return done,
            Some(last) => *last = hash,
            None => {}
        }
        if read(body, cx).is_none() {
            cx.weird("mndp_truncated");
        }
        done
    }
}

/// FNV-1a over all TLVs but the uptime.
fn without_uptime(body: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut octets = Octets::new(body);
    while let (Some(kind), Some(length)) = (octets.u16(), octets.u16()) {
        let value = octets.take(usize::from(length)).unwrap_or_default();
        if kind != 10 {
            for byte in kind.to_be_bytes().iter().chain(value) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    hash
}

fn read(body: &[u8], cx: &mut Context<'_>) -> Option<()> {
    let sender = cx.sender();
    let host = cx.flow().peer(cx.side()).host;
    let mut octets = Octets::new(body);
    let mut own = None;
    let (mut version, mut platform) = (String::new(), String::new());
    for _ in 0..MAX_TLVS {
        if octets.is_empty() {
            break;
        }
        let (kind, length) = (octets.u16()?, octets.u16()?);
        let value = octets.take(usize::from(length))?;
        let text = || Some(clean_bytes(value)).filter(|t| says_something(t)).unwrap_or_default();
        match kind {
            // On another MAC than the frame's (a bridge's, or through a router) the claim is not in the owner's frame.
            1 => {
                own = Octets::new(value).mac().filter(|mac| *mac == host.mac);
                if let Some(mac) = own
                    && is_owned(host.ip)
                {
                    cx.link(mac, host.ip, LinkKind::Neighbour);
                }
            }
            5 => cx.evidence(sender.clone(), &IDENTITY, &text()),
            7 => version = text(),
            8 => platform = text(),
            11 => cx.evidence(sender.clone(), &SOFTWARE_ID, &prefixed("mikrotik ", &text())),
            12 => cx.evidence(sender.clone(), &BOARD, &text()),
            15 | 17 => {
                if let (Some(mac), Some(address)) = (own, ip(value).filter(|a| is_owned(*a))) {
                    cx.link(mac, address, LinkKind::Neighbour);
                }
            }
            16 => cx.evidence(sender.clone(), &INTERFACE, &text()),
            _ => {}
        }
    }
    cx.evidence(sender.clone(), &PLATFORM, &platform);
    cx.evidence(sender.clone(), &VERSION, &version);
    if platform == "MikroTik" {
        cx.evidence(sender.clone(), &OS, "RouterOS");
        cx.evidence(sender, &OS_VERSION, version.split(' ').next().unwrap_or(""));
    }
    cx.activity(Verb::Announce, "mndp", &platform);
    Some(())
}

fn prefixed(prefix: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{prefix}{text}") }
}

#[cfg(test)]
mod tests {
    use medward_model::Transport;

    use super::MNDP;
    use crate::{Side, exercise};

    fn announcement(uptime: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, 0, uptime];
        let mut tlv = |kind: u8, value: &[u8]| {
            bytes.extend([0, kind, 0, value.len() as u8]);
            bytes.extend(value);
        };
        tlv(1, &[0, 0, 0x5e, 0, 0x53, 1]);
        tlv(5, b"ward-router");
        tlv(7, b"6.42.1 (stable)");
        tlv(8, b"MikroTik");
        tlv(10, &[uptime, 0, 0, 0]);
        tlv(11, b"ABCD-1234");
        tlv(12, b"RB750Gr3");
        tlv(16, b"ether1");
        bytes
    }

    #[test]
    fn a_router_announces_itself_once() {
        let (first, second) = (announcement(1), announcement(2));
        let said =
            exercise(&MNDP, Transport::Udp, &[(Side::Originator, &first), (Side::Originator, &second)]);
        assert_eq!(said.values("identity"), ["ward-router"]);
        assert_eq!(said.values("board"), ["RB750Gr3"]);
        assert_eq!(said.values("platform"), ["MikroTik"]);
        assert_eq!(said.values("os-version"), ["6.42.1"]);
        assert_eq!(said.links.len(), 1);
        assert_eq!(said.activity.len(), 1);
    }

    #[test]
    fn truncation_is_harmless() {
        let whole = announcement(1);
        for end in 0..whole.len() {
            exercise(&MNDP, Transport::Udp, &[(Side::Originator, &whole[..end])]);
        }
    }
}
