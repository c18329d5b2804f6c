//! Findings, risk and actions as the page shows them.

use medward_model::{Assessment, AttackPath, Detail, DeviceId, Finding, Risk, Verdict};
use serde::Serialize;

use super::device::Link;
use crate::inventory::Inventory;
use crate::judgement::{groups, hours, level};
use crate::wording::{clean, percent};

/// Actions, groups of findings, and findings of one device that are shown.
const ACTIONS: usize = 60;
const GROUPS: usize = 150;
const FINDINGS: usize = 60;
/// Devices that are named for one.
const NAMED: usize = 10;

#[derive(Serialize)]
pub(super) struct ActionView {
    rank: u32,
    title: String,
    reason: String,
    removes: String,
    effort: String,
    devices: Vec<Link>,
    more: usize,
}

#[derive(Serialize)]
pub(super) struct GroupView {
    id: String,
    severity: &'static str,
    status: &'static str,
    kind: String,
    title: String,
    exploited: bool,
    url: Option<String>,
    devices: Vec<Link>,
    more: usize,
}

/// A finding of one device, with its reasons.
#[derive(Serialize)]
pub(super) struct FindingView {
    severity: &'static str,
    status: &'static str,
    kind: String,
    title: String,
    id: String,
    url: Option<String>,
    cve: String,
    facts: String,
    treatment: &'static str,
    reason: String,
    method: String,
    sure: String,
    matched: Vec<DetailView>,
    unmatched: Vec<DetailView>,
    would_help: String,
    hidden: Option<String>,
}

#[derive(Serialize)]
struct DetailView {
    attribute: String,
    device: String,
    advisory: String,
    how: String,
}

/// The risk of one device.
#[derive(Serialize)]
pub(super) struct RiskView {
    pub score: u8,
    pub level: &'static str,
    treatment: &'static str,
    reason: String,
    factors: Vec<FactorView>,
    paths: Vec<String>,
}

#[derive(Serialize)]
struct FactorView {
    name: String,
    value: String,
    points: String,
}

fn links(ids: &[&DeviceId], inventory: &Inventory) -> (Vec<Link>, usize) {
    let links =
        ids.iter().take(NAMED).map(|id| Link { id: id.0.clone(), name: inventory.name(id) }).collect();
    (links, ids.len().saturating_sub(NAMED))
}

/// The beginning of a long reason; the device has the whole.
fn shorten(text: &str) -> String {
    const LONGEST: usize = 260;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{}…", cut.rsplit_once(' ').map_or(cut.as_str(), |(front, _)| front))
}

/// An address that a page may link to.
fn safe(url: Option<&String>) -> Option<String> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://")).map(|url| clean(url))
}

pub(super) fn actions(assessment: &Assessment, inventory: &Inventory) -> Vec<ActionView> {
    assessment
        .actions
        .iter()
        .filter(|action| action.removes > 0.0 || !action.findings.is_empty())
        .take(ACTIONS)
        .map(|action| {
            let ids: Vec<&DeviceId> = action.devices.iter().collect();
            let (devices, more) = links(&ids, inventory);
            ActionView {
                rank: action.rank,
                title: clean(&action.title),
                reason: shorten(&clean(&action.reason)),
                removes: format!("{:.0}", action.removes),
                effort: hours(action.effort),
                devices,
                more,
            }
        })
        .collect()
}

/// Groups of findings, and how many more there are.
pub(super) fn findings(assessment: &Assessment, inventory: &Inventory) -> (Vec<GroupView>, usize) {
    let all = groups(assessment.findings.iter());
    let more = all.len().saturating_sub(GROUPS);
    let views = all.iter().take(GROUPS).map(|group| {
        let finding = group.first;
        let (devices, more) = links(&group.devices, inventory);
        GroupView {
            id: finding.advisory.as_ref().map(|advisory| clean(&advisory.id)).unwrap_or_default(),
            severity: finding.severity.name(),
            status: finding.status.name(),
            kind: finding.kind.name().replace('-', " "),
            title: clean(&finding.title),
            exploited: group.exploited,
            url: safe(finding.advisory.as_ref().and_then(|advisory| advisory.url.as_ref())),
            devices,
            more,
        }
    });
    (views.collect(), more)
}

/// Findings of one device, and how many more there are.
pub(super) fn of_device(list: &[&Finding]) -> (Vec<FindingView>, usize) {
    (list.iter().take(FINDINGS).map(|finding| view(finding)).collect(), list.len().saturating_sub(FINDINGS))
}

