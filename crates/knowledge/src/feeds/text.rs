//! Text as feeds write it.

use std::borrow::Cow;

/// The text, at most `limit` bytes of it, cut at a character.
pub(crate) fn cut(text: &str, limit: usize) -> Box<str> {
    if text.len() <= limit {
        return text.into();
    }
    let end = (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default().trim_end().into()
}

/// Mends UTF-8 that was taken for Windows-1252 ("YhtymÃ¤" is "Yhtymä"), where that is certain.
pub(crate) fn mended(text: &str) -> Cow<'_, str> {
    if !text.contains(['Ã', 'Â']) {
        return Cow::Borrowed(text);
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(mended) => Cow::Owned(mended),
        None => Cow::Borrowed(text),
    }
}

/// The number of "CWE-79".
pub(crate) fn cwe(text: &str) -> Option<u32> {
    text.trim().strip_prefix("CWE-")?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cut, cwe, mended};

    #[test]
    fn texts_are_mended_and_cut_at_characters() {
        assert_eq!(mended("Innokas YhtymÃ¤ Oy"), "Innokas Yhtymä Oy");
        assert_eq!(mended("Ärger"), "Ärger");
        assert_eq!(&*cut("Dräger", 3), "Dr");
        assert_eq!(cwe("CWE-306 Missing Authentication"), Some(306));
    }
}
