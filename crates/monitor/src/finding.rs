//! What is wrong with devices, as it is kept: rulings that devices of one kind share, and what is new of them in words.

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{DeviceId, Finding, FindingKind, Severity, Timestamp, Treatment, Verdict};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Event, EventKind};

/// Who judges: what one says of a device replaces only what the same one said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JudgedBy {
    /// What the wire itself shows.
    Wire,
    /// Advisories, recalls and life cycles.
    Knowledge,
}

/// All that one judge finds wrong with a device at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedDevice {
    pub device: DeviceId,
    pub by: JudgedBy,
    pub findings: Vec<Finding>,
    pub at: Timestamp,
    /// With which knowledge, and on which version of the device; the wire has none.
    pub with: Option<JudgedWith>,
}

/// The state of what a judgement rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedWith {
    /// Names the knowledge; never 0.
    pub stamp: i64,
    /// Of the device: one that changed meanwhile is judged again.
    pub version: u64,
}

/// A device that is to be judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Unjudged {
    pub device: DeviceId,
    pub version: u64,
    /// The device as in schema medward.assessment/1; null where it is only spoken of.
    pub document: Value,
}

/// A finding without its device: what devices of one kind share is kept once.
#[derive(Clone, Debug, PartialEq)]
pub struct Ruling {
    /// Tells rulings apart: 16 bytes of a hash of the body.
    pub digest: Vec<u8>,
    /// What findings of several devices are put together by: the advisory, else kind and words.
    pub topic: String,
    pub kind: FindingKind,
    pub severity: Severity,
    pub status: Verdict,
    pub treatment: Treatment,
    /// Known to be exploited (KEV).
    pub exploited: bool,
    pub title: String,
    /// What a search looks through, in small letters.
    pub words: String,
    /// CVE identifiers in small letters with a space before each.
    pub cves: String,
    /// The finding as in schema medward.assessment/1, without id and device.
    pub body: String,
}

/// Longest text that is searched, in characters.
const LONGEST: usize = 2000;

impl Ruling {
    /// Of a finding; `None` where it cannot be written down.
    pub fn of(finding: &Finding) -> Option<Ruling> {
        let mut value = serde_json::to_value(finding).ok()?;
        let object = value.as_object_mut()?;
        object.remove("id");
        object.remove("device");
        let body = value.to_string();
        let digest = Sha256::digest(body.as_bytes()).iter().copied().take(16).collect();
        let advisory = finding.advisory.as_deref();
        let cves: Vec<String> =
            advisory.into_iter().flat_map(|a| a.cve.iter()).map(|cve| cve.to_lowercase()).collect();
        let told = advisory.into_iter().flat_map(|a| [&a.id, &a.feed].into_iter().chain(&a.also));
        let words: Vec<&str> = [&*finding.title, finding.kind.name()]
            .into_iter()
            .chain(told.map(String::as_str))
            .chain(cves.iter().map(String::as_str))
            .chain([&*finding.reason])
            .collect();
        Some(Ruling {
            digest,
            topic: topic(finding),
            kind: finding.kind,
            severity: finding.severity,
            status: finding.status,
            treatment: finding.treatment,
            exploited: advisory.and_then(|a| a.kev).unwrap_or(false),
            title: finding.title.to_string(),
            words: words.join(" ").to_lowercase().chars().take(LONGEST).collect(),
            cves: cves.iter().map(|cve| format!(" {cve}")).collect(),
            body,
        })
    }

    /// What lists are ordered by, 0 first: severity, then what is exploited, then how sure it is.
    pub fn rank(&self) -> i64 {
        let severity = Severity::ALL.iter().position(|s| *s == self.severity).unwrap_or_default();
        let status = Verdict::ALL.iter().position(|s| *s == self.status).unwrap_or_default();
        let rank = severity * 8 + usize::from(!self.exploited) * 4 + status;
        i64::try_from(rank).unwrap_or(i64::MAX)
    }

    /// A new one is told: it is grave, and sure enough.
    pub fn is_news(&self) -> bool {
        self.severity <= Severity::High && self.status != Verdict::Possible
    }
}

/// The severity in a rank.
pub fn severity_of_rank(rank: i64) -> Severity {
    let at = usize::try_from(rank / 8).unwrap_or_default();
    Severity::ALL.get(at).copied().unwrap_or(Severity::Info)
}

