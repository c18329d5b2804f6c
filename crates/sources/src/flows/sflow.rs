//! sFlow version 5: sampled frames and counters of switches, and what hosts say of themselves.
//!
//! Follows "sFlow Version 5" (sflow.org, July 2004), "sFlow Host Structures" (2010) and "sFlow Port Name" (format 1005). Datagrams
//! are read by `flowparser-sflow`; the sampled head of a frame is decoded as a captured one is.
//!
//! Says: flows, with counts multiplied by the sampling rate of each sample; of the agent its interfaces and, where it is a
//! host, name, system and identifier.
//!
//! Limits: short flows are mostly missed by sampling, and which side opened a flow is not known.

use std::net::{IpAddr, SocketAddr};

use flowparser_sflow::SflowParser;
use flowparser_sflow::counter_records::{CounterRecord, HostDescr};
use flowparser_sflow::datagram::AddressType;
use flowparser_sflow::flow_records::FlowRecord as Sampled;
use flowparser_sflow::samples::SflowSample;
use medward_model::{Attribute, Field, HostKey, Mac, Subject};
use medward_wire::{Layer, LinkType, RawFrame, decode, protocol, read_sctp, read_tcp, read_udp};

use super::pairs::{OneWay, Pairs};
use crate::told::Told;
use crate::{Carrier, Report, Source, SourceSession};

pub(crate) static SFLOW: Source = Source {
    name: "sflow",
    title: "sFlow",
    specification: &["sFlow Version 5", "sFlow Host Structures", "sFlow Port Name"],
    carrier: Carrier::Datagrams { ports: &[6343] },
    fields: &[&AGENT, &INTERFACE, &PORT_NAME, &HOST_NAME, &OS, &OS_VERSION, &MACHINE, &UUID, &ADAPTER],
    make: || {
        Box::new(SFlow {
            parser: SflowParser::builder().with_max_samples(512).build(),
            pairs: Pairs::new(),
            told: Told::default(),
        })
    },
};

static AGENT: Field =
    Field::fact("exports", "sflow v5, with the sampling rate (sFlow Version 5, 5.3, flow_sample)");
static INTERFACE: Field = Field::fact(
    "interface",
    "Generic interface counters: index, type and speed (sFlow Version 5, 5.4, if_counters)",
);
static PORT_NAME: Field = Field::fact("port-name", "Port name (counter format 1005)");
static HOST_NAME: Field =
    Field::states("host-name", Attribute::Hostname, 95, "host_descr hostname (sFlow Host Structures)");
static OS: Field = Field::states("os-name", Attribute::Os, 90, "host_descr os_name (sFlow Host Structures)");
static OS_VERSION: Field =
    Field::states("os-release", Attribute::OsVersion, 90, "host_descr os_release (sFlow Host Structures)");
static MACHINE: Field = Field::fact("machine-type", "host_descr machine_type (sFlow Host Structures)");
static UUID: Field =
    Field::states("uuid", Attribute::UniqueId, 93, "host_descr uuid (sFlow Host Structures)");
static ADAPTER: Field = Field::fact("adapter", "MAC addresses of host_adapters (sFlow Host Structures)");

/// Highest rate that is believed.
const MOST_SPARSE: u32 = 1 << 20;

struct SFlow {
    parser: SflowParser,
    pairs: Pairs,
    told: Told,
}

