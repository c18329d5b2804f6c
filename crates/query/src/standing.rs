//! How a device stands in the monitor: what people say of it and what time tells, beside what the wire says.

use std::collections::BTreeSet;

/// The statuses, as in a query.
pub const STATUSES: &[&str] = &["active", "silent", "missing", "unheard"];

/// The stages of life, as in a query.
pub const LIFECYCLES: &[&str] = &["ordered", "in-service", "stored", "retired", "lost"];

/// What can be found to be wrong with a device, as in a query: severities, `exploited`, then kinds.
pub const FINDINGS: &[&str] = &[
    "critical",
    "high",
    "medium",
    "low",
    "info",
    "exploited",
    "vulnerability",
    "recall",
    "end-of-support",
    "weak-protocol",
    "weak-cipher",
    "certificate",
    "clear-text-login",
    "clear-text-patient-data",
    "default-credential",
    "anonymous-access",
];

/// What is known of a device beside itself; what is not known is absent and never matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub site: Option<String>,
    pub tags: BTreeSet<String>,
    pub owner: Option<String>,
    /// Where it is, in the teller's words.
    pub position: Option<String>,
    /// Identifier of the place where it is.
    pub place: Option<String>,
    /// Identifier of the place where people say that it belongs.
    pub belongs: Option<String>,
    /// One of [`STATUSES`].
    pub status: Option<&'static str>,
    /// One of [`LIFECYCLES`].
    pub lifecycle: Option<&'static str>,
    /// 1 to 5.
    pub criticality: Option<u8>,
    pub group: Option<String>,
    pub medical: bool,
    /// Severities and kinds of what is found, without what only may concern it: some of [`FINDINGS`].
    pub findings: BTreeSet<&'static str>,
    /// CVE identifiers of all that is found.
    pub cves: BTreeSet<String>,
}

/// Text as it is compared: lower case; blanks, hyphens and underscores alike.
pub fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if matches!(c, '-' | '_') { ' ' } else { c }).collect()
}

/// The words and numbers of a position, each with a blank before and after, without the word "port": so that
/// `sw-3/12` is found in "sw-3 port 12", and not in "sw-3 port 121".
pub fn position_words(text: &str) -> String {
    let lower = text.to_lowercase();
    let mut words = String::from(" ");
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && *word != "port")
    {
        words.push_str(word);
        words.push(' ');
    }
    words
}
