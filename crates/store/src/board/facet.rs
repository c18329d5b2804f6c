//! Counting by fields, and what a site hears.

use std::collections::BTreeMap;

use medward_monitor::{Facet, FacetCount, FacetField, Lifecycle, Status};

use super::{Bits, Board, Column, SEVERAL, SINGLE, SWITCHES, VLANS, at};
use crate::terms::SCOPES;

impl Board {
    /// How many of the devices wanted (`None`: all) have which values of a field.
    pub(crate) fn facet(&self, field: FacetField, wanted: Option<&Bits>, limit: usize) -> Facet {
        let single = SINGLE.iter().zip(&self.single).find(|(other, _)| **other == field);
        let several = SEVERAL.iter().zip(&self.several).find(|((other, _), _)| *other == Some(field));
        let (column, sets) = match (single, several) {
            (Some((_, column)), _) => (column, false),
            (_, Some((_, column))) => (column, true),
            _ => return Facet { field, values: Vec::new(), without: 0 },
        };
        let (without, counts) = counted(column, sets, wanted.unwrap_or(&self.alive));
        let mut values: Vec<FacetCount> = column
            .names
            .all
            .iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|(value, count)| FacetCount { value: value.clone(), count })
            .collect();
        values.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
        values.truncate(limit);
        Facet { field, values, without }
    }

    /// By VLAN, how many of these devices there are; and by the switch that they are at.
    pub(crate) fn vlans_and_switches(&self, wanted: &Bits) -> [BTreeMap<&str, u64>; 2] {
        [VLANS, SWITCHES].map(|place| {
            let Some(column) = self.several.get(place) else { return BTreeMap::new() };
            let (_, counts) = counted(column, true, wanted);
            let names = column.names.all.iter().map(String::as_str);
            names.zip(counts).filter(|(_, count)| *count > 0).collect()
        })
    }

    /// The devices of a site in this network: those that are heard, and those that are not.
    pub(crate) fn of_site(&self, site: i64, unheard: i64) -> [Bits; 2] {
        [false, true].map(|silent| {
            self.by_flags(|flags| {
                i64::from(flags.site) == site
                    && flags.scope == 0
                    && (i64::from(flags.status) == unheard) == silent
            })
        })
    }
}

/// How many have none, and how many have each name.
fn counted(column: &Column, sets: bool, wanted: &Bits) -> (u64, Vec<u64>) {
    // By code first, then, where these are sets, by what is in them.
    let most = if sets { column.sets.all.len() } else { column.names.all.len() };
    let mut counts = vec![0_u64; most + 1];
    for slot in wanted.slots() {
        if let Some(count) = counts.get_mut(at(column.code(slot))) {
            *count += 1;
        }
    }
    let without = counts.first().copied().unwrap_or(0);
    if sets {
        counts = spread(column, &counts);
    }
    counts.remove(0);
    (without, counts)
}

/// From counts of sets to counts of what is in them.
fn spread(column: &Column, counts: &[u64]) -> Vec<u64> {
    let mut names = vec![0_u64; column.names.all.len() + 1];
    for (set, count) in (0..).zip(counts) {
        for code in column.sets.get(set).into_iter().flatten() {
            if let Some(name) = names.get_mut(at(*code)) {
                *name += count;
            }
        }
    }
    names
}

pub(super) fn named(field: FacetField, code: i64) -> Option<&'static str> {
    let code = usize::try_from(code).ok()?;
    match field {
        FacetField::Status => Status::ALL.get(code).map(|status| status.name()),
        FacetField::Scope => SCOPES.get(code).copied(),
        FacetField::Lifecycle => Lifecycle::ALL.get(code).map(|lifecycle| lifecycle.name()),
        _ => None,
    }
}
