//! The dissectors, arranged for looking up.

use std::sync::OnceLock;

use hashbrown::HashMap;

use crate::dissector::{Carrier, Dissector, Head, LinkFrame, Probe, Session, TcpOpen};
use crate::{Context, dissectors};

type ProbeFn = fn(&Head<'_>) -> Probe;
type FrameEntry = (&'static Dissector, fn(&LinkFrame<'_>) -> bool, fn(&LinkFrame<'_>, &mut Context<'_>));
type OpenEntry = (&'static Dissector, fn(&TcpOpen<'_>, &mut Context<'_>));

/// A dissector that has sessions.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub dissector: &'static Dissector,
    pub probe: ProbeFn,
    pub session: fn() -> Box<dyn Session>,
}

/// The entries of one transport: all in order, and by usual port.
#[derive(Default)]
pub(crate) struct Candidates {
    pub all: Vec<Entry>,
    by_port: HashMap<u16, Vec<usize>, foldhash::fast::FixedState>,
}

impl Candidates {
    fn add(&mut self, entry: Entry) {
        let at = self.all.len();
        self.all.push(entry);
        for port in entry.dissector.ports {
            self.by_port.entry(*port).or_default().push(at);
        }
    }

    /// Entries that usually run on one of the ports, then all the others.
    pub fn ordered(&self, ports: [u16; 2]) -> impl Iterator<Item = &Entry> {
        let [a, b] = ports.map(|port| self.by_port.get(&port).map_or(&[][..], Vec::as_slice));
        let hinted = a.iter().chain(b);
        let others = (0..self.all.len()).filter(move |at| !a.contains(at) && !b.contains(at));
        hinted.copied().chain(others).filter_map(|at| self.all.get(at))
    }

    /// Whether something usually runs there.
    pub fn knows_port(&self, port: u16) -> bool {
        self.by_port.contains_key(&port)
    }
}

/// All dissectors, arranged by carrier.
#[derive(Default)]
pub(crate) struct Registry {
    pub stream: Candidates,
    pub datagram: Candidates,
    pub frame: Vec<FrameEntry>,
    pub open: Vec<OpenEntry>,
}

/// The arrangement, made once.
pub(crate) fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let mut registry = Registry::default();
        for dissector in dissectors() {
            match &dissector.carrier {
                Carrier::Stream { probe, session } => {
                    registry.stream.add(Entry { dissector, probe: *probe, session: *session });
                }
                Carrier::Datagram { probe, session } => {
                    registry.datagram.add(Entry { dissector, probe: *probe, session: *session });
                }
                Carrier::Both { probe, session } => {
                    registry.stream.add(Entry { dissector, probe: *probe, session: *session });
                    registry.datagram.add(Entry { dissector, probe: *probe, session: *session });
                }
                Carrier::Frame { matches, dissect } => registry.frame.push((dissector, *matches, *dissect)),
                Carrier::Open { dissect } => registry.open.push((dissector, *dissect)),
                Carrier::Http { .. } => {}
            }
        }
        registry
    })
}

/// The session-keeping entry of that name among the stream dissectors.
pub(crate) fn stream_entry(name: &str) -> Option<&'static Entry> {
    registry().stream.all.iter().find(|entry| entry.dissector.name == name)
}
