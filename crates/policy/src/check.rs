//! What is odd about a policy before anything is compiled or enforced.
//!
//! Each concern has a code that stays the same, a line of the policy, and a sentence. What was not given is not looked at:
//! without conversations no conduit is called unused.

use std::collections::BTreeMap;

use medward_model::{Conversation, Day, Transport};
use serde::Serialize;

use crate::compile::{Source, Stages};
use crate::language::{Conduit, Duty, Ends, Fail, Kind, Stage};
use crate::prove::{Prover, Standing};
use crate::space::{ICMP, ICMPV6, SCTP, Services, TCP, UDP, port_range, protocol};
use crate::zones::{Belief, Membership, networks};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// The policy says two things at once, or cannot do what it says.
    Error,
    /// Somebody should look.
    Warning,
    /// Good to know.
    Note,
}

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A conduit allows what must never be.
    NeverContradicted,
    /// What must always pass stands in no conduit.
    AlwaysUncovered,
    /// Devices that several zones would take.
    ZonesOverlap,
    /// Networks of two zones overlap.
    NetworksOverlap,
    /// Devices of two zones have one address.
    AddressContested,
    /// A zone holds nothing.
    ZoneEmpty,
    /// A zone's devices have no address.
    ZoneWithoutAddress,
    /// A zone enforces and stands in no conduit.
    ZoneIsolated,
    /// A zone of care cuts where nothing can decide.
    CareFailsClosed,
    /// Zones of care enforce and nobody may lift the policy.
    NoBreakGlass,
    /// A conduit's last day is over.
    ConduitExpired,
    /// A conduit's last day is near.
    ConduitExpires,
    /// Nothing was seen that a conduit allows.
    ConduitUnused,
    /// A conduit allows any service, or anybody to anybody.
    ConduitWide,
    /// A conduit gives no reason.
    ConduitUnexplained,
    /// Many devices are in no zone.
    ManyUnknown,
    /// Many devices are not surely in their zone.
    ManyUnsure,
}

/// Something odd.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Concern {
    /// How much it matters.
    pub weight: Weight,
    /// What.
    pub code: Code,
    /// The line of the policy; 0 where it is about none.
    pub line: u32,
    /// In words.
    pub text: String,
}

/// A share of devices above which it is a concern, in hundredths.
const MANY: usize = 10;

/// Days before the end of a conduit from which it is told.
const NEAR: i64 = 30;

/// All concerns, the gravest first. `conversations` are those of the time that is looked at.
pub fn check(
    source: &Source<'_>,
    membership: &Membership,
    conversations: Option<&[Conversation]>,
) -> Vec<Concern> {
    let mut concerns = Vec::new();
    invariants(source, &mut concerns);
    zones(source, membership, &mut concerns);
    conduits(source, &mut concerns);
    if let Some(conversations) = conversations {
        unused(source, membership, conversations, &mut concerns);
    }
    shares(source, membership, &mut concerns);
    concerns.sort();
    concerns
}

fn add(concerns: &mut Vec<Concern>, weight: Weight, code: Code, line: u32, text: String) {
    concerns.push(Concern { weight, code, line, text });
}

fn invariants(source: &Source<'_>, concerns: &mut Vec<Concern>) {
    let policy = source.policy;
    for invariant in policy.invariants.iter().filter(|invariant| invariant.duty == Duty::Never) {
        let services = source.services(&invariant.services);
        for conduit in &policy.conduits {
            if share(&invariant.from, &conduit.from)
                && share(&invariant.to, &conduit.to)
                && services.meets(&source.services(&conduit.services))
            {
                let text = format!(
                    "never {} to {} (line {}), but the conduit from {} to {} allows some of it",
                    invariant.from, invariant.to, invariant.place.line, conduit.from, conduit.to
                );
                add(concerns, Weight::Error, Code::NeverContradicted, conduit.place.line, text);
            }
        }
    }
    let intended = Source { stages: Stages::Enforced, lifted: &[], ..*source };
    let ruleset = intended.compile();
    let mut always = policy.invariants.iter().filter(|invariant| invariant.duty == Duty::Always).peekable();
    if always.peek().is_none() {
        return;
    }
    let mut prover = Prover::new(&ruleset);
    for invariant in always {
        let answer = prover.invariant(&intended, invariant);
        let weight = match answer.standing {
            Standing::Fails => Weight::Error,
            Standing::MayFail => Weight::Warning,
            _ => continue,
        };
        add(concerns, weight, Code::AlwaysUncovered, invariant.place.line, answer.sentence);
    }
}

