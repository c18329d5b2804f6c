//! What the page says of one device.

use std::collections::BTreeMap;

use medward_model::{
    Assessment, Attribute, Candidate, Conversation, Device, DeviceId, Finding, Fused, Risk, Support,
};
use serde::Serialize;

use super::judgement::{self, FindingView, RiskView};
use crate::inventory::{self, Inventory, Placed, SHAKY};
use crate::protocol;
use crate::wording::{self, bytes, clean, number, percent};

/// Pieces of evidence that are shown for one value.
const EVIDENCE: usize = 8;
/// Peers that are shown.
const PEERS: usize = 15;
/// Services and software components that are shown.
const PARTS: usize = 40;

/// A device as the template sees it. All text is free of control characters; the template escapes it.
#[derive(Serialize)]
pub(super) struct DeviceView {
    id: String,
    name: String,
    depth: usize,
    group: &'static str,
    medical: bool,
    category: Shown,
    alive: bool,
    vendor: Shown,
    model: Shown,
    serial: Shown,
    os: Shown,
    ip: String,
    more_ips: usize,
    mac: String,
    last_seen: String,
    /// Seconds, for sorting.
    last_seconds: i64,
    sure: String,
    level: &'static str,
    /// Percent, for sorting.
    share: u8,
    parent: Option<Link>,
    names: Vec<String>,
    ips: Vec<String>,
    macs: Vec<MacView>,
    vlans: Vec<u16>,
    first_seen: String,
    attributes: Vec<AttributeView>,
    software: Vec<SoftwareView>,
    more_software: usize,
    services: Vec<ServiceView>,
    more_services: usize,
    peers: Vec<PeerView>,
    more_peers: usize,
    risk: Option<RiskView>,
    /// Points, for sorting.
    score: u8,
    findings: Vec<FindingView>,
    more_findings: usize,
    hidden: Vec<FindingView>,
    /// Findings that are more than possible.
    sure_findings: usize,
}

/// What was judged, by device.
pub(super) struct Judged<'a> {
    pub findings: BTreeMap<&'a DeviceId, Vec<&'a Finding>>,
    pub hidden: BTreeMap<&'a DeviceId, Vec<&'a Finding>>,
    pub risks: BTreeMap<&'a DeviceId, &'a Risk>,
}

impl DeviceView {
    pub(super) fn is_in(&self, group: &str) -> bool {
        self.group == group
    }
}

#[derive(Serialize, Default)]
struct Shown {
    text: String,
    shaky: bool,
}

#[derive(Serialize)]
pub(super) struct Link {
    pub id: String,
    pub name: String,
}

#[derive(Serialize)]
struct MacView {
    text: String,
    local: bool,
}

#[derive(Serialize)]
struct AttributeView {
    label: &'static str,
    meaning: &'static str,
    value: String,
    sure: String,
    level: &'static str,
    evidence: Vec<EvidenceView>,
    more: usize,
    rejected: Vec<RejectedView>,
}

#[derive(Serialize)]
struct EvidenceView {
    source: String,
    field: String,
    value: String,
    packet: String,
    time: String,
    weight: String,
}

#[derive(Serialize)]
struct RejectedView {
    value: String,
    sure: String,
    evidence: Vec<EvidenceView>,
    more: usize,
}

#[derive(Serialize)]
struct SoftwareView {
    name: String,
    version: String,
    sure: String,
    evidence: Vec<EvidenceView>,
    more: usize,
}

#[derive(Serialize)]
struct ServiceView {
    protocol: String,
    place: String,
    openness: &'static str,
    label: &'static str,
}

#[derive(Serialize)]
struct PeerView {
    id: Option<String>,
    name: String,
    protocols: String,
    flows: String,
    bytes: String,
    /// "asks", "answers" or "both".
    direction: &'static str,
}

/// Conversations by device.
pub(super) struct Peers<'a>(BTreeMap<&'a DeviceId, Vec<&'a Conversation>>);

