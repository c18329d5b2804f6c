//! Everything that is known of one device, as facts for the catalogue.

use std::collections::BTreeSet;

use medward_model::{Attribute, Gives, Mac, Value};

use super::build::Part;
use super::strong::CARRIERS;
use crate::catalog::{Catalog, OuiKind};
use crate::fuse::{Fact, is_multiple};
use crate::ledger::{Observation, Part as PartOfDeed};

/// How much the registrant of a MAC address's prefix says of the device's maker.
///
/// `firm` tells that the address is surely the device's own and not that of a router in front of it.
fn oui_weight(kind: OuiKind, firm: bool) -> Option<f64> {
    match kind {
        OuiKind::Network if firm => Some(0.85),
        OuiKind::Network => Some(0.4),
        OuiKind::Device => Some(0.85),
        OuiKind::Unlisted => Some(0.56),
        OuiKind::Platform => Some(PLATFORM),
        OuiKind::Embedded => Some(0.4),
        OuiKind::Component | OuiKind::Virtual => None,
    }
}

/// The weight of a maker of computers: the computer is its own, but what is built around it may be another's.
pub(crate) const PLATFORM: f64 = 0.65;

fn plain(source: &'static str, field: &'static str, value: String, packet: Option<u64>) -> Fact {
    Fact {
        source: source.into(),
        field: field.into(),
        value,
        packet,
        time: None,
        gives: None,
        software: None,
        certainty: 1.0,
        basis: None,
    }
}

/// What a dissector said, as a fact.
pub(crate) fn observed(observation: &Observation) -> Fact {
    let gives = match observation.field.gives {
        Gives::Attribute { attribute, percent } => Some((attribute, f64::from(percent.min(99)) / 100.0)),
        Gives::Fact => None,
    };
    let software = match &observation.value {
        Value::Software { name, version } => {
            Some((name.to_string(), version.as_ref().map(|v| v.to_string())))
        }
        Value::Text(_) => None,
    };
    Fact {
        time: Some(observation.first),
        gives,
        software,
        ..plain(
            observation.source,
            observation.field.name,
            observation.value.shown(),
            Some(observation.packet),
        )
    }
}

fn is_receiver(observation: &Observation) -> bool {
    observation.source == "hl7" && observation.field.name == "receiving-application"
}

/// Applications whose messages a host takes for others (HL7 2.9, 2.14.9.5): where it speaks under names of its own,
/// all others; where it never speaks, all as soon as there are several.
fn foreign_applications(part: &Part<'_>) -> BTreeSet<String> {
    let names = |field: &str| -> BTreeSet<String> {
        part.observations
            .iter()
            .filter(|o| o.source == "hl7" && o.field.name == field)
            .map(|o| o.value.shown())
            .collect()
    };
    let received = names("receiving-application");
    if received.is_empty() {
        return received;
    }
    let own = names("sending-application");
    match own.is_empty() {
        true if received.len() == 1 => BTreeSet::new(),
        true => received,
        false => received.difference(&own).cloned().collect(),
    }
}

/// For so long a value that a carrier passed on must not have come again, before a later one takes its place.
const CARRIED_SECONDS: i64 = 24 * 3600;

/// Statements that a later one of the same field took the place of, by position: a device that was upgraded, renamed or
/// repaired says something else than before, and never says the old again.
///
/// What may speak of other devices than its sender proves less: there the new value must have come several times, a day
/// after the last of the old one, and never counts for what names a single device.
pub(crate) fn superseded(observations: &[&Observation]) -> Vec<bool> {
    let mut over = Vec::new();
    for (position, old) in observations.iter().enumerate() {
        let Gives::Attribute { attribute, .. } = old.field.gives else { continue };
        if is_multiple(attribute) {
            continue;
        }
        let carried = CARRIERS.contains(&old.source);
        let single = matches!(attribute, Attribute::Serial | Attribute::Udi | Attribute::UniqueId);
        let replaced = observations.iter().any(|new| {
            std::ptr::eq(new.field, old.field)
                && new.source == old.source
                && new.value != old.value
                && new.first > old.last
                && (!carried
                    || !single && new.count >= 3 && new.last.seconds_since(old.last) >= CARRIED_SECONDS)
        });
        if replaced {
            over.resize(observations.len(), false);
            if let Some(flag) = over.get_mut(position) {
                *flag = true;
            }
        }
    }
    over
}

/// All facts of a device: what was observed, who made its interfaces, what it does and answers on.
pub(crate) fn of(
    part: &Part<'_>,
    macs: &[Mac],
    forwards: usize,
    firm: impl Fn(&Mac) -> bool,
    catalog: &Catalog,
) -> Vec<Fact> {
    let foreign = foreign_applications(part);
    let over = superseded(&part.observations);
    let mut facts: Vec<Fact> = part
        .observations
        .iter()
        .enumerate()
        .filter(|(position, _)| over.get(*position) != Some(&true))
        .map(|(_, observation)| observation)
        .filter(|o| !(is_receiver(o) && foreign.contains(o.value.shown().as_str())))
        .map(|o| observed(o))
        .collect();
    for mac in macs {
        let prefix = mac.to_string();
        facts.push(plain("mac", "address", prefix, None));
        if let Some(oui) = catalog.oui(*mac) {
            facts.push(Fact {
                gives: oui_weight(oui.kind, firm(mac)).map(|weight| (Attribute::Vendor, weight)),
                ..plain("mac", "organisation", oui.organisation.to_owned(), None)
            });
        }
        if super::addresses::is_virtual_router(*mac) {
            facts.push(plain("mac", "kind", "virtual-router".into(), None));
        }
    }
    if forwards > 0 {
        let amount = if forwards >= 3 { "forwards" } else { "forwards-few" };
        facts.push(plain("mac", "kind", amount.into(), None));
    }
    for service in &part.services {
        let value = format!("{} {}/{}", service.protocol, service.transport.name(), service.port);
        facts.push(Fact {
            time: Some(service.span.first),
            ..plain("service", "answers", value, Some(service.packet))
        });
    }
    for (protocol, port, transport, packet) in &part.asks {
        let value = format!("{protocol} {}/{port}", transport.name());
        facts.push(plain("client", "asks", value, Some(*packet)));
    }
    for (deed, sum) in &part.deeds {
        let field = match deed.part {
            PartOfDeed::Actor => "does",
            PartOfDeed::Target => "receives",
        };
        let value = format!("{} {} {}", deed.protocol, deed.operation, deed.object);
        facts.push(Fact {
            time: Some(sum.time),
            ..plain("activity", field, value.trim_end().to_owned(), Some(sum.packet))
        });
    }
    facts
}
