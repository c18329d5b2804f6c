//! The global device registry: openFDA `device/udi` pages and parts, and AccessGUDID's XML release, read device by device.
//!
//! Booleans of openFDA are the strings "true" and "false". GMDN terms are licensed and not kept.

use std::io::BufRead;

use medward_model::{Day, DeviceIdentifier, Record};
use quick_xml::events::Event;
use serde::Deserialize;

use super::fda::{has, read as read_pages, said};
use crate::wording::cut;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static GUDID: Feed = Feed {
    name: "gudid",
    title: "Global Unique Device Identification Database",
    publisher: "US FDA, National Library of Medicine",
    licence: "CC0-1.0, without the GMDN terms",
    specification: &["openFDA device/udi API, field reference", "AccessGUDID full release, gudid.xsd"],
    cadence_hours: 24 * 31,
    extent: Extent::Part,
    yields: &[Kind::DeviceIdentifier],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    has(sample, &["identifiers", "company_name", "brand_name"])
        || sample.text().starts_with(b"<")
            && sample.contains("http://www.fda.gov/cdrh/gudid")
            && sample.contains("<device")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    identifiers: Vec<Identifier>,
    brand_name: String,
    version_or_model_number: String,
    catalog_number: String,
    company_name: String,
    device_description: String,
    product_codes: Vec<Code>,
    has_lot_or_batch_number: String,
    has_serial_number: String,
    publish_date: String,
    commercial_distribution_end_date: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identifier {
    id: String,
    r#type: String,
    issuing_agency: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code {
    code: String,
}

fn truth(text: &str) -> Option<bool> {
    match text.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn name(entry: &Entry) -> String {
    entry.identifiers.first().map(|identifier| identifier.id.clone()).unwrap_or_default()
}

fn record(entry: Entry) -> Result<Record, String> {
    let primary = entry
        .identifiers
        .iter()
        .find(|identifier| identifier.r#type == "Primary")
        .or(entry.identifiers.first());
    let Some(primary) = primary.filter(|primary| !primary.id.trim().is_empty()) else {
        return Err("has no identifier".to_owned());
    };
    let di: Box<str> = primary.id.trim().into();
    let mut others: Vec<Box<str>> = entry
        .identifiers
        .iter()
        .map(|identifier| identifier.id.trim().into())
        .filter(|id| *id != di)
        .collect();
    others.sort();
    others.dedup();
    Ok(Record::DeviceIdentifier(Box::new(DeviceIdentifier {
        agency: said(primary.issuing_agency.clone()),
        di,
        others,
        company: entry.company_name.trim().into(),
        brand: entry.brand_name.trim().into(),
        model: entry.version_or_model_number.trim().into(),
        catalog_number: said(entry.catalog_number),
        description: said(entry.device_description).map(|text| cut(&text, 500)),
        product_codes: entry.product_codes.into_iter().filter_map(|code| said(code.code)).collect(),
        has_lot: truth(&entry.has_lot_or_batch_number),
        has_serial: truth(&entry.has_serial_number),
        published: Day::read(&entry.publish_date),
        distribution_end: Day::read(&entry.commercial_distribution_end_date),
    })))
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    if (Sample { name: "", head: input.fill_buf()? }).text().starts_with(b"<") {
        return read_xml(input, sink);
    }
    read_pages::<Entry>(input, sink, name, record)
}

/// Longest text of one element.
const MAX_TEXT: usize = 64 << 10;

fn read_xml(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut reader = quick_xml::Reader::from_reader(input);
    let mut buffer = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    let mut entry = Entry::default();
    let mut position = 0u64;
    let mut truncated = false;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                let name = start.local_name().as_ref().to_owned();
                if name == "device" {
                    entry = Entry::default();
                    position += 1;
                }
                if name == "identifier" {
                    entry.identifiers.push(Identifier::default());
                }
                if path.len() < 64 {
                    path.push(name);
                }
                text.clear();
            }
            Ok(Event::Text(piece)) => {
                if text.len() < MAX_TEXT {
                    text.push_str(piece.as_ref());
                }
            }
            Ok(Event::CData(piece)) => {
                if text.len() < MAX_TEXT {
                    text.push_str(piece.as_ref());
                }
            }
            Ok(Event::GeneralRef(name)) => {
                text.push_str(match name.as_ref() {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "apos" => "'",
                    _ => "",
                });
            }
            Ok(Event::End(end)) => {
                let name = end.local_name().as_ref().to_owned();
                if name == "device" {
                    match record(std::mem::take(&mut entry)) {
                        Ok(record) => sink.record(record),
                        Err(why) => sink.skip(Skipped { what: format!("device {position}"), why }),
                    }
                } else {
                    put(
                        &mut entry,
                        &name,
                        path.get(path.len().wrapping_sub(2)).map_or("", String::as_str),
                        text.trim(),
                    );
                }
                path.pop();
                text.clear();
            }
            Ok(Event::Eof) => {
                truncated |= !path.is_empty();
                break;
            }
            Ok(_) => {}
            Err(error) => {
                truncated = true;
                sink.skip(Skipped {
                    what: format!("device {position}"),
                    why: format!("is no XML from here: {error}"),
                });
                break;
            }
        }
    }
    Ok(Header { truncated, ..Header::default() })
}

fn put(entry: &mut Entry, name: &str, above: &str, text: &str) {
    let value = text.to_owned();
    match (above, name) {
        ("identifier", _) => {
            if let Some(identifier) = entry.identifiers.last_mut() {
                match name {
                    "deviceId" => identifier.id = value,
                    "deviceIdType" => identifier.r#type = value,
                    "deviceIdIssuingAgency" => identifier.issuing_agency = value,
                    _ => {}
                }
            }
        }
        ("device", "brandName") => entry.brand_name = value,
        ("device", "versionModelNumber") => entry.version_or_model_number = value,
        ("device", "catalogNumber") => entry.catalog_number = value,
        ("device", "companyName") => entry.company_name = value,
        ("device", "deviceDescription") => entry.device_description = value,
        ("device", "lotBatch") => entry.has_lot_or_batch_number = value,
        ("device", "serialNumber") => entry.has_serial_number = value,
        ("device", "devicePublishDate") => entry.publish_date = value,
        ("device", "deviceCommDistributionEndDate") => entry.commercial_distribution_end_date = value,
        ("fdaProductCode", "productCode") => entry.product_codes.push(Code { code: value }),
        _ => {}
    }
}
