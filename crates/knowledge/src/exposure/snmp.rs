//! SNMP without protection, and well-known communities.
//!
//! *Finds* agents that answer version 1 or 2c, whose community goes in the clear (RFC 1157, RFC 1901), and such that answer
//! to "public" or "private". *Clinically*: anybody on the network can read the device's set-up, and with a write community
//! change it. *Do*: version 3 with authentication and privacy (RFC 3414), or off.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static SNMP: Judgement = Judgement {
    name: "snmp",
    title: "Answers SNMP without protection, or to a well-known community",
    references: &["RFC 3414", "RFC 1157", "HICP practice 9"],
    reads: &[("snmp", "version"), ("snmp", "community")],
    judge,
};

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let known =
        seen.field("snmp", "community").find(|fact| matches!(fact.value.as_str(), "public" | "private"));
    if let Some(fact) = known {
        found.push(Exposure {
            kind: FindingKind::DefaultCredential,
            key: "community",
            title: format!("Answers SNMP to the community \"{}\"", fact.value),
            severity: if fact.value == "private" { Severity::High } else { Severity::Medium },
            confidence: 0.97,
            treatment: Treatment::Review,
            reason: "Everybody knows this word. Change it, or switch SNMP off; until then let only the management station reach it.".to_owned(),
            details: vec![detail(fact, "a community of your own, or version 3")],
        });
    }
    let old =
        seen.field("snmp", "version").find(|fact| fact.value.starts_with('1') || fact.value.starts_with('2'));
    if let Some(fact) = old {
        found.push(Exposure {
            kind: FindingKind::WeakProtocol,
            key: "version",
            title: format!("Answers SNMP version {}, in the clear", fact.value),
            severity: Severity::Low,
            confidence: 0.97,
            treatment: Treatment::Segment,
            reason: "Its community can be read on the way. Use version 3, or let only the management station reach it.".to_owned(),
            details: vec![detail(fact, "version 3 with authentication and privacy")],
        });
    }
}
