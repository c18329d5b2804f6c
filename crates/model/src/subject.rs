//! Whom a piece of evidence is about.

use std::fmt;
use std::net::IpAddr;

use crate::Mac;

/// A network address as seen in frames: the IP, the MAC that carried it, the VLAN it was on.
///
/// The MAC is that of the last hop: a router's for what lies behind a router. `Mac::ZERO` where the link has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostKey {
    pub ip: IpAddr,
    pub mac: Mac,
    /// Outermost 802.1Q VLAN id; 0 for untagged.
    pub vlan: u16,
}

/// Whom a piece of evidence is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A link-layer address, with the VLAN it was on.
    Mac { mac: Mac, vlan: u16 },
    /// A network-layer speaker.
    Host(HostKey),
    /// An address that somebody spoke of; it may never have spoken itself.
    Ip(IpAddr),
    /// A device that is reachable only through another (serial server, gateway, BACnet router): the speaker's address
    /// and a key that is stable and unique behind it ("bacnet 2001:3", "poct1a 00-11-22").
    Behind { via: HostKey, key: Box<str> },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Mac { mac, .. } => mac.fmt(f),
            Subject::Host(host) => host.ip.fmt(f),
            Subject::Ip(ip) => ip.fmt(f),
            Subject::Behind { via, key } => write!(f, "{} behind {}", key, via.ip),
        }
    }
}
