//! `medward knowledge`.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use medward_fetch::{
    BundleKey, FeedStatus, FileOutcome, ImportOptions, ImportReport, Store, SyncOptions, SyncOutcome,
    create_bundle, import, public_key, synchronise,
};
use medward_knowledge::{FEEDS, SYNCS, feed};
use medward_model::Timestamp;
use serde_json::json;

use crate::cli::{
    BundleArguments, Common, ImportArguments, KnowledgeArguments, KnowledgeCommand, PlainFormat,
    StatusArguments, SyncArguments,
};
use crate::exit::{Exit, Failure};
use crate::{clock, judging, output, progress, reading};

pub fn run(arguments: &KnowledgeArguments, common: &Common) -> anyhow::Result<Exit> {
    let directory = judging::directory(arguments.knowledge.as_ref())
        .ok_or_else(|| Failure::usage("give --knowledge DIR, where knowledge is (to be) kept"))?;
    match &arguments.command {
        KnowledgeCommand::Import(arguments) => take_in(&directory, arguments, common),
        KnowledgeCommand::Sync(arguments) => ask(&directory, arguments, common),
        KnowledgeCommand::Status(arguments) => status(&directory, arguments, common),
        KnowledgeCommand::Verify => verify(&directory, common),
        KnowledgeCommand::Bundle(arguments) => bundle(&directory, arguments, common),
    }
}

fn now(common: &Common) -> Timestamp {
    common.now.unwrap_or_else(clock::now)
}

fn missing(error: impl std::fmt::Display) -> anyhow::Error {
    Failure::missing(error.to_string())
}

/// Notes which records are found by which words, so that a few devices need not load everything.
fn index(store: &Store, common: &Common) -> anyhow::Result<()> {
    let catalog = Arc::new(reading::catalog(None)?);
    let records = store.states().map_err(missing)?.values().map(|state| state.records).sum();
    let bar = progress::counter("indexing", records, common.quiet);
    store.refresh_index(catalog, &mut |done| bar.set_position(done)).map_err(missing)?;
    bar.finish_and_clear();
    Ok(())
}

fn take_in(directory: &Path, arguments: &ImportArguments, common: &Common) -> anyhow::Result<Exit> {
    let store = Store::open(directory).map_err(missing)?;
    let options = ImportOptions {
        now: now(common),
        accept_shrink: arguments.accept_shrink,
        trust_unsigned: arguments.trust_unsigned,
    };
    let bar = progress::counter("importing", 0, common.quiet);
    let report = import(&store, &arguments.paths, &options, &mut |step| {
        bar.set_length(step.of as u64);
        bar.set_position(step.done as u64);
        bar.set_message(format!("{} records", step.records));
    })
    .map_err(|error| match error {
        medward_fetch::ImportError::Store(error) => missing(error),
        other => Failure::unreadable(other.to_string()),
    })?;
    bar.finish_and_clear();
    index(&store, common)?;
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Text => told(&report, out)?,
            PlainFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &as_json(&report))?;
                writeln!(out)?;
            }
        }
        Ok(())
    })?;
    if report.files.iter().all(|file| file.feed.is_none() || file.counts.read() == 0) {
        return Err(Failure::unreadable(if report.has_problems() {
            "nothing could be taken; what is wrong with each file stands above"
        } else {
            "nothing of a known feed was found; `medward feeds` lists what is read"
        }));
    }
    Ok(if report.has_problems() { Exit::Partly } else { Exit::Done })
}

fn ask(directory: &Path, arguments: &SyncArguments, common: &Common) -> anyhow::Result<Exit> {
    let names: Vec<&str> = SYNCS.iter().map(|sync| sync.feed).collect();
    let known = |name: &str| {
        if names.contains(&name) {
            return Ok(());
        }
        let why = if feed(name).is_some() { "comes from files only" } else { "is no feed" };
        Err(Failure::usage(format!("'{name}' {why}; what can be asked for is {}", names.join(", "))))
    };
    arguments.feeds.iter().try_for_each(|name| known(name))?;
    let mut options = SyncOptions {
        now: now(common),
        feeds: arguments.feeds.clone(),
        accept_shrink: arguments.accept_shrink,
        tries: arguments.tries,
        timeout: std::time::Duration::from_secs(arguments.timeout),
        ..SyncOptions::default()
    };
    for source in &arguments.sources {
        let (name, url) = source
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--source {source}: give FEED=URL")))?;
        known(name)?;
        options.sources.insert(name.to_owned(), url.to_owned());
    }
    for name in &names {
        let publisher = if name.starts_with("fda-") || *name == "gudid" { "OPENFDA" } else { name };
        let variable = format!("MEDWARD_{}_API_KEY", publisher.to_uppercase().replace('-', "_"));
        if let Ok(key) = std::env::var(variable) {
            options.api_keys.insert((*name).to_owned(), key);
        }
    }
    let store = Store::open(directory).map_err(missing)?;
    let bar = progress::counter("asking", 0, common.quiet);
    let outcomes = synchronise(&store, &options, &mut |step| {
        bar.set_position(step.requests as u64);
        bar.set_message(format!("{}: {} KiB of {}", step.feed, step.bytes >> 10, step.url));
    })
    .map_err(missing)?;
    bar.finish_and_clear();
    index(&store, common)?;
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Text => outcomes.iter().try_for_each(|outcome| asked(outcome, out))?,
            PlainFormat::Json => {
                let feeds: Vec<_> = outcomes.iter().map(asked_json).collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.sync/1", "feeds": feeds}),
                )?;
                writeln!(out)?;
            }
        }
        Ok(())
    })?;
    let is_whole = |outcome: &SyncOutcome| {
        outcome.problems.is_empty() && outcome.files.iter().all(|file| file.problem.is_none())
    };
    Ok(if outcomes.iter().all(is_whole) { Exit::Done } else { Exit::Partly })
}

