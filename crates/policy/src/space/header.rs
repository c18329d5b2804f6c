//! The header of the packet that opens a flow, and where its parts stand on their lines.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Serialize, Serializer};

use super::ranges::Ranges;

/// ICMP, ICMPv6, TCP, UDP and SCTP (IANA protocol numbers).
pub const ICMP: u8 = 1;
/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP for IPv6.
pub const ICMPV6: u8 = 58;
/// SCTP.
pub const SCTP: u8 = 132;

/// Addresses of both families on one line: IPv4 stands where IPv6 keeps its IPv4-mapped addresses (RFC 4291, 2.5.5.2), which
/// no packet on a wire carries.
pub type Addresses = Ranges<u128>;

/// Services on one line: protocol × 65,536 + port. For ICMP the port is type × 256 + code; a protocol without ports has its
/// 65,536 places all the same, and is always in a set with all of them.
pub type Services = Ranges<u32>;

/// The first and the last place of IPv4.
const V4: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

/// The place of an address on the line.
pub fn place(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => V4.0 | u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The address at a place of the line.
pub fn address(place: u128) -> IpAddr {
    match u32::try_from(place.wrapping_sub(V4.0)) {
        Ok(bits) => IpAddr::V4(Ipv4Addr::from_bits(bits)),
        Err(_) => IpAddr::V6(Ipv6Addr::from_bits(place)),
    }
}

/// All of IPv4.
pub fn v4() -> Addresses {
    Ranges::of(V4.0, V4.1)
}

/// All of IPv6.
pub fn v6() -> Addresses {
    v4().complement()
}

/// The addresses of a network; longer prefixes than the family has are cut to its length.
pub fn network(address: IpAddr, prefix: u8) -> Addresses {
    let (width, at) = if address.is_ipv4() { (32_u32, place(address)) } else { (128, place(address)) };
    let host = width.saturating_sub(u32::from(prefix));
    let mask = u128::MAX.checked_shl(host).unwrap_or(0);
    let first = at & mask;
    let last = first | !mask;
    let all = Ranges::of(first, last);
    // Of IPv6 without the places of IPv4, which only networks of 80 bits and less hold.
    if address.is_ipv6() && all.meets(&v4()) { all.difference(&v4()) } else { all }
}

/// One address.
pub fn single(address: IpAddr) -> Addresses {
    let at = place(address);
    Ranges::of(at, at)
}

/// A network as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The address with the bits that count.
    pub address: IpAddr,
    /// How many bits count.
    pub length: u8,
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.address.is_ipv4() { 32 } else { 128 };
        if self.length == whole { self.address.fmt(f) } else { write!(f, "{}/{}", self.address, self.length) }
    }
}

impl Serialize for Prefix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The fewest networks that make up exactly these addresses, in order, IPv4 first.
pub fn prefixes(addresses: &Addresses) -> Vec<Prefix> {
    let mut all = Vec::new();
    for (family, width) in [(v4(), 32_u32), (v6(), 128)] {
        // Above and below IPv4's places the line of IPv6 goes on; all of it is written as one network.
        if width == 128 && family.is_within(addresses) {
            all.push(Prefix { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), length: 0 });
            continue;
        }
        for (first, last) in addresses.intersection(&family).iter() {
            let mut at = first;
            loop {
                let aligned = at.trailing_zeros().min(width);
                let mut host = aligned;
                let end = |host: u32| at | !u128::MAX.checked_shl(host).unwrap_or(0);
                while host > 0 && end(host) > last {
                    host -= 1;
                }
                all.push(Prefix { address: address(at), length: u8::try_from(width - host).unwrap_or(0) });
                match end(host).checked_add(1) {
                    Some(next) if next <= last => at = next,
                    _ => break,
                }
            }
        }
    }
    all
}

/// The services of a protocol, all ports.
pub fn protocol(number: u8) -> Services {
    let base = u32::from(number) << 16;
    Ranges::of(base, base | 0xffff)
}

/// The services of a protocol in a range of ports; all where the protocol has none.
pub fn port_range(number: u8, first: u16, last: u16) -> Services {
    let base = u32::from(number) << 16;
    Ranges::of(base | u32::from(first), base | u32::from(last))
}

/// All services: 256 protocols.
pub fn any_service() -> Services {
    Ranges::of(0, 0x00ff_ffff)
}