/// Words that differ from device to device (ports, dates, names in parentheses) do not count.
fn topic(finding: &Finding) -> String {
    if let Some(advisory) = finding.advisory.as_deref().filter(|advisory| !advisory.id.is_empty()) {
        return advisory.id.clone();
    }
    let own = |word: &&str| {
        !word.contains(['/', '(', ')']) && word.chars().filter(char::is_ascii_digit).count() < 4
    };
    let words: Vec<&str> = finding.title.split_whitespace().filter(own).collect();
    format!("{}: {}", finding.kind.name(), words.join(" ").trim_end_matches([',', ':', ' ']))
}

/// A finding with its device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FindingRow {
    pub id: String,
    pub device: DeviceId,
    pub device_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_category: Option<String>,
    pub site: String,
    /// What it is put together with.
    pub topic: String,
    /// Known to be exploited.
    pub exploited: bool,
    pub found: Timestamp,
    /// Since when it is so no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The finding as in schema medward.assessment/1, without id and device.
    #[serde(flatten)]
    pub body: Value,
}

/// Findings that say the same of several devices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TopicRow {
    pub topic: String,
    pub devices: u64,
    /// The worst of them.
    pub severity: Severity,
    pub exploited: bool,
    /// When the first was found, and the last.
    pub first_found: Timestamp,
    pub last_found: Timestamp,
    /// One of them, without id, device and match.
    #[serde(flatten)]
    pub body: Value,
}

/// How many findings there are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FindingCounts {
    pub findings: u64,
    pub devices: u64,
    pub exploited: u64,
    /// By their names.
    pub severities: BTreeMap<String, u64>,
    pub kinds: BTreeMap<String, u64>,
    pub treatments: BTreeMap<String, u64>,
    pub statuses: BTreeMap<String, u64>,
}

/// A grave finding that nobody was told of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    pub id: String,
    pub device: DeviceId,
    pub device_name: String,
    pub topic: String,
    pub title: String,
    pub severity: Severity,
    pub exploited: bool,
}

/// Of so many of one advisory or one device each has its own event; more are summed up.
const FEW: usize = 3;
/// Events of one telling at a site; what is beyond is summed up in one.
const MOST: usize = 50;

/// What is told of new findings at a site, worst first; `more` are so many that are not among `untold`.
///
/// Findings of one advisory on more than a few devices are one event, and so are those of one device that has more than
/// a few: the first look at a ward, or a feed that is loaded for the first time, is no flood.
pub fn finding_events(site: &str, mut untold: Vec<Untold>, more: u64, now: Timestamp) -> Vec<Event> {
    untold.sort_by(|a, b| (a.severity, !a.exploited, &a.id).cmp(&(b.severity, !b.exploited, &b.id)));
    let all_devices: BTreeSet<DeviceId> = untold.iter().map(|one| one.device.clone()).collect();
    let total = u64::try_from(untold.len()).unwrap_or(u64::MAX).saturating_add(more);
    let mut events = Vec::new();
    // A weakness that lies on one device only is better told with the device.
    let topics = groups(&untold, |one| one.topic.clone());
    let widespread: BTreeSet<&String> =
        topics.iter().filter(|(_, group)| devices(group) > FEW).map(|(topic, _)| topic).collect();
    let (by_topic, rest): (Vec<Untold>, Vec<Untold>) =
        untold.iter().cloned().partition(|one| widespread.contains(&one.topic));
    for (topic, group) in groups(&by_topic, |one| one.topic.clone()) {
        let Some(worst) = group.first() else { continue };
        let count = devices(&group);
        let title = format!("{} devices: {}{}", count, worst.title, exploited(worst));
        events.push((
            worst.severity,
            !worst.exploited,
            event(site, now, worst.severity, None, title, [("topic", topic), ("devices", count.to_string())]),
        ));
    }
    for (device, group) in groups(&rest, |one| one.device.0.clone()) {
        let Some(worst) = group.first() else { continue };
        let id = DeviceId(device);
        if group.len() > FEW {
            let title = format!(
                "{}: {} grave findings, the worst: {}{}",
                worst.device_name,
                group.len(),
                worst.title,
                exploited(worst)
            );
            events.push((
                worst.severity,
                !worst.exploited,
                event(
                    site,
                    now,
                    worst.severity,
                    Some(id),
                    title,
                    [("findings", group.len().to_string()), ("finding", worst.id.clone())],
                ),
            ));
            continue;
        }
        for one in group {
            let title = format!("{}: {}{}", one.device_name, one.title, exploited(&one));
            let id = Some(id.clone());
            events.push((
                one.severity,
                !one.exploited,
                event(
                    site,
                    now,
                    one.severity,
                    id,
                    title,
                    [("topic", one.topic.clone()), ("finding", one.id.clone())],
                ),
            ));
        }
    }
    events.sort_by_key(|(severity, quiet, _)| (*severity, *quiet));
    let worst = events.first().map_or(Severity::High, |(severity, ..)| *severity);
    let mut told: Vec<Event> = events.into_iter().map(|(_, _, event)| event).collect();
    if told.len() > MOST || more > 0 {
        told.truncate(MOST - 1);
        let count = all_devices.len();
        let title = format!("{total} grave findings on {count} devices are new: see the list of findings");
        told.push(event(
            site,
            now,
            worst,
            None,
            title,
            [("findings", total.to_string()), ("devices", count.to_string())],
        ));
    }
    told
}

