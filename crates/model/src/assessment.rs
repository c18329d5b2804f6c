//! The result of `medward assess`, as serialised.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Action, CaptureSummary, Conversation, Device, Finding, Risk, Timestamp, WorkItem};

/// Version of the JSON document.
pub const SCHEMA: &str = "medward.assessment/1";

/// Whether a feed of knowledge was at hand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FeedState {
    pub loaded: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// Everything that was found in a capture.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    pub schema: &'static str,
    pub capture: CaptureSummary,
    /// Sorted by id.
    pub devices: Vec<Device>,
    /// Sorted by originator, responder, transport, port, protocol.
    pub conversations: Vec<Conversation>,
    /// Judgements on devices, sorted by id.
    pub findings: Vec<Finding>,
    /// Judgements that somebody says do not apply, with who says so; sorted by id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hidden: Vec<Finding>,
    /// Risk of each device, sorted by device.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub risk: Vec<Risk>,
    /// What to do, most risk removed an hour first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Recalled devices that are to be taken out of use.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub work_list: Vec<WorkItem>,
    /// Judgements on traffic; none are made before detectors exist.
    pub alerts: Vec<serde_never::Never>,
    pub knowledge: BTreeMap<String, FeedState>,
}

/// A list that is always empty in this version serialises as `[]` and cannot be filled by accident.
mod serde_never {
    use serde::Serialize;

    /// No value of this type exists.
    #[derive(Clone, Copy, Debug, PartialEq, Serialize)]
    pub enum Never {}
}
