//! Names and words that go into configurations of others.

/// A word that is surely a name: letters, digits, `-`, `_`, beginning with a letter.
pub(super) fn name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars().take(100) {
        name.push(if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' });
    }
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name.insert(0, 'n');
    }
    name
}

/// Words of people for a comment: in one line, without what could end it.
pub(super) fn comment(text: &str) -> String {
    let mut comment = String::new();
    for c in text.chars() {
        let c = match c {
            '"' | '\\' | '{' | '}' | ';' | '!' | '#' => '\'',
            c if c.is_control() || c.is_whitespace() => ' ',
            c => c,
        };
        if comment.len() + c.len_utf8() > 120 {
            break;
        }
        comment.push(c);
    }
    comment
}
