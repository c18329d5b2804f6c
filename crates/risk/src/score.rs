//! The score of each device: likelihood × impact, 0 to 100, with points that add up.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet};
use medward_model::{
    Action, Attribute, Conversation, Day, Device, DeviceId, Exploitation, Factor, Finding, FindingKind, Risk,
    Scope, Severity, Verdict,
};

use crate::action::actions;
use crate::factor::{Part, joined, shared};
use crate::model::Model;
use crate::reach::{Origin, Reach};
use crate::treatment::treatment;

/// What the catalogue says of a category.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// "imaging", "patient care", "IT", "personal", "building", "network", …
    pub group: String,
    /// As shown to a person: "Infusion pump".
    pub label: String,
    pub medical: bool,
    /// It holds or sends patient data by its nature (archives, information systems, imaging).
    pub patient_data: bool,
    /// Which origin of attacks it is, if any.
    pub origin: Option<Origin>,
    /// Many others depend on it.
    pub infrastructure: bool,
}

/// What risk is judged from.
#[derive(Clone, Copy)]
pub struct Inputs<'i> {
    pub model: &'i Model,
    pub devices: &'i [Device],
    pub conversations: &'i [Conversation],
    pub findings: &'i [Finding],
    /// What the catalogue says of the category of that slug.
    pub facts: &'i (dyn Fn(&str) -> Facts + Sync),
    /// Whether vulnerabilities were ever looked up.
    pub has_knowledge: bool,
    /// Today.
    pub now: Day,
}

/// Everything that is gathered once for all devices. It can be used from several threads at once.
pub struct Judged<'i> {
    pub(crate) inputs: Inputs<'i>,
    findings: HashMap<&'i DeviceId, Vec<&'i Finding>>,
    reach: Reach,
    services: Vec<String>,
    fleet: HashMap<(String, String), usize>,
    peers: HashMap<&'i DeviceId, HashSet<&'i DeviceId>>,
    /// By category; empty text for devices of none.
    facts: HashMap<&'i str, Facts>,
}

