"""Write small synthetic DICOM images of invented, marked patients: argv[1] is the folder."""

import sys
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

ROOT = "1.2.826.0.1.3680043.10.99001"  # an arbitrary number below a public root, for these invented objects

DEVICES = {
    "ct": dict(
        sop="1.2.840.10008.5.1.4.1.1.2", modality="CT", Manufacturer="SIEMENS", ManufacturerModelName="SOMATOM go.Top",
        DeviceSerialNumber="119482", SoftwareVersions=["syngo CT VA40A", "SP4"], StationName="CT119482", patient=("ZZTEST^ANNA", "ZZPAT0001"),
    ),
    "mr": dict(
        sop="1.2.840.10008.5.1.4.1.1.4", modality="MR", Manufacturer="GE MEDICAL SYSTEMS", ManufacturerModelName="SIGNA Artist",
        DeviceSerialNumber="00000440719MR15", SoftwareVersions=["29", "LX", "MR29.1_EA_2128.b"], StationName="MR15OW0", patient=("ZZTEST^BERND", "ZZPAT0002"),
    ),
    "us": dict(
        sop="1.2.840.10008.5.1.4.1.1.6.1", modality="US", Manufacturer="Philips Medical Systems", ManufacturerModelName="EPIQ 7C",
        DeviceSerialNumber="US719C0243", SoftwareVersions=["EPIQ 7C_1.8.2", "PMS5.1 Ultrasound iMV7"], StationName="EPIQ-ICU-3", patient=("ZZTEST^CLARA", "ZZPAT0003"),
    ),
}


def image(kind: str, number: int, syntax=ExplicitVRLittleEndian) -> Dataset:
    device = DEVICES[kind]
    at = Dataset()
    at.SpecificCharacterSet = "ISO_IR 100"
    at.SOPClassUID = device["sop"]
    serial = "".join(c for c in device["DeviceSerialNumber"] if c.isdigit()).lstrip("0")
    at.StudyInstanceUID = f"{ROOT}.{serial}.1"
    at.SeriesInstanceUID = f"{ROOT}.{serial}.1.1"
    at.SOPInstanceUID = f"{ROOT}.{serial}.1.1.{number}"
    at.StudyDate, at.StudyTime, at.ContentDate, at.ContentTime = "20261122", "081500", "20261122", "081530"
    at.AccessionNumber = f"ZZACC{number:04}"
    at.Modality = device["modality"]
    for name in ("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "StationName"):
        setattr(at, name, device[name])
    at.InstitutionName = "Northhill General Hospital"
    at.InstitutionalDepartmentName = "Radiology"
    at.ReferringPhysicianName = "ZZTESTREF^DORA"
    at.PatientName, at.PatientID = device["patient"]
    at.PatientBirthDate, at.PatientSex = "19010203", "O"
    at.StudyID, at.SeriesNumber, at.InstanceNumber = "1", "1", str(number)
    at.Rows, at.Columns, at.SamplesPerPixel, at.PhotometricInterpretation = 32, 32, 1, "MONOCHROME2"
    at.BitsAllocated, at.BitsStored, at.HighBit, at.PixelRepresentation = 16, 12, 11, 0
    at.PixelData = b"".join((((x * y) % 4096)).to_bytes(2, "little") for y in range(32) for x in range(32))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = at.SOPClassUID, at.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    at.file_meta = meta
    return at


def worklist() -> Dataset:
    entry = Dataset()
    entry.SpecificCharacterSet = "ISO_IR 100"
    entry.AccessionNumber = "ZZACC0099"
    entry.PatientName, entry.PatientID, entry.PatientBirthDate, entry.PatientSex = "ZZTEST^EMIL", "ZZPAT0099", "19010203", "M"
    entry.StudyInstanceUID = f"{ROOT}.99"
    entry.RequestedProcedureDescription, entry.RequestedProcedureID = "CT head", "RP99"
    step = Dataset()
    step.Modality, step.ScheduledStationAETitle = "CT", "CT1"
    step.ScheduledProcedureStepStartDate, step.ScheduledProcedureStepStartTime = "20261122", "100000"
    step.ScheduledPerformingPhysicianName = "ZZTESTREF^DORA"
    step.ScheduledProcedureStepDescription, step.ScheduledProcedureStepID = "CT head", "SPS99"
    step.ScheduledStationName = "CT119482"
    entry.ScheduledProcedureStepSequence = [step]
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.276.0.7230010.3.1.0.1", f"{ROOT}.99.1"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    entry.file_meta = meta
    return entry


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind, count in (("ct", 2), ("mr", 1), ("us", 1)):
        for number in range(1, count + 1):
            pydicom.dcmwrite(folder / f"{kind}{number}.dcm", image(kind, number), enforce_file_format=True)
    pydicom.dcmwrite(folder / "mr2.dcm", image("mr", 2, ImplicitVRLittleEndian), enforce_file_format=True)
    pydicom.dcmwrite(folder / "worklist.wl", worklist(), enforce_file_format=True)
