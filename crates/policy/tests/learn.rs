//! Learning: what becomes a zone and a conduit, what is told apart, and that it is the same whatever the order.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a proof fails by panicking"
)]

mod site;

use std::collections::BTreeMap;

use medward_model::{Conversation, Device, Scope};
use medward_policy::{
    Cause, Duty, Ends, Ground, Learned, Learning, Members, Membership, Policy, Prover, Simulator, Source,
    Stages, StatedBy, UsualPorts,
};
use proptest::prelude::*;
use site::{Kinds, device, group, now, serving, talk};

fn learned(devices: &[Device], conversations: &[Conversation]) -> Learned {
    Learned::from(&Learning {
        name: "ward",
        devices,
        conversations,
        categories: &Kinds,
        ports: &UsualPorts,
        now: now(),
    })
}

/// Two pumps of one maker and one of another, their servers, a phone, a stranger.
fn ward() -> Vec<Device> {
    vec![
        device(1, &[("category", "infusion-pump", 0.93), ("vendor", "BD", 0.97)]),
        device(2, &[("category", "infusion-pump", 0.88), ("vendor", "BD", 0.97)]),
        device(3, &[("category", "infusion-pump", 0.99), ("vendor", "Baxter", 0.99)]),
        serving(device(10, &[]), &[("tcp", 2575, "hl7")]),
        serving(device(11, &[("vendor", "Dell", 0.65)]), &[("udp", 53, "dns"), ("udp", 123, "ntp")]),
        device(12, &[("vendor", "Dell", 0.65)]),
        device(20, &[("category", "phone", 0.9)]),
        Device { scope: Scope::External, ips: vec!["203.0.113.9".parse().unwrap()], ..device(30, &[]) },
        group(40, "239.255.255.250"),
    ]
}

fn zone_of<'l>(learned: &'l Learned, devices: &[Device], number: u32) -> Option<&'l str> {
    let membership = Membership::assign(&learned.policy, devices, &BTreeMap::new(), now());
    let id = site::id(number);
    let name = membership.of(&id)?.zone.clone()?;
    learned.policy.zone(&name).map(|(_, zone)| zone.name.as_str())
}

#[test]
fn what_one_pump_does_its_profile_may_do() {
    let devices = ward();
    let talks = [talk(1, 10, "tcp", 2575, "hl7", 9), talk(2, 11, "udp", 123, "ntp", 3)];
    let learned = learned(&devices, &talks);
    assert_eq!(zone_of(&learned, &devices, 1), Some("infusion-pump-bd"));
    assert_eq!(zone_of(&learned, &devices, 2), Some("infusion-pump-bd"));
    assert_eq!(zone_of(&learned, &devices, 3), Some("infusion-pump-baxter"));
    let pumps = &learned.policy.zone("infusion-pump-bd").unwrap().1;
    assert!(
        (pumps.confidence - 0.85).abs() < 1e-9,
        "as sure as the least sure of them: {}",
        pumps.confidence
    );
    assert_eq!(learned.policy.conduits.len(), 2);
    let conduit = &learned.policy.conduits[0];
    assert_eq!(conduit.stated_by, StatedBy::Learned);
    assert_eq!(conduit.services.iter().map(ToString::to_string).collect::<Vec<_>>(), ["hl7"]);
    assert_eq!(learned.conduits[0].devices, 1);
    assert_eq!(learned.conduits[0].of, 2);
    assert!(conduit.reason.as_deref().unwrap().contains("9 flows of 1 of 2 devices"), "{conduit:?}");
}

#[test]
fn servers_are_told_by_what_they_answer_on_and_others_by_their_maker() {
    let devices = ward();
    let learned = learned(&devices, &[talk(12, 11, "udp", 53, "dns", 4)]);
    assert_eq!(zone_of(&learned, &devices, 11), Some("dns-servers"));
    assert_eq!(zone_of(&learned, &devices, 12), Some("dell-devices"));
    let (_, zone) = learned.policy.zone("dell-devices").unwrap();
    let Members::Where { text, .. } = &zone.members else { panic!("{zone:?}") };
    assert_eq!(text, "vendor = \"Dell\" and -service = \"dns\"");
}

#[test]
fn a_sender_that_nothing_tells_has_a_zone_by_address_where_care_depends_on_it() {
    let mut devices = ward();
    devices.push(device(50, &[]));
    devices.push(device(51, &[]));
    let talks = [talk(50, 10, "tcp", 2575, "hl7", 2), talk(51, 10, "tcp", 22, "ssh", 2)];
    let learned = learned(&devices, &talks);
    assert_eq!(zone_of(&learned, &devices, 50), Some("senders"));
    assert_eq!(zone_of(&learned, &devices, 51), None);
    assert_eq!(learned.unplaced, 1);
    assert_eq!(learned.superfluous[0].cause, Cause::Unidentified);
}

