//! From captures to a ledger: one reader, a fixed number of shards, any number of threads.
//!
//! A packet's shard follows from its addresses alone, every shard has its own tables and bounds, and ledgers merge
//! without regard to order: the result is the same with any number of threads.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use medward_capture::{Batch, Reader};
use medward_dissect::{Engine, Event, Limits};
use medward_identify::Ledger;
use medward_model::{Timestamp, Weirds};
use medward_wire::{RawFrame, decode, shard_of_frame};

use crate::trace::Trace;

/// Shards that share the traffic; fixed, so that bounds bite in the same place with any number of threads.
const SHARDS: usize = 16;

/// Batches (of half a MiB) that may wait for a worker: deep, as neighbouring packets often belong to one shard, and a
/// worker that has little to do in one batch must be able to go on with the next.
const QUEUE: usize = 64;

/// How a run is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub threads: usize,
    /// Flows that may be open at once, over all shards.
    pub max_flows: usize,
    /// Bytes that unfinished datagrams, streams and messages may take, over all shards.
    pub max_reassembly: usize,
    /// Distinct pieces of evidence that are kept, over all shards.
    pub max_evidence: usize,
}

/// What a run leaves.
pub struct Outcome {
    pub ledger: Ledger,
    pub weirds: Weirds,
    pub evictions: BTreeMap<&'static str, u64>,
}

/// One shard: an engine and what it found.
struct Shard {
    engine: Engine,
    ledger: Ledger,
}

impl Shard {
    fn new(settings: &Settings) -> Shard {
        Shard {
            engine: Engine::new(Limits::shared(settings.max_flows, settings.max_reassembly, SHARDS)),
            ledger: Ledger::new(&medward_identify::Limits {
                evidence: (settings.max_evidence / SHARDS).max(1024),
                ..medward_identify::Limits::default()
            }),
        }
    }

    /// Moves what the engine reported into the ledger.
    fn collect(&mut self, mut trace: Option<&mut Trace>) {
        for event in self.engine.events() {
            if let Some(trace) = trace.as_deref_mut() {
                trace.note(&event);
            }
            match event {
                Event::Evidence(evidence) => self.ledger.evidence(evidence),
                Event::Link(link) => self.ledger.link(link),
                Event::Activity(activity) => self.ledger.activity(&activity),
                Event::Asked(_) => {}
            }
        }
        for record in self.engine.records() {
            self.ledger.flow(record);
        }
    }
}

/// The shard of a packet.
fn shard(frame: &RawFrame<'_>) -> usize {
    shard_of_frame(frame, SHARDS as u32) as usize
}

/// Reads everything. `tick` is called after each batch, for progress.
pub fn run(
    reader: &mut Reader,
    settings: &Settings,
    trace: Option<&mut Trace>,
    tick: &mut dyn FnMut(),
) -> Outcome {
    let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::new(settings)).collect();
    if settings.threads <= 1 || trace.is_some() {
        alone(reader, &mut shards, trace, tick);
    } else {
        shared(reader, &mut shards, settings.threads.min(SHARDS), tick);
    }
    let mut weirds = Weirds::default();
    let mut evictions: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut merged: Option<Ledger> = None;
    for shard in shards {
        weirds.merge(shard.engine.weirds());
        for (table, count) in shard.engine.evictions() {
            *evictions.entry(table).or_default() += count;
        }
        match merged.as_mut() {
            Some(ledger) => ledger.merge(shard.ledger),
            None => merged = Some(shard.ledger),
        }
    }
    let ledger = merged.unwrap_or_else(|| Ledger::new(&medward_identify::Limits::default()));
    for (table, count) in ledger.evictions() {
        *evictions.entry(table).or_default() += count;
    }
    Outcome { ledger, weirds, evictions }
}

/// The number and time of the last packet.
#[derive(Clone, Copy)]
struct End {
    number: u64,
    time: Timestamp,
}

impl End {
    const NONE: End = End { number: 0, time: Timestamp::MIN };

    fn after(self, batch: &Batch) -> End {
        let mut end = self;
        for frame in batch.frames() {
            end = End { number: frame.number, time: end.time.max(frame.time) };
        }
        end
    }
}

fn alone(reader: &mut Reader, shards: &mut [Shard], mut trace: Option<&mut Trace>, tick: &mut dyn FnMut()) {
    let mut end = End::NONE;
    while let Some(batch) = reader.next_batch() {
        for frame in batch.frames() {
            if let Some(shard) = shards.get_mut(shard(&frame)) {
                shard.engine.packet(frame.number, frame.time, &decode(&frame));
            }
        }
        end = end.after(&batch);
        for shard in shards.iter_mut() {
            shard.collect(trace.as_deref_mut());
        }
        if let Some(trace) = trace.as_deref_mut() {
            trace.flush();
        }
        tick();
    }
    for shard in shards.iter_mut() {
        shard.engine.finish(end.time, end.number);
        shard.collect(trace.as_deref_mut());
    }
    if let Some(trace) = trace {
        trace.flush();
    }
}

/// A batch with the shard of each packet.
struct Work {
    batch: Batch,
    shards: Vec<u8>,
}

fn shared(reader: &mut Reader, shards: &mut Vec<Shard>, threads: usize, tick: &mut dyn FnMut()) {
    let mut own: Vec<Vec<(usize, Shard)>> = (0..threads).map(|_| Vec::new()).collect();
    for (index, shard) in shards.drain(..).enumerate() {
        if let Some(worker) = own.get_mut(index % threads) {
            worker.push((index, shard));
        }
    }
    let mut end = End::NONE;
    let mut returned: Vec<(usize, Shard)> = std::thread::scope(|scope| {
        let mut queues: Vec<SyncSender<Arc<Work>>> = Vec::new();
        let mut workers = Vec::new();
        for mine in own {
            let (sender, receiver) = sync_channel(QUEUE);
            queues.push(sender);
            workers.push(scope.spawn(move || work(mine, &receiver)));
        }
        while let Some(batch) = reader.next_batch() {
            end = end.after(&batch);
            let shards = batch.frames().map(|frame| shard(&frame) as u8).collect();
            let work = Arc::new(Work { batch, shards });
            for queue in &queues {
                // A worker ends only when its queue does.
                if queue.send(Arc::clone(&work)).is_err() {
                    break;
                }
            }
            tick();
        }
        drop(queues);
        workers
            .into_iter()
            .flat_map(|worker| match worker.join() {
                Ok(shards) => shards,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    returned.sort_by_key(|(index, _)| *index);
    for (_, mut shard) in returned {
        shard.engine.finish(end.time, end.number);
        shard.collect(None);
        shards.push(shard);
    }
}

fn work(mut mine: Vec<(usize, Shard)>, queue: &Receiver<Arc<Work>>) -> Vec<(usize, Shard)> {
    let mut place = [None; SHARDS];
    for (at, (index, _)) in mine.iter().enumerate() {
        if let Some(slot) = place.get_mut(*index) {
            *slot = Some(at);
        }
    }
    while let Ok(work) = queue.recv() {
        for (frame, shard) in work.batch.frames().zip(&work.shards) {
            let at = place.get(usize::from(*shard)).copied().flatten();
            if let Some((_, shard)) = at.and_then(|at| mine.get_mut(at)) {
                shard.engine.packet(frame.number, frame.time, &decode(&frame));
            }
        }
        for (_, shard) in &mut mine {
            shard.collect(None);
        }
    }
    mine
}
