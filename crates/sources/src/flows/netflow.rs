//! NetFlow and IPFIX: flows as routers, switches and probes export them.
//!
//! Follows the format of NetFlow version 5 (Cisco, "NetFlow Export Datagram Format"), RFC 3954 (version 9), RFC 7011
//! (IPFIX), RFC 5103 (both directions in one record), RFC 5477 (sampling). The records are read by `netflow_parser`;
//! templates are kept for each exporter and observation domain, bounded.
//!
//! Says: flows, both directions put together, counts multiplied by the sampling rate that the exporter tells; of the
//! exporter which form it speaks, how it samples, and the names of its interfaces.
//!
//! Limits: addresses of the link layer stand only in some templates and are those of the last hop. What comes before its
//! template is lost and counted. Exporters whose clock is off by more than an hour are corrected by the difference.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use medward_model::{Field, HostKey, Mac, Subject, Timestamp};
use netflow_parser::static_versions::{v5, v7};
use netflow_parser::variable_versions::ipfix::{FlowSetBody as IpfixBody, IPFix};
use netflow_parser::variable_versions::v9::{FlowSetBody as V9Body, V9};
use netflow_parser::{AutoScopedParser, FieldValue, NetflowPacket, NetflowParser};

use super::element::{self, Element};
use super::pairs::{OneWay, Pairs};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static NETFLOW: Source = Source {
    name: "netflow",
    title: "NetFlow and IPFIX",
    specification: &["NetFlow version 5", "RFC 3954", "RFC 7011", "RFC 5103", "RFC 5477"],
    carrier: Carrier::Datagrams { ports: &[2055, 4739, 9995, 9996] },
    fields: &[&FORM, &SAMPLING, &INTERFACE, &INTERFACE_DESCRIPTION],
    make: || Box::new(NetFlow::new()),
};

static FORM: Field = Field::fact("exports", "Version field: netflow v5, v7 or v9, or ipfix (RFC 7011, 3.1)");
static SAMPLING: Field =
    Field::fact("sampling", "One packet of so many is looked at (RFC 3954, 8; RFC 5477, 8.2)");
static INTERFACE: Field = Field::fact("interface", "interfaceName in options (IANA element 82)");
static INTERFACE_DESCRIPTION: Field =
    Field::fact("interface-description", "interfaceDescription in options (IANA element 83)");

/// Exporters whose templates are kept.
const EXPORTERS: usize = 256;
/// Templates of an exporter and domain.
const TEMPLATES: usize = 128;
const HOUR: i64 = 3600;

struct NetFlow {
    parser: AutoScopedParser,
    pairs: Pairs,
    /// By exporter and observation domain.
    domains: BTreeMap<(IpAddr, u32), Domain>,
    told: Told,
}

/// What options say of an observation domain.
#[derive(Clone, Copy, Default)]
struct Domain {
    /// One packet of so many is looked at.
    rate: Option<u64>,
    /// When the exporter started, in nanoseconds since 1970.
    boot: Option<i64>,
}

/// What the header of a message says.
struct Message {
    exporter: IpAddr,
    domain: u32,
    /// When it was sent, by the exporter's clock, in nanoseconds since 1970.
    sent: i64,
    /// The same by its uptime, in milliseconds; 0 in IPFIX.
    uptime: u32,
    /// To be added to the exporter's times.
    correction: i64,
}

impl Message {
    fn new(exporter: IpAddr, domain: u32, sent: i64, uptime: u32, report: &mut Report<'_>) -> Message {
        let off = report.now.as_nanos().saturating_sub(sent);
        let wrong = off.abs() > HOUR * 1_000_000_000;
        if wrong {
            report.weird("netflow_clock");
        }
        Message { exporter, domain, sent, uptime, correction: if wrong { off } else { 0 } }
    }

    fn at(&self, nanos: i64) -> Timestamp {
        Timestamp::from_nanos(nanos.saturating_add(self.correction))
    }

    /// A moment told by uptime: so long before the message. The counter wraps after 49 days.
    fn uptime(&self, milliseconds: u64) -> Timestamp {
        let before = self.uptime.wrapping_sub(milliseconds as u32);
        // Not later than the message, and not older than a wrap of half the counter: else it is nonsense.
        let before = if before > u32::MAX / 2 { 0 } else { before };
        self.at(self.sent.saturating_sub(i64::from(before) * 1_000_000))
    }
}

