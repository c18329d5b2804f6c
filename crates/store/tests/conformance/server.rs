//! A private PostgreSQL: in a folder of its own, on a socket in it, ended with the test.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use medward_store::Database;
use sqlx::postgres::PgPoolOptions;

use crate::Home;

pub struct Server {
    process: Child,
    folder: tempfile::TempDir,
}

/// The newest that is installed.
fn binaries() -> Option<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    all.sort();
    all.pop()
}

fn number(arguments: &[&str]) -> Option<u32> {
    let told = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(told.stdout).ok()?.trim().parse().ok()
}

/// PostgreSQL does not run as root; where this test does, it runs as its own user. It ends when this process does.
fn command(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "QUIT"]);
    if number(&["-u"]) == Some(0) {
        command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
    }
    command.arg(program).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/");
    command
}

impl Server {
    pub fn start() -> Option<Server> {
        let binaries = binaries()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let place = folder.path().join("home");
        std::fs::create_dir(&place).unwrap();
        if number(&["-u"]) == Some(0) {
            chown(&place, Some(number(&["-u", "postgres"])?), Some(number(&["-g", "postgres"])?)).unwrap();
        }
        let cluster = place.join("cluster");
        let made = command(&binaries.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync", "-D"])
            .arg(&cluster)
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let process = command(&binaries.join("postgres"))
            .arg("-D")
            .arg(&cluster)
            .arg("-k")
            .arg(&place)
            .args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=60"])
            .spawn()
            .unwrap();
        Some(Server { process, folder })
    }

    fn address(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.folder.path().join("home").display())
    }

    /// A database of its own, as a store makes it.
    pub async fn home(&self, name: &str) -> Home {
        let address = self.empty(name).await;
        Home {
            database: Database::open(&address).await.unwrap(),
            address,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The address of a database in which there is nothing.
    pub async fn empty(&self, name: &str) -> String {
        // The pool tries again until the server is up.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(std::time::Duration::from_secs(30))
            .connect_lazy(&self.address("postgres"))
            .unwrap();
        let name: String = name.chars().take(60).collect();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let made = loop {
            let text = format!("CREATE DATABASE {name}");
            match sqlx::query(sqlx::AssertSqlSafe(text)).execute(&pool).await {
                Err(_) if std::time::Instant::now() < until => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                other => break other,
            }
        };
        made.unwrap();
        pool.close().await;
        self.address(&name)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // At once: nothing in it is needed any more.
        let _ = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}
