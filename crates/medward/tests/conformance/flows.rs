//! The flows of our captures, with what each side said, and a way to play them to the driver again, whole or spoilt.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use medward_dissect::{Engine, Event, Limits};
use medward_model::{FlowRecord, Gives, Timestamp, Weirds};
use medward_wire::{
    Layer, LinkType, Piece, RawFrame, Stream, StreamLimits, decode, flag, protocol, read_tcp, read_udp,
};

/// Which end speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Client,
    Server,
}

impl End {
    fn index(self) -> usize {
        self as usize
    }
}

/// An address and port with the hardware address before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub ip: IpAddr,
    pub port: u16,
    pub mac: [u8; 6],
}

/// A flow of a capture.
#[derive(Clone, Debug)]
pub struct Flow {
    pub capture: String,
    pub stream: bool,
    pub ends: [Place; 2],
    /// Bytes in order, or datagrams.
    pub said: Vec<(End, Vec<u8>)>,
    /// Dissectors that said something about it, or recognised it.
    pub dissectors: BTreeSet<&'static str>,
}

/// What the driver reported.
#[derive(Debug, Default)]
pub struct Report {
    /// One line each, without packet and time, sorted.
    pub evidence: Vec<String>,
    /// Who was said to have which value, by which dissector; whether the field states an attribute.
    pub values: BTreeSet<(String, String, bool)>,
    pub links: Vec<String>,
    pub activity: Vec<String>,
    pub sources: BTreeSet<&'static str>,
    pub records: Vec<FlowRecord>,
    pub weirds: Weirds,
}

impl Report {
    fn take(&mut self, engine: &mut Engine) {
        for event in engine.events() {
            match event {
                Event::Evidence(e) => {
                    self.sources.insert(e.source);
                    let states = matches!(e.field.gives, Gives::Attribute { .. });
                    self.values.insert((format!("{} {}", e.subject, e.source), e.value.shown(), states));
                    self.evidence.push(format!(
                        "{} {} {} {:?}",
                        e.subject,
                        e.source,
                        e.field.name,
                        e.value.shown()
                    ));
                }
                Event::Link(link) => self.links.push(format!("{} {} {:?}", link.mac, link.ip, link.kind)),
                Event::Asked(_) => {}
                Event::Activity(a) => {
                    self.sources.insert(a.protocol);
                    self.activity.push(format!(
                        "{} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
                        a.protocol, a.actor, a.target, a.verb, a.operation, a.object, a.outcome, a.details
                    ));
                }
            }
        }
        for record in engine.records() {
            self.sources.extend(record.protocol);
            self.records.push(record);
        }
    }

    fn finish(mut self, engine: &mut Engine, number: u64) -> Report {
        engine.finish(time(number), number);
        self.take(engine);
        self.weirds = engine.weirds().clone();
        for lines in [&mut self.evidence, &mut self.links, &mut self.activity] {
            lines.sort();
        }
        self
    }
}

fn time(number: u64) -> Timestamp {
    Timestamp::from_parts(1_790_000_000 + (number / 1_000_000) as i64, (number % 1_000_000) as u32 * 1000)
}

fn engine() -> Engine {
    Engine::new(Limits::default())
}

/// Every frame of a capture, with its link type.
pub fn frames(capture: &Path) -> Vec<(LinkType, Vec<u8>)> {
    let bytes = std::fs::read(capture).expect("the capture can be read");
    let mut frames = Vec::new();
    let file =
        medward_capture::read_all_from(&bytes, |frame| frames.push((frame.link, frame.bytes.to_vec())));
    assert!(file.problem.is_none(), "{}: {:?}", capture.display(), file.problem);
    frames
}

/// What the driver says of frames.
pub fn dissect<'a>(frames: impl IntoIterator<Item = (LinkType, &'a [u8])>) -> Report {
    let (mut engine, mut report, mut number) = (engine(), Report::default(), 0);
    for (link, bytes) in frames {
        number += 1;
        let raw = RawFrame { number, time: time(number), link, bytes, original: bytes.len() as u32 };
        engine.packet(number, raw.time, &decode(&raw));
        if number.is_multiple_of(4096) {
            report.take(&mut engine);
        }
    }
    report.finish(&mut engine, number)
}

/// IP protocol, and both ends in order.
type Key = (u8, (IpAddr, u16), (IpAddr, u16));

/// One connection or exchange of datagrams while it is collected.
struct Open {
    flow: Flow,
    streams: [Stream; 2],
}

