//! The driver: packets in, events and flow records out.
//!
//! One engine serves one shard of the traffic; a packet's shard depends on its addresses alone, so the result does not
//! depend on how many threads share the shards.

mod contest;
mod flow;
mod limits;
mod listener;
mod registry;

use std::net::IpAddr;

use medward_model::{FlowRecord, HostKey, Mac, Timestamp, Transport, Weirds};
use medward_wire::{
    Decoded, Defragmented, Defragmenter, FlowKey, FlowRef, FlowTable, IpPacket, Layer, LinkProtocol,
    NO_ADDRESS, Piece, StreamLimits, TcpSegment, decode_payload, flag, protocol, read_sctp, read_tcp,
    read_udp,
};

pub use limits::Limits;

use crate::context::{Context, Event, FlowInfo, Outbox, Peer, Side};
use crate::dissector::{LinkFrame, LinkKindOf, TcpOpen};
use contest::{Contest, is_believed};
use flow::{Flow, FlowState, Following};
use listener::{Surroundings, listens};
use registry::{Registry, registry};

/// Dissects one shard of the traffic.
pub struct Engine {
    limits: Limits,
    registry: &'static Registry,
    flows: FlowTable<Flow>,
    fragments: Defragmenter,
    outbox: Outbox,
    records: Vec<FlowRecord>,
    /// Bytes held for reassembly over all flows.
    held: usize,
    evicted_flows: u64,
    evicted_reassembly: u64,
    packets: u64,
}

/// A flow whose protocol is not known yet is not reported for so long, so that it is reported under one name.
const UNDECIDED_SECONDS: i64 = 10;

/// A flow whose protocol is known may yet prove to be a more special one (a resource of FHIR over HTTP, TLS after STARTTLS).
const SETTLING_SECONDS: i64 = 2;

/// The same for a flow in which nothing was said yet: servers that greet first look up names before they do.
const UNSPOKEN_SECONDS: i64 = 30;

/// How many packets pass between two looks for idle flows.
const LOOK_EVERY: u64 = 64;

/// Where a packet comes from.
#[derive(Clone, Copy)]
struct Arrival {
    number: u64,
    now: Timestamp,
    source: Mac,
    destination: Mac,
    vlan: u16,
    /// Bytes on the wire, from the IP header up or the whole frame.
    length: u32,
}

impl Engine {
    pub fn new(limits: Limits) -> Engine {
        Engine {
            registry: registry(),
            flows: FlowTable::new(limits.flows, limits.flow_idle_seconds),
            fragments: Defragmenter::new(limits.fragmented, limits.fragment_bytes),
            outbox: Outbox::new(limits.in_line),
            records: Vec::new(),
            held: 0,
            evicted_flows: 0,
            evicted_reassembly: 0,
            packets: 0,
            limits,
        }
    }

    /// Bytes that an idle flow takes.
    pub const fn bytes_per_idle_flow() -> usize {
        FlowTable::<Flow>::bytes_per_flow()
    }

    /// Takes a packet. Time may stand still or go back a little.
    pub fn packet(&mut self, number: u64, now: Timestamp, decoded: &Decoded<'_>) {
        // Idle flows go out now and then: looking each time would touch the oldest flow's memory with each packet.
        self.packets = self.packets.wrapping_add(1);
        if self.packets.is_multiple_of(LOOK_EVERY) {
            for _ in 0..2 * LOOK_EVERY {
                match self.flows.expired(now) {
                    Some(flow) => self.finish_flow(flow, now, number),
                    None => break,
                }
            }
            self.outbox.tell_at_once(false);
        }
        let arrival = Arrival {
            number,
            now,
            source: decoded.source,
            destination: decoded.destination,
            vlan: decoded.vlan,
            length: decoded.length,
        };
        match &decoded.layer {
            Layer::Ip(packet) if packet.fragment.is_some() => self.fragment(&arrival, decoded, packet),
            Layer::Ip(packet) => self.ip(&arrival, packet),
            Layer::Link { kind, payload } => self.link(&arrival, *kind, payload),
            Layer::Unreadable(weird) => self.outbox.weirds.note(weird),
        }
        self.outbox.tell_at_once(true);
    }

