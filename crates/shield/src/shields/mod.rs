//! The shields, one file each.

mod bacnet_write;
mod dicom_store_elsewhere;
mod dicom_unknown_ae;
mod firmware_upload;
mod ftp;
mod hl7_strange_order;
mod modbus_write;
mod monitor_settings;
mod pump_settings;
mod remote_control;
mod sdc_settings;
mod smb1;
mod snmp_set;
mod telnet;

use crate::judgement::Shield;

/// All shields, in alphabetical order.
pub const SHIELDS: &[&Shield] = &[
    &bacnet_write::BACNET_WRITE,
    &dicom_store_elsewhere::DICOM_STORE_ELSEWHERE,
    &dicom_unknown_ae::DICOM_UNKNOWN_AE,
    &firmware_upload::FIRMWARE_UPLOAD,
    &ftp::FTP,
    &hl7_strange_order::HL7_STRANGE_ORDER,
    &modbus_write::MODBUS_WRITE,
    &monitor_settings::MONITOR_SETTINGS,
    &pump_settings::PUMP_SETTINGS,
    &remote_control::REMOTE_CONTROL,
    &sdc_settings::SDC_SETTINGS,
    &smb1::SMB1,
    &snmp_set::SNMP_SET,
    &telnet::TELNET,
];

/// The shield of that name.
pub fn shield(name: &str) -> Option<&'static Shield> {
    SHIELDS.iter().copied().find(|shield| shield.name == name)
}
