//! The dissectors of this folder, one file each.

mod dicom;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&dicom::DICOM];
