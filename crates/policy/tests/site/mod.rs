//! A small site: devices and conversations in a few words.
#![allow(dead_code, reason = "not every proof needs all of it")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use medward_model::{Conversation, Device, DeviceId, Fused, Mac, Scope, Service, Timestamp, Transport};
use medward_policy::Categories;

/// The groups of a few kinds.
pub struct Kinds;

impl Categories for Kinds {
    fn group(&self, category: &str) -> Option<&str> {
        Some(match category {
            "infusion-pump" | "ventilator" => "patient care",
            "ct" => "imaging",
            "pacs" => "imaging IT",
            "phone" => "personal",
            "nas" => "IT",
            _ => return None,
        })
    }
}

pub fn now() -> Timestamp {
    Timestamp::from_parts(1_790_000_000, 0)
}

pub fn id(number: u32) -> DeviceId {
    DeviceId(format!("dev-{number:012x}"))
}

pub fn device(number: u32, attributes: &[(&'static str, &str, f64)]) -> Device {
    let [_, _, high, low] = number.to_be_bytes();
    Device {
        id: id(number),
        macs: vec![Mac([0, 0x1b, 0x21, 0, high, low])],
        ips: vec![IpAddr::from(Ipv4Addr::from_bits(0x0a14_0000 + number))],
        vlans: vec![20],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope: Scope::Internal,
        attributes: attributes
            .iter()
            .map(|(name, value, confidence)| {
                let value = (*value).to_owned();
                (*name, Fused { value, confidence: *confidence, evidence: vec![], rejected: vec![] })
            })
            .collect::<BTreeMap<_, _>>(),
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

pub fn serving(mut device: Device, services: &[(&str, u16, &str)]) -> Device {
    for (transport, port, protocol) in services {
        device.services.push(Service {
            transport: carrier(transport),
            port: *port,
            protocol: (*protocol).to_owned(),
            first_seen: now(),
            last_seen: now(),
        });
    }
    device
}

pub fn group(number: u32, address: &str) -> Device {
    Device {
        scope: Scope::Multicast,
        ips: vec![address.parse().unwrap()],
        macs: vec![],
        ..device(number, &[])
    }
}

pub fn carrier(name: &str) -> Transport {
    match name {
        "tcp" => Transport::Tcp,
        "udp" => Transport::Udp,
        "icmp" => Transport::Icmp,
        "ip" => Transport::Ip,
        _ => Transport::Link,
    }
}

pub fn talk(from: u32, to: u32, transport: &str, port: u16, protocol: &str, flows: u64) -> Conversation {
    Conversation {
        originator: id(from),
        responder: id(to),
        transport: carrier(transport),
        port,
        protocol: protocol.to_owned(),
        flows,
        packets: flows * 10,
        bytes: flows * 1000,
        first_seen: now().plus_seconds(-3600),
        last_seen: now(),
    }
}
