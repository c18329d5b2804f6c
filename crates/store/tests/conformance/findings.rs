//! Findings: they begin, stay, end, are told, paged and searched.

use medward_model::{AdvisoryRef, DeviceId, Finding, FindingKind, Severity, Timestamp, Treatment, Verdict};
use medward_monitor::{
    Commit, EventKind, EventList, FindingList, Findings, Gone, History, Ingest, Inventory, JudgedBy,
    JudgedDevice, JudgedWith, PageRequest, Retention, Sort, SortKey, Upkeep,
};

use crate::Home;
use crate::fixtures::{at, commit, device, devices, fused, id, list, row_of};

fn all(limit: u32) -> FindingList {
    FindingList::all(PageRequest::first(limit))
}

/// A weakness of a device, found by its number.
fn weakness(number: u64, cve: &str, severity: Severity, kev: bool) -> Finding {
    Finding {
        id: format!("find-{number:04x}-{cve}"),
        kind: FindingKind::Vulnerability,
        device: id(number),
        title: format!("{cve} in the pump").into(),
        severity,
        confidence: 0.9,
        status: Verdict::Affected,
        advisory: Some(
            AdvisoryRef {
                feed: "nvd".into(),
                id: cve.into(),
                cve: vec![cve.into()],
                kev: Some(kev),
                ..AdvisoryRef::default()
            }
            .into(),
        ),
        matched: None,
        treatment: Treatment::Patch,
        reason: "Install version 2.".into(),
        hidden: None,
    }
}

fn weak(number: u64) -> Finding {
    Finding {
        id: format!("find-{number:04x}-weak"),
        kind: FindingKind::WeakProtocol,
        title: "Serves files over SMB version 1".into(),
        severity: Severity::Medium,
        advisory: None,
        treatment: Treatment::Segment,
        ..weakness(number, "CVE-0", Severity::Medium, false)
    }
}

fn judged(number: u64, by: JudgedBy, findings: Vec<Finding>, seconds: i64) -> JudgedDevice {
    JudgedDevice { device: id(number), by, findings, at: at(seconds), with: None }
}

async fn put(home: &Home, number: u64, findings: Vec<Finding>, seconds: i64) {
    home.database.put_findings(&[judged(number, JudgedBy::Knowledge, findings, seconds)]).await.unwrap();
}

async fn ids(home: &Home, list: &FindingList) -> Vec<String> {
    home.database.findings(list).await.unwrap().items.into_iter().map(|row| row.id).collect()
}

pub async fn what_is_found_begins_stays_and_ends(home: Home) {
    home.database.commit(&devices("north", [1])).await.unwrap();
    let cve = || weakness(1, "CVE-2024-1", Severity::High, false);
    put(&home, 1, vec![cve()], 10).await;
    put(&home, 1, vec![cve()], 20).await;
    let row = home.database.finding(&cve().id).await.unwrap().unwrap();
    assert_eq!((row.found, row.ended, row.device, row.site.as_str()), (at(10), None, id(1), "north"));
    assert_eq!(row.device_name, "Pump-001");
    assert_eq!(row.body["reason"], "Install version 2.");
    assert_eq!(row.topic, "CVE-2024-1");
    // It became worse: the same finding with other words.
    put(&home, 1, vec![weakness(1, "CVE-2024-1", Severity::Critical, true)], 30).await;
    let row = home.database.finding(&cve().id).await.unwrap().unwrap();
    assert_eq!((row.found, row.exploited, &row.body["severity"]), (at(10), true, &"critical".into()));
    let summary = home.database.device(&id(1)).await.unwrap().unwrap().summary;
    assert_eq!((summary.findings, summary.worst_finding), (1, Some(Severity::Critical)));
    put(&home, 1, vec![], 40).await;
    let row = home.database.finding(&cve().id).await.unwrap().unwrap();
    assert_eq!((row.found, row.ended), (at(10), Some(at(40))));
    assert!(ids(&home, &all(10)).await.is_empty());
    assert_eq!(ids(&home, &FindingList { ended: true, ..all(10) }).await, [cve().id]);
    let summary = home.database.device(&id(1)).await.unwrap().unwrap().summary;
    assert_eq!((summary.findings, summary.worst_finding), (0, None));
    // It is back.
    put(&home, 1, vec![cve()], 50).await;
    let row = home.database.finding(&cve().id).await.unwrap().unwrap();
    assert_eq!((row.found, row.ended), (at(10), None));
}

