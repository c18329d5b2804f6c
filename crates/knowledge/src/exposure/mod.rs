//! Weak and clear: what the wire itself shows to be wrong with a device.
//!
//! Dissectors report what was agreed on and done; here it is judged, one judgement a file, on the device that offers the
//! service. Nothing is sent to find out, so what was not used is not known.

mod certificate;
mod clinical;
mod credential;
mod remote;
mod smb;
mod snmp;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;

use medward_identify::DeviceFact;
use medward_model::{
    Detail, Device, DeviceId, Finding, FindingKind, Match, Method, Severity, Timestamp, Treatment, Verdict,
};
use sha2::{Digest, Sha256};

/// A judgement.
#[derive(Debug)]
pub struct Judgement {
    /// Stable, in kebab case.
    pub name: &'static str,
    /// What it says, in a line.
    pub title: &'static str,
    /// The documents that it follows.
    pub references: &'static [&'static str],
    /// Dissectors and fields that it reads; operations go by "activity".
    pub(crate) reads: &'static [(&'static str, &'static str)],
    pub(crate) judge: fn(&Seen<'_>, &mut Vec<Exposure>),
}

/// All judgements, in alphabetical order.
pub static JUDGEMENTS: &[&Judgement] = &[
    &certificate::CERTIFICATE,
    &remote::CLEAR_LOGIN,
    &clinical::CLINICAL,
    &credential::DEFAULT_LOGIN,
    &remote::LDAP,
    &remote::OPEN_LOGIN,
    &remote::REMOTE_CONTROL,
    &smb::SMB1,
    &snmp::SNMP,
    &tls::CIPHER,
    &tls::VERSION,
];

/// What is known of one device.
pub(crate) struct Seen<'s> {
    pub device: &'s Device,
    pub facts: &'s [&'s DeviceFact],
    pub now: Timestamp,
}

impl<'s> Seen<'s> {
    /// Facts of a dissector's field, first packet first.
    pub(crate) fn field(&self, source: &str, field: &str) -> impl Iterator<Item = &'s DeviceFact> {
        self.facts
            .iter()
            .copied()
            .filter(move |fact| fact.source == source && fact.field == field && fact.verb.is_none())
    }

    /// Operations that others did on this device.
    pub(crate) fn served(&self, source: &str) -> impl Iterator<Item = &'s DeviceFact> {
        self.facts
            .iter()
            .copied()
            .filter(move |fact| fact.source == source && fact.verb.is_some() && fact.value == "served")
    }

    /// Operations that this device did on others.
    pub(crate) fn did(&self, source: &str) -> impl Iterator<Item = &'s DeviceFact> {
        self.facts
            .iter()
            .copied()
            .filter(move |fact| fact.source == source && fact.verb.is_some() && fact.value == "did")
    }

    /// Whether the device answers with that protocol.
    pub(crate) fn serves(&self, protocol: &str) -> bool {
        self.device.services.iter().any(|service| service.protocol == protocol)
    }

    /// The ports on which it answers with that protocol: "tcp/443, tcp/8443".
    pub(crate) fn ports(&self, protocol: &str) -> String {
        let ports: Vec<String> = self
            .device
            .services
            .iter()
            .filter(|service| service.protocol == protocol)
            .map(|service| format!("{}/{}", service.transport.name(), service.port))
            .collect();
        ports.join(", ")
    }
}

/// What was found, before it has its device.
pub(crate) struct Exposure {
    pub kind: FindingKind,
    /// Tells findings of one kind on one device apart.
    pub key: &'static str,
    pub title: String,
    pub severity: Severity,
    pub confidence: f64,
    pub treatment: Treatment,
    pub reason: String,
    pub details: Vec<Detail>,
}

/// A detail from a fact: what was seen, and in which packet.
pub(crate) fn detail(fact: &DeviceFact, expected: &str) -> Detail {
    Detail {
        attribute: format!("{}:{}", fact.source, fact.field),
        device_value: if fact.verb.is_some() { fact.field.clone() } else { fact.value.clone() },
        advisory_value: expected.to_owned(),
        how: format!("packet {}, {}", fact.packet, fact.time),
    }
}

/// Whether a dissector's field is read by any judgement.
pub fn wants(source: &str, field: &str) -> bool {
    JUDGEMENTS.iter().any(|judgement| judgement.reads.contains(&(source, field)))
}

/// Findings on what the wire shows, sorted by id. `now` decides which certificates are over.
pub fn exposures(devices: &[Device], facts: &[DeviceFact], now: Timestamp) -> Vec<Finding> {
    let mut by_device: BTreeMap<&DeviceId, Vec<&DeviceFact>> = BTreeMap::new();
    for fact in facts {
        by_device.entry(&fact.device).or_default().push(fact);
    }
    let mut findings = Vec::new();
    for device in devices {
        // What is elsewhere is somebody else's; what is said of it comes by the devices here that use it.
        if device.scope != medward_model::Scope::Internal {
            continue;
        }
        let facts = by_device.get(&device.id).map_or(&[][..], Vec::as_slice);
        let seen = Seen { device, facts, now };
        for judgement in JUDGEMENTS {
            let mut found = Vec::new();
            (judgement.judge)(&seen, &mut found);
            findings.extend(found.into_iter().map(|exposure| finding(device, judgement, exposure)));
        }
    }
    findings.sort_by(|a, b| a.id.cmp(&b.id));
    findings
}

fn finding(device: &Device, judgement: &Judgement, exposure: Exposure) -> Finding {
    let mut hash = Sha256::new();
    for part in [device.id.0.as_str(), exposure.kind.name(), judgement.name, exposure.key] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let hex: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Finding {
        id: format!("find-{hex}"),
        kind: exposure.kind,
        device: device.id.clone(),
        title: exposure.title.into(),
        severity: exposure.severity,
        confidence: exposure.confidence,
        status: Verdict::Affected,
        advisory: None,
        matched: Some(Arc::new(Match {
            method: Method::Observed,
            matched: exposure.details,
            unmatched: Vec::new(),
            would_help: Vec::new(),
        })),
        treatment: exposure.treatment,
        reason: exposure.reason.into(),
        hidden: None,
    }
}

#[cfg(test)]
mod tests;
