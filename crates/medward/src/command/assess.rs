//! `medward assess`.

use std::collections::BTreeSet;

use anyhow::Context as _;
use medward_export::{Format, View};
use medward_model::{Assessment, DeviceId};

use crate::cli::{AssessArguments, AssessFormat, Common};
use crate::exit::{Exit, Failure};
use crate::trace::Trace;
use crate::{output, reading};

pub fn run(arguments: &AssessArguments, common: &Common) -> anyhow::Result<Exit> {
    let filter = arguments
        .filter
        .as_deref()
        .map(medward_query::Query::parse)
        .transpose()
        .map_err(|error| Failure::usage(format!("--filter: {error}")))?;
    let catalog = reading::catalog(arguments.reading.catalog.as_deref())?;
    let mut trace = match &arguments.trace {
        Some(path) => {
            let file = std::fs::File::create(path)
                .map_err(|error| Failure::missing(format!("cannot write {}: {error}", path.display())))?;
            Some(Trace::new(Box::new(std::io::BufWriter::new(file))))
        }
        None => None,
    };
    let (mut assessment, exit) =
        reading::assess(&arguments.files, &arguments.reading, &catalog, common, trace.as_mut())?;
    if let Some(trace) = trace {
        trace.finish().context("cannot write the trace")?;
    }
    if let Some(query) = filter {
        keep(&mut assessment, &query, common);
    }
    let format = match arguments.format {
        AssessFormat::Text => Format::Text,
        AssessFormat::Json => Format::Json,
        AssessFormat::Jsonl => Format::Jsonl,
        AssessFormat::Csv => Format::Csv,
        AssessFormat::Html => Format::Html,
        AssessFormat::Cyclonedx => Format::Cyclonedx,
    };
    let to_file = common.output.is_some();
    let view =
        View { colour: !to_file && output::colour(), width: if to_file { 0 } else { output::width() } };
    output::write(common.output.as_deref(), |out| {
        medward_export::write(&assessment, format, &view, out).context("cannot write the result")
    })?;
    Ok(exit)
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
    assessment.conversations.retain(|c| chosen.contains(&c.originator) || chosen.contains(&c.responder));
}
