//! A PostgreSQL of one test alone.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A cluster in a folder of its own, on a free loopback port.
pub struct Postgres {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Postgres {
    /// `None` where PostgreSQL is not installed.
    pub fn start() -> Option<Postgres> {
        let mut found: Vec<PathBuf> =
            std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|e| e.path()).collect();
        found.sort();
        let binaries = found.pop()?.join("bin");
        let folder = tempfile::tempdir().unwrap();
        let port = super::free_port();
        let owned = Command::new("chown").args(["postgres"]).arg(folder.path()).status().unwrap();
        assert!(owned.success());
        let made = Command::new("runuser")
            .args(["-u", "postgres", "--"])
            .arg(binaries.join("initdb"))
            .current_dir("/")
            .args(["-A", "trust", "-U", "postgres", "-D"])
            .arg(folder.path().join("db"))
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success());
        let mut postgres = Postgres { binaries, folder, port, child: None };
        postgres.up();
        Some(postgres)
    }

    /// Where one of its databases is.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Ends at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts again where it does not run, and answers whether it takes connections now.
    pub fn revive(&mut self) -> bool {
        // After a crash its children may hold the memory for a moment: it ends, and is started again.
        if self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
            self.child = Some(self.launch());
        }
        let port = self.port.to_string();
        let ready = Command::new(self.binaries.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status()
            .unwrap();
        ready.success()
    }

    fn up(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.revive() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Ends at once and starts again.
    pub fn crash(&mut self) {
        self.kill();
        self.up();
    }

    /// What a statement answers, one line a row; `None` where it fails.
    pub fn ask(&self, database: &str, statement: &str) -> Option<String> {
        let output = Command::new(self.binaries.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-c", statement, &self.url(database)])
            .stderr(Stdio::null())
            .output()
            .unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// The server itself, without anything between it and who kills it.
    fn launch(&self) -> Child {
        Command::new(self.binaries.join("postgres"))
            .uid(owner(self.folder.path()))
            .current_dir("/")
            .arg("-D")
            .arg(self.folder.path().join("db"))
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1", "-k"])
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

fn owner(folder: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(folder).unwrap().uid()
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Its own way of ending at once takes its children along.
            let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
            let _ = child.wait();
        }
    }
}
