//! Live capture on virtual interfaces, each test in a network namespace that it makes itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod veth;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use medward_capture::{Live, LiveOptions, Numbers, Pull, Tap, TapError, TapState};
use veth::{THERE, Veth, batches, collect, datagram, ip, pull_until, tagged};

fn one(options: &LiveOptions) -> Live {
    Live::open(THERE, options).expect("the interface opens").remove(0)
}

#[test]
fn frames_arrive_complete_and_in_order() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions::default());
    let sent: Vec<Vec<u8>> = (0..5000_u32)
        .map(|n| {
            let size = 4 + (n as usize * 7) % 1400;
            let payload: Vec<u8> = n.to_be_bytes().into_iter().cycle().take(size).collect();
            datagram((1 + (n % 8) as u8, 1000), (20, 2000), &payload)
        })
        .collect();
    sent.iter().for_each(|frame| pair.send(frame));
    assert_eq!(collect(&mut tap, sent.len()), sent);
}

#[test]
fn what_was_received_and_what_was_dropped_is_what_was_sent() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions { buffer_bytes: 1 << 20, ..LiveOptions::default() });
    let frame = datagram((1, 1000), (2, 2000), &[0; 1400]);
    (0..5000).for_each(|_| pair.send(&frame));
    collect(&mut tap, usize::MAX);
    let counters = tap.counters();
    assert!(counters.dropped > 0, "the ring of 1 MiB held seven: {counters:?}");
    assert_eq!(counters.received + counters.dropped, 5000);
    assert_eq!(counters.bytes, counters.received * frame.len() as u64);
}

#[test]
fn a_vlan_tag_that_the_interface_took_off_is_back_in_its_place() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions::default());
    let frames = [tagged(42, b"in a vlan"), tagged(7 | 5 << 13, b"with a priority")];
    let plain = PlainSocket::open();
    frames.iter().for_each(|frame| pair.send(frame));
    assert!(
        plain.saw_a_frame_without_its_tag(),
        "the interface did not take the tags off: this proves nothing"
    );
    assert_eq!(collect(&mut tap, 2), frames);
}

/// Hears every frame on both ends as the kernel has it.
struct PlainSocket(std::os::fd::OwnedFd);

impl PlainSocket {
    fn open() -> PlainSocket {
        use rustix::net::{AddressFamily, SocketType, eth, socket};
        PlainSocket(socket(AddressFamily::PACKET, SocketType::RAW, Some(eth::ALL)).expect("root may open it"))
    }

    fn saw_a_frame_without_its_tag(&self) -> bool {
        let mut buffer = [0; 2048];
        let mut tags = Vec::new();
        while tags.len() < 4 {
            rustix::net::recv(&self.0, &mut buffer[..], rustix::net::RecvFlags::empty())
                .expect("four frames come");
            tags.push(buffer[12..14] == [0x81, 0x00]);
        }
        tags.contains(&false)
    }
}

#[test]
fn two_taps_share_the_frames_and_keep_both_directions_of_a_flow_together() {
    let Some(mut pair) = Veth::new() else { return };
    let numbers = Numbers::default();
    let options = LiveOptions { threads: 2, numbers, ..LiveOptions::default() };
    let taps = Live::open(THERE, &options).expect("the interface opens");
    let mut sent = BTreeSet::new();
    for n in 0..2000_u32 {
        let flow = (n % 50) as u16;
        let (a, b) = ((1, 1000 + flow), (2, 2000));
        let (from, to) = if n % 3 == 0 { (b, a) } else { (a, b) };
        let frame = datagram(from, to, &n.to_be_bytes());
        pair.send(&frame);
        sent.insert(frame);
    }
    let mut got = Vec::new();
    let mut taken = Vec::new();
    let mut taps_of: BTreeMap<u16, BTreeSet<usize>> = BTreeMap::new();
    for (at, mut tap) in taps.into_iter().enumerate() {
        for batch in batches(&mut tap, usize::MAX) {
            for frame in batch.frames() {
                let n = u32::from_be_bytes(frame.bytes[42..46].try_into().unwrap());
                taps_of.entry((n % 50) as u16).or_default().insert(at);
                got.push(frame.bytes.to_vec());
                taken.push(frame.number);
            }
        }
    }
    assert_eq!(got.len(), 2000);
    assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), sent);
    assert!(taps_of.values().all(|taps| taps.len() == 1), "{taps_of:?}");
    assert_eq!(taps_of.values().flatten().collect::<BTreeSet<_>>().len(), 2, "one tap got everything");
    taken.sort_unstable();
    assert_eq!(taken, (1..=2000).collect::<Vec<_>>());
}

