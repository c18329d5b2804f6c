//! Rule sets of other programs: what they let through, and what is only bounded.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use medward_policy::{
    Family, Packet, Prover, ReadError, Reading, Ruleset, Sameness, any_service, cisco, iptables, network,
    nft_json, nft_text, single,
};
use proptest::prelude::*;

const NFT: &str = include_str!("listings/ward.nft");
const NFT_JSON: &str = include_str!("listings/ward.nft.json");
const IPTABLES: &str = include_str!("listings/ward.iptables");
const IOS: &str = include_str!("listings/ward.ios");

fn packet(source: &str, destination: &str, protocol: u8, port: u16) -> Packet {
    Packet { source: source.parse().unwrap(), destination: destination.parse().unwrap(), protocol, port }
}

fn passes(ruleset: &Ruleset, packet: &Packet, reading: Reading) -> bool {
    ruleset.decide(packet, reading).map_or(ruleset.default, |at| ruleset.rules[at].action).passes()
}

/// Whether it passes: yes, no, or perhaps.
fn expect(ruleset: &Ruleset, cases: &[(&str, &str, u8, u16, &str)]) {
    for (source, destination, protocol, port, expected) in cases {
        let packet = packet(source, destination, *protocol, *port);
        let told = match (passes(ruleset, &packet, Reading::Least), passes(ruleset, &packet, Reading::Most)) {
            (true, true) => "yes",
            (false, false) => "no",
            (false, true) => "perhaps",
            (true, false) => "less than least",
        };
        assert_eq!(told, *expected, "{packet} in {}", ruleset.name);
    }
}

fn notes(ruleset: &Ruleset) -> Vec<String> {
    ruleset.notes.iter().map(|note| format!("{} {} {}", note.line, note.widens, note.text)).collect()
}

#[test]
fn nftables_says_the_same_in_both_listings() {
    let text = nft_text(NFT).unwrap();
    let json = nft_json(NFT_JSON).unwrap();
    assert_eq!((text.len(), json.len()), (1, 1));
    let same = Sameness::of(&text[0], &json[0]);
    assert!(same.same, "{}", same.sentence);
    assert!(!same.exact);
    expect(
        &text[0],
        &[
            ("10.1.0.4", "10.20.0.7", 6, 3613, "yes"),
            ("10.1.2.5", "10.20.0.7", 6, 3613, "yes"),
            ("10.1.2.4", "10.20.0.7", 6, 3613, "no"),
            ("10.1.0.4", "10.20.0.5", 6, 104, "yes"),
            ("10.1.0.4", "10.20.0.5", 6, 2575, "no"),
            ("10.99.1.1", "10.20.0.5", 6, 445, "perhaps"),
            ("10.9.0.1", "10.8.0.1", 17, 9, "yes"),
            ("10.9.0.2", "10.20.0.80", 17, 9, "yes"),
            ("10.9.0.2", "10.20.0.81", 17, 9, "no"),
            ("10.7.0.1", "10.20.0.53", 17, 53, "yes"),
            ("10.7.0.1", "10.20.0.53", 6, 53, "yes"),
            ("10.5.0.9", "10.20.0.1", 6, 22, "yes"),
            ("10.6.0.9", "10.20.0.1", 6, 22, "no"),
            ("10.3.0.9", "10.20.0.80", 6, 80, "no"),
            ("10.4.0.9", "10.20.0.80", 6, 81, "yes"),
            ("fd00::5", "fd00:2::1", 17, 161, "yes"),
            ("fd00::5", "fd00:1::1", 17, 161, "no"),
            ("10.4.0.9", "10.20.0.80", 1, 0x800, "perhaps"),
            ("10.4.0.9", "10.20.0.80", 1, 0, "no"),
        ],
    );
    assert_eq!(
        notes(&text[0]),
        [
            "24 true not understood: iifname eth9",
            "29 true not understood: limit rate 5/second",
            "0 false ip nat post (postrouting) changes addresses or routes, and is left out",
        ]
    );
}

