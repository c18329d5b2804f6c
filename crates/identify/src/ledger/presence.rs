//! Which hosts were there, what they answered on and asked for: the part of flows that identity needs, whatever their number.

use std::net::IpAddr;

use medward_model::{HostKey, Mac, Timestamp, Transport};

use super::{FlowKey, FlowSum, Map};
use crate::ledger::memory::{Change, Key};
use crate::resolve::{is_group, is_private, subnet};

/// More neighbours than this are not needed to tell that a host is on its link.
const MAX_PEERS: usize = 8;

/// More services of one host, or kinds of service that it asks for, are not kept.
const MAX_SERVICES: usize = 4096;

/// When something was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Span {
    pub(crate) fn widen(&mut self, other: Span) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What is known of a host triple.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Presence {
    pub span: Span,
    /// It spoke, or something that only a real host gets was sent to it.
    pub exists: bool,
    /// It spoke with a private IPv4 address that came from another station.
    pub among_private: bool,
    /// Its times changed since it was last written down.
    pub later: bool,
    /// Other ends of its flows that may be its neighbours: of its subnet, with another station's address. The lowest
    /// [`MAX_PEERS`], in order.
    pub peers: Vec<HostKey>,
}

impl Presence {
    pub(crate) fn new(span: Span, exists: bool) -> Presence {
        Presence { span, exists, among_private: false, later: false, peers: Vec::new() }
    }

    /// It spoke with `peer`; true where that tells more of it.
    pub(crate) fn meet(&mut self, host: &HostKey, peer: &HostKey) -> bool {
        if !host.mac.is_station() || peer.mac == host.mac || is_group(peer) {
            return false;
        }
        let private = peer.ip.is_ipv4() && is_private(peer.ip);
        let more = private && !self.among_private;
        self.among_private |= private;
        let near = peer.mac.is_station()
            && peer.ip.is_ipv4() == host.ip.is_ipv4()
            && subnet(peer.ip) == subnet(host.ip);
        if !near {
            return more;
        }
        match self.peers.binary_search(peer) {
            Err(at) if at < MAX_PEERS => {
                self.peers.truncate(MAX_PEERS - 1);
                self.peers.reserve_exact(1);
                self.peers.insert(at, *peer);
                true
            }
            _ => more,
        }
    }
}

/// A service of a host: who, transport, port, protocol.
pub(crate) type ServedKey = (HostKey, Transport, u16, &'static str);

/// When a service was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub span: Span,
    /// Lowest packet that shows it.
    pub packet: u64,
    /// Its times changed since it was last written down.
    pub later: bool,
}

/// What a host asks for elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub first: Timestamp,
    pub packet: u64,
    /// Somebody real is asked.
    pub heard: bool,
    /// One of those who are asked, as long as nobody real is known to be.
    pub to: Option<Box<HostKey>>,
}

/// Transport, port and protocol.
pub(crate) type Kind = (Transport, u16, &'static str);

/// What one host answers on and asks for, each in order.
#[derive(Debug, Default)]
pub(crate) struct Services {
    served: Vec<(Kind, Served)>,
    asked: Vec<(Kind, Asked)>,
}

/// The entry of a kind; `None` where it is new and there is no room.
fn entry<T>(list: &mut Vec<(Kind, T)>, kind: Kind, fresh: T) -> Option<(&mut T, bool)> {
    let found = list.binary_search_by(|(known, _)| known.cmp(&kind));
    let (at, new) = match found {
        Ok(at) => (at, false),
        Err(_) if list.len() >= MAX_SERVICES => return None,
        Err(at) => {
            // Most hosts have few, and there are many hosts.
            if list.len() < 8 {
                list.reserve_exact(1);
            }
            list.insert(at, (kind, fresh));
            (at, true)
        }
    };
    list.get_mut(at).map(|(_, known)| (known, new))
}

/// All hosts.
#[derive(Debug, Default)]
pub(crate) struct Presences {
    /// Unicast hosts with an address.
    pub hosts: Map<HostKey, Presence>,
    /// Groups that somebody sent to.
    pub groups: Map<IpAddr, Span>,
    /// MAC addresses that took part in flows, by VLAN.
    pub stations: Map<(Mac, u16), Span>,
    services: Map<HostKey, Services>,
    /// MAC addresses that took part of which only times changed since they were last written down.
    later: Map<(Mac, u16), ()>,
    /// Addresses that look like directed broadcasts, and spoke.
    pub speakers: Map<IpAddr, ()>,
}

/// What may be a directed broadcast address of a usual subnet.
pub(crate) fn may_be_broadcast(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if ip.octets()[3] == 255)
}

