//! What a query means.

use std::net::IpAddr;

use medward_model::{Attribute, Device, Timestamp};

use crate::matching;
use crate::parse::{self, ParseError};

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

    /// Whether a device matches at the time `now`. What only a monitor knows (site, tags, place …) it has not.
    pub fn matches(&self, device: &Device, now: Timestamp) -> bool {
        self.matches_with(device, &Standing::default(), now)
    }

    /// Whether a device of a monitor matches at the time `now`.
    pub fn matches_with(&self, device: &Device, standing: &Standing, now: Timestamp) -> bool {
        matching::matches(&self.root, device, standing, now)
    }
}

/// What a monitor knows of a device beside what the wire says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    pub site: String,
    pub tags: Vec<String>,
    pub owner: Option<String>,
    /// Where it is, in the teller's words ("sw-3 port 12"), and the names of the places that contain it.
    pub place: Vec<String>,
    /// "active", "silent", "missing", "unheard".
    pub status: String,
    /// "ordered", "in-service", "stored", "retired", "lost".
    pub lifecycle: String,
    /// 1 to 5.
    pub criticality: Option<u8>,
    /// The group of its category.
    pub group: Option<String>,
    pub medical: bool,
}

/// A part of a query.
#[derive(Clone, Debug, PartialEq)]
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
    /// An address in a network: the address with the bits that count set, and how many count.
    Network {
        address: IpAddr,
        prefix: u8,
    },
    /// A service on that port.
    Port(u16),
    /// A VLAN the device was seen on.
    Vlan(u16),
    /// The attribute is known.
    Has(Attribute),
    /// It takes part in care.
    Medical,
    /// People's criticality, compared with a number from 1 to 5.
    Criticality {
        compare: Compare,
        value: u8,
    },
    /// Last or first seen, within (`younger`) or before so many seconds ago.
    Seen {
        which: Age,
        younger: bool,
        seconds: i64,
    },
}

/// How a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    Less,
    Equal,
    Greater,
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
    Site,
    Tag,
    Owner,
    /// Where it is.
    Place,
    Status,
    Lifecycle,
    /// The group of its category.
    Group,
    Attribute(Attribute),
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
            "place" | "where" => Field::Place,
            "status" | "state" => Field::Status,
            "lifecycle" => Field::Lifecycle,
            "group" => Field::Group,
            "maker" | "manufacturer" => Field::Attribute(Attribute::Vendor),
            "type" | "kind" => Field::Attribute(Attribute::Category),
            "sn" => Field::Attribute(Attribute::Serial),
            other => Field::Attribute(Attribute::by_name(&other.replace('-', "_"))?),
        })
    }

    /// Names to offer when one is not understood.
    pub const NAMES: &'static str = "id, mac, ip, vlan, name, alias, scope, service, port, software, vendor, family, model, serial, \
         udi, os, os_version, firmware, category, group, role, fda_class, life_supporting, location, site, place, status, \
         lifecycle, owner, tag, criticality, is, has, seen, first";
}
