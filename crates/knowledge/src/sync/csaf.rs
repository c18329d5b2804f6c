//! CSAF providers (CSAF 2.0, 7): provider-metadata, given by address or found by the provider's domain (7.1.8 to 7.1.10),
//! names ROLIE feeds or directories; a directory lists its changes, or at least its files. Documents that changed since the watermark are asked for, each with its hash, and with its signature where the provider names keys.

use std::collections::VecDeque;

use medward_model::Timestamp;

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, file_name, get};
use crate::{
    Distribution, provider_addresses, read_changes, read_index, read_provider, read_rolie, read_security_txt,
};

pub(super) static CSAF: Sync = Sync {
    feed: "csaf",
    base: "https://www.cisa.gov/sites/default/files/csaf/provider-metadata.json",
    begin: |state, base| Box::new(Csaf::new(state, base)),
};

enum Step {
    /// Places where provider-metadata may be, the next one first; the last one must have it.
    Provider(Vec<String>),
    Rolie(String),
    Changes(String, String),
    Index(String, String),
    Document(String),
    Beside {
        url: String,
        name: String,
        ending: &'static str,
    },
    Key {
        url: String,
        fingerprint: String,
    },
}

struct Csaf {
    since: Option<Timestamp>,
    newest: Option<Timestamp>,
    steps: VecDeque<Step>,
    /// The provider names keys, so that signatures can be checked.
    signs: bool,
    failed: bool,
}

impl Csaf {
    fn new(state: &SyncState, base: &str) -> Csaf {
        let since = state.watermark.as_deref().and_then(|text| text.parse().ok());
        let places = if base.ends_with(".json") {
            vec![base.to_owned()]
        } else {
            let domain = base.trim_start_matches("https://").trim_end_matches('/');
            provider_addresses(domain).to_vec()
        };
        let steps = VecDeque::from([Step::Provider(places)]);
        Csaf { since, newest: since, steps, signs: false, failed: false }
    }

    /// Goes on to the next place where provider-metadata may be.
    fn next_place(&mut self, places: Vec<String>) {
        self.steps.push_front(Step::Provider(places.into_iter().skip(1).collect()));
    }

    fn document(
        &mut self,
        url: String,
        hashes: &[String],
        signature: Option<String>,
        changed: Option<Timestamp>,
    ) {
        if changed.is_some() && changed <= self.since {
            return;
        }
        self.newest = self.newest.max(changed);
        let name = file_name(&url);
        // What stands beside the document comes first: then it is there when the document is taken in.
        let hash = |ending: &'static str| {
            let url = hashes.iter().find(|hash| hash.ends_with(&format!(".{ending}")))?;
            Some(Step::Beside { url: url.clone(), name: name.clone(), ending })
        };
        self.steps.extend(hash("sha512").or_else(|| hash("sha256")));
        if let Some(url) = signature.filter(|_| self.signs) {
            self.steps.push_back(Step::Beside { url, name, ending: "asc" });
        }
        self.steps.push_back(Step::Document(url));
    }
}

impl Dialogue for Csaf {
    fn next(&mut self) -> Option<Request> {
        Some(match self.steps.front()? {
            Step::Provider(places) => {
                let role = if places.len() > 1 { Role::Perhaps } else { Role::Directions };
                get(places.first()?.clone(), role)
            }
            Step::Rolie(url) | Step::Index(url, _) => get(url.clone(), Role::Directions),
            Step::Changes(url, _) => get(url.clone(), Role::Perhaps),
            Step::Document(url) => get(url.clone(), Role::Document { name: file_name(url) }),
            Step::Beside { url, name, ending } => {
                get(url.clone(), Role::Beside { name: name.clone(), ending })
            }
            Step::Key { url, fingerprint } => {
                get(url.clone(), Role::Key { fingerprint: fingerprint.clone() })
            }
        })
    }

    fn answer(&mut self, _: &Request, answer: Answer<'_>) {
        let Some(step) = self.steps.pop_front() else { return };
        let bytes = match answer {
            Answer::Body(bytes) => bytes,
            Answer::Unchanged => return,
            Answer::Missing | Answer::Failed => {
                match step {
                    Step::Provider(places) if places.len() > 1 => self.next_place(places),
                    Step::Changes(_, directory) if matches!(answer, Answer::Missing) => {
                        self.steps.push_back(Step::Index(format!("{directory}/index.txt"), directory));
                    }
                    step => self.failed |= !matches!(step, Step::Beside { .. } | Step::Key { .. }),
                }
                return;
            }
        };
        match step {
            Step::Provider(places) if places.first().is_some_and(|url| url.ends_with("security.txt")) => {
                let named = read_security_txt(&String::from_utf8_lossy(bytes));
                let mut next = vec![String::new()];
                next.extend(named);
                next.extend(places.into_iter().skip(1));
                self.next_place(next);
            }
            Step::Provider(places) => match read_provider(bytes) {
                Ok(provider) => {
                    for key in provider.keys {
                        self.signs = true;
                        self.steps.push_back(Step::Key { url: key.url, fingerprint: key.fingerprint });
                    }
                    for distribution in provider.distributions {
                        match distribution {
                            Distribution::Rolie { url, .. } => self.steps.push_back(Step::Rolie(url)),
                            Distribution::Directory(directory) => {
                                let base = directory.trim_end_matches('/').to_owned();
                                self.steps.push_back(Step::Changes(format!("{base}/changes.csv"), base));
                            }
                        }
                    }
                }
                Err(_) if places.len() > 1 => self.next_place(places),
                Err(_) => self.failed = true,
            },
            Step::Rolie(_) => match read_rolie(bytes) {
                Ok(feed) => {
                    for entry in feed.entries {
                        self.document(entry.url, &entry.hashes, entry.signature, entry.updated);
                    }
                }
                Err(_) => self.failed = true,
            },
            Step::Changes(_, directory) => {
                for change in read_changes(bytes, &directory) {
                    let beside = |ending: &str| format!("{}.{ending}", change.url);
                    let (hash, signature) = (beside("sha512"), beside("asc"));
                    self.document(change.url, &[hash], Some(signature), change.changed);
                }
            }
            Step::Index(_, directory) => {
                // Without days everything is asked for; what did not change is not sent again.
                for url in read_index(&String::from_utf8_lossy(bytes), &directory) {
                    let beside = |ending: &str| format!("{url}.{ending}");
                    let (hash, signature) = (beside("sha512"), beside("asc"));
                    self.document(url, &[hash], Some(signature), None);
                }
            }
            Step::Document(_) | Step::Beside { .. } | Step::Key { .. } => {}
        }
    }

    fn watermark(&self) -> Option<String> {
        let until = if self.failed { self.since } else { self.newest };
        until.map(|time| time.to_string())
    }
}
