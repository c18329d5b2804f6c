//! What stands out: facts that are in the assessment, counted and put in plain words. No judgement is made here; what a
//! fact means for a site is said by findings.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Assessment, Attribute, Device, DeviceId, Scope};

use crate::inventory::{self, Inventory};
use crate::protocol::CLINICAL;
use crate::wording::{bytes, clean, count, list, number};

/// How much a fact asks for attention; the order of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Concern {
    /// About the result itself: something is missing from it.
    Incomplete,
    /// About the traffic of devices.
    Notable,
    /// Good to know.
    Background,
}

impl Concern {
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Concern::Incomplete => "incomplete",
            Concern::Notable => "notable",
            Concern::Background => "background",
        }
    }
}

/// One thing that stands out.
#[derive(Debug)]
pub(crate) struct Fact {
    pub concern: Concern,
    /// One sentence without its full stop.
    pub text: String,
    /// What that means, for somebody who does not know the word; may be empty.
    pub meaning: &'static str,
    /// The devices it is about, in reading order; may be empty.
    pub devices: Vec<DeviceId>,
}

/// Services whose passwords or contents travel readable: dissector, words, meaning.
const OLD_SERVICES: &[(&str, &str, &str)] = &[
    ("telnet", "answer Telnet", "Remote login whose passwords travel unencrypted."),
    ("ftp", "answer FTP", "File transfer whose passwords and files travel unencrypted."),
    ("tftp", "answer TFTP", "File transfer without any password."),
    ("rlogin", "answer rlogin or rsh", "Remote login that trusts addresses instead of passwords."),
    ("smb1", "speak SMBv1", "The first version of Windows file sharing, which its maker has withdrawn."),
    ("vnc", "let their screen be controlled by VNC", "Remote control of the screen, mostly unencrypted."),
    ("rdp", "let their screen be controlled by RDP", "Windows remote desktop."),
];

/// All facts, the weightiest first.
pub(crate) fn facts(assessment: &Assessment, inventory: &Inventory) -> Vec<Fact> {
    let mut facts = Vec::new();
    reading(assessment, &mut facts);
    clinical_in_clear(assessment, inventory, &mut facts);
    medical_to_outside(assessment, inventory, &mut facts);
    services(inventory, &mut facts);
    identities(inventory, &mut facts);
    oddities(assessment, &mut facts);
    facts.sort_by_key(|fact| fact.concern);
    facts
}

fn reading(assessment: &Assessment, facts: &mut Vec<Fact>) {
    let mut add = |text: String, meaning| {
        facts.push(Fact { concern: Concern::Incomplete, text, meaning, devices: Vec::new() });
    };
    for file in &assessment.capture.files {
        let path = clean(&file.path);
        let problem = file.problem.as_deref().map(clean);
        match (file.truncated_at, problem) {
            (Some(at), problem) => add(
                format!(
                    "{path} breaks off at byte {} after {}{}",
                    number(at),
                    count(usize::try_from(file.packets).unwrap_or(usize::MAX), "packet", "packets"),
                    problem.map(|problem| format!(": {problem}")).unwrap_or_default()
                ),
                "Everything before that point was used; what came after is missing here.",
            ),
            (None, Some(problem)) => add(format!("{path}: {problem}"), ""),
            (None, None) => {}
        }
    }
    let evictions: Vec<_> = assessment
        .capture
        .evictions
        .iter()
        .filter(|(_, dropped)| **dropped > 0)
        .map(|(table, dropped)| format!("{} {}", number(*dropped), dropped_words(table)))
        .collect();
    if !evictions.is_empty() {
        add(
            format!("There was no room to follow everything: dropped {}", list(&evictions)),
            "Memory is bounded; some connections were forgotten before they ended, so details may be missing.",
        );
    }
}

/// What the entries of a bounded table are.
pub(crate) fn dropped_words(table: &str) -> String {
    match table {
        "flows" => "connections".to_owned(),
        "fragments" => "fragmented packets".to_owned(),
        "reassembly" => "stretches of data that came out of order".to_owned(),
        other => format!("entries of the table “{}”", clean(other).replace('_', " ")),
    }
}

fn clinical_in_clear(assessment: &Assessment, inventory: &Inventory, facts: &mut Vec<Fact>) {
    let mut by_label: BTreeMap<&str, (&str, BTreeSet<&DeviceId>)> = BTreeMap::new();
    for talk in &assessment.conversations {
        let Some((_, label, about)) = CLINICAL.iter().find(|(name, ..)| *name == talk.protocol) else {
            continue;
        };
        let (_, devices) = by_label.entry(label).or_insert_with(|| (about, BTreeSet::new()));
        for id in [&talk.originator, &talk.responder] {
            if inventory.get(id).is_some_and(|device| device.scope != Scope::Multicast) {
                devices.insert(id);
            }
        }
    }
    for (label, (about, devices)) in by_label {
        if !devices.is_empty() {
            let devices = ordered(inventory, |device| devices.contains(&device.id));
            facts.push(Fact {
                concern: Concern::Notable,
                text: format!(
                    "{label} ({about}) travels unencrypted between {}",
                    count(devices.len(), "device", "devices")
                ),
                meaning: "Whoever stands on the way can read it, and it may name patients.",
                devices,
            });
        }
    }
}

