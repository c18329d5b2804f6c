//! Plans: content and id, what is different, what is felt, and what checks say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod some;

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Conversation, Device, DeviceId, Transport};
use medward_policy::{
    CHECKS, Clock, Consent, Draft, Essential, EssentialKind, Level, Limits, Membership, Packet, Path, Plan,
    Policy, ReadPlanError, Ruleset, Settings, Situation, UsualPorts, opinions, target,
};

struct Ward {
    devices: Vec<Device>,
    membership: Membership,
    ruleset: Ruleset,
}

fn ward() -> Ward {
    let (policy, devices) = some::ward();
    Ward {
        membership: some::membership(&policy, &devices),
        ruleset: some::compiled(&policy, &devices),
        devices,
    }
}

impl Ward {
    fn plan(&self, before: Option<&Plan>) -> Plan {
        let draft = Draft {
            ruleset: &self.ruleset,
            before: before.map(|plan| &plan.ruleset),
            policy_text: some::WARD,
            membership: &self.membership,
            devices: &self.devices,
            target: target("nftables").unwrap(),
            settings: &Settings::default(),
            parent: before.map(|plan| &plan.id),
            now: some::now(),
            by: "tester",
            valid_seconds: 3_600,
            dead_man_seconds: 120,
        };
        draft.plan().unwrap()
    }

    fn situation(&self) -> Situation<'_> {
        Situation {
            now: some::now(),
            clock: Clock::at(some::now(), 0),
            devices: &self.devices,
            membership: &self.membership,
            conversations: Some(&[]),
            in_use: None,
            essentials: None,
            paths: None,
            change_window: None,
            expired_conduits: &[],
            first_part_confirmed: false,
            consent: None,
            limits: Limits::default(),
        }
    }
}

fn id(number: u64) -> DeviceId {
    DeviceId(format!("dev-{number:012x}"))
}

fn talk(from: u64, to: u64, transport: Transport, port: u16, protocol: &str) -> Conversation {
    Conversation {
        originator: id(from),
        responder: id(to),
        transport,
        port,
        protocol: protocol.to_owned(),
        flows: 1,
        packets: 10,
        bytes: 1_000,
        first_seen: some::now(),
        last_seen: some::now(),
    }
}

#[track_caller]
fn says(plan: &Plan, situation: &Situation<'_>, check: &str, level: Level, words: &str) {
    let all = opinions(plan, situation);
    let found: Vec<_> = all.iter().filter(|opinion| opinion.check == check).collect();
    let fits = |opinion: &&&medward_policy::Opinion| opinion.level == level && opinion.reason.contains(words);
    assert!(found.iter().any(|opinion| fits(&opinion)), "{level:?} '{words}' in {found:#?}");
}

#[test]
fn a_plan_is_known_by_its_content_and_reads_back() {
    let ward = ward();
    let plan = ward.plan(None).checked(&ward.situation());
    assert_eq!(plan.id, ward.plan(None).checked(&ward.situation()).id, "the same content has the same id");
    let text = serde_json::to_string_pretty(&plan).unwrap();
    assert_eq!(Plan::read(&text).unwrap(), plan);
    let changed = text.replacen("10.1.0.1", "10.1.0.7", 1);
    assert!(matches!(Plan::read(&changed), Err(ReadPlanError::Changed { .. })));
    assert!(matches!(Plan::read("{\"schema\": \"medward.proof/1\"}"), Err(ReadPlanError::Schema(_))));
    assert!(matches!(Plan::read("no"), Err(ReadPlanError::Document(_))));
    let ids = |plan: &Plan| plan.affected.iter().map(|one| one.device.clone()).collect::<Vec<_>>();
    assert_eq!(
        ids(&plan),
        [id(1), id(2), id(3), id(4)],
        "pumps and scanners; nothing is closed for the rest"
    );
    let shares: Vec<_> =
        plan.zones.iter().map(|share| (share.zone.as_str(), share.affected, share.devices)).collect();
    assert_eq!(shares, [("imaging", 2, 2), ("pumps", 2, 2)]);
}

