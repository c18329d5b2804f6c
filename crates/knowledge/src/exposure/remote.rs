//! Logins in the clear, directories that anybody may read, and remote control without a guard.
//!
//! *Finds* Telnet servers, FTP and HTTP Basic logins without TLS, anonymous and simple LDAP binds without TLS (RFC 4513, 5.1),
//! VNC without authentication (RFC 6143, 7.2.1) and RDP without network level authentication (MS-RDPBCGR 5.4). *Clinically*:
//! whoever listens has the password of a device. *Wrong when* a tunnel carries it further on. *Do*: encrypted successors.

use medward_model::{FindingKind, Severity, Treatment, Verb};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static CLEAR_LOGIN: Judgement = Judgement {
    name: "clear-login",
    title: "Takes logins in the clear",
    references: &["RFC 4949 (clear text)", "NIST SP 800-63B 5.2", "HICP practice 9"],
    reads: &[
        ("ftp", "activity"),
        ("http", "activity"),
        ("smtp", "activity"),
        ("telnet", "banner"),
        ("telnet", "server-options"),
    ],
    judge: clear_login,
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

fn clear_login(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let mut add = |key, what: &str, ports: String, severity, successor: &str, details| {
        let place = if ports.is_empty() { String::new() } else { format!(" ({ports})") };
        found.push(Exposure {
            kind: FindingKind::ClearTextLogin,
            key,
            title: format!("Takes {what} logins in the clear{place}"),
            severity,
            confidence: 0.95,
            treatment: Treatment::Segment,
            reason: format!("Whoever listens has the password. Use {successor} where the maker allows; until then let only the devices that need it reach it."),
            details,
        });
    };
    if seen.serves("telnet") {
        let fact = seen.field("telnet", "banner").chain(seen.field("telnet", "server-options")).next();
        let details = fact.map(|fact| detail(fact, "SSH")).into_iter().collect();
        add("telnet", "Telnet", seen.ports("telnet"), Severity::High, "SSH", details);
    }
    if let Some(fact) = seen.served("ftp").find(|fact| fact.verb == Some(Verb::Login)) {
        add(
            "ftp",
            "FTP",
            seen.ports("ftp"),
            Severity::Medium,
            "SFTP or FTPS",
            vec![detail(fact, "SFTP or FTPS")],
        );
    }
    if let Some(fact) = seen
        .served("http")
        .find(|fact| fact.verb == Some(Verb::Login) && fact.field.eq_ignore_ascii_case("basic"))
    {
        add("http", "HTTP", seen.ports("http"), Severity::Medium, "HTTPS", vec![detail(fact, "HTTPS")]);
    }
    if let Some(fact) = seen.served("smtp").find(|fact| fact.verb == Some(Verb::Login)) {
        add("smtp", "mail", seen.ports("smtp"), Severity::Medium, "STARTTLS", vec![detail(fact, "STARTTLS")]);
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
