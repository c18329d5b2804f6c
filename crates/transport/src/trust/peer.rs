//! Whom a certificate speaks for.

use std::time::{Duration, SystemTime};

use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::parcel::{escape, unescape};
use crate::{ParcelError, check_name};

const SCHEME: &str = "medward://";

/// A sensor at a site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    pub site: String,
    pub sensor: String,
}

impl Peer {
    /// Names as in [`check_name`].
    pub fn new(site: &str, sensor: &str) -> Result<Self, ParcelError> {
        check_name("site", site)?;
        check_name("sensor", sensor)?;
        Ok(Self { site: site.into(), sensor: sensor.into() })
    }

    /// As it stands in a certificate: `medward://site/sensor`, with `%XX` for anything but letters, digits, `-` and `_`.
    pub fn uri(&self) -> String {
        format!("{SCHEME}{}/{}", escape(&self.site, '%'), escape(&self.sensor, '%'))
    }

    /// Reads [`Peer::uri`].
    pub fn from_uri(uri: &str) -> Option<Self> {
        let (site, sensor) = uri.strip_prefix(SCHEME)?.split_once('/')?;
        Self::new(&unescape(site, '%')?, &unescape(sensor, '%')?).ok()
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.site, self.sensor)
    }
}

/// Serial number of a certificate: at most 20 bytes, without leading zeros; written in hexadecimal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Vec<u8>);

impl Serial {
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Self(bytes.get(zeros..).unwrap_or_default().to_vec())
    }
}

impl std::fmt::Display for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Serial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Serial {
    type Err = PeerError;

    fn from_str(text: &str) -> Result<Self, PeerError> {
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0 && (2..=40).contains(&digits.len()));
        let digits = digits.ok_or(PeerError::Serial)?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        Ok(Self::from_bytes(&bytes))
    }
}

/// What a sensor's certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certified {
    pub peer: Peer,
    pub serial: Serial,
    pub from: SystemTime,
    pub until: SystemTime,
}

/// Why a certificate names no sensor.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PeerError {
    #[error("the certificate cannot be read")]
    Certificate,
    #[error("the certificate names no sensor: it has not exactly one name of the form {SCHEME}site/sensor")]
    Nameless,
    #[error("a serial number has 2 to 40 hexadecimal digits")]
    Serial,
}

impl Certified {
    /// Reads a certificate (DER). That it is genuine was checked before.
    pub fn read(der: &[u8]) -> Result<Self, PeerError> {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| PeerError::Certificate)?;
        let names = certificate.subject_alternative_name().map_err(|_| PeerError::Certificate)?;
        let names = names.map(|names| names.value.general_names.as_slice()).unwrap_or_default();
        let [GeneralName::URI(uri)] = names else { return Err(PeerError::Nameless) };
        let peer = Peer::from_uri(uri).ok_or(PeerError::Nameless)?;
        let (from, until) = validity(&certificate);
        Ok(Self { peer, serial: Serial::from_bytes(certificate.raw_serial()), from, until })
    }
}

/// From when until when a certificate is valid.
pub(super) fn validity(certificate: &X509Certificate<'_>) -> (SystemTime, SystemTime) {
    let time =
        |seconds: i64| SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let validity = certificate.validity();
    (time(validity.not_before.timestamp()), time(validity.not_after.timestamp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_slashes_stays_one_name_in_a_certificate() {
        let peer = Peer::new("St. Mary's/East", "sensor 1").unwrap();
        assert_eq!(peer.uri(), "medward://St%2E%20Mary%27s%2FEast/sensor%201");
        assert_eq!(Peer::from_uri(&peer.uri()), Some(peer));
    }

    #[test]
    fn other_names_are_nobody() {
        for uri in ["https://a/b", "medward://a", "medward:///b", "medward://a/b/c", "medward://a/"] {
            assert_eq!(Peer::from_uri(uri), None, "{uri}");
        }
    }

    #[test]
    fn serial_numbers_read_back() {
        let serial = Serial::from_bytes(&[0, 0xAB, 0x01]);
        assert_eq!(serial.to_string(), "ab01");
        assert_eq!("00AB01".parse(), Ok(serial));
        assert_eq!("".parse::<Serial>(), Err(PeerError::Serial));
        assert_eq!("xyz1".parse::<Serial>(), Err(PeerError::Serial));
    }
}
