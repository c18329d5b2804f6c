//! What can be known of a device, and how it is known.

use serde::Serialize;

use crate::Timestamp;

/// A property of a device that evidence can speak for. The names are those of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// Who makes the device, by its common name ("Philips", "GE HealthCare").
    Vendor,
    /// The product line ("IntelliVue", "CARESCAPE").
    Family,
    /// The model as its maker writes it ("MX750", "B650").
    Model,
    /// The maker's serial number.
    Serial,
    /// Unique Device Identifier, as carried (21 CFR 801.40).
    Udi,
    /// Operating system family ("Windows", "Linux", "VxWorks").
    Os,
    /// Its version ("10.0.17763", "Embedded Standard 7").
    OsVersion,
    /// Version of the device's own firmware or application software.
    Firmware,
    /// What kind of device it is: a slug from `catalog/categories.toml`.
    Category,
    /// What it does in care ("image acquisition", "image archive").
    Role,
    /// FDA device class: "1", "2", "3".
    FdaClass,
    /// "yes", "no" or "unknown".
    LifeSupporting,
    /// Where it says it is (bed label, sysLocation, LLDP civic address).
    Location,
    /// A host name; a device may have several.
    Hostname,
    /// A name in an application protocol (DICOM AE title, HL7 application); a device may have several.
    Alias,
    /// A software component with an optional version; a device may have several.
    Software,
    /// An identifier that two physical devices never share (UPnP UDN, SNMP engine id, EUI-64).
    UniqueId,
}

impl Attribute {
    /// All of them, in output order.
    pub const ALL: [Attribute; 17] = [
        Attribute::Vendor,
        Attribute::Family,
        Attribute::Model,
        Attribute::Serial,
        Attribute::Udi,
        Attribute::Os,
        Attribute::OsVersion,
        Attribute::Firmware,
        Attribute::Category,
        Attribute::Role,
        Attribute::FdaClass,
        Attribute::LifeSupporting,
        Attribute::Location,
        Attribute::Hostname,
        Attribute::Alias,
        Attribute::Software,
        Attribute::UniqueId,
    ];

    /// The name used in output and in the catalogue.
    pub const fn name(self) -> &'static str {
        match self {
            Attribute::Vendor => "vendor",
            Attribute::Family => "family",
            Attribute::Model => "model",
            Attribute::Serial => "serial",
            Attribute::Udi => "udi",
            Attribute::Os => "os",
            Attribute::OsVersion => "os_version",
            Attribute::Firmware => "firmware",
            Attribute::Category => "category",
            Attribute::Role => "role",
            Attribute::FdaClass => "fda_class",
            Attribute::LifeSupporting => "life_supporting",
            Attribute::Location => "location",
            Attribute::Hostname => "hostname",
            Attribute::Alias => "alias",
            Attribute::Software => "software",
            Attribute::UniqueId => "unique_id",
        }
    }

    /// The attribute of that name.
    pub fn by_name(name: &str) -> Option<Attribute> {
        Attribute::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// One piece of evidence as it supports a value.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Support {
    /// The dissector or catalogue entry that says it.
    pub source: String,
    /// The field it was read from.
    pub field: String,
    /// What the field held, as read.
    pub value: String,
    /// Number of the first packet that carried it, counted from 1 over the whole input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet: Option<u64>,
    /// Time of that packet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// How much it weighs: the share of such statements that are right, 0 to 1.
    pub weight: f64,
}

/// A value that lost, with what spoke for it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    pub value: String,
    pub confidence: f64,
    pub evidence: Vec<Support>,
}

/// A fused attribute: the belief, how sure, why, and what was rejected.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fused {
    pub value: String,
    /// The share of claims with this confidence that are right, 0 to 1; never exactly 1.
    pub confidence: f64,
    pub evidence: Vec<Support>,
    pub rejected: Vec<Candidate>,
}
