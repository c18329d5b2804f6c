//! openFDA's device endpoints: what they share.

use std::io::BufRead;

use crate::json::member;
use medward_model::{Record, Timestamp};
use serde::de::DeserializeOwned;

use crate::feed::with_head;
use crate::outline::Outline;
use crate::{Elements, FeedError, Header, Item, Sample, Sink, Skipped};

/// Whether it is a page or part of openFDA (`{meta, results}`), or one object, with these members.
pub(super) fn has(sample: &Sample<'_>, members: &[&str]) -> bool {
    let outline = Outline::of(sample);
    let outermost = outline.has("results")
        || outline.has("meta") && outline.cut
        || members.iter().all(|member| outline.has(member))
        || ["record", "header", "result"].iter().any(|wrapper| outline.has(wrapper));
    outermost && sample.has_members(members)
}

/// Reads `results`, or a single object that stands alone.
pub(super) fn read<T: DeserializeOwned>(
    input: &mut dyn BufRead,
    sink: &mut dyn Sink,
    id: fn(&T) -> String,
    record: fn(T) -> Result<Record, String>,
) -> Result<Header, FeedError> {
    let (head, mut input) = with_head(input)?;
    let input: &mut dyn BufRead = &mut input;
    let alone = !Outline::of(&Sample { name: "", head: &head }).has("results");
    let taken = |sink: &mut dyn Sink, bytes: &[u8], position: u64| match serde_json::from_slice::<T>(bytes) {
        Ok(entry) => {
            let what = id(&entry);
            match record(entry) {
                Ok(record) => sink.record(record),
                Err(why) => sink.skip(Skipped { what, why }),
            }
        }
        Err(error) => sink.skip(Skipped { what: format!("record {position}"), why: error.to_string() }),
    };
    if alone {
        let mut documents = crate::Documents::new(input);
        let mut position = 0;
        while let Some(item) = documents.next_item()? {
            position += 1;
            if let Item::Value(bytes) = item {
                // A record, or an answer that wraps one (as openFDA's documentation does).
                let inner: Vec<Vec<u8>> = wrapped(bytes);
                for bytes in inner.iter().map(Vec::as_slice).chain(inner.is_empty().then_some(bytes)) {
                    taken(sink, bytes, position);
                }
            }
        }
        return Ok(Header { truncated: documents.truncated(), ..Header::default() });
    }
    let mut elements = Elements::new(input, "results");
    let mut position = 0;
    while let Some(item) = elements.next_item()? {
        position += 1;
        match item {
            Item::Value(bytes) => taken(sink, bytes, position),
            Item::TooLong(length) => {
                sink.skip(Skipped { what: format!("record {position}"), why: format!("has {length} bytes") });
            }
        }
    }
    if !elements.found() && !elements.truncated() {
        return Err(FeedError::Shape { expected: "an array 'results'", found: "none".to_owned() });
    }
    let beside = elements.beside();
    let counts = member(member(&beside, "meta"), "results");
    let total = member(counts, "total").as_u64();
    Ok(Header {
        as_of: updated(member(member(&beside, "meta"), "last_updated").as_str()),
        declared: total.filter(|total| member(counts, "limit").as_u64().is_some_and(|limit| limit >= *total)),
        version: None,
        truncated: elements.truncated(),
    })
}

/// Objects that are members of an object which has none of a record's own members.
fn wrapped(bytes: &[u8]) -> Vec<Vec<u8>> {
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(bytes) else { return Vec::new() };
    if object.values().any(|value| !value.is_object()) {
        return Vec::new();
    }
    object
        .iter()
        .filter(|(key, value)| {
            !matches!(key.as_str(), "count" | "meta" | "anatomy" | "openfda") && value["meta"].is_null()
        })
        .filter_map(|(_, value)| serde_json::to_vec(value).ok())
        .collect()
}

fn updated(text: Option<&str>) -> Option<Timestamp> {
    medward_model::Day::read(text?).map(medward_model::Day::start)
}

/// A text that says something.
pub(super) fn said(text: String) -> Option<Box<str>> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}
