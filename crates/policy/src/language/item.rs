//! A policy as a value.

use std::net::IpAddr;

use medward_model::Day;
use medward_query::Query;
use serde::{Deserialize, Serialize, Serializer};

use super::{Fail, Kind, Service, Stage, StatedBy, Window};

/// Where something stands in the text; counted from 1, 0 where there is no text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// What may talk to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// What it is called.
    pub name: String,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The stage of zones that name none.
    pub stage: Stage,
    /// In the order of the text: the first that takes a device has it.
    pub zones: Vec<Zone>,
    /// Who may open what to whom.
    pub conduits: Vec<Conduit>,
    /// What must hold whatever the conduits say.
    pub invariants: Vec<Invariant>,
    /// Of devices that no zone takes.
    pub unknown: Treatment,
    /// Of devices that a zone takes, but not surely.
    pub unsure: Treatment,
    /// Who may lift the policy in need.
    pub break_glass: Option<BreakGlass>,
}

/// Devices that are treated alike (IEC 62443-3-2).
#[derive(Clone, Debug, PartialEq)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// What belongs to it.
    pub members: Members,
    /// How sure each attribute must be that the selector relies on, 0 to 1.
    pub confidence: f64,
    /// What it is for.
    pub kind: Option<Kind>,
    /// How far it has come.
    pub stage: Stage,
    /// What happens where nothing can decide.
    pub fail: Fail,
    /// Who answers for it.
    pub owner: Option<String>,
    /// What it is for, in words.
    pub reason: Option<String>,
    /// Whether [`BreakGlass`] may lift it.
    pub break_glass: bool,
    /// Where it stands.
    pub place: Place,
}

/// What belongs to a zone.
#[derive(Clone, Debug, PartialEq)]
pub enum Members {
    /// Devices that a search finds.
    Where {
        /// As written.
        text: String,
        /// As understood.
        query: Query,
    },
    /// Networks, whether a device is known there or not.
    Networks(Vec<(IpAddr, u8)>),
    /// All that is outside of the site.
    External,
}

/// One side of a conduit or invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Ends {
    /// Whoever.
    #[serde(serialize_with = "any")]
    Any,
    /// The zones of these names.
    Zones(Vec<String>),
}

fn any<S: Serializer>(serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("any")
}

impl std::fmt::Display for Ends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Ends::Any => f.write_str("any"),
            Ends::Zones(names) => f.write_str(&names.join(", ")),
        }
    }
}

/// How often new flows may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rate {
    /// So many flows.
    pub flows: u32,
    /// In so many seconds: 1, 60, 3,600 or 86,400.
    pub seconds: u32,
}

/// Who may open what to whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Conduit {
    /// Who opens.
    pub from: Ends,
    /// To whom.
    pub to: Ends,
    /// What; nothing given is any service.
    pub services: Vec<Service>,
    /// How often.
    pub rate: Option<Rate>,
    /// When.
    pub window: Option<Window>,
    /// The last day on which it holds.
    pub expires: Option<Day>,
    /// Why.
    pub reason: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Who says so.
    pub stated_by: StatedBy,
    /// Where it stands.
    pub place: Place,
}

/// Whether something must not be, or must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Duty {
    /// Must never pass.
    Never,
    /// Must always pass.
    Always,
}

/// What must hold whatever the conduits say.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// Never or always.
    pub duty: Duty,
    /// Who opens.
    pub from: Ends,
    /// To whom.
    pub to: Ends,
    /// What; nothing given is any service.
    pub services: Vec<Service>,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub place: Place,
}

/// What happens to a device of which too little is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Treatment {
    /// Nothing of its own is cut; what would be raises an alert. What others' zones cut stays cut.
    #[default]
    Alert,
    /// It is treated as a member of that zone.
    Coarse(String),
    /// It is treated as if all were sure; for a device that no zone takes, it may talk to nobody.
    Fine,
}

/// Who may lift the policy in need, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BreakGlass {
    /// Roles or names.
    pub who: Vec<String>,
    /// For so many minutes at most.
    pub minutes: u32,
}

impl Policy {
    /// The zone of that name, and its number.
    pub fn zone(&self, name: &str) -> Option<(usize, &Zone)> {
        self.zones.iter().enumerate().find(|(_, zone)| zone.name == name)
    }

    /// The same without places in a text, to compare by meaning.
    #[must_use]
    pub fn without_places(mut self) -> Policy {
        self.zones.iter_mut().for_each(|zone| zone.place = Place::default());
        self.conduits.iter_mut().for_each(|conduit| conduit.place = Place::default());
        self.invariants.iter_mut().for_each(|invariant| invariant.place = Place::default());
        self
    }
}
