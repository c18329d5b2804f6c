//! The arithmetic of risk: points add up, what is worse never scores less, order of input does not matter.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use medward_model::Risk;
use medward_model::{
    AdvisoryRef, Conversation, CvssRef, Device, DeviceId, Finding, FindingKind, Fused, Scope, Severity,
    Timestamp, Transport, Treatment, Verdict,
};
use medward_risk::{Facts, Inputs, Judged, Model, Origin, what_if};

fn risks_of(inputs: &Inputs<'_>) -> Vec<Risk> {
    let judged = Judged::new(inputs);
    inputs.devices.iter().filter_map(|device| judged.of(device)).collect()
}
use proptest::prelude::*;

fn device(id: &str, category: &str, alive: &str, scope: Scope) -> Device {
    let fused =
        |value: &str| Fused { value: value.to_owned(), confidence: 0.9, evidence: vec![], rejected: vec![] };
    let mut attributes = BTreeMap::new();
    for (name, value) in [
        ("category", category),
        ("life_supporting", alive),
        ("vendor", "BD"),
        ("model", "Pump"),
        ("fda_class", "2"),
    ] {
        attributes.insert(name, fused(value));
    }
    Device {
        id: DeviceId(id.to_owned()),
        macs: vec![],
        ips: vec![],
        vlans: vec![],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope,
        attributes,
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

fn finding(
    id: &str,
    device: &str,
    score: f64,
    kev: bool,
    epss: f64,
    verdict: Verdict,
    treatment: Treatment,
) -> Finding {
    Finding {
        id: id.to_owned(),
        kind: FindingKind::Vulnerability,
        device: DeviceId(device.to_owned()),
        title: "A weakness".into(),
        severity: Severity::of_score(score),
        confidence: 0.9,
        status: verdict,
        advisory: Some(std::sync::Arc::new(AdvisoryRef {
            id: id.to_owned(),
            cve: vec![id.to_owned()],
            kev: Some(kev),
            epss: Some(epss),
            cvss: Some(CvssRef { version: "3.1".into(), vector: String::new(), score }),
            ..AdvisoryRef::default()
        })),
        matched: None,
        treatment,
        reason: "The maker has a fix.".into(),
        hidden: None,
    }
}

fn conversation(from: &str, to: &str, protocol: &str) -> Conversation {
    Conversation {
        originator: DeviceId(from.to_owned()),
        responder: DeviceId(to.to_owned()),
        transport: Transport::Tcp,
        port: 445,
        protocol: protocol.to_owned(),
        flows: 1,
        packets: 2,
        bytes: 100,
        first_seen: Timestamp::default(),
        last_seen: Timestamp::default(),
    }
}

fn facts(slug: &str) -> Facts {
    Facts {
        medical: slug == "infusion-pump",
        patient_data: slug == "pacs",
        origin: (slug == "phone").then_some(Origin::Guest),
        ..Facts::default()
    }
}

fn run<R>(
    devices: &[Device],
    conversations: &[Conversation],
    findings: &[Finding],
    with: impl FnOnce(&Inputs<'_>) -> R,
) -> R {
    let model = Model::builtin().expect("the built-in model");
    with(&Inputs {
        model: &model,
        devices,
        conversations,
        findings,
        facts: &facts,
        has_knowledge: true,
        now: medward_model::Day::new(2026, 11, 26).expect("a day"),
    })
}

fn any_finding() -> impl Strategy<Value = Finding> {
    (
        0u32..1000,
        0.0f64..10.0,
        any::<bool>(),
        0.0f64..1.0,
        prop::sample::select(vec![Verdict::Affected, Verdict::Likely, Verdict::Possible]),
        prop::sample::select(vec![Treatment::Patch, Treatment::Segment, Treatment::Review]),
        prop::sample::select(vec!["dev-a", "dev-b"]),
    )
        .prop_map(|(n, score, kev, epss, verdict, treatment, device)| {
            finding(&format!("find-{n}-{device}"), device, score, kev, epss, verdict, treatment)
        })
}

fn ward() -> (Vec<Device>, Vec<Conversation>) {
    (
        vec![
            device("dev-a", "infusion-pump", "yes", Scope::Internal),
            device("dev-b", "pacs", "no", Scope::Internal),
            device("dev-c", "phone", "no", Scope::Internal),
            device("dev-x", "server", "no", Scope::External),
        ],
        vec![
            conversation("dev-c", "dev-b", "smb"),
            conversation("dev-b", "dev-a", "http"),
            conversation("dev-x", "dev-b", "tls"),
        ],
    )
}

proptest! {
    #[test]
    fn points_add_up_to_the_score(findings in prop::collection::vec(any_finding(), 0..8)) {
        let (devices, conversations) = ward();
        let risks = run(&devices, &conversations, &findings, risks_of);
        for risk in risks {
            let sum: f64 = risk.factors.iter().map(|factor| factor.points).sum();
            prop_assert!((sum - f64::from(risk.score)).abs() <= 0.501, "{} points for {}", sum, risk.score);
        }
    }

    #[test]
    fn one_more_finding_never_lowers_a_score(findings in prop::collection::vec(any_finding(), 1..8)) {
        let (devices, conversations) = ward();
        let fewer = run(&devices, &conversations, &findings[1..], risks_of);
        let more = run(&devices, &conversations, &findings, risks_of);
        for (a, b) in fewer.iter().zip(&more) {
            prop_assert!(b.score >= a.score, "{} {} {}", a.device, a.score, b.score);
        }
    }

    #[test]
    fn an_exploited_weakness_never_scores_less(score in 0.1f64..10.0, epss in 0.0f64..1.0) {
        let (devices, conversations) = ward();
        let with = |kev| run(&devices, &conversations, &[finding("f", "dev-a", score, kev, epss, Verdict::Affected, Treatment::Patch)], risks_of)[0].score;
        prop_assert!(with(true) >= with(false));
    }

    #[test]
    fn order_of_findings_does_not_matter(findings in prop::collection::vec(any_finding(), 0..8)) {
        let (devices, conversations) = ward();
        let mut turned = findings.clone();
        turned.reverse();
        let a = run(&devices, &conversations, &findings, |inputs| risks_of(inputs).into_iter().map(|r| (r.device, r.score)).collect::<Vec<_>>());
        let b = run(&devices, &conversations, &turned, |inputs| risks_of(inputs).into_iter().map(|r| (r.device, r.score)).collect::<Vec<_>>());
        prop_assert_eq!(a, b);
    }

    #[test]
    fn no_action_makes_anything_worse(findings in prop::collection::vec(any_finding(), 0..8)) {
        let (devices, conversations) = ward();
        run(&devices, &conversations, &findings, |inputs| {
            for action in Judged::new(inputs).actions(&risks_of(inputs)) {
                let change = what_if(inputs, &action);
                assert!(change.after <= change.before + 1e-9, "{}", action.title);
            }
        });
    }
}

#[test]
fn a_pump_that_phones_reach_over_an_archive_shows_the_way() {
    let (devices, conversations) = ward();
    let risks = run(&devices, &conversations, &[], risks_of);
    let paths = &risks[0].paths;
    let guest = paths.iter().find(|path| path.origin == "guest").expect("a way from a phone");
    let hops: Vec<&str> = guest.hops.iter().map(|hop| hop.device.0.as_str()).collect();
    assert_eq!(hops, ["dev-c", "dev-b", "dev-a"]);
    assert_eq!(guest.hops[0].via, "tcp/445 smb");
}

#[test]
fn what_keeps_a_patient_alive_is_never_isolated_by_advice() {
    let (devices, conversations) = ward();
    let exploited = finding("CVE-1", "dev-a", 9.8, true, 0.9, Verdict::Affected, Treatment::Review);
    let risks = run(&devices, &conversations, &[exploited], risks_of);
    assert_eq!(risks[0].treatment, Treatment::VirtualPatch, "{}", risks[0].reason);
}

#[test]
fn devices_of_one_model_with_one_fix_are_one_action() {
    let (devices, conversations) = ward();
    let findings = [
        finding("CVE-1", "dev-a", 9.8, false, 0.1, Verdict::Affected, Treatment::Patch),
        finding("CVE-1", "dev-b", 9.8, false, 0.1, Verdict::Affected, Treatment::Patch),
    ];
    let list =
        run(&devices, &conversations, &findings, |inputs| Judged::new(inputs).actions(&risks_of(inputs)));
    let patch: Vec<_> = list.iter().filter(|action| action.treatment == Treatment::Patch).collect();
    assert_eq!(patch.len(), 1);
    assert_eq!(patch[0].devices.len(), 2);
    assert_eq!(patch[0].rank, 1);
}
