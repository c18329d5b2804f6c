//! Kill -9 in the middle of commits: every commit is there as a whole or not at all, and nothing is damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use medward_model::{DeviceId, Severity, Timestamp, Transport};
use medward_monitor::{
    Commit, ConversationDelta, ConversationList, Direction, Entry, Event, EventKind, EventList, History,
    Ingest, PageRequest, Receipt, Upkeep,
};
use medward_store::Database;

const PLACE: &str = "MEDWARD_CRASH_TEST_DATABASE";

/// Conversations of each commit: enough that it takes a while.
const WIDTH: u64 = 400;

fn commit(sequence: u64) -> Commit {
    let at = Timestamp::from_parts(1_795_392_000 + i64::try_from(sequence).unwrap(), 0);
    let id = |number: u64| DeviceId(format!("dev-{number:012x}"));
    let talk = |number: u64| ConversationDelta {
        originator: id(0),
        responder: id(number % 50 + 1),
        transport: Transport::Tcp,
        port: u16::try_from(number).unwrap(),
        protocol: "dicom".into(),
        flows: 1,
        packets: [1, 0],
        bytes: [1, 0],
        first: at,
        last: at,
    };
    Commit {
        site: "north".into(),
        receipts: vec![Receipt { sensor: "probe".into(), epoch: 1, sequence }],
        entries: vec![Entry {
            table: 1,
            key: b"sequence".to_vec(),
            body: Some(sequence.to_be_bytes().to_vec()),
        }],
        conversations: (0..WIDTH).map(talk).collect(),
        events: vec![Event {
            number: 0,
            at,
            site: "north".into(),
            kind: EventKind::NewPeer,
            severity: Severity::Info,
            device: None,
            title: sequence.to_string(),
            details: BTreeMap::new(),
        }],
        ..Commit::default()
    }
}

/// Run by the other test in a process of its own; does nothing else.
#[tokio::test]
async fn the_writer_that_is_killed() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let database = Database::open(&place).await.unwrap();
    let first =
        database.load_site("north").await.unwrap().receipts.first().map_or(1, |last| last.sequence + 1);
    for sequence in first.. {
        database.commit(&commit(sequence)).await.unwrap();
        println!("stored {sequence}");
    }
}

#[tokio::test]
async fn a_commit_is_whole_or_absent_wherever_the_writer_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("medward.db");
    let mut stored = 0;
    for round in 0..30_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_writer_that_is_killed", "--nocapture"])
            .env(PLACE, &place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = |line: std::io::Result<String>| line.ok()?.split("stored ").nth(1)?.parse::<u64>().ok();
        let mut told = lines.by_ref().filter_map(numbers).nth(usize::try_from(round % 3).unwrap()).unwrap();
        // Somewhere in the next commit.
        std::thread::sleep(Duration::from_micros(round * 7919 % 12_000));
        child.kill().unwrap();
        child.wait().unwrap();
        told = lines.filter_map(numbers).last().unwrap_or(told);
        let now = check(place.to_str().unwrap()).await;
        // What was acknowledged is there; one more may be, which was not acknowledged yet.
        assert!(now == told || now == told + 1, "acknowledged {told}, found {now}");
        assert!(now > stored);
        stored = now;
    }
}

/// Answers the last commit that is there.
async fn check(place: &str) -> u64 {
    let database = Database::open(place).await.unwrap();
    let memory = database.load_site("north").await.unwrap();
    let sequence = memory.receipts[0].sequence;
    assert_eq!(memory.entries[0].2, sequence.to_be_bytes());
    let again = database.commit(&commit(sequence)).await.unwrap_err();
    assert!(matches!(again, medward_monitor::StoreError::AlreadyStored { .. }));
    let sizes = database.sizes().await.unwrap();
    assert_eq!((sizes.events, sizes.conversations), (sequence, WIDTH));
    let list = EventList { limit: 1, ..EventList::default() };
    assert_eq!(database.events(&list).await.unwrap().items[0].title, sequence.to_string());
    let list = ConversationList {
        device: None,
        direction: Direction::Either,
        sites: None,
        since: None,
        protocol: None,
        by_volume: false,
        page: PageRequest::first(1000),
    };
    for row in database.conversations(&list).await.unwrap().items {
        assert_eq!(row.conversation.flows, sequence);
    }
    database.close().await;
    let pool = sqlx::SqlitePool::connect(place).await.unwrap();
    let told: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&pool).await.unwrap();
    assert_eq!(told, "ok");
    let broken: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM pragma_foreign_key_check").fetch_one(&pool).await.unwrap();
    assert_eq!(broken, 0);
    pool.close().await;
    sequence
}
