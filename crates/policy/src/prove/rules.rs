//! Rules that never decide: empty ones, and those that earlier ones stand before.

use super::answer::{Answer, Decider, Question, Standing};
use super::decisions::{Decisions, rule_at};
use crate::ruleset::{Reading, Ruleset};
use crate::space::Forest;

/// Most of the earlier rules that are named.
const NAMED: usize = 3;

pub(super) fn answers(
    forest: &mut Forest,
    ruleset: &Ruleset,
    most: Decisions,
    least: Decisions,
) -> Vec<Answer> {
    let mut decisive = vec![false; ruleset.rules.len()];
    for map in [most.map, least.map] {
        for number in forest.values(map) {
            if let Some(slot) = rule_at(number).and_then(|at| decisive.get_mut(at)) {
                *slot = true;
            }
        }
    }
    let mut answers = Vec::new();
    for (at, rule) in ruleset.rules.iter().enumerate().filter(|(at, _)| decisive.get(*at) == Some(&false)) {
        let own = forest.product(&rule.sources, &rule.destinations, &rule.services);
        let number = at + 1;
        let mut answer = if forest.is_empty(own) {
            let sentence = format!("Rule {number} is dead: no packet is like '{}'.", rule.text());
            Answer::new(Question::Rule, Standing::Needless, sentence)
        } else {
            let decisions = if Reading::Most.counts(rule) { most } else { least };
            let covered = forest.within(decisions.map, own);
            let before: Vec<usize> = forest.values(covered).into_iter().filter_map(rule_at).collect();
            let against = before
                .iter()
                .copied()
                .find(|other| ruleset.rules.get(*other).is_some_and(|other| other.action != rule.action));
            let names =
                before.iter().take(NAMED).map(|at| (at + 1).to_string()).collect::<Vec<_>>().join(", ");
            let more = if before.len() > NAMED {
                format!(" and {} more", before.len() - NAMED)
            } else {
                String::new()
            };
            match against {
                Some(other) => {
                    let witness = u32::try_from(other + 1)
                        .ok()
                        .and_then(|wanted| forest.witness_of(covered, |value| value == wanted));
                    let decider = Decider::at(ruleset, other);
                    let sentence = format!(
                        "Rule {number} is shadowed by {names}{more}, which decide otherwise: '{}' never comes to decide; \
                         {}.",
                        rule.text(),
                        decider.words()
                    );
                    Answer {
                        witness,
                        rule: Some(decider),
                        ..Answer::new(Question::Rule, Standing::Fails, sentence)
                    }
                }
                None => {
                    let sentence = format!(
                        "Rule {number} is needless: {names}{more} decide the same before '{}' is come to.",
                        rule.text()
                    );
                    Answer::new(Question::Rule, Standing::Needless, sentence)
                }
            }
        };
        answer.line = rule.line;
        answers.push(answer);
    }
    if answers.is_empty() {
        let sentence = format!("Each of the {} rules decides on some packet.", ruleset.rules.len());
        answers.push(Answer::new(Question::Rule, Standing::Holds, sentence));
    }
    answers
}
