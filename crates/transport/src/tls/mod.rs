//! Over the network: TLS 1.3 with certificates on both sides.

mod config;
mod enrol;
pub(crate) mod frame;
mod gate;
mod inlet;
mod link;
mod listener;
mod outlet;
pub(crate) mod protocol;
mod session;
mod statistics;

pub use enrol::{EnrolError, enrol};
pub use inlet::TlsInlet;
pub use listener::{Listener, ListenerError, ListenerSettings, Reception};
pub use outlet::{TlsOutlet, TlsOutletSettings};
pub use statistics::{ListenerStatistics, Refusal};
