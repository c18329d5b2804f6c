//! The catalogue agrees with dissectors and sources: no rule reads what none of them declares, and it is the same to a rule who
//! tells.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeSet;

use medward_dissect::dissectors;
use medward_identify::{Catalog, Ledger, Limits, resolve};
use medward_model::{Attribute, Timestamp};
use medward_sources::{Event, Report, SOURCES, Sink};

fn declared() -> BTreeSet<(&'static str, &'static str)> {
    let spoken = dissectors().flat_map(|d| d.fields.iter().map(move |field| (d.name, field.name)));
    let told = SOURCES.iter().flat_map(|s| s.fields.iter().map(move |field| (s.name, field.name)));
    spoken.chain(told).collect()
}

#[test]
fn every_source_that_a_rule_names_is_a_dissector_or_a_source() {
    let known: BTreeSet<&str> = dissectors().map(|d| d.name).chain(SOURCES.iter().map(|s| s.name)).collect();
    let catalog = Catalog::builtin().unwrap();
    let unknown: Vec<String> = catalog
        .references()
        .iter()
        .filter(|r| !known.contains(r.source.as_str()))
        .map(|r| format!("{} names '{}'", r.rule, r.source))
        .collect();
    assert!(unknown.is_empty(), "rules name sources that are none:\n{}", unknown.join("\n"));
}

#[test]
fn every_field_that_a_rule_reads_is_declared() {
    let declared: BTreeSet<(&str, &str)> = declared();
    let catalog = Catalog::builtin().unwrap();
    let references = catalog.references();
    // A condition may list several sources and several fields: each of them must fit one of the others.
    let fits = |rule: &str, source: Option<&str>, field: Option<&str>| {
        references
            .iter()
            .filter(|r| r.rule == rule)
            .filter(|r| source.is_none_or(|s| s == r.source) && field.is_none_or(|f| f == r.field))
            .any(|r| declared.contains(&(r.source.as_str(), r.field.as_str())))
    };
    let unknown: Vec<String> = references
        .iter()
        .filter(|r| !fits(&r.rule, Some(&r.source), None) || !fits(&r.rule, None, Some(&r.field)))
        .map(|r| format!("{} reads {}.{}", r.rule, r.source, r.field))
        .collect();
    assert!(unknown.is_empty(), "rules read what nobody says:\n{}", unknown.join("\n"));
}

/// What is believed of the one client of which a source read these lines.
fn identified(source: &str, lines: &str) -> Vec<(Attribute, String)> {
    let source = SOURCES.iter().find(|s| s.name == source).unwrap();
    let mut sink = Sink::default();
    let mut session = (source.make)();
    let now = Timestamp::from_parts(1_780_000_000, 0);
    let from = std::net::SocketAddr::from(([0; 4], 0));
    for (line, number) in lines.lines().zip(1..) {
        session.read(line.as_bytes(), &mut Report::new(now, from, number, source, &mut sink));
    }
    session.end(&mut Report::new(now, from, 0, source, &mut sink));
    let mut ledger = Ledger::new(&Limits::site());
    for event in sink.events.drain(..) {
        match event {
            Event::Evidence(evidence) => ledger.evidence(evidence),
            Event::Link(link) => ledger.link(link),
            Event::Flow(flow) => ledger.flow(flow),
        }
    }
    let devices = resolve(ledger, &Catalog::builtin().unwrap()).devices;
    let client =
        devices.iter().find(|device| device.macs.iter().any(|mac| mac.0 == [2, 0, 0, 0, 0, 1])).unwrap();
    [Attribute::Vendor, Attribute::Model, Attribute::Os]
        .into_iter()
        .filter_map(|attribute| Some((attribute, client.value(attribute)?.to_owned())))
        .collect()
}

#[test]
fn what_a_server_wrote_down_of_a_client_identifies_it_as_the_wire_does() {
    let isc = "lease 10.0.0.5 {\n  starts 5 2026/11/27 06:00:00;\n  ends 5 2026/11/27 18:00:00;\n  binding state active;\n  \
               hardware ethernet 02:00:00:00:00:01;\n  set vendor-class-identifier = \"MSFT 5.0\";\n  client-hostname \"ws-1\";\n}";
    let windows = "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name,TransactionID,QResult,Probationtime,\
                   CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII)\n\
                   10,11/27/26,06:00:00,Assign,10.0.0.5,ws-1.example,020000000001,,1,0,,,,0x4D53465420352E30,MSFT 5.0";
    let dnsmasq = "Nov 27 06:00:00 dnsmasq-dhcp[7]: 42 vendor class: MSFT 5.0\n\
                   Nov 27 06:00:00 dnsmasq-dhcp[7]: 42 DHCPREQUEST(eth0) 10.0.0.5 02:00:00:00:00:01\n\
                   Nov 27 06:00:00 dnsmasq-dhcp[7]: 42 DHCPACK(eth0) 10.0.0.5 02:00:00:00:00:01 ws-1";
    for (source, lines) in [("isc-dhcpd-leases", isc), ("windows-dhcp", windows), ("dhcp-log", dnsmasq)] {
        let believed = identified(source, lines);
        assert!(
            believed.contains(&(Attribute::Os, "Windows".to_owned())),
            "{source} makes of 'MSFT 5.0': {believed:?}"
        );
    }
}
