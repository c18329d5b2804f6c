//! Sensors elsewhere: enrolled by invitation, they report, and nothing is lost or doubled when the core is killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use monitor::Monitor;
use serde_json::{Value, json};

fn ward() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap")
}

/// What all conversations of the ward add up to: how many, flows, bytes.
fn assessed() -> (u64, u64, u64) {
    let output = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["assess", "--format", "json"])
        .arg(ward())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    totals(told["conversations"].as_array().unwrap())
}

fn totals(conversations: &[Value]) -> (u64, u64, u64) {
    let sum = |field: &str| conversations.iter().map(|c| c[field].as_u64().unwrap()).sum();
    (conversations.len() as u64, sum("flows"), sum("bytes"))
}

fn kept(monitor: &Monitor) -> (u64, u64, u64) {
    totals(monitor.get("/conversations?limit=1000")["items"].as_array().unwrap())
}

fn invited(monitor: &Monitor, site: &str, name: &str) -> String {
    let (status, body) = monitor.send("POST", "/sensors/invite", &json!({ "site": site, "name": name }));
    assert!(status < 300, "{status}: {body}");
    let told: Value = serde_json::from_str(&body).unwrap();
    told["token"].as_str().unwrap().to_owned()
}

fn sensor(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["sensor", "--recorded-times", "--replay"])
        .arg(ward())
        .arg("--data")
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn an_invited_sensor_reports_what_assess_finds() {
    let (core, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let monitor = Monitor::start(core.path(), &["--sensors", "127.0.0.1:0"]);
    let token = invited(&monitor, "north", "s1");
    let ended = sensor(own.path(), &["--speed", "max", "--invitation", &token]).wait().unwrap();
    assert!(ended.success());
    monitor.until("all conversations are there", Duration::from_secs(60), || kept(&monitor) == assessed());
    let sensors = monitor.get("/sensors");
    assert_eq!(sensors["items"][0]["name"], "s1");
    assert_eq!(sensors["items"][0]["site"], "north");
}

/// `medward invite …` on a monitor's data; its code, and what it wrote as JSON.
fn invite(data: &Path, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["invite", "--format", "json", "--data"])
        .arg(data)
        .args(arguments)
        .output()
        .unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap_or_default())
}

#[test]
fn without_a_browser_a_sensor_is_invited_listed_and_revoked_while_the_monitor_runs() {
    let (core, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(invite(core.path(), &["list"]).0, Some(4));
    let monitor = Monitor::start(core.path(), &["--sensors", "127.0.0.1:0"]);
    let (code, told) = invite(core.path(), &["sensor", "s1", "--site", "north"]);
    assert_eq!(code, Some(0));
    let token = told["token"].as_str().unwrap();
    assert!(told["command"].as_str().unwrap().contains(token));
    let (_, open) = invite(core.path(), &["list"]);
    assert_eq!(
        (&open["invitations"][0]["site"], &open["invitations"][0]["name"]),
        (&json!("north"), &json!("s1"))
    );
    assert!(!open.to_string().contains(token));

    // What it made lets the sensor in, and is used up by it.
    assert!(sensor(own.path(), &["--speed", "max", "--invitation", token]).wait().unwrap().success());
    let (_, after) = invite(core.path(), &["list"]);
    assert_eq!(after["invitations"], json!([]));
    assert_eq!(after["sensors"][0]["name"], "s1");

    // The same from elsewhere with a token; one that was taken back lets nobody in.
    let server = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_medward"))
            .args(["invite", "--format", "json", "--server", monitor.address()])
            .args(arguments)
            .env("MEDWARD_TOKEN", monitor.token())
            .output()
            .unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap_or_default())
    };
    let (code, second) = server(&["sensor", "s2", "--site", "north"]);
    assert_eq!(code, Some(0));
    assert_eq!(server(&["list"]).1["invitations"][0]["name"], "s2");
    assert_eq!(server(&["revoke", "s2"]), (Some(0), json!({ "invitations": 1, "certificates": 0 })));
    let other = tempfile::tempdir().unwrap();
    let refused = ["--speed", "max", "--invitation", second["token"].as_str().unwrap()];
    assert_eq!(sensor(other.path(), &refused).wait().unwrap().code(), Some(5));

    // Revoked, it is known to the running monitor at once: there is nothing left to revoke.
    assert_eq!(invite(core.path(), &["revoke", "s1", "--site", "south"]).0, Some(4));
    assert_eq!(
        invite(core.path(), &["revoke", "s1", "--site", "north"]),
        (Some(0), json!({ "invitations": 0, "certificates": 1 }))
    );
    assert_eq!(server(&["revoke", "s1"]).0, Some(2));
    assert_eq!(invite(core.path(), &["revoke", "s1"]).0, Some(4));
    let trail = monitor.get("/audit?text=sensor");
    let told: Vec<&str> =
        trail["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(told.contains(&"sensor.invite") && told.contains(&"sensor.remove"), "{trail}");
}

