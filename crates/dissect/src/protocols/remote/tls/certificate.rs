//! What a certificate says of its holder (RFC 5280).

use sha2::{Digest, Sha256};
use x509_parser::objects::{oid_registry, oid2abbrev, oid2sn};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;

use crate::clean_bytes;
use crate::protocols::remote::reader::hex;

/// The parts of a certificate that tell of its holder; texts are cleaned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Certificate {
    /// "CN=..., O=..., C=..." without mail addresses.
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) common_name: Option<String>,
    pub(super) organisation: Option<String>,
    pub(super) units: Vec<String>,
    /// The serialNumber attribute of the subject (X.520, 6.2.9): often that of the device.
    pub(super) device_serial: Option<String>,
    /// DNS names and addresses in subjectAltName.
    pub(super) names: Vec<String>,
    pub(super) dns_names: Vec<String>,
    /// Day, "2031-05-01".
    pub(super) not_before: String,
    pub(super) not_after: String,
    /// "RSA 2048", "EC 256".
    pub(super) key: String,
    /// "sha256WithRSAEncryption".
    pub(super) signature: String,
    pub(super) sha256: String,
    /// Subject and issuer are the same.
    pub(super) self_issued: bool,
}

impl Certificate {
    /// Reads DER; `None` where it is no certificate.
    pub(super) fn read(der: &[u8]) -> Option<Certificate> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let subject = attributes(parsed.subject());
        let find = |kind: &str| subject.iter().find(|(k, _)| k == kind).map(|(_, value)| value.clone());
        let mut names = Vec::new();
        let mut dns_names = Vec::new();
        if let Ok(Some(alternative)) = parsed.subject_alternative_name() {
            for name in alternative.value.general_names.iter().take(16) {
                match name {
                    GeneralName::DNSName(name) => {
                        let name = clean_bytes(name.as_bytes()).to_ascii_lowercase();
                        dns_names.push(name.clone());
                        names.push(name);
                    }
                    GeneralName::IPAddress(bytes) => names.extend(address(bytes)),
                    _ => {}
                }
            }
        }
        let signature = &parsed.signature_algorithm.algorithm;
        Some(Certificate {
            common_name: find("CN"),
            organisation: find("O"),
            units: subject.iter().filter(|(k, _)| k == "OU").map(|(_, v)| v.clone()).take(4).collect(),
            device_serial: find("serialNumber"),
            subject: shown(&subject),
            issuer: shown(&attributes(parsed.issuer())),
            names,
            dns_names,
            not_before: day(&parsed.validity().not_before),
            not_after: day(&parsed.validity().not_after),
            key: key(&parsed),
            signature: oid2sn(signature, oid_registry())
                .map_or_else(|_| signature.to_string(), str::to_owned),
            sha256: hex(&Sha256::digest(der)),
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
        })
    }
}

/// Attributes of a name with their short keys, in order; mail addresses (of people) and empty values are left out.
fn attributes(name: &X509Name<'_>) -> Vec<(String, String)> {
    let mut listed = Vec::new();
    for attribute in name.iter_attributes().take(24) {
        let oid = attribute.attr_type();
        let kind = match oid2abbrev(oid, oid_registry()) {
            Ok(kind) => kind.to_owned(),
            Err(_) => oid.to_string(),
        };
        if kind.to_ascii_lowercase().starts_with("email") {
            continue;
        }
        let value = match attribute.as_str() {
            Ok(text) => crate::clean(text).into_owned(),
            Err(_) => wide_text(attribute.as_slice()),
        };
        if !value.is_empty() && !value.contains('@') {
            listed.push((kind, value));
        }
    }
    listed
}

/// BMPString (UTF-16) where every other byte is zero, else ISO 8859-1.
fn wide_text(bytes: &[u8]) -> String {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if rest.is_empty() && !pairs.is_empty() && pairs.iter().all(|pair| pair[0] == 0) {
        return clean_bytes(&pairs.iter().map(|pair| pair[1]).collect::<Vec<_>>());
    }
    clean_bytes(bytes)
}

fn shown(attributes: &[(String, String)]) -> String {
    attributes.iter().map(|(kind, value)| format!("{kind}={value}")).collect::<Vec<_>>().join(", ")
}

fn address(bytes: &[u8]) -> Option<String> {
    use std::net::{Ipv4Addr, Ipv6Addr};
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| Ipv6Addr::from(sixteen).to_string())
}

fn day(time: &ASN1Time) -> String {
    let time = time.to_datetime();
    format!("{:04}-{:02}-{:02}", time.year(), u8::from(time.month()), time.day())
}

fn key(parsed: &X509Certificate<'_>) -> String {
    let info = parsed.public_key();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => format!("RSA {}", bits(key.modulus)),
        Ok(PublicKey::DSA(key)) => format!("DSA {}", key.len().saturating_mul(8)),
        Ok(PublicKey::EC(point)) => format!("EC {}", point.key_size()),
        _ => {
            let oid = &info.algorithm.algorithm;
            oid2sn(oid, oid_registry()).map_or_else(|_| oid.to_string(), str::to_owned)
        }
    }
}

/// Length of an unsigned integer in bits, leading zeros not counted.
fn bits(integer: &[u8]) -> usize {
    let digits = integer.iter().position(|b| *b != 0).and_then(|first| integer.get(first..)).unwrap_or(&[]);
    let Some(first) = digits.first() else { return 0 };
    (digits.len() * 8).saturating_sub(first.leading_zeros() as usize)
}
