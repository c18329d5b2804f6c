//! From facts to claims: fields that are attributes themselves, and rules of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Attribute, Support, Timestamp};

use super::claim::{Claim, SoftwareClaim, family, is_stand_in};
use super::combine::{Group, combine};
use super::publish::threshold;
use crate::catalog::{Catalog, Hit, Rule};

/// Something that a field held, about one device.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub source: String,
    pub field: String,
    pub value: String,
    pub packet: Option<u64>,
    pub time: Option<Timestamp>,
    /// What the value is by itself, with its weight.
    pub gives: Option<(Attribute, f64)>,
    /// Name and version, where it is a software component.
    pub software: Option<(String, Option<String>)>,
    /// How sure the fact itself is: 1, or the confidence of a fused attribute.
    pub certainty: f64,
    /// Family of what the fact rests on, where it is not its source.
    pub basis: Option<String>,
}

/// All claims about one device.
#[derive(Debug, Default)]
pub(crate) struct Interpreted {
    pub claims: BTreeMap<Attribute, Vec<Claim>>,
    pub software: Vec<SoftwareClaim>,
}

impl Interpreted {
    /// The weighed values of an attribute, best first.
    pub(crate) fn groups(&self, attribute: Attribute, catalog: &Catalog) -> Vec<Group> {
        let claims: Vec<&Claim> = self.claims.get(&attribute).into_iter().flatten().collect();
        combine(attribute, &claims, catalog)
    }

    fn claim(&mut self, claim: Claim) {
        self.claims.entry(claim.attribute).or_default().push(claim);
    }
}

/// Attributes that rules of the second round may read.
const READABLE: [Attribute; 8] = [
    Attribute::Vendor,
    Attribute::Family,
    Attribute::Model,
    Attribute::Os,
    Attribute::OsVersion,
    Attribute::Category,
    Attribute::Firmware,
    Attribute::Hostname,
];

/// Interprets facts: first by themselves and by rules over fields, then by rules that also read what came out.
pub(crate) fn interpret(facts: &[Fact], catalog: &Catalog) -> Interpreted {
    let mut out = Interpreted::default();
    // Who names a program as the maker states that program's version and number, not the device's.
    let about_a_program: BTreeSet<&str> = facts
        .iter()
        .filter(|fact| fact.gives.is_some_and(|(attribute, _)| is_stand_in(attribute, &fact.value)))
        .map(|fact| fact.source.as_str())
        .collect();
    for fact in facts {
        let own = |attribute: Attribute| {
            matches!(
                attribute,
                Attribute::Vendor
                    | Attribute::Family
                    | Attribute::Model
                    | Attribute::Serial
                    | Attribute::Firmware
            )
        };
        match fact.gives {
            Some((attribute, _)) if own(attribute) && about_a_program.contains(fact.source.as_str()) => {}
            _ => state(fact, &mut out),
        }
    }
    let mut met = Met::default();
    met.look(facts, 0, catalog);
    met.fire(facts, catalog, &mut out, |rule| !rule.reads_attributes());
    let mut all: Vec<Fact> = facts.to_vec();
    for attribute in READABLE {
        for group in out.groups(attribute, catalog) {
            if group.confidence < threshold(attribute) {
                continue;
            }
            let best = group.supports.iter().max_by(|a, b| a.weight.total_cmp(&b.weight));
            all.push(Fact {
                source: "attribute".into(),
                field: attribute.name().into(),
                value: group.value.clone(),
                packet: best.and_then(|s| s.packet),
                time: best.and_then(|s| s.time),
                gives: None,
                software: None,
                certainty: group.confidence,
                basis: best.map(|s| family(s.field.split('.').next().unwrap_or("")).to_owned()),
            });
        }
    }
    if let Some(derived) = all.get(facts.len()..) {
        met.look(derived, facts.len(), catalog);
    }
    met.fire(&all, catalog, &mut out, Rule::reads_attributes);
    out
}

