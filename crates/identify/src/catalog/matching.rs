//! Finding the rules that a value meets: an index by source and field.

use std::sync::OnceLock;

use regex::{Regex, RegexSet};

use super::rule::How;
use super::{CatalogError, Rule};
use crate::ledger::Map;

/// A rule's condition that a value met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// Position of the rule.
    pub rule: usize,
    /// Position of its condition.
    pub condition: usize,
    /// What the groups of the regular expression caught; group 0 is the whole.
    pub caught: Vec<Option<String>>,
}

/// Rule and condition.
type At = (usize, usize);

#[derive(Debug, Default)]
struct FieldIndex {
    equals: Map<String, Vec<At>>,
    prefixes: Vec<(String, At)>,
    contains: Vec<(String, At)>,
    patterns: Vec<(String, At, OnceLock<Option<Regex>>)>,
    set: OnceLock<Option<RegexSet>>,
}

/// All tests of all rules, by source and field.
#[derive(Debug, Default)]
pub(crate) struct Index(Map<String, Map<String, FieldIndex>>);

impl Index {
    /// Regular expressions of files that are `trusted` are compiled when first needed, others now.
    pub(super) fn new(rules: &[Rule], trusted: impl Fn(&str) -> bool) -> Result<Index, CatalogError> {
        let mut index = Index::default();
        for (number, rule) in rules.iter().enumerate() {
            for (position, condition) in rule.conditions.iter().chain(&rule.unless).enumerate() {
                let at = (number, position);
                for test in &condition.tests {
                    let field = index.0.entry(test.source.clone()).or_default();
                    let field = field.entry(test.field.clone()).or_default();
                    match &test.how {
                        How::Equals(text) => field.equals.entry(text.clone()).or_default().push(at),
                        How::Prefix(text) => field.prefixes.push((text.clone(), at)),
                        How::Contains(text) => field.contains.push((text.clone(), at)),
                        How::Matches(pattern) => {
                            let compiled = OnceLock::new();
                            if !trusted(&rule.file) {
                                let regex = Regex::new(pattern).map_err(|e| {
                                    let reason = format!("has a regular expression that is none: {e}");
                                    CatalogError::entry(&rule.file, &rule.id, reason)
                                })?;
                                compiled.get_or_init(|| Some(regex));
                            }
                            field.patterns.push((pattern.clone(), at, compiled));
                        }
                    }
                }
            }
        }
        Ok(index)
    }

    /// All conditions that a value of that field meets, sorted.
    pub(crate) fn hits(&self, source: &str, field: &str, value: &str) -> Vec<Hit> {
        let Some(field) = self.0.get(source).and_then(|fields| fields.get(field)) else { return Vec::new() };
        let lower = value.to_lowercase();
        let mut hits = Vec::new();
        let whole = || vec![Some(value.to_owned())];
        let plain = |at: &At| Hit { rule: at.0, condition: at.1, caught: whole() };
        hits.extend(field.equals.get(&lower).into_iter().flatten().map(plain));
        let fitting = || field.prefixes.iter().filter(|(text, _)| lower.starts_with(text.as_str()));
        let longest = fitting().map(|(text, _)| text.len()).max().unwrap_or(0);
        // The empty prefix ("present") does not compete.
        hits.extend(fitting().filter(|(t, _)| t.is_empty() || t.len() == longest).map(|(_, at)| plain(at)));
        hits.extend(
            field.contains.iter().filter(|(text, _)| lower.contains(text.as_str())).map(|(_, at)| plain(at)),
        );
        hits.extend(field.pattern_hits(value));
        hits.sort();
        hits.dedup_by(|a, b| (a.rule, a.condition) == (b.rule, b.condition));
        hits
    }
}

impl FieldIndex {
    fn pattern_hits(&self, value: &str) -> Vec<Hit> {
        if self.patterns.is_empty() {
            return Vec::new();
        }
        let set = self.set.get_or_init(|| RegexSet::new(self.patterns.iter().map(|p| &p.0)).ok());
        // A set too large to compile is no reason to know less: then each pattern is tried.
        let candidates: Vec<usize> = match set {
            Some(set) => set.matches(value).into_iter().collect(),
            None => (0..self.patterns.len()).collect(),
        };
        let mut hits = Vec::new();
        for number in candidates {
            let Some((pattern, at, compiled)) = self.patterns.get(number) else { continue };
            let Some(regex) = compiled.get_or_init(|| Regex::new(pattern).ok()) else { continue };
            if let Some(caught) = regex.captures(value) {
                let caught = caught.iter().map(|group| group.map(|m| m.as_str().to_owned())).collect();
                hits.push(Hit { rule: at.0, condition: at.1, caught });
            }
        }
        hits
    }
}
