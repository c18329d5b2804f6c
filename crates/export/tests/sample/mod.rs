//! Made-up assessments of any size, the same every time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use medward_model::{
    Assessment, Attribute, Candidate, CaptureFile, CaptureSummary, Conversation, Device, DeviceId, FeedState,
    Fused, Mac, SCHEMA, Scope, Service, Software, Support, Timestamp, Transport,
};

/// 2026-11-22 05:00:00 UTC
const START: Timestamp = Timestamp::from_parts(1_795_323_600, 0);

/// category, vendor, model, host name stem, OUI, life-supporting, ports and protocols that it serves
type Kind = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u32,
    &'static str,
    &'static [(u16, &'static str)],
);

const KINDS: &[Kind] = &[
    ("patient-monitor", "Philips", "MX750", "mon", 0x00_09_fb, "yes", &[(24105, "intellivue")]),
    ("infusion-pump", "B. Braun", "Space", "pump", 0x00_24_db, "yes", &[(8080, "http")]),
    ("ventilator", "Dräger", "Evita V500", "vent", 0x00_30_e6, "yes", &[]),
    ("ct", "Siemens Healthineers", "SOMATOM Force", "ct", 0x00_0f_bb, "no", &[(104, "dicom")]),
    ("workstation", "Dell", "OptiPlex 7080", "pc", 0x00_14_22, "no", &[(3389, "rdp"), (445, "smb")]),
    (
        "printer",
        "HP",
        "LaserJet M507",
        "prn",
        0x00_1b_78,
        "no",
        &[(9100, "unknown"), (23, "telnet"), (80, "http")],
    ),
    ("pacs", "Orthanc", "", "pacs", 0x52_54_00, "no", &[(4242, "dicom"), (8042, "http"), (443, "tls")]),
    ("switch", "Cisco", "WS-C2960X-48TS-L", "sw", 0x00_1e_13, "no", &[(22, "ssh"), (161, "snmp")]),
    ("lab-analyzer", "Roche", "cobas 6000", "lab", 0x00_0d_f0, "no", &[]),
    ("ip-camera", "Axis", "P3245-LV", "cam", 0x00_40_8c, "no", &[(554, "rtsp"), (80, "http")]),
    (
        "integration-engine",
        "NextGen",
        "Mirth Connect",
        "hl7",
        0x52_54_00,
        "no",
        &[(2575, "hl7"), (443, "tls")],
    ),
    ("", "", "", "", 0x02_11_22, "", &[(80, "http")]),
    ("ultrasound", "GE HealthCare", "LOGIQ E10", "us", 0x00_19_f9, "no", &[(104, "dicom")]),
    ("hvac-controller", "Johnson Controls", "FEC2611", "ahu", 0x00_10_8d, "no", &[(47808, "bacnet")]),
    ("phone", "Apple", "", "iPhone", 0x06_aa_bb, "no", &[]),
    ("server", "Microsoft", "", "srv", 0x00_50_56, "no", &[(53, "dns"), (445, "smb"), (389, "ldap")]),
];