/// A record of version 9 or IPFIX, as far as it is of use.
#[derive(Default)]
struct Fields {
    bytes: u64,
    packets: u64,
    reverse: [u64; 2],
    protocol: u8,
    flags: u16,
    ports: [u16; 2],
    addresses: [Option<IpAddr>; 2],
    macs: [Option<Mac>; 2],
    vlan: u16,
    uptimes: [Option<u64>; 2],
    times: [Option<i64>; 2],
    boot: Option<i64>,
    one_of: Option<u64>,
    run: Option<u64>,
    gap: Option<u64>,
    initiator: u64,
    names: [Option<Box<str>>; 2],
}

impl Fields {
    fn take(&mut self, element: Element, value: &FieldValue) {
        let number = element::number(value);
        let count = number.unwrap_or(0);
        match element {
            Element::Bytes => self.bytes = count,
            Element::Packets => self.packets = count,
            Element::ReverseBytes => self.reverse[1] = count,
            Element::ReversePackets => self.reverse[0] = count,
            Element::Protocol => self.protocol = count as u8,
            Element::Flags => self.flags = count as u16,
            Element::SourcePort => self.ports[0] = count as u16,
            Element::DestinationPort => self.ports[1] = count as u16,
            Element::SourceAddress => self.addresses[0] = element::address(value).or(self.addresses[0]),
            Element::DestinationAddress => self.addresses[1] = element::address(value).or(self.addresses[1]),
            Element::SourceMac => self.macs[0] = element::mac(value),
            Element::DestinationMac => self.macs[1] = element::mac(value).or(self.macs[1]),
            Element::Vlan => self.vlan = (count & 0x0fff) as u16,
            Element::FirstUptime => self.uptimes[0] = number,
            Element::LastUptime => self.uptimes[1] = number,
            Element::First => self.times[0] = element::moment(value),
            Element::Last => self.times[1] = element::moment(value),
            Element::Boot => self.boot = element::moment(value),
            Element::SampledOneOf => self.one_of = number,
            Element::SampledRun => self.run = number,
            Element::SampledGap => self.gap = number,
            Element::Initiator => self.initiator = count,
            Element::InterfaceName => self.names[0] = element::text(value).map(Into::into),
            Element::InterfaceDescription => self.names[1] = element::text(value).map(Into::into),
        }
    }

    /// One packet of so many is looked at, where the record says so.
    fn sampling(&self) -> Option<u64> {
        let spaced = || {
            let run = self.run.filter(|run| *run > 0)?;
            Some((run.saturating_add(self.gap.unwrap_or(0))) / run)
        };
        self.one_of.or_else(spaced).filter(|rate| (1..=1 << 20).contains(rate))
    }

    fn moment(&self, at: usize, message: &Message) -> Option<Timestamp> {
        let uptime = self.uptimes.get(at).copied().flatten();
        match (self.times.get(at).copied().flatten(), uptime, self.boot) {
            (Some(nanos), _, _) => Some(message.at(nanos)),
            (None, Some(since), Some(boot)) => {
                Some(message.at(boot.saturating_add(i64::try_from(since).ok()?.saturating_mul(1_000_000))))
            }
            (None, Some(since), None) if message.uptime != 0 => Some(message.uptime(since)),
            _ => None,
        }
    }
}

impl NetFlow {
    fn new() -> NetFlow {
        let parser = NetflowParser::builder()
            .with_cache_size(TEMPLATES)
            .with_max_field_count(256)
            .with_max_error_sample_size(1)
            .try_multi_source()
            .and_then(|parser| parser.with_max_sources(EXPORTERS));
        // The bounds are valid; without them the parser's own, wider ones hold.
        let parser = parser.unwrap_or_else(|_| AutoScopedParser::new());
        NetFlow { parser, pairs: Pairs::new(), domains: BTreeMap::new(), told: Told::default() }
    }

    fn exporter(&mut self, exporter: IpAddr, field: &'static Field, text: &str, report: &mut Report<'_>) {
        if self.told.first(&(exporter, field.name, text)) {
            report.evidence(Subject::Ip(exporter), field, text);
        }
    }

    /// Remembers what is told of a domain.
    fn learn(&mut self, message: &Message, told: Domain, report: &mut Report<'_>) {
        let key = (message.exporter, message.domain);
        if self.domains.len() >= EXPORTERS && !self.domains.contains_key(&key) {
            return report.weird("netflow_too_many_exporters");
        }
        let domain = self.domains.entry(key).or_default();
        *domain = Domain { rate: told.rate.or(domain.rate), boot: told.boot.or(domain.boot) };
        if let Some(rate) = told.rate.filter(|rate| *rate > 1) {
            self.exporter(message.exporter, &SAMPLING, &format!("1:{rate}"), report);
        }
    }