impl<'a> Peers<'a> {
    pub(super) fn new(assessment: &'a Assessment) -> Peers<'a> {
        let mut peers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for talk in &assessment.conversations {
            peers.entry(&talk.originator).or_default().push(talk);
            if talk.originator != talk.responder {
                peers.entry(&talk.responder).or_default().push(talk);
            }
        }
        Peers(peers)
    }
}

/// Everything the page says of a device.
pub(super) fn view(
    Placed { device, depth }: Placed,
    assessment: &Assessment,
    inventory: &Inventory,
    peers: &Peers,
    judged: &Judged<'_>,
) -> DeviceView {
    let list = judged.findings.get(&device.id).map_or(&[][..], Vec::as_slice);
    let (findings, more_findings) = judgement::of_device(list);
    let risk = judged.risks.get(&device.id);
    let group = inventory::group(device);
    let sureness = inventory::sureness(device);
    let (peers, more_peers) = peer_views(device, inventory, peers);
    DeviceView {
        id: device.id.0.clone(),
        name: inventory::name(device),
        depth,
        group: group.key,
        medical: group.medical,
        category: Shown {
            text: inventory::category_words(device),
            shaky: inventory::category_of(device).is_some() && shown(device, Attribute::Category).shaky,
        },
        alive: inventory::keeps_alive(device),
        vendor: shown(device, Attribute::Vendor),
        model: shown(device, Attribute::Model),
        serial: shown(device, Attribute::Serial),
        os: system(device),
        ip: device.ips.first().map(ToString::to_string).unwrap_or_default(),
        more_ips: device.ips.len().saturating_sub(1),
        mac: device.macs.first().map(ToString::to_string).unwrap_or_default(),
        last_seen: device
            .last_seen
            .map(|t| wording::second_of(t, assessment.capture.last))
            .unwrap_or_default(),
        last_seconds: device.last_seen.map_or(0, |time| time.as_seconds()),
        sure: sureness.map(percent).unwrap_or_default(),
        level: sureness.map_or("none", level),
        share: sureness.map_or(0, |share| (share * 100.0).clamp(0.0, 100.0) as u8),
        parent: device.parent.as_ref().map(|id| Link { id: id.0.clone(), name: inventory.name(id) }),
        names: device.hostnames.iter().chain(&device.aliases).map(|name| clean(name)).collect(),
        ips: device.ips.iter().map(ToString::to_string).collect(),
        macs: device
            .macs
            .iter()
            .map(|mac| MacView { text: mac.to_string(), local: mac.is_local() })
            .collect(),
        vlans: device.vlans.iter().copied().filter(|vlan| *vlan != 0).collect(),
        first_seen: device.first_seen.map(wording::moment).unwrap_or_default(),
        attributes: Attribute::ALL
            .into_iter()
            .filter_map(|attribute| Some((attribute, device.attributes.get(attribute.name())?)))
            .map(|(attribute, fused)| attribute_view(attribute, fused))
            .collect(),
        software: device.software.iter().take(PARTS).map(software_view).collect(),
        more_software: device.software.len().saturating_sub(PARTS),
        services: device.services.iter().take(PARTS).map(service_view).collect(),
        more_services: device.services.len().saturating_sub(PARTS),
        peers,
        more_peers,
        score: risk.map_or(0, |risk| risk.score),
        risk: risk.map(|risk| judgement::risk(risk, inventory)),
        findings,
        more_findings,
        hidden: judgement::of_device(judged.hidden.get(&device.id).map_or(&[][..], Vec::as_slice)).0,
        sure_findings: list.iter().filter(|finding| judgement::counts(finding)).count(),
    }
}

fn level(confidence: f64) -> &'static str {
    if confidence >= 0.9 {
        "high"
    } else if confidence >= SHAKY {
        "middle"
    } else {
        "low"
    }
}

fn shown(device: &Device, attribute: Attribute) -> Shown {
    let fused = device.attributes.get(attribute.name());
    fused.map_or_else(Shown::default, |fused| Shown {
        text: clean(&fused.value),
        shaky: fused.confidence < SHAKY,
    })
}

fn system(device: &Device) -> Shown {
    let (os, version) = (shown(device, Attribute::Os), shown(device, Attribute::OsVersion));
    let text = match (os.text.as_str(), version.text.as_str()) {
        (os, "") => os.to_owned(),
        (os, version) if version.starts_with(os) => version.to_owned(),
        (os, version) => format!("{os} {version}"),
    };
    Shown { text, shaky: os.shaky || version.shaky }
}

fn attribute_view(attribute: Attribute, fused: &Fused) -> AttributeView {
    let (label, meaning) = wording_of(attribute);
    let value = match attribute {
        Attribute::Category => clean(&crate::category::words(&fused.value)),
        _ => clean(&fused.value),
    };
    AttributeView {
        label,
        meaning,
        value,
        sure: percent(fused.confidence),
        level: level(fused.confidence),
        evidence: evidence(&fused.evidence),
        more: fused.evidence.len().saturating_sub(EVIDENCE),
        rejected: fused.rejected.iter().take(EVIDENCE).map(rejected).collect(),
    }
}

