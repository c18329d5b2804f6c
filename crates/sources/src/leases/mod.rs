//! DHCP servers: who holds which address, from their lease files and logs.

mod dhcp_log;
mod dnsmasq;
mod isc;
mod kea;
mod lease;
mod windows;

pub(crate) use dhcp_log::DHCP_LOG;
pub(crate) use dnsmasq::DNSMASQ_LEASES;
pub(crate) use isc::ISC_LEASES;
pub(crate) use kea::KEA_LEASES;
pub(crate) use windows::WINDOWS_DHCP;
