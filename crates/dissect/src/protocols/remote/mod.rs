//! The dissectors of this folder, one file each.

mod nearby;
mod reader;
mod tls;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&tls::TLS];