/// What keeps a link of IPv6 together, as ARP does one of IPv4: multicast listener and neighbour discovery (ICMPv6 types 130 to
/// 137 and 143; RFC 4861, RFC 3810). No set of packets holds it: rules do not speak of it, and targets always let it pass.
pub fn link_control() -> Services {
    port_range(ICMPV6, 130 << 8, 137 << 8 | 0xff).union(&port_range(ICMPV6, 143 << 8, 143 << 8 | 0xff))
}

/// Whether a protocol's services differ by a number after the protocol.
pub const fn has_ports(number: u8) -> bool {
    matches!(number, TCP | UDP | SCTP | 33 | 136)
}

/// The name of a protocol, or its number.
pub fn protocol_name(number: u8) -> String {
    match number {
        ICMP => "icmp".to_owned(),
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        ICMPV6 => "icmpv6".to_owned(),
        SCTP => "sctp".to_owned(),
        33 => "dccp".to_owned(),
        136 => "udplite".to_owned(),
        other => format!("ip/{other}"),
    }
}

/// The number of a protocol, by its name or number.
pub fn protocol_number(name: &str) -> Option<u8> {
    Some(match name {
        "icmp" | "icmp4" => ICMP,
        "igmp" => 2,
        "ipip" | "ipinip" => 4,
        "tcp" => TCP,
        "udp" => UDP,
        "dccp" => 33,
        "gre" => 47,
        "esp" => 50,
        "ah" | "ahp" => 51,
        "icmpv6" | "ipv6-icmp" | "icmp6" => ICMPV6,
        "eigrp" => 88,
        "ospf" => 89,
        "pim" => 103,
        "vrrp" => 112,
        "sctp" => SCTP,
        "udplite" => 136,
        other => other.parse().ok()?,
    })
}

/// Services as a person writes them: `tcp/104`, `udp/161-162`, `icmp`, or `any`.
pub fn services_text(services: &Services) -> String {
    if *services == any_service() {
        return "any".to_owned();
    }
    let mut parts = Vec::new();
    for (first, last) in services.iter() {
        let mut at = first;
        loop {
            let number = u8::try_from(at >> 16).unwrap_or(u8::MAX);
            let block = u32::from(number) << 16 | 0xffff;
            let end = last.min(block);
            let (low, high) = (at & 0xffff, end & 0xffff);
            let name = protocol_name(number);
            parts.push(match (low, high) {
                (0, 0xffff) => name,
                (low, high) if matches!(number, ICMP | ICMPV6) => match (low & 0xff, high & 0xff) {
                    (0, 0xff) if low >> 8 == high >> 8 => format!("{name} type {}", low >> 8),
                    _ => format!("{name} type {}.{}-{}.{}", low >> 8, low & 0xff, high >> 8, high & 0xff),
                },
                (low, high) if low == high => format!("{name}/{low}"),
                (low, high) => format!("{name}/{low}-{high}"),
            });
            match end.checked_add(1) {
                Some(next) if next <= last => at = next,
                _ => break,
            }
        }
    }
    parts.join(", ")
}

/// Addresses as a person writes them, shortened where they are many.
pub fn addresses_text(addresses: &Addresses) -> String {
    if addresses.is_all() {
        return "any".to_owned();
    }
    let all = prefixes(addresses);
    let shown: Vec<String> = all.iter().take(3).map(ToString::to_string).collect();
    match all.len().saturating_sub(shown.len()) {
        0 if shown.is_empty() => "nothing".to_owned(),
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A packet that opens a flow: the witness of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Packet {
    /// Who opens.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// Number of the IP protocol.
    pub protocol: u8,
    /// The destination's port; for ICMP type × 256 + code; 0 for a protocol without.
    pub port: u16,
}

impl Packet {
    /// Its place on the line of services.
    pub const fn service(&self) -> u32 {
        (self.protocol as u32) << 16 | self.port as u32
    }

    pub(crate) fn at(source: u128, destination: u128, service: u32) -> Packet {
        let [_, protocol, high, low] = service.to_be_bytes();
        Packet {
            source: address(source),
            destination: address(destination),
            protocol,
            port: u16::from_be_bytes([high, low]),
        }
    }
}

impl fmt::Display for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}, {}", self.source, self.destination, protocol_name(self.protocol))?;
        match self.protocol {
            ICMP | ICMPV6 => write!(f, " type {} code {}", self.port >> 8, self.port & 0xff),
            number if has_ports(number) => write!(f, "/{}", self.port),
            _ => Ok(()),
        }
    }
}
