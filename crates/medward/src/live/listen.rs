//! Listening to what others know: flow exports and accounting on UDP ports, leases and logs in files.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use medward_capture::{CollectError, Collector, ListenOptions, TapCounters, TapState};
use medward_identify::{Ledger, Limits};
use medward_model::Timestamp;
use medward_sources::{Carrier, Event, SOURCES, Sink, Source};

use super::observe::{Delta, clock};

/// A source with where it is listened to: "netflow=0.0.0.0:2055", "kea-leases=/var/lib/kea/kea-leases4.csv".
#[derive(Clone, Debug)]
pub struct Listened {
    source: &'static Source,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Port(SocketAddr),
    File(PathBuf),
}

/// The secret shared with those who send RADIUS accounting; with it their requests are checked and answered.
const SECRET: &str = "MEDWARD_RADIUS_SECRET";
const WAIT: Duration = Duration::from_millis(250);

impl FromStr for Listened {
    type Err = String;

    fn from_str(text: &str) -> Result<Listened, String> {
        let names = || SOURCES.iter().map(|s| s.name).collect::<Vec<_>>().join(", ");
        let (name, place) =
            text.split_once('=').ok_or_else(|| format!("give NAME=PLACE; there are: {}", names()))?;
        let source = SOURCES
            .iter()
            .find(|source| source.name == name)
            .ok_or_else(|| format!("there is no source '{name}'; there are: {}", names()))?;
        let place = match source.carrier {
            Carrier::Datagrams { ports } => {
                let port = ports.first().copied().unwrap_or_default();
                let address = place.parse().or_else(|_| format!("{place}:{port}").parse());
                Place::Port(address.map_err(|_| format!("'{place}' is no address like 0.0.0.0:{port}"))?)
            }
            _ => Place::File(place.into()),
        };
        Ok(Listened { source, place })
    }
}

impl Listened {
    /// Opens the port or the file.
    pub fn open(&self) -> Result<Collecting, CollectError> {
        let (collector, name) = match &self.place {
            Place::Port(address) => {
                let secret = std::env::var(SECRET).ok().map(String::into_bytes);
                let options = ListenOptions { secret, ..ListenOptions::default() };
                let name = format!("{} on {address}", self.source.name);
                (Collector::listen(self.source, *address, options)?, name)
            }
            Place::File(path) => {
                let name = format!("{} in {}", self.source.name, path.display());
                (Collector::follow(self.source, path)?, name)
            }
        };
        Ok(Collecting { collector, name })
    }
}

/// A source that is listened to.
pub struct Collecting {
    collector: Collector,
    /// As shown to people: "netflow on 0.0.0.0:2055".
    pub name: String,
}

impl Collecting {
    /// Begins a thread that collects until `stop`.
    pub fn start(
        self,
        number: usize,
        interval: Duration,
        out: SyncSender<Delta>,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new()
            .name(format!("source-{}", self.collector.source().name))
            .spawn(move || self.run(number, interval, &out, &stop))
    }

    fn run(mut self, number: usize, interval: Duration, out: &SyncSender<Delta>, stop: &AtomicBool) {
        let mut gathered = Gathered {
            number,
            sink: Sink::default(),
            ledger: Ledger::new(&Limits::tap()),
            last: Timestamp::MIN,
        };
        let mut cut = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            match self.collector.pull(WAIT, &mut gathered.sink) {
                Ok(0) => {}
                Ok(_) => gathered.last = clock(),
                Err(error) => {
                    tracing::warn!("{}: {error}", self.name);
                    std::thread::sleep(WAIT);
                }
            }
            gathered.collect();
            if cut.elapsed() >= interval {
                cut = Instant::now();
                let delta = gathered.delta(&self.collector, false);
                if let Err(TrySendError::Full(delta)) = out.try_send(delta) {
                    gathered.ledger = delta.ledger;
                }
            }
        }
        let mut last = gathered.delta(&self.collector, true);
        self.collector.finish(&mut gathered.sink);
        gathered.collect();
        last.ledger.merge(gathered.ledger);
        // The receiver is gone only when all ends.
        let _ = out.send(last);
    }
}

struct Gathered {
    number: usize,
    sink: Sink,
    ledger: Ledger,
    last: Timestamp,
}

impl Gathered {
    fn collect(&mut self) {
        for event in self.sink.events.drain(..) {
            match event {
                Event::Evidence(evidence) => self.ledger.evidence(evidence),
                Event::Link(link) => self.ledger.link(link),
                Event::Flow(flow) => self.ledger.flow(flow),
            }
        }
    }

    fn delta(&mut self, collector: &Collector, ended: bool) -> Delta {
        let evictions: BTreeMap<String, u64> =
            self.ledger.evictions().map(|(table, count)| (table.to_owned(), count)).collect();
        let counted = collector.counters();
        Delta {
            tap: self.number,
            ledger: self.ledger.take(),
            counters: TapCounters {
                received: counted.received,
                dropped: counted.dropped,
                ..TapCounters::default()
            },
            state: if ended { TapState::Ended } else { TapState::Running },
            last_packet: self.last,
            weirds: self.sink.weirds.iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            evictions,
            ended,
        }
    }
}
