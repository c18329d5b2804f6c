//! The store finds what memory finds: random devices, random queries.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Device, Scope, Service, Software, Transport};
use medward_monitor::{
    Annotation, DeviceBrief, DeviceRow, FacetField, Ingest, Inventory, Lifecycle, Patch, Status, StoreError,
    Whereabouts,
};
use medward_query::{Query, Standing};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::Home;
use crate::fixtures::{at, commit, fused, id, list};

const WORDS: [&str; 16] = [
    "a",
    "AB",
    "Pump",
    "pump-1",
    "ab_c",
    "Ünï",
    "x%y",
    "q\"t",
    "sw-3 port 12",
    "sw-3 port 121",
    "ICU 2",
    "",
    "b\\d",
    "dev",
    "20",
    "ß",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        1 => "[a-cA-C _-]{0,4}",
    ]
}

fn time() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![1 => Just(None), 4 => (-40_000_i64..40_000).prop_map(Some)]
}

prop_compose! {
    fn a_device()(
        macs in prop::collection::vec(any::<u8>(), 0..2),
        ips in prop::collection::vec(prop_oneof![
            (0..3_u8, any::<u8>()).prop_map(|(a, b)| std::net::IpAddr::from([10, 20, a, b])),
            (0..3_u16).prop_map(|a| std::net::IpAddr::from([0xfd00, a, 0, 0, 0, 0, 0, 1])),
        ], 0..3),
        vlans in prop::collection::vec(prop::sample::select(vec![0_u16, 20, 30]), 0..2),
        hostnames in prop::collection::vec(word(), 0..3),
        aliases in prop::collection::vec(word(), 0..2),
        first in time(), last in time(),
        scope in prop::sample::select(vec![Scope::Internal, Scope::External, Scope::Multicast]),
        attributes in prop::collection::btree_map(
            prop::sample::select(vec!["vendor", "model", "serial", "location", "os_version", "life_supporting"]),
            prop_oneof![word(), Just("yes".to_owned())], 0..4),
        software in prop::collection::vec((word(), prop::option::of(word())), 0..2),
        services in prop::collection::vec((prop::sample::select(vec![22_u16, 443, 4430]), word()), 0..2),
    ) -> Device {
        Device {
            id: id(0),
            macs: macs.into_iter().map(|n| medward_model::Mac([0, 3, 0xb1, 0xab, 0xcd, n])).collect(),
            ips, vlans, hostnames, aliases,
            first_seen: first.map(at), last_seen: last.map(at),
            parent: None, scope,
            attributes: attributes.into_iter().map(|(name, value)| (name, fused(&value))).collect(),
            software: software.into_iter().map(|(name, version)| Software {
                name, version, cpe: None, purl: None, confidence: 0.5, evidence: vec![],
            }).collect(),
            services: services.into_iter().map(|(port, protocol)| Service {
                transport: Transport::Tcp, port, protocol, first_seen: at(0), last_seen: at(0),
            }).collect(),
            remarks: vec![], particulars: BTreeMap::new(), row: None,
        }
    }
}

prop_compose! {
    fn a_case()(
        device in a_device(),
        place in prop::option::of((prop::option::of(word()), word())),
        status in prop::sample::select(Status::ALL.to_vec()),
        group in prop::option::of(word()),
        medical in any::<bool>(),
        tags in prop::collection::btree_set("[a-cA-C -]{1,3}", 0..3),
        owner in prop::option::of(word()),
        belongs in prop::option::of(word()),
        criticality in prop::option::of(1..6_u8),
        lifecycle in prop::sample::select(Lifecycle::ALL.to_vec()),
        said in any::<bool>(),
    ) -> (DeviceRow, Option<Annotation>) {
        let row = DeviceRow {
            device,
            name: "x".into(),
            whereabouts: place.map(|(place, position)| Whereabouts {
                place, position, how: "vlan".into(), since: at(0), last: at(0),
            }),
            status, group, medical,
        };
        let annotation = Annotation { tags, owner, criticality, lifecycle, place: belongs, ..Annotation::default() };
        (row, said.then_some(annotation))
    }
}

