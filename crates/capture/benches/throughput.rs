//! Packets a second on one core: reading alone, decoding, flows, and full dissection, on the project's own captures.
//!
//! `cargo bench -p medward-capture`. Items are packets, so that the figures compare between the steps; ratios to other
//! programs come from `cargo xtask bench`.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use medward_capture::{Options, Reader};
use medward_dissect::{Engine, Limits};
use medward_model::Transport;
use medward_wire::{FlowKey, FlowTable, Layer, RawFrame, decode, read_tcp, read_udp};

fn main() {
    divan::main();
}

/// All captures of the repository, as one input.
fn captures() -> Vec<PathBuf> {
    vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/captures")]
}

fn each(mut body: impl FnMut(&RawFrame<'_>)) -> (u64, u64) {
    let mut reader = Reader::open(&captures(), &Options::default()).unwrap();
    let (mut packets, mut bytes) = (0, 0);
    while let Some(batch) = reader.next_batch() {
        for frame in batch.frames() {
            packets += 1;
            bytes += frame.bytes.len() as u64;
            body(&frame);
        }
    }
    (packets, bytes)
}

fn counted(bencher: Bencher<'_, '_>, run: impl Fn() + Sync) {
    let (packets, bytes) = each(|_| {});
    bencher.counter(ItemsCount::new(packets)).counter(BytesCount::new(bytes)).bench(run);
}

#[divan::bench]
fn a_read_only(bencher: Bencher<'_, '_>) {
    counted(bencher, || {
        black_box(each(|frame| {
            black_box(frame.bytes.len());
        }));
    });
}

#[divan::bench]
fn b_etherparse(bencher: Bencher<'_, '_>) {
    counted(bencher, || {
        each(|frame| {
            let _ = black_box(etherparse::LaxSlicedPacket::from_ethernet(frame.bytes));
        });
    });
}

#[divan::bench]
fn c_decode(bencher: Bencher<'_, '_>) {
    counted(bencher, || {
        each(|frame| {
            black_box(decode(frame));
        });
    });
}

#[divan::bench]
fn d_flows(bencher: Bencher<'_, '_>) {
    counted(bencher, || {
        let mut table: FlowTable<[u64; 2]> = FlowTable::new(1_000_000, 900);
        each(|frame| {
            let decoded = decode(frame);
            let Layer::Ip(packet) = &decoded.layer else { return };
            let (ports, transport) = if let Ok(tcp) = read_tcp(packet.payload, packet.payload_length) {
                ((tcp.source_port, tcp.destination_port), Transport::Tcp)
            } else if let Ok(udp) = read_udp(packet.payload) {
                ((udp.source_port, udp.destination_port), Transport::Udp)
            } else {
                return;
            };
            let (key, _) =
                FlowKey::ip((packet.source, ports.0), (packet.destination, ports.1), transport, decoded.vlan);
            let place = table
                .find(&key, frame.time)
                .unwrap_or_else(|| table.insert(key, frame.time, [0, 0]).0);
            if let Some([packets, bytes]) = table.get_mut(place) {
                *packets += 1;
                *bytes += u64::from(decoded.length);
            }
        });
        black_box(table.len());
    });
}

#[divan::bench]
fn e_full_dissection(bencher: Bencher<'_, '_>) {
    counted(bencher, || {
        let mut engine = Engine::new(Limits::default());
        let mut last = (medward_model::Timestamp::MIN, 0);
        each(|frame| {
            engine.packet(frame.number, frame.time, &decode(frame));
            last = (frame.time, frame.number);
        });
        engine.finish(last.0, last.1);
        black_box(engine.events().count());
    });
}
