//! What is worth telling a person, in plain words.

use std::collections::{BTreeMap, BTreeSet};

use medward_identify::Exchange;
use medward_model::{Device, DeviceId, Scope, Severity, ShortId, Timestamp};

use super::known::{Kept, Known, service};
use crate::{AttributeChange, Commit, Event, EventKind, Position, Said, Whereabouts, version};

/// A device must be known for so long before a new peer or service of it is news.
const SETTLED: i64 = 24 * 3600;

/// So long after it was first seen, another value is more knowledge rather than a change.
const LEARNING: i64 = 3600;

/// Attributes whose change is no event: they follow from others.
const FOLLOW: [&str; 4] = ["role", "fda_class", "life_supporting", "family"];

fn event(site: &str, kind: EventKind, severity: Severity, at: Timestamp, title: String) -> Event {
    Event {
        number: 0,
        at,
        site: site.to_owned(),
        kind,
        severity,
        device: None,
        title,
        details: BTreeMap::new(),
    }
}

fn details<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What a device is, for a title: "Infusion pump BD Alaris 8015", or its address.
fn described(device: &Device) -> String {
    use medward_model::Attribute::{Category, Model, Vendor};
    let parts: Vec<String> = [Category, Vendor, Model]
        .into_iter()
        .filter_map(|attribute| device.value(attribute))
        .map(|value| value.replace('-', " "))
        .collect();
    let what = if parts.is_empty() { "Unknown device".to_owned() } else { parts.join(" ") };
    let at =
        device.ips.first().map(ToString::to_string).or_else(|| device.macs.first().map(|m| m.to_string()));
    match at {
        Some(at) => format!("{what} ({at})"),
        None => what,
    }
}

/// What is new of a device that was built: itself, its attributes, its services.
pub(super) fn of(
    site: &str,
    device: &Device,
    known: &Known,
    fresh: bool,
    now: Timestamp,
    commit: &mut Commit,
) {
    let id = &device.id;
    if fresh && device.scope == Scope::Internal {
        let title = format!("First seen: {}", described(device));
        commit.events.push(Event {
            device: Some(id.clone()),
            ..event(site, EventKind::FirstSeen, Severity::Info, now, title)
        });
    }
    let names: BTreeSet<&str> = device
        .attributes
        .keys()
        .copied()
        .chain(known.attributes.iter().map(|(name, _)| name.as_str()))
        .collect();
    for name in names {
        let before = known.value(name);
        let fused = device.attributes.get(name);
        let after = fused.map(|fused| fused.value.as_str());
        if before == after {
            continue;
        }
        commit.history.push(AttributeChange {
            device: id.clone(),
            attribute: name.to_owned(),
            value: after.map(str::to_owned),
            confidence: fused.map_or(0.0, |fused| fused.confidence),
            because: fused
                .and_then(|fused| fused.evidence.first())
                .map(|support| format!("{}.{}", support.source, support.field))
                .unwrap_or_default(),
            at: now,
        });
        // At first more and more is learnt of a device; that is no change of it. A version or a serial number that was
        // there is.
        let stated = matches!(name, "serial" | "firmware" | "os_version");
        let learning = now.seconds_since(known.pulse.first_seen) < LEARNING && !stated;
        if let (Some(before), Some(after)) = (before, after)
            && !FOLLOW.contains(&name)
            && !learning
        {
            commit.events.push(changed(site, device, known, name, (before, after), now));
        }
    }
    let settled = !fresh && now.seconds_since(known.pulse.first_seen) > SETTLED;
    if settled && device.scope == Scope::Internal {
        for new in device.services.iter().filter(|s| !known.services.contains(&service(s))) {
            let title = format!(
                "{} answers on {} port {} ({}), which it did not before",
                known.name,
                new.transport.name(),
                new.port,
                new.protocol
            );
            let severity = if known.pulse.medical { Severity::Medium } else { Severity::Low };
            commit.events.push(Event {
                device: Some(id.clone()),
                details: details([("port", new.port.to_string()), ("protocol", new.protocol.clone())]),
                ..event(site, EventKind::NewService, severity, now, title)
            });
        }
    }
}

fn changed(
    site: &str,
    device: &Device,
    known: &Known,
    name: &str,
    (before, after): (&str, &str),
    now: Timestamp,
) -> Event {
    let who = &known.name;
    let words = name.replace('_', " ");
    let versions =
        matches!(name, "firmware" | "os_version").then(|| version::compare(before, after)).flatten();
    let (kind, severity, title) = match (name, versions) {
        ("serial", _) => (
            EventKind::SerialChanged,
            Severity::Medium,
            format!("{who}: serial number changed from {before} to {after}: swapped?"),
        ),
        (_, Some(std::cmp::Ordering::Less)) => {
            (EventKind::Upgraded, Severity::Info, format!("{who}: newer {words}, {before} became {after}"))
        }
        (_, Some(std::cmp::Ordering::Greater)) => (
            EventKind::Downgraded,
            Severity::Medium,
            format!("{who}: older {words}, {before} became {after}"),
        ),
        _ => (
            EventKind::AttributeChanged,
            Severity::Low,
            format!("{who}: {words} changed from {before} to {after}"),
        ),
    };
    Event {
        device: Some(device.id.clone()),
        details: details([
            ("attribute", name.to_owned()),
            ("before", before.to_owned()),
            ("after", after.to_owned()),
        ]),
        ..event(site, kind, severity, now, title)
    }
}

