//! Pruning, sizes, backup and restore.

use medward_model::Severity;
use medward_monitor::{
    Audit, AuditEntry, BucketSize, Documents, EventKind, EventList, FacetField, History, Ingest, Inventory,
    LinkList, NodeGroup, Patch, Retention, Upkeep, UseGroup, UseList,
};
use medward_store::{Database, RestoreError, restore};

use crate::fixtures::{at, commit, device, devices, event, exam, id, list, receipt, row_of, stay, talk};
use crate::{Home, server::Server};

const DAY: i64 = 86_400;

pub async fn old_rows_are_pruned_and_new_ones_kept(home: Home) {
    let mut round = devices("north", 0..3);
    round.conversations = vec![talk(0, 1, "dicom", 10, 0), talk(0, 2, "dicom", 20, 20 * DAY)];
    round.activity = vec![exam(0, 1, 0), exam(0, 1, 20 * DAY)];
    let mut grave = event("north", None, EventKind::Missing, 0);
    grave.severity = Severity::High;
    round.events = vec![event("north", None, EventKind::Moved, 0), grave];
    round.stays = vec![stay(0, "icu", 0), stay(0, "lab", 20)];
    home.database.commit(&round).await.unwrap();
    let now = at(21 * DAY);
    let keep =
        Retention { hours: 7, days: 30, events: 10, grave_events: 30, stays: 5, ..Retention::default() };
    let pruned = home.database.prune(&keep, now).await.unwrap().rows;
    assert_eq!(pruned.get("traffic_hour"), Some(&3));
    assert_eq!(pruned.get("activity_hour"), Some(&1));
    assert_eq!((pruned.get("event"), pruned.get("stay")), (Some(&1), Some(&1)));
    assert_eq!(pruned.get("conversation_day"), None);
    let hours = home.database.volume(None, None, at(0), now, BucketSize::Hour).await.unwrap();
    assert_eq!(hours.len(), 1);
    let days = home.database.volume(None, None, at(0), now, BucketSize::Day).await.unwrap();
    assert_eq!(days.len(), 2);
    let events = EventList { limit: 10, ..EventList::default() };
    assert_eq!(home.database.events(&events).await.unwrap().items.len(), 1);
    // Much later nothing of it is left but the devices.
    home.database.prune(&keep, at(400 * DAY)).await.unwrap();
    let sizes = home.database.sizes().await.unwrap();
    assert_eq!((sizes.devices, sizes.conversations, sizes.events), (3, 0, 0));
}

pub async fn devices_nobody_spoke_of_are_forgotten(home: Home) {
    let mut round = devices("north", 0..4);
    for number in [0, 1] {
        round.devices[number].device.scope = medward_model::Scope::External;
    }
    round.conversations = vec![talk(3, 0, "tls", 1, 0)];
    home.database.commit(&round).await.unwrap();
    home.database.annotate(&id(1), &Patch::default(), None).await.unwrap();
    let keep = Retention { external_devices: 1, ..Retention::default() };
    let pruned = home.database.prune(&keep, at(2 * DAY)).await.unwrap().rows;
    assert_eq!(pruned.get("device"), Some(&1));
    assert!(home.database.device(&id(0)).await.unwrap().is_none());
    assert_eq!(home.database.count(&list("")).await.unwrap(), 3);
    assert_eq!(home.database.complete("id", &id(0).0, None, 5).await.unwrap(), [""; 0]);
}

pub async fn health_and_sizes_are_told(home: Home) {
    home.database.commit(&devices("north", 0..4)).await.unwrap();
    let health = home.database.health().await.unwrap();
    assert!(["sqlite", "postgresql"].contains(&health.engine.as_str()) && health.schema >= 1);
    let sizes = home.database.sizes().await.unwrap();
    assert_eq!(sizes.devices, 4);
    assert!(sizes.bytes > 10_000);
}

async fn filled(home: &Home) {
    let mut round = devices("north", 0..300);
    round.receipts = vec![receipt(3)];
    round.entries = vec![medward_monitor::Entry { table: 1, key: vec![0, 1], body: Some(vec![0, 255]) }];
    round.conversations = (1..300).map(|n| talk(0, n, "dicom", n, n as i64)).collect();
    round.activity = vec![exam(1, 3, 0)];
    round.events = vec![event("north", Some(1), EventKind::FirstSeen, 0)];
    round.history = vec![medward_monitor::AttributeChange {
        device: id(1),
        attribute: "os".into(),
        value: None,
        confidence: 0.1 + 0.2,
        because: "x".into(),
        at: at(0),
    }];
    home.database.commit(&round).await.unwrap();
    let mut merged = commit("south");
    merged.gone = vec![medward_monitor::Gone { device: id(7), into: Some(id(8)), at: at(0) }];
    home.database.commit(&merged).await.unwrap();
    home.database
        .annotate(&id(2), &Patch { owner: Some(Some("Kim".into())), ..Patch::default() }, None)
        .await
        .unwrap();
    home.database
        .put_document("place", "icu", &serde_json::json!({"a": [1, null]}), None, None, at(0))
        .await
        .unwrap();
    for _ in 0..3 {
        let entry = AuditEntry {
            at: at(0),
            who: "kim".into(),
            from: "x".into(),
            action: "login".into(),
            object: "y".into(),
            outcome: "done".into(),
            details: serde_json::json!({}),
        };
        home.database.audit(entry).await.unwrap();
    }
}

