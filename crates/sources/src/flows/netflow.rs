//! NetFlow and IPFIX: flows as routers, switches and probes export them.
//!
//! Follows the format of NetFlow version 5 (Cisco, "NetFlow Export Datagram Format"), RFC 3954 (version 9), RFC 7011
//! (IPFIX), RFC 5103 (both directions in one record), RFC 5477 (sampling). See `export.rs` for the shape of messages and
//! templates, which are kept for each exporter and observation domain, bounded.
//!
//! Says: flows, both directions put together, counts multiplied by the sampling rate that the exporter tells; of the
//! exporter which form it speaks, how it samples, and the names of its interfaces.
//!
//! Limits: addresses of the link layer stand only in some templates and are those of the last hop. What comes before its
//! template is lost and counted. Exporters whose clock is off by more than an hour are corrected by the difference.

use std::collections::BTreeMap;
use std::net::IpAddr;

use medward_dissect::clean_bytes;
use medward_model::{Field, HostKey, Mac, Subject, Timestamp};

use super::element::{self, Element, Unit};
use super::export::{Head, Record, Templates};
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

/// Exporters and domains of which sampling and start are remembered.
const DOMAINS: usize = 1024;
/// Records of one message: more than fit in a datagram with addresses in them.
const RECORDS: usize = 4096;
const HOUR: i64 = 3600;

struct NetFlow {
    templates: Templates,
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
    /// The same by its uptime, in milliseconds; not told in IPFIX.
    uptime: Option<u32>,
    /// To be added to the exporter's times.
    correction: i64,
}

impl Message {
    fn new(exporter: IpAddr, head: &Head, report: &mut Report<'_>) -> Message {
        let Head { domain, sent, uptime, .. } = *head;
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
    fn uptime(&self, milliseconds: u64) -> Option<Timestamp> {
        let before = self.uptime?.wrapping_sub(milliseconds as u32);
        // Not later than the message, and not older than a wrap of half the counter: else it is nonsense.
        let before = if before > u32::MAX / 2 { 0 } else { before };
        Some(self.at(self.sent.saturating_sub(i64::from(before) * 1_000_000)))
    }
}

/// A record, as far as it is of use.
#[derive(Default)]
struct Fields {
    bytes: Option<u64>,
    packets: Option<u64>,
    totals: [u64; 2],
    reverse: [u64; 2],
    protocol: u8,
    flags: u16,
    ports: [u16; 2],
    addresses: [Option<IpAddr>; 2],
    macs: [Option<Mac>; 2],
    vlan: u16,
    uptimes: [Option<u64>; 2],
    times: [Option<i64>; 2],
    before: [Option<u64>; 2],
    boot: Option<i64>,
    one_of: Option<u64>,
    run: Option<u64>,
    gap: Option<u64>,
    initiator: u64,
    egress: bool,
    names: [Option<String>; 2],
}

impl Fields {
    fn of(record: Record<'_>) -> Fields {
        let mut fields = Fields::default();
        for (spec, value) in record.fields() {
            if let Some(element) = element::of(spec) {
                fields.take(element, value);
            }
        }
        fields
    }

