//! Wrapped traffic is unwrapped, fragments join, and nothing panics; etherparse is the second opinion on plain frames.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use etherparse::PacketBuilder;
use medward_model::Timestamp;
use medward_wire::{
    Decoded, Defragmented, Defragmenter, IpPacket, Layer, LinkType, RawFrame, decode, read_ip, read_tcp,
    read_udp,
};
use proptest::prelude::*;

fn frame(link: LinkType, bytes: &[u8]) -> RawFrame<'_> {
    RawFrame { number: 1, time: Timestamp::from_parts(1, 0), link, bytes, original: bytes.len() as u32 }
}

fn udp_frame(payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2])
        .ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .udp(1000, 2000)
        .write(&mut bytes, payload)
        .unwrap();
    bytes
}

fn udp_payload(decoded: &Decoded<'_>) -> Vec<u8> {
    match &decoded.layer {
        Layer::Ip(packet) => read_udp(packet.payload).unwrap().payload.to_vec(),
        other => panic!("not IP: {other:?}"),
    }
}

/// An outer UDP datagram to `port` around `inner`.
fn wrapped_in_udp(port: u16, header: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 9, 1], [2, 0, 0, 0, 9, 2])
        .ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
        .udp(5555, port)
        .write(&mut bytes, &[header, inner].concat())
        .unwrap();
    bytes
}

/// An outer IPv4 packet of protocol 47 around `inner`.
fn wrapped_in_gre(header: &[u8], inner: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    PacketBuilder::ethernet2([2, 0, 0, 0, 9, 1], [2, 0, 0, 0, 9, 2])
        .ipv4([192, 168, 0, 1], [192, 168, 0, 2], 64)
        .write(&mut bytes, etherparse::IpNumber(47), &[header, inner].concat())
        .unwrap();
    bytes
}

#[test]
fn every_mirror_wrapping_comes_off() {
    let inner = udp_frame(b"inside");
    let ip_only = inner[14..].to_vec();
    let tagged = |tag: &[u8]| [&inner[..12], tag, &inner[12..]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("plain", inner.clone()),
        ("802.1Q", tagged(&[0x81, 0, 0, 20])),
        ("QinQ", tagged(&[0x88, 0xa8, 0, 100, 0x81, 0, 0, 20])),
        ("VXLAN", wrapped_in_udp(4789, &[8, 0, 0, 0, 0, 0, 7, 0], &inner)),
        ("GENEVE with options", wrapped_in_udp(6081, &[1, 0, 0x65, 0x58, 0, 0, 7, 0, 0, 0, 0, 0], &inner)),
        ("GRE with IP and key", wrapped_in_gre(&[0x20, 0, 8, 0, 0, 0, 0, 1], &ip_only)),
        ("GRE with Ethernet", wrapped_in_gre(&[0, 0, 0x65, 0x58], &inner)),
        ("ERSPAN I", wrapped_in_gre(&[0, 0, 0x88, 0xbe], &inner)),
        ("ERSPAN II", wrapped_in_gre(&[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1], &[0x10; 8][..]].concat(), &inner)),
        (
            "ERSPAN III",
            wrapped_in_gre(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 12][..]].concat(), &inner),
        ),
        ("MPLS", [&inner[..12], &[0x88, 0x47, 0, 0, 0x10, 64, 0, 1, 0x01, 64], &ip_only].concat()),
        (
            "PPPoE",
            [&inner[..12], &[0x88, 0x64, 0x11, 0, 0, 1, 0, (ip_only.len() + 2) as u8, 0, 0x21], &ip_only]
                .concat(),
        ),
        (
            "802.2 SNAP",
            [&inner[..12], &[0, (ip_only.len() + 8) as u8, 0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ip_only].concat(),
        ),
    ];
    for (name, bytes) in cases {
        let decoded = decode(&frame(LinkType::Ethernet, &bytes));
        assert_eq!(udp_payload(&decoded), b"inside", "{name}");
        assert_eq!(
            decoded.vlan,
            if name == "802.1Q" {
                20
            } else if name == "QinQ" {
                100
            } else {
                0
            },
            "{name}"
        );
    }
}

#[test]
fn every_link_type_reaches_the_packet() {
    let ip_only = udp_frame(b"inside")[14..].to_vec();
    let sll = [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0][..], &ip_only].concat();
    let sll2 = [&[8, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &ip_only].concat();
    let llc = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0][..], &ip_only].concat();
    let wifi = [
        &[0x08, 0x01, 0, 0][..],
        &[2, 0, 0, 0, 0, 9],
        &[2, 0, 0, 0, 0, 1],
        &[2, 0, 0, 0, 0, 2],
        &[0, 0],
        &llc,
    ]
    .concat();
    let qos = [
        &[0x88, 0x02, 0, 0][..],
        &[2, 0, 0, 0, 0, 1],
        &[2, 0, 0, 0, 0, 9],
        &[2, 0, 0, 0, 0, 2],
        &[0, 0, 0, 0],
        &llc,
    ]
    .concat();
    let radiotap = [&[0, 0, 8, 0, 0, 0, 0, 0][..], &wifi].concat();
    let cases = [
        (LinkType::Raw, ip_only.clone()),
        (LinkType::Null, [&[2, 0, 0, 0][..], &ip_only].concat()),
        (LinkType::Loop, [&[0, 0, 0, 2][..], &ip_only].concat()),
        (LinkType::LinuxSll, sll),
        (LinkType::LinuxSll2, sll2),
        (LinkType::Ieee80211, wifi),
        (LinkType::Ieee80211, qos),
        (LinkType::Radiotap, radiotap),
    ];
    for (link, bytes) in cases {
        assert_eq!(udp_payload(&decode(&frame(link, &bytes))), b"inside", "{link:?}");
    }
}

