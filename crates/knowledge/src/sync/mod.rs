//! What to ask publishers for: dialogues without IO.
//!
//! A dialogue says the next request and is told the answer; who runs it fetches, keeps entity tags, waits and tries again.
//! Documents go to the feed as files do. Addresses are the official ones; a hospital's mirror takes their place by base.

mod csaf;
mod cve;
mod files;
mod nvd;
mod openfda;

use medward_model::Timestamp;

/// Something to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub url: String,
    /// Beyond what the fetcher sends by itself.
    pub headers: Vec<(String, String)>,
    pub role: Role,
    /// Milliseconds that must pass since the last request to this publisher.
    pub pause: u64,
}

/// What an answer is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A file of the feed, under this name.
    Document { name: String },
    /// Something that tells what to ask next.
    Directions,
    /// The same, of which there may be none: then something else is asked for.
    Perhaps,
    /// The hash or signature of the document of that name; kept beside it under its name and this ending ("sha512", "asc").
    Beside { name: String, ending: &'static str },
    /// A publisher's OpenPGP key of that fingerprint (hexadecimal, upper case).
    Key { fingerprint: String },
}

/// What came.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// The first bytes of a document (up to 64 KiB), or all of directions.
    Body(&'a [u8]),
    /// Nothing new since last time.
    Unchanged,
    /// There is no such thing.
    Missing,
    /// It could not be had.
    Failed,
}

/// A conversation with a publisher.
pub trait Dialogue {
    /// What to ask for next; `None` at the end.
    fn next(&mut self) -> Option<Request>;
    /// Told what came.
    fn answer(&mut self, request: &Request, answer: Answer<'_>);
    /// Up to where everything was had, to be kept when all documents were taken.
    fn watermark(&self) -> Option<String>;
}

/// From where, up to where, and when.
#[derive(Clone, Debug, Default)]
pub struct SyncState {
    pub now: Timestamp,
    /// What the last dialogue left.
    pub watermark: Option<String>,
    /// Takes the place of the official address.
    pub base: Option<String>,
    /// Key of the publisher's API, where the hospital has one.
    pub api_key: Option<String>,
}

/// A feed that can be synchronised.
pub struct Sync {
    /// Name of the feed.
    pub feed: &'static str,
    /// The official address.
    pub base: &'static str,
    pub begin: fn(&SyncState, &str) -> Box<dyn Dialogue>,
}

/// All of them, in alphabetical order of feeds.
pub static SYNCS: &[&Sync] = &[
    &files::ATTACK,
    &csaf::CSAF,
    &cve::CVE,
    &files::ENDOFLIFE,
    &files::EPSS,
    &openfda::CLASSIFICATION,
    &openfda::ENFORCEMENT,
    &openfda::RECALL,
    &openfda::GUDID,
    &files::KEV,
    &nvd::NVD,
];

/// The first of a publisher's requests may come at once; later ones wait so long.
const POLITE: u64 = 250;

fn get(url: String, role: Role) -> Request {
    Request { url, headers: Vec::new(), role, pause: POLITE }
}

/// The last part of an address, fit for a file's name.
fn file_name(url: &str) -> String {
    let last = url.split(['?', '#']).next().unwrap_or(url).rsplit('/').next().unwrap_or_default();
    let name: String = last
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .take(120)
        .collect();
    if name.trim_matches('.').is_empty() { "document".to_owned() } else { name }
}

#[cfg(test)]
mod tests;
