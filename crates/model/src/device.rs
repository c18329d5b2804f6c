//! A device: what the evidence adds up to.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{Fused, Mac, Support, Timestamp, Transport};

/// A device's stable id, `dev-` and twelve hexadecimal digits derived from what identifies it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub String);

/// A device's id in eight bytes, for what must know very many: the number in its twelve hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShortId(u64);

impl ShortId {
    /// Of an id as [`ShortId::id`] writes it; `None` for any other text.
    pub fn of(id: &DeviceId) -> Option<ShortId> {
        let digits = id.0.strip_prefix("dev-")?;
        let plain = digits.len() == 12 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        plain.then(|| u64::from_str_radix(digits, 16).ok().map(ShortId)).flatten()
    }

    /// Of six bytes, the first being the highest.
    pub const fn of_bytes([a, b, c, d, e, f]: [u8; 6]) -> ShortId {
        ShortId(u64::from_be_bytes([0, 0, a, b, c, d, e, f]))
    }

    /// The id in full.
    pub fn id(self) -> DeviceId {
        DeviceId(format!("dev-{:012x}", self.0))
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a device stands as seen from the captured network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// On the network: has a link-layer address of its own, or a private address.
    Internal,
    /// Elsewhere: a public address behind a router.
    External,
    /// A group address: no device, but something that devices talk to.
    Multicast,
}

/// A software component on a device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Software {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// CPE 2.3 name (NISTIR 7695), where the catalogue knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe: Option<String>,
    /// Package URL, where the catalogue knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    pub confidence: f64,
    pub evidence: Vec<Support>,
}

/// Something that a device answers on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Service {
    pub transport: Transport,
    pub port: u16,
    /// Name of the dissector that recognised it, or "unknown".
    pub protocol: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
}

/// One physical (or virtual) device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    pub id: DeviceId,
    pub macs: Vec<Mac>,
    pub ips: Vec<IpAddr>,
    pub vlans: Vec<u16>,
    pub hostnames: Vec<String>,
    /// Names in application protocols (AE titles, HL7 applications).
    pub aliases: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
    /// The gateway, router or serial server this device is behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<DeviceId>,
    pub scope: Scope,
    /// Fused attributes by name; one that is not known is absent.
    pub attributes: BTreeMap<&'static str, Fused>,
    pub software: Vec<Software>,
    pub services: Vec<Service>,
    /// What else is worth telling, as slugs: `randomised-mac`, `forwards`, `virtual-router`, `joined`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// What an inventory says beside the attributes, by the names of its columns; "lot", "catalog number", "asset tag"
    /// and "manufactured" go by these names whatever the column is called. What the maker's disclosure statement says of
    /// the model stands here as "maker states: …" (yes or no) and "disclosure statement".
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub particulars: BTreeMap<String, String>,
    /// The row of the inventory, counted from 1 without the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
}

impl Device {
    /// The value of an attribute, where known.
    pub fn value(&self, attribute: crate::Attribute) -> Option<&str> {
        self.attributes.get(attribute.name()).map(|fused| fused.value.as_str())
    }
}
