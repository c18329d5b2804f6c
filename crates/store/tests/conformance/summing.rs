//! What is summed up in memory is what the database sums up, whatever happens to devices.

use std::collections::BTreeMap;

use medward_model::{Finding, FindingKind, Severity, Treatment, Verdict};
use medward_monitor::{
    FindingList, Findings, Gone, History, Ingest, Inventory, JudgedBy, JudgedDevice, LinkList, NodeGroup,
    PageRequest, Patch, Retention, Status, Upkeep, UseGroup, UseList,
};
use medward_store::{Database, restore};
use sqlx::Row as _;

use crate::Home;
use crate::fixtures::{
    MONDAY, at, commit, device, devices, exam, fused, id, list, row_of, talk, whereabouts,
};

const DAY: i64 = 86_400;

/// Rows of texts, from the database itself.
async fn asked(address: &str, sql: &str) -> Vec<Vec<String>> {
    let text = sqlx::AssertSqlSafe(sql.to_owned());
    if address.starts_with("postgres") {
        let pool = sqlx::PgPool::connect(address).await.unwrap();
        let rows = sqlx::query(text).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows.iter().map(|row| (0..row.len()).map(|at| row.get::<String, _>(at)).collect()).collect()
    } else {
        let pool = sqlx::SqlitePool::connect(address).await.unwrap();
        let rows = sqlx::query(text).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows.iter().map(|row| (0..row.len()).map(|at| row.get::<String, _>(at)).collect()).collect()
    }
}

fn usage(group: UseGroup, from: i64, until: i64, query: &str) -> UseList {
    UseList { devices: list(query), group, from: at(from), until: at(until), least_first: false }
}

async fn use_by_days(store: &Database, address: &str, from: i64, until: i64) {
    let (first, after) = ((MONDAY + from) / DAY, (MONDAY + until) / DAY);
    let expected = asked(
        address,
        &format!(
            "SELECT d.uid, CAST(COALESCE(SUM(u.actions), 0) AS TEXT), CAST(COALESCE(SUM(u.busy), 0) AS TEXT), \
             CAST(COUNT(u.device) AS TEXT), CAST(COALESCE(MAX(u.last), 0) AS TEXT) FROM device d LEFT JOIN use_day u \
             ON u.device = d.id AND u.bucket >= {first} AND u.bucket < {after} GROUP BY d.uid ORDER BY d.uid"
        ),
    )
    .await;
    compare_use(store, &usage(UseGroup::Device, from, until, ""), expected).await;
}

async fn use_by_hours(store: &Database, address: &str, from: i64, until: i64) {
    let (first, after) = ((MONDAY + from) / 3600, (MONDAY + until) / 3600);
    let expected = asked(
        address,
        &format!(
            "SELECT d.uid, CAST(COALESCE(SUM(a.count), 0) AS TEXT), CAST(COUNT(DISTINCT a.bucket) AS TEXT), \
             CAST(COUNT(DISTINCT a.bucket / 24) AS TEXT), CAST(COALESCE(MAX(a.last), 0) AS TEXT) FROM device d \
             LEFT JOIN activity_hour a ON a.device = d.id AND a.bucket >= {first} AND a.bucket < {after} \
             AND a.kind IN (SELECT k.id FROM activity_kind k WHERE k.clinical = 1) GROUP BY d.uid ORDER BY d.uid"
        ),
    )
    .await;
    compare_use(store, &usage(UseGroup::Device, from, until, ""), expected).await;
}

async fn compare_use(store: &Database, wanted: &UseList, expected: Vec<Vec<String>>) {
    let mut rows = store.usage(wanted).await.unwrap().items;
    rows.sort_by(|a, b| a.key.cmp(&b.key));
    let told: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let last = row.last_used.map_or(0, |last| last.as_nanos());
            let mut told = vec![row.key.clone()];
            told.extend([row.actions, row.hours, row.days].map(|number| number.to_string()));
            told.push(last.to_string());
            assert_eq!(row.week.iter().map(|count| u64::from(*count)).sum::<u64>(), row.hours);
            told
        })
        .collect();
    assert_eq!(told, expected);
    // Groups hold what their devices do.
    let sum = |rows: &[medward_monitor::UseRow]| {
        rows.iter().fold([0; 5], |sum, row| {
            [
                sum[0] + row.devices,
                sum[1] + row.used,
                sum[2] + row.actions,
                sum[3] + row.hours,
                sum[4] + row.days,
            ]
        })
    };
    for group in [UseGroup::Category, UseGroup::Site, UseGroup::Place, UseGroup::Vendor] {
        let groups = store.usage(&UseList { group, ..wanted.clone() }).await.unwrap().items;
        assert_eq!(sum(&groups), sum(&rows), "{group:?}");
    }
}

