//! What one round of observation changed: written to the store in one transaction, or not at all.

use medward_model::{Device, DeviceId, Timestamp, Transport};
use serde::{Deserialize, Serialize};

use crate::{Event, JudgedDevice, SensorState, Status};

/// One round at one site. Applying the same commit twice changes nothing more than applying it once only if the store
/// refuses it by its receipts, which it must (see [`crate::Ingest::commit`]).
#[derive(Clone, Debug, Default)]
pub struct Commit {
    pub site: String,
    /// Up to where each sensor's reports are contained in this commit.
    pub receipts: Vec<Receipt>,
    /// What the site needs to remember to go on after a restart: opaque, replaced by key.
    pub entries: Vec<Entry>,
    /// Devices that are new, or of which more is known than their times. Each replaces what was stored.
    pub devices: Vec<DeviceRow>,
    /// Devices of which only the times moved on.
    pub sightings: Vec<Sighting>,
    /// Devices that turned out to be part of another, or never to have been.
    pub gone: Vec<Gone>,
    pub conversations: Vec<ConversationDelta>,
    pub activity: Vec<ActivityDelta>,
    pub history: Vec<AttributeChange>,
    pub stays: Vec<Stay>,
    pub events: Vec<Event>,
    pub sensors: Vec<SensorState>,
    /// What the wire itself shows of devices that were judged anew.
    pub exposures: Vec<JudgedDevice>,
}

/// The last report of a sensor that is contained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Receipt {
    pub sensor: String,
    /// Drawn anew when a sensor loses its spool; sequence numbers count within it.
    pub epoch: u64,
    pub sequence: u64,
}

/// A piece of a site's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub table: u8,
    pub key: Vec<u8>,
    /// `None` removes it.
    pub body: Option<Vec<u8>>,
}

/// A device as it is to be stored.
#[derive(Clone, Debug)]
pub struct DeviceRow {
    pub device: Device,
    /// What to call it where one line must do: host name, else alias, else vendor and model, else address.
    pub name: String,
    pub whereabouts: Option<Whereabouts>,
    pub status: Status,
    /// The group of its category ("imaging", "patient care", "network", …).
    pub group: Option<String>,
    pub medical: bool,
}

/// Where a device is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Identifier of a place of the tree, where the position is mapped to one.
    pub place: Option<String>,
    /// The position in the teller's own words: "sw-3 port 12", "AP 3-West-2", "VLAN 20", "Bed 4".
    pub position: String,
    /// Who tells: "switch-port", "access-point", "rtls", "vlan", "subnet", "hl7-location", "bed-label", "name-rule",
    /// "person".
    pub how: String,
    pub since: Timestamp,
    pub last: Timestamp,
}

/// A device was seen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub device: DeviceId,
    pub last_seen: Timestamp,
    pub status: Status,
}

/// A device that is one no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub device: DeviceId,
    /// What it is part of now; its conversations, activity, history, annotation and events move there.
    pub into: Option<DeviceId>,
    pub at: Timestamp,
}

/// What was added to a conversation. `flows` counts those that began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationDelta {
    pub originator: DeviceId,
    pub responder: DeviceId,
    pub transport: Transport,
    /// As in [`medward_model::Conversation::port`].
    pub port: u16,
    pub protocol: String,
    pub flows: u64,
    /// From the originator, from the responder.
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    pub first: Timestamp,
    pub last: Timestamp,
}

/// Which part a device played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// It did it.
    Did,
    /// It was done to it.
    Served,
}

/// Clinical and other activity of a device within one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityDelta {
    pub device: DeviceId,
    /// Name of the dissector.
    pub protocol: String,
    /// Kebab-case name of the verb.
    pub verb: String,
    pub operation: String,
    pub part: Part,
    /// Counts towards the use of the device.
    pub clinical: bool,
    pub count: u64,
    /// Both within one hour of UTC.
    pub first: Timestamp,
    pub last: Timestamp,
}

/// An attribute got another value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeChange {
    pub device: DeviceId,
    pub attribute: String,
    /// `None`: not known any more.
    pub value: Option<String>,
    pub confidence: f64,
    /// Who says so: "lldp.med-serial", "catalog:…".
    pub because: String,
    pub at: Timestamp,
}

/// A device was somewhere from then on; it is where the device is now, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    pub device: DeviceId,
    pub whereabouts: Whereabouts,
}
