//! Makers' usage descriptions: RFC 8520's own example, with what else may stand in one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a proof fails by panicking"
)]

mod site;

use std::collections::BTreeMap;

use medward_policy::{
    Allowed, Declared, Ground, Membership, Mud, MudError, Opener, Peer, Peers, Policy, Prover, Source,
    Stages, StatedBy, UsualPorts, services_text,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use site::{device, now, talk};

const BULB: &str = include_str!("mud/bulb.json");

fn policy() -> Policy {
    let text = r#"
        schema = "medward.policy/1"
        name = "lights"
        [zone.bulbs]
        where = 'category = "lighting" and vendor = "Example"'
        kind = "building"
        [zone.servers]
        addresses = ["10.20.0.10/32"]
        kind = "it"
        [zone.guests]
        addresses = ["10.99.0.0/16"]
        kind = "guest"
        [zone.outside]
        external = true
        kind = "external"
    "#;
    Policy::parse(text, &UsualPorts).unwrap()
}

#[test]
fn the_example_of_the_rfc_is_read() {
    let mud = Mud::read(BULB).unwrap();
    assert_eq!(mud.authority, "lighting.example.com");
    assert!(mud.supported);
    let said: Vec<(Opener, Peer, String)> = mud
        .usages
        .iter()
        .map(|usage| (usage.opener, usage.peer.clone(), services_text(&usage.services)))
        .collect();
    let cloud = Peer::Domain("test.example.com".to_owned());
    assert_eq!(
        said,
        [
            (Opener::Device, cloud.clone(), "tcp/443".to_owned()),
            (Opener::Device, cloud, "tcp/443".to_owned()),
            (Opener::Device, Peer::LocalNetworks, "udp/123".to_owned()),
            (Opener::Device, Peer::SameManufacturer, "icmpv6 type 128.0-128.0".to_owned()),
            (Opener::Peer, Peer::MyController, "udp/5683-5684".to_owned()),
        ]
    );
    let notes: Vec<&str> = mud.notes.iter().map(|note| note.path.as_str()).collect();
    assert_eq!(
        notes,
        [
            "/ietf-access-control-list:acls/acl/1/aces/ace/0/matches/ipv6/dscp",
            "/ietf-access-control-list:acls/acl/1/aces/ace/3",
            "/ietf-mud:mud/masa-server",
        ]
    );
}

#[test]
fn statements_become_conduits_and_what_has_no_place_is_told() {
    let policy = policy();
    let mud = Mud::read(BULB).unwrap();
    let (conduits, notes) = mud.conduits(&policy, "bulbs", &Peers::default());
    let said: Vec<String> = conduits
        .iter()
        .map(|conduit| {
            assert_eq!(conduit.stated_by, StatedBy::Mud);
            let services: Vec<String> = conduit.services.iter().map(ToString::to_string).collect();
            format!("{} to {}: {}", conduit.from, conduit.to, services.join(", "))
        })
        .collect();
    assert_eq!(
        said,
        ["bulbs to bulbs: icmpv6", "bulbs to bulbs, servers: udp/123", "bulbs to outside: tcp/443",]
    );
    assert_eq!(notes.len(), 1);
    assert!(notes[0].text.contains("own controller"), "{notes:?}");
    let peers = Peers { own_controller: vec!["servers".to_owned()], ..Peers::default() };
    let (conduits, notes) = mud.conduits(&policy, "bulbs", &peers);
    assert!(notes.is_empty());
    assert_eq!(conduits.last().unwrap().from.to_string(), "servers");
}

#[test]
fn declared_seen_and_allowed_stand_side_by_side() {
    let mut policy = policy();
    let mud = Mud::read(BULB).unwrap();
    let devices = [device(1, &[("category", "lighting", 0.9), ("vendor", "Example", 0.9)]), device(10, &[])];
    let (conduits, _) = mud.conduits(&policy, "bulbs", &Peers::default());
    policy.conduits =
        conduits.iter().filter(|conduit| conduit.to.to_string() != "outside").cloned().collect();
    policy
        .conduits
        .retain(|conduit| !conduit.services.iter().any(|service| service.to_string().starts_with("icmp")));
    let membership = Membership::assign(&policy, &devices, &BTreeMap::new(), now());
    let ground = Ground::of(&policy, &membership, &devices);
    let source = Source {
        policy: &policy,
        ground: &ground,
        ports: &UsualPorts,
        now: now(),
        stages: Stages::Enforced,
        lifted: &[],
    };
    // The server's address is in its zone though nobody was seen to have it.
    let mut talks = vec![talk(1, 10, "udp", 123, "ntp", 4), talk(1, 10, "tcp", 22, "ssh", 2)];
    talks[0].responder = site::id(0x0a);
    talks[1].responder = site::id(0x0a);
    let devices_here = [devices[0].clone(), site_server()];
    let membership = {
        let _ = membership;
        Membership::assign(&policy, &devices_here, &BTreeMap::new(), now())
    };
    let ruleset = source.compile();
    let mut prover = Prover::new(&ruleset);
    let table = Declared::of("bulbs", &conduits, &source, &mut prover, &membership, &talks);
    let rows: Vec<(String, bool, u64, Allowed)> = table
        .rows
        .iter()
        .map(|row| {
            let service = row.service.as_ref().map(ToString::to_string).unwrap_or_default();
            (format!("{} {service}", row.to), !row.declared_by.is_empty(), row.flows, row.allowed)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("bulbs udp/123".to_owned(), true, 0, Allowed::All),
            ("bulbs icmpv6".to_owned(), true, 0, Allowed::Nothing),
            ("outside tcp/443".to_owned(), true, 0, Allowed::Nothing),
            ("servers udp/123".to_owned(), true, 4, Allowed::All),
            ("servers tcp/22".to_owned(), false, 2, Allowed::Nothing),
        ]
    );
}

fn site_server() -> medward_model::Device {
    let mut server = device(10, &[]);
    server.ips = vec!["10.20.0.10".parse().unwrap()];
    server
}

fn with(path: &str, value: Value) -> String {
    let mut root: Value = serde_json::from_str(BULB).unwrap();
    *root.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value;
    root.to_string()
}

#[test]
fn mistakes_are_told_with_their_place() {
    let ace = "/ietf-access-control-list:acls/acl/0/aces/ace/0";
    let cases = [
        (
            with("/ietf-mud:mud/mud-version", json!(2)),
            "/ietf-mud:mud/mud-version: only version 1 is understood",
        ),
        (
            with("/ietf-mud:mud/mud-url", json!("x")),
            "/ietf-mud:mud/mud-url: it is not an address like https://maker.example/model.json",
        ),
        (with("/ietf-mud:mud/mud-url", json!(7)), "/ietf-mud:mud/mud-url: a text is expected"),
        (
            with("/ietf-mud:mud/from-device-policy/access-lists/access-list/0/name", json!("none")),
            "/ietf-mud:mud/from-device-policy/access-lists/access-list/0: no access list is called 'none'",
        ),
        (
            with(&format!("{ace}/matches/tcp/source-port/port"), json!(70_000)),
            "/ietf-access-control-list:acls/acl/0/aces/ace/0/matches/tcp/source-port/port: a number from 0 to 65535 is expected",
        ),
        (
            with(&format!("{ace}/matches/tcp/source-port/operator"), json!("like")),
            "/ietf-access-control-list:acls/acl/0/aces/ace/0/matches/tcp/source-port: the operator 'like' is none of eq, neq, lte and gte",
        ),
        (
            with(&format!("{ace}/actions/forwarding"), json!("perhaps")),
            "/ietf-access-control-list:acls/acl/0/aces/ace/0/actions/forwarding: 'perhaps' is none of accept, drop and reject",
        ),
        ("{}".to_owned(), "/: it holds no 'ietf-mud:mud': it is no usage description (RFC 8520)"),
    ];
    for (text, complaint) in cases {
        assert_eq!(Mud::read(&text).unwrap_err().to_string(), complaint);
    }
    assert!(matches!(Mud::read("{"), Err(MudError::NotJson(_))));
    assert_eq!(Mud::read(&" ".repeat(2 << 20)), Err(MudError::TooLong));
}

proptest! {
    #[test]
    fn nothing_in_a_file_makes_the_reader_fall(at in 0..BULB.len(), what in prop::sample::select(vec!["", "0", "\"", "[null]", "{", "-1", "null"])) {
        let mut text = BULB.to_owned();
        if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
            text.replace_range(at..=at, what);
        }
        let _ = Mud::read(&text);
    }

    #[test]
    fn any_value_anywhere_is_taken_or_told(number in 0_usize..200, value in prop::sample::select(vec![json!(null), json!(1), json!("x"), json!([]), json!({}), json!([null])])) {
        let mut root: Value = serde_json::from_str(BULB).unwrap();
        let mut paths = Vec::new();
        walk(&root, String::new(), &mut paths);
        let path = paths[number % paths.len()].clone();
        *root.pointer_mut(&path).unwrap() = value;
        let _ = Mud::read(&root.to_string());
    }
}

fn walk(value: &Value, path: String, paths: &mut Vec<String>) {
    match value {
        Value::Object(all) => all.iter().for_each(|(key, value)| walk(value, format!("{path}/{key}"), paths)),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(at, value)| walk(value, format!("{path}/{at}"), paths));
        }
        _ => {}
    }
    paths.push(path);
}
