//! What is told of a policy that is odd.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use medward_model::{Conversation, Device, DeviceId, Fused, Scope, Timestamp, Transport};
use medward_policy::{Ground, Membership, Policy, Source, Stages, UsualPorts, check};

fn device(id: u64, category: &str, ip: &str) -> Device {
    let fused = Fused { value: category.into(), confidence: 0.9, evidence: vec![], rejected: vec![] };
    Device {
        id: DeviceId(format!("dev-{id:012x}")),
        macs: vec![],
        ips: vec![ip.parse().unwrap()],
        vlans: vec![],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope: Scope::Internal,
        attributes: BTreeMap::from([("category", fused)]),
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

#[test]
fn every_oddity_is_told_once_and_in_order() {
    let text = r#"schema = "medward.policy/1"
name = "odd"

[zone.pumps]
where = 'category = "infusion pump"'
kind = "clinical"
stage = "enforce"
fail = "closed"

[zone.devices]
where = 'has:category'

[zone.lab]
where = 'category = analyser'
stage = "enforce"

[zone.a]
addresses = ["10.9.0.0/16"]

[zone.b]
addresses = ["10.9.1.0/24"]

[[conduit]]
from = "pumps"
to = "a"
service = ["alaris"]
expires = 2026-12-01
reason = "library"

[[conduit]]
from = "b"
to = "pumps"

[[conduit]]
from = "a"
to = "b"
service = ["ssh"]
expires = 2026-01-01
reason = "old"

[[never]]
from = ["a", "b"]
to = "pumps"
service = ["telnet"]
reason = "clear text"

[[always]]
from = "pumps"
to = "a"
service = ["alaris", "ntp"]
reason = "care"
"#;
    let policy = Policy::parse(text, &UsualPorts).unwrap();
    let devices = vec![
        device(1, "infusion pump", "10.1.0.1"),
        device(2, "printer", "10.1.0.1"),
        device(3, "printer", "10.9.1.1"),
    ];
    let now: Timestamp = "2026-11-27T12:00:00Z".parse().unwrap();
    let membership = Membership::assign(&policy, &devices, &BTreeMap::new(), now);
    let ground = Ground::of(&policy, &membership, &devices);
    let source = Source {
        policy: &policy,
        ground: &ground,
        ports: &UsualPorts,
        now,
        stages: Stages::AsWritten,
        lifted: &[],
    };
    let talk = Conversation {
        originator: devices[0].id.clone(),
        responder: devices[2].id.clone(),
        transport: Transport::Tcp,
        port: 3613,
        protocol: "unknown".into(),
        flows: 1,
        packets: 1,
        bytes: 1,
        first_seen: now,
        last_seen: now,
    };
    let told: Vec<String> = check(&source, &membership, Some(&[talk]))
        .iter()
        .map(|concern| {
            let code = serde_json::to_value(concern.code).unwrap();
            format!("{:?} {} {}: {}", concern.weight, concern.line, code.as_str().unwrap(), concern.text)
        })
        .collect();
    let expected = [
        "Error 30 never-contradicted: never a, b to pumps (line 41), but the conduit from b to pumps allows some of it",
        "Error 47 always-uncovered: Always pumps to a on alaris, ntp: broken. 10.1.0.1 to 10.9.0.0, udp/123 is cut: \
         rule 3 of line 4 drops it, 'drop any from 10.1.0.1 to any (pumps outbound: in no conduit)'.",
        "Warning 10 zones-overlap: 'devices' would take 1 devices that 'pumps' has, such as dev-000000000001",
        "Warning 17 zones-overlap: 'a' would take 1 devices that 'devices' has, such as dev-000000000003",
        "Warning 20 zones-overlap: 'b' would take 1 devices that 'devices' has, such as dev-000000000003",
        "Warning 20 networks-overlap: networks of 'b' lie in those of 'a', which has them",
        "Warning 0 address-contested: devices of 'pumps', 'devices' have the address 10.1.0.1: the first zone has it",
        "Warning 13 zone-empty: 'lab' takes no device now",
        "Warning 20 zone-empty: 'b' takes no device now",
        "Warning 13 zone-isolated: 'lab' enforces and stands in no conduit: its devices may talk to nobody",
        "Warning 4 care-fails-closed: 'pumps' is of care and fails closed: a failure of the gateway cuts its devices",
        "Warning 0 no-break-glass: zones of care enforce, and nobody may lift the policy: write [break_glass]",
        "Warning 34 conduit-expired: the conduit from a to b expired after 2026-01-01",
        "Note 23 conduit-expires: the conduit from pumps to a expires after 2026-12-01, in 4 days",
        "Note 23 conduit-unused: nothing was seen of the conduit from pumps to a",
        "Note 30 conduit-unused: nothing was seen of the conduit from b to pumps",
        "Note 34 conduit-unused: nothing was seen of the conduit from a to b",
        "Note 30 conduit-wide: the conduit from b to pumps allows any service",
        "Note 30 conduit-unexplained: the conduit from b to pumps gives no reason",
    ];
    assert_eq!(told.join("\n"), expected.join("\n"));
    // What was not given is not looked at.
    assert!(
        !check(&source, &membership, None).iter().any(|concern| concern.text.starts_with("nothing was seen"))
    );
}
