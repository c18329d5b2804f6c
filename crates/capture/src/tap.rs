//! Where frames come from, live or recorded: the one seam through which they enter the pipeline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::batch::Batch;
use crate::error::OpenError;

/// A source of frames, driven by one thread.
pub trait Tap: Send {
    /// Waits at most `wait` for frames.
    ///
    /// An error does not end a tap unless [`TapError::is_final`] says so: it is told once, and the tap goes on trying
    /// while it is pulled. Frames come as soon as there are any; `wait` only bounds idleness.
    fn pull(&mut self, wait: Duration) -> Result<Pull, TapError>;

    /// What was counted since the tap was opened.
    fn counters(&self) -> TapCounters;

    /// Whether frames can come now.
    fn state(&self) -> TapState;

    /// What it listens on or reads, for people: an interface, or the files.
    fn name(&self) -> &str;
}

/// What [`Tap::pull`] brought.
#[derive(Debug)]
pub enum Pull {
    /// Frames, never none.
    Batch(Batch),
    /// None up to now.
    Idle,
    /// There will be no more.
    End,
}

/// Frames and bytes since a tap was opened, over all outages.
///
/// `received + dropped` is what the kernel saw for this tap after the filter, as soon as nothing waits in the ring.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TapCounters {
    /// Frames handed out.
    pub received: u64,
    /// Bytes of those as they were on the wire.
    pub bytes: u64,
    /// Frames that the kernel dropped because the ring was full.
    pub dropped: u64,
    /// Frames that the interface or its driver dropped before anybody saw them. The kernel counts them for the interface
    /// as a whole, so only the first of several taps tells them.
    pub dropped_by_interface: u64,
    /// How often the interface went down or away.
    pub outages: u64,
}

impl std::ops::AddAssign for TapCounters {
    fn add_assign(&mut self, other: TapCounters) {
        self.received = self.received.saturating_add(other.received);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.dropped_by_interface = self.dropped_by_interface.saturating_add(other.dropped_by_interface);
        self.outages = self.outages.saturating_add(other.outages);
    }
}

/// Whether frames can come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapState {
    Running,
    /// The interface is there but down; frames come as soon as it is up.
    Down,
    /// The interface is not there; it is looked for again and again.
    Gone,
    /// The input is read to its end.
    Ended,
}

impl TapState {
    /// The lower-case name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            TapState::Running => "running",
            TapState::Down => "down",
            TapState::Gone => "gone",
            TapState::Ended => "ended",
        }
    }
}

/// Numbers frames over all taps that share it (a clone is the same counter), from 1, without a gap or a repeat.
#[derive(Clone, Debug, Default)]
pub struct Numbers(Arc<AtomicU64>);

impl Numbers {
    /// Takes `count` numbers; returns the first.
    pub(crate) fn take(&self, count: usize) -> u64 {
        self.0.fetch_add(count as u64, Ordering::Relaxed) + 1
    }
}

/// Why a tap cannot be opened, or what happened to it.
#[derive(Debug, thiserror::Error)]
pub enum TapError {
    #[error("there is no network interface '{name}'; there {}", listed(.there))]
    NoSuchInterface { name: String, there: Vec<String> },
    #[error(
        "capturing on '{name}' is not permitted: the program needs CAP_NET_RAW. Give it with \
         'setcap cap_net_raw=ep PATH-OF-THE-PROGRAM', in a systemd unit with \
         'AmbientCapabilities=CAP_NET_RAW', or run it as root"
    )]
    NoPermission { name: String },
    #[error(
        "the interface '{name}' is down: bring it up with 'ip link set {name} up'; capture starts by itself then"
    )]
    InterfaceDown { name: String },
    #[error("the interface '{name}' went away; it is looked for again, and capture goes on when it is back")]
    InterfaceGone { name: String },
    #[error(
        "'{filter}' is not a capture filter: {message} (the syntax is that of pcap-filter(7), as in 'net 10.0.0.0/8')"
    )]
    Filter { filter: String, message: String },
    #[error("capturing on '{name}' failed while {doing}: {message}")]
    Capture { name: String, doing: &'static str, message: String },
    #[error(transparent)]
    Replay(#[from] OpenError),
}

impl TapError {
    /// Nothing that happens later can mend it: the tap is of no more use.
    pub fn is_final(&self) -> bool {
        matches!(self, TapError::Filter { .. } | TapError::Replay(_))
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "is none at all".to_owned(),
        [one] => format!("is only {one}"),
        many => format!("are {}", many.join(", ")),
    }
}
