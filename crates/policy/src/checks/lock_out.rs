//! Whoever turns a plan on must still be able to turn it off.

use super::situation::drops;
use super::{Check, Level, Opinion, Situation, opinion};
use crate::plan::Plan;

pub(super) struct LockOut;

impl Check for LockOut {
    fn name(&self) -> &'static str {
        "lock-out"
    }

    fn about(&self) -> &'static str {
        "whether the operator, the target or Medward itself would be cut off from each other"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        let Some(paths) = situation.paths else {
            let reason =
                "nobody said from where the target and Medward are looked after (--manage FROM,TO,SERVICE)";
            return opinion(self, Level::Warn, reason.to_owned());
        };
        let mut all = Vec::new();
        for path in paths.iter().filter(|path| drops(&plan.ruleset, &path.packet)) {
            all.extend(opinion(self, Level::Veto, format!("{} would be cut: {}", path.what, path.packet)));
        }
        if all.is_empty() {
            return opinion(
                self,
                Level::Pass,
                format!("{} ways to look after things stay open", paths.len()),
            );
        }
        all
    }
}
