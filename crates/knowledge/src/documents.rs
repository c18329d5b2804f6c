//! What the readers of JSON documents share: a file is one document, several one after another, or an array of them.

use std::io::BufRead;

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use crate::{Documents, FeedError, Header, Item, Sample, Sink, Skipped};

/// Reads every document of `input` and hands it to `take`, with its position from 1. Only `truncated` is set in the result.
pub(crate) fn read_each<T: DeserializeOwned>(
    input: &mut dyn BufRead,
    sink: &mut dyn Sink,
    expected: &'static str,
    mut take: impl FnMut(T, u64, &mut dyn Sink),
) -> Result<Header, FeedError> {
    let head = input.fill_buf()?;
    let sample = Sample { name: "", head };
    if !sample.is_json() && !sample.text().is_empty() {
        let start = sample.text();
        let found =
            String::from_utf8_lossy(start.get(..start.len().min(24)).unwrap_or_default()).into_owned();
        return Err(FeedError::Shape { expected, found: format!("'{}'", found.escape_debug()) });
    }
    let mut documents = Documents::new(input);
    let mut position = 0u64;
    while let Some(item) = documents.next_item()? {
        position += 1;
        let document = match item {
            Item::Value(bytes) => parse(bytes),
            Item::TooLong(length) => Err(format!("has {length} bytes")),
        };
        match document {
            Ok(document) => take(document, position, sink),
            Err(why) => sink.skip(Skipped { what: format!("record {position}"), why }),
        }
    }
    Ok(Header { truncated: documents.truncated(), ..Header::default() })
}

/// A document that is not UTF-8 throughout is read with its wrong bytes replaced.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let read = match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_str(&String::from_utf8_lossy(bytes)),
    };
    read.map_err(|error| error.to_string())
}

/// A member that may be `null`.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A member whose shape is not sure: what does not fit is as if it were not there.
pub(crate) fn lenient<'de, D: Deserializer<'de>, T: Default + DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
