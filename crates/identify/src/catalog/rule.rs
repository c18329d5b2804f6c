//! A rule: conditions on what fields held, and what then is claimed.

use std::collections::BTreeMap;

use medward_model::Attribute;

use super::{CatalogError, Category};

/// Sources that are not dissectors: what this crate itself derives.
pub(crate) const OWN_SOURCES: [&str; 5] = ["attribute", "mac", "service", "client", "activity"];

/// A test of one field's value. Texts are lower case; only regular expressions see the value as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub source: String,
    pub field: String,
    pub how: How,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Equals(String),
    /// Of several prefixes that fit one value, only the longest counts.
    Prefix(String),
    Contains(String),
    Matches(String),
}

/// Holds where any of its tests does.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub tests: Vec<Test>,
}

/// Claims, made of a device for which all conditions hold.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub id: String,
    pub file: String,
    pub source: String,
    pub conditions: Vec<Condition>,
    /// Numbered after `conditions`; none of them may hold.
    pub unless: Vec<Condition>,
    pub claims: Vec<ClaimPart>,
    pub software: Vec<SoftwarePart>,
}

/// One attribute that is claimed.
#[derive(Clone, Debug)]
pub(crate) struct ClaimPart {
    pub attribute: Attribute,
    pub value: Template,
    pub weight: f64,
}

/// A software component that is claimed.
#[derive(Clone, Debug)]
pub(crate) struct SoftwarePart {
    pub name: Template,
    pub version: Option<Template>,
    pub cpe: Option<Template>,
    pub purl: Option<Template>,
    pub weight: f64,
}

/// Text in which `$1` to `$9` stand for what groups of the first condition's regular expression caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(String);

impl Template {
    pub(super) fn new(text: &str) -> Template {
        Template(text.to_owned())
    }

    /// The text itself, where nothing is to be filled in.
    pub(crate) fn fixed(&self) -> Option<&str> {
        (!self.0.contains('$')).then_some(self.0.as_str())
    }

    /// Filled in; `None` where a group that is asked for caught nothing.
    pub(crate) fn fill(&self, caught: &[Option<String>]) -> Option<String> {
        let mut filled = String::with_capacity(self.0.len());
        let mut rest = self.0.chars().peekable();
        while let Some(c) = rest.next() {
            match (c, rest.peek().and_then(|d| d.to_digit(10))) {
                ('$', Some(number)) => {
                    rest.next();
                    filled.push_str(caught.get(number as usize)?.as_deref().filter(|t| !t.is_empty())?);
                }
                _ => filled.push(c),
            }
        }
        Some(filled.trim().to_owned())
    }
}

impl Rule {
    /// All fields that its conditions read.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.conditions
            .iter()
            .chain(&self.unless)
            .flat_map(|c| c.tests.iter().map(|t| (t.source.as_str(), t.field.as_str())))
    }

    /// Categories that are claimed must exist.
    pub(super) fn check_claims(&self, categories: &BTreeMap<String, Category>) -> Result<(), CatalogError> {
        for claim in self.claims.iter().filter(|claim| claim.attribute == Attribute::Category) {
            if let Some(slug) = claim.value.fixed()
                && !categories.contains_key(slug)
            {
                let reason = format!("claims the category '{slug}', which no catalogue file describes");
                return Err(CatalogError::entry(&self.file, &self.id, reason));
            }
        }
        Ok(())
    }

    /// Whether it reads fused attributes (and so comes after the first fusion).
    pub(crate) fn reads_attributes(&self) -> bool {
        self.fields().any(|(source, _)| source == "attribute")
    }
}
