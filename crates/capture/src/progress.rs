//! How far reading has come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How far reading has come, in bytes as they lie on disk (compressed ones where files are compressed).
///
/// A handle: clones of it may be looked at from another thread while reading goes on.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    read: Arc<AtomicU64>,
    total: Option<u64>,
}

impl Progress {
    /// Bytes read up to now.
    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Bytes of all files; none where standard input or a pipe is among them.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    pub(crate) fn with_total(total: Option<u64>) -> Progress {
        Progress { read: Arc::default(), total }
    }

    pub(crate) fn forward(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A file was looked at and will be read again from its start.
    pub(crate) fn back(&self, bytes: u64) {
        self.read.fetch_sub(bytes, Ordering::Relaxed);
    }
}
