//! Reads every file under a directory as its feed and shows what comes out: one line a file, or, with `--records`, every
//! record as JSON. Files that no feed recognises are listed at the end.
//!
//! `cargo run -p medward-knowledge --example read_feeds -- DIRECTORY [--records]`
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::{Path, PathBuf};

use medward_knowledge::{FeedError, Header, Sample, Sink, Skipped, recognise};
use medward_model::Record;

#[derive(Default)]
struct Shown {
    records: usize,
    skipped: Vec<Skipped>,
    print: bool,
}

impl Sink for Shown {
    fn record(&mut self, record: Record) {
        self.records += 1;
        if self.print {
            println!("{}", serde_json::to_string(&record).unwrap_or_default());
        }
    }
    fn skip(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }
}

fn files(directory: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { files(&path, into)? } else { into.push(path) }
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = arguments.next().unwrap_or_else(|| ".".to_owned());
    let print = arguments.any(|argument| argument == "--records");
    let mut all = Vec::new();
    files(Path::new(&directory), &mut all)?;
    all.sort();
    let mut unknown = Vec::new();
    for path in all {
        let bytes = std::fs::read(&path)?;
        let head = bytes.get(..bytes.len().min(64 << 10)).unwrap_or_default();
        let Some(feed) = recognise(&Sample { name: "", head }) else {
            unknown.push(path);
            continue;
        };
        let mut shown = Shown { print, ..Shown::default() };
        let started = std::time::Instant::now();
        let result: Result<Header, FeedError> = (feed.read)(&mut bytes.as_slice(), &mut shown);
        eprintln!(
            "{}: {}, {} records, {} skipped, {} ms, {}",
            path.display(),
            feed.name,
            shown.records,
            shown.skipped.len(),
            started.elapsed().as_millis(),
            result.map_or_else(|error| error.to_string(), |header| format!("{header:?}"))
        );
        for skipped in shown.skipped {
            eprintln!("  skipped {}: {}", skipped.what, skipped.why);
        }
    }
    for path in unknown {
        eprintln!("no feed: {}", path.display());
    }
    Ok(())
}
