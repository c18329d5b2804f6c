//! Every fuzz target over its corpus, on stable, each input also cut and damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Contents of all files below a folder, sorted by path.
fn contents(folder: &Path, out: &mut Vec<Vec<u8>>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            contents(&path, out);
        } else {
            out.push(std::fs::read(path).unwrap());
        }
    }
}

fn run(name: &str, body: fn(&[u8])) {
    let mut inputs = Vec::new();
    contents(&root().join("fuzz/corpus").join(name), &mut inputs);
    assert!(!inputs.is_empty(), "fuzz/corpus/{name} is empty");
    for input in &inputs {
        body(input);
        // Cut and damaged in a few places as well.
        for at in [1, input.len() / 3, input.len() / 2, input.len().saturating_sub(1)] {
            body(&input[..at.min(input.len())]);
            let mut damaged = input.clone();
            if let Some(byte) = damaged.get_mut(at) {
                *byte ^= 0xff;
                body(&damaged);
            }
        }
    }
}

#[test]
fn capture_reader_survives_its_corpus() {
    run("capture", medward_fuzz::capture);
}

#[test]
fn wire_survives_its_corpus() {
    run("wire", medward_fuzz::wire);
}

#[test]
fn dissectors_survive_their_corpus() {
    run("dissect", medward_fuzz::dissect);
}

#[test]
fn query_survives_its_corpus() {
    run("query", medward_fuzz::query);
}

#[test]
fn feeds_survive_their_corpus() {
    run("feeds", medward_fuzz::feeds);
}

#[test]
fn documents_around_feeds_survive_their_corpus() {
    run("documents", medward_fuzz::documents);
}

#[test]
fn prose_and_codes_survive_their_corpus() {
    run("texts", medward_fuzz::texts);
}

#[test]
fn inventories_survive_their_corpus() {
    run("inventory", medward_fuzz::inventory);
}
