//! Makers' disclosure statements for the security of a device model (MDS2).
//!
//! Shapes: the forms of 2013 (HIMSS/NEMA HN 1-2013) and 2019 (ANSI/NEMA HN 1-2019), filled in by makers as spreadsheets
//! (Office Open XML) or exported from them as CSV. A file is one statement. How the cells are found is told in [`form`],
//! what may be concluded from the answers in [`facts`].
//!
//! Limits: a spreadsheet is only known as one of these once it is unpacked, so `read` may answer that it is none. PDF
//! forms are not read, nor is the form of 2008. Notes are kept as they stand in the row; numbers that refer to notes
//! elsewhere are not resolved.

mod day;
mod facts;
mod form;
mod ids;
mod labels;
mod xlsx;

use std::io::BufRead;

use medward_model::Record;

pub use facts::{DisclosedFacts, answers_of_interest};

use crate::feed::read_whole;
use crate::wording::decoded;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static MDS2: Feed = Feed {
    name: "mds2",
    title: "Manufacturer Disclosure Statements for Medical Device Security",
    publisher: "makers of devices",
    licence: "as the maker says; for use by the operator of the device",
    specification: &["HIMSS/NEMA HN 1-2013", "ANSI/NEMA HN 1-2019"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Disclosure],
    recognise,
    read,
};

/// Largest file; filled-in forms have about 100 KiB.
const MAX_FILE: u64 = 16 << 20;

/// Most rows and columns that are looked at; forms have about 300 and 12.
const MAX_ROWS: usize = 5_000;
const MAX_COLUMNS: usize = 64;

/// Longest text of a cell that is kept, in bytes; the rest is dropped.
const MAX_CELL: usize = 8 << 10;

/// First bytes of a zip archive, which a spreadsheet is.
const ZIP: &[u8] = b"PK\x03\x04";

fn recognise(sample: &Sample<'_>) -> bool {
    if sample.head.starts_with(ZIP) {
        // Documents and presentations have the list of content types as well.
        return [
            "xl/workbook",
            "xl/worksheets/",
            "xl/theme/",
            "xl/styles",
            "xl/sharedStrings",
            "[Content_Types].xml",
        ]
        .iter()
        .any(|name| sample.contains(name))
            && !["word/", "ppt/", "visio/"].iter().any(|folder| sample.contains(folder));
    }
    let first = sample.text().first();
    !matches!(first, None | Some(b'{' | b'[' | b'<'))
        && !sample.head.contains(&0)
        && form::year(&table(sample.head)).is_some()
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let bytes = read_whole(input, MAX_FILE)?;
    let mut header = Header::default();
    let statement = if bytes.starts_with(ZIP) {
        let book = xlsx::Workbook::read(&bytes)
            .map_err(|found| FeedError::Shape { expected: "a spreadsheet", found })?;
        // The form fills one sheet; others hold instructions or, in some editions, the notes.
        let best = book.sheets.iter().max_by_key(|rows| form::questions(rows)).map_or(&[][..], Vec::as_slice);
        header.truncated = book.truncated;
        form::statement(best, book.since_1904)
    } else {
        form::statement(&table(&bytes), false)
    };
    let Some(statement) = statement else {
        return Err(FeedError::Shape {
            expected: "rows with question ids of MDS2, like MPII-1 or 2-1.1",
            found: "too few of them".to_owned(),
        });
    };
    if statement.vendor.is_empty() && statement.model.is_empty() {
        let why = "names neither the maker nor the model".to_owned();
        sink.skip(Skipped { what: "the statement".to_owned(), why });
    } else {
        sink.record(Record::Disclosure(Box::new(statement)));
    }
    Ok(header)
}

/// The cells of an exported table, row by row.
fn table(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = decoded(bytes);
    let text = text.trim_start_matches('\u{feff}');
    // Counting marks would be led astray by the texts of questions: what parts the ids from them is the mark.
    let tables = [b'\t', b';', b','].map(|mark| parted(text, mark));
    tables.into_iter().max_by_key(|rows| form::questions(rows)).unwrap_or_default()
}

fn parted(text: &str, mark: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(mark)
        .from_reader(text.as_bytes());
    let rows = reader.records().map_while(Result::ok).take(MAX_ROWS);
    rows.map(|row| row.iter().take(MAX_COLUMNS).map(tidy).collect()).collect()
}

/// A cell's text on one line, not longer than [`MAX_CELL`].
fn tidy(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.len() + word.len() >= MAX_CELL {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}
