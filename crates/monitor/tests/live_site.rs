//! A site over time: what is told of devices that appear, change, move, fall silent and come back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use medward_identify::{Catalog, Ledger, Limits, Names};
use medward_model::{
    Activity, Attribute, DeviceId, Endpoint, Evidence, Field, FlowRecord, HostKey, Link, LinkKind, Mac,
    Outcome, Severity, Subject, Timestamp, Transport, Value, Verb,
};
use medward_monitor::{
    Commit, EventKind, LiveSite, Lore, Maintenance, PlaceRule, PlaceRules, Position, Receipt, Report, Said,
    SensorState, SiteMemory, Status,
};

static SERIAL: Field = Field::states("serial", Attribute::Serial, 97, "test");
static FIRMWARE: Field = Field::states("firmware", Attribute::Firmware, 97, "test");
static NAME: Field = Field::states("host-name", Attribute::Hostname, 95, "test");
static CATEGORY: Field = Field::states("category", Attribute::Category, 97, "test");

const PUMP: [u8; 6] = [0x00, 0x09, 0xfb, 0, 0, 1];
const SERVER: [u8; 6] = [0x00, 0x1b, 0x21, 0, 0, 2];

struct Known;

impl Names for Known {
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)> {
        (source == "lldp").then_some(())?;
        [&SERIAL, &FIRMWARE, &NAME, &CATEGORY].into_iter().find(|f| f.name == field).map(|f| ("lldp", f))
    }

    fn protocol(&self, name: &str) -> Option<&'static str> {
        ["dicom", "http", "telnet", "unknown", "other"].into_iter().find(|known| *known == name)
    }
}

impl Lore for Known {
    fn is_clinical(&self, protocol: &str) -> bool {
        protocol == "dicom"
    }
}

fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());
    &CATALOG
}

const START: i64 = 1_760_000_400;

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_parts(START + minutes * 60, 0)
}

fn host(mac: [u8; 6]) -> HostKey {
    HostKey { ip: format!("10.20.0.{}", mac[5]).parse().unwrap(), mac: Mac(mac), vlan: 20 }
}

/// A site with one sensor, and all that it told.
struct Scene {
    site: LiveSite,
    sequence: u64,
    told: Vec<Commit>,
    entries: BTreeMap<(u8, Vec<u8>), Vec<u8>>,
}

impl Scene {
    fn new() -> Scene {
        let site = LiveSite::new("main", "");
        Scene { site, sequence: 0, told: Vec::new(), entries: BTreeMap::new() }
    }

    /// One report and one commit.
    fn report(&mut self, minute: i64, note: impl FnOnce(&mut Ledger)) -> Commit {
        let mut ledger = Ledger::new(&Limits::tap());
        note(&mut ledger);
        self.sequence += 1;
        let state = SensorState { last_packet: at(minute), ..SensorState::default() };
        let report = Report { state, positions: Vec::new(), ledger };
        // As it would travel.
        let report = Report::decode(&report.encode(), &Limits::tap(), &Known).unwrap();
        let receipt = Receipt { sensor: "north".into(), epoch: 1, sequence: self.sequence };
        assert!(self.site.accept(&receipt, report, at(minute)));
        self.commit(minute)
    }

    fn commit(&mut self, minute: i64) -> Commit {
        let commit = self.site.commit(catalog(), &Known, at(minute), true);
        for entry in &commit.entries {
            let key = (entry.table, entry.key.clone());
            match &entry.body {
                Some(body) => self.entries.insert(key, body.clone()),
                None => self.entries.remove(&key),
            };
        }
        self.told.push(commit.clone());
        commit
    }

    /// The program ends, and begins again with what was stored.
    fn restart(&mut self) {
        let entries = self.entries.iter().map(|((table, key), body)| (*table, key.clone(), body.clone()));
        let receipts = vec![Receipt { sensor: "north".into(), epoch: 1, sequence: self.sequence }];
        let memory = SiteMemory { entries: entries.collect(), receipts, decisions: Vec::new() };
        self.site = LiveSite::new("main", "");
        assert_eq!(self.site.restore(memory, &Known).unwrap(), 0);
    }
}