#[test]
fn what_is_different_is_told_by_what_it_belongs_to() {
    let (_, devices) = some::ward();
    let first = ward().plan(None);
    assert_eq!((first.change.added.len(), first.change.unchanged), (first.ruleset.rules.len(), 0));
    let text =
        some::WARD.replace("tcp/6661-6662", "tcp/6661").replace("to = \"outside\"", "to = \"servers\"");
    let policy = Policy::parse(&text, &UsualPorts).unwrap();
    let second = Ward {
        membership: some::membership(&policy, &devices),
        ruleset: some::compiled(&policy, &devices),
        devices,
    };
    let plan = second.plan(Some(&first));
    assert_eq!(plan.parent.as_ref(), Some(&first.id));
    let lines = plan.change.lines().join("\n");
    assert!(lines.contains("~ conduit imaging, pumps to servers: images and orders"), "{lines}");
    assert!(
        lines.contains("+ conduit guests to servers") && lines.contains("- conduit guests to outside"),
        "{lines}"
    );
    assert_eq!((plan.change.added.len(), plan.change.removed.len(), plan.change.changed.len()), (1, 1, 1));
    // Only who is felt by it: pumps and scanners, by the conduit that is another.
    assert_eq!(plan.affected.len(), 4);
    let same = second.plan(Some(&plan));
    assert!(same.change.is_empty() && same.affected.is_empty());
}

#[test]
fn the_first_part_closes_its_zones_only() {
    let ward = ward();
    let plan = ward.plan(None).checked(&ward.situation());
    let part = plan.first_part(&["imaging".to_owned()]).unwrap();
    assert_eq!(part.closed_zones(), ["imaging"]);
    assert_eq!(part.canary.as_ref().unwrap().of, plan.id);
    assert_ne!(part.id, plan.id);
    assert_eq!(part.affected.len(), 2);
    assert_eq!(Plan::read(&serde_json::to_string(&part).unwrap()).unwrap(), part);
    assert!(
        plan.first_part(&["kitchen".to_owned()]).unwrap_err().to_string().contains("pumps, imaging, guests")
    );
}

#[test]
fn the_registry_is_in_order_and_checks_say_what_they_look_at() {
    assert!(CHECKS.is_sorted_by_key(|check| check.name()));
    let ward = ward();
    let plan = ward.plan(None);
    for check in CHECKS {
        assert!(!check.about().is_empty());
        let said = check.look(&plan, &ward.situation());
        assert!(!said.is_empty(), "{}", check.name());
        for opinion in said {
            assert_eq!(opinion.check, check.name());
            assert!(opinion.level >= check.gravest() && !opinion.reason.is_empty());
        }
    }
}

#[test]
fn nothing_that_keeps_a_patient_alive_is_cut_without_a_word() {
    let ward = ward();
    let plan = ward.plan(None);
    let kept = [talk(1, 6, Transport::Tcp, 3613, "alaris")];
    let cut = [talk(1, 6, Transport::Tcp, 3613, "alaris"), talk(2, 5, Transport::Tcp, 9100, "unknown")];
    let mut situation = Situation { conversations: Some(&kept), ..ward.situation() };
    says(&plan, &situation, "life-supporting", Level::Warn, "nothing that was seen of them is cut");
    situation.conversations = Some(&cut);
    says(&plan, &situation, "life-supporting", Level::Veto, "would lose something that it uses");
    let devices = opinions(&plan, &situation)
        .iter()
        .find(|said| said.check == "life-supporting")
        .unwrap()
        .devices
        .clone();
    assert_eq!(devices, [id(2)]);
    situation.conversations = None;
    says(&plan, &situation, "life-supporting", Level::Veto, "nobody knows what they talk");
    let consent = Consent { who: "Dr. A".into(), reason: "moved".into(), devices: BTreeSet::from([id(2)]) };
    situation.conversations = Some(&cut);
    situation.consent = Some(&consent);
    says(&plan, &situation, "life-supporting", Level::Warn, "Dr. A took it on themselves: moved");
    assert!(
        !opinions(&plan, &situation)
            .iter()
            .any(|said| said.check == "life-supporting" && said.level == Level::Veto)
    );
}

