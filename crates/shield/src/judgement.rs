//! The seam: what a shield is, and what it says.

use medward_model::Activity;

use crate::scope::Scope;
use crate::suricata::Rules;

/// A shield: one file with one `pub(super) static`, a `mod` line and an entry in `SHIELDS`.
pub struct Shield {
    /// In kebab case, after what it stops.
    pub name: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// What it stops, in a sentence.
    pub stops: &'static str,
    /// What stopping it may do to care, in a sentence.
    pub effect: &'static str,
    /// Keys of a scope that it asks ("servers").
    pub asks: &'static [&'static str],
    /// Its place in the range of rule numbers; never changed, never used twice.
    pub number: u32,
    /// Judges a request: `None` lets it pass.
    pub judge: fn(&Activity, &Scope) -> Option<Judgement>,
    /// Writes it as Suricata rules.
    pub rules: fn(&mut Rules<'_>),
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The shield's name.
    pub shield: &'static str,
    /// The scope's name.
    pub scope: String,
    /// In a sentence, with what was asked for; without patients.
    pub why: String,
}

impl Shield {
    /// A request is refused.
    pub(crate) fn refuses(&self, scope: &Scope, why: impl Into<String>) -> Option<Judgement> {
        Some(Judgement { shield: self.name, scope: scope.name.clone(), why: why.into() })
    }
}

/// A detail of an activity, or nothing.
pub(crate) fn detail<'a>(activity: &'a Activity, name: &str) -> &'a str {
    activity.details.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}
