//! What was done, by whom and when: one line of JSON each, only ever added to.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use medward_model::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// What: applied, confirmed, reverted, undone, refused.
    pub what: String,
    /// The plan.
    pub plan: String,
    /// By whom.
    pub by: String,
    /// More of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// Adds a line, and makes sure that it is on the disk.
pub(crate) fn add(path: &Path, entry: &Entry) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.write_all(&line)?;
    file.sync_data()
}

/// The last lines, the oldest first; lines that cannot be read are left out.
pub(crate) fn last(path: &Path, most: usize) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut all: Vec<Entry> =
        text.lines().rev().take(most).filter_map(|line| serde_json::from_str(line).ok()).collect();
    all.reverse();
    all
}
