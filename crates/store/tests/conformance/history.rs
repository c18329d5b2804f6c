//! What happened.

use medward_model::Severity;
use medward_monitor::{
    AttributeChange, BucketSize, ConversationList, Direction, EventKind, EventList, History, Ingest,
    LinkList, NodeGroup, PageRequest, SensorState, Status, StoreError, UseGroup, UseList,
};

use crate::Home;
use crate::fixtures::{at, commit, devices, event, exam, fused, id, list, stay, talk, whereabouts};

fn conversations() -> ConversationList {
    ConversationList {
        device: None,
        direction: Direction::Either,
        sites: None,
        since: None,
        protocol: None,
        by_volume: false,
        page: PageRequest::first(4),
    }
}

async fn bytes_of(home: &Home, mut list: ConversationList) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let page = home.database.conversations(&list).await.unwrap();
        all.extend(page.items.into_iter().map(|row| row.conversation.bytes));
        match page.next {
            Some(next) => list.page.cursor = Some(next),
            None => return all,
        }
    }
}

pub async fn conversations_are_paged_by_time_and_volume(home: Home) {
    let mut round = devices("north", 0..12);
    round.conversations = (1..12).map(|n| talk(0, n, "dicom", n * 10, 100 - n as i64)).collect();
    round.conversations.push(talk(5, 0, "hl7", 1000, 50));
    round.conversations.push(talk(0, 0, "tls", 2, 50));
    home.database.commit(&round).await.unwrap();
    home.database.commit(&round).await.unwrap();
    let volume: Vec<u64> =
        std::iter::once(2000).chain((1..12).rev().map(|n| n * 20)).chain(std::iter::once(4)).collect();
    assert_eq!(bytes_of(&home, ConversationList { by_volume: true, ..conversations() }).await, volume);
    let of_device = ConversationList { device: Some(id(0)), ..conversations() };
    assert_eq!(bytes_of(&home, ConversationList { by_volume: true, ..of_device.clone() }).await, volume);
    let times: Vec<u64> = (1..12).map(|n| n * 20).chain([2000, 4]).collect();
    assert_eq!(bytes_of(&home, of_device.clone()).await, times);
    let answered = ConversationList { direction: Direction::Answered, ..of_device.clone() };
    assert_eq!(bytes_of(&home, answered.clone()).await, [2000, 4]);
    let hl7 = ConversationList { protocol: Some("hl7".into()), ..of_device.clone() };
    assert_eq!(bytes_of(&home, hl7).await, [2000]);
    let late = ConversationList { since: Some(at(98)), ..of_device.clone() };
    assert_eq!(bytes_of(&home, late).await, [20, 40]);
    let elsewhere = ConversationList { sites: Some(vec!["south".into()]), ..conversations() };
    assert!(bytes_of(&home, elsewhere).await.is_empty());
    let mut wrong = answered;
    wrong.page.cursor = home.database.conversations(&of_device).await.unwrap().next;
    assert!(matches!(home.database.conversations(&wrong).await, Err(StoreError::BadCursor)));
}

pub async fn links_are_drawn_together(home: Home) {
    let mut round = devices("north", 0..4);
    round.devices[0].device.attributes.insert("category", fused("Server"));
    round.devices[3].device.attributes.remove("category");
    round.conversations = vec![
        talk(1, 0, "dicom", 10, 0),
        talk(2, 0, "dicom", 20, 0),
        talk(2, 0, "hl7", 5, 4000),
        talk(3, 0, "tls", 1, 0),
    ];
    home.database.commit(&round).await.unwrap();
    let wanted = |query: &str, group| LinkList { devices: list(query), group, since: None, limit: 10 };
    let told = |links: Vec<medward_monitor::Link>| -> Vec<String> {
        links
            .iter()
            .map(|l| format!("{}>{} {} {} {}", l.from, l.to, l.conversations, l.bytes, l.protocols.join("+")))
            .collect()
    };
    let links = home.database.links(&wanted("", NodeGroup::Category)).await.unwrap();
    assert_eq!(told(links), ["infusion-pump>Server 3 35 dicom+hl7", ">Server 1 1 tls"]);
    let links = home.database.links(&wanted("name:pump-003", NodeGroup::Device)).await.unwrap();
    assert_eq!(told(links), [format!("{}>{} 1 1 tls", id(3), id(0))]);
    let links = home.database.links(&wanted("", NodeGroup::Vlan)).await.unwrap();
    assert_eq!(told(links), ["20>20 4 36 dicom+hl7+tls"]);
    let mut late = wanted("", NodeGroup::Site);
    late.since = Some(at(3600));
    late.devices.now = at(7200);
    assert_eq!(told(home.database.links(&late).await.unwrap()), ["north>north 1 5 hl7"]);
    let mut most = wanted("", NodeGroup::Device);
    most.limit = 1;
    assert_eq!(home.database.links(&most).await.unwrap()[0].bytes, 25);
}

