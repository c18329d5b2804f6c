//! VEX statements in OpenVEX.
//!
//! Shape: OpenVEX 0.2.0 (JSON-LD): a document with author and time and `statements[]`, each of one vulnerability in some
//! products. What the drafts before it (0.0.x) write differently is read too: the vulnerability and each product as bare
//! text. A statement without a time has that of its document.
//!
//! Limits: hashes of products are not kept. Of a product with subcomponents the subcomponents are named in its label.

use std::io::BufRead;

use medward_model::{NamedProduct, Product, Record, Statement, Status, Versions};
use serde::Deserialize;

use crate::documents::{lenient, or_default, read_each};
use crate::naming::{cpe_parts, cpe23, package};
use crate::outline::Outline;
use crate::wording::{cut, line, moment, some_line};
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static OPENVEX: Feed = Feed {
    name: "openvex",
    title: "OpenVEX statements",
    publisher: "makers of software",
    licence: "as each publisher says",
    specification: &["OpenVEX Specification 0.2.0"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Statement],
    recognise,
    read,
};

/// Bytes kept of the author's words.
const MAX_DETAILS: usize = 1_200;

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    ["https://openvex.dev/ns", "http://openvex.dev/ns", "openvex.dev/ns"]
        .iter()
        .any(|context| outline.begins("@context", context))
        || outline.ends_in("statements")
            && !outline.has("document")
            && sample.has_members(&["vulnerability", "products", "status"])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(rename = "@context", deserialize_with = "lenient")]
    context: String,
    #[serde(rename = "@id", deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    author: String,
    #[serde(deserialize_with = "or_default")]
    timestamp: String,
    #[serde(deserialize_with = "or_default")]
    last_updated: String,
    statements: Option<Vec<serde_json::Value>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Given {
    #[serde(deserialize_with = "or_default")]
    vulnerability: Name,
    #[serde(deserialize_with = "or_default")]
    timestamp: String,
    #[serde(deserialize_with = "or_default")]
    last_updated: String,
    #[serde(deserialize_with = "or_default")]
    products: Vec<Component>,
    #[serde(deserialize_with = "or_default")]
    status: String,
    #[serde(deserialize_with = "or_default")]
    justification: String,
    #[serde(deserialize_with = "or_default")]
    impact_statement: String,
    #[serde(deserialize_with = "or_default")]
    action_statement: String,
    #[serde(deserialize_with = "or_default")]
    status_notes: String,
}

/// A vulnerability, bare (0.0.x) or with its names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Name {
    Bare(String),
    Full {
        #[serde(default)]
        name: String,
        #[serde(default, rename = "@id")]
        id: String,
        #[serde(default, deserialize_with = "lenient")]
        aliases: Vec<String>,
    },
}

impl Default for Name {
    fn default() -> Name {
        Name::Bare(String::new())
    }
}

