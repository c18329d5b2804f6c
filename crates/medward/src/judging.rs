//! From devices and a knowledge directory to findings: what `assess` and `match` share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medward_fetch::Store;
use medward_identify::Catalog;
use medward_knowledge::{Base, Builder, FEEDS, KindOutcome, Outcome, Subject};
use medward_model::{Assessment, Day, FeedState, Scope, Severity, Timestamp, Verdict};

use crate::cli::{Common, LogLevel};
use crate::exit::{Exit, Failure};

/// Knowledge, loaded.
pub struct Loaded {
    pub base: Base,
    pub feeds: BTreeMap<String, FeedState>,
}

/// Loads a knowledge directory.
pub fn load(directory: &Path, catalog: Arc<Catalog>, common: &Common) -> anyhow::Result<Loaded> {
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let store = Store::open_readonly(directory).map_err(|error| missing(&error))?;
    let states = store.states().map_err(|error| missing(&error))?;
    let mut builder = Builder::new(catalog).map_err(|error| missing(&error))?;
    let bar = crate::progress::counter(
        "loading knowledge",
        states.values().map(|state| state.records).sum(),
        common.quiet,
    );
    let mut done = 0u64;
    store
        .scan(|feed, record| {
            builder.add(feed, record);
            done += 1;
            if done.is_multiple_of(4_096) {
                bar.set_position(done);
            }
        })
        .map_err(|error| missing(&error))?;
    bar.finish_and_clear();
    let base = builder.finish();
    let feeds = FEEDS
        .iter()
        .map(|feed| {
            let state = states.get(feed.name);
            let state = FeedState {
                loaded: state.is_some_and(|state| state.records > 0),
                as_of: state.and_then(|state| state.as_of.or(state.loaded)),
                records: state.map(|state| state.records),
            };
            (feed.name.to_owned(), state)
        })
        .collect();
    if common.log_level >= LogLevel::Info && !common.quiet {
        let (advisories, names, recalls) = base.size();
        anstream::eprintln!(
            "medward: {advisories} advisories and statements on {names} names, {recalls} recalls"
        );
    }
    Ok(Loaded { base, feeds })
}

/// Every feed as never loaded: absent is not empty.
pub fn nothing_loaded() -> BTreeMap<String, FeedState> {
    FEEDS
        .iter()
        .map(|feed| (feed.name.to_owned(), FeedState { loaded: false, as_of: None, records: None }))
        .collect()
}

/// Judges every device of an assessment, and puts the findings in.
pub fn judge(assessment: &mut Assessment, loaded: Loaded, now: Timestamp, threads: usize) {
    let day = Day::of(now);
    let subjects: Vec<Subject> = assessment
        .devices
        .iter()
        .filter(|device| device.scope != Scope::Multicast)
        .map(Subject::of)
        .collect();
    for outcome in judge_all(&loaded.base, &subjects, day, threads) {
        assessment.findings.extend(outcome.findings);
        assessment.hidden.extend(outcome.hidden);
    }
    assessment.findings.sort_by(|a, b| a.id.cmp(&b.id));
    assessment.hidden.sort_by(|a, b| a.id.cmp(&b.id));
    assessment.knowledge = loaded.feeds;
}

/// Outcomes in the order of the subjects; devices of one kind are judged once.
fn judge_all(base: &Base, subjects: &[Subject], day: Day, threads: usize) -> Vec<Outcome> {
    let mut kinds: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, subject) in subjects.iter().enumerate() {
        kinds.entry(subject.kind()).or_default().push(at);
    }
    let groups: Vec<Vec<usize>> = kinds.into_values().collect();
    let share = groups.len().div_ceil(threads.max(1)).max(1);
    let mut placed: Vec<(usize, Outcome)> = std::thread::scope(|scope| {
        let workers: Vec<_> = groups
            .chunks(share)
            .map(|groups| {
                scope.spawn(move || {
                    let mut done = Vec::new();
                    for group in groups {
                        judge_group(base, subjects, group, day, &mut done);
                    }
                    done
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, outcome)| outcome).collect()
}

fn judge_group(
    base: &Base,
    subjects: &[Subject],
    group: &[usize],
    day: Day,
    done: &mut Vec<(usize, Outcome)>,
) {
    let mut kind: Option<KindOutcome<'_>> = None;
    for at in group {
        let Some(subject) = subjects.get(*at) else { continue };
        let judged = match kind.take() {
            Some(judged) if !judged.is_unit_specific() => judged,
            _ => base.judge_kind(subject, day),
        };
        done.push((*at, base.judge_unit(&judged, subject)));
        kind = Some(judged);
    }
}

/// The exit, where `--fail-on` asks for one.
pub fn fail_on(assessment: &Assessment, threshold: Option<Severity>, exit: Exit) -> Exit {
    let met = threshold.is_some_and(|threshold| {
        assessment
            .findings
            .iter()
            .any(|finding| finding.severity <= threshold && finding.status != Verdict::Possible)
    });
    if met && exit == Exit::Done { Exit::Met } else { exit }
}

/// The directory that was given, or that of the environment.
pub fn directory(given: Option<&PathBuf>) -> Option<PathBuf> {
    given.cloned().or_else(|| std::env::var_os("MEDWARD_KNOWLEDGE").map(PathBuf::from))
}
