//! Reads bytes front to back in network order; never beyond their end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use medward_model::Mac;

/// What is left to read. Every reader answers `None` and takes nothing when there is too little.
#[derive(Clone, Copy, Debug)]
pub(in crate::protocols) struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    /// Reads from the front of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Octets<'a> {
        Octets(bytes)
    }

    /// What is left.
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// How many are left.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// None are left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (front, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*front)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// Two bytes, most significant first.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, most significant first.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    /// A MAC address.
    pub fn mac(&mut self) -> Option<Mac> {
        self.array().map(Mac)
    }

    /// An IPv4 address.
    pub fn ipv4(&mut self) -> Option<Ipv4Addr> {
        self.array::<4>().map(Ipv4Addr::from)
    }

    /// An IPv6 address.
    pub fn ipv6(&mut self) -> Option<Ipv6Addr> {
        self.array::<16>().map(Ipv6Addr::from)
    }
}

/// The address that four or sixteen bytes are.
pub(in crate::protocols) fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|b| IpAddr::V4(Ipv4Addr::from(*b))),
        16 => bytes.first_chunk::<16>().map(|b| IpAddr::V6(Ipv6Addr::from(*b))),
        _ => None,
    }
}

/// Lower-case hexadecimal digits of `bytes`.
pub(in crate::protocols) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An address that one station can own: not unspecified, loopback, multicast or broadcast.
pub(in crate::protocols) fn is_owned(ip: IpAddr) -> bool {
    !ip.is_unspecified()
        && !ip.is_loopback()
        && !ip.is_multicast()
        && !matches!(ip, IpAddr::V4(v4) if v4.is_broadcast() || v4.octets().first() == Some(&0))
}

/// Text that says something, rather than a filler that a maker or a driver left in place.
pub(in crate::protocols) fn says_something(text: &str) -> bool {
    const FILLERS: &[&str] = &[
        "n/a",
        "na",
        "none",
        "null",
        "unknown",
        "default",
        "default string",
        "not available",
        "not specified",
        "not applicable",
        "to be filled by o.e.m.",
        "system serial number",
        "system product name",
        "system manufacturer",
        "chassis serial number",
        "localhost",
        "localhost.localdomain",
        "(none)",
        "undefined",
        "not set",
        "unset",
        "empty",
        "invalid",
        "serial",
        "serialnumber",
        "1234567890",
        "123456789",
        "0123456789",
        "12345678",
        "o.e.m.",
        "oem",
        "test",
    ];
    let text = text.trim();
    let mut letters = text.chars().filter(|c| c.is_alphanumeric());
    let Some(first) = letters.next() else { return false };
    let uniform = letters.all(|c| c == first) && (text.len() > 1 || matches!(first, '0' | 'x' | 'X'));
    !uniform && !FILLERS.iter().any(|filler| text.eq_ignore_ascii_case(filler))
}

#[cfg(test)]
mod tests {
    use super::{Octets, hex, says_something};

    #[test]
    fn too_little_takes_nothing() {
        let mut octets = Octets::new(&[1, 2, 3]);
        assert_eq!(octets.u32(), None);
        assert_eq!(octets.u16(), Some(0x0102));
        assert_eq!(octets.take(2), None);
        assert_eq!(octets.rest(), [3]);
        assert_eq!(hex(octets.rest()), "03");
    }

    #[test]
    fn fillers_say_nothing() {
        for filler in ["", " ", "00000000", "N/A", "XXXX", "To be filled by O.E.M.", "--", "0.0.0", "(none)"]
        {
            assert!(!says_something(filler), "{filler}");
        }
        for text in ["MX750", "1", "7", "FOC1234X5YZ", "10.2"] {
            assert!(says_something(text), "{text}");
        }
    }
}
