//! Which hosts were there, what they answered on and asked for: the part of flows that identity needs, whatever their number.

use std::net::IpAddr;

use medward_model::{HostKey, Mac, Timestamp, Transport};

use super::{FlowKey, FlowSum, Map};
use crate::ledger::memory::{Change, Key};
use crate::resolve::is_group;

/// More peers than this are not needed to tell a router.
const MAX_PEERS: usize = 64;

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
    /// Other ends of its flows, the lowest [`MAX_PEERS`], in order.
    pub peers: Vec<HostKey>,
}

/// A service of a host: who, transport, port, protocol.
pub(crate) type ServedKey = (HostKey, Transport, u16, &'static str);

/// When a service was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Served {
    pub span: Span,
    /// Lowest packet that shows it.
    pub packet: u64,
}

/// What a host asks for elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub first: Timestamp,
    pub packet: u64,
    /// Somebody real is asked.
    pub heard: bool,
    /// One of those who are asked.
    pub to: HostKey,
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
    pub served: Map<ServedKey, Served>,
    pub asked: Map<ServedKey, Asked>,
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
        let asked = (from, key.transport, key.port, protocol);
        match self.asked.get_mut(&asked) {
            Some(known) => {
                known.packet = known.packet.min(sum.packet);
                known.first = known.first.min(sum.first);
                if heard && !known.heard {
                    known.heard = true;
                    changed(Key::Asked(asked), Change::Material);
                }
                known.to = known.to.min(to);
            }
            None => {
                let fresh = Asked { first: sum.first, packet: sum.packet, heard, to };
                self.asked.insert(asked, fresh);
                changed(Key::Asked(asked), Change::Material);
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
        if sum.serves {
            let served = (key.responder, key.transport, key.port, protocol);
            match self.served.get_mut(&served) {
                Some(known) => {
                    // A service is told anew when another hour has come.
                    let hour = |at: Timestamp| at.as_seconds().div_euclid(3600);
                    let before = hour(known.span.last);
                    known.span.widen(span);
                    known.packet = known.packet.min(sum.packet);
                    let later = hour(known.span.last) != before;
                    changed(Key::Served(served), if later { Change::Material } else { Change::Times });
                }
                None => {
                    self.served.insert(served, Served { span, packet: sum.packet });
                    changed(Key::Served(served), Change::Material);
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
            Presence { span, exists, peers: Vec::new() }
        });
        known.span.widen(span);
        if exists && !known.exists {
            known.exists = true;
            change = Change::Material;
        }
        if peer != host
            && !is_group(&peer)
            && let Err(at) = known.peers.binary_search(&peer)
            && at < MAX_PEERS
        {
            known.peers.insert(at, peer);
            known.peers.truncate(MAX_PEERS);
            change = Change::Material;
        }
        changed(Key::Host(host), change);
    }
}
