//! Cisco Discovery Protocol: what a Cisco device, and many an endpoint of other makers, says of itself to the next port.
//!
//! Cisco never published a standard; the format is that of "Catalyst Token Ring Switching Implementation Guide"
//! (CDP packet format) and of Cisco's later TLV descriptions. It stands in an IEEE 802.2 SNAP frame, organisation
//! 00000c, protocol 2000: version, time to live, checksum, then TLVs of two bytes type and two bytes length, which
//! counts the four bytes of its own head.
//!
//! Says, of the frame's source: device id (host name; a serial number in parentheses is the serial), software version
//! with IOS, IOS XE and NX-OS versions read from it, platform (maker and model), capabilities, addresses (linked to
//! the sender), native and voice VLAN, VTP domain, duplex, power, location.
//!
//! Limits: a device id may be set by hand to anything; the checksum is not verified, since senders differ in how they
//! compute it for odd lengths. The frame dissector keeps no state, so every frame repeats what it says.

use std::net::IpAddr;

use medward_model::{Attribute, Field, LinkKind, Mac, Verb};

use super::octets::{Octets, hex, ip, is_owned, says_something};
use crate::{Basis, Carrier, Context, Dissector, Group, LinkFrame, LinkKindOf, clean_bytes};

pub(super) static CDP: Dissector = Dissector {
    name: "cdp",
    title: "Cisco Discovery Protocol",
    label: "CDP",
    group: Group::Infrastructure,
    specification: &["Cisco Discovery Protocol, frame format and TLVs"],
    ports: &[],
    carrier: Carrier::Frame { matches, dissect },
    fields: &[
        &DEVICE_ID,
        &HOSTNAME,
        &SERIAL,
        &SOFTWARE,
        &OS,
        &OS_VERSION,
        &PLATFORM,
        &VENDOR,
        &MODEL,
        &PORT,
        &CAPABILITIES,
        &ADDRESS,
        &VLAN,
        &VOICE_VLAN,
        &VTP,
        &DUPLEX,
        &POWER,
        &OBJECT_ID,
        &LOCATION,
    ],
    basis: Basis::RealPeers,
};

static DEVICE_ID: Field = Field::fact("device-id", "Device-ID TLV (type 0x0001)");
static HOSTNAME: Field = Field::states(
    "hostname",
    Attribute::Hostname,
    93,
    "System Name TLV (type 0x0014), else the Device-ID without what stands in parentheses",
);
static SERIAL: Field = Field::states(
    "serial",
    Attribute::Serial,
    93,
    "Cisco serial number in parentheses behind the name in the Device-ID TLV (type 0x0001)",
);
static SOFTWARE: Field = Field::fact("software-version", "Version TLV (type 0x0005)");
static OS: Field =
    Field::states("os", Attribute::Os, 97, "Operating system named in the Version TLV (type 0x0005)");
static OS_VERSION: Field =
    Field::states("os-version", Attribute::OsVersion, 96, "'Version x' in the Version TLV (type 0x0005)");
static PLATFORM: Field = Field::fact("platform", "Platform TLV (type 0x0006)");
static VENDOR: Field = Field::states(
    "vendor",
    Attribute::Vendor,
    97,
    "'cisco' in the Platform or Version TLV (types 0x0006, 0x0005)",
);
static MODEL: Field =
    Field::states("model", Attribute::Model, 95, "Platform TLV of a Cisco device (type 0x0006)");
static PORT: Field = Field::fact("port-id", "Port-ID TLV (type 0x0003)");
static CAPABILITIES: Field = Field::fact("capabilities", "Capabilities TLV (type 0x0004)");
static ADDRESS: Field =
    Field::fact("address", "Address and Management-Address TLVs (types 0x0002, 0x0016), one each");
static VLAN: Field = Field::fact("native-vlan", "Native VLAN TLV (type 0x000a)");
static VOICE_VLAN: Field = Field::fact("voice-vlan", "VoIP VLAN Reply TLV (type 0x000e)");
static VTP: Field = Field::fact("vtp-domain", "VTP Management Domain TLV (type 0x0009)");
static DUPLEX: Field = Field::fact("duplex", "Duplex TLV (type 0x000b)");
static POWER: Field = Field::fact("power", "Power Consumption TLV, in milliwatts (type 0x0010)");
static OBJECT_ID: Field = Field::fact("system-object-id", "System Object ID TLV (type 0x0015)");
static LOCATION: Field = Field::states("location", Attribute::Location, 85, "Location TLV (type 0x0017)");

const CISCO: [u8; 3] = [0x00, 0x00, 0x0c];
const PROTOCOL: u16 = 0x2000;
const MAX_TLVS: usize = 64;
const MAX_ADDRESSES: u32 = 16;

fn matches(frame: &LinkFrame<'_>) -> bool {
    frame.kind == LinkKindOf::Snap { oui: CISCO, protocol: PROTOCOL }
}

