//! A hospital group's database: PostgreSQL is killed while a sensor reports, and counts reconcile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use monitor::Monitor;
use serde_json::{Value, json};

/// A PostgreSQL of this test alone.
struct Postgres {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Postgres {
    /// `None` where PostgreSQL is not installed.
    fn start() -> Option<Postgres> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|e| e.path()).collect();
        found.sort();
        let binaries = found.pop()?.join("bin");
        let folder = tempfile::tempdir().unwrap();
        let port = monitor::free_port();
        let owned = Command::new("chown").args(["postgres"]).arg(folder.path()).status().unwrap();
        assert!(owned.success());
        let made = as_postgres(&binaries.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(folder.path().join("db"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let child = run(&binaries, folder.path(), port);
        Some(Postgres { binaries, folder, port, child })
    }

    fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends at once and starts again.
    fn crash(&mut self) {
        let master = std::fs::read_to_string(self.folder.path().join("db/postmaster.pid")).unwrap();
        let pid = master.lines().next().unwrap().to_owned();
        assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
        self.child.wait().unwrap();
        self.child = run(&self.binaries, self.folder.path(), self.port);
    }
}

fn as_postgres(program: &Path) -> Command {
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(program).current_dir("/");
    command
}

fn run(binaries: &Path, folder: &Path, port: u16) -> Child {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let mut child = as_postgres(&binaries.join("postgres"))
            .arg("-D")
            .arg(folder.join("db"))
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-k"])
            .arg(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        loop {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            let ready = Command::new(binaries.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status()
                .unwrap();
            if ready.success() {
                return child;
            }
            // After a crash its children may hold the memory for a moment: it ends, and is started again.
            if child.try_wait().unwrap().is_some() {
                std::thread::sleep(Duration::from_millis(300));
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Ok(text) = std::fs::read_to_string(self.folder.path().join("db/postmaster.pid"))
            && let Some(pid) = text.lines().next()
        {
            let _ = Command::new("kill").args(["-INT", pid]).status();
        }
        let _ = self.child.wait();
    }
}

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
    let url = postgres.url();
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
