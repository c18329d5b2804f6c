//! From a frame to the innermost packet: link headers, tags, tunnels.
//!
//! Mirrors often deliver traffic wrapped (ERSPAN, VXLAN, GENEVE, MPLS, PPPoE); what counts is the traffic inside, so
//! decapsulation goes on to the innermost packet, at most eight levels deep.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::Mac;

use crate::frame::{LinkType, RawFrame};
use crate::ip::{IpPacket, protocol, read_ip};
use crate::link;
use crate::read::{u16_at, u32_at};

/// Deepest nesting that is followed.
const MAX_DEPTH: u8 = 8;

/// A frame, decoded to its innermost packet.
#[derive(Clone, Copy, Debug)]
pub struct Decoded<'a> {
    /// Link addresses of the innermost frame that has any; `Mac::ZERO` where there is none.
    pub source: Mac,
    pub destination: Mac,
    /// Outermost 802.1Q VLAN id of the innermost tagged frame; 0 for untagged.
    pub vlan: u16,
    /// Tunnels that were taken off.
    pub tunnels: u8,
    pub layer: Layer<'a>,
    /// Bytes of the innermost frame or packet as on the wire (IP total length, or frame length).
    pub length: u32,
}

/// What a frame carries.
#[derive(Clone, Copy, Debug)]
pub enum Layer<'a> {
    /// An IP packet that is no tunnel, or a fragment.
    Ip(IpPacket<'a>),
    /// A protocol straight on the link.
    Link { kind: LinkProtocol, payload: &'a [u8] },
    /// Could not be read; the name of the weird.
    Unreadable(&'static str),
}

/// A link-layer protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkProtocol {
    /// EtherType.
    EtherType(u16),
    /// IEEE 802.2 SNAP: organisation code, protocol.
    Snap { oui: [u8; 3], protocol: u16 },
    /// IEEE 802.2 LLC: destination and source service access point.
    Llc { dsap: u8, ssap: u8 },
}

/// Decodes a frame.
pub fn decode<'a>(frame: &RawFrame<'a>) -> Decoded<'a> {
    let mut decoded = Decoded {
        source: Mac::ZERO,
        destination: Mac::ZERO,
        vlan: 0,
        tunnels: 0,
        layer: Layer::Unreadable("link_truncated"),
        length: frame.original,
    };
    let bytes = frame.bytes;
    let result = match frame.link {
        LinkType::Ethernet => ethernet(bytes, &mut decoded, 0),
        LinkType::Raw | LinkType::Ipv4 | LinkType::Ipv6 => ip(bytes, &mut decoded, 0),
        LinkType::Null | LinkType::Loop => bytes.get(4..).map_or(Err("link_truncated"), |ip_bytes| {
            let family = u32_at(bytes, 0).unwrap_or(0);
            // AF_INET is 2 everywhere; AF_INET6 differs (10 Linux, 24/28/30 BSDs); either byte order.
            match family.min(family.swap_bytes()) {
                2 | 10 | 24 | 28 | 30 => ip(ip_bytes, &mut decoded, 0),
                _ => Err("loopback_unknown_family"),
            }
        }),
        LinkType::LinuxSll => {
            // Packet type, ARPHRD, address length, address (8), protocol.
            let kind = u16_at(bytes, 14);
            if u16_at(bytes, 4) == Some(6)
                && let Some(mac) = bytes.get(6..).and_then(Mac::read)
            {
                decoded.source = mac;
            }
            match (kind, bytes.get(16..)) {
                (Some(kind), Some(rest)) => ethertype(kind, rest, &mut decoded, 0),
                _ => Err("link_truncated"),
            }
        }
        LinkType::LinuxSll2 => {
            // Protocol, reserved, interface index, ARPHRD, packet type, address length, address (8).
            let kind = u16_at(bytes, 0);
            if bytes.get(11) == Some(&6)
                && let Some(mac) = bytes.get(12..).and_then(Mac::read)
            {
                decoded.source = mac;
            }
            match (kind, bytes.get(20..)) {
                (Some(kind), Some(rest)) => ethertype(kind, rest, &mut decoded, 0),
                _ => Err("link_truncated"),
            }
        }
        LinkType::Ieee80211 => wireless(bytes, &mut decoded),
        LinkType::Radiotap => {
            // RadioTap: version 0, pad, length (little-endian).
            let length = usize::from(u16_at(bytes, 2).unwrap_or(0).swap_bytes());
            match bytes.get(length.max(8)..) {
                Some(rest) => wireless(rest, &mut decoded),
                None => Err("link_truncated"),
            }
        }
        LinkType::Other(_) => Err("link_type_unsupported"),
    };
    match result {
        Ok(layer) => {
            if let Layer::Ip(packet) = &layer {
                decoded.length = packet.total_length;
            }
            decoded.layer = layer;
        }
        Err(weird) => decoded.layer = Layer::Unreadable(weird),
    }
    decoded
}

