//! Imports: what is recognised, what is refused, and what is kept when something is bad.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Write;
use std::path::{Path, PathBuf};

use medward_fetch::{
    BundleError, BundleKey, ImportError, ImportOptions, ImportReport, Store, create_bundle, import,
    public_key,
};
use medward_model::Timestamp;

fn feeds() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/feeds")
}

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().expect("a time")
}

fn options() -> ImportOptions {
    ImportOptions { now: now(), ..ImportOptions::default() }
}

fn load(store: &Store, paths: &[PathBuf]) -> ImportReport {
    import(store, paths, &options(), &mut |_| {}).expect("an import")
}

fn count(store: &Store) -> u64 {
    store.states().expect("states").values().map(|state| state.records).sum()
}

#[test]
fn a_directory_of_all_feeds_is_taken_in_and_taken_in_again_without_change() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let report = load(&store, &[feeds()]);
    for feed in medward_knowledge::FEEDS {
        assert!(
            report.files.iter().any(|file| file.feed == Some(feed.name) && file.counts.read() > 0),
            "{}",
            feed.name
        );
    }
    let before = count(&store);
    let again = load(&store, &[feeds()]);
    assert!(again.files.iter().all(|file| file.counts.added == 0), "{again:?}");
    assert_eq!(count(&store), before);
    let (records, bad) = store.verify().expect("it can be read");
    assert_eq!((records, bad), (before, vec![]));
}

#[test]
fn packed_files_and_archives_in_archives_are_read_like_plain_ones() {
    let place = tempfile::tempdir().expect("a directory");
    let plain = std::fs::read(feeds().join("kev/catalogue.json")).expect("the file");
    let zip = |name: &str, bytes: &[u8]| {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default()).expect("zip");
        writer.write_all(bytes).expect("zip");
        writer.finish().expect("zip").into_inner()
    };
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(&plain).expect("gzip");
    let once = zip("kev.json", &plain);
    for (name, bytes) in [
        ("a.json.gz", gz.finish().expect("gzip")),
        ("a.json.zst", zstd::encode_all(plain.as_slice(), 3).expect("zstd")),
        ("a.zip", once.clone()),
        ("a.zip.zip", zip("a.zip", &once)),
    ] {
        let file = place.path().join(name);
        std::fs::write(&file, bytes).expect("a file");
        let kb = tempfile::tempdir().expect("a directory");
        let store = Store::open(kb.path()).expect("a store");
        let report = load(&store, &[file]);
        assert_eq!(count(&store), 8, "{name}: {report:?}");
    }
}

#[test]
fn an_archive_bomb_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let mut packed = zstd::Encoder::new(Vec::new(), 19).expect("zstd");
    packed
        .write_all(b"{\"catalogVersion\":\"1\",\"vulnerabilities\":[{\"cveID\":\"CVE-2020-1\",\"x\":\"")
        .expect("zstd");
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..200 {
        packed.write_all(&zeros).expect("zstd");
    }
    let file = place.path().join("bomb.json.zst");
    std::fs::write(&file, packed.finish().expect("zstd")).expect("a file");
    let store = Store::open(&place.path().join("kb")).expect("a store");
    let report = load(&store, &[file]);
    assert_eq!(count(&store), 0, "{report:?}");
    assert!(report.has_problems());
}

#[test]
fn a_feed_that_shrank_by_half_or_changed_its_shape_is_refused_and_the_old_one_kept() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    load(&store, &[feeds().join("kev/catalogue.json")]);
    let one = r#"{"catalogVersion":"2026.1","dateReleased":"2026-01-01T00:00:00Z","count":1,"vulnerabilities":[{"cveID":"CVE-2020-1"}]}"#;
    let changed = r#"{"catalogVersion":"2026.1","dateReleased":"2026-01-01T00:00:00Z","count":0,"entries":[{"cveID":"CVE-2020-1"}],"vulnerabilities":[]}"#;
    let lying = r#"{"catalogVersion":"2026.1","dateReleased":"2026-01-01T00:00:00Z","count":900,"vulnerabilities":[{"cveID":"CVE-2020-1"}]}"#;
    for (name, text) in [("one.json", one), ("changed.json", changed), ("lying.json", lying)] {
        let file = place.path().join(name);
        std::fs::write(&file, text).expect("a file");
        let report = load(&store, &[file]);
        assert!(report.has_problems(), "{name}: {report:?}");
        assert_eq!(count(&store), 8, "{name}");
    }
    let state = store.states().expect("states").remove("kev").expect("a state");
    assert!(!state.refused.is_empty(), "a refusal is told");
}

