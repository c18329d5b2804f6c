//! The cells of a spreadsheet (ECMA-376, part 1: 12.3.15 shared strings, 12.3.24 worksheets), as text.
//!
//! Read here and not by a library for spreadsheets, because what a file says of its own size is not believed: every part
//! is unpacked through a limit, no number in it reserves memory, and only cells within a small area are kept. So an
//! archive that unpacks to gigabytes costs a bounded time and memory.
//!
//! Limits: formats are not read, so a day is the number that the cell holds; formulas stand with the value last computed.

use std::io::{BufReader, Cursor, Read as _};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::{MAX_COLUMNS, MAX_ROWS, tidy};

/// Most bytes that one part, and all that are read together, may unpack to; what comes behind is not read.
const MAX_PART: u64 = 16 << 20;
const MAX_PARTS: u64 = 40 << 20;

/// Most sheets that are read, and most entries of an archive.
const MAX_SHEETS: usize = 16;
const MAX_ENTRIES: usize = 2_000;

/// Most shared strings that are kept, and most bytes of them.
const MAX_STRINGS: usize = 100_000;
const MAX_STRING_BYTES: usize = 16 << 20;

/// Most bytes of text in the cells of one sheet: many cells can name the same long string.
const MAX_SHEET_BYTES: usize = 8 << 20;

/// What was in the file.
pub(super) struct Workbook {
    /// Rows of cells, sheet by sheet.
    pub sheets: Vec<Vec<Vec<String>>>,
    /// Days are counted from 1904, not from 1900 (18.2.28, `date1904`).
    pub since_1904: bool,
    /// A limit was reached.
    pub truncated: bool,
}

impl Workbook {
    /// Reads it; the error says what was wrong.
    pub fn read(bytes: &[u8]) -> Result<Workbook, String> {
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        if archive.len() > MAX_ENTRIES {
            return Err(format!("an archive of {} files", archive.len()));
        }
        let mut names: Vec<String> =
            archive.file_names().filter_map(Result::ok).map(|name| name.into_owned()).collect();
        names.retain(|name| name.starts_with("xl/worksheets/") && name.ends_with(".xml"));
        // sheet2 before sheet10.
        names.sort_by_key(|name| (name.len(), name.clone()));
        if names.is_empty() {
            return Err("an archive without worksheets".to_owned());
        }
        let mut limits = Limits { left: MAX_PARTS, reached: names.len() > MAX_SHEETS };
        let mut since_1904 = false;
        part(&mut archive, "xl/workbook.xml", &mut limits, &mut |event| {
            if let Event::Start(tag) | Event::Empty(tag) = event
                && tag.local_name().as_ref() == "workbookPr"
            {
                since_1904 = matches!(attribute(tag, "date1904").as_deref(), Some("1" | "true"));
            }
            true
        })?;
        let mut strings = Strings::default();
        part(&mut archive, "xl/sharedStrings.xml", &mut limits, &mut |event| strings.event(event))?;
        let strings = strings.all;
        let mut sheets = Vec::new();
        for name in names.iter().take(MAX_SHEETS) {
            let mut sheet = Sheet { strings: &strings, ..Sheet::default() };
            part(&mut archive, name, &mut limits, &mut |event| sheet.event(event))?;
            sheets.push(sheet.rows);
        }
        Ok(Workbook { sheets, since_1904, truncated: limits.reached })
    }
}

/// What may still be unpacked.
struct Limits {
    left: u64,
    reached: bool,
}

/// Gives the events of one part to `take` until it says no; a part that is not there has none.
fn part(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    name: &str,
    limits: &mut Limits,
    take: &mut dyn FnMut(&Event<'_>) -> bool,
) -> Result<(), String> {
    // Some programs write "SharedStrings.xml".
    let Some(at) = (0..archive.len())
        .find(|at| matches!(archive.name_for_index(*at), Some(Ok(own)) if own.eq_ignore_ascii_case(name)))
    else {
        return Ok(());
    };
    let file = archive.by_index(at).map_err(|error| format!("{name} cannot be unpacked: {error}"))?;
    let allowed = limits.left.min(MAX_PART);
    let mut reader = Reader::from_reader(BufReader::new(file.take(allowed)));
    let mut buffer = Vec::new();
    let result = loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break Ok(()),
            Ok(event) if take(&event) => {}
            Ok(_) => {
                limits.reached = true;
                break Ok(());
            }
            Err(error) => break Err(format!("{name} is broken: {error}")),
        }
    };
    let left = reader.get_ref().get_ref().limit();
    limits.left -= allowed - left;
    if left == 0 {
        // It was cut off here, so that it ends broken is no wonder.
        limits.reached = true;
        return Ok(());
    }
    result
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name).ok().flatten().map(|attribute| attribute.value.trim().to_owned())
}

/// Appends what an event says between two tags.
fn append(text: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(part) => text.push_str(part),
        Event::CData(part) => text.push_str(part),
        Event::GeneralRef(name) => match name.resolve_char_ref() {
            Ok(Some(character)) => text.push(character),
            _ => text.push_str(resolve_predefined_entity(name).unwrap_or_default()),
        },
        _ => {}
    }
}

#[derive(Default)]
struct Strings {
    all: Vec<String>,
    bytes: usize,
    text: String,
    in_text: bool,
    /// Inside a phonetic run, whose text is a reading aid and no content (18.4.6).
    phonetic: bool,
}

