//! Combining the claims for one attribute.

use std::collections::BTreeMap;

use medward_model::{Attribute, Support};

use super::claim::{Claim, Relation, is_multiple, normalise, relation};
use crate::catalog::Catalog;

/// A value with all that speaks for it.
#[derive(Clone, Debug)]
pub(crate) struct Group<'a> {
    /// As published.
    pub value: String,
    /// As compared.
    pub compared: String,
    /// Best weight of each family.
    families: BTreeMap<&'a str, f64>,
    pub supports: Vec<&'a Support>,
    pub confidence: f64,
}

impl Group<'_> {
    /// Support by independent families.
    fn support(&self) -> f64 {
        1.0 - self.families.values().fold(1.0, |left, weight| left * (1.0 - weight))
    }
}

/// Groups claims by value, joins values that say the same, and weighs values that exclude each other. Best first.
pub(crate) fn combine<'a>(attribute: Attribute, claims: &[&'a Claim], catalog: &Catalog) -> Vec<Group<'a>> {
    if claims.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<String, Group<'a>> = BTreeMap::new();
    let mut spellings: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
    for claim in claims {
        let Some((shown, compared)) = normalise(attribute, &claim.value, catalog) else { continue };
        let spelling = spellings.entry(compared.clone()).or_default().entry(shown.clone()).or_insert(0.0);
        *spelling = spelling.max(claim.support.weight);
        let group = groups.entry(compared.clone()).or_insert_with(|| Group {
            value: shown,
            compared,
            families: BTreeMap::new(),
            supports: Vec::new(),
            confidence: 0.0,
        });
        let best = group.families.entry(claim.family.as_str()).or_insert(0.0);
        *best = best.max(claim.support.weight);
        group.supports.push(&claim.support);
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    for group in &mut groups {
        // Of several spellings the best supported is shown; the first in order where they are equal.
        if let Some(best) = spellings.get(&group.compared).and_then(|all| {
            all.iter().fold(None, |best: Option<(&String, f64)>, (text, weight)| match best {
                Some((_, known)) if known >= *weight => best,
                _ => Some((text, *weight)),
            })
        }) {
            group.value = best.0.clone();
        }
    }
    join_agreeing(attribute, &mut groups, catalog);
    weigh(attribute, &mut groups, catalog);
    groups.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then_with(|| a.compared.cmp(&b.compared)));
    groups
}

/// Gives each wider value's witnesses to the narrower value, where exactly one narrower value exists.
fn join_agreeing(attribute: Attribute, groups: &mut Vec<Group<'_>>, catalog: &Catalog) {
    let mut at = 0;
    while let Some(wide) = groups.get(at) {
        let narrower: Vec<usize> = groups
            .iter()
            .enumerate()
            .filter(|(i, narrow)| {
                let relation = relation(
                    attribute,
                    (&wide.value, &wide.compared),
                    (&narrow.value, &narrow.compared),
                    catalog,
                );
                *i != at && relation == Relation::Agrees
            })
            .map(|(i, _)| i)
            .collect();
        if let [only] = narrower[..] {
            let gone = groups.remove(only);
            if let Some(kept) = groups.get_mut(if only < at { at - 1 } else { at }) {
                for (family, weight) in gone.families {
                    let best = kept.families.entry(family).or_insert(0.0);
                    *best = best.max(weight);
                }
                kept.supports.extend(gone.supports);
            }
            at = 0;
        } else {
            at += 1;
        }
    }
}

/// Fills in confidences: the share of each value among those that exclude it.
fn weigh(attribute: Attribute, groups: &mut [Group<'_>], catalog: &Catalog) {
    let supports: Vec<f64> = groups.iter().map(Group::support).collect();
    let confidences: Vec<f64> = groups
        .iter()
        .zip(&supports)
        .map(|(own, own_support)| {
            let mut support = *own_support;
            let mut rivals = Vec::new();
            for (other, other_support) in groups.iter().zip(&supports) {
                if std::ptr::eq(own, other) || is_multiple(attribute) {
                    continue;
                }
                let a = (own.value.as_str(), own.compared.as_str());
                let b = (other.value.as_str(), other.compared.as_str());
                match (relation(attribute, a, b, catalog), relation(attribute, b, a, catalog)) {
                    // Who says the narrower value says the wider too.
                    (Relation::Narrower, _) => support = 1.0 - (1.0 - support) * (1.0 - other_support),
                    (_, Relation::Narrower) => {}
                    _ => rivals.push(*other_support),
                }
            }
            share(support, &rivals)
        })
        .collect();
    for (group, confidence) in groups.iter_mut().zip(confidences) {
        group.confidence = confidence;
    }
}

/// `c(v)` of the module's head.
fn share(own: f64, rivals: &[f64]) -> f64 {
    let none = rivals.iter().fold(1.0, |left, s| left * (1.0 - s));
    let mine = own * none;
    let theirs: f64 = rivals
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let others = rivals.iter().enumerate().filter(|(j, _)| *j != i);
            s * (1.0 - own) * others.fold(1.0, |left, (_, o)| left * (1.0 - o))
        })
        .sum();
    let nobody = none * (1.0 - own);
    let total = mine + theirs + nobody;
    if total > 0.0 { mine / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn alone_a_value_keeps_its_support_and_equal_rivals_halve_it() {
        assert!((share(0.9, &[]) - 0.9).abs() < 1e-12);
        assert!((share(0.9, &[0.9]) - 0.4736).abs() < 1e-3);
        assert!(share(0.99, &[0.4]) > 0.98);
        assert!(share(0.5, &[0.99, 0.99]) < 0.01);
    }
}
