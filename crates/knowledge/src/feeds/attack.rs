//! MITRE ATT&CK as STIX 2.1 bundles: techniques of the enterprise, ICS and mobile matrices.
//!
//! Kept: id, name, tactics, link, and whether it is revoked or deprecated.

use std::io::BufRead;

use medward_model::{Record, Technique};
use serde::Deserialize;

use crate::outline::Outline;
use crate::{Elements, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static ATTACK: Feed = Feed {
    name: "attack",
    title: "MITRE ATT&CK",
    publisher: "The MITRE Corporation",
    licence: "ATT&CK terms of use: royalty-free with MITRE's copyright notice",
    specification: &["STIX 2.1, 4.2 (attack pattern)", "ATT&CK STIX data model"],
    cadence_hours: 24 * 180,
    extent: Extent::Part,
    yields: &[Kind::Technique],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    outline.begins("type", "bundle") && outline.begins("id", "bundle--")
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    external_references: Vec<Reference>,
    #[serde(default)]
    kill_chain_phases: Vec<Phase>,
    #[serde(default)]
    x_mitre_domains: Vec<String>,
    #[serde(default)]
    x_mitre_deprecated: bool,
    #[serde(default)]
    revoked: bool,
    #[serde(default)]
    x_mitre_version: Option<String>,
    #[serde(default)]
    modified: Option<String>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(default)]
    source_name: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    url: Option<String>,
}

#[derive(Deserialize)]
struct Phase {
    #[serde(default)]
    phase_name: String,
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut elements = Elements::new(input, "objects");
    let mut header = Header::default();
    let mut position = 0u64;
    while let Some(item) = elements.next_item()? {
        position += 1;
        let entry = match item {
            Item::Value(bytes) => serde_json::from_slice::<Entry>(bytes).map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match entry {
            Ok(entry) if entry.kind == "attack-pattern" => match technique(entry) {
                Ok(technique) => sink.record(Record::Technique(technique)),
                Err(skipped) => sink.skip(skipped),
            },
            Ok(entry) if entry.kind == "x-mitre-collection" => {
                header.version = entry.x_mitre_version;
                header.as_of = entry.modified.and_then(|text| text.parse().ok());
            }
            Ok(_) => {}
            Err(why) => sink.skip(Skipped { what: format!("object {position}"), why }),
        }
    }
    if !elements.found() && !elements.truncated() {
        return Err(FeedError::Shape { expected: "an array 'objects'", found: "none".to_owned() });
    }
    header.truncated = elements.truncated();
    Ok(header)
}

fn technique(entry: Entry) -> Result<Technique, Skipped> {
    let reference = entry.external_references.iter().find(|one| one.source_name.starts_with("mitre"));
    let Some(id) = reference.and_then(|one| one.external_id.clone()).filter(|id| !id.is_empty()) else {
        return Err(Skipped { what: entry.name, why: "has no technique number".to_owned() });
    };
    Ok(Technique {
        id: id.into(),
        name: entry.name.into(),
        domain: entry.x_mitre_domains.first().map_or("", String::as_str).into(),
        tactics: entry.kill_chain_phases.into_iter().map(|phase| phase.phase_name.into()).collect(),
        url: reference.and_then(|one| one.url.as_deref()).map(Into::into),
        retired: entry.x_mitre_deprecated || entry.revoked,
    })
}
