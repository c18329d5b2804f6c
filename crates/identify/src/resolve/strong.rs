//! Joining what is one device although its addresses differ.
//!
//! Only identifiers that two physical devices never share join: unique identifiers, and serial numbers of one vendor
//! and model. A host name never does. Cloned and default identifiers exist, so anything that speaks against it vetoes:
//! another vendor, model or host name, one side being a router, or too many sharing it. Devices that are only spoken of
//! (behind a gateway) are one where the gateway gives them one serial number under several keys.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Attribute, Gives};

use super::build::Material;
use super::nodes::Node;
use super::ownership::Ownership;
use super::{Around, facts};
use crate::catalog::{Catalog, OuiKind};
use crate::fuse::{Fact, Interpreted, interpret, normalise};

/// Protocols whose payload often speaks of another device than its sender: forwarded images, relayed results.
pub(crate) const CARRIERS: [&str; 8] =
    ["dicom", "dicomweb", "hl7", "fhir", "astm", "poct1a", "syslog", "mqtt"];

/// More nodes than this with one identifier: it identifies nothing.
const MAX_SHARED: usize = 6;

/// What is known of a node before joining.
struct Profile {
    vendors: BTreeSet<String>,
    models: BTreeSet<String>,
    hostnames: BTreeSet<String>,
    makers: BTreeSet<String>,
    gateway: bool,
}

impl Profile {
    /// Nothing speaks against the two being one device.
    fn fits(&self, other: &Profile) -> bool {
        let apart =
            |a: &BTreeSet<String>, b: &BTreeSet<String>| !a.is_empty() && !b.is_empty() && a.is_disjoint(b);
        !apart(&self.vendors, &other.vendors)
            && !apart(&self.models, &other.models)
            && !apart(&self.hostnames, &other.hostnames)
            && !apart(&self.makers, &other.makers)
            && self.gateway == other.gateway
    }
}

/// Joins nodes by strong identifiers.
pub(crate) fn join(material: &mut Material<'_>, ownership: &Ownership, around: &Around<'_>) {
    let catalog = around.catalog;
    let mut profiles: BTreeMap<usize, Profile> = BTreeMap::new();
    let mut sharing: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for number in candidates(material, catalog) {
        let Some(node) = material.nodes.get(number).cloned() else { continue };
        let own: Vec<Fact> = material.of(number).observations.iter().map(|o| facts::observed(o)).collect();
        let interpreted = interpret(&own, catalog);
        let mut makers = BTreeSet::new();
        let mut gateway = false;
        if let Node::Station(mac) = node {
            makers.extend(
                catalog
                    .oui(mac)
                    .filter(|oui| matches!(oui.kind, OuiKind::Device | OuiKind::Network))
                    .map(|oui| catalog.vendor_name(oui.organisation)),
            );
            gateway = ownership.gateways.contains_key(&mac);
        }
        let values = |attribute| {
            interpreted
                .groups(attribute, catalog)
                .into_iter()
                .filter(|g| g.confidence >= 0.5)
                .map(|g| g.compared)
                .collect::<BTreeSet<String>>()
        };
        let profile = Profile {
            vendors: values(Attribute::Vendor),
            models: values(Attribute::Model),
            hostnames: values(Attribute::Hostname).iter().map(|name| short(name)).collect(),
            makers,
            gateway,
        };
        let behind = matches!(node, Node::Behind(..));
        for key in identifiers(&interpreted, &profile, behind, catalog) {
            sharing.entry(key).or_default().push(number);
        }
        profiles.insert(number, profile);
    }
    for (key, numbers) in sharing.iter().filter(|(_, numbers)| (2..=MAX_SHARED).contains(&numbers.len())) {
        let all: Vec<&Profile> = numbers.iter().filter_map(|n| profiles.get(n)).collect();
        let fit = all.iter().enumerate().all(|(i, a)| all.iter().skip(i + 1).all(|b| a.fits(b)));
        if !fit {
            continue;
        }
        // A bare serial number tells apart what one gateway speaks of, not all devices there are.
        let bare = key.starts_with(BARE) && all.iter().any(|profile| profile.models.is_empty());
        let sets: Vec<Vec<usize>> = match bare {
            true => by_gateway(material, numbers).into_values().collect(),
            false => vec![numbers.clone()],
        };
        for pair in sets.iter().flat_map(|set| set.windows(2)) {
            if let [a, b] = *pair
                && !around.decisions.parts(&material.nodes, a, b)
            {
                material.nodes.join(a, b);
            }
        }
    }
    around.decisions.join(&mut material.nodes);
}

