//! `medward assess`.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context as _;
use medward_export::View;
use medward_model::{Assessment, DeviceId};

use crate::cli::{AssessArguments, Common};
use crate::command::what_if;
use crate::exit::{Exit, Failure};
use crate::trace::Trace;
use crate::work_list::WorkList;
use crate::{judging, output, reading, work_list};

pub fn run(arguments: &AssessArguments, common: &Common) -> anyhow::Result<Exit> {
    let filter = arguments
        .filter
        .as_deref()
        .map(medward_query::Query::parse)
        .transpose()
        .map_err(|error| Failure::usage(format!("--filter: {error}")))?;
    let catalog = Arc::new(reading::catalog(arguments.reading.catalog.as_deref())?);
    let mut trace = match &arguments.trace {
        Some(path) => {
            let file = std::fs::File::create(path)
                .map_err(|error| Failure::missing(format!("cannot write {}: {error}", path.display())))?;
            Some(Trace::new(Box::new(std::io::BufWriter::new(file))))
        }
        None => None,
    };
    let done = arguments.work_list.as_deref().map(WorkList::read).transpose()?;
    let (mut assessment, exit) =
        reading::assess(&arguments.files, &arguments.reading, &catalog, common, trace.as_mut())?;
    if let Some(trace) = trace {
        trace.finish().context("cannot write the trace")?;
    }
    let now = common.now.or(assessment.capture.last).unwrap_or_else(crate::clock::now);
    let threads = crate::clock::threads(arguments.reading.threads);
    match judging::directory(arguments.knowledge.as_ref()) {
        Some(directory) => {
            let loaded = judging::load(&directory, &catalog, Some(&assessment.devices), common)?;
            judging::judge(&mut assessment, loaded, now, threads);
        }
        None => assessment.knowledge = judging::nothing_loaded(),
    }
    work_list::apply(&mut assessment, done.as_ref());
    let model = judging::model(arguments.risk_model.as_ref())?;
    let has_knowledge = assessment.knowledge.values().any(|feed| feed.loaded);
    judging::weigh(&mut assessment, &catalog, &model, has_knowledge, now, threads);
    if let Some(wanted) = &arguments.what_if {
        let change = judging::change(&assessment, &catalog, &model, has_knowledge, now, wanted)?;
        return what_if::show(&assessment, &change, arguments.format, common).map(|()| exit);
    }
    if let Some(query) = filter {
        keep(&mut assessment, &query, common);
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

/// Leaves the devices that match, and the conversations that one of them takes part in with their other ends.
fn keep(assessment: &mut Assessment, query: &medward_query::Query, common: &Common) {
    let now = common.now.or(assessment.capture.last).unwrap_or_default();
    let chosen: BTreeSet<DeviceId> = assessment
        .devices
        .iter()
        .filter(|device| query.matches(device, now))
        .map(|device| device.id.clone())
        .collect();
    assessment.devices.retain(|device| chosen.contains(&device.id));
    assessment.findings.retain(|finding| chosen.contains(&finding.device));
    assessment.hidden.retain(|finding| chosen.contains(&finding.device));
    assessment.risk.retain(|risk| chosen.contains(&risk.device));
    assessment.work_list.retain(|item| chosen.contains(&item.device));
    for action in &mut assessment.actions {
        action.devices.retain(|device| chosen.contains(device));
    }
    assessment.actions.retain(|action| !action.devices.is_empty());
    assessment.conversations.retain(|c| chosen.contains(&c.originator) || chosen.contains(&c.responder));
}
