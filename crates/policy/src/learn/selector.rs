//! Selectors that take the devices of a profile and no others.

use std::collections::BTreeSet;

use medward_model::{Attribute, Device, Timestamp};
use medward_query::Query;

use crate::language::Members;
use crate::meaning::Purpose;

/// What takes the devices of a profile, and how sure its attributes must be.
pub(super) struct Selector {
    pub members: Members,
    pub confidence: Option<f64>,
}

/// Most services that a selector names or rules out.
const TERMS: usize = 4;

/// The bounds that a zone's confidence is chosen within, in steps of a twentieth: below the lower one nothing is told.
const BOUNDS: (u32, u32) = (10, 18);

/// By kind, and by maker where wanted. Always there: kinds that are not the same are not taken by one selector.
pub(super) fn of_kind(members: &[&Device], by_maker: bool) -> Option<Selector> {
    let first = members.first()?;
    let mut terms = vec![term("category", first.value(Attribute::Category)?)];
    let mut attributes = vec![Attribute::Category];
    if by_maker {
        terms.push(term("vendor", first.value(Attribute::Vendor)?));
        attributes.push(Attribute::Vendor);
    }
    made(&terms, &attributes, members)
}

/// Servers of a protocol: by what all of them answer on, and by what none of them does where others would be taken.
pub(super) fn of_servers(
    protocol: &str,
    members: &[&Device],
    inside: &[&Device],
    now: Timestamp,
) -> Option<Selector> {
    separating(vec![term("service", protocol)], &[], members, inside, now)
}

/// By maker, and by model where wanted.
pub(super) fn of_maker(
    members: &[&Device],
    by_model: bool,
    inside: &[&Device],
    now: Timestamp,
) -> Option<Selector> {
    let first = members.first()?;
    let mut terms = vec![term("vendor", first.value(Attribute::Vendor)?)];
    let mut attributes = vec![Attribute::Vendor];
    if by_model {
        terms.push(term("model", first.value(Attribute::Model)?));
        attributes.push(Attribute::Model);
    }
    separating(terms, &attributes, members, inside, now)
}

/// Adds services to the terms until no device is taken that is no member.
fn separating(
    mut terms: Vec<String>,
    attributes: &[Attribute],
    members: &[&Device],
    inside: &[&Device],
    now: Timestamp,
) -> Option<Selector> {
    let own: BTreeSet<&str> = members.iter().map(|device| device.id.0.as_str()).collect();
    let others: Vec<&Device> =
        inside.iter().copied().filter(|device| !own.contains(device.id.0.as_str())).collect();
    let taken = |terms: &[String]| -> Option<Vec<&Device>> {
        let query = Query::parse(&terms.join(" and ")).ok()?;
        Some(others.iter().copied().filter(|device| query.matches(device, now)).collect())
    };
    let mut strangers = taken(&terms)?;
    // What every member answers on and most strangers do not.
    let shared = members
        .iter()
        .map(|device| served(device))
        .reduce(|all, some| all.intersection(&some).copied().collect())
        .unwrap_or_default();
    let any: BTreeSet<&str> = members.iter().flat_map(|device| served(device)).collect();
    for _ in 0..TERMS {
        if strangers.is_empty() {
            break;
        }
        let foreign: BTreeSet<&str> = strangers.iter().flat_map(|device| served(device)).collect();
        let with = shared.iter().map(|name| term("service", name));
        let without = foreign.difference(&any).map(|name| format!("-{}", term("service", name)));
        let best = without
            .chain(with)
            .filter(|candidate| !terms.contains(candidate))
            .filter_map(|candidate| {
                let mut more = terms.clone();
                more.push(candidate.clone());
                taken(&more).map(|left| (left.len(), candidate, left))
            })
            .min_by(|a, b| a.0.cmp(&b.0));
        match best {
            Some((count, candidate, left)) if count < strangers.len() => {
                terms.push(candidate);
                strangers = left;
            }
            _ => return None,
        }
    }
    if strangers.is_empty() { made(&terms, attributes, members) } else { None }
}

/// Protocols that a device answers on and that tell something of it.
fn served(device: &Device) -> BTreeSet<&str> {
    device
        .services
        .iter()
        .map(|service| service.protocol.as_str())
        .filter(|name| !matches!(Purpose::of(name), Purpose::Unknown | Purpose::Link | Purpose::Discovery))
        .collect()
}

fn made(terms: &[String], attributes: &[Attribute], members: &[&Device]) -> Option<Selector> {
    let text = terms.join(" and ");
    let query = Query::parse(&text).ok()?;
    let confidence = (!attributes.is_empty()).then(|| bound(attributes, members));
    Some(Selector { members: Members::Where { text, query }, confidence })
}

fn term(field: &str, value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("{field} = \"{escaped}\"")
}

/// As sure as all members are that can be told at all, in steps of a twentieth.
fn bound(attributes: &[Attribute], members: &[&Device]) -> f64 {
    let steps = members.iter().map(|device| {
        let sure = attributes
            .iter()
            .map(|attribute| device.attributes.get(attribute.name()).map_or(0.0, |fused| fused.confidence));
        let least = sure.fold(1.0, f64::min);
        (1..=BOUNDS.1).rev().find(|step| f64::from(*step) / 20.0 <= least).unwrap_or(0)
    });
    let least = steps.filter(|step| *step >= BOUNDS.0).min().unwrap_or(BOUNDS.0);
    f64::from(least * 5) / 100.0
}