fn a_term() -> impl Strategy<Value = String> {
    let quoted = |text: String| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let fields = vec![
        "id",
        "mac",
        "name",
        "alias",
        "scope",
        "service",
        "software",
        "vendor",
        "model",
        "serial",
        "location",
        "os_version",
        "site",
        "tag",
        "owner",
        "place",
        "group",
        "hostname",
    ];
    let ready = vec![
        "status:active",
        "status:missing",
        "status:unheard",
        "lifecycle:in-service",
        "lifecycle:lost",
        "criticality>3",
        "criticality<3",
        "criticality:5",
        "is:medical",
        "is:missing",
        "is:unheard",
        "is:new",
        "is:external",
        "is:life-supporting",
        "port:443",
        "port:22",
        "port:sw-3/12",
        "port:sw-3/1",
        "vlan:20",
        "ip:10.20.1.0/24",
        "ip:10.20.0.0/15",
        "ip:0.0.0.0/0",
        "ip:fd00:1::/32",
        "ip:::/0",
        "ip:10.20.1.7",
        "has:serial",
        "has:hostname",
        "has:software",
        "has:alias",
        "seen<1h",
        "seen>1h",
        "seen<24h",
        "first<2d",
        "first>0s",
        "site:north",
        "site = north",
        "scope = internal",
        "vendor = bd",
        "software = \"openssh 7.4\"",
        "mac = 00:1b:21:00:00:01",
        "mac:b1-ab",
        "mac:zz",
        "seen<4294967295w",
    ];
    let same = fields.clone();
    prop_oneof![
        3 => word().prop_map(quoted),
        2 => (prop::sample::select(same), word()).prop_map(move |(field, text)| format!("{field} = {}", quoted(text))),
        4 => (prop::sample::select(fields), word()).prop_map(move |(field, text)| format!("{field}:{}", quoted(text))),
        4 => prop::sample::select(ready).prop_map(str::to_owned),
    ]
}

fn a_query() -> impl Strategy<Value = String> {
    a_term().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..3).prop_map(|all| all.join(" ")),
            prop::collection::vec(inner.clone(), 2..3).prop_map(|all| format!("({})", all.join(" or "))),
            inner.prop_map(|one| format!("-({one})")),
        ]
    })
}

fn standing(row: &DeviceRow, annotation: &Annotation, site: &str) -> Standing {
    Standing {
        site: Some(site.to_owned()),
        tags: annotation.tags.clone(),
        owner: annotation.owner.clone(),
        position: row.whereabouts.as_ref().map(|w| w.position.clone()),
        place: row.whereabouts.as_ref().and_then(|w| w.place.clone()),
        belongs: annotation.place.clone(),
        status: Some(row.status.name()),
        lifecycle: Some(annotation.lifecycle.name()),
        criticality: annotation.criticality,
        group: row.group.clone(),
        medical: row.medical,
        ..Standing::default()
    }
}

/// What a site tells: number, device, and what is said of it.
type Told = Vec<(u64, DeviceRow, Option<Annotation>)>;

