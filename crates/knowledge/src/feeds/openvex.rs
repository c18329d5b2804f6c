//! OpenVEX: what somebody says of vulnerabilities in products.

use std::io::BufRead;

use medward_model::{NamedProduct, Product, Record, Statement, Status, Versions};
use serde::Deserialize;
use serde_json::Value;

use super::text::cut;
use crate::{Documents, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static OPENVEX: Feed = Feed {
    name: "openvex",
    title: "OpenVEX statements",
    publisher: "makers, and the hospital itself",
    licence: "as the document says",
    specification: &["OpenVEX 0.2.0"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Statement],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has_members(&["@context", "statements"]) && sample.contains("openvex")
}

#[derive(Deserialize)]
struct Document {
    #[serde(default, rename = "@id")]
    id: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    statements: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    vulnerability: Value,
    #[serde(default)]
    products: Vec<Value>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    justification: Option<String>,
    #[serde(default)]
    impact_statement: Option<String>,
    #[serde(default)]
    action_statement: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut documents = Documents::new(input);
    let mut header = Header::default();
    let mut position = 0u64;
    while let Some(item) = documents.next_item()? {
        position += 1;
        let document = match item {
            Item::Value(bytes) => {
                serde_json::from_slice::<Document>(bytes).map_err(|error| error.to_string())
            }
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match document {
            Ok(document) => statements(document, position, sink, &mut header),
            Err(why) => sink.skip(Skipped { what: format!("document {position}"), why }),
        }
    }
    header.truncated = documents.truncated();
    Ok(header)
}

fn statements(document: Document, position: u64, sink: &mut dyn Sink, header: &mut Header) {
    let name = if document.id.is_empty() { format!("document {position}") } else { document.id };
    for (at, entry) in document.statements.into_iter().enumerate() {
        let id = format!("{name}#{}", at + 1);
        let status = match entry.status.as_str() {
            "not_affected" => Status::NotAffected,
            "affected" => Status::Affected,
            "fixed" => Status::Fixed,
            "under_investigation" => Status::UnderInvestigation,
            other => {
                sink.skip(Skipped { what: id, why: format!("has the unknown status '{other}'") });
                continue;
            }
        };
        let vulnerability =
            entry.vulnerability.as_str().or_else(|| entry.vulnerability["name"].as_str()).unwrap_or_default();
        let products: Vec<Product> = entry.products.iter().filter_map(product).collect();
        if vulnerability.is_empty() || products.is_empty() {
            sink.skip(Skipped { what: id, why: "names no vulnerability, or no product".to_owned() });
            continue;
        }
        let issued =
            entry.timestamp.or_else(|| document.timestamp.clone()).and_then(|text| text.parse().ok());
        header.as_of = header.as_of.max(issued);
        let details = entry.impact_statement.or(entry.action_statement).unwrap_or_default();
        sink.record(Record::Statement(Statement {
            id: id.into(),
            document: name.as_str().into(),
            author: document.author.as_str().into(),
            vulnerability: vulnerability.trim().to_ascii_uppercase().into(),
            status,
            justification: entry.justification.map(Into::into),
            details: cut(details.trim(), 600),
            products,
            issued,
        }));
    }
}

fn product(value: &Value) -> Option<Product> {
    let id = value.as_str().or_else(|| value["@id"].as_str()).unwrap_or_default();
    let mut named =
        NamedProduct { product: id.into(), versions: Versions::Unstated, ..NamedProduct::default() };
    let identifiers = &value["identifiers"];
    for text in
        [Some(id), identifiers["purl"].as_str(), identifiers["cpe23"].as_str(), identifiers["cpe22"].as_str()]
            .into_iter()
            .flatten()
    {
        refer(&mut named, text);
    }
    (!named.product.is_empty() || !named.cpes.is_empty() || !named.purls.is_empty())
        .then_some(Product::Named(named))
}

/// What a reference says: a package URL, a CPE name, or "vendor/product@version".
pub(super) fn refer(named: &mut NamedProduct, text: &str) {
    if text.starts_with("pkg:") {
        named.purls.push(text.into());
    } else if let Some(cpe) = crate::cpe::Cpe::parse(text) {
        use crate::cpe::Value as Part;
        if let (Part::Is(vendor), Part::Is(product)) = (&cpe.vendor, &cpe.product) {
            named.vendor = vendor.replace('_', " ").into();
            named.product = product.replace('_', " ").into();
        }
        if let Part::Is(version) = &cpe.version {
            named.versions = Versions::Prose(version.as_str().into());
        }
        named.cpes.push(text.into());
    } else if let Some((vendor, rest)) = text.split_once('/').filter(|_| !text.contains("://")) {
        let (product, version) = rest.split_once('@').map_or((rest, None), |(p, v)| (p, Some(v)));
        named.vendor = vendor.trim().into();
        named.product = product.trim().into();
        if let Some(version) = version {
            named.versions = Versions::Prose(version.trim().into());
        }
    }
    if matches!(named.versions, Versions::Unstated) {
        named.versions = Versions::All;
    }
}
