//! Every feed reads its files as the goldens say, and stands what publishers and networks do to files.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use medward_knowledge::{FEEDS, Feed, FeedError, Header, Sample, Sink, Skipped, feed, recognise};
use medward_model::Record;

#[derive(Default)]
struct Kept {
    records: Vec<Record>,
    skipped: Vec<Skipped>,
}

impl Sink for Kept {
    fn record(&mut self, record: Record) {
        self.records.push(record);
    }
    fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Feed, file name, path.
fn files() -> Vec<(String, String, PathBuf)> {
    let mut all = Vec::new();
    for folder in std::fs::read_dir(root().join("tests/feeds")).expect("tests/feeds is there") {
        let folder = folder.expect("a listing");
        if !folder.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(folder.path()).expect("a directory").flatten() {
            let name = |entry: &std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
            all.push((name(&folder), name(&file), file.path()));
        }
    }
    all.sort();
    all
}

/// The bytes as a feed gets them: decompressed.
fn bytes(path: &Path) -> Vec<u8> {
    let raw = std::fs::read(path).expect("a readable file");
    let mut plain = Vec::new();
    if raw.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(raw.as_slice()).read_to_end(&mut plain).expect("gzip");
        plain
    } else {
        raw
    }
}

fn read(feed: &Feed, mut input: impl BufRead) -> (Kept, Result<Header, FeedError>) {
    let mut kept = Kept::default();
    let result = (feed.read)(&mut input, &mut kept);
    (kept, result)
}

fn shown(kept: &Kept, result: &Result<Header, FeedError>) -> String {
    let mut text = String::new();
    for record in &kept.records {
        writeln!(text, "{}", serde_json::to_string(record).expect("records are JSON")).expect("memory");
    }
    for skipped in &kept.skipped {
        writeln!(text, "skipped {}: {}", skipped.what, skipped.why).expect("memory");
    }
    match result {
        Ok(header) => writeln!(
            text,
            "header: as of {}, declares {}, version {}, truncated {}",
            header.as_of.map_or("nothing".to_owned(), |t| t.to_string()),
            header.declared.map_or("nothing".to_owned(), |n| n.to_string()),
            header.version.as_deref().unwrap_or("none"),
            header.truncated
        ),
        Err(error) => writeln!(text, "error: {error}"),
    }
    .expect("memory");
    text
}

#[test]
fn every_file_is_recognised_as_its_own_feed_and_no_other() {
    for (name, file, path) in files() {
        let bytes = bytes(&path);
        let head = &bytes[..bytes.len().min(64 << 10)];
        let sample = Sample { name: &file, head };
        let found: Vec<&str> =
            FEEDS.iter().filter(|feed| (feed.recognise)(&sample)).map(|f| f.name).collect();
        assert_eq!(found, [name.as_str()], "{name}/{file}");
        // Also without the name, which is only a hint.
        assert_eq!(
            recognise(&Sample { name: "", head }).map(|feed| feed.name),
            Some(name.as_str()),
            "{file}"
        );
    }
}

#[test]
fn every_file_is_read_as_its_golden_says() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut wrong = Vec::new();
    for (name, file, path) in files() {
        let feed = feed(&name).unwrap_or_else(|| panic!("tests/feeds/{name} is no feed's name"));
        let (kept, result) = read(feed, bytes(&path).as_slice());
        assert!(!kept.records.is_empty(), "{name}/{file} yields nothing");
        let now = shown(&kept, &result);
        let golden = root().join("tests/golden/feeds").join(&name).join(format!("{file}.jsonl"));
        if update {
            std::fs::create_dir_all(golden.parent().expect("a folder")).expect("a writable tree");
            std::fs::write(&golden, &now).expect("a writable tree");
        } else if std::fs::read_to_string(&golden).ok().as_deref() != Some(now.as_str()) {
            wrong.push(golden);
        }
    }
    assert!(wrong.is_empty(), "differ from what is read now (UPDATE_GOLDENS=1 accepts it): {wrong:#?}");
}

#[test]
fn records_have_keys_of_their_own_within_a_file() {
    for (name, file, path) in files() {
        let (kept, _) = read(feed(&name).expect("a feed"), bytes(&path).as_slice());
        let mut keys: Vec<&str> = kept.records.iter().map(Record::key).collect();
        assert!(keys.iter().all(|key| !key.is_empty()), "{name}/{file} has a record without a key");
        keys.sort_unstable();
        let before = keys.len();
        keys.dedup();
        assert_eq!(keys.len(), before, "{name}/{file} names a record twice");
    }
}

#[test]
fn small_pieces_read_like_the_whole() {
    for (name, file, path) in files() {
        let feed = feed(&name).expect("a feed");
        let bytes = bytes(&path);
        let (whole, result) = read(feed, bytes.as_slice());
        let (pieces, other) = read(feed, BufReader::with_capacity(97, bytes.as_slice()));
        assert_eq!(shown(&whole, &result), shown(&pieces, &other), "{name}/{file}");
    }
}

#[test]
fn a_cut_file_keeps_what_stands_before_the_cut_and_says_so() {
    for (name, file, path) in files() {
        let feed = feed(&name).expect("a feed");
        let bytes = bytes(&path);
        let (whole, _) = read(feed, bytes.as_slice());
        for part in 1..16 {
            let (kept, result) = read(feed, &bytes[..bytes.len() * part / 16]);
            assert!(kept.records.len() <= whole.records.len(), "{name}/{file} grows when cut");
            if let Ok(header) = &result
                && !file.ends_with(".csv")
                && !file.ends_with(".txt")
                && !file.ends_with(".gz")
            {
                assert!(
                    header.truncated || !kept.skipped.is_empty() || kept.records.len() == whole.records.len(),
                    "{name}/{file}: {part}/16 of it reads as if it were whole"
                );
            }
        }
    }
}

#[test]
fn changed_bytes_never_panic() {
    for (name, file, path) in files() {
        let feed = feed(&name).expect("a feed");
        let bytes = bytes(&path);
        // A fixed sequence, so that a failure can be repeated.
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..60 {
            let mut changed = bytes.clone();
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let at = usize::try_from(state >> 33).unwrap_or_default() % changed.len();
                changed[at] = b"\"{}[],:\\0\xff\n"[usize::try_from(state >> 20).unwrap_or_default() % 11];
            }
            let (kept, _) = read(feed, changed.as_slice());
            assert!(kept.records.len() < 1_000_000, "{name}/{file}");
        }
    }
}

#[test]
fn feeds_are_listed_in_order_with_their_particulars() {
    let names: Vec<&str> = FEEDS.iter().map(|feed| feed.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for feed in FEEDS {
        assert!(
            !feed.licence.is_empty() && !feed.publisher.is_empty() && !feed.specification.is_empty(),
            "{}",
            feed.name
        );
        assert!(!feed.yields.is_empty(), "{}", feed.name);
        assert!(
            files().iter().any(|(name, _, _)| name == feed.name),
            "{} has no file in tests/feeds",
            feed.name
        );
    }
}
