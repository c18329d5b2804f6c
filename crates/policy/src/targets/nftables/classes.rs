//! Rules in parts that one look-up decides on, and addresses in classes that the same rules are about.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::ruleset::{Action, Rule};
use crate::space::{Addresses, any_service};

/// Fewest rules that a look-up is worth.
const WORTH: usize = 4;

/// A part of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Rules one after the other.
    Plain(Range<usize>),
    /// Rules that are looked up by the source.
    BySource(Range<usize>),
    /// Rules about one end each that all do the same.
    Ends(Range<usize>),
}

/// What a run of rules about one end has in common.
fn end(rule: &Rule) -> Option<Action> {
    let one_end = rule.sources.is_all() != rule.destinations.is_all();
    let plain = rule.is_certain() && rule.expires.is_none() && rule.services == any_service();
    (one_end && plain).then_some(rule.action)
}

/// The list in parts, in order.
pub(super) fn parts(rules: &[Rule]) -> Vec<Part> {
    let mut parts: Vec<(Option<Action>, Range<usize>)> = Vec::new();
    for (at, rule) in rules.iter().enumerate() {
        let kind = end(rule);
        match parts.last_mut() {
            Some((last, range)) if *last == kind => range.end = at + 1,
            _ => parts.push((kind, at..at + 1)),
        }
    }
    let part = |(kind, range): (Option<Action>, Range<usize>)| match kind {
        _ if range.len() < WORTH => Part::Plain(range),
        Some(_) => Part::Ends(range),
        None => Part::BySource(range),
    };
    parts.into_iter().map(part).collect()
}

/// Addresses of a family by the rules that they can open something under: (addresses, rules of this range in order). Addresses
/// that stand in no rule are left out.
pub(super) fn classes(
    rules: &[Rule],
    range: &Range<usize>,
    family: &Addresses,
) -> Vec<(Addresses, Vec<usize>)> {
    // Zones stand in many rules: each set of sources is looked at once.
    let mut sets: Vec<(Addresses, Vec<usize>)> = Vec::new();
    let mut known: BTreeMap<&Addresses, usize> = BTreeMap::new();
    for at in range.clone() {
        let Some(rule) = rules.get(at) else { continue };
        if !rule.destinations.meets(family) {
            continue;
        }
        let number = *known.entry(&rule.sources).or_insert_with(|| {
            sets.push((rule.sources.intersection(family), Vec::new()));
            sets.len() - 1
        });
        if let Some((_, all)) = sets.get_mut(number) {
            all.push(at);
        }
    }
    // Where each set begins and where it is over.
    let mut edges: BTreeMap<u128, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (number, (addresses, _)) in sets.iter().enumerate() {
        for (first, last) in addresses.iter() {
            edges.entry(first).or_default().0.push(number);
            if let Some(after) = last.checked_add(1) {
                edges.entry(after).or_default().1.push(number);
            }
        }
    }
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mut found: BTreeMap<Vec<usize>, Vec<(u128, u128)>> = BTreeMap::new();
    let mut edges = edges.into_iter().peekable();
    while let Some((at, (begin, over))) = edges.next() {
        for number in over {
            open.remove(&number);
        }
        open.extend(begin);
        let last = edges.peek().map_or(u128::MAX, |(next, _)| next - 1);
        if !open.is_empty() {
            found.entry(open.iter().copied().collect()).or_default().push((at, last));
        }
    }
    let mut classes: Vec<(Addresses, Vec<usize>)> = found
        .into_iter()
        .map(|(numbers, ranges)| {
            let mut all: Vec<usize> = numbers
                .iter()
                .filter_map(|number| sets.get(*number))
                .flat_map(|(_, all)| all.clone())
                .collect();
            all.sort_unstable();
            (Addresses::joined(ranges), all)
        })
        .collect();
    classes.sort_by_key(|(addresses, _)| addresses.first());
    classes
}
