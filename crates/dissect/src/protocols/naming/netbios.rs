//! NetBIOS names, for the name service and the datagram service (RFC 1001, 14.1; RFC 1002, 4.1).

use super::value::host_name;
use crate::clean_bytes;

/// A NetBIOS name: 15 bytes of name and one of purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NetbiosName {
    pub(super) name: String,
    /// The sixteenth byte: what the name is registered for.
    pub(super) suffix: u8,
}

impl NetbiosName {
    /// Undoes the first-level encoding: 32 letters from A to P, a nibble each (RFC 1001, 14.1).
    pub(super) fn decode(label: &[u8]) -> Option<NetbiosName> {
        let (pairs, rest) = label.as_chunks::<2>();
        if pairs.len() != 16 || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0_u8; 16];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let nibble = |c: u8| c.checked_sub(b'A').filter(|n| *n < 16);
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(NetbiosName::read(&bytes))
    }

    /// From the sixteen bytes as they are.
    pub(super) fn read(bytes: &[u8; 16]) -> NetbiosName {
        let [name @ .., suffix] = bytes;
        NetbiosName { name: clean_bytes(name), suffix: *suffix }
    }

    /// As Windows shows it: `NAME<20>`.
    pub(super) fn shown(&self) -> String {
        format!("{}<{:02x}>", self.name, self.suffix)
    }

    /// The name of a machine: unique names of workstation and file server service.
    pub(super) fn machine(&self) -> Option<String> {
        let usable = matches!(self.suffix, 0x00 | 0x20)
            && !self.name.starts_with("__")
            && !self.name.contains('~')
            && self.name != "*";
        if usable { host_name(&self.name) } else { None }
    }

    /// What the purpose byte means, for unique and for group names (MS-BRWS 1.1; [MS-NBTE] 2.2).
    pub(super) fn purpose(&self, group: bool) -> Option<&'static str> {
        Some(match (self.suffix, group) {
            (0x00, false) => "workstation",
            (0x03, false) => "messenger",
            (0x06, false) => "remote access server",
            (0x1b, false) => "domain master browser",
            (0x1c, true) => "domain controller",
            (0x1d, false) => "master browser",
            (0x1e, true) => "browser",
            (0x1f, false) => "netdde",
            (0x20, false) => "file server",
            (0x21, false) => "remote access client",
            (0x22..=0x24 | 0x6a | 0x87, false) => "exchange",
            (0xbe, false) => "network monitor agent",
            _ => return None,
        })
    }
}

#[cfg(test)]
pub(super) fn encode(name: &str, suffix: u8) -> String {
    let mut bytes = [b' '; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes[15] = suffix;
    bytes.iter().flat_map(|b| [char::from(b'A' + (b >> 4)), char::from(b'A' + (b & 15))]).collect()
}

#[cfg(test)]
mod tests {
    use super::{NetbiosName, encode};

    #[test]
    fn names_survive_their_encoding() {
        let name = NetbiosName::decode(encode("NURSE-PC", 0x20).as_bytes()).unwrap();
        assert_eq!(name.shown(), "NURSE-PC<20>");
        assert_eq!(name.machine().as_deref(), Some("NURSE-PC"));
        assert!(NetbiosName::decode(b"ABCDEFGHIJKLMNOPABCDEFGHIJKLMNOZ").is_none());
    }
}