/// What somebody sees who asks a lot.
async fn seen(store: &Database) -> String {
    let mut told = String::new();
    told += &format!("{:?}", store.devices(&list("")).await.unwrap());
    told += &format!(
        "{:?}",
        store.facets(&list("pump"), &[FacetField::Owner, FacetField::Vlan], 9).await.unwrap()
    );
    told += &format!("{:?}", store.device(&id(7)).await.unwrap());
    told += &format!("{:?}", store.load_site("north").await.unwrap());
    told += &format!("{:?}", store.audit_from(1, 10).await.unwrap());
    told += &format!("{:?}", store.attributes(&id(1)).await.unwrap());
    told += &format!("{:?}", store.documents("place", at(0)).await.unwrap());
    told +=
        &format!("{:?}", store.volume(Some(&id(0)), None, at(0), at(DAY), BucketSize::Hour).await.unwrap());
    told += &format!("{:?}", store.events(&EventList { limit: 9, ..EventList::default() }).await.unwrap());
    told
}

pub async fn a_backup_is_restored_on_both_engines(home: Home) {
    filled(&home).await;
    let file = home.folder.path().join("medward.backup");
    home.database.backup(&file).await.unwrap();
    let before = seen(&home.database).await;
    let mut targets = vec![Home::sqlite().await];
    let server = Server::start();
    if let Some(server) = &server {
        targets.push(server.home("restored").await);
    }
    for target in targets {
        restore(&file, &target.address).await.unwrap();
        assert_eq!(seen(&target.database).await, before);
        // And life goes on there.
        let mut next = devices("west", 1000..1010);
        next.devices.push(row_of(device(3)));
        next.conversations = vec![talk(1000, 3, "new", 1, 0)];
        next.events = vec![event("west", None, EventKind::Sensor, 0)];
        assert_eq!(target.database.commit(&next).await.unwrap(), 2);
        assert_eq!(target.database.count(&list("pump")).await.unwrap(), 309);
    }
}

/// A backup as the first schema wrote it: two devices that spoke with each other, one of them in use.
fn first_schema() -> Vec<u8> {
    const NONE: &str = "\u{10ffff}";
    let nanos = |seconds: i64| at(seconds).as_nanos();
    let (hour, day) = (nanos(0) / 3_600_000_000_000, nanos(0) / 86_400_000_000_000);
    let device = |key: u64, category: &str| {
        serde_json::json!([
            key,
            id(key).0,
            1,
            "north",
            format!("pump-{key}"),
            "bd\u{1}BD",
            NONE,
            category,
            NONE,
            NONE,
            NONE,
            NONE,
            NONE,
            null,
            null,
            0,
            0,
            0,
            1,
            0,
            0,
            nanos(0),
            nanos(60),
            5,
            1,
            1
        ])
    };
    let tables = serde_json::json!([
        ["site", ["id", "name", "folded"], [[1, "north", "north"]]],
        ["label", ["id", "name"], [[1, "dicom"]]],
        ["counter", ["name", "value"], [["audit", 0], ["decision", 0], ["device", 1], ["event", 4]]],
        [
            "device",
            [
                "id",
                "uid",
                "site",
                "site_key",
                "name",
                "vendor",
                "model",
                "category",
                "os",
                "grp",
                "location",
                "owner",
                "place",
                "whereabout",
                "belongs",
                "status",
                "scope",
                "lifecycle",
                "medical",
                "known",
                "criticality",
                "first_seen",
                "last_seen",
                "terms",
                "version",
                "changed"
            ],
            [device(1, "infusion-pump"), device(2, "server\u{1}Server")]
        ],
        [
            "term",
            ["id", "field", "value", "shown"],
            [[1, 65, "20", "20"], [2, 1, "zebra", "Zebra"], [3, 7, "mri", "MRI"]]
        ],
        ["device_term", ["term", "device"], [[1, 1], [1, 2], [2, 1], [3, 2]]],
        [
            "conversation",
            [
                "id",
                "site",
                "originator",
                "responder",
                "transport",
                "port",
                "protocol",
                "flows",
                "packets",
                "bytes",
                "first",
                "last"
            ],
            [[1, 1, 1, 2, 1, 104, 1, 3, 10, 500, nanos(0), nanos(60)]]
        ],
        [
            "conversation_hour",
            ["bucket", "conversation", "flows", "packets", "bytes"],
            [[hour, 1, 3, 10, 500]]
        ],
        ["conversation_day", ["bucket", "conversation", "flows", "packets", "bytes"], [[day, 1, 3, 10, 500]]],
        [
            "traffic_hour",
            ["owner", "bucket", "flows", "packets", "bytes"],
            [[-1, hour, 3, 10, 500], [1, hour, 3, 10, 500]]
        ],
        [
            "traffic_day",
            ["owner", "bucket", "flows", "packets", "bytes"],
            [[-1, day, 3, 10, 500], [1, day, 3, 10, 500]]
        ],
        ["use_day", ["device", "bucket", "hours", "actions", "last"], [[1, day, 7, 9, nanos(60)]]],
    ]);
    let mut text = serde_json::json!({"medward-backup": 1, "schema": 1}).to_string() + "\n";
    let mut count = 0;
    for table in tables.as_array().unwrap() {
        text += &serde_json::json!({"table": table[0], "columns": table[1]}).to_string();
        text += "\n";
        for row in table[2].as_array().unwrap() {
            text += &(row.to_string() + "\n");
            count += 1;
        }
    }
    text += &(serde_json::json!({"rows": count}).to_string() + "\n");
    zstd::bulk::compress(text.as_bytes(), 3).unwrap()
}

