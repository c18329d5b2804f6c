//! A frame as a capture holds it.

use medward_model::Timestamp;

/// How the bytes of a frame begin: the LINKTYPE values of libpcap that are understood here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkType {
    /// LINKTYPE_NULL (0): BSD loopback, address family in the byte order of the machine that captured.
    Null,
    /// LINKTYPE_ETHERNET (1).
    Ethernet,
    /// LINKTYPE_RAW (101; also 12 and 14): IPv4 or IPv6 without a link header.
    Raw,
    /// LINKTYPE_IEEE802_11 (105).
    Ieee80211,
    /// LINKTYPE_LOOP (108): OpenBSD loopback, address family in network byte order.
    Loop,
    /// LINKTYPE_LINUX_SLL (113): Linux cooked capture, version 1.
    LinuxSll,
    /// LINKTYPE_IEEE802_11_RADIOTAP (127).
    Radiotap,
    /// LINKTYPE_IPV4 (228).
    Ipv4,
    /// LINKTYPE_IPV6 (229).
    Ipv6,
    /// LINKTYPE_LINUX_SLL2 (276): Linux cooked capture, version 2.
    LinuxSll2,
    /// Any other: counted, not read.
    Other(u16),
}

impl LinkType {
    /// From the number in the file.
    pub const fn from_number(number: u16) -> LinkType {
        match number {
            0 => LinkType::Null,
            1 => LinkType::Ethernet,
            12 | 14 | 101 => LinkType::Raw,
            105 => LinkType::Ieee80211,
            108 => LinkType::Loop,
            113 => LinkType::LinuxSll,
            127 => LinkType::Radiotap,
            228 => LinkType::Ipv4,
            229 => LinkType::Ipv6,
            276 => LinkType::LinuxSll2,
            other => LinkType::Other(other),
        }
    }
}

/// A frame as a capture holds it.
#[derive(Clone, Copy, Debug)]
pub struct RawFrame<'a> {
    /// Counted from 1 over the whole input, in the order of processing.
    pub number: u64,
    pub time: Timestamp,
    pub link: LinkType,
    /// The bytes captured; the snap length may have cut them.
    pub bytes: &'a [u8],
    /// Length on the wire; at least `bytes.len()`.
    pub original: u32,
}
