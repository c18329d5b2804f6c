//! Tests of the bacnet dissector, on bytes laid out by its standard.

use super::{BACNET, link};
use crate::{Side, exercise};
use medward_model::{Outcome, Subject, Transport, Verb};

/// An Original-Unicast-NPDU around `npdu`.
fn unicast(npdu: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x81, 0x0a];
    bytes.extend((npdu.len() as u16 + 4).to_be_bytes());
    bytes.extend(npdu);
    bytes
}

/// A character string of the application class.
fn string(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x75, text.len() as u8 + 1, 0];
    bytes.extend(text.as_bytes());
    bytes
}

const I_AM: [u8; 15] =
    [0x10, 0x00, 0xc4, 0x02, 0x00, 0x12, 0x67, 0x22, 0x01, 0xe0, 0x91, 0x00, 0x21, 0x05, 0x00];

#[test]
fn i_am_names_instance_and_vendor() {
    let mut npdu = vec![1, 0];
    npdu.extend(&I_AM[..14]);
    let seen = exercise(&BACNET, Transport::Udp, &[(Side::Originator, &unicast(&npdu))]);
    assert_eq!(seen.values("device-instance"), ["4711"]);
    assert_eq!(seen.values("vendor-id"), ["5"]);
    assert_eq!((seen.activity[0].verb, &*seen.activity[0].object), (Verb::Announce, "device 4711"));
}

#[test]
fn a_routed_device_is_behind_the_router() {
    let mut npdu = vec![1, 0x08, 0x00, 0x03, 1, 0x6c];
    npdu.extend(&I_AM[..14]);
    let seen = exercise(&BACNET, Transport::Udp, &[(Side::Originator, &unicast(&npdu))]);
    let vendor = seen.evidence.iter().find(|e| e.field.name == "vendor-id").unwrap();
    assert!(matches!(&vendor.subject, Subject::Behind { key, .. } if &**key == "bacnet 3:6c"));
    assert_eq!(seen.values("role"), ["router"]);
}

#[test]
fn a_forwarded_broadcast_is_about_its_origin() {
    let mut bytes = vec![0x81, 0x04, 0, 26, 192, 0, 2, 7, 0xba, 0xc0, 1, 0];
    bytes.extend(&I_AM[..14]);
    let seen = exercise(&BACNET, Transport::Udp, &[(Side::Originator, &bytes)]);
    let vendor = seen.evidence.iter().find(|e| e.field.name == "vendor-id").unwrap();
    assert!(matches!(vendor.subject, Subject::Ip(ip) if ip.to_string() == "192.0.2.7"));
}

#[test]
fn properties_of_the_device_object_and_outcomes() {
    let ask = [
        1, 4, 0x00, 0x05, 9, 14, 0x0c, 0x02, 0, 0x12, 0x67, 0x1e, 0x09, 70, 0x09, 58, 0x0a, 0x01, 0x74, 0x1f,
    ];
    let mut answer = vec![1, 0, 0x30, 9, 14, 0x0c, 0x02, 0, 0x12, 0x67, 0x1e, 0x29, 70, 0x4e];
    answer.extend(string("AHU-7000"));
    answer.extend([0x4f, 0x29, 58, 0x5e, 0x91, 2, 0x91, 32, 0x5f, 0x2a, 0x01, 0x74, 0x4e]);
    answer.extend(string("BAC-0042"));
    answer.extend([0x4f, 0x1f]);
    let write = [
        1, 4, 0x00, 0x05, 10, 15, 0x0c, 0, 0x40, 0, 1, 0x19, 85, 0x3e, 0x44, 0x41, 0x48, 0, 0, 0x3f, 0x49, 8,
    ];
    let denied = [1, 0, 0x50, 10, 15, 0x91, 2, 0x91, 40];
    let seen = exercise(
        &BACNET,
        Transport::Udp,
        &[
            (Side::Originator, &unicast(&ask)),
            (Side::Responder, &unicast(&answer)),
            (Side::Originator, &unicast(&write)),
            (Side::Responder, &unicast(&denied)),
            (Side::Originator, &unicast(&ask)),
        ],
    );
    assert_eq!(seen.values("model-name"), ["AHU-7000"]);
    assert_eq!(seen.values("serial-number"), ["BAC-0042"]);
    let shown: Vec<_> = seen.activity.iter().map(|a| (&*a.operation, &*a.object, a.outcome)).collect();
    assert_eq!(
        shown,
        [
            (
                "ReadPropertyMultiple",
                "device 4711 model-name, device 4711 location, device 4711 serial-number",
                Outcome::Success
            ),
            ("WriteProperty", "analog-output 1 present-value", Outcome::Failure),
        ]
    );
    let details: Vec<_> = seen.activity[1].details.iter().map(|(n, v)| (*n, &**v)).collect();
    assert_eq!(details, [("priority", "8"), ("error", "error 2.40")]);
}

#[test]
fn control_commands_are_reported_without_the_password() {
    let control = [1, 4, 0x00, 0x05, 3, 17, 0x09, 5, 0x19, 1, 0x2d, 7, 0, b's', b'e', b'c', b'r', b'e', b't'];
    let restart = [1, 4, 0x00, 0x05, 4, 20, 0x09, 0];
    let seen = exercise(
        &BACNET,
        Transport::Udp,
        &[
            (Side::Originator, &unicast(&control)),
            (Side::Responder, &unicast(&[1, 0, 0x20, 3, 17])),
            (Side::Originator, &unicast(&restart)),
        ],
    );
    let shown: Vec<_> = seen.activity.iter().map(|a| (&*a.operation, &*a.object, a.outcome)).collect();
    assert_eq!(
        shown,
        [
            ("DeviceCommunicationControl", "disable", Outcome::Success),
            ("ReinitializeDevice", "coldstart", Outcome::Unknown),
        ]
    );
    assert!(!format!("{seen:?}").contains("secret"));
}

#[test]
fn foreign_datagrams_are_refused() {
    assert!(link(b"\x81\x0a\x00\x09\x01\x00\x10\x08").is_none());
    assert!(link(b"\x81\x0a\x00\x08\x02\x00\x10\x08").is_none());
    assert!(link(b"\x80\x00\x00\x04").is_none());
    assert!(link(b"\x81\x02\x00\x04").is_some());
}

proptest::proptest! {
    #[test]
    fn any_apdu_is_read_to_an_end(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120), kind in 0_u8..8) {
        let npdu = [&[1, 0, kind << 4][..], &bytes].concat();
        let seen = exercise(&BACNET, Transport::Udp, &[(Side::Originator, &unicast(&npdu))]);
        proptest::prop_assert!(seen.evidence.len() <= 64);
    }
}
