//! Devices that keep patients alive lose nothing without a person's word.

use medward_model::{Attribute, DeviceId};

use super::{Check, Level, Opinion, Situation, care};
use crate::plan::Plan;

pub(super) struct LifeSupporting;

impl Check for LifeSupporting {
    fn name(&self) -> &'static str {
        "life-supporting"
    }

    fn about(&self) -> &'static str {
        "whether a device that keeps a patient alive would lose something that it uses"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        let devices: Vec<DeviceId> = plan
            .affected
            .iter()
            .filter(|affected| {
                situation
                    .device(&affected.device)
                    .is_some_and(|device| device.value(Attribute::LifeSupporting) == Some("yes"))
            })
            .map(|affected| affected.device.clone())
            .collect();
        care::spoken(self, plan, situation, &devices, "keeps patients alive")
    }
}
