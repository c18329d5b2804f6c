//! The dissectors of this folder, one file each.

mod astm;
mod carescape;
mod dicom;
mod dicomweb;
mod fhir;
mod hl7;
mod intellivue;
mod poct1a;
mod sdc;

use crate::Dissector;

/// In alphabetical order.
pub(super) static DISSECTORS: &[&Dissector] = &[
    &astm::ASTM,
    &carescape::CARESCAPE,
    &dicom::DICOM,
    &dicomweb::DICOMWEB,
    &fhir::FHIR,
    &hl7::HL7,
    &intellivue::INTELLIVUE,
    &poct1a::POCT1A,
    &sdc::SDC,
];
