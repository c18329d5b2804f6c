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

    /// Whether a device matches at the time `now`.
    pub fn matches(&self, device: &Device, now: Timestamp) -> bool {
        matching::matches(&self.root, device, now)
    }
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
    /// Last or first seen, within (`younger`) or before so many seconds ago.
    Seen {
        which: Age,
        younger: bool,
        seconds: i64,
    },
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
            "maker" | "manufacturer" => Field::Attribute(Attribute::Vendor),
            "type" | "kind" => Field::Attribute(Attribute::Category),
            "sn" => Field::Attribute(Attribute::Serial),
            other => Field::Attribute(Attribute::by_name(&other.replace('-', "_"))?),
        })
    }

    /// Names to offer when one is not understood.
    pub const NAMES: &'static str = "id, mac, ip, vlan, name, alias, scope, service, port, software, vendor, family, model, serial, \
         udi, os, os_version, firmware, category, role, fda_class, life_supporting, location, has, seen, first";
}