fn exploited(one: &Untold) -> &'static str {
    if one.exploited { " (attackers use it)" } else { "" }
}

fn devices(group: &[Untold]) -> usize {
    group.iter().map(|one| &one.device).collect::<BTreeSet<_>>().len()
}

/// In the order of the first of each.
fn groups(all: &[Untold], key: impl Fn(&Untold) -> String) -> Vec<(String, Vec<Untold>)> {
    let mut groups: BTreeMap<String, Vec<Untold>> = BTreeMap::new();
    for one in all {
        groups.entry(key(one)).or_default().push(one.clone());
    }
    groups.into_iter().collect()
}

fn event<const N: usize>(
    site: &str,
    at: Timestamp,
    severity: Severity,
    device: Option<DeviceId>,
    title: String,
    details: [(&str, String); N],
) -> Event {
    Event {
        number: 0,
        at,
        site: site.to_owned(),
        kind: EventKind::Finding,
        severity,
        device,
        title,
        details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untold(device: u32, topic: &str, severity: Severity) -> Untold {
        Untold {
            id: format!("find-{device}-{topic}"),
            device: DeviceId(format!("dev-{device}")),
            device_name: format!("pump-{device}"),
            topic: topic.to_owned(),
            title: format!("{topic} is bad"),
            severity,
            exploited: false,
        }
    }

    fn titles(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.title.as_str()).collect()
    }

    const NOW: Timestamp = Timestamp::from_parts(0, 0);

    #[test]
    fn a_few_findings_are_told_one_by_one_worst_first() {
        let events = finding_events(
            "north",
            vec![untold(1, "CVE-1", Severity::High), untold(2, "CVE-2", Severity::Critical)],
            0,
            NOW,
        );
        assert_eq!(titles(&events), ["pump-2: CVE-2 is bad", "pump-1: CVE-1 is bad"]);
    }

    #[test]
    fn an_advisory_on_many_devices_is_one_event() {
        let all = (0..100).map(|device| untold(device, "CVE-1", Severity::Critical)).collect();
        assert_eq!(titles(&finding_events("north", all, 0, NOW)), ["100 devices: CVE-1 is bad"]);
    }

    #[test]
    fn a_device_with_many_findings_is_one_event() {
        let all = (0..9).map(|number| untold(1, &format!("CVE-{number}"), Severity::High)).collect();
        assert_eq!(
            titles(&finding_events("north", all, 0, NOW)),
            ["pump-1: 9 grave findings, the worst: CVE-0 is bad"]
        );
    }

    #[test]
    fn the_first_look_at_a_hospital_is_no_flood() {
        let all = (0..500).map(|n| untold(n, &format!("CVE-{n}"), Severity::High)).collect();
        let events = finding_events("north", all, 1000, NOW);
        assert_eq!(events.len(), MOST);
        assert!(
            events.last().is_some_and(|event| event.title.starts_with("1500 grave findings on 500 devices"))
        );
    }
}