/// Decodes what a reassembled datagram holds (it may be a tunnel), with the link addresses of its last fragment.
pub fn decode_payload<'a>(outer: &Decoded<'_>, packet: IpPacket<'a>) -> Decoded<'a> {
    let mut decoded = Decoded {
        source: outer.source,
        destination: outer.destination,
        vlan: outer.vlan,
        tunnels: outer.tunnels,
        layer: Layer::Unreadable("link_truncated"),
        length: packet.total_length,
    };
    match inside(packet, &mut decoded, 1) {
        Ok(layer) => {
            if let Layer::Ip(packet) = &layer {
                decoded.length = packet.total_length;
            }
            decoded.layer = layer;
        }
        Err(weird) => decoded.layer = Layer::Unreadable(weird),
    }
    decoded
}

type Step<'a> = Result<Layer<'a>, &'static str>;

/// IEEE 802.3, Ethernet II and 802.2 (3.2.6: values up to 1500 are lengths, from 0x600 types).
fn ethernet<'a>(bytes: &'a [u8], decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    let header = bytes.first_chunk::<14>().ok_or("ethernet_truncated")?;
    let [d0, d1, d2, d3, d4, d5, s0, s1, s2, s3, s4, s5, t0, t1] = *header;
    decoded.destination = Mac([d0, d1, d2, d3, d4, d5]);
    decoded.source = Mac([s0, s1, s2, s3, s4, s5]);
    let kind = u16::from_be_bytes([t0, t1]);
    let rest = bytes.get(14..).unwrap_or_default();
    if kind >= 0x600 {
        ethertype(kind, rest, decoded, depth)
    } else {
        // The length cuts off padding.
        llc(rest.get(..usize::from(kind)).unwrap_or(rest), decoded, depth)
    }
}

/// IEEE 802.2 LLC, with SNAP (IEEE 802-2014, 9.2.3).
fn llc<'a>(bytes: &'a [u8], decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    let head = bytes.first_chunk::<3>().ok_or("llc_truncated")?;
    if *head == [0xaa, 0xaa, 0x03] {
        let oui = bytes.get(3..).and_then(|b| b.first_chunk::<3>()).ok_or("llc_truncated")?;
        let kind = u16_at(bytes, 6).ok_or("llc_truncated")?;
        let payload = bytes.get(8..).unwrap_or_default();
        // RFC 1042 and 802.1H encapsulations of EtherTypes.
        return if *oui == [0, 0, 0] || *oui == [0, 0, 0xf8] {
            ethertype(kind, payload, decoded, depth)
        } else {
            Ok(Layer::Link { kind: LinkProtocol::Snap { oui: *oui, protocol: kind }, payload })
        };
    }
    let payload = bytes.get(3..).unwrap_or_default();
    Ok(Layer::Link { kind: LinkProtocol::Llc { dsap: head[0], ssap: head[1] }, payload })
}

