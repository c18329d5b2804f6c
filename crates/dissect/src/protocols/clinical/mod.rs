//! The dissectors of this folder, one file each.

mod dicom;
mod dicomweb;
mod fhir;
mod hl7;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[&dicom::DICOM, &dicomweb::DICOMWEB, &fhir::FHIR, &hl7::HL7];