/// One line a feed, then what could not be had.
fn asked(outcome: &SyncOutcome, out: &mut dyn Write) -> anyhow::Result<()> {
    let sum = |of: fn(&medward_fetch::Counts) -> u64| -> u64 {
        outcome.files.iter().map(|file| of(&file.counts)).sum()
    };
    writeln!(
        out,
        "{:<19} {} new documents, {} unchanged: {} records new, {} changed",
        outcome.feed,
        outcome.documents,
        outcome.unchanged,
        sum(|c| c.added),
        sum(|c| c.changed)
    )?;
    if outcome.signed > 0 {
        writeln!(out, "{:<19}   signatures found right: {}", "", outcome.signed)?;
    }
    for problem in outcome.problems.iter().take(10) {
        writeln!(out, "{:<19}   {problem}", "")?;
    }
    if outcome.problems.len() > 10 {
        writeln!(out, "{:<19}   … and {} more (--format json names all)", "", outcome.problems.len() - 10)?;
    }
    Ok(())
}

fn asked_json(outcome: &SyncOutcome) -> serde_json::Value {
    json!({
        "feed": outcome.feed, "requests": outcome.requests, "documents": outcome.documents,
        "unchanged": outcome.unchanged, "signed": outcome.signed, "problems": outcome.problems,
        "files": outcome.files.iter().map(file_json).collect::<Vec<_>>(),
    })
}

/// Sums by feed, then what went wrong.
fn told(report: &ImportReport, out: &mut dyn Write) -> anyhow::Result<()> {
    for feed in FEEDS {
        let files: Vec<_> = report.files.iter().filter(|file| file.feed == Some(feed.name)).collect();
        if files.is_empty() {
            continue;
        }
        let sum =
            |of: fn(&medward_fetch::Counts) -> u64| files.iter().map(|file| of(&file.counts)).sum::<u64>();
        let skipped: u64 = files.iter().map(|file| file.skipped).sum();
        write!(
            out,
            "{:<19} {} records from {} files: {} new, {} changed",
            feed.name,
            sum(|c| c.read()),
            files.len(),
            sum(|c| c.added),
            sum(|c| c.changed)
        )?;
        for (count, word) in [
            (sum(|c| c.older), "older than what is loaded"),
            (sum(|c| c.removed), "withdrawn"),
            (skipped, "left out"),
        ] {
            if count > 0 {
                write!(out, ", {count} {word}")?;
            }
        }
        writeln!(out)?;
        for named in files.iter().flat_map(|file| &file.named).take(5) {
            writeln!(out, "{:<19}   left out {}: {}", "", named.what, named.why)?;
        }
    }
    for file in &report.files {
        if let Some(problem) = &file.problem {
            writeln!(out, "{}: {problem}", file.path)?;
        }
    }
    if report.signed > 0 {
        writeln!(out, "signatures found right: {}", report.signed)?;
    }
    for (key, count) in &report.unknown_keys {
        writeln!(
            out,
            "signatures not checked: {count}, by the key {key}, which is not known here. Put the publisher's key into openpgp-keys of the knowledge directory"
        )?;
    }
    if !report.passed_over.is_empty() {
        writeln!(out, "{} files are of no feed that is known:", report.passed_over.len())?;
        for path in report.passed_over.iter().take(10) {
            writeln!(out, "  {path}")?;
        }
        if report.passed_over.len() > 10 {
            writeln!(out, "  … and {} more (--format json names all)", report.passed_over.len() - 10)?;
        }
    }
    Ok(())
}

fn as_json(report: &ImportReport) -> serde_json::Value {
    let files: Vec<_> = report.files.iter().map(file_json).collect();
    json!({"schema": "medward.import/1", "files": files, "passed_over": report.passed_over,
        "signed": report.signed, "unknown_keys": report.unknown_keys})
}

fn file_json(file: &FileOutcome) -> serde_json::Value {
    json!({
        "path": file.path, "feed": file.feed, "added": file.counts.added, "changed": file.counts.changed,
        "unchanged": file.counts.unchanged, "older": file.counts.older, "removed": file.counts.removed,
        "skipped": file.skipped, "named": file.named, "problem": file.problem,
    })
}

