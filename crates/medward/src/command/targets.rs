//! `medward targets`.

use medward_policy::{Capabilities, TARGETS};
use serde_json::json;

use crate::cli::{Common, PlainFormat, TargetsArguments};
use crate::exit::Exit;
use crate::output;

pub fn run(arguments: &TargetsArguments, common: &Common) -> anyhow::Result<Exit> {
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let list: Vec<_> = TARGETS
                    .iter()
                    .map(|target| {
                        json!({
                            "name": target.name(),
                            "title": target.title(),
                            "specification": target.specification(),
                            "proven": target.proven(),
                            "capabilities": target.capabilities(),
                        })
                    })
                    .collect();
                serde_json::to_writer_pretty(
                    &mut *out,
                    &json!({"schema": "medward.targets/1", "targets": list}),
                )?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(out, "{} targets.\n", TARGETS.len())?;
                for target in TARGETS {
                    writeln!(out, "  {:<10} {}", target.name(), target.title())?;
                    writeln!(out, "  {:<10}   {}", "", able(target.capabilities()))?;
                    writeln!(out, "  {:<10}   by {}; {}", "", target.specification(), target.proven())?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}

fn able(able: Capabilities) -> String {
    let all = [
        (able.applied, "applied by Medward"),
        (able.stateful, "stateful"),
        (able.ipv6, "IPv6"),
        (able.expiry, "expiry"),
        (able.alert, "alerts"),
        (able.counters, "counters"),
        (able.rate, "rates"),
        (able.windows, "time windows"),
    ];
    let (can, cannot): (Vec<_>, Vec<_>) = all.into_iter().partition(|(able, _)| *able);
    let words = |list: Vec<(bool, &'static str)>| {
        list.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
    };
    if cannot.is_empty() { words(can) } else { format!("{}; not: {}", words(can), words(cannot)) }
}
