//! Assembling devices from what was gathered for their nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use medward_model::{
    Attribute, Device, DeviceId, Fused, Mac, Scope, Service, ShortId, Software, Support, Transport,
};
use sha2::{Digest, Sha256};

use super::addresses::{is_virtual_router, scope};
use super::cache::Cache;
use super::cpe::cpe;
use super::nodes::{Node, Nodes};
use super::ownership::Ownership;
use super::presence::Span;
use super::{Around, DeviceFact, MAX_FACTS, Remark, Wants, facts as told};
use crate::catalog::Catalog;
use crate::fuse::{
    self, Group, Interpreted, SoftwareClaim, interpret, publish, publish_many, summed, threshold,
};
use crate::ledger::{Deed, DeedSum, Map, Observation};

/// More host names or aliases than this are not listed for one device.
const MAX_NAMES: usize = 32;

/// Software components that are listed for one device.
const MAX_SOFTWARE: usize = 64;

/// A service of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answers {
    pub transport: Transport,
    pub port: u16,
    pub protocol: &'static str,
    pub span: Span,
    /// The packet that first showed it.
    pub packet: u64,
}

impl Answers {
    fn service(&self) -> Service {
        Service {
            transport: self.transport,
            port: self.port,
            protocol: self.protocol.to_owned(),
            first_seen: self.span.first,
            last_seen: self.span.last,
        }
    }
}

/// What was gathered for one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part<'m> {
    pub ips: Vec<IpAddr>,
    pub vlans: Vec<u16>,
    pub span: Option<Span>,
    pub observations: Vec<&'m Observation>,
    pub deeds: Vec<(&'m Deed, DeedSum)>,
    pub services: Vec<Answers>,
    /// Services that it used elsewhere, with a packet.
    pub asks: Vec<(&'static str, u16, Transport, u64)>,
}

impl<'m> Part<'m> {
    pub(crate) fn widen(&mut self, span: Span) {
        match &mut self.span {
            Some(known) => known.widen(span),
            None => self.span = Some(span),
        }
    }

    pub(crate) fn serve(&mut self, service: Answers) {
        let same = self.services.iter_mut().find(|known| {
            (known.transport, known.port, known.protocol)
                == (service.transport, service.port, service.protocol)
        });
        match same {
            Some(known) => {
                known.span.widen(service.span);
                known.packet = known.packet.min(service.packet);
            }
            None => self.services.push(service),
        }
    }

    fn absorb(&mut self, other: Part<'m>) {
        self.ips.extend(other.ips);
        self.vlans.extend(other.vlans);
        if let Some(span) = other.span {
            self.widen(span);
        }
        self.observations.extend(other.observations);
        self.deeds.extend(other.deeds);
        for service in other.services {
            self.serve(service);
        }
        self.asks.extend(other.asks);
    }

    /// Puts everything in order, each once.
    fn settle(&mut self) {
        self.ips.sort_unstable();
        self.ips.dedup();
        self.vlans.sort_unstable();
        self.vlans.dedup();
        self.observations.sort_by(|a, b| a.order().cmp(&b.order()));
        // Of one kind, the lowest packet comes first and stays.
        self.asks.sort_unstable();
        self.asks.dedup_by_key(|(protocol, port, transport, _)| (*protocol, *port, *transport));
    }
}

/// All nodes with what was gathered for them.
#[derive(Debug, Default)]
pub(crate) struct Material<'m> {
    pub nodes: Nodes,
    parts: Vec<Part<'m>>,
    /// Taken where a number is none of ours, which does not happen.
    spare: Part<'m>,
}

impl<'m> Material<'m> {
    /// What was gathered for a node.
    pub(crate) fn of(&mut self, number: usize) -> &mut Part<'m> {
        if self.parts.len() <= number && self.nodes.len() > number {
            self.parts.resize_with(number + 1, Part::default);
        }
        self.parts.get_mut(number).unwrap_or(&mut self.spare)
    }

    /// What was gathered for a node, which then has nothing more.
    fn take(&mut self, number: usize) -> Part<'m> {
        self.parts.get_mut(number).map(std::mem::take).unwrap_or_default()
    }
}

