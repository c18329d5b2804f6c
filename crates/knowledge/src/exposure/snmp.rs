//! SNMP without protection, and well-known communities.
//!
//! *Finds* agents that answer version 1 or 2c, whose community goes in the clear (RFC 1157, RFC 1901), and such that answer
//! to a community that makers ship ("public", "private", and so on). *Clinically*: anybody on the network can read the device's set-up, and with a write community
//! change it. *Do*: version 3 with authentication and privacy (RFC 3414), or off.

use medward_model::{FindingKind, Severity, Treatment};

use super::{Exposure, Judgement, Seen, detail};

pub(super) static SNMP: Judgement = Judgement {
    name: "snmp",
    title: "Answers SNMP without protection, or to a well-known community",
    references: &["RFC 3414", "RFC 1157", "HICP practice 9"],
    reads: &[("snmp", "service-community"), ("snmp", "version")],
    judge,
};

fn judge(seen: &Seen<'_>, found: &mut Vec<Exposure>) {
    let known = seen.field("snmp", "service-community").filter_map(|fact| {
        let (word, how) = fact.value.split_once(", ")?;
        Some((fact, word, how == "takes a SET"))
    });
    // That it can be written says more than that it can be read.
    if let Some((fact, word, writes)) = known.min_by_key(|(fact, _, writes)| (!writes, fact.packet)) {
        let does = if writes { "Takes settings over SNMP with" } else { "Answers SNMP to" };
        found.push(Exposure {
            kind: FindingKind::DefaultCredential,
            key: "community",
            title: format!("{does} the community \"{word}\""),
            severity: if writes || word == "private" { Severity::High } else { Severity::Medium },
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