#[test]
fn what_is_in_use_is_protected() {
    let ward = ward();
    let plan = ward.plan(None);
    says(&plan, &ward.situation(), "in-use", Level::Warn, "nobody knows which devices are in use");
    let using = BTreeMap::from([(id(3), "dicom".to_owned())]);
    // Only within its hours, and not too often: it may be cut.
    let talks = [talk(3, 6, Transport::Tcp, 104, "dicom")];
    let situation = Situation { in_use: Some(&using), conversations: Some(&talks), ..ward.situation() };
    says(&plan, &situation, "in-use", Level::Veto, "such as dicom from");
    let nobody = BTreeMap::new();
    let situation = Situation { in_use: Some(&nobody), ..ward.situation() };
    says(&plan, &situation, "in-use", Level::Pass, "no device that is in use now is affected");
}

#[test]
fn the_last_way_to_names_and_records_stays() {
    let ward = ward();
    let plan = ward.plan(None);
    says(&plan, &ward.situation(), "last-path", Level::Warn, "nobody knows");
    let essentials = [
        Essential { kind: EssentialKind::Dns, ip: "10.20.0.7".parse().unwrap() },
        Essential { kind: EssentialKind::Dns, ip: "10.3.0.1".parse().unwrap() },
    ];
    let talks = [talk(1, 6, Transport::Udp, 53, "dns")];
    let mut situation =
        Situation { essentials: Some(&essentials), conversations: Some(&talks), ..ward.situation() };
    says(&plan, &situation, "last-path", Level::Veto, "would lose the last way to a name server");
    let printers = [talk(5, 6, Transport::Udp, 53, "dns")];
    situation.conversations = Some(&printers);
    says(&plan, &situation, "last-path", Level::Pass, "keeps what it relies on");
}

#[test]
fn who_turns_it_on_can_turn_it_off() {
    let ward = ward();
    let plan = ward.plan(None);
    says(&plan, &ward.situation(), "lock-out", Level::Warn, "--manage");
    let path = |to: &str| Path {
        what: "the operator's way".into(),
        packet: Packet {
            source: [10, 50, 0, 1].into(),
            destination: to.parse().unwrap(),
            protocol: 6,
            port: 22,
        },
    };
    let (open, shut) = ([path("10.20.0.7")], [path("10.1.0.1")]);
    says(&plan, &Situation { paths: Some(&open), ..ward.situation() }, "lock-out", Level::Pass, "stay open");
    says(
        &plan,
        &Situation { paths: Some(&shut), ..ward.situation() },
        "lock-out",
        Level::Veto,
        "the operator's way would be cut",
    );
}

#[test]
fn time_share_and_radius_are_looked_at() {
    let ward = ward();
    let plan = ward.plan(None);
    // Friday noon.
    assert_eq!(ward.situation().clock, Clock { day: 4, minute: 720 });
    assert_eq!(Clock::at(some::now(), -721), Clock { day: 3, minute: 1_439 });
    let night = Some("sat,sun 02:00-05:00".parse().unwrap());
    says(
        &plan,
        &Situation { change_window: night, ..ward.situation() },
        "change-window",
        Level::Veto,
        "outside",
    );
    let later = some::now().plus_seconds(3_601);
    says(&plan, &Situation { now: later, ..ward.situation() }, "expired", Level::Veto, "plan again");
    let old = ["pumps to servers (line 4)".to_owned()];
    says(
        &plan,
        &Situation { expired_conduits: &old, ..ward.situation() },
        "expired",
        Level::Warn,
        "pumps to servers",
    );
    let tight = Limits { few: 1, ..Limits::default() };
    says(
        &plan,
        &Situation { limits: Limits { unknown_veto: 10, ..tight }, ..ward.situation() },
        "unknown-share",
        Level::Veto,
        "1 of 6",
    );
    says(&plan, &ward.situation(), "blast-radius", Level::Pass, "4 of 6");
    says(&plan, &Situation { limits: tight, ..ward.situation() }, "blast-radius", Level::Veto, "--canary");
    let tried = Situation { limits: tight, first_part_confirmed: true, ..ward.situation() };
    says(&plan, &tried, "blast-radius", Level::Warn, "after a first part was tried");
    says(&plan, &ward.situation(), "no-undo", Level::Pass, "120 s");
    let stuck = Plan { undo: Vec::new(), ..plan.clone() };
    says(&stuck, &ward.situation(), "no-undo", Level::Veto, "does not say");
}