fn speaks(ledger: &mut Ledger, mac: [u8; 6], minute: i64) {
    let (ip, mac) = (host(mac).ip, host(mac).mac);
    let packet = minute.unsigned_abs() + 1;
    ledger.link(Link { mac, ip, vlan: 20, kind: LinkKind::Neighbour, packet, time: at(minute) });
}

fn says(ledger: &mut Ledger, mac: [u8; 6], field: &'static Field, value: &str, minute: i64) {
    ledger.evidence(Evidence {
        subject: Subject::Host(host(mac)),
        source: "lldp",
        field,
        value: Value::Text(value.into()),
        packet: minute.unsigned_abs() + 1,
        time: at(minute),
    });
}

fn flow(from: [u8; 6], to: [u8; 6], port: u16, protocol: &'static str, minute: i64) -> FlowRecord {
    FlowRecord {
        originator: host(from),
        originator_port: 50_000,
        responder: host(to),
        responder_port: port,
        transport: Transport::Tcp,
        protocol: Some(protocol),
        packets: [3, 4],
        bytes: [300, 4000],
        first: at(minute),
        last: at(minute),
        first_packet: minute.unsigned_abs() + 1,
        answered: true,
        oriented: true,
        continues: None,
    }
}

fn kinds(commit: &Commit) -> Vec<EventKind> {
    // The sensor of these scenes reports seldom.
    commit.events.iter().map(|event| event.kind).filter(|kind| *kind != EventKind::Sensor).collect()
}

fn pump(commit: &Commit) -> DeviceId {
    let of_pump = |row: &&medward_monitor::DeviceRow| row.device.macs == vec![Mac(PUMP)];
    commit.devices.iter().find(of_pump).unwrap().device.id.clone()
}

#[test]
fn a_new_device_is_told_once() {
    let mut scene = Scene::new();
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &SERIAL, "A12345", 0);
    });
    assert_eq!(kinds(&first), [EventKind::FirstSeen]);
    assert_eq!(first.devices.len(), 1);
    assert_eq!(first.receipts.len(), 1);
    let second = scene.report(1, |l| speaks(l, PUMP, 1));
    assert!(kinds(&second).is_empty(), "{:?}", second.events);
    assert!(second.devices.is_empty());
    assert_eq!(second.sightings.len(), 1);
}

#[test]
fn the_same_report_is_taken_once() {
    let mut scene = Scene::new();
    scene.report(0, |l| speaks(l, PUMP, 0));
    let again = Receipt { sensor: "north".into(), epoch: 1, sequence: 1 };
    let report =
        Report { state: SensorState::default(), positions: Vec::new(), ledger: Ledger::new(&Limits::tap()) };
    assert!(!scene.site.accept(&again, report, at(1)));
}

#[test]
fn versions_that_rise_and_fall_are_told_apart() {
    let mut scene = Scene::new();
    scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &FIRMWARE, "9.19.1", 0);
    });
    let up = scene.report(10, |l| says(l, PUMP, &FIRMWARE, "9.33.0", 10));
    assert_eq!(kinds(&up), [EventKind::Upgraded]);
    assert_eq!(up.history[0].value.as_deref(), Some("9.33.0"));
    let down = scene.report(20, |l| says(l, PUMP, &FIRMWARE, "8.4", 20));
    assert_eq!(kinds(&down), [EventKind::Downgraded]);
}

#[test]
fn another_serial_number_is_told_as_a_swap() {
    let mut scene = Scene::new();
    scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &SERIAL, "A12345", 0);
    });
    let swapped = scene.report(10, |l| says(l, PUMP, &SERIAL, "B98765", 10));
    assert_eq!(kinds(&swapped), [EventKind::SerialChanged]);
    let swap = swapped.events.iter().find(|event| event.kind == EventKind::SerialChanged).unwrap();
    assert_eq!(swap.details["before"], "A12345");
}

