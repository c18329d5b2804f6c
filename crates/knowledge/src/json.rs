//! JSON of any length, cut into its records without reading it whole.
//!
//! Only brackets and strings are looked at while cutting; what is inside a record is the feed's business. So a record
//! that is broken inside spoils itself alone, and memory is bounded by the largest record.

use std::io::{self, BufRead};

/// Longest record; a longer one is passed over and told as [`Item::TooLong`].
pub const MAX_ITEM: usize = 64 << 20;

/// How much of the members beside the array is kept, in bytes.
const MAX_BESIDE: usize = 256 << 10;

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// Its bytes, from bracket to bracket.
    Value(&'a [u8]),
    /// It is longer than [`MAX_ITEM`]; this many bytes were passed over.
    TooLong(u64),
}

/// The elements of an array that is a member of the outermost object, or is itself the outermost value.
pub struct Elements<'r> {
    cursor: Cursor<'r>,
    member: &'static str,
    place: Place,
    buffer: Vec<u8>,
    beside: Vec<u8>,
    /// The array was there.
    found: bool,
    truncated: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    InObject,
    InArray { outermost: bool },
    End,
}

impl<'r> Elements<'r> {
    /// Of the member `member` of the outermost object, or of the outermost array.
    pub fn new(input: &'r mut dyn BufRead, member: &'static str) -> Elements<'r> {
        Elements {
            cursor: Cursor { input },
            member,
            place: Place::Start,
            buffer: Vec::new(),
            beside: Vec::new(),
            found: false,
            truncated: false,
        }
    }

    /// The next element; `None` at the end.
    pub fn next_item(&mut self) -> io::Result<Option<Item<'_>>> {
        loop {
            let Some(byte) = self.cursor.skip_blanks()? else {
                self.truncated |= self.place != Place::End;
                self.place = Place::End;
                return Ok(None);
            };
            match self.place {
                Place::Start => {
                    self.cursor.advance();
                    self.place = match byte {
                        b'{' => Place::InObject,
                        b'[' => {
                            self.found = true;
                            Place::InArray { outermost: true }
                        }
                        _ => Place::End,
                    };
                }
                Place::InObject => match byte {
                    b'}' => {
                        self.cursor.advance();
                        self.place = Place::End;
                    }
                    b',' => self.cursor.advance(),
                    b'"' => self.member()?,
                    _ => self.place = Place::End,
                },
                Place::InArray { outermost } => match byte {
                    b']' => {
                        self.cursor.advance();
                        self.place = if outermost { Place::End } else { Place::InObject };
                    }
                    b',' => self.cursor.advance(),
                    _ => {
                        let end = self.cursor.value(&mut self.buffer, MAX_ITEM)?;
                        return Ok(match end {
                            Ended::Whole => Some(Item::Value(&self.buffer)),
                            Ended::TooLong(length) => Some(Item::TooLong(length)),
                            Ended::Cut => {
                                self.truncated = true;
                                self.place = Place::End;
                                None
                            }
                        });
                    }
                },
                Place::End => return Ok(None),
            }
        }
    }

    /// One `"key": value` of the outermost object: the wanted array is entered, anything else kept beside.
    fn member(&mut self) -> io::Result<()> {
        let mut key = Vec::new();
        if self.cursor.value(&mut key, MAX_BESIDE)? != Ended::Whole
            || self.cursor.skip_blanks()? != Some(b':')
        {
            self.truncated = true;
            self.place = Place::End;
            return Ok(());
        }
        self.cursor.advance();
        let first = self.cursor.skip_blanks()?;
        let wanted =
            key.strip_prefix(b"\"").and_then(|k| k.strip_suffix(b"\"")) == Some(self.member.as_bytes());
        if wanted && first == Some(b'[') {
            self.cursor.advance();
            self.found = true;
            self.place = Place::InArray { outermost: false };
            return Ok(());
        }
        match self.cursor.value(&mut self.buffer, MAX_BESIDE)? {
            Ended::Whole if self.beside.len() + key.len() + self.buffer.len() < MAX_BESIDE => {
                self.beside.push(if self.beside.is_empty() { b'{' } else { b',' });
                self.beside.extend_from_slice(&key);
                self.beside.push(b':');
                self.beside.extend_from_slice(&self.buffer);
            }
            Ended::Cut => {
                self.truncated = true;
                self.place = Place::End;
            }
            _ => {}
        }
        Ok(())
    }

    /// The members beside the array that were seen so far, as one object; empty ones where they are no JSON.
    pub fn beside(&self) -> serde_json::Value {
        if self.beside.is_empty() {
            return serde_json::Value::Null;
        }
        let mut object = self.beside.clone();
        object.push(b'}');
        serde_json::from_slice(&object).unwrap_or_default()
    }

    /// Whether the array was there at all.
    pub fn found(&self) -> bool {
        self.found
    }

    /// Whether the input ended, or stopped being JSON, before its end.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

