//! Resolution, rule by rule.

use std::net::IpAddr;
use std::sync::LazyLock;

use medward_model::{
    Attribute, Device, Evidence, Field, FlowRecord, HostKey, Link, LinkKind, Mac, Scope, Subject, Timestamp,
    Transport, Value,
};
use proptest::prelude::*;

use super::{Remark, Resolution, resolve};
use crate::{Catalog, Ledger, Limits};

pub(super) static HOSTNAME: Field = Field::states("host-name", Attribute::Hostname, 95, "test");
pub(super) static MODEL: Field = Field::states("med-model", Attribute::Model, 95, "test");
pub(super) static VENDOR: Field = Field::states("med-manufacturer", Attribute::Vendor, 95, "test");
pub(super) static SERIAL: Field = Field::states("med-serial", Attribute::Serial, 97, "test");
pub(super) static UNIQUE: Field = Field::states("udn", Attribute::UniqueId, 95, "test");

pub(super) const A: [u8; 6] = [0x00, 0x09, 0xfb, 0x11, 0x22, 0x33];
pub(super) const B: [u8; 6] = [0x00, 0x09, 0xfb, 0x44, 0x55, 0x66];
const R: [u8; 6] = [0x00, 0x1b, 0x21, 0x01, 0x01, 0x01];

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_parts(1_700_000_000 + seconds, 0)
}

pub(super) fn host(address: &str, mac: [u8; 6]) -> HostKey {
    HostKey { ip: ip(address), mac: Mac(mac), vlan: 0 }
}

fn link(mac: [u8; 6], address: &str, seconds: i64) -> Link {
    Link {
        mac: Mac(mac),
        ip: ip(address),
        vlan: 0,
        kind: LinkKind::Neighbour,
        packet: seconds.unsigned_abs() + 1,
        time: at(seconds),
    }
}

fn says(subject: Subject, field: &'static Field, text: &str, seconds: i64) -> Evidence {
    Evidence {
        subject,
        source: "lldp",
        field,
        value: Value::Text(text.into()),
        packet: seconds.unsigned_abs() + 1,
        time: at(seconds),
    }
}

pub(super) fn flow(from: HostKey, to: HostKey, port: u16, seconds: i64) -> FlowRecord {
    FlowRecord {
        originator: from,
        originator_port: 50_000,
        responder: to,
        responder_port: port,
        transport: Transport::Tcp,
        protocol: Some("http"),
        packets: [5, 5],
        bytes: [500, 5000],
        first: at(seconds),
        last: at(seconds + 5),
        first_packet: seconds.unsigned_abs() + 1,
        answered: true,
        oriented: true,
        continues: None,
    }
}

pub(super) fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());
    &CATALOG
}

fn run(fill: impl FnOnce(&mut Ledger)) -> Resolution {
    let mut ledger = Ledger::new(&Limits::default());
    fill(&mut ledger);
    resolve(ledger, catalog())
}

fn with_ip<'a>(resolution: &'a Resolution, address: &str) -> Vec<&'a Device> {
    resolution.devices.iter().filter(|d| d.ips.contains(&ip(address))).collect()
}

#[test]
fn both_ip_versions_of_a_station_are_one_device() {
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        l.link(link(A, "fe80::1", 1));
        l.flow(flow(host("2001:db8::5", A), host("2001:db8::9", B), 80, 2));
    });
    assert_eq!(found.devices.len(), 2);
    let device = found.devices.iter().find(|d| d.macs == [Mac(A)]).unwrap();
    assert_eq!(device.ips.len(), 3);
    assert_eq!(device.scope, Scope::Internal);
}

#[test]
fn an_address_that_passes_to_another_station_does_not_merge_the_two() {
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        l.link(link(B, "10.0.0.5", 5000));
        l.evidence(says(Subject::Ip(ip("10.0.0.5")), &HOSTNAME, "pump-1", 10));
        l.evidence(says(Subject::Ip(ip("10.0.0.5")), &HOSTNAME, "monitor-2", 5010));
    });
    assert_eq!(found.devices.len(), 2);
    let a = found.devices.iter().find(|d| d.macs == [Mac(A)]).unwrap();
    let b = found.devices.iter().find(|d| d.macs == [Mac(B)]).unwrap();
    assert_eq!(a.hostnames, ["pump-1"]);
    assert_eq!(b.hostnames, ["monitor-2"]);
}