pub async fn links_follow_what_is_added(home: Home) {
    let mut round = devices("north", 0..3);
    round.devices[0].device.attributes.insert("category", fused("Server"));
    round.conversations = vec![talk(1, 0, "dicom", 10, 0), talk(2, 0, "tls", 30, 0)];
    home.database.commit(&round).await.unwrap();
    let mut more = devices("south", 10..11);
    more.conversations = vec![talk(1, 0, "dicom", 5, 86_400), talk(10, 0, "hl7", 2, 86_400)];
    home.database.commit(&more).await.unwrap();
    let told = |links: Vec<medward_monitor::Link>| -> Vec<String> {
        links
            .iter()
            .map(|l| {
                let protocols = l.protocols.join("+");
                format!("{}>{} {} {} {} {protocols}", l.from, l.to, l.conversations, l.flows, l.bytes)
            })
            .collect()
    };
    let wanted = |since: Option<i64>, now: i64, group, query: &str| {
        let mut devices = list(query);
        devices.now = at(now);
        LinkList { devices, group, since: since.map(at), limit: 10 }
    };
    let store = &home.database;
    let all = store.links(&wanted(None, 90_000, NodeGroup::Category, "")).await.unwrap();
    assert_eq!(told(all), ["infusion-pump>Server 3 4 47 dicom+hl7+tls"]);
    // A conversation is counted where it had its last traffic; hours for short times, days for longer ones.
    for now in [90_000, 20 * 86_400] {
        let lately = store.links(&wanted(Some(86_400), now, NodeGroup::Category, "")).await.unwrap();
        assert_eq!(told(lately), ["infusion-pump>Server 2 2 7 hl7+dicom"]);
        let single = store.links(&wanted(Some(86_400), now, NodeGroup::Device, "")).await.unwrap();
        let told = told(single);
        assert_eq!(
            told,
            [format!("{}>{} 1 1 5 dicom", id(1), id(0)), format!("{}>{} 1 1 2 hl7", id(10), id(0))]
        );
    }
    let searched = store.links(&wanted(None, 90_000, NodeGroup::Category, "name:pump-002")).await.unwrap();
    assert_eq!(told(searched), ["infusion-pump>Server 1 1 30 tls"]);
    // A conversation that two sites hear is counted where it was heard first; its traffic where it was heard.
    let mut south = wanted(None, 90_000, NodeGroup::Site, "");
    south.devices.sites = Some(vec!["south".to_owned()]);
    assert_eq!(
        told(store.links(&south).await.unwrap()),
        ["north>north 0 1 5 dicom", "south>north 1 1 2 hl7"]
    );
    south.devices.sites = Some(Vec::new());
    assert!(store.links(&south).await.unwrap().is_empty());
}

