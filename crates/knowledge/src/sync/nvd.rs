//! NVD API 2.0: pages of what was modified since the watermark, in windows of at most 120 days; the first time everything.
//!
//! Five requests in 30 seconds without a key, fifty with one (NVD developers, rate limits).

use medward_model::Timestamp;

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, get};
use crate::Sample;

pub(super) static NVD: Sync = Sync {
    feed: "nvd",
    base: "https://services.nvd.nist.gov/rest/json/cves/2.0",
    begin: |state, base| Box::new(Nvd::new(state, base)),
};

/// Longest window, in seconds.
const WINDOW: i64 = 119 * 86_400;

/// Records a page.
const PAGE: u64 = 2_000;

struct Nvd {
    base: String,
    key: Option<String>,
    /// Windows still to be asked for; `None` stands for everything.
    windows: Vec<Option<(Timestamp, Timestamp)>>,
    start: u64,
    done_to: Timestamp,
    failed: bool,
}

impl Nvd {
    fn new(state: &SyncState, base: &str) -> Nvd {
        let since = state.watermark.as_deref().and_then(|text| text.parse::<Timestamp>().ok());
        let mut windows = Vec::new();
        match since {
            None => windows.push(None),
            Some(mut from) => {
                while from < state.now && windows.len() < 64 {
                    let to = from.plus_seconds(WINDOW).min(state.now);
                    windows.push(Some((from, to)));
                    from = to;
                }
                windows.reverse();
            }
        }
        Nvd {
            base: base.trim_end_matches('/').to_owned(),
            key: state.api_key.clone(),
            windows,
            start: 0,
            done_to: state.now,
            failed: false,
        }
    }
}

impl Dialogue for Nvd {
    fn next(&mut self) -> Option<Request> {
        let window = (*self.windows.last()?).map_or_else(String::new, |(from, to)| {
            // A plus in a query stands for a blank: UTC is written as Z.
            format!("&lastModStartDate={from}&lastModEndDate={to}")
        });
        let url = format!("{}?startIndex={}&resultsPerPage={PAGE}{window}", self.base, self.start);
        let name = format!("nvd-{}-{}.json", self.windows.len(), self.start);
        let mut request = get(url, Role::Document { name });
        request.pause = if self.key.is_some() { 700 } else { 6_500 };
        request.headers.extend(self.key.iter().map(|key| ("apiKey".to_owned(), key.clone())));
        Some(request)
    }

    fn answer(&mut self, _: &Request, answer: Answer<'_>) {
        let Answer::Body(head) = answer else {
            self.failed |= matches!(answer, Answer::Failed | Answer::Missing);
            self.windows.clear();
            return;
        };
        let total = number(head, "totalResults").unwrap_or(0);
        let page = number(head, "resultsPerPage").unwrap_or(PAGE).max(1);
        self.start += page;
        if self.start >= total {
            self.start = 0;
            self.windows.pop();
        }
    }

    fn watermark(&self) -> Option<String> {
        (!self.failed && self.windows.is_empty()).then(|| self.done_to.to_string())
    }
}

/// A number of the head of a page.
fn number(head: &[u8], member: &str) -> Option<u64> {
    let head = Sample { name: "", head };
    let text = String::from_utf8_lossy(head.text());
    let rest = text.split(&format!("\"{member}\"")).nth(1)?.trim_start().strip_prefix(':')?.trim_start();
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}
