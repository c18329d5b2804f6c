//! How many devices a plan is felt by at once.

use super::{Check, Level, Opinion, Situation};
use crate::plan::Plan;

pub(super) struct BlastRadius;

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
        let (affected, all) = (plan.affected.len(), situation.devices.len().max(1));
        let limits = situation.limits;
        let share = affected * 100 / all;
        let tried = situation.first_part_confirmed;
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
        vec![Opinion { check: self.name(), level, reason, devices }]
    }
}
