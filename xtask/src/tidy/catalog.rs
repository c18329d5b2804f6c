//! Every fact in the catalogue names its source.

use std::path::Path;

use anyhow::Context as _;
use toml::Value;

use super::{Complaint, files_below, shown};

pub fn check(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let files = files_below(&root.join("catalog"), &[".toml"])?;
    anyhow::ensure!(!files.is_empty(), "catalog/ has no .toml files");
    for file in files {
        let place = shown(root, &file);
        let text = std::fs::read_to_string(&file)?;
        let table: toml::Table = text.parse().with_context(|| place.clone())?;
        for (kind, value) in &table {
            let Value::Array(entries) = value else { continue };
            for (index, entry) in entries.iter().enumerate() {
                let Value::Table(entry) = entry else { continue };
                let sourced = entry
                    .get("source")
                    .and_then(Value::as_str)
                    .is_some_and(|source| source.trim().len() >= 4);
                if !sourced {
                    let name = ["id", "slug", "name", "number"]
                        .iter()
                        .find_map(|key| entry.get(*key))
                        .map_or_else(|| format!("number {}", index + 1), ToString::to_string);
                    complaints.push(Complaint::at(&place, format!("[[{kind}]] {name} has no source")));
                }
            }
        }
    }
    Ok(complaints)
}
