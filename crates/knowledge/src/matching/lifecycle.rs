//! End of support of operating systems and programs, by day.

use std::sync::Arc;

use medward_model::{
    AdvisoryRef, Day, Detail, DeviceId, Finding, FindingKind, Lifecycle, Match, Method, Release, Severity,
    Treatment, Versions,
};

use super::base::Base;
use super::makers::Kinship;
use super::name::Likeness;
use super::policy::{Grounds, VersionSays, verdict};
use super::thing::{Sort, Thing, Things};
use crate::feeds::{DEVICE, REPLACEMENT};
use crate::versions::{Certainty, Claim, DeviceVersion};

/// Days after which something out of support is more than a nuisance.
const LONG_AGO: i64 = 3 * 365;

impl Base {
    /// What on the device is out of support on that day.
    pub(crate) fn unsupported(&self, things: &Things, now: Day) -> Vec<Finding> {
        let mut findings: Vec<Finding> = Vec::new();
        for thing in &things.all {
            if thing.sort == Sort::Device {
                findings.extend(self.unsupported_device(thing, now));
                continue;
            }
            let releases = match (thing.sort, &things.system) {
                (Sort::System, Some(system)) => {
                    self.releases(&system.lifecycle, system.version.as_deref(), system.cycle.max(1))
                }
                (Sort::Program | Sort::Component, _) => self.program_releases(thing),
                _ => continue,
            };
            if let Some(finding) = judge(thing, &releases, true, now)
                && !findings.iter().any(|other| other.advisory == finding.advisory)
            {
                findings.push(finding);
            }
        }
        findings
    }

    /// The device's own life cycle. A row that is limited to versions says nothing of others, and little where the version is
    /// not known.
    fn unsupported_device(&self, device: &Thing, now: Day) -> Option<Finding> {
        let (.., slug) = self.supported.iter().find(|(makers, name, _)| {
            device.makers.iter().any(|maker| self.makers.kinship(maker, makers).is_some())
                && name.compare(&device.words, &self.vocabulary).is_some_and(|found| {
                    matches!(found.likeness, Likeness::Same | Likeness::ByCode | Likeness::Spelling)
                })
        })?;
        let lifecycle = self.lifecycles.get(slug)?;
        let version = DeviceVersion { version: device.version.as_deref(), manufactured: None };
        let mut sure = true;
        let releases: Vec<(&Lifecycle, &Release)> = lifecycle
            .releases
            .iter()
            .filter(|release| &*release.name != REPLACEMENT)
            .filter(|release| {
                if release.name.is_empty() {
                    return true;
                }
                let claim = Claim::read(&Versions::Prose(release.name.clone()));
                match claim.weigh(&version) {
                    Certainty::Outside => false,
                    Certainty::Inside => true,
                    _ => {
                        sure = false;
                        true
                    }
                }
            })
            .map(|release| (lifecycle, release))
            .collect();
        judge(device, &releases, sure, now)
    }

    fn releases(
        &self,
        at: &[(String, String)],
        version: Option<&str>,
        parts: usize,
    ) -> Vec<(&Lifecycle, &Release)> {
        at.iter()
            .filter_map(|(slug, release)| {
                let lifecycle = self.lifecycles.get(slug.as_str())?;
                let release = if release.is_empty() {
                    cycle_of(lifecycle, version?, parts)?
                } else {
                    lifecycle.releases.iter().find(|own| *own.name == **release)?
                };
                Some((lifecycle, release))
            })
            .collect()
    }

    fn program_releases(&self, thing: &Thing) -> Vec<(&Lifecycle, &Release)> {
        let slug =
            thing.cpes.iter().find_map(|key| self.lifecycle_by_cpe.get(key)).map(|slug| &**slug).or_else(
                || self.lifecycles.get(slug_of(&thing.shown).as_str()).map(|lifecycle| &*lifecycle.slug),
            );
        let Some(lifecycle) = slug.and_then(|slug| self.lifecycles.get(slug)) else { return Vec::new() };
        let Some(version) = thing.version.as_deref() else { return Vec::new() };
        cycle_of(lifecycle, version, 3).map(|release| (lifecycle, release)).into_iter().collect()
    }
}

/// The name that a program's life cycle would have.
pub(super) fn slug_of(name: &str) -> String {
    name.to_lowercase().replace([' ', '_'], "-")
}

/// The cycle that a version belongs to: the longest one whose name the version begins with, part by part.
fn cycle_of<'l>(lifecycle: &'l Lifecycle, version: &str, parts: usize) -> Option<&'l Release> {
    let own: Vec<&str> = version.trim_start_matches(['v', 'V']).split(['.', '-', '_', ' ']).collect();
    for length in (1..=own.len().min(parts.max(1))).rev() {
        let wanted = own.get(..length).unwrap_or_default().join(".");
        if let Some(release) = lifecycle.releases.iter().find(|release| *release.name == *wanted) {
            return Some(release);
        }
    }
    // "7" for "7.9" stands above; "7-lts" and the like are not guessed.
    None
}

