//! IPv4 (RFC 791) and IPv6 (RFC 8200) headers, with extension headers walked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::read::{u8_at, u16_at, u32_at};

/// IP protocol numbers that are looked into (IANA "Assigned Internet Protocol Numbers").
pub mod protocol {
    pub const ICMP: u8 = 1;
    pub const IGMP: u8 = 2;
    pub const IPV4: u8 = 4;
    pub const TCP: u8 = 6;
    pub const UDP: u8 = 17;
    pub const IPV6: u8 = 41;
    pub const GRE: u8 = 47;
    pub const ICMPV6: u8 = 58;
    pub const SCTP: u8 = 132;
}

/// Where a fragment lies in its datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentPart {
    /// Offset of the payload in the original datagram's payload, in bytes.
    pub offset: u32,
    /// More fragments follow.
    pub more: bool,
    pub identification: u32,
}

/// A checked view of an IP packet.
#[derive(Clone, Copy, Debug)]
pub struct IpPacket<'a> {
    pub source: IpAddr,
    pub destination: IpAddr,
    /// Of the payload, after extension headers.
    pub protocol: u8,
    pub hop_limit: u8,
    /// ECN bits of the traffic class.
    pub ecn: u8,
    pub dont_fragment: bool,
    pub identification: u16,
    pub flow_label: u32,
    /// IPv4 options or IPv6 extension headers, in bytes.
    pub options: usize,
    /// The header with options or extension headers.
    pub header: &'a [u8],
    pub payload: &'a [u8],
    /// Bytes of payload on the wire; more than `payload.len()` where the snap length cut it.
    pub payload_length: u32,
    /// Length of the whole packet on the wire, header included.
    pub total_length: u32,
    pub fragment: Option<FragmentPart>,
}

impl IpPacket<'_> {
    /// 4 or 6.
    pub const fn version(&self) -> u8 {
        match self.source {
            IpAddr::V4(_) => 4,
            IpAddr::V6(_) => 6,
        }
    }
}

/// Reads an IP packet at the front of `bytes`; trailing link padding is cut off. `Err` names the weird.
pub fn read_ip(bytes: &[u8]) -> Result<IpPacket<'_>, &'static str> {
    match bytes.first().map(|b| b >> 4) {
        Some(4) => read_ipv4(bytes),
        Some(6) => read_ipv6(bytes),
        Some(_) => Err("ip_bad_version"),
        None => Err("ip_truncated"),
    }
}

fn read_ipv4(bytes: &[u8]) -> Result<IpPacket<'_>, &'static str> {
    let cut = "ipv4_truncated";
    let fixed = bytes.first_chunk::<20>().ok_or(cut)?;
    let header_length = usize::from(fixed[0] & 0x0f) * 4;
    if header_length < 20 {
        return Err("ipv4_bad_header_length");
    }
    let header = bytes.get(..header_length).ok_or(cut)?;
    let told = usize::from(u16::from_be_bytes([fixed[2], fixed[3]]));
    // 0 stands for a segment that the sending machine's network card was still to cut (TSO).
    let total = if told == 0 { bytes.len() } else { told };
    if total < header_length {
        return Err("ipv4_bad_total_length");
    }
    let payload = bytes.get(header_length..total.min(bytes.len())).ok_or(cut)?;
    let flags = u16::from_be_bytes([fixed[6], fixed[7]]);
    let identification = u16::from_be_bytes([fixed[4], fixed[5]]);
    let offset = u32::from(flags & 0x1fff) * 8;
    let more = flags & 0x2000 != 0;
    Ok(IpPacket {
        source: IpAddr::V4(Ipv4Addr::new(fixed[12], fixed[13], fixed[14], fixed[15])),
        destination: IpAddr::V4(Ipv4Addr::new(fixed[16], fixed[17], fixed[18], fixed[19])),
        protocol: fixed[9],
        hop_limit: fixed[8],
        ecn: fixed[1] & 3,
        dont_fragment: flags & 0x4000 != 0,
        identification,
        flow_label: 0,
        options: header_length - 20,
        header,
        payload,
        payload_length: (total - header_length) as u32,
        total_length: total as u32,
        fragment: (more || offset > 0).then_some(FragmentPart {
            offset,
            more,
            identification: u32::from(identification),
        }),
    })
}

fn read_ipv6(bytes: &[u8]) -> Result<IpPacket<'_>, &'static str> {
    let cut = "ipv6_truncated";
    let fixed = bytes.first_chunk::<40>().ok_or(cut)?;
    let first = u32::from_be_bytes([fixed[0], fixed[1], fixed[2], fixed[3]]);
    let told = usize::from(u16::from_be_bytes([fixed[4], fixed[5]]));
    // 0 is a jumbogram (RFC 2675) or, in captures, a segment still to be cut.
    let end = if told == 0 { bytes.len() } else { told + 40 };
    let mut at = 40_usize;
    let mut next = fixed[6];
    let mut fragment = None;
    // RFC 8200, 4.1: each extension header at most once, destination options twice; 12 bounds hostile chains.
    for _ in 0..12 {
        match next {
            // Hop-by-hop, routing, destination options, mobility, HIP, shim6: length in units of 8 after the first 8.
            0 | 43 | 60 | 135 | 139 | 140 => {
                next = u8_at(bytes, at).ok_or(cut)?;
                at += (usize::from(u8_at(bytes, at + 1).ok_or(cut)?) + 1) * 8;
            }
            // Authentication header: length in units of 4, minus 2 (RFC 4302, 2.2).
            51 => {
                next = u8_at(bytes, at).ok_or(cut)?;
                at += (usize::from(u8_at(bytes, at + 1).ok_or(cut)?) + 2) * 4;
            }
            44 => {
                next = u8_at(bytes, at).ok_or(cut)?;
                let word = u16_at(bytes, at + 2).ok_or(cut)?;
                let identification = u32_at(bytes, at + 4).ok_or(cut)?;
                at += 8;
                let part =
                    FragmentPart { offset: u32::from(word & 0xfff8), more: word & 1 != 0, identification };
                // An atomic fragment (RFC 6946) is whole.
                if part.more || part.offset > 0 {
                    fragment = Some(part);
                    break;
                }
            }
            _ => break,
        }
    }
    if at > end {
        return Err("ipv6_bad_extension_length");
    }
    let header = bytes.get(..at).ok_or(cut)?;
    let payload = bytes.get(at..end.min(bytes.len())).ok_or(cut)?;
    let address = |at: usize| -> Ipv6Addr {
        bytes
            .get(at..)
            .and_then(|b| b.first_chunk::<16>())
            .map_or(Ipv6Addr::UNSPECIFIED, |b| Ipv6Addr::from(*b))
    };
    Ok(IpPacket {
        source: IpAddr::V6(address(8)),
        destination: IpAddr::V6(address(24)),
        protocol: next,
        hop_limit: fixed[7],
        ecn: ((first >> 20) & 3) as u8,
        dont_fragment: false,
        identification: 0,
        flow_label: first & 0x000f_ffff,
        options: at - 40,
        header,
        payload,
        payload_length: (end - at) as u32,
        total_length: end as u32,
        fragment,
    })
}
