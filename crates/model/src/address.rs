//! Addresses as they stand on the wire.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An IEEE 802 MAC address (EUI-48), shown as `00:1b:21:aa:bb:cc`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// ff:ff:ff:ff:ff:ff
    pub const BROADCAST: Mac = Mac([0xff; 6]);
    /// 00:00:00:00:00:00, used where a frame carries no address.
    pub const ZERO: Mac = Mac([0; 6]);

    /// Group bit set: multicast or broadcast (IEEE 802-2014, 8.2.2).
    pub const fn is_group(self) -> bool {
        self.0[0] & 0x01 != 0
    }

    /// Locally administered bit set: not assigned by a maker; randomised or virtual (IEEE 802-2014, 8.2.2).
    pub const fn is_local(self) -> bool {
        self.0[0] & 0x02 != 0
    }

    /// Neither a group address nor all zero: can belong to one interface.
    pub fn is_station(self) -> bool {
        !self.is_group() && self != Mac::ZERO
    }

    /// The first six bytes of `bytes`, or `None` when there are fewer.
    pub fn read(bytes: &[u8]) -> Option<Mac> {
        bytes.first_chunk::<6>().map(|b| Mac(*b))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl std::str::FromStr for Mac {
    type Err = String;

    /// Reads six hexadecimal bytes with `:`, `-`, `.` or nothing between them.
    fn from_str(text: &str) -> Result<Mac, String> {
        let wrong = || format!("'{text}' is not a MAC address like 00:1b:21:aa:bb:cc");
        let mut bytes = [0_u8; 6];
        let mut digits = 0_usize;
        for c in text.chars().filter(|c| !matches!(c, ':' | '-' | '.')) {
            let digit = c.to_digit(16).ok_or_else(wrong)? as u8;
            let slot = bytes.get_mut(digits / 2).ok_or_else(wrong)?;
            *slot = *slot << 4 | digit;
            digits += 1;
        }
        if digits == 12 { Ok(Mac(bytes)) } else { Err(wrong()) }
    }
}

impl Serialize for Mac {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mac {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mac, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What carries a flow above IP (or instead of it).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// No transport: a protocol straight in a link-layer frame (ARP, LLDP).
    Link,
    Tcp,
    Udp,
    Sctp,
    Icmp,
    /// Any other IP protocol; the number stands where the port would.
    Ip,
}

impl Transport {
    /// The lower-case name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Link => "link",
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Sctp => "sctp",
            Transport::Icmp => "icmp",
            Transport::Ip => "ip",
        }
    }
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Endpoint {
    pub ip: IpAddr,
    pub port: u16,
}

#[cfg(test)]
mod tests {
    use super::Mac;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_mac_survives_its_own_text(bytes in any::<[u8; 6]>()) {
            prop_assert_eq!(Mac(bytes).to_string().parse::<Mac>(), Ok(Mac(bytes)));
        }
    }

    #[test]
    fn a_short_mac_is_refused() {
        assert!("00:1b:21".parse::<Mac>().is_err());
    }
}
