//! The monitor as a person starts it: a capture replayed comes to what `assess` says of it, through the interface.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use monitor::Monitor;
use serde_json::Value;

fn ward() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap")
}

fn assessed() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["assess", "--format", "json"])
        .arg(ward())
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What a device is, without times and packets.
fn gist(device: &Value) -> Value {
    let attributes: BTreeMap<&String, &Value> = device["attributes"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, attribute)| (name, &attribute["value"]))
        .collect();
    let services: Vec<_> = device["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| format!("{}/{} {}", s["transport"], s["port"], s["protocol"]))
        .collect();
    serde_json::json!({
        "macs": device["macs"], "ips": device["ips"], "names": device["hostnames"], "scope": device["scope"],
        "attributes": attributes, "services": services,
    })
}

#[test]
fn a_replayed_capture_comes_to_the_devices_that_assess_finds() {
    let folder = tempfile::tempdir().unwrap();
    let ward = ward();
    let replay = ["--replay", ward.to_str().unwrap(), "--speed", "max", "--recorded-times"];
    let monitor = Monitor::start(folder.path(), &replay);
    let wanted: BTreeMap<String, Value> = assessed()["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|device| (device["id"].as_str().unwrap().to_owned(), gist(device)))
        .collect();
    monitor.until("all devices are there", Duration::from_secs(60), || {
        let page =
            monitor.get("/devices?limit=1000&q=scope:internal%20or%20scope:external%20or%20scope:multicast");
        page["items"].as_array().unwrap().len() >= wanted.len()
    });
    // What was told last may still be on its way.
    let found = || -> BTreeMap<String, Value> {
        let page =
            monitor.get("/devices?limit=1000&q=scope:internal%20or%20scope:external%20or%20scope:multicast");
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let id = row["id"].as_str().unwrap().to_owned();
                let device = monitor.get(&format!("/devices/{id}"));
                (id, gist(&device["device"]))
            })
            .collect()
    };
    monitor.until("they are what assess says", Duration::from_secs(60), || found() == wanted);
    assert_eq!(found(), wanted);
}

#[test]
fn a_restart_keeps_devices_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let ward = ward();
    let replay = ["--replay", ward.to_str().unwrap(), "--speed", "max", "--recorded-times"];
    let monitor = Monitor::start(folder.path(), &replay);
    monitor.until("devices are there", Duration::from_secs(60), || {
        monitor.get("/devices?limit=1")["total"].as_u64().unwrap_or(0) > 10
    });
    std::thread::sleep(Duration::from_secs(3));
    let before = monitor.get("/devices?limit=1000&sort=name");
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|d| d["id"].to_string()).collect()
    };
    monitor.stop();
    let again = Monitor::start(folder.path(), &[]);
    let after = again.get("/devices?limit=1000&sort=name");
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn without_a_session_nothing_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let monitor = Monitor::start(folder.path(), &[]);
    for path in ["/devices", "/overview", "/events", "/people", "/settings/retention", "/audit"] {
        assert_eq!(monitor.status_without_session(path), 401, "{path}");
    }
}
