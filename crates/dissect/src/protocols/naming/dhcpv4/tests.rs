//! Tests of the dhcpv4 dissector, on bytes laid out by its standard.

use medward_model::{LinkKind, Outcome, Subject, Transport};

use super::DHCPV4;
use crate::{Side, exercise};

/// A message as RFC 2131, 2 lays it out; client 00:1b:21:aa:bb:cc.
fn message(op: u8, ciaddr: [u8; 4], yiaddr: [u8; 4], options: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0_u8; 236];
    bytes[..4].copy_from_slice(&[op, 1, 6, 0]);
    bytes[12..16].copy_from_slice(&ciaddr);
    bytes[16..20].copy_from_slice(&yiaddr);
    bytes[28..34].copy_from_slice(&[0x00, 0x1b, 0x21, 0xaa, 0xbb, 0xcc]);
    bytes.extend_from_slice(&[99, 130, 83, 99]);
    bytes.extend_from_slice(options);
    bytes.push(255);
    bytes
}

const NONE: [u8; 4] = [0; 4];

#[test]
fn a_discover_introduces_the_client() {
    let mut options = vec![53, 1, 1, 61, 7, 1, 0, 0x1b, 0x21, 0xaa, 0xbb, 0xcc, 12, 4];
    options.extend_from_slice(b"CT-2");
    options.extend_from_slice(&[60, 8]);
    options.extend_from_slice(b"MSFT 5.0");
    options.extend_from_slice(&[55, 4, 1, 15, 3, 6, 57, 2, 0x05, 0xdc]);
    options.extend_from_slice(&[82, 12, 1, 7]);
    options.extend_from_slice(b"Gi1/0/7");
    options.extend_from_slice(&[2, 1, 0xfe]);
    let said = exercise(&DHCPV4, Transport::Udp, &[(Side::Originator, &message(1, NONE, NONE, &options))]);
    assert!(!said.unmatched);
    assert_eq!(said.values("host-name"), ["CT-2"]);
    assert_eq!(said.values("vendor-class"), ["MSFT 5.0"]);
    assert_eq!(said.values("parameter-request-list"), ["1,15,3,6"]);
    assert_eq!(said.values("options"), ["discover 53,61,12,60,55,57,82"]);
    assert_eq!(said.values("maximum-message-size"), ["1500"]);
    assert_eq!(said.values("relay-circuit-id"), ["Gi1/0/7"]);
    assert_eq!(said.values("relay-remote-id"), ["0xfe"]);
    assert!(said.values("client-id").is_empty(), "repeats chaddr");
    assert!(said.evidence.iter().all(|e| matches!(&e.subject, Subject::Mac { mac, .. } if mac.0[0] == 0)));
    assert!(said.links.is_empty());
    assert_eq!(&*said.activity[0].operation, "DISCOVER");
}

#[test]
fn an_ack_links_and_tells_what_is_served() {
    let mut options = vec![53, 1, 5, 54, 4, 10, 0, 0, 2, 51, 4, 0, 0, 0x0e, 0x10, 3, 4, 10, 0, 0, 254, 15, 4];
    options.extend_from_slice(b"ward");
    let ack = message(2, NONE, [10, 0, 0, 77], &options);
    let said = exercise(&DHCPV4, Transport::Udp, &[(Side::Responder, &ack), (Side::Responder, &ack)]);
    assert_eq!(said.links.len(), 2);
    assert_eq!(said.links[0].ip.to_string(), "10.0.0.77");
    assert_eq!(said.links[0].kind, LinkKind::Lease { seconds: 3600 });
    assert_eq!(said.values("serves"), ["router 10.0.0.254", "domain ward", "lease-seconds 3600"]);
    assert_eq!(said.values("role"), ["server"]);
    assert_eq!(said.activity[0].outcome, Outcome::Success);
}

#[test]
fn a_renewal_states_its_own_address_and_a_nak_links_nothing() {
    let renew = message(1, [10, 0, 0, 77], NONE, &[53, 1, 3]);
    let nak = message(2, NONE, NONE, &[53, 1, 6]);
    let said = exercise(&DHCPV4, Transport::Udp, &[(Side::Originator, &renew), (Side::Responder, &nak)]);
    assert_eq!(said.links.len(), 1);
    assert_eq!(said.links[0].kind, LinkKind::Neighbour);
    assert_eq!(said.activity[1].outcome, Outcome::Failure);
}

#[test]
fn names_in_wire_form_and_duid_client_ids() {
    let mut options = vec![53, 1, 3, 81, 9, 0x04, 0, 0, 2, b'c', b't', 1, b'h', 0];
    options.extend_from_slice(&[61, 9, 255, 0, 0, 0, 1, 0, 3, 0, 1]);
    let said = exercise(&DHCPV4, Transport::Udp, &[(Side::Originator, &message(1, NONE, NONE, &options))]);
    assert_eq!(said.values("fqdn"), ["ct.h"]);
    assert_eq!(said.values("client-id"), ["duid 00030001"]);
}

#[test]
fn a_broken_option_is_weird_and_the_rest_is_kept() {
    let mut bytes = message(1, NONE, NONE, &[53, 1, 1, 12, 2, b'c', b't', 60, 200]);
    bytes.truncate(bytes.len() - 1);
    let said = exercise(&DHCPV4, Transport::Udp, &[(Side::Originator, &bytes)]);
    assert_eq!(said.values("host-name"), ["ct"]);
    assert_eq!(said.weirds.count("dhcpv4_bad_option"), 1);
}

#[test]
fn other_datagrams_are_not_taken() {
    for bytes in [&[0_u8; 300][..], b"GET / HTTP/1.1\r\n\r\n", &[1, 1, 6, 0]] {
        assert!(exercise(&DHCPV4, Transport::Udp, &[(Side::Originator, bytes)]).unmatched);
    }
}
