//! Header compression of HTTP/2 (RFC 7541): the decoder of one direction.

use std::collections::VecDeque;

use super::huffman;
use crate::protocols::remote::reader::Reader;

/// Largest table that is kept, whatever the peers agree on; more than that is not followed.
const MAX_TABLE: usize = 64 * 1024;
/// Longest name or value.
const MAX_STRING: usize = 16 * 1024;
/// Most headers of one message that are kept.
const MAX_HEADERS: usize = 128;
/// Bytes of names and values of one message that are kept.
const MAX_LIST: usize = 64 * 1024;

#[rustfmt::skip]
const STATIC: [(&str, &str); 61] = [
    (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
    (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
    (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
    ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
    ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
    ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
    ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
    ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
    ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
    ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""),
    ("retry-after", ""), ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""),
    ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
];

/// A header field.
pub(super) type Pair = (String, String);

/// Decodes the header blocks of one direction, in order.
#[derive(Debug)]
pub(super) struct Decoder {
    /// Newest first.
    table: VecDeque<Pair>,
    size: usize,
    /// As the encoder last said.
    limit: usize,
    /// As the other side allows (SETTINGS_HEADER_TABLE_SIZE).
    allowed: usize,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder { table: VecDeque::new(), size: 0, limit: 4096, allowed: 4096 }
    }
}

impl Decoder {
    /// SETTINGS_HEADER_TABLE_SIZE of the side that receives these blocks.
    pub(super) fn allow(&mut self, size: u32) {
        self.allowed = usize::try_from(size).unwrap_or(usize::MAX).max(4096);
    }

    /// Reads a whole header block. `None`: it is wrong, and the table is lost with it.
    pub(super) fn block(&mut self, bytes: &[u8]) -> Option<Vec<Pair>> {
        let mut reader = Reader::new(bytes);
        let mut headers = Vec::new();
        let mut room = MAX_LIST;
        while let Some(first) = reader.u8() {
            let pair = match first {
                0x80.. => self.entry(integer(first, 7, &mut reader)?)?,
                0x40..0x80 => {
                    let pair = self.literal(integer(first, 6, &mut reader)?, &mut reader)?;
                    self.insert(pair.clone());
                    pair
                }
                0x20..0x40 => {
                    let limit = integer(first, 5, &mut reader)?;
                    if limit > self.allowed || limit > MAX_TABLE {
                        return None;
                    }
                    self.limit = limit;
                    self.evict();
                    continue;
                }
                _ => self.literal(integer(first, 4, &mut reader)?, &mut reader)?,
            };
            let length = pair.0.len() + pair.1.len();
            if headers.len() < MAX_HEADERS && length <= room {
                room -= length;
                headers.push(pair);
            }
        }
        Some(headers)
    }

    fn entry(&self, index: usize) -> Option<Pair> {
        let index = index.checked_sub(1)?;
        match STATIC.get(index) {
            Some((name, value)) => Some(((*name).to_owned(), (*value).to_owned())),
            None => self.table.get(index - STATIC.len()).cloned(),
        }
    }

    fn literal(&self, index: usize, reader: &mut Reader<'_>) -> Option<Pair> {
        let name = if index == 0 { string(reader)? } else { self.entry(index)?.0 };
        Some((name, string(reader)?))
    }

    fn insert(&mut self, pair: Pair) {
        self.size = self.size.saturating_add(cost(&pair));
        self.table.push_front(pair);
        self.evict();
    }

    fn evict(&mut self) {
        while self.size > self.limit {
            let Some(oldest) = self.table.pop_back() else { return };
            self.size = self.size.saturating_sub(cost(&oldest));
        }
    }
}

/// Size of an entry (RFC 7541, 4.1).
fn cost(pair: &Pair) -> usize {
    pair.0.len() + pair.1.len() + 32
}

/// An integer whose first bits are the low `bits` of `first` (RFC 7541, 5.1).
fn integer(first: u8, bits: u32, reader: &mut Reader<'_>) -> Option<usize> {
    let mask = (1_usize << bits) - 1;
    let mut value = usize::from(first) & mask;
    if value < mask {
        return Some(value);
    }
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        value = value.checked_add(usize::from(byte & 0x7f) << shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A string literal (RFC 7541, 5.2).
fn string(reader: &mut Reader<'_>) -> Option<String> {
    let first = reader.u8()?;
    let length = integer(first, 7, reader)?;
    let bytes = reader.take(length)?;
    if first & 0x80 != 0 {
        return Some(text(&huffman::decode(bytes, MAX_STRING)?));
    }
    (bytes.len() <= MAX_STRING).then(|| text(bytes))
}

/// One character an octet, so that sizes are those of the encoder; fields that conform are ASCII.
fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Pair};

    fn pairs(listed: &[(&str, &str)]) -> Option<Vec<Pair>> {
        Some(listed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// RFC 7541, C.3: three requests on one connection, without Huffman code.
    #[test]
    fn requests_share_the_table() {
        let mut decoder = Decoder::default();
        assert_eq!(
            decoder.block(b"\x82\x86\x84\x41\x0fwww.example.com"),
            pairs(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com")
            ])
        );
        assert_eq!(
            decoder.block(b"\x82\x86\x84\xbe\x58\x08no-cache"),
            pairs(&[
                (":method", "GET"),
                (":scheme", "http"),
                (":path", "/"),
                (":authority", "www.example.com"),
                ("cache-control", "no-cache")
            ])
        );
        assert_eq!(decoder.table.len(), 2);
        assert_eq!(decoder.size, 110);
    }

    /// RFC 7541, C.5: a table of 256 octets drops what does not fit.
    #[test]
    fn old_entries_go_when_the_table_is_full() {
        let mut decoder = Decoder { limit: 256, ..Decoder::default() };
        let first =
            b"\x48\x03302\x58\x07private\x61\x1dMon, 21 Oct 2013 20:13:21 GMT\x6e\x17https://www.example.com";
        assert!(decoder.block(first).is_some());
        assert_eq!(decoder.size, 222);
        assert!(decoder.block(b"\x48\x03307\xc1\xc0\xbf").is_some());
        assert_eq!((decoder.size, decoder.table.len()), (222, 4));
    }

    #[test]
    fn an_index_beyond_the_table_is_refused() {
        assert_eq!(Decoder::default().block(b"\xbe"), None);
        assert_eq!(Decoder::default().block(b"\x80"), None);
        assert_eq!(Decoder::default().block(b"\x3f\xff\xff\xff\xff\xff\x0f"), None);
    }
}
