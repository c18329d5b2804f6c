//! Which rule decides on each packet.

use crate::ruleset::{Reading, Ruleset};
use crate::space::{Forest, Map, Set};

/// For every packet the number of the rule that decides, from 1; 0 is the default.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decisions {
    pub(super) map: Map,
    passing: Set,
}

impl Decisions {
    /// Under one reading of the rules' conditions.
    pub fn of(forest: &mut Forest, ruleset: &Ruleset, reading: Reading) -> Decisions {
        let counted = (1_u32..).zip(&ruleset.rules).filter(|(_, rule)| reading.counts(rule));
        let mut maps = Vec::with_capacity(ruleset.rules.len());
        for (number, rule) in counted {
            maps.push(forest.product_map(&rule.sources, &rule.destinations, &rule.services, number));
        }
        let map = forest.first_of_all(maps);
        let passing = forest.where_value(map, &|number| passes(ruleset, number));
        Decisions { map, passing }
    }

    /// The packets that pass.
    pub(super) const fn passing(self) -> Set {
        self.passing
    }
}

/// Whether what the rule of that number decides on passes.
fn passes(ruleset: &Ruleset, number: u32) -> bool {
    rule_at(number).and_then(|at| ruleset.rules.get(at)).map_or(ruleset.default, |rule| rule.action).passes()
}

/// The place of a rule in the list, from its number here.
pub(super) fn rule_at(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
