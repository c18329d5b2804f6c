//! Tests of the snmp dissector, on bytes laid out by its standard.

use medward_model::{Outcome, Transport, Verb};

use super::SNMP;
use crate::{Exercise, Side, exercise};

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let value = parts.concat();
    let mut bytes = vec![tag];
    match value.len() {
        n @ 0..=127 => bytes.push(n as u8),
        n => bytes.extend([0x82, (n >> 8) as u8, n as u8]),
    }
    bytes.extend(value);
    bytes
}

fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|a| a.parse().unwrap()).collect();
    let mut value = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        for shift in (0..5).rev() {
            if shift == 0 || arc >> (7 * shift) != 0 {
                let more = if shift > 0 { 0x80 } else { 0 };
                value.push((arc >> (7 * shift) & 0x7f) as u8 | more);
            }
        }
    }
    tlv(6, &[&value])
}

fn binding(name: &str, value: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&oid(name), value])
}

fn text(value: &str) -> Vec<u8> {
    tlv(4, &[value.as_bytes()])
}

fn number(value: u8) -> Vec<u8> {
    tlv(2, &[&[value]])
}

fn pdu(operation: u8, id: u8, status: u8, bindings: &[Vec<u8>]) -> Vec<u8> {
    tlv(operation, &[&number(id), &number(status), &number(0), &tlv(0x30, &[&bindings.concat()])])
}

fn v2c(community: &str, operation: &[u8]) -> Vec<u8> {
    tlv(0x30, &[&number(1), &text(community), operation])
}

fn v3(flags: u8, engine: &[u8], user: &str, scoped: &[u8]) -> Vec<u8> {
    let header = tlv(0x30, &[&number(1), &number(100), &tlv(4, &[&[flags]]), &number(3)]);
    let usm = tlv(0x30, &[&tlv(4, &[engine]), &number(4), &number(9), &text(user), &text(""), &text("")]);
    tlv(0x30, &[&number(3), &header, &tlv(4, &[&usm]), scoped])
}

fn play(chunks: &[(Side, Vec<u8>)]) -> Exercise {
    let chunks: Vec<(Side, &[u8])> = chunks.iter().map(|(side, bytes)| (*side, &bytes[..])).collect();
    exercise(&SNMP, Transport::Udp, &chunks)
}

const ASK: Side = Side::Originator;
const ANSWER: Side = Side::Responder;
const ENTITY: &str = "1.3.6.1.2.1.47.1.1.1.1";

#[test]
fn an_agent_describes_itself_and_its_contact_is_dropped() {
    let ask = v2c("s3cret", &pdu(0xa0, 1, 0, &[binding("1.3.6.1.2.1.1.1.0", &[5, 0])]));
    let answer = v2c(
        "s3cret",
        &pdu(
            0xa2,
            1,
            0,
            &[
                binding("1.3.6.1.2.1.1.1.0", &text("Linux pump 5.4")),
                binding("1.3.6.1.2.1.1.2.0", &oid("1.3.6.1.4.1.8072.3.2.10")),
                binding("1.3.6.1.2.1.1.4.0", &text("Jane Doe")),
                binding("1.3.6.1.2.1.1.5.0", &text("pump-7")),
                binding("1.3.6.1.2.1.1.6.0", &text("Ward 3")),
                binding("1.3.6.1.4.1.2021.4.1.0", &number(1)),
            ],
        ),
    );
    let said = play(&[(ASK, ask.clone()), (ANSWER, answer.clone()), (ASK, ask), (ANSWER, answer)]);
    assert_eq!(said.values("sys-descr"), ["Linux pump 5.4"]);
    assert_eq!(said.values("sys-object-id"), ["1.3.6.1.4.1.8072.3.2.10"]);
    assert_eq!(said.values("sys-name"), ["pump-7"]);
    assert_eq!(said.values("sys-location"), ["Ward 3"]);
    assert_eq!(said.values("enterprise"), ["2021"]);
    assert_eq!(said.values("community"), ["other"]);
    let shown = format!("{said:?}");
    assert!(!shown.contains("Jane") && !shown.contains("s3cret"));
    assert_eq!(said.activity.len(), 1);
    assert_eq!((said.activity[0].verb, said.activity[0].outcome), (Verb::Query, Outcome::Success));
    assert_eq!(said.evidence.iter().filter(|e| e.field.name == "sys-descr").count(), 1);
}

