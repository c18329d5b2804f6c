//! LLDP-MED: ANSI/TIA-1057 clause 10.2.

use medward_model::{Attribute, Field};

use super::super::octets::{Octets, says_something};
use crate::{Context, clean_bytes};

/// Organisationally unique identifier of TIA TR-41.
pub(super) const OUI: [u8; 3] = [0x00, 0x12, 0xbb];

pub(super) static CLASS: Field =
    Field::fact("med-class", "Device type of the LLDP-MED Capabilities TLV (ANSI/TIA-1057 10.2.2.2)");
pub(super) static POLICY: Field = Field::fact("med-policy", "Network Policy TLV (ANSI/TIA-1057 10.2.3)");
pub(super) static LOCATION: Field = Field::states(
    "med-location",
    Attribute::Location,
    88,
    "Civic address that an endpoint states, or a switch of itself (ANSI/TIA-1057 10.2.4.3.2, RFC 4776)",
);
pub(super) static PORT_LOCATION: Field = Field::fact(
    "med-port-location",
    "Civic address that a switch states of its port (ANSI/TIA-1057 10.2.4.3.2)",
);
pub(super) static ELIN: Field =
    Field::fact("med-elin", "Emergency location identification number (ANSI/TIA-1057 10.2.4.3.3)");
pub(super) static POWER: Field =
    Field::fact("med-power", "Extended Power-via-MDI TLV (ANSI/TIA-1057 10.2.5)");
pub(super) static HARDWARE: Field =
    Field::fact("med-hardware", "Inventory Hardware Revision TLV (ANSI/TIA-1057 10.2.6.1)");
pub(super) static FIRMWARE: Field =
    Field::fact("med-firmware", "Inventory Firmware Revision TLV (ANSI/TIA-1057 10.2.6.2)");
pub(super) static SOFTWARE: Field =
    Field::fact("med-software", "Inventory Software Revision TLV (ANSI/TIA-1057 10.2.6.3)");
pub(super) static REVISION: Field = Field::states(
    "med-revision",
    Attribute::Firmware,
    85,
    "Software revision, or firmware revision where there is none, unless it is a Linux kernel (ANSI/TIA-1057 10.2.6)",
);
pub(super) static SERIAL: Field = Field::states(
    "med-serial",
    Attribute::Serial,
    97,
    "Inventory Serial Number TLV (ANSI/TIA-1057 10.2.6.4)",
);
pub(super) static MANUFACTURER: Field = Field::states(
    "med-manufacturer",
    Attribute::Vendor,
    92,
    "Inventory Manufacturer Name TLV (ANSI/TIA-1057 10.2.6.5)",
);
pub(super) static MODEL: Field =
    Field::states("med-model", Attribute::Model, 93, "Inventory Model Name TLV (ANSI/TIA-1057 10.2.6.6)");
pub(super) static ASSET: Field = Field::fact("med-asset", "Inventory Asset ID TLV (ANSI/TIA-1057 10.2.6.7)");

const NETWORK_CONNECTIVITY: u8 = 4;

/// What the LLDP-MED TLVs of one frame hold, until the whole frame was read.
#[derive(Default)]
pub(super) struct Inventory {
    class: Option<u8>,
    firmware: String,
    software: String,
    /// RFC 4776 "what" (1: the network element, 2: the client) and the address.
    location: Option<(u8, String)>,
}