#[test]
fn an_older_copy_of_an_advisory_does_not_overwrite_a_newer_one() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let text = std::fs::read_to_string(feeds().join("cve/single.json")).expect("the file");
    let mut record: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let write = |name: &str, record: &serde_json::Value| {
        let file = place.path().join(name);
        std::fs::write(&file, record.to_string()).expect("a file");
        file
    };
    record["cveMetadata"]["dateUpdated"] = "2026-01-01T00:00:00Z".into();
    load(&store, &[write("new.json", &record)]);
    record["cveMetadata"]["dateUpdated"] = "2025-01-01T00:00:00Z".into();
    record["containers"]["cna"]["title"] = "older".into();
    let report = load(&store, &[write("old.json", &record)]);
    assert_eq!(report.files[0].counts.older, 1, "{report:?}");
}

#[test]
fn a_document_with_a_wrong_hash_beside_it_is_refused() {
    let place = tempfile::tempdir().expect("a directory");
    let from = feeds().join("csaf/icsma-22-335-01.json");
    let file = place.path().join("icsma-22-335-01.json");
    std::fs::copy(from, &file).expect("a copy");
    std::fs::write(place.path().join("icsma-22-335-01.json.sha512"), format!("{}  x\n", "0".repeat(128)))
        .expect("a hash");
    let store = Store::open(&place.path().join("kb")).expect("a store");
    let report = load(&store, &[file]);
    assert!(report.has_problems());
    assert_eq!(count(&store), 0);
}

#[test]
fn a_bundle_carries_everything_and_any_change_to_it_is_found() {
    let place = tempfile::tempdir().expect("a directory");
    let sender = Store::open(&place.path().join("sender")).expect("a store");
    load(&sender, &[feeds().join("kev"), feeds().join("csaf")]);
    let key = BundleKey::from_seed([7; 32]);
    let mut bytes = Vec::new();
    create_bundle(&sender, &key, now(), "test", &mut bytes).expect("a bundle");
    let mut again = Vec::new();
    create_bundle(&sender, &key, now(), "test", &mut again).expect("a bundle");
    assert_eq!(bytes, again, "the same store gives the same bytes");
    let file = place.path().join("week.bundle");
    std::fs::write(&file, &bytes).expect("a file");
    let receiver = Store::open(&place.path().join("receiver")).expect("a store");
    let untrusted = import(&receiver, std::slice::from_ref(&file), &options(), &mut |_| {});
    assert!(matches!(untrusted, Err(ImportError::Bundle(BundleError::Untrusted { .. }))), "{untrusted:?}");
    let trusted = place.path().join("receiver/trusted-keys");
    std::fs::create_dir_all(&trusted).expect("a directory");
    std::fs::write(trusted.join("sender.pub"), public_key(&key)).expect("a key");
    load(&receiver, std::slice::from_ref(&file));
    assert_eq!(count(&receiver), count(&sender));
    for at in (20..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x40;
        std::fs::write(&file, &changed).expect("a file");
        let fresh = Store::open(&place.path().join(format!("fresh-{at}"))).expect("a store");
        let keys = place.path().join(format!("fresh-{at}/trusted-keys"));
        std::fs::create_dir_all(&keys).expect("a directory");
        std::fs::write(keys.join("sender.pub"), public_key(&key)).expect("a key");
        let result = import(&fresh, std::slice::from_ref(&file), &options(), &mut |_| {});
        let applied = count(&fresh);
        assert!(
            result.is_err() || applied == 0 || applied == count(&sender),
            "byte {at}: {applied} records of a changed bundle"
        );
        if applied > 0 {
            assert!(result.is_ok());
        }
    }
}

#[test]
fn what_is_of_no_feed_is_passed_over_by_name() {
    let place = tempfile::tempdir().expect("a directory");
    std::fs::write(place.path().join("notes.txt"), "hello").expect("a file");
    let store = Store::open(&place.path().join("kb")).expect("a store");
    let report = load(&store, &[place.path().join("notes.txt")]);
    assert!(report.files.is_empty());
    assert_eq!(report.passed_over.len(), 1);
}
