//! Link Layer Discovery Protocol, with the media endpoint extension: what a device says of itself to the next port.
//!
//! Follows IEEE 802.1AB-2016 (frame format clause 8, TLVs 8.5), IEEE 802.1Q Annex D (802.1 TLVs), IEEE 802.3 clause 79
//! (802.3 TLVs), ANSI/TIA-1057 (LLDP-MED, clause 10) and IEC 61158-6-10 (PROFINET). A frame is a list of TLVs, each seven bits of
//! type and nine of length; the first three are chassis id, port id and time to live, or the frame is not used.
//!
//! Says, of the frame's source: chassis id (as unique identifier when it is a MAC address), port, system name (host
//! name) and description, enabled capabilities, management addresses (linked to the chassis MAC), VLANs, power, and
//! from LLDP-MED the device class and the inventory: manufacturer, model, serial number, revisions, asset id.
//! A location that a switch sends describes the client at its port, not the switch; only what an endpoint says of
//! itself, or what a switch says of itself, is a location of the sender.
//!
//! Limits: the frame dissector keeps no state, so every frame repeats what it says. Coordinates (RFC 6225) are not decoded.

mod med;
mod organisation;

use std::net::IpAddr;

use medward_model::{Attribute, Field, LinkKind, Mac, Verb};

use super::octets::{Octets, hex, ip, is_owned, says_something};
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf, clean_bytes};

pub(super) static LLDP: Dissector = Dissector {
    name: "lldp",
    title: "LLDP and LLDP-MED",
    label: "LLDP",
    group: Group::Infrastructure,
    specification: &[
        "IEEE 802.1AB-2016 8.5",
        "IEEE 802.1Q Annex D",
        "IEEE 802.3 79",
        "ANSI/TIA-1057 10.2",
        "IEC 61158-6-10",
    ],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[
        &CHASSIS,
        &CHASSIS_NAME,
        &PORT,
        &PORT_DESCRIPTION,
        &SYSTEM_NAME,
        &SYSTEM_DESCRIPTION,
        &CAPABILITIES,
        &CAPABILITIES_AVAILABLE,
        &MANAGEMENT_ADDRESS,
        &organisation::PORT_VLAN,
        &organisation::VLAN,
        &organisation::POWER,
        &organisation::LINK_MODE,
        &organisation::PROFINET_MAC,
        &organisation::ORGANISATIONS,
        &med::CLASS,
        &med::POLICY,
        &med::LOCATION,
        &med::PORT_LOCATION,
        &med::ELIN,
        &med::POWER,
        &med::HARDWARE,
        &med::FIRMWARE,
        &med::SOFTWARE,
        &med::REVISION,
        &med::SERIAL,
        &med::MANUFACTURER,
        &med::MODEL,
        &med::ASSET,
    ],
    basis: Basis::RealPeers,
};

static CHASSIS: Field = Field::states(
    "chassis-id",
    Attribute::UniqueId,
    95,
    "Chassis ID TLV, subtype MAC address (IEEE 802.1AB 8.5.2)",
);
static CHASSIS_NAME: Field =
    Field::fact("chassis-name", "Chassis ID TLV of another subtype, as 'subtype value' (IEEE 802.1AB 8.5.2)");
static PORT: Field = Field::fact("port-id", "Port ID TLV (IEEE 802.1AB 8.5.3)");
static PORT_DESCRIPTION: Field = Field::fact("port-description", "Port Description TLV (IEEE 802.1AB 8.5.5)");
static SYSTEM_NAME: Field =
    Field::states("system-name", Attribute::Hostname, 93, "System Name TLV (IEEE 802.1AB 8.5.6)");
static SYSTEM_DESCRIPTION: Field =
    Field::fact("system-description", "System Description TLV (IEEE 802.1AB 8.5.7)");
static CAPABILITIES: Field =
    Field::fact("capabilities", "Enabled capabilities of the System Capabilities TLV (IEEE 802.1AB 8.5.8)");