pub async fn a_backup_of_the_first_schema_is_brought_up_to_date(home: Home) {
    let file = home.folder.path().join("first.backup");
    std::fs::write(&file, first_schema()).unwrap();
    // What is up to date already cannot take it.
    assert!(matches!(restore(&file, &home.address).await, Err(RestoreError::NotEmpty)));
    let mut targets = vec![home.folder.path().join("first.db").display().to_string()];
    let server = Server::start();
    if let Some(server) = &server {
        targets.push(server.empty("first").await);
    }
    for target in targets {
        restore(&file, &target).await.unwrap();
        let store = &Database::open(&target).await.unwrap();
        for (query, count) in [("", 2), ("z", 1), ("q", 0), ("m", 1), ("vlan:20", 2), ("name:zebra", 1)] {
            assert_eq!(store.count(&list(query)).await.unwrap(), count, "{query}");
        }
        let wanted = |group, since| LinkList { devices: list(""), group, since, limit: 10 };
        for since in [None, Some(at(0)), Some(at(-20 * DAY))] {
            for (group, ends) in [
                (NodeGroup::Category, ("infusion-pump", "Server")),
                (NodeGroup::Vlan, ("20", "20")),
                (NodeGroup::Place, ("", "")),
            ] {
                let links = store.links(&wanted(group, since)).await.unwrap();
                let told: Vec<_> = links
                    .iter()
                    .map(|l| (l.from.as_str(), l.to.as_str(), l.conversations, l.bytes))
                    .collect();
                assert_eq!(told, [(ends.0, ends.1, 1, 500)], "{group:?} {since:?}");
                assert_eq!(links[0].protocols, ["dicom"]);
            }
        }
        let hours = store.volume(Some(&id(1)), None, at(0), at(DAY), BucketSize::Hour).await.unwrap();
        assert_eq!((hours.len(), hours[0].bytes), (1, 500));
        let usage = UseList {
            devices: list(""),
            group: UseGroup::Device,
            from: at(-10 * DAY),
            until: at(DAY),
            least_first: false,
        };
        let used = store.usage(&usage).await.unwrap().items;
        assert_eq!((used[0].key.as_str(), used[0].hours, used[0].actions), (id(1).0.as_str(), 3, 9));
        assert_eq!(used[0].week[..4], [1, 1, 1, 0]);
        let mut next = devices("north", [1, 3]);
        next.conversations = vec![talk(1, 2, "dicom", 1, 90)];
        next.events = vec![event("north", Some(1), EventKind::FirstSeen, 0)];
        assert_eq!(store.commit(&next).await.unwrap(), 5);
        assert_eq!(store.count(&list("")).await.unwrap(), 3);
    }
}

pub async fn a_damaged_backup_is_refused(home: Home) {
    filled(&home).await;
    let file = home.folder.path().join("medward.backup");
    home.database.backup(&file).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let cut = whole[..whole.len() - 20].to_vec();
    let target = Home::sqlite().await;
    for bytes in [cut, flipped, b"nothing".to_vec(), Vec::new()] {
        std::fs::write(&file, bytes).unwrap();
        let told = restore(&file, &target.address).await.unwrap_err();
        assert!(matches!(told, RestoreError::Damaged { .. }), "{told}");
        assert_eq!(target.database.count(&list("")).await.unwrap(), 0);
    }
}

pub async fn a_backup_is_not_restored_over_something(home: Home) {
    filled(&home).await;
    let file = home.folder.path().join("medward.backup");
    home.database.backup(&file).await.unwrap();
    assert!(matches!(restore(&file, &home.address).await, Err(RestoreError::NotEmpty)));
}
