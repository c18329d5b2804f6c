//! What listens to a flow: probes at first, then one session, then nobody.

use medward_model::{Timestamp, Transport};

use super::limits::Limits;
use super::registry::{Candidates, Entry, stream_entry};
use crate::context::{Context, FlowInfo, Outbox, Side};
use crate::dissector::{Dissector, Head, Probe, Progress, Resync, Session};

/// What a listener needs of its surroundings for one packet.
pub(crate) struct Surroundings<'a> {
    pub now: Timestamp,
    pub packet: u64,
    pub flow: &'a FlowInfo,
    pub outbox: &'a mut Outbox,
    pub limits: &'a Limits,
    /// The flow's protocol, as far as known; set when a probe matches or a session names it better.
    pub protocol: &'a mut Option<&'static str>,
}

impl Surroundings<'_> {
    /// Calls `body` with a context for bytes from `side`.
    fn with<R>(
        &mut self,
        side: Side,
        dissector: &'static Dissector,
        body: impl FnOnce(&mut Context<'_>) -> R,
    ) -> R {
        let mut cx = Context::new(self.now, self.packet, self.flow, side, dissector, self.outbox);
        let result = body(&mut cx);
        if let Some(label) = cx.take_label() {
            *self.protocol = Some(label);
        }
        result
    }
}

/// Listens to one flow.
pub(crate) enum Listener {
    Probing(Probing),
    Live(Live),
    /// Nobody: nothing is reassembled any more.
    Quiet,
}

/// Waits for enough bytes to know the protocol.
#[derive(Default)]
pub(crate) struct Probing {
    heads: [Vec<u8>; 2],
    /// Whose bytes came in which order: (side, how many).
    order: Vec<(Side, usize)>,
    mid_stream: bool,
    misses: u8,
}

/// One session that reads the flow.
pub(crate) struct Live {
    dissector: &'static Dissector,
    session: Box<dyn Session>,
    ways: [Way; 2],
    /// Datagrams that the session refused in a row from the start.
    refused: u8,
    accepted: bool,
}

/// One direction of a live stream.
#[derive(Default)]
struct Way {
    pending: Vec<u8>,
    need: usize,
    skip: u64,
    finished: bool,
}

/// What a session's answer means for the listener.
enum Next {
    Stay,
    Quiet,
    Become(&'static Entry, Side, Vec<u8>),
}

impl Listener {
    pub fn new(mid_stream: bool) -> Listener {
        Listener::Probing(Probing { mid_stream, ..Probing::default() })
    }

    pub fn is_quiet(&self) -> bool {
        matches!(self, Listener::Quiet)
    }

    /// Bytes held in unfinished messages.
    pub fn held(&self) -> usize {
        match self {
            Listener::Probing(probing) => probing.heads.iter().map(Vec::len).sum(),
            Listener::Live(live) => live.ways.iter().map(|way| way.pending.len()).sum(),
            Listener::Quiet => 0,
        }
    }

    /// Bytes of a stream, in order.
    pub fn bytes(
        &mut self,
        side: Side,
        bytes: &[u8],
        candidates: &Candidates,
        around: &mut Surroundings<'_>,
    ) {
        match self {
            Listener::Quiet => {}
            Listener::Probing(probing) => {
                let Some(found) = probing.stream(side, bytes, candidates, around) else { return };
                let held = std::mem::take(probing);
                let Some(entry) = found else {
                    *self = Listener::Quiet;
                    return;
                };
                *around.protocol = Some(entry.dissector.name);
                *self = Listener::Live(Live::new(entry));
                let mut at = [0_usize; 2];
                for (side, length) in held.order {
                    let (Some(head), Some(at)) = (held.heads.get(side.index()), at.get_mut(side.index()))
                    else {
                        continue;
                    };
                    let end = *at + length;
                    self.bytes(side, head.get(*at..end).unwrap_or_default(), candidates, around);
                    *at = end;
                }
                self.bytes(side, bytes, candidates, around);
            }
            Listener::Live(live) => {
                let next = live.stream(side, bytes, around);
                self.go(next, candidates, around);
            }
        }
    }

    /// Bytes of a stream that were lost.
    pub fn gap(&mut self, side: Side, length: u64, around: &mut Surroundings<'_>) {
        match self {
            Listener::Quiet => {}
            Listener::Probing(probing) => {
                *probing = Probing { mid_stream: true, misses: probing.misses, ..Probing::default() };
            }
            Listener::Live(live) => {
                if live.gap(side, length, around) == Resync::GiveUp {
                    self.end(around);
                    *self = Listener::Quiet;
                }
            }
        }
    }

