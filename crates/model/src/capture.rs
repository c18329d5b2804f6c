//! What was read.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::Serialize;

use crate::Timestamp;

/// One input file.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CaptureFile {
    pub path: String,
    /// "pcap", "pcapng", with "+gzip" or "+zstd" where compressed.
    pub format: String,
    pub packets: u64,
    /// Captured bytes of those packets.
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Where it broke off, in bytes of the uncompressed stream from its start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncated_at: Option<u64>,
    /// What was wrong there, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Comments of the file's sections and interfaces (pcapng `opt_comment`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<String>,
}

/// All that was read, with what was odd and what had to be dropped for want of room.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CaptureSummary {
    pub files: Vec<CaptureFile>,
    pub packets: u64,
    pub bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// Names that the capturing program wrote beside the packets (pcapng Name Resolution Blocks), by address. They are
    /// its belief, not something that was seen on the wire.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<IpAddr, BTreeSet<String>>,
    pub weirds: BTreeMap<String, u64>,
    /// How often each bounded table had to drop an entry.
    pub evictions: BTreeMap<String, u64>,
}
