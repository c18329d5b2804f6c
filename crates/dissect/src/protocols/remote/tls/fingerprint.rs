//! Fingerprints of a ClientHello.
//!
//! JA3 (Salesforce, BSD-3-Clause): MD5 of version, ciphers, extensions, groups and point formats in order.
//! JA4 (FoxIO, JA4 TLS client fingerprint, BSD-3-Clause): lists are sorted, so that shuffling does not change it.
//! Reserved values (RFC 8701) are left out of both.

use md5::{Digest, Md5};
use sha2::Sha256;

use super::hello::{ClientHello, is_grease};
use crate::protocols::remote::reader::hex;

/// MD5 in hexadecimal digits of the JA3 string.
pub(super) fn ja3(hello: &ClientHello) -> String {
    hex(&Md5::digest(ja3_text(hello).as_bytes()))
}

fn ja3_text(hello: &ClientHello) -> String {
    let listed = |values: &[u16]| {
        let kept = values.iter().filter(|v| !is_grease(**v)).map(u16::to_string);
        kept.collect::<Vec<_>>().join("-")
    };
    let formats = hello.point_formats.iter().map(u8::to_string).collect::<Vec<_>>().join("-");
    format!(
        "{},{},{},{},{formats}",
        hello.version,
        listed(&hello.ciphers),
        listed(&hello.extensions),
        listed(&hello.groups)
    )
}

/// The JA4 fingerprint ("t13d1516h2_8daaf6152771_b186095e22b6").
pub(super) fn ja4(hello: &ClientHello) -> String {
    let ciphers = without_grease(&hello.ciphers);
    let extensions = without_grease(&hello.extensions);
    let version = match hello.highest() {
        0x0002 => "s2",
        0x0300 => "s3",
        0x0301 => "10",
        0x0302 => "11",
        0x0303 => "12",
        0x0304 => "13",
        _ => "00",
    };
    let name = if extensions.contains(&0) { 'd' } else { 'i' };
    let (cipher_count, extension_count) = (ciphers.len().min(99), extensions.len().min(99));
    let alpn = alpn_letters(hello.alpn.first().map_or(&[][..], Vec::as_slice));
    let hashed: Vec<u16> = extensions.into_iter().filter(|kind| !matches!(kind, 0 | 16)).collect();
    let mut extension_text = sorted_hex(hashed);
    let signatures = without_grease(&hello.signatures);
    if !extension_text.is_empty() && !signatures.is_empty() {
        extension_text.push('_');
        extension_text.push_str(&hex_list(&signatures));
    }
    format!(
        "t{version}{name}{cipher_count:02}{extension_count:02}{alpn}_{}_{}",
        short_hash(&sorted_hex(ciphers)),
        short_hash(&extension_text)
    )
}

fn without_grease(values: &[u16]) -> Vec<u16> {
    values.iter().copied().filter(|v| !is_grease(*v)).collect()
}

/// First and last character of the first protocol name; of its hexadecimal digits where one of the two is neither a
/// letter nor a digit; "00" where there is none.
fn alpn_letters(name: &[u8]) -> String {
    let (Some(first), Some(last)) = (name.first(), name.last()) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [char::from(*first), char::from(*last)].iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 0x0f)
}

fn sorted_hex(mut values: Vec<u16>) -> String {
    values.sort_unstable();
    hex_list(&values)
}

fn hex_list(values: &[u16]) -> String {
    values.iter().map(|v| format!("{v:04x}")).collect::<Vec<_>>().join(",")
}

/// The first twelve hexadecimal digits of the SHA-256; twelve zeros for nothing.
fn short_hash(text: &str) -> String {
    if text.is_empty() {
        return "000000000000".to_owned();
    }
    let mut digits = hex(&Sha256::digest(text.as_bytes()));
    digits.truncate(12);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of the public JA4 description.
    #[test]
    fn the_worked_example_of_the_specification() {
        let words = |text: &str| -> Vec<u16> {
            text.split(',').map(|v| u16::from_str_radix(v, 16).unwrap()).collect()
        };
        let hello = ClientHello {
            version: 0x0303,
            ciphers: words("8a8a,1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"),
            extensions: words(
                "2a2a,001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015",
            ),
            signatures: words("0403,0804,0401,0503,0805,0501,0806,0601"),
            versions: vec![0x7a7a, 0x0304, 0x0303],
            alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            ..ClientHello::default()
        };
        assert_eq!(ja4(&hello), "t13d1516h2_8daaf6152771_e5627efa2ab1");
    }

    #[test]
    fn names_of_protocols_that_are_no_text_stand_as_digits() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "00"),
            (b"h", "hh"),
            (b"http/1.1", "h1"),
            (&[0xab], "ab"),
            (&[0xab, 0xcd], "ad"),
            (&[0x30, 0xab], "3b"),
            (&[0x30, 0x31, 0xab, 0xcd], "3d"),
            (&[0x30, 0xab, 0xcd, 0x31], "01"),
        ];
        for (name, letters) in cases {
            assert_eq!(alpn_letters(name), letters);
        }
    }

    #[test]
    fn a_hello_without_anything_has_zero_hashes() {
        let hello = ClientHello { version: 0x0300, ..ClientHello::default() };
        assert_eq!(ja4(&hello), "ts3i000000_000000000000_000000000000");
    }
}
