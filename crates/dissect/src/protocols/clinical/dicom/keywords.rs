//! Keywords of the elements that queries commonly use as keys (PS3.6 chapter 6). Names only: values never pass here.

/// The keyword of an element, where it is one that queries commonly use.
pub(in crate::protocols::clinical) fn keyword(tag: u32) -> Option<&'static str> {
    let at = KEYWORDS.binary_search_by_key(&tag, |(tag, _)| *tag).ok()?;
    KEYWORDS.get(at).map(|(_, keyword)| *keyword)
}

/// The tag of a keyword, or of a tag written as eight hexadecimal digits: how DICOMweb names a key (PS3.18 8.3.4).
pub(in crate::protocols::clinical) fn tag_of(name: &str) -> Option<u32> {
    if name.len() == 8 && name.bytes().all(|b| b.is_ascii_hexdigit()) {
        return u32::from_str_radix(name, 16).ok();
    }
    KEYWORDS.iter().find(|(_, keyword)| *keyword == name).map(|(tag, _)| *tag)
}

/// Sorted by tag.
static KEYWORDS: &[(u32, &str)] = &[
    (0x0008_0005, "SpecificCharacterSet"),
    (0x0008_0008, "ImageType"),
    (0x0008_0016, "SOPClassUID"),
    (0x0008_0018, "SOPInstanceUID"),
    (0x0008_0020, "StudyDate"),
    (0x0008_0021, "SeriesDate"),
    (0x0008_0022, "AcquisitionDate"),
    (0x0008_0023, "ContentDate"),
    (0x0008_0030, "StudyTime"),
    (0x0008_0031, "SeriesTime"),
    (0x0008_0050, "AccessionNumber"),
    (0x0008_0052, "QueryRetrieveLevel"),
    (0x0008_0054, "RetrieveAETitle"),
    (0x0008_0056, "InstanceAvailability"),
    (0x0008_0060, "Modality"),
    (0x0008_0061, "ModalitiesInStudy"),
    (0x0008_0062, "SOPClassesInStudy"),
    (0x0008_0070, "Manufacturer"),
    (0x0008_0080, "InstitutionName"),
    (0x0008_0090, "ReferringPhysicianName"),
    (0x0008_0201, "TimezoneOffsetFromUTC"),
    (0x0008_1010, "StationName"),
    (0x0008_1030, "StudyDescription"),
    (0x0008_1032, "ProcedureCodeSequence"),
    (0x0008_103E, "SeriesDescription"),
    (0x0008_1040, "InstitutionalDepartmentName"),
    (0x0008_1048, "PhysiciansOfRecord"),
    (0x0008_1050, "PerformingPhysicianName"),
    (0x0008_1060, "NameOfPhysiciansReadingStudy"),
    (0x0008_1070, "OperatorsName"),
    (0x0008_1080, "AdmittingDiagnosesDescription"),
    (0x0008_1090, "ManufacturerModelName"),
    (0x0008_1110, "ReferencedStudySequence"),
    (0x0008_1111, "ReferencedPerformedProcedureStepSequence"),
    (0x0008_1120, "ReferencedPatientSequence"),
    (0x0010_0010, "PatientName"),
    (0x0010_0020, "PatientID"),
    (0x0010_0021, "IssuerOfPatientID"),
    (0x0010_0024, "IssuerOfPatientIDQualifiersSequence"),
    (0x0010_0030, "PatientBirthDate"),
    (0x0010_0032, "PatientBirthTime"),
    (0x0010_0040, "PatientSex"),
    (0x0010_1000, "OtherPatientIDs"),
    (0x0010_1001, "OtherPatientNames"),
    (0x0010_1002, "OtherPatientIDsSequence"),
    (0x0010_1010, "PatientAge"),
    (0x0010_1020, "PatientSize"),
    (0x0010_1030, "PatientWeight"),
    (0x0010_2000, "MedicalAlerts"),
    (0x0010_2110, "Allergies"),
    (0x0010_2160, "EthnicGroup"),
    (0x0010_2180, "Occupation"),
    (0x0010_21A0, "SmokingStatus"),
    (0x0010_21B0, "AdditionalPatientHistory"),
    (0x0010_21C0, "PregnancyStatus"),
    (0x0010_21D0, "LastMenstrualDate"),
    (0x0010_2201, "PatientSpeciesDescription"),
    (0x0010_2297, "ResponsiblePerson"),
    (0x0010_4000, "PatientComments"),
    (0x0018_0015, "BodyPartExamined"),
    (0x0018_1000, "DeviceSerialNumber"),
    (0x0018_1020, "SoftwareVersions"),
    (0x0018_1030, "ProtocolName"),
    (0x0020_000D, "StudyInstanceUID"),
    (0x0020_000E, "SeriesInstanceUID"),
    (0x0020_0010, "StudyID"),
    (0x0020_0011, "SeriesNumber"),
    (0x0020_0012, "AcquisitionNumber"),
    (0x0020_0013, "InstanceNumber"),
    (0x0020_1200, "NumberOfPatientRelatedStudies"),
    (0x0020_1202, "NumberOfPatientRelatedSeries"),
    (0x0020_1204, "NumberOfPatientRelatedInstances"),
    (0x0020_1206, "NumberOfStudyRelatedSeries"),
    (0x0020_1208, "NumberOfStudyRelatedInstances"),
    (0x0020_1209, "NumberOfSeriesRelatedInstances"),
    (0x0028_0008, "NumberOfFrames"),
    (0x0028_0010, "Rows"),
    (0x0028_0011, "Columns"),
    (0x0032_000A, "StudyStatusID"),
    (0x0032_1032, "RequestingPhysician"),
    (0x0032_1033, "RequestingService"),
    (0x0032_1060, "RequestedProcedureDescription"),
    (0x0032_1064, "RequestedProcedureCodeSequence"),
    (0x0038_0010, "AdmissionID"),
    (0x0038_0050, "SpecialNeeds"),
    (0x0038_0300, "CurrentPatientLocation"),
    (0x0038_0500, "PatientState"),
    (0x0040_0001, "ScheduledStationAETitle"),
    (0x0040_0002, "ScheduledProcedureStepStartDate"),
    (0x0040_0003, "ScheduledProcedureStepStartTime"),
    (0x0040_0006, "ScheduledPerformingPhysicianName"),
    (0x0040_0007, "ScheduledProcedureStepDescription"),
    (0x0040_0008, "ScheduledProtocolCodeSequence"),
    (0x0040_0009, "ScheduledProcedureStepID"),
    (0x0040_0010, "ScheduledStationName"),
    (0x0040_0011, "ScheduledProcedureStepLocation"),
    (0x0040_0012, "PreMedication"),
    (0x0040_0020, "ScheduledProcedureStepStatus"),
    (0x0040_0100, "ScheduledProcedureStepSequence"),
    (0x0040_0241, "PerformedStationAETitle"),
    (0x0040_0244, "PerformedProcedureStepStartDate"),
    (0x0040_0245, "PerformedProcedureStepStartTime"),
    (0x0040_0252, "PerformedProcedureStepStatus"),
    (0x0040_0253, "PerformedProcedureStepID"),
    (0x0040_0275, "RequestAttributesSequence"),
    (0x0040_1001, "RequestedProcedureID"),
    (0x0040_1002, "ReasonForTheRequestedProcedure"),
    (0x0040_1003, "RequestedProcedurePriority"),
    (0x0040_1004, "PatientTransportArrangements"),
    (0x0040_2016, "PlacerOrderNumberImagingServiceRequest"),
    (0x0040_2017, "FillerOrderNumberImagingServiceRequest"),
    (0x0040_3001, "ConfidentialityConstraintOnPatientDataDescription"),
    (0x0040_4025, "ScheduledStationNameCodeSequence"),
    (0x0040_A491, "CompletionFlag"),
    (0x0040_A493, "VerificationFlag"),
];

#[cfg(test)]
mod tests {
    use super::{KEYWORDS, keyword, tag_of};

    #[test]
    fn table_is_sorted_and_found() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(keyword(0x0010_0020), Some("PatientID"));
        assert_eq!(tag_of("00100020"), Some(0x0010_0020));
        assert_eq!(tag_of("PatientID"), Some(0x0010_0020));
    }
}