/// The flows of a capture in which something with a payload was said; those of tunnels and cut packets are left out.
pub fn flows(capture: &Path, name: &str) -> Vec<Flow> {
    let mut open: BTreeMap<Key, Open> = BTreeMap::new();
    let mut done = Vec::new();
    for (link, bytes) in frames(capture) {
        let raw = RawFrame { number: 1, time: time(1), link, bytes: &bytes, original: bytes.len() as u32 };
        let decoded = decode(&raw);
        let Layer::Ip(packet) = &decoded.layer else { continue };
        if packet.fragment.is_some() || decoded.tunnels > 0 {
            continue;
        }
        let (ports, segment, datagram) = match packet.protocol {
            protocol::TCP => match read_tcp(packet.payload, packet.payload_length) {
                Ok(tcp) => ((tcp.source_port, tcp.destination_port), Some(tcp), None),
                Err(_) => continue,
            },
            protocol::UDP => match read_udp(packet.payload) {
                Ok(udp) => ((udp.source_port, udp.destination_port), None, Some(udp.payload)),
                Err(_) => continue,
            },
            _ => continue,
        };
        let from = Place { ip: packet.source, port: ports.0, mac: decoded.source.0 };
        let to = Place { ip: packet.destination, port: ports.1, mac: decoded.destination.0 };
        let (a, b) = ((from.ip, from.port), (to.ip, to.port));
        let key = (packet.protocol, a.min(b), a.max(b));
        let opens = segment.is_some_and(|tcp| tcp.flags & (flag::SYN | flag::ACK) == flag::SYN);
        if opens && let Some(old) = open.remove(&key) {
            done.push(old.flow);
        }
        let entry = open.entry(key).or_insert_with(|| Open {
            flow: Flow {
                capture: name.to_owned(),
                stream: segment.is_some(),
                ends: [from, to],
                said: Vec::new(),
                dissectors: BTreeSet::new(),
            },
            streams: [Stream::default(), Stream::default()],
        });
        let client = entry.flow.ends[0];
        let end = if (client.ip, client.port) == a { End::Client } else { End::Server };
        let said = &mut entry.flow.said;
        if let Some(payload) = datagram {
            said.push((end, payload.to_vec()));
        }
        if let (Some(tcp), Some(stream)) = (segment, entry.streams.get_mut(end.index())) {
            if tcp.has(flag::SYN) {
                stream.start(tcp.sequence);
                continue;
            }
            stream.segment(
                tcp.sequence,
                tcp.payload,
                tcp.payload_length,
                &StreamLimits::default(),
                &mut |piece| {
                    if let Piece::Bytes(bytes) = piece {
                        said.push((end, bytes.to_vec()));
                    }
                },
            );
        }
    }
    done.extend(open.into_values().map(|open| open.flow));
    done.retain(|flow| flow.said.iter().any(|(_, bytes)| !bytes.is_empty()));
    for flow in &mut done {
        flow.dissectors = flow.play(&flow.whole()).sources;
    }
    done
}

/// What is played: bytes, or bytes that the capture lost.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    Said(End, &'a [u8]),
    Lost(End, usize),
}

impl Flow {
    pub fn whole(&self) -> Vec<Part<'_>> {
        self.said.iter().map(|(end, bytes)| Part::Said(*end, bytes)).collect()
    }

    pub fn length(&self) -> usize {
        self.said.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// The first `length` bytes of what was said (streams), or as many whole datagrams.
    pub fn first(&self, length: usize) -> Vec<Part<'_>> {
        let mut left = length;
        let mut parts = Vec::new();
        for (end, bytes) in &self.said {
            if left == 0 || !self.stream && bytes.len() > left {
                break;
            }
            let bytes = bytes.get(..left).unwrap_or(bytes);
            left -= bytes.len();
            parts.push(Part::Said(*end, bytes));
        }
        parts
    }

    /// What the driver says of the flow when these parts are played.
    pub fn play(&self, parts: &[Part<'_>]) -> Report {
        self.played(Player::new(self), parts)
    }

    /// The same, when a tenth of a second passes between frames, and it is asked after each what is new.
    pub fn play_asked(&self, parts: &[Part<'_>]) -> Report {
        self.played(Player { asked: true, ..Player::new(self) }, parts)
    }

    fn played(&self, mut player: Player<'_>, parts: &[Part<'_>]) -> Report {
        if self.stream {
            player.handshake();
        }
        for part in parts {
            match part {
                Part::Said(end, bytes) if self.stream => {
                    for bytes in bytes.chunks(1400) {
                        player.segment(*end, flag::ACK, bytes);
                    }
                }
                Part::Said(end, bytes) => player.datagram(*end, bytes),
                Part::Lost(end, length) => player.lose(*end, *length),
            }
        }
        if self.stream {
            player.close();
        }
        player.report.finish(&mut player.engine, player.number)
    }
}

