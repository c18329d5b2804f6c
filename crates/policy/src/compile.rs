//! From policy to rules.
//!
//! The order, of which the first match decides:
//!
//! 1. what a person lifted (break-glass), as long as it is lifted;
//! 2. conduits, in the order of the policy, as accepts;
//! 3. zones at `enforce`: what is opened to a member or by a member and stands in no conduit is dropped, inside of the zone too;
//!    devices that no zone takes, where they may talk to nobody;
//! 4. zones at `alert`, and devices that are not surely members: the same, as alerts;
//! 5. what is left passes: zones at `observe`, `learn` and `simulate` are left alone.
//!
//! So a zone that enforces is shielded from one that does not, and nothing is cut between two that do not. Replies of open
//! flows are never cut ([`Ruleset`]): a conduit from A to B lets no B open anything to A.

use std::collections::BTreeMap;

use medward_model::{Day, Timestamp};

use crate::language::{Ends, Policy, Service, Stage};
use crate::ports::Ports;
use crate::ruleset::{Action, Condition, Note, Origin, Rule, Ruleset};
use crate::space::{Addresses, Services, any_service};
use crate::zones::Ground;

/// A zone whose policy a person lifted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The zone.
    pub zone: String,
    /// Who.
    pub who: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
}

/// Which stages are compiled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stages {
    /// Those that the policy says.
    #[default]
    AsWritten,
    /// As if every zone enforced: for simulation, and for proof of what is intended.
    Enforced,
}

/// What is compiled.
pub struct Source<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// What its zones hold.
    pub ground: &'a Ground,
    /// Ports of protocols.
    pub ports: &'a dyn Ports,
    /// The time, for what expired.
    pub now: Timestamp,
    /// Which stages.
    pub stages: Stages,
    /// What people lifted.
    pub lifted: &'a [Lifted],
}

