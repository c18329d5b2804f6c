//! Conduits between profiles, and what each rests on.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::net::IpAddr;

use medward_model::Timestamp;
use serde::Serialize;

use super::profiles::{self, Profile};
use super::superfluous::{self, Kept, called};
use super::traffic::{Seen, Side, Talk};
use super::{Learning, services};
use crate::language::{Conduit, Ends, Place, Service, StatedBy};
use crate::meaning::Purpose;

/// What a conduit rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learnt {
    /// How many flows were seen.
    pub flows: u64,
    /// How many devices of the profile opened them.
    pub devices: usize,
    /// How many the profile has.
    pub of: usize,
    /// The protocols that were recognised.
    pub protocols: Vec<String>,
    /// When first.
    pub first_seen: Timestamp,
    /// When last.
    pub last_seen: Timestamp,
    /// How sure it is that the devices need it, 0 to 1: more with days, devices and flows.
    pub confidence: f64,
}

/// A conduit as it is drawn.
pub(super) struct Drawn {
    pub conduit: Conduit,
    pub learnt: Learnt,
    /// The services of it that belong to care.
    pub clinical: Vec<Service>,
}

const GROUPS: &str = "group-addresses";

/// The zone of those addresses of groups that conduits lead to.
pub(super) fn group_addresses(kept: &Kept<'_>) -> Option<Profile> {
    let addresses: BTreeSet<IpAddr> = kept
        .keys()
        .filter_map(|(_, to)| match to {
            Side::Group(address) => Some(*address),
            _ => None,
        })
        .collect();
    (!addresses.is_empty()).then(|| profiles::groups(&addresses))
}

/// Draws the conduits, one for each way between profiles. What is needed to get an address stands both ways, as leases are
/// renewed with the server itself, and for anybody, as who has no address yet is in no zone.
pub(super) fn draw(
    kept: &Kept<'_>,
    profiles: &[Profile],
    devices: &[usize],
    learning: &Learning<'_>,
) -> Vec<Drawn> {
    let mut ways: BTreeMap<(String, String), Vec<(&Talk, Seen)>> = BTreeMap::new();
    for ((from, to), talks) in kept {
        for (talk, seen) in talks {
            let leases = matches!(talk.protocol.as_str(), "dhcpv4" | "dhcpv6");
            let group = matches!(to, Side::Group(_));
            let everybodys = group && superfluous::is_housekeeping(talk);
            let source = if everybodys { "any".to_owned() } else { called(from, profiles) };
            let target = if group { GROUPS.to_owned() } else { called(to, profiles) };
            if leases && !group {
                ways.entry((target.clone(), source.clone())).or_default().push((*talk, reversed(seen)));
            }
            ways.entry((source, target)).or_default().push((*talk, (*seen).clone()));
        }
    }
    let order: BTreeMap<&str, usize> =
        profiles.iter().enumerate().map(|(at, profile)| (profile.zone.name.as_str(), at)).collect();
    // With the places of both zones in the policy; anybody comes first.
    let mut drawn: Vec<([Option<usize>; 2], Drawn)> = Vec::new();
    for ((from, to), talks) in ways {
        let place = [from.as_str(), to.as_str()].map(|name| order.get(name).copied());
        let Some(conduit) = one(&from, &to, &talks, learning) else { continue };
        let members = place.first().copied().flatten().and_then(|at| devices.get(at)).copied().unwrap_or(0);
        drawn.push((place, conduit.of(members)));
    }
    drawn.sort_by_key(|(place, _)| *place);
    drawn.into_iter().map(|(_, drawn)| drawn).collect()
}

fn reversed(seen: &Seen) -> Seen {
    let mut other = seen.clone();
    std::mem::swap(&mut other.originators, &mut other.responders);
    other
}

fn one(from: &str, to: &str, talks: &[(&Talk, Seen)], learning: &Learning<'_>) -> Option<Drawn> {
    let mut all = talks.first().map(|(_, seen)| seen.clone())?;
    talks.iter().skip(1).for_each(|(_, seen)| all.add(seen));
    let services = services::of(talks.iter().map(|(talk, _)| *talk), learning.ports);
    let care = talks.iter().map(|(talk, _)| *talk);
    let clinical =
        services::of(care.filter(|talk| Purpose::of(&talk.protocol) == Purpose::Clinical), learning.ports);
    let mut protocols: Vec<String> = talks.iter().map(|(talk, _)| talk.protocol.clone()).collect();
    protocols.sort();
    protocols.dedup();
    let learnt = Learnt {
        flows: all.flows,
        devices: all.originators.len(),
        of: 0,
        protocols,
        first_seen: all.first,
        last_seen: all.last,
        confidence: confidence(&all),
    };
    let side = |name: &str| if name == "any" { Ends::Any } else { Ends::Zones(vec![name.to_owned()]) };
    let conduit = Conduit {
        from: side(from),
        to: side(to),
        services,
        rate: None,
        window: None,
        expires: None,
        reason: None,
        owner: None,
        stated_by: StatedBy::Learned,
        place: Place::default(),
    };
    Some(Drawn { conduit, learnt, clinical })
}

impl Drawn {
    /// Completes it by how many devices the profile has that opens.
    fn of(mut self, devices: usize) -> Drawn {
        self.learnt.of = devices.max(self.learnt.devices);
        self.conduit.reason = Some(self.learnt.sentence());
        self
    }
}

impl Learnt {
    fn sentence(&self) -> String {
        let names: Vec<&str> = self
            .protocols
            .iter()
            .map(|name| if name == "unknown" { "not recognised" } else { name.as_str() })
            .collect();
        format!(
            "{}: {} of {} of {} devices in {}; confidence {:.2}",
            names.join(", "),
            counted(self.flows, "flow"),
            self.devices,
            self.of,
            span(self.first_seen, self.last_seen),
            self.confidence
        )
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn span(first: Timestamp, last: Timestamp) -> String {
    let seconds = u64::try_from(last.seconds_since(first)).unwrap_or(0);
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} hours", seconds / 3600),
        120.. => format!("{} minutes", seconds / 60),
        _ => counted(seconds.max(1), "second"),
    }
}

/// How sure, in hundredths of what days, devices and flows add up to: half of it is time.
fn confidence(seen: &Seen) -> f64 {
    let part = |have: u64, half: u64, most: u64| most * have / (have + half).max(1);
    let hours = u64::try_from(seen.last.seconds_since(seen.first)).unwrap_or(0) / 3600;
    let devices = u64::try_from(seen.originators.len()).unwrap_or(u64::MAX / 100);
    let hundredths =
        part(hours.min(1 << 32), 72, 50) + part(devices, 2, 30) + part(seen.flows.min(1 << 32), 5, 20);
    f64::from(u32::try_from(hundredths).unwrap_or(0)) / 100.0
}
