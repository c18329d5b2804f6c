//! The dissectors of this folder, one file each.

mod carescape;
mod dicom;
mod dicomweb;
mod fhir;
mod hl7;
mod poct1a;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] =
    &[&carescape::CARESCAPE, &dicom::DICOM, &dicomweb::DICOMWEB, &fhir::FHIR, &hl7::HL7, &poct1a::POCT1A];
