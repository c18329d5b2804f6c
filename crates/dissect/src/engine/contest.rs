//! In line, what a sender says of its connection counts only where its receiver would believe it: else a forged SYN or RST would
//! make the driver lose its place, and what follows would pass unread.

use medward_wire::{FlowRef, TcpSegment, flag};

use super::flow::Flow;
use super::{Arrival, Engine};
use crate::context::Side;

/// What becomes of a SYN or SYN-ACK on a connection that is being read.
pub(super) enum Contest {
    /// It is none of that.
    None,
    /// A SYN that the other end has not agreed to: it changes nothing yet.
    Undecided,
    /// The other end agreed to the SYN of that number: another connection.
    Won(u32),
}

impl Engine {
    /// A SYN behind data begins another connection once the other end agrees to it.
    pub(super) fn contest(&mut self, place: FlowRef, side: Side, segment: &TcpSegment<'_>) -> Contest {
        let Some(flow) = self.flows.get_mut(place) else { return Contest::None };
        let Some(following) = flow.following.as_deref_mut() else { return Contest::None };
        if segment.has(flag::ACK) {
            let agreed = following.contender.filter(|(by, number)| {
                *by == side.other() && number.wrapping_add(1) == segment.acknowledgement
            });
            return agreed.map_or(Contest::None, |(_, number)| Contest::Won(number));
        }
        following.contender = Some((side, segment.sequence));
        Contest::Undecided
    }

    /// The flow of a contest that was won goes; the next packet of these ends opens another.
    pub(super) fn concede(&mut self, arrival: &Arrival, place: FlowRef, side: Side) {
        if let Some(mut old) = self.flows.remove(place) {
            old.uncount(side, arrival);
            self.finish_flow(old, arrival.now, arrival.number);
        }
    }
}

/// Whether the receiver of a reset takes it: its number is just the next one (RFC 5961, 3.2).
pub(super) fn is_believed(flow: &Flow, side: Side, segment: &TcpSegment<'_>) -> bool {
    let stream = flow.following.as_deref().and_then(|following| following.streams.get(side.index()));
    stream.and_then(|stream| stream.next()).is_none_or(|next| next == segment.sequence)
}