fn ethertype<'a>(kind: u16, bytes: &'a [u8], decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    let mut kind = kind;
    let mut rest = bytes;
    let mut tags = 0_u8;
    // 802.1Q, 802.1ad, and the two older QinQ types.
    while matches!(kind, 0x8100 | 0x88a8 | 0x9100 | 0x9200) {
        let tag = u16_at(rest, 0).ok_or("vlan_truncated")? & 0x0fff;
        kind = u16_at(rest, 2).ok_or("vlan_truncated")?;
        rest = rest.get(4..).unwrap_or_default();
        if tags == 0 {
            decoded.vlan = tag;
        }
        tags += 1;
        if tags > 4 {
            return Err("vlan_too_deep");
        }
    }
    match kind {
        0x0800 | 0x86dd => ip(rest, decoded, depth),
        // MPLS unicast and multicast (RFC 3032).
        0x8847 | 0x8848 => mpls(rest, decoded, depth),
        // PPPoE session (RFC 2516, 4): version/type 0x11, code 0, session, length, then PPP protocol.
        0x8864 => {
            if rest.first_chunk::<2>() != Some(&[0x11, 0]) {
                return Err("pppoe_bad_header");
            }
            let payload = rest.get(8..).unwrap_or_default();
            match u16_at(rest, 6) {
                Some(0x0021 | 0x0057) => tunnel(decoded).and_then(|()| ip(payload, decoded, depth + 1)),
                Some(_) => Ok(Layer::Link { kind: LinkProtocol::EtherType(kind), payload: rest }),
                None => Err("pppoe_truncated"),
            }
        }
        // 802.3 length inside a VLAN tag.
        0..=0x5ff => llc(rest, decoded, depth),
        _ => Ok(Layer::Link { kind: LinkProtocol::EtherType(kind), payload: rest }),
    }
}

fn wireless<'a>(bytes: &'a [u8], decoded: &mut Decoded<'_>) -> Step<'a> {
    match link::read_80211(bytes)? {
        link::Wireless::Payload { source, destination, llc: payload } => {
            decoded.source = source;
            decoded.destination = destination;
            llc(payload, decoded, 0)
        }
        link::Wireless::Management { source, destination } => {
            decoded.source = source;
            decoded.destination = destination;
            Ok(Layer::Link { kind: LinkProtocol::Llc { dsap: 0, ssap: 0 }, payload: &[] })
        }
    }
}

fn mpls<'a>(bytes: &'a [u8], decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    tunnel(decoded)?;
    let mut at = 0_usize;
    for _ in 0..16 {
        let label = u32_at(bytes, at).ok_or("mpls_truncated")?;
        at += 4;
        if label & 0x100 != 0 {
            let rest = bytes.get(at..).unwrap_or_default();
            // Nothing names the payload: IP by its version nibble, else a pseudowire with (0) or without control word
            // (RFC 4385, 3: the first nibble of a control word is 0).
            return match rest.first().map(|b| b >> 4) {
                Some(4 | 6) => ip(rest, decoded, depth + 1),
                Some(0) if rest.len() > 18 => ethernet(rest.get(4..).unwrap_or_default(), decoded, depth + 1),
                _ => ethernet(rest, decoded, depth + 1),
            };
        }
    }
    Err("mpls_too_deep")
}

fn ip<'a>(bytes: &'a [u8], decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    inside(read_ip(bytes)?, decoded, depth)
}

/// Counts one tunnel more.
fn tunnel(decoded: &mut Decoded<'_>) -> Result<(), &'static str> {
    decoded.tunnels += 1;
    if decoded.tunnels > MAX_DEPTH { Err("tunnel_too_deep") } else { Ok(()) }
}

/// Goes on into a tunnel where the packet is one.
fn inside<'a>(packet: IpPacket<'a>, decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    if packet.fragment.is_some() {
        return Ok(Layer::Ip(packet));
    }
    if depth > MAX_DEPTH {
        return Err("tunnel_too_deep");
    }
    match packet.protocol {
        protocol::UDP => match udp_tunnel(packet.payload) {
            Some(Inner::Ethernet(frame)) => {
                tunnel(decoded)?;
                decoded.vlan = 0;
                ethernet(frame, decoded, depth + 1)
            }
            Some(Inner::Ip(bytes)) => {
                tunnel(decoded)?;
                ip(bytes, decoded, depth + 1)
            }
            None => Ok(Layer::Ip(packet)),
        },
        protocol::IPV4 | protocol::IPV6 => {
            tunnel(decoded)?;
            ip(packet.payload, decoded, depth + 1)
        }
        protocol::GRE => gre(packet, decoded, depth),
        _ => Ok(Layer::Ip(packet)),
    }
}

