//! Bills of materials in SPDX.
//!
//! Shape: SPDX 2.2 and 2.3 (ISO/IEC 5962) in JSON and in tag-value, and SPDX 3.0 in JSON-LD. A document yields one bill:
//! its subject is the package that the document describes (`DESCRIBES`, `documentDescribes`; in 3.0 `rootElement`), its
//! components are the other packages. Where no package or several are described, the bill is called like the document.
//!
//! Limits: files, snippets, licences, annotations and the security profile of 3.0 are not kept. RDF/XML, YAML and
//! spreadsheets are not read. A document is held in memory.

mod graph;
mod lines;
mod tables;

use std::io::BufRead;

use medward_model::{Bom, Component, Record};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::documents::read_each;
use crate::feed::read_whole;
use crate::naming::cpe23;
use crate::outline::Outline;
use crate::wording::{line, moment, some_line};
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static SPDX: Feed = Feed {
    name: "spdx",
    title: "SPDX bills of materials",
    publisher: "makers of devices and software",
    licence: "as each publisher says",
    specification: &["ISO/IEC 5962:2021 (SPDX 2.2.1)", "SPDX 2.3", "SPDX 3.0.1, core and software profiles"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Bom],
    recognise,
    read,
};

/// Longest document of tags and values.
const MAX_LINES: u64 = 64 << 20;

fn recognise(sample: &Sample<'_>) -> bool {
    if !sample.is_json() {
        return sample.text().first() != Some(&b'<') && lines::begins(sample.text());
    }
    let outline = Outline::of(sample);
    if outline.has("bomFormat") {
        return false;
    }
    let third = outline.has("@context") || outline.has("@graph");
    outline.begins("spdxVersion", "SPDX-")
        || third
            && (sample.contains("spdx.org/rdf/3")
                || outline.ends_in("@graph") && sample.has_members(&["spdxId"]))
        || ["packages", "files", "relationships", "snippets"].iter().any(|member| outline.ends_in(member))
            && sample.has_members(&["SPDXID"])
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let json = Sample { name: "", head: input.fill_buf()? }.is_json();
    let mut header = Header::default();
    if !json {
        let bytes = read_whole(input, MAX_LINES)?;
        let Some(document) = lines::document(&String::from_utf8_lossy(&bytes)) else {
            return Err(FeedError::Shape {
                expected: "SPDX (JSON or tags)",
                found: "no tag SPDXVersion".to_owned(),
            });
        };
        take(document, sink, &mut header);
        return Ok(header);
    }
    let end = read_each(input, sink, "an SPDX document (JSON)", |document: Value, position, sink| {
        let third = document.get("@graph").is_some();
        match if third { graph::document(&document) } else { tables::document(document) } {
            Ok(document) => take(document, sink, &mut header),
            Err(why) => sink.skip(Skipped { what: format!("record {position}"), why }),
        }
    })?;
    Ok(Header { truncated: end.truncated, ..header })
}

/// A document of any version and form.
#[derive(Default)]
struct Document {
    /// Namespace or id.
    id: String,
    name: String,
    /// "SPDX-2.3".
    version: String,
    created: String,
    /// Ids of what it describes.
    described: Vec<String>,
    packages: Vec<Package>,
}

#[derive(Default)]
struct Package {
    id: String,
    name: String,
    version: String,
    /// Supplier, else originator, in plain words.
    supplier: String,
    cpe: Option<Box<str>>,
    purl: Option<Box<str>>,
}

impl Package {
    /// Takes a reference of type `kind` to a list of packages or weaknesses.
    fn refer(&mut self, kind: &str, locator: &str) {
        // Types may be written as addresses: "http://spdx.org/rdf/references/cpe23Type".
        match kind.rsplit('/').next().unwrap_or(kind) {
            // A name in the newer form is exact.
            "cpe23Type" | "cpe22Type" | "cpe23" | "cpe22" if self.cpe.is_none() || kind.contains("cpe23") => {
                self.cpe = cpe23(locator).or(self.cpe.take());
            }
            "purl" | "packageUrl" | "packageURL" if self.purl.is_none() => self.purl = some_line(locator),
            _ => {}
        }
    }
}

fn take(document: Document, sink: &mut dyn Sink, header: &mut Header) {
    let created = moment(&document.created);
    header.as_of = header.as_of.max(created);
    header.version = some_line(&document.version).map(Into::into);
    let id = id(&document);
    if document.packages.is_empty() {
        sink.skip(Skipped { what: id.into(), why: "has no packages".to_owned() });
        return;
    }
    let described: Vec<usize> = document
        .packages
        .iter()
        .enumerate()
        .filter(|(_, package)| document.described.contains(&package.id))
        .map(|(at, _)| at)
        .collect();
    let subject = if let [only] = described.as_slice() { Some(*only) } else { None };
    let mut bom =
        Bom { id, format: line(&document.version), product: line(&document.name), created, ..Bom::default() };
    for (at, package) in document.packages.into_iter().enumerate() {
        let version = some_line(&package.version).filter(|text| stated(text));
        let supplier = some_line(&package.supplier).filter(|text| stated(text));
        let name = line(&package.name);
        if Some(at) == subject {
            bom.vendor = supplier.unwrap_or_default();
            bom.product = name;
            bom.version = version;
        } else if !name.is_empty() {
            bom.components.push(Component { supplier, name, version, cpe: package.cpe, purl: package.purl });
        }
    }
    sink.record(Record::Bom(Box::new(bom)));
}

fn id(document: &Document) -> Box<str> {
    if let Some(id) = some_line(&document.id) {
        return id;
    }
    let mut hash = Sha256::new();
    hash.update(document.name.trim());
    for package in &document.packages {
        hash.update([0]);
        hash.update(&package.name);
        hash.update([0]);
        hash.update(&package.version);
    }
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}").into()
}

fn stated(text: &str) -> bool {
    !matches!(text, "NOASSERTION" | "NONE")
}

/// "Organization: Northview (psirt@northview.example)" is "Northview" (SPDX 2.3, 7.5).
fn party(text: &str) -> String {
    let text = text.trim();
    let name =
        ["Organization:", "Person:", "Tool:"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
    let name = match name.rsplit_once('(') {
        Some((before, address))
            if address.ends_with(')') && (address.contains('@') || address.len() == 1) =>
        {
            before
        }
        _ => name,
    };
    name.trim().to_owned()
}
