//! Every format gives back what was written.

use medward_wire::LinkType;
use proptest::prelude::*;

use crate::forge::{Forge, Seen, gzip, seen, zstd};

fn packets() -> impl Strategy<Value = Vec<(u32, u32, Vec<u8>, u32)>> {
    let packet = (1u32.., 0u32..1_000_000, prop::collection::vec(any::<u8>(), 0..200), 0u32..2000);
    prop::collection::vec(packet, 0..40)
}

proptest! {
    #[test]
    fn pcap_survives_in_every_variant(packets in packets(), big: bool, nano: bool, packing in 0..3) {
        let mut forge = Forge::pcap(big, if nano { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }, 1);
        let mut expected = Vec::new();
        for (seconds, fraction, bytes, original) in &packets {
            forge.record(*seconds, *fraction, bytes, *original);
            let unit = if nano { 1 } else { 1000 };
            expected.push(Seen {
                time: i64::from(*seconds) * 1_000_000_000 + i64::from(*fraction) * unit,
                link: LinkType::Ethernet,
                original: (*original).max(bytes.len() as u32),
                bytes: bytes.clone(),
            });
        }
        let packed = match packing { 0 => forge.bytes, 1 => gzip(&forge.bytes), _ => zstd(&forge.bytes) };
        let (frames, file) = seen(&packed);
        prop_assert_eq!(&frames, &expected);
        prop_assert_eq!(file.problem, None);
        prop_assert_eq!(file.format, ["pcap", "pcap+gzip", "pcap+zstd"][packing as usize]);
        prop_assert_eq!(file.first.map(|time| time.as_nanos()), expected.iter().map(|frame| frame.time).min());
        prop_assert_eq!(file.last.map(|time| time.as_nanos()), expected.iter().map(|frame| frame.time).max());
    }

    #[test]
    fn pcapng_survives_in_every_variant(packets in packets(), orders in prop::collection::vec(any::<bool>(), 1..4), kind in 0..3) {
        let mut forge = Forge { big: false, bytes: Vec::new() };
        let mut expected = Vec::new();
        let mut last = 0;
        for big in orders {
            forge.big = big;
            forge.section(&[(2, b"a machine"), (4, b"a program")]);
            forge.interface(113, 0, &[(2, b"eth0"), (9, &[9])]);
            forge.block(0x0bad_cafe, b"unknown!");
            forge.interface(1, 0, &[(9, &[6])]);
            for (seconds, fraction, bytes, original) in &packets {
                let units = u64::from(*seconds) * 1_000_000 + u64::from(*fraction);
                let original = (*original).max(bytes.len() as u32);
                let mut frame = Seen { time: units as i64 * 1000, link: LinkType::Ethernet, bytes: bytes.clone(), original };
                match kind {
                    0 => forge.enhanced(1, units, bytes, original),
                    1 => forge.obsolete(1, units, bytes, original),
                    _ => {
                        frame.original = bytes.len() as u32;
                        frame.link = LinkType::LinuxSll;
                        frame.time = last;
                        forge.simple(bytes, frame.original);
                    }
                }
                last = frame.time;
                expected.push(frame);
            }
            forge.block(10, b"secrets!");
        }
        let (frames, file) = seen(&forge.bytes);
        prop_assert_eq!(frames, expected);
        prop_assert_eq!(file.problem, None);
        prop_assert_eq!(file.format, "pcapng");
    }

    #[test]
    fn any_bytes_are_read_without_panic(head in 0usize..6, tail in prop::collection::vec(any::<u8>(), 0..600)) {
        let starts: [&[u8]; 6] = [
            b"", b"\xa1\xb2\xc3\xd4\0\x02\0\x04", b"\x0a\x0d\x0d\x0a\0\0\0\x1c\x1a\x2b\x3c\x4d\0\x01\0\0",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03", b"\x28\xb5\x2f\xfd", b"\x34\xcd\xb2\xa1\x02\0\x04\0",
        ];
        let bytes = [starts[head], tail.as_slice()].concat();
        let (frames, file) = seen(&bytes);
        prop_assert_eq!(frames.len() as u64, file.packets);
    }
}

