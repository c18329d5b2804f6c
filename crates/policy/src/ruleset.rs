//! Rules as every target understands them: an ordered list, the first that matches decides.
//!
//! A rule speaks of the packet that **opens** a flow. What belongs to an open flow, answers and the errors about it (ICMP),
//! always passes: a target keeps the state of connections, or does what comes nearest. A rule set that was read from a
//! target without state says so.
//!
//! What keeps a link together is not spoken of, and targets always let it pass: ARP, and of ICMPv6 neighbour discovery and
//! multicast listener ([`link_control`](crate::link_control)).

use std::net::IpAddr;

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::language::{Rate, Window};
use crate::reading_back;
use crate::space::{Addresses, Prefix, Services, addresses_text, prefixes, services_text};

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It passes.
    Accept,
    /// It does not.
    Drop,
    /// It passes, and an alert is raised.
    Alert,
}

impl Action {
    /// Whether the packet passes.
    pub const fn passes(self) -> bool {
        matches!(self, Action::Accept | Action::Alert)
    }

    /// What is said of a packet.
    pub const fn verb(self) -> &'static str {
        match self {
            Action::Accept => "accepts",
            Action::Drop => "drops",
            Action::Alert => "lets pass with an alert",
        }
    }
}

/// What a rule depends on beside the header.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// The time.
    Window(Window),
    /// How often.
    Rate(Rate),
    /// Something in an existing rule set that was not understood.
    Unread(String),
}

/// Where a rule comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Conduit of that number in the policy, from 0.
    Conduit(usize),
    /// What closes a zone towards it.
    Inbound(String),
    /// What closes a zone from it.
    Outbound(String),
    /// Devices that no zone takes.
    Unknown,
    /// A person lifted the policy for a zone.
    Lifted(String),
    /// It was read from an existing rule set.
    Read,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Who opens.
    #[serde(serialize_with = "networks", deserialize_with = "reading_back::networks")]
    pub sources: Addresses,
    /// To whom.
    #[serde(serialize_with = "networks", deserialize_with = "reading_back::networks")]
    pub destinations: Addresses,
    /// What.
    #[serde(serialize_with = "named", deserialize_with = "reading_back::named")]
    pub services: Services,
    /// What happens.
    pub action: Action,
    /// Under which conditions only; all must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// Where it comes from.
    pub origin: Origin,
    /// The line of the policy or of the existing rule set, from 1; 0 where there is none.
    pub line: u32,
    /// The name of its counter, the same from one compilation to the next as long as its place in the policy is.
    pub counter: String,
    /// What it is, for people.
    pub label: String,
}

fn networks<S: serde::Serializer>(addresses: &Addresses, serializer: S) -> Result<S::Ok, S::Error> {
    if addresses.is_all() {
        serializer.serialize_str("any")
    } else {
        serializer.collect_seq(prefixes(addresses))
    }
}

fn named<S: serde::Serializer>(services: &Services, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&services_text(services))
}

impl Rule {
    /// Whether the header alone decides if it matches.
    pub fn is_certain(&self) -> bool {
        self.conditions.is_empty()
    }

    /// The source networks of one family, as few as can be; `None` where every address of the family is meant.
    pub fn source_prefixes(&self) -> Vec<Prefix> {
        prefixes(&self.sources)
    }

    /// The destination networks, as few as can be.
    pub fn destination_prefixes(&self) -> Vec<Prefix> {
        prefixes(&self.destinations)
    }

    /// In one line.
    pub fn text(&self) -> String {
        let verb = match self.action {
            Action::Accept => "accept",
            Action::Drop => "drop",
            Action::Alert => "alert",
        };
        format!(
            "{verb} {} from {} to {} ({})",
            services_text(&self.services),
            addresses_text(&self.sources),
            addresses_text(&self.destinations),
            self.label
        )
    }
}

/// Something that was not compiled or not understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The line it is about; 0 where there is none.
    pub line: u32,
    /// What is to be known.
    pub text: String,
    /// Whether answers are only bounds because of it.
    pub widens: bool,
}

/// An ordered list of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// What it is called.
    pub name: String,
    /// In order.
    pub rules: Vec<Rule>,
    /// What happens where no rule matches.
    pub default: Action,
    /// Whether answers of open flows pass by state rather than by rules.
    pub stateful: bool,
    /// What was left out, and what was not understood.
    pub notes: Vec<Note>,
}

impl Ruleset {
    /// Rules about flows that members open or that are opened to them, in order: (outbound, inbound). Both lists hold rules
    /// that are about several zones.
    pub fn of(&self, addresses: &Addresses) -> (Vec<&Rule>, Vec<&Rule>) {
        let outbound = self.rules.iter().filter(|rule| rule.sources.meets(addresses)).collect();
        let inbound = self.rules.iter().filter(|rule| rule.destinations.meets(addresses)).collect();
        (outbound, inbound)
    }

    /// Whether every answer about it is exact.
    pub fn is_exact(&self) -> bool {
        self.rules.iter().all(Rule::is_certain) && !self.notes.iter().any(|note| note.widens)
    }

    /// The rule that decides on a packet, under one reading of its conditions; `None` is the default. Looks at one rule
    /// after the other: for many packets, or for all, there is the proof.
    pub fn decide(&self, packet: &crate::space::Packet, reading: Reading) -> Option<usize> {
        let on = |ip: IpAddr| crate::space::place(ip);
        self.rules.iter().position(|rule| {
            reading.counts(rule)
                && rule.sources.contains(on(packet.source))
                && rule.destinations.contains(on(packet.destination))
                && rule.services.contains(packet.service())
        })
    }
}

/// How conditions are taken that the header does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// So that as much as possible passes.
    Most,
    /// So that as little as possible passes.
    Least,
}

impl Reading {
    /// Whether a rule is taken to match where its header does.
    pub fn counts(self, rule: &Rule) -> bool {
        rule.is_certain() || rule.action.passes() == (self == Reading::Most)
    }
}
