//! What must be known of a device to tell what is new of it.

use medward_model::{Attribute, Device, Mac, Scope, ShortId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::regularity::Regularity;
use crate::{Status, Whereabouts};

/// Peers of one device that are remembered.
pub(super) const PEERS: usize = 512;
/// Services of one device that are remembered.
const SERVICES: usize = 256;

/// What is looked at each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pulse {
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// When a sighting was last told.
    pub told: Timestamp,
    pub status: Status,
    pub internal: bool,
    pub medical: bool,
    pub life_supporting: bool,
    /// The network it is mostly on.
    pub vlan: u16,
    pub regularity: Regularity,
}

/// What is looked at where there is news of the device.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Profile {
    pub name: String,
    pub macs: Vec<Mac>,
    pub vlans: Vec<u16>,
    pub ips: Vec<std::net::IpAddr>,
    /// Attribute and value, by attribute.
    pub attributes: Vec<(String, String)>,
    /// "tcp/104 dicom".
    pub services: Vec<String>,
    pub whereabouts: Option<Whereabouts>,
}

/// What is known of a device between commits, kept small.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub pulse: Pulse,
    /// Devices that a medical device spoke with, in order.
    pub peers: Box<[ShortId]>,
    profile: Box<[u8]>,
}

impl Kept {
    /// Nothing is known but when it was seen; it was only spoken of so far.
    pub fn new(first: Timestamp, last: Timestamp) -> Kept {
        let pulse = Pulse {
            first_seen: first,
            last_seen: last,
            told: last,
            status: Status::Unheard,
            internal: false,
            medical: false,
            life_supporting: false,
            vlan: 0,
            regularity: Regularity::default(),
        };
        Kept { pulse, peers: Box::default(), profile: Box::default() }
    }

    /// All of it, to look at.
    pub fn open(&self) -> Known {
        let profile = postcard::from_bytes(&self.profile).unwrap_or_default();
        Known { pulse: self.pulse, profile }
    }

    /// Takes back what was opened.
    pub fn close(&mut self, known: Known) {
        self.pulse = known.pulse;
        // Writing to a vector does not fail.
        self.profile = postcard::to_allocvec(&known.profile).unwrap_or_default().into_boxed_slice();
    }

    /// It spoke with that one; true where it never did before and there is room to remember it.
    pub fn meet(&mut self, peer: ShortId) -> bool {
        let Err(at) = self.peers.binary_search(&peer) else { return false };
        if self.peers.len() >= PEERS {
            return false;
        }
        let mut peers = std::mem::take(&mut self.peers).into_vec();
        peers.reserve_exact(1);
        peers.insert(at, peer);
        self.peers = peers.into_boxed_slice();
        true
    }

    /// As bytes, to be written down.
    pub fn written(&self) -> Option<Vec<u8>> {
        let mut bytes = postcard::to_allocvec(&(self.pulse, &self.peers)).ok()?;
        bytes.extend_from_slice(&self.profile);
        Some(bytes)
    }

    /// Reads [`Kept::written`].
    pub fn read(bytes: &[u8]) -> Result<Kept, postcard::Error> {
        let ((pulse, peers), profile): ((Pulse, Vec<ShortId>), _) = postcard::take_from_bytes(bytes)?;
        let _: Option<Profile> = match profile.is_empty() {
            true => None,
            false => Some(postcard::from_bytes(profile)?),
        };
        Ok(Kept { pulse, peers: peers.into_boxed_slice(), profile: profile.into() })
    }
}

/// What is known of a device between commits.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub pulse: Pulse,
    pub profile: Profile,
}

impl std::ops::Deref for Known {
    type Target = Profile;

    fn deref(&self) -> &Profile {
        &self.profile
    }
}

impl std::ops::DerefMut for Known {
    fn deref_mut(&mut self) -> &mut Profile {
        &mut self.profile
    }
}

impl Pulse {
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
}

impl Known {
    /// The value that an attribute had.
    pub fn value(&self, attribute: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }

    /// Takes over what the device is now.
    pub fn learn(&mut self, device: &Device) {
        self.name = name_of(device);
        self.pulse.internal = device.scope == Scope::Internal;
        self.pulse.life_supporting = device.value(Attribute::LifeSupporting) == Some("yes");
        self.pulse.vlan = device.vlans.first().copied().unwrap_or(0);
        self.macs.clone_from(&device.macs);
        self.vlans.clone_from(&device.vlans);
        self.ips = device.ips.iter().copied().take(16).collect();
        self.attributes =
            device.attributes.iter().map(|(name, fused)| ((*name).to_owned(), fused.value.clone())).collect();
        self.services = device.services.iter().map(service).take(SERVICES).collect();
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
