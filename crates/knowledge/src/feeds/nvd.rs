//! NVD API 2.0: pages and yearly files of CVE records with CPE applicability.
//!
//! Shape: `{resultsPerPage, startIndex, totalResults, format: "NVD_CVE", timestamp, vulnerabilities: [{cve}]}`. Times have no
//! zone and are UTC. Where `configurations` are missing (not analysed yet) the CNA's `affected` copy is taken.
//! The score of the primary source comes before others, a newer CVSS before an older.

use std::io::BufRead;

use medward_model::{
    Advisory, Bound, CpeConfiguration, CpeMatch, CpeNode, Cvss, Day, NamedProduct, Product, ProductStatus,
    Record, Status, Timestamp, Vulnerability,
};
use serde::Deserialize;

use super::cve_versions::{Affected, versions};
use crate::json::member;
use crate::outline::Outline;
use crate::wording::{cut, cwe};
use crate::{Elements, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static NVD: Feed = Feed {
    name: "nvd",
    title: "National Vulnerability Database",
    publisher: "NIST",
    licence: "US public domain; this product uses the NVD API but is not endorsed or certified by the NVD",
    specification: &["NVD CVE API 2.0, JSON schema 2.2", "NISTIR 7695 (CPE naming)"],
    cadence_hours: 24,
    extent: Extent::Part,
    yields: &[Kind::Advisory],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    outline.begins("format", "NVD_CVE") && (outline.has("vulnerabilities") || outline.cut)
        // One entry, as tools keep them.
        || outline.has("cve") && sample.has_members(&["vulnStatus", "sourceIdentifier", "descriptions"])
        || outline.has("sourceIdentifier") && outline.has("vulnStatus")
}

#[derive(Deserialize)]
struct Entry {
    cve: Cve,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cve {
    id: String,
    #[serde(default)]
    published: String,
    #[serde(default)]
    last_modified: String,
    #[serde(default)]
    vuln_status: String,
    #[serde(default)]
    descriptions: Vec<Text>,
    #[serde(default)]
    metrics: Metrics,
    #[serde(default)]
    weaknesses: Vec<Weakness>,
    #[serde(default)]
    configurations: Vec<Configuration>,
    #[serde(default)]
    affected: Vec<AffectedSource>,
    #[serde(default)]
    cisa_vulnerability_name: String,
}

#[derive(Deserialize)]
struct Text {
    #[serde(default)]
    lang: String,
    #[serde(default)]
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metrics {
    #[serde(rename = "cvssMetricV40")]
    v40: Vec<Metric>,
    #[serde(rename = "cvssMetricV31")]
    v31: Vec<Metric>,
    #[serde(rename = "cvssMetricV30")]
    v30: Vec<Metric>,
    #[serde(rename = "cvssMetricV2")]
    v2: Vec<Metric>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metric {
    #[serde(default)]
    source: String,
    #[serde(default, rename = "type")]
    kind: String,
    cvss_data: Base,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Base {
    #[serde(default)]
    version: String,
    #[serde(default)]
    vector_string: String,
    #[serde(default)]
    base_score: f32,
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    description: Vec<Text>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    operator: String,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    operator: String,
    #[serde(default)]
    negate: bool,
    #[serde(default)]
    cpe_match: Vec<Match>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Match {
    #[serde(default)]
    vulnerable: bool,
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AffectedSource {
    #[serde(default)]
    affected_data: Vec<Affected>,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut elements = Elements::new(input, "vulnerabilities");
    let mut position = 0u64;
    while let Some(item) = elements.next_item()? {
        position += 1;
        let entry = match item {
            Item::Value(bytes) => serde_json::from_slice::<Entry>(bytes)
                .or_else(|error| serde_json::from_slice(bytes).map(|cve| Entry { cve }).map_err(|_| error))
                .map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match entry {
            Ok(entry) => sink.record(Record::Advisory(Box::new(advisory(entry.cve)))),
            Err(why) => sink.skip(Skipped { what: format!("record {position}"), why }),
        }
    }
    if !elements.found() {
        return Err(FeedError::Shape { expected: "an array 'vulnerabilities'", found: "none".to_owned() });
    }
    let beside = elements.beside();
    let whole = member(&beside, "resultsPerPage") == member(&beside, "totalResults");
    Ok(Header {
        as_of: member(&beside, "timestamp").as_str().and_then(moment),
        declared: member(&beside, "totalResults").as_u64().filter(|_| whole),
        version: member(&beside, "version").as_str().map(str::to_owned),
        truncated: elements.truncated(),
    })
}

/// UTC, whether or not the text says so.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{}Z", text.trim()).parse()).ok()
}

fn advisory(cve: Cve) -> Advisory {
    let summary =
        cve.descriptions.iter().find(|text| text.lang.starts_with("en")).map_or("", |text| text.value.trim());
    let mut products: Vec<Product> = cve.configurations.into_iter().map(configuration).collect();
    if products.is_empty() {
        products = cve
            .affected
            .into_iter()
            .flat_map(|source| source.affected_data)
            .filter(Affected::names_something)
            .map(|affected| {
                Product::Named(NamedProduct {
                    vendor: affected.vendor.trim().into(),
                    product: affected.product.trim().into(),
                    versions: versions(&affected),
                    ..NamedProduct::default()
                })
            })
            .collect();
    }
    let all: Vec<u32> = (0..u32::try_from(products.len()).unwrap_or(u32::MAX)).collect();
    let mut cwes: Vec<u32> = cve
        .weaknesses
        .iter()
        .flat_map(|weakness| weakness.description.iter())
        .filter_map(|text| cwe(&text.value))
        .collect();
    cwes.sort_unstable();
    cwes.dedup();
    let id: Box<str> = cve.id.trim().to_ascii_uppercase().into();
    Advisory {
        aliases: Vec::new(),
        title: cve.cisa_vulnerability_name.trim().into(),
        summary: cut(summary, 1_200),
        url: Some(format!("https://nvd.nist.gov/vuln/detail/{id}").into()),
        published: Day::read(&cve.published),
        modified: moment(&cve.last_modified),
        withdrawn: cve.vuln_status == "Rejected",
        products,
        vulnerabilities: vec![Vulnerability {
            cve: Some(id.clone()),
            title: "".into(),
            cwes,
            cvss: scores(cve.metrics),
            ssvc: None,
            statuses: vec![ProductStatus { status: Status::Affected, products: all, justification: None }],
            remedies: Vec::new(),
        }],
        id,
    }
}

fn scores(metrics: Metrics) -> Vec<Cvss> {
    let mut all: Vec<(bool, Cvss)> = Vec::new();
    for metric in metrics.v40.into_iter().chain(metrics.v31).chain(metrics.v30).chain(metrics.v2) {
        let base = metric.cvss_data;
        all.push((
            metric.kind != "Primary",
            Cvss {
                version: base.version.into(),
                vector: base.vector_string.into(),
                score: base.base_score,
                source: metric.source.into(),
            },
        ));
    }
    // Stable: a newer CVSS stays before an older one of the same source.
    all.sort_by_key(|(secondary, _)| *secondary);
    all.into_iter().map(|(_, cvss)| cvss).collect()
}

fn configuration(configuration: Configuration) -> Product {
    Product::Configuration(CpeConfiguration {
        all: configuration.operator.eq_ignore_ascii_case("AND"),
        negate: configuration.negate,
        nodes: configuration
            .nodes
            .into_iter()
            .map(|node| CpeNode {
                all: node.operator.eq_ignore_ascii_case("AND"),
                negate: node.negate,
                matches: node
                    .cpe_match
                    .into_iter()
                    .map(|one| CpeMatch {
                        vulnerable: one.vulnerable,
                        criteria: one.criteria.into(),
                        from: bound(one.version_start_including, one.version_start_excluding),
                        to: bound(one.version_end_including, one.version_end_excluding),
                    })
                    .collect(),
            })
            .collect(),
    })
}

fn bound(including: Option<String>, excluding: Option<String>) -> Option<Bound> {
    let inclusive = including.is_some();
    including.or(excluding).map(|version| Bound { version: version.trim().into(), inclusive })
}
