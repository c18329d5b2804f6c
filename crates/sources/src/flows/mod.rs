//! Flow exports: who spoke with whom, as switches, routers and probes saw it.

mod element;
mod export;
mod netflow;
mod pairs;
mod sflow;

pub(crate) use netflow::NETFLOW;
pub(crate) use sflow::SFLOW;
