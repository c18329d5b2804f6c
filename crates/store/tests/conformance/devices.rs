//! Devices, lists, facets, completion, annotations.

use std::collections::BTreeSet;

use medward_model::{Attribute, Timestamp};
use medward_monitor::{
    FacetField, Ingest, Inventory, Lifecycle, PageRequest, Patch, Sighting, Sort, SortKey, Status, StoreError,
};

use crate::Home;
use crate::fixtures::{at, commit, device, devices, fused, id, list, row, row_of, whereabouts};

pub async fn a_device_is_read_back_as_it_was_written(home: Home) {
    let mut round = devices("north", [1]);
    round.devices[0].whereabouts = Some(whereabouts("icu", "sw-3 port 12", 0));
    home.database.commit(&round).await.unwrap();
    let record = home.database.device(&id(1)).await.unwrap().unwrap();
    assert_eq!(record.document, serde_json::to_value(&round.devices[0].device).unwrap());
    let summary = record.summary;
    assert_eq!(
        (summary.id.clone(), summary.site.as_str(), summary.name.as_str()),
        (id(1), "north", "Pump-001")
    );
    assert_eq!((summary.vendor.as_deref(), summary.model, summary.version), (Some("BD"), None, 1));
    assert_eq!(summary.whereabouts, round.devices[0].whereabouts);
    assert_eq!(home.database.summaries(&[id(1), id(9)]).await.unwrap().len(), 1);
    assert!(home.database.device(&id(9)).await.unwrap().is_none());
}

pub async fn a_device_of_another_site_moves_there(home: Home) {
    home.database.commit(&devices("north", [1])).await.unwrap();
    home.database.commit(&devices("south", [1])).await.unwrap();
    assert_eq!(home.database.count(&list("")).await.unwrap(), 1);
    assert_eq!(home.database.count(&list("site:south")).await.unwrap(), 1);
    let record = home.database.device(&id(1)).await.unwrap().unwrap();
    assert_eq!((record.summary.site.as_str(), record.summary.version), ("south", 2));
}

pub async fn sightings_move_times_forward_only(home: Home) {
    home.database.commit(&devices("north", [1, 2])).await.unwrap();
    let mut round = commit("north");
    round.sightings = vec![
        Sighting { device: id(1), last_seen: at(500), status: Status::Missing },
        Sighting { device: id(2), last_seen: at(-500), status: Status::Active },
        Sighting { device: id(3), last_seen: at(0), status: Status::Active },
    ];
    home.database.commit(&round).await.unwrap();
    let record = home.database.device(&id(1)).await.unwrap().unwrap();
    assert_eq!((record.summary.last_seen, record.summary.status), (Some(at(500)), Status::Missing));
    assert_eq!(record.document["last_seen"], at(500).to_string());
    let other = home.database.device(&id(2)).await.unwrap().unwrap();
    assert_eq!((other.summary.last_seen, other.summary.version), (Some(at(2)), 1));
    assert_eq!(home.database.count(&list("is:missing")).await.unwrap(), 1);
    assert!(home.database.device(&id(3)).await.unwrap().is_none());
}

fn patch() -> Patch {
    Patch {
        add_tags: BTreeSet::from(["MRI".to_owned(), "loan".to_owned()]),
        owner: Some(Some("Radiology".into())),
        criticality: Some(Some(4)),
        lifecycle: Some(Lifecycle::Stored),
        place: Some(Some("store-room".into())),
        ..Patch::default()
    }
}

pub async fn what_people_say_survives_a_new_row(home: Home) {
    home.database.commit(&devices("north", [1, 2])).await.unwrap();
    home.database.annotate(&id(1), &patch(), Some(0)).await.unwrap();
    let query = "tag:mri owner:radio lifecycle:stored criticality>3 place:store vendor:bd";
    assert_eq!(home.database.count(&list(query)).await.unwrap(), 1);
    let mut changed = device(1);
    changed.attributes.insert("vendor", fused("Baxter"));
    let mut round = commit("north");
    round.devices = vec![row_of(changed)];
    home.database.commit(&round).await.unwrap();
    assert_eq!(home.database.count(&list(query)).await.unwrap(), 0);
    assert_eq!(home.database.count(&list(&query.replace("bd", "baxter"))).await.unwrap(), 1);
    let record = home.database.device(&id(1)).await.unwrap().unwrap();
    assert_eq!(record.summary.tags, patch().add_tags);
    assert_eq!((record.annotation.version, record.summary.version), (1, 3));
    let facets = home.database.facets(&list(""), &[FacetField::Place], 5).await.unwrap();
    assert_eq!(facets[0].values[0].value, "store-room");
}

