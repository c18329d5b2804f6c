//! Changes are made when the house makes changes.

use super::{Check, Level, Opinion, Situation, opinion};
use crate::plan::Plan;

pub(super) struct ChangeWindow;

impl Check for ChangeWindow {
    fn name(&self) -> &'static str {
        "change-window"
    }

    fn about(&self) -> &'static str {
        "whether it is the time for changes"
    }

    fn gravest(&self) -> Level {
        Level::Veto
    }

    fn look(&self, _: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
        let Some(window) = situation.change_window else {
            return opinion(self, Level::Pass, "the house names no time for changes".to_owned());
        };
        let clock = situation.clock;
        let now = format!("{:02}:{:02}", clock.minute / 60, clock.minute % 60);
        if window.holds(clock.day, clock.minute) {
            opinion(self, Level::Pass, format!("it is {now}, in the time for changes ({window})"))
        } else {
            opinion(self, Level::Veto, format!("it is {now}, outside of the time for changes ({window})"))
        }
    }
}
