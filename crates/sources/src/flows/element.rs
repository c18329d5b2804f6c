//! The fields of NetFlow version 9 and IPFIX records that say who spoke with whom, by one name for both.
//!
//! NetFlow version 9 (RFC 3954, 8) and IPFIX (IANA "IPFIX Information Elements") share the numbers.

use std::net::IpAddr;

use medward_model::Mac;
use netflow_parser::variable_versions::field_value::DurationValue;
use netflow_parser::variable_versions::ipfix::lookup::{
    IANAIPFixField as Iana, IPFixField, ReverseInformationElement as Reverse,
};
use netflow_parser::{FieldValue, V9Field};

/// A field that is of use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Bytes,
    Packets,
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
    /// On the exporter's own clock.
    FirstUptime,
    LastUptime,
    First,
    Last,
    /// When the exporter started.
    Boot,
    /// One packet of so many is looked at.
    SampledOneOf,
    SampledRun,
    SampledGap,
    /// 1: the source opened the flow; 2: the destination did (RFC 5103, 6.3).
    Initiator,
    InterfaceName,
    InterfaceDescription,
}

pub(super) fn of_v9(field: V9Field) -> Option<Element> {
    Some(match u16::from(field) {
        1 | 85 | 231 => Element::Bytes,
        2 | 86 | 298 => Element::Packets,
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
        150 | 152 | 154 | 156 => Element::First,
        151 | 153 | 155 | 157 => Element::Last,
        160 => Element::Boot,
        34 | 50 => Element::SampledOneOf,
        305 => Element::SampledRun,
        306 => Element::SampledGap,
        239 => Element::Initiator,
        82 => Element::InterfaceName,
        83 => Element::InterfaceDescription,
        _ => return None,
    })
}

pub(super) fn of_ipfix(field: &IPFixField) -> Option<Element> {
    let iana = match field {
        IPFixField::IANA(iana) => iana,
        IPFixField::ReverseInformationElement(
            Reverse::ReverseOctetDeltaCount | Reverse::ReverseOctetTotalCount,
        ) => {
            return Some(Element::ReverseBytes);
        }
        IPFixField::ReverseInformationElement(
            Reverse::ReversePacketDeltaCount | Reverse::ReversePacketTotalCount,
        ) => return Some(Element::ReversePackets),
        _ => return None,
    };
    Some(match iana {
        Iana::OctetDeltaCount | Iana::OctetTotalCount | Iana::InitiatorOctets => Element::Bytes,
        Iana::PacketDeltaCount | Iana::PacketTotalCount | Iana::InitiatorPackets => Element::Packets,
        Iana::ResponderOctets => Element::ReverseBytes,
        Iana::ResponderPackets => Element::ReversePackets,
        Iana::ProtocolIdentifier => Element::Protocol,
        Iana::TcpControlBits => Element::Flags,
        Iana::SourceTransportPort => Element::SourcePort,
        Iana::DestinationTransportPort => Element::DestinationPort,
        Iana::SourceIpv4address | Iana::SourceIpv6address => Element::SourceAddress,
        Iana::DestinationIpv4address | Iana::DestinationIpv6address => Element::DestinationAddress,
        Iana::SourceMacaddress => Element::SourceMac,
        Iana::DestinationMacaddress | Iana::PostDestinationMacaddress => Element::DestinationMac,
        Iana::VlanId | Iana::Dot1qVlanId => Element::Vlan,
        Iana::FlowEndSysUpTime => Element::LastUptime,
        Iana::FlowStartSysUpTime => Element::FirstUptime,
        Iana::FlowStartSeconds
        | Iana::FlowStartMilliseconds
        | Iana::FlowStartMicroseconds
        | Iana::FlowStartNanoseconds => Element::First,
        Iana::FlowEndSeconds
        | Iana::FlowEndMilliseconds
        | Iana::FlowEndMicroseconds
        | Iana::FlowEndNanoseconds => Element::Last,
        Iana::SystemInitTimeMilliseconds => Element::Boot,
        Iana::SamplingInterval | Iana::SamplerRandomInterval => Element::SampledOneOf,
        Iana::SamplingPacketInterval => Element::SampledRun,
        Iana::SamplingPacketSpace => Element::SampledGap,
        Iana::BiflowDirection => Element::Initiator,
        Iana::InterfaceName => Element::InterfaceName,
        Iana::InterfaceDescription => Element::InterfaceDescription,
        _ => return None,
    })
}

/// A whole number, whatever its width.
pub(super) fn number(value: &FieldValue) -> Option<u64> {
    match value {
        FieldValue::DataNumber(number) => number.as_u64(),
        FieldValue::ProtocolType(protocol) => Some(u64::from(u8::from(*protocol))),
        FieldValue::TcpControlBits(bits, _) => Some(u64::from(u16::from(*bits))),
        FieldValue::Duration(DurationValue::Seconds { value, .. } | DurationValue::Millis { value, .. }) => {
            Some(*value)
        }
        // Exporters cut numbers to fewer bytes than their type has (RFC 7011, 6.2).
        FieldValue::Vec(bytes) if bytes.len() <= 8 => {
            Some(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        _ => None,
    }
}

/// A moment in nanoseconds since 1970.
pub(super) fn moment(value: &FieldValue) -> Option<i64> {
    /// Seconds from 1900, where NTP begins, to 1970.
    const NTP: u64 = 2_208_988_800;
    let FieldValue::Duration(duration) = value else { return None };
    let nanos = match duration {
        DurationValue::Seconds { value, .. } => value.checked_mul(1_000_000_000)?,
        DurationValue::Millis { value, .. } => value.checked_mul(1_000_000)?,
        DurationValue::MicrosNtp { seconds, fraction } | DurationValue::NanosNtp { seconds, fraction } => {
            let seconds = u64::from(*seconds).checked_sub(NTP)?;
            seconds.checked_mul(1_000_000_000)? + ((u64::from(*fraction) * 1_000_000_000) >> 32)
        }
    };
    i64::try_from(nanos).ok()
}

pub(super) fn address(value: &FieldValue) -> Option<IpAddr> {
    match value {
        FieldValue::Ip4Addr(ip) => Some(IpAddr::V4(*ip)),
        FieldValue::Ip6Addr(ip) => Some(IpAddr::V6(*ip)),
        _ => None,
    }
}

pub(super) fn mac(value: &FieldValue) -> Option<Mac> {
    match value {
        FieldValue::MacAddr(bytes) => Some(Mac(*bytes)),
        _ => None,
    }
}

pub(super) fn text(value: &FieldValue) -> Option<&str> {
    match value {
        FieldValue::String(text) => Some(&text.value),
        _ => None,
    }
}
