//! Devices in the making: what evidence and flows are assigned to before devices are joined.

use std::hash::BuildHasher;
use std::net::IpAddr;

use medward_model::{HostKey, Mac, Subject, Timestamp};

use super::addresses::is_group;
use super::ownership::Ownership;
use super::presence::Broadcasts;
use crate::ledger::Map;

/// What holds a device together by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Node {
    /// A station's MAC address.
    Station(Mac),
    /// The machine that speaks to itself.
    Loopback,
    /// An address behind a router, or of a capture without MAC addresses.
    Remote(IpAddr),
    /// A device behind another, by the position of the other and a key.
    Behind(usize, Box<str>),
    /// A group address.
    Group(IpAddr),
}

impl Node {
    /// As a number that stays the same from one resolution to the next, while the program runs.
    pub(crate) fn mark(&self, nodes: &Nodes) -> u64 {
        let hasher = foldhash::fast::FixedState::default();
        match self {
            Node::Behind(via, key) => {
                let via = match nodes.get(*via) {
                    // What is behind stands behind something that is not.
                    Some(Node::Behind(_, key)) => hasher.hash_one(key),
                    Some(node) => hasher.hash_one(node),
                    None => 0,
                };
                hasher.hash_one((via, key))
            }
            node => hasher.hash_one(node),
        }
    }

    /// As text that stays the same from one resolution to the next: "mac 00:1b:21:aa:bb:cc", "ip 10.1.2.3".
    pub(crate) fn key(&self, nodes: &Nodes) -> String {
        match self {
            Node::Station(mac) => format!("mac {mac}"),
            Node::Loopback => "loopback".to_owned(),
            Node::Remote(ip) => format!("ip {ip}"),
            Node::Group(ip) => format!("group {ip}"),
            Node::Behind(via, key) => {
                let via = match nodes.get(*via) {
                    // What is behind stands behind something that is not.
                    Some(Node::Behind(_, key)) => format!("behind {key}"),
                    Some(node) => node.key(nodes),
                    None => String::new(),
                };
                format!("behind {via} {key}")
            }
        }
    }
}

/// All nodes, numbered in their order of creation (which follows sorted input), and joined where they are one device.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    numbers: Map<Node, usize>,
    nodes: Vec<Node>,
    /// Union-find: the parent of each; a root is its own. Roots are the lowest number of their set.
    roots: Vec<usize>,
}

impl Nodes {
    /// The number of a node, new or known.
    pub(crate) fn number(&mut self, node: Node) -> usize {
        if let Some(number) = self.numbers.get(&node) {
            return *number;
        }
        let number = self.nodes.len();
        self.numbers.insert(node.clone(), number);
        self.nodes.push(node);
        self.roots.push(number);
        number
    }

    pub(crate) fn find(&self, node: &Node) -> Option<usize> {
        self.numbers.get(node).copied()
    }

    pub(crate) fn get(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.nodes.iter().enumerate()
    }

    /// Only what each was numbered.
    pub(crate) fn into_numbers(self) -> Map<Node, usize> {
        self.numbers
    }

    /// The lowest number of the set that `number` is in.
    pub(crate) fn root(&self, number: usize) -> usize {
        let mut at = number;
        while let Some(&parent) = self.roots.get(at) {
            if parent == at {
                break;
            }
            at = parent;
        }
        at
    }

    /// Makes two sets one.
    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let (low, high) = (a.min(b), a.max(b));
        if let Some(parent) = self.roots.get_mut(high) {
            *parent = low;
        }
    }
}

/// Finds the node of an address at a time.
pub(crate) struct Locator<'a> {
    pub ownership: &'a Ownership,
    pub broadcasts: &'a Broadcasts,
}

impl Locator<'_> {
    /// The node of a host; `None` for one that is no device (unspecified address without a MAC).
    pub(crate) fn host(&self, host: &HostKey, at: Timestamp) -> Option<Node> {
        if is_group(host) || self.broadcasts.is_silent(host) {
            return Some(Node::Group(host.ip));
        }
        if host.ip.is_loopback() {
            return Some(Node::Loopback);
        }
        if host.ip.is_unspecified() {
            return host.mac.is_station().then_some(Node::Station(host.mac));
        }
        if host.mac.is_station() && self.ownership.owns(host.mac, host.ip) {
            return Some(Node::Station(host.mac));
        }
        Some(self.ip(host.ip, at))
    }

    /// The node of an IP address, whoever carried it.
    pub(crate) fn ip(&self, ip: IpAddr, at: Timestamp) -> Node {
        match self.ownership.holder(ip, at) {
            _ if ip.is_loopback() => Node::Loopback,
            Some(mac) => Node::Station(mac),
            None => Node::Remote(ip),
        }
    }

    /// The node that evidence is about; `None` where it is about none that exists.
    pub(crate) fn subject(&self, subject: &Subject, at: Timestamp, nodes: &mut Nodes) -> Option<usize> {
        match subject {
            Subject::Mac { mac, .. } => mac.is_station().then(|| nodes.number(Node::Station(*mac))),
            Subject::Host(host) => match self.host(host, at)? {
                // Nothing that is said of a group describes a device.
                Node::Group(_) => None,
                node => Some(nodes.number(node)),
            },
            // Hearsay does not make a device.
            Subject::Ip(ip) => nodes.find(&self.ip(*ip, at)),
            Subject::Behind { via, key } => {
                let via = match self.host(via, at)? {
                    Node::Group(_) => return None,
                    node => nodes.number(node),
                };
                Some(nodes.number(Node::Behind(via, key.clone())))
            }
        }
    }
}
