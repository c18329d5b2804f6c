//! What a rule's parts say of the header.

use std::net::IpAddr;

use crate::space::{
    Addresses, ICMP, ICMPV6, Services, TCP, UDP, any_service, has_ports, network, place, port_range,
    protocol, protocol_number, v4, v6,
};

/// A product of sets, and what must hold beside it that was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub sources: Addresses,
    pub destinations: Addresses,
    pub services: Services,
    pub unread: Vec<String>,
}

impl Match {
    /// Every packet.
    pub fn all() -> Match {
        Match {
            sources: Addresses::all(),
            destinations: Addresses::all(),
            services: any_service(),
            unread: Vec::new(),
        }
    }

    /// Every packet of one family.
    pub fn family(addresses: &Addresses) -> Match {
        Match { sources: addresses.clone(), destinations: addresses.clone(), ..Match::all() }
    }

    pub fn unread(text: impl Into<String>) -> Match {
        Match { unread: vec![text.into()], ..Match::all() }
    }

    pub fn sources(sources: Addresses) -> Match {
        Match { sources, ..Match::all() }
    }

    pub fn destinations(destinations: Addresses) -> Match {
        Match { destinations, ..Match::all() }
    }

    pub fn services(services: Services) -> Match {
        Match { services, ..Match::all() }
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() || self.destinations.is_empty() || self.services.is_empty()
    }

    /// What both hold.
    pub fn and(&self, other: &Match) -> Match {
        let mut unread = self.unread.clone();
        unread.extend(other.unread.iter().filter(|text| !self.unread.contains(text)).cloned());
        Match {
            sources: self.sources.intersection(&other.sources),
            destinations: self.destinations.intersection(&other.destinations),
            services: self.services.intersection(&other.services),
            unread,
        }
    }

    /// What this holds and the other does not, in at most three parts that share nothing.
    pub fn less(&self, other: &Match) -> Vec<Match> {
        let both = self.and(other);
        if both.is_empty() {
            return vec![self.clone()];
        }
        let parts = [
            Match { sources: self.sources.difference(&other.sources), ..self.clone() },
            Match {
                sources: both.sources.clone(),
                destinations: self.destinations.difference(&other.destinations),
                ..self.clone()
            },
            Match {
                sources: both.sources,
                destinations: both.destinations,
                services: self.services.difference(&other.services),
                unread: self.unread.clone(),
            },
        ];
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }
}

/// What a value on a line is: an address, a network or a range.
pub(super) fn addresses(text: &str) -> Option<Addresses> {
    if let Some((address, length)) = text.split_once('/') {
        let address: IpAddr = address.parse().ok()?;
        let prefix = match length.parse::<u8>() {
            Ok(prefix) => prefix,
            Err(_) => mask_length(length.parse::<std::net::Ipv4Addr>().ok()?.to_bits())?,
        };
        return Some(network(address, prefix));
    }
    if let Some((first, last)) = text.split_once('-') {
        let (first, last): (IpAddr, IpAddr) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        return (first.is_ipv4() == last.is_ipv4()).then(|| Addresses::of(place(first), place(last)));
    }
    let address: IpAddr = text.parse().ok()?;
    Some(crate::space::single(address))
}

/// The length of a network mask whose ones stand together.
pub(super) fn mask_length(mask: u32) -> Option<u8> {
    let ones = mask.leading_ones();
    (mask.count_ones() == ones).then(|| u8::try_from(ones).ok()).flatten()
}

/// A port by its number or usual name.
pub(super) fn port(text: &str) -> Option<u16> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    Some(match text {
        "ftp-data" => 20,
        "ftp" => 21,
        "ssh" | "22" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "www" | "http" => 80,
        "kerberos" => 88,
        "pop3" => 110,
        "sunrpc" => 111,
        "ntp" => 123,
        "netbios-ns" => 137,
        "netbios-dgm" => 138,
        "netbios-ss" | "netbios-ssn" => 139,
        "imap" | "imap2" => 143,
        "snmp" => 161,
        "snmptrap" | "snmp-trap" => 162,
        "bgp" => 179,
        "ldap" => 389,
        "https" => 443,
        "microsoft-ds" => 445,
        "isakmp" => 500,
        "lpd" | "printer" => 515,
        "syslog" => 514,
        "ldaps" => 636,
        "radius" => 1812,
        "mysql" => 3306,
        _ => return None,
    })
}

