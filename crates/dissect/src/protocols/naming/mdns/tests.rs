//! Tests of the mdns dissector, on bytes laid out by its standard.

use medward_model::Transport;

use super::super::dns_message::build::{header, name, question, record, txt};
use super::MDNS;
use crate::{Exercise, Side, exercise};

fn run(datagrams: &[Vec<u8>]) -> Exercise {
    let chunks: Vec<(Side, &[u8])> = datagrams.iter().map(|d| (Side::Originator, d.as_slice())).collect();
    exercise(&MDNS, Transport::Udp, &chunks)
}

fn srv(port: u16, target: &str) -> Vec<u8> {
    [&[0, 0, 0, 0][..], &port.to_be_bytes(), &name(target)].concat()
}

#[test]
fn a_printer_names_itself() {
    let instance = "HP LaserJet M402._ipp._tcp.local";
    let response = [
        header(0, 0x8400, [0, 4, 0, 0]),
        record("_ipp._tcp.local", 12, 1, &name(instance)),
        record(instance, 33, 0x8001, &srv(631, "NPI1.local")),
        record(
            instance,
            16,
            0x8001,
            &txt(&[
                "txtvers=1",
                "ty=HP LaserJet M402dn",
                "usb_MFG=HP",
                "usb_MDL=LaserJet M402dn",
                "note=Ward 3",
                "UUID=564e4333-4c31-3430-3530-a08cfd000001",
                "secret=x",
            ]),
        ),
        record("NPI1.local", 1, 0x8001, &[10, 0, 0, 1]),
    ]
    .concat();
    let said = run(&[response.clone(), response]);
    assert_eq!(said.values("host"), ["NPI1"]);
    assert_eq!(said.values("service"), ["_ipp._tcp"]);
    assert_eq!(said.values("txt-model"), ["LaserJet M402dn"]);
    assert_eq!(said.values("txt-vendor"), ["HP"]);
    assert_eq!(said.values("txt-note"), ["Ward 3"]);
    assert_eq!(said.values("txt-unique-id"), ["uuid:564e4333-4c31-3430-3530-a08cfd000001"]);
    assert!(said.values("txt-product").is_empty());
    assert!(said.values("txt").iter().all(|t| !t.contains("secret")));
    assert_eq!(said.activity.len(), 1, "announced once");
}

#[test]
fn a_print_queue_is_not_the_printer() {
    let instance = "HP LaserJet @ server._ipp._tcp.local";
    let response = [
        header(0, 0x8400, [0, 1, 0, 0]),
        record(instance, 16, 0x8001, &txt(&["rp=printers/hp", "ty=HP LaserJet", "usb_MDL=LaserJet"])),
    ]
    .concat();
    let said = run(&[response]);
    assert!(said.values("txt-model").is_empty() && said.values("txt-product").is_empty());
    assert_eq!(said.values("service"), ["_ipp._tcp"]);
}

#[test]
fn a_reflector_does_not_become_what_it_repeats() {
    let instance = "TV._googlecast._tcp.local";
    let response = [
        header(0, 0x8400, [0, 3, 0, 0]),
        record(instance, 33, 0x8001, &srv(8009, "tv.local")),
        record(instance, 16, 0x8001, &txt(&["md=Chromecast"])),
        record("tv.local", 1, 0x8001, &[10, 0, 0, 99]),
    ]
    .concat();
    let alone = [header(0, 0x8400, [0, 1, 0, 0]), record(instance, 16, 0x8001, &txt(&["md=Other"]))].concat();
    let said = run(&[response, alone]);
    assert_eq!(said.values("txt-model"), ["Chromecast"]);
    for evidence in said.evidence.iter().filter(|e| e.field.name != "role") {
        assert_eq!(evidence.subject.to_string(), "10.0.0.99", "{}", evidence.field.name);
    }
}

#[test]
fn an_asker_tells_what_it_looks_for_and_known_answers_are_not_its_own() {
    let query = [
        header(0, 0, [1, 1, 0, 0]),
        question("_airplay._tcp.local", 12, 1),
        record("_airplay._tcp.local", 12, 1, &name("TV._airplay._tcp.local")),
    ]
    .concat();
    let said = run(&[query]);
    assert_eq!(said.values("asks"), ["_airplay._tcp"]);
    assert!(said.values("service").is_empty());
}

#[test]
fn dicom_devices_tell_their_ae_title() {
    let response = [
        header(0, 0x8400, [0, 1, 0, 0]),
        record("ct._dicom._tcp.local", 16, 0x8001, &txt(&["AET=CT_WARD3", "PrimaryDeviceType=CT"])),
    ]
    .concat();
    let said = run(&[response]);
    assert_eq!(said.values("txt-aet"), ["CT_WARD3"]);
    assert!(said.values("txt").contains(&"_dicom._tcp primarydevicetype=CT".to_owned()));
}