fn wording_of(attribute: Attribute) -> (&'static str, &'static str) {
    match attribute {
        Attribute::Vendor => ("Vendor", "Who makes it"),
        Attribute::Family => ("Product line", ""),
        Attribute::Model => ("Model", ""),
        Attribute::Serial => ("Serial number", "Given by the maker"),
        Attribute::Udi => ("UDI", "Unique device identifier, as printed on medical devices"),
        Attribute::Os => ("Operating system", ""),
        Attribute::OsVersion => ("Its version", "Version of the operating system"),
        Attribute::Firmware => ("Firmware", "Version of the device's own software"),
        Attribute::Category => ("Category", "What kind of device it is"),
        Attribute::Role => ("Role", "What it does in care"),
        Attribute::FdaClass => ("FDA class", "Risk class in the United States: 1 low, 3 high"),
        Attribute::LifeSupporting => ("Life-supporting", "Whether a patient's life may depend on it"),
        Attribute::Location => ("Location", "Where it says it is"),
        Attribute::Hostname => ("Host name", ""),
        Attribute::Alias => ("Application name", "Its name in clinical protocols, an AE title for example"),
        Attribute::Software => ("Software", ""),
        Attribute::UniqueId => ("Unique id", "An identifier that no two devices share"),
    }
}

fn evidence(all: &[Support]) -> Vec<EvidenceView> {
    let views = all.iter().take(EVIDENCE).map(|support| EvidenceView {
        source: clean(&support.source),
        field: clean(&support.field),
        value: clean(&support.value),
        packet: support.packet.map(number).unwrap_or_default(),
        time: support.time.map(wording::second).unwrap_or_default(),
        weight: percent(support.weight),
    });
    views.collect()
}

fn rejected(candidate: &Candidate) -> RejectedView {
    RejectedView {
        value: clean(&candidate.value),
        sure: percent(candidate.confidence),
        evidence: evidence(&candidate.evidence),
        more: candidate.evidence.len().saturating_sub(EVIDENCE),
    }
}

fn software_view(software: &medward_model::Software) -> SoftwareView {
    SoftwareView {
        name: clean(&software.name),
        version: software.version.as_deref().map(clean).unwrap_or_default(),
        sure: percent(software.confidence),
        evidence: evidence(&software.evidence),
        more: software.evidence.len().saturating_sub(EVIDENCE),
    }
}

fn service_view(service: &medward_model::Service) -> ServiceView {
    let openness = protocol::openness(&service.protocol);
    ServiceView {
        protocol: clean(&protocol::label(&service.protocol)),
        place: format!("{} {}", service.transport.name(), service.port),
        openness: openness.key(),
        label: openness.label(),
    }
}

fn peer_views(device: &Device, inventory: &Inventory, peers: &Peers) -> (Vec<PeerView>, usize) {
    #[derive(Default)]
    struct Sum {
        asks: bool,
        answers: bool,
        bytes: u64,
        flows: u64,
        protocols: std::collections::BTreeSet<String>,
    }
    let mut sums: BTreeMap<&DeviceId, Sum> = BTreeMap::new();
    for talk in peers.0.get(&device.id).into_iter().flatten() {
        let asks = talk.originator == device.id;
        let sum = sums.entry(if asks { &talk.responder } else { &talk.originator }).or_default();
        sum.asks |= asks;
        sum.answers |= !asks;
        sum.bytes = sum.bytes.saturating_add(talk.bytes);
        sum.flows = sum.flows.saturating_add(talk.flows);
        sum.protocols.insert(clean(&protocol::label(&talk.protocol)));
    }
    let mut sums: Vec<_> = sums.into_iter().collect();
    sums.sort_by(|a, b| b.1.bytes.cmp(&a.1.bytes).then_with(|| a.0.cmp(b.0)));
    let more = sums.len().saturating_sub(PEERS);
    let inside = |id: &DeviceId| inventory.get(id).is_some_and(|d| d.scope == medward_model::Scope::Internal);
    let views = sums.into_iter().take(PEERS).map(|(id, sum)| PeerView {
        id: inside(id).then(|| id.0.clone()),
        name: inventory.name(id),
        protocols: sum.protocols.into_iter().collect::<Vec<_>>().join(", "),
        flows: number(sum.flows),
        bytes: bytes(sum.bytes),
        direction: match (sum.asks, sum.answers) {
            (true, true) => "both ways",
            (true, false) => "connects to it",
            _ => "is connected by it",
        },
    });
    (views.collect(), more)
}
