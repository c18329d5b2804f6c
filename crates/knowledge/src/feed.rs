//! The seam: what a feed is.
//!
//! A feed is one file with one `pub(super) static`, a `mod` line and an entry in `feeds::FEEDS`. It says how its files
//! are recognised and how their bytes become [`Record`]s, one at a time.

use std::io::{BufRead, Read};

use medward_model::{Record, Timestamp};

/// A source of knowledge.
#[derive(Debug)]
pub struct Feed {
    /// Lower case, stable: the name in outputs and in the knowledge directory.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    pub publisher: &'static str,
    /// Under which terms it may be used and passed on.
    pub licence: &'static str,
    /// The shapes that it reads, by document and section.
    pub specification: &'static [&'static str],
    /// Hours between two publications, as its publisher says; older than three times that is stale. 0: whenever.
    pub cadence_hours: u32,
    /// Whether a file holds all of it, or a part or change of it.
    pub extent: Extent,
    /// Kinds of records that it yields.
    pub yields: &'static [Kind],
    /// Whether a file is one of this feed's. Strict: at most one feed says yes to a file.
    pub recognise: fn(&Sample<'_>) -> bool,
    /// Reads one file (already decompressed), record by record.
    pub read: fn(&mut dyn BufRead, &mut dyn Sink) -> Result<Header, FeedError>,
}

/// Whether a file of a feed holds all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One file is the whole: what it no longer names is gone.
    Whole,
    /// A file adds to or changes what is there.
    Part,
}

/// Kinds of records, for listings and for "was such a feed ever loaded".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Advisory,
    Exploited,
    Score,
    Statement,
    Recall,
    ProductCode,
    DeviceIdentifier,
    Lifecycle,
    Technique,
    Disclosure,
    Bom,
}

impl Kind {
    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Advisory => "advisories",
            Kind::Exploited => "exploited vulnerabilities",
            Kind::Score => "exploit predictions",
            Kind::Statement => "VEX statements",
            Kind::Recall => "recalls",
            Kind::ProductCode => "product codes",
            Kind::DeviceIdentifier => "device identifiers",
            Kind::Lifecycle => "life cycles",
            Kind::Technique => "techniques",
            Kind::Disclosure => "disclosure statements",
            Kind::Bom => "bills of materials",
        }
    }
}

/// The beginning of a file, from which a feed recognises its own.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// File name, with the path inside an archive; may be empty. A hint only.
    pub name: &'a str,
    /// The first bytes, decompressed: 64 KiB, or all where the file is shorter.
    pub head: &'a [u8],
}

impl<'a> Sample<'a> {
    /// The head without a byte order mark and blanks.
    pub fn text(&self) -> &'a [u8] {
        self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.head).trim_ascii_start()
    }

    /// Whether it begins like a JSON object or array.
    pub fn is_json(&self) -> bool {
        matches!(self.text().first(), Some(b'{' | b'['))
    }

    /// Whether these bytes stand anywhere in the head.
    pub fn contains(&self, needle: &str) -> bool {
        memchr::memmem::find(self.head, needle.as_bytes()).is_some()
    }

    /// Whether it is JSON and names all of these as members, at any depth: `"key"` and a colon.
    pub fn has_members(&self, keys: &[&str]) -> bool {
        self.is_json() && keys.iter().all(|key| self.has_member(key))
    }

    fn has_member(&self, key: &str) -> bool {
        let quoted = format!("\"{key}\"");
        memchr::memmem::find_iter(self.head, quoted.as_bytes()).any(|at| {
            let rest = self.head.get(at + quoted.len()..).unwrap_or_default();
            rest.trim_ascii_start().first() == Some(&b':')
        })
    }
}

/// Where records go.
pub trait Sink {
    /// A record, complete.
    fn record(&mut self, record: Record);
    /// A record that could not be read; the rest goes on.
    fn skip(&mut self, skipped: Skipped);
}

/// A record that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its id where that could be read, else its position ("record 17").
    pub what: String,
    pub why: String,
}

/// What a file says of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// The moment up to which it is current.
    pub as_of: Option<Timestamp>,
    /// How many records it says it has.
    pub declared: Option<u64>,
    /// Version of the catalogue, model or schema, as the file names it.
    pub version: Option<String>,
    /// The file ended before its end: what came before was read.
    pub truncated: bool,
}

/// Why a file could not be read on.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is not what it seemed to be, or the publisher changed its shape.
    #[error("is not the shape of this feed: expected {expected}, found {found}")]
    Shape { expected: &'static str, found: String },
    /// A whole document that must be held in memory is too large.
    #[error("is larger than {limit} bytes, which is more than such a document may have")]
    TooLarge { limit: u64 },
}

/// Reads a document that can only be understood whole, up to `limit` bytes.
pub(crate) fn read_whole(input: &mut dyn BufRead, limit: u64) -> Result<Vec<u8>, FeedError> {
    let mut bytes = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(FeedError::TooLarge { limit });
    }
    Ok(bytes)
}

/// Bytes at the front from which a feed tells its forms apart.
const HEAD: u64 = 64 << 10;

/// The first bytes, and the whole input again: what a stream hands out at once may be less than a form shows in.
pub(crate) fn with_head<'r>(input: &'r mut dyn BufRead) -> Result<(Vec<u8>, impl BufRead + 'r), FeedError> {
    let mut head = Vec::new();
    (&mut *input).take(HEAD).read_to_end(&mut head)?;
    let joined = std::io::Cursor::new(head.clone()).chain(input);
    Ok((head, joined))
}
