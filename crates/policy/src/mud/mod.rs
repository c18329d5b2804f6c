//! Makers' usage descriptions (MUD, RFC 8520): what a maker says that a device needs.
//!
//! A file holds access lists from and to the device. Both together say what the device opens and what it answers: a
//! permission from the device with a destination port, or one to the device with a source port, is something that the device
//! opens; the other two are something that is opened to it; `direction-initiated` decides where it stands (RFC 8520, 8).
//!
//! What is not understood is told as a note with its place in the file. A condition that is not understood is left out, so
//! that the statement allows more than the maker says: the note says so.

mod ace;
mod conduits;
mod declared;
mod json;
mod read;

use std::net::IpAddr;

use serde::Serialize;
use thiserror::Error;

use crate::space::{Services, services_text};

pub use conduits::Peers;
pub use declared::{Allowed, Declared, DeclaredRow};

/// Longest file, in bytes.
const LONGEST: usize = 1 << 20;

/// Most entries of all lists.
const ENTRIES: usize = 10_000;

/// Why a usage description cannot be read.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MudError {
    /// It is too long.
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// It is not JSON.
    #[error("it is not JSON: {0}")]
    NotJson(String),
    /// Something is missing or wrong.
    #[error("{path}: {what}")]
    Wrong {
        /// Where, as a JSON pointer (RFC 6901).
        path: String,
        /// What.
        what: String,
    },
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// Anybody.
    Any,
    /// A name in the DNS.
    Domain(String),
    /// Networks.
    Networks(Vec<(IpAddr, u8)>),
    /// The networks of the site.
    LocalNetworks,
    /// Devices whose descriptions come from that authority.
    Manufacturer(String),
    /// Devices of the same maker.
    SameManufacturer,
    /// Devices with that description.
    Model(String),
    /// What the site says is the controller of that class.
    Controller(String),
    /// What the site says is the device's own controller.
    MyController,
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Peer::Any => f.write_str("anybody"),
            Peer::Domain(name) => write!(f, "the host {name}"),
            Peer::Networks(all) => {
                let texts: Vec<String> =
                    all.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
                f.write_str(&texts.join(", "))
            }
            Peer::LocalNetworks => f.write_str("local networks"),
            Peer::Manufacturer(name) => write!(f, "devices of {name}"),
            Peer::SameManufacturer => f.write_str("devices of the same maker"),
            Peer::Model(name) => write!(f, "devices of the model {name}"),
            Peer::Controller(name) => write!(f, "the controller {name}"),
            Peer::MyController => f.write_str("the device's own controller"),
        }
    }
}

/// Who opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opener {
    /// The device.
    Device,
    /// The peer.
    Peer,
}

/// Something that the maker says is needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Usage {
    /// Who opens.
    pub opener: Opener,
    /// The other side.
    pub peer: Peer,
    /// On which services.
    #[serde(serialize_with = "named")]
    pub services: Services,
    /// Where it stands, as a JSON pointer.
    pub path: String,
}

fn named<S: serde::Serializer>(services: &Services, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&services_text(services))
}

/// Something in the file that is to be known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MudNote {
    /// Where, as a JSON pointer.
    pub path: String,
    /// What.
    pub text: String,
}

/// A usage description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mud {
    /// Where the maker keeps it.
    pub url: String,
    /// The maker, as devices of one maker know each other by: the host of the address.
    pub authority: String,
    /// When it was last changed, as written.
    pub last_update: Option<String>,
    /// Whether the maker still looks after the device.
    pub supported: bool,
    /// What it is, in the maker's words.
    pub description: Option<String>,
    /// The maker's name.
    pub manufacturer: Option<String>,
    /// The model's name.
    pub model: Option<String>,
    /// What is needed.
    pub usages: Vec<Usage>,
    /// What is to be known of the file.
    pub notes: Vec<MudNote>,
}
