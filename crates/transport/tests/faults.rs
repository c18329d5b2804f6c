//! Sensor, core and NATS are killed at any moment, many times, while numbered parcels flow: in the end each is there once,
//! in order.
//!
//! The processes that are killed are this test program itself, started again with a role.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use medward_transport::*;
use support::{Core, Nats};

const ROLE: &str = "MEDWARD_TEST_ROLE";
const FOLDER: &str = "MEDWARD_TEST_FOLDER";
const ADDRESS: &str = "MEDWARD_TEST_ADDRESS";

/// How long parcels flow and processes die.
const STORM: Duration = Duration::from_secs(15);

/// Numbers of eight bytes, one after the other.
struct Numbers(File);

impl Numbers {
    fn open(path: &Path) -> Self {
        Self(OpenOptions::new().create(true).append(true).open(path).unwrap())
    }

    fn add(&mut self, numbers: &[u64]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.0.write_all(&bytes).unwrap();
    }

    fn read(path: &Path) -> Vec<u64> {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap())).collect()
    }
}

/// The process that plays a role; without one it is no test.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    // Ends with the test that started it, whatever becomes of that.
    std::thread::spawn(|| {
        let _: std::io::Result<_> = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(3);
    });
    let folder = PathBuf::from(std::env::var(FOLDER).unwrap());
    let address = std::env::var(ADDRESS).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    match role.as_str() {
        "tls-sensor" => runtime.block_on(async {
            let credentials = Arc::new(Credentials::open(&folder.join("a")).unwrap());
            let outlet = TlsOutlet::new(TlsOutletSettings::new(&address), credentials);
            sensor(&folder, Box::new(outlet)).await;
        }),
        "nats-sensor" => runtime.block_on(async {
            let outlet = NatsOutlet::new(NatsServer::new(&address), Peer::new("ward", "a").unwrap());
            sensor(&folder, Box::new(outlet)).await;
        }),
        "tls-core" => runtime.block_on(async {
            let authority = Authority::open_or_create(&folder.join("authority"), SystemTime::now()).unwrap();
            let settings = ListenerSettings::new(&["127.0.0.1", "localhost"]);
            let address: SocketAddr = address.parse().unwrap();
            let book = Arc::new(MemoryBook::default());
            core(&folder, TlsInlet::start(address, Arc::new(authority), book, settings).await.unwrap()).await;
        }),
        "nats-core" => runtime.block_on(async {
            let settings = NatsInletSettings {
                claim: Duration::from_secs(1),
                look: Duration::from_millis(100),
                ack_wait: Duration::from_secs(3),
                ..NatsInletSettings::new(Sites::Any { most: 10 })
            };
            loop {
                // The server may be away just now.
                let receipts = Arc::new(Committed(folder.join("committed")));
                let server = NatsServer::new(&address);
                if let Ok(inlet) = NatsInlet::start(&server, settings.clone(), receipts).await {
                    core(&folder, inlet).await;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }),
        other => panic!("unknown role {other}"),
    }
}

/// Puts numbered parcels into its spool until it is told to finish; ends when all are delivered.
async fn sensor(folder: &Path, outlet: Box<dyn Outlet>) {
    let spool = Spool::open(&folder.join("spool"), SpoolSettings::new("ward", "a")).unwrap();
    let settings = CourierSettings {
        first_wait: Duration::from_millis(20),
        longest_wait: Duration::from_millis(200),
        ..CourierSettings::default()
    };
    let courier = Courier::start(spool.clone(), outlet, settings);
    let mut next = Numbers::read(&folder.join("tried")).last().map_or(1, |last| last + 1);
    let (mut tried, mut kept) = (Numbers::open(&folder.join("tried")), Numbers::open(&folder.join("kept")));
    while !folder.join("finish").exists() {
        for _ in 0..4 {
            let mut body = vec![0; 200 + (next as usize * 37) % 1000];
            body[..8].copy_from_slice(&next.to_le_bytes());
            tried.add(&[next]);
            spool.append(&body).unwrap();
            kept.add(&[next]);
            next += 1;
        }
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    while courier.statistics().spooled > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(courier.statistics().lost_reports, 0);
    std::process::exit(0);
}

/// Keeps what arrives in a file, as a database would: many in one commit, each number of the sensor once.
async fn core(folder: &Path, mut inlet: impl Inlet) {
    let mut database = Database::open(&folder.join("committed"));
    while let Some(first) = inlet.next().await {
        let mut arrivals = vec![first];
        while arrivals.len() < 64 {
            match tokio::time::timeout(Duration::from_millis(1), inlet.next()).await {
                Ok(Some(arrival)) => arrivals.push(arrival),
                _ => break,
            }
        }
        database.commit(arrivals.iter().map(|arrival| &arrival.parcel));
        for arrival in arrivals {
            arrival.ack.committed();
        }
    }
}

/// Rows of number, epoch and sequence in a file that several cores may share.
struct Database {
    file: File,
    read: u64,
    last: BTreeMap<u64, u64>,
}

impl Database {
    fn open(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path).unwrap();
        Self { file, read: 0, last: BTreeMap::new() }
    }

    /// One transaction: sees what others have committed, adds what is new, and is safe when it returns.
    fn commit<'a>(&mut self, parcels: impl Iterator<Item = &'a Parcel>) {
        self.file.lock().unwrap();
        let end = self.file.metadata().unwrap().len() / 24 * 24;
        let mut bytes = vec![0; usize::try_from(end - self.read).unwrap()];
        self.file.read_exact_at(&mut bytes, self.read).unwrap();
        for row in bytes.chunks_exact(24) {
            let field = |at: usize| u64::from_le_bytes(row[at..at + 8].try_into().unwrap());
            self.last.insert(field(8), field(16));
        }
        let mut rows = Vec::new();
        for parcel in parcels {
            let last = self.last.entry(parcel.epoch).or_default();
            if parcel.sequence > *last {
                *last = parcel.sequence;
                rows.extend_from_slice(&parcel.body[..8]);
                rows.extend_from_slice(&parcel.epoch.to_le_bytes());
                rows.extend_from_slice(&parcel.sequence.to_le_bytes());
            }
        }
        self.file.write_all_at(&rows, end).unwrap();
        self.file.set_len(end + rows.len() as u64).unwrap();
        self.file.sync_data().unwrap();
        self.read = end + rows.len() as u64;
        self.file.unlock().unwrap();
    }
}

