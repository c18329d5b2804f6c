//! What must always pass, and what never: care, and what guests and strangers have no business with.

use std::collections::BTreeSet;

use super::conduits::Drawn;
use super::profiles::Profile;
use super::traffic::{Side, Traffic};
use crate::language::{Duty, Ends, Invariant, Kind, Place};

/// The invariants: what must never be first.
pub(super) fn invariants(drawn: &[Drawn], traffic: &Traffic, profiles: &[Profile]) -> Vec<Invariant> {
    let mut all: Vec<Invariant> = never(drawn, traffic, profiles);
    let kind = |ends: &Ends| match ends {
        Ends::Zones(names) => {
            let named = profiles.iter().find(|profile| names.contains(&profile.zone.name));
            named.and_then(|profile| profile.zone.kind)
        }
        Ends::Any => None,
    };
    for drawn in drawn.iter().filter(|drawn| !drawn.clinical.is_empty()) {
        let (from, to) = (&drawn.conduit.from, &drawn.conduit.to);
        if kind(from) != Some(Kind::Clinical) && kind(to) != Some(Kind::Clinical) {
            continue;
        }
        all.push(Invariant {
            duty: Duty::Always,
            from: from.clone(),
            to: to.clone(),
            services: drawn.clinical.clone(),
            reason: "care depends on it".to_owned(),
            place: Place::default(),
        });
    }
    all
}

fn never(drawn: &[Drawn], traffic: &Traffic, profiles: &[Profile]) -> Vec<Invariant> {
    let outside = profiles.len().saturating_sub(1);
    let number = |side: &Side| match side {
        Side::Zone(at) => Some(*at),
        Side::Outside => Some(outside),
        _ => None,
    };
    // Before the zone of group addresses was put in, numbers of zones were the same: it stands after all that have devices.
    let seen: BTreeSet<(usize, usize)> =
        traffic.seen.keys().filter_map(|(from, to, _)| Some((number(from)?, number(to)?))).collect();
    let mut all = Vec::new();
    for (at, stranger) in profiles.iter().enumerate() {
        let who = match stranger.zone.kind {
            Some(Kind::External) => "what is outside of the site",
            Some(Kind::Byod) => "people's own devices",
            Some(Kind::Guest) => "guests",
            _ => continue,
        };
        let care: Vec<String> = profiles
            .iter()
            .enumerate()
            .filter(|(to, profile)| {
                profile.zone.kind == Some(Kind::Clinical)
                    && !seen.contains(&(at, *to))
                    && !drawn.iter().any(|drawn| leads(drawn, stranger, profile))
            })
            .map(|(_, profile)| profile.zone.name.clone())
            .collect();
        if care.is_empty() {
            continue;
        }
        all.push(Invariant {
            duty: Duty::Never,
            from: Ends::Zones(vec![stranger.zone.name.clone()]),
            to: Ends::Zones(care),
            services: Vec::new(),
            reason: format!("{who}: no business with devices of care, and none was seen"),
            place: Place::default(),
        });
    }
    all
}

/// Whether a conduit leads from one profile to another.
fn leads(drawn: &Drawn, from: &Profile, to: &Profile) -> bool {
    let names = |ends: &Ends, profile: &Profile| match ends {
        Ends::Any => true,
        Ends::Zones(names) => names.contains(&profile.zone.name),
    };
    names(&drawn.conduit.from, from) && names(&drawn.conduit.to, to)
}
