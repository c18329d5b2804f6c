//! Listings of a table: what it counted, and the rest without what it counted.

use medward_model::Timestamp;
use serde::Serialize;

/// What a named counter counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Counter {
    /// Its name.
    pub name: String,
    /// Packets: as open flows pass before, flows that were opened, or tried to be.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// The named counters of a listing, in order.
pub fn counters(listing: &str) -> Vec<Counter> {
    let mut all = Vec::new();
    let mut lines = listing.lines();
    while let Some(line) = lines.next() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["counter", name, "{"] = words.as_slice() else { continue };
        let counted: Vec<&str> = lines.next().unwrap_or("").split_whitespace().collect();
        if let ["packets", packets, "bytes", bytes] = counted.as_slice() {
            let number = |text: &str| text.parse().unwrap_or(0);
            all.push(Counter { name: (*name).to_owned(), packets: number(packets), bytes: number(bytes) });
        }
    }
    all.sort();
    all
}

/// A listing without what was counted: the same as long as nobody changed the rules.
pub fn without_counts(listing: &str) -> String {
    let kept = listing.lines().filter(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        !matches!(words.as_slice(), ["packets", _, "bytes", _])
    });
    let mut text = kept.collect::<Vec<_>>().join("\n");
    text.push('\n');
    text
}

/// The digest of the rules that a listing says it carries.
pub(crate) fn mark(listing: &str) -> Option<&str> {
    let line = listing.lines().map(str::trim).find(|line| line.starts_with("comment \"medward "))?;
    line.strip_prefix("comment \"medward ")?.strip_suffix('"')
}

/// Whether a time is over.
pub(crate) fn over(until: Timestamp, now: Timestamp) -> bool {
    until <= now
}
