//! Which devices a plan is felt by.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::net::IpAddr;

use foldhash::fast::FixedState;
use medward_model::{Device, DeviceId, Scope};
use serde::{Deserialize, Serialize};

use crate::ruleset::{Action, Rule, Ruleset};
use crate::space::place;
use crate::zones::Membership;

/// A device that a plan is felt by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The device.
    pub device: DeviceId,
    /// The zone as whose member it is treated; none where it is in none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Its addresses.
    pub ips: Vec<IpAddr>,
}

impl Affected {
    pub(super) fn is_of(&self, zones: &[String]) -> bool {
        self.zone.as_ref().is_some_and(|zone| zones.contains(zone))
    }
}

/// How many devices of a zone are affected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneShare {
    /// The zone; empty for devices that are in none.
    pub zone: String,
    /// Devices that the plan is felt by.
    pub affected: usize,
    /// Devices in the zone.
    pub devices: usize,
}

/// What the rules say to one of its ends, apart from who else is at that end.
struct Told<'a> {
    rule: &'a Rule,
    out: u64,
    inward: u64,
}

fn told(ruleset: &Ruleset) -> Vec<Told<'_>> {
    let hash = FixedState::default();
    let told = ruleset.rules.iter().map(|rule| {
        let shared = (rule.action, &rule.services, &rule.conditions, rule.expires);
        Told {
            rule,
            out: hash.hash_one((&shared, &rule.destinations, 0_u8)),
            inward: hash.hash_one((&shared, &rule.sources, 1_u8)),
        }
    });
    told.collect()
}

/// All that is said to a device, and whether any of it drops.
fn heard(told: &[Told<'_>], ips: &[IpAddr]) -> (Vec<u64>, bool) {
    let (mut all, mut drops) = (Vec::new(), false);
    for told in told {
        let rule = told.rule;
        let out = !rule.sources.is_all() && ips.iter().any(|ip| rule.sources.contains(place(*ip)));
        let inward =
            !rule.destinations.is_all() && ips.iter().any(|ip| rule.destinations.contains(place(*ip)));
        all.extend(out.then_some(told.out));
        all.extend(inward.then_some(told.inward));
        drops |= (out || inward) && rule.action != Action::Accept;
    }
    (all, drops)
}

/// Devices for which something is closed or watched that was not, or opened again that was.
pub(super) fn affected(
    ruleset: &Ruleset,
    before: Option<&Ruleset>,
    membership: &Membership,
    devices: &[Device],
) -> (Vec<Affected>, Vec<ZoneShare>) {
    let (new, old) = (told(ruleset), before.map(told).unwrap_or_default());
    let mut shares: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut all = Vec::new();
    for device in devices.iter().filter(|device| device.scope != Scope::Multicast) {
        let zone = membership.of(&device.id).and_then(|seat| seat.treated_as.clone());
        let share = shares.entry(zone.clone().unwrap_or_default()).or_default();
        share.1 += 1;
        let ((says, drops), (said, dropped)) = (heard(&new, &device.ips), heard(&old, &device.ips));
        if (drops || dropped) && says != said {
            share.0 += 1;
            all.push(Affected { device: device.id.clone(), zone, ips: device.ips.clone() });
        }
    }
    all.sort_by(|a, b| a.device.cmp(&b.device));
    let shares = shares
        .into_iter()
        .map(|(zone, (affected, devices))| ZoneShare { zone, affected, devices })
        .filter(|share| share.affected > 0);
    (all, shares.collect())
}
