//! The fields of flow records that say who spoke with whom.
//!
//! NetFlow version 9 (RFC 3954, 8) and IPFIX (IANA, "IPFIX Information Elements") share the numbers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::export::Spec;

/// The enterprise under which numbers speak of the other direction (RFC 5103, 6.1).
const REVERSE: u32 = 29305;

/// A field that is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Bytes,
    Packets,
    /// Since the flow began, not since it was last told.
    TotalBytes,
    TotalPackets,
    ReverseBytes,
    ReversePackets,
    Protocol,
    Flags,
    SourcePort,
    DestinationPort,
    SourceAddress,
    DestinationAddress,
    SourceMac,
    DestinationMac,
    Vlan,
    /// Milliseconds on the exporter's own clock.
    FirstUptime,
    LastUptime,
    /// A moment, in the unit that the field has.
    First(Unit),
    Last(Unit),
    /// Microseconds before the message was sent.
    FirstBefore,
    LastBefore,
    /// When the exporter started.
    Boot,
    /// One packet of so many is looked at.
    SampledOneOf,
    SampledRun,
    SampledGap,
    /// 1: the source opened the flow; 2: the destination did (RFC 5103, 6.3).
    Initiator,
    /// 0: seen as it came in; 1: as it left.
    Direction,
    InterfaceName,
    InterfaceDescription,
}

/// How a moment is written (RFC 7011, 6.1.7 to 6.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Milliseconds,
    /// Seconds since 1900 and their fraction, 32 bits each.
    Ntp,
}

pub(super) fn of(spec: Spec) -> Option<Element> {
    match spec.enterprise {
        0 => {}
        REVERSE => {
            return match spec.number {
                1 | 85 => Some(Element::ReverseBytes),
                2 | 86 => Some(Element::ReversePackets),
                _ => None,
            };
        }
        _ => return None,
    }
    Some(match spec.number {
        1 | 231 => Element::Bytes,
        2 | 298 => Element::Packets,
        85 => Element::TotalBytes,
        86 => Element::TotalPackets,
        232 => Element::ReverseBytes,
        299 => Element::ReversePackets,
        4 => Element::Protocol,
        6 => Element::Flags,
        7 => Element::SourcePort,
        11 => Element::DestinationPort,
        8 | 27 => Element::SourceAddress,
        12 | 28 => Element::DestinationAddress,
        56 => Element::SourceMac,
        57 | 80 => Element::DestinationMac,
        58 | 243 => Element::Vlan,
        21 => Element::LastUptime,
        22 => Element::FirstUptime,
        150 => Element::First(Unit::Seconds),
        151 => Element::Last(Unit::Seconds),
        152 => Element::First(Unit::Milliseconds),
        153 => Element::Last(Unit::Milliseconds),
        154 | 156 => Element::First(Unit::Ntp),
        155 | 157 => Element::Last(Unit::Ntp),
        158 => Element::FirstBefore,
        159 => Element::LastBefore,
        160 => Element::Boot,
        34 | 50 => Element::SampledOneOf,
        305 => Element::SampledRun,
        306 => Element::SampledGap,
        239 => Element::Initiator,
        61 => Element::Direction,
        82 => Element::InterfaceName,
        83 => Element::InterfaceDescription,
        _ => return None,
    })
}

/// A whole number of at most eight bytes; exporters cut them to as many as they need (RFC 7011, 6.2).
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    let fits = (1..=8).contains(&bytes.len());
    fits.then(|| bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

/// A moment in nanoseconds since 1970.
pub(super) fn moment(bytes: &[u8], unit: Unit) -> Option<i64> {
    /// Seconds from 1900, where NTP begins, to 1970.
    const NTP: u64 = 2_208_988_800;
    let number = number(bytes)?;
    let nanos = match unit {
        Unit::Seconds => number.checked_mul(1_000_000_000)?,
        Unit::Milliseconds => number.checked_mul(1_000_000)?,
        Unit::Ntp => {
            let seconds = (number >> 32).checked_sub(NTP)?;
            let fraction = ((number & u64::from(u32::MAX)) * 1_000_000_000) >> 32;
            seconds.checked_mul(1_000_000_000)?.checked_add(fraction)?
        }
    };
    i64::try_from(nanos).ok()
}

pub(super) fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => bytes.first_chunk::<4>().map(|bytes| Ipv4Addr::from(*bytes).into()),
        16 => bytes.first_chunk::<16>().map(|bytes| Ipv6Addr::from(*bytes).into()),
        _ => None,
    }
}
