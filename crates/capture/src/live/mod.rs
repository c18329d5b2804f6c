//! Live capture on a network interface: AF_PACKET rings through libpcap, one for each thread.
//!
//! libpcap maps a TPACKET_V3 ring (packet(7)); the kernel stamps the time, filters, and tells of VLAN tags that the
//! interface took off, which libpcap puts back. The taps of one interface join a fanout group: each frame goes to one of
//! them, both directions of a flow to the same one.
//!
//! An interface that goes down or away is told once ([`TapError::InterfaceDown`], [`TapError::InterfaceGone`]). One that
//! was down comes back by itself. One that went away is looked for with growing pauses and opened anew, which needs
//! CAP_NET_RAW again (see [`crate::Privileges::keep_capture`]).

mod open;
mod privileges;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medward_model::Timestamp;
use medward_wire::LinkType;
use pcap::{Active, Capture, Packet};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::batch::{Batch, Descriptor, Pool};
use crate::kernel;
use crate::tap::{Numbers, Pull, Tap, TapCounters, TapError, TapState};

pub use privileges::{PrivilegeError, Privileges, drop_privileges};

/// Bytes after which a batch is handed out though more frames wait.
const BATCH_BYTES: usize = 512 << 10;
/// Frames after which it is.
const BATCH_FRAMES: usize = 4096;
/// Frames taken from the ring in one go.
const RUN: usize = 256;
/// How often the counters of the kernel are read while frames come.
const COUNT_EVERY: Duration = Duration::from_millis(100);
/// How often an idle interface is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long frames from before a ring joined its group may still lie in it.
const YOUNG: Duration = Duration::from_secs(2);
/// Pauses between attempts to open an interface that went away, from and to.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];

/// How to capture.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// Taps that share the work, each to be driven by a thread of its own (1 to 64).
    pub threads: usize,
    /// What to capture, as in pcap-filter(7) ("not port 22"); everything where it is none.
    pub filter: Option<String>,
    /// Bytes kept of a frame (64 to 262,144).
    pub snaplen: u32,
    /// Size of the ring of each tap (1 MiB to 1 GiB).
    pub buffer_bytes: u64,
    /// Also what is not addressed to this machine: needed at a mirror port.
    pub promiscuous: bool,
    /// Numbers the frames; share it between all taps of one pipeline.
    pub numbers: Numbers,
}

impl Default for LiveOptions {
    fn default() -> LiveOptions {
        LiveOptions {
            threads: 1,
            filter: None,
            snaplen: 262_144,
            buffer_bytes: 64 << 20,
            promiscuous: true,
            numbers: Numbers::default(),
        }
    }
}

/// A tap on a network interface.
pub struct Live {
    interface: Arc<str>,
    options: Arc<LiveOptions>,
    group: Option<Arc<open::Group>>,
    /// The first tap of the interface: it tells what the interface dropped.
    first: bool,
    line: Line,
    /// Happened while frames were at hand; told after them.
    trouble: Option<TapError>,
    counters: TapCounters,
    state: TapState,
    pool: Arc<Pool>,
}

enum Line {
    Open(Box<Ring>),
    Away {
        next: Instant,
        pause: Duration,
        /// That the interface may not be opened was told.
        refused: bool,
    },
}

/// An open ring.
struct Ring {
    capture: Capture<Active>,
    link: LinkType,
    /// Number of the interface; none for "any".
    index: Option<u32>,
    /// When the ring was opened, and the moment from before which its frames went to other members of the group too. Looked
    /// at only while the ring is young: clocks are set back at times.
    opened: Instant,
    joined: Timestamp,
    /// What the kernel had counted at the last look; its counters are 32 bits wide and wrap.
    seen: [u32; 2],
    counted: Instant,
    looked: Instant,
}

impl Live {
    /// Opens the interface ("eth1"; "any" for all of them, without promiscuous mode) with one tap for each thread.
    ///
    /// Fails where there is no such interface, it is down, the filter is wrong, or the program may not capture.
    pub fn open(interface: &str, options: &LiveOptions) -> Result<Vec<Live>, TapError> {
        let threads = options.threads.clamp(1, 64);
        let options = Arc::new(options.clone());
        let group = (threads > 1).then(|| Arc::new(open::Group::default()));
        let interface: Arc<str> = interface.into();
        (0..threads)
            .map(|at| {
                let ring = open::ring(&interface, &options, group.as_deref())?;
                Ok(Live {
                    interface: Arc::clone(&interface),
                    options: Arc::clone(&options),
                    group: group.clone(),
                    first: at == 0,
                    line: Line::Open(Box::new(ring)),
                    trouble: None,
                    counters: TapCounters::default(),
                    state: TapState::Running,
                    pool: Arc::default(),
                })
            })
            .collect()
    }

