//! The nouns of Medward: the few value types that pass between its rooms.
//!
//! Values with invariants, serde at most; no IO, no clock, no logic that belongs to a verb.
#![forbid(unsafe_code)]

mod activity;
mod address;
mod assessment;
mod attribute;
mod capture;
mod conversation;
mod device;
mod evidence;
mod field;
mod flow;
mod subject;
mod time;
mod weird;

pub use activity::{Activity, Outcome, Verb};
pub use address::{Endpoint, Mac, Transport};
pub use assessment::{Assessment, FeedState, SCHEMA};
pub use attribute::{Attribute, Candidate, Fused, Support};
pub use capture::{CaptureFile, CaptureSummary};
pub use conversation::Conversation;
pub use device::{Device, DeviceId, Scope, Service, Software};
pub use evidence::{Evidence, Link, LinkKind, Value};
pub use field::{Field, Gives};
pub use flow::FlowRecord;
pub use subject::{HostKey, Subject};
pub use time::Timestamp;
pub use weird::Weirds;
