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

#[test]
fn reports_of_sensors_survive_their_corpus() {
    run("reports", medward_fuzz::reports);
}

#[test]
fn connections_of_sensors_survive_their_corpus() {
    run("frames", medward_fuzz::frames);
}

#[test]
fn sources_survive_their_corpus() {
    run("sources", medward_fuzz::sources);
}

#[test]
fn lists_of_maintenance_systems_survive_their_corpus() {
    run("listing", medward_fuzz::listing);
}

/// The seeds of `reports` are what a sensor of this version sends. `UPDATE_GOLDENS=1` writes them anew.
#[test]
fn the_seeds_of_reports_are_of_this_version() {
    for name in ["dhcp-isc", "lldp", "modbus"] {
        let capture = std::fs::read(root().join("fuzz/corpus/capture").join(name)).unwrap();
        let report = medward_fuzz::report_of(&capture);
        let seed = root().join("fuzz/corpus/reports").join(name);
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            std::fs::create_dir_all(seed.parent().unwrap()).unwrap();
            std::fs::write(&seed, &report).unwrap();
        }
        assert!(std::fs::read(&seed).is_ok_and(|kept| kept == report), "{} is old", seed.display());
    }
}
