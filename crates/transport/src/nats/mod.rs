//! Over NATS JetStream: for many sensors and several cores.

mod claim;
mod connect;
mod inlet;
mod outlet;
mod site;

pub use connect::{NatsError, NatsLogin, NatsServer};
pub use inlet::{NatsInlet, NatsInletSettings, NatsInletStatistics, Receipts, Sites};
pub use outlet::NatsOutlet;
