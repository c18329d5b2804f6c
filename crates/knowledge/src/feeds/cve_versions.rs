//! `affected` entries of CVE records (CVE Record Format 5.1, `product`), which NVD copies too.

use medward_model::{Bound, VersionSpan, Versions};
use serde::Deserialize;

/// One product with its versions.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Affected {
    pub vendor: String,
    pub product: String,
    pub versions: Vec<Version>,
    pub default_status: String,
    pub cpes: Vec<String>,
    pub platforms: Vec<String>,
    pub modules: Vec<String>,
    #[serde(rename = "packageName")]
    pub package: Option<String>,
    #[serde(rename = "collectionURL")]
    pub collection: Option<String>,
}

/// One entry of `versions`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Version {
    pub version: String,
    pub status: String,
    pub less_than: Option<String>,
    pub less_than_or_equal: Option<String>,
    pub version_type: Option<String>,
    pub changes: Vec<Change>,
}

/// From some version on the status is another.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Change {
    pub at: String,
    pub status: String,
}

impl Affected {
    /// Whether vendor or product say anything.
    pub(super) fn names_something(&self) -> bool {
        !says_nothing(&self.product)
    }
}

fn says_nothing(text: &str) -> bool {
    matches!(text.trim().to_ascii_lowercase().as_str(), "" | "n/a" | "unspecified" | "unknown" | "-")
}

/// The versions that an entry speaks of.
pub(super) fn versions(affected: &Affected) -> Versions {
    let default = match affected.default_status.as_str() {
        "affected" => Some(true),
        "unaffected" => Some(false),
        _ => None,
    };
    let mut spans: Vec<VersionSpan> = Vec::new();
    let mut prose: Vec<&str> = Vec::new();
    for version in &affected.versions {
        let is_affected = match version.status.as_str() {
            "unaffected" => false,
            "" | "affected" => true,
            // "unknown" says nothing.
            _ => continue,
        };
        if version.version_type.as_deref() == Some("git") {
            continue;
        }
        let text = version.version.trim();
        let end = end_of(version);
        if end.is_none() && is_affected && !is_plain(text) {
            prose.push(text);
            continue;
        }
        let scheme = version.version_type.as_deref().filter(|kind| *kind != "custom").map(Into::into);
        let from = (!is_open(text)).then(|| Bound { version: text.into(), inclusive: true });
        let to = match &end {
            Some(end) => Some(end.clone()),
            None if is_open(text) => None,
            None => from.clone(),
        };
        spans.push(VersionSpan { affected: is_affected, from, to, scheme });
    }
    match (spans.is_empty(), prose.as_slice()) {
        (true, []) if default == Some(true) && affected.versions.is_empty() => Versions::All,
        (true, []) if affected.versions.is_empty() => Versions::Unstated,
        (true, []) => Versions::Unstated,
        (true, [one]) => sentence(one),
        (true, several) => Versions::Prose(several.join(" | ").into()),
        (false, _) => Versions::Spans { default: default.or(Some(false)), spans },
    }
}

fn sentence(text: &str) -> Versions {
    if is_open(text) { Versions::All } else { Versions::Prose(text.into()) }
}

/// The upper end: stated, or where a change says that it is over.
fn end_of(version: &Version) -> Option<Bound> {
    let fixed =
        version.changes.iter().find(|change| change.status == "unaffected").map(|change| change.at.trim());
    let exclusive = version.less_than.as_deref().map(str::trim);
    let inclusive = version.less_than_or_equal.as_deref().map(str::trim);
    match (fixed, exclusive, inclusive) {
        (Some(at), ..) if !at.is_empty() => Some(Bound { version: at.into(), inclusive: false }),
        (_, Some(end), _) if end != "*" => Some(Bound { version: end.into(), inclusive: false }),
        (_, _, Some(end)) if end != "*" => Some(Bound { version: end.into(), inclusive: true }),
        (_, Some(_), _) | (_, _, Some(_)) => Some(Bound { version: "*".into(), inclusive: true }),
        _ => None,
    }
}

/// What stands for "from the first on", or for any.
fn is_open(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "0" | "*" | "n/a" | "unspecified" | "all" | "all versions" | "any" | "-" | "unknown"
    )
}

/// One version, rather than words about versions.
fn is_plain(text: &str) -> bool {
    is_open(text)
        || text.len() <= 40
            && !text.contains([' ', ',', '<', '>', '=', ';', '|', '('])
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && !text.ends_with(['x', 'X', '*'])
}