/// What both sites tell, and what is asked then.
type Round = ([(&'static str, Told); 2], Vec<String>);

/// The same rounds each time.
fn script() -> Vec<Round> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (cases, queries) = (a_case(), a_query());
    (0..4_u64)
        .map(|round| {
            // Some are new, some replace what was there, some come from another site.
            let sites = [("north", 0), ("South-2", 9)].map(|(site, shift)| {
                let told = (0..20).map(|step| {
                    let number = round * 12 + step + shift;
                    let (mut row, annotation) = cases.new_tree(&mut runner).unwrap().current();
                    row.device.id = id(number);
                    (number, row, annotation)
                });
                (site, told.collect())
            });
            (sites, (0..100).map(|_| queries.new_tree(&mut runner).unwrap().current()).collect())
        })
        .collect()
}

pub async fn the_store_finds_what_memory_finds(home: Home) {
    let mut known: BTreeMap<u64, (DeviceRow, Annotation, &str)> = BTreeMap::new();
    let mut hits = 0;
    for (sites, queries) in script() {
        for (site, told) in sites {
            let mut batch = commit(site);
            let mut said = Vec::new();
            for (number, row, annotation) in told {
                let before = known.remove(&number).map(|(_, annotation, _)| annotation).unwrap_or_default();
                if let Some(annotation) = annotation {
                    said.push((number, before.tags.clone(), annotation.clone()));
                    known.insert(number, (row.clone(), annotation, site));
                } else {
                    known.insert(number, (row.clone(), before, site));
                }
                batch.devices.push(row);
            }
            home.database.commit(&batch).await.unwrap();
            for (number, before, annotation) in said {
                let patch = Patch {
                    remove_tags: before.difference(&annotation.tags).cloned().collect(),
                    add_tags: annotation.tags.clone(),
                    owner: Some(annotation.owner),
                    criticality: Some(annotation.criticality),
                    lifecycle: Some(annotation.lifecycle),
                    place: Some(annotation.place),
                    ..Patch::default()
                };
                home.database.annotate(&id(number), &patch, None).await.unwrap();
            }
        }
        for text in queries {
            let query = Query::parse(&text).unwrap();
            let now = at(3600);
            let expected: BTreeSet<_> = known
                .values()
                .filter(|(row, annotation, site)| {
                    query.matches_with(&row.device, &standing(row, annotation, site), now)
                })
                .map(|(row, _, _)| row.device.id.clone())
                .collect();
            let found = home.database.devices(&list(&text)).await.unwrap().items;
            let ids: Vec<_> = found.iter().map(|summary| summary.id.clone()).collect();
            let mut briefs = home.database.briefs(&ids).await.unwrap();
            briefs.sort_by_key(|brief| ids.iter().position(|id| *id == brief.id));
            for (brief, summary) in briefs.iter().zip(&found) {
                // None and an empty one are the same in a picture.
                let mut expected = DeviceBrief::from(summary.clone());
                expected.group = expected.group.filter(|group| !group.is_empty());
                assert_eq!(*brief, expected);
            }
            assert_eq!(briefs.len(), found.len());
            let found: BTreeSet<_> = found.into_iter().map(|summary| summary.id).collect();
            let counted = home.database.count(&list(&text)).await.unwrap();
            assert_eq!(counted, expected.len() as u64, "{text}");
            let facets = home.database.facets(&list(&text), &[FacetField::Status], 9).await.unwrap();
            let summed: u64 = facets[0].values.iter().map(|value| value.count).sum();
            assert_eq!(summed + facets[0].without, counted, "{text}");
            hits += usize::from(!found.is_empty() && found.len() < known.len());
            if found != expected {
                let odd: Vec<_> = found.symmetric_difference(&expected).collect();
                let odd: Vec<_> =
                    known.values().filter(|(row, _, _)| odd.contains(&&row.device.id)).collect();
                let odd = &odd[..1];
                panic!("{text}\nfound {} and not {}: {odd:#?}", found.len(), expected.len());
            }
        }
    }
    assert!(hits > 100, "too few queries told devices apart: {hits}");
}

pub async fn too_many_terms_are_refused(home: Home) {
    let text = "x ".repeat(300);
    assert!(matches!(home.database.count(&list(&text)).await, Err(StoreError::Refused(_))));
}

pub async fn single_letters_are_found_where_words_are(home: Home) {
    let mut round = crate::fixtures::devices("north", 0..3);
    round.devices[1].device.attributes.insert("model", fused("Zeta"));
    home.database.commit(&round).await.unwrap();
    let patch = Patch { add_tags: ["q1".to_owned()].into(), ..Patch::default() };
    home.database.annotate(&id(2), &patch, None).await.unwrap();
    for (query, count) in
        [("z", 1), ("Z", 1), ("q", 1), ("-z", 2), ("z or q", 2), ("x", 0), (":", 3), ("ß", 0)]
    {
        let query = if query == ":" { "\":\"" } else { query };
        assert_eq!(home.database.count(&list(query)).await.unwrap(), count, "{query}");
    }
    // What is said no more is not found any more.
    let patch = Patch { remove_tags: ["q1".to_owned()].into(), ..Patch::default() };
    home.database.annotate(&id(2), &patch, None).await.unwrap();
    assert_eq!(home.database.count(&list("q")).await.unwrap(), 0);
}
