//! CycloneDX 1.4 to 1.7 (ECMA-424), JSON: bills of materials of device models and programs, and VEX.
//!
//! A document with a subject and components is a bill; its `vulnerabilities` with an analysis are statements on the
//! components that they refer to (`affects[].ref`, by bom-ref or BOM-Link). Limits: XML is not read; services, licences and
//! hashes are not kept.

use std::collections::BTreeMap;
use std::io::BufRead;

use medward_model::{Bom, Component, NamedProduct, Product, Record, Statement, Status, Versions};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::openvex::refer;
use super::text::cut;
use crate::{Documents, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static CYCLONEDX: Feed = Feed {
    name: "cyclonedx",
    title: "CycloneDX bills of materials and VEX",
    publisher: "makers",
    licence: "as the document says",
    specification: &["ECMA-424 (CycloneDX 1.6)", "CycloneDX 1.4, 1.5, 1.7"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Bom, Kind::Statement],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has_members(&["bomFormat"]) && sample.contains("CycloneDX")
}

/// How deep components may lie within components, and most of one document.
const MAX_DEPTH: usize = 32;
const MAX_COMPONENTS: usize = 500_000;

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut documents = Documents::new(input);
    let mut header = Header::default();
    let mut position = 0u64;
    while let Some(item) = documents.next_item()? {
        position += 1;
        let document = match item {
            Item::Value(bytes) => serde_json::from_slice::<Value>(bytes).map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match document {
            Ok(document) => one(&document, position, sink, &mut header),
            Err(why) => sink.skip(Skipped { what: format!("document {position}"), why }),
        }
    }
    header.truncated = documents.truncated();
    Ok(header)
}

fn text(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty())
}

fn one(document: &Value, position: u64, sink: &mut dyn Sink, header: &mut Header) {
    let created = text(&document["metadata"]["timestamp"]).and_then(|text| text.parse().ok());
    header.as_of = header.as_of.max(created);
    let subject = &document["metadata"]["component"];
    let mut known: BTreeMap<String, Component> = BTreeMap::new();
    let mut components = Vec::new();
    gather(&document["components"], 0, &mut components, &mut known);
    if let Some(reference) = text(&subject["bom-ref"]) {
        known.insert(reference.to_owned(), component(subject));
    }
    let name = text(&subject["name"]).unwrap_or_default();
    let version = text(&subject["version"]);
    let vendor = maker(subject).or_else(|| maker(&document["metadata"])).unwrap_or_default();
    let id = match text(&document["serialNumber"]) {
        Some(serial) => format!("{serial}/{}", document["version"].as_u64().unwrap_or(1)),
        None => derived(&[&vendor, name, version.unwrap_or_default(), &position.to_string()], &components),
    };
    let vulnerabilities = document["vulnerabilities"].as_array().map_or(&[][..], Vec::as_slice);
    let author = maker(&document["metadata"]).unwrap_or_else(|| vendor.clone());
    let mut said = 0usize;
    for (at, vulnerability) in vulnerabilities.iter().enumerate() {
        if let Some(statement) = statement(vulnerability, &id, at, &author, &known) {
            said += 1;
            sink.record(Record::Statement(Statement { issued: statement.issued.or(created), ..statement }));
        }
    }
    if !components.is_empty() && (!name.is_empty() || said == 0) {
        sink.record(Record::Bom(Box::new(Bom {
            id: id.into(),
            format: format!("CycloneDX {}", text(&document["specVersion"]).unwrap_or("?")).into(),
            vendor: vendor.into(),
            product: name.into(),
            version: version.map(Into::into),
            created,
            components,
        })));
    } else if said == 0 {
        sink.skip(Skipped {
            what: id,
            why: "has neither components nor analysed vulnerabilities".to_owned(),
        });
    }
}

fn maker(value: &Value) -> Option<String> {
    ["manufacturer", "supplier", "manufacture"]
        .iter()
        .find_map(|key| text(&value[*key]["name"]))
        .or_else(|| text(&value["publisher"]))
        .or_else(|| text(&value["author"]))
        .or_else(|| text(&value["group"]))
        .map(str::to_owned)
}

fn gather(
    list: &Value,
    depth: usize,
    components: &mut Vec<Component>,
    known: &mut BTreeMap<String, Component>,
) {
    for value in list.as_array().into_iter().flatten() {
        if components.len() >= MAX_COMPONENTS || depth >= MAX_DEPTH {
            return;
        }
        let own = component(value);
        if let Some(reference) = text(&value["bom-ref"]) {
            known.insert(reference.to_owned(), own.clone());
        }
        if !own.name.is_empty() {
            components.push(own);
        }
        gather(&value["components"], depth + 1, components, known);
    }
}

fn component(value: &Value) -> Component {
    let name = text(&value["name"]).unwrap_or_default();
    let boxed = |value: &Value| text(value).map(Into::into);
    Component {
        supplier: maker(value).map(Into::into),
        name: name.into(),
        version: boxed(&value["version"]),
        cpe: boxed(&value["cpe"]),
        purl: boxed(&value["purl"]),
    }
}

fn derived(parts: &[&str], components: &[Component]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for component in components {
        hash.update(component.name.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("bom-{hex}")
}

fn statement(
    vulnerability: &Value,
    document: &str,
    at: usize,
    author: &str,
    known: &BTreeMap<String, Component>,
) -> Option<Statement> {
    let analysis = &vulnerability["analysis"];
    let status = match text(&analysis["state"])? {
        "not_affected" | "false_positive" => Status::NotAffected,
        "resolved" | "resolved_with_pedigree" => Status::Fixed,
        "exploitable" => Status::Affected,
        "in_triage" => Status::UnderInvestigation,
        _ => return None,
    };
    let id = text(&vulnerability["id"])?;
    let products: Vec<Product> = vulnerability["affects"]
        .as_array()?
        .iter()
        .filter_map(|affected| {
            let reference = text(&affected["ref"])?;
            // "urn:cdx:serial/1#ref": the part behind the sign is the other document's.
            let local = reference.rsplit('#').next().unwrap_or(reference);
            let mut named = NamedProduct::default();
            match known.get(local).or_else(|| known.get(reference)) {
                Some(component) => {
                    named.vendor = component.supplier.clone().unwrap_or_default();
                    named.product = component.name.clone();
                    named.versions = match &component.version {
                        Some(version) => Versions::Prose(version.clone()),
                        None => Versions::All,
                    };
                    named.cpes.extend(component.cpe.clone());
                    named.purls.extend(component.purl.clone());
                }
                None => {
                    named.product = local.into();
                    refer(&mut named, local);
                }
            }
            if let Some(ranges) = affected["versions"].as_array().filter(|list| !list.is_empty()) {
                let texts: Vec<&str> = ranges
                    .iter()
                    .filter_map(|one| text(&one["version"]).or_else(|| text(&one["range"])))
                    .collect();
                if !texts.is_empty() {
                    named.versions = Versions::Prose(texts.join(" | ").into());
                }
            }
            Some(Product::Named(named))
        })
        .collect();
    Some(Statement {
        id: format!("{document}#{}", at + 1).into(),
        document: document.into(),
        author: author.into(),
        vulnerability: id.to_ascii_uppercase().into(),
        status,
        justification: text(&analysis["justification"]).map(Into::into),
        details: cut(text(&analysis["detail"]).unwrap_or_default(), 600),
        products,
        issued: text(&vulnerability["updated"]).and_then(|text| text.parse().ok()),
    })
}