    /// Reports what is new of flows that go on, and takes out those that are idle: for an input without an end. Costs time in
    /// the number of flows used since `since`, the time of the call before.
    pub fn checkpoint(&mut self, since: Timestamp, now: Timestamp, number: u64) {
        let records = &mut self.records;
        // The table notes uses to the second; what was undecided then is looked at again.
        self.flows.recent(since.plus_seconds(-1 - UNSPOKEN_SECONDS), |flow| {
            let patience = match (flow.protocol, &flow.following) {
                (Some(_), _) => SETTLING_SECONDS,
                (None, Some(_)) => UNDECIDED_SECONDS,
                (None, None) => UNSPOKEN_SECONDS,
            };
            let settled = flow.state.told || flow.state.quiet || now.seconds_since(flow.first) >= patience;
            if settled && !flow.is_told() {
                records.push(flow.tell());
            }
        });
        while let Some(flow) = self.flows.expired(now) {
            self.finish_flow(flow, now, number);
        }
    }

    /// Flows that are open.
    pub fn open_flows(&self) -> usize {
        self.flows.len()
    }

    /// The input is over: every flow ends.
    pub fn finish(&mut self, now: Timestamp, number: u64) {
        while let Some(flow) = self.flows.remove_oldest() {
            self.finish_flow(flow, now, number);
        }
    }

