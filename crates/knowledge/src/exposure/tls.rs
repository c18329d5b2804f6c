//! Old versions of TLS, and weak ciphers.
//!
//! *Finds* servers that agreed on SSL 2 or 3, TLS 1.0 or 1.1 (RFC 6176, RFC 7568, RFC 8996), or on a cipher suite with NULL,
//! export, RC4, DES, 3DES or anonymous key exchange (RFC 7465, RFC 8429; NIST SP 800-52r2, 3.3.1). *Clinically*: what is sent
//! can be read or changed on its way. *Wrong when* only an old client made the server go down: then the server still
//! allows it. *Do*: ask the maker for TLS 1.2 or newer; until then let only the devices that need it reach the service.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static VERSION: Judgement = Judgement {
    name: "tls-version",
    title: "Agrees on a version of TLS or SSL that is withdrawn",
    references: &["RFC 8996", "RFC 7568", "RFC 6176", "NIST SP 800-52r2 3.1"],
    reads: &[("tls", "version")],
    judge: version,
};

pub(super) static CIPHER: Judgement = Judgement {
    name: "tls-cipher",
    title: "Agrees on a weak cipher suite",
    references: &["RFC 7465", "RFC 8429", "NIST SP 800-52r2 3.3.1"],
    reads: &[("tls", "cipher")],
    judge: cipher,
};

fn version(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let old: Vec<_> = seen
        .field("tls", "version")
        .filter(|fact| {
            let value = fact.value.to_ascii_lowercase();
            value.contains("ssl") || value.ends_with("1.0") || value.ends_with("1.1")
        })
        .collect();
    let Some(first) = old.first() else { return };
    let broken = old.iter().any(|fact| fact.value.to_ascii_lowercase().contains("ssl"));
    let mut names: Vec<&str> = old.iter().map(|fact| fact.value.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    found.push(Exposure {
        kind: FindingKind::WeakProtocol,
        key: "version",
        title: format!("Speaks {}, which is withdrawn", names.join(" and ")),
        severity: if broken { Severity::High } else { Severity::Medium },
        confidence: 0.97,
        treatment: Treatment::Segment,
        reason: "What it sends can be read or changed on the way. Ask the maker for TLS 1.2 or newer; until then let only the devices that need it reach it.".to_owned(),
        details: vec![detail(first, "TLS 1.2 or newer")],
    });
}

/// Parts of names of suites that protect too little, with why.
const WEAK: [(&str, &str); 8] = [
    ("NULL", "does not encrypt"),
    ("EXPORT", "has keys that anybody can try through"),
    ("anon", "does not say who answers"),
    ("RC4", "RC4 is broken"),
    ("_DES_", "DES is broken"),
    ("DES40", "has keys that anybody can try through"),
    ("3DES", "3DES has small blocks (Sweet32)"),
    ("_MD5", "relies on MD5"),
];

fn cipher(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let weak = seen.field("tls", "cipher").find_map(|fact| {
        WEAK.iter().find(|(part, _)| fact.value.contains(part)).map(|(_, why)| (fact, *why))
    });
    let Some((fact, why)) = weak else { return };
    found.push(Exposure {
        kind: FindingKind::WeakCipher,
        key: "cipher",
        title: format!("Agrees on a weak cipher: {why}"),
        severity: if fact.value.contains("3DES") { Severity::Medium } else { Severity::High },
        confidence: 0.97,
        treatment: Treatment::Segment,
        reason: format!("{} protects too little. Ask the maker for current ciphers; until then let only the devices that need it reach it.", fact.value),
        details: vec![detail(fact, "an AEAD cipher (AES-GCM, ChaCha20)")],
    });
}