#[test]
fn only_the_one_chassis_tells_a_serial() {
    let entity = |column: u8, index: u8, value: &[u8]| binding(&format!("{ENTITY}.{column}.{index}"), value);
    let rows = vec![
        entity(5, 1, &number(3)),
        entity(5, 2, &number(9)),
        entity(11, 1, &text("FOC1")),
        entity(11, 2, &text("MODULE9")),
        entity(13, 1, &text("WS-C3560")),
        entity(10, 1, &text("12.2(44)SE")),
    ];
    let ask = v2c("public", &pdu(0xa5, 7, 0, &[binding(ENTITY, &[5, 0])]));
    let said = play(&[(ASK, ask.clone()), (ANSWER, v2c("public", &pdu(0xa2, 7, 0, &rows)))]);
    assert_eq!(said.values("serial"), ["FOC1"]);
    assert_eq!(said.values("model"), ["WS-C3560"]);
    let two = vec![
        entity(5, 1, &number(3)),
        entity(5, 2, &number(3)),
        entity(11, 1, &text("FOC1")),
        entity(11, 2, &text("FOC2")),
    ];
    let said = play(&[(ASK, ask.clone()), (ANSWER, v2c("public", &pdu(0xa2, 7, 0, &two)))]);
    assert_eq!(said.values("serial"), [""; 0]);
    let unknown = vec![entity(11, 1, &text("FOC1")), entity(11, 2, &text("MODULE9"))];
    let said = play(&[(ASK, ask), (ANSWER, v2c("public", &pdu(0xa2, 7, 0, &unknown)))]);
    assert_eq!(said.values("serial"), [""; 0]);
}

#[test]
fn a_set_names_its_objects_and_not_its_values() {
    let set = pdu(0xa3, 9, 0, &[binding("1.3.6.1.2.1.1.6.0", &text("Ward secret"))]);
    let refused = pdu(0xa2, 9, 17, &[binding("1.3.6.1.2.1.1.6.0", &text("Ward secret"))]);
    let said = play(&[(ASK, v2c("private", &set)), (ANSWER, v2c("private", &refused))]);
    assert_eq!((said.activity[0].verb, said.activity[0].outcome), (Verb::Set, Outcome::Failure));
    assert_eq!(&*said.activity[0].object, "1.3.6.1.2.1.1.6.0");
    assert!(!format!("{said:?}").contains("secret"));
}

#[test]
fn a_version_1_trap_is_about_the_agent_it_names() {
    let trap = tlv(
        0xa4,
        &[
            &oid("1.3.6.1.4.1.318.1.3"),
            &tlv(0x40, &[&[10, 9, 9, 9]]),
            &number(3),
            &number(0),
            &tlv(0x43, &[&[1]]),
            &tlv(0x30, &[&binding("1.3.6.1.2.1.1.5.0", &text("ups-4"))]),
        ],
    );
    let said = play(&[(ASK, tlv(0x30, &[&number(0), &text("public"), &trap]))]);
    assert_eq!(said.evidence[0].subject.to_string(), "10.9.9.9");
    assert_eq!((&*said.activity[0].operation, &*said.activity[0].object), ("trap", "linkUp"));
    assert_eq!(said.values("sys-name"), ["ups-4"]);
}

#[test]
fn version_3_tells_engine_and_user_even_when_encrypted() {
    let engine = [0x80, 0, 0, 9, 3, 0, 0x1b, 0x21, 1, 2, 3];
    let secret = tlv(4, &[b"\x01\x02\x03\x04"]);
    let said =
        play(&[(ASK, v3(7, &engine, "monitor", &secret)), (ANSWER, v3(3, &engine, "monitor", &secret))]);
    assert_eq!(said.values("engine-id"), ["snmp engine 8000000903001b21010203"]);
    assert_eq!(said.values("engine-enterprise"), ["9"]);
    assert_eq!(said.activity.len(), 1);
    assert_eq!((said.activity[0].verb, said.activity[0].outcome), (Verb::Login, Outcome::Success));
    let report = tlv(
        0x30,
        &[&tlv(4, &[&engine]), &text(""), &pdu(0xa8, 1, 0, &[binding("1.3.6.1.6.3.15.1.1.5.0", &number(1))])],
    );
    let said =
        play(&[(ASK, v3(5, &engine, "monitor", &secret)), (ANSWER, v3(0, &engine, "monitor", &report))]);
    assert_eq!(said.activity[0].outcome, Outcome::Failure);
}

#[test]
fn truncation_is_harmless() {
    let whole = v2c("public", &pdu(0xa2, 1, 0, &[binding("1.3.6.1.2.1.1.5.0", &text("x"))]));
    for end in 0..whole.len() {
        play(&[(ANSWER, whole.clone()), (ANSWER, whole[..end].to_vec())]);
    }
}
