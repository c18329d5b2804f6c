//! Packets from NFQUEUE to verdicts in line.
//!
//! The kernel hands each packet of a queue over and waits; `medward_shield::Line` judges it; the verdict goes back. A refused segment of TCP
//! goes on without its payload and as a reset, so that its receiver closes; what follows of it goes on without its payload, so
//! that the closed receiver tells the sender. Anything else that is refused is dropped. Where nobody listens to the queue, packets
//! pass or stop as the rule that queues them says (`--queue-bypass`).
#![forbid(unsafe_code)]

mod gate;
mod install;
mod report;

pub use gate::{Gate, GateError};
pub use install::install_rules;
pub use report::Summary;
