//! Bills of materials and VEX in CycloneDX.
//!
//! Shape: CycloneDX 1.2 to 1.7 (ECMA-424), JSON and XML: a document with `metadata.component` (what it is the bill of),
//! nested `components`, and `vulnerabilities[]` with `analysis` (VEX). A document that is a bill yields one bill; each
//! vulnerability with an analysis yields a statement, or several where versions have different states. See `statements`
//! for whom a statement speaks of.
//!
//! Limits: dependencies, services, licences, hashes, and algorithms and certificates as assets are not kept. A document
//! is held in memory. Protobuf is not read. XML must be UTF-8.

mod document;
mod statements;
mod xml;

use std::io::BufRead;

use medward_model::{Bom, Component, Record};
use sha2::{Digest, Sha256};

use crate::documents::read_each;
use crate::feed::read_whole;
use crate::naming::cpe23;
use crate::outline::Outline;
use crate::wording::{line, moment, some_line};
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};
use document::Document;

pub(super) static CYCLONEDX: Feed = Feed {
    name: "cyclonedx",
    title: "CycloneDX bills of materials and VEX",
    publisher: "makers of devices and software",
    licence: "as each publisher says",
    specification: &["ECMA-424, CycloneDX 1.6", "CycloneDX 1.2 to 1.7, JSON and XML"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Statement, Kind::Bom],
    recognise,
    read,
};

/// Longest XML document.
const MAX_XML: u64 = 64 << 20;

const EXPECTED: &str = "a CycloneDX document (JSON or XML)";

fn recognise(sample: &Sample<'_>) -> bool {
    if sample.text().first() == Some(&b'<') {
        return sample.contains("http://cyclonedx.org/schema/bom/") && sample.contains("<bom")
            || sample.contains(":bom ") && sample.contains("=\"http://cyclonedx.org/schema/bom/");
    }
    let outline = Outline::of(sample);
    outline.begins("bomFormat", "CycloneDX")
        || outline.begins("$schema", "http://cyclonedx.org/schema/bom")
        // A long first member may hide the format.
        || !outline.has("bomFormat")
            && (outline.ends_in("components") && sample.has_members(&["type", "name"])
                || outline.ends_in("dependencies") && sample.has_members(&["ref", "dependsOn"])
                || outline.ends_in("vulnerabilities") && sample.has_members(&["affects", "ref"]))
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let markup = Sample { name: "", head: input.fill_buf()? }.text().first() == Some(&b'<');
    let mut header = Header::default();
    if markup {
        let bytes = read_whole(input, MAX_XML)?;
        let document =
            xml::document(&bytes).map_err(|found| FeedError::Shape { expected: EXPECTED, found })?;
        take(&document, sink, &mut header);
        return Ok(header);
    }
    let end =
        read_each(input, sink, EXPECTED, |document: Document, _, sink| take(&document, sink, &mut header))?;
    Ok(Header { truncated: end.truncated, ..header })
}

fn take(document: &Document, sink: &mut dyn Sink, header: &mut Header) {
    let created = moment(&document.metadata.timestamp);
    header.as_of = header.as_of.max(created);
    header.version = Some(format!("CycloneDX {}", line(&document.spec_version)));
    let bom = bom(document);
    let id = bom.id.clone();
    let alone = document.components.is_empty() && !document.vulnerabilities.is_empty();
    // A VEX document stands alone where it has no components of its own.
    if !alone {
        if bom.product.is_empty() && bom.components.is_empty() {
            sink.skip(Skipped { what: id.to_string(), why: "has neither subject nor components".to_owned() });
        } else {
            sink.record(Record::Bom(Box::new(bom)));
        }
    }
    statements::statements(document, &id, sink);
}

fn bom(document: &Document) -> Bom {
    let metadata = &document.metadata;
    let subject = metadata.component.as_ref();
    let mut components = Vec::new();
    if let Some(subject) = subject {
        flatten(&subject.components, &mut components);
    }
    flatten(&document.components, &mut components);
    Bom {
        id: id(document),
        format: format!("CycloneDX {}", line(&document.spec_version)).into(),
        vendor: vendor(document),
        product: subject.map(|subject| line(&subject.name)).unwrap_or_default(),
        version: subject.and_then(|subject| some_line(&subject.version)),
        created: moment(&metadata.timestamp),
        components,
    }
}

/// Serial number and version, else a hash of what the document speaks of.
fn id(document: &Document) -> Box<str> {
    if let Some(serial) = some_line(&document.serial_number) {
        return format!("{serial}/{}", document.version.unwrap_or(1)).into();
    }
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.trim());
        hash.update([0]);
    };
    add(&vendor(document));
    if let Some(subject) = &document.metadata.component {
        add(&subject.group);
        add(&subject.name);
        add(&subject.version);
    } else {
        document.components.iter().for_each(|component| add(&component.name));
    }
    // Statements about one subject come in several documents.
    for vulnerability in &document.vulnerabilities {
        add(&vulnerability.id);
        add(&vulnerability.analysis.state);
        vulnerability.affects.iter().for_each(|affected| add(&affected.reference));
    }
    let sum = hash.finalize();
    let hex: String = sum.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").into()
}

/// Who makes what the document is the bill of.
fn vendor(document: &Document) -> Box<str> {
    let metadata = &document.metadata;
    let own = metadata.component.as_ref();
    let own = own.into_iter().flat_map(|c| [&c.manufacturer.name, &c.supplier.name, &c.publisher]);
    let names = own.chain([&metadata.manufacturer.name, &metadata.manufacture.name, &metadata.supplier.name]);
    let group = metadata.component.as_ref().map(|component| &component.group);
    names.chain(group).find_map(|name| some_line(name)).unwrap_or_default()
}

/// Nested components, each once, the outer before the inner. Depth is bounded by that of the readers.
fn flatten(given: &[document::Component], into: &mut Vec<Component>) {
    for component in given {
        if let Some(name) = some_line(&component.full_name()) {
            into.push(Component {
                supplier: component.maker(),
                name,
                version: some_line(&component.version),
                cpe: cpe23(&component.cpe),
                purl: some_line(&component.purl),
            });
        }
        flatten(&component.components, into);
    }
}