/// A product or subcomponent, bare (0.0.x) or with its identifiers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Component {
    Bare(String),
    Full {
        #[serde(default, rename = "@id")]
        id: String,
        #[serde(default, deserialize_with = "lenient")]
        identifiers: Identifiers,
        #[serde(default, deserialize_with = "or_default")]
        subcomponents: Vec<Component>,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identifiers {
    purl: String,
    cpe23: String,
    cpe22: String,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut as_of = None;
    let mut version = None;
    let header =
        read_each(input, sink, "an OpenVEX document (JSON)", |document: Document, position, sink| {
            let issued = moment(&document.last_updated).or_else(|| moment(&document.timestamp));
            if as_of < issued {
                as_of = issued;
            }
            // "https://openvex.dev/ns/v0.2.0"
            let named = document.context.rsplit_once("/v").map(|(_, version)| format!("OpenVEX {version}"));
            version = named.or_else(|| Some("OpenVEX".to_owned()));
            let id = some_line(&document.id).unwrap_or_else(|| format!("document {position}").into());
            let Some(statements) = document.statements else {
                sink.skip(Skipped { what: id.into(), why: "has no statements".to_owned() });
                return;
            };
            for (index, statement) in statements.into_iter().enumerate() {
                let what = format!("{id}#{}", index + 1);
                let read = serde_json::from_value::<Given>(statement).map_err(|error| error.to_string());
                match read.and_then(|given| {
                    record(given, &id, what.as_str(), &document.author, &document.timestamp)
                }) {
                    Ok(statement) => sink.record(Record::Statement(statement)),
                    Err(why) => sink.skip(Skipped { what, why }),
                }
            }
        })?;
    Ok(Header { as_of, version, ..header })
}

fn record(
    given: Given,
    document: &str,
    id: &str,
    author: &str,
    timestamp: &str,
) -> Result<Statement, String> {
    let status = match given.status.trim() {
        "not_affected" => Status::NotAffected,
        "affected" => Status::Affected,
        "fixed" => Status::Fixed,
        "under_investigation" => Status::UnderInvestigation,
        other => return Err(format!("has the status '{}', which OpenVEX has not", line(other))),
    };
    let vulnerability = vulnerability(given.vulnerability);
    if vulnerability.is_empty() {
        return Err("names no vulnerability".to_owned());
    }
    let products: Vec<Product> = given.products.into_iter().filter_map(product).collect();
    if products.is_empty() {
        return Err(format!("names no product for {vulnerability}"));
    }
    let words = [given.impact_statement, given.action_statement, given.status_notes];
    let words: Vec<String> = words.into_iter().filter(|text| !text.trim().is_empty()).collect();
    let issued = [given.last_updated.as_str(), given.timestamp.as_str(), timestamp];
    Ok(Statement {
        id: id.into(),
        document: document.into(),
        author: line(author),
        vulnerability,
        status,
        justification: some_line(&given.justification),
        details: cut(&words.join("\n"), MAX_DETAILS),
        products,
        issued: issued.into_iter().find_map(moment),
    })
}

/// The CVE id among its names, else the first name.
fn vulnerability(name: Name) -> Box<str> {
    let names = match name {
        Name::Bare(name) => vec![name],
        Name::Full { name, id, aliases } => {
            // An IRI often ends in the id: "https://nvd.nist.gov/vuln/detail/CVE-2019-17571".
            let last = id.rsplit('/').next().unwrap_or_default().to_owned();
            [name].into_iter().chain(aliases).chain([last, id]).collect()
        }
    };
    let names: Vec<Box<str>> = names.iter().filter_map(|name| some_line(name)).collect();
    let cve = names.iter().find(|name| name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-")));
    match cve {
        Some(cve) => cve.to_ascii_uppercase().into(),
        None => names.into_iter().next().unwrap_or_default(),
    }
}

fn product(component: Component) -> Option<Product> {
    let (id, identifiers, subcomponents) = match component {
        Component::Bare(id) => (id, Identifiers::default(), Vec::new()),
        Component::Full { id, identifiers, subcomponents } => (id, identifiers, subcomponents),
    };
    let mut purls = Vec::new();
    let mut cpes = Vec::new();
    for text in [&id, &identifiers.purl, &identifiers.cpe23, &identifiers.cpe22] {
        let Some(text) = some_line(text) else { continue };
        if text.starts_with("pkg:") {
            purls.push(text);
        } else if let Some(cpe) = cpe23(&text) {
            cpes.push(cpe);
        }
    }
    purls.dedup();
    cpes.dedup();
    let parts: Vec<Box<str>> = subcomponents.into_iter().filter_map(shown).collect();
    let label = (!parts.is_empty()).then(|| format!("{} with {}", line(&id), parts.join(", ")).into());
    // A package alone is a package; with more said of it, it is a product that has this package URL.
    if let ([purl], true, true) = (purls.as_slice(), cpes.is_empty(), parts.is_empty())
        && let Some(package) = package(purl)
    {
        return Some(Product::Package(package));
    }
    let mut named = NamedProduct { label, cpes, purls, ..NamedProduct::default() };
    if let Some(package) = named.purls.first().and_then(|purl| package(purl)) {
        named.product = package.name;
        named.versions = package.versions;
    } else if let Some(cpe) = named.cpes.first() {
        let (vendor, product, version) = cpe_parts(cpe);
        named.vendor = vendor.into();
        named.product = product.into();
        named.versions = version.map_or(Versions::Unstated, |version| Versions::Prose(version.into()));
        named.label = named.label.or_else(|| some_line(&id));
    } else {
        named.product = some_line(&id)?;
    }
    Some(Product::Named(named))
}

fn shown(component: Component) -> Option<Box<str>> {
    match component {
        Component::Bare(id) => some_line(&id),
        Component::Full { id, identifiers, .. } => {
            [id, identifiers.purl, identifiers.cpe23, identifiers.cpe22]
                .iter()
                .find_map(|text| some_line(text))
        }
    }
}
