//! Live capture with everything that the monitor does, beside ndpiReader and tcpdump: the highest rate at which nothing is
//! lost, and what a packet costs.
//!
//! The bench starts itself anew in a network namespace of its own, which ends with it. There it makes one veth pair without
//! addresses; tcpreplay sends on one end, each program in turn captures on the other, started afresh for each trial.
//! A trial is clean where the program says that it received exactly what was sent. The first goes at top speed; after a loss
//! the rate is halved until a trial is clean, and then bisected. Where only a little was lost the trial is repeated once, as
//! other work on the machine may have caused it.

use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;

#[derive(Debug, clap::Args)]
pub struct LiveArguments {
    /// Compare live capture instead, on a veth pair in a network namespace of its own (needs root).
    #[arg(long)]
    pub live: bool,
    /// With --live: only this rate (packets a second) instead of a search.
    #[arg(long, requires = "live")]
    pps: Option<u64>,
    /// With --live: seconds that a trial sends.
    #[arg(long, requires = "live", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// With --live: a release build of medward that is there, instead of building one.
    #[arg(long, requires = "live", value_name = "PATH")]
    pub program: Option<PathBuf>,
    /// The namespace is made; set by the bench itself.
    #[arg(long, hide = true, requires = "live")]
    within: bool,
}

/// The ends of the pair: frames go in at one and come out at the other.
const SENDER: &str = "bench-send";
const RECEIVER: &str = "bench-recv";
/// Where the monitor listens, inside the namespace.
const ADDRESS: &str = "127.0.0.1:8080";
/// Exit where something is missing, as of medward itself.
const MISSING: i32 = 5;
/// Rates that a bisection looks at.
const BISECTIONS: u32 = 3;
/// After this time a search goes no further.
const ENOUGH: Duration = Duration::from_secs(50);
/// Longest time until a program captures, or has worked off what it received.
const PATIENCE: Duration = Duration::from_secs(30);
/// A trial that lost a smaller share than this is repeated once.
const LITTLE: f64 = 0.01;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Medward,
    NdpiReader,
    Tcpdump,
}

/// A program that captures.
struct Peer {
    name: &'static str,
    kind: Kind,
    command: Vec<String>,
}

/// What one trial showed.
#[derive(Clone, Copy, Debug)]
struct Trial {
    sent: u64,
    /// Packets a second, as tcpreplay measured it.
    rate: f64,
    received: u64,
    /// What the program tells of losses; ndpiReader tells nothing.
    dropped: Option<u64>,
    /// Of the program, from the first packet until it had worked off all, in seconds.
    cpu: f64,
    /// Of its threads that take frames from the ring and dissect them; the monitor's others identify and store.
    taps: f64,
    /// Largest resident set, in MB.
    memory: f64,
}

impl Trial {
    fn is_clean(&self) -> bool {
        self.received == self.sent && self.dropped.unwrap_or(0) == 0
    }

    fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }

    /// What each packet received took of some seconds.
    fn nanos(&self, seconds: f64) -> f64 {
        seconds * 1e9 / self.received.max(1) as f64
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s: sent {}, received {}", self.rate, self.sent, self.received)?;
        if let Some(dropped) = self.dropped {
            write!(f, ", dropped {dropped}")?;
        }
        Ok(())
    }
}

/// A child that ends with the bench, however that ends.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Says what is missing and ends, where it cannot be run here.
pub fn refuse_early() {
    let root = fs::metadata("/proc/self").is_ok_and(|about| about.uid() == 0);
    let missing = [("tcpreplay", "tcpreplay"), ("ip", "iproute2"), ("unshare", "util-linux")]
        .into_iter()
        .find(|(program, _)| !is_there(program));
    let why = match (root, missing) {
        (false, _) => "a network namespace and live capture need root: run it with sudo".to_owned(),
        (true, Some((program, package))) => format!("{program} is not there (Debian package {package})"),
        (true, None) => return,
    };
    eprintln!("bench --live: {why}");
    std::process::exit(MISSING);
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|paths| std::env::split_paths(&paths).any(|path| path.join(program).is_file()))
}

/// Runs on `capture` with the program `medward`.
pub fn run(root: &Path, arguments: &LiveArguments, capture: &Path, medward: &Path) -> anyhow::Result<()> {
    if arguments.within {
        return compare(root, arguments, capture, medward);
    }
    let mut command = Command::new("unshare");
    command.args(["--net", "--"]).arg(std::env::current_exe()?).args(["bench", "--live", "--within"]);
    command.arg("--capture").arg(capture).arg("--program").arg(medward);
    command.args(["--seconds", &arguments.seconds.to_string()]);
    if let Some(pps) = arguments.pps {
        command.args(["--pps", &pps.to_string()]);
    }
    let status = command.status().context("unshare (Debian package util-linux)")?;
    std::process::exit(status.code().unwrap_or(1));
}

