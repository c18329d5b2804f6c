//! FIRST EPSS: how likely each CVE is to be exploited within 30 days.
//!
//! Shape: the daily CSV (`#model_version:…,score_date:…`, then `cve,epss,percentile`), or a page of the API, where numbers
//! are strings. A new model moves every score: the version is kept.

use std::io::BufRead;

use medward_model::{Record, Score};
use serde::Deserialize;

use super::nvd::moment;
use crate::outline::Outline;
use crate::{Elements, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static EPSS: Feed = Feed {
    name: "epss",
    title: "Exploit Prediction Scoring System",
    publisher: "FIRST",
    licence: "free to use with attribution to FIRST (EPSS usage agreement)",
    specification: &["FIRST EPSS data files and API v1"],
    cadence_hours: 24,
    extent: Extent::Whole,
    yields: &[Kind::Score],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let head = sample.text();
    head.starts_with(b"#model_version")
        || head.starts_with(b"cve,epss,percentile")
        || Outline::of(sample).has("data") && sample.has_members(&["epss", "percentile"])
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let is_json = Sample { name: "", head: input.fill_buf()? }.is_json();
    if is_json { read_json(input, sink) } else { read_table(input, sink) }
}

/// Longest line.
const MAX_LINE: usize = 4_096;

fn read_table(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut header = Header::default();
    let mut line = Vec::new();
    let mut number = 0u64;
    loop {
        line.clear();
        let length = std::io::Read::take(&mut *input, MAX_LINE as u64).read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        let text = text.trim();
        if let Some(comment) = text.strip_prefix('#') {
            for part in comment.split(',') {
                match part.split_once(':') {
                    Some(("model_version", version)) => header.version = Some(version.to_owned()),
                    Some(("score_date", date)) => header.as_of = moment(&date.replace("+0000", "Z")),
                    _ => {}
                }
            }
            continue;
        }
        if text.is_empty() || text.starts_with("cve,") {
            continue;
        }
        let mut fields = text.split(',');
        let score = match (fields.next(), fields.next(), fields.next()) {
            (Some(cve), Some(epss), percentile) => score(cve, epss, percentile.unwrap_or("0")),
            _ => None,
        };
        match score {
            Some(score) => sink.record(Record::Score(score)),
            None => sink.skip(Skipped {
                what: format!("line {number}"),
                why: "is not: CVE, score, percentile".to_owned(),
            }),
        }
    }
    Ok(header)
}

fn score(cve: &str, epss: &str, percentile: &str) -> Option<Score> {
    let share = |text: &str| text.trim().parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
    let cve = cve.trim();
    cve.starts_with("CVE-").then_some(())?;
    Some(Score { cve: cve.into(), epss: share(epss)?, percentile: share(percentile)? })
}

#[derive(Deserialize)]
struct Entry {
    cve: String,
    epss: String,
    percentile: String,
    #[serde(default)]
    date: String,
}

fn read_json(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let mut elements = Elements::new(input, "data");
    let mut header = Header::default();
    let mut position = 0u64;
    while let Some(item) = elements.next_item()? {
        position += 1;
        let Item::Value(bytes) = item else { continue };
        let entry: Option<Entry> = serde_json::from_slice(bytes).ok();
        let date = entry.as_ref().and_then(|entry| medward_model::Day::read(&entry.date));
        header.as_of = header.as_of.max(date.map(medward_model::Day::start));
        match entry.and_then(|entry| score(&entry.cve, &entry.epss, &entry.percentile)) {
            Some(score) => sink.record(Record::Score(score)),
            None => sink.skip(Skipped { what: format!("record {position}"), why: "is no score".to_owned() }),
        }
    }
    header.truncated = elements.truncated();
    Ok(header)
}