impl Presences {
    /// Takes in an aggregate of flows. `changed` hears what is other than it was.
    pub(crate) fn absorb(&mut self, key: &FlowKey, sum: &FlowSum, changed: &mut dyn FnMut(Key, Change)) {
        let span = Span { first: sum.first, last: sum.last };
        let (from, to) = (key.originator, key.responder);
        let heard = sum.packets[1] > 0
            || key.protocol.is_some_and(|p| p != "other")
            || key.transport == Transport::Tcp && sum.most_sent >= 4;
        for (ip, spoke) in [(from.ip, sum.packets[0] > 0), (to.ip, sum.packets[1] > 0)] {
            if spoke && may_be_broadcast(ip) {
                self.speakers.insert(ip, ());
            }
        }
        self.host(from, span, sum.packets[0] > 0, to, changed);
        self.host(to, span, heard, from, changed);
        let group = is_group(&to);
        if group {
            self.groups.entry(to.ip).and_modify(|known| known.widen(span)).or_insert_with(|| {
                changed(Key::Group(to.ip), Change::Material);
                span
            });
        }
        let stations = to.mac.is_station() && from.mac != Mac::ZERO;
        if key.transport == Transport::Link && !stations {
            return;
        }
        let protocol = key.protocol.unwrap_or("unknown");
        let heard = heard || group;
        // What is asked for under no known protocol tells nothing, and there is no end of it.
        if key.protocol.is_none_or(|protocol| protocol == "other") && key.port >= 1024 {
            self.serve(key, sum, span, protocol, changed);
            return;
        }
        let kind = (key.transport, key.port, protocol);
        let fresh = Asked { first: sum.first, packet: sum.packet, heard, to: None };
        let asked = &mut self.services.entry(from).or_default().asked;
        if let Some((known, new)) = entry(asked, kind, fresh) {
            known.packet = known.packet.min(sum.packet);
            known.first = known.first.min(sum.first);
            let more = new || heard && !known.heard;
            known.heard |= heard;
            known.to = match known.to.take() {
                _ if known.heard => None,
                Some(before) if *before <= to => Some(before),
                _ => Some(Box::new(to)),
            };
            if more {
                changed(Key::Asked((from, kind.0, kind.1, kind.2)), Change::Material);
            }
        }
        self.serve(key, sum, span, protocol, changed);
    }

    fn serve(
        &mut self,
        key: &FlowKey,
        sum: &FlowSum,
        span: Span,
        protocol: &'static str,
        changed: &mut dyn FnMut(Key, Change),
    ) {
        if !sum.serves {
            return;
        }
        let kind = (key.transport, key.port, protocol);
        let fresh = Served { span, packet: sum.packet, later: false };
        let served = &mut self.services.entry(key.responder).or_default().served;
        let Some((known, new)) = entry(served, kind, fresh) else { return };
        // A service is told anew when another hour has come.
        let hour = |at: Timestamp| at.as_seconds().div_euclid(3600);
        let before = hour(known.span.last);
        known.span.widen(span);
        known.packet = known.packet.min(sum.packet);
        let material = new || hour(known.span.last) != before;
        known.later = !material;
        let change = if material { Change::Material } else { Change::Times };
        changed(Key::Served((key.responder, kind.0, kind.1, kind.2)), change);
    }

    /// All that is answered on, in order.
    pub(crate) fn served(&self) -> Vec<(&HostKey, &Kind, &Served)> {
        let mut all: Vec<(&HostKey, &Services)> =
            self.services.iter().filter(|(_, services)| !services.served.is_empty()).collect();
        all.sort_unstable_by_key(|(host, _)| **host);
        all.into_iter()
            .flat_map(|(host, services)| {
                services.served.iter().map(move |(kind, served)| (host, kind, served))
            })
            .collect()
    }