impl Strings {
    fn event(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "t" => self.in_text = !self.phonetic,
                "rPh" => self.phonetic = true,
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "t" => self.in_text = false,
                "rPh" => self.phonetic = false,
                "si" => self.finish(),
                _ => {}
            },
            // A string without content counts all the same.
            Event::Empty(tag) if tag.local_name().as_ref() == "si" => self.finish(),
            event if self.in_text => append(&mut self.text, event),
            _ => {}
        }
        self.all.len() < MAX_STRINGS && self.bytes < MAX_STRING_BYTES
    }

    fn finish(&mut self) {
        let text = tidy(&std::mem::take(&mut self.text));
        self.bytes += text.len();
        self.all.push(text);
    }
}

#[derive(Default)]
struct Sheet<'s> {
    strings: &'s [String],
    rows: Vec<Vec<String>>,
    bytes: usize,
    /// Where the next cell stands that does not say it.
    row: usize,
    column: usize,
    kind: String,
    text: String,
    in_value: bool,
}

impl Sheet<'_> {
    fn event(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(tag) | Event::Empty(tag) => match tag.local_name().as_ref() {
                "row" => {
                    let stated = attribute(tag, "r").and_then(|text| text.parse::<usize>().ok());
                    self.row = stated.and_then(|row| row.checked_sub(1)).unwrap_or(self.row);
                    self.column = 0;
                }
                "c" => {
                    if let Some((row, column)) = attribute(tag, "r").and_then(|text| place(&text)) {
                        (self.row, self.column) = (row, column);
                    }
                    self.kind = attribute(tag, "t").unwrap_or_default();
                    self.text.clear();
                    if matches!(event, Event::Empty(_)) {
                        self.column += 1;
                    }
                }
                "v" | "t" => self.in_value = matches!(event, Event::Start(_)),
                _ => {}
            },
            Event::End(tag) => match tag.local_name().as_ref() {
                "v" | "t" => self.in_value = false,
                "c" => self.keep(),
                "row" => self.row += 1,
                _ => {}
            },
            event if self.in_value => append(&mut self.text, event),
            _ => {}
        }
        self.bytes < MAX_SHEET_BYTES
    }

    fn keep(&mut self) {
        let raw = std::mem::take(&mut self.text);
        let text = match self.kind.as_str() {
            "s" => raw.trim().parse::<usize>().ok().and_then(|at| self.strings.get(at)).cloned(),
            "e" => None,
            _ => Some(tidy(&raw)),
        };
        let (row, column) = (self.row, self.column);
        self.column += 1;
        let Some(text) = text.filter(|text| !text.is_empty()) else { return };
        if row >= MAX_ROWS || column >= MAX_COLUMNS {
            return;
        }
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        if let Some(cells) = self.rows.get_mut(row) {
            if cells.len() <= column {
                cells.resize(column + 1, String::new());
            }
            if let Some(cell) = cells.get_mut(column) {
                self.bytes += text.len();
                *cell = text;
            }
        }
    }
}

/// Row and column, from 0, of a reference like "B12".
fn place(reference: &str) -> Option<(usize, usize)> {
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = reference.split_at_checked(digits)?;
    let mut column = 0usize;
    for letter in letters.bytes() {
        let value = usize::from(letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?);
        column = column.checked_mul(26)?.checked_add(value + 1)?;
    }
    Some((row.parse::<usize>().ok()?.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("an entry");
            writer.write_all(bytes).expect("memory");
        }
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn references_are_places() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("ab10"), Some((9, 27)));
        for wrong in ["", "A", "A0", "1", "A1B", "Ä1", "ZZZZZZZZZZZZZZZZZZZZZZZZZZZZ1"] {
            assert_eq!(place(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_way_to_write_a_text_is_read() {
        let bytes = archive(&[
            (
                "xl/sharedStrings.xml",
                b"<sst uniqueCount='18446744073709551615'><si><r><t>a </t></r><r><t>&amp; b</t></r><rPh><t>x</t>\
                  </rPh></si><si/></sst>",
            ),
            (
                "xl/worksheets/sheet1.xml",
                b"<worksheet><dimension ref='B9:A1'/><sheetData><row r='2'><c r='B2' t='s'><v>0</v></c><c \
                  t='inlineStr'><is><t>in line</t></is></c><c t='s'><v>99</v></c><c><f>1+1</f><v>2</v></c></row>\
                  <row><c r='XFD1048576'><v>7</v></c></row></sheetData></worksheet>",
            ),
        ]);
        let book = Workbook::read(&bytes).expect("a workbook");
        assert_eq!(
            book.sheets,
            [vec![vec![], ["", "a & b", "in line", "", "2"].map(str::to_owned).to_vec()]]
        );
        assert!(!book.truncated);
    }

    #[test]
    fn what_unpacks_to_more_than_it_may_is_read_up_to_there() {
        let mut sheet = b"<worksheet><sheetData><row r='1'><c r='A1'><v>1</v></c></row>".to_vec();
        sheet.resize(usize::try_from(MAX_PART).expect("fits") * 4, b' ');
        let bytes = archive(&[("xl/worksheets/sheet1.xml", &sheet)]);
        assert!(bytes.len() < 1 << 20);
        let book = Workbook::read(&bytes).expect("a workbook");
        assert!(book.truncated);
        assert_eq!(book.sheets, [vec![vec!["1".to_owned()]]]);
    }

    #[test]
    fn an_archive_without_sheets_is_refused() {
        assert!(Workbook::read(&archive(&[("word/document.xml", b"<a/>")])).is_err());
        assert!(Workbook::read(b"PK\x03\x04").is_err());
    }
}
