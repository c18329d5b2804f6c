//! Compiling and proving at the size of a large hospital: 10,000 devices, 200 zones, 2,000 conduits.
//!
//! `cargo bench -p medward-policy`. The devices of a zone are scattered over the address plan, so that hardly any two of them
//! make up a network: the worst that can be.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::{Bencher, black_box};
use medward_model::{Device, DeviceId, Fused, Mac, Scope, Timestamp};
use medward_policy::{
    Ground, Membership, Packet, Policy, Prover, Reading, Sameness, Settings, Source, Stages, TCP, UsualPorts,
    nft_text, target,
};

const DEVICES: u32 = 10_000;
const ZONES: u32 = 200;
const CONDUITS: u32 = 2_000;

fn main() {
    divan::main();
}

fn device(number: u32) -> Device {
    let fused = |value: String| Fused { value, confidence: 0.95, evidence: vec![], rejected: vec![] };
    let zone = number % ZONES;
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
            ("vendor", fused(format!("maker {}", zone % 20))),
            ("category", fused(format!("kind {}", zone / 20))),
        ]),
        software: vec![],
        services: vec![],
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

fn text() -> String {
    let mut text =
        String::from("schema = \"medward.policy/1\"\nname = \"large\"\n[defaults]\nstage = \"enforce\"\n");
    for zone in 0..ZONES {
        let (maker, kind) = (zone % 20, zone / 20);
        let _ = write!(
            text,
            "[zone.z{zone}]\nwhere = 'category = \"kind {kind}\" and vendor = \"maker {maker}\"'\n"
        );
    }
    for conduit in 0..CONDUITS {
        let (from, to) = (conduit % ZONES, (conduit * 7 + conduit / ZONES * 13 + 1) % ZONES);
        let service = ["\"dicom\"", "\"hl7\", \"tcp/6661\"", "\"udp/123\"", "\"snmp\", \"icmp\""];
        let service = service.get(conduit as usize % 4).unwrap();
        let from = if conduit % 100 == 99 { "any".to_owned() } else { format!("z{from}") };
        let _ = write!(
            text,
            "[[conduit]]\nfrom = \"{from}\"\nto = \"z{to}\"\nservice = [{service}]\nreason = \"c{conduit}\"\n"
        );
    }
    for zone in 0..ZONES {
        let other = (zone + 100) % ZONES;
        let _ = write!(
            text,
            "[[never]]\nfrom = \"z{zone}\"\nto = \"z{other}\"\nservice = [\"telnet\"]\nreason = \"clear text\"\n"
        );
        let to = (zone * 7 + 1) % ZONES;
        let service = ["dicom", "hl7", "udp/123", "snmp"];
        let service = service.get(zone as usize % 4).unwrap();
        if zone % 100 != 99 {
            let _ = write!(
                text,
                "[[always]]\nfrom = \"z{zone}\"\nto = \"z{to}\"\nservice = [\"{service}\"]\nreason = \"care\"\n"
            );
        }
    }
    text
}

struct Hospital {
    policy: Policy,
    devices: Vec<Device>,
    ground: Ground,
}

fn now() -> Timestamp {
    Timestamp::from_parts(1_790_000_000, 0)
}

fn hospital() -> Hospital {
    let policy = Policy::parse(&text(), &UsualPorts).unwrap();
    let devices: Vec<Device> = (0..DEVICES).map(device).collect();
    let membership = Membership::assign(&policy, &devices, &BTreeMap::new(), now());
    let ground = Ground::of(&policy, &membership, &devices);
    Hospital { policy, devices, ground }
}

impl Hospital {
    fn source(&self) -> Source<'_> {
        Source {
            policy: &self.policy,
            ground: &self.ground,
            ports: &UsualPorts,
            now: now(),
            stages: Stages::AsWritten,
            lifted: &[],
        }
    }
}

#[divan::bench(sample_count = 5)]
fn a_read_the_text(bencher: Bencher<'_, '_>) {
    let text = text();
    bencher.bench(|| black_box(Policy::parse(&text, &UsualPorts)));
}

#[divan::bench(sample_count = 5)]
fn b_assign_and_compile(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    bencher.bench(|| {
        let membership = Membership::assign(&hospital.policy, &hospital.devices, &BTreeMap::new(), now());
        let ground = Ground::of(&hospital.policy, &membership, &hospital.devices);
        let source = Source { ground: &ground, ..hospital.source() };
        black_box(source.compile())
    });
}

#[divan::bench(sample_count = 5)]
fn c_prove(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    let source = hospital.source();
    let ruleset = source.compile();
    let proof = Prover::new(&ruleset).prove(&source);
    assert!(proof.holds, "{:?}", proof.answers.first());
    bencher.bench(|| black_box(Prover::new(&ruleset).prove(&source)));
}

#[divan::bench(sample_count = 5)]
fn d_compare_two_rule_sets(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    let left = hospital.source().compile();
    let mut right = left.clone();
    // The conduits the other way round mean the same.
    if let Some(conduits) = right.rules.get_mut(..CONDUITS as usize) {
        conduits.reverse();
    }
    assert!(Sameness::of(&left, &right).same);
    bencher.bench(|| black_box(Sameness::of(&left, &right)));
}

#[divan::bench(sample_count = 5)]
fn e_decide_on_a_million_packets(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    let ruleset = hospital.source().compile();
    let prover = Prover::new(&ruleset);
    let packets: Vec<Packet> = (0..1_000_000_u32)
        .map(|number| Packet {
            source: Ipv4Addr::from_bits(0x0a00_0000 + number % 20_000).into(),
            destination: Ipv4Addr::from_bits(0x0a00_0000 + (number / 7) % 20_000).into(),
            protocol: TCP,
            port: if number.is_multiple_of(2) { 104 } else { 2575 },
        })
        .collect();
    bencher
        .bench(|| packets.iter().filter(|packet| prover.decision(packet, Reading::Least).is_some()).count());
}

#[divan::bench(sample_count = 5)]
fn f_render_for_nftables(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    let ruleset = hospital.source().compile();
    let nftables = target("nftables").unwrap();
    bencher.bench(|| black_box(nftables.render(&ruleset, &Settings::default())));
}

#[divan::bench(sample_count = 1)]
fn g_read_back_and_compare(bencher: Bencher<'_, '_>) {
    let hospital = hospital();
    let ruleset = hospital.source().compile();
    let text = target("nftables").unwrap().render(&ruleset, &Settings::default()).unwrap().text;
    bencher.bench(|| {
        let read = nft_text(&text).unwrap();
        let same = read.first().is_some_and(|read| Sameness::of(&ruleset, read).same);
        assert!(same);
    });
}
