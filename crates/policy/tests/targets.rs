//! Targets: goldens, the same bytes each time, and equal meaning when read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod some;

use medward_policy::{
    Cannot, Condition, Layer, Reading, Ruleset, Sameness, Settings, TARGETS, nft_text, target,
    with_ends_as_conditions,
};
use proptest::prelude::*;

fn golden(name: &str, found: &str) {
    let path = format!("{}/tests/renderings/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, wanted, "{path}: UPDATE_GOLDENS=1 accepts what is found");
}

fn ward() -> Ruleset {
    let (policy, devices) = some::ward();
    some::compiled(&policy, &devices)
}

#[test]
fn renderings_are_as_they_were() {
    for (name, target_name, layer) in [
        ("ward.inet.nft", "nftables", Layer::Inet),
        ("ward.bridge.nft", "nftables", Layer::Bridge),
        ("ward.dry-run.txt", "dry-run", Layer::Inet),
    ] {
        let settings = Settings { layer, utc_offset_minutes: 60 };
        golden(name, &target(target_name).unwrap().render(&ward(), &settings).unwrap().text);
    }
    let cisco = target("cisco-acl").unwrap();
    let refused = cisco.render(&ward(), &Settings::default()).unwrap_err();
    assert!(matches!(refused, Cannot::Lacks { what: "rate", .. }), "{refused}");
    let mut without = ward();
    for rule in &mut without.rules {
        rule.conditions.retain(|condition| !matches!(condition, Condition::Rate(_)));
    }
    golden("ward.ios", &cisco.render(&without, &Settings::default()).unwrap().text);
}

#[test]
fn the_registry_is_in_order_and_every_target_renders_the_same_twice() {
    assert!(TARGETS.is_sorted_by_key(|target| target.name()));
    let mut ruleset = ward();
    for rule in &mut ruleset.rules {
        rule.conditions.clear();
    }
    for target in TARGETS {
        let first = target.render(&ruleset, &Settings::default()).unwrap();
        assert_eq!(first, target.render(&ruleset, &Settings::default()).unwrap());
        assert!(!target.title().is_empty() && !target.specification().is_empty());
        assert_eq!(
            target.capabilities().applied,
            !target.undo(&Settings::default()).is_empty() && target.name() == "nftables"
        );
    }
}

#[test]
fn words_of_people_cannot_leave_their_comment() {
    let mut ruleset = ward();
    for rule in &mut ruleset.rules {
        rule.label = "x\" drop; }\n\tchain evil { }\n!\npermit ip any any #".to_owned();
        rule.counter = "c\" drop\n".to_owned();
        rule.conditions.clear();
    }
    for target in TARGETS.iter().filter(|target| target.name() != "dry-run") {
        let text = target.render(&ruleset, &Settings::default()).unwrap().text;
        assert!(!text.lines().any(|line| line.trim().starts_with("permit ip any any #")), "{text}");
        assert!(!text.contains("chain evil {") && !text.contains("\" drop\n"), "{text}");
        means_the_same(*target, &ruleset, &Settings::default());
    }
}

/// Reads a rendering back and proves that it means the same.
fn means_the_same(target: &dyn medward_policy::Target, ruleset: &Ruleset, settings: &Settings) {
    let text = match target.render(ruleset, settings) {
        Ok(artefact) => artefact.text,
        // Ports of SCTP, say.
        Err(Cannot::Lacks { .. }) if target.name() == "cisco-acl" => return,
        Err(cannot) => panic!("{cannot}"),
    };
    let Some(read) = target.read_back(&text) else { return };
    let read = read.unwrap();
    let asked = with_ends_as_conditions(ruleset);
    if target.name() == "nftables" {
        assert_eq!(read.len(), 1);
        let same = Sameness::of(&asked, &read[0]);
        assert!(same.same, "{}\n{text}", same.sentence);
        assert!(!read[0].notes.iter().any(|note| note.widens) || !asked.is_exact(), "{:?}", read[0].notes);
    } else {
        // A list of each family.
        for (read, family) in read.iter().zip([medward_policy::v4(), medward_policy::v6()]) {
            let same = Sameness::within(&asked, read, &family);
            assert!(same.same, "{}\n{text}", same.sentence);
        }
    }
}

#[test]
fn the_ward_means_the_same_everywhere() {
    means_the_same(target("nftables").unwrap(), &ward(), &Settings::default());
    let bridge = Settings { layer: Layer::Bridge, utc_offset_minutes: -330 };
    means_the_same(target("nftables").unwrap(), &ward(), &bridge);
    let mut without = ward();
    for rule in &mut without.rules {
        rule.conditions.retain(|condition| !matches!(condition, Condition::Rate(_)));
    }
    means_the_same(target("cisco-acl").unwrap(), &without, &Settings::default());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    #[test]
    fn nftables_means_what_was_asked(ruleset in some::rulesets(true), bridge: bool, offset in -720..720_i16) {
        let layer = if bridge { Layer::Bridge } else { Layer::Inet };
        means_the_same(target("nftables").unwrap(), &ruleset, &Settings { layer, utc_offset_minutes: offset });
    }

    #[test]
    fn cisco_means_what_was_asked(ruleset in some::rulesets(false)) {
        means_the_same(target("cisco-acl").unwrap(), &ruleset, &Settings::default());
    }

    #[test]
    fn packets_meet_the_same_decision(ruleset in some::rulesets(true), packets in prop::collection::vec(some::packets(), 40)) {
        let text = target("nftables").unwrap().render(&ruleset, &Settings::default()).unwrap().text;
        let read = nft_text(&text).unwrap().remove(0);
        let asked = with_ends_as_conditions(&ruleset);
        for packet in packets {
            for reading in [Reading::Most, Reading::Least] {
                let passes = |set: &Ruleset| set.decide(&packet, reading).map_or(set.default, |at| set.rules[at].action).passes();
                prop_assert_eq!(passes(&asked), passes(&read), "{} in\n{}", packet, text);
            }
        }
    }

    #[test]
    fn rules_come_back_from_their_document(ruleset in some::rulesets(true)) {
        let text = serde_json::to_string(&ruleset).unwrap();
        prop_assert_eq!(serde_json::from_str::<Ruleset>(&text).unwrap(), ruleset);
    }
}