#[test]
fn a_device_carried_elsewhere_has_moved() {
    let mut scene = Scene::new();
    scene.site.map(vec![
        PlaceRules {
            place: "icu".into(),
            path: "Building A / ICU".into(),
            rules: vec![PlaceRule { how: "rtls".into(), pattern: "ICU*".into() }],
        },
        PlaceRules {
            place: "store".into(),
            path: "Building A / Store".into(),
            rules: vec![PlaceRule { how: "rtls".into(), pattern: "Store*".into() }],
        },
    ]);
    let tag = |position: &str, minute| Position {
        mac: Mac(PUMP),
        position: position.into(),
        how: "rtls".into(),
        at: at(minute),
    };
    scene.site.place(tag("ICU bed 4", 0));
    let first = scene.report(0, |l| speaks(l, PUMP, 0));
    let whereabouts = first.devices[0].whereabouts.clone().unwrap();
    assert_eq!((whereabouts.place.as_deref(), &*whereabouts.position), (Some("icu"), "ICU bed 4"));
    assert_eq!(first.stays.len(), 1);
    scene.site.place(tag("Store 2", 30));
    let second = scene.commit(30);
    assert_eq!(kinds(&second), [EventKind::Moved]);
    assert_eq!(second.stays[0].whereabouts.place.as_deref(), Some("store"));
    // What is listed of it says so, too.
    assert_eq!(second.devices[0].whereabouts.as_ref().unwrap().position, "Store 2");
    // The same told again is no news.
    scene.site.place(tag("Store 2", 31));
    let third = scene.commit(31);
    assert!(third.stays.is_empty() && third.devices.is_empty(), "{:?}", third.devices);
    // Other rules find another place for the same position.
    scene.site.map(vec![PlaceRules {
        place: "cellar".into(),
        path: "Building B / Cellar".into(),
        rules: vec![PlaceRule { how: "rtls".into(), pattern: "Store*".into() }],
    }]);
    let fourth = scene.commit(32);
    assert_eq!(fourth.devices[0].whereabouts.as_ref().unwrap().place.as_deref(), Some("cellar"));
}

#[test]
fn what_was_regular_is_missing_when_its_network_is_not_silent_and_reappears() {
    let mut scene = Scene::new();
    let mut id = None;
    // Two days, every ten minutes.
    for minute in (0..2 * 1440).step_by(10) {
        let commit = scene.report(minute, |l| {
            speaks(l, PUMP, minute);
            speaks(l, SERVER, minute);
            l.flow(flow(PUMP, SERVER, 104, "dicom", minute));
        });
        id = id.or_else(|| Some(pump(&commit)));
    }
    let mut missing = Vec::new();
    for minute in (2 * 1440..2 * 1440 + 300).step_by(10) {
        let commit = scene.report(minute, |l| speaks(l, SERVER, minute));
        let told = commit.events.into_iter().filter(|event| event.kind != EventKind::Sensor);
        missing.extend(told.map(|event| (minute, event)));
    }
    let told: Vec<EventKind> = missing.iter().map(|(_, event)| event.kind).collect();
    assert_eq!(told, [EventKind::Missing]);
    assert_eq!(missing[0].1.device, id);
    assert!(missing[0].0 - 2 * 1440 >= 60, "not before an hour has passed");
    let back = scene.report(2 * 1440 + 300, |l| speaks(l, PUMP, 2 * 1440 + 300));
    assert_eq!(kinds(&back), [EventKind::Reappeared]);
    assert_eq!(
        back.sightings.iter().find(|s| Some(&s.device) == id.as_ref()).unwrap().status,
        Status::Active
    );
}

fn status_of(commit: &Commit, mac: [u8; 6]) -> Status {
    commit.devices.iter().find(|row| row.device.macs == vec![Mac(mac)]).unwrap().status
}

