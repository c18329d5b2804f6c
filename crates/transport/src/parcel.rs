//! What is moved: one encoded report with where it comes from and its number.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// Largest body of a parcel, in bytes, before compression.
pub const MAX_BODY: usize = 16 << 20;

/// Longest name of a site or a sensor, in bytes.
pub const MAX_NAME: usize = 128;

/// An encoded report on its way from a sensor to the core. The transport never looks into the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Where the sensor stands.
    pub site: String,
    /// Name of the sensor, unique within its site.
    pub sensor: String,
    /// Drawn anew when the sensor loses its spool; sequence numbers count within it.
    pub epoch: u64,
    /// Grows from parcel to parcel within an epoch, from 1 on. Gaps are parcels that the sensor had to give up.
    pub sequence: u64,
    /// At most [`MAX_BODY`] bytes.
    pub body: Bytes,
}

impl Parcel {
    /// What tells this parcel from the others of its sensor.
    pub fn number(&self) -> Number {
        Number { epoch: self.epoch, sequence: self.sequence }
    }

    /// Whether the names and the size are within the bounds.
    pub fn check(&self) -> Result<(), ParcelError> {
        check_name("site", &self.site)?;
        check_name("sensor", &self.sensor)?;
        if self.body.len() > MAX_BODY {
            return Err(ParcelError::TooLarge { bytes: self.body.len() });
        }
        Ok(())
    }
}

impl std::fmt::Debug for Parcel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The body stays out: what a log shows of a parcel is its label.
        write!(f, "{}/{} {} ({} bytes)", self.site, self.sensor, self.number(), self.body.len())
    }
}

/// Epoch and sequence of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number {
    pub epoch: u64,
    pub sequence: u64,
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}-{}", self.epoch, self.sequence)
    }
}

/// Why a parcel cannot be sent.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParcelError {
    #[error(
        "the name of the {what} is empty, longer than {MAX_NAME} bytes, or has control characters: choose another"
    )]
    Name { what: &'static str },
    #[error("the report has {bytes} bytes; {MAX_BODY} at most: cut it into several")]
    TooLarge { bytes: usize },
}

/// Whether this can name a site or a sensor: 1 to [`MAX_NAME`] bytes, no control characters.
pub fn check_name(what: &'static str, name: &str) -> Result<(), ParcelError> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(ParcelError::Name { what });
    }
    Ok(())
}

/// Writes a name with letters, digits, `-` and `_` only: any other byte becomes `mark` and two hexadecimal digits.
pub(crate) fn escape(name: &str, mark: char) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("{mark}{byte:02X}"));
        }
    }
    out
}

/// Undoes [`escape`]; `None` if it is not what that writes.
pub(crate) fn unescape(text: &str, mark: char) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        if next == mark {
            let high = rest.next()?.to_digit(16)?;
            let low = rest.next()?.to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else if next.is_ascii_alphanumeric() || next == '-' || next == '_' {
            bytes.push(u8::try_from(next).ok()?);
        } else {
            return None;
        }
    }
    let name = String::from_utf8(bytes).ok()?;
    (escape(&name, mark) == text).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_survives_being_escaped() {
        for name in ["ward-3", "St. Mary's/Süd", "a.b>*", "100%", "=3D"] {
            for mark in ['%', '='] {
                let text = escape(name, mark);
                assert!(!text.contains(['.', '*', '>', ' ', '/']));
                assert_eq!(unescape(&text, mark).as_deref(), Some(name));
            }
        }
    }

    #[test]
    fn a_name_has_one_spelling_only() {
        assert_eq!(unescape("ward%2d3", '%'), None);
        assert_eq!(unescape("a.b", '%'), None);
        assert_eq!(unescape("a%4", '%'), None);
    }
}
