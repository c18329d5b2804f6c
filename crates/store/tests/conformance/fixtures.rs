//! Devices and commits to test with.

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Fused, Scope, Service, Timestamp, Transport};
use medward_monitor::{
    ActivityDelta, Commit, ConversationDelta, DeviceList, DeviceRow, Event, EventKind, PageRequest, Part,
    Receipt, Sort, Status, Stay, Whereabouts,
};
use medward_query::Query;

/// A Monday, 2026-11-23 00:00 UTC.
pub const MONDAY: i64 = 1_795_392_000;

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_parts(MONDAY + seconds, 0)
}

pub fn id(number: u64) -> DeviceId {
    DeviceId(format!("dev-{number:012x}"))
}

pub fn fused(value: &str) -> Fused {
    Fused { value: value.into(), confidence: 0.9, evidence: vec![], rejected: vec![] }
}

pub fn device(number: u64) -> Device {
    Device {
        id: id(number),
        macs: vec![medward_model::Mac([0, 3, 0xb1, 0, (number >> 8) as u8, number as u8])],
        ips: vec![std::net::IpAddr::from([10, 20, (number >> 8) as u8, number as u8])],
        vlans: vec![20],
        hostnames: vec![format!("Pump-{number:03}")],
        aliases: vec![],
        first_seen: Some(at(0)),
        last_seen: Some(at(number as i64)),
        parent: None,
        scope: Scope::Internal,
        attributes: BTreeMap::from([("vendor", fused("BD")), ("category", fused("infusion-pump"))]),
        software: vec![],
        services: vec![Service {
            transport: Transport::Tcp,
            port: 443,
            protocol: "tls".into(),
            first_seen: at(0),
            last_seen: at(0),
        }],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

pub fn row(number: u64) -> DeviceRow {
    row_of(device(number))
}

pub fn row_of(device: Device) -> DeviceRow {
    DeviceRow {
        name: device.hostnames.first().cloned().unwrap_or_else(|| device.id.0.clone()),
        device,
        whereabouts: None,
        status: Status::Active,
        group: Some("patient care".into()),
        medical: true,
    }
}

pub fn commit(site: &str) -> Commit {
    Commit { site: site.into(), ..Commit::default() }
}

/// Devices with those numbers.
pub fn devices(site: &str, numbers: impl IntoIterator<Item = u64>) -> Commit {
    Commit { devices: numbers.into_iter().map(row).collect(), ..commit(site) }
}

pub fn receipt(sequence: u64) -> Receipt {
    Receipt { sensor: "probe".into(), epoch: u64::MAX - 7, sequence }
}

pub fn list(query: &str) -> DeviceList {
    DeviceList {
        query: Query::parse(query).unwrap(),
        sites: None,
        now: at(3600),
        sort: Sort::default(),
        page: PageRequest::first(1000),
    }
}

pub fn talk(from: u64, to: u64, protocol: &str, bytes: u64, seconds: i64) -> ConversationDelta {
    ConversationDelta {
        originator: id(from),
        responder: id(to),
        transport: Transport::Tcp,
        port: 104,
        protocol: protocol.into(),
        flows: 1,
        packets: [2, 3],
        bytes: [bytes, 0],
        first: at(seconds),
        last: at(seconds),
    }
}

pub fn exam(number: u64, count: u64, seconds: i64) -> ActivityDelta {
    ActivityDelta {
        device: id(number),
        protocol: "dicom".into(),
        verb: "store".into(),
        operation: "CT".into(),
        part: Part::Did,
        clinical: true,
        count,
        first: at(seconds),
        last: at(seconds),
    }
}

pub fn event(site: &str, device: Option<u64>, kind: EventKind, seconds: i64) -> Event {
    Event {
        number: 0,
        at: at(seconds),
        site: site.into(),
        kind,
        severity: medward_model::Severity::Info,
        device: device.map(id),
        title: "something happened".into(),
        details: BTreeMap::from([("place".to_owned(), "icu".to_owned())]),
    }
}

pub fn whereabouts(place: &str, position: &str, since: i64) -> Whereabouts {
    Whereabouts {
        place: Some(place.into()),
        position: position.into(),
        how: "switch-port".into(),
        since: at(since),
        last: at(since),
    }
}

pub fn stay(number: u64, place: &str, since: i64) -> Stay {
    Stay { device: id(number), whereabouts: whereabouts(place, &format!("sw-{place} port 1"), since) }
}
