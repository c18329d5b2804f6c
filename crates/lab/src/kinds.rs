//! Kinds of devices, with what they say of themselves and whom they talk to.

/// How a device tells what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// In DICOM objects that it stores.
    Dicom,
    /// In Philips IntelliVue's data export.
    Intellivue,
    /// In LLDP-MED's inventory.
    Lldp,
    /// When it is asked by SNMP.
    Snmp,
    /// By its host name only.
    Name,
}

/// A kind of device.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Host names begin with this.
    pub prefix: &'static str,
    pub vendor: &'static str,
    pub model: &'static str,
    /// First three bytes of its MAC address.
    pub oui: [u8; 3],
    pub firmware: [&'static str; 3],
    pub speech: Speech,
    /// Protocol and port of what it mostly does, at a server.
    pub work: (&'static str, u16),
    /// How many of a thousand devices are of this kind.
    pub share: u64,
    pub vlan: u16,
}

const fn kind(
    (prefix, vendor, model): (&'static str, &'static str, &'static str),
    oui: [u8; 3],
    firmware: [&'static str; 3],
    speech: Speech,
    work: (&'static str, u16),
    share: u64,
    vlan: u16,
) -> Kind {
    Kind { prefix, vendor, model, oui, firmware, speech, work, share, vlan }
}

/// All kinds; shares add up to a thousand. Prefixes of MAC addresses are those registered to the makers (IEEE), except for
/// computers inside.
pub const KINDS: &[Kind] = &[
    kind(
        ("ALARIS", "BD", "Alaris 8015"),
        [0x00, 0x03, 0xb1],
        ["9.19", "9.33", "12.1.0"],
        Speech::Name,
        ("tls", 443),
        240,
        20,
    ),
    kind(
        ("BBSPACE", "B. Braun", "Space"),
        [0x00, 0x1d, 0xc6],
        ["688L", "688N", "688U"],
        Speech::Snmp,
        ("http", 8080),
        60,
        20,
    ),
    kind(
        ("MX", "Philips", "MX750"),
        [0x00, 0x09, 0xfb],
        ["M.00.03", "N.01.01", "P.00.02"],
        Speech::Intellivue,
        ("intellivue", 24105),
        90,
        30,
    ),
    kind(
        ("B650", "GE HealthCare", "B650"),
        [0x00, 0x08, 0x8b],
        ["2.0.5", "3.1", "3.3"],
        Speech::Snmp,
        ("hl7", 2575),
        50,
        30,
    ),
    kind(
        ("EVITA", "Draeger", "Evita V500"),
        [0x00, 0x30, 0xe6],
        ["2.51", "2.60", "3.00"],
        Speech::Snmp,
        ("hl7", 2575),
        20,
        30,
    ),
    kind(
        ("CT", "SIEMENS", "SOMATOM Definition"),
        [0x00, 0x1a, 0x97],
        ["VA48A", "VB10A", "VB20A"],
        Speech::Dicom,
        ("dicom", 104),
        4,
        40,
    ),
    kind(
        ("MR", "Philips Medical Systems", "Ingenia"),
        [0x00, 0x09, 0xfb],
        ["5.3.1", "5.6.1", "5.7.1"],
        Speech::Dicom,
        ("dicom", 104),
        3,
        40,
    ),
    kind(
        ("US", "GE Healthcare", "LOGIQ E9"),
        [0x00, 0x08, 0x8b],
        ["R4.2", "R5.1", "R6.1"],
        Speech::Dicom,
        ("dicom", 104),
        18,
        40,
    ),
    kind(
        ("DX", "FUJIFILM Corporation", "FDR D-EVO"),
        [0x00, 0x80, 0x17],
        ["A12", "A14", "A15"],
        Speech::Dicom,
        ("dicom", 104),
        10,
        40,
    ),
    kind(
        ("ABL", "Radiometer", "ABL90 FLEX"),
        [0x00, 0x1b, 0x21],
        ["3.3", "3.4", "3.5"],
        Speech::Name,
        ("astm", 9000),
        10,
        50,
    ),
    kind(
        ("STATSTRIP", "Nova Biomedical", "StatStrip"),
        [0x00, 0x50, 0xc2],
        ["1.72", "1.86", "2.10"],
        Speech::Name,
        ("poct1a", 4001),
        65,
        50,
    ),
    kind(
        ("NURSECALL", "Rauland", "Responder 5"),
        [0x00, 0x0c, 0xcd],
        ["14.1", "14.6", "15.0"],
        Speech::Lldp,
        ("sip", 5060),
        60,
        60,
    ),
    kind(
        ("SEP", "Cisco", "CP-8841"),
        [0x00, 0x1e, 0x13],
        ["12.8.1", "14.1.1", "14.2.1"],
        Speech::Lldp,
        ("sip", 5060),
        90,
        60,
    ),
    kind(
        ("CAM", "Axis", "P3245-LV"),
        [0xac, 0xcc, 0x8e],
        ["9.80.3", "10.12.5", "11.5.64"],
        Speech::Snmp,
        ("rtsp", 554),
        50,
        70,
    ),
    kind(
        ("NPI", "HP", "LaserJet M507"),
        [0x3c, 0x2a, 0xf4],
        ["4.11", "5.0", "5.2"],
        Speech::Snmp,
        ("ipp", 631),
        50,
        80,
    ),
    kind(
        ("WS", "Dell", "OptiPlex 7090"),
        [0xd8, 0x9e, 0xf3],
        ["1.5", "1.9", "1.14"],
        Speech::Name,
        ("smb", 445),
        145,
        80,
    ),
    kind(
        ("BMS", "Siemens", "PXC4"),
        [0x00, 0xa0, 0x03],
        ["2.0", "2.1", "2.4"],
        Speech::Snmp,
        ("bacnet", 47808),
        35,
        90,
    ),
];

/// Servers of a site: host name, port and protocol of what is asked of it.
pub(crate) const SERVERS: [(&str, &str); 5] =
    [("PACS", "dicom"), ("HIS", "hl7"), ("INFUSION", "tls"), ("FILES", "smb"), ("CALLS", "sip")];

#[cfg(test)]
mod tests {
    use super::KINDS;

    #[test]
    fn shares_add_up_to_a_thousand() {
        assert_eq!(KINDS.iter().map(|kind| kind.share).sum::<u64>(), 1000);
    }
}
