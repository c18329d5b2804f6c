//! What is wrong with devices.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use medward_model::{DeviceId, FindingKind, Severity, Timestamp};
use medward_monitor::{
    FindingCounts, FindingList, FindingRow, Findings, JudgedDevice, Page, StoreError, TopicRow, Unjudged,
};

use super::{Kept, Memory, page};

fn text<'r>(row: &'r FindingRow, name: &str) -> &'r str {
    row.body[name].as_str().unwrap_or_default()
}

fn severity(row: &FindingRow) -> Severity {
    Severity::ALL.into_iter().find(|severity| severity.name() == text(row, "severity")).unwrap()
}

/// Severities and kinds of what is wrong with a device, as a search knows them.
pub fn words(kept: &Kept, device: &DeviceId) -> BTreeSet<&'static str> {
    let sure = kept.findings.iter().filter(|row| row.device == *device && text(row, "status") != "possible");
    sure.flat_map(|row| {
        let kind = FindingKind::ALL.into_iter().find(|kind| kind.name() == text(row, "kind"));
        [Some(severity(row).name()), kind.map(FindingKind::name), row.exploited.then_some("exploited")]
    })
    .flatten()
    .collect()
}

/// CVEs of a device.
pub fn cves(kept: &Kept, device: &DeviceId) -> BTreeSet<String> {
    let of = kept.findings.iter().filter(|row| row.device == *device);
    of.flat_map(|row| row.body["advisory"]["cve"].as_array().cloned().unwrap_or_default())
        .filter_map(|cve| cve.as_str().map(str::to_owned))
        .collect()
}

fn listed(kept: &Kept, list: &FindingList) -> Vec<FindingRow> {
    let among = |names: Vec<&str>, name: &str| names.is_empty() || names.contains(&name);
    let mut found: Vec<FindingRow> = kept
        .findings
        .iter()
        .filter(|row| row.ended.is_some() == list.ended)
        .filter(|row| list.sites.as_ref().is_none_or(|sites| sites.contains(&row.site)))
        .filter(|row| list.device.as_ref().is_none_or(|device| row.device == *device))
        .filter(|row| among(list.kinds.iter().map(|kind| kind.name()).collect(), text(row, "kind")))
        .filter(|row| among(list.treatments.iter().map(|t| t.name()).collect(), text(row, "treatment")))
        .filter(|row| among(list.statuses.iter().map(|s| s.name()).collect(), text(row, "status")))
        .filter(|row| list.severity.is_none_or(|least| severity(row) <= least))
        .filter(|row| list.exploited.is_none_or(|exploited| row.exploited == exploited))
        .filter(|row| list.topic.as_ref().is_none_or(|topic| row.topic == *topic))
        .filter(|row| {
            let wanted = list.text.as_deref().unwrap_or_default().to_lowercase();
            format!("{} {} {}", text(row, "title"), row.topic, row.device_name)
                .to_lowercase()
                .contains(&wanted)
        })
        .cloned()
        .collect();
    found.sort_by_key(|row| (severity(row), !row.exploited, row.id.clone()));
    found
}

#[async_trait]
impl Findings for Memory {
    async fn unjudged(&self, _: i64, _: u32) -> Result<Vec<Unjudged>, StoreError> {
        Ok(Vec::new())
    }

    async fn count_unjudged(&self, _: i64) -> Result<u64, StoreError> {
        Ok(0)
    }

    async fn put_findings(&self, _: &[JudgedDevice]) -> Result<(), StoreError> {
        Err(StoreError::Refused("the interface never judges".to_owned()))
    }

    async fn tell_findings(&self, _: Timestamp) -> Result<(u64, usize), StoreError> {
        Ok((0, 0))
    }

    async fn findings(&self, list: &FindingList) -> Result<Page<FindingRow>, StoreError> {
        page(listed(&self.lock(), list), &list.page)
    }

    async fn topics(&self, list: &FindingList) -> Result<Page<TopicRow>, StoreError> {
        let mut topics: BTreeMap<String, Vec<FindingRow>> = BTreeMap::new();
        for row in listed(&self.lock(), list) {
            topics.entry(row.topic.clone()).or_default().push(row);
        }
        let rows = topics.into_iter().map(|(topic, rows)| {
            let mut body = rows[0].body.clone();
            body.as_object_mut().unwrap().retain(|name, _| name != "match" && name != "severity");
            TopicRow {
                topic,
                devices: rows.len() as u64,
                severity: severity(&rows[0]),
                exploited: rows.iter().any(|row| row.exploited),
                first_found: rows.iter().map(|row| row.found).min().unwrap(),
                last_found: rows.iter().map(|row| row.found).max().unwrap(),
                body,
            }
        });
        let mut rows: Vec<TopicRow> = rows.collect();
        rows.sort_by_key(|row| (row.severity, std::cmp::Reverse(row.devices)));
        page(rows, &list.page)
    }

    async fn count_findings(&self, list: &FindingList) -> Result<FindingCounts, StoreError> {
        let rows = listed(&self.lock(), list);
        let mut counts = FindingCounts { findings: rows.len() as u64, ..FindingCounts::default() };
        counts.devices = rows.iter().map(|row| &row.device).collect::<BTreeSet<_>>().len() as u64;
        for row in &rows {
            counts.exploited += u64::from(row.exploited);
            for (map, name) in [
                (&mut counts.severities, "severity"),
                (&mut counts.kinds, "kind"),
                (&mut counts.treatments, "treatment"),
                (&mut counts.statuses, "status"),
            ] {
                *map.entry(text(row, name).to_owned()).or_default() += 1;
            }
        }
        Ok(counts)
    }

    async fn finding(&self, id: &str) -> Result<Option<FindingRow>, StoreError> {
        Ok(self.lock().findings.iter().find(|row| row.id == id).cloned())
    }
}
