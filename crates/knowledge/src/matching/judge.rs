//! From a device and the base to findings.
//!
//! A hit says that a name of the base is a thing on the device. For each product that goes by the name it is asked what
//! the versions, numbers and conditions say; what is left becomes a finding, and findings that say the same of one
//! device become one. What somebody says is *not* affected hides a finding; it stays visible as hidden.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use medward_model::{
    AdvisoryRef, CvssRef, Detail, DeviceId, Exploitation, Finding, FindingKind, Hidden, Match, Method,
    RemedyKind, Severity, Status, Treatment, Verdict,
};
use sha2::{Digest, Sha256};

use super::base::{Base, Compiled, Entry, Weakness};
use super::conditions::{Judged, configured, named, says};
use super::disclosed::Stated;
use super::name::Likeness;
use super::policy::{Grounds, confidence, verdict};
use super::subject::Subject;
use super::thing::{Hit, Sort, Things};
use crate::versions::DeviceVersion;

/// What is found for one device, before its id is put in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Sorted by kind, then advisory.
    pub findings: Vec<Finding>,
    /// The same for what somebody says does not apply.
    pub hidden: Vec<Finding>,
    /// What the maker states of the model.
    pub stated: Option<Stated>,
}

/// Somebody says that a weakness does not concern a device.
struct Denial<'b> {
    cve: &'b str,
    by: String,
    document: String,
    justification: Option<String>,
    details: String,
}

/// A match of one entry, before those of the same weakness are joined.
struct Found<'b> {
    entry: &'b Entry,
    weaknesses: Vec<&'b Weakness>,
    product: u32,
    grounds: Grounds,
    verdict: Verdict,
    confidence: f64,
    matched: Vec<Detail>,
    unmatched: Vec<Detail>,
    would_help: Vec<String>,
}

/// What is found for every device of one kind (see [`Subject::kind`]); what rests on serial number, lot or UDI is not in it.
pub struct KindOutcome<'b> {
    things: Things,
    findings: Vec<Finding>,
    denials: Vec<Denial<'b>>,
    /// Recalls that may concern devices of this kind, their units aside.
    recalls: Vec<u32>,
    stated: Option<Stated>,
    unit_specific: bool,
}

impl KindOutcome<'_> {
    /// Whether a statement named serial numbers: then the outcome is one device's, not its kind's.
    pub fn is_unit_specific(&self) -> bool {
        self.unit_specific
    }
}

impl Base {
    /// Everything that is known to be wrong with a device. `now` decides what is out of support.
    pub fn judge(&self, subject: &Subject, now: medward_model::Day) -> Outcome {
        let mut subject = subject.clone();
        self.complete(&mut subject);
        self.judge_unit(&self.judge_kind(&subject, now), &subject)
    }

