//! Segments, fields and components of HL7 v2 (chapter 2, 2.5 and 2.7), as slices of the message.

use crate::clean_bytes;

/// Delimiters of a message (MSH-1, MSH-2) and whether its character set has two-byte characters whose second byte may
/// look like a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiters {
    pub field: u8,
    pub component: u8,
    pub repetition: u8,
    pub escape: u8,
    pub double_byte: bool,
}

impl Default for Delimiters {
    fn default() -> Self {
        Delimiters { field: b'|', component: b'^', repetition: b'~', escape: b'\\', double_byte: false }
    }
}

impl Delimiters {
    /// From the front of an MSH, FHS or BHS segment; `None` where those are no delimiters.
    pub fn read(header: &[u8]) -> Option<Delimiters> {
        let rest = header
            .strip_prefix(b"MSH")
            .or_else(|| header.strip_prefix(b"FHS"))
            .or_else(|| header.strip_prefix(b"BHS"))?;
        let (&field, rest) = rest.split_first()?;
        let usable = |b: u8| b.is_ascii_punctuation() || matches!(b, 0x01..=0x08 | 0x0E..=0x1B);
        let encoding = rest.split(|b| *b == field).next().unwrap_or_default();
        if !usable(field) || encoding.is_empty() || encoding.len() > 5 || !encoding.iter().all(|b| usable(*b))
        {
            return None;
        }
        let default = Delimiters::default();
        let at = |i: usize, other: u8| encoding.get(i).copied().unwrap_or(other);
        let mut read = Delimiters {
            field,
            component: at(0, default.component),
            repetition: at(1, default.repetition),
            escape: at(2, default.escape),
            double_byte: false,
        };
        let header = Segment { bytes: header, delimiters: read };
        let set = header.field(18).first();
        let two_bytes = [&b"GB"[..], b"BIG", b"KS", b"SHIFT", b"SJIS", b"CNS"];
        read.double_byte = two_bytes.iter().any(|name| set.starts_with(name));
        Some(read)
    }
}

/// One segment without its terminator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    pub bytes: &'a [u8],
    pub delimiters: Delimiters,
}

impl<'a> Segment<'a> {
    /// Its three-letter name.
    pub fn name(&self) -> &'a [u8] {
        self.bytes.get(..3).unwrap_or_default()
    }

    /// The field of that number, as the standard counts (in MSH the separator itself is field 1).
    pub fn field(&self, number: usize) -> Part<'a> {
        let header = matches!(self.name(), b"MSH" | b"FHS" | b"BHS");
        let number = if header { number.saturating_sub(1) } else { number };
        self.part(nth(self.bytes, self.delimiters.field, number, self.delimiters.double_byte))
    }

    fn part(&self, bytes: &'a [u8]) -> Part<'a> {
        Part { bytes, delimiters: self.delimiters }
    }
}

/// A field, or one repetition of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    bytes: &'a [u8],
    delimiters: Delimiters,
}

impl<'a> Part<'a> {
    /// Its repetitions.
    pub fn repetitions(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let (bytes, delimiters) = (self.bytes, self.delimiters);
        (0..16)
            .map(move |n| nth_or_none(bytes, delimiters.repetition, n, delimiters.double_byte))
            .map_while(|part| part)
            .map(move |bytes| Part { bytes, delimiters })
    }

    /// The component of that number, from 1, of the first repetition.
    pub fn component(&self, number: usize) -> &'a [u8] {
        let d = self.delimiters;
        let first = nth(self.bytes, d.repetition, 0, d.double_byte);
        let value = nth(first, d.component, number.saturating_sub(1), d.double_byte);
        if value == b"\"\"" { &[] } else { value }
    }

    /// The first component.
    pub fn first(&self) -> &'a [u8] {
        self.component(1)
    }

    /// The component as text, escapes undone.
    pub fn text(&self, number: usize) -> String {
        clean_bytes(&unescaped(self.component(number), self.delimiters))
    }

    /// The whole of the first repetition as text, its delimiters as they stand.
    pub fn whole(&self) -> String {
        let d = self.delimiters;
        let first = nth(self.bytes, d.repetition, 0, d.double_byte);
        if first == b"\"\"" {
            return String::new();
        }
        let text = clean_bytes(&unescaped(first, d));
        text.trim_end_matches(char::from(d.component)).to_owned()
    }
}

fn nth(bytes: &[u8], delimiter: u8, number: usize, double_byte: bool) -> &[u8] {
    nth_or_none(bytes, delimiter, number, double_byte).unwrap_or_default()
}

/// The part of that number, from 0, between delimiters.
fn nth_or_none(bytes: &[u8], delimiter: u8, number: usize, double_byte: bool) -> Option<&[u8]> {
    let mut seen = 0;
    let mut start = 0;
    let mut second = false;
    for (at, byte) in bytes.iter().enumerate() {
        if second {
            second = false;
        } else if double_byte && *byte >= 0x81 {
            second = true;
        } else if *byte == delimiter {
            if seen == number {
                return bytes.get(start..at);
            }
            seen += 1;
            start = at + 1;
        }
    }
    if seen == number { bytes.get(start..) } else { None }
}

/// Undoes the escapes that stand for delimiters (2.7.1) and hexadecimal ones (2.7.5); others are left out.
fn unescaped(bytes: &[u8], delimiters: Delimiters) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        let end = after.iter().take(64).position(|b| *b == delimiters.escape);
        match end {
            Some(end) if byte == delimiters.escape => {
                let (code, after) = after.split_at_checked(end).unwrap_or((after, &[]));
                match code {
                    b"F" => out.push(delimiters.field),
                    b"S" => out.push(delimiters.component),
                    b"R" => out.push(delimiters.repetition),
                    b"E" => out.push(delimiters.escape),
                    b"T" => out.push(b'&'),
                    [b'X', digits @ ..] => out.extend(digits.chunks_exact(2).filter_map(|pair| {
                        std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
                    })),
                    _ => {}
                }
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Delimiters, Segment};

    #[test]
    fn fields_are_counted_as_the_standard_does() {
        let bytes = b"MSH|^~\\&|APP^1.2.3^ISO|WARD\\T\\ICU||DST|||ADT^A01^ADT_A01";
        let delimiters = Delimiters::read(bytes).unwrap();
        let msh = Segment { bytes, delimiters };
        assert_eq!(msh.field(3).text(1), "APP");
        assert_eq!(msh.field(3).text(3), "ISO");
        assert_eq!(msh.field(4).whole(), "WARD&ICU");
        assert_eq!(msh.field(9).whole(), "ADT^A01^ADT_A01");
        assert!(msh.field(12).first().is_empty());
    }

    #[test]
    fn second_bytes_of_characters_are_no_delimiters() {
        let bytes = b"MSH|^~\\&|\xc1\x7c|B|||||ACK||P|2.6||||||GB 18030-2000";
        let delimiters = Delimiters::read(bytes).unwrap();
        // The set is told by a field that itself must be found first; here no text stands before it.
        assert!(!delimiters.double_byte);
        let bytes = b"MSH|^~\\&|A|B|||||ACK||P|2.6||||||GB 18030-2000";
        let delimiters = Delimiters::read(bytes).unwrap();
        assert!(delimiters.double_byte);
        let obx = Segment { bytes: b"OBX|1|ST|\xc1\x7cx|2", delimiters };
        assert_eq!(obx.field(4).text(1), "2");
    }

    #[test]
    fn letters_are_no_delimiters() {
        assert_eq!(Delimiters::read(b"MSHELL|abc"), None);
        assert_eq!(Delimiters::read(b"MSH|"), None);
    }
}
