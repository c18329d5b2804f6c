//! The seam: what a dissector is.
//!
//! A dissector is one file with one `pub(super) static`, a `mod` line and an entry in its folder's slice.

use medward_model::{Field, Mac};

use crate::{Context, HttpMessage};

/// Folder and heading of a dissector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Clinical,
    Naming,
    Infrastructure,
    Remote,
    Building,
}

impl Group {
    /// The name shown.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Clinical => "clinical",
            Group::Naming => "naming",
            Group::Infrastructure => "infrastructure",
            Group::Remote => "remote and IT",
            Group::Building => "building",
        }
    }
}

/// What a dissector was checked against; shown by `medward protocols`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Traffic of real devices, or of independent software that speaks the protocol.
    RealPeers,
    /// Only what we built from the standard or manual ourselves.
    DocumentOnly,
}

/// A protocol that Medward reads.
#[derive(Debug)]
pub struct Dissector {
    /// Lower case, stable; the `source` of its evidence and the `protocol` of its flows.
    pub name: &'static str,
    /// What people call it, in full.
    pub title: &'static str,
    /// The same as short as it is usually written: "DHCP", "HL7 v2".
    pub label: &'static str,
    pub group: Group,
    /// The standards or manuals it follows, with section.
    pub specification: &'static [&'static str],
    /// Where it usually runs; only orders the probes.
    pub ports: &'static [u16],
    pub carrier: Carrier,
    /// Everything that its evidence can say.
    pub fields: &'static [&'static Field],
    pub basis: Basis,
}

