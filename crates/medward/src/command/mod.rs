//! One file a subcommand.

pub mod advisory;
pub mod assess;
pub mod checks;
pub mod feeds;
pub mod gateway;
pub mod inventory;
pub mod invite;
pub mod knowledge;
pub mod lab;
pub mod policy;
pub mod protocols;
pub mod sensor;
pub mod serve;
pub mod shields;
pub mod sources;
pub mod stored;
pub mod targets;
pub mod what_if;
pub mod why;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::{Common, LogLevel};

/// Somebody asked this program to end.
pub static ASKED_TO_STOP: AtomicBool = AtomicBool::new(false);

/// Logs of programs that run for long go to standard error, one line each.
pub fn logging(common: &Common) {
    let level = match (common.quiet, common.log_level) {
        (true, _) | (_, LogLevel::Error) => tracing::Level::ERROR,
        (_, LogLevel::Warn) => tracing::Level::WARN,
        (_, LogLevel::Info) => tracing::Level::INFO,
    };
    // A second call changes nothing.
    let _ = tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).try_init();
}

/// Sets `stop` when the program is asked to end (SIGINT, SIGTERM).
pub async fn until_asked(stop: Arc<AtomicBool>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    ASKED_TO_STOP.store(true, Ordering::Relaxed);
    stop.store(true, Ordering::Relaxed);
}
