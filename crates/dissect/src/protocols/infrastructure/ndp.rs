//! IPv6 neighbour discovery: who claims which IPv6 address, and which routers and prefixes a link has.
//!
//! Follows RFC 4861 (messages 4.1-4.5, options 4.6, validation 6.1, 7.1, 8.1: hop limit 255, code 0) and RFC 8106
//! (recursive DNS server 5.1, search list 5.2). ICMPv6 types: 133 router solicitation, 134 router advertisement, 135
//! neighbour solicitation, 136 neighbour advertisement, 137 redirect. Options are type, length in units of eight
//! bytes, value.
//!
//! Says: links between a MAC and an IPv6 address (source option of a solicitation, target option of an advertisement;
//! an advertisement without the option that speaks of its own source address links the frame's source), whether the
//! sender is a router, and what a router advertises: managed flags, lifetime, prefixes, MTU, DNS servers. An option
//! that names another MAC than the frame's source (a proxy, RFC 4389, or a forgery) links nothing and is counted.
//!
//! Limits: the ICMPv6 checksum is not verified here; secure neighbour discovery (RFC 3971) options are skipped.

use std::net::{IpAddr, Ipv6Addr};

use medward_model::{Field, LinkKind, Mac, Verb};

use super::octets::{Octets, is_owned};
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf};

pub(super) static NDP: Dissector = Dissector {
    name: "ndp",
    title: "IPv6 neighbour discovery",
    label: "NDP",
    group: Group::Infrastructure,
    specification: &["RFC 4861", "RFC 8106"],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[&ROUTER, &FLAGS, &PREFIX, &MTU, &DNS_SERVER],
    basis: Basis::RealPeers,
};

static ROUTER: Field = Field::fact(
    "router",
    "Router flag of a neighbour advertisement, or an advertised router lifetime above 0 (RFC 4861, 4.2, 4.4)",
);
static FLAGS: Field = Field::fact(
    "ra-flags",
    "Managed and other-configuration flags of a router advertisement (RFC 4861, 4.2)",
);
static PREFIX: Field = Field::fact("prefix", "Prefix Information option (RFC 4861, 4.6.2)");
static MTU: Field = Field::fact("mtu", "MTU option (RFC 4861, 4.6.4)");
static DNS_SERVER: Field = Field::fact("dns-server", "Recursive DNS Server option (RFC 8106, 5.1)");

const ICMPV6: u8 = 58;
const ROUTER_SOLICITATION: u8 = 133;
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const REDIRECT: u8 = 137;

const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;
/// More options of one kind than this are not read.
const MAX_LISTED: usize = 8;

fn matches(frame: &LinkFrame<'_>) -> bool {
    matches!(frame.kind, LinkKindOf::Ip { protocol: ICMPV6, .. })
        && frame.payload.first().is_some_and(|kind| (ROUTER_SOLICITATION..=REDIRECT).contains(kind))
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    let LinkKindOf::Ip { source: IpAddr::V6(source), hop_limit, .. } = frame.kind else { return };
    if hop_limit != 255 {
        cx.weird("ndp_hop_limit");
        return;
    }
    let mut octets = Octets::new(frame.payload);
    let Some([kind, code, _, _]) = octets.array::<4>() else { return };
    if code != 0 {
        cx.weird("ndp_code");
        return;
    }
    let read = match kind {
        ROUTER_SOLICITATION => router_solicitation(frame, source, octets, cx),
        ROUTER_ADVERTISEMENT => router_advertisement(frame, source, octets, cx),
        NEIGHBOUR_SOLICITATION => neighbour_solicitation(frame, source, octets, cx),
        NEIGHBOUR_ADVERTISEMENT => neighbour_advertisement(frame, source, octets, cx),
        _ => redirect(source, octets, cx),
    };
    if read.is_none() {
        cx.weird("ndp_truncated");
    }
}

/// Options in order; stops at a length of zero or one beyond the end.
struct Options<'a>(Octets<'a>);

impl<'a> Iterator for Options<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let [kind, units] = self.0.array::<2>()?;
        let length = usize::from(units).checked_mul(8)?.checked_sub(2)?;
        Some((kind, self.0.take(length)?))
    }
}

fn link_address(options: Octets<'_>, wanted: u8) -> Option<Mac> {
    Options(options).find(|(kind, _)| *kind == wanted).and_then(|(_, value)| Mac::read(value))
}