#[test]
fn iptables_is_read_with_its_chains() {
    let all = iptables(IPTABLES, Family::V4).unwrap();
    assert_eq!(all.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["INPUT", "FORWARD", "OUTPUT"]);
    let forward = &all[1];
    expect(
        forward,
        &[
            ("10.1.0.4", "10.20.0.7", 6, 3613, "yes"),
            ("10.1.0.4", "10.20.0.7", 6, 3614, "perhaps"),
            ("10.99.1.1", "10.20.0.5", 6, 445, "perhaps"),
            ("10.5.0.9", "10.20.0.1", 6, 22, "yes"),
            ("10.6.0.9", "10.20.0.1", 6, 22, "no"),
            ("10.3.0.9", "10.20.0.80", 6, 8005, "perhaps"),
            ("10.4.0.9", "10.20.0.80", 6, 8005, "yes"),
            ("10.6.0.9", "10.20.0.53", 17, 53, "perhaps"),
            ("10.7.0.9", "10.20.0.53", 17, 53, "yes"),
        ],
    );
    assert_eq!(
        notes(forward),
        [
            "15 true not understood: -i eth9",
            "19 true not understood: -m limit --limit 5/sec",
            "20 true not understood: -m set --match-set trusted src",
        ]
    );
    assert!(all[0].is_exact() && all[0].rules.is_empty());
}

#[test]
fn cisco_lists_are_read_with_wildcards_and_groups() {
    let all = cisco(IOS).unwrap();
    assert_eq!(all.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["101", "WARD", "WARD6"]);
    expect(
        &all[1],
        &[
            ("10.1.0.4", "10.20.0.7", 6, 3613, "yes"),
            ("10.1.2.9", "10.20.0.7", 6, 3613, "yes"),
            ("10.1.2.10", "10.20.0.7", 6, 3613, "perhaps"),
            ("10.2.0.4", "10.20.0.7", 6, 11113, "yes"),
            ("10.2.0.4", "8.8.8.8", 1, 0, "yes"),
            ("10.2.0.4", "8.8.8.8", 6, 105, "perhaps"),
            ("10.99.0.1", "10.20.0.53", 17, 53, "no"),
            ("10.98.0.1", "10.20.0.53", 17, 123, "yes"),
            ("10.98.0.1", "10.20.0.53", 17, 124, "perhaps"),
            ("10.5.2.7", "9.9.9.9", 6, 24, "yes"),
            ("10.5.3.7", "9.9.9.9", 6, 24, "perhaps"),
            ("10.5.0.7", "9.9.9.9", 6, 23, "perhaps"),
            ("10.4.0.9", "10.20.0.80", 1, 0x800, "yes"),
            ("10.4.0.9", "10.20.0.80", 6, 2, "perhaps"),
            ("10.4.0.9", "10.20.0.90", 6, 80, "perhaps"),
        ],
    );
    assert_eq!(
        notes(&all[1]),
        [
            "27 true not understood: source port gt 1023",
            "28 true not understood: object-group ODD: fqdn server.example",
            "29 true not understood: time-range OFFICE",
            "22 false established: matches no packet that opens a flow",
        ]
    );
    expect(&all[0], &[("10.4.0.9", "10.30.0.1", 6, 2, "yes"), ("10.4.0.9", "10.30.1.1", 6, 2, "no")]);
    expect(&all[2], &[("fd00::9", "fd00:20::7", 6, 3613, "yes"), ("fd00::9", "fd00:20::8", 6, 3613, "no")]);
}

#[test]
fn three_ways_to_say_it_mean_the_same() {
    let nft = "table ip f {\n chain forward {\n  type filter hook forward priority 0; policy drop;\n  ct state established accept\n  ip saddr 10.1.0.0/24 tcp dport { 104, 11112 } accept\n  ip saddr 10.1.0.0/16 ip daddr != 10.2.0.0/16 udp dport 100-200 accept\n }\n}\n";
    let tables = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -m state --state ESTABLISHED -j ACCEPT\n-A FORWARD -s 10.1.0.0/24 -p tcp -m multiport --dports 104,11112 -j ACCEPT\n-A FORWARD -s 10.1.0.0/16 ! -d 10.2.0.0/16 -p udp -m udp --dport 100:200 -j ACCEPT\nCOMMIT\n";
    let ios = "ip access-list extended A\n permit tcp 10.1.0.0 0.0.0.255 any eq 104 11112\n deny udp any 10.2.0.0 0.0.255.255 range 100 200\n permit udp 10.1.0.0 0.0.255.255 any range 100 200\n";
    let nft = &nft_text(nft).unwrap()[0];
    let tables = &iptables(tables, Family::V4).unwrap()[0];
    let ios = &cisco(ios).unwrap()[0];
    for other in [tables, ios] {
        let same = Sameness::of(nft, other);
        assert!(same.same && same.exact, "{}", same.sentence);
    }
    let wider = ios_with("permit tcp 10.1.0.0 0.0.1.255 any eq 104");
    let differs = Sameness::of(nft, &wider);
    assert_eq!(differs.only_right.unwrap().witness, packet("10.1.1.0", "0.0.0.0", 6, 104));
}

