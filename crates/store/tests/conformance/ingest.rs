//! Commits: whole or not at all, once.

use std::sync::Arc;

use medward_monitor::{
    Decision, DecisionRecord, Entry, EventKind, EventList, FacetField, History, Ingest, Inventory, StoreError,
};

use crate::Home;
use crate::fixtures::{at, commit, devices, event, fused, id, list, receipt, talk};

pub async fn a_new_site_remembers_nothing(home: Home) {
    let memory = home.database.load_site("north").await.unwrap();
    assert!(memory.entries.is_empty() && memory.receipts.is_empty() && memory.decisions.is_empty());
    assert!(home.database.sites().await.unwrap().is_empty());
}

pub async fn a_site_remembers_what_was_committed(home: Home) {
    let entry =
        |key: &[u8], body: Option<&[u8]>| Entry { table: 7, key: key.into(), body: body.map(Into::into) };
    let mut first = commit("north");
    first.receipts = vec![receipt(1)];
    first.entries =
        vec![entry(b"a", Some(b"1")), entry(&[0, 255], Some(&[0, 1, 0])), entry(b"c", Some(b"3"))];
    home.database.commit(&first).await.unwrap();
    let mut second = commit("north");
    second.receipts = vec![receipt(2)];
    second.entries = vec![entry(b"a", Some(b"2")), entry(b"c", None)];
    home.database.commit(&second).await.unwrap();
    let memory = home.database.load_site("north").await.unwrap();
    let kept: Vec<(u8, Vec<u8>, Vec<u8>)> =
        vec![(7, vec![0, 255], vec![0, 1, 0]), (7, b"a".to_vec(), b"2".to_vec())];
    assert_eq!(memory.entries, kept);
    assert_eq!(memory.receipts, [receipt(2)]);
    assert!(home.database.load_site("south").await.unwrap().entries.is_empty());
}

pub async fn a_commit_is_taken_once(home: Home) {
    let mut round = devices("north", 1..3);
    round.receipts = vec![receipt(5)];
    round.conversations = vec![talk(1, 2, "dicom", 100, 0)];
    home.database.commit(&round).await.unwrap();
    for sequence in [5, 4] {
        round.receipts = vec![receipt(sequence)];
        let told = home.database.commit(&round).await.unwrap_err();
        assert!(matches!(told, StoreError::AlreadyStored { .. }), "{told}");
    }
    let links = links(&home).await;
    assert_eq!(links[0].bytes, 100);
}

async fn links(home: &Home) -> Vec<medward_monitor::Link> {
    let wanted = medward_monitor::LinkList {
        devices: list(""),
        group: medward_monitor::NodeGroup::Device,
        since: None,
        limit: 100,
    };
    home.database.links(&wanted).await.unwrap()
}

pub async fn a_commit_that_is_new_in_part_is_taken(home: Home) {
    let mut round = commit("north");
    round.receipts = vec![receipt(5)];
    home.database.commit(&round).await.unwrap();
    let other = medward_monitor::Receipt { sensor: "other".into(), epoch: 1, sequence: 1 };
    round.receipts = vec![receipt(4), other.clone()];
    home.database.commit(&round).await.unwrap();
    let mut kept = home.database.load_site("north").await.unwrap().receipts;
    kept.sort();
    assert_eq!(kept, [other, receipt(5)]);
}

pub async fn a_refused_commit_changes_nothing(home: Home) {
    let mut round = devices("north", 1..3);
    round.receipts = vec![receipt(1)];
    // It would have to be part of itself.
    round.gone = vec![
        medward_monitor::Gone { device: id(1), into: Some(id(2)), at: at(0) },
        medward_monitor::Gone { device: id(2), into: Some(id(1)), at: at(0) },
    ];
    assert!(home.database.commit(&round).await.is_err());
    assert_eq!(home.database.count(&list("")).await.unwrap(), 0);
    assert!(home.database.load_site("north").await.unwrap().receipts.is_empty());
}