#[test]
fn what_is_only_spoken_of_is_unheard_until_it_speaks() {
    let mut scene = Scene::new();
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        speaks(l, SERVER, 0);
        // Frames to it are heard, its answers are not.
        l.flow(FlowRecord { packets: [9, 0], answered: false, ..flow(SERVER, PUMP, 104, "dicom", 0) });
    });
    assert_eq!(status_of(&first, PUMP), Status::Unheard);
    assert_eq!(status_of(&first, SERVER), Status::Active);
    // Its silence is nothing that anybody could know of.
    for minute in (10..2 * 1440).step_by(10) {
        scene.report(minute, |l| speaks(l, PUMP, minute));
    }
    for minute in (2 * 1440..2 * 1440 + 300).step_by(10) {
        let commit = scene.report(minute, |l| speaks(l, SERVER, minute));
        assert!(!kinds(&commit).contains(&EventKind::Missing), "at {minute}");
    }
    scene.restart();
    let still = scene.report(2 * 1440 + 300, |l| speaks(l, PUMP, 2 * 1440 + 300));
    assert_eq!(status_of(&still, PUMP), Status::Unheard);
    let id = pump(&still);
    let minute = 2 * 1440 + 310;
    let heard = scene.report(minute, |l| l.flow(flow(SERVER, PUMP, 0, "unknown", minute)));
    let of_row = heard.devices.iter().find(|row| row.device.id == id).map(|row| row.status);
    let sighted: Vec<Status> =
        heard.sightings.iter().filter(|one| one.device == id).map(|one| one.status).collect();
    assert!(sighted.len() <= 1, "{sighted:?}");
    assert_eq!(sighted.first().copied().or(of_row), Some(Status::Active));
}

#[test]
fn what_sends_to_everybody_only_is_not_heard() {
    let mut scene = Scene::new();
    let all = HostKey { ip: "10.20.0.255".parse().unwrap(), mac: Mac([0xff; 6]), vlan: 20 };
    let calls = FlowRecord {
        responder: all,
        transport: Transport::Udp,
        packets: [5, 0],
        answered: false,
        ..flow(PUMP, SERVER, 137, "unknown", 0)
    };
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        l.flow(calls);
    });
    assert_eq!(status_of(&first, PUMP), Status::Unheard);
}

#[test]
fn when_the_whole_network_is_silent_nobody_is_missing() {
    let mut scene = Scene::new();
    for minute in (0..2 * 1440).step_by(10) {
        scene.report(minute, |l| {
            speaks(l, PUMP, minute);
            speaks(l, SERVER, minute);
            l.flow(flow(PUMP, SERVER, 104, "dicom", minute));
        });
    }
    for minute in (2 * 1440..3 * 1440).step_by(30) {
        let commit = scene.commit(minute);
        assert!(!kinds(&commit).contains(&EventKind::Missing), "at {minute}");
    }
}

#[test]
fn a_restart_forgets_nothing_and_tells_nothing_twice() {
    let mut scene = Scene::new();
    let before = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        speaks(l, SERVER, 0);
        says(l, PUMP, &SERIAL, "A12345", 0);
        l.flow(flow(PUMP, SERVER, 104, "dicom", 0));
    });
    scene.restart();
    let again = Receipt { sensor: "north".into(), epoch: 1, sequence: 1 };
    assert!(scene.site.has(&again));
    let after = scene.report(5, |l| {
        speaks(l, PUMP, 5);
        l.flow(flow(PUMP, SERVER, 104, "dicom", 5));
    });
    assert!(kinds(&after).is_empty(), "{:?}", after.events);
    assert!(after.history.is_empty(), "{:?}", after.history);
    assert_eq!(pump(&before), pump(&after));
    let row = after.devices.iter().find(|row| row.device.macs == vec![Mac(PUMP)]).unwrap();
    assert_eq!(row.device.value(Attribute::Serial), Some("A12345"));
}

#[test]
fn a_settled_medical_device_with_a_new_peer_or_service_is_told() {
    let mut scene = Scene::new();
    scene.report(0, |l| {
        speaks(l, PUMP, 0);
        speaks(l, SERVER, 0);
        says(l, PUMP, &CATEGORY, "infusion-pump", 0);
    });
    let quiet = scene.report(10, |l| l.flow(flow(PUMP, SERVER, 80, "http", 10)));
    assert!(kinds(&quiet).is_empty(), "{:?}", quiet.events);
    let other = [0x00, 0x1b, 0x21, 0, 0, 9];
    let day = 1440 + 60;
    let later = scene.report(day, |l| {
        speaks(l, other, day);
        l.flow(flow(other, PUMP, 23, "telnet", day));
    });
    let told = kinds(&later);
    assert!(told.contains(&EventKind::NewPeer), "{:?}", later.events);
    assert!(told.contains(&EventKind::NewService), "{:?}", later.events);
}