    fn domain(&self, message: &Message) -> Domain {
        self.domains.get(&(message.exporter, message.domain)).copied().unwrap_or_default()
    }

    fn rate(&self, message: &Message) -> u64 {
        self.domain(message).rate.unwrap_or(1)
    }

    fn fixed(&mut self, message: &Message, record: &Fixed, report: &mut Report<'_>) {
        let rate = self.rate(message);
        let host = |ip: IpAddr| HostKey { ip, mac: Mac::ZERO, vlan: 0 };
        let way = OneWay {
            source: (host(record.source), record.ports[0]),
            destination: (host(record.destination), record.ports[1]),
            protocol: record.protocol,
            packets: u64::from(record.packets).saturating_mul(rate),
            bytes: u64::from(record.bytes).saturating_mul(rate),
            first: message.uptime(u64::from(record.first)),
            last: message.uptime(u64::from(record.last)),
            flags: u16::from(record.flags),
            opened: false,
            timed: true,
            exporter: message.exporter,
        };
        self.pairs.add(way, report);
    }

    fn v5(&mut self, packet: &v5::V5, report: &mut Report<'_>) {
        let header = &packet.header;
        let sent = unix(header.unix_secs, header.unix_nsecs);
        let domain = u32::from(header.engine_type) << 8 | u32::from(header.engine_id);
        let message = Message::new(report.from.ip(), domain, sent, header.sys_up_time, report);
        self.exporter(message.exporter, &FORM, "netflow v5", report);
        let rate = u64::from(header.sampling_interval & 0x3fff);
        if rate > 0 {
            self.learn(&message, Domain { rate: Some(rate), boot: None }, report);
        }
        for flow in &packet.flowsets {
            let record = Fixed {
                source: flow.src_addr.into(),
                destination: flow.dst_addr.into(),
                ports: [flow.src_port, flow.dst_port],
                protocol: flow.protocol_number,
                packets: flow.d_pkts,
                bytes: flow.d_octets,
                first: flow.first,
                last: flow.last,
                flags: flow.tcp_flags,
            };
            self.fixed(&message, &record, report);
        }
    }

    fn v7(&mut self, packet: &v7::V7, report: &mut Report<'_>) {
        let header = &packet.header;
        let sent = unix(header.unix_secs, header.unix_nsecs);
        let message = Message::new(report.from.ip(), 0, sent, header.sys_up_time, report);
        self.exporter(message.exporter, &FORM, "netflow v7", report);
        for flow in &packet.flowsets {
            let record = Fixed {
                source: flow.src_addr.into(),
                destination: flow.dst_addr.into(),
                ports: [flow.src_port, flow.dst_port],
                protocol: flow.protocol_number,
                packets: flow.d_pkts,
                bytes: flow.d_octets,
                first: flow.first,
                last: flow.last,
                flags: flow.tcp_flags,
            };
            self.fixed(&message, &record, report);
        }
    }

    fn v9(&mut self, packet: &V9, report: &mut Report<'_>) {
        let header = &packet.header;
        let sent = unix(header.unix_secs, 0);
        let message = Message::new(report.from.ip(), header.source_id, sent, header.sys_up_time, report);
        self.exporter(message.exporter, &FORM, "netflow v9", report);
        for set in &packet.flowsets {
            match &set.body {
                V9Body::Data(data) => {
                    for record in &data.fields {
                        let known = record.iter().map(|(field, value)| (element::of_v9(*field), value));
                        self.record(&message, known, report);
                    }
                }
                V9Body::OptionsData(options) => {
                    for record in &options.fields {
                        let known = record
                            .options_fields
                            .iter()
                            .map(|(field, value)| (element::of_v9(*field), value));
                        self.options(&message, known, report);
                    }
                }
                V9Body::NoTemplate(_) => report.weird("netflow_no_template"),
                V9Body::Template(_) | V9Body::OptionsTemplate(_) | V9Body::Empty => {}
            }
        }
    }

    fn ipfix(&mut self, packet: &IPFix, report: &mut Report<'_>) {
        let header = &packet.header;
        let sent = unix(header.export_time, 0);
        let message = Message::new(report.from.ip(), header.observation_domain_id, sent, 0, report);
        self.exporter(message.exporter, &FORM, "ipfix", report);
        for set in &packet.flowsets {
            match &set.body {
                IpfixBody::Data(data) => {
                    for record in &data.fields {
                        let known = record.iter().map(|(field, value)| (element::of_ipfix(field), value));
                        self.record(&message, known, report);
                    }
                }
                IpfixBody::OptionsData(options) => {
                    for record in &options.fields {
                        let known = record.iter().map(|(field, value)| (element::of_ipfix(field), value));
                        self.options(&message, known, report);
                    }
                }
                IpfixBody::NoTemplate(_) => report.weird("netflow_no_template"),
                _ => {}
            }
        }
    }

