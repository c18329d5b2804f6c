//! The dissectors of this folder, one file each.

mod carescape;
mod dicom;
mod poct1a;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&carescape::CARESCAPE, &dicom::DICOM, &poct1a::POCT1A];
