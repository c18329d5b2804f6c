//! The dissectors of this folder, one file each.

mod astm;
mod carescape;
mod poct1a;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&astm::ASTM, &carescape::CARESCAPE, &poct1a::POCT1A];
