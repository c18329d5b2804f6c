//! The catalogue and the dissectors agree: no rule reads a field that no dissector declares.

use std::collections::BTreeSet;

use medward_dissect::dissectors;
use medward_identify::Catalog;

#[test]
fn every_field_that_a_rule_reads_is_declared_by_a_dissector() {
    let declared: BTreeSet<(&str, &str)> =
        dissectors().flat_map(|d| d.fields.iter().map(move |field| (d.name, field.name))).collect();
    let sources: BTreeSet<&str> = declared.iter().map(|(source, _)| *source).collect();
    let catalog = Catalog::builtin().unwrap();
    let unknown: Vec<String> = catalog
        .references()
        .iter()
        .filter(|r| !declared.contains(&(r.source.as_str(), r.field.as_str())))
        // A rule may read one field of two sources of which only one declares it.
        .filter(|r| {
            !catalog.references().iter().any(|other| {
                other.rule == r.rule && declared.contains(&(other.source.as_str(), other.field.as_str()))
            }) || !sources.contains(r.source.as_str())
        })
        .map(|r| format!("{} reads {}.{}", r.rule, r.source, r.field))
        .collect();
    assert!(unknown.is_empty(), "rules read what no dissector says:\n{}", unknown.join("\n"));
}