/// What became of the nodes.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// Devices that were built, by id.
    pub devices: Vec<Device>,
    /// Devices that are as they were, with when they were seen.
    pub unchanged: Vec<(ShortId, Option<Span>)>,
    /// The id of each node's device.
    pub ids: Vec<Option<ShortId>>,
    pub remarks: BTreeMap<DeviceId, Vec<Remark>>,
    pub facts: Vec<DeviceFact>,
}

/// One device per set of joined nodes. With a cache, only those that changed since it was last used.
pub(crate) fn devices(
    mut material: Material<'_>,
    ownership: &Ownership,
    around: &Around<'_>,
    wants: Wants<'_>,
    mut cache: Option<&mut Cache>,
) -> (Built, Nodes) {
    let mut built = Built { ids: vec![None; material.nodes.len()], ..Built::default() };
    let mut sets: Vec<(usize, usize)> =
        material.nodes.iter().map(|(number, _)| (material.nodes.root(number), number)).collect();
    sets.sort_unstable();
    let mut taken: Map<ShortId, ()> = Map::default();
    // Parents before those behind them.
    let is_behind = |members: &[(usize, usize)], nodes: &Nodes| {
        members.iter().all(|(_, number)| matches!(nodes.get(*number), Some(Node::Behind(..))))
    };
    let (behind, direct): (Vec<_>, Vec<_>) =
        sets.chunk_by(|a, b| a.0 == b.0).partition(|members| is_behind(members, &material.nodes));
    for members in direct.into_iter().chain(behind) {
        let Some((root, _)) = members.first().copied() else { continue };
        let set = DeviceSet::of(&mut material, members);
        let parent = set.via.and_then(|via| built.ids.get(via).copied().flatten());
        let mark = material.nodes.get(root).map(|node| node.mark(&material.nodes)).unwrap_or_default();
        let shape = if cache.is_some() { set.shape(parent, ownership) } else { 0 };
        let known =
            cache.as_ref().and_then(|cache| cache.seen(mark, shape)).filter(|id| !taken.contains_key(id));
        let span = set.part.span;
        let short = match known {
            Some(id) => {
                built.unchanged.push((id, span));
                id
            }
            None => {
                let mut seen = wanted(&set.part, wants);
                let (mut device, mut short, notes) = set.build(parent.map(ShortId::id), ownership, around);
                let first = !taken.contains_key(&short);
                while taken.contains_key(&short) {
                    short = hashed(&format!("{} again", short.id()));
                }
                device.id = short.id();
                if !notes.is_empty() {
                    device.remarks = notes.iter().map(|note| note.name().to_owned()).collect();
                    built.remarks.insert(device.id.clone(), notes);
                }
                for fact in &mut seen {
                    fact.device = device.id.clone();
                }
                built.facts.append(&mut seen);
                built.devices.push(device);
                // An id that had to give way to another's is not kept: the other may be gone next time.
                if let Some(cache) = cache.as_mut().filter(|_| first) {
                    cache.note(mark, shape, short);
                }
                short
            }
        };
        for (_, member) in members {
            if let Some(known) = built.ids.get_mut(*member) {
                *known = Some(short);
            }
        }
        taken.insert(short, ());
    }
    built.devices.sort_by(|a, b| a.id.cmp(&b.id));
    built.facts.sort_by(|a, b| {
        (&a.device, a.packet, a.source, &a.field, &a.value)
            .cmp(&(&b.device, b.packet, b.source, &b.field, &b.value))
    });
    (built, material.nodes)
}