impl Inventory {
    pub(super) fn read(&mut self, subtype: u8, value: &[u8], cx: &mut Context<'_>) {
        let sender = cx.sender();
        match (subtype, value) {
            (1, [_, _, class, ..]) => {
                self.class = Some(*class);
                let name = match *class {
                    1 => "endpoint I",
                    2 => "endpoint II",
                    3 => "endpoint III",
                    NETWORK_CONNECTIVITY => "network connectivity",
                    _ => return,
                };
                cx.evidence(sender, &CLASS, name);
            }
            (2, [application, a, b, c, ..]) => {
                let bits = u32::from_be_bytes([0, *a, *b, *c]);
                let name = match application {
                    1 => "voice",
                    2 => "voice-signalling",
                    3 => "guest-voice",
                    4 => "guest-voice-signalling",
                    5 => "softphone-voice",
                    6 => "video-conferencing",
                    7 => "streaming-video",
                    8 => "video-signalling",
                    _ => "other",
                };
                let unknown = bits & 0x80_0000 != 0;
                if !unknown {
                    let (vlan, priority, dscp) = (bits >> 9 & 0xfff, bits >> 6 & 7, bits & 63);
                    cx.evidence(
                        sender,
                        &POLICY,
                        &format!("{name} vlan {vlan} priority {priority} dscp {dscp}"),
                    );
                }
            }
            (3, [2, civic @ ..]) => self.location = civic_address(civic),
            (3, [3, elin @ ..]) => {
                let digits = clean_bytes(elin);
                if digits.len() <= 25 && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
                    cx.evidence(sender, &ELIN, &digits);
                }
            }
            (4, [flags, high, low, ..]) => {
                let tenths = u16::from_be_bytes([*high, *low]);
                let role = if flags >> 6 == 1 { "powered device" } else { "power source" };
                if flags >> 6 <= 1 && tenths <= 1023 {
                    cx.evidence(sender, &POWER, &format!("{role} {}.{} W", tenths / 10, tenths % 10));
                }
            }
            (5..=11, value) => self.item(subtype, &clean_bytes(value), cx),
            _ => {}
        }
    }

    fn item(&mut self, subtype: u8, text: &str, cx: &mut Context<'_>) {
        if !says_something(text) {
            return;
        }
        let field = match subtype {
            5 => &HARDWARE,
            6 => {
                self.firmware = text.to_owned();
                &FIRMWARE
            }
            7 => {
                self.software = text.to_owned();
                &SOFTWARE
            }
            8 => &SERIAL,
            // Some switches print the code of their maker in place of its name.
            9 if text.starts_with("0x") || text.bytes().all(|b| b.is_ascii_digit()) => return,
            9 => &MANUFACTURER,
            10 => &MODEL,
            _ => &ASSET,
        };
        if matches!(subtype, 8 | 10) && text.len() < 2 {
            return;
        }
        let sender = cx.sender();
        cx.evidence(sender, field, text);
    }

    /// What only the whole frame decides.
    pub(super) fn finish(self, description: &str, cx: &mut Context<'_>) {
        let sender = cx.sender();
        let revision = if self.software.is_empty() { &self.firmware } else { &self.software };
        // lldpd puts the kernel's release here, and the BIOS version under firmware.
        if !description.contains("Linux") {
            cx.evidence(sender.clone(), &REVISION, revision);
        }
        if let Some((what, address)) = self.location {
            let own = match self.class {
                Some(NETWORK_CONNECTIVITY) | None => what == 1,
                Some(_) => true,
            };
            cx.evidence(sender, if own { &LOCATION } else { &PORT_LOCATION }, &address);
        }
    }
}

/// RFC 4776, 3.1 without the DHCP option's head: length, what, country, then type, length, value. Names of persons
/// (CAtype 23) and telephone-like items are left out.
fn civic_address(value: &[u8]) -> Option<(u8, String)> {
    let mut octets = Octets::new(value);
    let length = usize::from(octets.u8()?);
    let mut body = Octets::new(octets.take(length).unwrap_or_else(|| octets.rest()));
    let what = body.u8()?;
    let mut parts = vec![clean_bytes(body.take(2)?)];
    while let (Some(kind), Some(length)) = (body.u8(), body.u8()) {
        let Some(text) = body.take(usize::from(length)) else { break };
        if matches!(kind, 1..=6 | 19..=22 | 24..=28 | 33) && parts.len() < 24 {
            parts.push(clean_bytes(text));
        }
    }
    parts.retain(|part| !part.is_empty());
    Some((what, parts.join(", ")))
}