/// An assessment with `count` devices on the network, a few outside and one group address.
pub fn sample(count: usize) -> Assessment {
    let mut devices: Vec<Device> = (0..count).map(device).collect();
    if count >= 3 {
        let parent = devices[2].id.clone();
        devices[count - 1].parent = Some(parent);
    }
    let outside: Vec<Device> = (0..(count / 2).min(40)).map(external).collect();
    let mut conversations = talk(&devices, &outside);
    devices.extend(outside);
    devices.push(group_address());
    devices.sort_by(|a, b| a.id.cmp(&b.id));
    conversations.sort();
    conversations
        .dedup_by(|a, b| (&a.originator, &a.responder, a.port) == (&b.originator, &b.responder, b.port));
    let last = START.plus_seconds(3725);
    Assessment {
        schema: SCHEMA,
        capture: CaptureSummary {
            files: vec![
                CaptureFile {
                    path: "ward.pcapng".into(),
                    format: "pcapng".into(),
                    packets: 120_000,
                    bytes: 98_000_000,
                    first: Some(START),
                    last: Some(last),
                    ..CaptureFile::default()
                },
                CaptureFile {
                    path: "lab.pcap.gz".into(),
                    format: "pcap+gzip".into(),
                    packets: 3_456,
                    bytes: 1_200_000,
                    first: Some(START),
                    last: Some(START.plus_seconds(60)),
                    truncated_at: Some(1_234_567),
                    problem: Some("the last packet is cut off".into()),
                    ..CaptureFile::default()
                },
            ],
            packets: 123_456,
            bytes: 99_200_000,
            first: Some(START),
            last: Some(last),
            names: BTreeMap::new(),
            weirds: BTreeMap::from([("dns_truncated".into(), 3), ("tcp_overlap_differs".into(), 12)]),
            evictions: BTreeMap::from([("flows".into(), 0), ("reassembly".into(), 2)]),
        },
        devices,
        conversations,
        findings: Vec::new(),
        hidden: Vec::new(),
        risk: Vec::new(),
        actions: Vec::new(),
        work_list: Vec::new(),
        alerts: Vec::new(),
        knowledge: BTreeMap::from([(
            "kev".to_owned(),
            FeedState { loaded: false, as_of: None, records: None },
        )]),
    }
}

fn device(i: usize) -> Device {
    let (category, vendor, model, stem, oui, life, services) = KINDS[i % KINDS.len()];
    let turn = i / KINDS.len();
    let last = [(i / 250) as u8, (i % 250) as u8 + 1];
    let mut attributes = BTreeMap::new();
    let mut say = |attribute: Attribute, value: &str, confidence: f64, source: &str, field: &str| {
        if !value.is_empty() {
            attributes.insert(attribute.name(), fused(value, confidence, source, field, i as u64));
        }
    };
    say(Attribute::Vendor, vendor, 0.97, "oui", "MAC prefix");
    say(Attribute::Model, model, 0.93 - (i % 3) as f64 * 0.1, "dicom", "(0008,1090) ManufacturerModelName");
    say(Attribute::Category, category, 0.95, "catalogue/models.toml", "model");
    say(Attribute::LifeSupporting, life, 0.95, "catalogue/categories.toml", "category");
    if i.is_multiple_of(2) && !model.is_empty() {
        say(
            Attribute::Serial,
            &format!("SN{:06}", 4711 + i * 37),
            0.96,
            "dicom",
            "(0018,1000) DeviceSerialNumber",
        );
    }
    if category == "ct" {
        say(Attribute::Firmware, "VB20A_SP3", 0.9, "dicom", "(0018,1020) SoftwareVersions");
    }
    if matches!(category, "workstation" | "server" | "ct") {
        say(Attribute::Os, "Windows", 0.9, "smb", "NTLMSSP version");
        say(Attribute::OsVersion, "10.0.17763", 0.88, "smb", "NTLMSSP version");
        attributes.get_mut("os").unwrap().rejected.push(Candidate {
            value: "Linux".into(),
            confidence: 0.12,
            evidence: vec![support("tcp", "SYN fingerprint", "64:1460:mss,sok,ts", i as u64, 0.3)],
        });
    }
    Device {
        id: id(&format!("{i}")),
        macs: vec![Mac([(oui >> 16) as u8, (oui >> 8) as u8, oui as u8, 0, last[0], last[1]])],
        ips: vec![IpAddr::V4(Ipv4Addr::new(10, 20, last[0], last[1]))],
        vlans: vec![20],
        hostnames: if stem.is_empty() { vec![] } else { vec![format!("{stem}-{:02}", turn + 1)] },
        aliases: if category == "ct" { vec!["CT_AE".into()] } else { vec![] },
        first_seen: Some(START.plus_seconds(i as i64)),
        last_seen: Some(START.plus_seconds(3600 - i as i64)),
        parent: None,
        remarks: vec![],
        particulars: std::collections::BTreeMap::new(),
        row: None,
        scope: Scope::Internal,
        attributes,
        software: if category == "pacs" {
            vec![Software {
                name: "DCMTK".into(),
                version: Some("3.6.7".into()),
                cpe: Some("cpe:2.3:a:offis:dcmtk:3.6.7:*:*:*:*:*:*:*".into()),
                purl: Some("pkg:generic/dcmtk@3.6.7".into()),
                confidence: 0.97,
                evidence: vec![support("dicom", "implementation version", "OFFIS_DCMTK_367", 77, 0.97)],
            }]
        } else {
            vec![]
        },
        services: services
            .iter()
            .map(|(port, protocol)| Service {
                transport: Transport::Tcp,
                port: *port,
                protocol: (*protocol).to_owned(),
                first_seen: START,
                last_seen: START.plus_seconds(3600),
            })
            .collect(),
    }
}