impl<'i> Judged<'i> {
    /// Gathers. Cost: one pass over devices, findings and conversations, and the search for ways.
    pub fn new(inputs: &Inputs<'i>) -> Judged<'i> {
        let mut findings: HashMap<&DeviceId, Vec<&Finding>> = HashMap::new();
        for finding in inputs.findings {
            findings.entry(&finding.device).or_default().push(finding);
        }
        let mut origins = BTreeMap::new();
        let mut fleet: HashMap<(String, String), usize> = HashMap::new();
        let mut known: HashMap<&str, Facts> = HashMap::new();
        for device in inputs.devices {
            let category = device.value(Attribute::Category).unwrap_or_default();
            let facts = known.entry(category).or_insert_with(|| match category {
                "" => Facts::default(),
                slug => (inputs.facts)(slug),
            });
            if device.scope == Scope::External {
                origins.insert(device.id.clone(), Origin::Internet);
            } else if let Some(origin) = facts.origin {
                origins.insert(device.id.clone(), origin);
            }
            if let Some(key) = kind(device) {
                *fleet.entry(key).or_default() += 1;
            }
        }
        let mut peers: HashMap<&DeviceId, HashSet<&DeviceId>> = HashMap::new();
        for conversation in inputs.conversations {
            peers.entry(&conversation.originator).or_default().insert(&conversation.responder);
            peers.entry(&conversation.responder).or_default().insert(&conversation.originator);
        }
        let (reach, services) = Reach::new(inputs.conversations, &origins);
        Judged { inputs: *inputs, findings, reach, services, fleet, peers, facts: known }
    }

    /// The risk of one device; `None` for one that is not on the network itself.
    pub fn of(&self, device: &Device) -> Option<Risk> {
        (device.scope == Scope::Internal).then(|| self.risk(device, &|_| true, &|_| true))
    }

    /// What to do first, for the risks of all devices: most risk removed an hour first.
    pub fn actions(&self, risks: &[Risk]) -> Vec<Action> {
        actions(self, risks)
    }

    pub(crate) fn findings_of(&self, device: &DeviceId) -> &[&'i Finding] {
        self.findings.get(device).map_or(&[], Vec::as_slice)
    }

    /// What the catalogue says of the device's category.
    pub(crate) fn facts(&self, device: &Device) -> &Facts {
        const NOTHING: &Facts = &Facts {
            group: String::new(),
            label: String::new(),
            medical: false,
            patient_data: false,
            origin: None,
            infrastructure: false,
        };
        self.facts.get(device.value(Attribute::Category).unwrap_or_default()).unwrap_or(NOTHING)
    }

    /// The risk of a device where only findings that `stays` keeps count, and only ways from origins that `open` keeps.
    pub(crate) fn risk(
        &self,
        device: &Device,
        stays: &dyn Fn(&Finding) -> bool,
        open: &dyn Fn(Origin) -> bool,
    ) -> Risk {
        let (likelihood, impact, factors) = self.parts(device, stays, open);
        let score = 100.0 * likelihood * impact;
        let mut risk = Risk {
            device: device.id.clone(),
            score: rounded(score),
            likelihood: (likelihood * 1e4).round() / 1e4,
            impact: (impact * 1e4).round() / 1e4,
            factors,
            treatment: medward_model::Treatment::Review,
            reason: String::new(),
            removes: 0.0,
            paths: self.reach.paths(&device.id, &self.services),
        };
        let chosen = treatment(self, device, &risk);
        risk.treatment = chosen.treatment;
        risk.reason = chosen.reason;
        risk.removes = chosen.removes;
        risk
    }

    /// Unrounded score of a device with some findings settled or ways closed.
    pub(crate) fn score(
        &self,
        device: &Device,
        stays: &dyn Fn(&Finding) -> bool,
        open: &dyn Fn(Origin) -> bool,
    ) -> f64 {
        let (likelihood, impact, _) = self.parts(device, stays, open);
        100.0 * likelihood * impact
    }

    fn parts(
        &self,
        device: &Device,
        stays: &dyn Fn(&Finding) -> bool,
        open: &dyn Fn(Origin) -> bool,
    ) -> (f64, f64, Vec<Factor>) {
        let likely = self.likelihood(device, stays, open);
        let protection = self.protection(device);
        let impact = self.impact(device, stays);
        let floor = self.inputs.model.impact.floor;
        let raw = joined(&likely);
        let kept: f64 = protection.iter().map(|part| 1.0 - part.weight * part.share).product();
        let likelihood = raw * kept;
        let bad = floor + (1.0 - floor) * joined(&impact);
        // Likelihood carries the score without impact's factors (at the floor); each factor of impact adds what it raises.
        let base = 100.0 * raw * floor;
        let raised = 100.0 * raw * bad - base;
        let mut factors = Vec::new();
        push(&mut factors, &likely, "likelihood", &shared(&likely, base));
        push(&mut factors, &impact, "impact", &shared(&impact, raised));
        push(&mut factors, &protection, "likelihood", &shared(&protection, 100.0 * bad * (likelihood - raw)));
        (likelihood, bad, factors)
    }

    fn weight(&self, part: &BTreeMap<String, crate::model::Weight>, name: &str) -> f64 {
        part.get(name).map_or(0.0, |weight| weight.weight)
    }

    fn likelihood(
        &self,
        device: &Device,
        stays: &dyn Fn(&Finding) -> bool,
        open: &dyn Fn(Origin) -> bool,
    ) -> Vec<Part> {
        let weights = &self.inputs.model.likelihood;
        let mut parts = Vec::new();
        let mut add = |name: &'static str, share: f64, value: String, source: String| {
            if share > 0.0 {
                parts.push(Part {
                    name,
                    weight: self.weight(weights, name),
                    share: share.min(1.0),
                    value,
                    source,
                });
            }
        };
        let findings: Vec<&Finding> =
            self.findings_of(&device.id).iter().copied().filter(|f| stays(f)).collect();
        let worst = |of: &dyn Fn(&Finding) -> Option<f64>| {
            findings
                .iter()
                .filter_map(|finding| Some((of(finding)? * sureness(finding), *finding)))
                .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.id.cmp(&a.1.id)))
        };
        let vulnerable = |finding: &Finding| finding.kind == FindingKind::Vulnerability;
        if let Some((share, finding)) = worst(&|f| is_exploited(f).then_some(1.0)) {
            add(
                "known-exploited",
                share,
                format!("{} is exploited by attackers", name(finding)),
                finding.id.clone(),
            );
        }
        if let Some((share, finding)) =
            worst(&|f| f.advisory.as_ref()?.ransomware.filter(|r| *r).map(|_| 1.0))
        {
            add("ransomware", share, format!("{} is used by ransomware", name(finding)), finding.id.clone());
        }
        if let Some((share, finding)) = worst(&|f| f.advisory.as_ref()?.epss.map(f64::sqrt)) {
            let epss = finding.advisory.as_ref().and_then(|a| a.epss).unwrap_or_default();
            add(
                "exploit-prediction",
                share,
                format!("{}: {:.1} % within 30 days", name(finding), epss * 100.0),
                finding.id.clone(),
            );
        }
        if let Some((share, finding)) = worst(&|f| {
            let score = f.advisory.as_ref().and_then(|a| a.cvss.as_ref()).map(|cvss| cvss.score / 10.0);
            vulnerable(f).then(|| score.unwrap_or(0.5))
        }) {
            let count = findings.iter().filter(|f| vulnerable(f)).count();
            add(
                "severity",
                share,
                format!("{count} with weaknesses, the worst {} ({})", name(finding), finding.severity.name()),
                finding.id.clone(),
            );
        }
        if let Some((share, finding)) = worst(&|f| {
            let advisory = f.advisory.as_ref()?;
            (advisory.exploitation == Some(Exploitation::ProofOfConcept) && advisory.epss.is_none())
                .then_some(1.0)
        }) {
            add(
                "proof-of-concept",
                share,
                format!("code that exploits {} is public", name(finding)),
                finding.id.clone(),
            );
        }
        if let Some((share, finding)) = worst(&|f| {
            let advisory = f.advisory.as_ref().filter(|advisory| vulnerable(f) && advisory.epss.is_none())?;
            Some(years(advisory.published?, self.inputs.now) / 5.0)
        }) {
            let published = finding.advisory.as_ref().and_then(|advisory| advisory.published);
            let since = published.map(|day| day.to_string()).unwrap_or_default();
            add("age", share, format!("{} is known since {since}", name(finding)), finding.id.clone());
        }
        let one_of =
            |kinds: &[FindingKind]| worst(&|f| kinds.contains(&f.kind).then(|| severity_share(f.severity)));
        if let Some((share, finding)) = one_of(&[FindingKind::EndOfSupport]) {
            add("out-of-support", share, finding.title.to_string(), finding.id.clone());
        }
        if let Some((share, finding)) = one_of(&[
            FindingKind::WeakProtocol,
            FindingKind::WeakCipher,
            FindingKind::Certificate,
            FindingKind::ClearTextLogin,
            FindingKind::ClearTextPatientData,
            FindingKind::AnonymousAccess,
        ]) {
            add("weak-protocol", share, finding.title.to_string(), finding.id.clone());
        }
        if let Some((share, finding)) = one_of(&[FindingKind::DefaultCredential]) {
            add("default-credential", share, finding.title.to_string(), finding.id.clone());
        }
        if let Some((share, finding)) = one_of(&[FindingKind::Recall]) {
            add("recall", share, finding.title.to_string(), finding.id.clone());
        }
        for (origin, factor, who) in [
            (Origin::Internet, "from-internet", "addresses outside"),
            (Origin::Guest, "from-guests", "personal or guest devices"),
            (Origin::Office, "from-offices", "office computers"),
        ] {
            if let Some(hops) = self.reach.hops(&device.id, origin).filter(|_| open(origin)) {
                let value = match hops {
                    1 => format!("{who} reach it directly"),
                    hops => format!("{who} reach it over {} other devices", hops - 1),
                };
                add(factor, 1.0 / f64::from(hops), value, "conversations".to_owned());
            }
        }
        if !device.services.is_empty() {
            #[expect(clippy::cast_precision_loss, reason = "a device has few services")]
            let count = device.services.len() as f64;
            let remote = device.services.iter().any(|service| {
                ["rdp", "vnc", "ssh", "telnet", "smb", "ftp"].contains(&service.protocol.as_str())
            });
            let share = (count / 10.0).min(0.6) + if remote { 0.4 } else { 0.0 };
            let words = if remote { ", with remote control among them" } else { "" };
            add(
                "services",
                share,
                format!("{} services answer{words}", device.services.len()),
                "services".to_owned(),
            );
        }
        if !self.inputs.has_knowledge {
            add("unknown", 1.0, "vulnerabilities were never looked up".to_owned(), "knowledge".to_owned());
        } else if device.value(Attribute::Model).is_none() && device.value(Attribute::Os).is_none() {
            add(
                "unknown",
                1.0,
                "neither model nor system is known, so nothing could be looked up".to_owned(),
                "inventory".to_owned(),
            );
        }
        parts
    }

    fn protection(&self, device: &Device) -> Vec<Part> {
        let weights = &self.inputs.model.protection;
        let mut parts = Vec::new();
        let clinical: Vec<&str> = device.services.iter().map(|s| s.protocol.as_str()).collect();
        if !clinical.is_empty() && clinical.iter().all(|protocol| ["tls", "ssh", "https"].contains(protocol))
        {
            parts.push(Part {
                name: "encrypted",
                weight: self.weight(weights, "encrypted"),
                share: 1.0,
                value: "every service that it offers is encrypted".to_owned(),
                source: "services".to_owned(),
            });
        }
        let peers = self.peers.get(&device.id).map_or(0, HashSet::len);
        if (1..=2).contains(&peers) {
            parts.push(Part {
                name: "few-peers",
                weight: self.weight(weights, "few-peers"),
                share: 1.0,
                value: format!("only {peers} devices talk with it"),
                source: "conversations".to_owned(),
            });
        }
        parts
    }

    fn impact(&self, device: &Device, stays: &dyn Fn(&Finding) -> bool) -> Vec<Part> {
        let weights = &self.inputs.model.impact.weights;
        let facts = self.facts(device);
        let mut parts = Vec::new();
        let mut add = |name: &'static str, share: f64, value: String, source: &str| {
            if share > 0.0 {
                parts.push(Part {
                    name,
                    weight: self.weight(weights, name),
                    share,
                    value,
                    source: source.to_owned(),
                });
            }
        };
        match device.value(Attribute::LifeSupporting) {
            Some("yes") => {
                add("life-supporting", 1.0, "a patient's life depends on it".to_owned(), "category")
            }
            Some("unknown") if facts.medical => {
                add("life-supporting", 0.4, "a patient's life may depend on it".to_owned(), "category");
            }
            _ => {}
        }
        if facts.medical {
            let role = device.value(Attribute::Role).unwrap_or("takes part in care").to_owned();
            add("clinical-role", 1.0, role, "category");
        }
        if let Some(class) = device.value(Attribute::FdaClass).and_then(|class| class.parse::<f64>().ok()) {
            add("device-class", (class / 3.0).clamp(0.0, 1.0), format!("FDA class {class}"), "category");
        }
        let recalls =
            self.findings_of(&device.id).iter().filter(|f| f.kind == FindingKind::Recall && stays(f));
        let worst = recalls
            .map(|finding| (severity_share(finding.severity) * sureness(finding), *finding))
            .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.id.cmp(&a.1.id)));
        if let Some((share, finding)) = worst {
            let class = finding.advisory.as_ref().and_then(|advisory| advisory.class);
            let value =
                class.map_or_else(|| finding.title.to_string(), |class| format!("class {class} recall"));
            add("recall-class", share, value, &finding.id);
        }
        let clear = self
            .findings_of(&device.id)
            .iter()
            .find(|finding| finding.kind == FindingKind::ClearTextPatientData && stays(finding));
        if let Some(finding) = clear {
            add("patient-data", 1.0, finding.title.to_string(), &finding.id);
        } else if stated(device, "patient data") == Some(true) {
            let source = device.particulars.get("disclosure statement").map_or("maker", String::as_str);
            add("patient-data", 0.8, "its maker states that it handles patient data".to_owned(), source);
        } else if facts.patient_data {
            add("patient-data", 0.7, "holds patient data by its nature".to_owned(), "category");
        }
        if let Some(count) = kind(device).and_then(|key| self.fleet.get(&key)).filter(|count| **count > 1) {
            #[expect(clippy::cast_precision_loss, reason = "fleets are far below 2^52")]
            let share = ((*count as f64).log10() / 3.0).min(1.0);
            add("fleet", share, format!("{count} devices of this model"), "inventory");
        }
        if facts.infrastructure {
            add("infrastructure", 1.0, "many others depend on it".to_owned(), "category");
        }
        parts
    }
}

