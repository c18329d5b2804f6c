//! What a verdict costs: engine and shields, a packet.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use divan::Bencher;
use divan::counter::ItemsCount;
use medward_model::Timestamp;
use medward_shield::{Config, Line};

const WARD: &str = "schema = 'medward.shields/1'
[[scope]]
name = 'plant'
protect = ['10.30.0.0/16', '10.31.0.0/16']
servers = ['10.10.1.5']
";

fn main() {
    divan::main();
}

/// An IPv4 packet with a Modbus request or answer over TCP, and the sums that IP and TCP want.
fn packet(from_client: bool, sequence: u32, acknowledgement: u32, flags: u8, payload: &[u8]) -> Vec<u8> {
    let (client, server) = ([10, 10, 1, 9], [10, 30, 0, 2]);
    let (source, target) = if from_client { (client, server) } else { (server, client) };
    let (from, to) = if from_client { (40_000_u16, 502_u16) } else { (502, 40_000) };
    let mut tcp = Vec::new();
    tcp.extend(from.to_be_bytes());
    tcp.extend(to.to_be_bytes());
    tcp.extend(sequence.to_be_bytes());
    tcp.extend(acknowledgement.to_be_bytes());
    tcp.extend([0x50, flags, 0x20, 0, 0, 0, 0, 0]);
    tcp.extend(payload);
    let mut all = source.to_vec();
    all.extend(target);
    all.extend([0, 6]);
    all.extend((tcp.len() as u16).to_be_bytes());
    all.extend(&tcp);
    let mut sum: u32 = all
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    tcp[16..18].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    let length = (20 + tcp.len()) as u16;
    let mut ip = vec![0x45, 0];
    ip.extend(length.to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, 6, 0, 0]);
    ip.extend(source);
    ip.extend(target);
    ip.extend(tcp);
    ip
}

/// A connection of reads and answers.
fn reads(count: u32) -> Vec<Vec<u8>> {
    let mut packets = vec![packet(true, 0, 0, 2, &[]), packet(false, 0, 1, 0x12, &[])];
    for number in 0..count {
        let id = (number as u16).to_be_bytes();
        let ask = [id[0], id[1], 0, 0, 0, 6, 1, 3, 0, 0, 0, 2];
        let answer = [id[0], id[1], 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2];
        packets.push(packet(true, 1 + number * 12, 1 + number * 13, 0x18, &ask));
        packets.push(packet(false, 1 + number * 13, 13 + number * 12, 0x18, &answer));
    }
    packets
}

fn judge(bencher: Bencher<'_, '_>, config: &str) {
    let packets = reads(500);
    let config = Config::read(config).expect("a scope");
    bencher
        .counter(ItemsCount::new(packets.len()))
        .with_inputs(|| Line::new(config.clone()))
        .bench_local_values(|mut line| {
            for packet in &packets {
                divan::black_box(line.packet(Timestamp::from_parts(1_780_000_000, 0), packet));
            }
            line
        });
}

#[divan::bench]
fn protected_modbus(bencher: Bencher<'_, '_>) {
    judge(bencher, WARD);
}

#[divan::bench]
fn beside(bencher: Bencher<'_, '_>) {
    judge(bencher, &WARD.replace("10.30.0.0", "10.32.0.0"));
}
