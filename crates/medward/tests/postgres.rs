//! A hospital group's database: PostgreSQL is killed while a sensor reports, and counts reconcile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use monitor::Monitor;
use monitor::postgres::Postgres;
use serde_json::{Value, json};

fn totals(conversations: &[Value]) -> (u64, u64, u64) {
    let sum = |field: &str| conversations.iter().map(|c| c[field].as_u64().unwrap()).sum();
    (conversations.len() as u64, sum("flows"), sum("bytes"))
}

#[test]
fn a_database_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let Some(mut postgres) = Postgres::start() else {
        eprintln!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
        return;
    };
    let ward = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap");
    let told = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["assess", "--format", "json"])
        .arg(&ward)
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let wanted = totals(told["conversations"].as_array().unwrap());
    let (core, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let url = postgres.url("postgres");
    let monitor = Monitor::start(core.path(), &["--sensors", "127.0.0.1:0", "--database", &url]);
    let (status, body) = monitor.send("POST", "/sensors/invite", &json!({ "site": "north", "name": "s1" }));
    assert!(status < 300, "{status}: {body}");
    let token = serde_json::from_str::<Value>(&body).unwrap()["token"].as_str().unwrap().to_owned();
    let mut sensor = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["sensor", "--recorded-times", "--speed", "20", "--invitation", &token, "--replay"])
        .arg(&ward)
        .arg("--data")
        .arg(own.path())
        .spawn()
        .unwrap();
    for round in 0..3_u64 {
        std::thread::sleep(Duration::from_millis(900 + 450 * round));
        postgres.crash();
    }
    assert!(sensor.wait().unwrap().success());
    let kept = || totals(monitor.get("/conversations?limit=1000")["items"].as_array().unwrap());
    let until = Instant::now() + Duration::from_secs(60);
    while kept() != wanted && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(500));
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(kept(), wanted);
}