fn dissect(frame: &LinkFrame<'_>, cx: &mut Context<'_>) {
    let mut octets = Octets::new(frame.payload);
    let Some([version, time_to_live, _, _]) = octets.array::<4>() else {
        cx.weird("cdp_truncated");
        return;
    };
    if !matches!(version, 1 | 2) {
        cx.weird("cdp_version");
        return;
    }
    if time_to_live == 0 {
        cx.activity(Verb::Disconnect, "shutdown", "").detail("mac", &frame.source.to_string());
        return;
    }
    let sender = cx.sender();
    let (mut name, mut device, mut software, mut platform) = Default::default();
    for _ in 0..MAX_TLVS {
        let (Some(kind), Some(length)) = (octets.u16(), octets.u16()) else { break };
        let Some(value) = usize::from(length).checked_sub(4).and_then(|n| octets.take(n)) else {
            cx.weird("cdp_bad_length");
            break;
        };
        let mut body = Octets::new(value);
        match kind {
            0x01 => device = clean_bytes(value),
            0x02 | 0x16 => addresses(frame.source, body, cx),
            0x03 => cx.evidence(sender.clone(), &PORT, &clean_bytes(value)),
            0x04 => {
                if let Some(bits) = body.u32() {
                    cx.evidence(sender.clone(), &CAPABILITIES, &capabilities(bits));
                }
            }
            0x05 => software = clean_bytes(value),
            0x06 => platform = clean_bytes(value),
            0x09 => cx.evidence(sender.clone(), &VTP, &clean_bytes(value)),
            0x0a => {
                if let Some(vlan @ 1..=4094) = body.u16() {
                    cx.evidence(sender.clone(), &VLAN, &vlan.to_string());
                }
            }
            0x0b => {
                let duplex = if value.first() == Some(&0) { "half" } else { "full" };
                cx.evidence(sender.clone(), &DUPLEX, duplex);
            }
            0x0e => {
                if let (Some(_), Some(vlan @ 1..=4094)) = (body.u8(), body.u16()) {
                    cx.evidence(sender.clone(), &VOICE_VLAN, &vlan.to_string());
                }
            }
            0x10 => {
                if let Some(milliwatts) = body.u16() {
                    cx.evidence(sender.clone(), &POWER, &milliwatts.to_string());
                }
            }
            0x14 => name = clean_bytes(value),
            // The object identifier as text, or in BER without its head.
            0x15 if value.is_ascii() && value.contains(&b'.') => {
                cx.evidence(sender.clone(), &OBJECT_ID, &clean_bytes(value));
            }
            0x15 => cx.evidence(sender.clone(), &OBJECT_ID, &hex(value.get(..32).unwrap_or(value))),
            0x17 => {
                let text = clean_bytes(value.get(1..).unwrap_or_default());
                if says_something(&text) {
                    cx.evidence(sender.clone(), &LOCATION, &text);
                }
            }
            _ => {}
        }
    }
    identity(&name, &device, &software, &platform, cx);
}

fn identity(name: &str, device: &str, software: &str, platform: &str, cx: &mut Context<'_>) {
    let sender = cx.sender();
    cx.evidence(sender.clone(), &DEVICE_ID, device);
    cx.evidence(sender.clone(), &SOFTWARE, software);
    cx.evidence(sender.clone(), &PLATFORM, platform);
    let (head, serial) = match device.strip_suffix(')').and_then(|d| d.rsplit_once('(')) {
        Some((head, serial)) if is_serial(serial) => (head, Some(serial)),
        _ if is_serial(device) => ("", Some(device)),
        _ => (device, None),
    };
    if let Some(serial) = serial {
        cx.evidence(sender.clone(), &SERIAL, serial);
    }
    let hostname = if name.is_empty() { head } else { name };
    // A bare MAC address (analogue adapters, small-business switches) is no name.
    if says_something(hostname) && hostname.parse::<Mac>().is_err() {
        cx.evidence(sender.clone(), &HOSTNAME, hostname);
    }
    let mut cisco = false;
    if let Some((os, version)) = cisco_system(software) {
        cisco = true;
        cx.evidence(sender.clone(), &OS, os);
        cx.evidence(sender.clone(), &OS_VERSION, version);
    }
    let (word, rest) = platform.split_once(' ').unwrap_or((platform, ""));
    let named = word.eq_ignore_ascii_case("cisco");
    if named || cisco {
        cx.evidence(sender.clone(), &VENDOR, "Cisco");
        cx.evidence(sender, &MODEL, if named { rest } else { platform });
    }
}

/// Cisco's serial numbers: three letters of the site, two digits of the year, two of the week, four of the unit.
fn is_serial(text: &str) -> bool {
    text.len() == 11
        && text.bytes().enumerate().all(|(at, b)| match at {
            0..=2 => b.is_ascii_uppercase(),
            3..=6 => b.is_ascii_digit(),
            _ => b.is_ascii_digit() || b.is_ascii_uppercase(),
        })
}

