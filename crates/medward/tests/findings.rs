//! The monitor judges devices as `assess` does: by what the wire shows, and by knowledge that is imported while it runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use monitor::Monitor;
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(90);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn ward() -> String {
    root().join("tests/captures/ward/ward.pcap").display().to_string()
}

/// Now, as the monitor judges.
fn now() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    medward_model::Timestamp::from_parts(since.as_secs().try_into().unwrap(), 0).to_string()
}

fn import(knowledge: &Path, what: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["knowledge", "import"])
        .arg(root().join(what))
        .arg("--knowledge")
        .arg(knowledge)
        .output()
        .unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{complaint}");
}

/// What a finding says, without packets.
fn gist(finding: &Value) -> String {
    let field = |name: &str| finding[name].to_string();
    let names = [
        "id",
        "device",
        "kind",
        "title",
        "severity",
        "confidence",
        "status",
        "advisory",
        "treatment",
        "reason",
    ];
    names.map(field).join(" ")
}

fn assessed(knowledge: Option<&Path>) -> BTreeSet<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_medward"));
    command.args(["assess", "--quiet", "--format", "json", "--now", &now()]).arg(ward());
    command.env_remove("MEDWARD_KNOWLEDGE");
    if let Some(knowledge) = knowledge {
        command.arg("--knowledge").arg(knowledge);
    }
    let document: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    document["findings"].as_array().unwrap().iter().map(gist).collect()
}

/// All findings of a list, page by page.
fn found(monitor: &Monitor, which: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = monitor.get(&format!("/findings?limit=20{which}{cursor}"));
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn gists(monitor: &Monitor) -> BTreeSet<String> {
    found(monitor, "").iter().map(gist).collect()
}

#[test]
fn what_the_monitor_finds_is_what_assess_finds() {
    let (folder, knowledge) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (ward, directory) = (ward(), knowledge.path().display().to_string());
    let replay = ["--replay", &ward, "--speed", "max", "--recorded-times", "--knowledge", &directory];
    // There is no knowledge yet: only what the wire shows is found.
    let monitor = Monitor::start(folder.path(), &replay);
    let bare = assessed(None);
    assert!(!bare.is_empty());
    monitor.until("what the wire shows is found", PATIENCE, || gists(&monitor) == bare);
    assert_eq!(monitor.get("/findings/counts")["knowledge"]["loaded"], false);

    // Knowledge is imported beside it.
    import(knowledge.path(), "tests/feeds");
    let wanted = assessed(Some(knowledge.path()));
    assert!(wanted.len() > bare.len(), "the feeds of the tests say nothing of the ward");
    monitor.until("all is judged with the knowledge", PATIENCE, || gists(&monitor) == wanted);
    let counts = monitor.get("/findings/counts");
    assert_eq!(counts["findings"].as_u64().unwrap(), wanted.len() as u64);
    assert_eq!((&counts["knowledge"]["loaded"], &counts["knowledge"]["waiting"]), (&true.into(), &0.into()));

    // One by one, by device, by what they are about, and in the list of devices.
    let first = &found(&monitor, "")[0];
    let one = monitor.get(&format!("/findings/{}", first["id"].as_str().unwrap()));
    assert_eq!(gist(&one), gist(first));
    assert!(one["match"]["method"].is_string(), "{one}");
    let device = first["device"].as_str().unwrap();
    let own = monitor.get(&format!("/devices/{device}/findings?limit=1000"));
    let own: BTreeSet<String> = own["items"].as_array().unwrap().iter().map(gist).collect();
    let of_device: BTreeSet<String> = wanted.iter().filter(|gist| gist.contains(device)).cloned().collect();
    assert_eq!(own, of_device);
    let topics = monitor.get("/findings/topics?limit=1000");
    for topic in topics["items"].as_array().unwrap() {
        let name: String =
            topic["topic"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let devices: BTreeSet<String> =
            found(&monitor, &format!("&topic={name}")).iter().map(|f| f["device"].to_string()).collect();
        assert_eq!(devices.len() as u64, topic["devices"].as_u64().unwrap(), "{topic}");
    }
    let sure: Vec<Value> = found(&monitor, "&status=affected,likely");
    let worst = &sure[0];
    let severity = worst["severity"].as_str().unwrap();
    let listed = monitor.get(&format!("/devices?limit=1000&q=finding:{severity}"));
    let row = listed["items"].as_array().unwrap().iter().find(|row| row["id"] == worst["device"]).unwrap();
    assert_eq!(row["worst_finding"], severity);
    let of_row = sure.iter().filter(|finding| finding["device"] == row["id"]).count();
    assert_eq!(row["findings"].as_u64().unwrap(), of_row as u64);

    // What is grave is told, and not in a flood.
    let grave =
        sure.iter().filter(|finding| ["critical", "high"].contains(&finding["severity"].as_str().unwrap()));
    let grave = grave.count();
    let events = monitor.get("/events?kind=finding&limit=1000");
    let events = events["items"].as_array().unwrap().len();
    assert_eq!(events > 0, grave > 0);
    assert!(events <= grave.min(100), "{events} events of {grave} grave findings");

    // After a restart without a capture they are there, and nothing is told twice.
    monitor.stop();
    let again = Monitor::start(folder.path(), &["--knowledge", &directory]);
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(gists(&again), wanted);
    assert_eq!(again.get("/events?kind=finding&limit=1000")["items"].as_array().unwrap().len(), events);
    again.stop();
}