/// What carries the protocol, with the entry points for that carrier.
pub enum Carrier {
    /// A TCP stream: recognised by its first bytes, then read in order.
    Stream { probe: fn(&Head<'_>) -> Probe, session: fn() -> Box<dyn Session> },
    /// UDP: every datagram is offered whole to `Session::data`.
    Datagram { probe: fn(&Head<'_>) -> Probe, session: fn() -> Box<dyn Session> },
    /// TCP and UDP. `Context::is_stream` tells which.
    Both { probe: fn(&Head<'_>) -> Probe, session: fn() -> Box<dyn Session> },
    /// Straight in a link-layer frame, or in an IP packet without ports (ICMPv6, IGMP).
    Frame { matches: fn(&LinkFrame<'_>) -> bool, dissect: fn(&LinkFrame<'_>, &mut Context<'_>) },
    /// Inside HTTP/1 or HTTP/2 messages.
    Http { wants: fn(&HttpMessage<'_>) -> bool, message: fn(&HttpMessage<'_>, &mut Context<'_>) },
    /// The opening segments of a TCP connection.
    Open { dissect: fn(&TcpOpen<'_>, &mut Context<'_>) },
}

impl std::fmt::Debug for Carrier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Carrier {
    /// The name shown.
    pub const fn name(&self) -> &'static str {
        match self {
            Carrier::Stream { .. } => "tcp",
            Carrier::Datagram { .. } => "udp",
            Carrier::Both { .. } => "tcp, udp",
            Carrier::Frame { .. } => "frame",
            Carrier::Http { .. } => "http",
            Carrier::Open { .. } => "tcp handshake",
        }
    }
}

/// The first bytes of a flow, for a probe.
///
/// Stream: what was seen in order from each side so far (either may be empty; after a mid-stream pick-up they do not
/// start at the beginning, `from_start` tells). Datagram: the datagram at hand, on its sender's side only.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Bytes from the side that opened the flow.
    pub originator: &'a [u8],
    /// Bytes from the other side.
    pub responder: &'a [u8],
    pub originator_port: u16,
    pub responder_port: u16,
    /// The handshake was seen (stream) or always true (datagram).
    pub from_start: bool,
}

impl<'a> Head<'a> {
    /// Whether one of the two ports is `port`: a hint only.
    pub fn on_port(&self, port: u16) -> bool {
        self.originator_port == port || self.responder_port == port
    }

    /// The bytes of whichever side has spoken, the originator first. For datagrams: the datagram.
    pub fn any(&self) -> &'a [u8] {
        if self.originator.is_empty() { self.responder } else { self.originator }
    }
}

/// A probe's answer. Be strict: `Match` on a foreign protocol makes false devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// These bytes are this protocol.
    Match,
    /// They are not, and more of them will not change that.
    NoMatch,
    /// They may be; ask again with more bytes or when the other side has spoken.
    NeedMore,
}

impl Probe {
    /// `Match` or `NoMatch`.
    pub const fn when(matches: bool) -> Probe {
        if matches { Probe::Match } else { Probe::NoMatch }
    }

    /// Compares the front of `bytes` with `magic`: `NeedMore` while `bytes` is a proper prefix of it.
    pub fn magic(bytes: &[u8], magic: &[u8]) -> Probe {
        if bytes.starts_with(magic) {
            Probe::Match
        } else if magic.starts_with(bytes) {
            Probe::NeedMore
        } else {
            Probe::NoMatch
        }
    }
}

/// What a session did with the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This many bytes from the front are done with. May be more than were given: the rest is skipped when it
    /// arrives, without another call and without buffering (bulk data). The session is called again at once while
    /// bytes are left. 0 counts as `Need` of one byte more.
    Consumed(u64),
    /// Nothing consumed; call again when at least this many bytes (counted from the front) are there. Bounded by the
    /// driver (256 KiB): more than that is a weird, and the session is ended. Skip bulk instead of asking for it.
    Need(usize),
    /// This direction has nothing more to say. The flow costs next to nothing once both directions said so.
    Finished,
    /// The whole flow has nothing more to say.
    Quiet,
    /// From the next byte on (after `consumed` of those given) the flow speaks another protocol, by dissector name
    /// (STARTTLS, CONNECT, upgrade).
    Become { consumed: u64, dissector: &'static str },
    /// This is not the protocol after all, or is broken beyond following; the name is counted as a weird.
    GiveUp(&'static str),
}

/// What to do after bytes were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resync {
    /// Go on: the next bytes are offered as they come, and the session finds its own footing.
    Continue,
    /// This protocol cannot be followed after a loss.
    GiveUp,
}

/// One flow as one dissector follows it. Memory must be bounded whatever the peers send.
pub trait Session: Send {
    /// Bytes in order from `cx.side()`. Stream: the front of what is not yet consumed; parse one message, tell how
    /// long it was. Datagram: the whole datagram; `Consumed` of any length ends it.
    fn data(&mut self, bytes: &[u8], cx: &mut Context<'_>) -> Progress;

    /// `length` bytes from `cx.side()` were not captured. Bytes that were going to be skipped are not reported.
    fn gap(&mut self, length: u64, cx: &mut Context<'_>) -> Resync {
        let _ = (length, cx);
        Resync::GiveUp
    }

    /// The flow is over (closed, timed out, evicted, or the input ended).
    fn end(&mut self, cx: &mut Context<'_>) {
        let _ = cx;
    }
}

/// A link-layer frame, or an IP packet of a protocol without ports, for `Carrier::Frame`.
#[derive(Clone, Copy, Debug)]
pub struct LinkFrame<'a> {
    pub source: Mac,
    pub destination: Mac,
    pub kind: LinkKindOf<'a>,
    /// What follows the header that names the kind.
    pub payload: &'a [u8],
}

/// What a `LinkFrame` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKindOf<'a> {
    /// EtherType (IEEE 802.3, 3.2.6), after VLAN tags.
    EtherType(u16),
    /// IEEE 802.2 LLC with SNAP: organisation code and protocol id.
    Snap { oui: [u8; 3], protocol: u16 },
    /// IEEE 802.2 LLC without SNAP: destination and source service access points.
    Llc { dsap: u8, ssap: u8 },
    /// An IP protocol without ports, with the addresses and hop limit of the packet.
    Ip {
        protocol: u8,
        source: std::net::IpAddr,
        destination: std::net::IpAddr,
        hop_limit: u8,
        header: &'a [u8],
    },
}

/// A SYN or SYN-ACK segment with what fingerprints need.
#[derive(Clone, Copy, Debug)]
pub struct TcpOpen<'a> {
    pub ip_version: u8,
    /// TTL or hop limit as it arrived.
    pub hop_limit: u8,
    /// IPv4 header options or IPv6 extension headers, in bytes.
    pub ip_options: usize,
    /// IPv4: Don't Fragment.
    pub dont_fragment: bool,
    /// IPv4 identification field; 0 for IPv6.
    pub identification: u16,
    /// ECN bits of the traffic class.
    pub ecn: u8,
    /// IPv6 flow label; 0 for IPv4.
    pub flow_label: u32,
    /// Window field, unscaled.
    pub window: u16,
    /// TCP flags octet plus NS bit (bit 8).
    pub flags: u16,
    pub sequence: u32,
    pub acknowledgement: u32,
    pub urgent: u16,
    /// The options as they stand.
    pub options: &'a [u8],
    /// Bytes of payload in the segment.
    pub payload: usize,
    /// SYN with ACK: the answer.
    pub is_answer: bool,
}