#[test]
fn exams_count_as_use_and_echoes_do_not() {
    let mut scene = Scene::new();
    let endpoint = |mac| Endpoint { ip: host(mac).ip, port: 104 };
    let act = |operation: &str, verb| Activity {
        time: at(0),
        packet: 1,
        protocol: "dicom",
        actor: endpoint(PUMP),
        target: endpoint(SERVER),
        verb,
        operation: operation.into(),
        object: "".into(),
        outcome: Outcome::Success,
        details: Vec::new(),
    };
    let commit = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        speaks(l, SERVER, 0);
        l.activity(&act("C-STORE-RQ", Verb::Write));
        l.activity(&act("C-ECHO-RQ", Verb::Query));
    });
    let clinical: BTreeMap<(&str, bool), u64> =
        commit.activity.iter().map(|a| ((a.operation.as_str(), a.clinical), a.count)).collect();
    assert_eq!(clinical.get(&("C-STORE-RQ", true)), Some(&1));
    assert_eq!(clinical.get(&("C-ECHO-RQ", false)), Some(&1));
    assert_eq!(commit.activity.len(), 4, "each for actor and target");
}

#[test]
fn traffic_between_two_commits_is_counted_once() {
    let mut scene = Scene::new();
    let mut bytes = 0;
    let mut flows = 0;
    for minute in 0..5 {
        let commit = scene.report(minute, |l| {
            speaks(l, PUMP, minute);
            speaks(l, SERVER, minute);
            l.flow(flow(PUMP, SERVER, 104, "dicom", minute));
        });
        bytes += commit.conversations.iter().map(|c| c.bytes[0] + c.bytes[1]).sum::<u64>();
        flows += commit.conversations.iter().map(|c| c.flows).sum::<u64>();
    }
    assert_eq!((flows, bytes), (5, 5 * 4300));
}

/// Two days of regular talk with another, then silence of the pump alone; events from then on, with their minutes.
fn silence(scene: &mut Scene, until: i64) -> Vec<(i64, medward_monitor::Event)> {
    for minute in (0..2 * 1440).step_by(10) {
        scene.report(minute, |l| {
            speaks(l, PUMP, minute);
            speaks(l, SERVER, minute);
            l.flow(flow(PUMP, SERVER, 104, "dicom", minute));
        });
    }
    silent(scene, 2 * 1440, until)
}

fn silent(scene: &mut Scene, from: i64, until: i64) -> Vec<(i64, medward_monitor::Event)> {
    let mut told = Vec::new();
    for minute in (from..until).step_by(10) {
        let commit = scene.report(minute, |l| speaks(l, SERVER, minute));
        let events = commit.events.into_iter().filter(|event| event.kind != EventKind::Sensor);
        told.extend(events.map(|event| (minute, event)));
    }
    told
}

fn said(id: &DeviceId, said: Said) -> Arc<BTreeMap<DeviceId, Said>> {
    Arc::new(BTreeMap::from([(id.clone(), said)]))
}

