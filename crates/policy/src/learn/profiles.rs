//! Profiles: devices that are alike, and the zone that takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use medward_model::{Attribute, Device, DeviceId, Scope};
use medward_query::folded;

use super::selector::{self, Selector};
use super::{Categories, Learning};
use crate::language::{Fail, Kind, Members, Place, Stage, Zone};
use crate::meaning::Purpose;

/// Devices that are alike.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub zone: Zone,
    /// Whether its devices have no business with each other, as pumps have none with pumps.
    pub alike: bool,
}

/// What makes devices alike; the order is that of the zones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Alike {
    /// A kind, of one maker where that is given; the rank puts care first.
    Kind { rank: u8, category: String, vendor: Option<String> },
    /// Servers without a kind, by what they answer on above all.
    Serving { rank: u8, protocol: String },
    /// Devices without a kind that answer on nothing, by maker and model.
    Made { vendor: String, model: Option<String> },
    /// Nothing tells them but their addresses.
    Bare { name: String },
}

/// Protocols that name a server, the most telling first.
const TELLING: &[&str] = &[
    "dicom",
    "hl7",
    "fhir",
    "sdc",
    "astm",
    "poct1a",
    "dicomweb",
    "kerberos",
    "ldap",
    "radius",
    "dns",
    "dhcpv4",
    "dhcpv6",
    "ntp",
    "syslog",
    "tds",
    "postgresql",
    "mysql",
    "mqtt",
    "smtp",
    "smb",
    "sip",
    "bacnet",
    "modbus",
    "knx",
    "fox",
    "rdp",
    "ssh",
    "tls",
    "http",
];

/// All profiles, in the order of their zones; what is outside of the site is the last.
pub(super) fn all(learning: &Learning<'_>) -> Vec<Profile> {
    let inside = learning.devices.iter().filter(|device| device.scope == Scope::Internal);
    let inside: Vec<&Device> = {
        let mut all: Vec<&Device> = inside.collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    };
    let split = split_by_maker(&inside, learning.categories);
    let speaking = speaking(learning);
    let mut groups: BTreeMap<Alike, Vec<&Device>> = BTreeMap::new();
    for device in &inside {
        if let Some(alike) = alike(device, learning.categories, &split, &speaking) {
            groups.entry(alike).or_default().push(device);
        }
    }
    let mut names = BTreeSet::new();
    let mut profiles = Vec::new();
    let mut bare = Vec::new();
    for (alike, members) in &groups {
        let selector = match alike {
            Alike::Kind { .. } => {
                selector::of_kind(members, matches!(alike, Alike::Kind { vendor: Some(_), .. }))
            }
            Alike::Serving { protocol, .. } => selector::of_servers(protocol, members, &inside, learning.now),
            Alike::Made { model, .. } => selector::of_maker(members, model.is_some(), &inside, learning.now),
            Alike::Bare { .. } => None,
        };
        let profile = match selector {
            Some(selector) => Profile {
                zone: zone(alike, selector, learning.categories, &mut names),
                alike: like(alike, learning.categories),
            },
            // Whom nothing else tells has a zone by address where others rely on it.
            None if members.iter().any(|device| speaking.contains(&device.id)) => {
                let addresses =
                    members.iter().flat_map(|device| stable(device)).collect::<BTreeSet<IpAddr>>();
                if addresses.is_empty() {
                    continue;
                }
                let networks =
                    addresses.into_iter().map(|ip| (ip, if ip.is_ipv4() { 32 } else { 128 })).collect();
                let selector = Selector { members: Members::Networks(networks), confidence: None };
                bare.push(Profile {
                    zone: zone(alike, selector, learning.categories, &mut names),
                    alike: false,
                });
                continue;
            }
            None => continue,
        };
        profiles.push(profile);
    }
    profiles.extend(bare);
    profiles.push(Profile { zone: outside(&mut names), alike: false });
    profiles
}

