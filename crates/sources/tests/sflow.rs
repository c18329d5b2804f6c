//! sFlow samples that the exporters at hand do not send, made by hand after the standards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod playing;

use medward_sources::{Event, Sink};
use playing::{now, play, shown};

fn xdr(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = xdr(&[text.len() as u32]);
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A format and its content with the length in front.
fn opaque(format: u32, content: &[u8]) -> Vec<u8> {
    [xdr(&[format, content.len() as u32]), content.to_vec()].concat()
}

/// A datagram of agent 10.0.0.9 with one sample.
fn datagram(format: u32, sample: &[u8]) -> Vec<u8> {
    let head = [xdr(&[5, 1]), vec![10, 0, 0, 9], xdr(&[0, 1, 1000, 1])].concat();
    [head, opaque(format, sample)].concat()
}

fn counters(format: u32, record: &[u8]) -> Sink {
    let sample = [xdr(&[1, 0, 1]), opaque(format, record)].concat();
    play("sflow", &[(now(), ([10, 0, 0, 8], 1).into(), datagram(2, &sample))])
}

/// A flow sample of one Ethernet frame, one of `rate`.
fn sampled(rate: u32, frame: &[u8], length: u32, more: &[u8], records: u32) -> Sink {
    let mut raw = xdr(&[1, length, 4, frame.len() as u32]);
    raw.extend(frame);
    raw.resize(raw.len().next_multiple_of(4), 0);
    let sample = [xdr(&[1, 1, rate, 1, 0, 1, 2, records]), opaque(1, &raw), more.to_vec()].concat();
    play("sflow", &[(now(), ([10, 0, 0, 8], 1).into(), datagram(1, &sample))])
}

/// Ethernet, IPv4 and TCP heads of a segment of 1,000 bytes with these flags, cut off after them.
fn segment(flags: u8) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00];
    frame.extend([0x45, 0, 0x04, 0x10, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0x9c, 0x40, 0, 104, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    frame
}

fn the_flow(sink: &Sink) -> &medward_model::FlowRecord {
    let flow =
        sink.events.iter().find_map(|event| if let Event::Flow(flow) = event { Some(flow) } else { None });
    flow.unwrap_or_else(|| panic!("{}", shown(sink)))
}

#[test]
fn a_sampled_frame_counts_for_those_that_were_not_sampled() {
    let sink = sampled(512, &segment(0x18), 1058, &[], 1);
    let flow = the_flow(&sink);
    // The IP packet has 1,040 bytes.
    assert_eq!((flow.packets, flow.bytes), ([512, 0], [512 * 1040, 0]));
    assert_eq!((flow.originator.mac.to_string().as_str(), flow.responder_port), ("02:00:00:00:00:01", 104));
}

#[test]
fn a_sampled_syn_tells_who_began() {
    assert!(the_flow(&sampled(512, &segment(0x02), 64, &[], 1)).oriented);
    assert!(!the_flow(&sampled(512, &segment(0x18), 64, &[], 1)).oriented);
}

#[test]
fn the_vlan_that_the_switch_tells_is_that_of_the_flow() {
    let switch = opaque(1001, &xdr(&[120, 0, 120, 0]));
    assert_eq!(the_flow(&sampled(1, &segment(0x18), 1058, &switch, 2)).originator.vlan, 120);
}

#[test]
fn a_rate_of_nothing_is_weird() {
    let sink = sampled(0, &segment(0x18), 1058, &[], 1);
    assert_eq!((sink.events.len(), sink.weirds.count("sflow_bad_rate")), (0, 1));
}

#[test]
fn a_host_says_who_it_is() {
    let record = [text("pacs-1"), vec![0x11; 16], xdr(&[3, 2]), text("6.1.0-18-amd64")].concat();
    assert_eq!(
        shown(&counters(2000, &record)),
        "1 10.0.0.9 host-name: pacs-1\n\
         1 10.0.0.9 os-name: Linux\n\
         1 10.0.0.9 os-release: 6.1.0-18-amd64\n\
         1 10.0.0.9 machine-type: x86_64\n\
         1 10.0.0.9 uuid: 11111111-1111-1111-1111-111111111111\n"
    );
}

#[test]
fn adapters_of_a_host_are_told() {
    let record = [xdr(&[1, 2, 1]), vec![2, 0, 0, 0, 0, 7, 0, 0]].concat();
    assert_eq!(shown(&counters(2001, &record)), "1 10.0.0.9 adapter: 02:00:00:00:00:07\n");
}

#[test]
fn a_port_of_a_switch_is_named() {
    assert_eq!(shown(&counters(1005, &text("Gi1/0/12"))), "1 10.0.0.9 port-name: Gi1/0/12\n");
}
