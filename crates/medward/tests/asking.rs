//! Asking a monitor from the command line: its database, and itself over its API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use monitor::Monitor;
use serde_json::Value;

fn ward() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap")
}

fn medward(arguments: &[&str], token: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medward"));
    command.args(arguments).env_remove("MEDWARD_TOKEN");
    if let Some(token) = token {
        command.env("MEDWARD_TOKEN", token);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn ends(output: &Output, code: i32, words: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", complaint(output));
    assert!(complaint(output).contains(words), "'{words}' is not said: {}", complaint(output));
}

/// A monitor with what the ward's capture shows.
fn watched(folder: &Path) -> Monitor {
    let ward = ward();
    let monitor =
        Monitor::start(folder, &["--replay", ward.to_str().unwrap(), "--speed", "max", "--recorded-times"]);
    let mut before = 0;
    monitor.until("all devices are there", Duration::from_secs(60), || {
        let now = monitor.get("/devices?limit=1")["total"].as_u64().unwrap_or(0);
        std::mem::replace(&mut before, now) == now && now > 10
    });
    monitor
}

/// Values by attribute, as `why --format json` tells them.
fn believed(output: &Output) -> Vec<(String, String)> {
    assert_eq!(output.status.code(), Some(0), "{}", complaint(output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["schema"], "medward.why/1");
    let attributes = told["attributes"].as_object().unwrap();
    attributes.iter().map(|(name, belief)| (name.clone(), belief["value"].to_string())).collect()
}

#[test]
fn why_says_the_same_of_a_capture_of_a_database_and_of_a_running_monitor() {
    let folder = tempfile::tempdir().unwrap();
    let (monitor, ward) = (watched(folder.path()), ward());
    let (data, ward) = (folder.path().to_str().unwrap(), ward.to_str().unwrap());
    let token = monitor.token();
    let device = "10.20.30.11";
    let captured = believed(&medward(&["why", ward, device, "--format", "json"], None));
    assert!(!captured.is_empty());
    let stored = medward(&["why", device, "--data", data, "--format", "json"], None);
    assert_eq!(believed(&stored), captured);
    let asked = ["why", device, "--server", monitor.address(), "--format", "json"];
    let asked = medward(&asked, Some(&token));
    assert_eq!(believed(&asked), captured);
    assert_eq!(text(&asked), text(&stored));

    // One attribute, and as text: the same lines from both.
    let stored = text(&medward(&["why", device, "vendor", "--data", data], None));
    assert!(stored.contains("vendor: ") && stored.contains("packet "), "{stored}");
    assert_eq!(
        text(&medward(&["why", device, "vendor", "--server", monitor.address()], Some(&token))),
        stored
    );
    // By its id.
    let id = stored.split_whitespace().next().unwrap();
    assert_eq!(text(&medward(&["why", id, "vendor", "--data", data], None)), stored);

    // What is not there, what is asked wrongly, who may not ask.
    ends(&medward(&["why", "10.99.99.99", "--data", data], None), 4, "no device is called");
    let server = ["--server", monitor.address()];
    ends(&medward(&[&["why", "10.99.99.99"], &server[..]].concat(), Some(&token)), 4, "no device is called");
    ends(&medward(&["why", device, "colour", "--data", data], None), 2, "no attribute");
    ends(&medward(&["why", ward, device, "vendor", "--data", data], None), 2, "one word too many");
    ends(&medward(&["why", device], None), 2, "which device");
    ends(&medward(&[&["why", device], &server[..]].concat(), None), 2, "needs a token");
    ends(&medward(&[&["why", device], &server[..]].concat(), Some("mw_none_none")), 5, "not valid");
    ends(&medward(&["why", device, "--data", "/nowhere"], None), 4, "no database");
    let nobody = format!("http://127.0.0.1:{}", monitor::free_port());
    ends(&medward(&["why", device, "--server", &nobody], Some(&token)), 5, "no answer");
    ends(&medward(&["why", device, "--server", "http://192.0.2.1"], Some(&token)), 2, "in the clear");

    // After its end the database says it still.
    monitor.stop();
    assert_eq!(text(&medward(&["why", device, "vendor", "--data", data], None)), stored);
}

/// `medward serve` with TLS; address and fingerprint as it printed them.
fn with_tls(folder: &Path) -> (Child, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut fingerprint = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some((_, print)) = line.split_once("SHA-256 ") {
            fingerprint = print.to_owned();
        }
        if let Some(address) = line.strip_prefix("Medward is at ") {
            break address.trim().to_owned();
        }
    };
    std::thread::spawn(move || lines.for_each(drop));
    (child, address, fingerprint)
}

#[test]
fn a_monitor_is_trusted_by_its_certificate_or_fingerprint_and_by_nothing_less() {
    let folder = tempfile::tempdir().unwrap();
    let monitor = watched(folder.path());
    let token = monitor.token();
    monitor.stop();
    let (mut child, address, fingerprint) = with_tls(folder.path());
    let data = folder.path().to_str().unwrap();
    let ca = folder.path().join("ca.pem");
    let written = medward(&["data", "certificate", "--data", data, "--output", ca.to_str().unwrap()], None);
    ends(&written, 0, &fingerprint);
    let pem = std::fs::read_to_string(&ca).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----") && !pem.contains("PRIVATE"));
    let secret = folder.path().join("token");
    std::fs::write(&secret, format!("{token}\n")).unwrap();
    let ask = |trust: &[&str]| {
        let base = ["why", "10.20.30.11", "vendor", "--server", &address, "--token-file"];
        medward(&[&base[..], &[secret.to_str().unwrap()], trust].concat(), None)
    };
    let told = [ask(&["--ca", ca.to_str().unwrap()]), ask(&["--fingerprint", &fingerprint])];
    let others = [ask(&[]), ask(&["--fingerprint", &"00".repeat(32)])];
    child.kill().unwrap();
    child.wait().unwrap();
    for told in told {
        assert!(text(&told).contains("vendor: "), "{}", complaint(&told));
    }
    ends(&others[0], 5, "--fingerprint");
    ends(&others[1], 5, "no certificate with the fingerprint");
}
