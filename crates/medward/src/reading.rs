//! From files to an assessment: what `assess` and `why` share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medward_capture::Reader;
use medward_identify::{Catalog, resolve_with};
use medward_model::{Assessment, CaptureSummary, SCHEMA};

use crate::cli::{Common, LogLevel, Reading};
use crate::exit::{Exit, Failure};
use crate::pipeline::{Settings, run};
use crate::progress::Bar;
use crate::trace::Trace;

/// The built-in catalogue, with the files of a directory added.
pub fn catalog(directory: Option<&Path>) -> anyhow::Result<Catalog> {
    let Some(directory) = directory else {
        return Catalog::builtin()
            .map_err(|error| Failure::missing(format!("the built-in catalogue: {error}")));
    };
    let wrong =
        |error: &dyn std::fmt::Display| Failure::usage(format!("--catalog {}: {error}", directory.display()));
    let mut paths: Vec<PathBuf> = std::fs::read_dir(directory)
        .map_err(|error| wrong(&error))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(wrong(&"no .toml files in it"));
    }
    let mut files = Vec::new();
    for path in &paths {
        let text =
            std::fs::read_to_string(path).map_err(|error| wrong(&format!("{}: {error}", path.display())))?;
        files.push((path.display().to_string(), text));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Catalog::extended(&files).map_err(|error| wrong(&error))
}

/// Reads, dissects and identifies. The exit tells whether all of the input could be read.
pub fn assess(
    files: &[PathBuf],
    reading: &Reading,
    catalog: &Catalog,
    common: &Common,
    trace: Option<&mut Trace>,
) -> anyhow::Result<(Assessment, Exit)> {
    let mut reader = Reader::open(files, &medward_capture::Options::default())
        .map_err(|error| Failure::unreadable(error.to_string()))?;
    let settings = Settings {
        threads: reading.threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            usize::from,
        ),
        max_flows: reading.max_flows,
        max_reassembly: reading.max_reassembly.saturating_mul(1024 * 1024),
        max_evidence: reading.max_evidence,
    };
    let bar = Bar::new(reader.progress(), common.quiet);
    let outcome = run(&mut reader, &settings, trace, &mut || bar.tick());
    bar.finish();
    let names = reader.names().clone();
    let files = reader.finish();
    let mut exit = Exit::Done;
    for file in &files {
        if let Some(problem) = &file.problem {
            exit = Exit::Partly;
            if !common.quiet {
                anstream::eprintln!("medward: {}: {problem}", file.path);
            }
        }
    }
    let resolution = resolve_with(outcome.ledger, catalog, &medward_knowledge::wants);
    if common.log_level >= LogLevel::Info && !common.quiet {
        anstream::eprintln!(
            "medward: {} devices, {} conversations",
            resolution.devices.len(),
            resolution.conversations.len()
        );
    }
    let last = files.iter().filter_map(|file| file.last).max();
    let now = common.now.or(last).unwrap_or_default();
    let findings = medward_knowledge::exposures(&resolution.devices, &resolution.facts, now);
    let summary = CaptureSummary {
        packets: files.iter().map(|file| file.packets).sum(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        first: files.iter().filter_map(|file| file.first).min(),
        last: files.iter().filter_map(|file| file.last).max(),
        names,
        weirds: outcome.weirds.iter().map(|(name, count)| (name.to_owned(), count)).collect(),
        evictions: outcome.evictions.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        files,
    };
    let assessment = Assessment {
        schema: SCHEMA,
        capture: summary,
        devices: resolution.devices,
        conversations: resolution.conversations,
        findings,
        hidden: Vec::new(),
        risk: Vec::new(),
        actions: Vec::new(),
        work_list: Vec::new(),
        alerts: Vec::new(),
        knowledge: BTreeMap::new(),
    };
    Ok((assessment, exit))
}
