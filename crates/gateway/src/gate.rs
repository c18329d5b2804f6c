//! The loop between the kernel's queue and the verdicts.

use std::io::{ErrorKind, Write};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use medward_model::Timestamp;
use medward_shield::{Config, Line, Verdict, emptied};
use nfq::{Message, Queue, Verdict as Fate};
use serde_json::json;

use crate::report::{Latency, Summary, refusal_line};

/// Packets that may wait in the kernel.
const WAITING: u32 = 4096;
/// `ENOBUFS` of Linux.
const ENOBUFS: i32 = 105;

/// Why the gateway cannot run.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    #[error("this kernel has no NFQUEUE (module nfnetlink_queue): {0}")]
    NoQueue(std::io::Error),
    #[error(
        "queue {queue} cannot be taken: {error}; run it as root or with CAP_NET_ADMIN, and see that nobody else listens to it"
    )]
    Refused { queue: u16, error: std::io::Error },
    #[error("no thread for the queue: {0}")]
    Thread(std::io::Error),
    #[error("the queue failed: {0}")]
    Lost(std::io::Error),
    #[error("cannot write the log: {0}")]
    Log(std::io::Error),
}

/// A queue whose packets get their verdicts, on a thread of its own.
pub struct Gate {
    desk: Arc<Mutex<Desk>>,
    /// Says why the thread ended, where it did by itself.
    ended: Receiver<GateError>,
}

/// Where verdicts are made, one packet at a time.
struct Desk {
    line: Line,
    latency: Latency,
    log: Box<dyn Write + Send>,
    closed: bool,
}

impl Gate {
    /// Takes a queue and begins. Refusals go to `log`, a JSON line each.
    pub fn open(number: u16, config: Config, log: Box<dyn Write + Send>) -> Result<Gate, GateError> {
        let refused = |error| GateError::Refused { queue: number, error };
        let mut queue = Queue::open().map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied => refused(error),
            _ => GateError::NoQueue(error),
        })?;
        queue.bind(number).map_err(|error| match error.kind() {
            ErrorKind::InvalidInput => GateError::NoQueue(error),
            _ => refused(error),
        })?;
        // A kernel that knows no fail-open drops what finds the queue full.
        let _ = queue.set_fail_open(number, !config.fails_closed());
        queue.set_queue_max_len(number, WAITING).map_err(refused)?;
        let desk = Desk { line: Line::new(config), latency: Latency::default(), log, closed: false };
        let desk = Arc::new(Mutex::new(desk));
        let (tell, ended) = channel();
        let own = Arc::clone(&desk);
        std::thread::Builder::new()
            .name("gateway".to_owned())
            .spawn(move || {
                if let Err(error) = serve(&mut queue, &own) {
                    // Nobody may be left to hear it.
                    let _ = tell.send(error);
                }
            })
            .map_err(GateError::Thread)?;
        Ok(Gate { desk, ended })
    }

    /// Whether it ended by itself, and why.
    pub fn failure(&self) -> Option<GateError> {
        self.ended.try_recv().ok()
    }

    /// Ends it after the packet at hand, and sums up; the sums are also the log's last line. The kernel takes the queue back with
    /// the next packet, or when the program ends.
    pub fn close(self) -> Result<Summary, GateError> {
        let mut desk = hold(&self.desk);
        desk.closed = true;
        let summary =
            Summary::of(desk.line.counters(), &desk.latency, desk.line.remembered(), desk.line.evictions());
        tell(&mut *desk.log, &summary)?;
        Ok(summary)
    }
}

fn hold(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(queue: &mut Queue, desk: &Mutex<Desk>) -> Result<(), GateError> {
    loop {
        let message = match queue.recv() {
            Ok(message) => message,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            // More came than the socket holds: what was lost had the verdict that the kernel gives by itself.
            Err(error) if error.raw_os_error() == Some(ENOBUFS) => continue,
            Err(error) => return Err(GateError::Lost(error)),
        };
        let mut desk = hold(desk);
        if desk.closed {
            return Ok(());
        }
        desk.decide(queue, message)?;
    }
}

impl Desk {
    fn decide(&mut self, queue: &mut Queue, mut message: Message) -> Result<(), GateError> {
        let begun = Instant::now();
        let time = now();
        let verdict = self.line.packet(time, message.get_payload());
        match &verdict {
            Verdict::Accept => message.set_verdict(Fate::Accept),
            Verdict::Refuse(_) => refuse(&mut message, true),
            Verdict::Again => refuse(&mut message, false),
            Verdict::Unread(_) => message.set_verdict(Fate::Drop),
        }
        queue.verdict(message).map_err(GateError::Lost)?;
        self.latency.add(begun.elapsed());
        match &verdict {
            Verdict::Refuse(refusal) => tell(&mut *self.log, &refusal_line(refusal)),
            Verdict::Unread(why) => {
                tell(&mut *self.log, &json!({"event": "unread", "time": time, "why": why}))
            }
            Verdict::Accept | Verdict::Again => Ok(()),
        }
    }
}

/// A segment of TCP goes on without its payload; anything else is dropped.
fn refuse(message: &mut Message, reset: bool) {
    match emptied(message.get_payload(), reset) {
        Some(packet) => {
            message.set_payload(packet);
            message.set_verdict(Fate::Accept);
        }
        None => message.set_verdict(Fate::Drop),
    }
}

fn tell(log: &mut dyn Write, value: &impl serde::Serialize) -> Result<(), GateError> {
    let mut text = serde_json::to_string(value).map_err(|error| GateError::Log(error.into()))?;
    text.push('\n');
    log.write_all(text.as_bytes()).and_then(|()| log.flush()).map_err(GateError::Log)
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
