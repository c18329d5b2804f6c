//! From devices and a knowledge directory to findings: what `assess` and `match` share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medward_fetch::{LoadError, Store};
use medward_identify::Catalog;
use medward_knowledge::{Base, Builder, FEEDS, KindOutcome, Outcome, Subject, registration};
use medward_model::{
    Assessment, Attribute, Day, Device, DeviceId, FeedState, Scope, Severity, Timestamp, Verdict,
};
use medward_risk::{Change, Facts, Inputs, Judged, Model, Origin, what_if};

use crate::cli::{Common, LogLevel};
use crate::exit::{Exit, Failure};

/// Knowledge, loaded.
pub struct Loaded {
    pub base: Base,
    pub feeds: BTreeMap<String, FeedState>,
}

/// Loads a knowledge directory: what these devices need of it, where that is sooner done, else everything.
pub fn load(
    directory: &Path,
    catalog: &Arc<Catalog>,
    devices: Option<&[Device]>,
    common: &Common,
) -> anyhow::Result<Loaded> {
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let store = Store::open_readonly(directory).map_err(|error| missing(&error))?;
    let states = store.states().map_err(|error| missing(&error))?;
    let needed = match devices {
        Some(devices) => {
            let subjects: Vec<Subject> = devices.iter().map(Subject::of).collect();
            store.load_for(catalog, &subjects).map_err(|error| missing(&error))?
        }
        None => None,
    };
    let base = match needed {
        Some(base) => base,
        None => {
            let records = states.values().map(|state| state.records).sum();
            let bar = crate::progress::counter("loading knowledge", records, common.quiet);
            let base = compile(&store, catalog, &mut |done| bar.set_position(done))
                .map_err(|error| missing(&error))?;
            bar.finish_and_clear();
            base
        }
    };
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

/// Everything that a store has, compiled. `done` is told how many records.
pub fn compile(store: &Store, catalog: &Arc<Catalog>, done: &mut dyn FnMut(u64)) -> Result<Base, LoadError> {
    let mut builder = Builder::new(Arc::clone(catalog))?;
    store.each_record(|feed, record| builder.add(feed, record), done)?;
    Ok(builder.finish())
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
    let Loaded { base, feeds } = loaded;
    let devices = assessment.devices.iter().filter(|device| device.scope != Scope::Multicast);
    let subjects: Vec<Subject> = devices.map(|device| subject(device, &base)).collect();
    register(&mut assessment.devices, &base);
    let outcomes = judge_all(&base, &subjects, day, threads);
    // What is not needed any more goes before the findings are put together.
    drop(base);
    let ids: Vec<Option<DeviceId>> = subjects.into_iter().map(|subject| subject.id).collect();
    put(assessment, &ids, outcomes);
    assessment.knowledge = feeds;
}

/// A device as matching sees it, with what is registered of it.
pub fn subject(device: &Device, base: &Base) -> Subject {
    let mut subject = Subject::of(device);
    base.complete(&mut subject);
    subject
}

/// Puts what is registered of a device beside it.
pub fn register(devices: &mut [Device], base: &Base) {
    for device in devices {
        let Some(udi) = device.value(Attribute::Udi) else { continue };
        if let Some(registered) = base.registered(udi) {
            let particulars = registration(registered);
            device.particulars.extend(particulars);
        }
    }
}

/// Puts outcomes in, of the devices with these ids.
pub fn put(assessment: &mut Assessment, ids: &[Option<DeviceId>], outcomes: Vec<Outcome>) {
    let mut stated = BTreeMap::new();
    // At the size of a hospital group, growing by doubling would cost as much again.
    assessment.findings.reserve_exact(outcomes.iter().map(|outcome| outcome.findings.len()).sum());
    for (id, outcome) in ids.iter().zip(outcomes) {
        if let (Some(id), Some(own)) = (id, outcome.stated) {
            stated.insert(id, own);
        }
        assessment.findings.extend(outcome.findings);
        assessment.hidden.extend(outcome.hidden);
    }
    for device in &mut assessment.devices {
        if let Some(stated) = stated.get(&device.id) {
            device.particulars.extend(stated.particulars());
        }
    }
    assessment.findings.sort_by(|a, b| a.id.cmp(&b.id));
    assessment.hidden.sort_by(|a, b| a.id.cmp(&b.id));
}

/// What `of` gives for each of `all`, in order, worked out by several threads.
fn each<T: Sync, R: Send>(all: &[T], threads: usize, of: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    let share = all.len().div_ceil(threads.max(1)).max(1);
    let of = &of;
    std::thread::scope(|scope| {
        let workers: Vec<_> = all
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().filter_map(of).collect::<Vec<R>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// Outcomes in the order of the subjects; devices of one kind are judged once.
pub fn judge_all(base: &Base, subjects: &[Subject], day: Day, threads: usize) -> Vec<Outcome> {
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

/// Adds risk and actions. `has_knowledge`: vulnerabilities were looked up.
pub fn weigh(
    assessment: &mut Assessment,
    catalog: &Catalog,
    model: &Model,
    has_knowledge: bool,
    now: Timestamp,
    threads: usize,
) {
    let facts = |slug: &str| facts(catalog, slug);
    let (risk, actions) = {
        let inputs = inputs(assessment, model, &facts, has_knowledge, now);
        let judged = Judged::new(&inputs);
        let risk = each(inputs.devices, threads, |device| judged.of(device));
        let actions = judged.actions(&risk);
        (risk, actions)
    };
    assessment.risk = risk;
    assessment.actions = actions;
}

/// What an action of the list would change; by id, rank, or words of its title.
pub fn change(
    assessment: &Assessment,
    catalog: &Catalog,
    model: &Model,
    has_knowledge: bool,
    now: Timestamp,
    wanted: &str,
) -> anyhow::Result<Change> {
    let lower = wanted.to_lowercase();
    let fitting: Vec<_> = assessment
        .actions
        .iter()
        .filter(|action| {
            action.id == wanted
                || action.rank.to_string() == wanted
                || action.title.to_lowercase().contains(&lower)
        })
        .collect();
    let exact = fitting.iter().find(|action| action.id == wanted || action.rank.to_string() == wanted);
    let action = match (exact, fitting.as_slice()) {
        (Some(action), _) => *action,
        (None, [action]) => *action,
        (None, []) => {
            return Err(Failure::usage(format!(
                "--what-if: no action is called '{wanted}'. Give its rank, its id, or words of its title"
            )));
        }
        (None, several) => {
            let titles: Vec<String> =
                several.iter().map(|action| format!("{} ({})", action.rank, action.title)).collect();
            return Err(Failure::usage(format!(
                "--what-if: '{wanted}' fits several actions: {}",
                titles.join("; ")
            )));
        }
    };
    let facts = |slug: &str| facts(catalog, slug);
    Ok(what_if(&inputs(assessment, model, &facts, has_knowledge, now), action))
}

fn inputs<'i>(
    assessment: &'i Assessment,
    model: &'i Model,
    facts: &'i (dyn Fn(&str) -> Facts + Sync),
    has_knowledge: bool,
    now: Timestamp,
) -> Inputs<'i> {
    Inputs {
        model,
        devices: &assessment.devices,
        conversations: &assessment.conversations,
        findings: &assessment.findings,
        facts,
        has_knowledge,
        now: Day::of(now),
    }
}

/// What the catalogue's groups mean for risk.
fn facts(catalog: &Catalog, slug: &str) -> Facts {
    let Some(category) = catalog.category(slug) else { return Facts::default() };
    let group = category.group.as_str();
    let medical = matches!(
        group,
        "patient care"
            | "imaging"
            | "imaging IT"
            | "laboratory"
            | "medical"
            | "surgery"
            | "therapy"
            | "clinical IT"
    );
    Facts {
        medical,
        patient_data: matches!(group, "imaging" | "imaging IT" | "clinical IT" | "laboratory"),
        origin: match group {
            "personal" => Some(Origin::Guest),
            "office" => Some(Origin::Office),
            "building" => Some(Origin::Building),
            _ if matches!(slug, "workstation" | "laptop") => Some(Origin::Office),
            _ if matches!(slug, "phone" | "tablet") => Some(Origin::Guest),
            _ => None,
        },
        infrastructure: group == "network"
            || matches!(slug, "pacs" | "domain-controller" | "server" | "interface-engine"),
        group: group.to_owned(),
        label: category.label.clone(),
    }
}

/// The model that was given, or the built-in one.
pub fn model(path: Option<&PathBuf>) -> anyhow::Result<Model> {
    let Some(path) = path else {
        return Model::builtin()
            .map_err(|error| Failure::missing(format!("the built-in model of risk {error}")));
    };
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("--risk-model {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    Model::read(&text).map_err(|error| wrong(&error))
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