/// A field that is the attribute itself.
fn state(fact: &Fact, out: &mut Interpreted) {
    let support = |weight: f64| Support {
        source: fact.source.clone(),
        field: fact.field.clone(),
        value: fact.value.clone(),
        packet: fact.packet,
        time: fact.time,
        weight,
    };
    let family = family(&fact.source).to_owned();
    if let Some((name, version)) = &fact.software {
        let weight = fact.gives.map_or(0.9, |(_, weight)| weight);
        out.software.push(SoftwareClaim {
            name: name.clone(),
            version: version.clone(),
            cpe: None,
            purl: None,
            family,
            support: support(weight),
        });
    } else if let Some((attribute, weight)) = fact.gives {
        if attribute == Attribute::Software {
            out.software.push(SoftwareClaim {
                name: fact.value.clone(),
                version: None,
                cpe: None,
                purl: None,
                family,
                support: support(weight),
            });
        } else {
            out.claim(Claim { attribute, value: fact.value.clone(), family, support: support(weight) });
        }
    }
}

/// Conditions of rules that facts met.
#[derive(Default)]
struct Met {
    /// By rule, then condition: the facts (by position) with what was caught.
    by_rule: BTreeMap<usize, BTreeMap<usize, Vec<(usize, Hit)>>>,
    fired: BTreeSet<usize>,
}

impl Met {
    fn look(&mut self, facts: &[Fact], offset: usize, catalog: &Catalog) {
        for (position, fact) in facts.iter().enumerate() {
            for hit in catalog.index.hits(&fact.source, &fact.field, &fact.value) {
                let conditions = self.by_rule.entry(hit.rule).or_default();
                conditions.entry(hit.condition).or_default().push((position + offset, hit));
            }
        }
    }

    /// Makes the claims of rules whose conditions are all met, once.
    fn fire(
        &mut self,
        facts: &[Fact],
        catalog: &Catalog,
        out: &mut Interpreted,
        wanted: impl Fn(&Rule) -> bool,
    ) {
        for (number, conditions) in &self.by_rule {
            let Some(rule) = catalog.rules.get(*number) else { continue };
            let needed = rule.conditions.len();
            let met =
                conditions.range(..needed).count() == needed && conditions.range(needed..).next().is_none();
            if !wanted(rule) || !met || !self.fired.insert(*number) {
                continue;
            }
            // What other conditions rest on limits what the rule can be sure of.
            let others: f64 = conditions
                .iter()
                .filter(|(condition, _)| (1..needed).contains(*condition))
                .map(|(_, met)| {
                    met.iter().filter_map(|(p, _)| facts.get(*p)).map(|f| f.certainty).fold(0.0, f64::max)
                })
                .product();
            for (position, hit) in conditions.get(&0).into_iter().flatten() {
                if let Some(fact) = facts.get(*position) {
                    apply(rule, fact, hit, others, out);
                }
            }
        }
    }
}

fn apply(rule: &Rule, fact: &Fact, hit: &Hit, others: f64, out: &mut Interpreted) {
    let support = |weight: f64| Support {
        source: format!("catalog:{}", rule.id),
        field: format!("{}.{}", fact.source, fact.field),
        value: fact.value.clone(),
        packet: fact.packet,
        time: fact.time,
        weight: ((weight * fact.certainty * others) * 1000.0).round() / 1000.0,
    };
    let family = match &fact.basis {
        Some(basis) => basis.clone(),
        None => family(&fact.source).to_owned(),
    };
    for part in &rule.claims {
        if let Some(value) = part.value.fill(&hit.caught).filter(|v| !v.is_empty()) {
            out.claim(Claim {
                attribute: part.attribute,
                value,
                family: family.clone(),
                support: support(part.weight),
            });
        }
    }
    for part in &rule.software {
        let Some(name) = part.name.fill(&hit.caught).filter(|n| !n.is_empty()) else { continue };
        let filled = |template: &Option<crate::catalog::Template>| {
            template.as_ref().and_then(|t| t.fill(&hit.caught)).filter(|t| !t.is_empty())
        };
        out.software.push(SoftwareClaim {
            name,
            version: filled(&part.version),
            cpe: filled(&part.cpe),
            purl: filled(&part.purl),
            family: family.clone(),
            support: support(part.weight),
        });
    }
}
