//! endoflife.date API v1: products, their releases, and until when each is supported.
//!
//! Shape: `{schema_version, generated_at, total, result: [product]}`, or one product as `result`. Its booleans were
//! true on the day it was built, so days are kept and compared with "today"; `isEol` without a day is kept as `ended`.

use std::io::BufRead;

use crate::json::member;
use medward_model::{Day, Lifecycle, Record, Release};
use serde::Deserialize;

use crate::feed::{read_whole, with_head};
use crate::outline::Outline;
use crate::{Elements, Extent, Feed, FeedError, Header, Item, Kind, Sample, Sink, Skipped};

pub(super) static ENDOFLIFE: Feed = Feed {
    name: "endoflife",
    title: "endoflife.date",
    publisher: "endoflife.date contributors",
    licence: "MIT",
    specification: &["endoflife.date API v1, openapi.yml 1.2"],
    cadence_hours: 24,
    extent: Extent::Part,
    yields: &[Kind::Lifecycle],
    recognise,
    read,
};

fn recognise(sample: &Sample<'_>) -> bool {
    let outline = Outline::of(sample);
    outline.has("schema_version")
        && outline.has("generated_at")
        && outline.has("result")
        && sample.has_members(&["releases"])
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    label: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    identifiers: Vec<Identifier>,
    #[serde(default)]
    releases: Vec<Cycle>,
    #[serde(default)]
    links: Links,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Links {
    html: Option<String>,
}

#[derive(Deserialize)]
struct Identifier {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    id: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cycle {
    name: String,
    label: Option<String>,
    codename: Option<String>,
    release_date: Option<String>,
    is_lts: bool,
    eoas_from: Option<String>,
    is_eol: bool,
    eol_from: Option<String>,
    eoes_from: Option<String>,
    discontinued_from: Option<String>,
    latest: Option<Latest>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Latest {
    name: Option<String>,
}

fn record(entry: Entry) -> Record {
    let day = |text: &Option<String>| text.as_deref().and_then(Day::read);
    let boxed = |text: &str| -> Box<str> { text.trim().into() };
    Record::Lifecycle(Box::new(Lifecycle {
        label: if entry.label.is_empty() { boxed(&entry.name) } else { boxed(&entry.label) },
        category: boxed(&entry.category),
        aliases: entry.aliases.iter().map(|alias| boxed(alias)).collect(),
        identifiers: entry.identifiers.iter().map(|one| (boxed(&one.kind), boxed(&one.id))).collect(),
        releases: entry
            .releases
            .iter()
            .map(|cycle| Release {
                name: boxed(&cycle.name),
                label: boxed(cycle.label.as_deref().unwrap_or(&cycle.name)),
                codename: cycle.codename.as_deref().map(boxed),
                released: day(&cycle.release_date),
                active_until: day(&cycle.eoas_from),
                supported_until: day(&cycle.eol_from),
                ended: cycle.is_eol && cycle.eol_from.is_none(),
                extended_until: day(&cycle.eoes_from),
                discontinued: day(&cycle.discontinued_from),
                long_term: cycle.is_lts,
                latest: cycle.latest.as_ref().and_then(|latest| latest.name.as_deref()).map(boxed),
            })
            .collect(),
        url: Some(
            entry
                .links
                .html
                .as_deref()
                .map_or_else(|| format!("https://endoflife.date/{}", entry.name.trim()).into(), boxed),
        ),
        slug: boxed(&entry.name),
    }))
}

/// Largest answer for one product.
const MAX_ONE: u64 = 8 << 20;

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let (head, mut input) = with_head(input)?;
    let input: &mut dyn BufRead = &mut input;
    // One product: `result` is an object.
    let compact: Vec<u8> =
        head.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(4_096).collect();
    if memchr::memmem::find(&compact, b"\"result\":{").is_some() {
        #[derive(Deserialize)]
        struct One {
            generated_at: Option<String>,
            result: Entry,
        }
        let bytes = read_whole(input, MAX_ONE)?;
        let one: One = serde_json::from_slice(&bytes)
            .map_err(|error| FeedError::Shape { expected: "one product", found: error.to_string() })?;
        sink.record(record(one.result));
        return Ok(Header {
            as_of: one.generated_at.and_then(|text| text.parse().ok()),
            ..Header::default()
        });
    }
    let mut elements = Elements::new(input, "result");
    let mut position = 0u64;
    while let Some(item) = elements.next_item()? {
        position += 1;
        let entry = match item {
            Item::Value(bytes) => serde_json::from_slice::<Entry>(bytes).map_err(|error| error.to_string()),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match entry {
            Ok(entry) => sink.record(record(entry)),
            Err(why) => sink.skip(Skipped { what: format!("product {position}"), why }),
        }
    }
    if !elements.found() && !elements.truncated() {
        return Err(FeedError::Shape { expected: "an array 'result'", found: "none".to_owned() });
    }
    let beside = elements.beside();
    Ok(Header {
        as_of: member(&beside, "generated_at").as_str().and_then(|text| text.parse().ok()),
        declared: member(&beside, "total").as_u64(),
        version: member(&beside, "schema_version").as_str().map(str::to_owned),
        truncated: elements.truncated(),
    })
}
