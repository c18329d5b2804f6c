//! SPDX 2.2 and 2.3, JSON and tag-value: bills of materials.
//!
//! The subject is what the document describes. Limits: SPDX 3 is not read; files, snippets and licences are not kept.

use std::io::BufRead;

use medward_model::{Bom, Component, Record};
use serde::Deserialize;

use crate::feed::read_whole;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink};

pub(super) static SPDX: Feed = Feed {
    name: "spdx",
    title: "SPDX bills of materials",
    publisher: "makers",
    licence: "as the document says (usually CC0-1.0)",
    specification: &["ISO/IEC 5962:2021 (SPDX 2.2.1)", "SPDX 2.3"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Bom],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    sample.has_members(&["spdxVersion"]) || sample.text().starts_with(b"SPDXVersion:")
}

/// Largest document.
const LARGEST: u64 = 256 << 20;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Document {
    spdx_version: String,
    name: String,
    document_namespace: String,
    creation_info: Creation,
    document_describes: Vec<String>,
    packages: Vec<Package>,
    relationships: Vec<Relationship>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Creation {
    created: String,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Package {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    version_info: Option<String>,
    supplier: Option<String>,
    originator: Option<String>,
    external_refs: Vec<Reference>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Reference {
    reference_type: String,
    reference_locator: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Relationship {
    spdx_element_id: String,
    related_spdx_element: String,
    relationship_type: String,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let bytes = read_whole(input, LARGEST)?;
    let document: Document = if (Sample { name: "", head: &bytes }).is_json() {
        serde_json::from_slice(&bytes)
            .map_err(|error| FeedError::Shape { expected: "an SPDX document", found: error.to_string() })?
    } else {
        tags(&String::from_utf8_lossy(&bytes))
    };
    let as_of = document.creation_info.created.parse().ok();
    let described = document
        .document_describes
        .first()
        .cloned()
        .or_else(|| {
            let found = document.relationships.iter().find(|one| {
                one.relationship_type == "DESCRIBES" && one.spdx_element_id == "SPDXRef-DOCUMENT"
            });
            found.map(|one| one.related_spdx_element.clone())
        })
        .unwrap_or_default();
    let subject = document.packages.iter().find(|package| package.id == described).cloned();
    let components =
        document.packages.iter().filter(|package| package.id != described).map(component).collect::<Vec<_>>();
    let own = subject.unwrap_or_else(|| Package { name: document.name.clone(), ..Package::default() });
    let namespace = document.document_namespace.trim();
    sink.record(Record::Bom(Box::new(Bom {
        id: if namespace.is_empty() { format!("spdx:{}", document.name).into() } else { namespace.into() },
        format: document.spdx_version.as_str().into(),
        vendor: supplier(&own).unwrap_or_default(),
        product: own.name.as_str().into(),
        version: own.version_info.as_deref().map(Into::into),
        created: as_of,
        components,
    })));
    Ok(Header { as_of, version: Some(document.spdx_version), ..Header::default() })
}

fn supplier(package: &Package) -> Option<Box<str>> {
    let text = package.supplier.as_deref().or(package.originator.as_deref())?;
    let name = text.trim_start_matches("Organization:").trim_start_matches("Person:").trim();
    let name = name.split('(').next().unwrap_or(name).trim();
    (!name.is_empty() && name != "NOASSERTION").then(|| name.into())
}

fn component(package: &Package) -> Component {
    let reference = |kinds: &[&str]| {
        package
            .external_refs
            .iter()
            .find(|one| kinds.contains(&one.reference_type.as_str()))
            .map(|one| one.reference_locator.as_str().into())
    };
    Component {
        supplier: supplier(package),
        name: package.name.as_str().into(),
        version: package
            .version_info
            .as_deref()
            .map(str::trim)
            .filter(|v| !v.is_empty() && *v != "NOASSERTION")
            .map(Into::into),
        cpe: reference(&["cpe23Type", "cpe22Type"]),
        purl: reference(&["purl"]),
    }
}

/// Tag-value form (SPDX 2.3, annex on serialisation): a line a value, packages one after another.
fn tags(text: &str) -> Document {
    let mut document = Document::default();
    for line in text.lines() {
        let Some((tag, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        let package = document.packages.last_mut();
        match (tag.trim(), package) {
            ("SPDXVersion", _) => document.spdx_version = value.to_owned(),
            ("DocumentName", _) => document.name = value.to_owned(),
            ("DocumentNamespace", _) => document.document_namespace = value.to_owned(),
            ("Created", _) => document.creation_info.created = value.to_owned(),
            ("PackageName", _) => {
                document.packages.push(Package { name: value.to_owned(), ..Package::default() })
            }
            ("SPDXID", Some(package)) => package.id = value.to_owned(),
            ("PackageVersion", Some(package)) => package.version_info = Some(value.to_owned()),
            ("PackageSupplier", Some(package)) => package.supplier = Some(value.to_owned()),
            ("ExternalRef", Some(package)) => {
                let words: Vec<&str> = value.split_whitespace().collect();
                if let [_, kind, locator, ..] = words.as_slice() {
                    package.external_refs.push(Reference {
                        reference_type: (*kind).to_owned(),
                        reference_locator: (*locator).to_owned(),
                    });
                }
            }
            ("Relationship", _) => {
                let words: Vec<&str> = value.split_whitespace().collect();
                if let [from, kind, to, ..] = words.as_slice() {
                    document.relationships.push(Relationship {
                        spdx_element_id: (*from).to_owned(),
                        related_spdx_element: (*to).to_owned(),
                        relationship_type: (*kind).to_owned(),
                    });
                }
            }
            _ => {}
        }
    }
    document
}