/// Ports of a protocol: one, or a range with `-` or `:`.
pub(super) fn ports(number: u8, text: &str) -> Option<Services> {
    if let Some(one) = port(text) {
        return Some(port_range(number, one, one));
    }
    let (first, last) = text.split_once(['-', ':'])?;
    let first = if first.is_empty() { 0 } else { port(first.trim())? };
    let last = if last.is_empty() { u16::MAX } else { port(last.trim())? };
    (first <= last).then(|| port_range(number, first, last))
}

/// All protocols that have ports, as where a rule speaks of a port of whatever has one.
pub(super) const WITH_PORTS: [u8; 5] = [TCP, UDP, crate::space::SCTP, 33, 136];

/// ICMP by type, as a number or a usual name, with or without a code.
pub(super) fn icmp(number: u8, text: &str) -> Option<Services> {
    let (kind, code) = text.split_once('/').map_or((text, None), |(kind, code)| (kind, Some(code)));
    let kind: u16 = match (number, kind) {
        (_, kind) if kind.parse::<u8>().is_ok() => kind.parse().ok()?,
        (ICMP, "echo-reply") => 0,
        (ICMP, "destination-unreachable" | "unreachable") => 3,
        (ICMP, "redirect") => 5,
        (ICMP, "echo-request" | "echo") => 8,
        (ICMP, "router-advertisement") => 9,
        (ICMP, "router-solicitation") => 10,
        (ICMP, "time-exceeded") => 11,
        (ICMP, "parameter-problem") => 12,
        (ICMP, "timestamp-request") => 13,
        (ICMP, "timestamp-reply") => 14,
        (ICMPV6, "destination-unreachable" | "unreachable") => 1,
        (ICMPV6, "packet-too-big") => 2,
        (ICMPV6, "time-exceeded") => 3,
        (ICMPV6, "parameter-problem") => 4,
        (ICMPV6, "echo-request") => 128,
        (ICMPV6, "echo-reply") => 129,
        (ICMPV6, "mld-listener-query") => 130,
        (ICMPV6, "mld-listener-report") => 131,
        (ICMPV6, "nd-redirect") => 137,
        (ICMPV6, "mld2-listener-report") => 143,
        (ICMPV6, "mld-listener-done" | "mld-listener-reduction") => 132,
        (ICMPV6, "nd-router-solicit" | "router-solicitation") => 133,
        (ICMPV6, "nd-router-advert" | "router-advertisement") => 134,
        (ICMPV6, "nd-neighbor-solicit" | "neighbour-solicitation" | "neighbor-solicitation") => 135,
        (ICMPV6, "nd-neighbor-advert" | "neighbour-advertisement" | "neighbor-advertisement") => 136,
        _ => return None,
    };
    let (first, last) = match code {
        Some(code) => {
            let code: u16 = code.parse::<u8>().ok()?.into();
            (kind << 8 | code, kind << 8 | code)
        }
        None => (kind << 8, kind << 8 | 0xff),
    };
    Some(port_range(number, first, last))
}

/// Codes of messages of any type, as a number, a range or a name of those that tell what is out of reach.
fn codes(number: u8, text: &str) -> Option<Services> {
    let one = |text: &str| -> Option<u16> {
        Some(match (number, text) {
            (_, text) if text.parse::<u8>().is_ok() => text.parse().ok()?,
            (ICMP, "net-unreachable") | (ICMPV6, "no-route") => 0,
            (ICMP, "host-unreachable") | (ICMPV6, "admin-prohibited") => 1,
            (ICMP, "prot-unreachable") => 2,
            (ICMP, "port-unreachable") | (ICMPV6, "addr-unreachable") => 3,
            (ICMP, "frag-needed") | (ICMPV6, "port-unreachable") => 4,
            (ICMPV6, "policy-fail") => 5,
            (ICMPV6, "reject-route") => 6,
            (ICMP, "net-prohibited") => 9,
            (ICMP, "host-prohibited") => 10,
            (ICMP, "admin-prohibited") => 13,
            _ => return None,
        })
    };
    let (first, last) = match one(text) {
        Some(code) => (code, code),
        None => {
            let (first, last) = text.split_once('-')?;
            (one(first)?, one(last)?)
        }
    };
    let base = u32::from(number) << 16;
    let each = (0..=0xff_u32).map(|kind| {
        let kind = base | kind << 8;
        (kind | u32::from(first), kind | u32::from(last))
    });
    Some(Services::joined(each))
}

