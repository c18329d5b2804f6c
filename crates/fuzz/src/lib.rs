//! What the fuzz targets do, as plain functions: libFuzzer calls them on nightly, the tests call them on stable.
//!
//! Each must return whatever the bytes are, within bounded memory, without a panic.
#![forbid(unsafe_code)]

mod knowledge;
mod monitor;

pub use knowledge::{documents, feeds, inventory, texts};
pub use monitor::{frames, listing, report_of, reports, sources};

use medward_capture::read_all_from;
use medward_dissect::{Carrier, Engine, Event, Limits, Side, dissectors, exercise};
use medward_identify::{Catalog, Ledger, resolve};
use medward_model::{Timestamp, Transport};
use medward_query::Query;
use medward_wire::{LinkType, RawFrame, decode};

/// Everything from a capture file to devices.
pub fn capture(bytes: &[u8]) {
    let ledger = observed(bytes);
    if let Ok(catalog) = Catalog::parse(&[]) {
        let _ = resolve(ledger, &catalog);
    }
}

/// What a capture file shows.
fn observed(bytes: &[u8]) -> Ledger {
    let mut engine = Engine::new(Limits::shared(256, 1 << 20, 1));
    let mut last = (Timestamp::MIN, 0);
    let file = read_all_from(bytes, |frame| {
        engine.packet(frame.number, frame.time, &decode(&frame));
        last = (last.0.max(frame.time), frame.number);
    });
    assert!(file.problem.is_some() || file.truncated_at.is_none(), "a place without a problem");
    engine.finish(last.0, last.1);
    let mut ledger = Ledger::new(&medward_identify::Limits::default());
    for event in engine.events() {
        match event {
            Event::Evidence(evidence) => ledger.evidence(evidence),
            Event::Link(link) => ledger.link(link),
            Event::Activity(activity) => ledger.activity(&activity),
            Event::Asked(_) => {}
        }
    }
    for record in engine.records() {
        ledger.flow(record);
    }
    ledger
}

/// One frame after another: two bytes of length, one that chooses the link type, then the frame.
pub fn wire(bytes: &[u8]) {
    let mut engine = Engine::new(Limits::shared(64, 1 << 20, 1));
    let mut rest = bytes;
    let mut number = 0;
    while let Some(([high, low, link], tail)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_be_bytes([*high, *low]) % 2048).min(tail.len());
        let (frame, tail) = tail.split_at(length);
        let link = match link % 10 {
            0 => LinkType::Null,
            1 => LinkType::LinuxSll,
            2 => LinkType::LinuxSll2,
            3 => LinkType::Radiotap,
            4 => LinkType::Raw,
            _ => LinkType::Ethernet,
        };
        number += 1;
        let frame = RawFrame {
            number,
            time: Timestamp::from_parts(i64::try_from(number).unwrap_or(i64::MAX), 0),
            link,
            bytes: frame,
            original: frame.len() as u32,
        };
        engine.packet(number, frame.time, &decode(&frame));
        rest = tail;
    }
    engine.finish(Timestamp::MAX, number);
}

/// One dissector of the slice, chosen by the first byte, over chunks: each with a byte for the side (bit 0), a gap
/// (bit 1), and two bytes of length.
pub fn dissect(bytes: &[u8]) {
    let Some((choice, mut rest)) = bytes.split_first() else { return };
    let sessions: Vec<_> = dissectors()
        .filter(|d| {
            matches!(d.carrier, Carrier::Stream { .. } | Carrier::Datagram { .. } | Carrier::Both { .. })
        })
        .collect();
    let Some(dissector) = sessions.get(usize::from(*choice) % sessions.len().max(1)) else { return };
    let mut chunks: Vec<(Side, &[u8])> = Vec::new();
    while let Some(([how, high, low], tail)) = rest.split_first_chunk::<3>() {
        let side = if how & 1 == 0 { Side::Originator } else { Side::Responder };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (chunk, tail) = tail.split_at(length);
        chunks.push((side, if how & 2 == 0 { chunk } else { &[] }));
        rest = tail;
    }
    for transport in [Transport::Tcp, Transport::Udp] {
        let _ = exercise(dissector, transport, &chunks);
    }
}

/// The search language.
pub fn query(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Query::parse(text);
    }
}
