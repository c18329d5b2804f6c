//! Chains that call each other, as one list.
//!
//! A rule inside of a called chain becomes a rule on what enters that chain. What returns from a chain early is taken out of
//! what the rest of it sees; what falls off its end goes on with the caller, as the list does by itself.

use std::collections::BTreeMap;

use super::matches::Match;
use crate::ruleset::{Action, Condition, Note, Origin, Rule, Ruleset};

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    Decide(Action),
    Jump(String),
    Goto(String),
    Return,
    /// The next rule.
    Continue,
    /// Something that was not understood.
    Unknown(String),
}

/// A rule: the first branch that matches does what it says.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub number: u32,
    pub text: String,
    pub branches: Vec<(Match, Outcome)>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    pub lines: Vec<Line>,
}

/// Deepest calls of chains (the kernel's own limit), most parts that a chain's entry is split into, and most rules.
const DEPTH: usize = 16;
const PARTS: usize = 64;
const RULES: usize = 200_000;

pub(super) struct Flattener<'a> {
    pub chains: &'a BTreeMap<String, Chain>,
    rules: Vec<Rule>,
    notes: Vec<Note>,
    full: bool,
}

impl<'a> Flattener<'a> {
    pub fn new(chains: &'a BTreeMap<String, Chain>) -> Flattener<'a> {
        Flattener { chains, rules: Vec::new(), notes: Vec::new(), full: false }
    }

    /// The list of a chain that is called from outside, for what enters it.
    pub fn ruleset(
        mut self,
        name: &str,
        chain: &str,
        entry: Match,
        default: Action,
        stateful: bool,
    ) -> Ruleset {
        self.walk(chain, vec![entry], 0);
        self.notes.sort();
        self.notes.dedup();
        Ruleset { name: name.to_owned(), rules: self.rules, default, stateful, notes: self.notes }
    }

    fn note(&mut self, line: u32, text: impl Into<String>) {
        self.notes.push(Note { line, text: text.into(), widens: true });
    }

    fn walk(&mut self, chain: &str, mut entry: Vec<Match>, depth: usize) {
        let Some(chain) = self.chains.get(chain) else {
            self.unknown(&entry, 0, &format!("the chain '{chain}' is not there"));
            return;
        };
        for line in &chain.lines {
            // What the branches before did not take.
            let mut open = entry.clone();
            for (matched, outcome) in &line.branches {
                let inside: Vec<Match> =
                    open.iter().map(|part| part.and(matched)).filter(|part| !part.is_empty()).collect();
                if inside.is_empty() {
                    continue;
                }
                for text in &matched.unread {
                    self.note(line.number, format!("not understood: {text}"));
                }
                if line.branches.len() > 1 {
                    open = without(&open, matched);
                }
                match outcome {
                    Outcome::Decide(action) => self.decide(&inside, *action, line),
                    Outcome::Continue => {}
                    Outcome::Unknown(text) => self.unknown(&inside, line.number, text),
                    Outcome::Return => entry = without(&entry, matched),
                    Outcome::Jump(to) | Outcome::Goto(to) => {
                        if depth >= DEPTH {
                            self.unknown(&inside, line.number, "chains call each other too deep");
                        } else {
                            self.walk(to, inside, depth + 1);
                        }
                        if matches!(outcome, Outcome::Goto(_)) {
                            entry = without(&entry, matched);
                        }
                    }
                }
            }
            if entry.is_empty() {
                return;
            }
        }
    }

    fn decide(&mut self, inside: &[Match], action: Action, line: &Line) {
        for part in inside {
            if self.rules.len() >= RULES {
                if !self.full {
                    self.full = true;
                    self.note(line.number, format!("more than {RULES} rules: what follows is left out"));
                    let everything = Match::unread("rules that were left out");
                    for action in [Action::Accept, Action::Drop] {
                        self.rules.push(rule(&everything, action, 0, "left out"));
                    }
                }
                return;
            }
            self.rules.push(rule(part, action, line.number, &line.text));
        }
    }

    /// What may be accepted and may be dropped.
    fn unknown(&mut self, inside: &[Match], number: u32, text: &str) {
        self.note(number, format!("not understood: {text}"));
        let line = Line { number, text: text.to_owned(), branches: Vec::new() };
        for part in inside {
            let maybe = part.and(&Match::unread(text));
            for action in [Action::Accept, Action::Drop] {
                self.decide(std::slice::from_ref(&maybe), action, &line);
            }
        }
    }
}

/// Parts without what left them; where it is not known whether it left, it stays under that condition.
fn without(parts: &[Match], gone: &Match) -> Vec<Match> {
    let mut rest = Vec::new();
    for part in parts {
        if parts.len() > PARTS {
            rest.push(if part.and(gone).is_empty() {
                part.clone()
            } else {
                part.and(&Match::unread("what returned"))
            });
            continue;
        }
        rest.extend(part.less(gone));
        let inside = part.and(gone);
        if !gone.unread.is_empty() && !inside.is_empty() {
            rest.push(inside);
        }
    }
    rest
}

fn rule(part: &Match, action: Action, line: u32, text: &str) -> Rule {
    Rule {
        sources: part.sources.clone(),
        destinations: part.destinations.clone(),
        services: part.services.clone(),
        action,
        conditions: part.unread.iter().cloned().map(Condition::Unread).collect(),
        expires: None,
        origin: Origin::Read,
        line,
        counter: format!("line-{line}"),
        label: text.to_owned(),
    }
}
