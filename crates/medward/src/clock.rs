//! The one place that asks the machine for the time and its cores.

use std::time::{SystemTime, UNIX_EPOCH};

use medward_model::Timestamp;

/// Now; the epoch where the clock stands before it.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_parts(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
}

/// Threads that were asked for, or the machine's.
pub fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from)
}