    fn record<'f>(
        &mut self,
        message: &Message,
        known: impl Iterator<Item = (Option<Element>, &'f FieldValue)>,
        report: &mut Report<'_>,
    ) {
        let mut fields = gathered(known);
        fields.boot = fields.boot.or(self.domain(message).boot);
        let [Some(source), Some(destination)] = fields.addresses else {
            return report.weird("netflow_record_without_addresses");
        };
        let rate = fields.sampling().unwrap_or_else(|| self.rate(message));
        let host = |ip, mac: Option<Mac>| HostKey { ip, mac: mac.unwrap_or(Mac::ZERO), vlan: fields.vlan };
        let sent = message.at(message.sent);
        // Nothing that was exported ended later than it was sent.
        let last = fields.moment(1, message).unwrap_or(sent).min(sent);
        let first = fields.moment(0, message).unwrap_or(last).min(last);
        let [source_mac, destination_mac] = fields.macs;
        let way = OneWay {
            source: (host(source, source_mac), fields.ports[0]),
            destination: (host(destination, destination_mac), fields.ports[1]),
            protocol: fields.protocol,
            packets: fields.packets.saturating_mul(rate),
            bytes: fields.bytes.saturating_mul(rate),
            first,
            last,
            flags: fields.flags,
            opened: fields.initiator == 1 || (fields.initiator == 0 && fields.reverse[0] > 0),
            timed: true,
            exporter: message.exporter,
        };
        let [packets, bytes] = fields.reverse;
        if packets > 0 {
            let back = OneWay {
                source: way.destination,
                destination: way.source,
                packets: packets.saturating_mul(rate),
                bytes: bytes.saturating_mul(rate),
                opened: fields.initiator == 2,
                ..way.clone()
            };
            self.pairs.add(way, report);
            self.pairs.add(back, report);
        } else {
            self.pairs.add(way, report);
        }
    }

    fn options<'f>(
        &mut self,
        message: &Message,
        known: impl Iterator<Item = (Option<Element>, &'f FieldValue)>,
        report: &mut Report<'_>,
    ) {
        let fields = gathered(known);
        let told = Domain { rate: fields.sampling(), boot: fields.boot };
        if told.rate.is_some() || told.boot.is_some() {
            self.learn(message, told, report);
        }
        let [name, description] = &fields.names;
        for (field, text) in [(&INTERFACE, name), (&INTERFACE_DESCRIPTION, description)] {
            if let Some(text) = text {
                self.exporter(message.exporter, field, text, report);
            }
        }
    }
}

/// A record of version 5 or 7.
struct Fixed {
    source: IpAddr,
    destination: IpAddr,
    ports: [u16; 2],
    protocol: u8,
    packets: u32,
    bytes: u32,
    first: u32,
    last: u32,
    flags: u8,
}

fn gathered<'f>(known: impl Iterator<Item = (Option<Element>, &'f FieldValue)>) -> Fields {
    let mut fields = Fields::default();
    for (element, value) in known {
        if let Some(element) = element {
            fields.take(element, value);
        }
    }
    fields
}

fn unix(seconds: u32, nanos: u32) -> i64 {
    i64::from(seconds) * 1_000_000_000 + i64::from(nanos.min(999_999_999))
}

impl SourceSession for NetFlow {
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>) {
        // Templates belong to the exporter's address and port (RFC 7011, 8; RFC 3954, 9).
        let from: SocketAddr = report.from;
        let result = self.parser.parse_from_source(from, bytes);
        if result.error.is_some() {
            report.weird("netflow_malformed");
        }
        for packet in &result.packets {
            match packet {
                NetflowPacket::V5(packet) => self.v5(packet, report),
                NetflowPacket::V7(packet) => self.v7(packet, report),
                NetflowPacket::V9(packet) => self.v9(packet, report),
                NetflowPacket::IPFix(packet) => self.ipfix(packet, report),
                _ => report.weird("netflow_unknown_version"),
            }
        }
    }

    fn tick(&mut self, report: &mut Report<'_>) {
        self.pairs.expire(report);
    }

    fn end(&mut self, report: &mut Report<'_>) {
        self.pairs.flush(report);
    }
}