/// Values one after another (JSON lines, or a single document), or the elements of one outermost array.
pub struct Documents<'r> {
    cursor: Cursor<'r>,
    buffer: Vec<u8>,
    started: bool,
    in_array: bool,
    ended: bool,
    truncated: bool,
}

impl<'r> Documents<'r> {
    pub fn new(input: &'r mut dyn BufRead) -> Documents<'r> {
        Documents {
            cursor: Cursor { input },
            buffer: Vec::new(),
            started: false,
            in_array: false,
            ended: false,
            truncated: false,
        }
    }

    /// The next value; `None` at the end.
    pub fn next_item(&mut self) -> io::Result<Option<Item<'_>>> {
        loop {
            if self.ended {
                return Ok(None);
            }
            let Some(byte) = self.cursor.skip_blanks()? else {
                self.truncated |= self.in_array;
                self.ended = true;
                return Ok(None);
            };
            let first = !std::mem::replace(&mut self.started, true);
            match byte {
                b'[' if first => {
                    self.cursor.advance();
                    self.in_array = true;
                }
                b']' if self.in_array => {
                    self.cursor.advance();
                    self.in_array = false;
                }
                b',' if self.in_array => self.cursor.advance(),
                _ => {
                    let end = self.cursor.value(&mut self.buffer, MAX_ITEM)?;
                    return Ok(match end {
                        Ended::Whole => Some(Item::Value(&self.buffer)),
                        Ended::TooLong(length) => Some(Item::TooLong(length)),
                        Ended::Cut => {
                            self.truncated = true;
                            self.ended = true;
                            None
                        }
                    });
                }
            }
        }
    }

    /// Whether the input ended inside a value.
    pub fn truncated(&self) -> bool {
        self.truncated
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Whole,
    TooLong(u64),
    Cut,
}

struct Cursor<'r> {
    input: &'r mut dyn BufRead,
}

impl Cursor<'_> {
    fn advance(&mut self) {
        self.input.consume(1);
    }

    /// The next byte that is no blank and no byte order mark; it is not taken.
    fn skip_blanks(&mut self) -> io::Result<Option<u8>> {
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, 0xef | 0xbb | 0xbf | 0x1e);
            match chunk.iter().position(|byte| !blank(byte)) {
                Some(at) => {
                    let byte = chunk.get(at).copied();
                    self.input.consume(at);
                    return Ok(byte);
                }
                None => {
                    let length = chunk.len();
                    self.input.consume(length);
                }
            }
        }
    }

    /// Takes one value into `into`, which is emptied first. Of a value longer than `limit` the rest is passed over.
    fn value(&mut self, into: &mut Vec<u8>, limit: usize) -> io::Result<Ended> {
        into.clear();
        let mut length = 0u64;
        let mut scan = Scan { depth: 0, in_string: false, escaped: false, bare: false };
        loop {
            let chunk = self.input.fill_buf()?;
            if chunk.is_empty() {
                return Ok(if scan.bare && length > 0 { Ended::Whole } else { Ended::Cut });
            }
            let (used, done) = scan.run(chunk);
            // Of what does not fit nothing is kept.
            if length + used as u64 <= limit as u64 {
                into.extend_from_slice(chunk.get(..used).unwrap_or_default());
            } else {
                into.clear();
            }
            length += used as u64;
            self.input.consume(used);
            if done {
                return Ok(if length > limit as u64 { Ended::TooLong(length) } else { Ended::Whole });
            }
        }
    }
}