impl SourceSession for SFlow {
    fn read(&mut self, bytes: &[u8], report: &mut Report<'_>) {
        let result = self.parser.parse_bytes(bytes);
        if result.error.is_some() {
            report.weird("sflow_malformed");
        }
        for datagram in &result.datagrams {
            let agent = match datagram.agent_address {
                AddressType::IPv4(ip) => IpAddr::V4(ip),
                AddressType::IPv6(ip) => IpAddr::V6(ip),
            };
            let agent = if agent.is_unspecified() { report.from.ip() } else { agent };
            for sample in &datagram.samples {
                match sample {
                    SflowSample::Flow(sample) => {
                        self.flow(agent, sample.sampling_rate, &sample.records, report)
                    }
                    SflowSample::ExpandedFlow(sample) => {
                        self.flow(agent, sample.sampling_rate, &sample.records, report);
                    }
                    SflowSample::Counter(sample) => self.counters(agent, &sample.records, report),
                    SflowSample::ExpandedCounter(sample) => self.counters(agent, &sample.records, report),
                    SflowSample::DiscardedPacket(_) => {}
                    SflowSample::Unknown { .. } => report.weird("sflow_unknown_sample"),
                }
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

impl SFlow {
    fn say(&mut self, agent: IpAddr, field: &'static Field, text: &str, report: &mut Report<'_>) {
        if self.told.first(&(agent, field.name, text), report.now) {
            report.evidence(Subject::Ip(agent), field, text);
        }
    }

    fn flow(&mut self, agent: IpAddr, rate: u32, records: &[Sampled], report: &mut Report<'_>) {
        if rate == 0 || rate > MOST_SPARSE {
            return report.weird("sflow_bad_rate");
        }
        self.say(agent, &AGENT, &format!("sflow v5 1:{rate}"), report);
        let way = records.iter().find_map(|record| match record {
            // header_protocol: 1 Ethernet, 11 IPv4, 12 IPv6.
            Sampled::RawPacketHeader(raw) => {
                let link = match raw.header_protocol {
                    1 => LinkType::Ethernet,
                    11 | 12 => LinkType::Raw,
                    _ => return None,
                };
                let original = raw.frame_length.max(raw.header.len() as u32);
                sampled(&raw.header, original, link, report)
            }
            Sampled::SampledIpv4(ip) => Some(OneWay {
                source: (plain(ip.src_ip.into()), ip.src_port as u16),
                destination: (plain(ip.dst_ip.into()), ip.dst_port as u16),
                flags: ip.tcp_flags as u16,
                ..one(ip.protocol, ip.length, report)
            }),
            Sampled::SampledIpv6(ip) => Some(OneWay {
                source: (plain(ip.src_ip.into()), ip.src_port as u16),
                destination: (plain(ip.dst_ip.into()), ip.dst_port as u16),
                flags: ip.tcp_flags as u16,
                ..one(ip.protocol, ip.length, report)
            }),
            _ => None,
        });
        let Some(mut way) = way else { return };
        if let Some(vlan) = records.iter().find_map(|record| match record {
            Sampled::ExtendedSwitch(switch) => Some((switch.src_vlan & 0x0fff) as u16),
            _ => None,
        }) && way.source.0.vlan == 0
        {
            way.source.0.vlan = vlan;
            way.destination.0.vlan = vlan;
        }
        way.seen.0 = agent;
        way.packets = u64::from(rate);
        way.bytes = way.bytes.saturating_mul(u64::from(rate));
        self.pairs.add(way, report);
    }

    fn counters(&mut self, agent: IpAddr, records: &[CounterRecord], report: &mut Report<'_>) {
        for record in records {
            match record {
                CounterRecord::GenericInterface(counters) => {
                    let text = format!(
                        "{} type {} speed {}",
                        counters.if_index, counters.if_type, counters.if_speed
                    );
                    self.say(agent, &INTERFACE, &text, report);
                }
                CounterRecord::PortName(port) => self.say(agent, &PORT_NAME, &port.name, report),
                CounterRecord::HostDescr(host) => self.host(agent, host, report),
                CounterRecord::HostAdapters(adapters) => {
                    for mac in adapters.adapters.iter().take(64).flat_map(|a| a.mac_addresses.iter().take(8))
                    {
                        let mac = Mac(mac.bytes());
                        if mac.is_station() {
                            self.say(agent, &ADAPTER, &mac.to_string(), report);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn host(&mut self, agent: IpAddr, host: &HostDescr, report: &mut Report<'_>) {
        use flowparser_sflow::counter_records::{MachineType, OsName};
        self.say(agent, &HOST_NAME, &host.hostname, report);
        let os = match host.os_name {
            OsName::Linux => "Linux",
            OsName::Windows => "Windows",
            OsName::Darwin => "macOS",
            OsName::HpUx => "HP-UX",
            OsName::Aix => "AIX",
            OsName::DragonflyBsd => "DragonFly BSD",
            OsName::FreeBsd => "FreeBSD",
            OsName::NetBsd => "NetBSD",
            OsName::OpenBsd => "OpenBSD",
            OsName::Osf => "OSF/1",
            OsName::Solaris => "Solaris",
            OsName::Unknown | OsName::Other | OsName::Unrecognized(_) => "",
        };
        self.say(agent, &OS, os, report);
        self.say(agent, &OS_VERSION, &host.os_release, report);
        let machine = match host.machine_type {
            MachineType::Unknown | MachineType::Other | MachineType::Unrecognized(_) => String::new(),
            known => format!("{known:?}").to_lowercase(),
        };
        self.say(agent, &MACHINE, &machine, report);
        if !host.uuid.is_nil() && !host.uuid.is_max() {
            self.say(agent, &UUID, &host.uuid.to_string(), report);
        }
    }
}

/// A sampled frame as one direction of a flow; counts are still those of one packet.
fn sampled(header: &[u8], original: u32, link: LinkType, report: &mut Report<'_>) -> Option<OneWay> {
    let frame = RawFrame { number: report.number, time: report.now, link, bytes: header, original };
    let decoded = decode(&frame);
    let packet = match &decoded.layer {
        Layer::Ip(packet) => packet,
        Layer::Link { .. } => return None,
        Layer::Unreadable(weird) => {
            report.weird(weird);
            return None;
        }
    };
    let later = packet.fragment.as_ref().is_some_and(|part| part.offset > 0);
    let (ports, flags) = match packet.protocol {
        _ if later => ([0; 2], 0),
        protocol::TCP => {
            let length = packet.payload.len() as u32;
            read_tcp(packet.payload, length)
                .map_or(([0; 2], 0), |s| ([s.source_port, s.destination_port], s.flags))
        }
        protocol::UDP => {
            read_udp(packet.payload).map_or(([0; 2], 0), |d| ([d.source_port, d.destination_port], 0))
        }
        protocol::SCTP => {
            read_sctp(packet.payload).map_or(([0; 2], 0), |d| ([d.source_port, d.destination_port], 0))
        }
        _ => ([0; 2], 0),
    };
    let host = |ip, mac| HostKey { ip, mac, vlan: decoded.vlan };
    const SYN: u16 = 0x02;
    const ACK: u16 = 0x10;
    Some(OneWay {
        source: (host(packet.source, decoded.source), ports[0]),
        destination: (host(packet.destination, decoded.destination), ports[1]),
        flags,
        opened: flags & (SYN | ACK) == SYN,
        ..one(u32::from(packet.protocol), decoded.length, report)
    })
}

fn plain(ip: IpAddr) -> HostKey {
    HostKey { ip, mac: Mac::ZERO, vlan: 0 }
}

/// One packet of that protocol and length, now, between nobody yet.
fn one(protocol: u32, length: u32, report: &Report<'_>) -> OneWay {
    let nobody = (plain(SocketAddr::from(([0; 4], 0)).ip()), 0);
    OneWay {
        source: nobody,
        destination: nobody,
        protocol: protocol as u8,
        packets: 1,
        bytes: u64::from(length),
        first: report.now,
        last: report.now,
        flags: 0,
        opened: false,
        timed: false,
        seen: (report.from.ip(), false),
    }
}