pub async fn decisions_are_kept_and_undone_on_record(home: Home) {
    let mut record = DecisionRecord {
        number: 0,
        site: "north".into(),
        decision: Decision::Join { nodes: vec!["mac 00:1b:21:aa:bb:cc".into(), "ip 10.1.2.3".into()] },
        by: "kim".into(),
        at: at(1),
        reason: "two cables".into(),
    };
    let first = home.database.decide(&record).await.unwrap();
    let second = home.database.decide(&record).await.unwrap();
    assert!(second > first);
    home.database.undo_decision(first, "lee", at(2)).await.unwrap();
    assert!(matches!(
        home.database.undo_decision(99, "lee", at(2)).await,
        Err(StoreError::Missing { what: "decision", .. })
    ));
    record.number = second;
    assert_eq!(home.database.load_site("north").await.unwrap().decisions, [record]);
    let all = home.database.decisions("north").await.unwrap();
    assert_eq!(all[0].1, Some(("lee".to_owned(), at(2))));
    assert_eq!(all[1].1, None);
}

pub async fn conversations_of_devices_not_yet_told_are_kept(home: Home) {
    let mut round = commit("north");
    round.conversations = vec![talk(1, 2, "dicom", 100, 0)];
    home.database.commit(&round).await.unwrap();
    home.database.commit(&devices("north", 1..3)).await.unwrap();
    assert_eq!(home.database.count(&list("vendor:bd")).await.unwrap(), 2);
    assert_eq!(links(&home).await[0].from, id(1).0);
}

/// Rounds of each of the sites that commit at once.
const ROUNDS: u64 = 12;

pub async fn sites_commit_side_by_side_and_no_event_is_missed(home: Home) {
    let store = Arc::new(home.database);
    let mut writers = tokio::task::JoinSet::new();
    for site in 0..4_u64 {
        let store = Arc::clone(&store);
        writers.spawn(async move {
            let name = format!("site-{site}");
            for round in 0..ROUNDS {
                // New words and devices in every round; one device is told of by all sites.
                let numbers = [1000 * (site + 1) + round, 7];
                let mut next = devices(&name, numbers);
                next.devices[0].device.attributes.insert("model", fused(&format!("model {site} {round}")));
                next.conversations = vec![talk(numbers[0], 7, "dicom", 10, 0)];
                next.events =
                    (0..3).map(|_| event(&name, Some(numbers[0]), EventKind::FirstSeen, 0)).collect();
                assert!(store.commit(&next).await.unwrap() > 0);
            }
        });
    }
    // Whoever asks for what came after the last one seen is told every number, in order.
    let (mut seen, all) = (0, 4 * ROUNDS * 3);
    while seen < all {
        let later = EventList { after: Some(seen), limit: 5, ..EventList::default() };
        for found in store.events(&later).await.unwrap().items {
            assert_eq!(found.number, seen + 1);
            seen += 1;
        }
        let counted = store.facets(&list(""), &[FacetField::Site], 9).await.unwrap();
        assert!(counted[0].values.iter().map(|value| value.count).sum::<u64>() <= 4 * ROUNDS + 1);
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let counted = store.facets(&list(""), &[FacetField::Model, FacetField::Site], 1000).await.unwrap();
    assert_eq!(counted[0].values.len() as u64, 4 * ROUNDS);
    assert_eq!(counted[1].values.iter().map(|value| value.count).sum::<u64>(), 4 * ROUNDS + 1);
}

pub async fn a_device_that_comes_again_unchanged_stays_as_it_was(home: Home) {
    let mut round = devices("north", 1..3);
    home.database.commit(&round).await.unwrap();
    let before = home.database.device(&id(1)).await.unwrap().unwrap();
    for row in &mut round.devices {
        row.device.last_seen = Some(at(500));
        row.status = medward_monitor::Status::Silent;
    }
    round.devices[1].device.attributes.insert("os", fused("Linux"));
    home.database.commit(&round).await.unwrap();
    let after = home.database.device(&id(1)).await.unwrap().unwrap();
    assert_eq!(after.summary.version, before.summary.version + 1);
    assert_eq!(
        (after.summary.last_seen, after.summary.status),
        (Some(at(500)), medward_monitor::Status::Silent)
    );
    assert_eq!(after.document["attributes"], before.document["attributes"]);
    assert_eq!(after.document["last_seen"], serde_json::json!(at(500).to_string()));
    // What is not ordered by is written too.
    let facets = home.database.facets(&list("os:linux status:silent"), &[FacetField::Os], 9).await.unwrap();
    assert_eq!((facets[0].values[0].value.as_str(), facets[0].values[0].count), ("Linux", 1));
}
