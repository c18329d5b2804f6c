//! Ends of support of devices, as a table that a hospital or its service provider keeps: what makers announce by letter.
//!
//! Shape: CSV with a header; columns `vendor`, `product`, `support_ends` (a day), and where they are known `versions` (as in an
//! advisory: "3.6", "before 4.0"), `replacement`, `source`. Rows of one product make one life cycle. `catalog/support.csv` is
//! such a table, and built in.
//!
//! Limits: days only; "some time in 2017" is written as its last day.

use std::collections::BTreeMap;
use std::io::BufRead;

use medward_model::{Day, Lifecycle, Record, Release};

use crate::{Extent, Feed, FeedError, Header, Kind, Sample, Sink, Skipped};

pub(super) static SUPPORT: Feed = Feed {
    name: "support",
    title: "Ends of support of devices",
    publisher: "your own list",
    licence: "yours",
    specification: &["medward, docs/guide/knowledge.md"],
    cadence_hours: 0,
    extent: Extent::Part,
    yields: &[Kind::Lifecycle],
    recognise,
    read,
};

/// What is built in.
const BUILTIN: &str = include_str!("../../../../catalog/support.csv");

/// Category of these life cycles, and kind of the identifier that names maker and product.
pub(crate) const DEVICE: &str = "device";
/// Name of the release that stands for what replaces the product.
pub(crate) const REPLACEMENT: &str = "replacement";

fn recognise(sample: &Sample<'_>) -> bool {
    let first = sample.text().split(|byte| *byte == b'\n').next().unwrap_or_default();
    let header = String::from_utf8_lossy(first).to_lowercase();
    let has = |name: &str| header.split([',', ';', '\t']).any(|cell| cell.trim().trim_matches('"') == name);
    has("vendor") && has("product") && has("support_ends")
}

/// The built-in life cycles.
pub(crate) fn builtin() -> Vec<Lifecycle> {
    struct All(Vec<Lifecycle>);
    impl Sink for All {
        fn record(&mut self, record: Record) {
            if let Record::Lifecycle(lifecycle) = record {
                self.0.push(*lifecycle);
            }
        }
        fn skip(&mut self, _: Skipped) {}
    }
    let mut all = All(Vec::new());
    // The file is part of the program and checked by a test: it cannot be wrong here.
    let _ = read(&mut BUILTIN.as_bytes(), &mut all);
    all.0
}

fn read(input: &mut dyn BufRead, sink: &mut dyn Sink) -> Result<Header, FeedError> {
    let first = input.fill_buf()?.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let delimiter = [b';', b'\t'].into_iter().find(|one| first.contains(one)).unwrap_or(b',');
    let mut table =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(input);
    let shape =
        |found: String| FeedError::Shape { expected: "a table with vendor, product and support_ends", found };
    let header = table.headers().map_err(|error| shape(error.to_string()))?.clone();
    let column = |wanted: &str| {
        header.iter().position(|name| name.trim_start_matches('\u{feff}').eq_ignore_ascii_case(wanted))
    };
    let (Some(vendor), Some(product), Some(ends)) =
        (column("vendor"), column("product"), column("support_ends"))
    else {
        return Err(shape(header.iter().collect::<Vec<_>>().join(", ").chars().take(200).collect()));
    };
    let (versions, replacement) = (column("versions"), column("replacement"));
    let mut products: BTreeMap<(String, String), Lifecycle> = BTreeMap::new();
    for (at, row) in table.records().enumerate() {
        let mut skip = |why: String| sink.skip(Skipped { what: format!("row {}", at + 2), why });
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                skip(error.to_string());
                continue;
            }
        };
        let cell = |at: usize| row.get(at).unwrap_or_default().trim();
        let told = |at: Option<usize>| at.map(cell).unwrap_or_default();
        if cell(vendor).is_empty() || cell(product).is_empty() {
            skip("names no vendor or no product".to_owned());
            continue;
        }
        let Some(day) = Day::read(cell(ends)) else {
            skip(format!("support_ends is '{}', which is no day; write 2026-11-26", cell(ends)));
            continue;
        };
        let label = format!("{} {}", cell(vendor), cell(product));
        let lifecycle =
            products.entry((cell(vendor).to_owned(), cell(product).to_owned())).or_insert_with(|| {
                Lifecycle {
                    slug: format!("{DEVICE}:{}", label.to_lowercase()).into(),
                    label: label.as_str().into(),
                    category: DEVICE.into(),
                    identifiers: vec![(DEVICE.into(), format!("{}\t{}", cell(vendor), cell(product)).into())],
                    ..Lifecycle::default()
                }
            });
        lifecycle.releases.push(Release {
            name: told(versions).into(),
            label: told(versions).into(),
            supported_until: Some(day),
            ..Release::default()
        });
        let replacement = told(replacement);
        if !replacement.is_empty() && !lifecycle.releases.iter().any(|release| &*release.name == REPLACEMENT)
        {
            lifecycle.releases.push(Release {
                name: REPLACEMENT.into(),
                label: replacement.into(),
                ..Release::default()
            });
        }
    }
    for lifecycle in products.into_values() {
        sink.record(Record::Lifecycle(Box::new(lifecycle)));
    }
    Ok(Header::default())
}

#[cfg(test)]
mod tests {
    use super::{BUILTIN, builtin};

    #[test]
    fn every_row_that_is_built_in_is_read_and_has_a_source() {
        let rows = BUILTIN.lines().count() - 1;
        let releases = builtin()
            .iter()
            .flat_map(|lifecycle| lifecycle.releases.clone())
            .filter(|release| release.supported_until.is_some())
            .count();
        assert_eq!(releases, rows);
        assert!(BUILTIN.lines().all(|line| !line.trim_end().ends_with(',')));
    }
}
