//! CISA's catalogue of known exploited vulnerabilities, as JSON and CSV.
//!
//! Shape: one document that is the whole catalogue, `{title, catalogVersion, dateReleased, count, vulnerabilities[]}`;
//! the CSV has the same columns without the head. Dates are bare days. An entry can be edited or withdrawn, so a file
//! replaces the catalogue. `count` must equal the number of entries.
//!
//! Limits: `notes` are not kept.

use std::io::BufRead;

use crate::json::member;
use medward_model::{Day, Exploited, Record};
use serde::Deserialize;

use crate::outline::Outline;
use crate::{Elements, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static KEV: Feed = Feed {
    name: "kev",
    title: "Known Exploited Vulnerabilities",
    publisher: "CISA",
    licence: "CC0-1.0",
    specification: &["CISA, Known Exploited Vulnerabilities Catalog, JSON schema of 2024"],
    cadence_hours: 24,
    extent: Extent::Whole,
    yields: &[Kind::Exploited],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    Outline::of(sample).has("catalogVersion") && sample.has_members(&["cveID"]) && sample.contains("CVE-")
        || is_table(sample.text())
}

fn is_table(head: &[u8]) -> bool {
    head.starts_with(b"cveID,") || head.starts_with(b"\"cveID\",")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    #[serde(default)]
    vendor_project: String,
    #[serde(default)]
    product: String,
    #[serde(default)]
    vulnerability_name: String,
    #[serde(default)]
    date_added: String,
    #[serde(default)]
    due_date: String,
    #[serde(default)]
    required_action: String,
    #[serde(default)]
    known_ransomware_campaign_use: String,
}

impl Entry {
    fn record(self) -> Record {
        Record::Exploited(Exploited {
            cve: self.cve.trim().to_ascii_uppercase().into(),
            vendor: self.vendor_project.trim().into(),
            product: self.product.trim().into(),
            name: self.vulnerability_name.trim().into(),
            added: Day::read(&self.date_added),
            due: Day::read(&self.due_date),
            action: self.required_action.trim().into(),
            ransomware: match self.known_ransomware_campaign_use.as_str() {
                "Known" => Some(true),
                // "Unknown" is what the catalogue says where nothing was found.
                _ => None,
            },
        })
    }
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let table = is_table(Sample { name: "", head: input.fill_buf()? }.text());
    if table { read_table(input, sink) } else { read_json(input, sink) }
}

fn read_json(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut elements = Elements::new(input, "vulnerabilities");
    let mut position = 0u64;
    while let Some(item) = elements.next_item()? {
        position += 1;
        let entry = match item {
            Item::Value(bytes) => serde_json::from_slice::<Entry>(bytes).map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match entry {
            Ok(entry) => sink.record(entry.record()),
            Err(why) => sink.skip(Skipped { what: format!("record {position}"), why }),
        }
    }
    if !elements.found() {
        return Err(FeedError::Shape { expected: "an array 'vulnerabilities'", found: "none".to_owned() });
    }
    let beside = elements.beside();
    Ok(Header {
        as_of: member(&beside, "dateReleased").as_str().and_then(|text| text.parse().ok()),
        declared: member(&beside, "count").as_u64(),
        version: member(&beside, "catalogVersion").as_str().map(str::to_owned),
        truncated: elements.truncated(),
    })
}

fn read_table(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut newest = None;
    for (position, row) in csv::Reader::from_reader(input).into_deserialize::<Entry>().enumerate() {
        match row {
            Ok(entry) => {
                newest = newest.max(Day::read(&entry.date_added));
                sink.record(entry.record());
            }
            Err(error) => {
                sink.skip(Skipped { what: format!("row {}", position + 2), why: error.to_string() });
            }
        }
    }
    Ok(Header { as_of: newest.map(Day::start), ..Header::default() })
}
