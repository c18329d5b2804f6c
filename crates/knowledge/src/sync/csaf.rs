//! CSAF providers (CSAF 2.0, 7): provider-metadata names ROLIE feeds or directories; documents that changed since the
//! watermark are asked for, each with its hash, and with its signature where the provider names keys.

use std::collections::VecDeque;

use medward_model::Timestamp;

use super::{Answer, Dialogue, Request, Role, Sync, SyncState, file_name, get};
use crate::{Distribution, read_changes, read_provider, read_rolie};

pub(super) static CSAF: Sync = Sync {
    feed: "csaf",
    base: "https://www.cisa.gov/sites/default/files/csaf/provider-metadata.json",
    begin: |state, base| Box::new(Csaf::new(state, base)),
};

enum Step {
    Provider(String),
    Rolie(String),
    Changes(String, String),
    Document(String),
    Beside { url: String, name: String, ending: &'static str },
    Key { url: String, fingerprint: String },
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
        let steps = VecDeque::from([Step::Provider(base.to_owned())]);
        Csaf { since, newest: since, steps, signs: false, failed: false }
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
            Step::Provider(url) | Step::Rolie(url) | Step::Changes(url, _) => {
                get(url.clone(), Role::Directions)
            }
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
                self.failed |= !matches!(step, Step::Beside { .. } | Step::Key { .. });
                return;
            }
        };
        match step {
            Step::Provider(_) => match read_provider(bytes) {
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
            Step::Document(_) | Step::Beside { .. } | Step::Key { .. } => {}
        }
    }

    fn watermark(&self) -> Option<String> {
        let until = if self.failed { self.since } else { self.newest };
        until.map(|time| time.to_string())
    }
}