/// What is asked for of what was gathered, without the device.
fn wanted(part: &Part<'_>, wants: Wants<'_>) -> Vec<DeviceFact> {
    let observed =
        part.observations.iter().filter(|seen| wants(seen.source, seen.field.name)).map(|seen| DeviceFact {
            device: DeviceId(String::new()),
            source: seen.source,
            field: seen.field.name.to_owned(),
            value: seen.value.shown(),
            packet: seen.packet,
            time: seen.first,
            verb: None,
        });
    let done = part.deeds.iter().filter(|(deed, _)| wants(deed.protocol, "activity")).map(|(deed, sum)| {
        DeviceFact {
            device: DeviceId(String::new()),
            source: deed.protocol,
            field: deed.operation.to_string(),
            value: match deed.part {
                crate::ledger::Part::Actor => "did".to_owned(),
                crate::ledger::Part::Target => "served".to_owned(),
            },
            packet: sum.packet,
            time: sum.time,
            verb: Some(deed.verb),
        }
    });
    observed.chain(done).take(MAX_FACTS).collect()
}

/// What follows from attributes that are known (by an inventory, say): category, product line, role, device class. Values
/// that are known stay as they are.
pub fn complete(known: &mut BTreeMap<&'static str, Fused>, catalog: &Catalog) {
    let mut facts: Vec<fuse::Fact> = Vec::new();
    for (name, fused) in known.iter() {
        let Some(attribute) = Attribute::by_name(name) else { continue };
        let value = match attribute {
            Attribute::Category => match catalog.category_called(&fused.value) {
                Some(category) => category.slug.clone(),
                None => continue,
            },
            _ => fused.value.clone(),
        };
        let support = fused.evidence.first();
        facts.push(fuse::Fact {
            source: support.map_or_else(|| "inventory".to_owned(), |s| s.source.clone()).into(),
            field: support.map_or_else(|| (*name).to_owned(), |s| s.field.clone()).into(),
            value,
            packet: None,
            time: None,
            gives: Some((attribute, fused.confidence)),
            software: None,
            certainty: 1.0,
            basis: None,
        });
    }
    let category = Attribute::Category.name();
    // A kind that the catalogue does not have by that name says nothing to what reads it.
    if known.get(category).is_some_and(|fused| catalog.category_called(&fused.value).is_none()) {
        known.remove(category);
    }
    for (name, fused) in attributes(&interpret(&facts, catalog), catalog) {
        if name == category || !known.contains_key(name) {
            known.insert(name, fused);
        }
    }
}

/// The nodes of one device, put together.
struct DeviceSet<'m> {
    macs: BTreeSet<Mac>,
    part: Part<'m>,
    via: Option<usize>,
    key: Option<String>,
    group: bool,
    loopback: bool,
    joined: bool,
}

