//! What one engine may hold.

/// Bounds of one engine (one of the shards that share the work). Every one has a counter among the evictions.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Flows in the table.
    pub flows: usize,
    /// Seconds of packet time after which an unused flow is taken out.
    pub flow_idle_seconds: i64,
    /// Unfinished fragmented datagrams, and bytes of them.
    pub fragmented: usize,
    pub fragment_bytes: usize,
    /// Bytes held behind a hole in one direction of a connection.
    pub stream_bytes: usize,
    /// Bytes held behind holes and in unfinished messages over all flows.
    pub reassembly_bytes: usize,
    /// Longest message that a session may wait for.
    pub message_bytes: usize,
    /// Bytes of each side that probes may look at before a flow counts as unknown.
    pub head_bytes: usize,
    /// Tell requests before their answers (`Event::Asked`), for verdicts in line. Off unless set.
    pub in_line: bool,
}

impl Limits {
    /// For one of `shards` engines that together hold `flows` flows and `memory` bytes of unfinished data.
    pub fn shared(flows: usize, memory: usize, shards: usize) -> Limits {
        let shards = shards.max(1);
        let memory = (memory / shards).max(1024 * 1024);
        Limits {
            flows: (flows / shards).max(1024),
            flow_idle_seconds: 900,
            fragmented: 1024,
            fragment_bytes: memory / 4,
            stream_bytes: 512 * 1024,
            reassembly_bytes: memory,
            message_bytes: 256 * 1024,
            head_bytes: 2048,
            in_line: false,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits::shared(1_000_000, 256 * 1024 * 1024, 1)
    }
}
