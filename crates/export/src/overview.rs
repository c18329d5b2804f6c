//! The counts that answer first: how many devices, of what kind, by whom.

use std::collections::BTreeMap;

use medward_model::{Assessment, Attribute, Device};

use crate::category::{GROUPS, Group};
use crate::inventory::{self, Inventory};
use crate::wording::{self, clean, count, number};

/// How many devices of one category there are, and their vendors.
pub(crate) struct CategoryCount {
    pub label: String,
    pub devices: usize,
    /// Vendor and count, most frequent first.
    pub vendors: Vec<(String, usize)>,
    /// Devices of this category whose vendor is not known.
    pub without_vendor: usize,
}

/// The categories of one group, most frequent first.
pub(crate) struct GroupCount {
    pub group: &'static Group,
    pub devices: usize,
    pub categories: Vec<CategoryCount>,
}

/// The counts over all devices.
pub(crate) struct Overview {
    /// Devices on the network.
    pub internal: usize,
    /// Those of a medical group.
    pub medical: usize,
    /// Those on which a life may depend.
    pub life_supporting: usize,
    /// Those whose category is not known.
    pub unknown: usize,
    /// Addresses elsewhere.
    pub external: usize,
    /// Where the devices are: "on this network", or in an inventory.
    pub place: &'static str,
    pub groups: Vec<GroupCount>,
}

impl Overview {
    pub(crate) fn new(inventory: &Inventory) -> Overview {
        let devices = || inventory.internal.iter().map(|placed| placed.device);
        let groups: Vec<_> = GROUPS
            .iter()
            .filter_map(|group| {
                count_group(group, devices().filter(|d| inventory::group(d).key == group.key))
            })
            .collect();
        Overview {
            internal: inventory.internal.len(),
            medical: groups.iter().filter(|g| g.group.medical).map(|g| g.devices).sum(),
            life_supporting: devices().filter(|d| inventory::keeps_alive(d)).count(),
            unknown: devices().filter(|d| inventory::category_of(d).is_none()).count(),
            external: inventory.external.len(),
            place: if devices().any(|d| d.row.is_some()) { "in this inventory" } else { "on this network" },
            groups,
        }
    }

    /// The answer in one or two sentences.
    pub(crate) fn headline(&self) -> String {
        if self.internal == 0 {
            return match self.external {
                0 => "No device was seen.".to_owned(),
                n => format!(
                    "No device was seen on this network, only {} elsewhere.",
                    count(n, "address", "addresses")
                ),
            };
        }
        let kinds = match self.medical {
            0 => "none is known to be medical".to_owned(),
            n => format!("{} medical", number(n as u64)),
        };
        let alive = match self.life_supporting {
            0 => String::new(),
            n => format!(" (a patient's life may depend on {})", number(n as u64)),
        };
        let unknown = match self.unknown {
            0 => String::new(),
            n => format!(", {} of unknown kind", number(n as u64)),
        };
        format!("{} {}: {kinds}{alive}{unknown}.", count(self.internal, "device", "devices"), self.place)
    }
}

fn count_group<'a>(group: &'static Group, devices: impl Iterator<Item = &'a Device>) -> Option<GroupCount> {
    let mut by_category: BTreeMap<Option<String>, Vec<&Device>> = BTreeMap::new();
    for device in devices {
        let slug = inventory::category_of(device).map(str::to_owned);
        by_category.entry(slug).or_default().push(device);
    }
    let mut categories: Vec<_> = by_category.values().map(|list| count_category(list)).collect();
    categories.sort_by(|a, b| b.devices.cmp(&a.devices).then_with(|| a.label.cmp(&b.label)));
    let devices = categories.iter().map(|category| category.devices).sum();
    (devices > 0).then_some(GroupCount { group, devices, categories })
}

fn count_category(devices: &[&Device]) -> CategoryCount {
    let mut vendors: BTreeMap<String, usize> = BTreeMap::new();
    let mut without_vendor = 0;
    for device in devices {
        match device.value(Attribute::Vendor) {
            Some(vendor) => *vendors.entry(clean(vendor)).or_default() += 1,
            None => without_vendor += 1,
        }
    }
    let mut vendors: Vec<_> = vendors.into_iter().collect();
    vendors.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let label = devices.first().map(|device| inventory::category_words(device)).unwrap_or_default();
    CategoryCount { label, devices: devices.len(), vendors, without_vendor }
}

/// When, how long and how much was captured, in one line.
pub(crate) fn captured(assessment: &Assessment) -> String {
    let capture = &assessment.capture;
    let files = count(capture.files.len(), "file", "files");
    let amount = format!(
        "{} ({}) from {files}",
        count(usize::try_from(capture.packets).unwrap_or(usize::MAX), "packet", "packets"),
        wording::bytes(capture.bytes)
    );
    match (capture.first, capture.last) {
        (Some(first), Some(last)) => format!(
            "{} to {} UTC ({}), {amount}",
            wording::second(first),
            wording::second_of(last, Some(first)),
            wording::span(last.seconds_since(first))
        ),
        _ => amount,
    }
}
