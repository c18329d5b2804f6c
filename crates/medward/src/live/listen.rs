//! Listening to what others know: flow exports and accounting on UDP ports, leases and logs in files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use medward_capture::{TapCounters, TapState};
use medward_identify::{Ledger, Limits};
use medward_model::Timestamp;
use medward_sources::{Carrier, Event, Report, SOURCES, Sink, Source, SourceSession, accounting_response};

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

/// Shared secret with RADIUS servers; where it is set, accounting is answered.
const SECRET: &str = "MEDWARD_RADIUS_SECRET";
/// The longest line that is read; more of it is left out.
const LONGEST: u64 = 64 << 10;
const WAIT: Duration = Duration::from_millis(250);
const TICK: Duration = Duration::from_secs(10);

impl Listened {
    /// As shown to people: "netflow on 0.0.0.0:2055".
    pub fn name(&self) -> String {
        match &self.place {
            Place::Port(address) => format!("{} on {address}", self.source.name),
            Place::File(path) => format!("{} in {}", self.source.name, path.display()),
        }
    }

    /// Opens the port, or looks whether the file is there, and begins a thread.
    pub fn start(
        self,
        number: usize,
        interval: Duration,
        out: SyncSender<Delta>,
        stop: Arc<AtomicBool>,
    ) -> std::io::Result<JoinHandle<()>> {
        let named = |error: std::io::Error| match &self.place {
            Place::Port(address) => std::io::Error::new(error.kind(), format!("{address}: {error}")),
            Place::File(path) => std::io::Error::new(error.kind(), format!("{}: {error}", path.display())),
        };
        let input = match &self.place {
            Place::Port(address) => {
                let socket = UdpSocket::bind(address).map_err(named)?;
                socket.set_read_timeout(Some(WAIT)).map_err(named)?;
                Input::Port(socket)
            }
            Place::File(path) => {
                File::open(path).map_err(named)?;
                Input::File(Tail::new(path.clone(), matches!(self.source.carrier, Carrier::Log { .. })))
            }
        };
        let listening = Listening {
            source: self.source,
            session: (self.source.make)(),
            sink: Sink::default(),
            ledger: Ledger::new(&Limits::tap()),
            number,
            count: 0,
            bytes: 0,
            last: Timestamp::MIN,
            out,
            secret: std::env::var(SECRET).ok().map(String::into_bytes),
        };
        std::thread::Builder::new()
            .name(format!("source-{}", self.source.name))
            .spawn(move || listening.run(input, interval, &stop))
    }
}

enum Input {
    Port(UdpSocket),
    File(Tail),
}

struct Listening {
    source: &'static Source,
    session: Box<dyn SourceSession>,
    sink: Sink,
    ledger: Ledger,
    number: usize,
    count: u64,
    bytes: u64,
    last: Timestamp,
    out: SyncSender<Delta>,
    secret: Option<Vec<u8>>,
}

/// Where files are from.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0);

impl Listening {
    fn run(mut self, mut input: Input, interval: Duration, stop: &AtomicBool) {
        let (mut cut, mut tick) = (Instant::now(), Instant::now());
        let mut buffer = vec![0; 65_536];
        while !stop.load(Ordering::Relaxed) {
            match &mut input {
                Input::Port(socket) => {
                    if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                        let datagram = buffer.get(..length).unwrap_or_default();
                        self.read(datagram, from);
                        if self.source.name == "radius-accounting"
                            && let Some(answer) =
                                self.secret.as_deref().and_then(|s| accounting_response(datagram, s).ok())
                        {
                            // The server sends again where the answer is lost.
                            let _ = socket.send_to(&answer, from);
                        }
                    }
                }
                Input::File(tail) => {
                    let (lines, anew) = tail.lines();
                    if anew {
                        self.session.restart();
                    }
                    if lines.is_empty() {
                        std::thread::sleep(WAIT);
                    }
                    for line in lines {
                        self.read(&line, NOWHERE);
                    }
                }
            }
            if tick.elapsed() >= TICK {
                tick = Instant::now();
                let mut report = Report::new(clock(), NOWHERE, self.count, self.source, &mut self.sink);
                self.session.tick(&mut report);
                self.collect();
            }
            if cut.elapsed() >= interval {
                cut = Instant::now();
                self.hand_out(false);
            }
        }
        let mut report = Report::new(clock(), NOWHERE, self.count, self.source, &mut self.sink);
        self.session.end(&mut report);
        self.collect();
        self.hand_out(true);
    }

    fn read(&mut self, bytes: &[u8], from: SocketAddr) {
        self.count += 1;
        self.bytes += bytes.len() as u64;
        self.last = clock();
        let mut report = Report::new(self.last, from, self.count, self.source, &mut self.sink);
        self.session.read(bytes, &mut report);
        self.collect();
    }

    fn collect(&mut self) {
        for event in self.sink.events.drain(..) {
            match event {
                Event::Evidence(evidence) => self.ledger.evidence(evidence),
                Event::Link(link) => self.ledger.link(link),
                Event::Flow(flow) => self.ledger.flow(flow),
            }
        }
    }

    fn hand_out(&mut self, ended: bool) {
        let evictions: BTreeMap<String, u64> =
            self.ledger.evictions().map(|(table, count)| (table.to_owned(), count)).collect();
        let delta = Delta {
            tap: self.number,
            ledger: self.ledger.take(),
            counters: TapCounters { received: self.count, bytes: self.bytes, ..TapCounters::default() },
            state: if ended { TapState::Ended } else { TapState::Running },
            last_packet: self.last,
            weirds: self.sink.weirds.iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            evictions,
            ended,
        };
        if ended {
            // The receiver is gone only when all ends.
            let _ = self.out.send(delta);
        } else if let Err(TrySendError::Full(delta)) = self.out.try_send(delta) {
            self.ledger = delta.ledger;
        }
    }
}

