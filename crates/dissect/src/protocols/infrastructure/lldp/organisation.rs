//! Organisationally specific TLVs other than LLDP-MED: IEEE 802.1, IEEE 802.3, PROFINET.

use medward_model::{Attribute, Field, Mac};

use super::super::octets::{Octets, hex};
use crate::{Context, clean_bytes};

pub(super) static PORT_VLAN: Field = Field::fact("port-vlan", "Port VLAN ID TLV (IEEE 802.1Q D.2.1)");
pub(super) static VLAN: Field = Field::fact("vlan", "VLAN Name TLV, as 'id name' (IEEE 802.1Q D.2.3)");
pub(super) static POWER: Field =
    Field::fact("power", "Power Via MDI TLV: role and class (IEEE 802.3 79.3.2)");
pub(super) static LINK_MODE: Field = Field::fact(
    "link-mode",
    "MAC/PHY Configuration/Status TLV: negotiation and MAU type (IEEE 802.3 79.3.1)",
);
pub(super) static PROFINET_MAC: Field = Field::states(
    "profinet-mac",
    Attribute::UniqueId,
    95,
    "PROFINET chassis MAC TLV (IEC 61158-6-10, LLDP_PNIO_CHASSIS_MAC)",
);
pub(super) static ORGANISATIONS: Field = Field::fact(
    "organisations",
    "Organisation codes of the organisationally specific TLVs, in order of first use (IEEE 802.1AB 8.6)",
);

const IEEE_802_1: [u8; 3] = [0x00, 0x80, 0xc2];
const IEEE_802_3: [u8; 3] = [0x00, 0x12, 0x0f];
const PROFINET: [u8; 3] = [0x00, 0x0e, 0xcf];
const MAX_ORGANISATIONS: usize = 12;

/// Which organisations the TLVs of one frame belong to: makers add their own, so that the list tells the maker.
#[derive(Default)]
pub(super) struct Seen(Vec<[u8; 3]>);

impl Seen {
    pub(super) fn note(&mut self, oui: &[u8; 3]) {
        if self.0.len() < MAX_ORGANISATIONS && !self.0.contains(oui) {
            self.0.push(*oui);
        }
    }

    pub(super) fn finish(self, cx: &mut Context<'_>) {
        let list: Vec<String> = self.0.iter().map(|oui| hex(oui)).collect();
        let sender = cx.sender();
        cx.evidence(sender, &ORGANISATIONS, &list.join(" "));
    }
}

pub(super) fn read(oui: [u8; 3], subtype: u8, value: &[u8], cx: &mut Context<'_>) {
    let sender = cx.sender();
    let mut octets = Octets::new(value);
    match (oui, subtype) {
        (IEEE_802_1, 1) => {
            if let Some(vlan @ 1..=4094) = octets.u16() {
                cx.evidence(sender, &PORT_VLAN, &vlan.to_string());
            }
        }
        (IEEE_802_1, 3) => {
            if let (Some(vlan), Some(length)) = (octets.u16(), octets.u8())
                && let Some(name) = octets.take(usize::from(length))
            {
                cx.evidence(sender, &VLAN, &format!("{vlan} {}", clean_bytes(name)));
            }
        }
        (IEEE_802_3, 1) => {
            if let (Some(status), Some(_), Some(mau)) = (octets.u8(), octets.u16(), octets.u16()) {
                let negotiation = if status & 2 != 0 { "auto" } else { "fixed" };
                cx.evidence(sender, &LINK_MODE, &format!("{negotiation} mau {mau}"));
            }
        }
        (IEEE_802_3, 2) => {
            if let Some([support, _, class]) = octets.array::<3>() {
                let role = if support & 1 != 0 { "source" } else { "device" };
                let class = class.saturating_sub(1);
                cx.evidence(sender, &POWER, &format!("{role} class {class}"));
            }
        }
        (PROFINET, 5) => {
            if let Some(mac) = octets.mac().filter(|m: &Mac| m.is_station()) {
                cx.evidence(sender, &PROFINET_MAC, &format!("profinet {mac}"));
            }
        }
        _ => {}
    }
}
