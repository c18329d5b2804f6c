//! Sources on ports of the loopback interface and in files of a temporary directory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use medward_capture::{CollectError, Collector, ListenOptions};
use medward_sources::{Event, SOURCES, Sink, Source};

const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);
const SYSLOG: &[u8] = b"<34>1 2026-11-27T01:25:00Z pump7 infusiond 7 - - x";

fn source(name: &str) -> &'static Source {
    SOURCES.iter().find(|source| source.name == name).unwrap()
}

fn listen(name: &str, options: ListenOptions) -> (Collector, SocketAddr) {
    let collector = Collector::listen(source(name), LOOPBACK.into(), options).unwrap();
    let address = collector.address().unwrap();
    (collector, address)
}

/// Pulls until so many datagrams or lines were read, at most ten seconds.
fn pull(collector: &mut Collector, sink: &mut Sink, wanted: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut read = 0;
    while read < wanted {
        assert!(Instant::now() < deadline, "{read} of {wanted} came within ten seconds");
        read += collector.pull(Duration::from_millis(100), sink).expect("no trouble");
    }
    assert_eq!(read, wanted);
}

/// Addresses that were linked, in order.
fn linked(sink: &Sink) -> Vec<String> {
    let events = sink.events.iter();
    events
        .filter_map(|event| if let Event::Link(link) = event { Some(link.ip.to_string()) } else { None })
        .collect()
}

fn acknowledged(last: u8) -> String {
    format!("DHCPACK on 10.0.0.{last} to 02:00:5e:00:53:{last:02x} (pump-{last}) via eth0\n")
}

fn append(path: &Path, text: &str) {
    let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn datagrams_reach_the_session_with_their_sender() {
    let (mut collector, address) = listen("syslog-log", ListenOptions::default());
    let sender = UdpSocket::bind(SocketAddr::from(LOOPBACK)).unwrap();
    sender.send_to(SYSLOG, address).unwrap();
    let mut sink = Sink::default();
    pull(&mut collector, &mut sink, 1);
    collector.finish(&mut sink);
    let Some(Event::Evidence(said)) = sink.events.first() else { panic!("{:?}", sink.events) };
    assert_eq!((said.subject.to_string(), said.value.shown()), ("127.0.0.1".to_owned(), "pump7".to_owned()));
}

#[test]
fn what_was_received_and_what_was_dropped_is_what_was_sent() {
    let (mut collector, address) = listen("syslog-log", ListenOptions::default());
    let sender = UdpSocket::bind(SocketAddr::from(LOOPBACK)).unwrap();
    let long = [SYSLOG, &[b'x'; 30_000]].concat();
    // More than the largest buffer holds.
    (0..2000).for_each(|_| assert!(sender.send_to(&long, address).is_ok()));
    let mut sink = Sink::default();
    while collector.pull(Duration::from_millis(200), &mut sink).unwrap() > 0 {}
    let counters = collector.counters();
    assert!(counters.dropped > 0, "{counters:?}");
    assert_eq!(counters.received + counters.dropped, 2000);
}

#[test]
fn senders_of_other_networks_are_refused() {
    let options = ListenOptions { allowed: vec![([10, 0, 0, 0].into(), 8)], secret: None };
    let (mut collector, address) = listen("syslog-log", options);
    UdpSocket::bind(SocketAddr::from(LOOPBACK)).unwrap().send_to(SYSLOG, address).unwrap();
    while collector.counters().refused == 0 {
        assert_eq!(collector.pull(Duration::from_secs(10), &mut Sink::default()).unwrap(), 0);
    }
    assert_eq!(collector.counters().received, 0);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let (_first, address) = listen("syslog-log", ListenOptions::default());
    let error = Collector::listen(source("syslog-log"), address, ListenOptions::default()).unwrap_err();
    assert!(matches!(error, CollectError::Listen { .. }));
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[test]
fn a_source_of_datagrams_is_not_read_from_a_file() {
    let error = Collector::follow(source("netflow"), Path::new("/dev/null")).unwrap_err();
    assert_eq!(error.to_string(), "netflow comes in datagrams to a UDP port: it cannot be read from a file");
}

/// Runs radclient, which sends an accounting request and waits for its answer; none where it is not installed.
fn radclient(address: SocketAddr, secret: &str) -> Option<std::process::Child> {
    let spawned = Command::new("radclient")
        .args(["-r", "1", "-t", "5", &address.to_string(), "acct", secret])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: radclient is not installed (freeradius-utils)");
        return None;
    };
    let request = "Acct-Status-Type = Start, Acct-Session-Id = \"1\", Calling-Station-Id = \"02-00-5E-00-53-01\", Framed-IP-Address = 10.0.0.1\n";
    child.stdin.take().unwrap().write_all(request.as_bytes()).unwrap();
    Some(child)
}

#[test]
fn an_access_server_gets_its_answer() {
    let options = ListenOptions { secret: Some(b"shared".to_vec()), ..ListenOptions::default() };
    let (mut collector, address) = listen("radius-accounting", options);
    let Some(client) = radclient(address, "shared") else { return };
    let mut sink = Sink::default();
    pull(&mut collector, &mut sink, 1);
    // radclient ends well only with an answer that it could verify.
    assert!(client.wait_with_output().unwrap().status.success());
    assert_eq!(linked(&sink), ["10.0.0.1"]);
}

#[test]
fn a_forged_accounting_request_is_neither_read_nor_answered() {
    let options = ListenOptions { secret: Some(b"shared".to_vec()), ..ListenOptions::default() };
    let (mut collector, address) = listen("radius-accounting", options);
    let Some(mut client) = radclient(address, "guessed") else { return };
    let mut sink = Sink::default();
    while collector.counters().refused == 0 {
        collector.pull(Duration::from_secs(10), &mut sink).unwrap();
    }
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(sink.events.is_empty());
}

#[test]
fn the_secret_is_not_shown() {
    let options = ListenOptions { secret: Some(b"shared".to_vec()), ..ListenOptions::default() };
    let shown = format!("{options:?}");
    assert!(!shown.contains("shared") && !shown.contains("115"), "{shown}");
}

#[test]
fn only_new_lines_of_a_log_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    append(&path, &acknowledged(1));
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    assert_eq!(collector.pull(Duration::ZERO, &mut sink).unwrap(), 0);
    append(&path, &acknowledged(2));
    pull(&mut collector, &mut sink, 1);
    assert_eq!(linked(&sink), ["10.0.0.2"]);
}