fn ios_with(entry: &str) -> Ruleset {
    cisco(&format!("ip access-list extended A\n {entry}\n")).unwrap().remove(0)
}

#[test]
fn what_a_rule_set_lets_through_today_is_told_within_bounds() {
    let all = nft_text(NFT).unwrap();
    let mut prover = Prover::new(&all[0]);
    let told =
        prover.passing(&network("10.99.0.0".parse().unwrap(), 16), &single("10.20.0.80".parse().unwrap()));
    assert!(!told.exact);
    assert!(told.sentence.ends_with("passes at least tcp/80-81, and at most any."), "{}", told.sentence);
    let never = prover.never(
        &network("10.6.0.0".parse().unwrap(), 16),
        &network("10.1.0.0".parse().unwrap(), 24),
        &any_service(),
        "office to pumps",
    );
    assert!(never.sentence.contains("may pass"), "{}", never.sentence);
}

#[test]
fn what_is_no_rule_set_is_refused() {
    assert_eq!(nft_json("{}"), Err(ReadError::Nothing("chain of nftables that filters")));
    assert!(matches!(nft_json("{"), Err(ReadError::NotJson(_))));
    assert!(nft_text("hello").is_err() && iptables("", Family::V6).is_err() && cisco("hostname x").is_err());
}

#[test]
fn a_statement_that_is_not_understood_may_be_a_verdict() {
    let text = "table inet f {\n chain c {\n  type filter hook forward priority 0; policy accept;\n  ip saddr 10.0.0.1 xt target \"NFQUEUE\"\n  fib daddr type local drop\n }\n}\n";
    let json = r#"{"nftables":[{"chain":{"family":"inet","table":"f","name":"c","type":"filter","hook":"forward","policy":"accept"}},
        {"rule":{"family":"inet","table":"f","chain":"c","handle":4,"expr":[
            {"match":{"op":"==","left":{"payload":{"protocol":"ip","field":"saddr"}},"right":"10.0.0.1"}},
            {"xt":{"type":"target","name":"NFQUEUE"}}]}}]}"#;
    let text = &nft_text(text).unwrap()[0];
    expect(text, &[("10.0.0.1", "10.0.0.2", 6, 80, "perhaps"), ("10.0.0.3", "10.0.0.2", 6, 80, "perhaps")]);
    let json = &nft_json(json).unwrap()[0];
    expect(json, &[("10.0.0.1", "10.0.0.2", 6, 80, "perhaps"), ("10.0.0.3", "10.0.0.2", 6, 80, "yes")]);
}

#[test]
fn chains_that_call_each_other_in_a_ring_end() {
    let text = "*filter\n:FORWARD DROP [0:0]\n:a - [0:0]\n-A FORWARD -j a\n-A a -s 10.0.0.0/8 -j a\n-A a -j ACCEPT\nCOMMIT\n";
    let ring = &iptables(text, Family::V4).unwrap()[0];
    assert!(!ring.is_exact() && ring.rules.len() < 100);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_listing_is_read_or_refused_without_panic(cut in 0..1000_usize, put in "[ -~\n]{0,12}", gone in 0..12_usize) {
        for text in [NFT, NFT_JSON, IPTABLES, IOS] {
            let start = cut % text.len();
            let mut changed = text.to_owned();
            changed.replace_range(start..(start + gone).min(text.len()), &put);
            for text in [changed.as_str(), &text[..start], &text[start..]] {
                let read = [nft_text(text), nft_json(text), iptables(text, Family::V4), cisco(text)];
                for ruleset in read.into_iter().flatten().flatten() {
                    let _ = Prover::new(&ruleset).rules();
                }
            }
        }
    }
}
