//! The dissectors of this folder, one file each.

mod astm;
mod carescape;
mod dicom;
mod intellivue;
mod poct1a;
mod sdc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] =
    &[&astm::ASTM, &carescape::CARESCAPE, &dicom::DICOM, &intellivue::INTELLIVUE, &poct1a::POCT1A, &sdc::SDC];
