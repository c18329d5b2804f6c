//! Replaying history through rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a proof fails by panicking"
)]

mod site;

use std::collections::BTreeMap;

use medward_model::{Conversation, Device, FlowRecord, HostKey, Mac};
use medward_policy::{
    Fate, Ground, Meaning, Membership, Origin, Packet, Policy, Reading, Ruleset, Simulation, Simulator,
    Source, Stages, TCP, UsualPorts,
};
use proptest::prelude::*;
use site::{device, now, talk};

const POLICY: &str = r#"
    schema = "medward.policy/1"
    name = "ward"
    [defaults]
    stage = "enforce"
    [zone.pumps]
    where = 'category = "infusion-pump"'
    kind = "clinical"
    [zone.scanners]
    where = 'category = "ct"'
    kind = "clinical"
    [zone.servers]
    addresses = ["10.20.0.10/32", "10.20.0.11/32"]
    stage = "alert"
    [[conduit]]
    from = "pumps"
    to = "servers"
    service = ["hl7"]
    [[conduit]]
    from = "scanners"
    to = "servers"
    service = ["dicom"]
    window = "mon-fri 08:00-18:00"
"#;

fn ward() -> Vec<Device> {
    let mut two = device(3, &[("category", "ct", 0.9)]);
    // The second address is a pump's as well, whose zone has it.
    two.ips.push("10.20.0.1".parse().unwrap());
    vec![
        device(1, &[("category", "infusion-pump", 0.9), ("life_supporting", "unknown", 0.9)]),
        device(2, &[("category", "ct", 0.9)]),
        two,
        device(10, &[]),
        device(20, &[]),
        Device { ips: vec![], ..device(30, &[]) },
    ]
}

struct Set {
    policy: Policy,
    membership: Membership,
    ruleset: Ruleset,
    devices: Vec<Device>,
}

fn set(stages: Stages) -> Set {
    let policy = Policy::parse(POLICY, &UsualPorts).unwrap();
    let devices = ward();
    let membership = Membership::assign(&policy, &devices, &BTreeMap::new(), now());
    let ground = Ground::of(&policy, &membership, &devices);
    let source =
        Source { policy: &policy, ground: &ground, ports: &UsualPorts, now: now(), stages, lifted: &[] };
    let ruleset = source.compile();
    Set { policy, membership, ruleset, devices }
}

fn replayed(stages: Stages, talks: &[Conversation]) -> Simulation {
    let set = set(stages);
    let mut simulator = Simulator::new(&set.policy, &set.ruleset, &set.membership, &set.devices);
    talks.iter().for_each(|talk| simulator.conversation(talk));
    simulator.finish()
}

#[test]
fn what_a_life_may_depend_on_comes_first() {
    let simulation = replayed(
        Stages::AsWritten,
        &[
            talk(20, 2, "tcp", 22, "ssh", 900),
            talk(2, 20, "tcp", 104, "dicom", 5),
            talk(1, 20, "tcp", 443, "tls", 1),
            talk(1, 10, "tcp", 2575, "hl7", 70),
            talk(20, 10, "tcp", 22, "ssh", 3),
            talk(1, 30, "tcp", 22, "ssh", 3),
            talk(1, 2, "link", 0, "arp", 3),
        ],
    );
    let told: Vec<(Fate, Meaning, &str)> =
        simulation.groups.iter().map(|group| (group.fate, group.meaning, group.service.as_str())).collect();
    assert_eq!(
        told,
        [
            (Fate::Cut, Meaning::LifeSupporting, "tcp/443"),
            (Fate::Cut, Meaning::Clinical, "tcp/104"),
            (Fate::Cut, Meaning::Other, "tcp/22"),
            (Fate::Alerts, Meaning::Other, "tcp/22"),
        ]
    );
    assert_eq!(simulation.passes.conversations, 1);
    assert_eq!(simulation.passes.flows, 70);
    assert_eq!(simulation.undecided.conversations, 1);
    assert_eq!(simulation.beside.conversations, 1);
    assert_eq!(simulation.total.conversations, 7);
    let first = &simulation.groups[0];
    assert_eq!(first.rule.origin, Some(Origin::Outbound("pumps".to_owned())));
    assert!(first.rule.line > 0);
    assert_eq!((first.from.as_deref(), first.to.as_deref()), (Some("pumps"), None));
    assert_eq!(first.originators, [site::id(1)]);
}

