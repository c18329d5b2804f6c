//! `medward shields`: what can be shielded, and how.

use std::path::PathBuf;

use clap::Args;
use medward_shield::{Config, Patches, SHIELDS, rules};
use serde_json::json;

use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward shields\n  medward shields --format json | jq '.patches[].cves'\n  medward shields --suricata --config shields.toml --output medward.rules"
)]
pub struct ShieldsArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// Write the shields of --config as rules of Suricata 7 instead.
    #[arg(long, requires = "config")]
    pub suricata: bool,
    /// What is protected, and who may do what (TOML, schema medward.shields/1).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

pub fn run(arguments: &ShieldsArguments, common: &Common) -> anyhow::Result<Exit> {
    if let (true, Some(path)) = (arguments.suricata, &arguments.config) {
        let place = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::unreadable(format!("{place}: {error}")))?;
        let config = Config::read(&text).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        output::write(common.output.as_deref(), |out| Ok(write!(out, "{}", rules(&config.scopes))?))?;
        return Ok(Exit::Done);
    }
    let patches = Patches::builtin()?;
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let shields: Vec<_> = SHIELDS
                    .iter()
                    .map(|shield| {
                        json!({
                            "name": shield.name,
                            "title": shield.title,
                            "stops": shield.stops,
                            "effect": shield.effect,
                            "asks": shield.asks,
                        })
                    })
                    .collect();
                let patches: Vec<_> = patches.iter().collect();
                let document =
                    json!({"schema": "medward.shield-list/1", "shields": shields, "patches": patches});
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                writeln!(out, "{} shields:\n", SHIELDS.len())?;
                for shield in SHIELDS {
                    writeln!(out, "  {:<22} {}", shield.name, shield.stops)?;
                    writeln!(out, "  {:<22}   care: {}", "", shield.effect)?;
                    writeln!(out, "  {:<22}   asks for: {}", "", shield.asks.join(", "))?;
                }
                writeln!(out, "\n{} virtual patches:\n", patches.iter().count())?;
                for patch in patches.iter() {
                    let guess = if patch.guess { " (concluded, not stated by the source)" } else { "" };
                    writeln!(out, "  {}: {}{guess}", patch.id, patch.title)?;
                    writeln!(out, "    shields: {}", patch.shields.join(", "))?;
                    let known: Vec<&str> =
                        patch.advisories.iter().chain(&patch.cves).map(String::as_str).collect();
                    if !known.is_empty() {
                        writeln!(out, "    for: {}", known.join(", "))?;
                    }
                    for (key, what) in &patch.parameters {
                        writeln!(out, "    {key}: {what}")?;
                    }
                    writeln!(out, "    care: {}", patch.effect)?;
                    writeln!(out, "    remains: {}", patch.remains)?;
                    writeln!(out, "    source: {}", patch.source)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