    /// Takes out the events so far, in order.
    pub fn events(&mut self) -> impl Iterator<Item = Event> + '_ {
        self.outbox.events.drain(..)
    }

    /// Takes out the flows that ended so far.
    pub fn records(&mut self) -> impl Iterator<Item = FlowRecord> + '_ {
        self.records.drain(..)
    }

    /// What was odd so far.
    pub fn weirds(&self) -> &Weirds {
        &self.outbox.weirds
    }

    /// How often each table had to drop an entry.
    pub fn evictions(&self) -> [(&'static str, u64); 3] {
        [
            ("flows", self.evicted_flows),
            ("fragments", self.fragments.evicted()),
            ("reassembly", self.evicted_reassembly),
        ]
    }

    fn fragment(&mut self, arrival: &Arrival, decoded: &Decoded<'_>, packet: &IpPacket<'_>) {
        match self.fragments.push(packet, arrival.vlan, arrival.now) {
            Defragmented::Held => {}
            Defragmented::Dropped(weird) => self.outbox.weirds.note(weird),
            Defragmented::Whole(whole) => {
                let inner = decode_payload(decoded, whole.packet(packet));
                let arrival = Arrival {
                    source: inner.source,
                    destination: inner.destination,
                    vlan: inner.vlan,
                    length: inner.length,
                    ..*arrival
                };
                match &inner.layer {
                    Layer::Ip(packet) if packet.fragment.is_none() => self.ip(&arrival, packet),
                    Layer::Ip(_) => self.outbox.weirds.note("fragment_in_fragment"),
                    Layer::Link { kind, payload } => self.link(&arrival, *kind, payload),
                    Layer::Unreadable(weird) => self.outbox.weirds.note(weird),
                }
            }
        }
    }

    fn ip(&mut self, arrival: &Arrival, packet: &IpPacket<'_>) {
        match packet.protocol {
            protocol::TCP => match read_tcp(packet.payload, packet.payload_length) {
                Ok(segment) => self.tcp(arrival, packet, &segment),
                Err(weird) => self.outbox.weirds.note(weird),
            },
            protocol::UDP => match read_udp(packet.payload) {
                Ok(datagram) => {
                    let ports = (datagram.source_port, datagram.destination_port);
                    let (flow, side) = self.flow_of(arrival, packet, ports, Transport::Udp, false);
                    self.udp(arrival, flow, side, datagram.payload);
                }
                Err(weird) => self.outbox.weirds.note(weird),
            },
            protocol::SCTP => match read_sctp(packet.payload) {
                Ok(sctp) => {
                    let ports = (sctp.source_port, sctp.destination_port);
                    self.flow_of(arrival, packet, ports, Transport::Sctp, false);
                }
                Err(weird) => self.outbox.weirds.note(weird),
            },
            protocol::ICMP | protocol::ICMPV6 => self.portless(arrival, packet, 0, Transport::Icmp),
            other => self.portless(arrival, packet, u16::from(other), Transport::Ip),
        }
    }

    /// Finds or opens the packet's flow, and counts the packet.
    fn flow_of(
        &mut self,
        arrival: &Arrival,
        packet: &IpPacket<'_>,
        ports: (u16, u16),
        transport: Transport,
        answer: bool,
    ) -> (FlowRef, Side) {
        let (key, from_low) =
            FlowKey::ip((packet.source, ports.0), (packet.destination, ports.1), transport, arrival.vlan);
        if let Some(found) = self.flows.find(&key, arrival.now)
            && let Some(flow) = self.flows.get_mut(found)
        {
            let side = flow.side(from_low);
            flow.count(side, arrival);
            return (found, side);
        }
        let peer = |ip, mac: Mac, port| Peer {
            host: HostKey { ip, mac: if mac.is_group() { Mac::ZERO } else { mac }, vlan: arrival.vlan },
            port,
        };
        let sender = peer(packet.source, arrival.source, ports.0);
        let receiver = peer(packet.destination, arrival.destination, ports.1);
        // Without a handshake: a known port on the sender's side alone means that an answer was seen first.
        let reversed = answer || self.looks_like_answer(packet, ports, transport);
        let (originator, responder) = if reversed { (receiver, sender) } else { (sender, receiver) };
        let flow = Flow {
            info: FlowInfo { originator, responder, transport },
            packets: [0; 2],
            bytes: [0; 2],
            first: arrival.now,
            last: arrival.now,
            first_packet: arrival.number,
            protocol: None,
            following: None,
            isn: [0; 2],
            state: FlowState {
                originator_low: from_low != reversed,
                oriented: transport != Transport::Tcp && !reversed,
                quiet: !listens(transport),
                ..FlowState::default()
            },
        };
        let side = flow.side(from_low);
        let (place, evicted) = self.flows.insert(key, arrival.now, flow);
        if let Some(flow) = self.flows.get_mut(place) {
            flow.count(side, arrival);
        }
        if let Some(evicted) = evicted {
            self.evicted_flows += 1;
            self.finish_flow(evicted, arrival.now, arrival.number);
        }
        (place, side)
    }

    fn looks_like_answer(&self, packet: &IpPacket<'_>, ports: (u16, u16), transport: Transport) -> bool {
        if is_group(packet.destination) {
            return false;
        }
        let known = |port: u16| match transport {
            Transport::Tcp => self.registry.stream.knows_port(port) || port < 1024,
            Transport::Udp => self.registry.datagram.knows_port(port) || port < 1024,
            _ => false,
        };
        let (from, to) = (known(ports.0), known(ports.1));
        from && (!to || (ports.0 < 1024 && ports.1 >= 1024 && ports.1 > 10_000))
    }

    fn udp(&mut self, arrival: &Arrival, place: FlowRef, side: Side, payload: &[u8]) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        if side == Side::Responder {
            flow.state.answered = true;
        }
        if flow.state.quiet || payload.is_empty() {
            return;
        }
        let mut following = flow.following.take().unwrap_or_else(|| Box::new(Following::new(false)));
        let mut around = Surroundings {
            now: arrival.now,
            packet: arrival.number,
            flow: &flow.info,
            outbox: &mut self.outbox,
            limits: &self.limits,
            protocol: &mut flow.protocol,
        };
        following.listener.datagram(side, payload, &self.registry.datagram, &mut around);
        if following.listener.is_quiet() {
            flow.state.quiet = true;
        } else {
            flow.following = Some(following);
        }
    }

    fn tcp(&mut self, arrival: &Arrival, packet: &IpPacket<'_>, segment: &TcpSegment<'_>) {
        let ports = (segment.source_port, segment.destination_port);
        let syn = segment.has(flag::SYN);
        let answer = syn && segment.has(flag::ACK);
        let (mut place, mut side) = self.flow_of(arrival, packet, ports, Transport::Tcp, answer);
        let contest =
            if self.limits.in_line && syn { self.contest(place, side, segment) } else { Contest::None };
        let agreed = match contest {
            Contest::Undecided => return,
            Contest::Won(number) => Some(number),
            Contest::None => None,
        };
        if agreed.is_some() || syn && self.is_new_connection(place, side, segment, answer) {
            self.concede(arrival, place, side);
            (place, side) = self.flow_of(arrival, packet, ports, Transport::Tcp, answer);
        }
        let Some(flow) = self.flows.get_mut(place) else { return };
        if let Some(number) = agreed {
            (flow.state.syn, flow.isn) = ([true, false], [number, 0]);
        }
        if syn {
            Engine::open(flow, side, arrival, packet, segment, answer, self.registry, &mut self.outbox);
        }
        if side == Side::Responder && segment.payload_length > 0 {
            flow.state.answered = true;
        }
        if flow.state.quiet {
            if segment.has(flag::RST) {
                flow.state.reset = true;
            }
            if segment.has(flag::FIN)
                && let Some(fin) = flow.state.fin.get_mut(side.index())
            {
                *fin = true;
            }
            return;
        }
        if segment.payload_length > 0 && !syn {
            self.payload(arrival, place, side, segment);
        } else if segment.has(flag::ACK) {
            self.acknowledge(arrival, place, side, segment.acknowledgement);
        }
        let Some(flow) = self.flows.get_mut(place) else { return };
        if segment.has(flag::FIN)
            && let Some(fin) = flow.state.fin.get_mut(side.index())
        {
            *fin = true;
        }
        flow.state.reset |=
            segment.has(flag::RST) && (!self.limits.in_line || is_believed(flow, side, segment));
        if flow.is_closed() && !flow.state.quiet {
            self.close(arrival, place);
        }
    }

    /// A SYN on a known 5-tuple: another connection than the one at hand?
    fn is_new_connection(
        &mut self,
        place: FlowRef,
        side: Side,
        segment: &TcpSegment<'_>,
        answer: bool,
    ) -> bool {
        let Some(flow) = self.flows.get_mut(place) else { return false };
        if flow.packets.iter().sum::<u64>() <= 1 {
            return false;
        }
        let isn = flow.isn.get(side.index()).copied().unwrap_or(0);
        let seen = flow.state.syn.get(side.index()).copied().unwrap_or(false);
        if answer {
            // A SYN-ACK from the side that counted as originator: the roles were guessed wrong.
            return side == Side::Originator && !flow.state.syn.contains(&true);
        }
        // In line nobody gets past by using a connection's numbers again: a SYN is repeated before data only.
        let used = self.limits.in_line && flow.state.quiet;
        !(seen && isn == segment.sequence) || used
    }

    /// A SYN or SYN-ACK.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of the engine that are not borrowed by the flow"
    )]
    fn open(
        flow: &mut Flow,
        side: Side,
        arrival: &Arrival,
        packet: &IpPacket<'_>,
        segment: &TcpSegment<'_>,
        answer: bool,
        registry: &Registry,
        outbox: &mut Outbox,
    ) {
        let first = flow.state.syn.get(side.index()) == Some(&false);
        if let (Some(seen), Some(isn)) =
            (flow.state.syn.get_mut(side.index()), flow.isn.get_mut(side.index()))
        {
            *seen = true;
            *isn = segment.sequence;
        }
        flow.state.oriented = true;
        flow.state.answered |= answer;
        if !first {
            return;
        }
        let open = TcpOpen {
            ip_version: packet.version(),
            hop_limit: packet.hop_limit,
            ip_options: packet.options,
            dont_fragment: packet.dont_fragment,
            identification: packet.identification,
            ecn: packet.ecn,
            flow_label: packet.flow_label,
            window: segment.window,
            flags: segment.flags,
            sequence: segment.sequence,
            acknowledgement: segment.acknowledgement,
            urgent: segment.urgent,
            options: segment.options,
            payload: segment.payload.len(),
            is_answer: answer,
        };
        for (dissector, dissect) in &registry.open {
            let mut cx = Context::new(arrival.now, arrival.number, &flow.info, side, dissector, outbox);
            dissect(&open, &mut cx);
        }
    }

    fn payload(&mut self, arrival: &Arrival, place: FlowRef, side: Side, segment: &TcpSegment<'_>) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        let mut following = flow.following.take().unwrap_or_else(|| {
            let mid_stream = !flow.state.syn.contains(&true);
            let mut following = Box::new(Following::new(mid_stream));
            let known = flow.state.syn.iter().zip(flow.isn);
            for (stream, (syn, isn)) in following.streams.iter_mut().zip(known) {
                if *syn {
                    stream.start(isn);
                }
            }
            following
        });
        let before = following.held();
        let Following { streams, listener, .. } = &mut *following;
        let mut around = Surroundings {
            now: arrival.now,
            packet: arrival.number,
            flow: &flow.info,
            outbox: &mut self.outbox,
            limits: &self.limits,
            protocol: &mut flow.protocol,
        };
        let candidates = &self.registry.stream;
        let [originator, responder] = streams;
        let (mine, other) = match side {
            Side::Originator => (originator, responder),
            Side::Responder => (responder, originator),
        };
        // What this acknowledges was received: holes before it will not be filled. Deliver those first, so that a
        // question comes before its answer.
        if segment.has(flag::ACK) {
            other.acknowledged(segment.acknowledgement, &mut |piece| match piece {
                Piece::Bytes(bytes) => listener.bytes(side.other(), bytes, candidates, &mut around),
                Piece::Gap(length) => listener.gap(side.other(), length, &mut around),
            });
        }
        let limits = StreamLimits {
            bytes: if self.held > self.limits.reassembly_bytes { 0 } else { self.limits.stream_bytes },
            ..StreamLimits::default()
        };
        let notes =
            mine.segment(segment.sequence, segment.payload, segment.payload_length, &limits, &mut |piece| {
                match piece {
                    Piece::Bytes(bytes) => listener.bytes(side, bytes, candidates, &mut around),
                    Piece::Gap(length) => listener.gap(side, length, &mut around),
                }
            });
        if notes.limit_reached {
            self.evicted_reassembly += 1;
        }
        self.settle(place, following, before);
    }

    fn acknowledge(&mut self, arrival: &Arrival, place: FlowRef, side: Side, acknowledgement: u32) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        let Some(mut following) = flow.following.take() else { return };
        let before = following.held();
        if before > 0 {
            let Following { streams, listener, .. } = &mut *following;
            let mut around = Surroundings {
                now: arrival.now,
                packet: arrival.number,
                flow: &flow.info,
                outbox: &mut self.outbox,
                limits: &self.limits,
                protocol: &mut flow.protocol,
            };
            let other = side.other();
            if let Some(stream) = streams.get_mut(other.index()) {
                stream.acknowledged(acknowledgement, &mut |piece| match piece {
                    Piece::Bytes(bytes) => {
                        listener.bytes(other, bytes, &self.registry.stream, &mut around);
                    }
                    Piece::Gap(length) => listener.gap(other, length, &mut around),
                });
            }
        }
        self.settle(place, following, before);
    }

    /// Puts the following part back, or drops it when nobody listens any more.
    fn settle(&mut self, place: FlowRef, following: Box<Following>, before: usize) {
        let after = if following.listener.is_quiet() { 0 } else { following.held() };
        self.held = (self.held + after).saturating_sub(before);
        let Some(flow) = self.flows.get_mut(place) else { return };
        if following.listener.is_quiet() {
            flow.state.quiet = true;
        } else {
            flow.following = Some(following);
        }
    }

    /// A connection closed: what is held goes out, the session ends, the counters stay.
    fn close(&mut self, arrival: &Arrival, place: FlowRef) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        if let Some(following) = flow.following.take() {
            self.held = self.held.saturating_sub(following.held());
            end_following(
                *following,
                flow,
                self.registry,
                arrival.now,
                arrival.number,
                &mut self.outbox,
                &self.limits,
            );
        }
        flow.state.quiet = true;
    }

    fn finish_flow(&mut self, mut flow: Flow, now: Timestamp, number: u64) {
        if let Some(following) = flow.following.take() {
            self.held = self.held.saturating_sub(following.held());
            let now = now.min(flow.last);
            end_following(*following, &mut flow, self.registry, now, number, &mut self.outbox, &self.limits);
        }
        if !flow.is_told() {
            self.records.push(flow.record());
        }
    }

    /// ICMP, IGMP and other protocols without ports.
    fn portless(&mut self, arrival: &Arrival, packet: &IpPacket<'_>, port: u16, transport: Transport) {
        let (place, side) = self.flow_of(arrival, packet, (port, port), transport, false);
        let frame = LinkFrame {
            source: arrival.source,
            destination: arrival.destination,
            kind: LinkKindOf::Ip {
                protocol: packet.protocol,
                source: packet.source,
                destination: packet.destination,
                hop_limit: packet.hop_limit,
                header: packet.header,
            },
            payload: packet.payload,
        };
        self.frame(arrival, place, side, &frame);
    }

    fn link(&mut self, arrival: &Arrival, kind: LinkProtocol, payload: &[u8]) {
        let (number, kind) = match kind {
            LinkProtocol::EtherType(number) => (number, LinkKindOf::EtherType(number)),
            LinkProtocol::Snap { oui, protocol } => (protocol, LinkKindOf::Snap { oui, protocol }),
            LinkProtocol::Llc { dsap, ssap } => (u16::from(dsap), LinkKindOf::Llc { dsap, ssap }),
        };
        let (key, from_low) = FlowKey::link(arrival.source, arrival.destination, number, arrival.vlan);
        let place = match self.flows.find(&key, arrival.now) {
            Some(place) => place,
            None => {
                let peer = |mac: Mac| Peer {
                    host: HostKey { ip: NO_ADDRESS, mac, vlan: arrival.vlan },
                    port: number,
                };
                let flow = Flow {
                    info: FlowInfo {
                        originator: peer(arrival.source),
                        responder: peer(arrival.destination),
                        transport: Transport::Link,
                    },
                    packets: [0; 2],
                    bytes: [0; 2],
                    first: arrival.now,
                    last: arrival.now,
                    first_packet: arrival.number,
                    protocol: None,
                    following: None,
                    isn: [0; 2],
                    state: FlowState {
                        originator_low: from_low,
                        oriented: true,
                        quiet: true,
                        ..FlowState::default()
                    },
                };
                let (place, evicted) = self.flows.insert(key, arrival.now, flow);
                if let Some(evicted) = evicted {
                    self.evicted_flows += 1;
                    self.finish_flow(evicted, arrival.now, arrival.number);
                }
                place
            }
        };
        let Some(flow) = self.flows.get_mut(place) else { return };
        let side = flow.side(from_low);
        flow.count(side, arrival);
        let frame = LinkFrame { source: arrival.source, destination: arrival.destination, kind, payload };
        self.frame(arrival, place, side, &frame);
    }

    /// Offers a frame to the dissectors of frames. The context's originator is always the sender.
    fn frame(&mut self, arrival: &Arrival, place: FlowRef, side: Side, frame: &LinkFrame<'_>) {
        let Some(flow) = self.flows.get_mut(place) else { return };
        for (dissector, matches, dissect) in &self.registry.frame {
            if !matches(frame) {
                continue;
            }
            let mut info = flow.info;
            if side == Side::Responder {
                flow.state.answered = true;
                std::mem::swap(&mut info.originator, &mut info.responder);
            }
            let mut cx = Context::new(
                arrival.now,
                arrival.number,
                &info,
                Side::Originator,
                dissector,
                &mut self.outbox,
            );
            dissect(frame, &mut cx);
            flow.protocol = Some(cx.take_label().unwrap_or(dissector.name));
            return;
        }
    }
}