pub async fn an_annotation_with_an_old_version_is_refused(home: Home) {
    home.database.commit(&devices("north", [1])).await.unwrap();
    assert_eq!(home.database.annotate(&id(1), &patch(), None).await.unwrap().version, 1);
    let told = home.database.annotate(&id(1), &Patch::default(), Some(0)).await.unwrap_err();
    assert!(matches!(told, StoreError::Conflict { expected: 0, found: 1 }), "{told}");
    let told = home.database.annotate(&id(7), &patch(), None).await.unwrap_err();
    assert!(matches!(told, StoreError::Missing { what: "device", .. }), "{told}");
    let many = Patch { add_tags: (0..33).map(|n| n.to_string()).collect(), ..Patch::default() };
    assert!(matches!(home.database.annotate(&id(1), &many, None).await, Err(StoreError::Refused(_))));
}

pub async fn many_devices_are_annotated_at_once(home: Home) {
    home.database.commit(&devices("north", 0..700)).await.unwrap();
    home.database.annotate(&id(5), &patch(), None).await.unwrap();
    let tag = Patch { add_tags: BTreeSet::from(["new".to_owned()]), ..Patch::default() };
    assert_eq!(home.database.annotate_all(&list("name:pump-0"), &tag).await.unwrap(), 100);
    assert_eq!(home.database.count(&list("tag:new")).await.unwrap(), 100);
    assert_eq!(home.database.count(&list("tag:new tag:loan")).await.unwrap(), 1);
    let away = Patch { remove_tags: BTreeSet::from(["new".to_owned()]), ..Patch::default() };
    home.database.annotate_all(&list("tag:new"), &away).await.unwrap();
    assert_eq!(home.database.count(&list("tag:new")).await.unwrap(), 0);
}

pub async fn each_device_is_worth_its_own_value(home: Home) {
    let database = &home.database;
    database.commit(&devices("north", 0..4)).await.unwrap();
    let (empty, none) = database.all_annotations(None).await.unwrap().unwrap();
    assert_eq!(none, []);
    database.annotate(&id(1), &patch(), None).await.unwrap();
    let worth = |value| Patch {
        value: Some(Some(value)),
        currency: Some(Some("EUR".to_owned())),
        ..Patch::default()
    };
    // The last is not there.
    let changes = [(id(0), worth(4500)), (id(1), worth(90)), (id(9), worth(1))];
    assert_eq!(database.annotate_each(&changes).await.unwrap(), 2);
    let mut told = database.annotations(&[id(0), id(1), id(2), id(9)]).await.unwrap();
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let values: Vec<_> = told.iter().map(|(_, said)| (said.value, said.version)).collect();
    assert_eq!(values, [(Some(4500), 1), (Some(90), 2)]);
    assert_eq!(told[1].1.tags, patch().add_tags);
    let (mark, mut all) = database.all_annotations(Some(empty)).await.unwrap().unwrap();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(all, told);
    assert_eq!(database.all_annotations(Some(mark)).await.unwrap(), None);
    database.annotate(&id(0), &Patch { value: Some(None), ..Patch::default() }, None).await.unwrap();
    assert!(database.all_annotations(Some(mark)).await.unwrap().is_some());
}

