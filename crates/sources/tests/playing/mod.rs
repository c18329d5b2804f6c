//! Plays inputs to sessions and shows what they told.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::fmt::Write;
use std::net::SocketAddr;

use medward_model::{FlowRecord, Timestamp};
use medward_sources::{Event, Report, SOURCES, Sink, Source};

/// Source and file.
pub const INPUTS: &[(&str, &str)] = &[
    ("netflow", "netflow-v5-softflowd.hex"),
    ("netflow", "netflow-v9-softflowd.hex"),
    ("netflow", "ipfix-softflowd.hex"),
    ("netflow", "netflow-v5-fprobe.hex"),
    ("netflow", "ipfix-pmacct.hex"),
    ("netflow", "netflow-v5-ovs.hex"),
    ("netflow", "ipfix-ovs.hex"),
    ("sflow", "sflow-pmacct.hex"),
    ("sflow", "sflow-ovs.hex"),
    ("dnsmasq-leases", "dnsmasq.leases"),
    ("dhcp-log", "dnsmasq.log"),
    ("dhcp-log", "dhcpd.log"),
    ("dhcp-log", "kea-dhcp4.log"),
    ("isc-dhcpd-leases", "dhcpd.leases"),
    ("isc-dhcpd-leases", "isc-states.leases"),
    ("kea-leases", "kea-leases4.csv"),
    ("kea-leases", "kea-leases6.csv"),
    ("kea-leases", "kea-relayed.csv"),
    ("windows-dhcp", "DhcpSrvLog-Fri.log"),
    ("radius-accounting", "radius-accounting-radclient.hex"),
    ("syslog-log", "syslog-logger.hex"),
];

/// Bytes, when they were received, and from whom.
pub type Piece = (Timestamp, SocketAddr, Vec<u8>);

pub fn source(name: &str) -> &'static Source {
    SOURCES.iter().find(|source| source.name == name).expect("there is such a source")
}

/// 2026-11-27 01:25, some minutes after the inputs were made.
pub fn now() -> Timestamp {
    "2026-11-27T01:25:00Z".parse().expect("a time")
}

pub fn read(input: &str) -> Vec<Piece> {
    let path = format!("{}/tests/inputs/{input}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).expect("the input is there");
    let nobody = SocketAddr::from(([0; 4], 0));
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    if !input.ends_with(".hex") {
        return lines.map(|line| (now(), nobody, line.to_vec())).collect();
    }
    lines
        .map(|line| {
            let mut words = std::str::from_utf8(line).expect("text").split(' ');
            let (seconds, milliseconds) =
                words.next().expect("a time").split_once('.').expect("with decimals");
            let nanos = milliseconds.parse::<u32>().expect("digits") * 1_000_000;
            let time = Timestamp::from_parts(seconds.parse().expect("digits"), nanos);
            let from = words.next().expect("a sender").parse().expect("an address");
            (time, from, unhex(words.next().expect("bytes")))
        })
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(digit).collect()
}

pub fn play(name: &str, pieces: &[Piece]) -> Sink {
    let source = source(name);
    let (mut session, mut sink) = ((source.make)(), Sink::default());
    let mut end = now();
    for (number, (time, from, bytes)) in pieces.iter().enumerate() {
        session.read(bytes, &mut Report::new(*time, *from, number as u64 + 1, source, &mut sink));
        end = *time;
    }
    let nobody = SocketAddr::from(([0; 4], 0));
    session.end(&mut Report::new(end, nobody, pieces.len() as u64, source, &mut sink));
    sink
}

/// One line an event.
pub fn shown(sink: &Sink) -> String {
    let mut text = String::new();
    for event in &sink.events {
        let _ = match event {
            Event::Evidence(said) => {
                writeln!(text, "{} {} {}: {}", said.packet, said.subject, said.field.name, said.value.shown())
            }
            Event::Link(link) => {
                writeln!(
                    text,
                    "{} {} has {} from {} {:?}",
                    link.packet, link.mac, link.ip, link.time, link.kind
                )
            }
            Event::Flow(flow) => writeln!(text, "{}", flow_shown(flow)),
        };
    }
    for (name, count) in sink.weirds.iter() {
        let _ = writeln!(text, "weird {name} {count}");
    }
    text
}

fn flow_shown(flow: &FlowRecord) -> String {
    format!(
        "{} {} {}:{} ({} vlan {}) -> {}:{} ({}) packets {:?} bytes {:?} from {} to {} answered {} oriented {}",
        flow.first_packet,
        flow.transport.name(),
        flow.originator.ip,
        flow.originator_port,
        flow.originator.mac,
        flow.originator.vlan,
        flow.responder.ip,
        flow.responder_port,
        flow.responder.mac,
        flow.packets,
        flow.bytes,
        flow.first,
        flow.last,
        flow.answered,
        flow.oriented,
    )
}
