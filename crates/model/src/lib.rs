//! The nouns of Medward: the few value types that pass between its rooms.
//!
//! Values with invariants, serde at most; no IO, no clock, no logic that belongs to a verb.
#![forbid(unsafe_code)]

mod activity;
mod address;
mod advisory;
mod assessment;
mod attribute;
mod capture;
mod conversation;
mod day;
mod device;
mod evidence;
mod field;
mod finding;
mod flow;
mod recall;
mod record;
mod risk;
mod subject;
mod time;
mod weird;

pub use activity::{Activity, Outcome, Verb};
pub use address::{Endpoint, Mac, Transport};
pub use advisory::{
    Advisory, Bound, CpeConfiguration, CpeMatch, CpeNode, Cvss, Exploitation, NamedProduct, Package, Product,
    ProductStatus, Remedy, RemedyKind, Ssvc, Status, VersionSpan, Versions, Vulnerability,
};
pub use assessment::{Assessment, FeedState, SCHEMA};
pub use attribute::{Attribute, Candidate, Fused, Support};
pub use capture::{CaptureFile, CaptureSummary};
pub use conversation::Conversation;
pub use day::Day;
pub use device::{Device, DeviceId, Scope, Service, ShortId, Software};
pub use evidence::{Evidence, Link, LinkKind, Value};
pub use field::{Field, Gives};
pub use finding::{
    AdvisoryRef, CvssRef, Detail, Finding, FindingKind, Hidden, Match, Method, Severity, Treatment, Verdict,
};
pub use flow::FlowRecord;
pub use recall::{DeviceIdentifier, ProductCode, Recall, RecallState};
pub use record::{
    Answer, Bom, Component, Disclosure, Exploited, Lifecycle, Record, Release, Score, Statement, Technique,
};
pub use risk::{Action, AttackPath, Factor, Hop, Risk, WorkItem};
pub use subject::{HostKey, Subject};
pub use time::Timestamp;
pub use weird::Weirds;
