//! Findings, risk and actions in the order in which a person reads them.

use std::collections::BTreeMap;

use medward_model::{Assessment, DeviceId, Finding, FindingKind, Risk, Severity, Treatment, Verdict};

use crate::wording::{clean, count, number};

/// The same finding on several devices.
pub(crate) struct FindingGroup<'a> {
    pub first: &'a Finding,
    pub devices: Vec<&'a DeviceId>,
    /// Known to be exploited.
    pub exploited: bool,
}

/// Findings that say the same, worst and surest first.
pub(crate) fn groups<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<FindingGroup<'a>> {
    let mut by_what: BTreeMap<(FindingKind, String, Verdict), FindingGroup<'a>> = BTreeMap::new();
    for finding in findings {
        let what = finding
            .advisory
            .as_ref()
            .map_or_else(|| finding.title.to_string(), |a| format!("{} {}", a.feed, a.id));
        let group = by_what.entry((finding.kind, what, finding.status)).or_insert_with(|| FindingGroup {
            first: finding,
            devices: Vec::new(),
            exploited: finding.advisory.as_ref().is_some_and(|a| a.kev == Some(true)),
        });
        group.devices.push(&finding.device);
    }
    let mut all: Vec<FindingGroup<'a>> = by_what.into_values().collect();
    for group in &mut all {
        group.devices.sort();
        group.devices.dedup();
    }
    all.sort_by(|a, b| {
        (a.first.status == Verdict::Possible, !a.exploited, a.first.severity, a.first.status)
            .cmp(&(b.first.status == Verdict::Possible, !b.exploited, b.first.severity, b.first.status))
            .then_with(|| b.devices.len().cmp(&a.devices.len()))
            .then_with(|| a.first.title.cmp(&b.first.title))
            .then_with(|| a.first.id.cmp(&b.first.id))
    });
    all
}

/// Findings of each device, worst first.
pub(crate) fn by_device(findings: &[Finding]) -> BTreeMap<&DeviceId, Vec<&Finding>> {
    let mut map: BTreeMap<&DeviceId, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        map.entry(&finding.device).or_default().push(finding);
    }
    for list in map.values_mut() {
        list.sort_by(|a, b| (a.status, a.severity, &a.id).cmp(&(b.status, b.severity, &b.id)));
    }
    map
}

/// The risk of each device.
pub(crate) fn risks(assessment: &Assessment) -> BTreeMap<&DeviceId, &Risk> {
    assessment.risk.iter().map(|risk| (&risk.device, risk)).collect()
}

/// The answer in a sentence.
pub(crate) fn headline(assessment: &Assessment) -> String {
    let shown =
        |verdict: Verdict| assessment.findings.iter().filter(move |finding| finding.status == verdict);
    let devices = |verdict: Verdict| {
        let mut ids: Vec<&DeviceId> = shown(verdict).map(|finding| &finding.device).collect();
        ids.sort();
        ids.dedup();
        ids.len()
    };
    let affected = devices(Verdict::Affected);
    let critical = shown(Verdict::Affected).filter(|finding| finding.severity <= Severity::High).count();
    let exploited =
        shown(Verdict::Affected).filter(|f| f.advisory.as_ref().is_some_and(|a| a.kev == Some(true))).count();
    let removals = shown(Verdict::Affected)
        .filter(|finding| finding.kind == FindingKind::Recall && finding.treatment == Treatment::Remove)
        .map(|finding| &finding.device)
        .collect::<std::collections::BTreeSet<_>>()
        .len();
    if assessment.findings.is_empty() {
        return "Nothing was found to be wrong with these devices.".to_owned();
    }
    let mut text = match affected {
        0 => "No device is certainly affected".to_owned(),
        n => format!("{} affected", count(n, "device is", "devices are")),
    };
    let mut more = Vec::new();
    if critical > 0 {
        more.push(count(critical, "serious finding", "serious findings"));
    }
    if exploited > 0 {
        more.push(format!("{exploited} exploited by attackers now"));
    }
    if removals > 0 {
        more.push(format!("{} to take out of use", count(removals, "device", "devices")));
    }
    if !more.is_empty() {
        text.push_str(&format!(": {}", more.join(", ")));
    }
    text.push('.');
    let possible = devices(Verdict::Possible);
    if possible > 0 {
        text.push_str(&format!(" {} need a look.", count(possible, "device may", "devices may")));
    }
    text.replace("may need a look", "may be concerned: see what would decide it")
}

/// Against what was compared: which feeds of which date, or that nothing was.
pub(crate) fn compared(assessment: &Assessment) -> String {
    let loaded: Vec<String> = assessment
        .knowledge
        .iter()
        .filter(|(_, state)| state.loaded)
        .map(|(feed, state)| match state.as_of {
            Some(time) => format!("{} of {}", clean(feed), medward_model::Day::of(time)),
            None => clean(feed),
        })
        .collect();
    if loaded.is_empty() {
        return "Recalls, vulnerabilities and ends of support were not looked up: no knowledge is loaded (--knowledge DIR)."
            .to_owned();
    }
    format!("Compared with {}.", loaded.join(", "))
}

/// "2 hours", "half an hour".
pub(crate) fn hours(hours: f64) -> String {
    if hours < 1.0 {
        return format!("{:.0} minutes", hours * 60.0);
    }
    let whole = format!("{hours:.1}");
    format!("{} hours", whole.trim_end_matches(".0"))
}

/// Names of a few devices, and how many more.
pub(crate) fn named(ids: &[&DeviceId], name: &dyn Fn(&DeviceId) -> String, most: usize) -> String {
    let mut names: Vec<String> = ids.iter().take(most).map(|id| name(id)).collect();
    if ids.len() > most {
        names.push(format!("{} more", number((ids.len() - most) as u64)));
    }
    names.join(", ")
}

/// A tone for a score.
pub(crate) fn level(score: u8) -> &'static str {
    match score {
        60.. => "critical",
        40..=59 => "high",
        20..=39 => "medium",
        5..=19 => "low",
        _ => "info",
    }
}
