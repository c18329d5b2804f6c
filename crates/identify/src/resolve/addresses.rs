//! What kind of address it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use medward_model::{HostKey, Mac, Scope};

/// A group of receivers: multicast, limited or directed broadcast (the latter known by the frame's group address).
pub(crate) fn is_group(host: &HostKey) -> bool {
    match host.ip {
        IpAddr::V4(ip) => {
            ip.is_multicast() || ip.is_broadcast() || host.mac == Mac::BROADCAST && !ip.is_unspecified()
        }
        IpAddr::V6(ip) => ip.is_multicast(),
    }
}

/// Never leaves its link, so the MAC that carries it is its owner's (RFC 3927, RFC 4291 2.5.6).
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Not reachable over the Internet: RFC 1918, RFC 6598, RFC 4193, link-local, loopback.
pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || ip.is_loopback() || a == 100 && (64..128).contains(&b)
        }
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_loopback(),
    }
}

/// The first 24 bits of an IPv4 address, the first 64 of an IPv6 address: what usually is one subnet.
pub(crate) fn subnet(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The interface identifier is made of that MAC address (RFC 4291, appendix A).
pub(crate) fn is_eui64_of(ip: IpAddr, mac: Mac) -> bool {
    let IpAddr::V6(ip) = ip else { return false };
    let [.., a, b, c, d, e, f, g, h] = ip.octets();
    let [m0, m1, m2, m3, m4, m5] = mac.0;
    [a, b, c, d, e, f, g, h] == [m0 ^ 0x02, m1, m2, 0xff, 0xfe, m3, m4, m5]
}

/// A virtual router's address: VRRP (RFC 9568, 7.3), HSRP versions 1 and 2, GLBP (Cisco).
pub(crate) fn is_virtual_router(mac: Mac) -> bool {
    matches!(
        mac.0,
        [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
            | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
            | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
            | [0x00, 0x05, 0x73, 0xa0..=0xaf, _, _]
            | [0x00, 0x07, 0xb4, 0x00, _, _]
    )
}

/// Where an address without a MAC of its own stands.
pub(crate) fn scope(ip: IpAddr) -> Scope {
    if is_private(ip) { Scope::Internal } else { Scope::External }
}
