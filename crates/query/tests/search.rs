//! What a query finds, and how a bad one is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;

use medward_model::{Device, DeviceId, Fused, Scope, Service, Software, Timestamp, Transport};
use medward_query::{Query, Standing};
use proptest::prelude::*;

fn pump() -> Device {
    let fused =
        |value: &str| Fused { value: value.into(), confidence: 0.9, evidence: vec![], rejected: vec![] };
    let seen = |seconds| Some(Timestamp::from_parts(seconds, 0));
    Device {
        id: DeviceId("dev-0123456789ab".into()),
        macs: vec!["00:03:b1:00:00:01".parse().unwrap()],
        ips: vec!["10.20.3.4".parse().unwrap()],
        vlans: vec![20],
        hostnames: vec!["alaris-8015".into()],
        aliases: vec!["PUMP1".into()],
        first_seen: seen(0),
        last_seen: seen(86_400),
        parent: None,
        remarks: vec![],
        particulars: std::collections::BTreeMap::new(),
        row: None,
        scope: Scope::Internal,
        attributes: BTreeMap::from([("vendor", fused("BD")), ("category", fused("infusion-pump"))]),
        software: vec![Software {
            name: "OpenSSH".into(),
            version: Some("7.4".into()),
            cpe: None,
            purl: None,
            confidence: 0.9,
            evidence: vec![],
        }],
        services: vec![Service {
            transport: Transport::Tcp,
            port: 22,
            protocol: "ssh".into(),
            first_seen: Timestamp::from_parts(0, 0),
            last_seen: Timestamp::from_parts(0, 0),
        }],
    }
}

#[test]
fn queries_find_what_they_say() {
    let now = Timestamp::from_parts(86_400 + 3_600, 0);
    let cases = [
        ("", true),
        ("alaris", true),
        ("category:\"infusion pump\" vendor:bd", true),
        ("category:infusion-pump", true),
        ("vendor:baxter", false),
        ("vendor:baxter or vendor:bd", true),
        ("-vendor:bd", false),
        ("not (vendor:baxter or ip:10.30.0.0/16)", true),
        ("ip:10.20.0.0/16 vlan:20", true),
        ("ip:10.20.3.4", true),
        ("ip:0.0.0.0/0", true),
        ("ip:::/0", false),
        ("seen<2h", true),
        ("seen>2h", false),
        ("first>24h", true),
        ("has:serial", false),
        ("-has:serial has:vendor", true),
        ("mac:0003.b1", true),
        ("port:22 service:ssh software:\"openssh 7\"", true),
        ("scope:external", false),
        ("ae:pump1 name:ALARIS", true),
        ("category = \"infusion pump\" and vendor = BD", true),
        ("category=infusion_pump vendor =bd", true),
        ("category = infusion", false),
        ("vendor = b or vendor= d", false),
        ("not (vendor = baxter) and name = alaris-8015", true),
        ("mac = 0003.b100.0001", true),
        ("mac = 0003.b1", false),
        ("software = \"openssh 7.4\"", true),
        ("software = openssh", false),
        ("ip = 10.20.3.4 port = 22 vlan = 20", true),
        ("scope = internal", true),
    ];
    for (text, expected) in cases {
        assert_eq!(Query::parse(text).unwrap().matches(&pump(), now), expected, "{text}");
    }
}

#[test]
fn what_people_say_and_time_tells_is_found_in_the_monitor() {
    let standing = Standing {
        site: Some("North".into()),
        tags: ["MRI".to_owned(), "on-loan".to_owned()].into(),
        owner: Some("Radiology".into()),
        position: Some("sw-3 port 12".into()),
        place: Some("icu-2".into()),
        belongs: Some("store room".into()),
        status: Some("missing"),
        lifecycle: Some("in-service"),
        criticality: Some(4),
        group: Some("patient care".into()),
        medical: true,
        findings: ["critical", "vulnerability", "end-of-support"].into(),
        cves: ["CVE-2024-1234".to_owned()].into(),
    };
    let now = Timestamp::from_parts(86_400 + 3_600, 0);
    let cases = [
        ("site:north tag:mri owner:radio group:patient", true),
        ("tag:\"on loan\" radiology", true),
        ("status:missing lifecycle:in-service", true),
        ("status:active", false),
        ("finding:critical finding:vulnerability", true),
        ("finding:end_of_support", true),
        ("finding:high or finding:exploited", false),
        ("cve:cve-2024-1234", true),
        ("cve:2024-12345", false),
        ("criticality>3 criticality<5 criticality:4", true),
        ("criticality>4", false),
        ("criticality = 4 tag = on-loan site = north", true),
        ("site = nor", false),
        ("place = icu-2", true),
        ("cve = CVE-2024-1234", true),
        ("cve = CVE-2024-123", false),
        ("place:icu", true),
        ("place:store", true),
        ("place:ward", false),
        ("port:sw-3/12", true),
        ("port:sw-3/1", false),
        ("port:22", true),
        ("port:443", false),
        ("is:medical is:missing is:new", true),
        ("is:unheard or is:external or is:life-supporting", false),
    ];
    for (text, expected) in cases {
        let query = Query::parse(text).unwrap();
        assert_eq!(query.matches_with(&pump(), &standing, now), expected, "{text}");
    }
    // Of a device alone nothing of it is known.
    assert!(!Query::parse("tag:mri or is:medical or status:missing").unwrap().matches(&pump(), now));
}

#[test]
fn a_bad_query_is_told_what_is_wrong_and_where() {
    let cases = [
        ("vendr:BD", "column 1: no field is called 'vendr'"),
        ("vendor:", "column 7: something to look for is missing after 'vendor:'"),
        ("a \"b", "column 3: the quote is not closed"),
        ("(a", "column 1: this parenthesis has no partner"),
        ("a)", "column 2: this parenthesis has no partner"),
        ("seen<soon", "column 1: 'soon' is not a duration"),
        ("ip:10.0.0.0/40", "is not an address or network"),
        ("a status:gone", "column 3: 'gone' is not a status"),
        ("is:big", "column 1: 'big' is not something a device is"),
        ("criticality>high", "column 1: 'high' is not a criticality"),
        ("port:70000", "column 1: '70000' is not a port number"),
        ("vendor<3", "column 1: '3' is not comparable here"),
        ("vendr = BD", "column 1: no field is called 'vendr'"),
        ("vendor =", "column 8: something to look for is missing after 'vendor='"),
        ("vendor = )", "column 8: something to look for is missing after 'vendor='"),
        ("a or", "something to look for is missing after 'or'"),
        ("-", "something to look for is missing after '-'"),
    ];
    for (text, expected) in cases {
        let told = Query::parse(text).unwrap_err().to_string();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_without_panic(text in "[ -~é(\"):<>=-]{0,60}") {
        if let Ok(query) = Query::parse(&text) {
            let _ = query.matches(&pump(), Timestamp::from_parts(0, 0));
        }
    }
}

#[test]
fn deep_nesting_is_refused() {
    assert!(Query::parse(&"(".repeat(2000)).is_err());
    assert!(Query::parse(&"-".repeat(2000)).is_err());
}
