//! JSON lines: the objects of the JSON document, one a line, each with its `type`: `capture` (which also carries the
//! schema), `device`, `conversation`, `finding`, `hidden`, `risk`, `action`, `work-item`, `alert`, `knowledge` (which names its `feed`), in this order.

use std::io::Write;

use medward_model::{Assessment, CaptureSummary, FeedState};
use serde::Serialize;

use crate::WriteError;

#[derive(Serialize)]
struct Line<T: Serialize> {
    r#type: &'static str,
    #[serde(flatten)]
    body: T,
}

#[derive(Serialize)]
struct Capture<'a> {
    schema: &'a str,
    #[serde(flatten)]
    summary: &'a CaptureSummary,
}

#[derive(Serialize)]
struct Knowledge<'a> {
    feed: &'a str,
    #[serde(flatten)]
    state: &'a FeedState,
}

/// Writes one line for the capture, and one for each object.
pub(crate) fn write(assessment: &Assessment, out: &mut dyn Write) -> Result<(), WriteError> {
    let capture = Capture { schema: assessment.schema, summary: &assessment.capture };
    line(out, "capture", capture)?;
    for device in &assessment.devices {
        line(out, "device", device)?;
    }
    for conversation in &assessment.conversations {
        line(out, "conversation", conversation)?;
    }
    for finding in &assessment.findings {
        line(out, "finding", finding)?;
    }
    for hidden in &assessment.hidden {
        line(out, "hidden", hidden)?;
    }
    for risk in &assessment.risk {
        line(out, "risk", risk)?;
    }
    for action in &assessment.actions {
        line(out, "action", action)?;
    }
    for item in &assessment.work_list {
        line(out, "work-item", item)?;
    }
    for alert in &assessment.alerts {
        line(out, "alert", alert)?;
    }
    for (feed, state) in &assessment.knowledge {
        line(out, "knowledge", Knowledge { feed, state })?;
    }
    Ok(())
}

fn line<T: Serialize>(out: &mut dyn Write, r#type: &'static str, body: T) -> Result<(), WriteError> {
    serde_json::to_writer(&mut *out, &Line { r#type, body })?;
    out.write_all(b"\n")?;
    Ok(())
}