#[test]
fn what_is_missing_is_told_with_what_is_at_stake() {
    let mut scene = Scene::new();
    let endpoint = |mac| Endpoint { ip: host(mac).ip, port: 104 };
    let tag = |how: &str, position: &str| Position {
        mac: Mac(PUMP),
        position: position.into(),
        how: how.into(),
        at: at(1500),
    };
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &CATEGORY, "ventilator", 0);
        l.activity(&Activity {
            time: at(0),
            packet: 1,
            protocol: "dicom",
            actor: endpoint(PUMP),
            target: endpoint(SERVER),
            verb: Verb::Write,
            operation: "C-STORE-RQ".into(),
            object: "".into(),
            outcome: Outcome::Success,
            details: Vec::new(),
        });
    });
    let id = pump(&first);
    // What is remembered of its use outlasts a restart.
    scene.restart();
    scene.site.place(tag("rtls", "ICU bed 4"));
    scene.site.place(tag("switch-port", "sw-3 port 12"));
    let said_of =
        Said { criticality: Some(5), value: Some(4500), currency: Some("EUR".into()), ..Said::default() };
    scene.site.heed(said(&id, said_of));
    let told = silence(&mut scene, 2 * 1440 + 300);
    let missing: Vec<_> = told.iter().filter(|(_, event)| event.kind == EventKind::Missing).collect();
    assert_eq!(missing.len(), 1);
    let event = &missing[0].1;
    assert_eq!(event.severity, Severity::Critical, "life may depend on it, and people say so");
    assert!(event.title.contains("life depends on it; worth 4,500 EUR; last used "), "{}", event.title);
    let details: Vec<(&str, &str)> = event.details.iter().map(|(name, text)| (&**name, &**text)).collect();
    let expected = [
        ("category", "ventilator"),
        ("criticality", "5"),
        ("life_supporting", "yes"),
        ("place", "ICU bed 4"),
        ("value", "4,500 EUR"),
        ("last_used", &at(0).to_string()),
    ];
    for pair in expected {
        assert!(details.contains(&pair), "{pair:?} of {details:?}");
    }
    assert!(event.details["elsewhere"].starts_with("sw-3 port 12 (switch-port, "), "{details:?}");
}

#[test]
fn planned_maintenance_holds_silence_back_until_its_end() {
    let mut scene = Scene::new();
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &FIRMWARE, "9.33.0", 0);
    });
    let id = pump(&first);
    let end = 2 * 1440 + 600;
    let window = Maintenance { from: at(2 * 1440), until: at(end), reason: "yearly check".into() };
    scene.site.heed(said(&id, Said { maintenance: vec![window], ..Said::default() }));
    let during = silence(&mut scene, end);
    assert!(during.iter().all(|(_, event)| event.kind != EventKind::Missing), "{during:?}");
    let after = silent(&mut scene, end, end + 300);
    let missing: Vec<i64> = after
        .iter()
        .filter(|(_, event)| event.kind == EventKind::Missing)
        .map(|(minute, _)| *minute)
        .collect();
    assert_eq!(missing.len(), 1);
    assert!(missing[0] - end >= 60, "silence counts from the end: {missing:?}");
}

#[test]
fn a_change_during_planned_maintenance_is_marked() {
    let mut scene = Scene::new();
    let first = scene.report(0, |l| {
        speaks(l, PUMP, 0);
        says(l, PUMP, &FIRMWARE, "9.33.0", 0);
    });
    let id = pump(&first);
    let window = Maintenance { from: at(5), until: at(15), reason: "rollback".into() };
    scene.site.heed(said(&id, Said { maintenance: vec![window], ..Said::default() }));
    let during = scene.report(10, |l| says(l, PUMP, &FIRMWARE, "8.4", 10));
    let event = during.events.iter().find(|event| event.kind == EventKind::Downgraded).unwrap();
    assert_eq!((event.severity, &*event.details["maintenance"]), (Severity::Info, "rollback"));
    let after = scene.report(20, |l| says(l, PUMP, &FIRMWARE, "8.1", 20));
    let event = after.events.iter().find(|event| event.kind == EventKind::Downgraded).unwrap();
    assert_eq!((event.severity, event.details.contains_key("maintenance")), (Severity::Medium, false));
}

#[test]
fn what_is_put_into_store_is_missing_no_more() {
    let mut scene = Scene::new();
    let told = silence(&mut scene, 2 * 1440 + 300);
    let id =
        told.iter().find(|(_, event)| event.kind == EventKind::Missing).unwrap().1.device.clone().unwrap();
    scene.site.excuse(&std::collections::BTreeSet::from([id.clone()]));
    let minute = 2 * 1440 + 310;
    let commit = scene.report(minute, |l| speaks(l, SERVER, minute));
    let of_pump: Vec<Status> =
        commit.sightings.iter().filter(|one| one.device == id).map(|one| one.status).collect();
    assert_eq!(of_pump, [Status::Silent]);
}
