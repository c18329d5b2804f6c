//! What the gateway says: a line for each refusal, and sums at the end.

use std::time::Duration;

use medward_shield::{Counters, Refusal};
use serde::Serialize;
use serde_json::{Value, json};

/// How long verdicts took, in steps that double from a microsecond on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    steps: [u64; 24],
    total: Duration,
    count: u64,
}

impl Latency {
    pub fn add(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let step = usize::try_from(64 - micros.leading_zeros()).unwrap_or(0).min(self.steps.len() - 1);
        if let Some(count) = self.steps.get_mut(step) {
            *count += 1;
        }
        self.total += took;
        self.count += 1;
    }

    /// Microseconds within which so many of a thousand verdicts were given, rounded up to a power of two.
    pub fn within(&self, of_thousand: u64) -> u64 {
        let wanted = self.count.saturating_mul(of_thousand).div_ceil(1000);
        let mut seen = 0;
        for (step, count) in (0_u32..).zip(self.steps) {
            seen += count;
            if seen >= wanted {
                return 1 << step;
            }
        }
        0
    }

    /// Microseconds on average.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.total.as_secs_f64() * 1e6 / self.count as f64 }
    }
}

/// Sums of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    pub event: &'static str,
    pub packets: u64,
    pub beside: u64,
    pub judged: u64,
    pub refused: u64,
    pub again: u64,
    pub unread: u64,
    pub unsound: u64,
    pub remembered: usize,
    pub forgotten: u64,
    pub evicted: Value,
    /// Microseconds from hand-over to verdict: mean, and within which half and 99 of 100 were given.
    pub mean_us: f64,
    pub half_us: u64,
    pub p99_us: u64,
}

impl Summary {
    pub(crate) fn of(
        counters: &Counters,
        latency: &Latency,
        (remembered, forgotten): (usize, u64),
        evictions: [(&'static str, u64); 3],
    ) -> Summary {
        Summary {
            event: "summary",
            packets: counters.packets,
            beside: counters.beside,
            judged: counters.judged,
            refused: counters.refused,
            again: counters.again,
            unread: counters.unread,
            unsound: counters.unsound,
            remembered,
            forgotten,
            evicted: evictions.into_iter().map(|(name, count)| (name.to_owned(), json!(count))).collect(),
            mean_us: (latency.mean() * 10.0).round() / 10.0,
            half_us: latency.within(500),
            p99_us: latency.within(990),
        }
    }
}

/// A refusal as a line: who asked whom for what, and why it was refused. What was asked for holds no patient's data (the
/// dissectors drop it); values that were to be set are not told.
pub(crate) fn refusal_line(refusal: &Refusal) -> Value {
    let Refusal { judgement, asked } = refusal;
    json!({
        "event": "refused",
        "time": asked.time,
        "shield": judgement.shield,
        "scope": judgement.scope,
        "why": judgement.why,
        "protocol": asked.protocol,
        "actor": asked.actor,
        "target": asked.target,
        "operation": asked.operation,
        "object": asked.object,
    })
}
