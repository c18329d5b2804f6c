//! Learning from and replaying the history of a large hospital: 10,000 devices, 200 profiles, ten million conversations.
//!
//! `cargo bench -p medward-policy --bench history`. Conversations come from a pool of 200,000 distinct ones, replayed fifty
//! times: what a store hands out one after the other. A tenth of the devices has addresses of both families.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use medward_model::{Conversation, Device, DeviceId, Fused, Mac, Scope, Timestamp, Transport};
use medward_policy::{
    Categories, Ground, Learned, Learning, Membership, Ruleset, Simulator, Source, Stages, UsualPorts,
};

const DEVICES: u32 = 10_000;
const PROFILES: u32 = 200;
const POOL: u32 = 200_000;
const TIMES: usize = 50;

fn main() {
    divan::main();
}

struct Care;

impl Categories for Care {
    fn group(&self, _: &str) -> Option<&str> {
        Some("patient care")
    }
}

fn now() -> Timestamp {
    Timestamp::from_parts(1_790_000_000, 0)
}

fn device(number: u32) -> Device {
    let fused = |value: String| Fused { value, confidence: 0.95, evidence: vec![], rejected: vec![] };
    let profile = number % PROFILES;
    let mut ips: Vec<IpAddr> = vec![Ipv4Addr::from_bits(0x0a00_0000 + number * 2).into()];
    if number.is_multiple_of(10) {
        ips.push(Ipv6Addr::from_bits((0xfd00_u128 << 112) | (u128::from(number) * 3)).into());
    }
    let [_, _, high, low] = number.to_be_bytes();
    Device {
        id: DeviceId(format!("dev-{number:012x}")),
        macs: vec![Mac([0, 0x1b, 0x21, 0, high, low])],
        ips,
        vlans: vec![20],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope: Scope::Internal,
        attributes: BTreeMap::from([
            ("vendor", fused(format!("maker {}", profile % 20))),
            ("category", fused(format!("kind {}", profile / 20))),
        ]),
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

/// Mostly what profiles do to their few servers, and a tenth of anything.
fn talk(number: u32) -> Conversation {
    let from = number.wrapping_mul(2_654_435_761) % DEVICES;
    let stray = number.is_multiple_of(10);
    let server = from % PROFILES + PROFILES * (number % 3);
    let to = if stray { number.wrapping_mul(40_503) % DEVICES } else { (server + 1) % DEVICES };
    let (port, protocol) = match number % 4 {
        0 => (104, "dicom"),
        1 => (2575, "hl7"),
        2 => (443, "tls"),
        _ => (161, "snmp"),
    };
    Conversation {
        originator: DeviceId(format!("dev-{from:012x}")),
        responder: DeviceId(format!("dev-{to:012x}")),
        transport: if port == 161 { Transport::Udp } else { Transport::Tcp },
        port: if stray { 1000 + u16::try_from(number % 60_000).unwrap() } else { port },
        protocol: if stray { "unknown" } else { protocol }.to_owned(),
        flows: if stray { 1 } else { 7 },
        packets: 70,
        bytes: 7000,
        first_seen: now().plus_seconds(-86_400),
        last_seen: now(),
    }
}

struct History {
    devices: Vec<Device>,
    talks: Vec<Conversation>,
}

impl History {
    fn new() -> History {
        History { devices: (0..DEVICES).map(device).collect(), talks: (0..POOL).map(talk).collect() }
    }

    fn learned(&self) -> Learned {
        Learned::from(&Learning {
            name: "large",
            devices: &self.devices,
            conversations: &self.talks,
            categories: &Care,
            ports: &UsualPorts,
            now: now(),
        })
    }
}

fn compiled(learned: &Learned, devices: &[Device]) -> (Membership, Ruleset) {
    let policy = &learned.policy;
    let membership = Membership::assign(policy, devices, &BTreeMap::new(), now());
    let ground = Ground::of(policy, &membership, devices);
    let source = Source {
        policy,
        ground: &ground,
        ports: &UsualPorts,
        now: now(),
        stages: Stages::Enforced,
        lifted: &[],
    };
    let ruleset = source.compile();
    (membership, ruleset)
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn a_learn_from_200_000_conversations(bencher: Bencher<'_, '_>) {
    let history = History::new();
    bencher.bench_local(|| black_box(history.learned()));
}

#[divan::bench(sample_count = 3, sample_size = 1)]
fn b_simulate_ten_million_conversations(bencher: Bencher<'_, '_>) {
    let history = History::new();
    let learned = history.learned();
    let (membership, ruleset) = compiled(&learned, &history.devices);
    bencher.counter(ItemsCount::new(POOL as usize * TIMES)).bench_local(|| {
        let mut simulator = Simulator::new(&learned.policy, &ruleset, &membership, &history.devices);
        for _ in 0..TIMES {
            history.talks.iter().for_each(|talk| simulator.conversation(talk));
        }
        let simulation = simulator.finish();
        assert_eq!(simulation.total.conversations, u64::from(POOL) * TIMES as u64);
        assert!(simulation.cut.conversations > 0 && simulation.passes.conversations > 0);
        black_box(simulation)
    });
}
