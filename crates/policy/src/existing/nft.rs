//! What both listings of nftables share: tables with sets, verdict maps and chains, and how a rule is put together.

use std::collections::BTreeMap;

use super::ReadError;
use super::flatten::{Chain, Flattener, Outcome};
use super::matches::{Match, keyed};
use crate::ruleset::{Action, Note, Ruleset};
use crate::space::{v4, v6};

/// The parts of a value: one, or several where keys are joined by `.`.
pub(super) type Element = Vec<String>;

/// Most products that a rule is split into.
const PRODUCTS: usize = 65_536;

/// A chain that the kernel calls.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub chain: String,
    pub family: String,
    pub hook: String,
    pub policy: Action,
}

#[derive(Default)]
pub(super) struct Tables {
    pub chains: BTreeMap<String, Chain>,
    pub bases: Vec<Base>,
    pub sets: BTreeMap<String, Vec<Element>>,
    pub maps: BTreeMap<String, Vec<(Element, Outcome)>>,
    /// Chains that the kernel calls for something else than to filter, with the place where it does.
    pub others: Vec<(String, String)>,
}

/// The full name of what stands in a table.
pub(super) fn full(family: &str, table: &str, name: &str) -> String {
    format!("{family} {table} {name}")
}

impl Tables {
    /// One rule set for each base chain that filters.
    pub fn rulesets(self) -> Result<Vec<Ruleset>, ReadError> {
        if self.bases.is_empty() {
            return Err(ReadError::Nothing("chain of nftables that filters"));
        }
        let read = self.bases.iter().map(|base| {
            let entry = match base.family.as_str() {
                "ip" => Match::family(&v4()),
                "ip6" => Match::family(&v6()),
                _ => Match::all(),
            };
            let name = format!("{} ({})", base.chain, base.hook);
            let mut read = Flattener::new(&self.chains).ruleset(&name, &base.chain, entry, base.policy, true);
            let siblings = self.bases.iter().filter(|other| other.hook == base.hook).count();
            if siblings > 1 {
                let text = format!(
                    "{siblings} chains are called at '{}': a packet must pass all of them",
                    base.hook
                );
                read.notes.push(Note { line: 0, text, widens: false });
            }
            for (chain, hook) in &self.others {
                // Destinations are changed before the filter sees them, sources after.
                let before = matches!(hook.as_str(), "prerouting" | "output");
                let text = format!("{chain} ({hook}) changes addresses or routes, and is left out");
                read.notes.push(Note { line: 0, text, widens: before });
            }
            read
        });
        Ok(read.collect())
    }
}

/// A rule that is being put together.
pub(super) struct RuleBuilder {
    alternatives: Vec<Match>,
    branches: Vec<(Match, Outcome)>,
    /// It never speaks of a packet that opens a flow.
    silent: bool,
    /// Something that was not understood, and that no verdict came after.
    open: Option<String>,
}

impl RuleBuilder {
    pub fn new() -> RuleBuilder {
        RuleBuilder { alternatives: vec![Match::all()], branches: Vec::new(), silent: false, open: None }
    }

    fn narrow(&mut self, matches: &[Match]) {
        if self.alternatives.len() * matches.len() > PRODUCTS {
            let unread = Match::unread(format!("a set of {} combinations", matches.len()));
            self.alternatives.iter_mut().for_each(|part| *part = part.and(&unread));
            return;
        }
        self.alternatives = self
            .alternatives
            .iter()
            .flat_map(|part| matches.iter().map(|matched| part.and(matched)))
            .filter(|part| !part.is_empty())
            .collect();
    }

    /// One of these values stands under the keys, or with `negated` none.
    pub fn matched(&mut self, keys: &[String], elements: &[Element], negated: bool) {
        match products(keys, elements, negated) {
            Some(matches) => self.narrow(&matches),
            None => self.silent = true,
        }
    }

    pub fn unread(&mut self, text: impl Into<String>) {
        self.narrow(&[Match::unread(text)]);
    }

    /// A statement that is not understood: a match, or, where no verdict follows, perhaps one itself.
    pub fn statement(&mut self, text: String) {
        self.unread(text.clone());
        self.open = Some(text);
    }

    pub fn outcome(&mut self, outcome: &Outcome) {
        self.open = None;
        if !self.silent {
            self.branches.extend(self.alternatives.iter().map(|part| (part.clone(), outcome.clone())));
        }
    }

    /// What is done depends on the value.
    pub fn verdicts(&mut self, keys: &[String], rows: &[(Element, Outcome)]) {
        self.open = None;
        if self.silent {
            return;
        }
        // Rows of a map share nothing: those that do the same are one branch.
        let mut grouped: Vec<(&Outcome, Vec<Element>)> = Vec::new();
        let mut places: BTreeMap<&Outcome, usize> = BTreeMap::new();
        for (element, outcome) in rows {
            let at = *places.entry(outcome).or_insert_with(|| {
                grouped.push((outcome, Vec::new()));
                grouped.len() - 1
            });
            grouped.get_mut(at).into_iter().for_each(|(_, all)| all.push(element.clone()));
        }
        for (outcome, elements) in grouped {
            let Some(matches) = products(keys, &elements, false) else { continue };
            for part in &self.alternatives {
                let narrowed =
                    matches.iter().map(|matched| part.and(matched)).filter(|part| !part.is_empty());
                self.branches.extend(narrowed.map(|part| (part, outcome.clone())));
            }
        }
    }

    pub fn finish(mut self) -> Vec<(Match, Outcome)> {
        if let Some(text) = self.open.take() {
            self.outcome(&Outcome::Unknown(text));
        }
        self.branches
    }
}

fn products(keys: &[String], elements: &[Element], negated: bool) -> Option<Vec<Match>> {
    if let [key] = keys {
        let values: Vec<String> = elements.iter().flatten().cloned().collect();
        return keyed(key, &values, negated).map(|matched| vec![matched]);
    }
    if negated {
        return Some(vec![Match::unread(format!("{} != several", keys.join(" . ")))]);
    }
    let mut all = Vec::new();
    for element in elements {
        let mut product = Match::all();
        for (key, value) in keys.iter().zip(element) {
            product = product.and(&keyed(key, std::slice::from_ref(value), false)?);
        }
        all.push(product);
    }
    Some(all)
}

/// A comparison of a number, as the range that it means.
pub(super) fn compared(operator: &str, value: &str) -> Option<String> {
    let number: u32 = value.parse().ok()?;
    Some(match operator {
        "<" => format!("0-{}", number.checked_sub(1)?),
        "<=" => format!("0-{number}"),
        ">" => format!("{}-65535", number.checked_add(1)?),
        ">=" => format!("{number}-65535"),
        _ => return None,
    })
}

/// A verdict by its word; jumps name a chain of the table.
pub(super) fn verdict(word: &str, target: Option<&str>, family: &str, table: &str) -> Option<Outcome> {
    Some(match (word, target) {
        ("accept", _) => Outcome::Decide(Action::Accept),
        ("drop" | "reject", _) => Outcome::Decide(Action::Drop),
        ("return", _) => Outcome::Return,
        ("continue", _) => Outcome::Continue,
        ("jump", Some(chain)) => Outcome::Jump(full(family, table, chain)),
        ("goto", Some(chain)) => Outcome::Goto(full(family, table, chain)),
        _ => return None,
    })
}
