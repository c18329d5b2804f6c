//! Feeds that are one file, or a few.

use std::collections::VecDeque;

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, file_name, get};

pub(super) static KEV: Sync = Sync {
    feed: "kev",
    base: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
    begin: |_, base| Box::new(Files::new(&[base.to_owned()])),
};

pub(super) static EPSS: Sync = Sync {
    feed: "epss",
    base: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
    begin: |_, base| Box::new(Files::new(&[base.to_owned()])),
};

pub(super) static ENDOFLIFE: Sync = Sync {
    feed: "endoflife",
    base: "https://endoflife.date/api/v1/products/full",
    begin: |_, base| Box::new(Files::new(&[base.to_owned()])),
};

pub(super) static ATTACK: Sync = Sync {
    feed: "attack",
    base: "https://raw.githubusercontent.com/mitre-attack/attack-stix-data/master",
    begin: attack,
};

fn attack(_: &SyncState, base: &str) -> Box<dyn Dialogue> {
    let base = base.trim_end_matches('/');
    let all: Vec<String> = ["ics-attack", "enterprise-attack", "mobile-attack"]
        .iter()
        .map(|domain| format!("{base}/{domain}/{domain}.json"))
        .collect();
    Box::new(Files::new(&all))
}

/// A few files, one after another.
struct Files(VecDeque<String>);

impl Files {
    fn new(urls: &[String]) -> Files {
        Files(urls.iter().cloned().collect())
    }
}

impl Dialogue for Files {
    fn next(&mut self) -> Option<Request> {
        let url = self.0.pop_front()?;
        let name = file_name(&url);
        Some(get(url, Role::Document { name }))
    }

    fn answer(&mut self, _: &Request, _: Answer<'_>) {}

    fn watermark(&self) -> Option<String> {
        None
    }
}
