//! Fills a database with invented devices, the same for the same seed, and tells how long each question takes.
//!
//!     cargo run --release -p medward-store --example fill -- ADDRESS [DEVICES] [CONVERSATIONS] [REPEATS]
//!
//! An address is a path or postgres://…; a database that holds devices already is only asked.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use medward_model::Severity;
use medward_monitor::{
    ActivityDelta, BucketSize, Commit, ConversationList, DeviceList, Direction, Event, EventKind, EventList,
    FacetField, History, Ingest, Inventory, LinkList, NodeGroup, PageRequest, Part, Patch, Sighting, Sort,
    SortKey, Status, Upkeep, UseGroup, UseList,
};
use medward_query::Query;
use medward_store::Database;

mod invented;

use invented::{ROUND, at, conversation, device, id, pick, site};

/// Bytes of the database: asked anew, as an open one keeps what it counted.
async fn size(address: &str) -> u64 {
    let store = Database::open(address).await.unwrap();
    let sizes = store.sizes().await.unwrap();
    store.close().await;
    sizes.bytes
}

async fn fill(store: &Arc<Database>, address: &str, devices: u64, conversations: u64) {
    let empty = size(address).await;
    let started = Instant::now();
    for from in (0..devices).step_by(ROUND as usize) {
        let rows = (from..(from + ROUND).min(devices)).map(device).collect();
        store.commit(&Commit { site: site(from), devices: rows, ..Commit::default() }).await.unwrap();
    }
    tell("devices", devices, started.elapsed());
    let with_devices = size(address).await;
    println!("{} bytes a device", (with_devices - empty) / devices);
    let started = Instant::now();
    for from in (0..conversations).step_by(20_000) {
        let deltas = (from..(from + 20_000).min(conversations)).map(|n| conversation(n, devices)).collect();
        store
            .commit(&Commit { site: site(from / 20), conversations: deltas, ..Commit::default() })
            .await
            .unwrap();
    }
    tell("conversations", conversations, started.elapsed());
    println!("{} bytes a conversation", (size(address).await - with_devices) / conversations.max(1));
    let started = Instant::now();
    let mut count = 0;
    for day in 0..30_u64 {
        let mut round = Commit { site: site(0), ..Commit::default() };
        for number in (0..devices).filter(|number| number.is_multiple_of(10)) {
            for hour in 0..pick(number + day, 4) {
                let last = at(day * 86_400 + hour * 3600 + 60);
                round.activity.push(ActivityDelta {
                    device: id(number),
                    protocol: "dicom".into(),
                    verb: "store".into(),
                    operation: "CT".into(),
                    part: Part::Did,
                    clinical: true,
                    count: 3,
                    first: last,
                    last,
                });
            }
            if pick(number + day, 10) == 0 {
                round.events.push(Event {
                    number: 0,
                    at: at(day * 86_400),
                    site: site(0),
                    kind: EventKind::ALL[usize::try_from(pick(number, 14)).unwrap()],
                    severity: Severity::Info,
                    device: Some(id(number)),
                    title: "something happened".into(),
                    details: BTreeMap::new(),
                });
            }
        }
        count += round.activity.len() as u64;
        store.commit(&round).await.unwrap();
    }
    tell("activity", count, started.elapsed());
    let tag = Patch {
        add_tags: ["watched".to_owned()].into(),
        owner: Some(Some("Radiology".into())),
        ..Patch::default()
    };
    store.annotate_all(&list("category:ct-scanner"), &tag).await.unwrap();
    let started = Instant::now();
    let sightings = (0..devices.min(20_000))
        .map(|number| Sighting { device: id(number), last_seen: at(0), status: Status::Active })
        .collect::<Vec<_>>();
    let count = sightings.len() as u64;
    store.commit(&Commit { site: site(0), sightings, ..Commit::default() }).await.unwrap();
    tell("sightings", count, started.elapsed());
    again(store, devices).await;
}