enum Inner<'a> {
    Ethernet(&'a [u8]),
    Ip(&'a [u8]),
}

/// VXLAN (RFC 7348, 5) and GENEVE (RFC 8926, 3.4): by port and by what the header must look like.
fn udp_tunnel(udp: &[u8]) -> Option<Inner<'_>> {
    let port = u16_at(udp, 2)?;
    if !matches!(port, 4789 | 8472 | 6081) {
        return None;
    }
    let body = udp.get(8..)?;
    if port == 6081 {
        let head = body.first_chunk::<8>()?;
        if head[0] >> 6 != 0 {
            return None;
        }
        let rest = body.get(8 + usize::from(head[0] & 0x3f) * 4..)?;
        return match u16::from_be_bytes([head[2], head[3]]) {
            0x6558 if rest.len() >= 14 => Some(Inner::Ethernet(rest)),
            0x0800 | 0x86dd => Some(Inner::Ip(rest)),
            _ => None,
        };
    }
    let head = body.first_chunk::<8>()?;
    let rest = body.get(8..)?;
    // The I flag set, all reserved bits and the last byte zero.
    (head[0] & 0x08 != 0 && head[7] == 0 && rest.len() >= 14).then_some(Inner::Ethernet(rest))
}

/// GRE (RFC 2784, 2890) with IP, Ethernet and ERSPAN types I to III inside.
fn gre<'a>(packet: IpPacket<'a>, decoded: &mut Decoded<'_>, depth: u8) -> Step<'a> {
    let bytes = packet.payload;
    let (Some(flags), Some(kind)) = (u16_at(bytes, 0), u16_at(bytes, 2)) else {
        return Err("gre_truncated");
    };
    // Version 1 is PPTP (RFC 2637); routing present is obsolete: both are left as IP protocol 47.
    if flags & 0x4007 != 0 {
        return Ok(Layer::Ip(packet));
    }
    let mut at = 4_usize;
    let sequence = flags & 0x1000 != 0;
    for present in [flags & 0x8000 != 0, flags & 0x2000 != 0, sequence] {
        at += if present { 4 } else { 0 };
    }
    let rest = bytes.get(at..).ok_or("gre_truncated")?;
    match kind {
        0x0800 | 0x86dd => {
            tunnel(decoded)?;
            ip(rest, decoded, depth + 1)
        }
        0x6558 => {
            tunnel(decoded)?;
            ethernet(rest, decoded, depth + 1)
        }
        // ERSPAN: type I has no header and no sequence number; type II 8 bytes (version 1);
        // type III 12 bytes (version 2) and 8 more where the O bit is set (draft-foschiano-erspan-03, 4).
        0x88be => {
            tunnel(decoded)?;
            let frame = if !sequence {
                rest
            } else if rest.first().map(|b| b >> 4) == Some(1) {
                rest.get(8..).ok_or("erspan_truncated")?
            } else {
                return Err("erspan_bad_version");
            };
            ethernet(frame, decoded, depth + 1)
        }
        0x22eb => {
            tunnel(decoded)?;
            let extra = if rest.get(11).is_some_and(|b| b & 1 != 0) { 8 } else { 0 };
            ethernet(rest.get(12 + extra..).ok_or("erspan_truncated")?, decoded, depth + 1)
        }
        // Cisco keep-alives and others: no tunnel of interest.
        _ => Ok(Layer::Ip(packet)),
    }
}

/// The address that stands where a link-layer flow has none.
pub const NO_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
