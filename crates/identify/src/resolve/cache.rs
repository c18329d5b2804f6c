//! What earlier resolutions of the same memory came to, so that only what changed is built again.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{DeviceId, ShortId};

use super::nodes::{Node, Nodes};

use crate::ledger::Map;

/// Devices by the mark of their first node, with the shape they had.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    lines: Map<u64, (u64, ShortId)>,
    /// The device of every node, by the mark of the node.
    owners: Map<u64, ShortId>,
}

impl Cache {
    /// The device of that node, where its shape is the same.
    pub(crate) fn seen(&self, node: u64, shape: u64) -> Option<ShortId> {
        self.lines.get(&node).filter(|(known, _)| *known == shape).map(|(_, id)| *id)
    }

    pub(crate) fn note(&mut self, node: u64, shape: u64, id: ShortId) {
        self.lines.insert(node, (shape, id));
    }

    /// Notes whose each node is now, and tells which devices are none any more, with what each became part of.
    pub(crate) fn succeed(
        &mut self,
        ids: &[Option<ShortId>],
        nodes: &Nodes,
    ) -> Vec<(DeviceId, Option<DeviceId>)> {
        let now: Map<u64, ShortId> = nodes
            .iter()
            .filter_map(|(number, node)| {
                let id = ids.get(number).copied().flatten()?;
                Some((Node::mark(node, nodes), id))
            })
            .collect();
        let gone = self.successors(&now);
        // What comes back after it was gone is told anew.
        if !gone.is_empty() {
            self.lines.retain(|_, (_, id)| !gone.contains_key(id));
        }
        self.owners = now;
        gone.into_iter().map(|(old, new)| (old.id(), new.map(ShortId::id))).collect()
    }

    /// Devices that some node had and none has, and what such a node has now.
    fn successors(&self, now: &Map<u64, ShortId>) -> BTreeMap<ShortId, Option<ShortId>> {
        let left: Vec<(&u64, &ShortId)> =
            self.owners.iter().filter(|(node, old)| now.get(*node) != Some(*old)).collect();
        if left.is_empty() {
            return BTreeMap::new();
        }
        let alive: Map<ShortId, ()> = now.values().map(|id| (*id, ())).collect();
        let mut gone: BTreeMap<ShortId, Option<ShortId>> = BTreeMap::new();
        for (node, old) in left {
            if !alive.contains_key(old) {
                let heir = now.get(node).copied();
                let known = gone.entry(*old).or_default();
                // Of several, the lowest: whatever the order.
                *known = match (*known, heir) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
            }
        }
        gone
    }

    /// Forgets the shapes of these devices, so that they are built again.
    pub(crate) fn forget(&mut self, devices: &BTreeSet<ShortId>) {
        self.lines.retain(|_, (_, id)| !devices.contains(id));
    }

    /// Forgets all, so that everything is built again.
    pub(crate) fn clear(&mut self) {
        self.lines.clear();
    }
}
