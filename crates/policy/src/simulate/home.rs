//! Devices by number, with what is needed of them for each conversation.

use std::collections::BTreeMap;
use std::net::IpAddr;

use foldhash::{HashMap, HashMapExt as _};
use medward_model::{Device, DeviceId};

use super::TRIED;
use crate::language::Policy;
use crate::meaning::may_support_life;
use crate::zones::Membership;

struct Home<'a> {
    id: &'a DeviceId,
    /// Addresses that it can open from.
    opening: Vec<IpAddr>,
    /// Addresses that can be opened to.
    opened: Vec<IpAddr>,
    zone: u32,
    supports_life: bool,
}

pub(super) struct Homes<'a> {
    homes: Vec<Home<'a>>,
    by_id: HashMap<&'a str, u32>,
    by_address: HashMap<IpAddr, u32>,
    zones: Vec<String>,
}

impl<'a> Homes<'a> {
    /// The number of no zone.
    pub const NONE: u32 = u32::MAX;

    pub fn of(policy: &Policy, membership: &Membership, devices: &'a [Device]) -> Homes<'a> {
        let zones: Vec<String> = policy.zones.iter().map(|zone| zone.name.clone()).collect();
        let numbers: BTreeMap<&str, u32> = (0..).zip(&zones).map(|(at, name)| (name.as_str(), at)).collect();
        let mut by_id = HashMap::with_capacity(devices.len());
        let mut by_address = HashMap::with_capacity(devices.len());
        let homes = (0..)
            .zip(devices)
            .map(|(at, device)| {
                by_id.insert(device.id.0.as_str(), at);
                for ip in &device.ips {
                    by_address.entry(*ip).or_insert(at);
                }
                let zone = membership
                    .of(&device.id)
                    .and_then(|seat| seat.zone.as_deref())
                    .and_then(|name| numbers.get(name));
                let usable = |ip: &&IpAddr| !ip.is_unspecified() && !ip.is_loopback();
                let opened: Vec<IpAddr> = device.ips.iter().filter(usable).take(TRIED).copied().collect();
                Home {
                    id: &device.id,
                    opening: opened.iter().filter(|ip| !ip.is_multicast()).copied().collect(),
                    opened,
                    zone: zone.copied().unwrap_or(Self::NONE),
                    supports_life: may_support_life(device),
                }
            })
            .collect();
        Homes { homes, by_id, by_address, zones }
    }

    pub fn number(&self, id: &DeviceId) -> Option<u32> {
        self.by_id.get(id.0.as_str()).copied()
    }

    /// The device that has an address.
    pub fn at(&self, ip: IpAddr) -> Option<u32> {
        self.by_address.get(&ip).copied()
    }

    fn home(&self, number: u32) -> Option<&Home<'a>> {
        self.homes.get(usize::try_from(number).ok()?)
    }

    pub fn opening(&self, number: u32) -> &[IpAddr] {
        self.home(number).map_or(&[], |home| &home.opening)
    }

    pub fn opened(&self, number: u32) -> &[IpAddr] {
        self.home(number).map_or(&[], |home| &home.opened)
    }

    pub fn zone(&self, number: u32) -> u32 {
        self.home(number).map_or(Self::NONE, |home| home.zone)
    }

    pub fn supports_life(&self, number: u32) -> bool {
        self.home(number).is_some_and(|home| home.supports_life)
    }

    pub fn id(&self, number: u32) -> Option<&'a DeviceId> {
        self.home(number).map(|home| home.id)
    }

    /// What a zone is called.
    pub fn name(&self, zone: u32) -> Option<String> {
        self.zones.get(usize::try_from(zone).ok()?).cloned()
    }
}