/// It is somewhere else, by something surer than its network.
pub(super) fn moved(
    site: &str,
    id: &DeviceId,
    known: &Known,
    now_at: Option<&Whereabouts>,
    now: Timestamp,
    commit: &mut Commit,
) {
    let (Some(before), Some(after)) = (&known.whereabouts, now_at) else { return };
    if !known.is_elsewhere(after)
        || before.how != after.how && (before.place.is_none() || after.place.is_none())
    {
        return;
    }
    let title = format!("{} moved from {} to {}", known.name, before.position, after.position);
    commit.events.push(Event {
        device: Some(id.clone()),
        details: details([
            ("before", before.position.clone()),
            ("after", after.position.clone()),
            ("how", after.how.clone()),
        ]),
        ..event(site, EventKind::Moved, Severity::Low, now, title)
    });
}

/// One became part of another.
pub(super) fn merged(site: &str, into: &DeviceId, name: &str, now: Timestamp) -> Event {
    let title = format!("What was listed as {name} is part of this device");
    Event { device: Some(into.clone()), ..event(site, EventKind::Merged, Severity::Info, now, title) }
}

/// What is at stake where a device is missing, beside what is known of itself.
pub(super) struct Stake<'a> {
    pub said: Option<&'a Said>,
    /// When others last told that it was at its place.
    pub place_at: Option<Timestamp>,
    /// Where somebody else told that it was.
    pub elsewhere: Option<&'a Position>,
    /// When it last was used in care.
    pub used: Option<Timestamp>,
}

/// It was regular and is silent.
pub(super) fn missing(site: &str, id: &DeviceId, known: &Known, stake: &Stake<'_>, now: Timestamp) -> Event {
    let here = known.whereabouts.as_ref();
    let place = here.map_or_else(|| "place unknown".to_owned(), |w| w.position.clone());
    let severity = match (known.pulse.life_supporting, known.pulse.medical) {
        (true, _) => Severity::High,
        (_, true) => Severity::Medium,
        _ => Severity::Low,
    };
    let worth = stake.said.and_then(Said::worth);
    let mut title =
        format!("{} is missing: silent since {}, last at {place}", known.name, known.pulse.last_seen);
    if known.pulse.life_supporting {
        title.push_str("; life depends on it");
    }
    if let Some(worth) = &worth {
        title.push_str(&format!("; worth {worth}"));
    }
    if let Some(used) = stake.used {
        title.push_str(&format!("; last used {used}"));
    }
    let mut told = details([("place", place), ("last_seen", known.pulse.last_seen.to_string())]);
    let criticality = stake.said.and_then(|said| said.criticality);
    let more = [
        ("place_at", here.map(|w| w.last).max(stake.place_at).map(|at| at.to_string())),
        ("elsewhere", stake.elsewhere.map(|p| format!("{} ({}, {})", p.position, p.how, p.at))),
        ("category", known.value("category").map(str::to_owned)),
        ("life_supporting", known.pulse.life_supporting.then(|| "yes".to_owned())),
        ("criticality", criticality.map(|criticality| criticality.to_string())),
        ("value", worth),
        ("last_used", stake.used.map(|used| used.to_string())),
    ];
    told.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    Event { device: Some(id.clone()), details: told, ..event(site, EventKind::Missing, severity, now, title) }
}

/// It was missing and is back.
pub(super) fn reappeared(
    site: &str,
    id: &DeviceId,
    known: &Known,
    before: Timestamp,
    now: Timestamp,
) -> Event {
    let title = format!("{} is back after {}", known.name, lasting(now.seconds_since(before)));
    Event {
        device: Some(id.clone()),
        details: details([("last_seen", before.to_string())]),
        ..event(site, EventKind::Reappeared, Severity::Low, now, title)
    }
}

/// A time in words: "3 hours".
fn lasting(seconds: i64) -> String {
    let (amount, unit) = match seconds {
        i64::MIN..120 => (seconds.max(0), "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        172_800.. => (seconds / 86_400, "day"),
    };
    format!("{amount} {unit}{}", if amount == 1 { "" } else { "s" })
}

/// Something about a sensor.
pub(super) fn sensor(site: &str, name: &str, severity: Severity, title: String, now: Timestamp) -> Event {
    Event {
        details: details([("sensor", name.to_owned())]),
        ..event(site, EventKind::Sensor, severity, now, title)
    }
}

/// Notes who talks with whom, and tells where a medical device that is settled talks with somebody new. Answers whose
/// memory changed.
pub(super) fn peer(
    site: &str,
    one: &Exchange,
    all: &mut BTreeMap<ShortId, Kept>,
    now: Timestamp,
    commit: &mut Commit,
) -> [Option<ShortId>; 2] {
    let ends = [(one.originator, one.responder), (one.responder, one.originator)];
    ends.map(|(device, peer)| {
        let kept = all.get_mut(&device).filter(|kept| kept.pulse.medical)?;
        if !kept.meet(peer) {
            return None;
        }
        if now.seconds_since(kept.pulse.first_seen) <= SETTLED {
            return Some(device);
        }
        let who = kept.open().profile.name;
        let name = all.get(&peer).map_or_else(|| peer.id().0, |peer| peer.open().profile.name);
        let title = format!("{who} speaks with {name} ({}), which it never did", one.protocol);
        let port = one.port.to_string();
        commit.events.push(Event {
            device: Some(device.id()),
            details: details([
                ("peer", peer.id().0),
                ("peer_name", name),
                ("port", port),
                ("protocol", one.protocol.to_owned()),
            ]),
            ..event(site, EventKind::NewPeer, Severity::Low, now, title)
        });
        Some(device)
    })
}
