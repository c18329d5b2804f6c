//! The rules of Suricata: their shape, their numbers, and a real Suricata where there is one.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

use std::collections::BTreeSet;
use std::process::Command;

use medward_shield::{Config, SHIELDS, SIDS, rules};

const WARD: &str = "schema = 'medward.shields/1'
[[scope]]
name = 'pumps; \"3\"'
protect = ['10.20.3.0/24', 'fd00:3::/64']
servers = ['10.10.1.5', '10.10.1.6']
archives = ['10.10.2.0/28']
ae-titles = ['CT1', 'US3@10.20.4.0/24', 'US3@10.20.5.1', 'MR 1']
applications = ['EHR@10.10.1.7', 'L.I.S']
windows = ['sun 02:00-04:00']
[[scope]]
name = 'plant'
protect = ['10.30.0.0/16']
";

/// Keywords of Suricata 7 that our rules use.
const KEYWORDS: [&str; 25] = [
    "msg",
    "flow",
    "content",
    "depth",
    "offset",
    "distance",
    "within",
    "nocase",
    "startswith",
    "endswith",
    "pcre",
    "flags",
    "classtype",
    "sid",
    "rev",
    "http.method",
    "http.uri",
    "http.header",
    "http.content_type",
    "http.request_body",
    "modbus",
    "snmp.pdu_type",
    "flowbits",
    "metadata",
    "reference",
];

/// The options of a rule: what stands between semicolons that are not quoted.
fn options(rule: &str) -> Vec<String> {
    let body = rule.split_once('(').expect("options").1.strip_suffix(')').expect("an end");
    let (mut all, mut one, mut quoted) = (Vec::new(), String::new(), false);
    for c in body.chars() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => {
                all.push(one.trim().to_owned());
                one.clear();
                continue;
            }
            _ => {}
        }
        one.push(c);
    }
    assert!(!quoted && one.trim().is_empty(), "{rule}");
    all
}

#[test]
fn every_shield_has_rules_of_right_shape_with_numbers_of_their_own() {
    let config = Config::read(WARD).expect("scopes");
    let text = rules(&config.scopes);
    let mut sids = BTreeSet::new();
    for rule in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let head: Vec<&str> = rule.split(' ').take(7).collect();
        assert_eq!((head[0], head[4]), ("drop", "->"), "{rule}");
        assert!(["tcp", "udp", "http", "ftp", "modbus", "snmp"].contains(&head[1]), "{rule}");
        assert!(rule.split('(').next().expect("a head").trim().split(' ').count() == 7, "{rule}");
        let options = options(rule);
        for option in &options {
            let (name, value) = option.split_once(':').unwrap_or((option, ""));
            assert!(KEYWORDS.contains(&name), "{name} in {rule}");
            if name == "sid" {
                let sid: u32 = value.parse().expect("a number");
                assert!(SIDS.contains(&sid) && sids.insert(sid), "{rule}");
            }
            if name == "content" {
                let pattern = value.trim_start_matches('!').trim_matches('"');
                assert_eq!(pattern.matches('|').count() % 2, 0, "{rule}");
                for (at, part) in pattern.split('|').enumerate().filter(|(at, _)| at % 2 == 1) {
                    assert!(
                        part.split(' ').all(|hex| hex.len() == 2 && u8::from_str_radix(hex, 16).is_ok()),
                        "{at}: {rule}"
                    );
                }
            }
            if name == "pcre" {
                let body = value.trim_matches('"');
                assert!(body.starts_with('/') && body.rfind('/').is_some_and(|end| end > 0), "{rule}");
            }
        }
        // What a method or path is asked for stands behind its buffer.
        assert!(options.iter().any(|option| option == "rev:1"), "{rule}");
    }
    for shield in SHIELDS {
        assert!(text.contains(&format!("Medward {}: ", shield.name)), "{} has no rule", shield.name);
    }
    assert_eq!(rules(&config.scopes), text, "the same text each time");
    assert!(text.contains("content:!\"CT1|20 20"), "{text}");
    assert!(
        text.contains("drop tcp ![10.20.4.0/24,10.20.5.1] any -> [10.20.3.0/24,fd00:3::/64] any"),
        "{text}"
    );
}

#[test]
fn numbers_of_shields_stay() {
    let numbers: Vec<_> = SHIELDS.iter().map(|shield| (shield.name, shield.number)).collect();
    let expected = [
        ("bacnet-write", 1),
        ("dicom-store-elsewhere", 2),
        ("dicom-unknown-ae", 3),
        ("firmware-upload", 4),
        ("ftp", 5),
        ("hl7-strange-order", 6),
        ("modbus-write", 7),
        ("monitor-settings", 8),
        ("pump-settings", 9),
        ("remote-control", 10),
        ("sdc-settings", 11),
        ("smb1", 12),
        ("snmp-set", 13),
        ("telnet", 14),
    ];
    assert_eq!(numbers, expected);
}

#[test]
fn a_real_suricata_loads_them() {
    let folder = std::env::temp_dir().join(format!("medward-rules-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a directory");
    let file = folder.join("medward.rules");
    std::fs::write(&file, rules(&Config::read(WARD).expect("scopes").scopes)).expect("a file");
    let mut suricata = Command::new("suricata");
    suricata.args(["-T", "--init-errors-fatal", "--set", "app-layer.protocols.modbus.enabled=yes"]);
    suricata.arg("-S").arg(&file).arg("-l").arg(&folder);
    match suricata.output() {
        Ok(done) => {
            let said =
                format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert!(done.status.success(), "{said}");
        }
        Err(error) => println!("skipped: no suricata here ({error})"),
    }
    std::fs::remove_dir_all(&folder).expect("ours");
}
