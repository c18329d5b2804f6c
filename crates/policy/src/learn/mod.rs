//! From what was seen to a policy that a person can review.
//!
//! Zones are profiles of devices, told apart by selectors: kind and maker for devices of care, kind for the others, what they
//! answer on for servers of which no kind is known. Conduits stand between profiles, not addresses, so that a second pump of
//! a profile may do what the first one did. What need not be is not allowed, but listed apart with its cause and the lines
//! that would allow it ([`Superfluous`]): seen once, chatter of discovery, peers outside of the site, between like devices,
//! management in the clear, and devices of which too little is known.
//!
//! What belongs to care is never called superfluous for being rare or for going between like devices.

mod conduits;
mod demands;
mod profiles;
mod selector;
mod services;
mod superfluous;
mod traffic;

use std::collections::BTreeMap;

use medward_model::{Conversation, Device, Timestamp};
use serde::Serialize;

use crate::language::{Policy, Stage, Treatment};
use crate::ports::Ports;
use crate::zones::Membership;

pub use conduits::Learnt;
pub(crate) use services::{place_of, written};
pub use superfluous::{Cause, Superfluous};

/// The schema of what was learned.
pub const LEARNED_SCHEMA: &str = "medward.policy-learned/1";

/// What is known of kinds of devices.
pub trait Categories {
    /// The group of a kind: "patient care", "imaging", "building", "IT", …
    fn group(&self, category: &str) -> Option<&str>;
}

/// What is learned from.
pub struct Learning<'a> {
    /// What the policy is to be called.
    pub name: &'a str,
    /// The devices of the site.
    pub devices: &'a [Device],
    /// What they said to each other.
    pub conversations: &'a [Conversation],
    /// Kinds of devices.
    pub categories: &'a dyn Categories,
    /// Ports of protocols.
    pub ports: &'a dyn Ports,
    /// The time.
    pub now: Timestamp,
}

/// What was learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learned {
    /// [`LEARNED_SCHEMA`].
    pub schema: &'static str,
    /// The policy.
    #[serde(serialize_with = "text")]
    pub policy: Policy,
    /// What each conduit of it rests on, in their order.
    pub conduits: Vec<Learnt>,
    /// What was seen and is not allowed.
    pub superfluous: Vec<Superfluous>,
    /// Devices that are in no zone.
    pub unplaced: usize,
}

fn text<S: serde::Serializer>(policy: &Policy, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&policy.text())
}

impl Learned {
    /// Learns. The same devices and conversations, in any order, give the same policy.
    pub fn from(learning: &Learning<'_>) -> Learned {
        let mut profiles = profiles::all(learning);
        let zones = profiles.iter().map(|profile| profile.zone.clone()).collect();
        let mut policy = Policy {
            name: learning.name.to_owned(),
            owner: None,
            stage: Stage::Learn,
            zones,
            conduits: Vec::new(),
            invariants: Vec::new(),
            unknown: Treatment::Alert,
            unsure: Treatment::Alert,
            break_glass: None,
        };
        let membership = Membership::assign(&policy, learning.devices, &BTreeMap::new(), learning.now);
        let traffic = traffic::Traffic::of(learning, &policy, &membership);
        let (kept, superfluous) = superfluous::part(&traffic, &profiles, learning);
        if let Some(groups) = conduits::group_addresses(&kept) {
            // Before what is outside, which is always the last.
            let at = profiles.len().saturating_sub(1);
            profiles.insert(at, groups);
        }
        policy.zones = profiles.iter().map(|profile| profile.zone.clone()).collect();
        let drawn = conduits::draw(&kept, &profiles, &traffic.devices, learning);
        policy.invariants = demands::invariants(&drawn, &traffic, &profiles);
        let (conduits, learnt) = drawn.into_iter().map(|drawn| (drawn.conduit, drawn.learnt)).unzip();
        policy.conduits = conduits;
        Learned { schema: LEARNED_SCHEMA, policy, conduits: learnt, superfluous, unplaced: traffic.unplaced }
    }
}
