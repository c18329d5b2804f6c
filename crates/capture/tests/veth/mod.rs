//! A pair of virtual interfaces in a network namespace of its own, for one test: nothing else is on it, and it vanishes
//! with the thread of the test.
#![allow(dead_code, reason = "each test binary takes what it needs")]

use std::process::Command;
use std::time::{Duration, Instant};

use medward_capture::{Batch, Pull, Tap};
use nix::sched::{CloneFlags, unshare};
use pcap::{Active, Capture};

/// Both ends lie in the same namespace: what is sent on `here` arrives at `there`.
pub struct Veth {
    sender: Capture<Active>,
}

pub const HERE: &str = "here";
pub const THERE: &str = "there";

impl Veth {
    /// None, and a word on the standard output, where the test may not make network namespaces.
    pub fn new() -> Option<Veth> {
        if let Err(error) = unshare(CloneFlags::CLONE_NEWNET) {
            println!("skipped: a network namespace cannot be made here ({error}); run the tests as root");
            return None;
        }
        for which in ["all", "default"] {
            // Without IPv6 the kernel itself says nothing on the pair.
            let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
        }
        make();
        Some(Veth { sender: open_sender() })
    }

    pub fn send(&mut self, frame: &[u8]) {
        self.sender.sendpacket(frame).expect("the frame is sent");
    }

    /// Sends on a pair that was made anew.
    pub fn renew(&mut self) {
        self.sender = open_sender();
    }
}

fn open_sender() -> Capture<Active> {
    let sender = Capture::from_device(HERE).expect("the interface is there").snaplen(64).timeout(20);
    sender.open().expect("root may open it")
}

pub fn make() {
    ip(&["link", "add", HERE, "type", "veth", "peer", "name", THERE]);
    for end in [HERE, THERE] {
        ip(&["link", "set", end, "up"]);
    }
}

pub fn ip(arguments: &[&str]) {
    let done = Command::new("ip").args(arguments).output().expect("iproute2 is installed");
    assert!(done.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A UDP datagram from `source` to `destination`, each as last byte of 10.0.0.x and port, in an Ethernet frame.
pub fn datagram(source: (u8, u16), destination: (u8, u16), payload: &[u8]) -> Vec<u8> {
    let builder =
        etherparse::PacketBuilder::ethernet2([2, 0, 0, 0, 0, source.0], [2, 0, 0, 0, 0, destination.0])
            .ipv4([10, 0, 0, source.0], [10, 0, 0, destination.0], 64)
            .udp(source.1, destination.1);
    let mut frame = Vec::new();
    builder.write(&mut frame, payload).expect("a frame can be built");
    frame
}

/// The same with an 802.1Q tag.
pub fn tagged(vlan: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = datagram((1, 1000), (2, 2000), payload);
    let [high, low] = vlan.to_be_bytes();
    frame.splice(12..12, [0x81, 0x00, high, low]);
    frame
}

/// Pulls until as many frames came, or the tap was idle for a second. Fails on any trouble.
pub fn collect(tap: &mut dyn Tap, count: usize) -> Vec<Vec<u8>> {
    batches(tap, count)
        .iter()
        .flat_map(|batch| batch.frames().map(|frame| frame.bytes.to_vec()).collect::<Vec<_>>())
        .collect()
}

pub fn batches(tap: &mut dyn Tap, count: usize) -> Vec<Batch> {
    let mut batches = Vec::new();
    let mut frames = 0;
    while frames < count {
        match tap.pull(Duration::from_secs(1)).expect("no trouble") {
            Pull::Batch(batch) => {
                frames += batch.len();
                batches.push(batch);
            }
            Pull::Idle | Pull::End => break,
        }
    }
    batches
}

/// Pulls until `wanted` says so of what came, at most ten seconds.
pub fn pull_until<T>(
    tap: &mut dyn Tap,
    mut wanted: impl FnMut(Result<Pull, medward_capture::TapError>) -> Option<T>,
) -> T {
    let deadline = Instant::now() + Duration::from_secs(10);
    while Instant::now() < deadline {
        if let Some(found) = wanted(tap.pull(Duration::from_millis(50))) {
            return found;
        }
    }
    panic!("it did not happen within ten seconds");
}
