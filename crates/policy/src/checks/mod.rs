//! Checks of a plan before anything is done: one file each, pure, registered in [`CHECKS`].
//!
//! A check looks at a plan and a [`Situation`], and vetoes, warns or passes, with the reason in a sentence and the devices that
//! it is about. **What was not given is not fine**: a check that lacks a fact says so.

mod blast_radius;
mod care;
mod change_window;
mod expired;
mod in_use;
mod last_path;
mod life_supporting;
mod lock_out;
mod no_undo;
mod situation;
mod unknown_share;

use medward_model::DeviceId;
use serde::{Deserialize, Serialize};

use crate::plan::Plan;

pub(crate) use blast_radius::BlastRadius;
pub use situation::{Clock, Consent, Essential, EssentialKind, Limits, Path, Situation};

/// Every check, by name.
pub static CHECKS: &[&dyn Check] = &[
    &BlastRadius,
    &change_window::ChangeWindow,
    &expired::Expired,
    &in_use::InUse,
    &last_path::LastPath,
    &life_supporting::LifeSupporting,
    &lock_out::LockOut,
    &no_undo::NoUndo,
    &unknown_share::UnknownShare,
];

/// What a check says, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The plan must not be applied.
    Veto,
    /// A person should look.
    Warn,
    /// Nothing speaks against it.
    Pass,
}

/// What a check says of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// The check's name.
    pub check: String,
    /// How it stands.
    pub level: Level,
    /// Why, in a sentence.
    pub reason: String,
    /// The devices that it is about, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceId>,
}

/// A check.
pub trait Check: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// What it looks at, in a sentence.
    fn about(&self) -> &'static str;
    /// The gravest that it can say.
    fn gravest(&self) -> Level;
    /// What it says; at least one opinion.
    fn look(&self, plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion>;
}

/// What all checks say, the gravest first.
pub fn opinions(plan: &Plan, situation: &Situation<'_>) -> Vec<Opinion> {
    let mut all: Vec<Opinion> = CHECKS.iter().flat_map(|check| check.look(plan, situation)).collect();
    all.sort_by(|a, b| (a.level, &a.check).cmp(&(b.level, &b.check)));
    all
}

fn opinion(check: &dyn Check, level: Level, reason: String) -> Vec<Opinion> {
    vec![Opinion { check: check.name().to_owned(), level, reason, devices: Vec::new() }]
}

/// Some devices by name, shortened where they are many.
fn named(devices: &[DeviceId]) -> String {
    let shown: Vec<&str> = devices.iter().take(3).map(|device| device.0.as_str()).collect();
    match devices.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