/// What a commit costs when it says again what is known: conversations that go on, from all sites at once.
async fn again(store: &Arc<Database>, devices: u64) {
    let mut sites = tokio::task::JoinSet::new();
    let started = Instant::now();
    for of in 0..5_u64 {
        let store = Arc::clone(store);
        sites.spawn(async move {
            for round in 0..10 {
                let deltas =
                    (0..2000).map(|n| conversation(of * 20_000 + round * 2000 + n, devices)).collect();
                let commit =
                    Commit { site: format!("site-{of}"), conversations: deltas, ..Commit::default() };
                store.commit(&commit).await.unwrap();
            }
        });
    }
    while sites.join_next().await.is_some() {}
    tell("again, 5 sites", 100_000, started.elapsed());
}

fn tell(what: &str, rows: u64, time: Duration) {
    println!(
        "wrote {rows:>9} {what:<14} in {:>7.1} s: {:>8.0} a second",
        time.as_secs_f64(),
        rows as f64 / time.as_secs_f64()
    );
}

fn list(query: &str) -> DeviceList {
    DeviceList {
        query: Query::parse(query).unwrap(),
        sites: None,
        now: at(0),
        sort: Sort::default(),
        page: PageRequest::first(50),
    }
}

/// Asks `repeats` times and tells the median and the slowest one in a hundred.
async fn measure<F: Future<Output = usize>>(what: &str, repeats: u64, ask: impl Fn(u64) -> F) {
    let mut times = Vec::new();
    let mut rows = 0;
    for number in 0..repeats {
        let started = Instant::now();
        rows = ask(number).await;
        times.push(started.elapsed());
    }
    times.sort();
    let of = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)].as_secs_f64() * 1000.0;
    let note = if of(99) > 100.0 { "  over 100 ms" } else { "" };
    println!("{what:<44} {rows:>6} rows  p50 {:>8.2} ms  p99 {:>8.2} ms{note}", of(50), of(99));
}

const FACETS: [FacetField; 9] = [
    FacetField::Site,
    FacetField::Group,
    FacetField::Category,
    FacetField::Vendor,
    FacetField::Os,
    FacetField::Status,
    FacetField::Scope,
    FacetField::Vlan,
    FacetField::Tag,
];

