//! The catalogue and the dissectors agree: no rule reads a field that no dissector declares.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use medward_dissect::dissectors;
use medward_identify::Catalog;

#[test]
fn every_field_that_a_rule_reads_is_declared_by_a_dissector() {
    let declared: BTreeSet<(&str, &str)> =
        dissectors().flat_map(|d| d.fields.iter().map(move |field| (d.name, field.name))).collect();
    let catalog = Catalog::builtin().unwrap();
    let references = catalog.references();
    // A condition may list several sources and several fields: each of them must fit one of the others.
    let fits = |rule: &str, source: Option<&str>, field: Option<&str>| {
        references
            .iter()
            .filter(|r| r.rule == rule)
            .filter(|r| source.is_none_or(|s| s == r.source) && field.is_none_or(|f| f == r.field))
            .any(|r| declared.contains(&(r.source.as_str(), r.field.as_str())))
    };
    let unknown: Vec<String> = references
        .iter()
        .filter(|r| !fits(&r.rule, Some(&r.source), None) || !fits(&r.rule, None, Some(&r.field)))
        .map(|r| format!("{} reads {}.{}", r.rule, r.source, r.field))
        .collect();
    assert!(unknown.is_empty(), "rules read what no dissector says:\n{}", unknown.join("\n"));
}