#[test]
fn fragments_of_a_packet_come_to_the_tap_of_its_flow() {
    let Some(mut pair) = Veth::new() else { return };
    let mut taps = Live::open(THERE, &LiveOptions { threads: 2, ..LiveOptions::default() })
        .expect("the interface opens");
    for flow in 0..16_u16 {
        let whole = datagram((1, 1000 + flow), (2, 2000), &[7; 1000]);
        for frame in fragments(&whole, flow) {
            pair.send(&frame);
        }
    }
    let came: Vec<Vec<u8>> = taps.iter_mut().flat_map(|tap| collect(tap, usize::MAX)).collect();
    // The kernel puts fragments together before it shares: sixteen packets, none of them a fragment.
    assert_eq!(came.len(), 16);
    assert!(came.iter().all(|frame| frame[20..22] == [0, 0] && frame.ends_with(&[7; 1000])));
}

/// The IPv4 packet of a frame in two parts.
fn fragments(frame: &[u8], id: u16) -> [Vec<u8>; 2] {
    let payload = &frame[34..];
    let part = |from: usize, to: usize, more: bool| {
        let mut header = etherparse::Ipv4Header::from_slice(&frame[14..]).unwrap().0;
        header.identification = id + 1;
        header.dont_fragment = false;
        header.more_fragments = more;
        header.fragment_offset = etherparse::IpFragOffset::try_new(from as u16 / 8).unwrap();
        header.total_len = (20 + to - from) as u16;
        header.header_checksum = header.calc_header_checksum();
        let mut part = frame[..14].to_vec();
        header.write(&mut part).unwrap();
        part.extend_from_slice(&payload[from..to]);
        part
    };
    [part(0, 512, true), part(512, payload.len(), false)]
}

#[test]
fn a_filter_leaves_out_what_it_does_not_match() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap =
        one(&LiveOptions { filter: Some("udp dst port 2000".to_owned()), ..LiveOptions::default() });
    pair.send(&datagram((1, 1000), (2, 53), b"not wanted"));
    let wanted = datagram((1, 1000), (2, 2000), b"wanted");
    pair.send(&wanted);
    assert_eq!(collect(&mut tap, usize::MAX), [wanted]);
    assert_eq!(tap.counters().received, 1);
}

#[test]
fn a_bad_filter_is_named() {
    let Some(_pair) = Veth::new() else { return };
    let options = LiveOptions { filter: Some("port nonsense and".to_owned()), ..LiveOptions::default() };
    let error = Live::open(THERE, &options).unwrap_err();
    assert!(error.is_final());
    assert!(error.to_string().starts_with("'port nonsense and' is not a capture filter: "), "{error}");
}

#[test]
fn the_snap_length_cuts_frames_and_keeps_their_length() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions { snaplen: 100, ..LiveOptions::default() });
    let frame = datagram((1, 1000), (2, 2000), &[9; 1000]);
    pair.send(&frame);
    let batches = batches(&mut tap, 1);
    let got = batches[0].frames().next().unwrap();
    assert_eq!((got.bytes, got.original as usize), (&frame[..100], frame.len()));
}

#[test]
fn times_are_those_of_arrival_in_nanoseconds() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions::default());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as i64;
    let before = now();
    (0..100).for_each(|_| pair.send(&datagram((1, 1000), (2, 2000), b"")));
    let after = now();
    let batches = batches(&mut tap, 100);
    let times: Vec<i64> =
        batches.iter().flat_map(|b| b.frames().map(|f| f.time.as_nanos()).collect::<Vec<_>>()).collect();
    assert!(times.iter().all(|time| (before..=after).contains(time)), "{before} {times:?} {after}");
    assert!(times.iter().any(|time| time % 1000 != 0), "only microseconds");
}

#[test]
fn an_unknown_interface_is_refused_with_those_that_there_are() {
    let Some(_pair) = Veth::new() else { return };
    let error = Live::open("eth9", &LiveOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "there is no network interface 'eth9'; there are here, lo, there");
}

