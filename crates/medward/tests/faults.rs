//! Core, sensor, NATS and PostgreSQL are killed in any order while sensors of two sites report: in the end all counts
//! reconcile.
//!
//! The sensor of one site sees the whole ward once, and must come to what `assess` says. The sensor of the other one is
//! killed itself. A replay that was cut short begins anew, and what a sensor had only in memory nobody can tell; so what
//! counts there is what it ever put into its spool: the core must come to what another core comes to, which is given the
//! same parcels once and is left alone.
//!
//! `MEDWARD_FAULTS_SEED` chooses another order of faults; the one that was taken is printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod monitor;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use medward_transport::{Courier, CourierSettings, NatsOutlet, NatsServer, Peer, Spool, SpoolSettings};
use monitor::Monitor;
use monitor::nats::Nats;
use monitor::postgres::Postgres;
use serde_json::Value;

/// All of it.
const PATIENCE: Duration = Duration::from_secs(95);
/// Faults in each of the two storms: each victim once, and some by chance.
const FAULTS: usize = 6;
/// How long a program that ended by itself is left alone.
const REST: Duration = Duration::from_millis(400);

fn ward() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures/ward/ward.pcap")
}

/// Numbers by chance, the same for the same seed (SplitMix64).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn between(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.below(most - least))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Core,
    Sensor,
    Nats,
    Postgres,
}

const VICTIMS: [Victim; 4] = [Victim::Core, Victim::Sensor, Victim::Nats, Victim::Postgres];

/// A program that is started again, as its unit would be.
struct Program {
    arguments: Vec<String>,
    child: Option<Child>,
    /// Not before then.
    due: Instant,
    starts: u32,
    /// How it ended by itself the last time.
    ended: Option<ExitStatus>,
}

impl Program {
    fn new(arguments: &[&str]) -> Program {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Program { arguments, child: None, due: Instant::now(), starts: 0, ended: None }
    }

