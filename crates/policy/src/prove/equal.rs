//! Whether two rule sets mean the same.

use serde::Serialize;

use super::answer::Decider;
use super::decisions::Decisions;
use crate::ruleset::{Reading, Ruleset};
use crate::space::{Addresses, Forest, Packet, any_service};

/// A packet that two rule sets treat differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The packet.
    pub witness: Packet,
    /// How conditions are read for it.
    pub reading: Reading,
    /// What decides in the first.
    pub left: Decider,
    /// What decides in the second.
    pub right: Decider,
}

/// Whether two rule sets let the same packets pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sameness {
    /// Whether they do, under both readings of conditions.
    pub same: bool,
    /// Whether both are understood in full and depend on nothing but the header.
    pub exact: bool,
    /// What the first lets pass and the second does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_left: Option<Difference>,
    /// What the second lets pass and the first does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_right: Option<Difference>,
    /// In words.
    pub sentence: String,
}

impl Sameness {
    /// Compares what passes, for all packets.
    pub fn of(left: &Ruleset, right: &Ruleset) -> Sameness {
        Sameness::within(left, right, &Addresses::all())
    }

    /// Compares what passes, for packets of which one end is among these addresses: what an enforcement point at these sees.
    pub fn within(left: &Ruleset, right: &Ruleset, addresses: &Addresses) -> Sameness {
        let mut forest = Forest::new();
        let all = Addresses::all();
        let from = forest.product(addresses, &all, &any_service());
        let to = forest.product(&all, addresses, &any_service());
        let seen = forest.union(from, to);
        let (mut only_left, mut only_right) = (None, None);
        for reading in [Reading::Most, Reading::Least] {
            let a = Decisions::of(&mut forest, left, reading).passing();
            let b = Decisions::of(&mut forest, right, reading).passing();
            for (more, less, found) in [(a, b, &mut only_left), (b, a, &mut only_right)] {
                let differing = forest.difference(more, less);
                let differing = forest.intersection(differing, seen);
                if let (None, Some(witness)) = (&*found, forest.witness(differing)) {
                    *found = Some(Difference {
                        witness,
                        reading,
                        left: Decider::of(left, &witness, reading),
                        right: Decider::of(right, &witness, reading),
                    });
                }
            }
        }
        let exact = left.is_exact() && right.is_exact();
        let same = only_left.is_none() && only_right.is_none();
        let sentence = match (only_left.as_ref().or(only_right.as_ref()), exact) {
            (None, true) => {
                format!("'{}' and '{}' let exactly the same packets pass.", left.name, right.name)
            }
            (None, false) => format!(
                "'{}' and '{}' let the same packets pass as far as conditions and what was not understood go.",
                left.name, right.name
            ),
            (Some(difference), _) => format!(
                "'{}' and '{}' differ: {}. In the first, {}; in the second, {}.",
                left.name,
                right.name,
                difference.witness,
                difference.left.words(),
                difference.right.words()
            ),
        };
        Sameness { same, exact, only_left, only_right, sentence }
    }
}