/// Makes frames of what is said.
struct Player<'a> {
    flow: &'a Flow,
    engine: Engine,
    report: Report,
    number: u64,
    next: [u32; 2],
    asked: bool,
}

impl<'a> Player<'a> {
    fn new(flow: &'a Flow) -> Player<'a> {
        Player {
            flow,
            engine: engine(),
            report: Report::default(),
            number: 0,
            next: [1000, 2000],
            asked: false,
        }
    }

    fn handshake(&mut self) {
        self.segment(End::Client, flag::SYN, b"");
        self.segment(End::Server, flag::SYN | flag::ACK, b"");
        self.segment(End::Client, flag::ACK, b"");
    }

    fn close(&mut self) {
        self.segment(End::Client, flag::FIN | flag::ACK, b"");
        self.segment(End::Server, flag::FIN | flag::ACK, b"");
        self.segment(End::Client, flag::ACK, b"");
    }

    /// Bytes that the receiver acknowledges and the capture lacks.
    fn lose(&mut self, end: End, length: usize) {
        self.next[end.index()] = self.next[end.index()].wrapping_add(length as u32);
    }

    fn segment(&mut self, end: End, flags: u16, payload: &[u8]) {
        let (mine, other) = (end.index(), 1 - end.index());
        let acknowledged = if flags & flag::ACK == 0 { 0 } else { self.next[other] };
        let [from, to] = [self.flow.ends[mine].port, self.flow.ends[other].port];
        let mut segment = Vec::with_capacity(20 + payload.len());
        segment.extend(from.to_be_bytes());
        segment.extend(to.to_be_bytes());
        segment.extend(self.next[mine].to_be_bytes());
        segment.extend(acknowledged.to_be_bytes());
        segment.extend([0x50, flags as u8, 0xfa, 0xf0, 0, 0, 0, 0]);
        segment.extend(payload);
        let counts = payload.len() as u32 + u32::from(flags & (flag::SYN | flag::FIN) != 0);
        self.next[mine] = self.next[mine].wrapping_add(counts);
        self.send(end, 6, &segment);
    }

    fn datagram(&mut self, end: End, payload: &[u8]) {
        let (mine, other) = (end.index(), 1 - end.index());
        let mut datagram = Vec::with_capacity(8 + payload.len());
        datagram.extend(self.flow.ends[mine].port.to_be_bytes());
        datagram.extend(self.flow.ends[other].port.to_be_bytes());
        datagram.extend((payload.len() as u16 + 8).to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(payload);
        self.send(end, 17, &datagram);
    }

    fn send(&mut self, end: End, protocol: u8, payload: &[u8]) {
        let (from, to) = (&self.flow.ends[end.index()], &self.flow.ends[1 - end.index()]);
        let mut frame = Vec::with_capacity(54 + payload.len());
        frame.extend(to.mac);
        frame.extend(from.mac);
        match (from.ip, to.ip) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                frame.extend([0x08, 0x00, 0x45, 0]);
                frame.extend((payload.len() as u16 + 20).to_be_bytes());
                frame.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
                frame.extend(source.octets());
                frame.extend(destination.octets());
            }
            (IpAddr::V6(source), IpAddr::V6(destination)) => {
                frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                frame.extend((payload.len() as u16).to_be_bytes());
                frame.extend([protocol, 64]);
                frame.extend(source.octets());
                frame.extend(destination.octets());
            }
            _ => return,
        }
        frame.extend(payload);
        self.number += 1;
        let pace = if self.asked { 100_000 } else { 1 };
        let raw = RawFrame {
            number: self.number,
            time: time(self.number * pace),
            link: LinkType::Ethernet,
            bytes: &frame,
            original: frame.len() as u32,
        };
        self.engine.packet(self.number, raw.time, &decode(&raw));
        if self.asked {
            self.engine.checkpoint(raw.time, raw.time, self.number);
        }
        if self.number.is_multiple_of(4096) {
            self.report.take(&mut self.engine);
        }
    }
}
