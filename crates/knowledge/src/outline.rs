//! The outermost members of a JSON document, from its head alone: what feeds recognise their files by.
//!
//! The order of members is not fixed and a head may end anywhere, so an outline says whether it was cut: what it does
//! not name may still follow.

use crate::Sample;

/// Keys of the first object, each with its value where that is a string.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    members: Vec<(&'a [u8], Option<&'a [u8]>)>,
    /// The head ended before the object did.
    pub(crate) cut: bool,
}

/// More members than any of the recognised formats has; the rest is not looked at.
const MAX_MEMBERS: usize = 64;

impl<'a> Outline<'a> {
    /// Of the first object in `sample`, which may stand in an array; empty where it is no JSON.
    pub(crate) fn of(sample: &Sample<'a>) -> Outline<'a> {
        let text = sample.text();
        let text = text.strip_prefix(b"[").map_or(text, <[u8]>::trim_ascii_start);
        let Some(inside) = text.strip_prefix(b"{") else { return Outline::default() };
        let mut outline = Outline { members: Vec::new(), cut: true };
        let mut rest = inside;
        while outline.members.len() < MAX_MEMBERS {
            rest = rest.trim_ascii_start();
            rest = rest.strip_prefix(b",").map_or(rest, <[u8]>::trim_ascii_start);
            if rest.first() == Some(&b'}') {
                outline.cut = false;
                break;
            }
            let Some((key, after)) = string(rest) else { break };
            let Some(value) = after.trim_ascii_start().strip_prefix(b":") else { break };
            let value = value.trim_ascii_start();
            outline.members.push((key, string(value).map(|(text, _)| text)));
            let Some(after) = skip(value) else { break };
            rest = after;
        }
        outline
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.members.iter().any(|(k, _)| *k == key.as_bytes())
    }

    /// Whether the member is a string that begins so; JSON's `\/` counts as `/`.
    pub(crate) fn begins(&self, key: &str, prefix: &str) -> bool {
        self.members.iter().any(|(k, value)| {
            *k == key.as_bytes()
                && value.is_some_and(|value| {
                    let value = String::from_utf8_lossy(value);
                    value.starts_with(prefix) || value.replace("\\/", "/").starts_with(prefix)
                })
        })
    }

    /// Whether the head ended within the first of its members that is this one: all that follows is out of sight.
    pub(crate) fn ends_in(&self, key: &str) -> bool {
        self.cut && self.members.last().is_some_and(|(k, _)| *k == key.as_bytes())
    }
}

/// A string at the beginning, without its quotation marks, and what follows.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        let next = memchr::memchr2(b'"', b'\\', inside.get(at..)?)?;
        at += next;
        if inside.get(at) == Some(&b'"') {
            return Some((inside.get(..at)?, inside.get(at + 1..)?));
        }
        at += 2;
    }
}

/// What follows the value at the beginning; `None` where it does not end.
fn skip(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text;
    let mut depth = 0u32;
    loop {
        match rest.first()? {
            b'"' => rest = string(rest)?.1,
            b'{' | b'[' => {
                depth += 1;
                rest = rest.get(1..)?;
            }
            b'}' | b']' if depth == 0 => return Some(rest),
            b'}' | b']' => {
                depth -= 1;
                rest = rest.get(1..)?;
            }
            b',' if depth == 0 => return Some(rest),
            _ => {
                let end = rest.iter().position(|b| matches!(b, b'"' | b'{' | b'}' | b'[' | b']' | b','));
                match end {
                    Some(0) => rest = rest.get(1..)?,
                    Some(end) => rest = rest.get(end..)?,
                    None => return None,
                }
                continue;
            }
        }
        if depth == 0 {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outline;
    use crate::Sample;
    use proptest::prelude::*;

    fn outline(text: &str) -> (Vec<String>, bool) {
        let outline = Outline::of(&Sample { name: "", head: text.as_bytes() });
        let keys = outline.members.iter().map(|(k, _)| String::from_utf8_lossy(k).into_owned()).collect();
        (keys, outline.cut)
    }

    #[test]
    fn only_outermost_members_are_named() {
        let keys = |text| outline(text).0.join(" ");
        assert_eq!(
            keys(r#"{"a":{"x":[1,"}"]}, "b" : "t\"{" ,"c":-1.5,"d":null,"e":[{"y":1}]}"#),
            "a b c d e"
        );
        assert_eq!(keys("\u{feff} [ {\"a\" :\n1 } ]"), "a");
        assert_eq!(keys("<bom/>"), "");
        assert_eq!(keys("{}"), "");
    }

    #[test]
    fn a_cut_head_says_so() {
        assert_eq!(outline(r#"{"a":1,"b":{"c":"#), (vec!["a".to_owned(), "b".to_owned()], true));
        assert!(!outline(r#"{"a":1}"#).1);
    }

    #[test]
    fn values_are_compared_at_their_beginning() {
        let head = br#"{"$schema":"http:\/\/cyclonedx.org\/schema","n":5}"#;
        let outline = Outline::of(&Sample { name: "", head });
        assert!(outline.begins("$schema", "http://cyclonedx.org/"));
        assert!(!outline.begins("n", "5"));
        assert!(outline.has("n"));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut head = b"{\"a\":".to_vec();
            head.extend(bytes);
            let outline = Outline::of(&Sample { name: "", head: &head });
            prop_assert!(outline.members.len() <= super::MAX_MEMBERS);
        }
    }
}