pub async fn a_busy_device_is_paged_like_others(home: Home) {
    let mut round = devices("north", 0..3);
    // More than are gathered before they are put in order.
    for number in 0..20_500_u16 {
        let mut one = talk(
            1,
            0,
            if number == 77 { "rare" } else { "tls" },
            u64::from(number % 1000),
            i64::from(number),
        );
        one.port = number;
        round.conversations.push(one);
    }
    round.conversations.push(talk(0, 2, "tls", 5, 30_000));
    home.database.commit(&round).await.unwrap();
    let store = &home.database;
    for device in [None, Some(id(0)), Some(id(1))] {
        for by_volume in [false, true] {
            let mut wanted = ConversationList { device: device.clone(), by_volume, ..conversations() };
            wanted.page = PageRequest::first(1000);
            let mut seen = Vec::new();
            for _ in 0..3 {
                let page = store.conversations(&wanted).await.unwrap();
                seen.extend(page.items.into_iter().map(|row| row.conversation));
                wanted.page.cursor = page.next;
            }
            let key =
                |c: &medward_model::Conversation| if by_volume { (c.bytes, at(0)) } else { (0, c.last_seen) };
            assert!(seen.windows(2).all(|pair| key(&pair[0]) >= key(&pair[1])), "{device:?} {by_volume}");
            let ports: std::collections::BTreeSet<_> =
                seen.iter().map(|c| (c.responder.clone(), c.port)).collect();
            assert_eq!((seen.len(), ports.len()), (3000, 3000));
        }
        let rare =
            ConversationList { device: device.clone(), protocol: Some("rare".into()), ..conversations() };
        assert_eq!(bytes_of(&home, rare).await, [77]);
        let mut page = ConversationList { device, sites: Some(vec!["north".into()]), ..conversations() };
        page.page = PageRequest::first(2);
        let latest = store.conversations(&page).await.unwrap().items;
        assert!(latest[0].conversation.last_seen >= at(20_499));
    }
}

pub async fn volume_adds_up_by_hour_and_day(home: Home) {
    let mut round = devices("north", 0..3);
    round.conversations = vec![
        talk(0, 1, "dicom", 10, 0),
        talk(0, 1, "dicom", 5, 3599),
        talk(1, 2, "dicom", 7, 3600),
        talk(0, 0, "dicom", 1, 90_000),
    ];
    home.database.commit(&round).await.unwrap();
    let store = &home.database;
    let bytes = |points: Vec<medward_monitor::VolumePoint>| -> Vec<(i64, u64)> {
        points.iter().map(|point| (point.at.seconds_since(at(0)), point.bytes)).collect()
    };
    let hours = store.volume(None, None, at(0), at(100_000), BucketSize::Hour).await.unwrap();
    assert_eq!(bytes(hours), [(0, 15), (3600, 7), (90_000, 1)]);
    let days =
        store.volume(None, Some(&["north".to_owned()]), at(0), at(100_000), BucketSize::Day).await.unwrap();
    assert_eq!(bytes(days), [(0, 22), (86_400, 1)]);
    let one = store.volume(Some(&id(0)), None, at(0), at(100_000), BucketSize::Day).await.unwrap();
    assert_eq!(bytes(one), [(0, 15), (86_400, 1)]);
    let none =
        store.volume(None, Some(&["south".to_owned()]), at(0), at(100_000), BucketSize::Day).await.unwrap();
    assert!(none.is_empty());
    let ended = store.volume(None, None, at(0), at(3600), BucketSize::Hour).await.unwrap();
    assert_eq!(bytes(ended), [(0, 15)]);
}

fn usage(group: UseGroup, from: i64, until: i64) -> UseList {
    UseList { devices: list("is:medical"), group, from: at(from), until: at(until), least_first: false }
}