static CAPABILITIES_AVAILABLE: Field = Field::fact(
    "capabilities-available",
    "System capabilities of the System Capabilities TLV (IEEE 802.1AB 8.5.8)",
);
static MANAGEMENT_ADDRESS: Field =
    Field::fact("management-address", "Management Address TLV (IEEE 802.1AB 8.5.9)");

const ETHERTYPE: u16 = 0x88cc;
const ORGANISATION: u8 = 127;
/// TLVs read of one frame.
const MAX_TLVS: usize = 128;

fn matches(frame: &LinkFrame<'_>) -> bool {
    frame.kind == LinkKindOf::EtherType(ETHERTYPE)
}

/// TLVs in order, without the end marker; stops at a length beyond the end.
#[derive(Clone)]
struct Tlvs<'a>(Octets<'a>);

impl<'a> Iterator for Tlvs<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let head = self.0.u16()?;
        let value = self.0.take(usize::from(head & 0x01ff))?;
        let kind = (head >> 9) as u8;
        (kind != 0).then_some((kind, value))
    }
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    let mut tlvs = Tlvs(Octets::new(frame.payload)).take(MAX_TLVS);
    let (Some((1, chassis)), Some((2, port)), Some((3, [high, low, ..]))) =
        (tlvs.next(), tlvs.next(), tlvs.next())
    else {
        cx.weird("lldp_bad_order");
        return;
    };
    if *high == 0 && *low == 0 {
        cx.activity(Verb::Disconnect, "shutdown", "").detail("mac", &frame.source.to_string());
        return;
    }
    let sender = cx.sender();
    let chassis_mac = chassis_id(chassis, cx);
    if let Some((subtype, value)) = port.split_first() {
        cx.evidence(sender.clone(), &PORT, &identifier(*subtype, value, 3, 4).1);
    }
    let mut med = med::Inventory::default();
    let mut organisations = organisation::Seen::default();
    let mut description = String::new();
    for (kind, value) in tlvs {
        match kind {
            4 => cx.evidence(sender.clone(), &PORT_DESCRIPTION, &clean_bytes(value)),
            5 => {
                let name = clean_bytes(value);
                if says_something(&name) {
                    cx.evidence(sender.clone(), &SYSTEM_NAME, &name);
                }
            }
            6 => {
                description = clean_bytes(value);
                cx.evidence(sender.clone(), &SYSTEM_DESCRIPTION, &description);
            }
            7 => {
                let mut bits = Octets::new(value);
                if let (Some(available), Some(enabled)) = (bits.u16(), bits.u16()) {
                    cx.evidence(sender.clone(), &CAPABILITIES, &capabilities(enabled));
                    cx.evidence(sender.clone(), &CAPABILITIES_AVAILABLE, &capabilities(available));
                }
            }
            8 => {
                if let Some(address) = management_address(value) {
                    cx.evidence(sender.clone(), &MANAGEMENT_ADDRESS, &address.to_string());
                    cx.link(chassis_mac.unwrap_or(frame.source), address, LinkKind::Neighbour);
                }
            }
            ORGANISATION => {
                if let Some((oui, [subtype, value @ ..])) = value.split_first_chunk::<3>() {
                    organisations.note(oui);
                    if *oui == med::OUI {
                        med.read(*subtype, value, cx);
                    } else {
                        organisation::read(*oui, *subtype, value, cx);
                    }
                } else {
                    cx.weird("lldp_short_organisation_tlv");
                }
            }
            _ => {}
        }
    }
    med.finish(&description, cx);
    organisations.finish(cx);
}