    /// A whole datagram.
    pub fn datagram(
        &mut self,
        side: Side,
        bytes: &[u8],
        candidates: &Candidates,
        around: &mut Surroundings<'_>,
    ) {
        if let Listener::Probing(probing) = self {
            let head = head_of(side, bytes, &[], around.flow, true);
            let ports = [around.flow.responder.port, around.flow.originator.port];
            match candidates.ordered(ports).find(|entry| (entry.probe)(&head) == Probe::Match) {
                Some(entry) => {
                    *around.protocol = Some(entry.dissector.name);
                    *self = Listener::Live(Live::new(entry));
                }
                None => {
                    probing.misses += 1;
                    if probing.misses >= 4 {
                        *self = Listener::Quiet;
                    }
                    return;
                }
            }
        }
        if let Listener::Live(live) = self
            && live.datagram(side, bytes, around)
        {
            self.end(around);
            *self = Listener::Quiet;
        }
    }

    /// The flow is over.
    pub fn end(&mut self, around: &mut Surroundings<'_>) {
        if let Listener::Live(live) = self {
            around.with(Side::Originator, live.dissector, |cx| live.session.end(cx));
        }
    }

    fn go(&mut self, next: Next, candidates: &Candidates, around: &mut Surroundings<'_>) {
        match next {
            Next::Stay => {}
            Next::Quiet => {
                self.end(around);
                *self = Listener::Quiet;
            }
            Next::Become(entry, side, rest) => {
                let other = match self {
                    Listener::Live(live) => {
                        live.ways.get_mut(side.other().index()).map(|w| std::mem::take(&mut w.pending))
                    }
                    _ => None,
                };
                self.end(around);
                *around.protocol = Some(entry.dissector.name);
                *self = Listener::Live(Live::new(entry));
                if let Some(other) = other.filter(|bytes| !bytes.is_empty()) {
                    self.bytes(side.other(), &other, candidates, around);
                }
                if !rest.is_empty() {
                    self.bytes(side, &rest, candidates, around);
                }
            }
        }
    }
}

fn head_of<'a>(side: Side, bytes: &'a [u8], other: &'a [u8], flow: &FlowInfo, from_start: bool) -> Head<'a> {
    let (originator, responder) = match side {
        Side::Originator => (bytes, other),
        Side::Responder => (other, bytes),
    };
    Head {
        originator,
        responder,
        originator_port: flow.originator.port,
        responder_port: flow.responder.port,
        from_start,
    }
}

impl Probing {
    /// Offers new bytes to the probes. `None`: wait for more (the bytes are held). `Some(None)`: unknown for good.
    /// `Some(Some(entry))`: known; the new bytes are not held.
    fn stream<'c>(
        &mut self,
        side: Side,
        bytes: &[u8],
        candidates: &'c Candidates,
        around: &Surroundings<'_>,
    ) -> Option<Option<&'c Entry>> {
        let index = side.index();
        let room = around.limits.head_bytes.saturating_sub(self.heads.get(index).map_or(0, Vec::len));
        let seen = bytes.get(..room.min(bytes.len())).unwrap_or_default();
        let other = self.heads.get(side.other().index())?;
        let joined;
        let mine = match self.heads.get(index) {
            Some(held) if !held.is_empty() => {
                joined = [held, seen].concat();
                joined.as_slice()
            }
            _ => bytes,
        };
        let head = head_of(side, mine, other, around.flow, !self.mid_stream);
        let ports = [around.flow.responder.port, around.flow.originator.port];
        let mut undecided = false;
        for entry in candidates.ordered(ports) {
            match (entry.probe)(&head) {
                Probe::Match => return Some(Some(entry)),
                Probe::NeedMore => undecided = true,
                Probe::NoMatch => {}
            }
        }
        let both_spoke = !other.is_empty();
        self.misses = self.misses.saturating_add(1);
        // Tiny segments (a person at a keyboard, a sender of single bytes) do not use up the patience.
        let tiny = mine.len() + other.len() < 256;
        let full = seen.len() < bytes.len() || (self.misses >= 8 && !tiny);
        if full || (both_spoke && !undecided) {
            return Some(None);
        }
        self.heads.get_mut(index)?.extend_from_slice(bytes);
        self.order.push((side, bytes.len()));
        None
    }
}