fn view(finding: &Finding) -> FindingView {
    let advisory = finding.advisory.as_ref();
    let matched = finding.matched.as_ref();
    let details = |list: &[Detail]| -> Vec<DetailView> {
        list.iter()
            .map(|detail| DetailView {
                attribute: clean(&detail.attribute),
                device: clean(&detail.device_value),
                advisory: clean(&detail.advisory_value),
                how: clean(&detail.how),
            })
            .collect()
    };
    let mut facts = Vec::new();
    if let Some(advisory) = advisory {
        if advisory.kev == Some(true) {
            facts.push("exploited by attackers now (KEV)".to_owned());
        }
        if advisory.ransomware == Some(true) {
            facts.push("used by ransomware".to_owned());
        }
        if let Some(epss) = advisory.epss {
            facts.push(format!("{:.1} % likely to be exploited within 30 days (EPSS)", epss * 100.0));
        }
        if let Some(cvss) = &advisory.cvss {
            facts.push(format!("CVSS {:.1}", cvss.score));
        }
        if let Some(class) = advisory.class {
            facts.push(format!("recall class {class}"));
        }
        if let Some(day) = advisory.published {
            facts.push(format!("published {day}"));
        }
        if !advisory.also.is_empty() {
            facts.push(format!("also in {}", clean(&advisory.also.join(", "))));
        }
    }
    FindingView {
        severity: finding.severity.name(),
        status: finding.status.name(),
        kind: finding.kind.name().replace('-', " "),
        title: clean(&finding.title),
        id: advisory.map(|advisory| clean(&advisory.id)).unwrap_or_default(),
        url: safe(advisory.and_then(|advisory| advisory.url.as_ref())),
        cve: advisory.map(|advisory| cves(&advisory.cve, &advisory.id)).unwrap_or_default(),
        facts: facts.join(" · "),
        treatment: finding.treatment.name(),
        reason: clean(&finding.reason),
        method: matched.map(|m| m.method.name().replace('-', " ")).unwrap_or_default(),
        sure: percent(finding.confidence),
        matched: matched.map(|m| details(&m.matched)).unwrap_or_default(),
        unmatched: matched.map(|m| details(&m.unmatched)).unwrap_or_default(),
        would_help: matched.map(|m| clean(&m.would_help.join("; "))).unwrap_or_default(),
        hidden: finding.hidden.as_ref().map(|hidden| {
            format!(
                "{} says: {}{}",
                clean(&hidden.by),
                clean(&hidden.details),
                hidden
                    .justification
                    .as_deref()
                    .map(|words| format!(" ({})", clean(words)))
                    .unwrap_or_default()
            )
        }),
    }
}

/// The CVE ids beside the advisory's own, a few of them.
fn cves(all: &[String], id: &str) -> String {
    const SHOWN: usize = 12;
    let others: Vec<String> = all.iter().filter(|cve| *cve != id).map(|cve| clean(cve)).collect();
    let mut text = others.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if others.len() > SHOWN {
        text.push_str(&format!(" and {} more", others.len() - SHOWN));
    }
    text
}

pub(super) fn risk(risk: &Risk, inventory: &Inventory) -> RiskView {
    let mut factors: Vec<_> = risk.factors.iter().collect();
    factors.sort_by(|a, b| b.points.abs().total_cmp(&a.points.abs()).then_with(|| a.name.cmp(b.name)));
    RiskView {
        score: risk.score,
        level: level(risk.score),
        treatment: risk.treatment.name(),
        reason: clean(&risk.reason),
        factors: factors
            .into_iter()
            .map(|factor| FactorView {
                name: factor.name.replace('-', " "),
                value: clean(&factor.value),
                points: format!("{:+.1}", factor.points),
            })
            .collect(),
        paths: risk.paths.iter().map(|path| way(path, inventory)).collect(),
    }
}

fn way(path: &AttackPath, inventory: &Inventory) -> String {
    let mut text = format!("from {}: ", path.origin);
    for (at, hop) in path.hops.iter().enumerate() {
        if at > 0 {
            text.push_str(" → ");
        }
        text.push_str(&inventory.name(&hop.device));
        if !hop.via.is_empty() {
            text.push_str(&format!(" ({})", clean(&hop.via)));
        }
    }
    text
}

/// Whether a finding is certain enough to be counted beside a device's name.
pub(super) fn counts(finding: &Finding) -> bool {
    finding.status != Verdict::Possible
}
