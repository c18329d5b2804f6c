//! Counts what an interface brings and keeps nothing, as `tcpdump -w /dev/null` does; for measuring.
//!
//! `drain INTERFACE [THREADS [FILTER]]` ends after one second without frames once there were some, or when standard
//! input closes, and prints what was received and dropped.
#![forbid(unsafe_code)]

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use medward_capture::{Live, LiveOptions, Pull, Tap, TapCounters};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(interface) = arguments.next() else {
        eprintln!("usage: drain INTERFACE [THREADS [FILTER]]");
        return ExitCode::FAILURE;
    };
    let threads = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1);
    let options = LiveOptions { threads, filter: arguments.next(), ..LiveOptions::default() };
    let taps = match Live::open(&interface, &options) {
        Ok(taps) => taps,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(5);
        }
    };
    eprintln!("listening on {interface}");
    let closed = Arc::new(AtomicBool::new(false));
    // Not joined: standard input may never close.
    let watch = Arc::clone(&closed);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        watch.store(true, Ordering::Relaxed);
    });
    let work = |tap| {
        let closed = Arc::clone(&closed);
        std::thread::spawn(move || drain(tap, &closed))
    };
    let workers: Vec<_> = taps.into_iter().map(work).collect();
    let mut total = TapCounters::default();
    for worker in workers {
        total += worker.join().unwrap_or_default();
    }
    println!(
        "received {} dropped {} dropped_by_interface {} bytes {}",
        total.received, total.dropped, total.dropped_by_interface, total.bytes
    );
    ExitCode::SUCCESS
}

fn drain(mut tap: Live, closed: &AtomicBool) -> TapCounters {
    let mut first_bytes = 0_u64;
    loop {
        match tap.pull(Duration::from_secs(1)) {
            Ok(Pull::Batch(batch)) => {
                for frame in batch.frames() {
                    first_bytes =
                        first_bytes.wrapping_add(u64::from(frame.bytes.first().copied().unwrap_or(0)));
                }
            }
            Ok(Pull::End) => break,
            Ok(Pull::Idle) if tap.counters().received > 0 || closed.load(Ordering::Relaxed) => break,
            Ok(Pull::Idle) => {}
            Err(error) => eprintln!("{error}"),
        }
    }
    std::hint::black_box(first_bytes);
    tap.counters()
}
