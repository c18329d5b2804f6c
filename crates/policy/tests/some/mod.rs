//! Wards and rules to test with.
#![allow(dead_code)]

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Fused, Scope, Timestamp};
use medward_policy::{
    Action, Addresses, Condition, Ground, Membership, Origin, Packet, Policy, Rate, Rule, Ruleset, Services,
    Source, Stages, UsualPorts, any_service, network, port_range, protocol, single,
};
use proptest::prelude::*;

pub fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

pub fn device(id: u64, attributes: &[(&'static str, &str)], ips: &[&str]) -> Device {
    let fused =
        |value: &str| Fused { value: value.into(), confidence: 0.95, evidence: vec![], rejected: vec![] };
    Device {
        id: DeviceId(format!("dev-{id:012x}")),
        macs: vec![],
        ips: ips.iter().map(|ip| ip.parse().unwrap()).collect(),
        vlans: vec![],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope: Scope::Internal,
        attributes: attributes.iter().map(|(name, value)| (*name, fused(value))).collect(),
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

pub const WARD: &str = include_str!("../policies/ward.toml");

pub fn ward() -> (Policy, Vec<Device>) {
    let pump = [("category", "infusion-pump"), ("vendor", "BD"), ("life_supporting", "yes")];
    let devices = vec![
        device(1, &pump, &["10.1.0.1", "fd00::1"]),
        device(2, &pump, &["10.1.0.2"]),
        device(3, &[("category", "ct")], &["10.2.0.1"]),
        device(4, &[("category", "ct")], &["10.2.0.9"]),
        device(5, &[("category", "printer")], &["10.3.0.1"]),
        device(6, &[("category", "workstation")], &["10.20.0.7"]),
    ];
    (Policy::parse(WARD, &UsualPorts).unwrap(), devices)
}

pub fn membership(policy: &Policy, devices: &[Device]) -> Membership {
    Membership::assign(policy, devices, &BTreeMap::new(), now())
}

pub fn compiled(policy: &Policy, devices: &[Device]) -> Ruleset {
    let ground = Ground::of(policy, &membership(policy, devices), devices);
    let source = Source {
        policy,
        ground: &ground,
        ports: &UsualPorts,
        now: now(),
        stages: Stages::AsWritten,
        lifted: &[],
    };
    source.compile()
}

/// Sets of addresses from a small world, so that rules meet.
fn addresses() -> impl Strategy<Value = Addresses> {
    let one = prop_oneof![
        (0..4_u8, 0..8_u8).prop_map(|(a, b)| single([10, 0, a, b].into())),
        (0..4_u8, 28..=32_u8).prop_map(|(a, length)| network([10, 0, a, 0].into(), length)),
        (0..4_u16).prop_map(|a| single(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, a).into())),
        Just(network([10, 0, 0, 0].into(), 8)),
        Just(network(std::net::Ipv6Addr::UNSPECIFIED.into(), 0)),
    ];
    let some = prop::collection::vec(one, 1..6)
        .prop_map(|all| Addresses::joined(all.iter().flat_map(Addresses::iter).collect::<Vec<_>>()));
    prop_oneof![2 => Just(Addresses::all()), 5 => some]
}

fn services() -> impl Strategy<Value = Services> {
    let one = prop_oneof![
        (0..4_u16).prop_map(|port| port_range(6, 100 + port, 100 + port)),
        (0..4_u16).prop_map(|port| port_range(17, 100 + port, 110)),
        Just(port_range(132, 100, 101)),
        Just(protocol(6)),
        Just(protocol(47)),
        Just(protocol(1).union(&protocol(58))),
    ];
    let some = prop::collection::vec(one, 1..4)
        .prop_map(|all| all.iter().fold(Services::empty(), |sum, one| sum.union(one)));
    prop_oneof![3 => Just(any_service()), 4 => some]
}

fn conditions() -> impl Strategy<Value = Vec<Condition>> {
    let window =
        prop_oneof![Just("mon-fri 08:00-18:00"), Just("daily 22:00-04:00"), Just("sat,sun 00:00-24:00")];
    prop_oneof![
        6 => Just(Vec::new()),
        1 => window.prop_map(|text| vec![Condition::Window(text.parse().unwrap())]),
        1 => (1..100_u32).prop_map(|flows| vec![Condition::Rate(Rate { flows, seconds: 60 })]),
    ]
}

fn rule(rated: bool) -> impl Strategy<Value = Rule> {
    let action = prop_oneof![Just(Action::Accept), Just(Action::Drop), Just(Action::Alert)];
    // Half of them close an end, as zones do.
    let ends = prop_oneof![
        (addresses(), addresses(), services(), conditions()),
        (addresses(), any::<bool>()).prop_map(|(zone, inward)| {
            let (from, to) = if inward { (Addresses::all(), zone) } else { (zone, Addresses::all()) };
            (from, to, any_service(), Vec::new())
        }),
    ];
    (ends, action, prop::option::weighted(0.1, Just(now())), 0..9_u32).prop_map(
        move |((sources, destinations, services, mut conditions), action, expires, line)| {
            conditions.retain(|condition| rated || !matches!(condition, Condition::Rate(_)));
            Rule {
                sources,
                destinations,
                services,
                action,
                conditions,
                expires,
                origin: Origin::Conduit(0),
                line,
                counter: format!("rule-{line}"),
                label: format!("a rule of line {line}"),
            }
        },
    )
}

/// Rule sets in which runs of rules of one kind happen.
pub fn rulesets(rated: bool) -> impl Strategy<Value = Ruleset> {
    let run = (rule(rated), prop::collection::vec(rule(rated), 0..7), any::<bool>()).prop_map(
        |(first, mut more, alike)| {
            if alike {
                more.iter_mut().for_each(|rule| rule.action = first.action);
            }
            more.push(first);
            more
        },
    );
    let default = prop_oneof![Just(Action::Accept), Just(Action::Drop)];
    (prop::collection::vec(run, 0..4), default).prop_map(|(runs, default)| Ruleset {
        name: "random".to_owned(),
        rules: runs.into_iter().flatten().collect(),
        default,
        stateful: true,
        notes: Vec::new(),
    })
}

/// Packets of the same small world.
pub fn packets() -> impl Strategy<Value = Packet> {
    let service = prop_oneof![
        (98..112_u16).prop_map(|port| (6_u8, port)),
        (98..112_u16).prop_map(|port| (17, port)),
        Just((132, 100)),
        Just((1, 0x800)),
    ];
    let v4 =
        (0..4_u8, 0..8_u8, 0..4_u8, 0..8_u8, service.clone()).prop_map(|(a, b, c, d, (protocol, port))| {
            Packet { source: [10, 0, a, b].into(), destination: [10, 0, c, d].into(), protocol, port }
        });
    let v6 = (0..4_u16, 0..4_u16, 98..112_u16).prop_map(|(a, b, port)| Packet {
        source: std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, a).into(),
        destination: std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, b).into(),
        protocol: 17,
        port,
    });
    prop_oneof![3 => v4, 1 => v6]
}
