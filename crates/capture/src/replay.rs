//! Recorded captures as a tap: at the pace they were recorded, faster, or as fast as can be.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use medward_model::{CaptureFile, Timestamp};

use crate::batch::{Batch, Descriptor, Pool};
use crate::reader::{Options, Reader};
use crate::tap::{Numbers, Pull, Tap, TapCounters, TapError, TapState};

/// Frames that are due within so much time are handed out together.
const TOGETHER: Duration = Duration::from_millis(5);

/// How fast a capture is replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Speed {
    /// So many times as fast as recorded; 1 is as recorded.
    Times(f64),
    /// As fast as frames are taken.
    #[default]
    Max,
}

impl std::str::FromStr for Speed {
    type Err = String;

    /// Reads "max" or a number from 0.001 to 1,000,000 ("1", "60", "0.5").
    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        match text.parse::<f64>() {
            Ok(times) if (0.001..=1_000_000.0).contains(&times) => Ok(Speed::Times(times)),
            _ => Err(format!(
                "'{text}' is not a speed: give 'max', or a number from 0.001 to 1000000 (1 is as recorded)"
            )),
        }
    }
}

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct ReplayOptions {
    pub speed: Speed,
    /// Gives frames the time at which they are replayed instead of that at which they were recorded. At
    /// [`Speed::Times`] their distances are scaled with the speed; at [`Speed::Max`] they get the time of handing out,
    /// a nanosecond apart.
    pub current_times: bool,
    /// Begins again at the end, without end.
    pub repeat: bool,
    pub reading: Options,
    /// Numbers the frames; share it between all taps of one pipeline.
    pub numbers: Numbers,
}

/// A tap on recorded captures.
pub struct Replay {
    name: String,
    paths: Vec<PathBuf>,
    options: ReplayOptions,
    reader: Option<Reader>,
    files: Vec<CaptureFile>,
    held: Option<Held>,
    /// The moment of the first frame of this pass: recorded, and now.
    start: Option<Start>,
    /// Latest time given to a frame.
    latest: Timestamp,
    /// Frames of this pass.
    pass: u64,
    counters: TapCounters,
    pool: Arc<Pool>,
}

/// A batch whose turn has not come for all of it.
struct Held {
    batch: Batch,
    next: usize,
}

#[derive(Clone, Copy)]
struct Start {
    recorded: Timestamp,
    clock: Instant,
    wall: Timestamp,
}

impl Replay {
    /// Opens files and directories as [`Reader::open`] does. Standard input cannot be repeated: it ends once.
    pub fn open(paths: &[PathBuf], options: &ReplayOptions) -> Result<Replay, TapError> {
        let reader = Reader::open(paths, &options.reading)?;
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let mut options = options.clone();
        options.repeat &= !paths.iter().any(|path| path == Path::new("-"));
        Ok(Replay {
            name: names.join(", "),
            paths: paths.to_vec(),
            options,
            reader: Some(reader),
            files: Vec::new(),
            held: None,
            start: None,
            latest: Timestamp::MIN,
            pass: 0,
            counters: TapCounters::default(),
            pool: Arc::default(),
        })
    }

    /// The records of the files, complete once the last frame was handed out; of the latest pass where it repeats.
    pub fn files(&self) -> &[CaptureFile] {
        &self.files
    }

    /// Reads on where no batch is held. False at the end.
    fn fill(&mut self) -> Result<bool, TapError> {
        while self.held.is_none() {
            let Some(reader) = &mut self.reader else { return Ok(false) };
            if let Some(batch) = reader.next_batch() {
                self.held = Some(Held { batch, next: 0 });
                return Ok(true);
            }
            if let Some(reader) = self.reader.take() {
                self.files = reader.finish();
            }
            // A pass without frames would be repeated without an end or a rest.
            if !self.options.repeat || self.pass == 0 {
                return Ok(false);
            }
            self.reader = Some(Reader::open(&self.paths, &self.options.reading)?);
            (self.start, self.pass) = (None, 0);
        }
        Ok(true)
    }

    /// How long after the start of the pass a frame is due.
    fn due(&self, start: Start, time: Timestamp) -> Duration {
        let recorded = time.as_nanos().saturating_sub(start.recorded.as_nanos()).max(0) as u64;
        match self.options.speed {
            Speed::Max => Duration::ZERO,
            Speed::Times(times) => Duration::from_nanos((recorded as f64 / times.max(0.001)) as u64),
        }
    }

    /// Takes the frames off the held batch that are due now.
    fn release(&mut self, start: Start) -> Option<Batch> {
        let elapsed = start.clock.elapsed() + TOGETHER;
        let Held { batch, next } = self.held.take()?;
        let rest = batch.packets.get(next..).unwrap_or_default();
        // A frame that was recorded out of order comes with the one before it.
        let count = rest.iter().take_while(|packet| self.due(start, packet.time) <= elapsed).count();
        if count == rest.len() && next == 0 {
            return Some(batch);
        }
        let mut part = self.pool.batch();
        part.buffer.clear();
        for packet in rest.iter().take(count) {
            part.copy(&batch, packet);
        }
        if count < rest.len() {
            self.held = Some(Held { batch, next: next + count });
        }
        (count > 0).then_some(part)
    }

    /// Numbers, counts and dates the frames.
    fn finish(&mut self, mut batch: Batch, start: Start) -> Batch {
        batch.first = self.options.numbers.take(batch.packets.len());
        self.pass += batch.packets.len() as u64;
        self.counters.received += batch.packets.len() as u64;
        self.counters.bytes += batch.packets.iter().map(|packet| u64::from(packet.original)).sum::<u64>();
        if self.options.current_times {
            let mut packets = std::mem::take(&mut batch.packets);
            for packet in &mut packets {
                self.date(packet, start);
            }
            batch.packets = packets;
        }
        batch
    }

    fn date(&mut self, packet: &mut Descriptor, start: Start) {
        packet.time = match self.options.speed {
            Speed::Max => {
                let passed = start.clock.elapsed();
                later(start.wall, passed).max(Timestamp::from_nanos(self.latest.as_nanos().saturating_add(1)))
            }
            Speed::Times(_) => later(start.wall, self.due(start, packet.time)),
        };
        self.latest = self.latest.max(packet.time);
    }
}

impl Tap for Replay {
    fn pull(&mut self, wait: Duration) -> Result<Pull, TapError> {
        let deadline = Instant::now() + wait;
        if !self.fill()? {
            return Ok(Pull::End);
        }
        let first =
            self.held.as_ref().and_then(|held| held.batch.packets.get(held.next)).map(|packet| packet.time);
        let Some(first) = first else { return Ok(Pull::Idle) };
        let start =
            *self.start.get_or_insert_with(|| Start { recorded: first, clock: Instant::now(), wall: now() });
        let due = start.clock + self.due(start, first);
        std::thread::sleep(due.min(deadline).saturating_duration_since(Instant::now()));
        if due > Instant::now() {
            return Ok(Pull::Idle);
        }
        let Some(batch) = self.release(start) else { return Ok(Pull::Idle) };
        Ok(Pull::Batch(self.finish(batch, start)))
    }

    fn counters(&self) -> TapCounters {
        self.counters
    }

    fn state(&self) -> TapState {
        if self.reader.is_none() && self.held.is_none() { TapState::Ended } else { TapState::Running }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("name", &self.name).finish_non_exhaustive()
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos().saturating_add(i64::try_from(by.as_nanos()).unwrap_or(i64::MAX)))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(since.as_secs() as i64, since.subsec_nanos())
}
