//! What earlier resolutions of the same memory came to, so that only what changed is built again.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher;

use medward_model::DeviceId;

use super::nodes::Nodes;
use super::site::successors;

use crate::ledger::Map;

/// Devices by the name of their first node, with the shape they had.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    lines: Map<String, (u64, DeviceId)>,
    /// The device of every node, by the hash of its name.
    owners: BTreeMap<u64, DeviceId>,
}

impl Cache {
    /// The device of that node, where its shape is the same.
    pub(crate) fn seen(&self, node: &str, shape: u64) -> Option<DeviceId> {
        self.lines.get(node).filter(|(known, _)| *known == shape).map(|(_, id)| id.clone())
    }

    pub(crate) fn note(&mut self, node: &str, shape: u64, id: &DeviceId) {
        self.lines.insert(node.to_owned(), (shape, id.clone()));
    }

    /// Notes whose each node is now, and tells which devices are none any more, with what each became part of.
    pub(crate) fn succeed(
        &mut self,
        ids: &BTreeMap<usize, DeviceId>,
        nodes: &Nodes,
    ) -> Vec<(DeviceId, Option<DeviceId>)> {
        let hasher = foldhash::fast::FixedState::default();
        let now: BTreeMap<u64, DeviceId> = nodes
            .iter()
            .filter_map(|(number, node)| {
                let id = ids.get(&number).or_else(|| ids.get(&nodes.root(number)))?;
                Some((hasher.hash_one(node.key(nodes)), id.clone()))
            })
            .collect();
        let gone = successors(&self.owners, &now);
        // What comes back after it was gone is told anew.
        if !gone.is_empty() {
            let ended: BTreeSet<&DeviceId> = gone.iter().map(|(old, _)| old).collect();
            self.lines.retain(|_, (_, id)| !ended.contains(id));
        }
        self.owners = now;
        gone
    }

    /// Forgets some devices, so that they are built again.
    pub(crate) fn forget(&mut self, devices: &BTreeSet<DeviceId>) {
        self.lines.retain(|_, (_, id)| !devices.contains(id));
    }

    /// Forgets all, so that everything is built again.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }
}