/// The IPv4 packet with its payload cut into fragments of `size` (a multiple of eight).
fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, payload) = packet.split_at(20);
    let last = payload.len().div_ceil(size) - 1;
    payload
        .chunks(size)
        .enumerate()
        .map(|(i, chunk)| {
            let mut bytes = [header, chunk].concat();
            let offset = (i * size / 8) as u16 | if i == last { 0 } else { 0x2000 };
            bytes[2..4].copy_from_slice(&((20 + chunk.len()) as u16).to_be_bytes());
            bytes[6..8].copy_from_slice(&offset.to_be_bytes());
            bytes
        })
        .collect()
}

proptest! {
    #[test]
    fn fragments_join_in_any_order(payload in proptest::collection::vec(any::<u8>(), 1..3000), turn in 0_usize..50, back in any::<bool>()) {
        let whole = udp_frame(&payload)[14..].to_vec();
        let mut parts = fragments(&whole, 64);
        let n = parts.len();
        parts.rotate_left(turn % n);
        if back {
            parts.reverse();
        }
        let mut defragmenter = Defragmenter::new(16, 1 << 20);
        let mut joined = None;
        for part in &parts {
            let packet = read_ip(part).unwrap();
            if packet.fragment.is_none() {
                return Ok(());
            }
            if let Defragmented::Whole(whole) = defragmenter.push(&packet, 0, Timestamp::from_parts(1, 0)) {
                joined = Some(whole.packet(&packet).payload.to_vec());
            }
        }
        prop_assert_eq!(joined.as_deref(), Some(&whole[20..]));
    }

    #[test]
    fn any_bytes_decode_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), link in 0_u16..300) {
        let _ = decode(&frame(LinkType::from_number(link), &bytes));
    }

    #[test]
    fn damaged_frames_decode_without_panic(at in 0_usize..120, value in any::<u8>(), cut in 0_usize..160) {
        let inner = udp_frame(b"inside");
        let mut bytes = wrapped_in_gre(&[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1], &[0x20; 12][..]].concat(), &inner);
        let length = bytes.len();
        bytes[at % length] = value;
        bytes.truncate(cut);
        let _ = decode(&frame(LinkType::Ethernet, &bytes));
    }

    #[test]
    fn tcp_reads_as_etherparse_reads_it(
        ports in any::<(u16, u16)>(), seq in any::<u32>(), ack in any::<u32>(), window in any::<u16>(),
        payload in proptest::collection::vec(any::<u8>(), 0..100), v6 in any::<bool>(),
    ) {
        let mut bytes = Vec::new();
        let builder = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]);
        let builder = if v6 { builder.ipv6([1; 16], [2; 16], 64) } else { builder.ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64) };
        builder.tcp(ports.0, ports.1, seq, window).ack(ack).write(&mut bytes, &payload).unwrap();
        let decoded = decode(&frame(LinkType::Ethernet, &bytes));
        let Layer::Ip(packet) = &decoded.layer else { panic!("not IP") };
        let segment = read_tcp(packet.payload, packet.payload_length).unwrap();
        prop_assert_eq!((segment.source_port, segment.destination_port), ports);
        prop_assert_eq!((segment.sequence, segment.acknowledgement, segment.window), (seq, ack, window));
        prop_assert_eq!(segment.payload, &payload[..]);
    }
}

fn first_fragment(id: u8) -> Vec<u8> {
    let mut bytes = fragments(&udp_frame(&[0; 200])[14..], 64)[0].clone();
    bytes[5] = id;
    bytes
}

#[test]
fn unfinished_datagrams_are_bounded_and_counted() {
    let mut defragmenter = Defragmenter::new(4, 1 << 20);
    for id in 0..20_u8 {
        let bytes = first_fragment(id);
        let packet: IpPacket<'_> = read_ip(&bytes).unwrap();
        assert!(matches!(defragmenter.push(&packet, 0, Timestamp::from_parts(1, 0)), Defragmented::Held));
    }
    assert_eq!(defragmenter.evicted(), 16);
}

#[test]
fn fragments_that_contradict_each_other_are_dropped() {
    let parts = fragments(&udp_frame(&[7; 200])[14..], 64);
    let mut other = parts[1].clone();
    other[30] = 0;
    let mut defragmenter = Defragmenter::new(4, 1 << 20);
    let mut last = None;
    for part in [&parts[0], &parts[1], &other, &parts[2], &parts[3]] {
        last = Some(defragmenter.push(&read_ip(part).unwrap(), 0, Timestamp::from_parts(1, 0)));
    }
    assert!(matches!(last, Some(Defragmented::Dropped("fragment_overlap"))));
}