#[test]
fn what_depends_on_the_time_or_the_address_may_be_cut() {
    let simulation = replayed(
        Stages::Enforced,
        &[
            talk(2, 10, "tcp", 104, "dicom", 5),
            talk(3, 10, "tcp", 2575, "hl7", 5),
            talk(1, 3, "tcp", 2575, "hl7", 2),
        ],
    );
    assert_eq!(simulation.cut.conversations, 1, "{:#?}", simulation.groups);
    assert_eq!(simulation.perhaps_cut.conversations, 2);
}

#[test]
fn nothing_is_cut_before_a_zone_enforces() {
    let mut policy = Policy::parse(POLICY, &UsualPorts).unwrap();
    policy.zones.iter_mut().for_each(|zone| zone.stage = medward_policy::Stage::Learn);
    let devices = ward();
    let membership = Membership::assign(&policy, &devices, &BTreeMap::new(), now());
    let ground = Ground::of(&policy, &membership, &devices);
    let source = Source {
        policy: &policy,
        ground: &ground,
        ports: &UsualPorts,
        now: now(),
        stages: Stages::AsWritten,
        lifted: &[],
    };
    let ruleset = source.compile();
    let mut simulator = Simulator::new(&policy, &ruleset, &membership, &devices);
    simulator.conversation(&talk(20, 2, "tcp", 22, "ssh", 9));
    let simulation = simulator.finish();
    assert_eq!(simulation.passes.conversations, 1);
    assert!(simulation.groups.is_empty());
}

fn flow(from: u32, to: u32, port: u16) -> FlowRecord {
    let host = |number: u32| HostKey {
        ip: std::net::Ipv4Addr::from_bits(0x0a14_0000 + number).into(),
        mac: Mac([0; 6]),
        vlan: 20,
    };
    FlowRecord {
        originator: host(from),
        originator_port: 40_000,
        responder: host(to),
        responder_port: port,
        transport: medward_model::Transport::Tcp,
        protocol: None,
        packets: [3, 2],
        bytes: [300, 200],
        first: now(),
        last: now(),
        first_packet: 1,
        answered: true,
        oriented: true,
        continues: None,
    }
}

proptest! {
    #[test]
    fn a_flow_fares_as_its_rule_says(from in 0_u32..24, to in 0_u32..24, port in prop::sample::select(vec![22_u16, 104, 2575])) {
        let set = set(Stages::AsWritten);
        let mut simulator = Simulator::new(&set.policy, &set.ruleset, &set.membership, &set.devices);
        let flow = flow(from, to, port);
        simulator.flow(&flow);
        let simulation = simulator.finish();
        let packet = Packet { source: flow.originator.ip, destination: flow.responder.ip, protocol: TCP, port };
        let passes = |reading| {
            set.ruleset.decide(&packet, reading).map_or(set.ruleset.default, |at| set.ruleset.rules[at].action).passes()
        };
        prop_assert_eq!(simulation.cut.flows == 1, !passes(Reading::Most));
        prop_assert_eq!(simulation.perhaps_cut.flows == 1, passes(Reading::Most) && !passes(Reading::Least));
        prop_assert_eq!(simulation.passes.flows + simulation.alerts.flows == 1, passes(Reading::Least));
    }

    #[test]
    fn the_sums_are_those_of_the_groups_and_the_order_does_not_matter(all in prop::collection::vec((1_u32..32, 1_u32..32, prop::sample::select(vec![22_u16, 104, 2575])), 0..40)) {
        let talks: Vec<Conversation> = all.iter().map(|(from, to, port)| talk(*from, *to, "tcp", *port, "unknown", 2)).collect();
        let one = replayed(Stages::AsWritten, &talks);
        let back: Vec<Conversation> = talks.iter().rev().cloned().collect();
        prop_assert_eq!(&one, &replayed(Stages::AsWritten, &back));
        let told = one.cut.flows + one.perhaps_cut.flows + one.alerts.flows + one.passes.flows + one.undecided.flows + one.beside.flows;
        prop_assert_eq!(told, one.total.flows);
    }
}