/// Looks for the end of a value, across chunks.
struct Scan {
    depth: u32,
    in_string: bool,
    escaped: bool,
    /// A number, `true`, `false` or `null`: ends before a comma, bracket or blank.
    bare: bool,
}

impl Scan {
    /// How many bytes of `chunk` belong to the value, and whether it ends there.
    fn run(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut at = 0;
        while let Some(&byte) = chunk.get(at) {
            if self.in_string {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let rest = chunk.get(at..).unwrap_or_default();
                let Some(next) = memchr::memchr2(b'"', b'\\', rest) else { return (chunk.len(), false) };
                at += next + 1;
                if rest.get(next) == Some(&b'\\') {
                    self.escaped = true;
                } else {
                    self.in_string = false;
                    if self.depth == 0 {
                        return (at, true);
                    }
                }
                continue;
            }
            match byte {
                b'"' if !self.bare => self.in_string = true,
                b'{' | b'[' if !self.bare => self.depth += 1,
                b'}' | b']' | b',' if self.bare && self.depth == 0 => return (at, true),
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                _ if self.depth == 0 => {
                    if self.bare && byte.is_ascii_whitespace() {
                        return (at, true);
                    }
                    self.bare = true;
                }
                _ => {}
            }
            at += 1;
        }
        (at, false)
    }
}

/// A member of an object, by its name; null where the value is no object or has no such member.
pub fn member<'v>(value: &'v serde_json::Value, name: &str) -> &'v serde_json::Value {
    value.get(name).unwrap_or(&serde_json::Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::{BufReader, Read};

    /// Hands out one byte at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.0.len().min(1).min(buffer.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn elements(text: &str, slowly: bool) -> (Vec<String>, bool, serde_json::Value) {
        let mut fast = text.as_bytes();
        let mut slow = BufReader::with_capacity(1, Slow(text.as_bytes()));
        let input: &mut dyn BufRead = if slowly { &mut slow } else { &mut fast };
        let mut elements = Elements::new(input, "items");
        let mut all = Vec::new();
        while let Some(item) = elements.next_item().expect("memory can be read") {
            if let Item::Value(bytes) = item {
                all.push(String::from_utf8_lossy(bytes).into_owned());
            }
        }
        (all, elements.truncated(), elements.beside())
    }

    #[test]
    fn elements_come_one_by_one_with_what_stands_beside() {
        let text = r#"{"count": 3, "items": [{"a":"]}\""}, [1,2], 7], "tail": {"x": null}}"#;
        for slowly in [false, true] {
            let (all, truncated, beside) = elements(text, slowly);
            assert_eq!(all, [r#"{"a":"]}\""}"#, "[1,2]", "7"]);
            assert!(!truncated);
            assert_eq!(beside, serde_json::json!({"count": 3, "tail": {"x": null}}));
        }
    }

    #[test]
    fn what_came_before_a_cut_is_kept() {
        let text = r#"{"items": [{"a":1}, {"b":2}, {"c":"#;
        let (all, truncated, _) = elements(text, false);
        assert_eq!(all, [r#"{"a":1}"#, r#"{"b":2}"#]);
        assert!(truncated);
    }

    #[test]
    fn an_outermost_array_and_lines_are_read_alike() {
        for text in ["[{\"a\":1},{\"b\":2}]", "{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}{\"b\":2}"] {
            let mut input = text.as_bytes();
            let mut documents = Documents::new(&mut input);
            let mut all = Vec::new();
            while let Some(Item::Value(bytes)) = documents.next_item().expect("memory can be read") {
                all.push(bytes.to_vec());
            }
            assert_eq!(all, [b"{\"a\":1}".to_vec(), b"{\"b\":2}".to_vec()], "{text}");
            assert!(!documents.truncated());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut input = bytes.as_slice();
            let mut elements = Elements::new(&mut input, "items");
            let mut count = 0;
            while elements.next_item().expect("memory can be read").is_some() { count += 1; }
            prop_assert!(count <= bytes.len());
            let mut input = bytes.as_slice();
            let mut documents = Documents::new(&mut input);
            while documents.next_item().expect("memory can be read").is_some() { count += 1; }
            prop_assert!(count <= 2 * bytes.len());
        }
    }
}
