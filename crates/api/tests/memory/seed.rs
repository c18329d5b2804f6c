//! A small ward at two sites.

use medward_model::{Conversation, DeviceId, Severity, Timestamp, Transport};
use medward_monitor::{
    Annotation, AttributeChange, ConversationRow, DeviceRecord, DeviceSummary, Event, EventKind, FindingRow,
    Part, SensorState, Status, Stay, UseBucket, Whereabouts,
};
use serde_json::json;

use super::{Kept, Memory};

/// 2026-11-22T12:00:00Z.
pub const NOW: Timestamp = Timestamp::from_parts(1_795_348_800, 0);

fn device(number: u8, site: &str, name: &str, vendor: &str, category: &str) -> DeviceRecord {
    let id = DeviceId(format!("dev-0000000000{number:02x}"));
    let summary = DeviceSummary {
        id: id.clone(),
        site: site.to_owned(),
        name: name.to_owned(),
        status: Status::Active,
        scope: "internal".to_owned(),
        vendor: Some(vendor.to_owned()),
        serial: Some(format!("SN-{number}")),
        category: Some(category.to_owned()),
        group: Some("patient care".to_owned()),
        medical: true,
        ips: vec![format!("10.0.0.{number}")],
        macs: vec![format!("00:1b:21:00:00:{number:02x}")],
        vlans: vec![20],
        first_seen: Some(NOW.plus_seconds(-10 * 86_400)),
        last_seen: Some(NOW.plus_seconds(-i64::from(number))),
        version: 1,
        ..DeviceSummary::default()
    };
    let support =
        json!({"source": "dhcp", "field": "option 60", "value": vendor, "packet": 7, "weight": 0.9});
    let document = json!({
        "id": id.0,
        "attributes": {"vendor": {"value": vendor, "confidence": 0.93, "evidence": [support], "rejected": []}},
        "services": [],
    });
    DeviceRecord { summary, document, annotation: Annotation::default() }
}

fn conversation(from: &DeviceRecord, to: &DeviceRecord, bytes: u64) -> ConversationRow {
    ConversationRow {
        conversation: Conversation {
            originator: from.summary.id.clone(),
            responder: to.summary.id.clone(),
            transport: Transport::Tcp,
            port: 104,
            protocol: "dicom".to_owned(),
            flows: 3,
            packets: 30,
            bytes,
            first_seen: NOW.plus_seconds(-7200),
            last_seen: NOW.plus_seconds(-60),
        },
        originator_name: from.summary.name.clone(),
        responder_name: to.summary.name.clone(),
        originator_scope: from.summary.scope.clone(),
        responder_scope: to.summary.scope.clone(),
        originator_category: from.summary.category.clone(),
        responder_category: to.summary.category.clone(),
    }
}

fn finding(of: &DeviceRecord, topic: &str, severity: &str, status: &str, exploited: bool) -> FindingRow {
    let weakness = topic.starts_with("CVE-");
    FindingRow {
        id: format!("find-{}-{topic}", of.summary.id.0),
        device: of.summary.id.clone(),
        device_name: of.summary.name.clone(),
        device_category: of.summary.category.clone(),
        site: of.summary.site.clone(),
        topic: topic.to_owned(),
        exploited,
        found: NOW.plus_seconds(-7200),
        ended: None,
        body: json!({
            "kind": if weakness { "vulnerability" } else { "recall" },
            "title": format!("{topic} says that something is wrong"),
            "severity": severity,
            "confidence": 0.9,
            "status": status,
            "advisory": {"feed": "test", "id": topic, "cve": if weakness { vec![topic] } else { vec![] }},
            "match": {"method": "name-version", "matched": [], "unmatched": []},
            "treatment": if weakness { "patch" } else { "review" },
            "reason": "Install the maker's fix.",
        }),
    }
}

/// Three devices at "north", one at "south", with what they did.
pub fn ward() -> Memory {
    let mut kept = Kept::default();
    let pump = device(1, "north", "pump-1", "B. Braun", "infusion-pump");
    let monitor = device(2, "north", "=cmd|' /C calc'!A0", "Philips", "patient-monitor");
    let mut archive = device(3, "north", "pacs", "Orthanc", "image-archive");
    archive.summary.status = Status::Missing;
    let scanner = device(4, "south", "ct-1", "Siemens Healthineers", "ct");
    kept.conversations = vec![conversation(&pump, &archive, 5000), conversation(&scanner, &archive, 900_000)];
    for (number, (record, severity)) in
        [(&pump, Severity::Low), (&archive, Severity::High), (&scanner, Severity::Medium)]
            .into_iter()
            .enumerate()
    {
        kept.events.push(Event {
            number: number as u64 + 1,
            at: NOW.plus_seconds(-3600),
            site: record.summary.site.clone(),
            kind: EventKind::FirstSeen,
            severity,
            device: Some(record.summary.id.clone()),
            title: format!("{} was seen for the first time", record.summary.name),
            details: [("place".to_owned(), "3 West".to_owned())].into(),
        });
    }
    kept.history.push(AttributeChange {
        device: pump.summary.id.clone(),
        attribute: "vendor".to_owned(),
        value: Some("B. Braun".to_owned()),
        confidence: 0.93,
        because: "dhcp.option-60".to_owned(),
        at: NOW.plus_seconds(-86_400),
    });
    let whereabouts = Whereabouts {
        place: Some("room-1".to_owned()),
        position: "sw-3 port 12".to_owned(),
        how: "switch-port".to_owned(),
        since: NOW.plus_seconds(-86_400),
        last: NOW,
    };
    kept.stays.push(Stay { device: pump.summary.id.clone(), whereabouts });
    let bucket = UseBucket {
        at: NOW,
        protocol: "dicom".to_owned(),
        verb: "store".to_owned(),
        operation: "C-STORE".to_owned(),
        part: Part::Did,
        clinical: true,
        count: 2,
    };
    kept.activity.push((scanner.summary.id.0.clone(), UseBucket { at: NOW.plus_seconds(-7200), ..bucket }));
    kept.sensors.push(SensorState {
        name: "north-1".to_owned(),
        site: "north".to_owned(),
        packets: 1000,
        last_report: NOW.plus_seconds(-5),
        ..SensorState::default()
    });
    kept.findings = vec![
        finding(&pump, "CVE-2026-1234", "critical", "affected", true),
        finding(&monitor, "CVE-2026-1234", "critical", "affected", true),
        finding(&pump, "Z-1-2026", "medium", "possible", false),
        finding(&scanner, "CVE-2026-9999", "high", "likely", false),
    ];
    for record in [pump, monitor, archive, scanner] {
        kept.devices.insert(record.summary.id.0.clone(), record);
    }
    Memory::with(kept)
}
