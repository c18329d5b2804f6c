//! What the checks are told: from captures and from the command line.

use std::collections::BTreeMap;
use std::net::IpAddr;

use medward_dissect::{Group, dissectors};
use medward_model::{Conversation, Device, DeviceId, Timestamp};
use medward_policy::{Essential, EssentialKind, Packet, Path, services_of};

/// Seconds before now in which clinical activity means that a device is in use.
const NOW: i64 = 300;

/// Devices that talked a clinical protocol just now, and which.
pub fn in_use(conversations: &[Conversation], now: Timestamp) -> BTreeMap<DeviceId, String> {
    let clinical: Vec<&str> = dissectors()
        .filter(|dissector| dissector.group == Group::Clinical)
        .map(|dissector| dissector.name)
        .collect();
    let mut in_use = BTreeMap::new();
    let talks = conversations.iter().filter(|talk| {
        clinical.contains(&talk.protocol.as_str()) && now.seconds_since(talk.last_seen) <= NOW
    });
    for talk in talks {
        for device in [&talk.originator, &talk.responder] {
            in_use.entry(device.clone()).or_insert_with(|| talk.protocol.clone());
        }
    }
    in_use
}

/// Who was seen to give addresses, names and records.
pub fn essentials(devices: &[Device], conversations: &[Conversation]) -> Vec<Essential> {
    let ips: BTreeMap<&DeviceId, &[IpAddr]> =
        devices.iter().map(|device| (&device.id, device.ips.as_slice())).collect();
    let mut all: Vec<Essential> = Vec::new();
    for talk in conversations {
        let kind = match talk.protocol.as_str() {
            "dhcpv4" | "dhcpv6" => EssentialKind::Dhcp,
            "dns" => EssentialKind::Dns,
            "hl7" | "fhir" => EssentialKind::Ehr,
            _ => continue,
        };
        let given = ips.get(&talk.responder).into_iter().flat_map(|ips| ips.iter());
        all.extend(given.map(|ip| Essential { kind, ip: *ip }));
    }
    all.sort();
    all.dedup();
    all
}

/// `FROM,TO,SERVICE`: a way from which things are looked after.
pub fn path(text: &str) -> Result<Path, String> {
    let wrong = || format!("'{text}' is not FROM,TO,SERVICE like 10.0.0.5,10.0.9.1,tcp/22");
    let [from, to, service]: [&str; 3] =
        text.split(',').collect::<Vec<_>>().try_into().map_err(|_| wrong())?;
    let ip = |text: &str| text.trim().parse::<IpAddr>().map_err(|_| wrong());
    let service = services_of(service.trim()).and_then(|services| services.first()).ok_or_else(wrong)?;
    let [_, protocol, high, low] = service.to_be_bytes();
    let packet =
        Packet { source: ip(from)?, destination: ip(to)?, protocol, port: u16::from_be_bytes([high, low]) };
    Ok(Path { what: format!("the way from {from} to {to}"), packet })
}

/// `90s`, `5m`, `2h`, `1d`, or seconds.
pub fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || format!("'{text}' is not a time like 120s, 5m, 2h or 1d");
    let (number, unit) = text.split_at(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len());
    let factor = match unit {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

/// `+01:00`, `-03:30` or `Z`, in minutes.
pub fn offset(text: &str) -> Result<i16, String> {
    let wrong = || format!("'{text}' is not an offset like +01:00");
    if matches!(text, "Z" | "UTC" | "0") {
        return Ok(0);
    }
    let sign = match text.chars().next() {
        Some('+') => 1,
        Some('-') => -1,
        _ => return Err(wrong()),
    };
    let (hours, minutes) = text.get(1..).and_then(|rest| rest.split_once(':')).ok_or_else(wrong)?;
    let (hours, minutes) =
        (hours.parse::<i16>().map_err(|_| wrong())?, minutes.parse::<i16>().map_err(|_| wrong())?);
    if !(0..=14).contains(&hours) || !(0..60).contains(&minutes) {
        return Err(wrong());
    }
    Ok(sign * (hours * 60 + minutes))
}

/// Who asks, where nobody is named: whoever became the superuser, or the user.
pub fn who(named: Option<&str>) -> String {
    let user = || ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.map(str::to_owned).or_else(user).unwrap_or_else(|| "unknown".to_owned())
}