fn compare(root: &Path, arguments: &LiveArguments, capture: &Path, medward: &Path) -> anyhow::Result<()> {
    make_pair()?;
    let data = root.join("target/live");
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{}, {} s a trial; load {}",
        capture.display(),
        arguments.seconds,
        load.split(' ').next().unwrap_or("unknown")
    );
    let mut base: Option<Trial> = None;
    let mut lines = Vec::new();
    for peer in peers(medward, &data) {
        let found = search(&peer, arguments, capture, &data);
        let line = match found {
            Ok((Some(best), top)) => {
                let first = *base.get_or_insert(best);
                let (taps, all) = (best.nanos(best.taps), best.nanos(best.cpu));
                format!(
                    "{:<24}{:>14}{:>8.2}{taps:>12.0}{:>8.2}{all:>12.0}{:>8.0}",
                    peer.name,
                    format!("{}{:.0}", if top { "≥ " } else { "" }, best.rate),
                    best.rate / first.rate,
                    taps / first.nanos(first.taps),
                    best.memory
                )
            }
            Ok((None, _)) => format!("{:<24}lost packets at each rate that was tried", peer.name),
            Err(error) => format!("{:<24}not run: {error:#}", peer.name),
        };
        lines.push(line);
    }
    // Nothing is kept of the trials.
    let _ = fs::remove_dir_all(&data);
    println!(
        "\n{:<24}{:>14}{:>8}{:>12}{:>8}{:>12}{:>8}",
        "", "packets/s", "ratio", "tap ns each", "ratio", "all ns each", "MB"
    );
    for line in lines {
        println!("{line}");
    }
    println!(
        "≥: nothing was lost at top speed; the sender was the limit. CPU time of the threads that capture and"
    );
    println!("dissect, and of the whole program: the monitor also identifies, and stores what it met.");
    Ok(())
}

/// Each as it comes, and with the ring of the other kind: a larger ring outlasts longer pauses.
fn peers(medward: &Path, data: &Path) -> Vec<Peer> {
    let words = |line: &[&str]| line.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let monitor = |more: &[&str]| {
        let (program, data) = (medward.display().to_string(), data.display().to_string());
        let mut command = words(&[&program, "serve", "--capture", RECEIVER, "--data", &data]);
        command.extend(words(&["--listen", ADDRESS, "--plain-http"]));
        command.extend(words(more));
        command
    };
    let dump = |more: &[&str]| {
        let mut command = words(&["tcpdump", "-n", "-i", RECEIVER, "-w", "/dev/null"]);
        command.extend(words(more));
        command
    };
    vec![
        Peer { name: "medward serve", kind: Kind::Medward, command: monitor(&[]) },
        Peer { name: "medward serve, 2 MiB", kind: Kind::Medward, command: monitor(&["--ring", "2"]) },
        Peer {
            name: "ndpiReader (2 MiB)",
            kind: Kind::NdpiReader,
            command: words(&["ndpiReader", "-i", RECEIVER]),
        },
        Peer { name: "tcpdump (2 MiB)", kind: Kind::Tcpdump, command: dump(&[]) },
        Peer { name: "tcpdump, 64 MiB", kind: Kind::Tcpdump, command: dump(&["-B", "65536"]) },
    ]
}

/// Makes the pair in this namespace. No machine there speaks by itself: all that comes out was sent by tcpreplay.
fn make_pair() -> anyhow::Result<()> {
    for which in ["all", "default"] {
        // Not there where the kernel has no IPv6.
        let _ = fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
    }
    let ip = |words: &str| {
        let status =
            Command::new("ip").args(words.split(' ')).status().context("ip (Debian package iproute2)")?;
        anyhow::ensure!(status.success(), "ip {words} failed");
        Ok(())
    };
    ip("link set lo up")?;
    // Captures hold frames that an interface had put together, too.
    ip(&format!("link add {SENDER} mtu 65535 type veth peer name {RECEIVER} mtu 65535"))?;
    for end in [SENDER, RECEIVER] {
        ip(&format!("link set {end} arp off"))?;
        ip(&format!("link set {end} up"))?;
    }
    Ok(())
}

