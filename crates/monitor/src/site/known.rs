//! What must be known of a device to tell what is new of it.

use medward_model::{Attribute, Device, Mac, Scope, Timestamp};
use serde::{Deserialize, Serialize};

use crate::regularity::Regularity;
use crate::{Status, Whereabouts};

/// Peers of one device that are remembered.
pub(super) const PEERS: usize = 512;
/// Services of one device that are remembered.
const SERVICES: usize = 256;

/// What is known of a device between commits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Known {
    pub name: String,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub status: Status,
    pub internal: bool,
    pub medical: bool,
    pub life_supporting: bool,
    pub macs: Vec<Mac>,
    pub vlans: Vec<u16>,
    pub ips: Vec<std::net::IpAddr>,
    /// Attribute and value, by attribute.
    pub attributes: Vec<(String, String)>,
    /// "tcp/104 dicom".
    pub services: Vec<String>,
    /// Hashes of peers' ids, sorted.
    pub peers: Vec<u64>,
    pub whereabouts: Option<Whereabouts>,
    /// Host names and aliases, once needed to find its place; part of what is written down.
    pub placed: Option<(Vec<String>, Vec<String>)>,
    pub regularity: Regularity,
}

impl Known {
    /// Nothing is known but when it was seen; it was only spoken of so far.
    pub fn new(first: Timestamp, last: Timestamp) -> Known {
        Known {
            name: String::new(),
            first_seen: first,
            last_seen: last,
            status: Status::Unheard,
            internal: false,
            medical: false,
            life_supporting: false,
            macs: Vec::new(),
            vlans: Vec::new(),
            ips: Vec::new(),
            attributes: Vec::new(),
            services: Vec::new(),
            peers: Vec::new(),
            whereabouts: None,
            placed: None,
            regularity: Regularity::default(),
        }
    }

    /// The value that an attribute had.
    pub fn value(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }

    /// Takes over what the device is now.
    pub fn learn(&mut self, device: &Device) {
        self.name = name_of(device);
        self.internal = device.scope == Scope::Internal;
        self.life_supporting = device.value(Attribute::LifeSupporting) == Some("yes");
        self.vlans.clone_from(&device.vlans);
        self.ips = device.ips.iter().copied().take(16).collect();
        self.attributes =
            device.attributes.iter().map(|(name, fused)| ((*name).to_owned(), fused.value.clone())).collect();
        self.services = device.services.iter().map(service).take(SERVICES).collect();
    }

    /// The network it is mostly on.
    pub fn vlan(&self) -> u16 {
        self.vlans.first().copied().unwrap_or(0)
    }

    /// It was heard itself, once at least.
    pub fn is_heard(&self) -> bool {
        self.status != Status::Unheard
    }

    /// It was heard, and never is unheard again.
    pub fn hear(&mut self) {
        if !self.is_heard() {
            self.status = Status::Active;
        }
    }

    /// How it stands now that it was looked at. That it is missing is found out by looking at its network, too.
    pub fn seen(&mut self, now: Timestamp) -> Status {
        self.status = match self.status(now, Timestamp::MIN) {
            Status::Missing if self.status != Status::Missing => Status::Silent,
            status => status,
        };
        self.status
    }

    /// How it stands; silence before `from` does not count.
    pub fn status(&self, now: Timestamp, from: Timestamp) -> Status {
        if !self.is_heard() {
            Status::Unheard
        } else if self.regularity.is_missing(now, from) {
            Status::Missing
        } else if self.regularity.is_silent(now) {
            Status::Silent
        } else {
            Status::Active
        }
    }

    /// The position is another than the one known.
    pub fn is_elsewhere(&self, whereabouts: &Whereabouts) -> bool {
        self.whereabouts.as_ref().is_none_or(|known| {
            (&known.place, &known.position) != (&whereabouts.place, &whereabouts.position)
        })
    }
}

/// A service in short.
pub(super) fn service(service: &medward_model::Service) -> String {
    format!("{}/{} {}", service.transport.name(), service.port, service.protocol)
}

/// What to call a device where one line must do.
fn name_of(device: &Device) -> String {
    let value = |attribute| device.value(attribute).map(str::to_owned);
    let made = match (value(Attribute::Vendor), value(Attribute::Model)) {
        (Some(vendor), Some(model)) => Some(format!("{vendor} {model}")),
        (None, Some(model)) => Some(model),
        _ => None,
    };
    device
        .hostnames
        .first()
        .or_else(|| device.aliases.first())
        .cloned()
        .or(made)
        .or_else(|| device.ips.first().map(ToString::to_string))
        .or_else(|| device.macs.first().map(ToString::to_string))
        .unwrap_or_else(|| device.id.0.clone())
}
