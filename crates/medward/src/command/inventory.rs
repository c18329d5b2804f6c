//! `medward match`.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use medward_export::View;
use medward_knowledge::{Inventory, read_inventory};
use medward_model::{Assessment, CaptureSummary, SCHEMA};

use crate::cli::{Common, LogLevel, MatchArguments};
use crate::command::advisory::Wanted;
use crate::command::what_if;
use crate::exit::{Exit, Failure};
use crate::work_list::WorkList;
use crate::{judging, output, reading, work_list};

/// Largest inventory file.
const LARGEST: u64 = 4 << 30;

pub fn run(arguments: &MatchArguments, common: &Common) -> anyhow::Result<Exit> {
    let catalog = Arc::new(reading::catalog(arguments.catalog.as_deref())?);
    let directory = judging::directory(arguments.knowledge.as_ref()).ok_or_else(|| {
        Failure::usage("match needs knowledge: give --knowledge DIR (filled by `medward knowledge import`)")
    })?;
    let wanted = arguments.advisory.as_deref().map(|wanted| Wanted::find(wanted, &directory)).transpose()?;
    let done = arguments.work_list.as_deref().map(WorkList::read).transpose()?;
    let mut devices = Vec::new();
    let mut exit = Exit::Done;
    for path in &arguments.inventories {
        let inventory = inventory(path)?;
        for (what, why) in inventory.skipped.iter().take(10) {
            exit = Exit::Partly;
            if !common.quiet {
                anstream::eprintln!("medward: {}: {what} {why}", path.display());
            }
        }
        if common.log_level >= LogLevel::Info && !common.quiet {
            for (column, name) in &inventory.recognised {
                anstream::eprintln!("medward: {}: column '{column}' is {name}", path.display());
            }
        }
        devices.extend(inventory.devices.into_iter().map(|mut device| {
            medward_identify::complete(&mut device.attributes, &catalog);
            device
        }));
    }
    devices.shrink_to_fit();
    devices.sort_by(|a, b| a.id.cmp(&b.id));
    let mut assessment = Assessment {
        schema: SCHEMA,
        capture: CaptureSummary::default(),
        devices,
        conversations: Vec::new(),
        findings: Vec::new(),
        hidden: Vec::new(),
        risk: Vec::new(),
        actions: Vec::new(),
        work_list: Vec::new(),
        alerts: Vec::new(),
        knowledge: std::collections::BTreeMap::new(),
    };
    // A new advisory may make more of the knowledge concern a device than concerned it before.
    let of = wanted.is_none().then_some(assessment.devices.as_slice());
    let loaded = judging::load(&directory, &catalog, of, common)?;
    let now = common.now.unwrap_or_else(crate::clock::now);
    let threads = crate::clock::threads(arguments.threads);
    match &wanted {
        Some(wanted) => {
            wanted.judge(&mut assessment, loaded, Arc::clone(&catalog), now, threads, common)?;
        }
        None => judging::judge(&mut assessment, loaded, now, threads),
    }
    work_list::apply(&mut assessment, done.as_ref());
    let model = judging::model(arguments.risk_model.as_ref())?;
    judging::weigh(&mut assessment, &catalog, &model, true, now, threads);
    if let Some(wanted) = &arguments.what_if {
        let change = judging::change(&assessment, &catalog, &model, true, now, wanted)?;
        return what_if::show(&assessment, &change, arguments.format, common).map(|()| exit);
    }
    let to_file = common.output.is_some();
    let view =
        View { colour: !to_file && output::colour(), width: if to_file { 0 } else { output::width() } };
    output::write(common.output.as_deref(), |out| {
        medward_export::write(&assessment, arguments.format.export(), &view, out)
            .context("cannot write the result")
    })?;
    Ok(judging::fail_on(&assessment, arguments.fail_on.map(Into::into), exit))
}

fn inventory(path: &Path) -> anyhow::Result<Inventory> {
    let unreadable =
        |error: &dyn std::fmt::Display| Failure::unreadable(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    } else {
        let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
        file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    }
    let name = path.file_name().map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned());
    read_inventory(&name, &bytes).map_err(|error| unreadable(&error))
}