/// What such a file says is committed.
struct Committed(PathBuf);

#[async_trait::async_trait]
impl Receipts for Committed {
    async fn newest(
        &self,
        _: &Peer,
        epoch: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
        let rows = Numbers::read(&self.0);
        Ok(rows.chunks_exact(3).filter(|row| row[1] == epoch).map(|row| row[2]).max())
    }
}

/// A process with a role, killed with this value.
struct Player {
    role: &'static str,
    folder: PathBuf,
    address: String,
    child: Child,
}

impl Player {
    fn start(role: &'static str, folder: &Path, address: &str) -> Self {
        let child = Self::launch(role, folder, address);
        Self { role, folder: folder.into(), address: address.into(), child }
    }

    fn launch(role: &str, folder: &Path, address: &str) -> Child {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "role", "--nocapture"])
            .env(ROLE, role)
            .env(FOLDER, folder)
            .env(ADDRESS, address)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// SIGKILL, and up again.
    fn kill(&mut self) {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "the {} had ended by itself: {status}", self.role);
        self.child = Self::launch(self.role, &self.folder, &self.address);
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _: std::io::Result<()> = self.child.kill();
        let _: std::io::Result<_> = self.child.wait();
    }
}

fn chance(below: u64) -> u64 {
    getrandom::u64().unwrap() % below
}

/// Kills one or the other for a while, lets the rest flow, and counts.
fn storm(folder: &Path, mut sensor: Player, mut core: Player, mut also: impl FnMut(Duration)) {
    let begun = Instant::now();
    let mut kills = 0;
    while begun.elapsed() < STORM {
        std::thread::sleep(Duration::from_millis(50 + chance(600)));
        match chance(3) {
            0 => sensor.kill(),
            1 => core.kill(),
            _ => {
                sensor.kill();
                core.kill();
            }
        }
        kills += 1;
        also(begun.elapsed());
    }
    File::create(folder.join("finish")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(status) = sensor.child.try_wait().unwrap() {
            assert!(status.success(), "{status}");
            break;
        }
        assert!(Instant::now() < deadline, "the spool was not emptied within 60 seconds");
        std::thread::sleep(Duration::from_millis(20));
    }
    let kept = Numbers::read(&folder.join("kept"));
    drop(core);
    let rows = Numbers::read(&folder.join("committed"));
    let numbers: Vec<u64> = rows.chunks_exact(3).map(|row| row[0]).collect();
    let there: BTreeSet<u64> = numbers.iter().copied().collect();
    let tried: BTreeSet<u64> = Numbers::read(&folder.join("tried")).into_iter().collect();
    eprintln!("{kills} kills, {} parcels kept by the spool, {} committed", kept.len(), numbers.len());
    assert!(numbers.is_sorted_by(|a, b| a < b), "parcels are doubled or out of order");
    let missing: Vec<_> = kept.iter().filter(|number| !there.contains(number)).collect();
    assert!(missing.is_empty(), "lost: {missing:?}");
    assert!(there.is_subset(&tried), "something came that was never sent");
    assert!(
        kills >= 15 && kept.len() > 2000,
        "{kills} kills, {} parcels: too few to say anything",
        kept.len()
    );
}

#[test]
fn nothing_is_lost_or_doubled_over_tls_while_sensor_and_core_are_killed() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (core, address) = runtime.block_on(async {
        let core = Core::new();
        let inlet = core.listen().await;
        core.enrol(inlet.address(), "a").await;
        let address = inlet.address().to_string();
        (core, address)
    });
    drop(runtime);
    let folder = core.folder.path();
    let sensor = Player::start("tls-sensor", folder, &address);
    let player = Player::start("tls-core", folder, &address);
    storm(folder, sensor, player, |_| {});
}

#[test]
fn nothing_is_lost_or_doubled_over_nats_while_sensor_core_and_server_are_killed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut nats) = Nats::start(folder.path()) else { return };
    let address = format!("nats://127.0.0.1:{}", nats.port);
    let sensor = Player::start("nats-sensor", folder.path(), &address);
    let core = Player::start("nats-core", folder.path(), &address);
    let mut restarts = 0;
    storm(folder.path(), sensor, core, |elapsed| {
        if elapsed > STORM / 4 * (restarts + 1) {
            nats.restart();
            restarts += 1;
        }
    });
    assert!(restarts >= 3);
}

#[test]
fn nothing_is_lost_or_doubled_while_two_cores_take_a_site_from_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let Some(nats) = Nats::start(folder.path()) else { return };
    let address = format!("nats://127.0.0.1:{}", nats.port);
    let sensor = Player::start("nats-sensor", folder.path(), &address);
    let core = Player::start("nats-core", folder.path(), &address);
    let mut other = Player::start("nats-core", folder.path(), &address);
    storm(folder.path(), sensor, core, |_| {
        if chance(2) == 0 {
            other.kill();
        }
    });
}
