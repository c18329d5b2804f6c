//! Nothing is done: the rules are written as a person reads them.

use std::fmt::Write as _;

use super::{Artefact, Cannot, Capabilities, Settings, Target};
use crate::existing::ReadError;
use crate::plan::Step;
use crate::ruleset::{Action, Condition, Ruleset};

/// Writes what would be done.
pub(super) struct DryRun;

impl Target for DryRun {
    fn name(&self) -> &'static str {
        "dry-run"
    }

    fn title(&self) -> &'static str {
        "the rules in words; nothing is changed anywhere"
    }

    fn specification(&self) -> &'static str {
        "none"
    }

    fn proven(&self) -> &'static str {
        "nothing to prove: it touches nothing"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            stateful: true,
            ipv6: true,
            expiry: true,
            alert: true,
            counters: false,
            rate: true,
            windows: true,
            applied: false,
        }
    }

    fn render(&self, ruleset: &Ruleset, _: &Settings) -> Result<Artefact, Cannot> {
        let mut text = format!("# {}\n# answers of open flows pass\n", super::text::comment(&ruleset.name));
        for (number, rule) in (1..).zip(&ruleset.rules) {
            let _ = write!(text, "{number}. {}", rule.text());
            for condition in &rule.conditions {
                let _ = match condition {
                    Condition::Window(window) => write!(text, "; {window}"),
                    Condition::Rate(rate) => write!(text, "; {} flows in {} s", rate.flows, rate.seconds),
                    Condition::Unread(unread) => write!(text, "; if {unread}"),
                };
            }
            if let Some(until) = rule.expires {
                let _ = write!(text, "; until {until}");
            }
            text.push('\n');
        }
        let rest = match ruleset.default {
            Action::Accept => "passes",
            Action::Drop => "is dropped",
            Action::Alert => "passes with an alert",
        };
        let _ = writeln!(text, "everything else {rest}");
        Ok(Artefact { text, notes: Vec::new() })
    }

    fn steps(&self, artefact: &Artefact, _: &str, _: u32) -> Vec<Step> {
        vec![Step::Show { text: artefact.text.clone() }]
    }

    fn undo(&self, _: &Settings) -> Vec<Step> {
        Vec::new()
    }

    fn read_back(&self, _: &str) -> Option<Result<Vec<Ruleset>, ReadError>> {
        None
    }
}
