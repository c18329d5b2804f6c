//! Making a plan.

use medward_model::{Device, Timestamp};

use super::affected::affected;
use super::change::Change;
use super::{PLAN_SCHEMA, Plan, PlanId, digest, text_digest};
use crate::ruleset::Ruleset;
use crate::targets::{Cannot, Settings, Target};
use crate::zones::Membership;

/// What a plan is made of.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// The rules.
    pub ruleset: &'a Ruleset,
    /// Those in force.
    pub before: Option<&'a Ruleset>,
    /// The text of the policy.
    pub policy_text: &'a str,
    /// Where devices are.
    pub membership: &'a Membership,
    /// The devices.
    pub devices: &'a [Device],
    /// The target.
    pub target: &'static dyn Target,
    /// How to render.
    pub settings: &'a Settings,
    /// The plan in force.
    pub parent: Option<&'a PlanId>,
    /// The time.
    pub now: Timestamp,
    /// By whom.
    pub by: &'a str,
    /// For how many seconds it may be applied.
    pub valid_seconds: i64,
    /// Seconds in which somebody must confirm.
    pub dead_man_seconds: u32,
}

impl Draft<'_> {
    /// The plan, or why the target cannot do it.
    pub fn plan(&self) -> Result<Plan, Cannot> {
        let artefact = self.target.render(self.ruleset, self.settings)?;
        let digest = digest(self.ruleset);
        let (affected, zones) = affected(self.ruleset, self.before, self.membership, self.devices);
        let mut notes = artefact.notes.clone();
        notes.extend(self.ruleset.notes.iter().map(|note| note.text.clone()));
        let mut plan = Plan {
            schema: PLAN_SCHEMA.to_owned(),
            id: PlanId(String::new()),
            parent: self.parent.cloned(),
            canary: None,
            target: self.target.name().to_owned(),
            settings: self.settings.clone(),
            made_at: self.now,
            made_by: self.by.to_owned(),
            policy: self.ruleset.name.clone(),
            policy_digest: text_digest(self.policy_text),
            expires: self.now.plus_seconds(self.valid_seconds),
            dead_man_seconds: self.dead_man_seconds,
            devices: self.devices.len(),
            affected,
            zones,
            change: Change::between(self.before, self.ruleset),
            steps: self.target.steps(&artefact, &digest, self.dead_man_seconds),
            undo: self.target.undo(self.settings),
            ruleset: self.ruleset.clone(),
            digest,
            opinions: None,
            notes,
        };
        plan.id = plan.of_content();
        Ok(plan)
    }
}
