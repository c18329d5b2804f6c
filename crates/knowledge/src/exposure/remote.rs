//! Logins in the clear, directories that anybody may read, and remote control without a guard.
//!
//! *Finds* Telnet servers, passwords that cross the network without TLS (FTP, HTTP Basic and forms, MQTT, mail, databases, the
//! user identity of DICOM), services that let somebody in without any, anonymous and simple LDAP binds without TLS (RFC 4513, 5.1),
//! VNC without authentication (RFC 6143, 7.2.1) and RDP without network level authentication (MS-RDPBCGR 5.4). *Clinically*:
//! whoever listens has the password of a device. *Wrong when* a tunnel carries it further on. *Do*: encrypted successors.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static CLEAR_LOGIN: Judgement = Judgement {
    name: "clear-login",
    title: "Takes logins in the clear",
    references: &["RFC 4949 (clear text)", "NIST SP 800-63B 5.2", "HICP practice 9"],
    reads: &[
        ("dicom", "clear-login"),
        ("ftp", "clear-login"),
        ("http", "clear-login"),
        ("mqtt", "clear-login"),
        ("postgresql", "clear-login"),
        ("smtp", "clear-login"),
        ("tds", "clear-login"),
        ("telnet", "banner"),
        ("telnet", "clear-login"),
        ("telnet", "server-options"),
    ],
    judge: clear_login,
};

pub(super) static OPEN_LOGIN: Judgement = Judgement {
    name: "open-login",
    title: "Lets people in without a login",
    references: &["CWE-306", "RFC 1635 (anonymous FTP)", "OASIS MQTT 5.0 5.4.1"],
    reads: &[("ftp", "open-login"), ("mqtt", "open-login"), ("postgresql", "open-login")],
    judge: open_login,
};

pub(super) static LDAP: Judgement = Judgement {
    name: "ldap-bind",
    title: "Lets anybody read its directory, or takes its passwords in the clear",
    references: &["RFC 4513 5.1", "Microsoft ADV190023"],
    reads: &[("ldap", "activity")],
    judge: ldap,
};

pub(super) static REMOTE_CONTROL: Judgement = Judgement {
    name: "remote-control",
    title: "Can be controlled from afar without a guard",
    references: &["RFC 6143 7.2.1", "MS-RDPBCGR 5.4"],
    reads: &[("vnc", "security-types"), ("rdp", "security")],
    judge: remote_control,
};

/// Protocol, what people call it, how bad its logins in the clear are, and what protects them.
const CLEAR: [(&str, &str, Severity, &str); 8] = [
    ("dicom", "DICOM", Severity::Medium, "DICOM over TLS"),
    ("ftp", "FTP", Severity::Medium, "SFTP or FTPS"),
    ("http", "HTTP", Severity::Medium, "HTTPS"),
    ("mqtt", "MQTT", Severity::Medium, "MQTT over TLS"),
    ("postgresql", "PostgreSQL", Severity::Medium, "TLS and SCRAM"),
    ("smtp", "mail", Severity::Medium, "STARTTLS"),
    ("tds", "SQL Server", Severity::Medium, "forced encryption"),
    ("telnet", "Telnet", Severity::High, "SSH"),
];

fn clear_login(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    for (source, what, severity, successor) in CLEAR {
        let login = seen.field(source, "clear-login").min_by_key(|fact| fact.packet);
        let telnet = || {
            let greeting = seen.field(source, "banner").chain(seen.field(source, "server-options"));
            (source == "telnet" && seen.serves(source)).then(|| greeting.min_by_key(|fact| fact.packet))
        };
        let fact = match (login, telnet()) {
            (Some(login), _) => Some(login),
            // Telnet has no other way to log in than in the clear.
            (None, Some(greeting)) => greeting,
            (None, None) => continue,
        };
        let ports = seen.ports(source);
        let place = if ports.is_empty() { String::new() } else { format!(" ({ports})") };
        found.push(Exposure {
            kind: FindingKind::ClearTextLogin,
            key: source,
            title: format!("Takes {what} logins in the clear{place}"),
            severity,
            confidence: 0.95,
            treatment: Treatment::Segment,
            reason: format!("Whoever listens has the password. Use {successor} where the maker allows; until then let only the devices that need it reach it."),
            details: fact.map(|fact| detail(fact, successor)).into_iter().collect(),
        });
    }
}

