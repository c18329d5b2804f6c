//! A plan: what would be done at one target, as an immutable value (`medward.plan/1`).
//!
//! A plan is made from rules, never changed, and known by its content: its id is the digest of all else in it. It names its
//! parent, the plan that was in force when it was made, so that none is applied to a target that has moved on. Its steps leave
//! the executor no choice, and it carries how it is taken back.

mod affected;
mod change;
mod draft;
mod step;

use std::collections::BTreeSet;
use std::fmt;

use medward_model::{DeviceId, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::checks::{BlastRadius, Check as _, Level, Limits, Opinion, Situation, opinions};
use crate::ruleset::{Origin, Ruleset};
use crate::targets::{Cannot, Settings, target};

pub use affected::{Affected, ZoneShare};
pub use change::{Change, Changed, Line};
pub use draft::Draft;
pub use step::Step;

/// The schema of a plan.
pub const PLAN_SCHEMA: &str = "medward.plan/1";

/// A plan's id: `plan-` and sixteen hexadecimal digits of what it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanId(pub String);

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A first part of a plan, tried before the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// The zones that it closes.
    pub zones: Vec<String>,
    /// The plan that it is a part of.
    pub of: PlanId,
}

/// What would be done at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`].
    pub schema: String,
    /// The digest of the rest.
    pub id: PlanId,
    /// The plan in force when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<PlanId>,
    /// Of which plan it is the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// The target's name.
    pub target: String,
    /// How the rules were rendered.
    pub settings: Settings,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: String,
    /// What the policy is called.
    pub policy: String,
    /// SHA-256 of the policy's text.
    pub policy_digest: String,
    /// After when it must not be applied any more.
    pub expires: Timestamp,
    /// Seconds in which somebody must confirm, before the target reverts by itself.
    pub dead_man_seconds: u32,
    /// How many devices were known.
    pub devices: usize,
    /// The devices that it is felt by.
    pub affected: Vec<Affected>,
    /// How many of each zone.
    pub zones: Vec<ZoneShare>,
    /// What is different from before.
    pub change: Change,
    /// The rules.
    pub ruleset: Ruleset,
    /// SHA-256 of the rules, by which they are known at the target.
    pub digest: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// How it is taken back.
    pub undo: Vec<Step>,
    /// What the checks say of it; absent where it was not checked, and then it is not applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opinions: Option<Vec<Opinion>>,
    /// What is to be known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why a plan cannot be read.
