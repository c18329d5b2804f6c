//! The gateway on a router between two network namespaces: what it stops, what it lets pass, and what it costs. Needs root,
//! iproute2, iptables-nft and NFQUEUE; says so and passes where they are missing.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use serde_json::Value;

const SERVER: &str = "10.99.2.2";
const PATIENCE: Duration = Duration::from_secs(5);

const CONFIG: &str = "schema = 'medward.shields/1'
[[scope]]
name = 'plant'
protect = ['10.99.2.2']
servers = ['10.99.1.7']
applications = ['EHR']
shields = ['modbus-write', 'hl7-strange-order']
";

const READ: &[u8] = &[0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
const WRITE: &[u8] = &[0, 2, 0, 0, 0, 6, 1, 6, 0, 5, 0, 42];
const READ_ANSWER: &[u8] = &[0, 1, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2];

fn hl7(kind: &str, application: &str) -> Vec<u8> {
    format!("\x0bMSH|^~\\&|{application}|WARD|LIS|LAB|20261127||{kind}|1|P|2.5\rORC|NW|1\r\x1c\r")
        .into_bytes()
}

/// Three namespaces in a row; they go with it, and with what was started in them.
struct Hospital {
    tag: String,
    gateway: Option<Child>,
}

impl Hospital {
    fn new() -> Option<Hospital> {
        let works = |program: &str, arguments: &[&str]| {
            Command::new(program).args(arguments).output().is_ok_and(|done| done.status.success())
        };
        let tag = format!("mw{}", std::process::id());
        let hospital = Hospital { tag, gateway: None };
        let made = ["c", "r", "s"].iter().all(|end| works("ip", &["netns", "add", &hospital.name(end)]));
        if !made || !works("ip", &["netns", "exec", &hospital.name("r"), "iptables-nft", "-S"]) {
            println!("skipped: needs root, iproute2 and iptables-nft");
            return None;
        }
        for (end, near, far) in [("c", "10.99.1.2/24", "10.99.1.1"), ("s", "10.99.2.2/24", "10.99.2.1")] {
            let (own, router) = (hospital.name(end), hospital.name("r"));
            ip(&format!("link add {end}0 netns {router} type veth peer name eth0 netns {own}"));
            ip(&format!("-n {own} addr add {near} dev eth0"));
            ip(&format!("-n {own} link set eth0 up"));
            ip(&format!("-n {own} link set lo up"));
            ip(&format!("-n {router} addr add {far}/24 dev {end}0"));
            ip(&format!("-n {router} link set {end}0 up"));
            ip(&format!("-n {own} route add default via {far}"));
        }
        // As its server: an address that may write.
        ip(&format!("-n {} addr add 10.99.1.7/24 dev eth0", hospital.name("c")));
        hospital.on_router("sysctl -qw net.ipv4.ip_forward=1");
        Some(hospital)
    }

    fn name(&self, end: &str) -> String {
        format!("{}{end}", self.tag)
    }

    fn on_router(&self, command: &str) {
        let line = format!("netns exec {} {command}", self.name("r"));
        ip(&line);
    }

    fn rules(&self, verb: &str) {
        for way in ["-d", "-s"] {
            self.on_router(&format!(
                "iptables-nft {verb} FORWARD {way} {SERVER} -j NFQUEUE --queue-num 9 --queue-bypass"
            ));
        }
    }

    /// Runs `body` on a thread in that namespace.
    fn at<R: Send + 'static>(&self, end: &str, body: impl FnOnce() -> R + Send + 'static) -> R {
        let place = format!("/run/netns/{}", self.name(end));
        let thread = std::thread::spawn(move || {
            let file = std::fs::File::open(place).expect("a namespace");
            setns(file, CloneFlags::CLONE_NEWNET).expect("root may enter it");
            body()
        });
        thread.join().expect("the thread ends")
    }

    /// Everything that each connection to that port brought; a Modbus read is answered.
    fn serve(&self, port: u16) -> Receiver<Vec<u8>> {
        let listener = self.at("s", move || TcpListener::bind((SERVER, port)).expect("a port"));
        let (tell, told) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { continue };
                let tell = tell.clone();
                std::thread::spawn(move || {
                    let (mut all, mut part) = (Vec::new(), [0; 4096]);
                    while let Ok(length @ 1..) = stream.read(&mut part) {
                        all.extend_from_slice(&part[..length]);
                        let answer: &[u8] =
                            if part[..length].ends_with(READ) { READ_ANSWER } else { b"\x0bok\x1c\r" };
                        if stream.write_all(answer).is_err() {
                            break;
                        }
                    }
                    let _ = tell.send(all);
                });
            }
        });
        told
    }

    /// Sends each of these on one connection, and answers how much came back for each.
    fn send(&self, from: &str, port: u16, said: &[&[u8]]) -> Vec<std::io::Result<usize>> {
        let said: Vec<Vec<u8>> = said.iter().map(|bytes| bytes.to_vec()).collect();
        let from = from.to_owned();
        self.at("c", move || {
            let mut stream = connect(&from, port);
            let mut part = [0; 256];
            let ask = said.iter().map(|bytes| {
                stream.write_all(bytes)?;
                stream.read(&mut part)
            });
            ask.collect()
        })
    }

    /// Half of the answers to a read came within so long.
    fn round_trip(&self, port: u16) -> Duration {
        self.at("c", move || {
            let mut stream = connect("10.99.1.2", port);
            let mut part = [0; 256];
            let mut times: Vec<Duration> = (0..2000)
                .map(|_| {
                    let begun = Instant::now();
                    stream.write_all(READ).expect("it is sent");
                    assert!(stream.read(&mut part).expect("an answer") > 0);
                    begun.elapsed()
                })
                .collect();
            times.sort_unstable();
            times[times.len() / 2]
        })
    }

    /// Starts the gateway, and waits until it has its queue; `false` where the kernel has none.
    fn start(&mut self, config: &std::path::Path, log: &std::path::Path) -> bool {
        let mut child = Command::new("ip")
            .args([
                "netns",
                "exec",
                &self.name("r"),
                env!("CARGO_BIN_EXE_medward"),
                "gateway",
                "--queue",
                "9",
            ])
            .args(["--config".as_ref(), config.as_os_str(), "--output".as_ref(), log.as_os_str()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut first = String::new();
        let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
        said.read_line(&mut first).expect("a line");
        if !first.starts_with("Judging") {
            println!("skipped: {first}");
            assert_eq!(child.wait().expect("it ends").code(), Some(5), "{first}");
            return false;
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        self.gateway = Some(child);
        true
    }

    /// Ends the gateway in order.
    fn stop(&mut self) {
        let mut child = self.gateway.take().expect("it runs");
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        assert_eq!(child.wait().expect("it ends").code(), Some(0));
    }
}

impl Drop for Hospital {
    fn drop(&mut self) {
        if let Some(mut child) = self.gateway.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        for end in ["c", "r", "s"] {
            let _ = Command::new("ip").args(["netns", "del", &self.name(end)]).stderr(Stdio::null()).status();
        }
    }
}

fn ip(line: &str) {
    let done = Command::new("ip").args(line.split(' ')).output().expect("iproute2 is installed");
    assert!(done.status.success(), "ip {line}: {}", String::from_utf8_lossy(&done.stderr));
}

fn connect(from: &str, port: u16) -> TcpStream {
    // The one address is the first of the interface, the other is reached by binding through a source route.
    let to: SocketAddr = format!("{SERVER}:{port}").parse().expect("an address");
    if from != "10.99.1.2" {
        ip(&format!("route replace {SERVER}/32 via 10.99.1.1 src {from}"));
    }
    let stream = TcpStream::connect_timeout(&to, PATIENCE).expect("a connection");
    if from != "10.99.1.2" {
        ip(&format!("route del {SERVER}/32"));
    }
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_nodelay(true).expect("a socket");
    stream
}

/// That the connection was reset, not that nothing came.
fn is_reset(answer: &std::io::Result<usize>) -> bool {
    matches!(answer, Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset)
        || matches!(answer, Ok(0))
}

#[test]
fn a_stranger_is_stopped_and_care_goes_on() {
    let folder = tempfile::tempdir().expect("a directory");
    let (config, log) = (folder.path().join("shields.toml"), folder.path().join("log"));
    std::fs::write(&config, CONFIG).expect("a file");
    let Some(mut hospital) = Hospital::new() else { return };
    let modbus = hospital.serve(502);
    let orders = hospital.serve(2575);
    let plain = hospital.round_trip(502);
    modbus.recv_timeout(PATIENCE).expect("that connection");
    if !hospital.start(&config, &log) {
        return;
    }
    hospital.rules("-I");

    // A stranger reads, then writes: the write does not arrive, and both ends are closed.
    let answers = hospital.send("10.99.1.2", 502, &[READ, WRITE]);
    assert!(matches!(answers[0], Ok(1..)), "{answers:?}");
    assert!(is_reset(&answers[1]), "{answers:?}");
    assert_eq!(modbus.recv_timeout(PATIENCE).expect("the server's end is closed, too"), READ);
    // Its server may write.
    let answers = hospital.send("10.99.1.7", 502, &[WRITE]);
    assert!(matches!(answers[0], Ok(1..)), "{answers:?}");
    assert_eq!(modbus.recv_timeout(PATIENCE).expect("that connection"), WRITE);

    // A result passes, and an order of a known application; one of a strange one does not.
    for (message, passes) in [
        (hl7("ORU^R01^ORU_R01", "GATEWAY"), true),
        (hl7("ORM^O01^ORM_O01", "EHR"), true),
        (hl7("ORM^O01^ORM_O01", "EVIL"), false),
    ] {
        let answers = hospital.send("10.99.1.2", 2575, &[&message]);
        let arrived = orders.recv_timeout(PATIENCE).expect("that connection");
        assert_eq!(answers[0].as_ref().is_ok_and(|length| *length > 0), passes, "{answers:?}");
        assert_eq!(arrived, if passes { message } else { Vec::new() });
    }

    let judged = hospital.round_trip(502);
    modbus.recv_timeout(PATIENCE).expect("that connection");
    hospital.stop();
    let text = std::fs::read_to_string(&log).expect("a log");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let shields: Vec<_> = lines.iter().filter_map(|line| line["shield"].as_str()).collect();
    assert_eq!(shields, ["modbus-write", "hl7-strange-order"], "{text}");
    let sums = lines.last().expect("sums");
    assert_eq!((&sums["event"], &sums["refused"]), (&Value::from("summary"), &Value::from(2)));
    assert_eq!(sums["unsound"], 0, "{sums}");

    // Without a gateway, packets pass: --queue-bypass.
    let answers = hospital.send("10.99.1.2", 502, &[WRITE]);
    assert!(matches!(answers[0], Ok(1..)), "{answers:?}");
    hospital.rules("-D");
    println!(
        "round trip, half of 2,000: {} us forwarded, {} us judged both ways; verdicts: {}",
        plain.as_micros(),
        judged.as_micros(),
        sums
    );
}
