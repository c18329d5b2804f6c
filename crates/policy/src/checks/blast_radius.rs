//! How many devices a plan is felt by at once.

use super::{Check, Level, Limits, Opinion, Situation};
use crate::plan::Plan;

pub(crate) struct BlastRadius;

impl Check for BlastRadius {
    fn name(&self) -> &'static str {
        "blast-radius"
    }

    fn about(&self) -> &'static str {
        "how many devices the plan is felt by at once"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        vec![BlastRadius::of(plan, situation.limits, situation.first_part_confirmed)]
    }
}

impl BlastRadius {
    /// From the plan alone.
    pub(crate) fn of(plan: &Plan, limits: Limits, tried: bool) -> Opinion {
        let (affected, all) = (plan.affected.len(), plan.devices.max(1));
        let share = affected * 100 / all;
        let level = match share {
            _ if affected <= limits.few => Level::Pass,
            share if share >= limits.affected_veto && !tried => Level::Veto,
            share if share >= limits.affected_warn => Level::Warn,
            _ => Level::Pass,
        };
        let hint = match level {
            Level::Veto => ": try a zone first (--canary ZONE)",
            Level::Warn if tried => ", after a first part was tried",
            _ => "",
        };
        let reason = format!("{affected} of {all} devices are affected ({share} %){hint}");
        let devices = plan.affected.iter().map(|affected| affected.device.clone());
        let devices = if level == Level::Pass { Vec::new() } else { devices.collect() };
        Opinion { check: BlastRadius.name().to_owned(), level, reason, devices }
    }
}
