//! A forgiving, bounded walk over XML from the wire.
//!
//! Not a validator: it reads start tags with attributes, text and end tags, resolves the five predefined entities and
//! character references, skips comments, processing instructions and DTDs (no entity is ever expanded), and stops
//! silently where the text ends or breaks, so that a body that was cut off still gives what stands before the cut.

use std::borrow::Cow;

/// What the walk meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node<'a> {
    /// A start tag: local name (without prefix) and the text between name and `>`. `empty`: the tag closes itself,
    /// no `End` follows.
    Start { name: &'a str, attributes: &'a str, empty: bool },
    /// An end tag, by local name.
    End { name: &'a str },
    /// Text or CDATA, not blank.
    Text(Cow<'a, str>),
}

/// Walks over `text`.
#[derive(Clone, Debug)]
pub(crate) struct Walk<'a> {
    rest: &'a str,
}

impl<'a> Walk<'a> {
    pub(crate) const fn new(text: &'a str) -> Walk<'a> {
        Walk { rest: text }
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        loop {
            if let Some(markup) = self.rest.strip_prefix('<') {
                if let Some(comment) = markup.strip_prefix("!--") {
                    self.rest = comment.split_once("-->")?.1;
                } else if let Some(data) = markup.strip_prefix("![CDATA[") {
                    let (text, rest) = data.split_once("]]>")?;
                    self.rest = rest;
                    if !text.trim().is_empty() {
                        return Some(Node::Text(Cow::Borrowed(text)));
                    }
                } else if markup.starts_with(['?', '!']) {
                    self.rest = markup.split_once('>')?.1;
                } else if let Some(end) = markup.strip_prefix('/') {
                    let (name, rest) = end.split_once('>')?;
                    self.rest = rest;
                    return Some(Node::End { name: local(name.trim()) });
                } else {
                    let at = tag_end(markup)?;
                    let (tag, rest) = markup.split_at_checked(at)?;
                    self.rest = rest.strip_prefix('>')?;
                    let (tag, empty) = match tag.strip_suffix('/') {
                        Some(tag) => (tag, true),
                        None => (tag, false),
                    };
                    let (name, attributes) = tag.split_once(|c: char| c.is_whitespace()).unwrap_or((tag, ""));
                    return Some(Node::Start { name: local(name), attributes, empty });
                }
            } else {
                // Text that runs to the end of what is there may be cut: it is not given.
                let at = self.rest.find('<')?;
                let (text, rest) = self.rest.split_at_checked(at)?;
                self.rest = rest;
                if !text.trim().is_empty() {
                    return Some(Node::Text(unescape(text)));
                }
            }
        }
    }
}

/// The value of an attribute, by local name, from the text of a start tag.
pub(crate) fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<Cow<'a, str>> {
    let mut rest = attributes;
    loop {
        let (name, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        if local(name.trim()) == wanted {
            return Some(unescape(value));
        }
        rest = next;
    }
}

/// Where the `>` stands that ends a start tag, quoted values left aside.
fn tag_end(markup: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'<') => return None,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The name without its namespace prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        kept.push_str(before);
        let known = after.split_once(';').filter(|(name, _)| name.len() <= 8).and_then(|(name, next)| {
            let c = match name {
                "amp" => '&',
                "lt" => '<',
                "gt" => '>',
                "quot" => '"',
                "apos" => '\'',
                _ => {
                    let code = name.strip_prefix('#')?;
                    let number = match code.strip_prefix(['x', 'X']) {
                        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                        None => code.parse().ok()?,
                    };
                    char::from_u32(number)?
                }
            };
            Some((c, next))
        });
        match known {
            Some((c, next)) => {
                kept.push(c);
                rest = next;
            }
            None => {
                kept.push('&');
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::{Node, Walk, attribute};
    use proptest::prelude::*;

    #[test]
    fn names_lose_prefixes_and_entities_are_resolved() {
        let nodes: Vec<Node<'_>> =
            Walk::new("<?xml version='1.0'?><!-- x --><a:b c:d=\"1&gt;2\"><e/>R&amp;D &#x41;</a:b>cut")
                .collect();
        assert_eq!(
            nodes,
            [
                Node::Start { name: "b", attributes: "c:d=\"1&gt;2\"", empty: false },
                Node::Start { name: "e", attributes: "", empty: true },
                Node::Text("R&D A".into()),
                Node::End { name: "b" },
            ]
        );
        assert_eq!(attribute("x = '>' c:d=\"1&gt;2\"", "d").as_deref(), Some("1>2"));
        assert_eq!(attribute("c:d=\"1", "d"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_walked_to_an_end(text in "[<>/!?a-c='\"&;# \\[\\]-]{0,80}") {
            let count = Walk::new(&text).count();
            prop_assert!(count <= text.len());
            let _ = attribute(&text, "a");
        }
    }
}
