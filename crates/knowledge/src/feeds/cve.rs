//! CVE records (CVE Record Format 5.0 to 5.2): single files, lines, and lists; what the numbering authority (CNA) and
//! others (ADP, CISA's Vulnrichment among them) say.
//!
//! Vendor and product are as the authority writes them; a version may be a whole sentence. "n/a" for a product says nothing.
//! Limits: git ranges, credits and timelines are not kept. `delta.json` and `deltaLog.json` of the record list are lists of
//! changes, not records.

use std::io::BufRead;

use medward_model::{
    Advisory, Bound, CpeConfiguration, CpeMatch, CpeNode, Cvss, Day, Exploitation, NamedProduct, Product,
    ProductStatus, Record, Ssvc, Status, Vulnerability,
};
use serde::Deserialize;

use super::cve_versions::{Affected, versions};
use super::nvd::moment;
use crate::outline::Outline;
use crate::wording::{cut, cwe};
use crate::{Documents, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static CVE: Feed = Feed {
    name: "cve",
    title: "CVE records",
    publisher: "CVE Program",
    licence: "CVE Program terms of use; CISA's additions CC0-1.0",
    specification: &["CVE Record Format 5.2", "CISA Vulnrichment (SSVC)"],
    cadence_hours: 24,
    extent: Extent::Part,
    yields: &[Kind::Advisory],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    outline.begins("dataType", "CVE_RECORD") && (outline.has("cveMetadata") || outline.cut)
        || outline.has("cveMetadata") && outline.has("containers")
        // The outline of a long record may end before its type.
        || outline.has("containers") && outline.cut && sample.contains("CVE_RECORD")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    cve_metadata: Metadata,
    #[serde(default)]
    containers: Containers,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    cve_id: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    date_published: String,
    #[serde(default)]
    date_updated: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Containers {
    cna: Container,
    adp: Vec<Container>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Container {
    title: String,
    provider_metadata: Provider,
    affected: Vec<Affected>,
    cpe_applicability: Vec<Applicability>,
    metrics: Vec<Metric>,
    problem_types: Vec<ProblemType>,
    descriptions: Vec<Text>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Provider {
    short_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Text {
    lang: String,
    value: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ProblemType {
    descriptions: Vec<Problem>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Problem {
    cwe_id: String,
    description: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metric {
    #[serde(rename = "cvssV4_0")]
    v40: Option<Base>,
    #[serde(rename = "cvssV3_1")]
    v31: Option<Base>,
    #[serde(rename = "cvssV3_0")]
    v30: Option<Base>,
    #[serde(rename = "cvssV2_0")]
    v20: Option<Base>,
    other: Option<Other>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Base {
    version: String,
    vector_string: String,
    base_score: f32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Other {
    r#type: String,
    content: serde_json::Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Applicability {
    operator: String,
    negate: bool,
    nodes: Vec<Node>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Node {
    operator: String,
    negate: bool,
    cpe_match: Vec<Match>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Match {
    vulnerable: bool,
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
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
    let id: Box<str> = entry.cve_metadata.cve_id.trim().to_ascii_uppercase().into();
    let mut products = Vec::new();
    let mut cvss = Vec::new();
    let mut cwes = Vec::new();
    let mut ssvc = None;
    let mut summary: Box<str> = "".into();
    let title = cut(entry.containers.cna.title.trim(), 300);
    for container in std::iter::once(entry.containers.cna).chain(entry.containers.adp) {
        let source: Box<str> = container.provider_metadata.short_name.into();
        if summary.is_empty()
            && let Some(text) = container.descriptions.iter().find(|text| text.lang.starts_with("en"))
        {
            summary = cut(text.value.trim(), 1_200);
        }
        for problem in container.problem_types.iter().flat_map(|problem| problem.descriptions.iter()) {
            cwes.extend(cwe(&problem.cwe_id).or_else(|| cwe(&problem.description)));
        }
        for metric in container.metrics {
            for base in [metric.v40, metric.v31, metric.v30, metric.v20].into_iter().flatten() {
                cvss.push(Cvss {
                    version: base.version.into(),
                    vector: base.vector_string.into(),
                    score: base.base_score,
                    source: source.clone(),
                });
            }
            if let Some(other) = metric.other.filter(|other| other.r#type == "ssvc") {
                ssvc = ssvc.or_else(|| decision(&other.content));
            }
        }
        products.extend(container.affected.into_iter().filter(Affected::names_something).map(named));
        products.extend(container.cpe_applicability.into_iter().map(configuration));
    }
    cwes.sort_unstable();
    cwes.dedup();
    let all: Vec<u32> = (0..u32::try_from(products.len()).unwrap_or(u32::MAX)).collect();
    Advisory {
        aliases: Vec::new(),
        title,
        summary,
        url: Some(format!("https://www.cve.org/CVERecord?id={id}").into()),
        published: Day::read(&entry.cve_metadata.date_published),
        modified: moment(&entry.cve_metadata.date_updated),
        withdrawn: entry.cve_metadata.state.eq_ignore_ascii_case("REJECTED"),
        products,
        vulnerabilities: vec![Vulnerability {
            cve: Some(id.clone()),
            title: "".into(),
            cwes,
            cvss,
            ssvc,
            statuses: vec![ProductStatus { status: Status::Affected, products: all, justification: None }],
            remedies: Vec::new(),
        }],
        id,
    }
}

fn named(affected: Affected) -> Product {
    let versions = versions(&affected);
    let beside: Vec<&str> = affected
        .platforms
        .iter()
        .chain(&affected.modules)
        .map(|text| text.trim())
        .filter(|text| !text.is_empty())
        .collect();
    let label = (!beside.is_empty())
        .then(|| cut(&format!("{} ({})", affected.product.trim(), beside.join(", ")), 300));
    let vendor = affected.vendor.trim();
    Product::Named(NamedProduct {
        vendor: if vendor.eq_ignore_ascii_case("n/a") { "".into() } else { vendor.into() },
        product: affected.product.trim().into(),
        versions,
        label,
        cpes: affected.cpes.into_iter().map(Into::into).collect(),
        ..NamedProduct::default()
    })
}

fn configuration(applicability: Applicability) -> Product {
    let bound = |including: Option<String>, excluding: Option<String>| {
        let inclusive = including.is_some();
        including.or(excluding).map(|version| Bound { version: version.trim().into(), inclusive })
    };
    Product::Configuration(CpeConfiguration {
        all: applicability.operator.eq_ignore_ascii_case("AND"),
        negate: applicability.negate,
        nodes: applicability
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

/// CISA's decision points.
fn decision(content: &serde_json::Value) -> Option<Ssvc> {
    let options = content["options"].as_array()?;
    let option = |name: &str| options.iter().find_map(|option| option[name].as_str());
    Some(Ssvc {
        exploitation: match option("Exploitation")? {
            "active" => Exploitation::Active,
            "poc" | "public poc" => Exploitation::ProofOfConcept,
            _ => Exploitation::None,
        },
        automatable: option("Automatable") == Some("yes"),
        total: option("Technical Impact") == Some("total"),
    })
}
