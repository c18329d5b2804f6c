//! What is known of a feed that was loaded.

use std::collections::BTreeMap;

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

/// State of one feed in a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedStatus {
    pub records: u64,
    /// The moment up to which its newest file is current.
    pub as_of: Option<Timestamp>,
    /// Version of the catalogue, model or schema.
    pub version: Option<String>,
    /// When it was last loaded.
    pub loaded: Option<Timestamp>,
    /// File or address of the last load.
    pub source: String,
    /// Records that were left out in the last load.
    pub skipped: u64,
    /// The first of them.
    pub named: Vec<SkippedRecord>,
    /// Loads that were refused since the last good one.
    pub refused: Vec<Refusal>,
    /// Up to where it was synchronised, as the feed itself tells.
    pub watermark: Option<String>,
    /// Address to its entity tag or date, for asking only for what changed.
    pub validators: BTreeMap<String, String>,
}

/// A record that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRecord {
    pub what: String,
    pub why: String,
}

/// A load that was refused; what was there stayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    pub time: Timestamp,
    pub source: String,
    pub why: String,
}

/// Most records that are named.
pub(crate) const MOST_NAMED: usize = 50;

/// Most refusals that are kept.
pub(crate) const MOST_REFUSED: usize = 20;