#[test]
fn what_is_superfluous_is_told_apart_with_its_cause() {
    let devices = ward();
    let talks = [
        talk(1, 2, "tcp", 8080, "http", 40),
        talk(1, 30, "tcp", 443, "tls", 90),
        talk(12, 1, "tcp", 23, "telnet", 12),
        talk(12, 1, "tcp", 21, "ftp", 12),
        talk(1, 12, "tcp", 50_123, "unknown", 12),
        talk(12, 10, "tcp", 22, "ssh", 1),
        talk(20, 40, "udp", 1900, "ssdp", 700),
    ];
    let learned = learned(&devices, &talks);
    assert!(learned.policy.conduits.is_empty(), "{:?}", learned.policy.conduits);
    let told: Vec<(Cause, &str, &str)> =
        learned.superfluous.iter().map(|item| (item.cause, item.from.as_str(), item.to.as_str())).collect();
    assert_eq!(
        told,
        [
            (Cause::Outside, "infusion-pump-bd", "outside"),
            (Cause::ClearText, "infusion-pump-bd", "dell-devices"),
            (Cause::ClearText, "dell-devices", "infusion-pump-bd"),
            (Cause::Lateral, "infusion-pump-bd", "infusion-pump-bd"),
            (Cause::SeenOnce, "dell-devices", "hl7-servers"),
            (Cause::Discovery, "phone", "239.255.255.250"),
        ]
    );
    assert!(learned.superfluous[2].allow.contains("from = \"dell-devices\""));
}

#[test]
fn the_lines_that_allow_it_allow_it() {
    let devices = ward();
    let talks = [talk(12, 1, "tcp", 23, "telnet", 12), talk(20, 40, "udp", 1900, "ssdp", 700)];
    let learned = learned(&devices, &talks);
    for item in &learned.superfluous {
        let text = format!("{}\n{}", learned.policy.text(), item.allow);
        let policy = Policy::parse(&text, &UsualPorts).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
        assert_eq!(policy.conduits.len(), learned.policy.conduits.len() + 1);
    }
}

#[test]
fn care_is_never_superfluous_for_being_rare_and_must_always_pass() {
    let devices = ward();
    let talks = [talk(3, 10, "tcp", 2575, "hl7", 1), talk(1, 2, "tcp", 49_200, "sdc", 1)];
    let learned = learned(&devices, &talks);
    assert!(learned.superfluous.is_empty(), "{:?}", learned.superfluous);
    let always: Vec<String> = learned
        .policy
        .invariants
        .iter()
        .filter(|invariant| invariant.duty == Duty::Always)
        .map(|invariant| format!("{} to {}: {}", invariant.from, invariant.to, invariant.services[0]))
        .collect();
    // Servers of connected devices choose their port anew.
    assert_eq!(
        always,
        ["infusion-pump-baxter to hl7-servers: hl7", "infusion-pump-bd to infusion-pump-bd: tcp/32768-65535"]
    );
}

#[test]
fn guests_and_strangers_never_reach_care_where_none_was_seen_to() {
    let devices = ward();
    let learned = learned(&devices, &[talk(20, 1, "tcp", 443, "tls", 5)]);
    let never: Vec<&medward_policy::Invariant> =
        learned.policy.invariants.iter().filter(|invariant| invariant.duty == Duty::Never).collect();
    assert_eq!(never.len(), 2);
    assert_eq!(never[0].from, Ends::Zones(vec!["phone".to_owned()]));
    let Ends::Zones(care) = &never[0].to else { panic!() };
    assert!(!care.contains(&"infusion-pump-bd".to_owned()), "it was seen: {care:?}");
    assert!(care.contains(&"infusion-pump-baxter".to_owned()), "{care:?}");
    assert_eq!(never[1].from, Ends::Zones(vec!["outside".to_owned()]));
}

#[test]
fn leases_are_renewed_with_the_server_and_asked_for_by_anybody() {
    let mut devices = ward();
    devices.push(group(41, "255.255.255.255"));
    let talks = [talk(1, 41, "udp", 67, "dhcpv4", 1), talk(11, 1, "udp", 68, "dhcpv4", 1)];
    let learned = learned(&devices, &talks);
    let ways: Vec<String> =
        learned.policy.conduits.iter().map(|conduit| format!("{} to {}", conduit.from, conduit.to)).collect();
    assert_eq!(
        ways,
        ["any to group-addresses", "infusion-pump-bd to dns-servers", "dns-servers to infusion-pump-bd"]
    );
}

