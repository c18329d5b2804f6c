//! The shapes of what other crates serialise, for the description of the interface. A test holds each against the real
//! one: they say nothing that is not so.

mod device;
mod history;
mod upkeep;

pub use device::{Annotation, DeviceSummary, Lifecycle, Maintenance, Status, Whereabouts};
pub use history::{
    AttributeChange, ConversationRow, Decision, DecisionRecord, Event, EventKind, Link, Part, Severity, Stay,
    UseBucket, UseRow, VolumePoint,
};
pub use upkeep::{AuditRecord, Coverage, Retention, SensorState, SizeOf, Sizes};