/// Hours after which a feed is stale: three times what its publisher takes.
fn stale(name: &str, state: &FeedStatus, now: Timestamp) -> Option<bool> {
    let cadence = feed(name).map(|feed| feed.cadence_hours).filter(|hours| *hours > 0)?;
    let since = now.seconds_since(state.as_of.or(state.loaded)?);
    Some(since > i64::from(cadence) * 3 * 3_600)
}

fn age(state: &FeedStatus, now: Timestamp) -> Option<i64> {
    Some(now.seconds_since(state.as_of.or(state.loaded)?).max(0) / 86_400)
}

fn status(directory: &Path, arguments: &StatusArguments, common: &Common) -> anyhow::Result<Exit> {
    let store = Store::open_readonly(directory).map_err(missing)?;
    let states = store.states().map_err(missing)?;
    let now = now(common);
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let feeds: serde_json::Map<_, _> = FEEDS
                    .iter()
                    .map(|feed| {
                        let value = states.get(feed.name).map_or_else(
                            || json!({"loaded": false}),
                            |state| {
                                json!({
                                    "loaded": state.records > 0, "records": state.records, "as_of": state.as_of,
                                    "loaded_at": state.loaded, "version": state.version, "source": state.source,
                                    "age_days": age(state, now), "stale": stale(feed.name, state, now),
                                    "skipped": state.skipped, "named": state.named, "refused": state.refused,
                                })
                            },
                        );
                        (feed.name.to_owned(), value)
                    })
                    .collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.knowledge/1", "feeds": feeds}),
                )?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(out, "{:<19} {:>9}  {:<20} {:>8}  state", "feed", "records", "as of", "age")?;
                for feed in FEEDS {
                    let Some(state) =
                        states.get(feed.name).filter(|state| state.records > 0 || !state.refused.is_empty())
                    else {
                        writeln!(out, "{:<19} {:>9}  {:<20} {:>8}  never loaded", feed.name, "-", "-", "-")?;
                        continue;
                    };
                    let as_of = state.as_of.or(state.loaded).map_or("-".to_owned(), |time| {
                        Timestamp::from_parts(time.as_seconds(), 0).to_string()
                    });
                    let days = age(state, now).map_or("-".to_owned(), |days| format!("{days} d"));
                    let word = match stale(feed.name, state, now) {
                        Some(true) => "stale: load a newer one",
                        _ => "good",
                    };
                    writeln!(out, "{:<19} {:>9}  {as_of:<20} {days:>8}  {word}", feed.name, state.records)?;
                    if state.skipped > 0 {
                        writeln!(out, "{:<19} {:>9}  left out in the last load", "", state.skipped)?;
                    }
                    for refusal in &state.refused {
                        writeln!(
                            out,
                            "{:<19} refused {} from {}: {}",
                            "", refusal.time, refusal.source, refusal.why
                        )?;
                    }
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn verify(directory: &Path, common: &Common) -> anyhow::Result<Exit> {
    let store = Store::open_readonly(directory).map_err(missing)?;
    let (records, bad) = store.verify().map_err(missing)?;
    output::write(common.output.as_deref(), |out| {
        for line in &bad {
            writeln!(out, "{line}")?;
        }
        writeln!(out, "{records} records read, {} of them damaged", bad.len())?;
        Ok(())
    })?;
    Ok(if bad.is_empty() { Exit::Done } else { Exit::Partly })
}

fn bundle(directory: &Path, arguments: &BundleArguments, common: &Common) -> anyhow::Result<Exit> {
    if let Some(path) = &arguments.new_key {
        return new_key(path, common);
    }
    let Some(key) = &arguments.key else {
        return Err(Failure::usage("bundle needs --key FILE to sign with; --new-key FILE makes one"));
    };
    let Some(target) = &common.output else {
        return Err(Failure::usage("bundle needs --output FILE"));
    };
    let key = BundleKey::read(key).map_err(missing)?;
    let store = Store::open_readonly(directory).map_err(missing)?;
    let mut records = 0;
    output::write(Some(target), |out| {
        records =
            create_bundle(&store, &key, now(common), concat!("medward ", env!("CARGO_PKG_VERSION")), out)
                .map_err(missing)?;
        Ok(())
    })?;
    if !common.quiet {
        anstream::eprintln!(
            "medward: {records} records in {}. The receiver needs your .pub file in its knowledge's trusted-keys directory",
            target.display()
        );
    }
    Ok(Exit::Done)
}

fn new_key(path: &Path, common: &Common) -> anyhow::Result<Exit> {
    let mut seed = [0; 32];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom").map_err(missing)?, &mut seed)
        .map_err(missing)?;
    let key = BundleKey::from_seed(seed);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let cannot =
        |error: std::io::Error| Failure::missing(format!("cannot write {}: {error}", path.display()));
    options.open(path).map_err(cannot)?.write_all(key.secret_line().as_bytes()).map_err(cannot)?;
    let beside = path.with_extension("pub");
    std::fs::write(&beside, public_key(&key)).context("cannot write the public key")?;
    if !common.quiet {
        anstream::eprintln!(
            "medward: {} signs and stays here; {} goes to the receivers, by a way that you trust",
            path.display(),
            beside.display()
        );
    }
    Ok(Exit::Done)
}
