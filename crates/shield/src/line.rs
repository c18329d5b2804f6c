//! Packets in line: each gets its verdict before it goes on.

use std::net::IpAddr;

use medward_dissect::{Engine, Event, Limits};
use medward_model::{Activity, Endpoint, Timestamp};
use medward_policy::Fail;
use medward_wire::{IpPacket, Layer, LinkType, RawFrame, decode, flag, protocol, read_tcp, read_udp};

use crate::checksum::is_tcp_sound;
use crate::config::Config;
use crate::judgement::Judgement;
use crate::refused::Refused;

/// Flows that are followed.
const FLOWS: usize = 65_536;
/// Bytes of unfinished messages over all flows.
const MEMORY: usize = 64 * 1024 * 1024;

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It goes on.
    Accept,
    /// It completes a request that a shield refuses.
    Refuse(Box<Refusal>),
    /// It carries on a connection of which a request was refused.
    Again,
    /// It cannot be read, and a scope fails closed.
    Unread(&'static str),
}

/// A request that was refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub judgement: Judgement,
    /// What was asked for; without patients.
    pub asked: Activity,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub packets: u64,
    /// Of neither end protected: not read.
    pub beside: u64,
    /// Requests that were judged.
    pub judged: u64,
    pub refused: u64,
    /// Packets of connections refused before.
    pub again: u64,
    /// Packets that could not be read, whatever became of them.
    pub unread: u64,
    /// TCP segments whose checksum is wrong: their receiver drops them, so they are not read.
    pub unsound: u64,
}

/// Judges packets in the order in which they come, in both directions.
pub struct Line {
    engine: Engine,
    config: Config,
    refused: Refused,
    counters: Counters,
}

/// The ends of a packet.
struct Ends {
    from: Endpoint,
    to: Endpoint,
    tcp: bool,
    /// Whether ports are known: not those of later fragments.
    ports: bool,
}

impl Line {
    pub fn new(config: Config) -> Line {
        let limits = Limits { in_line: true, ..Limits::shared(FLOWS, MEMORY, 1) };
        Line {
            engine: Engine::new(limits),
            config,
            refused: Refused::default(),
            counters: Counters::default(),
        }
    }

    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Connections refused that are remembered, and how many were forgotten for want of room.
    pub fn remembered(&self) -> (usize, u64) {
        (self.refused.len(), self.refused.forgotten)
    }

    /// How often each table of the reader had to drop an entry.
    pub fn evictions(&self) -> [(&'static str, u64); 3] {
        self.engine.evictions()
    }

    /// Judges an IP packet.
    pub fn packet(&mut self, now: Timestamp, bytes: &[u8]) -> Verdict {
        let original = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let number = self.counters.packets + 1;
        self.frame(&RawFrame { number, time: now, link: LinkType::Raw, bytes, original })
    }

    /// Judges a frame.
    pub fn frame(&mut self, frame: &RawFrame<'_>) -> Verdict {
        self.counters.packets += 1;
        let decoded = decode(frame);
        let packet = match &decoded.layer {
            Layer::Ip(packet) => packet,
            Layer::Link { .. } => return Verdict::Accept,
            Layer::Unreadable(why) => return self.unread(why, None),
        };
        let near = |ip: IpAddr| self.config.scopes.iter().any(|scope| scope.protects(ip));
        if !near(packet.source) && !near(packet.destination) {
            self.counters.beside += 1;
            return Verdict::Accept;
        }
        let ends = match self.ends(packet, frame.time) {
            Ok(ends) => ends,
            Err(verdict) => return verdict,
        };
        self.engine.packet(self.counters.packets, frame.time, &decoded);
        let refusal = self.judge(&ends);
        // What ended is not kept here.
        self.engine.records().for_each(drop);
        let Some(refusal) = refusal else { return Verdict::Accept };
        self.counters.refused += 1;
        if ends.tcp {
            self.refused.insert((ends.from, ends.to), frame.time);
            if refusal.asked.actor != ends.from {
                self.refused.insert((ends.to, ends.from), frame.time);
            }
        }
        Verdict::Refuse(Box::new(refusal))
    }

    /// The ends of a packet, or a verdict that needs no reading of its content.
    fn ends(&mut self, packet: &IpPacket<'_>, now: Timestamp) -> Result<Ends, Verdict> {
        let end = |ip, port| Endpoint { ip, port };
        let portless =
            Ends { from: end(packet.source, 0), to: end(packet.destination, 0), tcp: false, ports: false };
        if packet.fragment.is_some() {
            return Ok(portless);
        }
        match packet.protocol {
            protocol::TCP => {
                let segment = match read_tcp(packet.payload, packet.payload_length) {
                    Ok(segment) => segment,
                    Err(why) => return Err(self.unread(why, Some(packet))),
                };
                let from = end(packet.source, segment.source_port);
                let to = end(packet.destination, segment.destination_port);
                if segment.has(flag::SYN) && segment.payload_length > 0 {
                    // What it brings is not read: the sender will say it again behind the handshake.
                    self.counters.unread += 1;
                    return Err(Verdict::Unread("data_in_syn"));
                }
                if segment.has(flag::SYN) && segment.has(flag::ACK) {
                    // Both ends agreed to another connection.
                    self.refused.forget(&(from, to));
                } else if segment.payload_length > 0 && self.refused.holds(&(from, to), now) {
                    self.counters.again += 1;
                    return Err(Verdict::Again);
                }
                if !is_tcp_sound(packet) {
                    self.counters.unsound += 1;
                    return Err(Verdict::Accept);
                }
                Ok(Ends { from, to, tcp: true, ports: true })
            }
            protocol::UDP => match read_udp(packet.payload) {
                Ok(datagram) => Ok(Ends {
                    from: end(packet.source, datagram.source_port),
                    to: end(packet.destination, datagram.destination_port),
                    tcp: false,
                    ports: true,
                }),
                Err(why) => Err(self.unread(why, Some(packet))),
            },
            _ => Ok(portless),
        }
    }

    /// Judges what the packet asked for.
    fn judge(&mut self, ends: &Ends) -> Option<Refusal> {
        let mut refusal = None;
        for event in self.engine.events() {
            let Event::Asked(asked) = event else { continue };
            // Of another connection, told now because there is no more room for it.
            if !ends.are_of(&asked) || refusal.is_some() {
                continue;
            }
            self.counters.judged += 1;
            let judgement = self.config.scopes.iter().find_map(|scope| scope.judge(&asked));
            refusal = judgement.map(|judgement| Refusal { judgement, asked });
        }
        refusal
    }

    fn unread(&mut self, why: &'static str, packet: Option<&IpPacket<'_>>) -> Verdict {
        self.counters.unread += 1;
        let closed = self.config.scopes.iter().any(|scope| {
            scope.fail == Some(Fail::Closed)
                && packet.is_none_or(|p| scope.protects(p.source) || scope.protects(p.destination))
        });
        if closed { Verdict::Unread(why) } else { Verdict::Accept }
    }
}

impl Ends {
    fn are_of(&self, asked: &Activity) -> bool {
        let (from, to) = (&self.from, &self.to);
        let same = |a: &Endpoint, b: &Endpoint| a.ip == b.ip && (!self.ports || a.port == b.port);
        let (actor, target) = (&asked.actor, &asked.target);
        (same(from, actor) && same(to, target)) || (same(from, target) && same(to, actor))
    }
}