pub async fn each_judge_replaces_only_its_own(home: Home) {
    // What the wire shows comes with the commit of the devices themselves.
    let exposures = vec![judged(1, JudgedBy::Wire, vec![weak(1)], 1)];
    home.database.commit(&Commit { exposures, ..devices("north", [1]) }).await.unwrap();
    put(&home, 1, vec![weakness(1, "CVE-1", Severity::Low, false)], 2).await;
    assert_eq!(ids(&home, &all(10)).await, [weak(1).id, "find-0001-CVE-1".to_owned()]);
    put(&home, 1, vec![], 3).await;
    assert_eq!(ids(&home, &all(10)).await, [weak(1).id]);
    let exposures = vec![judged(1, JudgedBy::Wire, vec![], 4)];
    home.database.commit(&Commit { exposures, ..commit("north") }).await.unwrap();
    assert!(ids(&home, &all(10)).await.is_empty());
    // Of devices that are not there nothing is kept.
    put(&home, 77, vec![weak(77)], 5).await;
    assert!(ids(&home, &all(10)).await.is_empty());
}

async fn ward(home: &Home) {
    home.database.commit(&devices("north", 1..=30)).await.unwrap();
    home.database.commit(&devices("south", 31..=40)).await.unwrap();
    for number in 1..=40 {
        let mut found = vec![weakness(number, "CVE-2024-77", Severity::High, number > 20)];
        if number % 2 == 0 {
            found.push(weakness(number, "CVE-2020-5", Severity::Critical, false));
        }
        if number == 5 {
            found.push(Finding {
                kind: FindingKind::Recall,
                status: Verdict::Possible,
                treatment: Treatment::Review,
                ..weakness(5, "Z-1-2024", Severity::Critical, false)
            });
        }
        put(home, number, found, i64::try_from(number).unwrap()).await;
    }
}