fn medical_to_outside(assessment: &Assessment, inventory: &Inventory, facts: &mut Vec<Fact>) {
    let mut inside: BTreeSet<&DeviceId> = BTreeSet::new();
    let mut outside: BTreeSet<&DeviceId> = BTreeSet::new();
    let mut volume = 0_u64;
    for talk in &assessment.conversations {
        let (Some(a), Some(b)) = (inventory.get(&talk.originator), inventory.get(&talk.responder)) else {
            continue;
        };
        let (near, far) = match (a.scope, b.scope) {
            (Scope::Internal, Scope::External) => (a, b),
            (Scope::External, Scope::Internal) => (b, a),
            _ => continue,
        };
        if inventory::group(near).medical {
            inside.insert(&near.id);
            outside.insert(&far.id);
            volume = volume.saturating_add(talk.bytes);
        }
    }
    if !inside.is_empty() {
        facts.push(Fact {
            concern: Concern::Notable,
            text: format!(
                "{} traffic with {} outside ({})",
                count(inside.len(), "medical device exchanges", "medical devices exchange"),
                count(outside.len(), "address", "addresses"),
                bytes(volume)
            ),
            meaning: "Outside means: not a private address, and reached through a router.",
            devices: ordered(inventory, |device| inside.contains(&device.id)),
        });
    }
}

fn services(inventory: &Inventory, facts: &mut Vec<Fact>) {
    for (protocol, words, meaning) in OLD_SERVICES {
        let devices = ordered(inventory, |device| {
            device.scope == Scope::Internal
                && (device.services.iter().any(|service| service.protocol == *protocol)
                    || (*protocol == "smb1" && runs_smb1(device)))
        });
        if !devices.is_empty() {
            let words = if devices.len() == 1 { singular(words) } else { (*words).to_owned() };
            facts.push(Fact {
                concern: Concern::Notable,
                text: format!("{} {words}", count(devices.len(), "device", "devices")),
                meaning,
                devices,
            });
        }
    }
}

fn runs_smb1(device: &Device) -> bool {
    device.software.iter().any(|software| {
        software.name.eq_ignore_ascii_case("smb")
            && software.version.as_deref().is_some_and(|v| v.starts_with('1'))
    })
}

fn identities(inventory: &Inventory, facts: &mut Vec<Fact>) {
    let mut add = |one: &str, many: &str, meaning, devices: Vec<DeviceId>| {
        if !devices.is_empty() {
            let text = count(devices.len(), one, many);
            facts.push(Fact { concern: Concern::Background, text, meaning, devices });
        }
    };
    let inside = |device: &Device| device.scope == Scope::Internal;
    add(
        "device without any known vendor",
        "devices without any known vendor",
        "Nothing that it sent named its maker.",
        ordered(inventory, |device| inside(device) && device.value(Attribute::Vendor).is_none()),
    );
    add(
        "device gave contradictory answers on its model or serial number",
        "devices gave contradictory answers on their model or serial number",
        "The surest value is shown; the others stand in the device's details.",
        ordered(inventory, |device| inside(device) && contradicts_itself(device)),
    );
    let mut serials: BTreeMap<&str, usize> = BTreeMap::new();
    for serial in inventory.internal.iter().filter_map(|placed| placed.device.value(Attribute::Serial)) {
        *serials.entry(serial).or_default() += 1;
    }
    add(
        "device has the serial number of another",
        "devices share a serial number with another",
        "Perhaps one device that was seen twice, or a gateway that speaks for it.",
        ordered(inventory, |device| {
            let serial = device.value(Attribute::Serial);
            inside(device) && serial.and_then(|serial| serials.get(serial)).is_some_and(|n| *n > 1)
        }),
    );
    add(
        "device was seen only behind another",
        "devices were seen only behind another",
        "Behind a gateway, a serial server or a router that speaks for them.",
        ordered(inventory, |device| inside(device) && device.parent.is_some()),
    );
    add(
        "device uses only a made-up hardware address",
        "devices use only made-up hardware addresses",
        "Its MAC address names no maker: randomised (phones do that) or virtual.",
        ordered(inventory, |device| {
            inside(device) && !device.macs.is_empty() && device.macs.iter().all(|mac| mac.is_local())
        }),
    );
}

fn contradicts_itself(device: &Device) -> bool {
    [Attribute::Model, Attribute::Serial].iter().any(|attribute| {
        let fused = device.attributes.get(attribute.name());
        fused.is_some_and(|fused| fused.rejected.iter().any(|loser| loser.confidence >= 0.5))
    })
}

/// How many kinds of oddities are named.
const ODDITIES: usize = 5;

fn oddities(assessment: &Assessment, facts: &mut Vec<Fact>) {
    let mut weirds: Vec<_> = assessment.capture.weirds.iter().filter(|(_, n)| **n > 0).collect();
    if weirds.is_empty() {
        return;
    }
    weirds.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let total = weirds.iter().fold(0_u64, |sum, (_, n)| sum.saturating_add(**n));
    let named: Vec<_> = weirds
        .iter()
        .take(ODDITIES)
        .map(|(name, n)| format!("{} ({})", clean(name).replace('_', " "), number(**n)))
        .collect();
    let rest = match weirds.len().saturating_sub(ODDITIES) {
        0 => String::new(),
        more => format!(", and {} more", count(more, "kind", "kinds")),
    };
    facts.push(Fact {
        concern: Concern::Background,
        text: format!("Odd in the traffic, {} times: {}{rest}", number(total), named.join(", ")),
        meaning: "Traffic that does not follow its standard; often harmless, sometimes a sign of a fault.",
        devices: Vec::new(),
    });
}

/// "answer Telnet" is "answers Telnet"; "let their screen" is "lets its screen".
fn singular(words: &str) -> String {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    format!("{verb}s {}", rest.replace("their ", "its "))
}

fn ordered(inventory: &Inventory, wanted: impl Fn(&Device) -> bool) -> Vec<DeviceId> {
    let inside = inventory.internal.iter().map(|placed| placed.device);
    inside
        .chain(inventory.external.iter().copied())
        .filter(|device| wanted(device))
        .map(|device| device.id.clone())
        .collect()
}
