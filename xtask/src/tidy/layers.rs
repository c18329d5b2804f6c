//! A crate depends only downwards: nouns, verbs, edges, binaries. Verbs do no IO.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::{Complaint, files_below, shown};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Layer {
    Noun,
    Verb,
    Edge,
    Binary,
}

/// Where each crate belongs. A new crate gets a row here.
const CRATES: &[(&str, Layer)] = &[
    ("medward-model", Layer::Noun),
    ("medward-wire", Layer::Verb),
    ("medward-dissect", Layer::Verb),
    ("medward-identify", Layer::Verb),
    ("medward-policy", Layer::Verb),
    ("medward-shield", Layer::Verb),
    ("medward-query", Layer::Verb),
    ("medward-knowledge", Layer::Verb),
    ("medward-risk", Layer::Verb),
    ("medward-monitor", Layer::Verb),
    ("medward-lab", Layer::Verb),
    ("medward-sources", Layer::Verb),
    ("medward-fetch", Layer::Edge),
    ("medward-gateway", Layer::Edge),
    ("medward-capture", Layer::Edge),
    ("medward-enforce", Layer::Edge),
    ("medward-export", Layer::Edge),
    ("medward-store", Layer::Edge),
    ("medward-transport", Layer::Edge),
    ("medward-api", Layer::Edge),
    ("medward-fuzz", Layer::Binary),
    ("medward", Layer::Binary),
    ("xtask", Layer::Binary),
];

/// Dependencies inside a layer that are part of the plan (ADR 0002).
const SIBLINGS: &[(&str, &str)] = &[
    ("medward-dissect", "medward-wire"),
    ("medward-knowledge", "medward-identify"),
    ("medward-monitor", "medward-identify"),
    ("medward-sources", "medward-dissect"),
    ("medward-sources", "medward-wire"),
    ("medward-monitor", "medward-query"),
    ("medward-policy", "medward-query"),
    ("medward-shield", "medward-dissect"),
    ("medward-shield", "medward-policy"),
    ("medward-shield", "medward-wire"),
    ("medward-lab", "medward-identify"),
];

/// What a verb must not name: clocks, files, sockets, threads, environment.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::io::stdin",
    "std::io::stdout",
    "SystemTime",
    "Instant::now",
    "TcpStream",
    "UdpSocket",
    "TcpListener",
];

fn layer(name: &str) -> Option<Layer> {
    CRATES.iter().find(|(known, _)| *known == name).map(|(_, layer)| *layer)
}

pub fn check(root: &Path) -> anyhow::Result<Vec<Complaint>> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("cargo metadata")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let mut complaints = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(own) = layer(name) else {
            complaints
                .push(Complaint::at(name, "is in no layer: add it to CRATES in xtask/src/tidy/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let on = dependency["name"].as_str().unwrap_or_default();
            let Some(other) = layer(on) else { continue };
            if other >= own && own != Layer::Binary && !SIBLINGS.contains(&(name, on)) {
                complaints.push(Complaint::at(
                    name,
                    format!("({own:?}) depends on {on} ({other:?}): a crate depends only downwards"),
                ));
            }
        }
        if own <= Layer::Verb {
            let folder = root.join("crates").join(name.trim_start_matches("medward-")).join("src");
            for file in files_below(&folder, &[".rs"])? {
                if file.ends_with("tests.rs") {
                    continue;
                }
                let text = std::fs::read_to_string(&file)?;
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                for word in IMPURE.iter().filter(|word| code.contains(**word)) {
                    complaints.push(Complaint::at(
                        shown(root, &file),
                        format!("names {word}: verbs are pure, IO belongs to an edge"),
                    ));
                }
            }
        }
    }
    Ok(complaints)
}