    fn take(&mut self, element: Element, value: &[u8]) {
        let number = element::number(value);
        let count = number.unwrap_or(0);
        match element {
            Element::Bytes => self.bytes = number,
            Element::Packets => self.packets = number,
            Element::TotalBytes => self.totals[1] = count,
            Element::TotalPackets => self.totals[0] = count,
            Element::ReverseBytes => self.reverse[1] = count,
            Element::ReversePackets => self.reverse[0] = count,
            Element::Protocol => self.protocol = count as u8,
            Element::Flags => self.flags = count as u16,
            Element::SourcePort => self.ports[0] = count as u16,
            Element::DestinationPort => self.ports[1] = count as u16,
            Element::SourceAddress => self.addresses[0] = better(self.addresses[0], value),
            Element::DestinationAddress => self.addresses[1] = better(self.addresses[1], value),
            Element::SourceMac => self.macs[0] = Mac::read(value),
            Element::DestinationMac => self.macs[1] = Mac::read(value).or(self.macs[1]),
            Element::Vlan => self.vlan = (count & 0x0fff) as u16,
            Element::FirstUptime => self.uptimes[0] = number,
            Element::LastUptime => self.uptimes[1] = number,
            Element::First(unit) => self.times[0] = element::moment(value, unit),
            Element::Last(unit) => self.times[1] = element::moment(value, unit),
            Element::FirstBefore => self.before[0] = number,
            Element::LastBefore => self.before[1] = number,
            Element::Boot => self.boot = element::moment(value, Unit::Milliseconds),
            Element::SampledOneOf => self.one_of = number,
            Element::SampledRun => self.run = number,
            Element::SampledGap => self.gap = number,
            Element::Initiator => self.initiator = count,
            Element::Direction => self.egress = count == 1,
            Element::InterfaceName => self.names[0] = Some(clean_bytes(value)),
            Element::InterfaceDescription => self.names[1] = Some(clean_bytes(value)),
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
        if let Some(before) = self.before.get(at).copied().flatten() {
            let before = i64::try_from(before.saturating_mul(1000)).unwrap_or(i64::MAX);
            return Some(message.at(message.sent.saturating_sub(before)));
        }
        match (self.times.get(at).copied().flatten(), uptime, self.boot) {
            (Some(nanos), _, _) => Some(message.at(nanos)),
            (None, Some(since), Some(boot)) => {
                Some(message.at(boot.saturating_add(i64::try_from(since).ok()?.saturating_mul(1_000_000))))
            }
            (None, Some(since), None) => message.uptime(since),
            _ => None,
        }
    }
}

impl NetFlow {
    fn new() -> NetFlow {
        NetFlow {
            templates: Templates::default(),
            pairs: Pairs::new(),
            domains: BTreeMap::new(),
            told: Told::default(),
        }
    }

    fn exporter(&mut self, exporter: IpAddr, field: &'static Field, text: &str, report: &mut Report<'_>) {
        if self.told.first(&(exporter, field.name, text), report.now) {
            report.evidence(Subject::Ip(exporter), field, text);
        }
    }

    /// Remembers what is told of a domain.
    fn learn(&mut self, message: &Message, told: Domain, report: &mut Report<'_>) {
        let key = (message.exporter, message.domain);
        if self.domains.len() >= DOMAINS && !self.domains.contains_key(&key) {
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

    /// A message is begun: who sent it, and how it speaks.
    fn message(&mut self, head: &Head, report: &mut Report<'_>) -> Message {
        let message = Message::new(report.from.ip(), head, report);
        let form = match head.version {
            5 => "netflow v5",
            7 => "netflow v7",
            9 => "netflow v9",
            _ => "ipfix",
        };
        self.exporter(message.exporter, &FORM, form, report);
        // Two bits of mode in front.
        let rate = u64::from(head.sampling & 0x3fff);
        if rate > 0 {
            self.learn(&message, Domain { rate: Some(rate), boot: None }, report);
        }
        message
    }

    fn record(&mut self, message: &Message, mut fields: Fields, report: &mut Report<'_>) {
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
            packets: fields.packets.unwrap_or(fields.totals[0]).saturating_mul(rate),
            bytes: fields.bytes.unwrap_or(fields.totals[1]).saturating_mul(rate),
            first,
            last,
            flags: fields.flags,
            opened: fields.initiator == 1 || (fields.initiator == 0 && fields.reverse[0] > 0),
            timed: true,
            seen: (message.exporter, fields.egress),
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

    fn options(&mut self, message: &Message, fields: &Fields, report: &mut Report<'_>) {
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

/// The address of a field. Some templates have fields for both families, one of them zero.
fn better(held: Option<IpAddr>, value: &[u8]) -> Option<IpAddr> {
    let new = element::address(value);
    if new.is_some_and(|new| new.is_unspecified()) { held.or(new) } else { new.or(held) }
}

impl SourceSession for NetFlow {
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>) {
        let mut records: Vec<(bool, Fields)> = Vec::new();
        let mut odd: Vec<&'static str> = Vec::new();
        let mut too_many = false;
        let each = |record: Record<'_>| {
            if records.len() < RECORDS {
                records.push((record.options, Fields::of(record)));
            } else {
                too_many = true;
            }
        };
        let head = self.templates.read(report.from, report.now, bytes, each, &mut |name| odd.push(name));
        odd.into_iter().for_each(|name| report.weird(name));
        if too_many {
            report.weird("netflow_too_many_records");
        }
        let Some(head) = head else { return report.weird("netflow_malformed") };
        let message = self.message(&head, report);
        for (options, fields) in records {
            if options {
                self.options(&message, &fields, report);
            } else {
                self.record(&message, fields, report);
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
