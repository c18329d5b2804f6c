//! The two directions of a flow, which exporters tell apart, put together again.

use std::net::IpAddr;

use medward_model::{FlowRecord, HostKey, Timestamp, Transport};
use medward_wire::{FlowKey, FlowTable, protocol};

use crate::Report;

/// Flows that wait for their other direction.
const LIMIT: usize = 1 << 16;
/// Seconds without news after which a flow is told.
const IDLE: i64 = 60;
/// Seconds after which a flow is told although it goes on.
const ACTIVE: i64 = 300;

/// What one record says: one direction of a flow.
#[derive(Clone, Debug)]
pub(super) struct OneWay {
    pub source: (HostKey, u16),
    pub destination: (HostKey, u16),
    /// IP protocol number.
    pub protocol: u8,
    pub packets: u64,
    pub bytes: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// Flags of all its TCP segments together; 0 where not known.
    pub flags: u16,
    /// It is known that the source opened the flow.
    pub opened: bool,
    /// `first` is when it began, rather than when a packet of it was sampled.
    pub timed: bool,
    /// Who saw it.
    pub exporter: IpAddr,
}

/// Flows until both directions were told, or time is over.
#[derive(Debug)]
pub(super) struct Pairs {
    table: FlowTable<Pair>,
}

#[derive(Debug)]
struct Pair {
    /// By the order of the key: the lower end first.
    ways: [Option<OneWay>; 2],
    since: Timestamp,
    number: u64,
}

impl Pairs {
    pub fn new() -> Pairs {
        Pairs { table: FlowTable::new(LIMIT, IDLE) }
    }

    pub fn add(&mut self, mut way: OneWay, report: &mut Report<'_>) {
        self.expire(report);
        let transport = transport(way.protocol);
        if !matches!(transport, Transport::Tcp | Transport::Udp | Transport::Sctp) {
            // Some exporters put type and code of ICMP there.
            (way.source.1, way.destination.1) = (0, 0);
        }
        let (source, destination) =
            ((way.source.0.ip, way.source.1), (way.destination.0.ip, way.destination.1));
        if source.0.is_unspecified() || destination.0.is_unspecified() {
            return report.weird("flow_without_address");
        }
        let vlan = way.source.0.vlan;
        let (key, forward) = FlowKey::ip(source, destination, transport, vlan);
        let side = usize::from(!forward);
        if let Some(found) = self.table.find(&key, report.now) {
            if let Some(pair) = self.table.get_mut(found) {
                if !pair.take(way, side) {
                    report.weird("flow_seen_by_another_exporter_too");
                }
                if report.now.seconds_since(pair.since) < ACTIVE {
                    return;
                }
            }
            if let Some(pair) = self.table.remove(found) {
                tell(pair, report);
            }
            return;
        }
        let mut pair = Pair { ways: [None, None], since: report.now, number: report.number };
        pair.take(way, side);
        if let (_, Some(evicted)) = self.table.insert(key, report.now, pair) {
            report.weird("flow_table_full");
            tell(evicted, report);
        }
    }

    /// Tells the flows that were quiet for long.
    pub fn expire(&mut self, report: &mut Report<'_>) {
        while let Some(pair) = self.table.expired(report.now) {
            tell(pair, report);
        }
    }

    /// Tells all that wait.
    pub fn flush(&mut self, report: &mut Report<'_>) {
        while let Some(pair) = self.table.remove_oldest() {
            tell(pair, report);
        }
    }
}

impl Pair {
    /// False where another exporter told of the same direction: a packet that passes two of them is counted once.
    fn take(&mut self, way: OneWay, side: usize) -> bool {
        let Some(place) = self.ways.get_mut(side) else { return true };
        match place {
            None => *place = Some(way),
            Some(known) if known.exporter != way.exporter => return false,
            Some(known) => {
                known.packets = known.packets.saturating_add(way.packets);
                known.bytes = known.bytes.saturating_add(way.bytes);
                known.first = known.first.min(way.first);
                known.last = known.last.max(way.last);
                known.flags |= way.flags;
                known.opened |= way.opened;
            }
        }
        true
    }
}

fn transport(number: u8) -> Transport {
    match number {
        protocol::TCP => Transport::Tcp,
        protocol::UDP => Transport::Udp,
        protocol::SCTP => Transport::Sctp,
        protocol::ICMP | protocol::ICMPV6 => Transport::Icmp,
        _ => Transport::Ip,
    }
}

fn tell(pair: Pair, report: &mut Report<'_>) {
    let (ask, answer, oriented) = match pair.ways {
        [Some(a), Some(b)] => {
            // Who began is the originator; at the same moment the ports decide.
            // A server that answers a broadcast is seen first, and yet did not begin.
            let timed = a.timed && b.timed && a.first != b.first && !(known_service(&a) || known_service(&b));
            let known = a.opened != b.opened || timed;
            let first = if a.opened != b.opened {
                a.opened
            } else if timed {
                a.first < b.first
            } else {
                !answers(&a)
            };
            if first { (a, Some(b), known) } else { (b, Some(a), known) }
        }
        [Some(only), None] | [None, Some(only)] => {
            let known = only.opened;
            if !known && answers(&only) {
                return report.flow(answer_alone(&only, pair.number));
            }
            (only, None, known)
        }
        [None, None] => return,
    };
    report.flow(record(&ask, answer.as_ref(), pair.number, oriented));
}

/// A flow of which only the answers were told.
fn answer_alone(way: &OneWay, number: u64) -> FlowRecord {
    let mut flow = record(way, None, number, false);
    std::mem::swap(&mut flow.originator, &mut flow.responder);
    std::mem::swap(&mut flow.originator_port, &mut flow.responder_port);
    flow.packets.reverse();
    flow.bytes.reverse();
    flow.answered = serves(way);
    flow
}

/// By its ports, this direction comes from a service.
fn answers(way: &OneWay) -> bool {
    let (source, destination) = (way.source.1, way.destination.1);
    known_service(way) || (source != 0 && source < destination && destination >= 32768)
}

/// It comes from a port below 1024 and goes to a higher one.
fn known_service(way: &OneWay) -> bool {
    (1..1024).contains(&way.source.1) && way.source.1 < way.destination.1
}

/// A direction that is no mere refusal (RST, with or without ACK).
fn serves(way: &OneWay) -> bool {
    const RST: u16 = 0x04;
    const ACK: u16 = 0x10;
    way.packets > 0 && !(way.flags & RST != 0 && way.flags & !(RST | ACK) == 0)
}

fn record(ask: &OneWay, answer: Option<&OneWay>, number: u64, oriented: bool) -> FlowRecord {
    let transport = transport(ask.protocol);
    let ports = match transport {
        Transport::Ip => (0, u16::from(ask.protocol)),
        Transport::Icmp | Transport::Link => (0, 0),
        _ => (ask.source.1, ask.destination.1),
    };
    FlowRecord {
        originator: ask.source.0,
        originator_port: ports.0,
        responder: ask.destination.0,
        responder_port: ports.1,
        transport,
        protocol: None,
        packets: [ask.packets, answer.map_or(0, |way| way.packets)],
        bytes: [ask.bytes, answer.map_or(0, |way| way.bytes)],
        first: answer.map_or(ask.first, |way| way.first.min(ask.first)),
        last: answer.map_or(ask.last, |way| way.last.max(ask.last)),
        first_packet: number,
        answered: answer.is_some_and(serves),
        oriented,
    }
}
