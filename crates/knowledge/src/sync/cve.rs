//! The CVE record list: the whole of last midnight the first time, afterwards what its log of changes names.
//!
//! The log goes back 30 days; where the watermark is older the whole is asked for again.

use std::collections::VecDeque;

use medward_model::{Day, Timestamp};

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, file_name, get};

pub(super) static CVE: Sync = Sync {
    feed: "cve",
    base: "https://github.com/CVEProject/cvelistV5/releases/download",
    begin: |state, base| Box::new(CveList::new(state, base)),
};

/// Where the log stands.
const LOG: &str = "https://raw.githubusercontent.com/CVEProject/cvelistV5/main/cves/deltaLog.json";

/// How far the log goes back, in seconds, with a margin.
const LOG_REACHES: i64 = 28 * 86_400;

struct CveList {
    before: Option<Timestamp>,
    until: Timestamp,
    directions: Option<String>,
    documents: VecDeque<String>,
    failed: bool,
}

impl CveList {
    fn new(state: &SyncState, base: &str) -> CveList {
        let before: Option<Timestamp> = state.watermark.as_deref().and_then(|text| text.parse().ok());
        let base = base.trim_end_matches('/');
        let mut list =
            CveList { before, until: state.now, directions: None, documents: VecDeque::new(), failed: false };
        match before {
            Some(before) if state.now.seconds_since(before) < LOG_REACHES => {
                list.directions = Some(if base == CVE.base {
                    LOG.to_owned()
                } else {
                    format!("{base}/cves/deltaLog.json")
                });
            }
            _ => {
                let day = Day::of(state.now);
                list.until = day.start();
                list.documents
                    .push_back(format!("{base}/cve_{day}_0000Z/{day}_all_CVEs_at_midnight.zip.zip"));
            }
        }
        list
    }
}

impl Dialogue for CveList {
    fn next(&mut self) -> Option<Request> {
        if let Some(url) = self.directions.take() {
            return Some(get(url, Role::Directions));
        }
        let url = self.documents.pop_front()?;
        let name = file_name(&url);
        Some(get(url, Role::Document { name }))
    }

    fn answer(&mut self, request: &Request, answer: Answer<'_>) {
        match (&request.role, answer) {
            (Role::Directions, Answer::Body(bytes)) => {
                let log: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
                let mut seen = std::collections::BTreeSet::new();
                for change in log.as_array().into_iter().flatten() {
                    let time = change["fetchTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
                    if time.is_some() && time < self.before {
                        continue;
                    }
                    let lists = ["new", "updated"]
                        .iter()
                        .flat_map(|kind| change[*kind].as_array().into_iter().flatten());
                    for url in lists.filter_map(|one| one["githubLink"].as_str()) {
                        if seen.insert(url.to_owned()) {
                            self.documents.push_back(url.to_owned());
                        }
                    }
                }
            }
            (_, Answer::Failed | Answer::Missing) => self.failed = true,
            _ => {}
        }
    }

    fn watermark(&self) -> Option<String> {
        let until = if self.failed { self.before } else { Some(self.until) };
        until.map(|time| time.to_string())
    }
}
