//! The addresses of each zone's members at this moment. No address is in two zones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Device, Mac, Scope};
use serde::Serialize;

use super::{Belief, Membership, networks};
use crate::language::{Members, Policy, Treatment};
use crate::space::{Addresses, network, place};

/// What a zone holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Holding {
    /// Addresses of members, and the zone's networks.
    pub addresses: Addresses,
    /// Addresses of devices that are not surely members, where those are only alerted on.
    pub unsure: Addresses,
    /// Members' MAC addresses, in order.
    pub macs: BTreeSet<Mac>,
    /// VLANs that members were seen on.
    pub vlans: BTreeSet<u16>,
    /// How many devices are treated as members.
    pub devices: usize,
}

impl Holding {
    /// All addresses, sure or not.
    pub fn all(&self) -> Addresses {
        self.addresses.union(&self.unsure)
    }
}

/// An address that devices of several zones have; the first zone listed holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contested {
    /// The address.
    pub address: IpAddr,
    /// The zones, in the policy's order.
    pub zones: Vec<String>,
}

/// What every zone holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Ground {
    /// In the policy's order of zones.
    pub zones: Vec<Holding>,
    /// Addresses of devices that may talk to nobody: unknown ones under fine treatment.
    pub unknown: Addresses,
    /// Addresses that several zones claim.
    pub contested: Vec<Contested>,
}

/// Networks that are never outside of a site (RFC 6890, RFC 4193, RFC 4291).
const INSIDE: [&str; 16] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "::1/128",
    "64:ff9b:1::/48",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

fn inside() -> Addresses {
    let parts = INSIDE.iter().filter_map(|text| {
        let (address, prefix) = text.split_once('/')?;
        Some(network(address.parse().ok()?, prefix.parse().ok()?))
    });
    parts.fold(Addresses::empty(), |sum, part| sum.union(&part))
}

fn usable(ip: IpAddr) -> bool {
    !ip.is_multicast()
        && !ip.is_unspecified()
        && !ip.is_loopback()
        && ip != IpAddr::from([255, 255, 255, 255])
}

impl Ground {
    /// The addresses of the zones' members among `devices`.
    pub fn of(policy: &Policy, membership: &Membership, devices: &[Device]) -> Ground {
        let numbers: BTreeMap<&str, usize> =
            policy.zones.iter().enumerate().map(|(at, zone)| (zone.name.as_str(), at)).collect();
        let mut zones = vec![Holding::default(); policy.zones.len()];
        // Address to the zones that claim it, each with whether surely.
        let mut claims: BTreeMap<IpAddr, BTreeMap<usize, bool>> = BTreeMap::new();
        let mut loose = Vec::new();
        let mut own = Vec::new();
        for device in devices {
            let ips = device.ips.iter().copied().filter(|ip| usable(*ip));
            if device.scope == Scope::Internal {
                own.extend(ips.clone());
            }
            let Some(seat) = membership.of(&device.id) else { continue };
            let zone = seat.treated_as.as_deref().and_then(|name| numbers.get(name).copied());
            let Some(zone) = zone else {
                if seat.belief == Belief::Unknown && policy.unknown == Treatment::Fine {
                    loose.extend(ips);
                }
                continue;
            };
            let unsure = seat.belief == Belief::Unsure && policy.unsure == Treatment::Alert;
            for ip in ips {
                *claims.entry(ip).or_default().entry(zone).or_default() |= !unsure;
            }
            if let Some(holding) = zones.get_mut(zone) {
                holding.macs.extend(device.macs.iter().filter(|mac| mac.is_station()));
                holding.vlans.extend(&device.vlans);
                holding.devices += 1;
            }
        }
        let mut contested = Vec::new();
        let mut sure: Vec<Vec<(u128, u128)>> = vec![Vec::new(); zones.len()];
        let mut unsure = sure.clone();
        for (ip, claimants) in &claims {
            if claimants.len() > 1 {
                let names =
                    claimants.keys().filter_map(|at| policy.zones.get(*at)).map(|zone| zone.name.clone());
                contested.push(Contested { address: *ip, zones: names.collect() });
            }
            if let Some((zone, surely)) = claimants.first_key_value() {
                let at = place(*ip);
                let list = if *surely { &mut sure } else { &mut unsure };
                list.get_mut(*zone).into_iter().for_each(|list| list.push((at, at)));
            }
        }
        let points = |ips: Vec<IpAddr>| Addresses::joined(ips.into_iter().map(|ip| (place(ip), place(ip))));
        let claimed = points(claims.keys().copied().collect());
        let mut taken = claimed.clone();
        for (at, zone) in policy.zones.iter().enumerate() {
            let Some(holding) = zones.get_mut(at) else { continue };
            let wide = networks(zone);
            holding.addresses = Addresses::joined(sure.get(at).cloned().unwrap_or_default());
            holding.unsure = Addresses::joined(unsure.get(at).cloned().unwrap_or_default());
            if !wide.is_empty() {
                holding.addresses = holding.addresses.union(&wide.difference(&taken));
                taken = taken.union(&wide);
            }
        }
        let not_outside = inside().union(&taken).union(&points(own));
        for (zone, holding) in policy.zones.iter().zip(&mut zones) {
            if zone.members == Members::External {
                holding.addresses = holding.addresses.union(&not_outside.complement());
                break;
            }
        }
        let unknown = points(loose).difference(&taken);
        Ground { zones, unknown, contested }
    }
}
