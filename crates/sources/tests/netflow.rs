//! What exporters seldom send here, made by hand after the standards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use medward_model::{FlowRecord, Timestamp};
use medward_sources::{Event, Sink};
use playing::{now, play, shown};

fn tell(datagrams: &[Vec<u8>]) -> Sink {
    let from = ([10, 0, 0, 9], 2055).into();
    play("netflow", &datagrams.iter().map(|bytes| (now(), from, bytes.clone())).collect::<Vec<_>>())
}

fn flows(sink: &Sink) -> Vec<&FlowRecord> {
    let events = sink.events.iter();
    events.filter_map(|event| if let Event::Flow(flow) = event { Some(flow) } else { None }).collect()
}

fn words(values: &[u16]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

/// Version 5 with one flow of 10 packets and 1,000 bytes; `sampling` is the field of the head.
fn v5(sampling: u16, sent: u32, uptime: u32, first: u32) -> Vec<u8> {
    let mut bytes = words(&[5, 1]);
    for number in [uptime, sent, 0, 1] {
        bytes.extend(number.to_be_bytes());
    }
    bytes.extend([0, 0]);
    bytes.extend(sampling.to_be_bytes());
    bytes.extend([10, 0, 0, 1, 10, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0, 2]);
    for number in [10, 1000, first, first + 1000] {
        bytes.extend(u32::to_be_bytes(number));
    }
    bytes.extend(words(&[40000, 104]));
    bytes.extend([0, 0x1b, 6, 0, 0, 0, 0, 0, 24, 24, 0, 0]);
    bytes
}

fn seconds() -> u32 {
    now().as_seconds() as u32
}

#[test]
fn counts_are_multiplied_by_the_sampling_rate() {
    // Mode 1 in the upper two bits, one of 100.
    let sink = tell(&[v5(0x4000 | 100, seconds(), 60_000, 30_000)]);
    assert_eq!((flows(&sink)[0].packets[0], flows(&sink)[0].bytes[0]), (1000, 100_000));
    assert!(shown(&sink).contains("10.0.0.9 sampling: 1:100"));
}

#[test]
fn times_by_uptime_survive_its_wrap() {
    let sink = tell(&[v5(0, seconds(), 5_000, u32::MAX - 4_999)]);
    assert_eq!(now().seconds_since(flows(&sink)[0].first), 10);
}

#[test]
fn a_clock_that_is_far_off_is_corrected() {
    let sink = tell(&[v5(0, 86_400, 60_000, 50_000)]);
    assert_eq!(now().seconds_since(flows(&sink)[0].first), 10);
    assert_eq!(sink.weirds.count("netflow_clock"), 1);
}

/// An IPFIX message of sets.
fn ipfix(sets: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (id, content) in sets {
        body.extend(words(&[*id, content.len() as u16 + 4]));
        body.extend(content);
    }
    let mut message = words(&[10, body.len() as u16 + 16]);
    for number in [seconds(), 1, 7] {
        message.extend(number.to_be_bytes());
    }
    message.extend(body);
    message
}

/// Addresses, ports, protocol, packets, bytes, and both again for the other direction (RFC 5103).
fn biflow_template() -> (u16, Vec<u8>) {
    let mut content = words(&[256, 10, 8, 4, 12, 4, 7, 2, 11, 2, 4, 1, 2, 4, 1, 4]);
    for element in [2, 1] {
        content.extend(words(&[0x8000 | element, 4]));
        content.extend(29305_u32.to_be_bytes());
    }
    // VLAN.
    content.extend(words(&[243, 2]));
    (2, content)
}

fn biflow_data() -> (u16, Vec<u8>) {
    let mut content = vec![10, 0, 0, 1, 10, 0, 0, 2];
    content.extend(words(&[40000, 104]));
    content.push(6);
    for number in [10_u32, 1000, 5, 700] {
        content.extend(number.to_be_bytes());
    }
    content.extend(words(&[120]));
    (256, content)
}

#[test]
fn a_record_of_both_directions_is_one_oriented_flow() {
    let sink = tell(&[ipfix(&[biflow_template(), biflow_data()])]);
    let [flow] = flows(&sink)[..] else { panic!("{}", shown(&sink)) };
    assert_eq!((flow.packets, flow.bytes), ([10, 5], [1000, 700]));
    assert_eq!((flow.responder_port, flow.answered, flow.oriented), (104, true, true));
    assert_eq!((flow.originator.vlan, flow.responder.vlan), (120, 120));
}

#[test]
fn a_record_with_fields_for_both_families_has_the_address_that_is_not_zero() {
    let template = words(&[257, 6, 27, 16, 28, 16, 8, 4, 12, 4, 4, 1, 2, 4]);
    let mut data = std::net::Ipv6Addr::LOCALHOST.octets().to_vec();
    data.extend("2001:db8::2".parse::<std::net::Ipv6Addr>().unwrap().octets());
    data.extend([0; 8]);
    data.extend([58, 0, 0, 0, 3]);
    let sink = tell(&[ipfix(&[(2, template), (257, data)])]);
    assert_eq!(flows(&sink)[0].responder.ip.to_string(), "2001:db8::2");
}

#[test]
fn data_before_its_template_is_counted_and_lost() {
    let sink = tell(&[ipfix(&[biflow_data()]), ipfix(&[biflow_template()]), ipfix(&[biflow_data()])]);
    assert_eq!(flows(&sink).len(), 1);
    assert_eq!(sink.weirds.count("netflow_no_template"), 1);
}

#[test]
fn templates_of_one_exporter_are_not_those_of_another() {
    let pieces = [
        (now(), ([10, 0, 0, 9], 1).into(), ipfix(&[biflow_template()])),
        (now(), ([10, 0, 0, 8], 1).into(), ipfix(&[biflow_data()])),
    ];
    let sink = play("netflow", &pieces);
    assert!(flows(&sink).is_empty());
}

#[test]
fn more_exporters_than_are_kept_are_still_read() {
    let pieces: Vec<_> = (0..2000_u32)
        .map(|n| {
            (
                now(),
                (std::net::Ipv4Addr::from(0x0a00_0000 + n), 1).into(),
                ipfix(&[biflow_template(), biflow_data()]),
            )
        })
        .collect();
    assert_eq!(flows(&play("netflow", &pieces)).len(), 1, "the same flow by all of them");
}

#[test]
fn nothing_is_told_to_end_after_it_was_sent() {
    let sink = tell(&[v5(0, seconds(), 60_000, 59_900)]);
    assert!(flows(&sink)[0].last <= now() && flows(&sink)[0].first > Timestamp::MIN);
}