#[test]
fn a_kind_with_a_device_of_no_known_maker_is_one_zone() {
    let devices =
        [device(1, &[("category", "ct", 0.9), ("vendor", "GE", 0.9)]), device(2, &[("category", "ct", 0.9)])];
    let learned = learned(&devices, &[]);
    assert_eq!(zone_of(&learned, &devices, 1), Some("ct"));
    assert_eq!(zone_of(&learned, &devices, 2), Some("ct"));
}

fn devices() -> impl Strategy<Value = Vec<Device>> {
    let category =
        prop::option::of(prop::sample::select(vec!["infusion-pump", "ct", "pacs", "phone", "nas"]));
    let vendor = prop::option::of(prop::sample::select(vec!["BD", "GE", "Dell \"x\"", "Dräger"]));
    let service = prop::option::of(prop::sample::select(vec![
        ("tcp", 104, "dicom"),
        ("tcp", 2575, "hl7"),
        ("udp", 53, "dns"),
        ("tcp", 443, "tls"),
        ("tcp", 9999, "unknown"),
    ]));
    let sure = prop::sample::select(vec![0.55, 0.8, 0.99]);
    prop::collection::vec((category, vendor, service, sure), 1..14).prop_map(|all| {
        (1..)
            .zip(all)
            .map(|(number, (category, vendor, service, sure))| {
                let attributes: Vec<(&'static str, &str, f64)> = category
                    .map(|value| ("category", value, sure))
                    .into_iter()
                    .chain(vendor.map(|value| ("vendor", value, sure)))
                    .collect();
                serving(device(number, &attributes), service.as_slice())
            })
            .chain([group(90, "224.0.0.251"), group(91, "255.255.255.255")])
            .collect()
    })
}

fn talks() -> impl Strategy<Value = Vec<Conversation>> {
    let end = || prop_oneof![12 => 1_u32..14, 1 => Just(90_u32), 1 => Just(91)];
    let what = prop::sample::select(vec![
        ("tcp", 104, "dicom"),
        ("tcp", 6661, "hl7"),
        ("tcp", 34_205, "sdc"),
        ("udp", 53, "dns"),
        ("udp", 67, "dhcpv4"),
        ("udp", 5353, "mdns"),
        ("udp", 3702, "wsd"),
        ("tcp", 23, "telnet"),
        ("tcp", 443, "tls"),
        ("tcp", 9999, "unknown"),
        ("icmp", 0, "unknown"),
        ("ip", 2, "igmp"),
        ("link", 0, "arp"),
    ]);
    prop::collection::vec((1_u32..14, end(), what, 1_u64..4), 0..40).prop_map(|all| {
        all.into_iter()
            .map(|(from, to, (transport, port, protocol), flows)| {
                talk(from, to, transport, port, protocol, flows)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_order_of_what_was_seen_does_not_matter(devices in devices(), talks in talks()) {
        let one = learned(&devices, &talks);
        let (mut back, mut talks_back) = (devices, talks);
        back.reverse();
        talks_back.reverse();
        prop_assert_eq!(one, learned(&back, &talks_back));
    }

    #[test]
    fn what_is_learned_can_be_read_and_means_the_same(devices in devices(), talks in talks()) {
        let policy = learned(&devices, &talks).policy;
        let read = Policy::parse(&policy.text(), &UsualPorts);
        let read = read.map_err(|errors| TestCaseError::fail(format!("{errors}\n{}", policy.text())))?;
        prop_assert_eq!(read.without_places(), policy);
    }

    #[test]
    fn nothing_is_cut_but_the_superfluous_and_care_always_passes(devices in devices(), talks in talks()) {
        let learned = learned(&devices, &talks);
        let policy = &learned.policy;
        let membership = Membership::assign(policy, &devices, &BTreeMap::new(), now());
        let ground = Ground::of(policy, &membership, &devices);
        let source =
            Source { policy, ground: &ground, ports: &UsualPorts, now: now(), stages: Stages::Enforced, lifted: &[] };
        let ruleset = source.compile();
        let mut simulator = Simulator::new(policy, &ruleset, &membership, &devices);
        talks.iter().for_each(|talk| simulator.conversation(talk));
        let simulation = simulator.finish();
        let apart: u64 = learned.superfluous.iter().map(|item| item.flows).sum();
        prop_assert!(
            simulation.cut.flows + simulation.perhaps_cut.flows <= apart,
            "{:#?}\n{}", simulation.groups, policy.text()
        );
        let proof = Prover::new(&ruleset).prove(&source);
        prop_assert!(proof.holds, "{:#?}", proof.answers.first());
    }
}