#[test]
fn an_invitation_is_good_once() {
    let (core, own, other) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let monitor = Monitor::start(core.path(), &["--sensors", "127.0.0.1:0"]);
    let token = invited(&monitor, "north", "s1");
    assert!(sensor(own.path(), &["--speed", "max", "--invitation", &token]).wait().unwrap().success());
    let refused = sensor(other.path(), &["--speed", "max", "--invitation", &token]).wait().unwrap();
    assert_eq!(refused.code(), Some(5));
}

#[test]
fn a_core_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let (core, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let port = monitor::free_port().to_string();
    let sensors = format!("127.0.0.1:{port}");
    let mut monitor = Monitor::start(core.path(), &["--sensors", &sensors]);
    let token = invited(&monitor, "north", "s1");
    let mut running = sensor(own.path(), &["--speed", "20", "--invitation", &token]);
    for round in 0..4_u64 {
        // Different moments of different commits.
        std::thread::sleep(Duration::from_millis(700 + 370 * round));
        monitor.kill();
        monitor = Monitor::start(core.path(), &["--sensors", &sensors]);
    }
    assert!(running.wait().unwrap().success());
    let wanted = assessed();
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while kept(&monitor) != wanted && std::time::Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(kept(&monitor), wanted, "conversations, flows, bytes");
    // And nothing more comes.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(kept(&monitor), wanted);
}

/// A switch of one port (net-snmp's snmpd), where that station is; `None` where snmpd is not installed.
fn switch(folder: &Path, mac: &str) -> Option<(Ended, String)> {
    let program = Path::new("/usr/sbin/snmpd");
    if !program.exists() {
        return None;
    }
    let numbers: Vec<String> =
        mac.split(':').map(|part| u8::from_str_radix(part, 16).unwrap().to_string()).collect();
    let port = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let configuration = format!(
        "sysName sw-lab\nrocommunity lab\n\
         override .1.3.6.1.2.1.17.1.4.1.2.3 integer 10103\n\
         override .1.3.6.1.2.1.31.1.1.1.1.10103 octet_str \"Gi1/0/3\"\n\
         override .1.3.6.1.2.1.17.7.1.2.2.1.2.20.{} integer 3\n",
        numbers.join(".")
    );
    let file = folder.join("snmpd.conf");
    std::fs::write(&file, configuration).unwrap();
    let address = format!("127.0.0.1:{port}");
    let child = Command::new(program)
        .args(["-f", "-Lf"])
        .arg(folder.join("log"))
        .args(["-C", "-c"])
        .arg(&file)
        .arg(format!("udp:{address}"))
        .env("SNMP_PERSISTENT_DIR", folder)
        .env("MIBS", "")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Some((Ended(child), address))
}

/// Ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_a_switch_tells_a_sensor_is_where_devices_are() {
    let (core, own, agent) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ward = ward();
    let arguments = ["--site", "north", "--sensors", "127.0.0.1:0", "--speed", "max", "--replay"];
    let monitor = Monitor::start(core.path(), &[&arguments[..], &[ward.to_str().unwrap()]].concat());
    let find = || -> Option<(String, String)> {
        let devices = monitor.get("/devices?q=scope:internal%20status:active");
        let one = devices["items"].as_array()?.iter().find(|device| device["macs"][0].is_string())?;
        Some((one["id"].as_str()?.to_owned(), one["macs"][0].as_str()?.to_owned()))
    };
    monitor.until("a device is there", Duration::from_secs(60), || find().is_some());
    let (device, mac) = find().unwrap();
    let Some((_switch, address)) = switch(agent.path(), &mac) else {
        return eprintln!("skipped: snmpd is not installed (apt-get install snmpd)");
    };
    let token = invited(&monitor, "north", "s1");
    let _sensor = Ended(
        Command::new(env!("CARGO_BIN_EXE_medward"))
            .args([
                "sensor",
                "--invitation",
                &token,
                "--switch",
                &address,
                "--switch-interval",
                "10",
                "--data",
            ])
            .arg(own.path())
            .env("MEDWARD_SNMP", "lab")
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    monitor.until("it is at the port", Duration::from_secs(60), || {
        let whereabouts = &monitor.get(&format!("/devices/{device}"))["summary"]["whereabouts"];
        whereabouts["position"] == "sw-lab port Gi1/0/3" && whereabouts["how"] == "switch-port"
    });
}
