//! Who closes what they do not know cuts what they have not looked at.

use super::{Check, Level, Opinion, Situation, opinion};
use crate::plan::Plan;
use crate::zones::Belief;

pub(super) struct UnknownShare;

impl Check for UnknownShare {
    fn name(&self) -> &'static str {
        "unknown-share"
    }

    fn about(&self) -> &'static str {
        "how many devices are in no zone, or not surely in theirs"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, _: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        let membership = situation.membership;
        let all = membership.0.len();
        if all == 0 {
            return opinion(self, Level::Warn, "no device is known at all".to_owned());
        }
        let unknown = membership.count(Belief::Unknown) + membership.count(Belief::Unsure);
        let share = unknown * 100 / all;
        let limits = situation.limits;
        let level = match share {
            share if share >= limits.unknown_veto => Level::Veto,
            share if share >= limits.unknown_warn => Level::Warn,
            _ => Level::Pass,
        };
        let reason = format!("{unknown} of {all} devices are in no zone, or not surely ({share} %)");
        opinion(self, level, reason)
    }
}
