//! `--what-if`: what an action would change.

use medward_model::{Assessment, Attribute};
use medward_risk::Change;
use serde_json::json;

use crate::cli::{AssessFormat, Common};
use crate::output;

/// Most devices that are named in text.
const NAMED: usize = 12;

/// Shows the change, as JSON where that is asked for, else as text.
pub fn show(
    assessment: &Assessment,
    change: &Change,
    format: AssessFormat,
    common: &Common,
) -> anyhow::Result<()> {
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    output::write(common.output.as_deref(), |out| {
        if matches!(format, AssessFormat::Json | AssessFormat::Jsonl) {
            let devices: Vec<_> = change
                .devices
                .iter()
                .map(|(id, before, after)| json!({"device": id, "before": tenth(*before), "after": tenth(*after)}))
                .collect();
            let document = json!({
                "schema": "medward.what-if/1", "action": change.action, "devices": devices,
                "before": tenth(change.before), "after": tenth(change.after),
            });
            serde_json::to_writer_pretty(&mut *out, &document)?;
            writeln!(out)?;
            return Ok(());
        }
        writeln!(out, "{}", change.action.title)?;
        writeln!(out, "{}\n", change.action.reason)?;
        writeln!(
            out,
            "Takes {:.1} of {:.1} points of risk away, for about {:.1} hours of work.\n",
            change.before - change.after,
            change.before,
            change.action.effort
        )?;
        for (id, before, after) in change.devices.iter().take(NAMED) {
            let device = assessment.devices.iter().find(|device| device.id == *id);
            let name = device.map_or_else(String::new, |device| {
                [Attribute::Vendor, Attribute::Model, Attribute::Serial]
                    .into_iter()
                    .filter_map(|attribute| device.value(attribute))
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            writeln!(out, "  {id}  {before:5.1} to {after:5.1}  {name}")?;
        }
        if change.devices.len() > NAMED {
            writeln!(out, "  … and {} more", change.devices.len() - NAMED)?;
        }
        Ok(())
    })
}
