//! Resolution: addresses become devices, evidence becomes their attributes, flows become conversations.

mod addresses;
mod build;
mod conversations;
mod cpe;
mod facts;
mod nodes;
mod ownership;
mod presence;
mod strong;

use std::collections::BTreeMap;

use medward_model::{Conversation, Device, DeviceId, Subject};

use crate::catalog::Catalog;
use crate::ledger::{Ledger, Observation};
use build::Material;
use nodes::{Locator, Node};
use ownership::Ownership;
use presence::Seen;

/// Something worth telling of a device that is no attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Remark {
    /// All its MAC addresses are locally administered: randomised, virtual, or set by hand; they name no maker.
    LocalMac,
    /// It passes packets on for others.
    Forwards,
    /// One of its MAC addresses is that of a virtual router (VRRP, HSRP, GLBP).
    VirtualRouter,
    /// Several of its MAC addresses were joined by a serial number or unique identifier.
    Joined,
}

impl Remark {
    /// The name used in output.
    pub const fn name(self) -> &'static str {
        match self {
            Remark::LocalMac => "randomised-mac",
            Remark::Forwards => "forwards",
            Remark::VirtualRouter => "virtual-router",
            Remark::Joined => "joined",
        }
    }
}

/// Something that was seen of a device and is no attribute: what a field held, or what was done.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFact {
    pub device: DeviceId,
    /// Name of the dissector.
    pub source: &'static str,
    /// Its field ("cert-not-after"), or the operation that was done ("C-STORE-RQ").
    pub field: String,
    /// What the field held; for an operation the part that the device played, "did" or "served".
    pub value: String,
    /// Number of the first packet.
    pub packet: u64,
    pub time: medward_model::Timestamp,
    /// It is an operation, with its kind.
    pub verb: Option<medward_model::Verb>,
}

/// Devices and who talks to whom.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resolution {
    /// Sorted by id.
    pub devices: Vec<Device>,
    /// Sorted by originator, responder, transport, port, protocol.
    pub conversations: Vec<Conversation>,
    /// Sorted within each device.
    pub remarks: BTreeMap<DeviceId, Vec<Remark>>,
    /// Aggregated flows to addresses that never answered and may not exist.
    pub unanswered: u64,
    /// What was asked for in [`resolve_with`], sorted by device, packet, source, field and value.
    pub facts: Vec<DeviceFact>,
}

/// Whether a field of a dissector is to be kept as a fact of its device. Operations go by the field "activity".
pub type Wants<'w> = &'w dyn Fn(&str, &str) -> bool;

/// Most facts that are kept of one device.
const MAX_FACTS: usize = 512;

/// Turns everything that was observed into devices and conversations.
pub fn resolve(ledger: Ledger, catalog: &Catalog) -> Resolution {
    resolve_with(ledger, catalog, &|_, _| false)
}

/// As [`resolve`], and keeps what `wants` asks for as facts of each device.
pub fn resolve_with(ledger: Ledger, catalog: &Catalog, wants: Wants<'_>) -> Resolution {
    let Ledger { observations, links, deeds, flows, .. } = ledger;
    let observations = observations.into_sorted();
    let links = links.into_sorted();
    let flows = flows.into_sorted();
    let deeds = deeds.into_sorted();
    let seen = Seen::of(&observations, &links, &flows);
    let ownership = Ownership::of(&seen);
    let mut material = gather(&seen, &ownership, observations);
    let locator = Locator { ownership: &ownership, seen: &seen };
    for (ip, deeds) in &deeds {
        for (deed, sum) in deeds {
            if let Some(number) = material.nodes.find(&locator.ip(*ip, sum.time)) {
                material.of(number).deeds.push((deed.clone(), *sum));
            }
        }
    }
    let ends = conversations::ends(&flows, &locator, &mut material);
    strong::join(&mut material, &ownership, catalog);
    let (devices, ids, remarks, facts) = build::devices(material, &ownership, catalog, wants);
    let (conversations, unanswered) = conversations::collect(&flows, &ends, &ids);
    Resolution { devices, conversations, remarks, unanswered, facts }
}

/// Assigns links and evidence to nodes.
fn gather(seen: &Seen, ownership: &Ownership, observations: Vec<(Subject, Vec<Observation>)>) -> Material {
    let locator = Locator { ownership, seen };
    let mut material = Material::default();
    for (mac, span) in &seen.macs {
        let number = material.nodes.number(Node::Station(*mac));
        let part = material.of(number);
        part.widen(*span);
        part.ips.extend(ownership.addresses(*mac).filter(|ip| !ip.is_loopback()));
        part.vlans.extend(seen.vlans.get(mac).into_iter().flatten().filter(|vlan| **vlan != 0));
    }
    for (host, presence) in &seen.hosts {
        if !presence.exists && !ownership.owns(host.mac, host.ip) {
            continue;
        }
        let node = locator.host(host, presence.span.first).filter(|node| !matches!(node, Node::Group(_)));
        let Some(node) = node else { continue };
        let address = match &node {
            Node::Remote(ip) => Some(*ip),
            Node::Loopback => Some(host.ip),
            _ => None,
        };
        let number = material.nodes.number(node);
        let part = material.of(number);
        part.widen(presence.span);
        part.ips.extend(address);
    }
    // Hearsay last: it may only describe what exists.
    let (hearsay, direct): (Vec<_>, Vec<_>) =
        observations.into_iter().partition(|(subject, _)| matches!(subject, Subject::Ip(_)));
    for (subject, list) in direct.into_iter().chain(hearsay) {
        for observation in list {
            if let Some(number) = locator.subject(&subject, observation.first, &mut material.nodes) {
                let part = material.of(number);
                if !matches!(subject, Subject::Ip(_)) {
                    part.widen(presence::Span { first: observation.first, last: observation.last });
                }
                part.observations.push(observation);
            }
        }
    }
    material
}

#[cfg(test)]
mod tests;

pub use build::complete;
pub use cpe::cpe as program_cpe;
