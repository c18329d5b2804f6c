//! Runs one dissector over bytes, as the driver would: for tests, fuzz targets and the conformance suite.

use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Activity, Evidence, HostKey, Link, Mac, Timestamp, Transport, Weirds};

use crate::context::{Context, Event, FlowInfo, Outbox, Peer, Side};
use crate::dissector::{Carrier, Dissector, Head, Probe, Progress, Resync};

/// What a dissector said.
#[derive(Debug, Default)]
pub struct Exercise {
    pub evidence: Vec<Evidence>,
    pub activity: Vec<Activity>,
    pub links: Vec<Link>,
    pub weirds: Weirds,
    /// Dissector that took the flow over (`Progress::Become`).
    pub became: Option<&'static str>,
    /// The probe never said `Match`.
    pub unmatched: bool,
}

impl Exercise {
    /// Values of that field, as shown, in order, without repeats.
    pub fn values(&self, field: &str) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for evidence in self.evidence.iter().filter(|e| e.field.name == field) {
            let shown = evidence.value.shown();
            if !values.contains(&shown) {
                values.push(shown);
            }
        }
        values
    }
}

/// Feeds `chunks` (a stream's bytes in order, or one datagram each; an empty chunk stands for a gap of 1,000 bytes) to
/// a session of `dissector`. Originator is 10.0.0.1:40000 (MAC 00:00:5e:00:53:01), responder 10.0.0.2 (…:02) on the
/// dissector's first usual port. `transport` chooses for dissectors that read both; TCP or UDP only.
pub fn exercise(dissector: &'static Dissector, transport: Transport, chunks: &[(Side, &[u8])]) -> Exercise {
    let stream = transport == Transport::Tcp;
    let (probe, session) = match &dissector.carrier {
        Carrier::Stream { probe, session } if stream => (probe, session),
        Carrier::Datagram { probe, session } if !stream => (probe, session),
        Carrier::Both { probe, session } => (probe, session),
        _ => return Exercise { unmatched: true, ..Exercise::default() },
    };
    let flow = flow(dissector, transport);
    let mut session = session();
    let mut outbox = Outbox::default();
    let mut result = Exercise::default();
    let mut pending: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut need = [1_usize; 2];
    let mut skip = [0_u64; 2];
    let mut finished = [false; 2];
    let mut heads: [Vec<u8>; 2] = [Vec::new(), Vec::new()];
    let mut matched = false;
    let mut held: Vec<(Side, &[u8])> = Vec::new();
    'chunks: for (number, (side, chunk)) in chunks.iter().enumerate() {
        let mut ready = vec![(*side, *chunk)];
        if !matched {
            if !stream {
                heads = [Vec::new(), Vec::new()];
            }
            if let Some(head) = heads.get_mut(side.index()) {
                head.extend_from_slice(chunk);
            }
            let [originator, responder] = &heads;
            let head = Head {
                originator,
                responder,
                originator_port: flow.originator.port,
                responder_port: flow.responder.port,
                from_start: true,
            };
            held.push((*side, chunk));
            if probe(&head) != Probe::Match {
                continue;
            }
            matched = true;
            ready = std::mem::take(&mut held);
        }
        for (side, chunk) in ready {
            let mut cx = Context::new(
                Timestamp::from_parts(0, 0),
                number as u64 + 1,
                &flow,
                side,
                dissector,
                &mut outbox,
            );
            let i = side.index();
            let (Some(pending), Some(need), Some(skip), Some(finished)) =
                (pending.get_mut(i), need.get_mut(i), skip.get_mut(i), finished.get_mut(i))
            else {
                continue;
            };
            if *finished {
                continue;
            }
            if chunk.is_empty() {
                pending.clear();
                *need = 1;
                if session.gap(1000_u64.saturating_sub(*skip), &mut cx) == Resync::GiveUp {
                    break 'chunks;
                }
                continue;
            }
            if !stream {
                match session.data(chunk, &mut cx) {
                    Progress::GiveUp(name) => outbox.weirds.note(name),
                    Progress::Quiet => break 'chunks,
                    _ => {}
                }
                continue;
            }
            pending.extend_from_slice(chunk);
            loop {
                let dropped = (*skip).min(pending.len() as u64);
                *skip -= dropped;
                pending.drain(..dropped as usize);
                if pending.is_empty() || pending.len() < *need {
                    break;
                }
                match session.data(pending, &mut cx) {
                    Progress::Consumed(0) => *need = pending.len() + 1,
                    Progress::Consumed(n) => {
                        *need = 1;
                        *skip = n;
                    }
                    Progress::Need(n) => *need = n.max(pending.len() + 1),
                    Progress::Finished => {
                        *finished = true;
                        break;
                    }
                    Progress::Quiet => break 'chunks,
                    Progress::Become { dissector, .. } => {
                        result.became = Some(dissector);
                        break 'chunks;
                    }
                    Progress::GiveUp(name) => {
                        outbox.weirds.note(name);
                        break 'chunks;
                    }
                }
            }
        }
    }
    let last = chunks.len() as u64;
    session.end(&mut Context::new(
        Timestamp::from_parts(0, 0),
        last,
        &flow,
        Side::Originator,
        dissector,
        &mut outbox,
    ));
    result.unmatched = !matched;
    take(outbox, result)
}

/// The flow that `exercise` plays.
fn flow(dissector: &Dissector, transport: Transport) -> FlowInfo {
    let host = |last: u8| HostKey {
        ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)),
        mac: Mac([0x00, 0x00, 0x5e, 0x00, 0x53, last]),
        vlan: 0,
    };
    FlowInfo {
        originator: Peer { host: host(1), port: 40000 },
        responder: Peer { host: host(2), port: dissector.ports.first().copied().unwrap_or(9999) },
        transport,
    }
}

fn take(outbox: Outbox, mut result: Exercise) -> Exercise {
    for event in outbox.events {
        match event {
            Event::Evidence(evidence) => result.evidence.push(evidence),
            Event::Activity(activity) => result.activity.push(activity),
            Event::Link(link) => result.links.push(link),
            Event::Asked(_) => {}
        }
    }
    result.weirds = outbox.weirds;
    result
}