/// The best clean trial, and whether it was at top speed.
fn search(
    peer: &Peer,
    arguments: &LiveArguments,
    capture: &Path,
    data: &Path,
) -> anyhow::Result<(Option<Trial>, bool)> {
    let began = Instant::now();
    let try_at = |pps: Option<u64>| -> anyhow::Result<Trial> {
        let mut result = trial(peer, pps, arguments.seconds, capture, data)?;
        println!("{:<24}{result}", peer.name);
        if !result.is_clean() && (result.lost() as f64) < LITTLE * result.sent as f64 {
            result = trial(peer, pps, arguments.seconds, capture, data)?;
            println!("{:<24}{result} (again)", peer.name);
        }
        Ok(result)
    };
    let first = try_at(arguments.pps)?;
    if first.is_clean() || arguments.pps.is_some() {
        return Ok((first.is_clean().then_some(first), arguments.pps.is_none()));
    }
    let mut lossy = first.rate;
    let mut best: Option<Trial> = None;
    while best.is_none() && lossy > 1000.0 && began.elapsed() < ENOUGH {
        let result = try_at(Some((lossy / 2.0) as u64))?;
        if result.is_clean() {
            best = Some(result);
        } else {
            lossy /= 2.0;
        }
    }
    for _ in 0..BISECTIONS {
        let Some(clean) = best else { break };
        if began.elapsed() >= ENOUGH {
            break;
        }
        let between = f64::midpoint(clean.rate, lossy);
        let result = try_at(Some(between as u64))?;
        if result.is_clean() {
            // What was reached counts, not what was asked for.
            best = if result.rate > clean.rate { Some(result) } else { best };
        } else {
            lossy = between;
        }
    }
    Ok((best, false))
}

/// One trial with a program started afresh.
fn trial(peer: &Peer, pps: Option<u64>, seconds: u64, capture: &Path, data: &Path) -> anyhow::Result<Trial> {
    // What the last one kept is not to weigh on this one.
    let _ = fs::remove_dir_all(data);
    fs::create_dir_all(data)?;
    let (program, words) = peer.command.split_first().context("empty command")?;
    let told_path = data.with_extension("told");
    let told = fs::File::create(&told_path)?;
    // A shell may have made it deaf to the signal by which it ends.
    let child = Command::new("env")
        .args(["--default-signal=INT", program])
        .args(words)
        .stdin(Stdio::null())
        .stdout(told.try_clone()?)
        .stderr(told)
        .spawn()
        .with_context(|| program.clone())?;
    let mut child = Ended(child);
    let id = child.0.id();
    let deadline = Instant::now() + PATIENCE;
    while !listens() || peer.kind == Kind::Medward && get("/readyz").is_err() {
        if let Some(status) = child.0.try_wait()? {
            anyhow::bail!("{program} ended ({status}): {}", fs::read_to_string(&told_path)?.trim());
        }
        anyhow::ensure!(Instant::now() < deadline, "{program} did not begin to capture");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    let before = cpu(id)?;
    let (sent, rate) = send(pps, seconds, capture)?;
    settle(peer, id, sent)?;
    let after = cpu(id)?;
    let memory = peak(id)?;
    let (mut received, mut dropped) = if peer.kind == Kind::Medward { counted()? } else { (0, 0) };
    let status = Command::new("kill").args(["-INT", &id.to_string()]).status().context("kill")?;
    anyhow::ensure!(status.success(), "{program} had ended already");
    let deadline = Instant::now() + PATIENCE;
    while child.0.try_wait()?.is_none() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(child);
    let told = fs::read_to_string(&told_path)?;
    // Nobody misses it.
    let _ = fs::remove_file(&told_path);
    match peer.kind {
        Kind::Medward => {}
        Kind::NdpiReader => received = number(&told, " packets total")?,
        Kind::Tcpdump => {
            received = number(&told, " packets captured")?;
            dropped = number(&told, " packets dropped by kernel")?;
        }
    }
    let dropped = (peer.kind != Kind::NdpiReader).then_some(dropped);
    Ok(Trial { sent, rate, received, dropped, cpu: after.0 - before.0, taps: after.1 - before.1, memory })
}

/// Sends for some seconds, and answers how many packets and how fast. Without `pps` as fast as it goes.
fn send(pps: Option<u64>, seconds: u64, capture: &Path) -> anyhow::Result<(u64, f64)> {
    let mut command = Command::new("tcpreplay");
    command.args(["--intf1", SENDER, "--preload-pcap", "--no-flow-stats", "--loop", "0"]);
    command.args(["--duration", &seconds.to_string()]);
    match pps {
        Some(pps) => command.args(["--pps", &pps.to_string()]),
        None => command.arg("--topspeed"),
    };
    let output = command.arg(capture).output().context("tcpreplay (Debian package tcpreplay)")?;
    let told =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let sent = told
        .lines()
        .find_map(|line| line.trim().strip_prefix("Successful packets:"))
        .and_then(|count| count.trim().parse().ok());
    let rate = told
        .lines()
        .find(|line| line.starts_with("Rated:"))
        .and_then(|line| line.trim().strip_suffix(" pps")?.rsplit(' ').next()?.parse().ok());
    sent.zip(rate).with_context(|| format!("unexpected answer of tcpreplay: {}", told.trim()))
}

/// Waits until the program has worked off what it received: the monitor says so, others come to rest.
fn settle(peer: &Peer, id: u32, sent: u64) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let mut last = (cpu(id)?.0, Instant::now());
    while Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(100));
        let now = cpu(id)?.0;
        if now - last.0 > 0.015 {
            last = (now, Instant::now());
        }
        let rests = last.1.elapsed() > Duration::from_secs(1);
        if peer.kind == Kind::Medward {
            let (received, dropped) = counted()?;
            // Long enough for a report that still comes.
            if received + dropped >= sent || last.1.elapsed() > Duration::from_secs(5) {
                return Ok(());
            }
        } else if rests {
            return Ok(());
        }
    }
    Ok(())
}