pub async fn use_is_counted_by_the_hour_of_the_week(home: Home) {
    let mut round = devices("north", 0..4);
    round.devices[3].medical = false;
    let mut clerical = exam(1, 50, 0);
    clerical.clinical = false;
    clerical.verb = "read".into();
    round.activity = vec![
        exam(0, 2, 60),
        exam(0, 3, 120),
        exam(0, 1, 3 * 86_400 + 5 * 3600),
        exam(1, 9, 7200),
        exam(3, 9, 0),
        clerical,
    ];
    home.database.commit(&round).await.unwrap();
    let found = home.database.usage(&usage(UseGroup::Device, 0, 7 * 86_400)).await.unwrap().items;
    let told: Vec<_> =
        found.iter().map(|r| (r.key.as_str(), r.devices, r.used, r.actions, r.hours, r.days)).collect();
    assert_eq!(
        told,
        [
            (id(0).0.as_str(), 1, 1, 6, 2, 2),
            (id(1).0.as_str(), 1, 1, 9, 1, 1),
            (id(2).0.as_str(), 1, 0, 0, 0, 0)
        ]
    );
    assert_eq!(found[0].label, "Pump-000");
    assert_eq!(found[0].last_used, Some(at(3 * 86_400 + 5 * 3600)));
    let slots: Vec<usize> = (0..168).filter(|slot| found[0].week[*slot] > 0).collect();
    assert_eq!(slots, [0, 3 * 24 + 5]);
    // Only the hours asked for.
    let short = home.database.usage(&usage(UseGroup::Category, 7200, 10_800)).await.unwrap().items;
    assert_eq!(
        (short.len(), short[0].key.as_str(), short[0].devices, short[0].used),
        (1, "infusion-pump", 3, 1)
    );
    assert_eq!((short[0].actions, short[0].hours), (9, 1));
    let activity = home.database.activity(&id(1), at(0), at(86_400), BucketSize::Hour).await.unwrap();
    assert_eq!(activity.iter().map(|a| (a.count, a.clinical)).collect::<Vec<_>>(), [(50, false), (9, true)]);
}

pub async fn long_times_are_counted_by_days(home: Home) {
    let mut round = devices("north", 0..3);
    for day in 0..30 {
        round.activity.push(exam(0, 1, day * 86_400 + 9 * 3600));
        round.activity.push(exam(0, 1, day * 86_400 + 10 * 3600));
    }
    round.activity.push(exam(1, 500, 9 * 3600));
    home.database.commit(&round).await.unwrap();
    let mut wanted = usage(UseGroup::Device, 0, 28 * 86_400);
    wanted.devices.page = PageRequest::first(1);
    let mut all = Vec::new();
    loop {
        let page = home.database.usage(&wanted).await.unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => wanted.devices.page.cursor = Some(next),
            None => break,
        }
    }
    let told: Vec<_> = all.iter().map(|r| (r.key.as_str(), r.actions, r.hours, r.days)).collect();
    let (zero, one, two) = (id(0), id(1), id(2));
    assert_eq!(told, [(zero.0.as_str(), 56, 56, 28), (one.0.as_str(), 500, 1, 1), (two.0.as_str(), 0, 0, 0)]);
    assert!((0..7).all(|day| all[0].week[day * 24 + 9] == 4 && all[0].week[day * 24 + 10] == 4));
    assert_eq!(all[0].week.iter().sum::<u32>(), 56);
    wanted.devices.page = PageRequest::first(1);
    wanted.least_first = true;
    assert_eq!(home.database.usage(&wanted).await.unwrap().items[0].key, two.0);
}

