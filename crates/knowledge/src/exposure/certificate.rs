//! Certificates that are over, not yet valid, self-issued, or have weak keys or signatures.
//!
//! *Finds* server certificates whose days do not hold today (RFC 5280, 4.1.2.5), whose issuer is themselves, with RSA keys
//! under 2,048 bits or signatures with MD5 or SHA-1 (NIST SP 800-131Ar2). *Clinically*: clients that check will refuse it
//! one morning, clients that do not check can be led to a forger. *Wrong when* the device's makers check by other
//! means (pinning). *Do*: ask the maker how to put a certificate of the hospital's own authority on it.

use medward_model::{Day, FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static CERTIFICATE: Judgement = Judgement {
    name: "certificate",
    title: "Shows a certificate that is over, self-issued or weak",
    references: &["RFC 5280 4.1.2.5", "NIST SP 800-131Ar2", "CA/Browser Forum Baseline Requirements 6.1.5"],
    reads: &[
        ("tls", "cert-not-before"),
        ("tls", "cert-not-after"),
        ("tls", "cert-key"),
        ("tls", "cert-signature"),
        ("tls", "self-issued"),
    ],
    judge,
};

/// Smallest RSA key that is still fine, in bits.
const MIN_RSA: u32 = 2_048;

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    // A client's certificate is shown by the client; it judges the same way.
    let today = Day::of(seen.now);
    let mut add = |key, title: String, severity, confidence, reason: &str, fact, expected: &str| {
        found.push(Exposure {
            kind: FindingKind::Certificate,
            key,
            title,
            severity,
            confidence,
            treatment: Treatment::Review,
            reason: reason.to_owned(),
            details: vec![detail(fact, expected)],
        });
    };
    let ends = seen.field("tls", "cert-not-after").filter_map(|fact| Some((Day::read(&fact.value)?, fact)));
    // The newest counts: a server that got a new one has it.
    if let Some((day, fact)) = ends.max_by_key(|(day, fact)| (*day, std::cmp::Reverse(fact.packet)))
        && day < today
    {
        add(
            "over",
            format!("Its certificate ended on {day}"),
            Severity::Medium,
            0.95,
            "Clients that check refuse it; clients that do not check can be led to a forger. Ask for a new certificate.",
            fact,
            "a last day that is still to come",
        );
    }
    let begins =
        seen.field("tls", "cert-not-before").filter_map(|fact| Some((Day::read(&fact.value)?, fact)));
    if let Some((day, fact)) = begins.min_by_key(|(day, fact)| (*day, fact.packet))
        && day > today
    {
        add(
            "early",
            format!("Its certificate only begins on {day}"),
            Severity::Low,
            0.9,
            "The clock of the device, or of whoever made the certificate, is wrong.",
            fact,
            "a first day that has come",
        );
    }
    if let Some(fact) = seen.field("tls", "self-issued").next() {
        add(
            "self-issued",
            "Its certificate is its own issuer's".to_owned(),
            Severity::Low,
            0.9,
            "Nobody vouches for it: a client cannot tell it from a forger unless it knows this very certificate.",
            fact,
            "an authority that the clients know",
        );
    }
    let small = seen.field("tls", "cert-key").find(|fact| {
        let value = fact.value.to_ascii_uppercase();
        let bits =
            value.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<u32>().ok()).max();
        (value.contains("RSA") || value.contains("DSA") && !value.contains("ECDSA"))
            && bits.is_some_and(|bits| bits < MIN_RSA)
    });
    if let Some(fact) = small {
        add(
            "key",
            format!("Its certificate has a weak key ({})", fact.value),
            Severity::Medium,
            0.95,
            "Keys this short can be computed. Ask the maker for a new key.",
            fact,
            "RSA with 2048 bits, or an elliptic curve",
        );
    }
    let signed = seen.field("tls", "cert-signature").find(|fact| {
        let value = fact.value.to_ascii_lowercase();
        value.contains("md5") || value.contains("sha1") || value.contains("sha-1")
    });
    if let Some(fact) = signed {
        add(
            "signature",
            format!("Its certificate is signed with {}", fact.value),
            Severity::Low,
            0.95,
            "Signatures of this kind can be forged.",
            fact,
            "SHA-256 or better",
        );
    }
}
