//! What is declared, what is seen and what is allowed, side by side.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::Conversation;
use serde::Serialize;

use crate::compile::Source;
use crate::language::{Conduit, Ends, Service, StatedBy};
use crate::learn::{place_of, written};
use crate::prove::{Prover, Standing};
use crate::space::Services;
use crate::zones::Membership;

/// How much of something the rules let pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// All of it.
    All,
    /// Some, or at some times.
    Some,
    /// Nothing.
    Nothing,
    /// No address is known on one side.
    Unknown,
}

/// One way on one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeclaredRow {
    /// Who opens.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What; absent for any service.
    pub service: Option<Service>,
    /// Who declares it: makers and people, not what was learned.
    pub declared_by: Vec<StatedBy>,
    /// How many flows were seen.
    pub flows: u64,
    /// How much the rules let pass.
    pub allowed: Allowed,
}

/// The table of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Declared {
    /// Which zone.
    pub zone: String,
    /// What is declared first, then what was only seen.
    pub rows: Vec<DeclaredRow>,
}

impl Declared {
    /// Of one zone. `conduits` are the declared ones, those of the policy and of usage descriptions; `prover` stands for
    /// the rules that are looked at.
    pub fn of(
        zone: &str,
        conduits: &[Conduit],
        source: &Source<'_>,
        prover: &mut Prover<'_>,
        membership: &Membership,
        conversations: &[Conversation],
    ) -> Declared {
        let name = |device| membership.of(device).and_then(|seat| seat.treated_as.as_deref());
        let mut seen: BTreeMap<(&str, &str), BTreeMap<Services, u64>> = BTreeMap::new();
        for talk in conversations {
            let (Some(from), Some(to)) = (name(&talk.originator), name(&talk.responder)) else { continue };
            let place = place_of(talk.transport, talk.port);
            if (from == zone || to == zone) && !place.is_empty() {
                *seen.entry((from, to)).or_default().entry(place).or_default() += talk.flows;
            }
        }
        let mut declared: BTreeMap<(String, String, Option<Service>), BTreeSet<StatedBy>> = BTreeMap::new();
        for conduit in conduits.iter().filter(|conduit| conduit.stated_by != StatedBy::Learned) {
            for from in ends(&conduit.from) {
                for to in ends(&conduit.to).into_iter().filter(|to| from == zone || to == zone) {
                    let services: Vec<Option<Service>> = if conduit.services.is_empty() {
                        vec![None]
                    } else {
                        conduit.services.iter().cloned().map(Some).collect()
                    };
                    for service in services {
                        declared
                            .entry((from.clone(), to.clone(), service))
                            .or_default()
                            .insert(conduit.stated_by);
                    }
                }
            }
        }
        let mut told: BTreeMap<(&str, &str), Services> = BTreeMap::new();
        let mut rows = Vec::new();
        for ((from, to, service), by) in declared {
            let services = source.services(service.as_slice());
            let mut flows = 0_u64;
            for ((a, b), all) in &seen {
                if (from == "any" || from == *a) && (to == "any" || to == *b) {
                    let inside = all.iter().filter(|(place, _)| place.is_within(&services));
                    flows = inside.fold(flows, |sum, (_, count)| sum.saturating_add(*count));
                    let sum = told.entry((a, b)).or_default();
                    *sum = sum.union(&services);
                }
            }
            let allowed = allowed(source, prover, &from, &to, &services);
            rows.push(DeclaredRow {
                from,
                to,
                service,
                declared_by: by.into_iter().collect(),
                flows,
                allowed,
            });
        }
        for ((from, to), all) in &seen {
            let known = told.get(&(*from, *to)).cloned().unwrap_or_default();
            for (place, flows) in all.iter().filter(|(place, _)| !place.is_within(&known)) {
                rows.push(DeclaredRow {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    service: written(place).into_iter().next(),
                    declared_by: Vec::new(),
                    flows: *flows,
                    allowed: allowed(source, prover, from, to, place),
                });
            }
        }
        Declared { zone: zone.to_owned(), rows }
    }
}

fn ends(ends: &Ends) -> Vec<String> {
    match ends {
        Ends::Any => vec!["any".to_owned()],
        Ends::Zones(names) => names.clone(),
    }
}

fn allowed(
    source: &Source<'_>,
    prover: &mut Prover<'_>,
    from: &str,
    to: &str,
    services: &Services,
) -> Allowed {
    let side = |name: &str| {
        source.addresses(&if name == "any" { Ends::Any } else { Ends::Zones(vec![name.to_owned()]) })
    };
    let (from, to) = (side(from), side(to));
    if from.is_empty() || to.is_empty() {
        return Allowed::Unknown;
    }
    if prover.always(&from, &to, services, "").standing == Standing::Holds {
        return Allowed::All;
    }
    let never = prover.never(&from, &to, services, "").standing;
    if never == Standing::Holds { Allowed::Nothing } else { Allowed::Some }
}