/// Addresses that stay: neither of groups nor of the link alone.
fn stable(device: &Device) -> impl Iterator<Item = IpAddr> + '_ {
    device.ips.iter().copied().filter(|ip| match ip {
        IpAddr::V4(v4) => {
            !v4.is_multicast() && !v4.is_unspecified() && !v4.is_link_local() && !v4.is_broadcast()
        }
        IpAddr::V6(v6) => !v6.is_multicast() && !v6.is_unspecified() && !v6.is_unicast_link_local(),
    })
}

/// Kinds of care whose devices all have a known maker: those are told apart by maker.
fn split_by_maker(inside: &[&Device], categories: &dyn Categories) -> BTreeSet<String> {
    let mut all: BTreeMap<String, bool> = BTreeMap::new();
    for device in inside {
        if let Some(category) = device.value(Attribute::Category) {
            let known = device.value(Attribute::Vendor).is_some();
            *all.entry(folded(category)).or_insert(true) &=
                known && kind(category, categories) == Kind::Clinical;
        }
    }
    all.into_iter().filter(|(_, split)| *split).map(|(category, _)| category).collect()
}

/// Devices that others rely on: they answer, or what they say belongs to care.
fn speaking(learning: &Learning<'_>) -> BTreeSet<DeviceId> {
    let mut all = BTreeSet::new();
    for talk in learning.conversations {
        match Purpose::of(&talk.protocol) {
            Purpose::Clinical => {
                all.insert(talk.originator.clone());
                all.insert(talk.responder.clone());
            }
            Purpose::Discovery | Purpose::Link | Purpose::ClearText => {}
            _ if talk.flows > 1 => {
                all.insert(talk.responder.clone());
            }
            _ => {}
        }
    }
    all
}

fn alike(
    device: &Device,
    categories: &dyn Categories,
    split: &BTreeSet<String>,
    speaking: &BTreeSet<DeviceId>,
) -> Option<Alike> {
    let vendor = device.value(Attribute::Vendor).map(folded);
    if let Some(category) = device.value(Attribute::Category).filter(|category| *category != "unknown") {
        let rank = rank(kind(category, categories));
        let category = folded(category);
        let vendor = vendor.filter(|_| split.contains(&category));
        return Some(Alike::Kind { rank, category, vendor });
    }
    let serves = |name: &str| device.services.iter().any(|service| service.protocol == name);
    if let Some((rank, protocol)) = (0_u8..).zip(TELLING).find(|(_, name)| serves(name)) {
        return Some(Alike::Serving { rank, protocol: (*protocol).to_owned() });
    }
    if let Some(vendor) = vendor {
        return Some(Alike::Made { vendor, model: device.value(Attribute::Model).map(folded) });
    }
    let port =
        device.services.iter().map(|service| format!("{}-{}", service.transport.name(), service.port)).min();
    let name = match port {
        Some(port) => format!("servers-{port}"),
        None => "senders".to_owned(),
    };
    speaking.contains(&device.id).then_some(Alike::Bare { name })
}

/// What a kind is for.
pub(super) fn kind(category: &str, categories: &dyn Categories) -> Kind {
    match categories.group(category) {
        Some(
            "medical" | "imaging" | "therapy" | "imaging IT" | "patient care" | "surgery" | "laboratory"
            | "clinical IT",
        ) => Kind::Clinical,
        Some("communication" | "logistics") if category == "nurse-call" => Kind::Clinical,
        Some("building") => Kind::Building,
        Some("network") => Kind::Infrastructure,
        Some("personal") => Kind::Byod,
        _ if matches!(
            category,
            "domain-controller"
                | "dns-server"
                | "dhcp-server"
                | "ntp-server"
                | "authentication-server"
                | "log-server"
        ) =>
        {
            Kind::Infrastructure
        }
        _ => Kind::It,
    }
}

