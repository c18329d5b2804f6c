//! Whose an IP address is: of the MAC that carried it, or of somebody behind that MAC (a router).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Timestamp};

use super::addresses::{is_eui64_of, is_link_local, is_private, is_virtual_router, subnet};
use super::presence::{Seen, Span};

/// A host with more addresses than this in one subnet, none of them linked to it, passes on for others.
const MAX_ALIASES: usize = 4;

/// Which addresses belong to which MAC.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    own: BTreeMap<Mac, BTreeSet<IpAddr>>,
    /// Owners of an address with when it was seen there.
    owners: BTreeMap<IpAddr, BTreeMap<Mac, Vec<(Timestamp, Timestamp)>>>,
    /// MACs with an address that is surely theirs, or with none at all.
    firm: BTreeSet<Mac>,
    /// MACs that pass on for others, with how many.
    pub gateways: BTreeMap<Mac, usize>,
}

impl Ownership {
    pub(crate) fn of(seen: &Seen<'_>) -> Ownership {
        let mut carried: BTreeMap<Mac, BTreeMap<IpAddr, Carried>> = BTreeMap::new();
        for (host, presence) in &seen.hosts {
            if !host.mac.is_station() {
                continue;
            }
            let carried = carried.entry(host.mac).or_default();
            let entry =
                carried.entry(host.ip).or_insert_with(|| Carried { span: presence.span, peers: Vec::new() });
            entry.span.widen(presence.span);
            entry.peers.extend(presence.peers.iter().filter(|p| p.mac != host.mac));
        }
        let mut ownership = Ownership::default();
        let mut linked: BTreeMap<Mac, Vec<IpAddr>> = BTreeMap::new();
        for (ip, macs) in &seen.holders {
            for (mac, holding) in macs {
                ownership.add(*mac, *ip, holding.intervals.iter().copied());
                ownership.firm.insert(*mac);
                linked.entry(*mac).or_default().push(*ip);
            }
        }
        let mut on_link: BTreeMap<IpAddr, BTreeSet<Mac>> = BTreeMap::new();
        for (mac, ips) in &carried {
            for (ip, _) in ips.iter().filter(|(ip, one)| one.is_on_link(**ip, seen)) {
                on_link.entry(*ip).or_default().insert(*mac);
            }
        }
        for (mac, ips) in &carried {
            let (own, far) = split(*mac, ips, seen, linked.get(mac).map_or(&[], Vec::as_slice), &on_link);
            for ip in own {
                if let Some(carried) = ips.get(&ip) {
                    ownership.add(*mac, ip, [(carried.span.first, carried.span.last)]);
                }
            }
            let sure = |ip: &IpAddr| {
                seen.holders.get(ip).is_some_and(|macs| macs.contains_key(mac))
                    || is_link_local(*ip)
                    || is_eui64_of(*ip, *mac)
                    || on_link.get(ip).is_some_and(|macs| macs.contains(mac))
            };
            if !far.is_empty() || ips.keys().any(sure) {
                ownership.firm.insert(*mac);
            }
            if !far.is_empty() {
                ownership.gateways.insert(*mac, far.len());
            }
        }
        ownership
    }

    fn add(&mut self, mac: Mac, ip: IpAddr, when: impl IntoIterator<Item = (Timestamp, Timestamp)>) {
        self.own.entry(mac).or_default().insert(ip);
        self.owners.entry(ip).or_default().entry(mac).or_default().extend(when);
    }

    /// The addresses of a MAC.
    pub(crate) fn addresses(&self, mac: Mac) -> impl Iterator<Item = IpAddr> + '_ {
        self.own.get(&mac).into_iter().flatten().copied()
    }

    /// False where all that is known of a MAC is an address that may lie behind it.
    pub(crate) fn is_firm(&self, mac: Mac) -> bool {
        self.firm.contains(&mac) || !self.own.contains_key(&mac)
    }

    pub(crate) fn owns(&self, mac: Mac, ip: IpAddr) -> bool {
        self.own.get(&mac).is_some_and(|ips| ips.contains(&ip))
    }

    /// Who held the address at that time: who was seen with it then, else who took it last before, else the only
    /// holder there ever was. `None` where nobody or more than one could be meant.
    pub(crate) fn holder(&self, ip: IpAddr, at: Timestamp) -> Option<Mac> {
        let macs = self.owners.get(&ip)?;
        if let (1, Some(only)) = (macs.len(), macs.keys().next()) {
            return Some(*only);
        }
        let taken = |spans: &[(Timestamp, Timestamp)]| {
            spans.iter().filter(|s| s.0 <= at && at <= s.1).map(|s| s.0).max()
        };
        let within = macs.iter().filter_map(|(mac, spans)| Some((taken(spans)?, *mac)));
        if let Some(latest) = unique_max(within) {
            return Some(latest);
        }
        let before = macs.iter().filter_map(|(mac, spans)| {
            spans.iter().filter(|s| s.1 <= at).map(|s| s.1).max().map(|last| (last, *mac))
        });
        unique_max(before)
    }
}