pub async fn events_are_numbered_in_order(home: Home) {
    let mut round = devices("north", 0..3);
    round.events = (0..5).map(|n| event("north", Some(n % 2), EventKind::FirstSeen, n as i64)).collect();
    round.events[3].severity = Severity::High;
    assert_eq!(home.database.commit(&round).await.unwrap(), 5);
    let mut other = commit("south");
    other.events = vec![event("south", None, EventKind::Sensor, 9)];
    assert_eq!(home.database.commit(&other).await.unwrap(), 6);
    assert_eq!(home.database.commit(&commit("south")).await.unwrap(), 0);
    let base = || EventList { limit: 2, ..EventList::default() };
    let store = &home.database;
    let numbers = |mut list: EventList| async move {
        let mut all = Vec::new();
        loop {
            let page = store.events(&list).await.unwrap();
            all.extend(page.items.iter().map(|event| event.number));
            match page.next {
                Some(next) => list.cursor = Some(next),
                None => return all,
            }
        }
    };
    assert_eq!(numbers(base()).await, [6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(EventList { after: Some(2), ..base() }).await, [3, 4, 5, 6]);
    assert_eq!(numbers(EventList { device: Some(id(0)), ..base() }).await, [5, 3, 1]);
    assert_eq!(numbers(EventList { severity: Some(Severity::Medium), ..base() }).await, [4]);
    assert_eq!(numbers(EventList { kinds: vec![EventKind::Sensor], ..base() }).await, [6]);
    assert_eq!(numbers(EventList { sites: Some(vec!["south".into()]), ..base() }).await, [6]);
    assert_eq!(numbers(EventList { from: Some(at(1)), until: Some(at(3)), ..base() }).await, [3, 2]);
    let found = home.database.events(&base()).await.unwrap().items;
    let mut expected = other.events[0].clone();
    expected.number = 6;
    assert_eq!(found[0], expected);
}

pub async fn stays_end_where_the_next_begins(home: Home) {
    let mut round = devices("north", 0..2);
    round.devices[0].device.last_seen = Some(at(1000));
    round.stays = vec![stay(0, "icu", 0), stay(0, "lab", 100), stay(1, "icu", 50)];
    home.database.commit(&round).await.unwrap();
    let places: Vec<_> = home
        .database
        .stays(&id(0))
        .await
        .unwrap()
        .into_iter()
        .map(|s| s.whereabouts.place.unwrap())
        .collect();
    assert_eq!(places, ["lab", "icu"]);
    let store = &home.database;
    let visitors = |place: &'static str, from, until| async move {
        let found = store.visitors(place, at(from), at(until)).await.unwrap();
        found.into_iter().map(|stay| stay.device).collect::<Vec<_>>()
    };
    assert_eq!(visitors("icu", 40, 60).await, [id(1), id(0)]);
    assert_eq!(visitors("icu", 100, 500).await, []);
    assert_eq!(visitors("icu", 0, 40).await, [id(0)]);
    assert_eq!(visitors("lab", 500, 600).await, [id(0)]);
    assert_eq!(visitors("lab", 2000, 2100).await, []);
}

pub async fn attribute_values_are_read_latest_first(home: Home) {
    let change = |value: Option<&str>, seconds| AttributeChange {
        device: id(0),
        attribute: "firmware".into(),
        value: value.map(str::to_owned),
        confidence: 0.123_456_789,
        because: "lldp.med-firmware".into(),
        at: at(seconds),
    };
    let mut round = devices("north", [0]);
    round.history = vec![change(Some("1.0"), 0), change(None, 20), change(Some("1.1"), 10)];
    home.database.commit(&round).await.unwrap();
    let found = home.database.attributes(&id(0)).await.unwrap();
    assert_eq!(found, [change(None, 20), change(Some("1.1"), 10), change(Some("1.0"), 0)]);
}

pub async fn coverage_names_blind_spots(home: Home) {
    let mut round = devices("north", 0..5);
    round.devices[1].status = Status::Unheard;
    round.devices[2].device.scope = medward_model::Scope::External;
    round.devices[3].device.vlans = vec![20, 30];
    round.devices[3].whereabouts = Some(whereabouts("icu", "sw-3 port 12", 0));
    round.devices[1].whereabouts = Some(whereabouts("icu", "sw-3 port 13", 0));
    round.devices[4].whereabouts = Some(whereabouts("icu", "bed 4", 0));
    round.sensors = vec![SensorState {
        name: "probe".into(),
        site: "north".into(),
        packets: 9,
        ..SensorState::default()
    }];
    home.database.commit(&round).await.unwrap();
    let coverage = home.database.coverage("north").await.unwrap();
    assert_eq!((coverage.heard, coverage.unheard, coverage.blind_spots), (3, 1, vec![id(1)]));
    assert_eq!(coverage.vlans.into_iter().collect::<Vec<_>>(), [(20, 3), (30, 1)]);
    assert_eq!(coverage.unheard_vlans.into_iter().collect::<Vec<_>>(), [(20, 1)]);
    assert_eq!(coverage.switches.into_iter().collect::<Vec<_>>(), [("sw-3".to_owned(), 1)]);
    assert_eq!(coverage.unheard_switches.into_iter().collect::<Vec<_>>(), [("sw-3".to_owned(), 1)]);
    assert_eq!(home.database.sensors().await.unwrap(), round.sensors);
}