/// Somebody captures in this namespace.
fn listens() -> bool {
    fs::read_to_string("/proc/net/packet").is_ok_and(|table| table.lines().count() > 1)
}

/// User and system time of a process, and of its threads that capture, in seconds.
fn cpu(id: u32) -> anyhow::Result<(f64, f64)> {
    let of = |place: &Path| {
        let stat = fs::read_to_string(place.join("stat")).ok()?;
        let (before, after) = stat.rsplit_once(')')?;
        // After the name in brackets, which may hold anything, these are the 12th and 13th field.
        let mut times = after.split_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
        // USER_HZ, which Linux keeps at 100 for all programs.
        Some((before.contains("(tap-"), (times.next()? + times.next()?) / 100.0))
    };
    let process = PathBuf::from(format!("/proc/{id}"));
    let (_, all) = of(&process).context("the program ended too early")?;
    let taps: Vec<f64> = fs::read_dir(process.join("task"))?
        .filter_map(|task| of(&task.ok()?.path()))
        .filter_map(|(is_tap, seconds)| is_tap.then_some(seconds))
        .collect();
    // Those of other programs bear no such name: all that they do is this.
    Ok((all, if taps.is_empty() { all } else { taps.iter().sum() }))
}

/// Largest resident set of a process, in MB.
fn peak(id: u32) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("/proc/PID/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}

/// What the monitor received, and what was dropped before it.
fn counted() -> anyhow::Result<(u64, u64)> {
    let text = get("/metrics")?;
    let of = |name: &str| {
        text.lines()
            .filter(|line| line.starts_with(name))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    };
    Ok((of("medward_sensor_packets_total"), of("medward_sensor_dropped_total")))
}

/// The answer to a GET, where it is 200.
fn get(path: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(ADDRESS)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    anyhow::ensure!(
        answer.starts_with("HTTP/1.1 200"),
        "{path} answers {}",
        answer.lines().next().unwrap_or("")
    );
    Ok(answer)
}

/// The number before some words.
fn number(told: &str, words: &str) -> anyhow::Result<u64> {
    told.lines()
        .find_map(|line| line.split_once(words)?.0.rsplit(' ').next()?.parse().ok())
        .with_context(|| format!("no '{}' in: {}", words.trim(), told.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_understood() {
        let ndpi = "\tIP packets:            510200        of 549000 packets total\n";
        assert_eq!(number(ndpi, " packets total").unwrap(), 549_000);
        let tcpdump = "9 packets captured\n11 packets received by filter\n2 packets dropped by kernel\n";
        assert_eq!(number(tcpdump, " packets captured").unwrap(), 9);
        assert_eq!(number(tcpdump, " packets dropped by kernel").unwrap(), 2);
        assert!(number("", " packets total").is_err());
    }

    #[test]
    fn a_trial_is_clean_only_if_all_came() {
        let trial =
            Trial { sent: 9, rate: 1.0, received: 9, dropped: None, cpu: 9e-9, taps: 9e-9, memory: 1.0 };
        assert!(trial.is_clean());
        assert!((trial.nanos(trial.cpu) - 1.0).abs() < 1e-9);
        assert!(!Trial { received: 8, ..trial }.is_clean());
        assert!(!Trial { dropped: Some(1), ..trial }.is_clean());
    }
}
