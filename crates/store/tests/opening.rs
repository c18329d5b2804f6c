//! Opening a database, and being told why not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::os::unix::fs::PermissionsExt;

use medward_monitor::{Ingest, Upkeep};
use medward_store::{Database, OpenError};

#[tokio::test]
async fn a_new_file_is_made_that_only_its_owner_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medward.db");
    let database = Database::open(path.to_str().unwrap()).await.unwrap();
    database.commit(&medward_monitor::Commit { site: "north".into(), ..Default::default() }).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite://{}", folder.path().join("medward.db").display());
    let database = Database::open(&address).await.unwrap();
    database.commit(&medward_monitor::Commit { site: "north".into(), ..Default::default() }).await.unwrap();
    database.close().await;
    let database = Database::open(&address).await.unwrap();
    assert_eq!(database.sites().await.unwrap(), ["north"]);
    assert_eq!(database.health().await.unwrap().engine, "sqlite");
}

#[tokio::test]
async fn a_file_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medward.db");
    Database::open(path.to_str().unwrap()).await.unwrap().close().await;
    let pool = sqlx::SqlitePool::connect(path.to_str().unwrap()).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', 1, x'00', 0)")
        .execute(&pool)
        .await
        .unwrap();
    pool.close().await;
    let told = Database::open(path.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(told, OpenError::Schema { .. }), "{told}");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_told_without_its_password() {
    for address in ["", "mysql://kim:hush@host/x", "/nowhere/at/all.db", "postgres://kim:hush@127.0.0.1:1/x"]
    {
        let told = Database::open(address).await.unwrap_err().to_string();
        assert!(!told.contains("hush"), "{told}");
    }
}

#[tokio::test]
async fn who_opens_to_read_sees_what_another_writes_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("medward.db");
    let address = path.to_str().unwrap();
    let told = Database::open_to_read(address).await.unwrap_err();
    assert!(matches!(told, OpenError::Unavailable { .. }), "{told}");
    assert!(!path.exists(), "a reader made a database");

    let monitor = Database::open(address).await.unwrap();
    let reader = Database::open_to_read(address).await.unwrap();
    monitor.commit(&medward_monitor::Commit { site: "north".into(), ..Default::default() }).await.unwrap();
    assert_eq!(reader.sites().await.unwrap(), ["north"]);
    let commit = medward_monitor::Commit { site: "south".into(), ..Default::default() };
    assert!(reader.commit(&commit).await.is_err(), "a reader wrote");
    // Also when nobody else has it open, and no log stands beside it.
    reader.close().await;
    monitor.close().await;
    let reader = Database::open_to_read(address).await.unwrap();
    assert_eq!(reader.sites().await.unwrap(), ["north"]);
}

#[tokio::test]
async fn a_file_that_is_no_database_of_medward_is_told_to_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    std::fs::write(&path, b"").unwrap();
    let told = Database::open_to_read(path.to_str().unwrap()).await.unwrap_err();
    assert!(matches!(told, OpenError::Schema { .. }), "{told}");
}
