//! What a query means.

use std::net::IpAddr;

use medward_model::{Attribute, Device, Timestamp};

use crate::matching;
use crate::parse::{self, ParseError};
use crate::standing::Standing;

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    root: Node,
}

impl Query {
    /// Parses; an empty text matches everything.
    pub fn parse(text: &str) -> Result<Query, ParseError> {
        parse::parse(text).map(|root| Query { root })
    }

    /// The tree.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// Whether a device matches at the time `now`.
    ///
    /// What people say of it is not known here: terms like `tag:` or `status:` do not match.
    pub fn matches(&self, device: &Device, now: Timestamp) -> bool {
        self.matches_with(device, &Standing::default(), now)
    }

    /// Whether a device matches that stands so in the monitor.
    pub fn matches_with(&self, device: &Device, standing: &Standing, now: Timestamp) -> bool {
        matching::matches(&self.root, device, standing, now)
    }
}

impl Node {
    /// Whether a device matches this part at the time `now`, standing so in the monitor.
    pub fn matches(&self, device: &Device, standing: &Standing, now: Timestamp) -> bool {
        matching::matches(self, device, standing, now)
    }
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Node {
    /// All must match; none given matches everything.
    And(Vec<Node>),
    /// One must match.
    Or(Vec<Node>),
    Not(Box<Node>),
    /// Text anywhere in the device.
    Anywhere(String),
    /// Text in a field.
    Text {
        field: Field,
        value: String,
    },
    /// A field that is just so, and no more: without case, and blanks, hyphens and underscores alike.
    Equal {
        field: Field,
        value: String,
    },
    /// An address in a network: the address with the bits that count set, and how many count.
    Network {
        address: IpAddr,
        prefix: u8,
    },
    /// A service on that port.
    Port(u16),
    /// The words of a switch port or other position, as [`crate::position_words`] tells them.
    Position(String),
    /// How critical people say it is: above, below or just so.
    Criticality {
        order: std::cmp::Ordering,
        value: u8,
    },
    Is(Is),
    /// A VLAN the device was seen on.
    Vlan(u16),
    /// The attribute is known.
    Has(Attribute),
    /// Last or first seen, within (`younger`) or before so many seconds ago.
    Seen {
        which: Age,
        younger: bool,
        seconds: i64,
    },
}

/// What a device can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    Medical,
    Missing,
    Unheard,
    /// First seen within the last [`Is::NEW_SECONDS`].
    New,
    External,
    LifeSupporting,
}

impl Is {
    /// All of them.
    pub const ALL: [Is; 6] =
        [Is::Medical, Is::Missing, Is::Unheard, Is::New, Is::External, Is::LifeSupporting];

    /// How long a device is new: a week.
    pub const NEW_SECONDS: i64 = 7 * 86_400;

    /// As in a query.
    pub const fn name(self) -> &'static str {
        match self {
            Is::Medical => "medical",
            Is::Missing => "missing",
            Is::Unheard => "unheard",
            Is::New => "new",
            Is::External => "external",
            Is::LifeSupporting => "life-supporting",
        }
    }
}

/// Which of a device's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// First seen.
    First,
    /// Last seen.
    Last,
}

/// A field with text in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Field {
    Id,
    Mac,
    /// Host names.
    Name,
    Alias,
    Scope,
    /// Protocol of a service.
    Service,
    Software,
    Attribute(Attribute),
    /// Of the monitor, as all that follow.
    Site,
    Tag,
    Owner,
    /// Where it is or belongs: position, identifier of the place, or what it says itself.
    Place,
    Status,
    Lifecycle,
    /// The group of its category.
    Group,
    /// How bad or of what kind something is that was found to be wrong with it.
    Finding,
    /// A weakness that it has, or may have.
    Cve,
}

impl Field {
    /// The field of that name; plural and common other words are understood.
    pub fn by_name(name: &str) -> Option<Field> {
        Some(match name {
            "id" => Field::Id,
            "mac" => Field::Mac,
            "name" | "hostname" | "host" => Field::Name,
            "alias" | "ae" | "aet" => Field::Alias,
            "scope" => Field::Scope,
            "service" | "protocol" => Field::Service,
            "software" => Field::Software,
            "site" => Field::Site,
            "tag" | "tags" => Field::Tag,
            "owner" => Field::Owner,
            "place" => Field::Place,
            "status" => Field::Status,
            "lifecycle" => Field::Lifecycle,
            "group" => Field::Group,
            "finding" | "findings" => Field::Finding,
            "cve" => Field::Cve,
            "maker" | "manufacturer" => Field::Attribute(Attribute::Vendor),
            "type" | "kind" => Field::Attribute(Attribute::Category),
            "sn" => Field::Attribute(Attribute::Serial),
            other => Field::Attribute(Attribute::by_name(&other.replace('-', "_"))?),
        })
    }

    /// The name as in a query.
    pub fn name(self) -> &'static str {
        match self {
            Field::Id => "id",
            Field::Mac => "mac",
            Field::Name => "name",
            Field::Alias => "alias",
            Field::Scope => "scope",
            Field::Service => "service",
            Field::Software => "software",
            Field::Attribute(attribute) => attribute.name(),
            Field::Site => "site",
            Field::Tag => "tag",
            Field::Owner => "owner",
            Field::Place => "place",
            Field::Status => "status",
            Field::Lifecycle => "lifecycle",
            Field::Group => "group",
            Field::Finding => "finding",
            Field::Cve => "cve",
        }
    }

    /// Names to offer when one is not understood.
    pub const NAMES: &'static str = "id, mac, ip, vlan, name, alias, scope, service, port, software, vendor, family, model, serial, \
         udi, os, os_version, firmware, category, role, fda_class, life_supporting, location, has, seen, first, \
         site, tag, owner, place, status, lifecycle, criticality, group, finding, cve, is";
}
