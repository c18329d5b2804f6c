//! What is kept of a flow.

use medward_model::{FlowRecord, Timestamp};
use medward_wire::Stream;

use super::listener::Listener;
use crate::context::{FlowInfo, Side};

/// A flow in the table.
pub(crate) struct Flow {
    pub info: FlowInfo,
    pub packets: [u64; 2],
    pub bytes: [u64; 2],
    pub first: Timestamp,
    pub last: Timestamp,
    pub first_packet: u64,
    pub protocol: Option<&'static str>,
    /// Streams and listener; `None` before the first payload and once nobody listens any more.
    pub following: Option<Box<Following>>,
    /// Initial sequence numbers, valid where `syn` says so.
    pub isn: [u32; 2],
    pub state: FlowState,
}

/// Single bits of a flow's state.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FlowState {
    /// The originator is the lower end of the key.
    pub originator_low: bool,
    pub oriented: bool,
    pub answered: bool,
    /// SYN or SYN-ACK seen, by side.
    pub syn: [bool; 2],
    pub fin: [bool; 2],
    pub reset: bool,
    /// Nobody listens any more.
    pub quiet: bool,
    /// That side's own MAC was seen as a source.
    pub spoke: [bool; 2],
    /// It was reported before; the counters hold what came since.
    pub told: bool,
    /// Packets of the originator in the reports before.
    pub told_packets: u32,
}

/// The part of a flow that exists only while somebody listens.
pub(crate) struct Following {
    pub streams: [Stream; 2],
    pub listener: Listener,
    /// In line: a SYN that came behind data, by whom and with which number.
    pub contender: Option<(Side, u32)>,
}

impl Following {
    pub fn new(mid_stream: bool) -> Following {
        let streams = [Stream::default(), Stream::default()];
        Following { streams, listener: Listener::new(mid_stream), contender: None }
    }

    /// Bytes held behind holes and in unfinished messages.
    pub fn held(&self) -> usize {
        self.listener.held() + self.streams.iter().map(Stream::held).sum::<usize>()
    }
}

impl Flow {
    /// Which end sent a packet whose source is the lower end of the key.
    pub const fn side(&self, from_low: bool) -> Side {
        if from_low == self.state.originator_low { Side::Originator } else { Side::Responder }
    }

    /// Both directions are closed, or it was reset.
    pub const fn is_closed(&self) -> bool {
        self.state.reset || (self.state.fin[0] && self.state.fin[1])
    }

    /// The flow as it is reported.
    pub fn record(&self) -> FlowRecord {
        FlowRecord {
            originator: self.info.originator.host,
            originator_port: self.info.originator.port,
            responder: self.info.responder.host,
            responder_port: self.info.responder.port,
            transport: self.info.transport,
            protocol: self.protocol,
            packets: self.packets,
            bytes: self.bytes,
            first: self.first,
            last: self.last,
            first_packet: self.first_packet,
            answered: self.state.answered,
            oriented: self.state.oriented,
            continues: self.state.told.then_some(u64::from(self.state.told_packets)),
        }
    }

    /// Nothing came since it was last reported.
    pub fn is_told(&self) -> bool {
        self.state.told && self.packets == [0; 2]
    }

    /// What is new of it, as a record of its own; what follows counts from there.
    pub fn tell(&mut self) -> FlowRecord {
        let record = self.record();
        self.state.told = true;
        let sent = u32::try_from(self.packets[0]).unwrap_or(u32::MAX);
        self.state.told_packets = self.state.told_packets.saturating_add(sent);
        (self.packets, self.bytes) = ([0; 2], [0; 2]);
        self.first = self.last;
        record
    }
}
