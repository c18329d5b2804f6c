//! One-time codes by time: TOTP (RFC 6238) over HOTP (RFC 4226), SHA-1, six digits, 30 seconds.

use medward_model::Timestamp;
use ring::hmac;

use crate::secrets::{self, SecretError};

const STEP: i64 = 30;

/// A new secret: 20 random bytes in base 32 (RFC 4648, without padding).
pub fn secret() -> Result<String, SecretError> {
    Ok(base32(&secrets::random::<20>()?))
}

/// The address that authenticator apps read.
pub fn uri(name: &str, secret: &str) -> String {
    let name: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    format!("otpauth://totp/Medward:{name}?secret={secret}&issuer=Medward&algorithm=SHA1&digits=6&period=30")
}

/// The step that a code is right for: this one, the one before or the one after, and later than `last`, so that a code
/// counts once.
pub fn step(secret: &str, code: &str, now: Timestamp, last: i64) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let key = from_base32(secret)?;
    let current = now.as_seconds().div_euclid(STEP);
    let mut found = None;
    for step in [current - 1, current, current + 1] {
        if secrets::same(&code_at(&key, step, 6), &code) && step > last {
            found = Some(step);
        }
    }
    found
}

fn code_at(key: &[u8], step: i64, digits: usize) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or(0) & 0x0f);
    let word = bytes
        .get(offset..offset + 4)
        .and_then(|four| <[u8; 4]>::try_from(four).ok())
        .map_or(0, |four| u32::from_be_bytes(four) & 0x7fff_ffff);
    let code = u64::from(word) % 10_u64.pow(u32::try_from(digits).unwrap_or(6));
    format!("{code:0digits$}")
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            let at = (held >> bits) & 31;
            text.push(ALPHABET.get(at as usize).copied().map_or('A', char::from));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        let at = (held << (5 - bits)) & 31;
        text.push(ALPHABET.get(at as usize).copied().map_or('A', char::from));
    }
    text
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for sign in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == sign)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        let key = b"12345678901234567890";
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(key, seconds / STEP, 8), code, "{seconds}");
        }
    }

    #[test]
    fn base_32_is_that_of_rfc_4648_section_10() {
        for (plain, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
            assert_eq!(from_base32(text).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn a_code_counts_once() {
        let secret = base32(b"12345678901234567890");
        let now = Timestamp::from_parts(59, 0);
        let code = code_at(b"12345678901234567890", 1, 6);
        assert_eq!(step(&secret, &code, now, 0), Some(1));
        assert_eq!(step(&secret, &code, now, 1), None);
    }
}