    /// All that is asked for, in no order.
    pub(crate) fn asked(&self) -> impl Iterator<Item = (&HostKey, &Kind, &Asked)> {
        self.services
            .iter()
            .flat_map(|(host, services)| services.asked.iter().map(move |(kind, asked)| (host, kind, asked)))
    }

    pub(crate) fn served_by(&self, key: &ServedKey) -> Option<&Served> {
        find(&self.services.get(&key.0)?.served, (key.1, key.2, key.3))
    }

    pub(crate) fn asked_by(&self, key: &ServedKey) -> Option<&Asked> {
        find(&self.services.get(&key.0)?.asked, (key.1, key.2, key.3))
    }

    /// Puts back what was written down.
    pub(crate) fn restore_served(&mut self, key: ServedKey, served: Served) {
        entry(&mut self.services.entry(key.0).or_default().served, (key.1, key.2, key.3), served);
    }

    /// Puts back what was written down.
    pub(crate) fn restore_asked(&mut self, key: ServedKey, asked: Asked) {
        entry(&mut self.services.entry(key.0).or_default().asked, (key.1, key.2, key.3), asked);
    }

    /// Forgets what a host answered on and asked for; hears what that was.
    pub(super) fn forget_services(&mut self, host: &HostKey, gone: &mut dyn FnMut(Key)) {
        if let Some(services) = self.services.remove(host) {
            services.served.iter().for_each(|((t, port, p), _)| gone(Key::Served((*host, *t, *port, p))));
            services.asked.iter().for_each(|((t, port, p), _)| gone(Key::Asked((*host, *t, *port, p))));
        }
    }

    /// What changed in its times only; it counts as written from then on.
    pub(super) fn later(&mut self, keys: &mut Vec<Key>) {
        for (host, known) in &mut self.hosts {
            if std::mem::take(&mut known.later) {
                keys.push(Key::Host(*host));
            }
        }
        keys.extend(std::mem::take(&mut self.later).into_keys().map(Key::Station));
        for (host, services) in &mut self.services {
            for ((transport, port, protocol), served) in &mut services.served {
                if std::mem::take(&mut served.later) {
                    keys.push(Key::Served((*host, *transport, *port, protocol)));
                }
            }
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore_host(&mut self, host: HostKey, presence: Presence) {
        if presence.exists && may_be_broadcast(host.ip) {
            self.speakers.insert(host.ip, ());
        }
        self.hosts.insert(host, presence);
    }

    fn host(
        &mut self,
        host: HostKey,
        span: Span,
        exists: bool,
        peer: HostKey,
        changed: &mut dyn FnMut(Key, Change),
    ) {
        if is_group(&host) {
            return;
        }
        // A frame went to this very station: somebody had resolved its address.
        if host.mac.is_station() {
            let station = (host.mac, host.vlan);
            match self.stations.get_mut(&station) {
                Some(known) => {
                    known.widen(span);
                    self.later.insert(station, ());
                    changed(Key::Station(station), Change::Times);
                }
                None => {
                    self.stations.insert(station, span);
                    changed(Key::Station(station), Change::Material);
                }
            }
        }
        if host.ip.is_unspecified() {
            return;
        }
        let mut change = Change::Times;
        let known = self.hosts.entry(host).or_insert_with(|| {
            change = Change::Material;
            Presence::new(span, exists)
        });
        known.span.widen(span);
        if exists && !known.exists {
            known.exists = true;
            change = Change::Material;
        }
        if known.meet(&host, &peer) {
            change = Change::Material;
        }
        known.later = change == Change::Times;
        changed(Key::Host(host), change);
    }
}

fn find<T>(list: &[(Kind, T)], kind: Kind) -> Option<&T> {
    let at = list.binary_search_by(|(known, _)| known.cmp(&kind)).ok()?;
    list.get(at).map(|(_, known)| known)
}
