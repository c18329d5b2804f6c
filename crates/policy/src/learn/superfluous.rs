//! What need not be: listed apart, with its cause and how to allow it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use medward_model::{DeviceId, Timestamp, Transport};
use serde::Serialize;

use super::profiles::Profile;
use super::traffic::{Seen, Side, Talk, Traffic};
use super::{Learning, services};
use crate::language::Service;
use crate::meaning::Purpose;

/// Why something need not be, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// One of the two is outside of the site.
    Outside,
    /// Logs in or moves files in the clear.
    ClearText,
    /// Between devices that are alike.
    Lateral,
    /// One of the two is in no zone.
    Unidentified,
    /// Seen once, and no more.
    SeenOnce,
    /// Devices that look for each other.
    Discovery,
}

impl Cause {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Cause::Outside => "a peer outside of the site",
            Cause::ClearText => "passwords or files in the clear",
            Cause::Lateral => "between like devices",
            Cause::Unidentified => "a device of which too little is known",
            Cause::SeenOnce => "seen once",
            Cause::Discovery => "chatter of discovery",
        }
    }
}

/// Something that was seen and is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Superfluous {
    /// Why.
    pub cause: Cause,
    /// Who opens: a zone, or a device.
    pub from: String,
    /// To whom: a zone, a device, or a group's address.
    pub to: String,
    /// What.
    pub services: Vec<Service>,
    /// By the names of the protocols that were recognised.
    pub protocols: Vec<String>,
    /// How many flows.
    pub flows: u64,
    /// How many packets.
    pub packets: u64,
    /// Devices that opened them; at most [`Superfluous::EXAMPLES`].
    pub originators: Vec<DeviceId>,
    /// Devices that were opened to; at most as many.
    pub responders: Vec<DeviceId>,
    /// How many opened, and how many were opened to.
    pub devices: [usize; 2],
    /// When first.
    pub first_seen: Timestamp,
    /// When last.
    pub last_seen: Timestamp,
    /// What to write into the policy to allow it.
    pub allow: String,
}

impl Superfluous {
    /// Devices that are named on each side.
    pub const EXAMPLES: usize = 10;
}

/// What was talked on one way, and how much.
type Talks<'t> = Vec<(&'t Talk, &'t Seen)>;

/// What is kept, by who opens and to whom.
pub(super) type Kept<'t> = BTreeMap<(&'t Side, &'t Side), Talks<'t>>;

/// Parts one from the other.
pub(super) fn part<'t>(
    traffic: &'t Traffic,
    profiles: &[Profile],
    learning: &Learning<'_>,
) -> (Kept<'t>, Vec<Superfluous>) {
    let mut kept: Kept<'t> = BTreeMap::new();
    let mut apart: BTreeMap<(Cause, &Side, &Side), Talks<'_>> = BTreeMap::new();
    for ((from, to, talk), seen) in &traffic.seen {
        match cause(from, to, talk, seen, traffic, profiles) {
            Some(cause) => apart.entry((cause, from, to)).or_default().push((talk, seen)),
            None => kept.entry((from, to)).or_default().push((talk, seen)),
        }
    }
    let told = apart
        .into_iter()
        .filter_map(|((cause, from, to), talks)| told(cause, from, to, &talks, profiles, learning));
    let told = told.collect();
    (kept, told)
}