/// Whether two sides name a zone in common.
fn share(a: &Ends, b: &Ends) -> bool {
    match (a, b) {
        (Ends::Zones(a), Ends::Zones(b)) => a.iter().any(|name| b.contains(name)),
        _ => true,
    }
}

fn names(ends: &Ends, zone: &str) -> bool {
    match ends {
        Ends::Any => true,
        Ends::Zones(names) => names.iter().any(|name| name == zone),
    }
}

fn zones(source: &Source<'_>, membership: &Membership, concerns: &mut Vec<Concern>) {
    let policy = source.policy;
    let mut overlaps: BTreeMap<(&str, &str), (usize, &str)> = BTreeMap::new();
    for seat in &membership.0 {
        for other in &seat.also {
            let pair = (seat.zone.as_deref().unwrap_or(""), other.as_str());
            overlaps.entry(pair).or_insert((0, &seat.device.0)).0 += 1;
        }
    }
    for ((zone, other), (count, example)) in overlaps {
        let line = policy.zone(other).map_or(0, |(_, zone)| zone.place.line);
        let text = format!("'{other}' would take {count} devices that '{zone}' has, such as {example}");
        add(concerns, Weight::Warning, Code::ZonesOverlap, line, text);
    }
    let wide: Vec<_> = policy.zones.iter().map(networks).collect();
    for (at, (zone, own)) in policy.zones.iter().zip(&wide).enumerate() {
        for (other, theirs) in policy.zones.iter().zip(&wide).take(at) {
            if own.meets(theirs) {
                let text =
                    format!("networks of '{}' lie in those of '{}', which has them", zone.name, other.name);
                add(concerns, Weight::Warning, Code::NetworksOverlap, zone.place.line, text);
            }
        }
    }
    for contested in &source.ground.contested {
        let zones = contested.zones.join("', '");
        let text =
            format!("devices of '{zones}' have the address {}: the first zone has it", contested.address);
        add(concerns, Weight::Warning, Code::AddressContested, 0, text);
    }
    let mut bare = false;
    for (zone, holding) in policy.zones.iter().zip(&source.ground.zones) {
        let line = zone.place.line;
        let name = &zone.name;
        match (holding.all().is_empty(), holding.devices) {
            (true, 0) => {
                add(
                    concerns,
                    Weight::Warning,
                    Code::ZoneEmpty,
                    line,
                    format!("'{name}' takes no device now"),
                );
            }
            (true, devices) => {
                let text =
                    format!("the {devices} devices of '{name}' have no address: nothing can be enforced");
                add(concerns, Weight::Warning, Code::ZoneWithoutAddress, line, text);
            }
            _ => {}
        }
        let named =
            policy.conduits.iter().any(|conduit| names(&conduit.from, name) || names(&conduit.to, name));
        if zone.stage == Stage::Enforce && !named && zone.kind != Some(Kind::Quarantine) {
            let text = format!("'{name}' enforces and stands in no conduit: its devices may talk to nobody");
            add(concerns, Weight::Warning, Code::ZoneIsolated, line, text);
        }
        if zone.kind == Some(Kind::Clinical) {
            bare |= zone.stage == Stage::Enforce;
            if zone.fail == Fail::Closed {
                let text = format!(
                    "'{name}' is of care and fails closed: a failure of the gateway cuts its devices"
                );
                add(concerns, Weight::Warning, Code::CareFailsClosed, line, text);
            }
        }
    }
    if bare && policy.break_glass.is_none() {
        let text = "zones of care enforce, and nobody may lift the policy: write [break_glass]".to_owned();
        add(concerns, Weight::Warning, Code::NoBreakGlass, 0, text);
    }
}

