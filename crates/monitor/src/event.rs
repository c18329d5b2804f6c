//! What happened that a person may want to know.

use medward_model::{DeviceId, Severity, Timestamp};
use serde::{Deserialize, Serialize};

/// Kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A device was seen for the first time.
    FirstSeen,
    /// An attribute got another value.
    AttributeChanged,
    /// The firmware or system is a newer version.
    Upgraded,
    /// The firmware or system is an older version.
    Downgraded,
    /// The serial number is another: the device was swapped.
    SerialChanged,
    /// It answers on a port it did not answer on.
    NewService,
    /// It speaks with a device it did not speak with.
    NewPeer,
    /// It is somewhere else.
    Moved,
    /// It was regular and went silent, and its network did not.
    Missing,
    /// It was missing and is back.
    Reappeared,
    /// Two records turned out to be one device.
    Merged,
    /// A sensor went silent, came back, or lost packets.
    Sensor,
    /// A person changed something.
    Person,
    /// Something that an integration reported.
    External,
    /// Something grave was found to be wrong with a device.
    Finding,
}

impl EventKind {
    /// All of them.
    pub const ALL: [EventKind; 15] = [
        EventKind::FirstSeen,
        EventKind::AttributeChanged,
        EventKind::Upgraded,
        EventKind::Downgraded,
        EventKind::SerialChanged,
        EventKind::NewService,
        EventKind::NewPeer,
        EventKind::Moved,
        EventKind::Missing,
        EventKind::Reappeared,
        EventKind::Merged,
        EventKind::Sensor,
        EventKind::Person,
        EventKind::External,
        EventKind::Finding,
    ];

    /// As in output.
    pub const fn name(self) -> &'static str {
        match self {
            EventKind::FirstSeen => "first-seen",
            EventKind::AttributeChanged => "attribute-changed",
            EventKind::Upgraded => "upgraded",
            EventKind::Downgraded => "downgraded",
            EventKind::SerialChanged => "serial-changed",
            EventKind::NewService => "new-service",
            EventKind::NewPeer => "new-peer",
            EventKind::Moved => "moved",
            EventKind::Missing => "missing",
            EventKind::Reappeared => "reappeared",
            EventKind::Merged => "merged",
            EventKind::Sensor => "sensor",
            EventKind::Person => "person",
            EventKind::External => "external",
            EventKind::Finding => "finding",
        }
    }
}

/// Something that happened. Its number is given by the store, in the order of arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// 0 until stored.
    #[serde(default)]
    pub number: u64,
    pub at: Timestamp,
    pub site: String,
    pub kind: EventKind,
    pub severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub device: Option<DeviceId>,
    /// One line, in plain words.
    pub title: String,
    /// More: "attribute", "before", "after", "peer", "port", "place", "sensor", "finding", "topic", "devices". Of what is missing also what is at stake:
    /// "place_at", "elsewhere", "category", "life_supporting", "criticality", "value", "last_used". "maintenance": the
    /// reason of the planned maintenance in which it happened.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub details: std::collections::BTreeMap<String, String>,
}
