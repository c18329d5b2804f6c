//! Opening what is to be watched, as the command line names it.

use std::path::PathBuf;

use clap::Args;
use medward_capture::{
    Live, LiveOptions, Numbers, Privileges, Replay, ReplayOptions, Speed, Tap, TapError, drop_privileges,
};

use super::listen::{Collecting, Listened};
use crate::exit::Failure;

/// What to watch.
#[derive(Clone, Debug, Args)]
pub struct Watch {
    /// Watch this network interface ("eth1"; "any" for all); may be given several times.
    #[arg(long, value_name = "IFACE")]
    pub capture: Vec<String>,
    /// Replay this capture, or directory of captures, as if it were live; may be given several times.
    #[arg(long, value_name = "FILE", conflicts_with = "capture")]
    pub replay: Vec<PathBuf>,
    /// Listen to what others know, too: netflow=0.0.0.0:2055, kea-leases=PATH, … (see `medward sources`).
    #[arg(long = "source", value_name = "NAME=PLACE")]
    pub sources: Vec<Listened>,
    /// How fast to replay: a number (1 is as recorded, 60 an hour a minute), or "max".
    #[arg(long, value_name = "N|max", default_value = "1")]
    pub speed: Speed,
    /// Replay again and again.
    #[arg(long)]
    pub repeat: bool,
    /// Keep the times of the recording instead of the times of the replay.
    #[arg(long)]
    pub recorded_times: bool,
    /// Watch only this traffic, in the syntax of pcap-filter(7): "not host 10.0.0.9".
    #[arg(long, value_name = "FILTER")]
    pub filter: Option<String>,
    /// Threads for each interface; each has a ring of its own.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub capture_threads: u16,
    /// MiB of each ring: what waits while the machine is busy.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub ring: u64,
    /// Become this user as soon as the interfaces are open.
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Flows that may be open at once; the longest unused are closed first.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub max_flows: usize,
    /// MiB that unfinished fragments, streams and messages may take.
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub max_reassembly: usize,
}

/// What was opened.
pub struct Opened {
    pub taps: Vec<Box<dyn Tap>>,
    pub sources: Vec<Collecting>,
}

impl Watch {
    /// Opens everything, then gives up all privileges. No thread may run yet.
    pub fn open(&self) -> anyhow::Result<Opened> {
        let numbers = Numbers::default();
        let mut taps: Vec<Box<dyn Tap>> = Vec::new();
        for interface in &self.capture {
            let options = LiveOptions {
                threads: usize::from(self.capture_threads),
                filter: self.filter.clone(),
                buffer_bytes: self.ring << 20,
                numbers: numbers.clone(),
                ..LiveOptions::default()
            };
            for tap in Live::open(interface, &options).map_err(failure)? {
                taps.push(Box::new(tap));
            }
        }
        if !self.replay.is_empty() {
            let options = ReplayOptions {
                speed: self.speed,
                current_times: !self.recorded_times,
                repeat: self.repeat,
                numbers,
                ..ReplayOptions::default()
            };
            taps.push(Box::new(Replay::open(&self.replay, &options).map_err(failure)?));
        }
        let sources: Result<Vec<Collecting>, _> = self.sources.iter().map(Listened::open).collect();
        let sources = sources.map_err(|error| Failure::missing(error.to_string()))?;
        let privileges = Privileges { user: self.user.clone(), ..Privileges::default() };
        drop_privileges(&privileges).map_err(|error| Failure::missing(error.to_string()))?;
        Ok(Opened { taps, sources })
    }

    /// Nothing is to be watched.
    pub fn is_empty(&self) -> bool {
        self.capture.is_empty() && self.replay.is_empty() && self.sources.is_empty()
    }

    /// Frames carry the time of now.
    pub fn is_current(&self) -> bool {
        self.replay.is_empty() || !self.recorded_times
    }
}

fn failure(error: TapError) -> anyhow::Error {
    match error {
        TapError::Filter { .. } | TapError::NoSuchInterface { .. } => Failure::usage(error.to_string()),
        TapError::Replay(_) => Failure::unreadable(error.to_string()),
        _ => Failure::missing(error.to_string()),
    }
}