/// Who has the greatest time, unless two have it.
fn unique_max(entries: impl Iterator<Item = (Timestamp, Mac)>) -> Option<Mac> {
    let mut sorted: Vec<_> = entries.collect();
    sorted.sort_unstable();
    match sorted.as_slice() {
        [.., a, b] if a.0 == b.0 => None,
        [.., last] => Some(last.1),
        [] => None,
    }
}

/// An address as one MAC carried it.
struct Carried {
    span: Span,
    peers: Vec<HostKey>,
}

impl Carried {
    /// It spoke with a neighbour of its own subnet that has another MAC, so no router lies between them.
    fn is_on_link(&self, ip: IpAddr, seen: &Seen<'_>) -> bool {
        self.peers.iter().any(|peer| {
            subnet(peer.ip) == subnet(ip)
                && peer.ip.is_ipv4() == ip.is_ipv4()
                && peer.mac.is_station()
                && linked_to(seen, peer.ip).is_none_or(|macs| macs.contains(&peer.mac))
        })
    }
}

fn linked_to(seen: &Seen<'_>, ip: IpAddr) -> Option<Vec<Mac>> {
    seen.holders.get(&ip).map(|macs| macs.keys().copied().collect())
}

/// Parts the addresses that a MAC carried into its own and those of others.
fn split(
    mac: Mac,
    ips: &BTreeMap<IpAddr, Carried>,
    seen: &Seen<'_>,
    linked_here: &[IpAddr],
    neighbours: &BTreeMap<IpAddr, BTreeSet<Mac>>,
) -> (Vec<IpAddr>, Vec<IpAddr>) {
    let linked = |ip: IpAddr| seen.holders.get(&ip).is_some_and(|macs| macs.contains_key(&mac));
    // Another station holds it: it said so, or it speaks with neighbours under that address and this one does not.
    let linked_elsewhere = |ip: IpAddr| {
        seen.holders.get(&ip).is_some_and(|macs| !macs.contains_key(&mac))
            || neighbours.get(&ip).is_some_and(|macs| !macs.contains(&mac))
    };
    let all_linked = linked_here;
    let mut own = Vec::new();
    let mut open: Vec<(IpAddr, &Carried)> = Vec::new();
    for (ip, carried) in ips {
        if linked(*ip) || is_link_local(*ip) || is_eui64_of(*ip, mac) {
            own.push(*ip);
        } else {
            open.push((*ip, carried));
        }
    }
    let v4 = |ip: &IpAddr| ip.is_ipv4();
    let open_v4: Vec<_> = open.iter().filter(|(ip, _)| v4(ip)).collect();
    let among_private = |carried: &Carried| carried.peers.iter().any(|p| is_private(p.ip) && p.ip.is_ipv4());
    let subnets = |family: fn(&IpAddr) -> bool| {
        let linked = all_linked.iter().filter(|ip| family(ip) && !is_link_local(**ip));
        let open = open.iter().map(|(ip, _)| ip).filter(|ip| family(ip));
        linked.chain(open).map(|ip| subnet(*ip)).collect::<BTreeSet<_>>().len()
    };
    let has_private_v4 = all_linked.iter().any(|ip| ip.is_ipv4() && is_private(*ip));
    let on_link: BTreeSet<IpAddr> =
        open.iter().filter(|(ip, c)| c.is_on_link(*ip, seen)).map(|(ip, _)| *ip).collect();
    // Two of them at the same time: sorted by start, one starts before all earlier ones have ended.
    let concurrent = |list: &[&(IpAddr, &Carried)]| {
        let mut spans: Vec<Span> = list.iter().map(|(_, carried)| carried.span).collect();
        spans.sort_by_key(|span| span.first);
        let mut until: Option<Timestamp> = None;
        spans.iter().any(|span| {
            let overlaps = until.is_some_and(|until| span.first <= until);
            until = Some(until.map_or(span.last, |until| until.max(span.last)));
            overlaps
        })
    };
    let forwards = is_virtual_router(mac)
        || open.iter().any(|(ip, _)| linked_elsewhere(*ip))
        || open_v4.iter().any(|(ip, c)| !is_private(*ip) && (has_private_v4 || among_private(c)))
        || subnets(|ip| ip.is_ipv4()) > 1 && (concurrent(&open_v4) || !all_linked.is_empty())
        || open_v4.len() > MAX_ALIASES
        || concurrent(&open_v4) && !open_v4.iter().any(|(ip, _)| on_link.contains(ip))
        || subnets(|ip| ip.is_ipv6()) > 1 && open.iter().filter(|(ip, _)| !v4(ip)).count() > 1;
    let on_link_few = on_link.len() <= MAX_ALIASES;
    let mut far = Vec::new();
    let mut siblings: BTreeSet<IpAddr> =
        all_linked.iter().chain(&own).filter(|o| !is_link_local(**o)).map(|o| subnet(*o)).collect();
    for (ip, _) in open {
        let neighbour = on_link_few && on_link.contains(&ip) && !linked_elsewhere(ip);
        let sibling = siblings.contains(&subnet(ip));
        let beside =
            sibling && !linked_elsewhere(ip) && !is_virtual_router(mac) && (on_link_few || !ip.is_ipv4());
        if neighbour || beside || !forwards {
            siblings.insert(subnet(ip));
            own.push(ip);
        } else {
            far.push(ip);
        }
    }
    (own, far)
}