async fn ask(store: &Database, devices: u64, repeats: u64) {
    let queries = [
        "",
        "infusion",
        "maker",
        "is:medical",
        "vendor:\"maker 7\" seen<24h",
        "category:infusion",
        "ip:10.0.0.0/16",
        "ip:10.0.4.0/24",
        "seen<7d",
        "status:missing",
        "has:serial -port:104",
        "SN0000",
        "x",
        "e",
        "ct",
        "tag:watched",
        "port:sw-31/12",
        "mac:b1:00:01",
        "name:pump or name:printer",
        "-vendor:maker",
        "place:room-11",
        "-scope:multicast first>168h",
    ];
    for query in queries {
        measure(&format!("devices {query}"), repeats, |_| async {
            store.devices(&list(query)).await.unwrap().items.len()
        })
        .await;
    }
    for query in queries {
        measure(&format!("count {query}"), repeats, |_| async {
            usize::try_from(store.count(&list(query)).await.unwrap()).unwrap()
        })
        .await;
    }
    for query in ["", "infusion", "maker", "is:medical", "seen<7d", "e"] {
        measure(&format!("facets (9) {query}"), repeats, |_| async {
            store.facets(&list(query), &FACETS, 20).await.unwrap().len()
        })
        .await;
    }
    let mut some = list("is:medical");
    some.sites = Some(vec!["site-1".into(), "site-2".into()]);
    measure("devices is:medical, two sites", repeats, |_| async {
        store.devices(&some).await.unwrap().items.len()
    })
    .await;
    measure("facets (9) is:medical, two sites", repeats, |_| async {
        store.facets(&some, &FACETS, 20).await.unwrap().len()
    })
    .await;
    for key in [SortKey::Name, SortKey::Vendor, SortKey::Location, SortKey::FirstSeen] {
        let mut sorted = list("is:medical");
        sorted.sort = Sort { key, descending: false };
        sorted.page.cursor = store.devices(&sorted).await.unwrap().next;
        measure(&format!("second page by {key:?}, is:medical"), repeats, |_| async {
            store.devices(&sorted).await.unwrap().items.len()
        })
        .await;
    }
    for (field, text) in [("vendor", "mak"), ("name", "pum"), ("serial", "SN1"), ("name", ""), ("tag", "w")] {
        measure(&format!("complete {field} '{text}'"), repeats, |_| async {
            store.complete(field, text, None, 20).await.unwrap().len()
        })
        .await;
    }
    measure("device", repeats, |number| async move {
        usize::from(store.device(&id(pick(number, devices))).await.unwrap().is_some())
    })
    .await;
    for (what, device) in [("a server", Some(id(3))), ("a device", Some(id(devices / 2))), ("all", None)] {
        for by_volume in [false, true] {
            let wanted = ConversationList {
                device: device.clone(),
                direction: Direction::Either,
                sites: None,
                since: None,
                protocol: None,
                by_volume,
                page: PageRequest::first(50),
            };
            let order = if by_volume { "volume" } else { "time" };
            measure(&format!("conversations of {what} by {order}"), repeats, |_| async {
                store.conversations(&wanted).await.unwrap().items.len()
            })
            .await;
        }
    }
    let few = repeats.min(10);
    for (query, group, since) in [
        ("", NodeGroup::Device, None),
        ("", NodeGroup::Category, None),
        ("", NodeGroup::Category, Some(at(86_400))),
        ("vendor:\"maker 7\"", NodeGroup::Device, None),
        ("is:medical", NodeGroup::Category, Some(at(7 * 86_400))),
        ("", NodeGroup::Vlan, None),
        ("", NodeGroup::Vendor, Some(at(7 * 86_400))),
        ("", NodeGroup::Place, None),
        ("", NodeGroup::Device, Some(at(30 * 86_400))),
        ("tag:watched", NodeGroup::Category, None),
    ] {
        let wanted = LinkList { devices: list(query), group, since, limit: 2000 };
        measure(
            &format!("links {query} {group:?} {}", if since.is_some() { "lately" } else { "" }),
            few,
            |_| async { store.links(&wanted).await.unwrap().len() },
        )
        .await;
    }
    for (what, device) in [("all", None), ("a server", Some(id(3)))] {
        measure(&format!("volume of {what}, 14 days by hour"), repeats, |_| async {
            store.volume(device.as_ref(), None, at(14 * 86_400), at(0), BucketSize::Hour).await.unwrap().len()
        })
        .await;
    }
    for (group, days) in
        [(UseGroup::Device, 7), (UseGroup::Device, 30), (UseGroup::Category, 30), (UseGroup::Site, 7)]
    {
        let wanted = UseList {
            devices: list("is:medical"),
            group,
            from: at(days * 86_400),
            until: at(0),
            least_first: false,
        };
        measure(&format!("usage by {group:?}, {days} days, is:medical"), few, |_| async {
            store.usage(&wanted).await.unwrap().items.len()
        })
        .await;
    }
    let events = EventList { limit: 50, ..EventList::default() };
    measure("events", repeats, |_| async { store.events(&events).await.unwrap().items.len() }).await;
    measure("coverage", repeats, |_| async { store.coverage("site-1").await.unwrap().vlans.len() }).await;
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().expect("an address: a path or postgres://…");
    let mut number = |default: u64| arguments.next().map_or(default, |text| text.parse().expect("a number"));
    let (devices, conversations, repeats) = (number(100_000), number(1_000_000), number(20));
    let store = Arc::new(Database::open(&address).await.unwrap());
    if store.count(&list("")).await.unwrap() == 0 {
        fill(&store, &address, devices, conversations).await;
    }
    let sizes = store.sizes().await.unwrap();
    println!("{} MB; {} devices, {} conversations", sizes.bytes >> 20, sizes.devices, sizes.conversations);
    ask(&store, devices, repeats).await;
}
