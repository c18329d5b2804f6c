//! What every DHCP server knows of a lease, and how it is told.

use std::net::IpAddr;

use medward_model::{Attribute, Field, LinkKind, Mac, Subject, Timestamp};

use crate::Report;
use crate::report::station;
use crate::told::Told;

pub(super) static HOST_NAME: Field = Field::states(
    "host-name",
    Attribute::Hostname,
    90,
    "Name of the client as the server wrote it down (RFC 2132, 3.14; RFC 4702)",
);
pub(super) static VENDOR_CLASS: Field =
    Field::fact("vendor-class", "Vendor class identifier of the client (RFC 2132, 9.13)");
pub(super) static CLIENT_ID: Field = Field::fact(
    "client-id",
    "Client-identifier (RFC 2132, 9.14) or DUID (RFC 8415, 11) where it is not the hardware address, hexadecimal",
);
pub(super) static CIRCUIT: Field = Field::fact(
    "relay-circuit-id",
    "Relay Agent Information, Agent Circuit ID (RFC 3046, 3.1): the client's port",
);
pub(super) static REMOTE: Field = Field::fact(
    "relay-remote-id",
    "Relay Agent Information, Agent Remote ID (RFC 3046, 3.2): the client's switch",
);

/// A lease, as far as a server told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lease {
    pub ip: Option<IpAddr>,
    pub mac: Option<Mac>,
    /// When the client was heard; none: when it was read.
    pub start: Option<Timestamp>,
    /// `u32::MAX` for ever; none where there is no lease now.
    pub seconds: Option<u32>,
    pub host_name: Vec<u8>,
    pub vendor_class: Vec<u8>,
    pub client_id: Vec<u8>,
    pub circuit: Vec<u8>,
    pub remote: Vec<u8>,
}

impl Lease {
    /// Tells what was not told before. A lease of another start is another lease.
    pub fn tell(&self, told: &mut Told, report: &mut Report<'_>) {
        let subject = match (self.mac.filter(|mac| mac.is_station()), self.ip) {
            (Some(mac), _) => station(mac),
            // DHCPv6 clients without a known hardware address.
            (None, Some(ip)) => Subject::Ip(ip),
            (None, None) => return,
        };
        // A lease file holds clients that are long gone: what they said is of when they were heard.
        let heard = self.start.unwrap_or(report.now);
        if let (Some(mac), Some(ip), Some(seconds)) = (self.mac, self.ip, self.seconds) {
            // Where the server does not tell the start, the same lease read again is no news.
            let marker = self.start.map_or(0, Timestamp::as_seconds);
            if told.first(&(mac, ip, marker, seconds), report.now) {
                report.link(mac, ip, LinkKind::Lease { seconds }, heard);
            }
        }
        let own = self.mac.unwrap_or_default();
        for (field, bytes) in [
            (&HOST_NAME, &self.host_name),
            (&VENDOR_CLASS, &self.vendor_class),
            (&CIRCUIT, &self.circuit),
            (&REMOTE, &self.remote),
        ] {
            if !bytes.is_empty() && told.first(&(&subject, field.name, bytes), report.now) {
                let shown = if printable(bytes) { bytes.clone() } else { hex(bytes).into_bytes() };
                report.bytes(subject.clone(), field, &shown, heard);
            }
        }
        // Type 1 and the hardware address itself says nothing new.
        let repeats = self.client_id.ends_with(&own.0) && self.client_id.len() <= 7 && own != Mac::ZERO;
        if !self.client_id.is_empty()
            && !repeats
            && told.first(&(&subject, CLIENT_ID.name, &self.client_id), report.now)
        {
            report.bytes(subject, &CLIENT_ID, hex(&self.client_id).as_bytes(), heard);
        }
    }
}

fn printable(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// At most 64 bytes, in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().take(64).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes from hexadecimal digits, at most 512: two for each byte, or with `:` or `-` between bytes of one or two digits.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.contains([':', '-']) {
        let byte = |part: &str| u8::from_str_radix(part, 16).ok().filter(|_| part.len() <= 2);
        return text.split([':', '-']).take(512).map(byte).collect();
    }
    let digit = |b: u8| char::from(b).to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = text.bytes().take(1024).map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// Sub-options 1 and 2 of the Relay Agent Information option.
pub(super) fn relay(mut bytes: &[u8], lease: &mut Lease) {
    while let [code, length, rest @ ..] = bytes {
        let Some((value, after)) = rest.split_at_checked(usize::from(*length)) else { return };
        match code {
            1 => lease.circuit = value.to_vec(),
            2 => lease.remote = value.to_vec(),
            _ => {}
        }
        bytes = after;
    }
}

/// The name, unless the server wrote that there is none.
pub(super) fn named(text: &str) -> Vec<u8> {
    let text = text.trim().trim_end_matches('.');
    if text == "*" || text == "-" || text.len() > 255 { Vec::new() } else { text.as_bytes().to_vec() }
}
