//! Asking what happened: conversations, use, changes, places.

use async_trait::async_trait;
use medward_model::{Conversation, DeviceId, Severity, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    AttributeChange, Coverage, DeviceList, Event, EventKind, Page, PageRequest, SensorState, Stay, StoreError,
};

/// Which end of a conversation a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    Originated,
    Answered,
    #[default]
    Either,
}

/// Which conversations.
#[derive(Clone, Debug)]
pub struct ConversationList {
    /// Of this device; `None`: of all.
    pub device: Option<DeviceId>,
    pub direction: Direction,
    pub sites: Option<Vec<String>>,
    /// That had traffic since then.
    pub since: Option<Timestamp>,
    /// Of this protocol.
    pub protocol: Option<String>,
    /// Most bytes first, or latest first.
    pub by_volume: bool,
    pub page: PageRequest,
}

/// A conversation with the names of its ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConversationRow {
    #[serde(flatten)]
    pub conversation: Conversation,
    pub originator_name: String,
    pub responder_name: String,
    /// Scope of each end ("internal", "external", "multicast").
    pub originator_scope: String,
    pub responder_scope: String,
    pub originator_category: Option<String>,
    pub responder_category: Option<String>,
}

/// By what devices are drawn together on the map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeGroup {
    /// Each by itself.
    Device,
    Category,
    Group,
    Site,
    Vlan,
    Vendor,
    Place,
}

/// Who talks to whom.
#[derive(Clone, Debug)]
pub struct LinkList {
    /// Links with at least one end in this list; its page and order are ignored.
    pub devices: DeviceList,
    pub group: NodeGroup,
    pub since: Option<Timestamp>,
    /// Most bytes first, at most so many (1 to 20,000).
    pub limit: u32,
}

/// Traffic between two nodes of the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Link {
    /// Device id, or value of the group; "" where a device has none.
    pub from: String,
    pub to: String,
    pub conversations: u64,
    pub flows: u64,
    pub bytes: u64,
    /// The most frequent protocols, at most five.
    pub protocols: Vec<String>,
    pub last_seen: Timestamp,
}

/// Width of a bucket of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketSize {
    Hour,
    Day,
}

/// Traffic in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct VolumePoint {
    /// Its beginning.
    pub at: Timestamp,
    pub flows: u64,
    pub packets: u64,
    pub bytes: u64,
}

/// Activity in a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UseBucket {
    pub at: Timestamp,
    pub protocol: String,
    pub verb: String,
    pub operation: String,
    pub part: crate::Part,
    pub clinical: bool,
    pub count: u64,
}

/// By what use is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UseGroup {
    Device,
    Category,
    Site,
    Place,
    Vendor,
}

/// Whose use, and when.
#[derive(Clone, Debug)]
pub struct UseList {
    /// Its page counts groups; its order is ignored: most used first, or least.
    pub devices: DeviceList,
    pub group: UseGroup,
    pub from: Timestamp,
    pub until: Timestamp,
    pub least_first: bool,
}

/// How much a group of devices was used, from clinical activity only.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UseRow {
    /// Device id, or value of the group.
    pub key: String,
    /// What to call it.
    pub label: String,
    /// Devices in the group, and those of them with any clinical activity in the time asked for.
    pub devices: u64,
    pub used: u64,
    /// Clinical actions (exams, results, associations) that its devices did or served.
    pub actions: u64,
    /// Distinct device-hours with clinical activity.
    pub hours: u64,
    /// Distinct device-days with clinical activity.
    pub days: u64,
    pub last_used: Option<Timestamp>,
    /// Device-hours with clinical activity by hour of the week, UTC, from Monday 00:00: 168 numbers.
    pub week: Vec<u32>,
}

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct EventList {
    pub device: Option<DeviceId>,
    pub sites: Option<Vec<String>>,
    /// None: all kinds.
    pub kinds: Vec<EventKind>,
    /// At least so severe.
    pub severity: Option<Severity>,
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// With a number above this, oldest first; without, latest first.
    pub after: Option<u64>,
    pub limit: u32,
    pub cursor: Option<String>,
}

/// Asks for what happened.
#[async_trait]
pub trait History: Send + Sync {
    async fn conversations(&self, list: &ConversationList) -> Result<Page<ConversationRow>, StoreError>;

    /// Links between nodes, most bytes first.
    async fn links(&self, list: &LinkList) -> Result<Vec<Link>, StoreError>;

    /// Traffic of a device (or of all) over time; empty buckets are left out.
    async fn volume(
        &self,
        device: Option<&DeviceId>,
        sites: Option<&[String]>,
        from: Timestamp,
        until: Timestamp,
        bucket: BucketSize,
    ) -> Result<Vec<VolumePoint>, StoreError>;

    /// Activity of a device over time, at most 10,000 buckets.
    async fn activity(
        &self,
        device: &DeviceId,
        from: Timestamp,
        until: Timestamp,
        bucket: BucketSize,
    ) -> Result<Vec<UseBucket>, StoreError>;

    /// How much devices are used.
    async fn usage(&self, list: &UseList) -> Result<Page<UseRow>, StoreError>;

    /// All values that a device's attributes ever had, latest first, at most 1000.
    async fn attributes(&self, device: &DeviceId) -> Result<Vec<AttributeChange>, StoreError>;

    /// Where a device was, latest first, at most 1000.
    async fn stays(&self, device: &DeviceId) -> Result<Vec<Stay>, StoreError>;

    /// Which devices were at a place (of that identifier) in a time, latest first, at most 1000.
    async fn visitors(&self, place: &str, from: Timestamp, until: Timestamp)
    -> Result<Vec<Stay>, StoreError>;

    /// Events, numbered.
    async fn events(&self, list: &EventList) -> Result<Page<Event>, StoreError>;

    /// What every sensor last said of itself.
    async fn sensors(&self) -> Result<Vec<SensorState>, StoreError>;

    /// What is heard at a site and what is not.
    async fn coverage(&self, site: &str) -> Result<Coverage, StoreError>;
}
