//! Text from the wire, made safe to keep.

use std::borrow::Cow;

/// Longest text that evidence or activity keeps, in bytes.
pub(crate) const MAX_TEXT: usize = 512;

/// Without control characters (they become blanks), trimmed, runs of blanks folded to one, at most 512 bytes.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_tidy_ascii(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let trimmed = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    let tidy = trimmed.len() <= MAX_TEXT
        && !trimmed.contains(|c: char| c.is_control() || unprintable(c))
        && !trimmed.contains("  ");
    if tidy {
        return Cow::Borrowed(trimmed);
    }
    let mut kept = String::with_capacity(trimmed.len().min(MAX_TEXT));
    for c in trimmed.chars() {
        let c = if c.is_control() || unprintable(c) { ' ' } else { c };
        if c == ' ' && (kept.is_empty() || kept.ends_with(' ')) {
            continue;
        }
        if kept.len() + c.len_utf8() > MAX_TEXT {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    Cow::Owned(kept)
}

/// Printable ASCII without a blank at either end or two in a row: by far the most, and left as it is.
fn is_tidy_ascii(bytes: &[u8]) -> bool {
    let mut blank = true;
    for byte in bytes {
        match byte {
            b' ' if blank => return false,
            b' ' => blank = true,
            0x21..=0x7e => blank = false,
            _ => return false,
        }
    }
    (!blank || bytes.is_empty()) && bytes.len() <= MAX_TEXT
}

/// The same for bytes: UTF-8 where they are, else ISO 8859-1 (what most device protocols mean). Stops at the first NUL.
pub fn clean_bytes(bytes: &[u8]) -> String {
    let bytes = bytes.split(|b| *b == 0).next().unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text).into_owned(),
        Err(_) => clean(&bytes.iter().map(|b| char::from(*b)).collect::<String>()).into_owned(),
    }
}

/// Bidirectional overrides, zero-width characters and the replacement character: they let one text look like another.
fn unprintable(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffd}')
}

#[cfg(test)]
mod tests {
    use super::{MAX_TEXT, clean, clean_bytes};
    use proptest::prelude::*;

    #[test]
    fn controls_become_single_blanks() {
        assert_eq!(clean("\0 Philips\r\n\tMX750 \0"), "Philips MX750");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_latin1() {
        assert_eq!(clean_bytes(b"Dr\xe4ger\0junk"), "Dräger");
    }

    proptest! {
        #[test]
        fn cleaned_text_is_bounded_and_stays_clean(text in any::<String>()) {
            let once = clean(&text).into_owned();
            prop_assert!(once.len() <= MAX_TEXT);
            prop_assert!(!once.chars().any(char::is_control));
            prop_assert_eq!(clean(&once).into_owned(), once.clone());
        }
    }
}
