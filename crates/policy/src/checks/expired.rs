//! Plans and conduits do not live for ever.

use super::{Check, Level, Opinion, Situation, opinion};
use crate::plan::Plan;

pub(super) struct Expired;

/// Days before the end of a rule from which it is told.
const NEAR: i64 = 7;

impl Check for Expired {
    fn name(&self) -> &'static str {
        "expired"
    }

    fn about(&self) -> &'static str {
        "whether the plan, or a conduit of its policy, is over"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        if plan.expires <= situation.now {
            let reason = format!("the plan was good until {}: plan again", plan.expires);
            return opinion(self, Level::Veto, reason);
        }
        let mut all = Vec::new();
        if !situation.expired_conduits.is_empty() {
            let what = situation.expired_conduits.join("; ");
            all.extend(opinion(self, Level::Warn, format!("what these conduits allowed is closed: {what}")));
        }
        let soon = plan.ruleset.rules.iter().filter_map(|rule| Some((rule.expires?, &rule.label)));
        for (until, label) in soon.filter(|(until, _)| until.seconds_since(situation.now) < NEAR * 86_400) {
            all.extend(opinion(self, Level::Warn, format!("'{label}' ends at {until}")));
        }
        if all.is_empty() {
            return opinion(self, Level::Pass, format!("the plan is good until {}", plan.expires));
        }
        all
    }
}