fn cause(
    from: &Side,
    to: &Side,
    talk: &Talk,
    seen: &Seen,
    traffic: &Traffic,
    profiles: &[Profile],
) -> Option<Cause> {
    let purpose = Purpose::of(&talk.protocol);
    if matches!(from, Side::Outside) || matches!(to, Side::Outside) {
        return Some(Cause::Outside);
    }
    if is_housekeeping(talk) && matches!(to, Side::Group(_)) {
        return None;
    }
    if matches!(from, Side::Unplaced(_)) || matches!(to, Side::Unplaced(_)) {
        let chatter = purpose == Purpose::Discovery;
        return Some(if chatter { Cause::Discovery } else { Cause::Unidentified });
    }
    if purpose == Purpose::Discovery {
        // Connected devices of care find each other so (IEEE 11073-20702).
        let needed = talk.protocol == "wsd"
            && matches!(from, Side::Zone(at) if traffic.connected.contains(at))
            && matches!(to, Side::Zone(_) | Side::Group(_));
        return (!needed).then_some(Cause::Discovery);
    }
    if purpose == Purpose::ClearText || seen.of_file_transfer {
        return Some(Cause::ClearText);
    }
    if purpose == Purpose::Clinical {
        return None;
    }
    if let (Side::Zone(a), Side::Zone(b)) = (from, to)
        && a == b
        && profiles.get(*a).is_some_and(|profile| profile.alike)
    {
        return Some(Cause::Lateral);
    }
    (seen.flows <= 1 && purpose != Purpose::Infrastructure).then_some(Cause::SeenOnce)
}

/// What it takes to get an address, and to be in a group, is everybody's.
pub(super) fn is_housekeeping(talk: &Talk) -> bool {
    matches!(talk.protocol.as_str(), "dhcpv4" | "dhcpv6" | "igmp")
        || (talk.transport == Transport::Ip && talk.port == 2)
}

/// What a side is called: its zone, its address, or the device.
pub(super) fn called(side: &Side, profiles: &[Profile]) -> String {
    match side {
        Side::Zone(at) => profiles.get(*at).map(|profile| profile.zone.name.clone()).unwrap_or_default(),
        Side::Group(address) => address.to_string(),
        Side::Outside => profiles.last().map(|profile| profile.zone.name.clone()).unwrap_or_default(),
        Side::Unplaced(device) => device.0.clone(),
    }
}

fn told(
    cause: Cause,
    from: &Side,
    to: &Side,
    talks: &[(&Talk, &Seen)],
    profiles: &[Profile],
    learning: &Learning<'_>,
) -> Option<Superfluous> {
    let mut all = talks.first().map(|(_, seen)| (*seen).clone())?;
    talks.iter().skip(1).for_each(|(_, seen)| all.add(seen));
    let services = services::of(talks.iter().map(|(talk, _)| *talk), learning.ports);
    let mut protocols: Vec<String> = talks.iter().map(|(talk, _)| talk.protocol.clone()).collect();
    protocols.sort();
    protocols.dedup();
    Some(Superfluous {
        cause,
        from: called(from, profiles),
        to: called(to, profiles),
        allow: allow(from, to, &services, profiles),
        services,
        protocols,
        flows: all.flows,
        packets: all.packets,
        devices: [all.originators.len(), all.responders.len()],
        originators: all.originators.into_iter().take(Superfluous::EXAMPLES).collect(),
        responders: all.responders.into_iter().take(Superfluous::EXAMPLES).collect(),
        first_seen: all.first,
        last_seen: all.last,
    })
}

fn allow(from: &Side, to: &Side, services: &[Service], profiles: &[Profile]) -> String {
    if matches!(from, Side::Unplaced(_)) || matches!(to, Side::Unplaced(_)) {
        return "Say what the device is, or give it a zone by its address; then learn again.".to_owned();
    }
    let mut text = String::new();
    let mut name = |side: &Side| match side {
        Side::Group(address) => {
            let _ = writeln!(text, "[zone.group]\naddresses = [\"{address}\"]\n");
            "group".to_owned()
        }
        side => called(side, profiles),
    };
    let (from, to) = (name(from), name(to));
    let list = services.iter().map(|service| format!("\"{service}\"")).collect::<Vec<_>>().join(", ");
    let _ =
        write!(text, "[[conduit]]\nfrom = \"{from}\"\nto = \"{to}\"\nservice = [{list}]\nreason = \"…\"\n");
    text
}