impl Live {
    fn new(entry: &Entry) -> Live {
        Live {
            dissector: entry.dissector,
            session: (entry.session)(),
            ways: [Way::default(), Way::default()],
            refused: 0,
            accepted: false,
        }
    }

    fn stream(&mut self, side: Side, bytes: &[u8], around: &mut Surroundings<'_>) -> Next {
        let Some(way) = self.ways.get_mut(side.index()) else { return Next::Stay };
        if way.finished {
            return Next::Stay;
        }
        let skipped = way.skip.min(bytes.len() as u64);
        way.skip -= skipped;
        let bytes = bytes.get(skipped as usize..).unwrap_or_default();
        if bytes.is_empty() {
            return Next::Stay;
        }
        if way.pending.is_empty() {
            return self.parse(side, bytes, around);
        }
        way.pending.extend_from_slice(bytes);
        if way.pending.len() < way.need {
            return Next::Stay;
        }
        let joined = std::mem::take(&mut way.pending);
        self.parse(side, &joined, around)
    }

    /// Calls the session until it has had all bytes or wants more; keeps what is left.
    fn parse(&mut self, side: Side, bytes: &[u8], around: &mut Surroundings<'_>) -> Next {
        let mut rest = bytes;
        let Some(way) = self.ways.get_mut(side.index()) else { return Next::Stay };
        while !rest.is_empty() {
            let session = &mut self.session;
            let progress = around.with(side, self.dissector, |cx| session.data(rest, cx));
            match progress {
                Progress::Consumed(0) => {
                    return way.hold(rest, rest.len() + 1, around);
                }
                Progress::Consumed(n) => {
                    let now = n.min(rest.len() as u64);
                    way.skip = n - now;
                    rest = rest.get(now as usize..).unwrap_or_default();
                }
                Progress::Need(n) => {
                    return way.hold(rest, n.max(rest.len() + 1), around);
                }
                Progress::Finished => {
                    way.finished = true;
                    way.pending = Vec::new();
                    break;
                }
                Progress::Quiet => return Next::Quiet,
                Progress::Become { consumed, dissector } => {
                    let Some(entry) = stream_entry(dissector) else { return Next::Quiet };
                    let rest = usize::try_from(consumed).ok().and_then(|n| rest.get(n..)).unwrap_or_default();
                    return Next::Become(entry, side, rest.to_vec());
                }
                Progress::GiveUp(name) => {
                    around.outbox.weirds.note(name);
                    return Next::Quiet;
                }
            }
        }
        if self.ways.iter().all(|way| way.finished) { Next::Quiet } else { Next::Stay }
    }

    fn gap(&mut self, side: Side, length: u64, around: &mut Surroundings<'_>) -> Resync {
        let Some(way) = self.ways.get_mut(side.index()) else { return Resync::GiveUp };
        if way.finished {
            return Resync::Continue;
        }
        // Bytes that were going to be skipped are no loss.
        let skipped = way.skip.min(length);
        way.skip -= skipped;
        if skipped == length {
            return Resync::Continue;
        }
        way.pending = Vec::new();
        way.need = 0;
        let session = &mut self.session;
        around.with(side, self.dissector, |cx| session.gap(length - skipped, cx))
    }

    /// Answers whether the flow is to fall quiet.
    fn datagram(&mut self, side: Side, bytes: &[u8], around: &mut Surroundings<'_>) -> bool {
        if self.ways.get(side.index()).is_none_or(|way| way.finished) {
            return false;
        }
        let session = &mut self.session;
        match around.with(side, self.dissector, |cx| session.data(bytes, cx)) {
            Progress::GiveUp(name) => {
                around.outbox.weirds.note(name);
                self.refused = self.refused.saturating_add(1);
                !self.accepted && self.refused >= 4
            }
            Progress::Quiet => true,
            Progress::Finished => {
                if let Some(way) = self.ways.get_mut(side.index()) {
                    way.finished = true;
                }
                self.ways.iter().all(|way| way.finished)
            }
            _ => {
                self.accepted = true;
                false
            }
        }
    }
}

impl Way {
    fn hold(&mut self, rest: &[u8], need: usize, around: &mut Surroundings<'_>) -> Next {
        if need > around.limits.message_bytes || rest.len() > around.limits.message_bytes {
            around.outbox.weirds.note("message_too_long");
            return Next::Quiet;
        }
        self.need = need;
        self.pending = rest.to_vec();
        Next::Stay
    }
}

/// The transports whose flows have listeners.
pub(crate) const fn listens(transport: Transport) -> bool {
    matches!(transport, Transport::Tcp | Transport::Udp)
}