fn claim(frame: &LinkFrame<'_>, mac: Mac, ip: Ipv6Addr, cx: &mut Context<'_>) {
    if frame.source.is_station() && frame.source != mac {
        cx.weird("ndp_link_address_differs");
    } else if is_owned(IpAddr::V6(ip)) {
        cx.link(mac, IpAddr::V6(ip), LinkKind::Neighbour);
    }
}

fn router_solicitation(
    frame: &LinkFrame<'_>,
    source: Ipv6Addr,
    mut octets: Octets<'_>,
    cx: &mut Context<'_>,
) -> Option<()> {
    octets.u32()?;
    if let Some(mac) = link_address(octets, SOURCE_LINK_ADDRESS) {
        claim(frame, mac, source, cx);
    }
    cx.activity(Verb::Lookup, "router-solicitation", "");
    Some(())
}

fn neighbour_solicitation(
    frame: &LinkFrame<'_>,
    source: Ipv6Addr,
    mut octets: Octets<'_>,
    cx: &mut Context<'_>,
) -> Option<()> {
    octets.u32()?;
    let target = octets.ipv6()?;
    if let Some(mac) = link_address(octets, SOURCE_LINK_ADDRESS)
        && !source.is_unspecified()
    {
        claim(frame, mac, source, cx);
    }
    let word = if source.is_unspecified() { "probe" } else { "neighbour-solicitation" };
    cx.activity(Verb::Lookup, word, &target.to_string()).detail("mac", &frame.source.to_string());
    Some(())
}

fn neighbour_advertisement(
    frame: &LinkFrame<'_>,
    source: Ipv6Addr,
    mut octets: Octets<'_>,
    cx: &mut Context<'_>,
) -> Option<()> {
    let flags = octets.u32()?;
    let target = octets.ipv6()?;
    match link_address(octets, TARGET_LINK_ADDRESS) {
        Some(mac) => claim(frame, mac, target, cx),
        None if source == target => claim(frame, frame.source, target, cx),
        None => {}
    }
    if flags & 0x8000_0000 != 0 {
        let sender = cx.sender();
        cx.evidence(sender, &ROUTER, "yes");
    }
    Some(())
}

fn router_advertisement(
    frame: &LinkFrame<'_>,
    source: Ipv6Addr,
    mut octets: Octets<'_>,
    cx: &mut Context<'_>,
) -> Option<()> {
    let [_, flags] = octets.array::<2>()?;
    let lifetime = octets.u16()?;
    octets.array::<8>()?;
    if source.segments().first().is_none_or(|s| s & 0xffc0 != 0xfe80) {
        cx.weird("ndp_router_not_link_local");
        return Some(());
    }
    let sender = cx.sender();
    if lifetime > 0 {
        cx.evidence(sender.clone(), &ROUTER, "yes");
    }
    let how = match (flags & 0x80 != 0, flags & 0x40 != 0) {
        (true, _) => "managed",
        (false, true) => "other",
        (false, false) => "none",
    };
    cx.evidence(sender.clone(), &FLAGS, how);
    let (mut prefixes, mut servers) = (String::new(), String::new());
    let mut listed = 0;
    let mut options = Options(octets);
    for (kind, value) in options.by_ref() {
        listed += 1;
        if listed > 4 * MAX_LISTED {
            break;
        }
        let mut value = Octets::new(value);
        match kind {
            SOURCE_LINK_ADDRESS => {
                if let Some(mac) = value.mac() {
                    claim(frame, mac, source, cx);
                }
            }
            3 => {
                if let (Some([length, _]), Some(_), Some(prefix)) =
                    (value.array::<2>(), value.array::<12>(), value.ipv6())
                {
                    let text = format!("{prefix}/{length}");
                    cx.evidence(sender.clone(), &PREFIX, &text);
                    join(&mut prefixes, &text);
                }
            }
            5 => {
                if let (Some(_), Some(mtu)) = (value.u16(), value.u32()) {
                    cx.evidence(sender.clone(), &MTU, &mtu.to_string());
                }
            }
            25 => {
                // Two bytes reserved and four of lifetime, then whole addresses: any other length is malformed.
                if value.len() < 22 || !(value.len() - 6).is_multiple_of(16) {
                    cx.weird("ndp_dns_server_length");
                    continue;
                }
                value.array::<6>()?;
                for _ in 0..MAX_LISTED {
                    let Some(server) = value.ipv6() else { break };
                    let text = server.to_string();
                    cx.evidence(sender.clone(), &DNS_SERVER, &text);
                    join(&mut servers, &text);
                }
            }
            _ => {}
        }
    }
    if !options.0.is_empty() && listed <= 4 * MAX_LISTED {
        cx.weird("ndp_option_length");
    }
    cx.activity(Verb::Announce, "router-advertisement", &prefixes)
        .detail("lifetime", &lifetime.to_string())
        .detail("flags", how)
        .detail("dns", &servers)
        .detail("mac", &frame.source.to_string());
    Some(())
}

