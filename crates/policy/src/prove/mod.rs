//! Proof over the whole header space: every address of both families, every protocol, every port.
//!
//! An answer holds for all packets that open a flow, or comes with one for which it does not. Where rules depend on more
//! than the header (the time, a rate, something in an existing rule set that was not understood), both ends are looked at:
//! what must never pass is asked of the reading that lets most pass, what must always pass of the one that lets least.

mod answer;
mod decisions;
mod equal;
mod rules;

use serde::Serialize;

use crate::compile::Source;
use crate::language::{Duty, Invariant};
use crate::ruleset::{Note, Reading, Ruleset};
use crate::space::{Addresses, Forest, Packet, Services, Set, addresses_text};

pub use answer::{Answer, Decider, Passing, Question, Standing};
use decisions::Decisions;
pub use equal::{Difference, Sameness};

/// The schema of a proof.
pub const PROOF_SCHEMA: &str = "medward.proof/1";

/// Everything that was asked of a rule set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proof {
    /// [`PROOF_SCHEMA`].
    pub schema: &'static str,
    /// Which rule set.
    pub ruleset: String,
    /// Whether all that had to hold does.
    pub holds: bool,
    /// Whether nothing was left to conditions or not understood.
    pub exact: bool,
    /// How many rules there are.
    pub rules: usize,
    /// The answers, failures first.
    pub answers: Vec<Answer>,
    /// What limits them.
    pub notes: Vec<Note>,
}

/// A rule set made ready for questions.
pub struct Prover<'a> {
    forest: Forest,
    ruleset: &'a Ruleset,
    most: Decisions,
    least: Decisions,
}

impl<'a> Prover<'a> {
    /// Works out what every packet meets.
    pub fn new(ruleset: &'a Ruleset) -> Prover<'a> {
        let mut forest = Forest::new();
        let most = Decisions::of(&mut forest, ruleset, Reading::Most);
        let least = if ruleset.rules.iter().all(crate::ruleset::Rule::is_certain) {
            most
        } else {
            Decisions::of(&mut forest, ruleset, Reading::Least)
        };
        Prover { forest, ruleset, most, least }
    }

    /// The place in the list of the rule that decides on a packet; `None` is the default. Takes the same time however many
    /// rules there are.
    pub fn decision(&self, packet: &Packet, reading: Reading) -> Option<usize> {
        let decisions = if reading == Reading::Most { self.most } else { self.least };
        decisions::rule_at(self.forest.value(decisions.map, packet))
    }

    /// Everything at once: the policy's invariants on this rule set, and its rules among themselves.
    pub fn prove(&mut self, source: &Source<'_>) -> Proof {
        let mut answers: Vec<Answer> =
            source.policy.invariants.iter().map(|invariant| self.invariant(source, invariant)).collect();
        answers.extend(self.rules());
        self.proof(answers)
    }

    /// These answers as a proof.
    pub fn proof(&self, mut answers: Vec<Answer>) -> Proof {
        answers.sort_by_key(|answer| answer.standing);
        Proof {
            schema: PROOF_SCHEMA,
            ruleset: self.ruleset.name.clone(),
            holds: answers.iter().all(|answer| answer.holds()),
            exact: self.ruleset.is_exact(),
            rules: self.ruleset.rules.len(),
            answers,
            notes: self.ruleset.notes.clone(),
        }
    }

    /// Whether one invariant holds.
    pub fn invariant(&mut self, source: &Source<'_>, invariant: &Invariant) -> Answer {
        let from = source.addresses(&invariant.from);
        let to = source.addresses(&invariant.to);
        let services = source.services(&invariant.services);
        let what = answer::flow(&invariant.from, &invariant.to, &invariant.services);
        let mut answer = match invariant.duty {
            Duty::Never => self.never(&from, &to, &services, &what),
            Duty::Always => self.always(&from, &to, &services, &what),
        };
        answer.line = invariant.place.line;
        answer.reason = Some(invariant.reason.clone());
        if from.is_empty() || to.is_empty() {
            answer.standing = Standing::Vacuous;
            let empty = if from.is_empty() { &invariant.from } else { &invariant.to };
            answer.sentence = format!("{what}: nothing to prove, {empty} holds no address now.");
        }
        answer
    }

    /// Whether nothing of this passes.
    pub fn never(&mut self, from: &Addresses, to: &Addresses, services: &Services, what: &str) -> Answer {
        let region = self.forest.product(from, to, services);
        let through = self.most.passing();
        let wrong = self.forest.intersection(region, through);
        let Some(witness) = self.forest.witness(wrong) else {
            let sentence = format!("Never {what}: holds for every packet.");
            return Answer::new(Question::Never, Standing::Holds, sentence);
        };
        // Where it passes under either reading, that is certain.
        let surely = self.least.passing();
        let certain = self.forest.intersection(wrong, surely);
        let (standing, witness, reading) = match self.forest.witness(certain) {
            Some(certain) => (Standing::Fails, certain, Reading::Least),
            None => (Standing::MayFail, witness, Reading::Most),
        };
        let decider = Decider::of(self.ruleset, &witness, reading);
        let may = if standing == Standing::MayFail { "may pass" } else { "passes" };
        let sentence = format!("Never {what}: broken. {witness} {may}: {}.", decider.words());
        Answer {
            witness: Some(witness),
            rule: Some(decider),
            ..Answer::new(Question::Never, standing, sentence)
        }
    }

    /// Whether all of this passes.
    pub fn always(&mut self, from: &Addresses, to: &Addresses, services: &Services, what: &str) -> Answer {
        let region = self.forest.product(from, to, services);
        let through = self.least.passing();
        let wrong = self.forest.difference(region, through);
        let Some(witness) = self.forest.witness(wrong) else {
            let sentence = format!("Always {what}: holds for every packet.");
            return Answer::new(Question::Always, Standing::Holds, sentence);
        };
        let maybe = self.most.passing();
        let certain = self.forest.difference(wrong, maybe);
        let (standing, witness, reading) = match self.forest.witness(certain) {
            Some(certain) => (Standing::Fails, certain, Reading::Most),
            None => (Standing::MayFail, witness, Reading::Least),
        };
        let decider = Decider::of(self.ruleset, &witness, reading);
        let may = if standing == Standing::MayFail { "may be cut" } else { "is cut" };
        let sentence = format!("Always {what}: broken. {witness} {may}: {}.", decider.words());
        Answer {
            witness: Some(witness),
            rule: Some(decider),
            ..Answer::new(Question::Always, standing, sentence)
        }
    }

    /// What passes from some addresses to others today: at least this, at most that.
    pub fn passing(&mut self, from: &Addresses, to: &Addresses) -> Passing {
        let region = self.forest.product(from, to, &crate::space::any_service());
        let bound = |through: Set, forest: &mut Forest| {
            let within = forest.intersection(region, through);
            forest.services(within)
        };
        let least = self.least.passing();
        let at_least = bound(least, &mut self.forest);
        let most = self.most.passing();
        let at_most = bound(most, &mut self.forest);
        let exact = self.ruleset.is_exact();
        Passing::new(&addresses_text(from), &addresses_text(to), at_least, at_most, exact)
    }

    /// Whether each rule can decide on a packet at all.
    pub fn rules(&mut self) -> Vec<Answer> {
        rules::answers(&mut self.forest, self.ruleset, self.most, self.least)
    }
}
