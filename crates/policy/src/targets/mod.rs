//! Enforcement targets: one file each, pure, registered in [`TARGETS`].
//!
//! A target says what it can do ([`Capabilities`]) and renders a [`Ruleset`] into what its controls read, or says why it
//! cannot: a rule is never rendered as something wider or narrower without a word. The same rules always give the same
//! bytes. What is rendered can be read back by [`Target::read_back`], so that equal meaning is proven, not promised.

mod cisco_acl;
mod dry_run;
mod nftables;
mod text;

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::existing::ReadError;
use crate::plan::Step;
use crate::ruleset::{Condition, Ruleset};

pub use nftables::{TABLE, removal};

/// Every target, by name.
pub static TARGETS: &[&dyn Target] = &[&cisco_acl::CiscoAcl, &dry_run::DryRun, &nftables::Nftables];

/// The target of that name.
pub fn target(name: &str) -> Option<&'static dyn Target> {
    TARGETS.iter().copied().find(|target| target.name() == name)
}

/// What a target can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// It keeps the state of connections.
    pub stateful: bool,
    /// It rules IPv6.
    pub ipv6: bool,
    /// It ends a rule by itself at a time.
    pub expiry: bool,
    /// It tells of a packet that matched.
    pub alert: bool,
    /// It counts what matched.
    pub counters: bool,
    /// It bounds how often flows are opened.
    pub rate: bool,
    /// It knows hours and days.
    pub windows: bool,
    /// Medward itself applies it, and the target reverts by itself when nobody confirms.
    pub applied: bool,
}

/// At which layer an nftables gateway stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    /// A routed gateway (`table inet`).
    #[default]
    Inet,
    /// A bridge (`table bridge`): the kernel must track connections there.
    Bridge,
}

impl Layer {
    /// As nftables writes it.
    pub const fn word(self) -> &'static str {
        match self {
            Layer::Inet => "inet",
            Layer::Bridge => "bridge",
        }
    }
}

/// How a rendering is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Bridge or routed gateway, where the target knows both.
    #[serde(default)]
    pub layer: Layer,
    /// Minutes that the clock of the place is before UTC, for windows.
    #[serde(default)]
    pub utc_offset_minutes: i16,
}

/// What was rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artefact {
    /// What the control reads.
    pub text: String,
    /// What is to be known of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Why a target cannot render a rule set.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Cannot {
    /// It lacks what a rule needs.
    #[error("{target} has no {what}, which rule {rule} ('{label}') needs")]
    Lacks {
        /// The target.
        target: &'static str,
        /// What it lacks.
        what: &'static str,
        /// The rule's number, from 1.
        rule: usize,
        /// What the rule is.
        label: String,
    },
    /// A rule rests on something that was read and not understood.
    #[error("rule {rule} ('{label}') depends on something that was not understood: {what}")]
    NotUnderstood {
        /// The rule's number, from 1.
        rule: usize,
        /// What the rule is.
        label: String,
        /// What was not understood.
        what: String,
    },
}

/// An enforcement target.
pub trait Target: Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// In a few words.
    fn title(&self) -> &'static str;
    /// The documents that it follows.
    fn specification(&self) -> &'static str;
    /// How far it is proven.
    fn proven(&self) -> &'static str;
    /// What it can do.
    fn capabilities(&self) -> Capabilities;
    /// The rules as its controls read them.
    fn render(&self, ruleset: &Ruleset, settings: &Settings) -> Result<Artefact, Cannot>;
    /// What is done, in order.
    fn steps(&self, artefact: &Artefact, digest: &str, dead_man_seconds: u32) -> Vec<Step>;
    /// How it is taken back.
    fn undo(&self, settings: &Settings) -> Vec<Step>;
    /// Reads a rendering, or what the control lists.
    fn read_back(&self, text: &str) -> Option<Result<Vec<Ruleset>, ReadError>>;
}

impl std::fmt::Debug for dyn Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The rules with their ends as conditions: as a listing tells them, which does not know whether the time is over.
pub fn with_ends_as_conditions(ruleset: &Ruleset) -> Ruleset {
    let mut all = ruleset.clone();
    for rule in &mut all.rules {
        if let Some(until) = rule.expires.take() {
            rule.conditions.push(Condition::Unread(format!("until {until}")));
        }
    }
    all
}

/// The first rule whose condition was not understood.
fn understood(ruleset: &Ruleset) -> Result<(), Cannot> {
    for (number, rule) in (1..).zip(&ruleset.rules) {
        for condition in &rule.conditions {
            if let Condition::Unread(what) = condition {
                let (label, what) = (rule.label.clone(), what.clone());
                return Err(Cannot::NotUnderstood { rule: number, label, what });
            }
        }
    }
    Ok(())
}

/// The earliest end of a rule, for those that watch over it.
pub fn first_end(ruleset: &Ruleset) -> Option<Timestamp> {
    ruleset.rules.iter().filter_map(|rule| rule.expires).min()
}
