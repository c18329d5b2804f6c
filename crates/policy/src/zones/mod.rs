//! Which device is in which zone, why, and how sure that is; and which addresses the zones hold at this moment.
//!
//! The first zone listed that takes a device surely has it. Where none does, the first that takes it at all has it, and the
//! device is *unsure*: the policy's treatment of those decides. A device that no zone takes is *unknown*.

mod belief;
mod ground;

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Scope, Timestamp};
use medward_query::Standing;
use serde::Serialize;

use crate::language::{Members, Policy, Treatment, Zone};
use crate::space::{Addresses, network, place};

pub use belief::Term;
pub use ground::{Contested, Ground, Holding};

/// How sure it is that a device belongs where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Belief {
    /// As sure as the zone asks for.
    Sure,
    /// A zone takes it, but something it relied on is not sure enough.
    Unsure,
    /// No zone takes it.
    Unknown,
}

/// Where one device is, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Seat {
    /// The device.
    pub device: DeviceId,
    /// How sure.
    pub belief: Belief,
    /// The zone whose selector took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The zone as whose member it is treated; none where nothing of its own is enforced, or it may talk to nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treated_as: Option<String>,
    /// The least sure of what the selector relied on, 0 to 1.
    pub confidence: f64,
    /// What the selector relied on.
    pub terms: Vec<Term>,
    /// Other zones that would take it as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// In words.
    pub reason: String,
}

/// Where every device is, by its id.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Membership(pub Vec<Seat>);

impl Membership {
    /// Assigns devices to the policy's zones. What people say of a device stands in `standings`; one that is not there has
    /// nothing said of it.
    pub fn assign(
        policy: &Policy,
        devices: &[Device],
        standings: &BTreeMap<DeviceId, Standing>,
        now: Timestamp,
    ) -> Membership {
        let nothing = Standing::default();
        let networks: Vec<Addresses> = policy.zones.iter().map(networks).collect();
        let mut seats: Vec<Seat> = devices
            .iter()
            .map(|device| {
                let standing = standings.get(&device.id).unwrap_or(&nothing);
                seat(policy, &networks, device, standing, now)
            })
            .collect();
        seats.sort_by(|a, b| a.device.cmp(&b.device));
        Membership(seats)
    }

    /// Where a device is.
    pub fn of(&self, device: &DeviceId) -> Option<&Seat> {
        self.0.binary_search_by(|seat| seat.device.cmp(device)).ok().and_then(|at| self.0.get(at))
    }

    /// How many devices are of that belief.
    pub fn count(&self, belief: Belief) -> usize {
        self.0.iter().filter(|seat| seat.belief == belief).count()
    }
}

pub(crate) fn networks(zone: &Zone) -> Addresses {
    match &zone.members {
        Members::Networks(all) => Addresses::joined(
            all.iter().flat_map(|(at, prefix)| network(*at, *prefix).iter().collect::<Vec<_>>()),
        ),
        _ => Addresses::empty(),
    }
}

/// What a zone relies on to take the device; `None` where it does not.
fn taken(
    zone: &Zone,
    networks: &Addresses,
    device: &Device,
    standing: &Standing,
    now: Timestamp,
) -> Option<Vec<Term>> {
    match &zone.members {
        Members::Where { query, .. } => query
            .matches_with(device, standing, now)
            .then(|| belief::relied_on(query.root(), device, standing, now)),
        Members::Networks(_) => {
            let ip = device.ips.iter().find(|ip| networks.contains(place(**ip)))?;
            Some(vec![Term { text: "address".to_owned(), value: Some(ip.to_string()), confidence: 1.0 }])
        }
        Members::External => (device.scope == Scope::External)
            .then(|| vec![Term { text: "outside of the site".to_owned(), value: None, confidence: 1.0 }]),
    }
}

fn seat(
    policy: &Policy,
    networks: &[Addresses],
    device: &Device,
    standing: &Standing,
    now: Timestamp,
) -> Seat {
    let mut takers: Vec<(&Zone, Vec<Term>, f64)> = Vec::new();
    for (zone, networks) in policy.zones.iter().zip(networks) {
        if let Some(terms) = taken(zone, networks, device, standing, now) {
            let confidence = belief::least(&terms);
            takers.push((zone, terms, confidence));
        }
    }
    let sure = takers.iter().position(|(zone, _, confidence)| *confidence >= zone.confidence);
    let belief = match (sure, takers.is_empty()) {
        (Some(_), _) => Belief::Sure,
        (None, false) => Belief::Unsure,
        (None, true) => Belief::Unknown,
    };
    let chosen = (!takers.is_empty()).then(|| takers.remove(sure.unwrap_or(0)));
    let also = takers.iter().map(|(zone, ..)| zone.name.clone()).collect();
    let zone = chosen.as_ref().map(|(zone, ..)| zone.name.clone());
    let treated = |treatment: &Treatment, own: &Option<String>| match treatment {
        Treatment::Alert => own.clone(),
        Treatment::Coarse(zone) => Some(zone.clone()),
        Treatment::Fine => own.clone(),
    };
    let treated_as = match belief {
        Belief::Sure => zone.clone(),
        Belief::Unsure => treated(&policy.unsure, &zone),
        Belief::Unknown => treated(&policy.unknown, &None),
    };
    let (terms, confidence, asked) = chosen.map_or_else(
        || (Vec::new(), 0.0, 1.0),
        |(zone, terms, confidence)| (terms, confidence, zone.confidence),
    );
    let name = zone.as_deref().unwrap_or("");
    let reason = match belief {
        Belief::Sure => format!("'{name}' takes it: {}", belief::words(&terms)),
        Belief::Unsure => {
            let weak = terms.iter().min_by(|a, b| a.confidence.total_cmp(&b.confidence));
            let weak = weak.map_or("", |term| term.text.as_str());
            format!(
                "'{name}' would take it, but {weak} is only {confidence:.2} sure, and {asked:.2} is asked for"
            )
        }
        Belief::Unknown => "no zone takes it".to_owned(),
    };
    Seat { device: device.id.clone(), belief, zone, treated_as, confidence, terms, also, reason }
}
