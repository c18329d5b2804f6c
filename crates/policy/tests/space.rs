//! Sets of packets against the sets as a person would compute them, packet by packet.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use medward_policy::{
    Addresses, Forest, Packet, Ranges, Services, Set, any_service, network, place, port_range, prefixes,
    protocol, single, v4, v6,
};
use proptest::prelude::*;

/// Few addresses on both families, so that random sets meet; ends of the lines among them.
const POOL: [&str; 10] = [
    "0.0.0.0",
    "10.0.0.0",
    "10.0.0.1",
    "10.0.0.2",
    "10.0.1.0",
    "255.255.255.255",
    "::",
    "2001:db8::1",
    "2001:db8::2",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
];

fn at(index: usize) -> u128 {
    place(POOL[index].parse().unwrap())
}

fn addresses() -> impl Strategy<Value = Addresses> {
    prop_oneof![
        1 => Just(Addresses::all()),
        6 => prop::collection::vec((0..POOL.len(), 0..POOL.len()), 0..4).prop_map(|pairs| {
            Ranges::joined(pairs.into_iter().map(|(a, b)| (at(a).min(at(b)), at(a).max(at(b)))))
        }),
    ]
}

fn services() -> impl Strategy<Value = Services> {
    prop_oneof![
        1 => Just(any_service()),
        1 => (0_u8..=255).prop_map(protocol),
        4 => prop::collection::vec((prop_oneof![Just(6_u8), Just(17)], 0_u16..6, 0_u16..6), 0..3).prop_map(|all| {
            all.into_iter().fold(Services::empty(), |sum, (number, a, b)| sum.union(&port_range(number, a.min(b), a.max(b))))
        }),
    ]
}

type Box3 = (Addresses, Addresses, Services);

fn boxes() -> impl Strategy<Value = Vec<Box3>> {
    prop::collection::vec((addresses(), addresses(), services()), 0..5)
}

fn packets() -> impl Strategy<Value = Vec<Packet>> {
    let one =
        (0..6_usize, 0..6_usize, any::<bool>(), prop_oneof![Just(6_u8), Just(17), any::<u8>()], 0_u16..8);
    prop::collection::vec(one, 64).prop_map(|all| {
        all.into_iter()
            .map(|(a, b, six, protocol, port)| {
                let (a, b) = if six { (6 + a % 4, 6 + b % 4) } else { (a, b) };
                Packet {
                    source: POOL[a].parse().unwrap(),
                    destination: POOL[b].parse().unwrap(),
                    protocol,
                    port,
                }
            })
            .collect()
    })
}

fn inside(boxes: &[Box3], packet: &Packet) -> bool {
    boxes.iter().any(|(from, to, services)| {
        from.contains(place(packet.source))
            && to.contains(place(packet.destination))
            && services.contains(packet.service())
    })
}

fn planted(forest: &mut Forest, boxes: &[Box3]) -> Set {
    let sets = boxes.iter().map(|(a, b, c)| forest.product(a, b, c)).collect();
    forest.union_all(sets)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sets_hold_what_their_parts_hold(a in boxes(), b in boxes(), packets in packets()) {
        let mut forest = Forest::new();
        let (x, y) = (planted(&mut forest, &a), planted(&mut forest, &b));
        let union = forest.union(x, y);
        let both = forest.intersection(x, y);
        let less = forest.difference(x, y);
        let not = forest.complement(x);
        for packet in &packets {
            let (in_a, in_b) = (inside(&a, packet), inside(&b, packet));
            prop_assert_eq!(forest.contains(x, packet), in_a);
            prop_assert_eq!(forest.contains(union, packet), in_a || in_b);
            prop_assert_eq!(forest.contains(both, packet), in_a && in_b);
            prop_assert_eq!(forest.contains(less, packet), in_a && !in_b);
            prop_assert_eq!(forest.contains(not, packet), !in_a);
        }
        for set in [x, y, union, both, less, not] {
            match forest.witness(set) {
                Some(packet) => prop_assert!(forest.contains(set, &packet)),
                None => prop_assert!(forest.is_empty(set)),
            }
        }
    }

    #[test]
    fn equal_sets_are_one_node(a in boxes(), b in boxes(), c in boxes()) {
        let mut forest = Forest::new();
        let (x, y, z) = (planted(&mut forest, &a), planted(&mut forest, &b), planted(&mut forest, &c));
        // De Morgan, distribution, and the way round.
        let (left, right) = (forest.union(x, y), forest.union(y, x));
        prop_assert_eq!(left, right);
        let outside = forest.complement(left);
        let (not_x, not_y) = (forest.complement(x), forest.complement(y));
        let neither = forest.intersection(not_x, not_y);
        prop_assert_eq!(outside, neither);
        prop_assert_eq!(forest.complement(outside), left);
        let meet = forest.intersection(left, z);
        let (xz, yz) = (forest.intersection(x, z), forest.intersection(y, z));
        prop_assert_eq!(meet, forest.union(xz, yz));
        let rest = forest.difference(x, y);
        let shared = forest.intersection(x, y);
        prop_assert_eq!(forest.union(rest, shared), x);
        prop_assert_eq!(forest.difference(x, x), forest.empty());
    }

    #[test]
    fn the_first_that_is_not_nought_decides(rules in prop::collection::vec((addresses(), addresses(), services()), 0..8),
            packets in packets()) {
        let mut forest = Forest::new();
        let maps = (1..).zip(&rules).map(|(n, (a, b, c))| forest.product_map(a, b, c, n)).collect();
        let map = forest.first_of_all(maps);
        for packet in &packets {
            let first = rules.iter().position(|rule| inside(std::slice::from_ref(rule), packet));
            prop_assert_eq!(forest.value(map, packet), first.map_or(0, |n| n as u32 + 1));
        }
    }

    #[test]
    fn networks_make_up_the_same_addresses(a in addresses(), lone in any::<[u8; 16]>(), length in 0_u8..=128) {
        let odd = network(std::net::Ipv6Addr::from(lone).into(), length).union(&single(std::net::Ipv6Addr::from(lone).into()));
        for set in [a.clone(), a.union(&odd), odd.difference(&a)] {
            let again = prefixes(&set).iter().fold(Addresses::empty(), |sum, p| sum.union(&network(p.address, p.length)));
            // A network of IPv6 may hold the places of IPv4.
            prop_assert_eq!(again.intersection(&v4()), set.intersection(&v4()));
            prop_assert_eq!(again.intersection(&v6()), set.intersection(&v6()));
        }
    }
}

#[test]
fn what_keeps_a_link_together_is_in_no_set() {
    let mut forest = Forest::new();
    let all = Addresses::all();
    let everything = forest.product(&all, &all, &any_service());
    assert_eq!(everything, forest.universe());
    assert_eq!(forest.services(everything), any_service());
    let ping = forest.product(&all, &all, &protocol(58));
    assert_eq!(forest.services(ping), protocol(58));
    let (source, destination) = ("fe80::1".parse().unwrap(), "ff02::1:ff00:1".parse().unwrap());
    for (kind, held) in
        [(128, true), (129, true), (130, false), (135, false), (137, false), (138, true), (143, false)]
    {
        let packet = Packet { source, destination, protocol: 58, port: kind << 8 };
        assert_eq!(forest.contains(everything, &packet), held, "type {kind}");
    }
}
