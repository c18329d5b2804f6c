//! What other machines already know of the network: flow exports, DHCP leases and logs, RADIUS accounting, syslog.
//!
//! A [`Source`] is one file, pure, registered in [`SOURCES`]. Its session is given datagrams or lines as they come and
//! reports the same events as dissectors do: evidence, links, flows. Nothing here opens a socket or a file.
//!
//! Nothing that is read is trusted: every table is bounded, what cannot be read is counted as a weird, and names of
//! persons and texts of messages are dropped where they are read.
#![forbid(unsafe_code)]

mod flows;
mod leases;
mod radius_accounting;
mod report;
mod source;
mod syslog;
mod told;

pub use radius_accounting::{AccountingError, accounting_response};
pub use report::{Event, Report, Sink};
pub use source::{Carrier, Source, SourceSession};

/// Every source, by name.
pub static SOURCES: &[&Source] = &[
    &leases::DHCP_LOG,
    &leases::DNSMASQ_LEASES,
    &leases::ISC_LEASES,
    &leases::KEA_LEASES,
    &flows::NETFLOW,
    &radius_accounting::RADIUS_ACCOUNTING,
    &flows::SFLOW,
    &syslog::SYSLOG_LOG,
    &leases::WINDOWS_DHCP,
];