#[test]
fn an_interface_that_is_down_is_refused_with_the_way_to_bring_it_up() {
    let Some(_pair) = Veth::new() else { return };
    ip(&["link", "set", THERE, "down"]);
    let error = Live::open(THERE, &LiveOptions::default()).unwrap_err();
    assert!(matches!(error, TapError::InterfaceDown { .. }), "{error}");
    assert!(error.to_string().contains("ip link set there up"), "{error}");
}

#[test]
fn without_the_capability_the_message_says_how_to_give_it() {
    let Some(_pair) = Veth::new() else { return };
    // Capabilities are the thread's own: this ends with the test.
    caps::clear(None, caps::CapSet::Effective).unwrap();
    let error = Live::open(THERE, &LiveOptions::default()).unwrap_err();
    assert!(matches!(error, TapError::NoPermission { .. }), "{error}");
    for way in ["setcap cap_net_raw=ep", "AmbientCapabilities=CAP_NET_RAW"] {
        assert!(error.to_string().contains(way), "{error}");
    }
}

#[test]
fn an_interface_that_went_down_is_told_and_heard_again_when_up_without_any_privilege() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = one(&LiveOptions::default());
    ip(&["link", "set", THERE, "down"]);
    let told = pull_until(&mut tap, |pulled| pulled.err());
    assert!(matches!(told, TapError::InterfaceDown { .. }), "{told}");
    assert_eq!(tap.state(), TapState::Down);
    ip(&["link", "set", THERE, "up"]);
    caps::clear(None, caps::CapSet::Effective).unwrap();
    let frame = datagram((1, 1000), (2, 2000), b"back");
    let mut sent = 0;
    let back = pull_until(&mut tap, |pulled| match pulled.expect("told once") {
        Pull::Batch(batch) => batch.frames().next().map(|frame| frame.bytes.to_vec()),
        _ => {
            // The other end needs its time to have a carrier.
            pair.send(&frame);
            sent += 1;
            None
        }
    });
    assert_eq!(back, frame, "after {sent} frames");
    assert_eq!(tap.counters().outages, 1);
}

#[test]
fn an_interface_that_went_away_is_told_and_captured_again_when_it_is_back() {
    let Some(mut pair) = Veth::new() else { return };
    let options = LiveOptions { threads: 2, ..LiveOptions::default() };
    let mut taps = Live::open(THERE, &options).expect("the interface opens");
    ip(&["link", "delete", THERE]);
    for tap in &mut taps {
        let told = pull_until(tap, |pulled| pulled.err());
        assert!(matches!(told, TapError::InterfaceGone { .. }), "{told}");
        assert_eq!(tap.state(), TapState::Gone);
    }
    veth::make();
    pair.renew();
    while taps.iter().any(|tap| tap.state() != TapState::Running) {
        for tap in &mut taps {
            tap.pull(Duration::from_millis(20)).expect("told once");
        }
    }
    for flow in 0..100 {
        pair.send(&datagram((1, 1000 + flow), (2, 2000), b"back"));
    }
    let came: Vec<usize> = taps.iter_mut().map(|tap| collect(tap, usize::MAX).len()).collect();
    assert_eq!(came.iter().sum::<usize>(), 100);
    assert!(came.iter().all(|count| *count > 0), "the group is one again: {came:?}");
}

#[test]
fn taps_of_several_interfaces_number_their_frames_together() {
    let Some(mut pair) = Veth::new() else { return };
    let options = LiveOptions::default();
    let mut taps = [veth::HERE, THERE].map(|name| Live::open(name, &options).unwrap().remove(0));
    (0..10).for_each(|_| pair.send(&datagram((1, 1000), (2, 2000), b"")));
    let mut numbers: Vec<u64> = Vec::new();
    for tap in &mut taps {
        let batches = batches(tap, 10);
        assert_eq!(batches.iter().map(|batch| batch.len()).sum::<usize>(), 10, "{}", tap.name());
        numbers.extend(batches.iter().flat_map(|b| b.frames().map(|f| f.number).collect::<Vec<_>>()));
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=20).collect::<Vec<_>>());
}

#[test]
fn every_interface_of_the_machine_can_be_heard_at_once() {
    let Some(mut pair) = Veth::new() else { return };
    let mut tap = Live::open("any", &LiveOptions::default()).expect("the interface opens").remove(0);
    pair.send(&datagram((1, 1000), (2, 2000), b"somewhere"));
    // Sent on one end and received on the other.
    assert_eq!(collect(&mut tap, usize::MAX).len(), 2);
}