    /// What is found for every device of this kind; subjects are completed first ([`Base::complete`]). Cost: names that share a telling word with the device, and what uses them.
    pub fn judge_kind(&self, subject: &Subject, now: medward_model::Day) -> KindOutcome<'_> {
        let things = Things::of(subject, self);
        let mut found: Vec<Found<'_>> = Vec::new();
        let mut denials: Vec<Denial<'_>> = Vec::new();
        let mut unit_specific = false;
        // The best that each entry's products are like a thing, whatever their versions say.
        let mut best: HashMap<(u32, usize), Likeness> = HashMap::new();
        for id in &things.order {
            let Some(name) = self.names.get(*id as usize) else { continue };
            for hit in things.hits.get(id).into_iter().flatten() {
                for (entry, _) in &name.uses {
                    let likeness = best.entry((*entry, hit.thing)).or_insert(hit.comparison.likeness);
                    *likeness = hit.comparison.likeness.min(*likeness);
                }
            }
        }
        for id in &things.order {
            let Some(name) = self.names.get(*id as usize) else { continue };
            for hit in things.hits.get(id).into_iter().flatten() {
                for (entry, product) in &name.uses {
                    // Where the entry names this very product, what it says of its siblings does not concern it.
                    let own = best.get(&(*entry, hit.thing)).is_some_and(|best| *best <= Likeness::Spelling);
                    if own && hit.comparison.likeness > Likeness::Covers {
                        continue;
                    }
                    let Some(entry) = self.entries.get(*entry as usize) else { continue };
                    if let Some(Compiled::Named(claimed)) = entry.products.get(*product as usize) {
                        unit_specific |= !claimed.serial_numbers.is_empty();
                    }
                    self.consider(entry, *product, name, hit, &things, subject, &mut found, &mut denials);
                }
            }
        }
        self.packages(&things, &mut found, &mut denials);
        let open = self.take_open(&mut found);
        let mut findings = self.join(found);
        findings.extend(open);
        findings.extend(self.unsupported(&things, now));
        let recalls = self.recall_candidates(&things);
        let stated = self.stated(&things);
        KindOutcome { things, findings, denials, recalls, stated, unit_specific }
    }

    /// What is found for one device of that kind.
    pub fn judge_unit(&self, kind: &KindOutcome<'_>, subject: &Subject) -> Outcome {
        let recalled = self.recalled(subject, &kind.things, &kind.recalls);
        let id = subject.id.clone().unwrap_or_else(|| DeviceId(String::new()));
        let mut outcome = Outcome { stated: kind.stated.clone(), ..Outcome::default() };
        for mut finding in kind.findings.iter().cloned().chain(recalled) {
            finding.device = id.clone();
            finding.id = finding_id(&id, &finding);
            match denial_of(&finding, &kind.denials) {
                Some(hidden) => {
                    finding.hidden = Some(Box::new(hidden));
                    outcome.hidden.push(finding);
                }
                None => outcome.findings.push(finding),
            }
        }
        for list in [&mut outcome.findings, &mut outcome.hidden] {
            list.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.id.cmp(&b.id)));
        }
        outcome
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one call site; what belongs together would only be taken apart again"
    )]
    fn consider<'b>(
        &'b self,
        entry: &'b Entry,
        product: u32,
        name: &'b super::base::Name,
        hit: &Hit,
        things: &Things,
        subject: &Subject,
        found: &mut Vec<Found<'b>>,
        denials: &mut Vec<Denial<'b>>,
    ) {
        let Some(thing) = things.all.get(hit.thing) else { return };
        let Some(compiled) = entry.products.get(product as usize) else { return };
        let judged = match compiled {
            Compiled::Named(claimed) => named(claimed, name.cpe.is_some(), hit, thing, subject),
            Compiled::Configuration(configuration) => configured(configuration, things, subject),
            Compiled::Package => None,
        };
        let Some(judged) = judged else { return };
        self.sort_out(entry, product, judged, found, denials);
    }

    /// By status: affected weaknesses become a match, denied ones a denial.
    fn sort_out<'b>(
        &'b self,
        entry: &'b Entry,
        product: u32,
        judged: Judged,
        found: &mut Vec<Found<'b>>,
        denials: &mut Vec<Denial<'b>>,
    ) {
        let verdict = verdict(&judged.grounds);
        let mut affected = Vec::new();
        for weakness in &entry.weaknesses {
            let said = weakness.statuses.iter().filter(|(_, products, _)| products.contains(&product));
            for (status, _, words) in said {
                match status {
                    Status::Affected => affected.push(weakness),
                    Status::NotAffected | Status::Fixed if verdict == Verdict::Affected => {
                        if let Some(cve) = weakness.cve.as_deref() {
                            denials.push(Denial {
                                cve,
                                by: entry.author.as_deref().unwrap_or(entry.feed).to_owned(),
                                document: entry.id.to_string(),
                                justification: words.as_deref().map(str::to_owned),
                                details: match status {
                                    Status::Fixed => "fixed in this version".to_owned(),
                                    _ => "not affected".to_owned(),
                                },
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        // A statement that something is affected tells nothing that the advisory does not.
        if affected.is_empty()
            || entry.author.is_some() && affected.iter().all(|w| w.score.is_none() && w.cve.is_none())
        {
            return;
        }
        found.push(Found {
            entry,
            weaknesses: affected,
            product,
            confidence: confidence(&judged.grounds),
            verdict,
            grounds: judged.grounds,
            matched: judged.matched,
            unmatched: judged.unmatched,
            would_help: judged.would_help,
        });
    }

    /// Packages of a bill of materials, or of an inventory, by package URL.
    fn packages<'b>(&'b self, things: &Things, found: &mut Vec<Found<'b>>, denials: &mut Vec<Denial<'b>>) {
        for thing in &things.all {
            let Some(key) = &thing.package else { continue };
            for used in self.with_package(key) {
                let Some(entry) = self.entries.get(used.entry as usize) else { continue };
                let version = DeviceVersion { version: thing.version.as_deref(), manufactured: None };
                let Some(says) = says(&used.claim, &version) else { continue };
                let grounds = Grounds {
                    method: if thing.sort == Sort::Component {
                        Method::SbomComponent
                    } else {
                        Method::Software
                    },
                    likeness: Likeness::Same,
                    kinship: super::makers::Kinship::Same,
                    version: says,
                    wildcard: false,
                    open_conditions: 0,
                    identity: thing.confidence,
                };
                let mut judged = Judged::new(grounds);
                judged.matched.push(Detail {
                    attribute: format!("software:{}", thing.shown),
                    device_value: format!("pkg:{}/{}", key.0, key.1),
                    advisory_value: format!("pkg:{}/{}", key.0, key.1),
                    how: "the same package".to_owned(),
                });
                judged.version(thing, &used.claim, &version, &used.versions, says);
                self.sort_out(entry, used.product, judged, found, denials);
            }
        }
    }

    /// Weaknesses of an operating system whose updates are not known: one finding that counts them, rather than hundreds.
    fn take_open(&self, found: &mut Vec<Found<'_>>) -> Option<Finding> {
        let is_open = |one: &Found<'_>| {
            one.grounds.method == Method::OperatingSystem
                && one.verdict == Verdict::Possible
                && one.grounds.likeness <= Likeness::Covers
        };
        let (open, rest): (Vec<Found<'_>>, Vec<Found<'_>>) =
            std::mem::take(found).into_iter().partition(is_open);
        // Of a system only the name's beginning is alike: that says nothing.
        *found = rest
            .into_iter()
            .filter(|one| {
                one.grounds.method != Method::OperatingSystem || one.grounds.likeness <= Likeness::Covers
            })
            .collect();
        let told: std::collections::BTreeSet<&str> = found
            .iter()
            .flat_map(|one| one.weaknesses.iter())
            .filter_map(|weakness| weakness.cve.as_deref())
            .collect();
        let mut joined: Option<Found<'_>> = None;
        for one in open {
            let new = one
                .weaknesses
                .iter()
                .any(|weakness| weakness.cve.as_deref().is_none_or(|cve| !told.contains(cve)));
            if !new {
                continue;
            }
            match &mut joined {
                Some(all) => all.weaknesses.extend(one.weaknesses),
                None => joined = Some(one),
            }
        }
        let joined = joined?;
        let mut finding = self.finding(&joined);
        let system = joined.matched.first().map(|detail| detail.device_value.clone()).unwrap_or_default();
        if let Some(advisory) = finding.advisory.as_mut().map(Arc::make_mut) {
            let known = advisory.cve.iter().filter(|cve| self.exploited.contains_key(cve.as_str())).count();
            let exploited = if known > 0 { format!(", {known} of them exploited") } else { String::new() };
            finding.title = format!(
                "{} published weaknesses of {system}{exploited}; which of them updates closed is not known",
                advisory.cve.len()
            )
            .into();
            advisory.id = format!("open/{}", system.to_lowercase());
            advisory.url = None;
            advisory.published = None;
        }
        finding.reason =
            "Ask the maker which updates this device has; until then treat it as if it had none, and restrict who can reach it.".into();
        Some(finding)
    }

    /// Matches of the same weaknesses of one device become one finding: the surest is told, the others are named.
    fn join(&self, mut found: Vec<Found<'_>>) -> Vec<Finding> {
        // Surest first; advisories for people before databases; then by id, so that order never depends on input.
        found.sort_by(|a, b| {
            (a.verdict, rank(a.entry.feed))
                .cmp(&(b.verdict, rank(b.entry.feed)))
                .then_with(|| b.confidence.total_cmp(&a.confidence))
                .then_with(|| (&a.entry.id, a.product).cmp(&(&b.entry.id, b.product)))
                .then_with(|| a.matched.cmp(&b.matched))
        });
        let mut findings: Vec<Finding> = Vec::new();
        let mut by_entry: HashMap<(&str, &str), usize> = HashMap::new();
        let mut by_cve: HashMap<String, usize> = HashMap::new();
        for one in &found {
            let cves: Vec<String> =
                one.weaknesses.iter().filter_map(|w| w.cve.as_deref().map(str::to_owned)).collect();
            // Another product of the same advisory: its weaknesses are added to what stands.
            if let Some(finding) =
                by_entry.get(&(one.entry.feed, &*one.entry.id)).and_then(|at| findings.get_mut(*at))
            {
                if let Some(advisory) = finding.advisory.as_mut().map(Arc::make_mut) {
                    advisory
                        .cve
                        .extend(cves.into_iter().filter(|cve| !by_cve.contains_key(cve)).collect::<Vec<_>>());
                    advisory.cve.sort();
                    advisory.cve.dedup();
                }
                continue;
            }
            let new: Vec<&String> = cves.iter().filter(|cve| !by_cve.contains_key(*cve)).collect();
            if !cves.is_empty() && new.is_empty() {
                // All of it is told already.
                let also = format!("{} {}", one.entry.feed, one.entry.id);
                for cve in &cves {
                    if let Some(at) = by_cve.get(cve).copied()
                        && let Some(advisory) = findings
                            .get_mut(at)
                            .and_then(|finding| finding.advisory.as_mut())
                            .map(Arc::make_mut)
                        && !advisory.also.contains(&also)
                    {
                        advisory.also.push(also.clone());
                    }
                }
                continue;
            }
            let at = findings.len();
            for cve in &cves {
                by_cve.entry(cve.clone()).or_insert(at);
            }
            by_entry.insert((one.entry.feed, &one.entry.id), at);
            findings.push(self.finding(one));
        }
        for finding in &mut findings {
            if let Some(advisory) = finding.advisory.as_mut().map(Arc::make_mut) {
                advisory.also.sort();
            }
        }
        findings
    }

    fn finding(&self, found: &Found<'_>) -> Finding {
        let mut cve: Vec<String> =
            found.weaknesses.iter().filter_map(|w| w.cve.as_deref().map(str::to_owned)).collect();
        cve.sort();
        cve.dedup();
        let worst =
            found.weaknesses.iter().max_by(|a, b| a.score.unwrap_or(0.0).total_cmp(&b.score.unwrap_or(0.0)));
        let cvss = worst.and_then(|w| {
            Some(CvssRef {
                version: w.cvss_version.to_string(),
                vector: w.vector.to_string(),
                score: (f64::from(w.score?) * 10.0).round() / 10.0,
            })
        });
        let known: Vec<_> = cve.iter().filter_map(|cve| self.exploited.get(cve.as_str())).collect();
        let kev = (self.has_exploited && !cve.is_empty()).then_some(!known.is_empty());
        let epss = cve
            .iter()
            .filter_map(|cve| self.scores.get(cve.as_str()))
            .copied()
            .max_by(f32::total_cmp)
            .map(|score| (f64::from(score) * 1e5).round() / 1e5);
        let judged = cve.iter().filter_map(|cve| self.exploitation.get(cve.as_str())).max().copied();
        let (treatment, reason) = treat(found);
        Finding {
            id: String::new(),
            kind: FindingKind::Vulnerability,
            device: DeviceId(String::new()),
            title: title(found.entry, &cve).into(),
            // Without a score it is not harmless: it is not judged yet.
            severity: cvss.as_ref().map_or(Severity::Medium, |cvss| Severity::of_score(cvss.score)),
            confidence: (found.confidence * 1e4).round() / 1e4,
            status: found.verdict,
            advisory: Some(Arc::new(AdvisoryRef {
                feed: found.entry.feed.to_owned(),
                id: found.entry.id.to_string(),
                cve,
                url: found.entry.url.as_deref().map(str::to_owned),
                published: found.entry.published,
                kev,
                ransomware: known.iter().any(|entry| entry.ransomware == Some(true)).then_some(true),
                epss,
                exploitation: judged.filter(|worst| *worst > Exploitation::None),
                cvss,
                ..AdvisoryRef::default()
            })),
            matched: Some(Arc::new(Match {
                method: found.grounds.method,
                matched: found.matched.clone(),
                unmatched: found.unmatched.clone(),
                would_help: found.would_help.clone(),
            })),
            treatment,
            reason: reason.into(),
            hidden: None,
        }
    }
}

/// Advisories that a maker or coordinator wrote for people come first.
fn rank(feed: &str) -> u8 {
    match feed {
        "csaf" => 0,
        "nvd" => 1,
        "cve" => 2,
        _ => 3,
    }
}

fn title(entry: &Entry, cves: &[String]) -> String {
    if !entry.title.is_empty() {
        return entry.title.to_string();
    }
    cves.first().cloned().unwrap_or_else(|| entry.id.to_string())
}

/// What the advisory offers, as a treatment.
fn treat(found: &Found<'_>) -> (Treatment, String) {
    let remedies = || {
        found
            .weaknesses
            .iter()
            .flat_map(|w| w.remedies.iter())
            .filter(|(_, _, products)| products.is_empty() || products.contains(&found.product))
    };
    let of =
        |kind: RemedyKind| remedies().find(|(own, _, _)| *own == kind).map(|(_, words, _)| words.to_string());
    if found.verdict == Verdict::Possible {
        let help =
            found.would_help.first().map_or_else(|| "the device's particulars".to_owned(), Clone::clone);
        return (
            Treatment::Review,
            format!("It is not certain that this device is concerned. What would decide it: {help}."),
        );
    }
    if let Some(words) = of(RemedyKind::VendorFix) {
        return (Treatment::Patch, format!("The maker has a fix: {words}"));
    }
    if of(RemedyKind::NoFixPlanned).is_some() {
        let words = of(RemedyKind::Mitigation).or_else(|| of(RemedyKind::Workaround));
        return match words {
            Some(words) => {
                (Treatment::Segment, format!("The maker plans no fix. Until it is replaced: {words}"))
            }
            None => (Treatment::Replace, "The maker plans no fix.".to_owned()),
        };
    }
    if let Some(words) = of(RemedyKind::Mitigation).or_else(|| of(RemedyKind::Workaround)) {
        return (Treatment::Segment, format!("No fix is named; what the maker advises: {words}"));
    }
    if found.entry.feed == "nvd" || found.entry.feed == "cve" || found.entry.feed == "osv" {
        return (
            Treatment::Review,
            "The database names no fix: ask the maker, and restrict who can reach it meanwhile.".to_owned(),
        );
    }
    (Treatment::Segment, "No fix is named: restrict who can reach it.".to_owned())
}

fn denial_of(finding: &Finding, denials: &[Denial<'_>]) -> Option<Hidden> {
    let advisory = finding.advisory.as_ref()?;
    if finding.kind != FindingKind::Vulnerability || advisory.cve.is_empty() {
        return None;
    }
    // All of its weaknesses must be denied.
    let denied: Vec<&Denial<'_>> = advisory
        .cve
        .iter()
        .map(|cve| denials.iter().find(|denial| denial.cve == cve))
        .collect::<Option<_>>()?;
    let first = denied.first()?;
    Some(Hidden {
        by: first.by.clone(),
        document: first.document.clone(),
        justification: first.justification.clone(),
        details: first.details.clone(),
    })
}

/// `find-` and twelve hexadecimal digits of device, kind, feed and advisory.
pub(crate) fn finding_id(device: &DeviceId, finding: &Finding) -> String {
    let mut hash = Sha256::new();
    let advisory = finding.advisory.as_ref();
    for part in [
        device.0.as_str(),
        finding.kind.name(),
        advisory.map_or("", |a| a.feed.as_str()),
        advisory.map_or("", |a| a.id.as_str()),
    ] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    if advisory.is_none() {
        hash.update(finding.title.as_bytes());
    }
    let digest = hash.finalize();
    let hex: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("find-{hex}")
}