/// Flushes what is held and ends the session.
fn end_following(
    mut following: Following,
    flow: &mut Flow,
    registry: &Registry,
    now: Timestamp,
    number: u64,
    outbox: &mut Outbox,
    limits: &Limits,
) {
    let Following { streams, listener, .. } = &mut following;
    let mut around =
        Surroundings { now, packet: number, flow: &flow.info, outbox, limits, protocol: &mut flow.protocol };
    for (stream, side) in streams.iter_mut().zip([Side::Originator, Side::Responder]) {
        stream.flush(&mut |piece| match piece {
            Piece::Bytes(bytes) => listener.bytes(side, bytes, &registry.stream, &mut around),
            Piece::Gap(length) => listener.gap(side, length, &mut around),
        });
    }
    listener.end(&mut around);
}

fn is_group(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.octets()[3] == 255,
        IpAddr::V6(v6) => v6.is_multicast(),
    }
}

impl Flow {
    fn count(&mut self, side: Side, arrival: &Arrival) {
        let i = side.index();
        if let (Some(packets), Some(bytes)) = (self.packets.get_mut(i), self.bytes.get_mut(i)) {
            *packets += 1;
            *bytes += u64::from(arrival.length);
        }
        self.last = self.last.max(arrival.now);
        if self.state.spoke.get(i) == Some(&false) {
            let peer =
                if side == Side::Originator { &mut self.info.originator } else { &mut self.info.responder };
            // A side's own frames tell its last hop better than frames sent to it.
            if arrival.source.is_station() {
                peer.host.mac = arrival.source;
            }
            if let Some(spoke) = self.state.spoke.get_mut(i) {
                *spoke = true;
            }
        }
    }

    /// Takes back the count of a packet that turned out to open another connection.
    fn uncount(&mut self, side: Side, arrival: &Arrival) {
        let i = side.index();
        if let (Some(packets), Some(bytes)) = (self.packets.get_mut(i), self.bytes.get_mut(i)) {
            *packets = packets.saturating_sub(1);
            *bytes = bytes.saturating_sub(u64::from(arrival.length));
        }
    }
}
