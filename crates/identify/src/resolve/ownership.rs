//! Whose an IP address is: of the MAC that carried it, or of somebody behind that MAC (a router).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Timestamp};

use super::addresses::{is_eui64_of, is_link_local, is_private, is_virtual_router, subnet};
use super::presence::{Presence, Seen, Span, within};

/// A host with more addresses than this in one subnet, none of them linked to it, passes on for others.
const MAX_ALIASES: usize = 4;

/// Which addresses belong to which MAC.
#[derive(Debug, Default)]
pub(crate) struct Ownership {
    /// In order.
    own: Vec<(Mac, IpAddr)>,
    /// Owners of an address with when it was seen there, in order.
    owners: Vec<(IpAddr, Mac, Timestamp, Timestamp)>,
    /// MACs with an address that is surely theirs, in order.
    firm: Vec<Mac>,
    /// MACs that pass on for others, with how many.
    pub gateways: BTreeMap<Mac, usize>,
}

impl Ownership {
    pub(crate) fn of(seen: &Seen<'_>) -> Ownership {
        let mut carried: Vec<(Mac, IpAddr, Carried<'_>)> = seen
            .hosts
            .iter()
            .filter(|(host, _)| host.mac.is_station())
            .map(|(host, presence)| (host.mac, host.ip, Carried::new(presence)))
            .collect();
        carried.sort_by_key(|(mac, ip, _)| (*mac, *ip));
        // An address that a station carried on several networks.
        carried.dedup_by(|later, known| {
            let same = (later.0, later.1) == (known.0, known.1);
            if same {
                known.2.span.widen(later.2.span);
                known.2.among_private |= later.2.among_private;
                known.2.peers.append(&mut later.2.peers);
            }
            same
        });
        let mut ownership = Ownership::default();
        let mut linked: Vec<(Mac, IpAddr)> = Vec::new();
        for (ip, mac, spans) in seen.holders.iter() {
            ownership.add(*mac, *ip, spans.iter().copied());
            ownership.firm.push(*mac);
            linked.push((*mac, *ip));
        }
        linked.sort_unstable();
        linked.dedup();
        let mut on_link: Vec<(IpAddr, Mac)> = carried
            .iter()
            .filter(|(_, ip, one)| one.is_on_link(*ip, seen))
            .map(|(mac, ip, _)| (*ip, *mac))
            .collect();
        on_link.sort_unstable();
        for ips in carried.chunk_by(|a, b| a.0 == b.0) {
            let Some(mac) = ips.first().map(|first| first.0) else { continue };
            let here: Vec<IpAddr> = within(&linked, mac).copied().collect();
            let (own, far) = split(mac, ips, seen, &here, &on_link);
            for ip in own {
                if let Ok(at) = ips.binary_search_by_key(&ip, |(_, ip, _)| *ip)
                    && let Some((_, _, carried)) = ips.get(at)
                {
                    ownership.add(mac, ip, [(carried.span.first, carried.span.last)]);
                }
            }
            let sure = |ip: &IpAddr| {
                seen.holders.is_held_by(*ip, mac) == Some(true)
                    || is_link_local(*ip)
                    || is_eui64_of(*ip, mac)
                    || within(&on_link, *ip).any(|known| *known == mac)
            };
            if !far.is_empty() || ips.iter().any(|(_, ip, _)| sure(ip)) {
                ownership.firm.push(mac);
            }
            if !far.is_empty() {
                ownership.gateways.insert(mac, far.len());
            }
        }
        ownership.own.sort_unstable();
        ownership.own.dedup();
        ownership.own.shrink_to_fit();
        ownership.owners.sort_unstable();
        ownership.owners.dedup();
        ownership.owners.shrink_to_fit();
        ownership.firm.sort_unstable();
        ownership.firm.dedup();
        ownership.firm.shrink_to_fit();
        ownership
    }

    fn add(&mut self, mac: Mac, ip: IpAddr, when: impl IntoIterator<Item = (Timestamp, Timestamp)>) {
        self.own.push((mac, ip));
        self.owners.extend(when.into_iter().map(|(first, last)| (ip, mac, first, last)));
    }

    /// The addresses of a MAC.
    pub(crate) fn addresses(&self, mac: Mac) -> impl Iterator<Item = IpAddr> + '_ {
        within(&self.own, mac).copied()
    }

    /// False where all that is known of a MAC is an address that may lie behind it.
    pub(crate) fn is_firm(&self, mac: Mac) -> bool {
        self.firm.binary_search(&mac).is_ok() || within(&self.own, mac).next().is_none()
    }

