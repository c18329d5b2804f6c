//! What traffic means in care, by the name of its protocol: what must work, what keeps a network going, what is only chatter.

use medward_model::{Attribute, Device};
use serde::Serialize;

/// What a protocol is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Carries orders, results, images, measurements or settings of devices of care.
    Clinical,
    /// Addresses, names, time, login, logs.
    Infrastructure,
    /// Devices that look for each other or tell that they are there.
    Discovery,
    /// Logs in or moves files with passwords in the clear.
    ClearText,
    /// Keeps a link together: rules do not speak of it.
    Link,
    /// Carries many things: says little of what it is for.
    Carrier,
    /// Not recognised.
    Unknown,
    /// All else.
    Other,
}

/// Names of dissectors, and of what a policy may name beside them.
const PURPOSES: &[(Purpose, &[&str])] = &[
    (
        Purpose::Clinical,
        &[
            "alaris",
            "astm",
            "carescape",
            "dicom",
            "dicomweb",
            "fhir",
            "hl7",
            "intellivue",
            "mllp",
            "poct1a",
            "sdc",
        ],
    ),
    (
        Purpose::Infrastructure,
        &["dhcp", "dhcpv4", "dhcpv6", "dns", "kerberos", "ldap", "ntp", "radius", "syslog"],
    ),
    (Purpose::Discovery, &["browser", "llmnr", "mdns", "mndp", "nbns", "ssdp", "upnp", "wsd"]),
    (Purpose::ClearText, &["ftp", "telnet", "tftp"]),
    (Purpose::Link, &["arp", "cdp", "eapol", "lldp", "ndp"]),
    (Purpose::Carrier, &["dpws", "http", "http2", "https", "quic", "tcp", "tls"]),
    (Purpose::Unknown, &["unknown", ""]),
];

impl Purpose {
    /// Of the protocol of that name.
    pub fn of(protocol: &str) -> Purpose {
        PURPOSES
            .iter()
            .find(|(_, names)| names.contains(&protocol))
            .map_or(Purpose::Other, |(purpose, _)| *purpose)
    }
}

/// Whether servers of a protocol choose their port anew at each start.
pub(crate) fn moves(protocol: &str) -> bool {
    matches!(protocol, "sdc" | "dpws" | "dcerpc")
}

/// Whether a protocol shares its usual ports with others, so that its name allows more than it says.
pub(crate) fn shares_ports(protocol: &str) -> bool {
    matches!(Purpose::of(protocol), Purpose::Carrier | Purpose::Unknown)
        || moves(protocol)
        || matches!(protocol, "dicomweb" | "fhir" | "upnp")
}

/// What a conversation means to patients, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// A device that keeps a patient alive takes part.
    LifeSupporting,
    /// Its protocol belongs to care.
    Clinical,
    /// Neither, as far as is known.
    Other,
}

impl Meaning {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Meaning::LifeSupporting => "life-supporting",
            Meaning::Clinical => "clinical",
            Meaning::Other => "other",
        }
    }
}

/// Whether patients may depend on the device for their lives; what a catalogue does not rule out for a kind counts.
pub(crate) fn may_support_life(device: &Device) -> bool {
    matches!(device.value(Attribute::LifeSupporting), Some("yes" | "unknown"))
}

#[cfg(test)]
mod tests {
    use super::{PURPOSES, Purpose};

    #[test]
    fn no_protocol_has_two_purposes() {
        let mut all: Vec<&str> = PURPOSES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(Purpose::of("hl7"), Purpose::Clinical);
        assert_eq!(Purpose::of("smb"), Purpose::Other);
    }
}