#[test]
fn resolutions_and_offsets_hold_per_interface() {
    let mut forge = Forge { big: true, bytes: Vec::new() };
    forge.section(&[]);
    forge.interface(1, 0, &[(9, &[3])]);
    forge.interface(1, 0, &[(9, &[12])]);
    forge.interface(1, 0, &[(9, &[0x8a])]);
    forge.interface(1, 0, &[(9, &[0x20 | 0x80]), (14, &(-5i64).to_be_bytes())]);
    forge.interface(1, 0, &[(14, &1_000_000i64.to_be_bytes())]);
    forge.interface(1, 0, &[(9, &[0])]);
    forge.interface(1, 0, &[(9, &[100])]);
    forge.interface(1, 0, &[(9, &[0xff])]);
    forge.enhanced(0, 1500, b"", 0);
    forge.enhanced(1, 1_500_000_000_000, b"", 0);
    forge.enhanced(2, 1536, b"", 0);
    forge.enhanced(3, 3 << 31, b"", 0);
    forge.enhanced(4, 7, b"", 0);
    forge.enhanced(5, 2, b"", 0);
    forge.enhanced(6, u64::MAX, b"", 0);
    forge.enhanced(7, u64::MAX, b"", 0);
    forge.enhanced(0, u64::MAX, b"", 0);
    let (frames, file) = seen(&forge.bytes);
    assert_eq!(file.problem, None);
    let times: Vec<i64> = frames.iter().map(|frame| frame.time).collect();
    let second = 1_000_000_000;
    assert_eq!(
        times,
        [
            1_500_000_000,
            1_500_000_000,
            1_500_000_000,
            -5 * second + 1_500_000_000,
            1_000_000 * second + 7000,
            2 * second,
            0,
            0,
            i64::MAX
        ]
    );
}

#[test]
fn a_simple_packet_is_as_long_as_the_snap_length() {
    let mut forge = Forge { big: false, bytes: Vec::new() };
    forge.section(&[]);
    forge.interface(1, 5, &[]);
    forge.simple(b"abcde", 1500);
    let (frames, _) = seen(&forge.bytes);
    assert_eq!(frames[0].bytes, b"abcde");
    assert_eq!(frames[0].original, 1500);
}

#[test]
fn comments_and_names_are_kept() {
    let mut forge = Forge { big: false, bytes: Vec::new() };
    forge.section(&[(1, b"Radiology mirror port "), (1, b"second")]);
    forge.interface(1, 0, &[(1, b"core switch, port 7")]);
    forge.names(&[(1, b"\x0a\0\0\x07pacs\0pacs.example\0"), (2, &[1; 16]), (3, b"odd")]);
    forge.enhanced(0, 0, b"x", 1);
    let stream = std::io::Cursor::new(forge.bytes);
    let mut reader = crate::Reader::of_stream("-", stream, &crate::Options::default()).unwrap();
    while reader.next_batch().is_some() {}
    let names: Vec<_> = reader.names().iter().collect();
    assert_eq!(format!("{names:?}"), r#"[(10.0.0.7, {"pacs", "pacs.example"})]"#);
    let files = reader.finish();
    assert_eq!(files[0].comments, ["Radiology mirror port", "second", "core switch, port 7"]);
}

#[test]
fn modified_pcap_and_link_types() {
    let mut forge = Forge::pcap(false, 0xa1b2_cd34, 113 | 0x1400_0000);
    for word in [7, 8, 3, 60, 2, 0x0008] {
        forge.put32(word);
    }
    forge.bytes.extend_from_slice(b"abc");
    let (frames, file) = seen(&forge.bytes);
    assert_eq!(file.problem, None);
    assert_eq!(
        frames,
        [Seen { time: 7_000_008_000, link: LinkType::LinuxSll, bytes: b"abc".to_vec(), original: 60 }]
    );
}

#[test]
fn files_written_one_after_the_other_are_all_read() {
    let mut forge = Forge::pcap(false, 0xa1b2_c3d4, 1);
    forge.record(1, 0, b"abc", 3);
    let first = forge.bytes.clone();
    forge.big = true;
    forge.pcap_header(0xa1b2_3c4d, 101);
    forge.record(2, 1, b"defg", 4);
    let second = forge.bytes[first.len()..].to_vec();
    let packed_gzip = [gzip(&first), gzip(&second), vec![0; 512]].concat();
    let skippable = b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec();
    let packed_zstd = [skippable.clone(), zstd(&first), skippable, zstd(&second)].concat();
    for bytes in [forge.bytes, packed_gzip, packed_zstd] {
        let (frames, file) = seen(&bytes);
        assert_eq!(file.problem, None);
        let links: Vec<LinkType> = frames.iter().map(|frame| frame.link).collect();
        assert_eq!(links, [LinkType::Ethernet, LinkType::Raw]);
        assert_eq!(frames[1].time, 2_000_000_001);
    }
}

#[test]
fn large_and_tiny_packets_cross_blocks() {
    let mut forge = Forge::pcap(false, 0xa1b2_c3d4, 1);
    let mut expected = Vec::new();
    for index in 0..40_000u32 {
        let length = if index % 3000 == 7 { 200_000 } else { index % 5 };
        let bytes = vec![index as u8; length as usize];
        forge.record(1, index, &bytes, length);
        expected.push(bytes);
    }
    for bytes in [forge.bytes.clone(), gzip(&forge.bytes), zstd(&forge.bytes)] {
        let (frames, file) = seen(&bytes);
        assert_eq!(file.problem, None);
        assert!(frames.iter().map(|frame| &frame.bytes).eq(expected.iter()));
    }
}