#[test]
fn a_line_is_read_when_its_end_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    append(&path, "");
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    collector.pull(Duration::ZERO, &mut sink).unwrap();
    let line = acknowledged(3);
    let (front, rest) = line.split_at(30);
    append(&path, front);
    assert_eq!(collector.pull(Duration::ZERO, &mut sink).unwrap(), 0);
    append(&path, rest);
    pull(&mut collector, &mut sink, 1);
    assert_eq!(linked(&sink), ["10.0.0.3"]);
}

#[test]
fn a_rotated_log_is_read_to_its_end_and_the_new_one_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    append(&path, "");
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    collector.pull(Duration::ZERO, &mut sink).unwrap();
    append(&path, &acknowledged(1));
    std::fs::rename(&path, folder.path().join("dhcpd.log.1")).unwrap();
    append(&path, &acknowledged(2));
    pull(&mut collector, &mut sink, 2);
    assert_eq!(linked(&sink), ["10.0.0.1", "10.0.0.2"]);
}

#[test]
fn a_log_that_was_cut_off_is_read_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    append(&path, &acknowledged(1).repeat(5));
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    collector.pull(Duration::ZERO, &mut sink).unwrap();
    std::fs::write(&path, acknowledged(2)).unwrap();
    pull(&mut collector, &mut sink, 1);
    assert_eq!(linked(&sink), ["10.0.0.2"]);
}

#[test]
fn a_lease_file_is_read_whole_and_a_rewritten_one_for_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dnsmasq.leases");
    let lease = |last: u8| format!("0 02:00:5e:00:53:{last:02x} 10.0.0.{last} pump-{last} *\n");
    std::fs::write(&path, lease(1)).unwrap();
    let mut collector = Collector::follow(source("dnsmasq-leases"), &path).unwrap();
    let mut sink = Sink::default();
    pull(&mut collector, &mut sink, 1);
    // As dnsmasq does it: in place, the new one first.
    std::fs::write(&path, lease(2) + &lease(1)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while linked(&sink).len() < 2 && Instant::now() < deadline {
        collector.pull(Duration::from_millis(50), &mut sink).unwrap();
    }
    assert_eq!(linked(&sink), ["10.0.0.1", "10.0.0.2"]);
}

#[test]
fn a_missing_file_is_told_once_and_read_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    let told = collector.pull(Duration::ZERO, &mut sink).unwrap_err();
    assert!(told.to_string().contains("dhcpd.log"), "{told}");
    assert_eq!(collector.pull(Duration::ZERO, &mut sink).unwrap(), 0);
    append(&path, &acknowledged(4));
    pull(&mut collector, &mut sink, 1);
    assert_eq!(linked(&sink), ["10.0.0.4"]);
}

#[test]
fn a_line_without_end_is_left_out_and_the_next_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dhcpd.log");
    append(&path, "");
    let mut collector = Collector::follow(source("dhcp-log"), &path).unwrap();
    let mut sink = Sink::default();
    collector.pull(Duration::ZERO, &mut sink).unwrap();
    append(&path, &format!("{}\n{}", "x".repeat(1 << 20), acknowledged(5)));
    pull(&mut collector, &mut sink, 1);
    assert_eq!((linked(&sink), collector.counters().refused), (vec!["10.0.0.5".to_owned()], 1));
}
