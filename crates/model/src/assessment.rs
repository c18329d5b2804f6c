//! The result of `medward assess`, as serialised.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{CaptureSummary, Conversation, Device, Timestamp};

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
    /// Judgements on devices; none are made before knowledge is loaded.
    pub findings: Vec<serde_never::Never>,
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
