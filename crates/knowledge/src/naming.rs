//! CPE names in one form: the formatted string of version 2.3.
//!
//! Older documents bind names as URIs (CPE 2.2; NISTIR 7695, section 6.1): `cpe:/o:vendor:product:1.0`.

use std::fmt::Write as _;

/// A CPE name as a 2.3 formatted string; `None` where it is neither.
pub(crate) fn cpe23(name: &str) -> Option<Box<str>> {
    let name = name.trim();
    if name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("cpe:2.3:")) {
        return Some(name.into());
    }
    let rest = name.strip_prefix("cpe:/").or_else(|| name.strip_prefix("CPE:/"))?;
    let fields: Vec<&str> = rest.split(':').collect();
    if fields.len() < 2 || fields.len() > 7 {
        return None;
    }
    let field = |at: usize| fields.get(at).copied().unwrap_or_default();
    let mut bound = String::from("cpe:2.3");
    for at in 0..5 {
        push(&mut bound, field(at));
    }
    // The edition may hold five fields of 2.3, packed.
    let packed: Vec<&str> = field(5).strip_prefix('~').map(|p| p.split('~').collect()).unwrap_or_default();
    let part = |at: usize| packed.get(at).copied().unwrap_or_default();
    push(&mut bound, if packed.is_empty() { field(5) } else { part(0) });
    push(&mut bound, field(6));
    for at in 1..5 {
        push(&mut bound, part(at));
    }
    Some(bound.into())
}

/// One field, unescaped from the URI and escaped for the formatted string.
fn push(bound: &mut String, field: &str) {
    bound.push(':');
    if field.is_empty() {
        bound.push('*');
        return;
    }
    if field == "-" {
        bound.push('-');
        return;
    }
    let mut rest = field;
    while let Some(c) = rest.chars().next() {
        let code =
            rest.strip_prefix('%').and_then(|hex| hex.get(..2)).and_then(|h| u8::from_str_radix(h, 16).ok());
        rest = rest.get(if code.is_some() { 3 } else { c.len_utf8() }..).unwrap_or_default();
        match code.map_or(c, char::from) {
            '\u{1}' => bound.push('?'),
            '\u{2}' => bound.push('*'),
            c if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') || !c.is_ascii() => {
                bound.push(c.to_ascii_lowercase());
            }
            // Writing to a string cannot fail.
            c => drop(write!(bound, "\\{c}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::cpe23;

    #[test]
    fn uris_become_formatted_strings() {
        for (uri, formatted) in [
            ("cpe:/o:philips:mx800_firmware:b.01", "cpe:2.3:o:philips:mx800_firmware:b.01:*:*:*:*:*:*:*"),
            ("cpe:/h:siemens:simatic_s7", "cpe:2.3:h:siemens:simatic_s7:*:*:*:*:*:*:*:*"),
            ("cpe:/a:treck:tcp%2fip:-", "cpe:2.3:a:treck:tcp\\/ip:-:*:*:*:*:*:*:*"),
            ("cpe:/a:hp:insight:7.4::~~pro~win2003~x64~", "cpe:2.3:a:hp:insight:7.4:*:*:*:pro:win2003:x64:*"),
        ] {
            assert_eq!(cpe23(uri).as_deref(), Some(formatted), "{uri}");
        }
    }

    #[test]
    fn formatted_strings_stay_and_other_text_is_refused() {
        let formatted = "cpe:2.3:o:contec:cms8000_firmware:-:*:*:*:*:*:*:*";
        assert_eq!(cpe23(formatted).as_deref(), Some(formatted));
        for text in ["", "cpe:/", "pkg:npm/a@1", "cpe"] {
            assert_eq!(cpe23(text), None, "{text}");
        }
    }
}
