//! The dissectors of this folder, one file each.

mod browser;
mod dhcpv4;
mod dhcpv6;
mod dns;
mod dns_message;
mod llmnr;
mod mdns;
mod nbns;
mod netbios;
mod said;
mod ssdp;
mod upnp;
mod value;
mod wsd;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &browser::BROWSER,
    &dhcpv4::DHCPV4,
    &dhcpv6::DHCPV6,
    &dns::DNS,
    &llmnr::LLMNR,
    &mdns::MDNS,
    &nbns::NBNS,
    &ssdp::SSDP,
    &upnp::UPNP,
    &wsd::WSD,
];
