//! Shapes of what happened.

use std::collections::BTreeMap;

use serde::Deserialize;
use utoipa::ToSchema;

/// How bad it is, worst first.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    Critical,
    High,
    Medium,
    Low,
    Info,
}

/// Kinds of events.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    FirstSeen,
    AttributeChanged,
    Upgraded,
    Downgraded,
    SerialChanged,
    NewService,
    NewPeer,
    Moved,
    Missing,
    Reappeared,
    Merged,
    Sensor,
    Person,
    External,
    Finding,
}

/// Something that happened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub number: u64,
    #[schema(format = DateTime)]
    pub at: String,
    pub site: String,
    pub kind: EventKind,
    pub severity: Severity,
    #[schema(nullable = false)]
    pub device: Option<String>,
    /// One line, in plain words.
    pub title: String,
    #[serde(default)]
    #[schema(required = false)]
    pub details: BTreeMap<String, String>,
}

/// A conversation with the names of its ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationRow {
    pub originator: String,
    pub responder: String,
    pub transport: String,
    pub port: u16,
    pub protocol: String,
    pub flows: u64,
    pub packets: u64,
    pub bytes: u64,
    #[schema(format = DateTime)]
    pub first_seen: String,
    #[schema(format = DateTime)]
    pub last_seen: String,
    pub originator_name: String,
    pub responder_name: String,
    pub originator_scope: String,
    pub responder_scope: String,
    pub originator_category: Option<String>,
    pub responder_category: Option<String>,
}

/// Traffic between two nodes of the map.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub from: String,
    pub to: String,
    pub conversations: u64,
    pub flows: u64,
    pub bytes: u64,
    pub protocols: Vec<String>,
    #[schema(format = DateTime)]
    pub last_seen: String,
}

/// Traffic in a bucket of time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumePoint {
    #[schema(format = DateTime)]
    pub at: String,
    pub flows: u64,
    pub packets: u64,
    pub bytes: u64,
}

/// Which part a device played.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Did,
    Served,
}

/// Activity in a bucket of time.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseBucket {
    #[schema(format = DateTime)]
    pub at: String,
    pub protocol: String,
    pub verb: String,
    pub operation: String,
    pub part: Part,
    pub clinical: bool,
    pub count: u64,
}

/// How much a group of devices was used.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseRow {
    pub key: String,
    pub label: String,
    pub devices: u64,
    pub used: u64,
    pub actions: u64,
    pub hours: u64,
    pub days: u64,
    #[schema(format = DateTime)]
    pub last_used: Option<String>,
    /// Device-hours by hour of the week, UTC, from Monday 00:00: 168 numbers.
    pub week: Vec<u32>,
}

/// An attribute got another value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeChange {
    pub device: String,
    pub attribute: String,
    pub value: Option<String>,
    pub confidence: f64,
    pub because: String,
    #[schema(format = DateTime)]
    pub at: String,
}

/// A device was somewhere from then on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stay {
    pub device: String,
    pub whereabouts: super::Whereabouts,
}

/// What a person decided about the identity of devices.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Decision {
    Join { nodes: Vec<String> },
    Part { node: String, from: Vec<String> },
}

/// A decision with who took it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    pub number: u64,
    pub site: String,
    pub decision: Decision,
    pub by: String,
    #[schema(format = DateTime)]
    pub at: String,
    pub reason: String,
}
