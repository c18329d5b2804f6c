//! Policy as text: there and back, and what is said of mistakes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use medward_model::Day;
use medward_policy::{
    BreakGlass, Conduit, Duty, Ends, Fail, Invariant, Kind, Members, Place, Policy, Rate, Service, Stage,
    StatedBy, Treatment, UsualPorts, Window, Zone,
};
use medward_query::Query;
use proptest::option;
use proptest::prelude::*;

const WARD: &str = include_str!("policies/ward.toml");

#[test]
fn a_policy_reads_as_it_is_written() {
    let policy = Policy::parse(WARD, &UsualPorts).unwrap();
    assert_eq!(policy.text(), WARD);
    assert_eq!(policy.zones.len(), 5);
    assert_eq!(policy.zones[1].place, Place { line: 13, column: 7 });
    assert_eq!(policy.conduits[0].place.line, 36);
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_was_meant() {
    let text = r#"schema = "medward.policy/1"
name = "x"
ownr = "y"

[zone.pumps]
where = 'category = "infusion pump" and vendr = "BD"'
stage = "enforced"
confidence = 2

[zone.servers]
addresses = ["10.20.0.0/40"]

[zone.none]
kind = "clinical"

[[conduit]]
from = "pmups"
to = "servers"
service = ["dicmo", "tcp/99999", "icmp/1"]
rate = "many"
window = "mon 08:00"
expires = "soon"

[[never]]
from = "pumps"
to = "any"

[unknown]
treatment = "coarse"
"#;
    let errors = Policy::parse(text, &UsualPorts).unwrap_err();
    let told = errors.to_string();
    let expected = "\
line 3, column 1: 'ownr' means nothing here; did you mean 'owner'?
line 6, column 41: no field is called 'vendr'; did you mean 'vendor'?
line 7, column 9: 'enforced' is no stage: there are observe, learn, simulate, alert, enforce; did you mean 'enforce'?
line 8, column 14: 'confidence' is a number from 0 to 1
line 11, column 14: '10.20.0.0/40' is not a network like 10.20.0.0/16
line 13, column 7: the zone 'none' says not what belongs to it: 'where', 'addresses' or 'external'
line 17, column 8: no zone is called 'pmups'; did you mean 'pumps'?
line 19, column 12: no protocol is called 'dicmo'; did you mean 'dicom'?
line 19, column 21: '99999' is not a port (0 to 65535)
line 19, column 34: 'icmp' has no ports: tcp, udp and sctp have
line 20, column 8: 'many' is not a rate of new flows like 100/s, 20/min or 5/day
line 21, column 10: 'mon 08:00' is not a time window like 'mon-fri 08:00-18:00'
line 22, column 11: 'expires' is a day like 2026-12-31
line 24, column 1: 'reason' is missing
line 28, column 1: coarse treatment names its 'zone'";
    assert_eq!(told, expected);
}

#[test]
fn broken_toml_is_told_with_the_rest() {
    let errors =
        Policy::parse("schema = \"medward.policy/1\"\nname = \nstage = 1\n", &UsualPorts).unwrap_err();
    assert!(errors.0.iter().any(|error| error.place.line == 2), "{errors}");
    assert!(errors.0.iter().any(|error| error.what.contains("'stage' means nothing here")), "{errors}");
}

#[test]
fn a_window_over_midnight_goes_on_into_the_next_day() {
    let window: Window = "fri-sat 22:00-04:00".parse().unwrap();
    for (day, minute, holds) in
        [(4, 1320, true), (4, 1319, false), (6, 239, true), (6, 240, false), (0, 0, false)]
    {
        assert_eq!(window.holds(day, minute), holds, "{day} {minute}");
    }
}

fn words() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 'é\"\\\\\n.-]{0,20}"
}

fn ends() -> impl Strategy<Value = Ends> {
    prop_oneof![
        Just(Ends::Any),
        prop::sample::subsequence(vec!["a b".to_owned(), "pumps".into(), "é".into()], 1..=3)
            .prop_map(Ends::Zones),
    ]
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    let one = prop_oneof![
        Just(Service::Named("dicom".into())),
        Just(Service::Named("icmp".into())),
        (prop_oneof![Just(6_u8), Just(17), Just(132)], any::<u16>(), any::<u16>())
            .prop_map(|(protocol, a, b)| Service::Ports { protocol, first: a.min(b), last: a.max(b) }),
        any::<u8>().prop_filter("named", |n| *n != 1).prop_map(Service::Whole),
    ];
    prop::collection::vec(one, 0..4)
}

