//! Resolution: addresses become devices, evidence becomes their attributes, flows become conversations.

mod addresses;
mod build;
mod cache;
mod conversations;
mod cpe;
mod decisions;
mod facts;
mod nodes;
mod ownership;
mod presence;
mod site;
mod strong;

use std::collections::BTreeMap;
use std::net::IpAddr;

use medward_model::{Conversation, Device, DeviceId, Subject, Timestamp};

use crate::catalog::Catalog;
use crate::ledger::{FlowKey, FlowSum, Ledger, Memory, Told};
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

/// What a resolution depends on besides what was observed.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub catalog: &'a Catalog,
    /// Name of the site where ids of what has only a local address must differ from those elsewhere; mostly empty.
    pub realm: &'a str,
    pub decisions: &'a Decisions,
}

/// Turns everything that was observed into devices and conversations.
pub fn resolve(ledger: Ledger, catalog: &Catalog) -> Resolution {
    resolve_with(ledger, catalog, &|_, _| false)
}

/// As [`resolve`], and keeps what `wants` asks for as facts of each device.
pub fn resolve_with(ledger: Ledger, catalog: &Catalog, wants: Wants<'_>) -> Resolution {
    let (memory, told, flows) = Memory::of(ledger);
    let decisions = Decisions::default();
    let around = Around { catalog, realm: "", decisions: &decisions };
    let prepared = prepare(&memory, &told, &around, &flows, &[]);
    let (built, _) = build::devices(prepared.material, &prepared.ownership, &around, wants, None);
    let (conversations, unanswered) = conversations::collect(&flows, &prepared.ends, &built.ids);
    let build::Built { devices, remarks, facts, .. } = built;
    Resolution { devices, conversations, remarks, unanswered, facts }
}

/// Nodes with all that is known of each, joined.
struct Prepared<'m> {
    material: Material<'m>,
    ownership: Ownership,
    broadcasts: presence::Broadcasts,
    /// The nodes at the ends of the flows, and of what was done, as asked for.
    ends: Vec<Option<(usize, usize)>>,
    doers: Vec<Option<usize>>,
}

fn prepare<'m>(
    memory: &Memory,
    told: &'m Told,
    around: &Around<'_>,
    flows: &[(FlowKey, FlowSum)],
    deeds: &[(IpAddr, Timestamp)],
) -> Prepared<'m> {
    let mut seen = Seen::of(memory, told);
    let ownership = Ownership::of(&seen);
    let mut material = gather(&seen, &ownership, memory, told);
    let locator = Locator { ownership: &ownership, broadcasts: &seen.broadcasts };
    for (ip, deeds) in &told.doings {
        for (deed, sum) in deeds {
            if let Some(number) = material.nodes.find(&locator.ip(*ip, sum.time)) {
                material.of(number).deeds.push((deed, *sum));
            }
        }
    }
    conversations::services(memory, &locator, &mut material);
    let ends = conversations::ends(flows, &locator, &material);
    let doers = deeds.iter().map(|(ip, at)| material.nodes.find(&locator.ip(*ip, *at))).collect();
    strong::join(&mut material, &ownership, around);
    let broadcasts = std::mem::take(&mut seen.broadcasts);
    Prepared { material, ownership, broadcasts, ends, doers }
}

/// Assigns links and evidence to nodes.
fn gather<'m>(seen: &Seen<'_>, ownership: &Ownership, memory: &Memory, told: &'m Told) -> Material<'m> {
    let locator = Locator { ownership, broadcasts: &seen.broadcasts };
    let mut material = Material::default();
    for (mac, span) in &seen.macs {
        let number = material.nodes.number(Node::Station(*mac));
        let part = material.of(number);
        part.widen(*span);
        part.ips.extend(ownership.addresses(*mac).filter(|ip| !ip.is_loopback()));
        part.vlans.extend(presence::within(&seen.vlans, *mac).filter(|vlan| **vlan != 0));
    }
    for (host, presence) in &seen.hosts {
        let Some(node) = locator.host(host, presence.span.first) else { continue };
        let group = matches!(node, Node::Group(_));
        if !presence.exists && !group && !ownership.owns(host.mac, host.ip) {
            continue;
        }
        let address = match &node {
            Node::Remote(ip) | Node::Group(ip) => Some(*ip),
            Node::Loopback => Some(host.ip),
            _ => None,
        };
        let number = material.nodes.number(node);
        let part = material.of(number);
        part.widen(presence.span);
        part.ips.extend(address);
    }
    let mut groups: Vec<_> = memory.presences.groups.iter().collect();
    groups.sort_unstable_by_key(|(ip, _)| **ip);
    for (ip, span) in groups {
        let number = material.nodes.number(Node::Group(*ip));
        let part = material.of(number);
        part.widen(*span);
        part.ips.push(*ip);
    }
    // Hearsay last: it may only describe what exists.
    let (hearsay, direct): (Vec<_>, Vec<_>) =
        told.statements.iter().partition(|(subject, _)| matches!(subject, Subject::Ip(_)));
    for (subject, list) in direct.into_iter().chain(hearsay) {
        for observation in list {
            if let Some(number) = locator.subject(subject, observation.first, &mut material.nodes) {
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
#[cfg(test)]
mod tests_site;

pub(crate) use addresses::{is_group, is_private, subnet};
pub use build::complete;
pub use cpe::cpe as program_cpe;
pub use decisions::{Decisions, NodeKey};
pub use site::{Deed, Exchange, Round, Site, conversations};
