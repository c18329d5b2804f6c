//! openFDA `device/enforcement`: recalls with their class. Days are `20190507`; `more_code_info` goes on where `code_info`
//! ends. `recall_number` is the `product_res_number` of `device/recall`.

use std::io::BufRead;

use medward_model::{Day, Recall, Record};
use serde::Deserialize;

use super::fda::{has, read as read_pages, said};
use super::fda_recall::state;
use crate::wording::cut;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink};

pub(super) static FDA_ENFORCEMENT: Feed = Feed {
    name: "fda-enforcement",
    title: "FDA enforcement reports on devices",
    publisher: "US FDA (openFDA)",
    licence: "CC0-1.0",
    specification: &["openFDA device/enforcement API, field reference"],
    cadence_hours: 24 * 7,
    extent: Extent::Part,
    yields: &[Kind::Recall],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    has(sample, &["recall_number", "classification", "product_description"])
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    recall_number: String,
    event_id: String,
    recalling_firm: String,
    product_description: String,
    product_type: String,
    code_info: String,
    more_code_info: Option<String>,
    reason_for_recall: String,
    distribution_pattern: String,
    classification: String,
    status: String,
    recall_initiation_date: String,
    report_date: String,
    termination_date: String,
}

fn record(entry: Entry) -> Result<Record, String> {
    if !entry.product_type.is_empty() && !entry.product_type.starts_with("Device") {
        return Err(format!("is about {}, not devices", entry.product_type));
    }
    if entry.recall_number.trim().is_empty() {
        return Err("has no recall_number".to_owned());
    }
    let mut codes = entry.code_info.trim().to_owned();
    if let Some(more) = entry.more_code_info.filter(|more| !more.trim().is_empty()) {
        codes.push(' ');
        codes.push_str(more.trim());
    }
    Ok(Record::Recall(Box::new(Recall {
        number: entry.recall_number.trim().into(),
        event: said(entry.event_id),
        firm: entry.recalling_firm.trim().into(),
        product_code: None,
        description: entry.product_description.trim().into(),
        codes: codes.into(),
        reason: cut(entry.reason_for_recall.trim(), 2_000),
        root_cause: None,
        action: None,
        distribution: said(entry.distribution_pattern).map(|text| cut(&text, 500)),
        state: state(&entry.status),
        class: match entry.classification.trim() {
            "Class I" => Some(1),
            "Class II" => Some(2),
            "Class III" => Some(3),
            _ => None,
        },
        initiated: Day::read(&entry.recall_initiation_date),
        posted: Day::read(&entry.report_date),
        terminated: Day::read(&entry.termination_date),
    })))
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    read_pages::<Entry>(input, sink, |entry| entry.recall_number.clone(), record)
}