/// Protocol, what it let somebody do, and what to require.
const OPEN: [(&str, &str, &str); 3] = [
    ("ftp", "Gives files to anybody over FTP", "a login, over SFTP or FTPS"),
    ("mqtt", "Lets anybody read and write messages over MQTT", "a user for each client, over TLS"),
    ("postgresql", "Lets anybody into its PostgreSQL database", "SCRAM for each user"),
];

fn open_login(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    for (source, does, successor) in OPEN {
        let Some(fact) = seen.field(source, "open-login").min_by_key(|fact| fact.packet) else { continue };
        let ports = seen.ports(source);
        let place = if ports.is_empty() { String::new() } else { format!(" ({ports})") };
        found.push(Exposure {
            kind: FindingKind::AnonymousAccess,
            key: source,
            title: format!("{does}{place}"),
            severity: Severity::High,
            confidence: 0.9,
            treatment: Treatment::Segment,
            reason: format!("Somebody was let in who showed no password. Require {successor}; until then let only the devices that need it reach it."),
            details: vec![detail(fact, successor)],
        });
    }
}

fn ldap(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    if let Some(fact) = seen.served("ldap").find(|fact| fact.field == "anonymous bind") {
        found.push(Exposure {
            kind: FindingKind::AnonymousAccess,
            key: "anonymous",
            title: "Is asked for its directory without a login".to_owned(),
            severity: Severity::Low,
            confidence: 0.7,
            treatment: Treatment::Review,
            reason: "Names of people and machines may be read by anybody. Allow anonymous binds for the root entry only.".to_owned(),
            details: vec![detail(fact, "a bind with a name")],
        });
    }
    if let Some(fact) = seen.served("ldap").find(|fact| fact.field == "simple bind") {
        found.push(Exposure {
            kind: FindingKind::ClearTextLogin,
            key: "simple",
            title: "Takes LDAP passwords in the clear".to_owned(),
            severity: Severity::Medium,
            confidence: 0.95,
            treatment: Treatment::Segment,
            reason:
                "Whoever listens has the password of an account. Use LDAPS or StartTLS, and require signing."
                    .to_owned(),
            details: vec![detail(fact, "LDAPS, or SASL with signing")],
        });
    }
}

fn remote_control(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let open = seen.field("vnc", "security-types").find(|fact| {
        fact.value
            .to_ascii_lowercase()
            .split([',', ' '])
            .any(|word| word.trim() == "none" || word.trim() == "1")
    });
    if let Some(fact) = open {
        found.push(Exposure {
            kind: FindingKind::AnonymousAccess,
            key: "vnc",
            title: "Lets anybody take its screen over VNC".to_owned(),
            severity: Severity::High,
            confidence: 0.95,
            treatment: Treatment::Segment,
            reason: "It offers VNC without a password. Set one, or let only the service station reach it."
                .to_owned(),
            details: vec![detail(fact, "a password or better")],
        });
    }
    let bare = seen.field("rdp", "security").find(|fact| {
        let value = fact.value.to_ascii_lowercase();
        !value.contains("credssp") && !value.contains("tls")
    });
    if let Some(fact) = bare {
        found.push(Exposure {
            kind: FindingKind::WeakProtocol,
            key: "rdp",
            title: "Takes remote desktops without network level authentication".to_owned(),
            severity: Severity::Medium,
            confidence: 0.9,
            treatment: Treatment::Segment,
            reason: "Its login page meets everybody who reaches it (BlueKeep). Require network level authentication, or let only the service station reach it.".to_owned(),
            details: vec![detail(fact, "CredSSP")],
        });
    }
}
