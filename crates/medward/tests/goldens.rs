//! What is said of each of our captures, line by line, as a person accepted it.
//!
//! For `tests/captures/GROUP/NAME.pcap` stand in `tests/golden/GROUP/`:
//! - `NAME.jsonl`: the trace (evidence, links, activity in packet order) without times, which the packet numbers imply;
//!   of a trace above 150 KB only the distinct evidence, sorted, and how often each kind of link and activity occurs;
//! - `NAME.txt`: the inventory that `medward assess` prints.
//!
//! A change that is wanted is accepted with `UPDATE_GOLDENS=1 cargo test -p medward --test goldens`; read the difference
//! before it is committed.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

const ACCEPT: &str = "UPDATE_GOLDENS=1 cargo test -p medward --test goldens";
/// Longest trace that is kept whole, in bytes.
const WHOLE: usize = 150_000;

fn folder() -> PathBuf {
    proof::root().join("tests/golden")
}

#[test]
fn every_capture_says_what_was_accepted() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let place = tempfile::tempdir().expect("a temporary directory");
    let captures = proof::captures();
    let results = proof::each(&captures, |capture| {
        let short = proof::short(capture);
        let (trace, text) = said(capture, &short, place.path());
        [(format!("{short}.jsonl"), trace), (format!("{short}.txt"), text)]
    });
    let mut complaints = Vec::new();
    let mut known = BTreeSet::new();
    for (name, now) in results.into_iter().flatten() {
        let path = folder().join(&name);
        known.insert(path.clone());
        let accepted = std::fs::read_to_string(&path).ok();
        if accepted.as_deref() == Some(now.as_str()) {
            continue;
        }
        if update {
            std::fs::create_dir_all(path.parent().expect("goldens are in folders"))
                .expect("a folder is made");
            std::fs::write(&path, now).expect("a golden is written");
        } else {
            complaints.push(match accepted {
                Some(accepted) => difference(&name, &accepted, &now),
                None => format!("tests/golden/{name} is missing"),
            });
        }
    }
    for path in proof::files_below(&folder(), &[".jsonl", ".txt"]) {
        // What feeds are read as stands there too, and has a test of its own.
        if known.contains(&path) || path.starts_with(folder().join("feeds")) {
            continue;
        }
        if update {
            std::fs::remove_file(&path).expect("a golden without a capture is removed");
        } else {
            complaints.push(format!("{} has no capture", path.display()));
        }
    }
    assert!(complaints.is_empty(), "{}\n\nTo accept: {ACCEPT}", complaints.join("\n"));
}

/// The trace and the inventory of a capture.
fn said(capture: &Path, short: &str, place: &Path) -> (String, String) {
    let trace = place.join(format!("{}.jsonl", short.replace('/', "-")));
    let relative =
        format!("tests/captures/{short}.{}", capture.extension().unwrap_or_default().to_string_lossy());
    let output = proof::run([
        "assess".as_ref(),
        "--quiet".as_ref(),
        "--threads".as_ref(),
        "1".as_ref(),
        "--format".as_ref(),
        "text".as_ref(),
        "--trace".as_ref(),
        trace.as_os_str(),
        relative.as_ref(),
    ]);
    let lines = std::fs::read_to_string(&trace).expect("the trace was written");
    let text = String::from_utf8(output.stdout).expect("the inventory is UTF-8");
    (readable(&lines), text)
}

fn readable(lines: &str) -> String {
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON lines")).collect();
    let mut whole = String::new();
    for line in &lines {
        let mut line = line.clone();
        if let Some(object) = line.as_object_mut() {
            object.remove("time");
        }
        let _ = writeln!(whole, "{line}");
    }
    if whole.len() <= WHOLE { whole } else { condensed(&lines) }
}

fn condensed(lines: &[Value]) -> String {
    let mut evidence = BTreeSet::new();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines {
        if line["type"] == "evidence" {
            let mut line = line.clone();
            if let Some(object) = line.as_object_mut() {
                object.remove("time");
                object.remove("packet");
            }
            evidence.insert(line.to_string());
        } else {
            let kind =
                [&line["type"], &line["protocol"], &line["verb"], &line["operation"], &line["outcome"]];
            let kind: Vec<&str> = kind.into_iter().filter_map(Value::as_str).collect();
            *counts.entry(kind.join(" ")).or_default() += 1;
        }
    }
    let mut text = String::new();
    for line in evidence {
        let _ = writeln!(text, "{line}");
    }
    for (kind, count) in counts {
        let _ = writeln!(text, "{}", serde_json::json!({"count": count, "of": kind}));
    }
    text
}

/// The first lines that differ.
fn difference(name: &str, accepted: &str, now: &str) -> String {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) = (accepted.lines().collect(), now.lines().collect());
    let mut text = format!("tests/golden/{name} differs:");
    for (sign, lines) in [("-", old.difference(&new)), ("+", new.difference(&old))] {
        for line in lines.take(8) {
            let _ = write!(text, "\n  {sign} {}", line.chars().take(300).collect::<String>());
        }
    }
    if old == new {
        text.push_str(" the same lines in another order or number");
    }
    text
}
