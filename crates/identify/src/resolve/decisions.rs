//! What people decided about identities.

use std::collections::BTreeSet;

use super::nodes::{Node, Nodes};

/// A node by its name: "mac 00:1b:21:aa:bb:cc", "ip 10.1.2.3", "behind mac 00:… bacnet 2001:3".
pub type NodeKey = String;

/// Which nodes are one device because somebody said so, and which are not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Nodes of each set are one device.
    pub joined: Vec<Vec<NodeKey>>,
    /// The first is no part of the device that the second belongs to; whatever else would join them.
    pub parted: BTreeSet<(NodeKey, NodeKey)>,
}

impl Decisions {
    /// Nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty() && self.parted.is_empty()
    }

    /// Somebody said that these two are not one.
    pub(crate) fn parts(&self, nodes: &Nodes, a: usize, b: usize) -> bool {
        if self.parted.is_empty() {
            return false;
        }
        let name = |number: usize| nodes.get(number).map(|node| node.key(nodes)).unwrap_or_default();
        let (a, b) = (name(a), name(b));
        self.parted.contains(&(a.clone(), b.clone())) || self.parted.contains(&(b, a))
    }

    /// Joins what is to be one.
    pub(crate) fn join(&self, nodes: &mut Nodes) {
        if self.joined.is_empty() {
            return;
        }
        let wanted: BTreeSet<&str> = self.joined.iter().flatten().map(String::as_str).collect();
        let known: std::collections::BTreeMap<String, usize> = nodes
            .iter()
            .filter(|(_, node)| !matches!(node, Node::Group(_)))
            .map(|(number, node)| (node.key(nodes), number))
            .filter(|(key, _)| wanted.contains(key.as_str()))
            .collect();
        for set in &self.joined {
            let numbers: Vec<usize> = set.iter().filter_map(|key| known.get(key)).copied().collect();
            for pair in numbers.windows(2) {
                if let [a, b] = *pair {
                    nodes.join(a, b);
                }
            }
        }
    }
}