#[derive(Debug, Error)]
pub enum ReadPlanError {
    /// It is no document of a plan.
    #[error("it is not a plan: {0}")]
    Document(#[from] serde_json::Error),
    /// It is of another schema.
    #[error("its schema is '{0}', not {PLAN_SCHEMA}")]
    Schema(String),
    /// It was changed after it was made.
    #[error("it was changed: it says {said}, and its content is {found}")]
    Changed {
        /// The id in it.
        said: PlanId,
        /// The id of what it holds.
        found: PlanId,
    },
}

/// The digest of rules: what they mean to a target, in 16 hexadecimal digits.
pub fn digest(ruleset: &Ruleset) -> String {
    // Rules are plain values: there is nothing in them that cannot be written.
    let text = serde_json::to_vec(ruleset).unwrap_or_default();
    short(&text)
}

/// SHA-256 of a text, in full.
pub fn text_digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

fn short(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)).chars().take(16).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Plan {
    /// The id of what it holds.
    fn of_content(&self) -> PlanId {
        let blank = Plan { id: PlanId(String::new()), ..self.clone() };
        PlanId(format!("plan-{}", short(&serde_json::to_vec(&blank).unwrap_or_default())))
    }

    /// Reads a document, and refuses one that was changed.
    pub fn read(text: &str) -> Result<Plan, ReadPlanError> {
        #[derive(Deserialize)]
        struct Head {
            #[serde(default)]
            schema: String,
        }
        let head: Head = serde_json::from_str(text)?;
        if head.schema != PLAN_SCHEMA {
            return Err(ReadPlanError::Schema(head.schema));
        }
        let plan: Plan = serde_json::from_str(text)?;
        let found = plan.of_content();
        if found == plan.id { Ok(plan) } else { Err(ReadPlanError::Changed { said: plan.id, found }) }
    }

    /// What would be loaded at the target; nothing where it is applied by hand.
    pub fn artefact(&self) -> Option<&str> {
        self.steps.iter().find_map(|step| match step {
            Step::Apply { text } | Step::Show { text } => Some(text.as_str()),
            _ => None,
        })
    }

    /// The same plan with what checks say of it: another value, with another id.
    #[must_use]
    pub fn checked(mut self, situation: &Situation<'_>) -> Plan {
        self.opinions = Some(opinions(&self, situation));
        self.id = self.of_content();
        self
    }

    /// What speaks against applying it. What speaks against doing all at once does not where a first part was confirmed.
    pub fn vetoes(&self, first_part_confirmed: bool) -> Vec<&Opinion> {
        let all = self.opinions.iter().flatten().filter(|opinion| opinion.level == Level::Veto);
        all.filter(|opinion| !(first_part_confirmed && opinion.check == BlastRadius.name())).collect()
    }

    /// The zones that its rules close or watch, in order.
    pub fn closed_zones(&self) -> Vec<&str> {
        let mut zones: Vec<&str> = Vec::new();
        for rule in &self.ruleset.rules {
            if let Origin::Inbound(zone) | Origin::Outbound(zone) = &rule.origin
                && !zones.contains(&zone.as_str())
            {
                zones.push(zone);
            }
        }
        zones
    }

    /// The first part of this plan: what closes these zones, and nothing else that closes. A plan of its own, with the same
    /// parent.
    pub fn first_part(&self, zones: &[String]) -> Result<Plan, FirstPartError> {
        let closed = self.closed_zones();
        if let Some(zone) = zones.iter().find(|zone| !closed.contains(&zone.as_str())) {
            let known = closed.join(", ");
            return Err(FirstPartError::NotClosed { zone: zone.clone(), known });
        }
        let target = target(&self.target).ok_or_else(|| FirstPartError::NoTarget(self.target.clone()))?;
        let mut ruleset = self.ruleset.clone();
        ruleset.rules.retain(|rule| match &rule.origin {
            Origin::Inbound(zone) | Origin::Outbound(zone) => zones.contains(zone),
            Origin::Unknown => false,
            _ => true,
        });
        let artefact = target.render(&ruleset, &self.settings)?;
        let digest = digest(&ruleset);
        let mut plan = Plan {
            canary: Some(Canary { zones: zones.to_vec(), of: self.id.clone() }),
            steps: target.steps(&artefact, &digest, self.dead_man_seconds),
            notes: artefact.notes,
            affected: self.affected.iter().filter(|one| one.is_of(zones)).cloned().collect(),
            zones: self.zones.iter().filter(|share| zones.contains(&share.zone)).cloned().collect(),
            ruleset,
            digest,
            ..self.clone()
        };
        // What was said of devices that this part does not touch is no matter of it.
        let touched: BTreeSet<&DeviceId> = plan.affected.iter().map(|one| &one.device).collect();
        let kept = self.opinions.iter().flatten().filter(|opinion| {
            let about = opinion.devices.is_empty() || opinion.devices.iter().any(|id| touched.contains(id));
            about && opinion.check != BlastRadius.name()
        });
        let kept: Vec<Opinion> = kept.cloned().collect();
        if self.opinions.is_some() {
            let radius = BlastRadius::of(&plan, Limits::default(), false);
            let mut all: Vec<Opinion> = kept.into_iter().chain([radius]).collect();
            all.sort_by(|a, b| (a.level, &a.check).cmp(&(b.level, &b.check)));
            plan.opinions = Some(all);
        }
        plan.id = plan.of_content();
        Ok(plan)
    }
}

/// Why no first part can be made of a plan.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FirstPartError {
    /// The plan does not close that zone.
    #[error("the plan does not close a zone '{zone}'; it closes {known}")]
    NotClosed {
        /// The zone.
        zone: String,
        /// Those that it closes.
        known: String,
    },
    /// Its target is not known here.
    #[error("no target is called '{0}'")]
    NoTarget(String),
    /// It cannot be rendered.
    #[error(transparent)]
    Cannot(#[from] Cannot),
}
