//! Each judgement finds what it is for, and leaves the rest alone.

use std::collections::BTreeMap;

use medward_identify::DeviceFact;
use medward_model::{Device, DeviceId, Finding, Scope, Service, Timestamp, Transport, Verb};

use super::{JUDGEMENTS, exposures, wants};

fn device(services: &[(&str, u16)]) -> Device {
    Device {
        id: DeviceId("dev-1".to_owned()),
        macs: vec![],
        ips: vec![],
        vlans: vec![],
        hostnames: vec![],
        aliases: vec![],
        first_seen: None,
        last_seen: None,
        parent: None,
        scope: Scope::Internal,
        attributes: BTreeMap::new(),
        software: vec![],
        services: services
            .iter()
            .map(|(protocol, port)| Service {
                transport: Transport::Tcp,
                port: *port,
                protocol: (*protocol).to_owned(),
                first_seen: Timestamp::default(),
                last_seen: Timestamp::default(),
            })
            .collect(),
        remarks: vec![],
        particulars: BTreeMap::new(),
        row: None,
    }
}

fn fact(source: &'static str, field: &str, value: &str, verb: Option<Verb>) -> DeviceFact {
    DeviceFact {
        device: DeviceId("dev-1".to_owned()),
        source,
        field: field.to_owned(),
        value: value.to_owned(),
        packet: 7,
        time: Timestamp::default(),
        verb,
    }
}

fn titles(services: &[(&str, u16)], facts: &[DeviceFact]) -> Vec<String> {
    let now = "2026-11-01T00:00:00Z".parse().expect("a time");
    let found: Vec<Finding> = exposures(&[device(services)], facts, now);
    let mut titles: Vec<String> = found.into_iter().map(|finding| finding.title.to_string()).collect();
    titles.sort();
    titles
}

#[test]
fn what_is_weak_is_found() {
    for (services, facts, expected) in [
        (
            vec![("tls", 443)],
            vec![fact("tls", "version", "TLS 1.0", None)],
            "Speaks TLS 1.0, which is withdrawn",
        ),
        (
            vec![("tls", 443)],
            vec![fact("tls", "version", "SSL 3.0", None)],
            "Speaks SSL 3.0, which is withdrawn",
        ),
        (
            vec![("tls", 443)],
            vec![fact("tls", "cipher", "TLS_RSA_WITH_RC4_128_SHA", None)],
            "Agrees on a weak cipher: RC4 is broken",
        ),
        (
            vec![("tls", 443)],
            vec![fact("tls", "cert-not-after", "2019-01-01", None)],
            "Its certificate ended on 2019-01-01",
        ),
        (
            vec![("tls", 443)],
            vec![fact("tls", "cert-key", "RSA 1024", None)],
            "Its certificate has a weak key (RSA 1024)",
        ),
        (
            vec![("smb", 445)],
            vec![fact("smb", "dialect", "NT LM 0.12", None)],
            "Serves files over SMB version 1",
        ),
        (
            vec![("snmp", 161)],
            vec![fact("snmp", "service-community", "public, answers", None)],
            "Answers SNMP to the community \"public\"",
        ),
        (vec![("telnet", 23)], vec![], "Takes Telnet logins in the clear (tcp/23)"),
        (
            vec![("ftp", 21)],
            vec![fact("ftp", "clear-login", "USER and PASS", None)],
            "Takes FTP logins in the clear (tcp/21)",
        ),
        (
            vec![("http", 80)],
            vec![fact("http", "clear-login", "form", None)],
            "Takes HTTP logins in the clear (tcp/80)",
        ),
        (
            vec![("http", 80)],
            vec![fact("http", "default-login", "many makers, user \"admin\", accepted", None)],
            "Accepts a factory password over HTTP: many makers, user \"admin\"",
        ),
        (
            vec![("snmp", 161)],
            vec![
                fact("snmp", "service-community", "public, answers", None),
                fact("snmp", "service-community", "write, takes a SET", None),
            ],
            "Takes settings over SNMP with the community \"write\"",
        ),
        (
            vec![("mqtt", 1883)],
            vec![fact("mqtt", "open-login", "CONNECT without a user", None)],
            "Lets anybody read and write messages over MQTT (tcp/1883)",
        ),
        (
            vec![("ldap", 389)],
            vec![fact("ldap", "anonymous bind", "served", Some(Verb::Login))],
            "Is asked for its directory without a login",
        ),
        (
            vec![("vnc", 5900)],
            vec![fact("vnc", "security-types", "None", None)],
            "Lets anybody take its screen over VNC",
        ),
        (
            vec![("dicom", 104)],
            vec![fact("dicom", "C-STORE-RQ", "served", Some(Verb::Write))],
            "Takes patient data over DICOM in the clear",
        ),
        (
            vec![],
            vec![fact("hl7", "ORU^R01", "did", Some(Verb::Result))],
            "Sends patient data over HL7 in the clear",
        ),
    ] {
        assert_eq!(titles(&services, &facts), [expected], "{facts:?}");
    }
}

#[test]
fn what_is_sound_is_left_alone() {
    for (services, facts) in [
        (
            vec![("tls", 443)],
            vec![fact("tls", "version", "TLS 1.2", None), fact("tls", "version", "TLS 1.3", None)],
        ),
        (vec![("tls", 443)], vec![fact("tls", "cipher", "TLS_AES_128_GCM_SHA256", None)]),
        (vec![("tls", 443)], vec![fact("tls", "cipher", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", None)]),
        (
            vec![("tls", 443)],
            vec![
                fact("tls", "cert-not-after", "2031-01-01", None),
                fact("tls", "cert-key", "RSA 2048", None),
            ],
        ),
        (
            vec![("tls", 443)],
            vec![
                fact("tls", "cert-key", "ECDSA P-256", None),
                fact("tls", "cert-signature", "ecdsa-with-SHA256", None),
            ],
        ),
        (vec![("smb", 445)], vec![fact("smb", "dialect", "SMB 3.1.1", None)]),
        // A client of an old server is not itself a server.
        (vec![], vec![fact("smb", "dialect", "NT LM 0.12", None)]),
        (
            vec![("snmp", 161)],
            vec![fact("snmp", "version", "3", None), fact("snmp", "community", "other", None)],
        ),
        (vec![("ssh", 22)], vec![]),
        (vec![("dicom", 104)], vec![fact("dicom", "C-ECHO-RQ", "served", Some(Verb::Query))]),
        (vec![], vec![fact("http", "Basic", "did", Some(Verb::Login))]),
        // Somebody tried a factory password, and it did not work.
        (vec![], vec![fact("http", "default-login", "many makers, user \"admin\", refused", None)]),
        (vec![("vnc", 5900)], vec![fact("vnc", "security-types", "VNC authentication", None)]),
    ] {
        assert!(titles(&services, &facts).is_empty(), "{facts:?}: {:?}", titles(&services, &facts));
    }
}

#[test]
fn judgements_stand_in_order_and_say_what_they_read() {
    let names: Vec<&str> = JUDGEMENTS.iter().map(|judgement| judgement.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for judgement in JUDGEMENTS {
        assert!(!judgement.references.is_empty() && !judgement.reads.is_empty(), "{}", judgement.name);
        assert!(judgement.reads.iter().all(|(source, field)| wants(source, field)));
    }
}
