//! openFDA `device/recall`: recalled products with lots and reasons, without the class (that is in enforcement reports).
//!
//! Also a table with the columns `product_description` and `reason_for_recall` and, where there, the others by the same
//! names. Days are `2019-05-07`.

use std::io::BufRead;

use medward_model::{Day, Recall, RecallState, Record};
use serde::Deserialize;

use super::fda::{has, read as read_pages, said};
use crate::feed::with_head;
use crate::wording::cut;
use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static FDA_RECALL: Feed = Feed {
    name: "fda-recall",
    title: "FDA medical device recalls",
    publisher: "US FDA (openFDA)",
    licence: "CC0-1.0",
    specification: &["openFDA device/recall API, field reference"],
    cadence_hours: 24 * 7,
    extent: Extent::Part,
    yields: &[Kind::Recall],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    has(sample, &["product_res_number", "recalling_firm"])
        || has(sample, &["product_res_number", "res_event_number"])
        || has(sample, &["res_event_number", "root_cause_description"])
        || has(sample, &["cfres_id", "product_description"])
        || is_table(sample.text())
}

fn is_table(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    !line.trim_start().starts_with(['{', '[', '<'])
        && line.contains("product_description")
        && line.contains("reason_for_recall")
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Entry {
    product_res_number: String,
    recall_number: String,
    cfres_id: String,
    row: String,
    res_event_number: String,
    recalling_firm: String,
    product_code: String,
    product_description: String,
    code_info: String,
    reason_for_recall: String,
    root_cause_description: String,
    action: String,
    distribution_pattern: String,
    recall_status: String,
    event_date_initiated: String,
    event_date_posted: String,
    event_date_created: String,
    event_date_terminated: String,
    openfda: Annotation,
}

/// What openFDA adds; older records have nothing else that names the product.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Annotation {
    device_name: String,
}

impl Entry {
    fn number(&self) -> String {
        [&self.product_res_number, &self.recall_number, &self.cfres_id]
            .into_iter()
            .find(|number| !number.trim().is_empty())
            .map_or_else(
                || if self.row.is_empty() { String::new() } else { format!("row-{}", self.row) },
                |number| number.trim().to_owned(),
            )
    }

    fn record(self) -> Result<Record, String> {
        let number = self.number();
        if number.is_empty() {
            return Err("has no number".to_owned());
        }
        let description = [self.product_description.trim(), self.openfda.device_name.trim()]
            .into_iter()
            .find(|text| !text.is_empty())
            .ok_or("describes no product")?
            .to_owned();
        Ok(Record::Recall(Box::new(Recall {
            number: number.into(),
            event: said(self.res_event_number),
            firm: self.recalling_firm.trim().into(),
            product_code: said(self.product_code),
            description: description.into(),
            codes: self.code_info.trim().into(),
            reason: cut(self.reason_for_recall.trim(), 2_000),
            root_cause: said(self.root_cause_description),
            action: said(self.action).map(|text| cut(&text, 2_000)),
            distribution: said(self.distribution_pattern).map(|text| cut(&text, 500)),
            state: state(&self.recall_status),
            class: None,
            initiated: Day::read(&self.event_date_initiated),
            posted: Day::read(&self.event_date_posted).or_else(|| Day::read(&self.event_date_created)),
            terminated: Day::read(&self.event_date_terminated),
        })))
    }
}

/// Where it stands, in the spellings of both endpoints.
pub(super) fn state(text: &str) -> RecallState {
    let plain: String = text.to_ascii_lowercase().chars().filter(char::is_ascii_alphabetic).collect();
    match plain.as_str() {
        "" => RecallState::Unknown,
        "terminated" | "closed" => RecallState::Terminated,
        "completed" => RecallState::Completed,
        text if text.starts_with("open") || text.starts_with("ongoing") => RecallState::Ongoing,
        _ => RecallState::Unknown,
    }
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let (head, mut input) = with_head(input)?;
    let input: &mut dyn BufRead = &mut input;
    if is_table(Sample { name: "", head: &head }.text()) {
        return read_table(input, sink);
    }
    read_pages::<Entry>(input, sink, Entry::number, Entry::record)
}

fn read_table(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(input);
    for (position, row) in reader.deserialize::<Entry>().enumerate() {
        let mut result = row.map_err(|error| error.to_string());
        if let Ok(entry) = &mut result
            && entry.number().is_empty()
        {
            entry.row = (position + 1).to_string();
        }
        match result.and_then(Entry::record) {
            Ok(record) => sink.record(record),
            Err(why) => sink.skip(Skipped { what: format!("row {}", position + 1), why }),
        }
    }
    Ok(Header::default())
}