pub async fn findings_are_paged_worst_first_and_filtered(home: Home) {
    ward(&home).await;
    let mut list = all(7);
    let mut seen = Vec::new();
    loop {
        let page = home.database.findings(&list).await.unwrap();
        assert!(page.items.len() <= 7);
        seen.extend(page.items.into_iter().map(|row| (row.body["severity"].clone(), row.exploited, row.id)));
        match page.next {
            Some(next) => list.page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.len(), 61);
    let critical = |one: &(serde_json::Value, bool, String)| one.0 == "critical";
    assert!(seen[..21].iter().all(critical) && !seen[21..].iter().any(critical));
    // The one that only may concern it comes behind those that do; what attackers use comes first.
    assert_eq!(seen[20].2, "find-0005-Z-1-2024");
    assert!(seen[21..41].iter().all(|one| one.1) && !seen[41..].iter().any(|one| one.1));
    for (wanted, count) in [
        (FindingList { device: Some(id(5)), ..all(100) }, 2),
        (FindingList { sites: Some(vec!["south".into()]), ..all(100) }, 15),
        (FindingList { sites: Some(vec![]), ..all(100) }, 0),
        (FindingList { kinds: vec![FindingKind::Recall], ..all(100) }, 1),
        (FindingList { statuses: vec![Verdict::Affected, Verdict::Likely], ..all(100) }, 60),
        (FindingList { treatments: vec![Treatment::Patch], ..all(100) }, 60),
        (FindingList { severity: Some(Severity::Critical), ..all(100) }, 21),
        (FindingList { severity: Some(Severity::Low), ..all(100) }, 61),
        (FindingList { exploited: Some(true), ..all(100) }, 20),
        (FindingList { topic: Some("CVE-2020-5".into()), ..all(100) }, 20),
        (FindingList { text: Some("cve-2024".into()), ..all(100) }, 40),
        (FindingList { text: Some("pump-005".into()), ..all(100) }, 2),
        (FindingList { text: Some("100%".into()), ..all(100) }, 0),
        (FindingList { ended: true, ..all(100) }, 0),
    ] {
        assert_eq!(ids(&home, &wanted).await.len(), count, "{wanted:?}");
        assert_eq!(home.database.count_findings(&wanted).await.unwrap().findings, count as u64, "{wanted:?}");
    }
    let counts = home.database.count_findings(&all(1)).await.unwrap();
    assert_eq!((counts.findings, counts.devices, counts.exploited), (61, 40, 20));
    assert_eq!(
        (counts.severities["critical"], counts.kinds["recall"], counts.treatments["patch"]),
        (21, 1, 60)
    );
    let foreign = home.database.topics(&all(1)).await.unwrap().next;
    let mut wrong = all(1);
    wrong.page.cursor = foreign;
    assert!(home.database.findings(&wrong).await.is_err());
}

pub async fn what_they_are_about_is_paged(home: Home) {
    ward(&home).await;
    let mut list = all(1);
    let mut seen = Vec::new();
    loop {
        let page = home.database.topics(&list).await.unwrap();
        seen.extend(page.items.into_iter().map(|row| (row.topic, row.devices, row.severity, row.exploited)));
        match page.next {
            Some(next) => list.page.cursor = Some(next),
            None => break,
        }
    }
    let wanted = [
        ("CVE-2020-5".to_owned(), 20, Severity::Critical, false),
        ("Z-1-2024".to_owned(), 1, Severity::Critical, false),
        ("CVE-2024-77".to_owned(), 40, Severity::High, true),
    ];
    assert_eq!(seen, wanted);
}

pub async fn devices_are_found_by_what_is_wrong_with_them(home: Home) {
    ward(&home).await;
    for (query, count) in [
        ("finding:critical", 20),
        ("finding:high", 40),
        ("finding:exploited", 20),
        ("finding:recall", 0),
        ("finding:vulnerability -finding:critical", 20),
        ("cve:CVE-2020-5", 20),
        ("cve:cve-2024-7", 40),
        ("cve:CVE-1999-1", 0),
    ] {
        assert_eq!(home.database.count(&list(query)).await.unwrap(), count, "{query}");
    }
    let mut worst = list("");
    worst.sort = Sort { key: SortKey::Findings, descending: true };
    worst.page.limit = 20;
    let page = home.database.devices(&worst).await.unwrap();
    assert!(page.items.iter().all(|device| device.worst_finding == Some(Severity::Critical)));
    let offered = home.database.complete("finding", "cri", None, 5).await.unwrap();
    assert_eq!(offered, ["critical"]);
}

async fn unjudged(home: &Home, stamp: i64) -> Vec<DeviceId> {
    let mut all: Vec<DeviceId> =
        home.database.unjudged(stamp, 100).await.unwrap().into_iter().map(|one| one.device).collect();
    all.sort();
    all
}

/// Judges all that is to be judged, and finds nothing.
async fn judge(home: &Home, stamp: i64) {
    let judged: Vec<JudgedDevice> = home
        .database
        .unjudged(stamp, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|one| JudgedDevice {
            device: one.device,
            by: JudgedBy::Knowledge,
            findings: vec![],
            at: at(0),
            with: Some(JudgedWith { stamp, version: one.version }),
        })
        .collect();
    home.database.put_findings(&judged).await.unwrap();
}

pub async fn devices_are_judged_anew_when_they_or_the_knowledge_are_others(home: Home) {
    home.database.commit(&devices("north", 1..=3)).await.unwrap();
    let found = home.database.unjudged(-7, 100).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(home.database.count_unjudged(-7).await.unwrap(), 3);
    assert!(found.iter().all(|one| one.document["attributes"]["vendor"]["value"] == "BD"));
    judge(&home, -7).await;
    assert!(unjudged(&home, -7).await.is_empty());
    assert_eq!(unjudged(&home, 9).await.len(), 3);
    // Seen later: nothing that matters.
    let mut later = device(1);
    later.last_seen = Some(at(999));
    home.database.commit(&Commit { devices: vec![row_of(later)], ..commit("north") }).await.unwrap();
    assert!(unjudged(&home, -7).await.is_empty());
    let mut upgraded = device(2);
    upgraded.attributes.insert("firmware", fused("9.1"));
    home.database.commit(&Commit { devices: vec![row_of(upgraded)], ..commit("north") }).await.unwrap();
    assert_eq!(unjudged(&home, -7).await, [id(2)]);
    // It changed once more while it was judged.
    let old = home.database.unjudged(-7, 1).await.unwrap();
    let mut again = device(2);
    again.attributes.insert("firmware", fused("9.2"));
    home.database.commit(&Commit { devices: vec![row_of(again)], ..commit("north") }).await.unwrap();
    let with = Some(JudgedWith { stamp: -7, version: old[0].version });
    let late = JudgedDevice { with, ..judged(2, JudgedBy::Knowledge, vec![], 1) };
    home.database.put_findings(&[late]).await.unwrap();
    assert_eq!(unjudged(&home, -7).await, [id(2)]);
}

async fn told(home: &Home) -> Vec<String> {
    let list = EventList { kinds: vec![EventKind::Finding], limit: 100, ..EventList::default() };
    home.database.events(&list).await.unwrap().items.into_iter().map(|event| event.title).collect()
}

pub async fn new_grave_findings_are_told_once(home: Home) {
    home.database.commit(&devices("north", 1..=20)).await.unwrap();
    assert_eq!(home.database.tell_findings(at(0)).await.unwrap(), (0, 0));
    for number in 1..=10 {
        put(&home, number, vec![weakness(number, "CVE-1", Severity::High, true), weak(number)], 1).await;
    }
    put(&home, 11, vec![weakness(11, "CVE-2", Severity::Critical, false)], 1).await;
    let possible = Finding { status: Verdict::Possible, ..weakness(12, "CVE-3", Severity::Critical, false) };
    put(&home, 12, vec![possible], 1).await;
    let (last, events) = home.database.tell_findings(at(2)).await.unwrap();
    assert_eq!((last, events), (2, 2));
    // Latest first: the worst was told first.
    let titles = ["10 devices: CVE-1 in the pump (attackers use it)", "Pump-011: CVE-2 in the pump"]
        .map(str::to_owned);
    assert_eq!(told(&home).await, titles);
    assert_eq!(home.database.tell_findings(at(3)).await.unwrap(), (0, 0));
    // Gone and back at once is no news; after a day it is.
    put(&home, 11, vec![], 10).await;
    put(&home, 11, vec![weakness(11, "CVE-2", Severity::Critical, false)], 20).await;
    assert_eq!(home.database.tell_findings(at(21)).await.unwrap().1, 0);
    put(&home, 11, vec![], 30).await;
    put(&home, 11, vec![weakness(11, "CVE-2", Severity::Critical, false)], 30 + 2 * 86_400).await;
    assert_eq!(home.database.tell_findings(at(40 + 2 * 86_400)).await.unwrap().1, 1);
    // What attackers begin to use is told again.
    put(&home, 11, vec![weakness(11, "CVE-2", Severity::Critical, true)], 50 + 2 * 86_400).await;
    assert_eq!(home.database.tell_findings(at(60 + 2 * 86_400)).await.unwrap().1, 1);
}

pub async fn a_device_that_goes_loses_its_findings(home: Home) {
    home.database.commit(&devices("north", 1..=3)).await.unwrap();
    for number in 1..=3 {
        put(&home, number, vec![weakness(number, "CVE-1", Severity::High, false)], 1).await;
    }
    let gone = vec![
        Gone { device: id(1), into: None, at: at(5) },
        Gone { device: id(2), into: Some(id(3)), at: at(5) },
    ];
    home.database.commit(&Commit { gone, ..commit("north") }).await.unwrap();
    assert_eq!(ids(&home, &all(10)).await, ["find-0003-CVE-1"]);
    // Asked for by the id of the part, the whole answers.
    assert_eq!(ids(&home, &FindingList { device: Some(id(2)), ..all(10) }).await, ["find-0003-CVE-1"]);
}

pub async fn ended_findings_are_kept_as_long_as_events(home: Home) {
    home.database.commit(&devices("north", 1..=2)).await.unwrap();
    put(
        &home,
        1,
        vec![weakness(1, "CVE-1", Severity::High, false), weakness(1, "CVE-2", Severity::Low, false)],
        1,
    )
    .await;
    put(&home, 2, vec![weakness(2, "CVE-3", Severity::Low, false)], 1).await;
    put(&home, 1, vec![], 2).await;
    let keep = Retention { events: 90, grave_events: 730, ..Retention::default() };
    let after = |days: i64| -> Timestamp { at(days * 86_400) };
    home.database.prune(&keep, after(100)).await.unwrap();
    let ended = FindingList { ended: true, ..all(10) };
    assert_eq!(ids(&home, &ended).await, ["find-0001-CVE-1"]);
    home.database.prune(&keep, after(800)).await.unwrap();
    assert!(ids(&home, &ended).await.is_empty());
    // What is still so is kept.
    assert_eq!(ids(&home, &all(10)).await, ["find-0002-CVE-3"]);
    let rulings = home.database.sizes().await.unwrap().tables;
    assert_eq!(rulings.iter().find(|size| size.table == "ruling").unwrap().rows, 1);
}
