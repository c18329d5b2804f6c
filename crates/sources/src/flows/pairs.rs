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
    /// Who saw it, and whether as it left.
    pub seen: (IpAddr, bool),
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
        // Where a frame comes in it may be untagged, and tagged where it leaves: the tag tells no flows apart here.
        let (key, forward) = FlowKey::ip(source, destination, transport, 0);
        let side = usize::from(!forward);
        if let Some(found) = self.table.find(&key, report.now) {
            if let Some(pair) = self.table.get_mut(found) {
                if !pair.take(way, side) {
                    report.weird("flow_seen_twice");
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

impl OneWay {
    /// Learns the VLAN where it was not known.
    fn tag(&mut self, vlan: u16) {
        for host in [&mut self.source.0, &mut self.destination.0] {
            if host.vlan == 0 {
                host.vlan = vlan;
            }
        }
    }
}

impl Pair {
    /// False where another exporter told of the same direction, or the same one as it left: a packet is counted once.
    fn take(&mut self, way: OneWay, side: usize) -> bool {
        let Some(place) = self.ways.get_mut(side) else { return true };
        match place {
            None => *place = Some(way),
            Some(known) if known.seen != way.seen => {
                known.tag(way.source.0.vlan);
                return false;
            }
            Some(known) => {
                known.packets = known.packets.saturating_add(way.packets);
                known.bytes = known.bytes.saturating_add(way.bytes);
                known.first = known.first.min(way.first);
                known.last = known.last.max(way.last);
                known.flags |= way.flags;
                known.opened |= way.opened;
                known.tag(way.source.0.vlan);
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
        continues: None,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use medward_model::{FlowRecord, HostKey, Mac, Timestamp};

    use super::{ACTIVE, IDLE, OneWay, Pairs};
    use crate::flows::NETFLOW;
    use crate::{Event, Report, Sink};

    const CLIENT: (u8, u16) = (1, 40000);
    const SERVER: (u8, u16) = (2, 104);

    fn way(source: (u8, u16), destination: (u8, u16), first: i64) -> OneWay {
        let host = |last| HostKey { ip: Ipv4Addr::new(10, 0, 0, last).into(), mac: Mac::ZERO, vlan: 0 };
        OneWay {
            source: (host(source.0), source.1),
            destination: (host(destination.0), destination.1),
            protocol: 6,
            packets: 10,
            bytes: 1000,
            first: Timestamp::from_parts(first, 0),
            last: Timestamp::from_parts(first + 5, 0),
            flags: 0x1b,
            opened: false,
            timed: true,
            seen: (IpAddr::V4(Ipv4Addr::LOCALHOST), false),
        }
    }

    /// Adds each at its second; what was told up to the end, or up to that second.
    fn told(ways: Vec<(i64, OneWay)>, flush: bool) -> (Vec<FlowRecord>, Sink) {
        let (mut pairs, mut sink) = (Pairs::new(), Sink::default());
        let from = ([127, 0, 0, 1], 1).into();
        for (second, way) in ways {
            let now = Timestamp::from_parts(second, 0);
            pairs.add(way, &mut Report::new(now, from, 1, &NETFLOW, &mut sink));
        }
        if flush {
            pairs.flush(&mut Report::new(Timestamp::MAX, from, 1, &NETFLOW, &mut sink));
        }
        let events = std::mem::take(&mut sink.events);
        let flows = events.into_iter().map(|event| match event {
            Event::Flow(flow) => flow,
            other => panic!("{other:?}"),
        });
        (flows.collect(), sink)
    }

    #[test]
    fn both_directions_become_one_flow_of_whom_began() {
        let (flows, _) =
            told(vec![(100, way((2, 5000), (1, 6000), 11)), (100, way((1, 6000), (2, 5000), 10))], true);
        let [flow] = flows.as_slice() else { panic!("{flows:?}") };
        assert_eq!((flow.originator_port, flow.responder_port), (6000, 5000));
        assert_eq!((flow.packets, flow.answered, flow.oriented), ([10, 10], true, true));
    }

    #[test]
    fn a_service_port_answers_even_where_it_was_seen_first() {
        let (flows, _) = told(vec![(100, way(SERVER, CLIENT, 10)), (100, way(CLIENT, SERVER, 11))], true);
        assert_eq!((flows[0].responder_port, flows[0].oriented), (104, false));
    }

    #[test]
    fn answers_alone_are_turned_round() {
        let (flows, _) = told(vec![(100, way(SERVER, CLIENT, 10))], true);
        assert_eq!((flows[0].originator_port, flows[0].responder_port), (40000, 104));
        assert_eq!((flows[0].packets, flows[0].answered), ([0, 10], true));
    }

    #[test]
    fn a_refusal_is_no_answer() {
        let refusal = OneWay { flags: 0x14, ..way(SERVER, CLIENT, 11) };
        let (flows, _) = told(vec![(100, way(CLIENT, SERVER, 10)), (100, refusal)], true);
        assert!(!flows[0].answered);
    }

    #[test]
    fn more_of_a_flow_is_added_up() {
        let (flows, _) = told(vec![(100, way(CLIENT, SERVER, 10)), (130, way(CLIENT, SERVER, 40))], true);
        assert_eq!((flows.len(), flows[0].packets, flows[0].bytes), (1, [20, 0], [2000, 0]));
        assert_eq!(flows[0].last, Timestamp::from_parts(45, 0));
    }

    #[test]
    fn a_flow_that_two_exporters_saw_is_counted_once() {
        let elsewhere =
            OneWay { seen: (Ipv4Addr::new(10, 9, 9, 9).into(), false), ..way(CLIENT, SERVER, 10) };
        let (flows, sink) = told(vec![(100, way(CLIENT, SERVER, 10)), (101, elsewhere)], true);
        assert_eq!(flows[0].packets, [10, 0]);
        assert_eq!(sink.weirds.count("flow_seen_twice"), 1);
    }

    #[test]
    fn a_flow_that_is_told_as_it_leaves_too_is_counted_once_and_learns_its_vlan() {
        let mut leaving = way(CLIENT, SERVER, 10);
        leaving.seen.1 = true;
        leaving.tag(120);
        let (flows, _) = told(vec![(100, way(CLIENT, SERVER, 10)), (100, leaving)], true);
        assert_eq!((flows.len(), flows[0].packets, flows[0].originator.vlan), (1, [10, 0], 120));
    }

    #[test]
    fn a_quiet_flow_is_told_when_time_passes() {
        let later = 100 + IDLE + 1;
        let (flows, _) = told(vec![(100, way(CLIENT, SERVER, 10)), (later, way((3, 1), (4, 2), 20))], false);
        assert_eq!(flows.len(), 1);
    }

    #[test]
    fn a_flow_without_end_is_told_again_and_again() {
        let ways = (0..=ACTIVE / 30).map(|n| (100 + n * 30, way(CLIENT, SERVER, 10 + n * 30))).collect();
        let (flows, _) = told(ways, false);
        assert_eq!(flows.len(), 1);
    }
}
