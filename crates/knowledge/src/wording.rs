//! Words as publishers write them, made fit to show and to compare: blanks trimmed, length bounded, broken encodings
//! repaired where that is certain.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};
use medward_model::Timestamp;

/// One line: repaired, trimmed, and every run of blanks a single space.
pub(crate) fn line(text: &str) -> Box<str> {
    let mended = mend(text);
    let mut line = String::with_capacity(mended.len());
    for word in mended.split(invisible).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line.into()
}

/// One line, or nothing where no character is left.
pub(crate) fn some_line(text: &str) -> Option<Box<str>> {
    Some(line(text)).filter(|line| !line.is_empty())
}

/// At most `limit` bytes of a text, repaired and trimmed; its lines stay.
pub(crate) fn cut(text: &str, limit: usize) -> Box<str> {
    let mended = mend(text);
    let trimmed = mended.trim_matches(invisible);
    trimmed.get(..trimmed.floor_char_boundary(limit)).unwrap_or_default().trim_end().into()
}

/// A moment as RFC 3339 writes it; one without a zone is in UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

fn invisible(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

/// Undoes UTF-8 that was read as Latin-1 or Windows-1252 ("YhtymÃ¤"), sequence by sequence, where nobody would have
/// written such a sequence on purpose.
fn mend(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| matches!(c, '\u{c2}'..='\u{f4}')) {
        return Cow::Borrowed(text);
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    let mut last = None;
    while let Some(first) = rest.chars().next() {
        match misread(rest, last) {
            Some((meant, length)) => {
                mended.push(meant);
                last = Some(meant);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                mended.push(first);
                last = Some(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
    }
    Cow::Owned(mended)
}

/// The character that the beginning of `text` stands for, and how many bytes of `text` it takes.
fn misread(text: &str, before: Option<char>) -> Option<(char, usize)> {
    let mut chars = text.char_indices();
    let lead = byte_of(chars.next()?.1)?;
    let count = match lead {
        0xc2..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => return None,
    };
    let mut bytes = vec![lead];
    let mut tail = Vec::new();
    for _ in 0..count {
        let (_, c) = chars.next()?;
        bytes.push(byte_of(c).filter(|byte| matches!(byte, 0x80..=0xbf))?);
        tail.push(c);
    }
    let (length, after) = chars.next().map_or((text.len(), None), |(at, c)| (at, Some(c)));
    let meant = std::str::from_utf8(&bytes).ok()?.chars().next()?;
    let certain = match (lead, tail.as_slice()) {
        // Two or three continuation bytes in a row are no accident.
        (0xe0.., _) => true,
        // Nobody writes control characters.
        (_, ['\u{80}'..='\u{9f}']) => true,
        // An upper-case word may end before a quotation mark or a trademark: only within a word.
        (
            0xc2 | 0xc3,
            ['«' | '»' | '“' | '”' | '‘' | '’' | '„' | '‚' | '‹' | '›' | '™' | '…' | '–' | '—'],
        ) => before.is_some_and(char::is_lowercase) && after.is_some_and(char::is_alphabetic),
        (0xc2 | 0xc3, _) => true,
        // Other Latin letters with a sign that never follows a letter.
        (0xc4 | 0xc5, ['¡'..='§' | '©' | '¬'..='¯' | '±' | '¶' | '¸' | '¼'..='¿']) => true,
        _ => false,
    };
    certain.then_some((meant, length))
}

fn byte_of(c: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(c)) {
        return Some(byte);
    }
    let mut room = [0; 4];
    let (bytes, _, is_unknown) = WINDOWS_1252.encode(c.encode_utf8(&mut room));
    if is_unknown { None } else { bytes.first().copied() }
}

/// The number of "CWE-79 Cross-site scripting".
pub(crate) fn cwe(text: &str) -> Option<u32> {
    text.trim().strip_prefix("CWE-")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Text of the bytes of a table: UTF-8, UTF-16 with a mark, else Windows-1252, in which every byte is a character.
pub(crate) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return encoding.decode_without_bom_handling(bytes.get(mark..).unwrap_or_default()).0;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

#[cfg(test)]
mod tests {
    use super::{cut, line, moment};
    use proptest::prelude::*;

    #[test]
    fn utf_8_that_was_read_as_latin_1_is_repaired() {
        assert_eq!(&*line("Innokas YhtymÃ¤ Oy"), "Innokas Yhtymä Oy");
        assert_eq!(&*line("DrÃ¤ger InfinityÂ® Deltaâ€™s"), "Dräger Infinity® Delta’s");
        assert_eq!(&*line("SiemensÂ\u{a0}AG"), "Siemens AG");
        assert_eq!(&*line("â‰¤ 9.33"), "≤ 9.33");
        assert_eq!(&*line("CitroÃ«n"), "Citroën");
    }

    #[test]
    fn text_that_is_right_stays() {
        for text in ["Yhtymä Oy", "„groß“", "«CAFÉ»", "SÃO JOSÉ", "MAÇÔ", "Dräger – Lübeck", "Ångström™", "Â"]
        {
            assert_eq!(&*line(text), text);
        }
    }

    #[test]
    fn blanks_of_every_kind_are_trimmed_and_joined() {
        assert_eq!(&*line("  Medtronic \u{a0}\n MiniMed\u{200b} "), "Medtronic MiniMed");
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(&*cut("ab ä", 4), "ab");
        assert_eq!(&*cut("ab ä", 5), "ab ä");
    }

    #[test]
    fn a_moment_without_a_zone_is_in_utc() {
        assert_eq!(moment("2025-01-30T12:00:00.5"), moment("2025-01-30T12:00:00.5Z"));
        assert!(moment("2025-01-30T12:00:00.5").is_some());
        assert_eq!(moment("30 January"), None);
    }

    proptest! {
        #[test]
        fn a_line_made_once_stays(text in "\\PC{0,40}") {
            let once = line(&text);
            prop_assert!(!once.starts_with(' ') && !once.ends_with(' '));
            prop_assert!(cut(&text, 7).len() <= 7);
        }

        #[test]
        fn ascii_is_never_changed(text in "[!-~]{0,40}") {
            prop_assert_eq!(&*line(&text), text.as_str());
        }
    }
}
