//! openFDA bulk files: `download.json` names the parts of each endpoint; all are asked for when the export is newer.

use std::collections::VecDeque;

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, file_name, get};
use crate::json::member;

const BASE: &str = "https://api.fda.gov/download.json";

pub(super) static RECALL: Sync =
    Sync { feed: "fda-recall", base: BASE, begin: |state, base| Box::new(Parts::new(state, base, "recall")) };
pub(super) static ENFORCEMENT: Sync = Sync {
    feed: "fda-enforcement",
    base: BASE,
    begin: |state, base| Box::new(Parts::new(state, base, "enforcement")),
};
pub(super) static CLASSIFICATION: Sync = Sync {
    feed: "fda-classification",
    base: BASE,
    begin: |state, base| Box::new(Parts::new(state, base, "classification")),
};
pub(super) static GUDID: Sync =
    Sync { feed: "gudid", base: BASE, begin: |state, base| Box::new(Parts::new(state, base, "udi")) };

struct Parts {
    endpoint: &'static str,
    before: Option<String>,
    exported: Option<String>,
    directions: Option<String>,
    parts: VecDeque<String>,
    failed: bool,
}

impl Parts {
    fn new(state: &SyncState, base: &str, endpoint: &'static str) -> Parts {
        Parts {
            endpoint,
            before: state.watermark.clone(),
            exported: None,
            directions: Some(base.to_owned()),
            parts: VecDeque::new(),
            failed: false,
        }
    }
}

impl Dialogue for Parts {
    fn next(&mut self) -> Option<Request> {
        if let Some(url) = self.directions.take() {
            return Some(get(url, Role::Directions));
        }
        let url = self.parts.pop_front()?;
        let name = file_name(&url);
        Some(get(url, Role::Document { name }))
    }

    fn answer(&mut self, request: &Request, answer: Answer<'_>) {
        match (&request.role, answer) {
            (Role::Directions, Answer::Body(bytes)) => {
                let listing: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
                let own = member(member(member(&listing, "results"), "device"), self.endpoint);
                self.exported = member(own, "export_date").as_str().map(str::to_owned);
                if self.exported.is_none() || self.exported == self.before {
                    return;
                }
                let parts = member(own, "partitions").as_array().into_iter().flatten();
                self.parts =
                    parts.filter_map(|part| member(part, "file").as_str()).map(str::to_owned).collect();
            }
            (_, Answer::Failed | Answer::Missing) => self.failed = true,
            _ => {}
        }
    }

    fn watermark(&self) -> Option<String> {
        if self.failed { self.before.clone() } else { self.exported.clone().or_else(|| self.before.clone()) }
    }
}
