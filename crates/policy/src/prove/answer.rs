//! Answers, for programs and for people.

use serde::Serialize;

use crate::language::{Ends, Service};
use crate::ruleset::{Action, Origin, Reading, Ruleset};
use crate::space::{Packet, Services, services_text};

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// That something never passes.
    Never,
    /// That something always passes.
    Always,
    /// That a rule decides on some packet.
    Rule,
}

/// How the answer stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It does not hold, and the packet shows it.
    Fails,
    /// It may not hold, as far as conditions go that the header does not tell.
    MayFail,
    /// It does no harm, and is worth knowing: a rule that others make needless.
    Needless,
    /// There is nothing that it speaks of.
    Vacuous,
    /// It holds for every packet.
    Holds,
}

/// The rule that decides on a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decider {
    /// Its number in the list, from 1; none is the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// Its line in the policy or the existing rule set; 0 where there is none.
    pub line: u32,
    /// What it does.
    pub action: Action,
    /// Where it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The rule in one line.
    pub text: String,
}

impl Decider {
    /// The rule that decides on this packet.
    pub fn of(ruleset: &Ruleset, packet: &Packet, reading: Reading) -> Decider {
        ruleset
            .decide(packet, reading)
            .map_or_else(|| Decider::default_of(ruleset), |at| Decider::at(ruleset, at))
    }

    /// The rule at that place of the list.
    pub fn at(ruleset: &Ruleset, at: usize) -> Decider {
        ruleset.rules.get(at).map_or_else(
            || Decider::default_of(ruleset),
            |rule| Decider {
                number: Some(at + 1),
                line: rule.line,
                action: rule.action,
                origin: Some(rule.origin.clone()),
                text: rule.text(),
            },
        )
    }

    fn default_of(ruleset: &Ruleset) -> Decider {
        let action = ruleset.default;
        Decider { number: None, line: 0, action, origin: None, text: "where no rule matches".to_owned() }
    }

    /// As a part of a sentence.
    pub fn words(&self) -> String {
        match (self.number, self.line) {
            (None, _) => format!("no rule matches, and the default {}", self.action.verb()),
            (Some(number), 0) => format!("rule {number} {} it, '{}'", self.action.verb(), self.text),
            (Some(number), line) => {
                format!("rule {number} of line {line} {} it, '{}'", self.action.verb(), self.text)
            }
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// How it stands.
    pub standing: Standing,
    /// The answer in words.
    pub sentence: String,
    /// The line of the policy or of the rule that it is about; 0 where there is none.
    pub line: u32,
    /// Why it was asked, in the policy's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A packet that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witness: Option<Packet>,
    /// The rule that decides on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Decider>,
}

impl Answer {
    pub(super) fn new(question: Question, standing: Standing, sentence: String) -> Answer {
        Answer { question, standing, sentence, line: 0, reason: None, witness: None, rule: None }
    }

    /// Whether nothing speaks against it.
    pub const fn holds(&self) -> bool {
        !matches!(self.standing, Standing::Fails | Standing::MayFail)
    }
}

/// A flow in words.
pub(super) fn flow(from: &Ends, to: &Ends, services: &[Service]) -> String {
    let named = services.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if named.is_empty() { format!("{from} to {to}") } else { format!("{from} to {to} on {named}") }
}

/// What passes between two sets of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passing {
    /// Whether both bounds are the same, and nothing was left out.
    pub exact: bool,
    /// Services on which some packet surely passes.
    #[serde(serialize_with = "text")]
    pub at_least: Services,
    /// Services on which no packet passes that is not among these.
    #[serde(serialize_with = "text")]
    pub at_most: Services,
    /// In words.
    pub sentence: String,
}

fn text<S: serde::Serializer>(services: &Services, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&named(services))
}

fn named(services: &Services) -> String {
    if services.is_empty() { "nothing".to_owned() } else { services_text(services) }
}

impl Passing {
    pub(super) fn new(from: &str, to: &str, at_least: Services, at_most: Services, exact: bool) -> Passing {
        let sentence = if at_least == at_most {
            let bound = if exact { "" } else { "as far as it was understood, " };
            format!("From {from} to {to} passes, {bound}for some addresses at least: {}.", named(&at_least))
        } else {
            format!(
                "From {from} to {to} passes at least {}, and at most {}.",
                named(&at_least),
                named(&at_most)
            )
        };
        Passing { exact: exact && at_least == at_most, at_least, at_most, sentence }
    }
}