#[test]
fn what_lies_behind_a_router_becomes_devices_of_their_own() {
    let found = run(|l| {
        l.link(link(R, "10.0.0.1", 0));
        l.link(link(A, "10.0.0.5", 0));
        l.flow(flow(host("10.0.0.5", A), host("8.8.8.8", R), 443, 1));
        l.flow(flow(host("10.0.0.5", A), host("10.7.0.20", R), 104, 2));
    });
    let router = found.devices.iter().find(|d| d.macs == [Mac(R)]).unwrap();
    assert_eq!(router.ips, [ip("10.0.0.1")]);
    assert!(found.remarks[&router.id].contains(&Remark::Forwards));
    assert_eq!(with_ip(&found, "8.8.8.8")[0].scope, Scope::External);
    let archive = with_ip(&found, "10.7.0.20")[0];
    assert_eq!(archive.scope, Scope::Internal);
    assert!(archive.macs.is_empty());
    assert_eq!(archive.services.len(), 1);
    assert_eq!(found.conversations.len(), 2);
}

#[test]
fn the_router_of_a_lone_client_is_told_without_arp() {
    let found = run(|l| {
        l.flow(flow(host("192.168.1.7", A), host("93.184.216.34", R), 80, 1));
        l.flow(flow(host("192.168.1.7", A), host("192.168.1.1", R), 53, 1));
    });
    let router = found.devices.iter().find(|d| d.macs == [Mac(R)]).unwrap();
    assert_eq!(router.ips, [ip("192.168.1.1")]);
    assert!(with_ip(&found, "93.184.216.34")[0].macs.is_empty());
}

#[test]
fn seen_at_two_mirror_points_it_is_one_device() {
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        l.link(link(B, "10.0.1.5", 0));
        l.flow(flow(host("10.0.0.5", A), host("10.0.1.5", R), 104, 1));
        let mut other_side = flow(host("10.0.0.5", R), host("10.0.1.5", B), 104, 1);
        other_side.originator.vlan = 20;
        other_side.responder.vlan = 20;
        l.flow(other_side);
    });
    assert_eq!(with_ip(&found, "10.0.0.5").len(), 1);
    assert_eq!(with_ip(&found, "10.0.0.5")[0].macs, [Mac(A)]);
    assert_eq!(with_ip(&found, "10.0.1.5")[0].macs, [Mac(B)]);
    assert_eq!(found.conversations.len(), 1);
}

#[test]
fn two_interfaces_with_one_serial_of_one_model_are_one_device() {
    let tell = |l: &mut Ledger, mac: [u8; 6], vendor: &str| {
        let subject = || Subject::Mac { mac: Mac(mac), vlan: 0 };
        l.evidence(says(subject(), &VENDOR, vendor, 0));
        l.evidence(says(subject(), &MODEL, "MX750", 0));
        l.evidence(says(subject(), &SERIAL, "DE12345678", 0));
    };
    let same = run(|l| {
        tell(l, A, "Philips");
        tell(l, B, "Koninklijke Philips N.V.");
    });
    assert_eq!(same.devices.len(), 1);
    assert_eq!(same.devices[0].macs, [Mac(A), Mac(B)]);
    assert_eq!(same.devices[0].value(Attribute::Serial), Some("DE12345678"));
    let different = run(|l| {
        tell(l, A, "Philips");
        tell(l, B, "Mindray");
    });
    assert_eq!(different.devices.len(), 2);
}

#[test]
fn a_shared_identifier_does_not_join_what_names_itself_differently() {
    let found = run(|l| {
        for (mac, name) in [(A, "ws-1"), (B, "ws-2")] {
            let subject = || Subject::Mac { mac: Mac(mac), vlan: 0 };
            l.evidence(says(subject(), &UNIQUE, "00112233-4455-6677-8899-aabbccddeeff", 0));
            l.evidence(says(subject(), &HOSTNAME, name, 0));
        }
    });
    assert_eq!(found.devices.len(), 2);
}

#[test]
fn a_host_name_alone_never_joins() {
    let found = run(|l| {
        for mac in [A, B] {
            l.evidence(says(Subject::Mac { mac: Mac(mac), vlan: 0 }, &HOSTNAME, "monitor", 0));
        }
    });
    assert_eq!(found.devices.len(), 2);
}

