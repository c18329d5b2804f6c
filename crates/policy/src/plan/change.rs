//! What is different from before, for a person to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ruleset::{Condition, Origin, Rule, Ruleset};
use crate::space::{addresses_text, services_text};

/// One rule, as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line {
    /// What it belongs to: a conduit, a zone's closing, what was lifted.
    pub part: String,
    /// The rule.
    pub text: String,
}

/// A rule that is another than before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Changed {
    /// What it belongs to.
    pub part: String,
    /// What it was.
    pub before: String,
    /// What it becomes.
    pub after: String,
}

/// What is different from before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Rules that were not there.
    pub added: Vec<Line>,
    /// Rules that are not there any more.
    pub removed: Vec<Line>,
    /// Rules that are others.
    pub changed: Vec<Changed>,
    /// How many stay as they are.
    pub unchanged: usize,
}

fn part(rule: &Rule) -> String {
    match &rule.origin {
        Origin::Conduit(_) => format!("conduit {}", rule.label),
        Origin::Inbound(zone) => format!("zone {zone}, inbound"),
        Origin::Outbound(zone) => format!("zone {zone}, outbound"),
        Origin::Unknown => rule.label.clone(),
        Origin::Lifted(zone) => format!("zone {zone}, lifted"),
        Origin::Read => format!("rule {}", rule.label),
    }
}

fn text(rule: &Rule) -> String {
    let verb = match rule.action {
        crate::Action::Accept => "accept",
        crate::Action::Drop => "drop",
        crate::Action::Alert => "alert",
    };
    let (from, to) = (addresses_text(&rule.sources), addresses_text(&rule.destinations));
    let mut text = format!("{verb} {} from {from} to {to}", services_text(&rule.services));
    for condition in &rule.conditions {
        match condition {
            Condition::Window(window) => text.push_str(&format!(", {window}")),
            Condition::Rate(rate) => text.push_str(&format!(", {} flows in {} s", rate.flows, rate.seconds)),
            Condition::Unread(unread) => text.push_str(&format!(", if {unread}")),
        }
    }
    if let Some(until) = rule.expires {
        text.push_str(&format!(", until {until}"));
    }
    text
}

/// Whether two rules mean the same at their place.
fn same(a: &Rule, b: &Rule) -> bool {
    (&a.sources, &a.destinations, &a.services, a.action, &a.conditions, a.expires)
        == (&b.sources, &b.destinations, &b.services, b.action, &b.conditions, b.expires)
}

impl Change {
    /// From one list to the other. Rules belong together by what they belong to, wherever they stand.
    pub fn between(before: Option<&Ruleset>, after: &Ruleset) -> Change {
        let mut old: BTreeMap<String, Vec<&Rule>> = BTreeMap::new();
        for rule in before.into_iter().flat_map(|ruleset| &ruleset.rules) {
            old.entry(part(rule)).or_default().push(rule);
        }
        let mut change = Change::default();
        let mut left: Vec<(String, &Rule)> = Vec::new();
        for rule in &after.rules {
            let key = part(rule);
            let known = old.get_mut(&key).and_then(|rules| {
                let at = rules.iter().position(|other| same(other, rule))?;
                Some(rules.remove(at))
            });
            match known {
                Some(_) => change.unchanged += 1,
                None => left.push((key, rule)),
            }
        }
        for (key, rule) in left {
            let other = old.get_mut(&key).filter(|rules| !rules.is_empty()).map(|rules| rules.remove(0));
            match other {
                Some(other) => {
                    change.changed.push(Changed { part: key, before: text(other), after: text(rule) });
                }
                None => change.added.push(Line { part: key, text: text(rule) }),
            }
        }
        for (part, rules) in old {
            change.removed.extend(rules.iter().map(|rule| Line { part: part.clone(), text: text(rule) }));
        }
        change
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Lines that a person reads: `+`, `-` and `~` before what is added, removed and changed.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for line in &self.added {
            lines.push(format!("+ {}\n    {}", line.part, line.text));
        }
        for line in &self.removed {
            lines.push(format!("- {}\n    {}", line.part, line.text));
        }
        for changed in &self.changed {
            lines.push(format!("~ {}\n    - {}\n    + {}", changed.part, changed.before, changed.after));
        }
        lines
    }
}
