//! `medward checks`.

use medward_policy::{CHECKS, Level};
use serde_json::json;

use crate::cli::{ChecksArguments, Common, PlainFormat};
use crate::exit::Exit;
use crate::output;

pub fn run(arguments: &ChecksArguments, common: &Common) -> anyhow::Result<Exit> {
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let list: Vec<_> = CHECKS
                    .iter()
                    .map(|check| {
                        json!({ "name": check.name(), "about": check.about(), "gravest": check.gravest() })
                    })
                    .collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.checks/1", "checks": list}),
                )?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(out, "{} checks look at every plan.\n", CHECKS.len())?;
                for check in CHECKS {
                    let may = if check.gravest() == Level::Veto { "may veto" } else { "may warn" };
                    writeln!(out, "  {:<16} {may}: {}", check.name(), check.about())?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
