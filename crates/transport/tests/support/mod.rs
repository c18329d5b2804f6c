//! What the tests of the transport stand on: a core with its authority, and a NATS server of their own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medward_transport::*;
use tempfile::TempDir;

/// A core's authority in a folder of its own, with its open invitations.
pub struct Core {
    pub folder: TempDir,
    pub authority: Arc<Authority>,
    pub book: Arc<MemoryBook>,
}

impl Core {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority =
            Authority::open_or_create(&folder.path().join("authority"), SystemTime::now()).unwrap();
        Self { folder, authority: Arc::new(authority), book: Arc::default() }
    }

    pub async fn listen(&self) -> TlsInlet {
        self.listen_with(|_| {}).await
    }

    pub async fn listen_with(&self, change: impl FnOnce(&mut ListenerSettings)) -> TlsInlet {
        let mut settings = ListenerSettings::new(&["127.0.0.1", "localhost"]);
        change(&mut settings);
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        TlsInlet::start(address, Arc::clone(&self.authority), self.book.clone(), settings).await.unwrap()
    }

    pub async fn invite(&self, address: SocketAddr, sensor: &str, life: Duration) -> Invitation {
        let peer = Peer::new("ward", sensor).unwrap();
        let expires = SystemTime::now() + life;
        let core = address.to_string();
        let (invitation, entry) =
            Invitation::new(&core, self.authority.fingerprint(), &peer, expires).unwrap();
        self.book.keep(entry).await.unwrap();
        invitation
    }

    /// Enrols a sensor of the site "ward".
    pub async fn enrol(&self, address: SocketAddr, sensor: &str) -> Arc<Credentials> {
        let invitation = self.invite(address, sensor, Duration::from_secs(60)).await;
        Arc::new(enrol(&invitation, &self.folder.path().join(sensor)).await.unwrap())
    }
}

/// A NATS server with JetStream in a folder, on a free loopback port.
pub struct Nats {
    child: Child,
    config: PathBuf,
    pub port: u16,
}

impl Nats {
    /// `None`, with a word why, where there is no such program.
    pub fn start(folder: &Path) -> Option<Self> {
        Self::start_with(folder, "max_payload: 20MB")
    }

    /// With more lines of configuration.
    pub fn start_with(folder: &Path, more: &str) -> Option<Self> {
        let config = folder.join("nats.conf");
        let store = folder.join("jetstream");
        // Between looking for a free port and taking it, another test may be faster.
        for _ in 0..5 {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = free.local_addr().unwrap().port();
            drop(free);
            let text = format!("listen: 127.0.0.1:{port}\njetstream {{ store_dir: {store:?} }}\n{more}\n");
            std::fs::write(&config, text).unwrap();
            match launch(&config) {
                Launch::Running(child) => return Some(Self { child, config, port }),
                Launch::Ended => {}
                Launch::Missing => return None,
            }
        }
        panic!("nats-server ended five times before it was ready");
    }

    pub fn server(&self) -> NatsServer {
        NatsServer::new(&format!("nats://127.0.0.1:{}", self.port))
    }

    /// Ends it at once and starts it again with what it has on disk.
    pub fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let Launch::Running(child) = launch(&self.config) else { panic!("nats-server did not come back") };
        self.child = child;
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _: std::io::Result<()> = self.child.kill();
        let _: std::io::Result<_> = self.child.wait();
    }
}

enum Launch {
    Running(Child),
    Ended,
    Missing,
}

fn launch(config: &Path) -> Launch {
    let programs = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
    let Some(program) = programs.into_iter().find(|program| Path::new(program).exists()) else {
        eprintln!("skipped: nats-server is not installed (apt-get install nats-server)");
        return Launch::Missing;
    };
    let mut child = Command::new(program)
        .arg("-c")
        .arg(config)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    if !lines.any(|line| line.contains("Server is ready")) {
        child.wait().unwrap();
        return Launch::Ended;
    }
    // What it says further is read, so that it never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    Launch::Running(child)
}

pub fn parcel(sensor: &str, sequence: u64, body: impl Into<bytes::Bytes>) -> Parcel {
    Parcel { site: "ward".into(), sensor: sensor.into(), epoch: 7, sequence, body: body.into() }
}

/// Fails where something takes too long.
pub async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("it took longer than 20 seconds")
}

/// Asks again until it is so.
pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within 20 seconds: {what}");
}

/// A database that has committed so much of every epoch (0: nothing).
pub struct Newest(pub u64);

#[async_trait::async_trait]
impl Receipts for Newest {
    async fn newest(
        &self,
        _: &Peer,
        _: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Some(self.0).filter(|sequence| *sequence > 0))
    }
}
