//! From policy and devices to rules and proofs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Fused, Scope, Timestamp};
use medward_policy::{
    Action, Addresses, Belief, Condition, Ends, Ground, Lifted, Membership, Note, Origin, Packet, Policy,
    Prover, Ranges, Reading, Rule, Ruleset, Sameness, Services, Source, Stages, Standing, UsualPorts,
    any_service, place, port_range, single,
};
use proptest::prelude::*;

fn device(id: u64, category: &str, vendor: Option<(&str, f64)>, ips: &[&str]) -> Device {
    let fused = |value: &str, confidence| Fused {
        value: value.into(),
        confidence,
        evidence: vec![],
        rejected: vec![],
    };
    let mut attributes = BTreeMap::from([("category", fused(category, 0.95))]);
    if let Some((vendor, confidence)) = vendor {
        attributes.insert("vendor", fused(vendor, confidence));
    }
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
        attributes,
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

fn ward() -> (Policy, Vec<Device>) {
    let policy = Policy::parse(include_str!("policies/ward.toml"), &UsualPorts).unwrap();
    let devices = vec![
        device(1, "infusion-pump", Some(("BD", 0.97)), &["10.1.0.1", "fd00::1"]),
        device(2, "infusion-pump", Some(("BD", 0.97)), &["10.1.0.2"]),
        device(3, "ct", None, &["10.2.0.1"]),
        device(4, "infusion-pump", Some(("BD", 0.6)), &["10.1.0.9"]),
        device(5, "printer", None, &["10.3.0.1"]),
        device(6, "workstation", None, &["10.20.0.7"]),
    ];
    (policy, devices)
}

fn now() -> Timestamp {
    "2026-11-27T12:00:00Z".parse().unwrap()
}

fn ground(policy: &Policy, devices: &[Device]) -> (Membership, Ground) {
    let membership = Membership::assign(policy, devices, &BTreeMap::new(), now());
    let ground = Ground::of(policy, &membership, devices);
    (membership, ground)
}

fn source<'a>(policy: &'a Policy, ground: &'a Ground) -> Source<'a> {
    Source { policy, ground, ports: &UsualPorts, now: now(), stages: Stages::AsWritten, lifted: &[] }
}

fn packet(source: &str, destination: &str, protocol: u8, port: u16) -> Packet {
    Packet { source: source.parse().unwrap(), destination: destination.parse().unwrap(), protocol, port }
}

fn action(ruleset: &Ruleset, packet: &Packet, reading: Reading) -> Action {
    ruleset.decide(packet, reading).map_or(ruleset.default, |at| ruleset.rules[at].action)
}

#[test]
fn devices_are_in_zones_for_reasons() {
    let (policy, devices) = ward();
    let (membership, ground) = ground(&policy, &devices);
    let of = |id: u64| membership.of(&DeviceId(format!("dev-{id:012x}"))).unwrap();
    assert_eq!((of(1).belief, of(1).zone.as_deref()), (Belief::Sure, Some("pumps")));
    assert_eq!(of(1).reason, "'pumps' takes it: category = \"infusion pump\" (0.95), vendor = \"BD\" (0.97)");
    assert_eq!((of(4).belief, of(4).treated_as.as_deref()), (Belief::Unsure, Some("imaging")));
    assert_eq!(
        of(4).reason,
        "'pumps' would take it, but vendor = \"BD\" is only 0.60 sure, and 0.90 is asked for"
    );
    assert_eq!((of(5).belief, of(5).treated_as.as_deref()), (Belief::Unknown, None));
    assert_eq!(of(6).zone.as_deref(), Some("servers"));
    assert!(ground.zones[0].addresses.contains(place("10.20.0.200".parse().unwrap())));
    let outside = &ground.zones[4].addresses;
    for (ip, out) in
        [("8.8.8.8", true), ("10.77.0.1", false), ("2001:db8:20::5", false), ("2606:4700::1", true)]
    {
        assert_eq!(outside.contains(place(ip.parse().unwrap())), out, "{ip}");
    }
}

#[test]
fn rules_do_what_the_policy_says() {
    let (policy, devices) = ward();
    let (_, ground) = ground(&policy, &devices);
    let ruleset = source(&policy, &ground).compile();
    let cases = [
        (packet("10.1.0.1", "10.20.0.7", 6, 3613), Action::Accept),
        (packet("10.1.0.1", "10.20.0.7", 6, 23), Action::Drop),
        (packet("10.20.0.7", "10.1.0.1", 6, 3613), Action::Drop),
        (packet("10.1.0.1", "10.1.0.2", 6, 80), Action::Drop),
        (packet("10.3.0.1", "10.1.0.1", 6, 80), Action::Drop),
        (packet("10.3.0.1", "10.20.0.7", 6, 80), Action::Accept),
        (packet("8.8.8.8", "10.2.0.1", 6, 443), Action::Accept),
        (packet("10.99.1.1", "8.8.8.8", 17, 53), Action::Accept),
        (packet("10.99.1.1", "10.20.0.7", 17, 53), Action::Drop),
        (packet("fd00::1", "2001:db8:20::7", 6, 3613), Action::Accept),
    ];
    for (packet, expected) in cases {
        assert_eq!(action(&ruleset, &packet, Reading::Least), expected, "{packet}");
    }
    // Only within its hours, and not too often.
    let timed = packet("10.2.0.1", "10.20.0.7", 6, 104);
    assert_eq!(action(&ruleset, &timed, Reading::Most), Action::Accept);
    assert_eq!(action(&ruleset, &timed, Reading::Least), Action::Drop);
    let json = serde_json::to_value(&ruleset).unwrap();
    assert_eq!(json["rules"][0]["sources"], serde_json::json!(["10.1.0.1", "10.1.0.2", "fd00::1"]));
    assert_eq!(json["rules"][0]["services"], "tcp/3613");
}

#[test]
fn what_expired_has_no_rule_and_what_is_lifted_passes() {
    let (policy, devices) = ward();
    let (_, ground) = ground(&policy, &devices);
    let lifted = [Lifted {
        zone: "pumps".into(),
        who: "ward lead".into(),
        reason: "server moved".into(),
        until: now().plus_seconds(60),
    }];
    let late =
        Source { now: "2027-01-01T00:00:00Z".parse().unwrap(), lifted: &lifted, ..source(&policy, &ground) };
    let ruleset = late.compile();
    assert!(ruleset.notes.iter().any(|note| note.text.contains("expired after 2026-12-31")));
    assert_eq!(action(&ruleset, &packet("8.8.8.8", "10.2.0.1", 6, 443), Reading::Most), Action::Drop);
    let in_need = Source { lifted: &lifted, ..source(&policy, &ground) };
    let ruleset = in_need.compile();
    assert_eq!(action(&ruleset, &packet("10.3.0.1", "10.1.0.1", 6, 80), Reading::Least), Action::Accept);
    assert_eq!(ruleset.rules[0].expires, Some(now().plus_seconds(60)));
}

#[test]
fn stages_decide_what_is_cut() {
    let (mut policy, devices) = ward();
    let probe = packet("10.3.0.1", "10.1.0.1", 6, 80);
    for (stage, expected) in
        [("observe", Action::Accept), ("alert", Action::Alert), ("enforce", Action::Drop)]
    {
        policy.zones[1].stage = medward_policy::Stage::by_name(stage).unwrap();
        let (_, ground) = ground(&policy, &devices);
        assert_eq!(action(&source(&policy, &ground).compile(), &probe, Reading::Most), expected);
        let intended = Source { stages: Stages::Enforced, ..source(&policy, &ground) }.compile();
        assert_eq!(action(&intended, &probe, Reading::Most), Action::Drop);
    }
}

#[test]
fn invariants_are_proven_or_shown_broken() {
    let (policy, devices) = ward();
    let (_, ground) = ground(&policy, &devices);
    let source = source(&policy, &ground);
    let ruleset = source.compile();
    let proof = Prover::new(&ruleset).prove(&source);
    assert!(proof.holds, "{proof:#?}");

    let mut leaky = ruleset.clone();
    let mut hole = leaky.rules[0].clone();
    hole.sources = single("10.99.0.5".parse().unwrap());
    hole.destinations = single("10.1.0.2".parse().unwrap());
    hole.services = port_range(6, 8080, 8081);
    hole.line = 99;
    leaky.rules.insert(0, hole);
    let proof = Prover::new(&leaky).prove(&source);
    assert!(!proof.holds);
    let answer = &proof.answers[0];
    assert_eq!(answer.standing, Standing::Fails);
    assert_eq!(answer.witness, Some(packet("10.99.0.5", "10.1.0.2", 6, 8080)));
    assert!(
        answer.sentence.starts_with(
            "Never guests to pumps, imaging: broken. 10.99.0.5 to 10.1.0.2, tcp/8080 passes: rule 1 of line 99 accepts it"
        ),
        "{}",
        answer.sentence
    );

    let mut shut = ruleset.clone();
    shut.rules.remove(0);
    let proof = Prover::new(&shut).prove(&source);
    let answer = &proof.answers[0];
    assert_eq!(answer.witness, Some(packet("10.1.0.1", "10.20.0.0", 6, 3613)));
    assert!(answer.sentence.starts_with("Always pumps to servers on alaris: broken."), "{}", answer.sentence);

    let same = Sameness::of(&ruleset, &leaky);
    assert!(!same.same && same.only_left.is_none());
    assert_eq!(same.only_right.unwrap().witness, packet("10.99.0.5", "10.1.0.2", 6, 8080));
}

#[test]
fn what_passes_is_told() {
    let (policy, devices) = ward();
    let (_, ground) = ground(&policy, &devices);
    let source = source(&policy, &ground);
    let ruleset = source.compile();
    let pumps = source.addresses(&Ends::Zones(vec!["pumps".into()]));
    let servers = source.addresses(&Ends::Zones(vec!["servers".into()]));
    let told = Prover::new(&ruleset).passing(&pumps, &servers);
    assert!(
        told.sentence.contains("at least tcp/3613, and at most tcp/104, tcp/2761-2762"),
        "{}",
        told.sentence
    );
}

const POOL: [&str; 8] =
    ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.1.1", "192.0.2.1", "fd00::1", "fd00::2", "2001:db8::1"];

fn addresses() -> impl Strategy<Value = Addresses> {
    prop_oneof![
        1 => Just(Addresses::all()),
        4 => prop::collection::vec(0..POOL.len(), 0..4).prop_map(|picks| {
            Ranges::joined(picks.into_iter().map(|pick| (place(POOL[pick].parse().unwrap()), place(POOL[pick].parse().unwrap()))))
        }),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let services = prop_oneof![
        2 => Just(any_service()),
        5 => (prop_oneof![Just(6_u8), Just(17)], 1_u16..5, 0_u16..3).prop_map(|(protocol, first, more)| port_range(protocol, first, first + more)),
        1 => Just(Services::empty()),
    ];
    let action = prop_oneof![Just(Action::Accept), Just(Action::Drop), Just(Action::Alert)];
    (addresses(), addresses(), services, action, prop::bool::weighted(0.2)).prop_map(
        |(sources, destinations, services, action, unread)| Rule {
            sources,
            destinations,
            services,
            action,
            conditions: if unread { vec![Condition::Unread("mark 1".into())] } else { vec![] },
            expires: None,
            origin: Origin::Read,
            line: 0,
            counter: String::new(),
            label: String::new(),
        },
    )
}

fn ruleset() -> impl Strategy<Value = Ruleset> {
    (prop::collection::vec(rule(), 0..10), any::<bool>()).prop_map(|(rules, open)| Ruleset {
        name: "random".into(),
        rules,
        default: if open { Action::Accept } else { Action::Drop },
        stateful: true,
        notes: Vec::<Note>::new(),
    })
}

fn samples() -> Vec<Packet> {
    let mut all = Vec::new();
    for family in [&POOL[..5], &POOL[5..]] {
        for a in family {
            for b in family {
                for protocol in [1, 6, 17] {
                    for port in 0..8 {
                        all.push(packet(a, b, protocol, port));
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn proofs_agree_with_every_sample(left in ruleset(), right in ruleset()) {
        let samples = samples();
        let mut prover = Prover::new(&left);
        for (from, to) in [(0, 3), (1, 1), (5, 6)] {
            let (from, to) = (single(POOL[from].parse().unwrap()), single(POOL[to].parse().unwrap()));
            let region = |packet: &&Packet| from.contains(place(packet.source)) && to.contains(place(packet.destination));
            let never = prover.never(&from, &to, &any_service(), "");
            let always = prover.always(&from, &to, &any_service(), "");
            for packet in samples.iter().filter(region) {
                for reading in [Reading::Most, Reading::Least] {
                    prop_assert_eq!(prover.decision(packet, reading), left.decide(packet, reading));
                }
                let most = action(&left, packet, Reading::Most).passes();
                let least = action(&left, packet, Reading::Least).passes();
                prop_assert!(most || !least);
                prop_assert!(never.standing != Standing::Holds || !most);
                prop_assert!(always.standing != Standing::Holds || least);
            }
            if never.standing == Standing::Fails {
                prop_assert!(action(&left, &never.witness.unwrap(), Reading::Least).passes());
            }
            if always.standing == Standing::Fails {
                prop_assert!(!action(&left, &always.witness.unwrap(), Reading::Most).passes());
            }
        }
        // A rule that some packet meets is not called dead.
        let deciding: Vec<usize> = samples.iter().flat_map(|packet| [
            left.decide(packet, Reading::Most), left.decide(packet, Reading::Least)]).flatten().collect();
        for answer in prover.rules() {
            for at in &deciding {
                let name = format!("Rule {} is", at + 1);
                prop_assert!(!answer.sentence.starts_with(&name), "{}", answer.sentence);
            }
        }
        let same = Sameness::of(&left, &right);
        for packet in &samples {
            for reading in [Reading::Most, Reading::Least] {
                let (a, b) = (action(&left, packet, reading).passes(), action(&right, packet, reading).passes());
                prop_assert!(!same.same || a == b);
                prop_assert!(same.only_left.is_some() || !a || b);
            }
        }
        if let Some(found) = same.only_right {
            prop_assert!(!action(&left, &found.witness, found.reading).passes());
            prop_assert!(action(&right, &found.witness, found.reading).passes());
        }
    }

    #[test]
    fn without_needless_rules_the_meaning_is_the_same(rules in ruleset()) {
        let mut prover = Prover::new(&rules);
        let idle: Vec<usize> = prover.rules().iter().filter_map(|answer| {
            answer.sentence.strip_prefix("Rule ")?.split(' ').next()?.parse::<usize>().ok()
        }).collect();
        let mut lean = rules.clone();
        let mut number = 0;
        lean.rules.retain(|_| { number += 1; !idle.contains(&number) });
        prop_assert!(Sameness::of(&rules, &lean).same);
    }

    #[test]
    fn rules_mean_what_the_policy_means(
        stages in prop::collection::vec(prop::sample::select(medward_policy::Stage::ALL), 3),
        conduits in prop::collection::vec((0..4_usize, 0..4_usize, 0..3_usize), 0..6),
    ) {
        const ZONES: [&str; 4] = ["a", "b", "c", "any"];
        const SERVICES: [&str; 3] = ["dicom", "udp/3-5", "tcp"];
        let mut text = "schema = \"medward.policy/1\"\nname = \"p\"\n".to_owned();
        for (at, stage) in stages.iter().enumerate() {
            let networks = ["10.0.0.1", "10.0.0.2\", \"fd00::1", "10.0.0.3\", \"fd00::2"][at];
            text += &format!("[zone.{}]\naddresses = [\"{networks}\"]\nstage = \"{}\"\n", ZONES[at], stage.name());
        }
        for (from, to, service) in &conduits {
            let (from, to, service) = (ZONES[*from], ZONES[*to], SERVICES[*service]);
            text += &format!("[[conduit]]\nfrom = \"{from}\"\nto = \"{to}\"\nservice = [\"{service}\"]\n");
        }
        let policy = Policy::parse(&text, &UsualPorts).unwrap();
        let (_, ground) = ground(&policy, &[]);
        let ruleset = source(&policy, &ground).compile();
        let zone = |ip: std::net::IpAddr| match ip.to_string().as_str() {
            "10.0.0.1" => Some(0),
            "10.0.0.2" | "fd00::1" => Some(1),
            "10.0.0.3" | "fd00::2" => Some(2),
            _ => None,
        };
        for mut packet in samples() {
            if packet.protocol == 6 && packet.port == 7 {
                packet.port = 104;
            }
            let (from, to) = (zone(packet.source), zone(packet.destination));
            let listed = conduits.iter().any(|(a, b, service)| {
                let fits = match service {
                    0 => packet.protocol == 6 && packet.port == 104,
                    1 => packet.protocol == 17 && (3..=5).contains(&packet.port),
                    _ => packet.protocol == 6,
                };
                (*a == 3 || from == Some(*a)) && (*b == 3 || to == Some(*b)) && fits
            });
            let strictest = [from, to].into_iter().flatten().map(|at| stages[at]).max();
            let expected = match strictest {
                _ if listed => Action::Accept,
                Some(medward_policy::Stage::Enforce) => Action::Drop,
                Some(medward_policy::Stage::Alert) => Action::Alert,
                _ => Action::Accept,
            };
            prop_assert_eq!(action(&ruleset, &packet, Reading::Most), expected, "{}\n{}", packet, text);
        }
    }
}
