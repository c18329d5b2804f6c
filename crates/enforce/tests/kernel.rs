//! What the kernel decides on real packets is what the rules say: random rules, random packets, a gateway in a network
//! namespace. Needs root and `nft`; without, it says so and passes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[path = "../../policy/tests/some/mod.rs"]
mod some;
mod ward;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use medward_enforce::Nft;
use medward_policy::{Layer, Packet, Reading, Ruleset, Settings, target};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use ward::Ward;

const PORTS: std::ops::RangeInclusive<u16> = 98..=112;

/// The packets that can be sent here: from the side of devices to the side of servers.
fn packets() -> Vec<Packet> {
    let mut all = Vec::new();
    for (protocol, step) in [(17_u8, 1), (6, 3)] {
        for (number, port) in (0_u8..).zip(PORTS) {
            for other in (0..8_u8).step_by(step) {
                let (a, b) = (number % 2, (number * 3 + other * 5) % 8);
                all.push(Packet {
                    source: [10, 0, a, b].into(),
                    destination: [10, 0, 2 + (other % 2), (b + other) % 8].into(),
                    protocol,
                    port,
                });
            }
            let v6 = |low: u8| IpAddr::from(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, low.into()));
            all.push(Packet { source: v6(number % 2), destination: v6(2 + number / 2 % 2), protocol, port });
        }
    }
    all
}

/// Which of the packets arrive.
fn arriving(ward: &Ward, packets: &[Packet]) -> BTreeSet<usize> {
    let (mut udp, mut tcp) = (Vec::new(), Vec::new());
    ward.inside("b", || {
        for port in PORTS {
            for any in ["0.0.0.0", "::"] {
                let at = SocketAddr::new(any.parse().unwrap(), port);
                let family = if at.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
                for (kind, list) in [(SocketType::DGRAM, &mut udp), (SocketType::STREAM, &mut tcp)] {
                    let socket = rustix::net::socket_with(family, kind, SocketFlags::NONBLOCK, None).unwrap();
                    if at.is_ipv6() {
                        rustix::net::sockopt::set_ipv6_v6only(&socket, true).unwrap();
                    }
                    if kind == SocketType::STREAM {
                        rustix::net::sockopt::set_socket_reuseaddr(&socket, true).unwrap();
                    }
                    rustix::net::bind(&socket, &at).unwrap();
                    if kind == SocketType::STREAM {
                        rustix::net::listen(&socket, 256).unwrap();
                    }
                    list.push(socket);
                }
            }
        }
    });
    let mut kept = Vec::new();
    let mut from = std::collections::BTreeMap::new();
    ward.inside("a", || {
        for (number, packet) in packets.iter().enumerate() {
            let to = SocketAddr::new(packet.destination, packet.port);
            if packet.protocol == 17 {
                let socket = UdpSocket::bind((packet.source, 0)).unwrap();
                socket.send_to(&number.to_be_bytes(), to).unwrap();
            } else {
                let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
                let socket =
                    rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::NONBLOCK, None)
                        .unwrap();
                rustix::net::bind(&socket, &SocketAddr::new(packet.source, 0)).unwrap();
                // In progress: who is let through is seen at the other side.
                let _ = rustix::net::connect(&socket, &to);
                let own = SocketAddr::try_from(rustix::net::getsockname(&socket).unwrap()).unwrap();
                from.insert(own, number);
                kept.push(socket);
            }
        }
    });
    let mut arrived = BTreeSet::new();
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(40));
        for socket in &udp {
            let mut bytes = [0_u8; 8];
            while rustix::net::recv(socket, &mut bytes[..], rustix::net::RecvFlags::empty()).is_ok() {
                arrived.insert(usize::from_be_bytes(bytes));
            }
        }
        for socket in &tcp {
            while let Ok((_connection, Some(peer))) = rustix::net::acceptfrom(socket) {
                arrived.extend(from.get(&SocketAddr::try_from(peer).unwrap()));
            }
        }
    }
    arrived
}

fn passes(ruleset: &Ruleset, packet: &Packet) -> bool {
    ruleset.decide(packet, Reading::Least).map_or(ruleset.default, |at| ruleset.rules[at].action).passes()
}

#[test]
fn the_kernel_decides_as_the_rules_say() {
    let Some(ward) = Ward::new("k") else { return };
    let packets = packets();
    assert_eq!(arriving(&ward, &packets).len(), packets.len(), "without rules all arrive");
    let nft = Nft { namespace: Some(ward.name("gw")), ..Nft::new(Layer::Inet) };
    let mut runner = TestRunner::deterministic();
    let (mut dropped, mut sent) = (0, 0);
    for _ in 0..24 {
        let mut ruleset = some::rulesets(false).new_tree(&mut runner).unwrap().current();
        for rule in &mut ruleset.rules {
            rule.conditions.clear();
            rule.expires = None;
        }
        let text = target("nftables").unwrap().render(&ruleset, &Settings::default()).unwrap().text;
        nft.load(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let arrived = arriving(&ward, &packets);
        for (number, packet) in packets.iter().enumerate() {
            let expected = passes(&ruleset, packet);
            assert_eq!(arrived.contains(&number), expected, "{packet}\n{text}");
            dropped += usize::from(!expected);
            sent += 1;
        }
    }
    assert!(dropped > sent / 10 && dropped < sent * 9 / 10, "{dropped} of {sent} dropped");
    eprintln!("{sent} packets of 24 rule sets, {dropped} dropped: the kernel agrees on all");
}