/// Follows a file that grows, is rotated, or is written anew.
struct Tail {
    path: PathBuf,
    /// Only what is appended counts.
    new_only: bool,
    open: Option<(BufReader<File>, u64, u64)>,
    began: bool,
    /// The beginning of a line whose end is not written yet.
    partial: Vec<u8>,
}

impl Tail {
    fn new(path: PathBuf, new_only: bool) -> Tail {
        Tail { path, new_only, open: None, began: false, partial: Vec::new() }
    }

    /// Lines that are new, at most a thousand; and whether the file began anew before them.
    fn lines(&mut self) -> (Vec<Vec<u8>>, bool) {
        let anew = self.reopen();
        let mut lines = Vec::new();
        let Some((reader, _, at)) = &mut self.open else { return (lines, anew) };
        while lines.len() < 1000 {
            let mut line = std::mem::take(&mut self.partial);
            let room = LONGEST.saturating_sub(line.len() as u64);
            let read = std::io::Read::take(&mut *reader, room).read_until(b'\n', &mut line).unwrap_or(0);
            *at += read as u64;
            if line.last() == Some(&b'\n') || line.len() as u64 >= LONGEST {
                while matches!(line.last(), Some(b'\n' | b'\r')) {
                    line.pop();
                }
                lines.push(line);
            } else {
                self.partial = line;
                break;
            }
        }
        (lines, anew)
    }

    /// Opens the file where it is not, or is another than it was, or shorter.
    fn reopen(&mut self) -> bool {
        let Ok(now) = std::fs::metadata(&self.path) else { return false };
        if self.open.as_ref().is_some_and(|(_, inode, at)| *inode == now.ino() && now.len() >= *at) {
            return false;
        }
        let Ok(mut file) = File::open(&self.path) else { return false };
        let skip = self.new_only && !self.began;
        let at = match skip {
            true => file.seek(SeekFrom::End(0)).unwrap_or(0),
            false => 0,
        };
        let again = self.began;
        self.began = true;
        self.partial.clear();
        self.open = Some((BufReader::new(file), now.ino(), at));
        again
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::Tail;

    fn text(tail: &mut Tail) -> (Vec<String>, bool) {
        let (lines, anew) = tail.lines();
        (lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect(), anew)
    }

    #[test]
    fn a_log_is_followed_from_its_end_over_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        std::fs::write(&path, "old\n").unwrap();
        let mut tail = Tail::new(path.clone(), true);
        assert_eq!(text(&mut tail), (vec![], false));
        let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"one\ntw").unwrap();
        assert_eq!(text(&mut tail), (vec!["one".into()], false));
        file.write_all(b"o\r\n").unwrap();
        assert_eq!(text(&mut tail), (vec!["two".into()], false));
        std::fs::rename(&path, folder.path().join("log.1")).unwrap();
        std::fs::write(&path, "three\n").unwrap();
        assert_eq!(text(&mut tail), (vec!["three".into()], true));
    }

    #[test]
    fn a_ledger_is_read_from_its_start_each_time_it_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("leases");
        std::fs::write(&path, "a\nb\n").unwrap();
        let mut tail = Tail::new(path.clone(), false);
        assert_eq!(text(&mut tail), (vec!["a".into(), "b".into()], false));
        std::fs::write(&path, "a\n").unwrap();
        assert_eq!(text(&mut tail), (vec!["a".into()], true));
    }
}