/// What the maker's disclosure statement says, where it says yes or no.
pub(crate) fn stated(device: &Device, what: &str) -> Option<bool> {
    match device.particulars.get(&format!("maker states: {what}"))?.as_str() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

/// Maker and model, where both are known.
pub(crate) fn kind(device: &Device) -> Option<(String, String)> {
    Some((device.value(Attribute::Vendor)?.to_lowercase(), device.value(Attribute::Model)?.to_lowercase()))
}

fn push(factors: &mut Vec<Factor>, parts: &[Part], part: &'static str, points: &[f64]) {
    for (own, points) in parts.iter().zip(points) {
        factors.push(Factor {
            name: own.name,
            part,
            value: own.value.clone(),
            source: own.source.clone(),
            weight: own.weight,
            points: (points * 1e6).round() / 1e6,
        });
    }
}

/// Known to be used by attackers: by CISA's catalogue, or CISA's judgement of this CVE.
pub(crate) fn is_exploited(finding: &Finding) -> bool {
    finding.advisory.as_ref().is_some_and(|advisory| {
        advisory.kev == Some(true) || advisory.exploitation == Some(Exploitation::Active)
    })
}

/// Years from a day to another, at least 0 and at most 10.
fn years(from: Day, to: Day) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "days of a lifetime are far below 2^52")]
    let days = to.days_since(from) as f64;
    (days / 365.25).clamp(0.0, 10.0)
}

/// How much a match counts: what is only possible counts a fifth.
fn sureness(finding: &Finding) -> f64 {
    finding.confidence
        * match finding.status {
            Verdict::Affected => 1.0,
            Verdict::Likely => 0.8,
            Verdict::Possible => 0.2,
        }
}

fn severity_share(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 1.0,
        Severity::High => 0.8,
        Severity::Medium => 0.5,
        Severity::Low => 0.25,
        Severity::Info => 0.05,
    }
}

fn name(finding: &Finding) -> String {
    finding.advisory.as_ref().map_or_else(
        || finding.title.to_string(),
        |advisory| advisory.cve.first().cloned().unwrap_or_else(|| advisory.id.clone()),
    )
}

fn rounded(score: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0 to 100")]
    let whole = score.round().clamp(0.0, 100.0) as u8;
    whole
}
