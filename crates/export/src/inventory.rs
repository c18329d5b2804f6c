//! The devices in the order in which a person reads them, with the names by which a person calls them.

use std::collections::BTreeMap;

use foldhash::HashMap;
use medward_model::{Assessment, Attribute, Device, DeviceId, Scope};

use crate::category::{self, Group};
use crate::wording::clean;

/// Below this confidence a value is shown with a question mark.
pub(crate) const SHAKY: f64 = 0.8;

/// A device and how deep it stands behind others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    pub device: &'a Device,
    /// 0 for a device that speaks for itself, 1 for one behind a gateway …
    pub depth: usize,
}

/// Devices by id, and those on the network in reading order.
pub(crate) struct Inventory<'a> {
    by_id: HashMap<&'a DeviceId, &'a Device>,
    /// Those of scope internal: medical groups first, then by category and name; nested ones follow their parent.
    pub internal: Vec<Placed<'a>>,
    pub external: Vec<&'a Device>,
    pub multicast: usize,
}

/// Cycles and chains of parents beyond this are cut.
const DEEPEST: usize = 8;

impl<'a> Inventory<'a> {
    pub(crate) fn new(assessment: &'a Assessment) -> Inventory<'a> {
        let by_id: HashMap<_, _> = assessment.devices.iter().map(|d| (&d.id, d)).collect();
        let mut roots = Vec::new();
        let mut children: BTreeMap<&DeviceId, Vec<&Device>> = BTreeMap::new();
        let (mut external, mut multicast) = (Vec::new(), 0);
        for device in &assessment.devices {
            match device.scope {
                Scope::External => external.push(device),
                Scope::Multicast => multicast += 1,
                Scope::Internal => match shown_parent(device, &by_id) {
                    Some(parent) => children.entry(parent).or_default().push(device),
                    None => roots.push(device),
                },
            }
        }
        roots.sort_by_cached_key(|device| order(device));
        external.sort_by_cached_key(|device| order(device));
        for list in children.values_mut() {
            list.sort_by_cached_key(|device| order(device));
        }
        let mut internal = Vec::new();
        for root in roots {
            place(root, 0, &mut children, &mut internal);
        }
        // What is left stands in a ring of parents; show it flat.
        let left: Vec<_> = children.into_values().flatten().collect();
        internal.extend(left.into_iter().map(|device| Placed { device, depth: 0 }));
        Inventory { by_id, internal, external, multicast }
    }

    pub(crate) fn get(&self, id: &DeviceId) -> Option<&'a Device> {
        self.by_id.get(id).copied()
    }

    /// The name of a device by its id.
    pub(crate) fn name(&self, id: &DeviceId) -> String {
        self.get(id).map_or_else(|| clean(&id.0), name)
    }
}

fn shown_parent<'a>(device: &'a Device, by_id: &HashMap<&'a DeviceId, &'a Device>) -> Option<&'a DeviceId> {
    let parent = device.parent.as_ref().filter(|parent| **parent != device.id)?;
    by_id.get(parent).filter(|parent| parent.scope == Scope::Internal)?;
    Some(parent)
}

fn place<'a>(
    device: &'a Device,
    depth: usize,
    children: &mut BTreeMap<&'a DeviceId, Vec<&'a Device>>,
    placed: &mut Vec<Placed<'a>>,
) {
    placed.push(Placed { device, depth });
    if depth < DEEPEST {
        for child in children.remove(&device.id).unwrap_or_default() {
            place(child, depth + 1, children, placed);
        }
    }
}

type Order = (usize, String, String, DeviceId);

fn order(device: &Device) -> Order {
    let category = category_of(device).unwrap_or("~").to_owned();
    (category::rank(group(device)), category, name(device).to_lowercase(), device.id.clone())
}

/// The category's slug, where known.
pub(crate) fn category_of(device: &Device) -> Option<&str> {
    device.value(Attribute::Category).filter(|slug| *slug != "unknown")
}

/// The group of the device's category.
pub(crate) fn group(device: &Device) -> &'static Group {
    category::group_of(category_of(device))
}

/// The category in words; "Unknown" without one.
pub(crate) fn category_words(device: &Device) -> String {
    category_of(device)
        .map_or_else(|| category::UNKNOWN.label.to_owned(), |slug| clean(&category::words(slug)))
}

/// What a person calls the device: host name, else application name, else maker and model, else address, else maker and
/// category, else id.
pub(crate) fn name(device: &Device) -> String {
    let said = device.hostnames.first().or(device.aliases.first());
    if let Some(said) = said.filter(|said| !said.trim().is_empty()) {
        return clean(said);
    }
    let sure = |attribute: Attribute| {
        let fused = device.attributes.get(attribute.name())?;
        (fused.confidence >= SHAKY).then_some(fused.value.as_str())
    };
    if let Some(model) = sure(Attribute::Model) {
        return match sure(Attribute::Vendor) {
            Some(vendor) if !model.starts_with(vendor) => clean(&format!("{vendor} {model}")),
            _ => clean(model),
        };
    }
    match (device.ips.first(), device.macs.first()) {
        (Some(ip), _) => ip.to_string(),
        (None, Some(mac)) => mac.to_string(),
        (None, None) => match (sure(Attribute::Vendor), category_of(device)) {
            (Some(vendor), Some(slug)) => clean(&format!("{vendor} {}", category::words(slug))),
            _ => clean(&device.id.0),
        },
    }
}

/// The confidence of the least sure among category, vendor and model, as far as they are known.
pub(crate) fn sureness(device: &Device) -> Option<f64> {
    [Attribute::Category, Attribute::Vendor, Attribute::Model]
        .iter()
        .filter_map(|attribute| device.attributes.get(attribute.name()))
        .filter(|fused| fused.value != "unknown")
        .map(|fused| fused.confidence)
        .min_by(f64::total_cmp)
}

/// Whether a patient's life may depend on it, as far as known.
pub(crate) fn keeps_alive(device: &Device) -> bool {
    device.value(Attribute::LifeSupporting) == Some("yes")
}
