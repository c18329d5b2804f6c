//! Reports handed to the core of the same program.

use medward_monitor::{Receipt, Report};
use tokio::runtime::Handle;

use super::core::Core;
use super::observe::clock;
use super::reporter::Sink;

/// Hands reports to a core in this program.
pub struct CoreSink {
    core: Core,
    runtime: Handle,
    site: String,
    sensor: String,
    epoch: u64,
    sequence: u64,
}

impl CoreSink {
    /// Each start is an epoch of its own: what was not stored before is not sent again.
    pub fn new(core: Core, runtime: Handle, site: &str, sensor: &str) -> CoreSink {
        let epoch = clock().as_nanos().unsigned_abs();
        CoreSink { core, runtime, site: site.to_owned(), sensor: sensor.to_owned(), epoch, sequence: 0 }
    }
}

impl Sink for CoreSink {
    fn take(&mut self, report: Report) -> bool {
        self.sequence += 1;
        let receipt = Receipt { sensor: self.sensor.clone(), epoch: self.epoch, sequence: self.sequence };
        self.runtime.block_on(self.core.hand_over(&self.site, receipt, report)).is_ok()
    }
}