    /// Takes what the ring holds, up to a batch.
    fn gather(&mut self) -> Option<Batch> {
        let Line::Open(ring) = &mut self.line else { return None };
        let mut batch = self.pool.batch();
        batch.buffer.clear();
        if ring.opened.elapsed() > YOUNG {
            ring.joined = Timestamp::MIN;
        }
        let (link, joined) = (ring.link, ring.joined);
        let mut bytes = 0_u64;
        while batch.packets.len() < BATCH_FRAMES && batch.buffer.len() < BATCH_BYTES {
            let taken = ring.capture.dispatch(Some(RUN), |packet| {
                let time = time_of(&packet);
                if time >= joined {
                    bytes = bytes.saturating_add(u64::from(packet.header.len));
                    append(&mut batch, &packet, time, link);
                }
            });
            match taken {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    self.trouble = Some(open::failed(&self.interface, "reading", &error));
                    break;
                }
            }
        }
        if batch.packets.is_empty() {
            return None;
        }
        self.counters.received += batch.packets.len() as u64;
        self.counters.bytes += bytes;
        batch.first = self.options.numbers.take(batch.packets.len());
        if ring.counted.elapsed() >= COUNT_EVERY {
            count(ring, &mut self.counters, self.first);
        }
        Some(batch)
    }

    /// Looks whether the interface is still there and up. Tells a change for the worse once.
    fn look(&mut self, trouble: Option<TapError>) -> Result<(), TapError> {
        let Line::Open(ring) = &mut self.line else { return Ok(()) };
        if trouble.is_none() && ring.looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        ring.looked = Instant::now();
        let Some(index) = ring.index else {
            return trouble.map_or(Ok(()), |error| self.lose(error, TapState::Gone));
        };
        if open::index_of(&self.interface) != Some(index) {
            let error = TapError::InterfaceGone { name: self.interface.to_string() };
            return self.lose(error, TapState::Gone);
        }
        if let Some(error) = trouble {
            return self.lose(error, TapState::Gone);
        }
        let up = kernel::is_up(ring.capture.as_fd(), &self.interface).unwrap_or(false);
        match (up, self.state) {
            (true, _) => self.state = TapState::Running,
            (false, TapState::Down) => {}
            (false, _) => {
                self.state = TapState::Down;
                self.counters.outages += 1;
                return Err(TapError::InterfaceDown { name: self.interface.to_string() });
            }
        }
        Ok(())
    }

    /// Closes the ring, to be opened anew.
    fn lose(&mut self, error: TapError, state: TapState) -> Result<(), TapError> {
        if let Line::Open(ring) = &mut self.line {
            count(ring, &mut self.counters, self.first);
        }
        self.line = Line::Away { next: Instant::now() + PAUSES[0], pause: PAUSES[0], refused: false };
        self.state = state;
        self.counters.outages += 1;
        Err(error)
    }

    /// Tries to open the interface again when it is time. False where there is no ring when the time is over.
    fn restore(&mut self, deadline: Instant) -> Result<bool, TapError> {
        let Line::Away { next, pause, refused } = &mut self.line else { return Ok(true) };
        let now = Instant::now();
        if *next > now {
            std::thread::sleep(next.min(&mut { deadline }).saturating_duration_since(now));
            if *next > Instant::now() {
                return Ok(false);
            }
        }
        match open::ring(&self.interface, &self.options, self.group.as_deref()) {
            Ok(ring) => {
                self.line = Line::Open(Box::new(ring));
                self.state = TapState::Running;
                Ok(true)
            }
            Err(error) => {
                *next = Instant::now() + *pause;
                *pause = (*pause * 2).min(PAUSES[1]);
                match error {
                    TapError::InterfaceDown { .. } => self.state = TapState::Down,
                    TapError::NoPermission { .. } if !*refused => {
                        *refused = true;
                        return Err(error);
                    }
                    _ => self.state = TapState::Gone,
                }
                Ok(false)
            }
        }
    }
}

impl Tap for Live {
    fn pull(&mut self, wait: Duration) -> Result<Pull, TapError> {
        let deadline = Instant::now() + wait;
        if let Some(trouble) = self.trouble.take() {
            self.look(Some(trouble))?;
        }
        if !self.restore(deadline)? {
            return Ok(Pull::Idle);
        }
        if let Some(batch) = self.gather() {
            return Ok(Pull::Batch(batch));
        }
        if let (Line::Open(ring), None) = (&mut self.line, &self.trouble) {
            count(ring, &mut self.counters, self.first);
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
            // The read timeout of libpcap does not pass without frames, so the waiting is done here. An interruption
            // is a short wait.
            let _ = poll(&mut [PollFd::new(&ring.capture, PollFlags::IN)], Some(&timeout));
            if let Some(batch) = self.gather() {
                return Ok(Pull::Batch(batch));
            }
        }
        let trouble = self.trouble.take();
        self.look(trouble)?;
        Ok(Pull::Idle)
    }

    fn counters(&self) -> TapCounters {
        self.counters
    }

    fn state(&self) -> TapState {
        self.state
    }

    fn name(&self) -> &str {
        &self.interface
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live")
            .field("interface", &self.interface)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// Reads the kernel's counters. Those of libpcap hold frames that were dropped as received too; ours do not.
fn count(ring: &mut Ring, counters: &mut TapCounters, interface_too: bool) {
    ring.counted = Instant::now();
    let Ok(now) = ring.capture.stats() else { return };
    let [dropped, by_interface] = ring.seen;
    counters.dropped += u64::from(now.dropped.wrapping_sub(dropped));
    if interface_too {
        counters.dropped_by_interface += u64::from(now.if_dropped.wrapping_sub(by_interface));
    }
    ring.seen = [now.dropped, now.if_dropped];
}

/// With nanosecond precision the field for microseconds holds nanoseconds (pcap_set_tstamp_precision(3PCAP)).
fn time_of(packet: &Packet<'_>) -> Timestamp {
    let stamp = packet.header.ts;
    Timestamp::from_parts(stamp.tv_sec, u32::try_from(stamp.tv_usec).unwrap_or(0))
}

fn append(batch: &mut Batch, packet: &Packet<'_>, time: Timestamp, link: LinkType) {
    let length = packet.data.len() as u32;
    let offset = batch.buffer.len() as u32;
    batch.buffer.extend_from_slice(packet.data);
    let original = packet.header.len.max(length);
    batch.packets.push(Descriptor { time, offset, length, original, link });
}
