//! Records of a file, without keeping them.

use std::path::Path;

use medward_knowledge::{Sink, Skipped};
use medward_model::Record;

use crate::import::{ImportError, recognised};
use crate::open::each_plain;

/// Most records that are read of files that are only looked into.
const MOST_RECORDS: usize = 100_000;

/// The records of a file or archive, with the names of their feeds.
///
/// # Errors
/// Where it cannot be read, is of no feed, breaks off, or has more than a hundred thousand records: such is imported.
pub fn read_records(path: &Path) -> Result<Vec<(&'static str, Record)>, ImportError> {
    let mut records = Vec::new();
    let mut problem: Option<std::io::Error> = None;
    let mut is_of_a_feed = false;
    each_plain(path, &mut |name, stream| {
        let read = || -> std::io::Result<()> {
            let stream = stream?;
            let Some((feed, mut input)) = recognised(name, stream)? else { return Ok(()) };
            is_of_a_feed = true;
            let mut sink = Taking { feed: feed.name, records: &mut records };
            let header = (feed.read)(&mut input, &mut sink)
                .map_err(|error| std::io::Error::other(format!("it {error}")))?;
            match header.truncated {
                true => Err(std::io::Error::other("it ends before its end")),
                false => Ok(()),
            }
        };
        if let Err(error) = read() {
            problem.get_or_insert(error);
        }
    });
    if problem.is_none() && !is_of_a_feed {
        problem = Some(std::io::Error::other("it is of no feed (`medward feeds` lists them)"));
    }
    if problem.is_none() && records.len() > MOST_RECORDS {
        problem = Some(std::io::Error::other(
            "it has more records than are looked into at once: import it with `medward knowledge import`",
        ));
    }
    match problem {
        Some(error) => Err(ImportError::Unreadable { path: path.display().to_string(), error }),
        None => Ok(records),
    }
}

struct Taking<'r> {
    feed: &'static str,
    records: &'r mut Vec<(&'static str, Record)>,
}

impl Sink for Taking<'_> {
    fn record(&mut self, record: Record) {
        // One more than is allowed tells that there are more.
        if self.records.len() <= MOST_RECORDS {
            self.records.push((self.feed, record));
        }
    }

    fn skip(&mut self, _: Skipped) {}
}
