//! The invented: devices and conversations, the same for the same number.

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Fused, Mac, Scope, Service, Software, Support, Timestamp, Transport};
use medward_monitor::{ConversationDelta, DeviceRow, Status, Whereabouts};

/// 2026-11-23 00:00 UTC.
pub const NOW: i64 = 1_795_392_000;

/// Devices that a commit holds.
pub const ROUND: u64 = 1000;

/// Numbers that look random and are the same each time (SplitMix64).
pub fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub fn pick(seed: u64, below: u64) -> u64 {
    mix(seed) % below
}

pub const CATEGORIES: [&str; 12] = [
    "infusion-pump",
    "patient-monitor",
    "ventilator",
    "workstation",
    "ct-scanner",
    "ultrasound",
    "printer",
    "switch",
    "ip-phone",
    "camera",
    "server",
    "laboratory-analyser",
];

pub fn id(number: u64) -> DeviceId {
    DeviceId(format!("dev-{:012x}", mix(number) >> 16))
}

pub fn at(seconds_ago: u64) -> Timestamp {
    Timestamp::from_parts(NOW - i64::try_from(seconds_ago).unwrap(), 0)
}

pub fn device(number: u64) -> DeviceRow {
    let kind = pick(number, 400);
    let category = CATEGORIES[usize::try_from(kind % 12).unwrap()];
    let vendor = format!("Maker {}", kind % 60);
    let support = |value: &str| Support {
        source: "catalog:oui".into(),
        field: "mac".into(),
        value: value.into(),
        packet: Some(number),
        time: Some(at(0)),
        weight: 0.8,
    };
    let fused = |value: String| Fused {
        confidence: 0.93,
        evidence: vec![support(&value), support("00:03:b1"), support(&value)],
        rejected: vec![],
        value,
    };
    let mut attributes = BTreeMap::from([
        ("vendor", fused(vendor)),
        ("model", fused(format!("Model {kind}"))),
        ("category", fused(category.to_owned())),
        ("os", fused(["Linux", "Windows", "VxWorks", "QNX"][usize::try_from(kind % 4).unwrap()].into())),
    ]);
    if !number.is_multiple_of(3) {
        attributes.insert("serial", fused(format!("SN{:08X}", mix(number + 7) >> 32)));
        attributes.insert("firmware", fused(format!("{}.{}.{}", kind % 9, kind % 7, number % 5)));
    }
    let seen = pick(number + 1, 40 * 86_400);
    let port = number % 48;
    DeviceRow {
        name: format!("{category}-{number}"),
        device: Device {
            id: id(number),
            macs: vec![Mac([0, 3, 0xb1, (number >> 16) as u8, (number >> 8) as u8, number as u8])],
            ips: vec![std::net::IpAddr::from([10, (number >> 16) as u8, (number >> 8) as u8, number as u8])],
            vlans: vec![u16::try_from(number % 60 + 10).unwrap()],
            hostnames: vec![format!("{category}-{number}")],
            aliases: if kind % 12 == 4 { vec![format!("CT_{number}")] } else { vec![] },
            first_seen: Some(at(seen + 86_400 * (number % 300))),
            last_seen: Some(at(seen)),
            parent: None,
            scope: if number.is_multiple_of(50) { Scope::External } else { Scope::Internal },
            attributes,
            software: vec![Software {
                name: "OpenSSH".into(),
                version: Some(format!("{}.{}", 6 + kind % 4, kind % 10)),
                cpe: None,
                purl: None,
                confidence: 0.9,
                evidence: vec![support("SSH-2.0-OpenSSH")],
            }],
            services: ["tls", "ssh", "dicom"]
                .iter()
                .zip([443, 22, 104])
                .take(usize::try_from(kind % 3 + 1).unwrap())
                .map(|(protocol, port)| Service {
                    transport: Transport::Tcp,
                    port,
                    protocol: (*protocol).into(),
                    first_seen: at(86_400),
                    last_seen: at(0),
                })
                .collect(),
            remarks: vec![],
            particulars: BTreeMap::new(),
            row: None,
        },
        whereabouts: Some(Whereabouts {
            place: Some(format!("room-{}", number / 100)),
            position: format!("sw-{} port {port}", number / 48),
            how: "switch-port".into(),
            since: at(86_400),
            last: at(0),
        }),
        status: Status::ALL[usize::try_from(pick(number + 2, 20).saturating_sub(16)).unwrap()],
        group: Some(
            ["patient care", "imaging", "it", "network"][usize::try_from(kind % 12 / 3).unwrap()].into(),
        ),
        medical: kind % 12 < 3,
    }
}

pub fn site(number: u64) -> String {
    format!("site-{}", number / ROUND % 5)
}

pub fn conversation(number: u64, devices: u64) -> ConversationDelta {
    // Some servers are spoken to by very many.
    let responder = if number.is_multiple_of(3) { pick(number, 20) } else { pick(number, devices) };
    let bytes = pick(number + 3, 1_000_000);
    let seen = at(pick(number + 5, 20 * 86_400));
    ConversationDelta {
        originator: id(pick(number + 4, devices)),
        responder: id(responder),
        transport: Transport::Tcp,
        port: [443, 104, 2575, 22, 53][usize::try_from(number % 5).unwrap()],
        protocol: ["tls", "dicom", "hl7", "ssh", "dns"][usize::try_from(number % 5).unwrap()].into(),
        flows: 1,
        packets: [10, 12],
        bytes: [bytes, bytes / 3],
        first: seen,
        last: seen,
    }
}
