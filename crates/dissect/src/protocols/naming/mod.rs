//! The dissectors of this folder, one file each.

mod dhcpv4;
mod dns_message;
mod said;
mod value;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &dhcpv4::DHCPV4,
];
