//! One advisory, recall or statement: which devices it concerns (`medward match --advisory`).

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use foldhash::HashSet;
use medward_fetch::{Store, read_records};
use medward_identify::Catalog;
use medward_knowledge::{Builder, FEEDS, Fleet, Subject};
use medward_model::{Assessment, Day, DeviceId, Finding, Record, Timestamp};

use crate::cli::{Common, LogLevel};
use crate::exit::Failure;
use crate::judging::{Loaded, judge_all, put, register, subject};

/// What was asked for.
pub struct Wanted {
    records: Vec<(&'static str, Record)>,
    /// It was given as a file, and is not part of the knowledge.
    new: bool,
    /// Ids of its records and of the weaknesses that they speak of.
    ids: HashSet<String>,
}

impl Wanted {
    /// By the path of a file, or the id under which some feed has it.
    pub fn find(wanted: &str, directory: &Path) -> anyhow::Result<Wanted> {
        let path = Path::new(wanted);
        let (records, new) = if path.is_file() {
            (read_records(path).map_err(|error| Failure::unreadable(error.to_string()))?, true)
        } else {
            (stored(wanted, directory)?, false)
        };
        let mut ids = HashSet::default();
        for (_, record) in &records {
            ids.insert(record.key().to_owned());
            match record {
                Record::Advisory(advisory) => {
                    ids.insert(advisory.id.to_string());
                    ids.extend(
                        advisory.vulnerabilities.iter().filter_map(|v| v.cve.as_deref().map(str::to_owned)),
                    );
                }
                Record::Statement(statement) => {
                    ids.insert(statement.vulnerability.to_string());
                }
                Record::Exploited(exploited) => {
                    ids.insert(exploited.cve.to_string());
                }
                Record::Score(score) => {
                    ids.insert(score.cve.to_string());
                }
                Record::Recall(recall) => {
                    ids.insert(recall.number.to_string());
                }
                Record::Lifecycle(lifecycle) => {
                    ids.extend(
                        lifecycle
                            .releases
                            .iter()
                            .map(|release| format!("{}/{}", lifecycle.slug, release.name)),
                    );
                }
                _ => {}
            }
        }
        Ok(Wanted { records, new, ids })
    }

    /// Judges the devices that it can concern; leaves its findings and their devices.
    pub fn judge(
        &self,
        assessment: &mut Assessment,
        loaded: Loaded,
        catalog: Arc<Catalog>,
        now: Timestamp,
        threads: usize,
        common: &Common,
    ) -> anyhow::Result<()> {
        let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
        let Loaded { mut base, feeds } = loaded;
        let subjects: Vec<Subject> = assessment.devices.iter().map(|device| subject(device, &base)).collect();
        register(&mut assessment.devices, &base);
        let fleet = Fleet::new(&subjects, &base);
        let mut alone = Builder::new(Arc::clone(&catalog)).map_err(|error| missing(&error))?;
        // What follows is what a monitor does when an advisory comes: the rest stands already.
        let started = Instant::now();
        for (feed, record) in &self.records {
            alone.add(feed, record.clone());
        }
        let alone = alone.finish();
        if self.new {
            let mut builder = base.reopen();
            for (feed, record) in &self.records {
                builder.add(feed, record.clone());
            }
            base = builder.finish();
        }
        let positions = fleet.concerned(&alone, &base);
        let concerned = positions.iter().filter_map(|at| subjects.get(*at as usize)).cloned();
        // What came may itself be an entry of the register of identifiers.
        let concerned: Vec<Subject> = concerned
            .map(|mut subject| {
                base.complete(&mut subject);
                subject
            })
            .collect();
        let outcomes = judge_all(&base, &concerned, Day::of(now), threads);
        let elapsed = started.elapsed();
        let ids: Vec<Option<DeviceId>> = concerned.into_iter().map(|subject| subject.id).collect();
        put(assessment, &ids, outcomes);
        assessment.knowledge = feeds;
        if common.log_level >= LogLevel::Info && !common.quiet {
            anstream::eprintln!(
                "medward: it can concern {} of {} devices ({} kinds), judged in {:.1} ms",
                positions.len(),
                assessment.devices.len(),
                fleet.kinds(),
                elapsed.as_secs_f64() * 1e3
            );
        }
        self.keep(assessment, common);
        Ok(())
    }

    /// Leaves its findings and their devices.
    fn keep(&self, assessment: &mut Assessment, common: &Common) {
        let devices = assessment.devices.len();
        let is_its = |finding: &Finding| {
            finding.advisory.as_deref().is_some_and(|advisory| {
                self.ids.contains(&advisory.id)
                    || advisory.cve.iter().any(|cve| self.ids.contains(cve))
                    || advisory
                        .also
                        .iter()
                        .any(|also| also.split_once(' ').is_some_and(|(_, id)| self.ids.contains(id)))
            })
        };
        assessment.findings.retain(is_its);
        assessment.hidden.retain(is_its);
        let concerned: HashSet<_> = assessment
            .findings
            .iter()
            .chain(&assessment.hidden)
            .map(|finding| finding.device.clone())
            .collect();
        assessment.devices.retain(|device| concerned.contains(&device.id));
        if concerned.is_empty() && !common.quiet {
            anstream::eprintln!("medward: it concerns none of {devices} devices, as far as is known of them");
        }
    }
}

/// What the feeds have under that id.
fn stored(wanted: &str, directory: &Path) -> anyhow::Result<Vec<(&'static str, Record)>> {
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let store = Store::open_readonly(directory).map_err(|error| missing(&error))?;
    let mut records = Vec::new();
    for feed in FEEDS {
        for id in [wanted.to_owned(), wanted.to_ascii_uppercase()] {
            if let Some(record) = store.get(feed.name, &id).map_err(|error| missing(&error))? {
                records.push((feed.name, record));
                break;
            }
        }
    }
    if records.is_empty() {
        return Err(Failure::usage(format!(
            "--advisory: '{wanted}' is neither a file nor the id of anything that is loaded (a CVE, an advisory such as ICSMA-20-254-01, a recall number)"
        )));
    }
    Ok(records)
}