/// Reports the chassis id; its MAC address, where it is one.
fn chassis_id(value: &[u8], cx: &mut Context<'_>) -> Option<Mac> {
    let (subtype, value) = value.split_first()?;
    let sender = cx.sender();
    if *subtype == 4
        && let Some(mac) = Mac::read(value)
    {
        if !mac.is_station() || value.len() != 6 {
            cx.weird("lldp_chassis_mac");
            return None;
        }
        let text = format!("lldp chassis {mac}");
        cx.evidence(sender, &CHASSIS, &text);
        let own = cx.mac(mac);
        cx.evidence(own, &CHASSIS, &text);
        return Some(mac);
    }
    let (kind, text) = identifier(*subtype, value, 4, 5);
    cx.evidence(sender, &CHASSIS_NAME, &format!("{kind} {text}"));
    None
}

/// Kind and text of a chassis or port identifier; the subtypes for MAC and network address differ between the two.
fn identifier(subtype: u8, value: &[u8], mac: u8, network: u8) -> (&'static str, String) {
    if subtype == mac {
        return ("mac", Mac::read(value).map(|m| m.to_string()).unwrap_or_default());
    }
    if subtype == network {
        let address = value.get(1..).and_then(ip).map(|a| a.to_string());
        return ("address", address.unwrap_or_else(|| hex(value.get(..24).unwrap_or(value))));
    }
    let printable = value.iter().all(|b| (0x20..0x7f).contains(b) || *b >= 0x80 || *b == 0);
    let text = if printable { clean_bytes(value) } else { hex(value.get(..32).unwrap_or(value)) };
    (if subtype == 7 { "local" } else { "name" }, text)
}

fn management_address(value: &[u8]) -> Option<IpAddr> {
    let mut octets = Octets::new(value);
    let length = usize::from(octets.u8()?);
    let address = octets.take(length)?;
    let address = match address.split_first()? {
        (1, v4) if v4.len() == 4 => ip(v4)?,
        (2, v6) if v6.len() == 16 => ip(v6)?,
        _ => return None,
    };
    is_owned(address).then_some(address)
}

/// Names of IEEE 802.1AB-2016 table 8-4, bit 0 first.
fn capabilities(bits: u16) -> String {
    const NAMES: [&str; 11] = [
        "other",
        "repeater",
        "bridge",
        "access-point",
        "router",
        "telephone",
        "docsis",
        "station",
        "c-vlan",
        "s-vlan",
        "two-port-relay",
    ];
    let set = NAMES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| *name);
    let set: Vec<&str> = set.collect();
    if set.is_empty() { "none".to_owned() } else { set.join(",") }
}

#[cfg(test)]
mod tests {
    use medward_model::Mac;

    use super::{ETHERTYPE, LLDP};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    const PORT_MAC: Mac = Mac([0, 0x35, 0x35, 0x35, 0x35, 0x36]);

    fn tlv(kind: u8, value: &[u8]) -> Vec<u8> {
        let head = u16::from(kind) << 9 | value.len() as u16;
        [&head.to_be_bytes()[..], value].concat()
    }

    fn med(subtype: u8, value: &[u8]) -> Vec<u8> {
        tlv(127, &[&[0, 0x12, 0xbb, subtype][..], value].concat())
    }

    fn play(tlvs: &[Vec<u8>]) -> Exercise {
        play_frame(&LLDP, PORT_MAC, LinkKindOf::EtherType(ETHERTYPE), &tlvs.concat())
    }

    fn head() -> Vec<u8> {
        [tlv(1, &[4, 0, 0x35, 0x35, 0x35, 0x35, 0x35]), tlv(2, &[5, b'g', b'1']), tlv(3, &[0, 120])].concat()
    }

