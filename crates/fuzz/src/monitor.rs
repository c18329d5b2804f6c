//! What a monitor is given: reports of sensors, connections, what other machines tell, lists of maintenance systems.

use std::net::SocketAddr;

use medward_dissect::dissectors;
use medward_identify::{Catalog, Limits, Names, decode_ledger, encode_ledger, resolve};
use medward_model::{Field, Mac, Timestamp};
use medward_monitor::{Asset, Position, Report, SensorState, guess_columns, read_listing, reconcile};
use medward_sources::{Carrier, Event, SOURCES, Sink};

/// What is compiled in, by name.
struct Compiled;

impl Names for Compiled {
    fn field(&self, source: &str, field: &str) -> Option<(&'static str, &'static Field)> {
        let spoken = dissectors().map(|d| (d.name, d.fields));
        let told = SOURCES.iter().map(|s| (s.name, s.fields));
        let (name, fields) = spoken.chain(told).find(|(name, _)| *name == source)?;
        fields.iter().find(|known| known.name == field).map(|known| (name, *known))
    }

    fn protocol(&self, name: &str) -> Option<&'static str> {
        dissectors().map(|d| d.name).chain(["other", "unknown"]).find(|known| *known == name)
    }
}

/// A report of a sensor, and the ledger in it; what could be read is written and read again, and comes to devices.
pub fn reports(bytes: &[u8]) {
    let limits = Limits::tap();
    let _ = decode_ledger(bytes, &limits, &Compiled);
    let Ok(report) = Report::decode(bytes, &limits, &Compiled) else { return };
    let again = Report::decode(&report.encode(), &limits, &Compiled);
    assert!(again.is_ok(), "what was read cannot be written and read again: {:?}", again.err());
    let written = encode_ledger(&report.ledger);
    let ledger = decode_ledger(&written, &limits, &Compiled).map(|(ledger, _)| ledger);
    assert!(
        ledger.is_ok_and(|ledger| encode_ledger(&ledger) == written),
        "a ledger changes by being written"
    );
    if let Ok(catalog) = Catalog::parse(&[]) {
        let _ = resolve(report.ledger, &catalog);
    }
}

/// The report of a sensor that saw this capture file: for the corpus.
pub fn report_of(capture: &[u8]) -> Vec<u8> {
    let state =
        SensorState { name: "sensor-1".to_owned(), site: "north".to_owned(), ..SensorState::default() };
    let position = Position {
        mac: Mac([0, 0x1b, 0x21, 0, 0, 1]),
        position: "sw-3 port 12".to_owned(),
        how: "switch-port".to_owned(),
        at: Timestamp::from_parts(1_780_000_000, 0),
    };
    Report { state, positions: vec![position], ledger: crate::observed(capture) }.encode()
}

/// A connection of a sensor, and what lies in its spool.
pub fn frames(bytes: &[u8]) {
    medward_transport::exercise(bytes);
}

/// One source of the slice, chosen by the first byte: datagrams, each with two bytes of length, or lines.
pub fn sources(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let Some(source) = SOURCES.get(usize::from(*choice) % SOURCES.len().max(1)) else { return };
    let mut pieces: Vec<&[u8]> = Vec::new();
    if let Carrier::Datagrams { .. } = source.carrier {
        let mut rest = rest;
        while let Some(([high, low], tail)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
            let (piece, tail) = tail.split_at(length);
            pieces.push(piece);
            rest = tail;
        }
    } else {
        pieces.extend(rest.split(|byte| *byte == b'\n'));
    }
    let from = SocketAddr::from(([192, 0, 2, 1], 4000));
    let (mut session, mut sink) = ((source.make)(), Sink::default());
    let mut number = 0;
    for _ in 0..2 {
        for piece in &pieces {
            number += 1;
            let now = Timestamp::from_parts(1_780_000_000 + number, 0);
            let number = number.unsigned_abs();
            session.read(piece, &mut medward_sources::Report::new(now, from, number, source, &mut sink));
            if number % 8 == 0 {
                session.tick(&mut medward_sources::Report::new(now, from, number, source, &mut sink));
            }
        }
        session.restart();
    }
    let now = Timestamp::from_parts(1_780_000_000 + number, 0);
    session.end(&mut medward_sources::Report::new(now, from, number.unsigned_abs(), source, &mut sink));
    let mut ledger = medward_identify::Ledger::new(&Limits::tap());
    for event in sink.events.drain(..) {
        match event {
            Event::Evidence(evidence) => ledger.evidence(evidence),
            Event::Link(link) => ledger.link(link),
            Event::Flow(flow) => ledger.flow(flow),
        }
    }
    let written = encode_ledger(&ledger);
    assert!(
        decode_ledger(&written, &Limits::tap(), &Compiled).is_ok(),
        "{} tells what cannot be sent",
        source.name
    );
}

/// A maintenance system's list, to assets beside no device.
pub fn listing(bytes: &[u8]) {
    let Ok(rows) = read_listing(bytes, 1000) else { return };
    let headings: Vec<String> = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    let columns = guess_columns(&headings);
    let assets: Vec<Asset> = rows.iter().filter_map(|row| Asset::of(row, &columns)).collect();
    let told = reconcile(&assets, &[]);
    assert!(told.unseen.len() <= assets.len());
}
