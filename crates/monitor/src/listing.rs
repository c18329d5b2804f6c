//! A maintenance system's list as text: comma-separated values with a head line.

use std::collections::BTreeMap;

use thiserror::Error;

/// Characters of a heading that count, and columns that are read: each row names them again.
const HEADING: usize = 200;
const COLUMNS: usize = 1000;

/// Why a list cannot be read.
#[derive(Debug, Error)]
#[error("the CSV cannot be read: {0}")]
pub struct ListingError(#[from] csv::Error);

/// The rows of a list by its headings, at most `most` and one; parted by commas, semicolons or tabs, whichever its head line has
/// most of.
pub fn read_listing(text: &[u8], most: usize) -> Result<Vec<BTreeMap<String, String>>, ListingError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let head = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |sign: u8| head.iter().filter(|byte| **byte == sign).count();
    // Tables of many countries are parted by semicolons.
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text);
    let headings: Vec<String> = reader
        .headers()?
        .iter()
        .take(COLUMNS)
        .map(|heading| heading.trim().chars().take(HEADING).collect())
        .collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(headings.iter().cloned().zip(record?.iter().map(str::to_owned)).collect());
        if rows.len() > most {
            break;
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whatever_parts_its_columns() {
        for (text, tag) in
            [("Tag,Maker\nA1,BD\n", "A1"), ("\u{feff}Tag;Maker\r\nA2;BD\r\n", "A2"), ("Tag\tx\nA3\t", "A3")]
        {
            let rows = read_listing(text.as_bytes(), 10).unwrap();
            assert_eq!(rows.len(), 1, "{text}");
            assert_eq!(rows[0]["Tag"], tag);
        }
        assert!(read_listing(b"Tag\n\xff\xfe\n", 10).is_err());
        assert_eq!(read_listing("a\nb\nb\nb\n".as_bytes(), 1).unwrap().len(), 2);
    }

    #[test]
    fn a_long_heading_is_not_kept_in_every_row() {
        let text = format!("{}\n{}", "h".repeat(100_000), "v\n".repeat(50));
        let rows = read_listing(text.as_bytes(), 1000).unwrap();
        assert!(rows.iter().all(|row| row.keys().all(|heading| heading.len() <= HEADING)));
    }
}