    pub(crate) fn owns(&self, mac: Mac, ip: IpAddr) -> bool {
        self.own.binary_search(&(mac, ip)).is_ok()
    }

    /// Who held the address at that time: who was seen with it then, else who took it last before, else the only
    /// holder there ever was. `None` where nobody or more than one could be meant.
    pub(crate) fn holder(&self, ip: IpAddr, at: Timestamp) -> Option<Mac> {
        let from = self.owners.partition_point(|(known, ..)| *known < ip);
        let all = self.owners.get(from..).unwrap_or_default();
        let owners = all.iter().take_while(|(known, ..)| *known == ip).count();
        let owners = all.get(..owners)?;
        let (first, last) = (owners.first()?.1, owners.last()?.1);
        if first == last {
            return Some(first);
        }
        let by_mac = || owners.chunk_by(|a, b| a.1 == b.1);
        let within = by_mac().filter_map(|spans| {
            let taken = spans.iter().filter(|s| s.2 <= at && at <= s.3).map(|s| s.2).max()?;
            Some((taken, spans.first()?.1))
        });
        if let Some(latest) = unique_max(within) {
            return Some(latest);
        }
        let before = by_mac().filter_map(|spans| {
            let left = spans.iter().filter(|s| s.3 <= at).map(|s| s.3).max()?;
            Some((left, spans.first()?.1))
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
struct Carried<'m> {
    span: Span,
    among_private: bool,
    peers: Vec<&'m [HostKey]>,
}

impl<'m> Carried<'m> {
    fn new(presence: &Presence<'m>) -> Carried<'m> {
        let peers = if presence.peers.is_empty() { Vec::new() } else { vec![presence.peers] };
        Carried { span: presence.span, among_private: presence.among_private, peers }
    }

    /// It spoke with a neighbour of its own subnet that has another MAC, so no router lies between them.
    fn is_on_link(&self, ip: IpAddr, seen: &Seen<'_>) -> bool {
        self.peers.iter().copied().flatten().any(|peer| {
            subnet(peer.ip) == subnet(ip)
                && peer.ip.is_ipv4() == ip.is_ipv4()
                && peer.mac.is_station()
                && seen.holders.is_held_by(peer.ip, peer.mac) != Some(false)
        })
    }
}

/// Parts the addresses that a MAC carried into its own and those of others.
fn split(
    mac: Mac,
    ips: &[(Mac, IpAddr, Carried<'_>)],
    seen: &Seen<'_>,
    linked_here: &[IpAddr],
    neighbours: &[(IpAddr, Mac)],
) -> (Vec<IpAddr>, Vec<IpAddr>) {
    let linked = |ip: IpAddr| seen.holders.is_held_by(ip, mac) == Some(true);
    // Another station holds it: it said so, or it speaks with neighbours under that address and this one does not.
    let linked_elsewhere = |ip: IpAddr| {
        let mut beside = within(neighbours, ip).peekable();
        seen.holders.is_held_by(ip, mac) == Some(false)
            || beside.peek().is_some() && !beside.any(|known| *known == mac)
    };
    let all_linked = linked_here;
    let mut own = Vec::new();
    let mut open: Vec<(IpAddr, &Carried<'_>)> = Vec::new();
    for (_, ip, carried) in ips {
        if linked(*ip) || is_link_local(*ip) || is_eui64_of(*ip, mac) {
            own.push(*ip);
        } else {
            open.push((*ip, carried));
        }
    }
    let v4 = |ip: &IpAddr| ip.is_ipv4();
    let open_v4: Vec<_> = open.iter().filter(|(ip, _)| v4(ip)).collect();
    let subnets = |family: fn(&IpAddr) -> bool| {
        let linked = all_linked.iter().filter(|ip| family(ip) && !is_link_local(**ip));
        let open = open.iter().map(|(ip, _)| ip).filter(|ip| family(ip));
        linked.chain(open).map(|ip| subnet(*ip)).collect::<BTreeSet<_>>().len()
    };
    let has_private_v4 = all_linked.iter().any(|ip| ip.is_ipv4() && is_private(*ip));
    let on_link: BTreeSet<IpAddr> =
        open.iter().filter(|(ip, c)| c.is_on_link(*ip, seen)).map(|(ip, _)| *ip).collect();
    // Two of them at the same time: sorted by start, one starts before all earlier ones have ended.
    let concurrent = |list: &[&(IpAddr, &Carried<'_>)]| {
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
        || open_v4.iter().any(|(ip, c)| !is_private(*ip) && (has_private_v4 || c.among_private))
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
