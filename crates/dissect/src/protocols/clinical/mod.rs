//! The dissectors of this folder, one file each.

mod dicom;
mod hl7;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&dicom::DICOM, &hl7::HL7];
