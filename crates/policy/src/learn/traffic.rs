//! Conversations summed up by profile: who opens what to whom, how often and for how long.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Device, DeviceId, Scope, Timestamp, Transport};

use super::Learning;
use crate::language::{Members, Policy};
use crate::meaning::Purpose;
use crate::zones::Membership;

/// One side of what was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    /// A zone, by its number.
    Zone(usize),
    /// A group address.
    Group(IpAddr),
    /// Whoever is outside of the site.
    Outside,
    /// A device that no zone takes.
    Unplaced(DeviceId),
}

/// What was talked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Talk {
    pub transport: Transport,
    pub port: u16,
    pub protocol: String,
}

/// How much of it was seen.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub flows: u64,
    pub packets: u64,
    pub originators: BTreeSet<DeviceId>,
    pub responders: BTreeSet<DeviceId>,
    pub first: Timestamp,
    pub last: Timestamp,
    /// It belongs to a file transfer in the clear.
    pub of_file_transfer: bool,
}

impl Seen {
    /// Adds what was seen elsewhere.
    pub fn add(&mut self, other: &Seen) {
        self.flows = self.flows.saturating_add(other.flows);
        self.packets = self.packets.saturating_add(other.packets);
        self.originators.extend(other.originators.iter().cloned());
        self.responders.extend(other.responders.iter().cloned());
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.of_file_transfer &= other.of_file_transfer;
    }
}

/// All of it.
pub(super) struct Traffic {
    pub seen: BTreeMap<(Side, Side, Talk), Seen>,
    /// How many devices a zone has.
    pub devices: Vec<usize>,
    /// Devices inside of the site that are in no zone.
    pub unplaced: usize,
    /// Zones that speak the protocol of connected devices of care, which find each other by discovery.
    pub connected: BTreeSet<usize>,
}

impl Traffic {
    /// Sums up.
    pub fn of(learning: &Learning<'_>, policy: &Policy, membership: &Membership) -> Traffic {
        let known: BTreeMap<&DeviceId, &Device> =
            learning.devices.iter().map(|device| (&device.id, device)).collect();
        let numbers: BTreeMap<&str, usize> =
            policy.zones.iter().enumerate().map(|(at, zone)| (zone.name.as_str(), at)).collect();
        let zone_of = |id: &DeviceId| {
            let name = membership.of(id)?.zone.as_deref()?;
            let at = *numbers.get(name)?;
            let outside = policy.zones.get(at).is_some_and(|zone| zone.members == Members::External);
            Some(if outside { Side::Outside } else { Side::Zone(at) })
        };
        let side = |id: &DeviceId| match known.get(id) {
            Some(device) if device.scope == Scope::Multicast => device.ips.first().copied().map(Side::Group),
            _ => zone_of(id).or_else(|| Some(Side::Unplaced(id.clone()))),
        };
        let mut devices = vec![0; policy.zones.len()];
        let mut unplaced = 0;
        for device in learning.devices.iter().filter(|device| device.scope == Scope::Internal) {
            match zone_of(&device.id) {
                Some(Side::Zone(at)) => devices.get_mut(at).into_iter().for_each(|count| *count += 1),
                _ => unplaced += 1,
            }
        }
        let files: BTreeSet<(&DeviceId, &DeviceId)> = learning
            .conversations
            .iter()
            .filter(|talk| talk.protocol == "ftp")
            .flat_map(|talk| [(&talk.originator, &talk.responder), (&talk.responder, &talk.originator)])
            .collect();
        let mut seen: BTreeMap<(Side, Side, Talk), Seen> = BTreeMap::new();
        let mut connected = BTreeSet::new();
        for talk in learning.conversations {
            if talk.transport == Transport::Link || Purpose::of(&talk.protocol) == Purpose::Link {
                continue;
            }
            let (Some(from), Some(to)) = (side(&talk.originator), side(&talk.responder)) else { continue };
            if talk.protocol == "sdc" {
                connected.extend([&from, &to].into_iter().filter_map(|side| match side {
                    Side::Zone(at) => Some(*at),
                    _ => None,
                }));
            }
            let data = talk.transport == Transport::Tcp
                && talk.port >= 1024
                && Purpose::of(&talk.protocol) == Purpose::Unknown
                && files.contains(&(&talk.originator, &talk.responder));
            let now = Seen {
                flows: talk.flows,
                packets: talk.packets,
                originators: BTreeSet::from([talk.originator.clone()]),
                responders: BTreeSet::from([talk.responder.clone()]),
                first: talk.first_seen,
                last: talk.last_seen,
                of_file_transfer: data,
            };
            let what = Talk { transport: talk.transport, port: talk.port, protocol: talk.protocol.clone() };
            seen.entry((from, to, what)).and_modify(|seen| seen.add(&now)).or_insert(now);
        }
        Traffic { seen, devices, unplaced, connected }
    }
}