#[test]
fn devices_behind_a_gateway_are_nested() {
    let via = host("10.0.0.5", A);
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        for key in ["bacnet 2001:3", "bacnet 2001:4"] {
            l.evidence(says(Subject::Behind { via, key: key.into() }, &MODEL, "VAV-7", 1));
        }
    });
    assert_eq!(found.devices.len(), 3);
    let gateway = found.devices.iter().find(|d| !d.macs.is_empty()).unwrap();
    let nested: Vec<_> = found.devices.iter().filter(|d| d.parent.as_ref() == Some(&gateway.id)).collect();
    assert_eq!(nested.len(), 2);
    assert!(nested.iter().all(|d| d.ips.is_empty() && d.value(Attribute::Model) == Some("VAV-7")));
}

#[test]
fn a_random_mac_is_marked_and_names_no_vendor() {
    let random = [0x02 | A[0], A[1], A[2], 1, 2, 3];
    let found = run(|l| l.link(link(random, "10.0.0.5", 0)));
    let device = &found.devices[0];
    assert!(found.remarks[&device.id].contains(&Remark::LocalMac));
    assert_eq!(device.value(Attribute::Vendor), None);
}

#[test]
fn a_scan_of_addresses_that_do_not_answer_makes_no_devices() {
    let found = run(|l| {
        l.link(link(R, "10.0.0.1", 0));
        l.link(link(A, "10.0.0.5", 0));
        for last in 1..=200_u8 {
            let mut probe = flow(host("10.0.0.5", A), host(&format!("10.9.9.{last}"), R), 445, 1);
            probe.protocol = None;
            probe.packets = [2, 0];
            probe.answered = false;
            l.flow(probe);
        }
    });
    assert_eq!(found.devices.len(), 2);
    assert_eq!(found.unanswered, 200);
}

#[test]
fn groups_are_named_only_as_ends_of_conversations() {
    let group = HostKey { ip: ip("239.255.255.250"), mac: Mac([0x01, 0, 0x5e, 0x7f, 0xff, 0xfa]), vlan: 0 };
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        let mut search = flow(host("10.0.0.5", A), group, 1900, 1);
        search.transport = Transport::Udp;
        search.packets = [3, 0];
        search.answered = false;
        l.flow(search);
    });
    let named = with_ip(&found, "239.255.255.250")[0];
    assert_eq!(named.scope, Scope::Multicast);
    assert!(named.macs.is_empty() && named.attributes.is_empty());
    assert_eq!(found.conversations.len(), 1);
}

#[test]
fn captures_without_link_layer_keep_hosts_apart_by_address() {
    let none = [0; 6];
    let found = run(|l| l.flow(flow(host("10.0.0.5", none), host("10.0.0.6", none), 80, 0)));
    assert_eq!(found.devices.len(), 2);
    assert_eq!(found.conversations.len(), 1);
}

/// A few things that may be observed, in any order and any shard.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    Link(usize, u8, i64),
    Says(usize, u8, usize, usize, i64),
    Flow(usize, u8, usize, u8, u16, i64),
}

impl Seen {
    pub(super) fn time(&self) -> i64 {
        match self {
            Seen::Link(.., time) | Seen::Says(.., time) | Seen::Flow(.., time) => *time,
        }
    }
}

pub(super) fn seen() -> impl Strategy<Value = Seen> {
    let mac = 0..4_usize;
    prop_oneof![
        (mac.clone(), 1..6_u8, 0..10_000_i64).prop_map(|(m, i, t)| Seen::Link(m, i, t)),
        (mac.clone(), 1..6_u8, 0..5_usize, 0..3_usize, 0..10_000_i64)
            .prop_map(|(m, i, f, v, t)| Seen::Says(m, i, f, v, t)),
        (mac.clone(), 1..6_u8, mac, 1..6_u8, 80..83_u16, 0..10_000_i64)
            .prop_map(|(m, i, n, j, p, t)| Seen::Flow(m, i, n, j, p, t)),
    ]
}

