//! What cannot be taken back is not done.

use super::{Check, Level, Opinion, Situation, opinion};
use crate::plan::{Plan, Step};
use crate::targets::target;

pub(super) struct NoUndo;

impl Check for NoUndo {
    fn name(&self) -> &'static str {
        "no-undo"
    }

    fn about(&self) -> &'static str {
        "whether the plan can be taken back, and the target reverts by itself"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, _: &Situation<'_>) -> Vec<Opinion> {
        let applies = plan.steps.iter().any(|step| matches!(step, Step::Apply { .. }));
        if !applies {
            let by_hand = target(&plan.target).is_some_and(|target| !target.capabilities().applied);
            let reason = if by_hand { "nothing is applied by Medward" } else { "nothing is applied" };
            return opinion(self, Level::Pass, reason.to_owned());
        }
        let reverts = plan.steps.iter().any(|step| matches!(step, Step::ScheduleRevert { .. }));
        match (plan.undo.is_empty(), reverts) {
            (true, _) => opinion(self, Level::Veto, "the plan does not say how it is taken back".to_owned()),
            (false, false) => {
                opinion(self, Level::Veto, "nothing reverts it when nobody confirms".to_owned())
            }
            (false, true) => {
                let seconds = plan.dead_man_seconds;
                opinion(self, Level::Pass, format!("it reverts by itself after {seconds} s unless confirmed"))
            }
        }
    }
}