    #[test]
    fn a_phone_tells_its_inventory() {
        let said = play(&[
            head(),
            tlv(5, b"SIP-ward3"),
            tlv(6, b"Phone OS 5.9"),
            tlv(7, &[0, 0x24, 0, 0x24]),
            tlv(8, &[5, 1, 10, 2, 3, 4, 2, 0, 0, 0, 1, 0]),
            med(1, &[0, 0x21, 3]),
            med(2, &[1, 0x40, 0x28, 0xae]),
            med(5, b"V02"),
            med(6, b"boot 2.1"),
            med(7, b"5.9.0.9373"),
            med(8, b"SN-44-0017\0\0"),
            med(9, b"Polycom"),
            med(10, b"VVX 410"),
            med(11, b"HOSP-00123"),
            tlv(0, &[]),
        ]);
        assert_eq!(said.values("med-serial"), ["SN-44-0017"]);
        assert_eq!(said.values("med-manufacturer"), ["Polycom"]);
        assert_eq!(said.values("med-model"), ["VVX 410"]);
        assert_eq!(said.values("med-revision"), ["5.9.0.9373"]);
        assert_eq!(said.values("med-class"), ["endpoint III"]);
        assert_eq!(said.values("med-policy"), ["voice vlan 20 priority 2 dscp 46"]);
        assert_eq!(said.values("capabilities"), ["bridge,telephone"]);
        assert_eq!(said.values("chassis-id"), ["lldp chassis 00:35:35:35:35:35"]);
        assert_eq!(said.links[0].mac, Mac([0, 0x35, 0x35, 0x35, 0x35, 0x35]));
        assert_eq!(said.links[0].ip.to_string(), "10.2.3.4");
    }

    #[test]
    fn a_switch_tells_the_location_of_its_port_not_its_own() {
        let mut civic = vec![2, 14, 2, b'D', b'E', 3, 6];
        civic.extend(b"Berlin");
        civic.extend([25, 1, b'4']);
        let said = play(&[head(), med(1, &[0, 0x2f, 4]), med(3, &civic), med(9, b"0xbc00")]);
        assert_eq!(said.values("med-location"), [""; 0]);
        assert_eq!(said.values("med-port-location"), ["DE, Berlin, 4"]);
        assert_eq!(said.values("med-manufacturer"), [""; 0]);
        let said = play(&[head(), med(1, &[0, 0x2f, 3]), med(3, &civic)]);
        assert_eq!(said.values("med-location"), ["DE, Berlin, 4"]);
    }

    #[test]
    fn a_linux_kernel_version_is_not_the_firmware() {
        let said = play(&[
            head(),
            tlv(6, b"Debian GNU/Linux 12 Linux 6.1.0-9-amd64 #1 SMP"),
            med(7, b"6.1.0-9-amd64"),
        ]);
        assert_eq!(said.values("med-software"), ["6.1.0-9-amd64"]);
        assert_eq!(said.values("med-revision"), [""; 0]);
    }

    #[test]
    fn organisations_and_shutdown() {
        let said = play(&[
            head(),
            tlv(127, &[0, 0x80, 0xc2, 1, 0, 20]),
            tlv(127, &[0, 0x80, 0xc2, 3, 0, 20, 5, b'v', b'o', b'i', b'c', b'e']),
            tlv(127, &[0, 0x0e, 0xcf, 5, 0, 1, 2, 3, 4, 5]),
        ]);
        assert_eq!(said.values("port-vlan"), ["20"]);
        assert_eq!(said.values("vlan"), ["20 voice"]);
        assert_eq!(said.values("profinet-mac"), ["profinet 00:01:02:03:04:05"]);
        assert_eq!(said.values("organisations"), ["0080c2 000ecf"]);
        let gone = play(&[tlv(1, &[4, 0, 1, 2, 3, 4, 5]), tlv(2, &[5, b'g']), tlv(3, &[0, 0])]);
        assert!(gone.evidence.is_empty());
        assert_eq!(&*gone.activity[0].operation, "shutdown");
    }

    #[test]
    fn truncation_and_disorder_are_harmless() {
        let whole =
            [head(), tlv(8, &[5, 1, 10, 2, 3, 4]), med(3, &[2, 200, 2, b'D', b'E', 3]), med(8, b"S1")]
                .concat();
        for end in 0..whole.len() {
            play(&[whole[..end].to_vec()]);
        }
        assert_eq!(play(&[tlv(5, b"x")]).weirds.count("lldp_bad_order"), 1);
    }
}