fn redirect(source: Ipv6Addr, mut octets: Octets<'_>, cx: &mut Context<'_>) -> Option<()> {
    octets.u32()?;
    let target = octets.ipv6()?;
    let destination = octets.ipv6()?;
    cx.activity(Verb::Command, "redirect", &destination.to_string())
        .detail("target", &target.to_string())
        .detail("router", &source.to_string());
    Some(())
}

fn join(list: &mut String, item: &str) {
    if list.len() < 256 {
        if !list.is_empty() {
            list.push(' ');
        }
        list.push_str(item);
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use medward_model::{Mac, Verb};

    use super::{ICMPV6, NDP};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    const OWN: Mac = Mac([0, 0x1b, 0x21, 1, 2, 3]);
    const LOCAL: &str = "fe80::21b:21ff:fe01:203";

    fn ndp(source: &str, hop_limit: u8, message: &[u8]) -> Exercise {
        let kind = LinkKindOf::Ip {
            protocol: ICMPV6,
            source: source.parse().unwrap(),
            destination: "ff02::1".parse().unwrap(),
            hop_limit,
            header: &[],
        };
        play_frame(&NDP, OWN, kind, message)
    }

    fn v6(text: &str) -> Vec<u8> {
        match text.parse().unwrap() {
            IpAddr::V6(ip) => ip.octets().to_vec(),
            IpAddr::V4(_) => unreachable!(),
        }
    }

    fn advertisement(mac: Mac) -> Vec<u8> {
        let mut message = vec![136, 0, 0, 0, 0xa0, 0, 0, 0];
        message.extend(v6("2001:db8::5"));
        message.extend([2, 1]);
        message.extend(mac.0);
        message
    }

    #[test]
    fn an_advertisement_links_its_target() {
        let said = ndp(LOCAL, 255, &advertisement(OWN));
        assert_eq!((said.links[0].mac, said.links[0].ip.to_string().as_str()), (OWN, "2001:db8::5"));
        assert_eq!(said.values("router"), ["yes"]);
    }

    #[test]
    fn what_came_through_a_router_or_names_another_mac_links_nothing() {
        let far = ndp(LOCAL, 64, &advertisement(OWN));
        assert!(far.links.is_empty());
        assert_eq!(far.weirds.count("ndp_hop_limit"), 1);
        let forged = ndp(LOCAL, 255, &advertisement(Mac([0, 1, 2, 3, 4, 5])));
        assert!(forged.links.is_empty());
        assert_eq!(forged.weirds.count("ndp_link_address_differs"), 1);
    }

    #[test]
    fn a_router_advertises_prefix_mtu_and_servers() {
        let mut message = vec![134, 0, 0, 0, 64, 0x80, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        message.extend([1, 1]);
        message.extend(OWN.0);
        message.extend([5, 1, 0, 0, 0, 0, 5, 0xdc]);
        message.extend([3, 4, 64, 0xc0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
        message.extend(v6("2001:db8::"));
        message.extend([25, 3, 0, 0, 0, 0, 0, 9]);
        message.extend(v6("2001:db8::53"));
        let said = ndp(LOCAL, 255, &message);
        assert_eq!(said.values("prefix"), ["2001:db8::/64"]);
        assert_eq!(said.values("mtu"), ["1500"]);
        assert_eq!(said.values("dns-server"), ["2001:db8::53"]);
        assert_eq!(said.values("ra-flags"), ["managed"]);
        assert_eq!(said.links[0].ip.to_string(), LOCAL);
        assert_eq!(said.activity[0].verb, Verb::Announce);
        assert!(said.weirds.is_empty());
        for end in 0..message.len() {
            ndp(LOCAL, 255, &message[..end]);
        }
    }

    #[test]
    fn an_even_dns_server_length_is_odd() {
        let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        message.extend([25, 4, 0, 0, 0, 0, 0, 9]);
        message.extend([0; 24]);
        assert_eq!(ndp(LOCAL, 255, &message).weirds.count("ndp_dns_server_length"), 1);
    }
}