    /// Notes an end; starts it where it is time for that. Answers whether it runs.
    fn tend(&mut self) -> bool {
        if let Some(child) = &mut self.child
            && let Some(status) = child.try_wait().unwrap()
        {
            (self.child, self.ended, self.due) = (None, Some(status), Instant::now() + REST);
        }
        if self.child.is_none() && Instant::now() >= self.due {
            let child = Command::new(env!("CARGO_BIN_EXE_medward"))
                .args(&self.arguments)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            self.child = Some(child);
            self.starts += 1;
        }
        self.child.is_some()
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
            // How it ended before says nothing of this time.
            self.ended = None;
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// All that runs.
struct Group {
    postgres: Postgres,
    nats: Nats,
    core: Program,
    /// Watches the whole ward once.
    steady: Program,
    /// Is killed, and begins again.
    victim: Program,
    /// Whether it begins again where it came to an end.
    again: bool,
    /// When the servers may come back.
    back: [Instant; 2],
    spool: PathBuf,
    /// Everything that was ever in that spool.
    kept: PathBuf,
    end: Instant,
}

impl Group {
    /// Brings up what is due; answers whether all of it runs.
    fn tend(&mut self) -> bool {
        let now = Instant::now();
        let postgres = now >= self.back[0] && self.postgres.revive();
        let nats = now >= self.back[1] && self.nats.revive();
        let core = self.core.tend();
        if !done(&self.steady) {
            self.steady.tend();
        }
        self.keep();
        let victim = (!self.again && done(&self.victim)) || self.victim.tend();
        postgres && nats && core && victim
    }

    /// Keeps the spool's segments: what is done with leaves it.
    fn keep(&self) {
        for entry in std::fs::read_dir(&self.spool).into_iter().flatten().flatten() {
            let kept = self.kept.join(entry.file_name());
            if entry.path().extension().is_some_and(|extension| extension == "seg") && !kept.exists() {
                // It may be gone this moment: then it held nothing.
                let _ = std::fs::hard_link(entry.path(), kept);
            }
        }
    }

    fn wait(&mut self, what: &str, mut met: impl FnMut(&mut Group) -> bool) {
        loop {
            let whole = self.tend();
            if whole && met(self) {
                let left = self.end.saturating_duration_since(Instant::now());
                eprintln!("{what}; {} s are left", left.as_secs());
                return;
            }
            assert!(
                Instant::now() < self.end,
                "not in time: {what}; stored: {:?}, without faults: {:?}",
                receipts(&self.postgres, "postgres"),
                receipts(&self.postgres, "calm")
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.tend();
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    fn runs(&mut self, victim: Victim) -> bool {
        match victim {
            Victim::Core => self.core.tend(),
            Victim::Sensor => self.victim.tend(),
            Victim::Nats => Instant::now() >= self.back[1] && self.nats.revive(),
            Victim::Postgres => Instant::now() >= self.back[0] && self.postgres.revive(),
        }
    }

    fn kill(&mut self, victim: Victim, away: Duration) {
        while !self.runs(victim) {
            assert!(Instant::now() < self.end, "{victim:?} does not come back");
            self.pass(Duration::from_millis(50));
        }
        let back = Instant::now() + away;
        match victim {
            Victim::Core => (self.core.kill(), self.core.due = back).0,
            Victim::Sensor => (self.victim.kill(), self.victim.due = back).0,
            Victim::Nats => (self.nats.kill(), self.back[1] = back).0,
            Victim::Postgres => (self.postgres.kill(), self.back[0] = back).0,
        }
        self.keep();
    }

    /// Each victim dies, in any order, while others may still be away.
    fn storm(&mut self, chance: &mut Chance, killed: &mut BTreeMap<String, u32>) {
        let mut order: Vec<Victim> = VICTIMS.to_vec();
        while order.len() < FAULTS {
            order.push(VICTIMS[chance.below(4) as usize]);
        }
        while !order.is_empty() {
            let victim = order.swap_remove(chance.below(order.len() as u64) as usize);
            let (pause, away) = (chance.between(300, 1800), chance.between(50, 1200));
            self.pass(pause);
            eprintln!("{victim:?} is killed, and away for {} ms", away.as_millis());
            self.kill(victim, away);
            *killed.entry(format!("{victim:?}")).or_default() += 1;
        }
    }

    /// Number of the last report of the steady sensor that the database has.
    fn stored(&self) -> Option<u64> {
        let text =
            self.postgres.ask("postgres", "SELECT max(sequence) FROM receipt WHERE sensor = 'steady'")?;
        text.trim().parse().ok()
    }
}

/// It came to its end, with everything handed over.
fn done(program: &Program) -> bool {
    program.child.is_none() && program.ended.is_some_and(|status| status.success())
}

/// Site, sensor, epoch and number of the last report that is stored.
fn receipts(postgres: &Postgres, database: &str) -> BTreeSet<String> {
    let statement =
        "SELECT s.name, r.sensor, r.epoch, r.sequence FROM receipt r JOIN site s ON s.id = r.site";
    postgres.ask(database, statement).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// What is told of conversations between these devices: flows, packets, bytes of each.
type Told = BTreeMap<String, [u64; 3]>;

fn told(conversations: &Value, devices: &BTreeSet<String>) -> Told {
    let mut told = Told::new();
    for one in conversations.as_array().unwrap() {
        if devices.contains(one["originator"].as_str().unwrap()) {
            let parts = ["originator", "responder", "transport", "port", "protocol"];
            let key = parts.map(|part| one[part].to_string()).join(" ");
            let counts = ["flows", "packets", "bytes"].map(|count| one[count].as_u64().unwrap());
            assert_eq!(told.insert(key, counts), None, "told twice: {one}");
        }
    }
    told
}

fn ids(devices: &Value, site: Option<&str>) -> BTreeSet<String> {
    let of_site =
        devices.as_array().unwrap().iter().filter(|one| site.is_none_or(|site| one["site"] == site));
    of_site.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

/// All devices: groups of receivers are listed where they are asked for.
const ALL: &str = "/devices?limit=1000&q=scope:internal%20or%20scope:external%20or%20scope:multicast";

/// Devices of a site, and their conversations.
fn known(monitor: &Monitor, site: &str) -> (BTreeSet<String>, Told) {
    let devices = ids(&monitor.get(ALL)["items"], Some(site));
    let told = told(&monitor.get("/conversations?limit=1000")["items"], &devices);
    (devices, told)
}

/// A capture of four minutes of devices that send log lines, none of which the ward has: what both sites have would be
/// one device, and count for both.
fn made(path: &Path) {
    let mut bytes: Vec<u8> = Vec::new();
    for part in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 65_535, 1] {
        bytes.extend_from_slice(&part.to_le_bytes());
    }
    for number in 0..2400_u32 {
        // Three datagrams a flow, a tenth of a second apart.
        let flow = number / 3;
        let (from, to) = ((flow * 7 % 41 + 1) as u8, (flow % 5 + 100) as u8);
        let text = format!("<14>Nov 22 09:13:00 host-{from} app: line {number}");
        let length = u16::try_from(text.len()).unwrap();
        let mut ip = vec![0x45, 0];
        ip.extend_from_slice(&(28 + length).to_be_bytes());
        ip.extend_from_slice(&[0, 0, 0, 0, 64, 17, 0, 0, 10, 77, 0, from, 10, 77, 0, to]);
        let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
        let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
        ip[10..12].copy_from_slice(&sum.to_be_bytes());
        let mut frame = vec![2, 0, 0, 0, 77, to, 2, 0, 0, 0, 77, from, 8, 0];
        frame.extend_from_slice(&ip);
        for part in [20_000 + (flow % 40_000) as u16, 514, 8 + length, 0] {
            frame.extend_from_slice(&part.to_be_bytes());
        }
        frame.extend_from_slice(text.as_bytes());
        let size = u32::try_from(frame.len()).unwrap();
        for part in [1_795_338_780 + number / 10, number % 10 * 100_000, size, size] {
            bytes.extend_from_slice(&part.to_le_bytes());
        }
        bytes.extend_from_slice(&frame);
    }
    std::fs::write(path, bytes).unwrap();
}

fn assessed(capture: &str) -> (BTreeSet<String>, Told) {
    let output = Command::new(env!("CARGO_BIN_EXE_medward"))
        .args(["assess", "--format", "json"])
        .arg(capture)
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let devices = ids(&document["devices"], None);
    let told = told(&document["conversations"], &devices);
    (devices, told)
}

/// What one has and the other has not, or otherwise.
fn differences(one: &(BTreeSet<String>, Told), other: &(BTreeSet<String>, Told)) -> Vec<String> {
    let devices = one.0.symmetric_difference(&other.0).map(|device| format!("the device {device}"));
    let keys: BTreeSet<&String> = one.1.keys().chain(other.1.keys()).collect();
    let keys = keys.into_iter().filter(|key| one.1.get(*key) != other.1.get(*key));
    let told = keys.map(|key| format!("{key}: {:?} and {:?}", one.1.get(key), other.1.get(key)));
    devices.chain(told).collect()
}

/// Gives everything that the killed sensor ever put into its spool to a core that nobody disturbs.
fn replayed(folder: &Path, nats: &Nats) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let spool = Spool::open(folder, SpoolSettings::new("south", "victim")).unwrap();
        assert_eq!(spool.statistics().lost_reports, 0);
        let outlet = NatsOutlet::new(NatsServer::new(&nats.url()), Peer::new("south", "victim").unwrap());
        let courier = Courier::start(spool, Box::new(outlet), CourierSettings::default());
        let deadline = Instant::now() + Duration::from_secs(30);
        while courier.statistics().spooled > 0 {
            assert!(Instant::now() < deadline, "the kept reports cannot be handed over");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        courier.stop().await;
    });
}

#[test]
fn whatever_is_killed_in_whatever_order_nothing_is_lost_and_nothing_doubled() {
    let begun = Instant::now();
    let Some(postgres) = Postgres::start() else {
        eprintln!("skipped: PostgreSQL is not installed (apt-get install postgresql)");
        return;
    };
    let Some(nats) = Nats::start() else {
        eprintln!("skipped: nats-server is not installed (apt-get install nats-server)");
        return;
    };
    let seed = std::env::var("MEDWARD_FAULTS_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    eprintln!("seed {seed} (MEDWARD_FAULTS_SEED)");
    let mut chance = Chance(seed);

    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (core, steady, victim, ward) = (place("core"), place("steady"), place("victim"), ward());
    let ward = ward.to_str().unwrap();
    std::fs::create_dir(folder.path().join("kept")).unwrap();
    let (database, bus) = (postgres.url("postgres"), nats.url());
    // The first start makes the administrator.
    let common = ["--database", &database, "--nats", &bus, "--site", "north"];
    Monitor::start(Path::new(&core), &common).kill();
    let listen = format!("127.0.0.1:{}", monitor::free_port());
    let serve = [&["serve", "--plain-http", "--listen", &listen, "--data", &core], &common[..]].concat();
    let logs = place("logs.pcap");
    made(Path::new(&logs));
    let sensor = |site: &str, name: &str, data: &str, speed: &str, capture: &str| {
        let ways = ["sensor", "--nats", &bus, "--site", site, "--name", name, "--data", data];
        Program::new(&[&ways[..], &["--recorded-times", "--speed", speed, "--replay", capture]].concat())
    };
    let mut group = Group {
        core: Program::new(&serve),
        steady: sensor("north", "steady", &steady, "9", ward),
        victim: sensor("south", "victim", &victim, "40", &logs),
        again: true,
        back: [begun; 2],
        spool: Path::new(&victim).join("spool"),
        kept: folder.path().join("kept"),
        end: begun + PATIENCE,
        postgres,
        nats,
    };

    let mut killed = BTreeMap::new();
    group.wait("the first report is stored", |group| group.stored().is_some());
    group.storm(&mut chance, &mut killed);
    // A core that was killed is believed to serve its sites for a while yet; then another storm finds it at work.
    let before = group.stored();
    group.wait("reports are stored again", |group| group.stored().is_some_and(|now| Some(now) > before));
    group.storm(&mut chance, &mut killed);
    eprintln!("killed: {killed:?}");
    group.again = false;
    group
        .wait("both sensors have handed over everything", |group| done(&group.steady) && done(&group.victim));

    // What it comes to without faults.
    let other = Nats::start().unwrap();
    assert!(group.postgres.ask("postgres", "CREATE DATABASE calm").is_some());
    let (database, bus) = (group.postgres.url("calm"), other.url());
    let calm = Monitor::start(
        &folder.path().join("calm"),
        &["--database", &database, "--nats", &bus, "--site", "north"],
    );
    replayed(&group.kept, &other);
    let of_south = |receipts: BTreeSet<String>| -> BTreeSet<String> {
        receipts.into_iter().filter(|receipt| receipt.starts_with("south")).collect()
    };
    let mut wanted = BTreeSet::new();
    group.wait("the killed sensor's reports are stored twice over", |group| {
        wanted = of_south(receipts(&group.postgres, "calm"));
        !wanted.is_empty() && wanted == of_south(receipts(&group.postgres, "postgres"))
    });
    let (whole, logs) = (assessed(ward), assessed(&logs));
    let child = group.core.child.take().unwrap();
    let monitor = Monitor::attach(child, &format!("http://{listen}"));
    let compared = || {
        let (north, south) = (known(&monitor, "north"), known(&monitor, "south"));
        [differences(&north, &whole), differences(&south, &known(&calm, "south"))]
    };
    while compared().iter().any(|found| !found.is_empty()) && Instant::now() < group.end {
        std::thread::sleep(Duration::from_millis(500));
    }
    let left = group.end.saturating_duration_since(Instant::now());
    eprintln!("all was compared; {} s are left", left.as_secs());
    // And nothing more comes.
    std::thread::sleep(Duration::from_secs(2));
    let [north, south] = compared();
    assert_eq!(north, Vec::<String>::new(), "what the core and assess tell of the ward");
    assert_eq!(south, Vec::<String>::new(), "what both cores tell of the reports in the spool");
    let south = known(&monitor, "south");
    assert_eq!(of_south(receipts(&group.postgres, "postgres")), wanted);
    // The last replay was a whole one, after others that were cut short.
    let flows = |told: &Told| told.values().map(|counts| counts[0]).sum::<u64>();
    assert_eq!((south.0.len(), south.1.len()), (logs.0.len(), logs.1.len()), "devices and conversations");
    assert!(flows(&south.1) > flows(&logs.1), "no replay was cut short");
    let sensors = monitor.get("/sensors");
    for sensor in sensors["items"].as_array().unwrap() {
        assert_eq!(sensor["lost_reports"], 0, "{sensor}");
    }
    eprintln!(
        "{} starts of the core, {} of the sensor; {} conversations, {} and {} flows; {} epochs; {:.0} s",
        group.core.starts,
        group.victim.starts,
        whole.1.len(),
        flows(&whole.1),
        flows(&south.1),
        wanted.len(),
        begun.elapsed().as_secs_f64()
    );
}
