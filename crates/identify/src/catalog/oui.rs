//! Who registered a MAC address's prefix (IEEE MA-L, MA-M, MA-S), and what that says of the device.

use medward_model::Mac;

use super::{Catalog, normal};

/// What the registrant of a prefix says of the maker of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OuiKind {
    /// Makes interfaces or modules that others build in: says nothing of the device's maker.
    Component,
    /// Makes computers that others build their devices on: says little.
    Platform,
    /// Makes serial servers and controllers that stand alone as well as inside devices of others.
    Embedded,
    /// Makes virtual interfaces.
    Virtual,
    /// Makes devices under its own name; confirmed by the catalogue.
    Device,
    /// Makes network equipment: its address may stand in a frame for a host behind it.
    Network,
    /// Not in the catalogue.
    Unlisted,
}

impl OuiKind {
    pub(super) fn by_name(name: &str) -> Option<OuiKind> {
        match name {
            "component" => Some(OuiKind::Component),
            "platform" => Some(OuiKind::Platform),
            "embedded" => Some(OuiKind::Embedded),
            "virtual" => Some(OuiKind::Virtual),
            "device" => Some(OuiKind::Device),
            "network" => Some(OuiKind::Network),
            _ => None,
        }
    }
}

/// The registrant of a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OuiOrganisation {
    pub organisation: &'static str,
    pub kind: OuiKind,
}

/// Words in the names of those who make parts.
const CHIP_WORDS: [&str; 6] =
    ["semiconductor", "microelectronic", "embedded", "motherboard", "chipset", "system on module"];

impl Catalog {
    /// Who registered the prefix of a universally administered station address.
    pub(crate) fn oui(&self, mac: Mac) -> Option<OuiOrganisation> {
        if !mac.is_station() || mac.is_local() {
            return None;
        }
        let [a, b, c, d, e, f] = mac.0;
        // Examples in manuals, and the virtual adapter of Cisco's VPN client.
        if matches!(
            mac.0,
            [0, 1, 2, 3, 4, 5] | [0, 0x11, 0x22, 0x33, 0x44, 0x55] | [0, 5, 0x9a, 0x3c, 0x78..=0x7f, _]
        ) {
            return None;
        }
        let text = format!("{a:02X}{b:02X}{c:02X}{d:02X}{e:02X}{f:02X}");
        let organisation = oui_data::lookup(&text)?.organization().trim();
        if organisation.is_empty() || matches!(organisation, "Private" | "IEEE Registration Authority") {
            return None;
        }
        let name = normal(organisation);
        let kind = self.oui.get(&name).copied().unwrap_or_else(|| match self.vendors.known(organisation) {
            // A maker may be listed by its common name for all its registrations.
            Some(vendor) => self.oui.get(&normal(vendor)).copied().unwrap_or(OuiKind::Device),
            None if CHIP_WORDS.iter().any(|word| name.contains(word)) => OuiKind::Component,
            None => OuiKind::Unlisted,
        });
        Some(OuiOrganisation { organisation, kind })
    }
}
