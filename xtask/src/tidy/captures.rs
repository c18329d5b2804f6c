//! Every committed capture has its provenance, and every label its capture.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{Complaint, files_below, shown};

/// All committed captures together, in bytes.
const MAX_TOTAL: u64 = 8 * 1024 * 1024;

pub fn check(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let list = root.join("tests/captures/PROVENANCE.tsv");
    let text = std::fs::read_to_string(&list)?;
    let mut rows: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        if let Some(file) = cells.first() {
            rows.insert(file, cells);
        }
    }
    let mut total = 0;
    for file in files_below(&root.join("tests/captures"), &[".pcap", ".pcapng", ".pcap.gz", ".pcap.zst"])? {
        let name = shown(&root.join("tests/captures"), &file);
        let full = shown(root, &file);
        let Some(row) = rows.remove(name.as_str()).or_else(|| rows.remove(full.as_str())) else {
            complaints.push(Complaint::at(&full, "has no row in tests/captures/PROVENANCE.tsv"));
            continue;
        };
        let bytes = std::fs::read(&file)?;
        total += bytes.len() as u64;
        let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if row.last() != Some(&hash.as_str()) {
            complaints.push(Complaint::at(&full, "differs from the SHA-256 in PROVENANCE.tsv"));
        }
        if row.iter().any(|cell| cell.trim().is_empty()) || row.len() < 6 {
            complaints.push(Complaint::at(&full, "has an incomplete row in PROVENANCE.tsv"));
        }
    }
    for file in rows.keys() {
        complaints.push(Complaint::at(file, "stands in PROVENANCE.tsv but is not there"));
    }
    if total > MAX_TOTAL {
        complaints
            .push(Complaint::at("tests/captures", format!("{total} bytes of captures; {MAX_TOTAL} at most")));
    }
    for label in files_below(&root.join("tests/labels"), &[".toml"])? {
        let table: toml::Table = std::fs::read_to_string(&label)?.parse()?;
        let capture = table.get("capture").and_then(toml::Value::as_str).unwrap_or_default();
        if capture.starts_with("tests/") && !root.join(capture).is_file() {
            complaints
                .push(Complaint::at(shown(root, &label), format!("its capture '{capture}' is not there")));
        }
    }
    Ok(complaints)
}
