//! OSV records: advisories on packages of software ecosystems.
//!
//! Ranges of events (`introduced`, `fixed`, `last_affected`) become spans ordered as the ecosystem orders versions; the
//! explicit list counts where there is no range. Limits: ranges of commits are not kept.

use std::io::BufRead;

use medward_model::{
    Advisory, Bound, Cvss, Day, Package, Product, ProductStatus, Record, Status, VersionSpan, Versions,
    Vulnerability,
};
use serde::Deserialize;

use super::nvd::moment;
use crate::outline::Outline;
use crate::wording::{cut, cwe};
use crate::{Documents, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static OSV: Feed = Feed {
    name: "osv",
    title: "Open Source Vulnerabilities",
    publisher: "OSV.dev and its sources",
    licence: "CC-BY-4.0 (GitHub), CC0-1.0 and others, by source",
    specification: &["OSV schema 1.7"],
    cadence_hours: 24,
    extent: Extent::Part,
    yields: &[Kind::Advisory],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    outline.has("id")
        && outline.has("modified")
        && (outline.has("affected") || outline.has("schema_version"))
        && !outline.has("dataType")
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    details: String,
    #[serde(default)]
    modified: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    affected: Vec<Affected>,
    #[serde(default)]
    severity: Vec<Severity>,
    #[serde(default)]
    references: Vec<Reference>,
    #[serde(default)]
    database_specific: Specific,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Specific {
    cwe_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Affected {
    package: Named,
    ranges: Vec<Range>,
    versions: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    ecosystem: String,
    name: String,
    purl: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Range {
    r#type: String,
    events: Vec<Event>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Severity {
    r#type: String,
    score: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reference {
    r#type: String,
    url: String,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut documents = Documents::new(input);
    let mut position = 0u64;
    let mut newest = None;
    while let Some(item) = documents.next_item()? {
        position += 1;
        let entry = match item {
            Item::Value(bytes) => serde_json::from_slice::<Entry>(bytes).map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match entry {
            Ok(entry) => {
                let advisory = advisory(entry);
                newest = newest.max(advisory.modified);
                sink.record(Record::Advisory(Box::new(advisory)));
            }
            Err(why) => sink.skip(Skipped { what: format!("record {position}"), why }),
        }
    }
    Ok(Header { as_of: newest, truncated: documents.truncated(), ..Header::default() })
}

fn advisory(entry: Entry) -> Advisory {
    let products: Vec<Product> = entry.affected.iter().map(package).collect();
    let all: Vec<u32> = (0..u32::try_from(products.len()).unwrap_or(u32::MAX)).collect();
    let cve = entry.aliases.iter().chain([&entry.id]).find(|alias| alias.starts_with("CVE-")).cloned();
    let mut cvss: Vec<Cvss> = entry.severity.iter().filter_map(score).collect();
    cvss.sort_by(|a, b| b.version.cmp(&a.version));
    Advisory {
        aliases: entry.aliases.into_iter().map(Into::into).collect(),
        title: cut(entry.summary.trim(), 300),
        summary: cut(entry.details.trim(), 1_200),
        url: entry
            .references
            .iter()
            .find(|reference| reference.r#type == "ADVISORY")
            .map(|reference| reference.url.as_str().into())
            .or_else(|| Some(format!("https://osv.dev/vulnerability/{}", entry.id).into())),
        published: Day::read(&entry.published),
        modified: moment(&entry.modified),
        withdrawn: entry.withdrawn.is_some(),
        products,
        vulnerabilities: vec![Vulnerability {
            cve: Some(cve.unwrap_or_else(|| entry.id.clone()).into()),
            cwes: entry.database_specific.cwe_ids.iter().filter_map(|id| cwe(id)).collect(),
            cvss,
            statuses: vec![ProductStatus { status: Status::Affected, products: all, justification: None }],
            ..Vulnerability::default()
        }],
        id: entry.id.into(),
    }
}

/// Base score of a vector, by the standard's arithmetic.
fn score(severity: &Severity) -> Option<Cvss> {
    let vector = severity.score.trim();
    let parsed: cvss::Cvss = vector.parse().ok()?;
    let version = match severity.r#type.as_str() {
        "CVSS_V2" => "2.0",
        "CVSS_V4" => "4.0",
        _ if vector.starts_with("CVSS:3.0") => "3.0",
        _ => "3.1",
    };
    #[expect(clippy::cast_possible_truncation, reason = "a score has one decimal")]
    Some(Cvss {
        version: version.into(),
        vector: vector.into(),
        score: parsed.score() as f32,
        source: "OSV".into(),
    })
}

fn package(affected: &Affected) -> Product {
    let ecosystem = affected.package.ecosystem.as_str();
    let scheme: Box<str> = ecosystem.split(':').next().unwrap_or(ecosystem).to_ascii_lowercase().into();
    let mut spans = Vec::new();
    for range in affected.ranges.iter().filter(|range| range.r#type != "GIT") {
        let scheme: Box<str> = if range.r#type == "SEMVER" { "semver".into() } else { scheme.clone() };
        let mut from: Option<Option<Bound>> = None;
        for event in &range.events {
            if let Some(introduced) = &event.introduced {
                from = Some(
                    (introduced != "0")
                        .then(|| Bound { version: introduced.as_str().into(), inclusive: true }),
                );
            }
            let end = match (&event.fixed, &event.last_affected) {
                (Some(fixed), _) => Some(Bound { version: fixed.as_str().into(), inclusive: false }),
                (None, Some(last)) => Some(Bound { version: last.as_str().into(), inclusive: true }),
                (None, None) => None,
            };
            if let Some(end) = end {
                let from = from.take().flatten();
                spans.push(VersionSpan { affected: true, from, to: Some(end), scheme: Some(scheme.clone()) });
            }
        }
        if let Some(from) = from {
            spans.push(VersionSpan { affected: true, from, to: None, scheme: Some(scheme.clone()) });
        }
    }
    if spans.is_empty() {
        spans = affected.versions.iter().map(|version| VersionSpan::exactly(true, version)).collect();
    }
    let versions =
        if spans.is_empty() { Versions::Unstated } else { Versions::Spans { default: Some(false), spans } };
    Product::Package(Package {
        ecosystem: ecosystem.into(),
        name: affected.package.name.as_str().into(),
        purl: affected.package.purl.as_deref().map(Into::into),
        versions,
    })
}
