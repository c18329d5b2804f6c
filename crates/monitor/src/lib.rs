//! The network over time: what sensors report becomes devices that change, conversations, places, use and events.
//!
//! Pure: time is an argument, and what must last is handed out as one [`Commit`] for a [`Store`] to keep. The traits of
//! the store stand here, so that those who ask it (the interface) and those who implement it (SQLite, PostgreSQL) need
//! not know each other.
#![forbid(unsafe_code)]

mod amount;
mod annotation;
mod commit;
mod event;
mod finding;
mod listing;
mod reconcile;
mod regularity;
mod report;
mod said;
mod sensor;
mod site;
mod store;
mod summary;
mod version;
mod whereabouts;

pub use amount::{read_amount, worth};
pub use annotation::{Annotation, Lifecycle, Maintenance, Patch};
pub use commit::{
    ActivityDelta, AttributeChange, Commit, ConversationDelta, DeviceRow, Entry, Gone, Part, Receipt,
    Sighting, Stay, Whereabouts,
};
pub use event::{Event, EventKind};
pub use finding::{
    FindingCounts, FindingRow, JudgedBy, JudgedDevice, JudgedWith, Ruling, TopicRow, Unjudged, Untold,
    finding_events, severity_of_rank,
};
pub use listing::{ListingError, read_listing};
pub use reconcile::{Asset, Contradiction, Pair, Reconciliation, guess_columns, reconcile};
pub use report::{Position, Report, ReportError};
pub use said::Said;
pub use sensor::{Coverage, SensorState};
pub use site::{LiveSite, Lore};
pub use store::{
    AllSaid, Audit, AuditEntry, AuditRecord, BucketSize, ConversationList, ConversationRow, Decision,
    DecisionRecord, DeviceBrief, DeviceList, DeviceRecord, Direction, Document, Documents, EventList, Facet,
    FacetCount, FacetField, FindingList, Findings, Health, History, Ingest, Inventory, Link, LinkList,
    NodeGroup, Page, PageRequest, Pruned, Retention, SiteMemory, SizeOf, Sizes, Sort, SortKey, Store,
    StoreError, Upkeep, UseBucket, UseGroup, UseList, UseRow, VolumePoint,
};
pub use summary::{DeviceSummary, Status};
pub use whereabouts::{PlaceRule, PlaceRules, locate, switch_of};