const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Clinical => 0,
        Kind::Infrastructure => 1,
        Kind::It => 2,
        Kind::Building => 3,
        _ => 4,
    }
}

/// Whether devices of a profile have no business with each other.
fn like(alike: &Alike, categories: &dyn Categories) -> bool {
    match alike {
        Alike::Kind { category, .. } => {
            let slug = category.replace(' ', "-");
            !matches!(
                categories.group(&slug),
                Some("imaging IT" | "clinical IT" | "IT" | "network" | "communication")
            ) || matches!(
                slug.as_str(),
                "computer" | "workstation" | "laptop" | "thin-client" | "imaging-workstation"
            )
        }
        Alike::Serving { .. } | Alike::Bare { .. } => false,
        Alike::Made { .. } => true,
    }
}

fn zone(
    alike: &Alike,
    selector: Selector,
    categories: &dyn Categories,
    names: &mut BTreeSet<String>,
) -> Zone {
    let (name, kind, reason) = match alike {
        Alike::Kind { category, vendor, .. } => {
            let slug = category.replace(' ', "-");
            let kind = kind(&slug, categories);
            let name = vendor.as_ref().map_or_else(|| slug.clone(), |vendor| format!("{slug} {vendor}"));
            (name, kind, format!("devices of the kind {slug}"))
        }
        Alike::Serving { protocol, .. } => {
            let kind = match Purpose::of(protocol) {
                Purpose::Clinical => Kind::Clinical,
                Purpose::Infrastructure => Kind::Infrastructure,
                _ if matches!(protocol.as_str(), "bacnet" | "modbus" | "knx" | "fox") => Kind::Building,
                _ => Kind::It,
            };
            (
                format!("{protocol} servers"),
                kind,
                format!("answer on {protocol}; what kind they are is not known"),
            )
        }
        Alike::Made { vendor, model } => {
            let model = model.as_ref().map(|model| format!(" {model}")).unwrap_or_default();
            (
                format!("{vendor}{model} devices"),
                Kind::It,
                "made alike; what kind they are is not known".to_owned(),
            )
        }
        Alike::Bare { name } => {
            (name.clone(), Kind::It, "told by address only: nothing else is known of them".to_owned())
        }
    };
    Zone {
        name: unique(&name, names),
        members: selector.members,
        confidence: selector.confidence.unwrap_or(crate::language::CONFIDENCE),
        kind: Some(kind),
        stage: Stage::Learn,
        fail: Fail::Open,
        owner: None,
        reason: Some(reason),
        break_glass: true,
        place: Place::default(),
    }
}

fn outside(names: &mut BTreeSet<String>) -> Zone {
    Zone {
        name: unique("outside", names),
        members: Members::External,
        confidence: crate::language::CONFIDENCE,
        kind: Some(Kind::External),
        stage: Stage::Learn,
        fail: Fail::Open,
        owner: None,
        reason: Some("all that is outside of the site".to_owned()),
        break_glass: true,
        place: Place::default(),
    }
}

/// A name as a key can be, that no zone has yet.
fn unique(name: &str, names: &mut BTreeSet<String>) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_matches('-').to_owned();
    let slug = if slug.is_empty() || slug == "any" { "zone".to_owned() } else { slug };
    let mut free = slug.clone();
    let mut number = 1;
    while !names.insert(free.clone()) {
        number += 1;
        free = format!("{slug}-{number}");
    }
    free
}

/// The zone of addresses of groups.
pub(super) fn groups(addresses: &BTreeSet<IpAddr>) -> Profile {
    let networks = addresses.iter().map(|ip| (*ip, if ip.is_ipv4() { 32 } else { 128 })).collect();
    let mut zone = outside(&mut BTreeSet::new());
    zone.name = "group-addresses".to_owned();
    zone.members = Members::Networks(networks);
    zone.kind = Some(Kind::Infrastructure);
    zone.reason = Some("multicast and broadcast that devices need".to_owned());
    Profile { zone, alike: false }
}
