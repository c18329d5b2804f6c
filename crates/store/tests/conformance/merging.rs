//! Devices that turn out to be part of another.

use std::collections::BTreeSet;

use medward_monitor::{
    BucketSize, ConversationList, Direction, EventKind, EventList, Gone, History, Ingest, Inventory,
    PageRequest, Patch, UseGroup, UseList,
};

use crate::Home;
use crate::fixtures::{at, commit, devices, event, exam, id, list, stay, talk};

async fn merge(home: &Home, from: u64, into: Option<u64>) {
    let mut round = commit("north");
    round.gone = vec![Gone { device: id(from), into: into.map(id), at: at(100) }];
    home.database.commit(&round).await.unwrap();
}

fn of(number: u64) -> ConversationList {
    ConversationList {
        device: Some(id(number)),
        direction: Direction::Either,
        sites: None,
        since: None,
        protocol: None,
        by_volume: true,
        page: PageRequest::first(100),
    }
}

pub async fn a_merged_device_is_found_by_either_id(home: Home) {
    home.database.commit(&devices("north", 1..5)).await.unwrap();
    let tag = |tag: &str| Patch { add_tags: BTreeSet::from([tag.to_owned()]), ..Patch::default() };
    home.database.annotate(&id(1), &tag("one"), None).await.unwrap();
    home.database.annotate(&id(2), &tag("two"), None).await.unwrap();
    merge(&home, 1, Some(2)).await;
    merge(&home, 2, Some(3)).await;
    for number in [1, 2, 3] {
        let record = home.database.device(&id(number)).await.unwrap().unwrap();
        assert_eq!(record.summary.id, id(3));
        assert_eq!(record.annotation.tags.len(), 2);
    }
    assert_eq!(home.database.count(&list("")).await.unwrap(), 2);
    assert_eq!(home.database.count(&list("tag:one tag:two")).await.unwrap(), 1);
    // Whoever still speaks of the old one speaks of the new one.
    let mut round = commit("north");
    round.conversations = vec![talk(1, 4, "dicom", 10, 0)];
    home.database.commit(&round).await.unwrap();
    let found = home.database.conversations(&of(3)).await.unwrap().items;
    assert_eq!((found.len(), found[0].conversation.originator.clone()), (1, id(3)));
}

pub async fn merging_sums_up_what_collides(home: Home) {
    let mut round = devices("north", 1..5);
    round.conversations = vec![
        talk(1, 3, "dicom", 100, 10),
        talk(2, 3, "dicom", 20, 5000),
        talk(3, 1, "hl7", 7, 10),
        talk(1, 2, "tls", 3, 10),
        talk(1, 1, "tls", 4, 10),
        talk(2, 4, "dicom", 1, 10),
    ];
    round.activity = vec![exam(1, 2, 10), exam(2, 3, 20), exam(1, 1, 7300)];
    round.events = vec![event("north", Some(1), EventKind::FirstSeen, 0)];
    round.stays = vec![stay(1, "icu", 0), stay(2, "icu", 0), stay(1, "lab", 50)];
    home.database.commit(&round).await.unwrap();
    merge(&home, 1, Some(2)).await;
    let found = home.database.conversations(&of(2)).await.unwrap().items;
    let told: Vec<_> = found
        .iter()
        .map(|row| {
            let c = &row.conversation;
            (c.originator.clone(), c.responder.clone(), c.protocol.as_str(), c.bytes, c.flows)
        })
        .collect();
    assert_eq!(
        told,
        [
            (id(2), id(3), "dicom", 120, 2),
            (id(3), id(2), "hl7", 7, 1),
            (id(2), id(2), "tls", 7, 2),
            (id(2), id(4), "dicom", 1, 1),
        ]
    );
    assert_eq!((found[0].conversation.first_seen, found[0].conversation.last_seen), (at(10), at(5000)));
    let volume = home.database.volume(Some(&id(1)), None, at(0), at(7200), BucketSize::Hour).await.unwrap();
    assert_eq!(volume.iter().map(|point| point.bytes).collect::<Vec<_>>(), [100 + 7 + 3 + 4 + 1, 20]);
    let usage = UseList {
        devices: list(""),
        group: UseGroup::Device,
        from: at(0),
        until: at(20 * 86_400),
        least_first: false,
    };
    let used = &home.database.usage(&usage).await.unwrap().items[0];
    assert_eq!((used.key.as_str(), used.actions, used.hours, used.days), (id(2).0.as_str(), 6, 2, 1));
    let events = EventList { device: Some(id(1)), limit: 10, ..EventList::default() };
    assert_eq!(home.database.events(&events).await.unwrap().items[0].device, Some(id(2)));
    assert_eq!(home.database.stays(&id(1)).await.unwrap().len(), 2);
}

pub async fn a_device_that_never_was_goes_with_all_its_rows(home: Home) {
    let mut round = devices("north", 1..4);
    round.conversations = vec![talk(1, 3, "dicom", 100, 10), talk(2, 3, "dicom", 20, 10)];
    round.activity = vec![exam(1, 2, 10)];
    home.database.commit(&round).await.unwrap();
    merge(&home, 1, None).await;
    assert!(home.database.device(&id(1)).await.unwrap().is_none());
    assert_eq!(home.database.conversations(&of(3)).await.unwrap().items.len(), 1);
}

pub async fn a_merge_that_is_taken_back_leaves_two_devices(home: Home) {
    home.database.commit(&devices("north", 1..3)).await.unwrap();
    merge(&home, 1, Some(2)).await;
    home.database.commit(&devices("north", [1])).await.unwrap();
    assert_eq!(home.database.device(&id(1)).await.unwrap().unwrap().summary.id, id(1));
    assert_eq!(home.database.count(&list("")).await.unwrap(), 2);
}
