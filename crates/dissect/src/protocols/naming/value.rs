//! Values of naming protocols as they are told: host names, UUIDs, opaque bytes; without placeholders.

use std::fmt::Write as _;
use std::net::IpAddr;

use medward_model::Mac;

use crate::{clean, clean_bytes};

/// Host names that say nothing about their bearer.
const NO_NAMES: &[&str] = &[
    "localhost",
    "localhost.localdomain",
    "(none)",
    "none",
    "unknown",
    "default",
    "n/a",
    "null",
    "host",
    "wpad",
    "isatap",
];

/// Texts that stand where a maker forgot to write something.
const NO_VALUES: &[&str] = &[
    "",
    "-",
    "n/a",
    "na",
    "none",
    "null",
    "unknown",
    "undefined",
    "default",
    "serial",
    "serial number",
    "serialnumber",
    "not available",
    "not specified",
    "not applicable",
    "system serial number",
    "to be filled by o.e.m.",
    "to be filled by oem",
    "default string",
    "manufacturer",
    "model",
    "model name",
];

/// At most `most` bytes as lower-case hexadecimal; longer input ends in "+".
pub(super) fn hex(bytes: &[u8], most: usize) -> String {
    let mut text = String::with_capacity(2 * bytes.len().min(most) + 1);
    for byte in bytes.iter().take(most) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    if bytes.len() > most {
        text.push('+');
    }
    text
}

/// As text where every byte is printable ASCII (final NULs aside), else as hexadecimal with `0x`.
pub(super) fn readable(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    let text = bytes.get(..end).unwrap_or_default();
    if text.is_empty() {
        String::new()
    } else if text.iter().all(|b| (0x20..0x7f).contains(b)) {
        clean_bytes(text)
    } else {
        format!("0x{}", hex(bytes, 64))
    }
}

/// A host name as a device gives it: cleaned, without the final dot and ".local"; nothing for placeholders, addresses
/// and what cannot be a name.
pub(super) fn host_name(text: &str) -> Option<String> {
    let name = clean(text);
    let name = name.trim_end_matches('.');
    let name = match name.len().checked_sub(6).and_then(|cut| name.split_at_checked(cut)) {
        Some((stem, tail)) if tail.eq_ignore_ascii_case(".local") => stem,
        _ => name,
    };
    let usable = name.len() > 1
        && name.len() <= 253
        && name.chars().any(char::is_alphanumeric)
        && !NO_NAMES.iter().any(|no| name.eq_ignore_ascii_case(no))
        && name.parse::<IpAddr>().is_err();
    usable.then(|| name.to_owned())
}

/// A text that a maker filled in; nothing for "N/A", "To be filled by O.E.M." and the like.
pub(super) fn filled_in(text: &str) -> Option<String> {
    let text = clean(text);
    (!NO_VALUES.iter().any(|no| text.eq_ignore_ascii_case(no))).then(|| text.into_owned())
}

/// A serial number that can be one: at least four characters with a digit, no counting or repeating sample, and no
/// hardware address written as one (six groups).
pub(super) fn serial(text: &str) -> Option<String> {
    let text = filled_in(text)?;
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    let first = digits.first().copied()?;
    let repeats = digits.iter().all(|b| *b == first);
    let upper: String = digits.iter().map(|b| char::from(b.to_ascii_uppercase())).collect();
    let counts = ["0123456789ABCDEF", "123456789012345678901234567890", "9876543210"]
        .iter()
        .any(|sample| sample.starts_with(upper.as_str()));
    let address = text.split([':', '-']).count() == 6 && text.parse::<Mac>().is_ok();
    let usable = !address
        && digits.len() >= 4
        && digits.iter().any(u8::is_ascii_digit)
        && !repeats
        && !counts
        && text.len() <= 64;
    usable.then_some(text)
}

/// A UUID out of `uuid:…`, `urn:uuid:…` or bare, as `uuid:` and lower-case digits; nothing for nil and sample UUIDs.
pub(super) fn uuid(text: &str) -> Option<String> {
    let mut text = text.trim();
    for prefix in ["urn:", "uuid:"] {
        if let Some((front, rest)) = text.split_at_checked(prefix.len())
            && front.eq_ignore_ascii_case(prefix)
        {
            text = rest;
        }
    }
    let groups: Vec<&str> = text.split('-').collect();
    let shaped = groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|g| g.bytes().all(|b| b.is_ascii_hexdigit()));
    let text = text.to_ascii_lowercase();
    let mut digits = text.bytes().filter(|b| *b != b'-');
    let first = digits.next()?;
    let sample = digits.all(|b| b == first)
        || ["12345678-", "01234567-", "deadbeef-"].iter().any(|s| text.starts_with(s));
    (shaped && !sample).then(|| format!("uuid:{text}"))
}

/// An address that only has a meaning inside: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291 link-local.
pub(super) fn is_internal(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(ip) => {
            let [a, ..] = ip.segments();
            a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfe80
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{filled_in, host_name, readable, serial, uuid};

    #[test]
    fn placeholders_say_nothing() {
        assert_eq!(host_name("localhost"), None);
        assert_eq!(host_name("10.1.2.3"), None);
        assert_eq!(host_name("CT-2.local."), Some("CT-2".to_owned()));
        assert_eq!(filled_in("To be filled by O.E.M."), None);
        for no in
            ["12345678", "00000000", "0000-0000", "none", "abcd", "123", "0123456789", "78:45:58:c0:1d:bf"]
        {
            assert_eq!(serial(no), None, "{no}");
        }
        assert_eq!(serial("221517K0101769"), Some("221517K0101769".to_owned()));
    }

    #[test]
    fn uuids_are_brought_to_one_form() {
        let told = Some("uuid:2f402f80-da50-11e1-9b23-00178810d7a4".to_owned());
        assert_eq!(uuid("urn:uuid:2F402F80-DA50-11E1-9B23-00178810D7A4"), told);
        assert_eq!(uuid("uuid:00000000-0000-0000-0000-000000000000"), None);
        assert_eq!(uuid("uuid:not-one"), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_hexadecimal() {
        assert_eq!(readable(b"Gi1/0/7\0"), "Gi1/0/7");
        assert_eq!(readable(&[0, 4, 0, 1]), "0x00040001");
    }
}