/// The last day on which anybody supports the release, and whether it is known.
fn last_day(release: &Release) -> (Option<Day>, bool) {
    (release.supported_until, release.supported_until.is_some() || release.ended)
}

fn is_over(release: &Release, now: Day) -> bool {
    match last_day(release) {
        (Some(day), _) => day < now,
        (None, known) => known && release.ended,
    }
}

fn judge(thing: &Thing, releases: &[(&Lifecycle, &Release)], sure: bool, now: Day) -> Option<Finding> {
    let over: Vec<&(&Lifecycle, &Release)> =
        releases.iter().filter(|(_, release)| is_over(release, now)).collect();
    let (lifecycle, release) = over.iter().max_by_key(|(_, release)| release.supported_until).copied()?;
    let all = sure && over.len() == releases.len();
    let device = &*lifecycle.category == DEVICE;
    let ended = release.supported_until;
    let extended = release.extended_until.filter(|day| *day >= now);
    let label = format!("{} {}", lifecycle.label, release.label).trim_end().to_owned();
    // Labels of Windows repeat the product's name.
    let label = if release.label.starts_with(&*lifecycle.label) { release.label.to_string() } else { label };
    let since = ended.map(|day| now.days_since(day));
    let severity = match (since, extended) {
        (_, Some(_)) => Severity::Low,
        (Some(days), _) if days > LONG_AGO => Severity::High,
        (None, _) => Severity::High,
        _ => Severity::Medium,
    };
    let newest = lifecycle
        .releases
        .iter()
        .filter(|other| !is_over(other, now) && other.released.is_none_or(|day| day <= now))
        .max_by_key(|other| {
            (&*other.name == REPLACEMENT, other.long_term, other.supported_until, other.released)
        });
    let replacement = newest.map(|other| {
        let until = other.supported_until.map(|day| format!(", supported until {day}")).unwrap_or_default();
        if &*other.name == REPLACEMENT || other.label.starts_with(&*lifecycle.label) {
            format!("{}{until}", other.label)
        } else {
            format!("{} {}{until}", lifecycle.label, other.label)
        }
    });
    let when = ended.map_or_else(|| "at a day that is not known".to_owned(), |day| format!("on {day}"));
    let mut reason = format!("Support of {label} ended {when}: nobody mends new weaknesses.");
    if let Some(day) = extended {
        reason.push_str(&format!(
            " Paid support goes on until {day}: ask the maker whether this device has it."
        ));
    }
    if let Some(replacement) = &replacement {
        reason
            .push_str(&format!(" Its successor: {replacement}; ask the maker of the device for an upgrade."));
    } else if device {
        reason.push_str(" Ask the maker what replaces it.");
    }
    let names: Vec<String> = over.iter().map(|(_, release)| release.label.to_string()).collect();
    Some(Finding {
        id: String::new(),
        kind: FindingKind::EndOfSupport,
        device: DeviceId(String::new()),
        title: format!(
            "{label} is out of support since {}",
            ended.map_or("long ago".to_owned(), |day| day.to_string())
        )
        .into(),
        severity,
        confidence: ((if all { 0.97 } else { 0.5 }) * thing.confidence * 1e4).round() / 1e4,
        status: verdict(&Grounds {
            method: Method::Lifecycle,
            likeness: Likeness::Same,
            kinship: Kinship::Same,
            version: if all { VersionSays::Named } else { VersionSays::Unknown },
            wildcard: false,
            open_conditions: 0,
            identity: thing.confidence,
        }),
        advisory: Some(Arc::new(AdvisoryRef {
            feed: if device { "support" } else { "endoflife" }.to_owned(),
            id: format!("{}/{}", lifecycle.slug, release.name),
            url: lifecycle.url.as_deref().map(str::to_owned),
            ended,
            replacement,
            ..AdvisoryRef::default()
        })),
        matched: Some(Arc::new(Match {
            method: Method::Lifecycle,
            matched: vec![Detail {
                attribute: match thing.sort {
                    Sort::Device => "model".to_owned(),
                    Sort::System => "os".to_owned(),
                    _ => format!("software:{}", thing.shown),
                },
                device_value: match &thing.version {
                    Some(version) if !thing.shown.contains(version.as_str()) => {
                        format!("{} {version}", thing.shown)
                    }
                    _ => thing.shown.clone(),
                },
                advisory_value: if device { label.clone() } else { names.join(" or ") },
                how: "the release that it belongs to".to_owned(),
            }],
            unmatched: Vec::new(),
            would_help: if all {
                Vec::new()
            } else {
                vec![
                    if device { "the software version" } else { "the edition of the operating system" }
                        .to_owned(),
                ]
            },
        })),
        treatment: if extended.is_some() { Treatment::Review } else { Treatment::Replace },
        reason: reason.into(),
        hidden: None,
    })
}
