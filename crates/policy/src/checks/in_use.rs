//! Devices that are in use lose nothing without a person's word. In use is what has clinical activity now: an association is
//! open, results flow, a monitor streams.

use medward_model::DeviceId;

use super::{Check, Level, Opinion, Situation, care, opinion};
use crate::plan::Plan;

pub(super) struct InUse;

impl Check for InUse {
    fn name(&self) -> &'static str {
        "in-use"
    }

    fn about(&self) -> &'static str {
        "whether a device with clinical activity now would lose something that it uses"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        let Some(in_use) = situation.in_use else {
            if plan.affected.is_empty() {
                return opinion(self, Level::Pass, "no device is affected".to_owned());
            }
            let reason =
                "nobody knows which devices are in use now: plan with what is seen at this moment".to_owned();
            return opinion(self, Level::Warn, reason);
        };
        let devices: Vec<DeviceId> = plan
            .affected
            .iter()
            .map(|affected| affected.device.clone())
            .filter(|device| in_use.contains_key(device))
            .collect();
        care::spoken(self, plan, situation, &devices, "is in use now")
    }
}
