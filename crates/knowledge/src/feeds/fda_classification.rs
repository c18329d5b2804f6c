//! FDA's kinds of devices by product code: openFDA `device/classification`, and the table `foiclass.txt` (bars, Windows-1252).

use std::io::BufRead;

use medward_model::{ProductCode, Record};
use serde::Deserialize;

use super::fda::{has, read as read_pages, said};
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static FDA_CLASSIFICATION: Feed = Feed {
    name: "fda-classification",
    title: "FDA product classification",
    publisher: "US FDA",
    licence: "CC0-1.0",
    specification: &["openFDA device/classification API, field reference", "FDA foiclass.zip, data layout"],
    cadence_hours: 24 * 7,
    extent: Extent::Part,
    yields: &[Kind::ProductCode],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    has(sample, &["device_class", "product_code", "regulation_number"])
        && !sample.contains("\"identifiers\"")
        && !sample.contains("\"product_res_number\"")
        && !sample.contains("\"recalling_firm\"")
        && sample.contains("\"medical_specialty_description\"")
        && sample.contains("\"life_sustain_support_flag\"")
        || is_table(sample.text())
}

fn is_table(head: &[u8]) -> bool {
    head.starts_with(b"REVIEW_PANEL|MEDICALSPECIALTY|PRODUCTCODE|")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    product_code: String,
    device_name: String,
    device_class: String,
    regulation_number: String,
    medical_specialty: String,
    implant_flag: String,
    life_sustain_support_flag: String,
}

fn record(entry: Entry) -> Result<Record, String> {
    if entry.product_code.trim().is_empty() {
        return Err("has no product code".to_owned());
    }
    Ok(Record::ProductCode(ProductCode {
        code: entry.product_code.trim().into(),
        name: entry.device_name.trim().into(),
        class: entry.device_class.trim().parse().ok().filter(|class| (1..=3).contains(class)),
        regulation: said(entry.regulation_number),
        specialty: said(entry.medical_specialty),
        implant: entry.implant_flag.trim() == "Y",
        life_sustaining: entry.life_sustain_support_flag.trim() == "Y",
    }))
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    if is_table(Sample { name: "", head: input.fill_buf()? }.text()) {
        return read_table(input, sink);
    }
    read_pages::<Entry>(input, sink, |entry| entry.product_code.clone(), record)
}

/// Longest line of the table.
const MAX_LINE: u64 = 1 << 20;

fn read_table(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut columns: Vec<String> = Vec::new();
    let mut line = Vec::new();
    let mut number = 0u64;
    loop {
        line.clear();
        if std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(Header::default());
        }
        number += 1;
        let text = crate::wording::decoded(&line);
        let fields: Vec<&str> = text.trim_end().split('|').map(str::trim).collect();
        if number == 1 {
            columns = fields.iter().map(|name| (*name).to_owned()).collect();
            continue;
        }
        if text.trim().is_empty() {
            continue;
        }
        let field = |name: &str| -> String {
            columns
                .iter()
                .position(|own| own == name)
                .and_then(|at| fields.get(at))
                .map_or_else(String::new, |text| (*text).to_owned())
        };
        let entry = Entry {
            product_code: field("PRODUCTCODE"),
            device_name: field("DEVICENAME"),
            device_class: field("DEVICECLASS"),
            regulation_number: field("REGULATIONNUMBER"),
            medical_specialty: field("MEDICALSPECIALTY"),
            implant_flag: field("Implant_Flag"),
            life_sustain_support_flag: field("Life_Sustain_support_flag"),
        };
        match record(entry) {
            Ok(record) => sink.record(record),
            Err(why) => sink.skip(Skipped { what: format!("line {number}"), why }),
        }
    }
}