/// Name and version of the operating system in a Cisco version text.
fn cisco_system(text: &str) -> Option<(&'static str, &str)> {
    let os = if text.contains("NX-OS") {
        "Cisco NX-OS"
    } else if text.contains("IOS XR") || text.contains("IOS-XR") {
        "Cisco IOS XR"
    } else if text.contains("IOS-XE") || text.contains("IOS XE") || text.contains("IOSXE") {
        "Cisco IOS XE"
    } else if text.contains("Cisco IOS Software") || text.contains("Internetwork Operating System") {
        "Cisco IOS"
    } else {
        return None;
    };
    let (_, rest) = text.split_once("Version ")?;
    let version = rest.split([',', ' ']).next().unwrap_or("");
    version.starts_with(|c: char| c.is_ascii_digit()).then_some((os, version))
}

/// Number of addresses, then protocol type, length and value, address length and value.
fn addresses(source: Mac, mut octets: Octets<'_>, cx: &mut Context<'_>) {
    const IPV6: [u8; 8] = [0xaa, 0xaa, 0x03, 0, 0, 0, 0x86, 0xdd];
    let Some(count) = octets.u32() else { return };
    for _ in 0..count.min(MAX_ADDRESSES) {
        let (Some(_), Some(length)) = (octets.u8(), octets.u8()) else { return };
        let Some(protocol) = octets.take(usize::from(length)) else { return };
        let Some(length) = octets.u16() else { return };
        let Some(bytes) = octets.take(usize::from(length)) else { return };
        let address: Option<IpAddr> = match bytes.len() {
            4 if protocol == [0xcc] => ip(bytes),
            16 if protocol == IPV6 => ip(bytes),
            _ => None,
        };
        if let Some(address) = address.filter(|a| is_owned(*a)) {
            let sender = cx.sender();
            cx.evidence(sender, &ADDRESS, &address.to_string());
            cx.link(source, address, LinkKind::Neighbour);
        }
    }
}

fn capabilities(bits: u32) -> String {
    const NAMES: [&str; 11] = [
        "router",
        "transparent-bridge",
        "source-route-bridge",
        "switch",
        "host",
        "igmp",
        "repeater",
        "telephone",
        "remotely-managed",
        "cvta",
        "two-port-relay",
    ];
    let set: Vec<&str> =
        NAMES.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| *name).collect();
    if set.is_empty() { "none".to_owned() } else { set.join(",") }
}

#[cfg(test)]
mod tests {
    use medward_model::Mac;

    use super::{CDP, CISCO, PROTOCOL};
    use crate::protocols::infrastructure::play_frame;
    use crate::{Exercise, LinkKindOf};

    const OWN: Mac = Mac([0, 0x18, 0xba, 1, 2, 3]);

    fn tlv(kind: u16, value: &[u8]) -> Vec<u8> {
        [&kind.to_be_bytes()[..], &(value.len() as u16 + 4).to_be_bytes(), value].concat()
    }

    fn play(payload: &[u8]) -> Exercise {
        play_frame(&CDP, OWN, LinkKindOf::Snap { oui: CISCO, protocol: PROTOCOL }, payload)
    }

    fn switch() -> Vec<u8> {
        let mut address = vec![0, 0, 0, 1, 1, 1, 0xcc, 0, 4];
        address.extend([192, 168, 0, 253]);
        [
            vec![2, 180, 0, 0],
            tlv(1, b"S1(FOC1234X5YZ)"),
            tlv(
                5,
                b"Cisco IOS Software, C3560 Software (C3560-ADVIPSERVICESK9-M), Version 12.2(44)SE, RELEASE SOFTWARE (fc1)\nCopyright",
            ),
            tlv(6, b"cisco WS-C3560-24PS"),
            tlv(2, &address),
            tlv(3, b"FastEthernet0/13"),
            tlv(4, &[0, 0, 0, 0x29]),
            tlv(0x0a, &[0, 1]),
            tlv(0x0b, &[1]),
        ]
        .concat()
    }

    #[test]
    fn a_switch_tells_name_serial_model_and_system() {
        let said = play(&switch());
        assert_eq!(said.values("hostname"), ["S1"]);
        assert_eq!(said.values("serial"), ["FOC1234X5YZ"]);
        assert_eq!(said.values("vendor"), ["Cisco"]);
        assert_eq!(said.values("model"), ["WS-C3560-24PS"]);
        assert_eq!(said.values("os"), ["Cisco IOS"]);
        assert_eq!(said.values("os-version"), ["12.2(44)SE"]);
        assert_eq!(said.values("capabilities"), ["router,switch,igmp"]);
        assert_eq!(said.values("native-vlan"), ["1"]);
        assert_eq!(said.links[0].ip.to_string(), "192.168.0.253");
    }

    #[test]
    fn other_makers_platforms_stay_facts_and_a_mac_is_no_name() {
        let said = play(&[vec![2, 180, 0, 0], tlv(1, b"001122AABBCC"), tlv(6, b"MikroTik")].concat());
        assert!(said.values("hostname").is_empty() && said.values("vendor").is_empty());
        assert_eq!(said.values("platform"), ["MikroTik"]);
    }

    #[test]
    fn truncation_is_harmless() {
        let whole = switch();
        for end in 0..whole.len() {
            play(&whole[..end]);
        }
    }
}
