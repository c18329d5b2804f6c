//! Reports into the spool, and from there to a core.

use medward_monitor::Report;
use medward_transport::{Courier, MAX_BODY, Spool};

use super::reporter::Sink;

/// Appends reports to a spool.
pub struct SpoolSink {
    spool: Spool,
    courier: Courier,
}

impl SpoolSink {
    pub fn new(spool: Spool, courier: Courier) -> SpoolSink {
        SpoolSink { spool, courier }
    }

    pub fn into_courier(self) -> Courier {
        self.courier
    }

    fn append(&self, report: Report, depth: u8) {
        let body = report.encode();
        if body.len() > MAX_BODY && depth < 16 {
            let Report { state, positions, ledger } = report;
            let (left, right) = ledger.halve();
            self.append(Report { state: state.clone(), positions, ledger: left }, depth + 1);
            self.append(Report { state, positions: Vec::new(), ledger: right }, depth + 1);
            return;
        }
        // What cannot be spooled is lost; the spool counts what it gives up, this is for the disk's own troubles.
        if let Err(error) = self.spool.append(&body) {
            tracing::error!("a report was lost: {error}");
        }
    }
}

impl Sink for SpoolSink {
    fn take(&mut self, report: Report) -> bool {
        self.append(report, 0);
        true
    }

    fn backlog(&self) -> (u64, u64, u64) {
        let told = self.courier.statistics();
        if !told.last_error.is_empty() {
            tracing::warn!("reports wait ({}): {}", told.spooled, told.last_error);
        }
        (told.spooled, told.spooled_bytes, told.lost_reports)
    }
}