fn external(i: usize) -> Device {
    bare(format!("out{i}"), IpAddr::V4(Ipv4Addr::new(198, 51, 100, i as u8 + 1)), Scope::External)
}

fn group_address() -> Device {
    bare("group".into(), IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), Scope::Multicast)
}

fn bare(key: String, ip: IpAddr, scope: Scope) -> Device {
    Device {
        id: id(&key),
        macs: vec![],
        ips: vec![ip],
        vlans: vec![],
        hostnames: vec![],
        aliases: vec![],
        first_seen: Some(START),
        last_seen: Some(START),
        parent: None,
        remarks: vec![],
        particulars: std::collections::BTreeMap::new(),
        row: None,
        scope,
        attributes: BTreeMap::new(),
        software: vec![],
        services: vec![],
    }
}

/// Everybody speaks with the first of each service that its kind needs.
fn talk(devices: &[Device], outside: &[Device]) -> Vec<Conversation> {
    let mut all = Vec::new();
    let serving = |protocol: &str| {
        devices.iter().find(|d| d.services.iter().any(|s| s.protocol == protocol && s.port != 104))
    };
    let mut add = |a: &Device, b: &Device, port, protocol: &str, bytes| {
        if a.id != b.id {
            all.push(Conversation {
                originator: a.id.clone(),
                responder: b.id.clone(),
                transport: Transport::Tcp,
                port,
                protocol: protocol.to_owned(),
                flows: 3,
                packets: bytes / 500 + 1,
                bytes,
                first_seen: START,
                last_seen: START.plus_seconds(3600),
            });
        }
    };
    for (i, device) in devices.iter().enumerate() {
        let size = 1000 * (1 + i as u64 * 7919 % 9000);
        if let Some(server) = serving("dns") {
            add(device, server, 53, "dns", 900);
        }
        let wanted: &[(&str, u16)] = match device.value(Attribute::Category) {
            Some("ct" | "ultrasound") => &[("dicom", 4242)],
            Some("patient-monitor" | "ventilator" | "lab-analyzer") => &[("hl7", 2575)],
            Some("infusion-pump") => &[("tls", 443)],
            Some("workstation") => &[("smb", 445), ("http", 80), ("tls", 443)],
            Some("switch") => &[("bacnet", 47808)],
            _ => &[],
        };
        for (protocol, port) in wanted {
            if let Some(server) = serving(protocol) {
                add(device, server, *port, protocol, size * 20);
            }
        }
        if let (true, Some(far)) = (i % 5 == 4 || i == 3, outside.get(i % outside.len().max(1))) {
            add(device, far, 443, if i % 2 == 0 { "tls" } else { "unknown" }, size);
        }
        if let (Some("workstation"), Some(next)) = (device.value(Attribute::Category), devices.get(i + 16)) {
            add(device, next, 445, "smb", size);
        }
    }
    all
}

fn id(key: &str) -> DeviceId {
    let hash =
        key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    DeviceId(format!("dev-{:012x}", hash & 0xffff_ffff_ffff))
}

fn fused(value: &str, confidence: f64, source: &str, field: &str, packet: u64) -> Fused {
    Fused {
        value: value.into(),
        confidence,
        evidence: vec![support(source, field, value, packet + 1, confidence)],
        rejected: vec![],
    }
}

fn support(source: &str, field: &str, value: &str, packet: u64, weight: f64) -> Support {
    Support {
        source: source.into(),
        field: field.into(),
        value: value.into(),
        packet: Some(packet),
        time: Some(START.plus_seconds(packet as i64)),
        weight,
    }
}