/// How keys of serial numbers without vendor and model begin.
const BARE: &str = "number=";

/// Nodes that share the text of an identifier with another node: only these need a closer look.
fn candidates(material: &mut Material<'_>, catalog: &Catalog) -> BTreeSet<usize> {
    let mut holders: BTreeMap<(Attribute, String), Vec<usize>> = BTreeMap::new();
    for number in 0..material.nodes.len() {
        let joinable = material
            .nodes
            .get(number)
            .is_some_and(|node| matches!(node, Node::Station(_) | Node::Remote(_) | Node::Behind(..)));
        if !joinable {
            continue;
        }
        for observation in &material.of(number).observations {
            let Gives::Attribute { attribute, .. } = observation.field.gives else { continue };
            if !matches!(attribute, Attribute::Serial | Attribute::UniqueId | Attribute::Udi) {
                continue;
            }
            if let Some((_, compared)) = normalise(attribute, &observation.value.shown(), catalog) {
                let known = holders.entry((attribute, compared)).or_default();
                if known.last() != Some(&number) {
                    known.push(number);
                }
            }
        }
    }
    holders.into_values().filter(|n| (2..=MAX_SHARED).contains(&n.len())).flatten().collect()
}

/// Nodes behind another, by that other.
fn by_gateway(material: &Material<'_>, numbers: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for number in numbers {
        if let Some(Node::Behind(via, _)) = material.nodes.get(*number) {
            sets.entry(material.nodes.root(*via)).or_default().push(*number);
        }
    }
    sets
}

/// Identifiers that may join, as comparable text.
///
/// What is said of a device `behind` a carrier is about that device, so the carrier's words count there.
fn identifiers(interpreted: &Interpreted, profile: &Profile, behind: bool, catalog: &Catalog) -> Vec<String> {
    let mut keys = Vec::new();
    let own_words = |attribute: Attribute| {
        let claims: Vec<_> = interpreted
            .claims
            .get(&attribute)
            .into_iter()
            .flatten()
            .filter(|claim| {
                (behind || !CARRIERS.contains(&claim.support.source.as_str())) && claim.support.weight >= 0.8
            })
            .collect();
        crate::fuse::combine(attribute, &claims, catalog)
    };
    for group in own_words(Attribute::UniqueId) {
        // The identifier's kind counts: an engine id is no UDN though the digits be the same.
        let kinds: BTreeSet<String> =
            group.supports.iter().map(|s| format!("{}.{}", s.source, s.field)).collect();
        keys.extend(kinds.iter().map(|kind| format!("{kind}={}", group.compared)));
    }
    let single = |set: &BTreeSet<String>| (set.len() == 1).then(|| set.iter().next().cloned()).flatten();
    let serials = own_words(Attribute::Serial);
    if let ([serial], Some(vendor), Some(model)) =
        (serials.as_slice(), single(&profile.vendors), single(&profile.models))
        && serial.compared.len() >= 5
        && serial.confidence >= 0.8
    {
        keys.push(format!("serial {vendor}/{model}={}", serial.compared));
    }
    if let ([serial], true) = (serials.as_slice(), behind)
        && serial.compared.len() >= 6
    {
        keys.push(format!("{BARE}{}", serial.compared));
    }
    for udi in own_words(Attribute::Udi) {
        // Without a serial number a UDI names a lot or a kind of device.
        if udi.value.contains("(21)") {
            keys.push(format!("udi={}", udi.compared));
        }
    }
    keys
}

fn short(name: &str) -> String {
    name.split('.').next().unwrap_or(name).to_owned()
}