pub async fn pages_hold_each_device_once_in_every_order(home: Home) {
    let mut round = devices("north", 0..57);
    for (number, row) in round.devices.iter_mut().enumerate() {
        if number % 3 == 0 {
            row.device.attributes.remove("vendor");
            row.device.last_seen = None;
        }
        if number % 5 == 0 {
            row.device.attributes.insert("vendor", fused("abbott"));
        }
    }
    home.database.commit(&round).await.unwrap();
    let keys = [
        SortKey::LastSeen,
        SortKey::FirstSeen,
        SortKey::Name,
        SortKey::Vendor,
        SortKey::Model,
        SortKey::Category,
        SortKey::Site,
        SortKey::Location,
        SortKey::Criticality,
    ];
    for key in keys {
        let mut orders = Vec::new();
        for descending in [false, true] {
            let mut wanted = list("");
            wanted.sort = Sort { key, descending };
            wanted.page = PageRequest::first(10);
            let mut seen = Vec::new();
            loop {
                let page = home.database.devices(&wanted).await.unwrap();
                assert!(page.items.len() <= 10);
                seen.extend(page.items.into_iter().map(|item| item.id));
                match page.next {
                    Some(next) => wanted.page.cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 57, "{key:?}");
            orders.push(seen);
        }
        orders[1].reverse();
        assert_eq!(orders[0], orders[1], "{key:?}");
    }
    let mut wanted = list("");
    wanted.sort = Sort { key: SortKey::Vendor, descending: false };
    let vendors: Vec<_> =
        home.database.devices(&wanted).await.unwrap().items.into_iter().map(|item| item.vendor).collect();
    assert_eq!(
        (vendors[0].as_deref(), vendors[20].as_deref(), vendors[56].as_deref()),
        (Some("abbott"), Some("BD"), None)
    );
}

pub async fn a_cursor_of_another_list_is_refused(home: Home) {
    home.database.commit(&devices("north", 0..5)).await.unwrap();
    let mut wanted = list("");
    wanted.page = PageRequest::first(2);
    wanted.page.cursor = home.database.devices(&wanted).await.unwrap().next;
    assert!(home.database.devices(&wanted).await.is_ok());
    wanted.sort = Sort { key: SortKey::Name, descending: true };
    assert!(matches!(home.database.devices(&wanted).await, Err(StoreError::BadCursor)));
    for bad in ["", "x", "bm9wZQ", &"A".repeat(9000)] {
        wanted.page.cursor = Some(bad.to_owned());
        assert!(matches!(home.database.devices(&wanted).await, Err(StoreError::BadCursor)), "{bad}");
    }
}

pub async fn facets_count_what_the_list_holds(home: Home) {
    let mut round = devices("north", 0..10);
    round.devices[3].device.attributes.insert("vendor", fused("Baxter"));
    round.devices[4].device.attributes.remove("vendor");
    round.devices[4].device.vlans.clear();
    round.devices[5].status = Status::Missing;
    home.database.commit(&round).await.unwrap();
    home.database.commit(&devices("south", 10..12)).await.unwrap();
    home.database.annotate(&id(1), &patch(), None).await.unwrap();
    let fields =
        [FacetField::Vendor, FacetField::Status, FacetField::Vlan, FacetField::Tag, FacetField::Site];
    let told = |facets: Vec<medward_monitor::Facet>| -> Vec<String> {
        facets
            .into_iter()
            .map(|facet| {
                let values: Vec<_> = facet
                    .values
                    .into_iter()
                    .map(|value| format!("{} {}", value.value, value.count))
                    .collect();
                format!("{}; {}", values.join(", "), facet.without)
            })
            .collect()
    };
    let all = told(home.database.facets(&list(""), &fields, 10).await.unwrap());
    assert_eq!(
        all,
        [
            "BD 10, Baxter 1; 1",
            "active 11, missing 1; 0",
            "20 11; 1",
            "MRI 1, loan 1; 11",
            "north 10, south 2; 0"
        ]
    );
    let some =
        told(home.database.facets(&list("name:pump -site:south -vendor:baxter"), &fields, 1).await.unwrap());
    assert_eq!(some, ["BD 8; 1", "active 8; 0", "20 8; 1", "MRI 1; 8", "north 9; 0"]);
    let mut south = list("");
    south.sites = Some(vec!["south".into()]);
    let some = told(home.database.facets(&south, &fields, 10).await.unwrap());
    assert_eq!(some, ["BD 2; 0", "active 2; 0", "20 2; 0", "; 2", "south 2; 0"]);
}

pub async fn completion_offers_frequent_values_first(home: Home) {
    let mut round = devices("north", 0..9);
    for number in [0, 1, 2, 3] {
        round.devices[number].device.attributes.insert("vendor", fused("B. Braun"));
    }
    round.devices[4].device.attributes.insert("vendor", fused("Abbott"));
    home.database.commit(&round).await.unwrap();
    let store = &home.database;
    let offered = |field: &'static str, text: &'static str| async move {
        store.complete(field, text, None, 10).await.unwrap()
    };
    assert_eq!(offered("vendor", "b").await, ["B. Braun", "BD", "Abbott"]);
    assert_eq!(offered("vendor", "BRAU").await, ["B. Braun"]);
    assert_eq!(offered("status", "un").await, ["unheard"]);
    assert_eq!(offered("is", "").await.len(), 6);
    assert_eq!(offered("site", "no").await, ["north"]);
    assert_eq!(offered("port", "44").await, ["443"]);
    let nobody: [String; 0] = [];
    assert!(store.complete("vendor", "b", Some(&nobody), 10).await.unwrap().is_empty());
    assert!(matches!(store.complete("colour", "b", None, 10).await, Err(StoreError::Refused(_))));
}

pub async fn sites_that_may_not_be_seen_are_not(home: Home) {
    home.database.commit(&devices("north", 0..3)).await.unwrap();
    home.database.commit(&devices("south", 3..5)).await.unwrap();
    for (sites, count) in [(vec!["south".to_owned()], 2), (vec![], 0), (vec!["west".to_owned()], 0)] {
        for query in ["", "vendor:bd", "pump or tls", "-tag:x"] {
            let mut wanted = list(query);
            wanted.sites = Some(sites.clone());
            assert_eq!(home.database.count(&wanted).await.unwrap(), count, "{query}");
            assert_eq!(home.database.devices(&wanted).await.unwrap().items.len() as u64, count, "{query}");
        }
    }
}

pub async fn odd_texts_are_kept(home: Home) {
    let mut odd = device(1);
    odd.hostnames =
        vec!["nul\u{0}l".into(), "100%_\\x".into(), "\"quoted\" OR".into(), "Ünï\u{1}cödé".into()];
    odd.attributes.insert("model", fused(&"long ".repeat(2000)));
    odd.first_seen = Some(Timestamp::from_nanos(i64::MAX));
    let mut round = commit("it's \"north\"");
    round.devices = vec![row_of(odd), row(2)];
    home.database.commit(&round).await.unwrap();
    for query in ["name:\"0%_\"", "name:\"\\\"quo\"", "ÜNÏ", "name:\"nul\u{fffd}l\"", "model:\"long long\""]
    {
        assert_eq!(home.database.count(&list(query)).await.unwrap(), 1, "{query}");
    }
    assert_eq!(home.database.count(&list("name:\"%\"")).await.unwrap(), 1);
    let record = home.database.device(&id(1)).await.unwrap().unwrap();
    let length = record.document["attributes"][Attribute::Model.name()]["value"].as_str().unwrap().len();
    assert_eq!(length, 10_000);
}

/// More than are put in order once they are found: they are walked, and each is looked at.
pub async fn long_lists_are_walked_in_order(home: Home) {
    let mut round = devices("north", 0..3600);
    for row in round.devices.iter_mut().skip(1).step_by(2) {
        row.device.attributes.insert("vendor", fused("Baxter"));
    }
    home.database.commit(&round).await.unwrap();
    let numbers = |left_out: &str| -> Vec<u64> {
        (0..3600).filter(|number| !format!("pump-{number:03}").contains(left_out)).collect()
    };
    let mut by_vendor = numbers("pump-35");
    by_vendor.sort_by_key(|number| (number % 2 == 0, *number));
    let mut by_name = numbers("pump-35");
    by_name.sort_by_key(|number| format!("pump-{number:03}"));
    let mut latest = numbers("pump-35");
    latest.reverse();
    for (key, descending, expected) in [
        (SortKey::Vendor, false, by_vendor),
        (SortKey::Name, false, by_name),
        (SortKey::LastSeen, true, latest),
    ] {
        let mut wanted = list("-name:pump-35");
        wanted.sort = Sort { key, descending };
        let mut found = Vec::new();
        loop {
            let page = home.database.devices(&wanted).await.unwrap();
            found.extend(page.items.into_iter().map(|summary| summary.id));
            match page.next {
                Some(next) => wanted.page.cursor = Some(next),
                None => break,
            }
        }
        assert!(found == expected.into_iter().map(id).collect::<Vec<_>>(), "{key:?}");
    }
}
