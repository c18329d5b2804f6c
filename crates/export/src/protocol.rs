//! Protocols as a person reads them, and how readable their traffic is.

/// What can be read by somebody on the way. Ordered by how much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Openness {
    /// The protocol was not recognised.
    Unknown,
    /// Encrypted.
    Encrypted,
    /// Not encrypted, and not about patients.
    Readable,
    /// A clinical protocol, not encrypted.
    Clinical,
}

impl Openness {
    pub(crate) const ALL: [Openness; 4] =
        [Openness::Clinical, Openness::Readable, Openness::Encrypted, Openness::Unknown];

    /// The CSS class.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Openness::Unknown => "unrecognised",
            Openness::Encrypted => "encrypted",
            Openness::Readable => "readable",
            Openness::Clinical => "clinical-clear",
        }
    }

    /// In words, for legends.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Openness::Unknown => "protocol not recognised",
            Openness::Encrypted => "encrypted",
            Openness::Readable => "other, readable on the way",
            Openness::Clinical => "clinical, readable on the way",
        }
    }
}

/// Clinical protocols by dissector name. Their conversations carry this name only where they are not encrypted (inside
/// TLS only `tls` is seen).
pub(crate) const CLINICAL: &[(&str, &str, &str)] = &[
    ("astm", "ASTM", "laboratory results"),
    ("carescape", "CARESCAPE", "vital signs"),
    ("dicom", "DICOM", "images and worklists"),
    ("dicomweb", "DICOMweb", "images and worklists"),
    ("fhir", "FHIR", "patient records"),
    ("hl7", "HL7", "orders, results and admissions"),
    ("mllp", "HL7", "orders, results and admissions"),
    ("intellivue", "IntelliVue", "vital signs"),
    ("poct1a", "POCT1-A", "bedside test results"),
    ("sdc", "SDC", "device settings and vital signs"),
];

const ENCRYPTED: &[&str] =
    &["tls", "ssh", "quic", "dtls", "ipsec", "esp", "ike", "wireguard", "openvpn", "https", "ldaps"];

/// How readable the traffic of a protocol is.
pub(crate) fn openness(protocol: &str) -> Openness {
    if CLINICAL.iter().any(|(name, ..)| *name == protocol) {
        Openness::Clinical
    } else if ENCRYPTED.contains(&protocol) {
        Openness::Encrypted
    } else if matches!(protocol, "unknown" | "") {
        Openness::Unknown
    } else {
        Openness::Readable
    }
}

/// How a protocol is usually written: `dicom` is "DICOM".
pub(crate) fn label(protocol: &str) -> String {
    if let Some((_, label, _)) = CLINICAL.iter().find(|(name, ..)| *name == protocol) {
        return (*label).to_owned();
    }
    let known = match protocol {
        "bacnet" => "BACnet",
        "dhcpv4" => "DHCP",
        "dhcpv6" => "DHCPv6",
        "fox" => "Niagara Fox",
        "http2" => "HTTP/2",
        "kerberos" => "Kerberos",
        "knx" => "KNX",
        "mdns" => "mDNS",
        "modbus" => "Modbus",
        "mysql" => "MySQL",
        "nbns" => "NetBIOS names",
        "postgresql" | "postgres" => "PostgreSQL",
        "smb1" => "SMBv1",
        "syslog" => "syslog",
        "telnet" => "Telnet",
        "tds" => "SQL Server",
        "tcp" => "TCP",
        "unknown" | "" => "not recognised",
        "upnp" => "UPnP",
        "wsd" => "WS-Discovery",
        other => return other.to_uppercase(),
    };
    known.to_owned()
}

/// Talk of the link itself, which every device has with every other near it; left out of pictures.
pub(crate) fn is_plumbing(protocol: &str) -> bool {
    matches!(protocol, "arp" | "ndp" | "igmp" | "mld" | "lldp" | "cdp" | "mndp" | "stp" | "eapol")
}