/// A key as nftables writes it, and values of which one must be there, or with `negated` none.
///
/// Gives `None` where the rule speaks of open flows only, and never of one that opens.
pub(super) fn keyed(key: &str, values: &[String], negated: bool) -> Option<Match> {
    let unread = || {
        let not = if negated { "!= " } else { "" };
        let shown = values.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
        Match::unread(format!("{key} {not}{shown}"))
    };
    let services = |read: &dyn Fn(&str) -> Option<Services>, whole: Services| {
        let sum = values.iter().try_fold(Services::empty(), |sum, text| Some(sum.union(&read(text)?)));
        sum.map_or_else(unread, |sum| Match::services(if negated { whole.difference(&sum) } else { sum }))
    };
    Some(match key {
        "ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr" => {
            let family = if key.starts_with("ip6") { v6() } else { v4() };
            // Sets may be long: they are joined at once.
            let all: Option<Vec<Addresses>> = values.iter().map(|text| addresses(text)).collect();
            let Some(all) = all else { return Some(unread().and(&Match::family(&family))) };
            let sum = Addresses::joined(all.iter().flat_map(Addresses::iter));
            let set = if negated { family.difference(&sum) } else { family.intersection(&sum) };
            if key.ends_with("saddr") { Match::sources(set) } else { Match::destinations(set) }
        }
        "tcp dport" | "udp dport" | "sctp dport" | "dccp dport" | "udplite dport" => {
            let number = protocol_number(key.split(' ').next().unwrap_or("")).unwrap_or(TCP);
            let read = services(&|text| ports(number, text), protocol(number));
            read.and(&Match::services(protocol(number)))
        }
        "th dport" => {
            let whole =
                WITH_PORTS.iter().fold(Services::empty(), |sum, number| sum.union(&protocol(*number)));
            services(
                &|text| {
                    WITH_PORTS.iter().try_fold(Services::empty(), |sum, n| Some(sum.union(&ports(*n, text)?)))
                },
                whole,
            )
        }
        "tcp sport" | "udp sport" | "tcp flags" => {
            let number = protocol_number(key.split(' ').next().unwrap_or("")).unwrap_or(TCP);
            unread().and(&Match::services(protocol(number)))
        }
        "meta l4proto" | "ip protocol" | "ip6 nexthdr" => {
            let read = services(&|text| protocol_number(text).map(protocol), any_service());
            match key {
                "ip protocol" => read.and(&Match::family(&v4())),
                "ip6 nexthdr" => read.and(&Match::family(&v6())),
                _ => read,
            }
        }
        "icmp type" => {
            services(&|text| icmp(ICMP, text), protocol(ICMP)).and(&Match::services(protocol(ICMP)))
        }
        "icmpv6 type" => {
            services(&|text| icmp(ICMPV6, text), protocol(ICMPV6)).and(&Match::services(protocol(ICMPV6)))
        }
        "icmp code" | "icmpv6 code" => {
            let number = if key == "icmp code" { ICMP } else { ICMPV6 };
            services(&|text| codes(number, text), protocol(number)).and(&Match::services(protocol(number)))
        }
        "meta nfproto" | "meta protocol" | "ether type" => {
            let family = |text: &str| match text {
                "ipv4" | "ip" => Some(v4()),
                "ipv6" | "ip6" => Some(v6()),
                // No packet that rules speak of.
                "arp" | "rarp" => Some(Addresses::empty()),
                _ => None,
            };
            let sum = values.iter().try_fold(Addresses::empty(), |sum, text| Some(sum.union(&family(text)?)));
            sum.map_or_else(unread, |sum| Match::family(&if negated { sum.complement() } else { sum }))
        }
        "ct state" => {
            // A packet that opens a flow is new, or not tracked.
            let new = values
                .iter()
                .any(|state| matches!(state.as_str(), "new" | "untracked" | "NEW" | "UNTRACKED"));
            if new == negated {
                return None;
            }
            Match::all()
        }
        _ => unread(),
    })
}

/// Whether a protocol's name takes ports.
pub(super) fn takes_ports(number: u8) -> bool {
    has_ports(number)
}