impl Source<'_> {
    /// The addresses of one side of a conduit or invariant, unsure members too.
    pub fn addresses(&self, ends: &Ends) -> Addresses {
        match ends {
            Ends::Any => Addresses::all(),
            Ends::Zones(names) => {
                let all = names.iter().filter_map(|name| {
                    let (at, _) = self.policy.zone(name)?;
                    self.ground.zones.get(at)
                });
                Addresses::joined(
                    all.flat_map(|holding| holding.addresses.iter().chain(holding.unsure.iter())),
                )
            }
        }
    }

    /// What a list of services means; nothing given is any.
    pub fn services(&self, services: &[Service]) -> Services {
        if services.is_empty() {
            return any_service();
        }
        services.iter().fold(Services::empty(), |sum, service| sum.union(&service.services(self.ports)))
    }

    /// The counters' names of the zones.
    fn names(&self) -> Vec<String> {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for zone in &self.policy.zones {
            *seen.entry(slug(&zone.name)).or_default() += 1;
        }
        let named = self.policy.zones.iter().enumerate().map(|(at, zone)| {
            let own = slug(&zone.name);
            // Of two that would go by the same, and of one without letters, the number is added.
            let lone = !own.is_empty() && seen.get(&own) == Some(&1);
            if lone { own } else { format!("{own}-{}", at + 1) }
        });
        named.collect()
    }

    fn stage(&self, written: Stage) -> Stage {
        match self.stages {
            Stages::AsWritten => written,
            Stages::Enforced => Stage::Enforce,
        }
    }

    /// The rules.
    pub fn compile(&self) -> Ruleset {
        let mut rules = Vec::new();
        let mut notes = Vec::new();
        let names = self.names();
        self.lifted_rules(&names, &mut rules);
        self.conduit_rules(&mut rules, &mut notes);
        self.closing_rules(Action::Drop, &names, &mut rules);
        if !self.ground.unknown.is_empty() {
            for (from, to, way) in both_ways(&self.ground.unknown) {
                let label = format!("devices that no zone takes, {way}");
                rules.push(closing(
                    from,
                    to,
                    Action::Drop,
                    Origin::Unknown,
                    0,
                    &format!("unknown-{way}"),
                    label,
                ));
            }
        }
        self.closing_rules(Action::Alert, &names, &mut rules);
        let name = self.policy.name.clone();
        Ruleset { name, rules, default: Action::Accept, stateful: true, notes }
    }

    fn lifted_rules(&self, names: &[String], rules: &mut Vec<Rule>) {
        for lifted in self.lifted.iter().filter(|lifted| lifted.until > self.now) {
            let Some((at, zone)) = self.policy.zone(&lifted.zone).filter(|(_, zone)| zone.break_glass) else {
                continue;
            };
            let Some(holding) = self.ground.zones.get(at) else { continue };
            for (from, to, way) in both_ways(&holding.all()) {
                let label = format!("lifted by {}: {}", lifted.who, lifted.reason);
                let origin = Origin::Lifted(zone.name.clone());
                let counter = format!("lifted-{}-{way}", names.get(at).map_or("", String::as_str));
                let mut rule = closing(from, to, Action::Accept, origin, zone.place.line, &counter, label);
                rule.expires = Some(lifted.until);
                rules.push(rule);
            }
        }
    }

    fn conduit_rules(&self, rules: &mut Vec<Rule>, notes: &mut Vec<Note>) {
        let today = Day::of(self.now);
        for (index, conduit) in self.policy.conduits.iter().enumerate() {
            let line = conduit.place.line;
            let mut note = |text: String| notes.push(Note { line, text, widens: false });
            let way = format!("{} to {}", conduit.from, conduit.to);
            if let Some(day) = conduit.expires.filter(|day| *day < today) {
                note(format!("the conduit from {way} expired after {day}"));
                continue;
            }
            let sources = self.addresses(&conduit.from);
            let destinations = self.addresses(&conduit.to);
            if sources.is_empty() || destinations.is_empty() {
                let side = if sources.is_empty() { &conduit.from } else { &conduit.to };
                note(format!("the conduit from {way} has no rule: {side} holds no address now"));
                continue;
            }
            let conditions = conduit
                .window
                .map(Condition::Window)
                .into_iter()
                .chain(conduit.rate.map(Condition::Rate))
                .collect();
            rules.push(Rule {
                sources,
                destinations,
                services: self.services(&conduit.services),
                action: Action::Accept,
                conditions,
                expires: conduit.expires.map(|day| day.start().plus_seconds(86_400)),
                origin: Origin::Conduit(index),
                line,
                counter: format!("conduit-{}", index + 1),
                label: conduit
                    .reason
                    .as_ref()
                    .map_or_else(|| way.clone(), |reason| format!("{way}: {reason}")),
            });
        }
    }

    /// What closes the zones that have come so far.
    fn closing_rules(&self, action: Action, names: &[String], rules: &mut Vec<Rule>) {
        for ((zone, holding), slug) in self.policy.zones.iter().zip(&self.ground.zones).zip(names) {
            let stage = self.stage(zone.stage);
            let closed = match (stage, action) {
                (Stage::Enforce, Action::Drop) => holding.addresses.clone(),
                (Stage::Enforce, _) => holding.unsure.clone(),
                (Stage::Alert, Action::Alert) => holding.all(),
                _ => continue,
            };
            if closed.is_empty() {
                continue;
            }
            for (from, to, way) in both_ways(&closed) {
                let name = zone.name.clone();
                let origin = if way == "in" { Origin::Inbound(name) } else { Origin::Outbound(name) };
                let kind = if action == Action::Drop { "closed" } else { "watched" };
                let counter = format!("{kind}-{slug}-{way}");
                let label = format!(
                    "{} {}: in no conduit",
                    zone.name,
                    if way == "in" { "inbound" } else { "outbound" }
                );
                rules.push(closing(from, to, action, origin, zone.place.line, &counter, label));
            }
        }
    }
}

fn both_ways(addresses: &Addresses) -> [(Addresses, Addresses, &'static str); 2] {
    [(Addresses::all(), addresses.clone(), "in"), (addresses.clone(), Addresses::all(), "out")]
}

fn closing(
    sources: Addresses,
    destinations: Addresses,
    action: Action,
    origin: Origin,
    line: u32,
    counter: &str,
    label: String,
) -> Rule {
    Rule {
        sources,
        destinations,
        services: any_service(),
        action,
        conditions: Vec::new(),
        expires: None,
        origin,
        line,
        counter: counter.to_owned(),
        label,
    }
}

/// A name as counters and sets can be called: small letters, digits and hyphens.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_matches('-').to_owned()
}