fn zone(name: &'static str) -> impl Strategy<Value = Zone> {
    let members = prop_oneof![
        Just(Members::External),
        prop::collection::vec((any::<std::net::IpAddr>(), 0_u8..=32), 0..3).prop_map(Members::Networks),
        prop_oneof![Just("vendor = \"BD\" or model:'x"), Just("category=ct")]
            .prop_map(|text| Members::Where { text: text.into(), query: Query::parse(text).unwrap() }),
    ];
    let stage = prop::sample::select(Stage::ALL);
    let kind = option::of(prop::sample::select(Kind::ALL));
    (
        members,
        0.0..=1.0_f64,
        kind,
        stage,
        any::<bool>(),
        option::of(words()),
        option::of(words()),
        any::<bool>(),
    )
        .prop_map(move |(members, confidence, kind, stage, closed, owner, reason, break_glass)| Zone {
            name: name.into(),
            members,
            confidence,
            kind,
            stage,
            fail: if closed { Fail::Closed } else { Fail::Open },
            owner,
            reason,
            break_glass,
            place: Place::default(),
        })
}

fn conduit() -> impl Strategy<Value = Conduit> {
    let rate = option::of((1_u32.., prop::sample::select(&[1_u32, 60, 3600, 86_400][..])));
    let window = option::of((1_u8..128, 0_u16..1440, 0_u16..=1440).prop_filter("same", |(_, a, b)| a != b));
    let expires = option::of((1990_i16..2200, 1_i8..=12, 1_i8..=28));
    let says = prop::sample::select(StatedBy::ALL);
    (ends(), ends(), services(), rate, window, expires, option::of(words()), option::of(words()), says)
        .prop_map(|(from, to, services, rate, window, expires, reason, owner, stated_by)| Conduit {
            from,
            to,
            services,
            rate: rate.map(|(flows, seconds)| Rate { flows, seconds }),
            window: window.map(|(days, from, to)| Window { days, from, to }),
            expires: expires.and_then(|(y, m, d)| Day::new(y, m, d)),
            reason,
            owner,
            stated_by,
            place: Place::default(),
        })
}

fn treatment() -> impl Strategy<Value = Treatment> {
    prop_oneof![Just(Treatment::Alert), Just(Treatment::Fine), Just(Treatment::Coarse("é".into()))]
}

fn policy() -> impl Strategy<Value = Policy> {
    let zones = (zone("pumps"), zone("a b"), zone("é")).prop_map(|(a, b, c)| vec![a, b, c]);
    let invariant = (any::<bool>(), ends(), ends(), services(), words()).prop_map(
        |(never, from, to, services, reason)| {
            let duty = if never { Duty::Never } else { Duty::Always };
            Invariant { duty, from, to, services, reason, place: Place::default() }
        },
    );
    let invariants = prop::collection::vec(invariant, 0..4).prop_map(|mut all| {
        // The text has one list for each duty.
        all.sort_by_key(|invariant| invariant.duty);
        all
    });
    let glass = option::of((prop::collection::vec(words(), 1..3), 1_u32..10_000))
        .prop_map(|glass| glass.map(|(who, minutes)| BreakGlass { who, minutes }));
    let stage = prop::sample::select(Stage::ALL);
    let conduits = prop::collection::vec(conduit(), 0..5);
    (words(), option::of(words()), stage, zones, conduits, invariants, treatment(), treatment(), glass)
        .prop_map(|(name, owner, stage, zones, conduits, invariants, unknown, unsure, break_glass)| Policy {
            name,
            owner,
            stage,
            zones,
            conduits,
            invariants,
            unknown,
            unsure,
            break_glass,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_policy_survives_its_own_text(policy in policy()) {
        let text = policy.text();
        let again = Policy::parse(&text, &UsualPorts).map_err(|errors| TestCaseError::fail(format!("{errors}\n{text}")))?;
        prop_assert_eq!(again.text(), text);
        prop_assert_eq!(again.without_places(), policy);
    }

    #[test]
    fn any_text_is_read_or_refused_without_panic(cut in 0..WARD.len(), put in "[ -~é\n]{0,8}") {
        let mut text = WARD.to_owned();
        text.replace_range(cut..(cut + put.len()).min(WARD.len()), &put);
        let _ = Policy::parse(&text, &UsualPorts);
        let _ = Policy::parse(&text[..cut], &UsualPorts);
    }
}
