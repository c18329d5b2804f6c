//! The audit trail.

use medward_monitor::{Audit, AuditEntry, AuditRecord, PageRequest};
use serde_json::json;

use crate::Home;
use crate::fixtures::at;

fn entry(who: &str, action: &str) -> AuditEntry {
    AuditEntry {
        at: at(0),
        who: who.into(),
        from: "10.0.0.1".into(),
        action: action.into(),
        object: "dev-1".into(),
        outcome: "done".into(),
        details: json!({"z": 0.1, "a": [1, "é\u{0}"], "big": 1.7976931348623157e308, "odd": 5e-324}),
    }
}

/// The number of the first record that does not follow.
fn broken(records: &[AuditRecord]) -> Option<u64> {
    let mut previous = AuditRecord::ORIGIN;
    for (number, record) in (1..).zip(records) {
        if record.number != number || !record.follows(previous) {
            return Some(number);
        }
        previous = &record.hash;
    }
    None
}

pub async fn the_trail_is_chained_under_concurrency(home: Home) {
    let store = std::sync::Arc::new(home.database);
    let tasks: Vec<_> = (0..40)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.audit(entry("kim", &format!("act.{number}"))).await.unwrap() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let records = store.audit_from(1, 1000).await.unwrap();
    assert_eq!(records.len(), 40);
    assert_eq!(broken(&records), None);
}

pub async fn a_changed_or_removed_record_is_noticed(home: Home) {
    for _ in 0..9 {
        home.database.audit(entry("kim", "login")).await.unwrap();
    }
    change(&home, "UPDATE audit SET who = 'lee' WHERE number = 4").await;
    assert_eq!(broken(&home.database.audit_from(1, 100).await.unwrap()), Some(4));
    change(&home, "UPDATE audit SET who = 'kim' WHERE number = 4").await;
    assert_eq!(broken(&home.database.audit_from(1, 100).await.unwrap()), None);
    change(&home, "DELETE FROM audit WHERE number = 7").await;
    assert_eq!(broken(&home.database.audit_from(1, 100).await.unwrap()), Some(7));
}

/// As somebody would who has the database in hand.
pub async fn change(home: &Home, text: &'static str) {
    if home.address.starts_with("postgres") {
        let pool = sqlx::PgPool::connect(&home.address).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
        pool.close().await;
    } else {
        let pool = sqlx::SqlitePool::connect(&home.address).await.unwrap();
        sqlx::query(text).execute(&pool).await.unwrap();
        pool.close().await;
    }
}

pub async fn the_trail_is_paged_and_searched(home: Home) {
    for number in 0..25 {
        let who = if number % 2 == 0 { "Kim_1" } else { "Lee" };
        home.database.audit(entry(who, "login")).await.unwrap();
    }
    let mut page = PageRequest::first(5);
    let mut seen = Vec::new();
    loop {
        let found = home.database.audit_page("KIM_", &page).await.unwrap();
        seen.extend(found.items.into_iter().map(|record| record.number));
        match found.next {
            Some(next) => page.cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, (0..13).rev().map(|n| n * 2 + 1).collect::<Vec<u64>>());
}