impl<'m> DeviceSet<'m> {
    fn of(material: &mut Material<'m>, members: &[(usize, usize)]) -> DeviceSet<'m> {
        let mut set = DeviceSet {
            macs: BTreeSet::new(),
            part: Part::default(),
            via: None,
            key: None,
            group: false,
            loopback: false,
            joined: members.len() > 1,
        };
        // Of several that speak of it, who did so first is nearest to it.
        let mut nearest: Option<(u64, usize, String)> = None;
        let mut direct = false;
        for (position, &(_, number)) in members.iter().enumerate() {
            let part = material.take(number);
            let Some(node) = material.nodes.get(number) else { continue };
            direct |= !matches!(node, Node::Behind(..));
            match node {
                Node::Station(mac) => {
                    set.macs.insert(*mac);
                }
                Node::Loopback => set.loopback = true,
                Node::Remote(_) => {}
                Node::Behind(via, key) => {
                    let first = part.observations.iter().map(|o| o.packet).min().unwrap_or(u64::MAX);
                    let told = (first, material.nodes.root(*via), key.to_string());
                    if nearest.as_ref().is_none_or(|known| told < *known) {
                        nearest = Some(told);
                    }
                }
                Node::Group(_) => set.group = true,
            }
            match position {
                0 => set.part = part,
                _ => set.part.absorb(part),
            }
        }
        if let (Some((_, via, key)), false) = (nearest, direct) {
            set.via = Some(via);
            set.key = Some(key);
        }
        set.part.settle();
        set
    }

    /// Everything that a device depends on, as one number.
    fn shape(&self, parent: Option<ShortId>, ownership: &Ownership) -> u64 {
        let mut hasher = foldhash::fast::FixedState::default().build_hasher();
        let forwards: usize = self.macs.iter().filter_map(|mac| ownership.gateways.get(mac)).sum();
        // More than three behind it are all the same to the catalogue.
        (&self.macs, &self.part.ips, &self.part.vlans, forwards.min(3), parent).hash(&mut hasher);
        (&self.key, self.group, self.loopback, self.joined).hash(&mut hasher);
        for seen in &self.part.observations {
            // Names are statics: their addresses tell them apart.
            (seen.packet, seen.source.as_ptr(), std::ptr::from_ref(seen.field), &seen.value)
                .hash(&mut hasher);
        }
        told::superseded(&self.part.observations).hash(&mut hasher);
        for (deed, sum) in &self.part.deeds {
            (deed, sum.packet).hash(&mut hasher);
        }
        let mut services: Vec<_> = self
            .part
            .services
            .iter()
            // A service is told anew when another hour has come.
            .map(|s| (s.transport, s.port, s.protocol, s.span.last.as_seconds().div_euclid(3600)))
            .collect();
        services.sort_unstable();
        services.hash(&mut hasher);
        for (protocol, port, transport, _) in &self.part.asks {
            (protocol, port, transport).hash(&mut hasher);
        }
        for mac in &self.macs {
            ownership.is_firm(*mac).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn build(
        self,
        parent: Option<DeviceId>,
        ownership: &Ownership,
        around: &Around<'_>,
    ) -> (Device, ShortId, Vec<Remark>) {
        let catalog = around.catalog;
        let macs: Vec<Mac> = self.macs.iter().copied().collect();
        let forwards: usize = macs.iter().filter_map(|mac| ownership.gateways.get(mac)).sum();
        let facts = match self.group {
            true => Vec::new(),
            false => {
                let firm = |mac: &Mac| ownership.is_firm(*mac);
                told::of(&self.part, &macs, forwards, firm, catalog)
            }
        };
        let interpreted = interpret(&facts, catalog);
        let attributes = attributes(&interpreted, catalog);
        let unique = interpreted
            .groups(Attribute::UniqueId, catalog)
            .into_iter()
            .find(|g| g.confidence >= threshold(Attribute::UniqueId))
            .map(|g| g.compared);
        let scope = match (self.group, macs.is_empty(), self.loopback || parent.is_some()) {
            (true, ..) => Scope::Multicast,
            (_, false, _) | (_, _, true) => Scope::Internal,
            _ => self.part.ips.iter().map(|ip| scope(*ip)).min().unwrap_or(Scope::Internal),
        };
        let mut notes = Vec::new();
        if !macs.is_empty() && macs.iter().all(|mac| mac.is_local()) {
            notes.push(Remark::LocalMac);
        }
        if forwards > 0 {
            notes.push(Remark::Forwards);
        }
        if macs.iter().any(|mac| is_virtual_router(*mac)) {
            notes.push(Remark::VirtualRouter);
        }
        if self.joined {
            notes.push(Remark::Joined);
        }
        let id = self.id(&parent, &macs, &attributes, unique.as_deref(), around.realm);
        let mut services: Vec<Service> = self.part.services.iter().map(Answers::service).collect();
        services.sort();
        let device = Device {
            id: id.id(),
            macs,
            ips: self.part.ips,
            vlans: self.part.vlans,
            hostnames: hostnames(&interpreted, catalog),
            aliases: names(Attribute::Alias, &interpreted, catalog),
            first_seen: self.part.span.map(|span| span.first),
            last_seen: self.part.span.map(|span| span.last),
            parent,
            scope,
            attributes,
            software: software(interpreted.software),
            services,
            remarks: Vec::new(),
            particulars: BTreeMap::new(),
            row: None,
        };
        (device, id, notes)
    }

    /// From the best identity: a universally administered MAC, a unique identifier, serial with model, any MAC,
    /// an address.
    fn id(
        &self,
        parent: &Option<DeviceId>,
        macs: &[Mac],
        attributes: &BTreeMap<&'static str, Fused>,
        unique: Option<&str>,
        realm: &str,
    ) -> ShortId {
        // What another site may have too carries the name of its own.
        let at = if realm.is_empty() { String::new() } else { format!("{realm} ") };
        let value = |attribute: Attribute| attributes.get(attribute.name()).map(|f| f.value.as_str());
        let universal = macs.iter().find(|mac| !mac.is_local() && !is_virtual_router(**mac));
        let basis = if let Some(mac) = universal {
            format!("mac {mac}")
        } else if let (Some(parent), Some(key)) = (parent, &self.key) {
            format!("behind {parent} {key}")
        } else if let Some(unique) = unique {
            format!("unique {unique}")
        } else if let (Some(serial), Some(model)) = (value(Attribute::Serial), value(Attribute::Model)) {
            format!("serial {model} {serial}")
        } else if let Some(mac) = macs.first() {
            format!("{at}mac {mac}")
        } else if self.loopback {
            format!("{at}loopback")
        } else {
            format!("{at}ip {:?}", self.part.ips.first())
        };
        hashed(&basis)
    }
}

fn hashed(basis: &str) -> ShortId {
    let digest = Sha256::digest(basis.as_bytes());
    ShortId::of_bytes(std::array::from_fn(|at| digest.get(at).copied().unwrap_or_default()))
}

/// Attributes of which a device has one value.
fn attributes(interpreted: &Interpreted, catalog: &Catalog) -> BTreeMap<&'static str, Fused> {
    let mut attributes = BTreeMap::new();
    for attribute in Attribute::ALL {
        if fuse::is_multiple(attribute) {
            continue;
        }
        let groups = interpreted.groups(attribute, catalog);
        let narrower =
            |wide: &Group<'_>, narrow: &Group<'_>| fuse::is_narrower(attribute, wide, narrow, catalog);
        if let Some(fused) = publish(attribute, &groups, narrower) {
            attributes.insert(attribute.name(), fused);
        }
    }
    if names_computer_only(&attributes, catalog) {
        attributes.remove(Attribute::Vendor.name());
    }
    if attributes.get(Attribute::Os.name()).is_some_and(|os| catalog.systems.is_family_only(&os.value)) {
        attributes.remove(Attribute::Os.name());
    }
    // A version of a system that is not sure is none.
    if !attributes.contains_key(Attribute::Os.name()) {
        attributes.remove(Attribute::OsVersion.name());
    }
    if let Some(category) = attributes.get(Attribute::Category.name()).cloned()
        && let Some(known) = catalog.category(&category.value)
    {
        let derived = |value: &str| Fused {
            value: value.to_owned(),
            confidence: category.confidence,
            evidence: vec![Support {
                source: format!("catalog:category-{}", known.slug),
                field: "category".into(),
                value: category.value.clone(),
                packet: category.evidence.first().and_then(|s| s.packet),
                time: category.evidence.first().and_then(|s| s.time),
                weight: category.confidence,
            }],
            rejected: Vec::new(),
        };
        let given = [
            (Attribute::Role, known.role.as_deref()),
            (Attribute::FdaClass, known.fda_class.as_deref()),
            (Attribute::LifeSupporting, Some(known.life_supporting.as_str())),
        ];
        for (attribute, value) in given {
            if let Some(value) = value {
                attributes.entry(attribute.name()).or_insert_with(|| derived(value));
            }
        }
    }
    attributes
}

/// Groups of categories whose devices are built around computers of other makers.
const BUILT_AROUND: [&str; 7] =
    ["medical", "imaging", "patient care", "laboratory", "surgery", "therapy", "building"];

/// All that speaks for the vendor is the maker of the computer inside a medical or building device.
fn names_computer_only(attributes: &BTreeMap<&'static str, Fused>, catalog: &Catalog) -> bool {
    let group = attributes
        .get(Attribute::Category.name())
        .and_then(|category| catalog.category(&category.value))
        .map(|category| category.group.as_str());
    group.is_some_and(|group| BUILT_AROUND.contains(&group))
        && attributes.get(Attribute::Vendor.name()).is_some_and(|vendor| {
            vendor.evidence.iter().all(|s| s.source == "mac" && s.weight <= told::PLATFORM)
        })
}

fn names(attribute: Attribute, interpreted: &Interpreted, catalog: &Catalog) -> Vec<String> {
    let mut names = publish_many(attribute, &interpreted.groups(attribute, catalog));
    names.truncate(MAX_NAMES);
    names
}

/// Host names as told, without the ending of multicast DNS.
fn hostnames(interpreted: &Interpreted, catalog: &Catalog) -> Vec<String> {
    let all: BTreeSet<String> = names(Attribute::Hostname, interpreted, catalog)
        .into_iter()
        .map(|name| name.strip_suffix(".local").unwrap_or(&name).to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    all.into_iter().take(MAX_NAMES).collect()
}

/// Product tokens that stand for compatibility or a protocol, not for a program.
const NO_PROGRAMS: [&str; 20] = [
    "microsoft-windows",
    "microsoft-windows-nt",
    "windows",
    "linux",
    "mozilla",
    "opera",
    "upnp",
    "dlnadoc",
    "http",
    "https",
    "ipp",
    "webkit",
    "gecko",
    "user-agent",
    "agent",
    "client",
    "server",
    "unknown",
    "dalvik",
    "webserver",
];

/// Programs that name themselves in syslog.
const DAEMONS: [&str; 36] = [
    "sshd",
    "dropbear",
    "cron",
    "crond",
    "systemd",
    "dnsmasq",
    "dnsmasq-dhcp",
    "ntpd",
    "chronyd",
    "nginx",
    "httpd",
    "apache2",
    "lighttpd",
    "snmpd",
    "rsyslogd",
    "syslog-ng",
    "syslogd",
    "dhclient",
    "dhcpcd",
    "dhcpd",
    "udhcpc",
    "named",
    "unbound",
    "hostapd",
    "wpa_supplicant",
    "smbd",
    "nmbd",
    "winbindd",
    "mysqld",
    "postgres",
    "mosquitto",
    "openvpn",
    "charon",
    "dovecot",
    "avahi-daemon",
    "freeradius",
];

/// Components by name and version; one without a version gives way to the same with one.
fn software(claims: Vec<SoftwareClaim>) -> Vec<Software> {
    type Entry = (SoftwareClaim, BTreeMap<String, f64>, Vec<Support>);
    let mut entries: BTreeMap<(String, Option<String>), Entry> = BTreeMap::new();
    let versioned: BTreeSet<String> =
        claims.iter().filter(|c| c.version.is_some()).map(|c| c.name.to_lowercase()).collect();
    let elsewhere: BTreeSet<String> =
        claims.iter().filter(|c| c.family != "syslog").map(|c| c.name.to_lowercase()).collect();
    for claim in claims {
        let name = claim.name.to_lowercase();
        if claim.version.is_none() && versioned.contains(&name) || NO_PROGRAMS.contains(&name.as_str()) {
            continue;
        }
        // A tag of syslog may be anything: only known programs, or what another protocol names too.
        if claim.family == "syslog" && !elsewhere.contains(&name) && !DAEMONS.contains(&name.as_str()) {
            continue;
        }
        let key = (name, claim.version.as_ref().map(|v| v.to_lowercase()));
        let entry = entries.entry(key).or_insert_with(|| (claim.clone(), BTreeMap::new(), Vec::new()));
        entry.0.cpe = entry.0.cpe.take().or(claim.cpe);
        entry.0.purl = entry.0.purl.take().or(claim.purl);
        let best = entry.1.entry(claim.family).or_insert(0.0);
        *best = best.max(claim.support.weight);
        entry.2.push(claim.support);
    }
    entries
        .into_values()
        .map(|(claim, families, supports)| {
            let confidence = 1.0 - families.values().fold(1.0, |left, weight| left * (1.0 - weight));
            let (evidence, confidence) = summed(supports, confidence);
            Software {
                cpe: claim.cpe.or_else(|| cpe(&claim.name, claim.version.as_deref())),
                name: claim.name,
                version: claim.version,
                purl: claim.purl,
                confidence,
                evidence,
            }
        })
        .filter(|software| software.confidence >= 0.5)
        .take(MAX_SOFTWARE)
        .collect()
}
