//! Evidence: a sourced claim about a device, one of the types of the waist.

use std::net::IpAddr;

use crate::{Field, Mac, Subject, Timestamp};

/// What a field held.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Printable text, trimmed, at most 512 bytes.
    Text(Box<str>),
    /// A software component, with its version where told.
    Software { name: Box<str>, version: Option<Box<str>> },
}

impl Value {
    /// As shown to a person: the text, or `name version`.
    pub fn shown(&self) -> String {
        match self {
            Value::Text(text) => text.to_string(),
            Value::Software { name, version: Some(version) } => format!("{name} {version}"),
            Value::Software { name, version: None } => name.to_string(),
        }
    }
}

/// A sourced claim about a device: who said what about whom, where it stood, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    pub subject: Subject,
    /// Name of the dissector that read it.
    pub source: &'static str,
    /// Which of its declared fields.
    pub field: &'static Field,
    pub value: Value,
    /// Number of the packet, counted from 1 over the whole input.
    pub packet: u64,
    pub time: Timestamp,
}

/// How a MAC address and an IP address were seen to belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkKind {
    /// The owner said so in ARP (RFC 826) or neighbour discovery (RFC 4861).
    Neighbour,
    /// A DHCP server acknowledged the lease (RFC 2131, 3.1); seconds it is good for.
    Lease { seconds: u32 },
}

/// A statement that an IP address belonged to a MAC address at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    pub mac: Mac,
    pub ip: IpAddr,
    pub vlan: u16,
    pub kind: LinkKind,
    pub packet: u64,
    pub time: Timestamp,
}