/// What is so is counted in memory; what is looked for in texts, in the database: a blank leaves nothing out.
async fn found(store: &Database) {
    let all = FindingList::all(PageRequest::first(2));
    let lists = [
        all.clone(),
        FindingList { sites: Some(vec!["north".to_owned()]), ..all.clone() },
        FindingList { sites: Some(Vec::new()), ..all.clone() },
        FindingList { severity: Some(Severity::High), statuses: vec![Verdict::Affected], ..all.clone() },
        FindingList { kinds: vec![FindingKind::WeakProtocol], ..all.clone() },
        FindingList { exploited: Some(false), treatments: vec![Treatment::Patch], ..all.clone() },
        FindingList { topic: Some("weak-protocol: Topic 1".to_owned()), ..all },
    ];
    for mut list in lists {
        let mut by_text = FindingList { text: Some(" ".to_owned()), ..list.clone() };
        assert_eq!(store.count_findings(&list).await.unwrap(), store.count_findings(&by_text).await.unwrap());
        for _ in 0..9 {
            let page = store.topics(&list).await.unwrap();
            assert_eq!(page, store.topics(&by_text).await.unwrap());
            if page.next.is_none() {
                break;
            }
            list.page.cursor.clone_from(&page.next);
            by_text.page.cursor = page.next;
        }
    }
}

async fn links(store: &Database, address: &str) {
    let wanted = |group, since: Option<i64>| {
        let mut devices = list("");
        devices.now = at(40 * DAY);
        LinkList { devices, group, since: since.map(at), limit: 1000 }
    };
    let day = MONDAY / DAY + 1;
    for (since, flows, bytes, also) in [
        (None, "c.flows", "c.bytes", String::new()),
        (
            Some(DAY),
            "h.flows",
            "h.bytes",
            format!(" JOIN conversation_day h ON h.conversation = c.id AND h.bucket >= {day}"),
        ),
    ] {
        let expected = asked(
            address,
            &format!(
                "SELECT o.uid, r.uid, CAST(COUNT(DISTINCT c.id) AS TEXT), CAST(SUM({flows}) AS TEXT), \
                 CAST(SUM({bytes}) AS TEXT) FROM conversation c JOIN device o ON o.id = c.originator \
                 JOIN device r ON r.id = c.responder{also} GROUP BY o.uid, r.uid ORDER BY o.uid, r.uid"
            ),
        )
        .await;
        let mut links = store.links(&wanted(NodeGroup::Device, since)).await.unwrap();
        links.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        let told: Vec<Vec<String>> = links
            .iter()
            .map(|link| {
                let mut told = vec![link.from.clone(), link.to.clone()];
                told.extend([link.conversations, link.flows, link.bytes].map(|number| number.to_string()));
                told
            })
            .collect();
        assert_eq!(told, expected);
        let places = store.links(&wanted(NodeGroup::Place, since)).await.unwrap();
        let sum = |links: &[medward_monitor::Link]| links.iter().map(|link| link.bytes).sum::<u64>();
        assert_eq!(sum(&places), sum(&links));
    }
}

/// Everything that memory sums up, as text.
async fn seen(store: &Database) -> String {
    let mut told = String::new();
    for query in
        ["", "finding:high", "cve:CVE-2024-1", "finding:weak-protocol -is:medical", "first<1000h", "id:dev"]
    {
        told += &format!("{query} {}\n", store.count(&list(query)).await.unwrap());
    }
    for site in ["north", "south"] {
        told += &format!("{:?}\n", store.coverage(site).await.unwrap());
    }
    for group in [UseGroup::Category, UseGroup::Place, UseGroup::Device] {
        told += &format!("{:?}\n", store.usage(&usage(group, 0, 60 * DAY, "is:medical")).await.unwrap());
    }
    told += &format!("{:?}\n", store.topics(&FindingList::all(PageRequest::first(50))).await.unwrap());
    told
}

async fn check(store: &Database, address: &str) {
    for (from, until) in [(0, 60 * DAY), (DAY, 60 * DAY), (-9 * DAY, 9 * DAY), (0, 10 * DAY)] {
        use_by_days(store, address, from, until).await;
    }
    // Whole days, from within a day, and such as end before the last use.
    for (from, until) in [(0, 7 * DAY), (3600, 7 * DAY), (DAY + 7 * 3600, 8 * DAY), (36_000, 2 * DAY)] {
        use_by_hours(store, address, from, until).await;
    }
    found(store).await;
    links(store, address).await;
    // What was followed is what is read anew.
    let anew = Database::open(address).await.unwrap();
    assert_eq!(seen(store).await, seen(&anew).await);
    anew.close().await;
}

