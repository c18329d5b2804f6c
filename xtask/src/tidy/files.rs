//! Shape of files: sizes, heads, names, nothing left unfinished.

use std::path::Path;

use super::{Complaint, files_below, shown};

/// Longest source file, in lines.
const MAX_LINES: usize = 800;

/// Longest `main.rs` of a product binary.
const MAX_MAIN: usize = 150;

/// The one crate of the host that may have unsafe code, and the one file of it that has.
const UNSAFE_CRATE: &str = "crates/capture/src/lib.rs";
const UNSAFE_FILE: &str = "crates/capture/src/kernel.rs";

/// Names that say nothing.
const EMPTY_NAMES: &[&str] =
    &["utils", "util", "common", "helpers", "helper", "manager", "misc", "types", "data"];

pub fn check(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let mut complaints = Vec::new();
    let mut lengths = Vec::new();
    for folder in ["crates", "xtask", "fuzz"] {
        for file in files_below(&root.join(folder), &[".rs"])? {
            let place = shown(root, &file);
            let text = std::fs::read_to_string(&file)?;
            let lines = text.lines().count();
            lengths.push(lines);
            if lines > MAX_LINES {
                complaints
                    .push(Complaint::at(&place, format!("has {lines} lines; {MAX_LINES} at most: split it")));
            }
            if file.ends_with("src/main.rs") && lines > MAX_MAIN {
                complaints
                    .push(Complaint::at(&place, format!("has {lines} lines; a main has {MAX_MAIN} at most")));
            }
            if !text.starts_with("//!") && !text.starts_with("#![no_main]") {
                complaints
                    .push(Complaint::at(&place, "must open with a `//!` comment that says what it is for"));
            }
            let lint =
                if place == UNSAFE_CRATE { "#![deny(unsafe_code)]" } else { "#![forbid(unsafe_code)]" };
            if (file.ends_with("src/lib.rs") || file.ends_with("src/main.rs")) && !text.contains(lint) {
                complaints.push(Complaint::at(&place, format!("must say {lint}")));
            }
            if text.contains(&["allow(", "unsafe_code)"].concat()) && place != UNSAFE_FILE {
                complaints.push(Complaint::at(&place, format!("unsafe code belongs to {UNSAFE_FILE} alone")));
            }
            if file.ends_with("src/lib.rs") && text.lines().any(|line| line.starts_with("pub mod ")) {
                complaints.push(Complaint::at(
                    &place,
                    "modules are private; what is public stands in one list of `pub use`",
                ));
            }
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if EMPTY_NAMES.contains(&stem.as_str()) {
                complaints.push(Complaint::at(&place, "this name says nothing: name it after what it does"));
            }
            // The words are put together here so that this file does not complain about itself.
            for word in [
                ["to", "do!("].concat(),
                ["unimple", "mented!("].concat(),
                ["TO", "DO"].concat(),
                ["FIX", "ME"].concat(),
            ] {
                if let Some(line) = text.lines().position(|line| line.contains(&word)) {
                    complaints
                        .push(Complaint::at(format!("{place}:{}", line + 1), format!("'{word}': finish it")));
                }
            }
        }
    }
    lengths.sort_unstable();
    let at = |share: usize| lengths.get(lengths.len() * share / 100).copied().unwrap_or(0);
    println!("tidy: {} source files; median {} lines, nine in ten under {}", lengths.len(), at(50), at(90));
    Ok(complaints)
}