pub(super) fn note(ledger: &mut Ledger, what: &Seen) {
    let macs = [A, B, R, [0x02, 0, 0, 0, 0, 9]];
    let address = |last: u8| format!("10.0.{}.{last}", last / 3);
    match *what {
        Seen::Link(mac, last, time) => ledger.link(link(macs[mac], &address(last), time)),
        Seen::Says(mac, last, field, value, time) => {
            let field = [&HOSTNAME, &MODEL, &VENDOR, &SERIAL, &UNIQUE][field];
            let value = ["alpha-77", "beta-88", "gamma-99"][value];
            ledger.evidence(says(Subject::Host(host(&address(last), macs[mac])), field, value, time));
        }
        Seen::Flow(mac, last, other, peer, port, time) => {
            ledger.flow(flow(host(&address(last), macs[mac]), host(&address(peer), macs[other]), port, time));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn order_and_shards_do_not_matter(
        all in prop::collection::vec((seen(), 0..4_usize), 1..40),
        turn in 0..40_usize,
    ) {
        let catalog = catalog();
        let limits = Limits::default();
        let mut straight = Ledger::new(&limits);
        for (what, _) in &all {
            note(&mut straight, what);
        }
        let mut shards: Vec<Ledger> = (0..4).map(|_| Ledger::new(&limits)).collect();
        let mut turned = all.clone();
        let places = turned.len();
        turned.rotate_left(turn % places);
        turned.reverse();
        for (what, shard) in &turned {
            note(&mut shards[*shard], what);
        }
        let mut merged = Ledger::new(&limits);
        while let Some(shard) = shards.pop() {
            merged.merge(shard);
        }
        prop_assert_eq!(resolve(straight, catalog), resolve(merged, catalog));
    }
}

#[test]
fn claims_that_exclude_each_other_publish_nothing() {
    let found = run(|l| {
        for serial in ["DE12345678", "DE99999999"] {
            l.evidence(says(Subject::Mac { mac: Mac(A), vlan: 0 }, &SERIAL, serial, 0));
        }
    });
    assert_eq!(found.devices[0].value(Attribute::Serial), None);
}

#[test]
fn spellings_agree_and_the_prefix_registrant_counts_as_a_witness() {
    let found = run(|l| {
        for name in ["Philips", "PHILIPS MEDICAL SYSTEMS"] {
            l.evidence(says(Subject::Mac { mac: Mac(A), vlan: 0 }, &VENDOR, name, 0));
        }
    });
    let vendor = &found.devices[0].attributes["vendor"];
    assert_eq!(vendor.value, "Philips");
    assert!(vendor.confidence > 0.95 && vendor.confidence < 1.0 && vendor.rejected.is_empty());
    assert_eq!(vendor.evidence.last().map(|s| s.source.as_str()), Some("mac"));
}

#[test]
fn a_model_tells_the_category_and_what_follows_from_it() {
    let found = run(|l| {
        let subject = || Subject::Mac { mac: Mac(A), vlan: 0 };
        l.evidence(says(subject(), &VENDOR, "Dräger", 0));
        l.evidence(says(subject(), &MODEL, "Evita V500", 0));
    });
    let device = found.devices.iter().find(|d| d.macs == [Mac(A)]).unwrap();
    assert_eq!(device.value(Attribute::Category), Some("ventilator"));
    assert_eq!(device.value(Attribute::LifeSupporting), Some("yes"));
    assert_eq!(device.value(Attribute::FdaClass), Some("2"));
}

#[test]
fn bounds_drop_the_newest_and_are_counted() {
    let limits = Limits { evidence_per_subject: 2, flows: 4, links: 1, ..Limits::default() };
    let mut ledger = Ledger::new(&limits);
    for name in ["a-1", "a-2", "a-3"] {
        ledger.evidence(says(Subject::Mac { mac: Mac(A), vlan: 0 }, &HOSTNAME, name, 0));
    }
    ledger.link(link(A, "10.0.0.5", 0));
    ledger.link(link(B, "10.0.0.6", 0));
    for port in 1..=5 {
        ledger.flow(flow(host("10.0.0.5", A), host("10.0.0.6", B), port, 0));
    }
    let evictions: Vec<_> = ledger.evictions().collect();
    assert_eq!(evictions, [("ledger.evidence", 1), ("ledger.flows", 1), ("ledger.links", 1)]);
    let found = resolve(ledger, catalog());
    let folded = found.conversations.iter().filter(|c| c.protocol == "other" && c.port == 0);
    assert_eq!(folded.map(|c| c.flows).sum::<u64>(), 1);
    let device = found.devices.iter().find(|d| d.macs == [Mac(A)]).unwrap();
    assert_eq!(device.hostnames, ["a-1", "a-2"]);
}

#[test]
fn many_hosts_behind_one_router_are_resolved_in_good_time() {
    let found = run(|l| {
        l.link(link(A, "10.0.0.5", 0));
        for n in 0..5_000_u32 {
            let far = format!("81.{}.{}.7", n / 250, n % 250);
            l.flow(flow(host("10.0.0.5", A), host(&far, R), 443, i64::from(n)));
        }
    });
    assert_eq!(found.devices.len(), 5_002);
}

/// A gateway tells of one monitor under two keys, and an engine repeats it: one device, behind the gateway.
#[test]
fn a_device_spoken_of_by_several_is_one_behind_the_first() {
    let gateway = host("10.0.0.1", A);
    let engine = host("10.0.0.2", B);
    let behind = |via: HostKey, key: &str| Subject::Behind { via, key: key.into() };
    let mut ledger = Ledger::new(&Limits::default());
    ledger.flow(flow(gateway, engine, 2575, 1));
    ledger.evidence(says(behind(engine, "hl7 DE76240231"), &SERIAL, "DE76240231", 9));
    ledger.evidence(says(behind(gateway, "hl7 DE76240231"), &SERIAL, "DE76240231", 3));
    ledger.evidence(says(behind(gateway, "hl7 00095CFFFE760231"), &SERIAL, "DE76240231", 4));
    for (via, key) in [(engine, "hl7 DE76240231"), (gateway, "hl7 DE76240231")] {
        ledger.evidence(says(behind(via, key), &MODEL, "MX750", 9));
        ledger.evidence(says(behind(via, key), &VENDOR, "Philips", 9));
    }
    let resolution = resolve(ledger, catalog());
    let nested: Vec<&Device> = resolution.devices.iter().filter(|d| d.parent.is_some()).collect();
    assert_eq!(nested.len(), 1);
    let parent = resolution.devices.iter().find(|d| d.ips.contains(&ip("10.0.0.1"))).unwrap();
    assert_eq!(nested[0].parent.as_ref(), Some(&parent.id));
    assert_eq!(nested[0].remarks, ["joined"]);
}

/// Time a device: `cargo test -p medward-identify --release -- --ignored --nocapture many`.
#[test]
#[ignore = "measures time"]
fn many_devices_take_time_in_proportion() {
    static SYN: Field = Field::fact("syn", "test");
    for count in [5_000_u32, 50_000] {
        let limits = Limits {
            subjects: 1_000_000,
            evidence: 4_000_000,
            flows: 1_000_000,
            links: 1_000_000,
            ..Limits::default()
        };
        let mut ledger = Ledger::new(&limits);
        let key = |n: u32| {
            let [_, b, c, d] = n.to_be_bytes();
            host(&format!("10.{b}.{c}.{d}"), [0x00, 0x09, 0xfb, b, c, d])
        };
        let server = host("10.200.0.1", [0x00, 0x06, 0x5b, 9, 9, 9]);
        for n in 0..count {
            let own = key(n);
            ledger.link(Link {
                mac: own.mac,
                ip: own.ip,
                vlan: 0,
                packet: u64::from(n),
                time: at(0),
                kind: LinkKind::Neighbour,
            });
            let mut syn =
                says(Subject::Host(own), &SYN, "4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df:0", 5);
            syn.source = "tcp";
            ledger.evidence(syn);
            ledger.evidence(says(Subject::Host(own), &HOSTNAME, &format!("ws-{n}"), 5));
            ledger.evidence(says(Subject::Host(own), &SERIAL, &format!("SN{n:07}"), 6));
            ledger.evidence(says(Subject::Host(own), &MODEL, "MX750", 6));
            ledger.flow(flow(own, server, 443, 7));
            ledger.flow(flow(own, key(n / 2), 104, 8));
        }
        let start = std::time::Instant::now();
        let resolution = resolve(ledger, catalog());
        let spent = start.elapsed();
        println!("{count} hosts: {spent:?}, {:?} a device", spent / count);
        assert!(resolution.devices.len() >= count as usize);
    }
}
