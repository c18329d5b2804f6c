//! Policy from what a monitor stored: the same devices and conversations as from the capture that it replayed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use monitor::Monitor;
use serde_json::Value;

fn medward(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_medward")).args(arguments).output().unwrap()
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let output = medward(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_policy_is_learned_from_a_running_monitors_store_and_holds_there() {
    let folder = tempfile::tempdir().unwrap();
    let ward = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap");
    let ward = ward.to_str().unwrap();
    let monitor = Monitor::start(folder.path(), &["--replay", ward, "--speed", "max", "--recorded-times"]);
    let mut before = 0;
    monitor.until("all conversations are there", Duration::from_secs(60), || {
        let now = monitor.get("/devices?limit=1")["total"].as_u64().unwrap_or(0);
        std::mem::replace(&mut before, now) == now && now > 10
    });
    let data = folder.path().to_str().unwrap();
    let policy = folder.path().join("policy.toml");
    let policy = policy.to_str().unwrap();
    let learned = medward(&["policy", "learn", "--data", data, "--quiet", "--output", policy]);
    assert_eq!(learned.status.code(), Some(0), "{}", String::from_utf8_lossy(&learned.stderr));
    let text = std::fs::read_to_string(policy).unwrap();
    assert!(text.contains("[zone.infusion-pump-baxter]"), "{text}");
    assert!(text.contains("from = \"ct-siemens-healthineers\"\nto = \"pacs-supermicro\""), "{text}");
    let proven = json(&["policy", "prove", policy, "--data", data, "--format", "json"]);
    assert_eq!(proven["proofs"][0]["holds"], true, "{proven:#}");
    let simulated = json(&["policy", "simulate", policy, "--data", data, "--format", "json"]);
    assert!(simulated["passes"]["conversations"].as_u64().unwrap() > 30, "{simulated:#}");
    for group in simulated["groups"].as_array().unwrap() {
        assert_ne!(group["meaning"], "clinical", "{group:#}");
    }
    let checked = json(&["policy", "check", policy, "--data", data, "--format", "json"]);
    assert!(checked["devices"].as_u64().unwrap() > 30);
    drop(monitor);
}
