//! A few devices judged with what the index says they need have the findings that they have with everything.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use medward_fetch::{ImportOptions, Store, import};
use medward_identify::Catalog;
use medward_knowledge::{Base, Builder, Known, Program, Subject, read_inventory};
use medward_model::Day;

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::builtin().expect("the catalogue"))
}

fn take_in(store: &Store, path: PathBuf) {
    let report = import(store, &[path], &ImportOptions::default(), &mut |_| {}).expect("it is taken in");
    assert!(!report.files.is_empty());
}

fn everything(store: &Store) -> Base {
    let mut builder = Builder::new(catalog()).expect("the vocabulary");
    store.each_record(|feed, record| builder.add(feed, record), &mut |_| {}).expect("everything is read");
    builder.finish()
}

/// The labelled devices, those of the inventory, and some whose software is known.
fn subjects() -> Vec<Subject> {
    let known =
        |value: &str| (!value.is_empty()).then(|| Known { value: value.to_owned(), confidence: 0.95 });
    let text = std::fs::read_to_string(tests().join("matching/advisories.tsv")).expect("the labels");
    let mut all: Vec<Subject> = text
        .lines()
        .skip(1)
        .step_by(3)
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Subject {
                vendor: known(fields[1]),
                model: known(fields[2]),
                firmware: known(fields[3]),
                ..Subject::default()
            }
        })
        .collect();
    let inventory = std::fs::read(tests().join("inventories/cmms.csv")).expect("the inventory");
    let inventory = read_inventory("cmms.csv", &inventory).expect("the inventory is read");
    all.extend(inventory.devices.iter().map(Subject::of));
    all.push(Subject { udi: known("00887517567062"), ..Subject::default() });
    for (os, version, program, release) in [
        ("Windows 10", "1809", "OpenSSH", "7.4"),
        ("Windows 7", "", "openssl", "1.0.2"),
        ("Linux", "", "Dropbear sshd", "2016.74"),
    ] {
        all.push(Subject {
            os: known(os),
            os_version: known(version),
            programs: vec![Program {
                name: program.to_owned(),
                version: Some(release.to_owned()),
                supplier: None,
                cpe: None,
                purl: Some(format!("pkg:generic/{}@{release}", program.to_lowercase())),
                confidence: 0.9,
                from_bom: false,
                from_wire: true,
            }],
            ..Subject::default()
        });
    }
    all
}

/// How many findings there were, on all devices together.
fn compared(store: &Store) -> usize {
    let all = everything(store);
    let now = Day::new(2026, 11, 26).expect("a day");
    let mut count = 0;
    for subject in subjects() {
        let needed = store
            .load_for(&catalog(), std::slice::from_ref(&subject))
            .expect("it is loaded")
            .expect("there is an index");
        let (expected, found) = (all.judge(&subject, now), needed.judge(&subject, now));
        assert_eq!(found, expected, "{subject:?}");
        count += expected.findings.len() + expected.hidden.len();
    }
    count
}

#[test]
fn what_a_device_needs_is_as_good_as_everything() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(place.path()).expect("a store");
    take_in(&store, tests().join("matching/icsma.jsonl.zst"));
    assert!(
        store.load_for(&catalog(), &subjects()).expect("it is loaded").is_none(),
        "no index was made yet"
    );
    assert!(store.refresh_index(catalog(), &mut |_| {}).expect("an index"));
    assert!(compared(&store) > 30);
    let one = store.load_for(&catalog(), &subjects()[..1]).expect("it is loaded").expect("there is an index");
    assert!(one.size().0 * 10 < everything(&store).size().0, "{:?}", one.size());
    // What comes later is noted, not indexed.
    take_in(&store, tests().join("feeds"));
    assert!(!store.refresh_index(catalog(), &mut |_| {}).expect("the index is good enough"));
    assert!(compared(&store) > 40);
}

#[test]
fn an_index_of_another_catalogue_is_not_used() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(place.path()).expect("a store");
    take_in(&store, tests().join("feeds/csaf"));
    store.refresh_index(catalog(), &mut |_| {}).expect("an index");
    let other = "[[vendor]]\nname = \"Example\"\nsource = \"a test\"\n";
    let other = Arc::new(Catalog::extended(&[("other.toml", other)]).expect("a catalogue"));
    assert!(store.load_for(&other, &subjects()).expect("it is loaded").is_none());
}