fn conduits(source: &Source<'_>, concerns: &mut Vec<Concern>) {
    let today = Day::of(source.now);
    for conduit in &source.policy.conduits {
        let line = conduit.place.line;
        let way = format!("the conduit from {} to {}", conduit.from, conduit.to);
        match conduit.expires.map(|day| (day, day.days_since(today))) {
            Some((day, left)) if left < 0 => {
                add(
                    concerns,
                    Weight::Warning,
                    Code::ConduitExpired,
                    line,
                    format!("{way} expired after {day}"),
                );
            }
            Some((day, left)) if left <= NEAR => {
                let text = format!("{way} expires after {day}, in {left} days");
                add(concerns, Weight::Note, Code::ConduitExpires, line, text);
            }
            _ => {}
        }
        if conduit.from == Ends::Any && conduit.to == Ends::Any {
            let text = format!("{way} lets anybody reach anybody");
            add(concerns, Weight::Warning, Code::ConduitWide, line, text);
        } else if conduit.services.is_empty() {
            add(concerns, Weight::Note, Code::ConduitWide, line, format!("{way} allows any service"));
        }
        if conduit.reason.is_none() {
            add(concerns, Weight::Note, Code::ConduitUnexplained, line, format!("{way} gives no reason"));
        }
    }
}

/// Conduits that no conversation went through.
fn unused(
    source: &Source<'_>,
    membership: &Membership,
    conversations: &[Conversation],
    concerns: &mut Vec<Concern>,
) {
    // Each way between zones, once for each service: there are far fewer than conversations.
    let mut ways: BTreeMap<(Option<&str>, Option<&str>), Services> = BTreeMap::new();
    let zone = |device| membership.of(device).and_then(|seat| seat.treated_as.as_deref());
    for talk in conversations {
        let way = (zone(&talk.originator), zone(&talk.responder));
        let sum = ways.entry(way).or_default();
        let service = of_conversation(talk);
        if !service.is_within(sum) {
            *sum = sum.union(&service);
        }
    }
    let fits = |ends: &Ends, zone: Option<&str>| match (ends, zone) {
        (Ends::Any, _) => true,
        (ends, Some(zone)) => names(ends, zone),
        _ => false,
    };
    let used = |conduit: &Conduit| {
        let services = source.services(&conduit.services);
        ways.iter().any(|((from, to), seen)| {
            fits(&conduit.from, *from) && fits(&conduit.to, *to) && services.meets(seen)
        })
    };
    for conduit in source.policy.conduits.iter().filter(|conduit| !used(conduit)) {
        let text = format!("nothing was seen of the conduit from {} to {}", conduit.from, conduit.to);
        add(concerns, Weight::Note, Code::ConduitUnused, conduit.place.line, text);
    }
}

fn of_conversation(talk: &Conversation) -> Services {
    match talk.transport {
        Transport::Link => Services::empty(),
        Transport::Tcp => port_range(TCP, talk.port, talk.port),
        Transport::Udp => port_range(UDP, talk.port, talk.port),
        Transport::Sctp => port_range(SCTP, talk.port, talk.port),
        Transport::Icmp => protocol(ICMP).union(&protocol(ICMPV6)),
        Transport::Ip => u8::try_from(talk.port).map(protocol).unwrap_or_default(),
    }
}

fn shares(source: &Source<'_>, membership: &Membership, concerns: &mut Vec<Concern>) {
    let all = membership.0.len();
    for (belief, code, what) in [
        (Belief::Unknown, Code::ManyUnknown, "in no zone"),
        (Belief::Unsure, Code::ManyUnsure, "not surely in their zone"),
    ] {
        let count = membership.count(belief);
        if count * 100 > all * MANY {
            // Enforcing while many are unknown cuts what nobody has looked at.
            let enforcing = source.policy.zones.iter().any(|zone| zone.stage == Stage::Enforce);
            let weight = if enforcing { Weight::Warning } else { Weight::Note };
            let text = format!("{count} of {all} devices are {what} ({} %)", count * 100 / all.max(1));
            add(concerns, weight, code, 0, text);
        }
    }
}