fn finding(number: u64, topic: u64, kind: FindingKind, severity: Severity, status: Verdict) -> Finding {
    Finding {
        id: format!("find-{number:04x}-{topic}-{}", kind.name()),
        kind,
        device: id(number),
        title: format!("Topic {topic}").into(),
        severity,
        confidence: 0.9,
        status,
        advisory: (kind == FindingKind::Vulnerability).then(|| {
            medward_model::AdvisoryRef {
                feed: "nvd".into(),
                id: format!("CVE-2024-{topic}"),
                cve: vec![format!("CVE-2024-{topic}")],
                kev: Some(topic == 2),
                ..medward_model::AdvisoryRef::default()
            }
            .into()
        }),
        matched: None,
        treatment: if topic == 1 { Treatment::Patch } else { Treatment::Segment },
        reason: "Because.".into(),
        hidden: None,
    }
}

async fn judge(store: &Database, number: u64, turn: u64) {
    let severities = [Severity::Info, Severity::High, Severity::Critical];
    let statuses = [Verdict::Affected, Verdict::Possible, Verdict::Likely];
    let findings = (0..(number + turn) % 4)
        .flat_map(|topic| {
            let pick = usize::try_from((number + topic + turn) % 3).unwrap();
            let (severity, status) = (severities[pick], statuses[(pick + 1) % 3]);
            [FindingKind::Vulnerability, FindingKind::WeakProtocol]
                .map(|kind| finding(number, topic, kind, severity, status))
        })
        .collect();
    let at = at(i64::try_from(number * 10 + turn).unwrap());
    let judged = JudgedDevice { device: id(number), by: JudgedBy::Knowledge, findings, at, with: None };
    store.put_findings(&[judged]).await.unwrap();
}

pub async fn sums_in_memory_follow_what_is_stored(home: Home) {
    let store = &home.database;
    let step = || check(store, &home.address);
    store.commit(&devices("north", 0..8)).await.unwrap();
    step().await;
    let mut round = devices("south", 10..14);
    round.activity =
        vec![exam(1, 3, 100), exam(1, 4, 7200), exam(2, 5, 3 * DAY), exam(11, 6, DAY + 8 * 3600)];
    round.conversations =
        vec![talk(1, 2, "dicom", 40, 50), talk(11, 1, "hl7", 7, DAY + 5), talk(3, 1, "tls", 9, 9)];
    round.devices[1].whereabouts = Some(whereabouts("icu", "sw-1 port 4", 0));
    round.devices[2].status = Status::Unheard;
    store.commit(&round).await.unwrap();
    for number in [1, 2, 3, 10, 11] {
        judge(store, number, 0).await;
    }
    step().await;
    // More of the same, later and of days before; findings that end, change and come again.
    let mut round = commit("north");
    round.activity =
        vec![exam(1, 1, 90), exam(2, 2, 2 * DAY), exam(2, 2, 6 * DAY + 3600), exam(4, 8, 6 * DAY)];
    round.conversations = vec![talk(1, 2, "dicom", 3, 2 * DAY), talk(4, 2, "dicom", 3, 2 * DAY)];
    store.commit(&round).await.unwrap();
    for number in [1, 2, 10, 12] {
        judge(store, number, 1).await;
    }
    step().await;
    // Groups change.
    let mut other = device(2);
    other.attributes = BTreeMap::from([("vendor", fused("Baxter")), ("category", fused("monitor"))]);
    let mut round = commit("south");
    round.devices = vec![row_of(other)];
    store.commit(&round).await.unwrap();
    store
        .annotate(&id(4), &Patch { place: Some(Some("store".into())), ..Patch::default() }, None)
        .await
        .unwrap();
    step().await;
    // Merged, merged on, gone, and apart again.
    for (from, into) in [(1, Some(2)), (2, Some(4)), (3, None)] {
        let mut round = commit("north");
        round.gone = vec![Gone { device: id(from), into: into.map(id), at: at(100) }];
        round.activity = vec![exam(4, 1, 6 * DAY + 7200)];
        store.commit(&round).await.unwrap();
        step().await;
    }
    let mut round = devices("north", [1, 20]);
    round.activity = vec![exam(1, 2, 6 * DAY + 9000), exam(20, 2, 1000)];
    round.conversations = vec![talk(1, 20, "dicom", 11, 6 * DAY)];
    store.commit(&round).await.unwrap();
    judge(store, 1, 2).await;
    step().await;
    // Old days and what ended go; so do the hours of days that stay.
    let keep = Retention { hours: 3, days: 5, events: 1, grave_events: 1, ..Retention::default() };
    store.prune(&keep, at(7 * DAY)).await.unwrap();
    step().await;
    let file = home.folder.path().join("medward.backup");
    store.backup(&file).await.unwrap();
    let target = Home::sqlite().await;
    restore(&file, &target.address).await.unwrap();
    let again = Database::open(&target.address).await.unwrap();
    assert_eq!(seen(store).await, seen(&again).await);
    check(&again, &target.address).await;
}
