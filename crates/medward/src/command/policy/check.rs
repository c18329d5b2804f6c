//! `medward policy check`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use medward_model::{DeviceId, Scope};
use medward_policy::{
    Allowed, Belief, Code, Concern, Declared, MudNote, Peers, Prover, Stages, Weight, check,
};
use serde_json::json;

use super::learn::descriptions;
use super::sight::Sight;
use super::{Looking, text};
use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy check policy.toml\n  medward policy check policy.toml ward.pcapng --fail-on warning\n  medward policy check policy.toml --data /var/lib/medward --format json\n  medward policy check policy.toml ward.pcapng --mud ip-camera=camera.json\n\nWithout captures and without a monitor only the text is looked at. With --mud the zone's declared, seen and allowed traffic\nstands side by side. Exit 4: the policy cannot be read; its mistakes are shown where they stand."
)]
pub struct CheckArguments {
    /// The policy; - for standard input.
    #[arg(value_name = "POLICY")]
    pub policy: PathBuf,
    /// Captures, or directories of them.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Hold what was seen and what is allowed against what a maker says (MUD, RFC 8520).
    #[arg(long, value_name = "ZONE=FILE")]
    pub mud: Vec<String>,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// End with 1 where something at least that grave is found.
    #[arg(long, value_enum, value_name = "WEIGHT")]
    pub fail_on: Option<Threshold>,
    #[command(flatten)]
    pub looking: Looking,
}

/// How grave a concern must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Threshold {
    Error,
    Warning,
    Note,
}

const fn rank(weight: Weight) -> Threshold {
    match weight {
        Weight::Error => Threshold::Error,
        Weight::Warning => Threshold::Warning,
        Weight::Note => Threshold::Note,
    }
}

pub fn run(arguments: &CheckArguments, common: &Common) -> anyhow::Result<Exit> {
    let policy = text::policy(&arguments.policy)?;
    let looked = Sight::of(&arguments.files, &arguments.looking, common)?;
    let blind = looked.is_none();
    let sight = match looked {
        Some(sight) => sight,
        None => Sight::nothing(common)?,
    };
    let (mut membership, ground) = sight.ground(&policy);
    // Addresses of groups are no devices that somebody should place.
    let groups: BTreeSet<&DeviceId> = sight
        .devices
        .iter()
        .filter(|device| device.scope == Scope::Multicast)
        .map(|device| &device.id)
        .collect();
    membership.0.retain(|seat| seat.belief != Belief::Unknown || !groups.contains(&seat.device));
    let source = sight.source(&policy, &ground, Stages::AsWritten);
    let conversations = if blind { None } else { Some(sight.conversations()?) };
    let mut concerns: Vec<Concern> = check(&source, &membership, conversations.as_deref());
    if blind {
        // Zones hold nothing where nobody looked.
        concerns.retain(|concern| concern.code != Code::ZoneEmpty);
    }
    let mut tables: Vec<Declared> = Vec::new();
    let mut notes: Vec<MudNote> = Vec::new();
    let intended = sight.source(&policy, &ground, Stages::Enforced);
    let ruleset = intended.compile();
    for (zone, mud) in descriptions(&arguments.mud)? {
        if policy.zone(&zone).is_none() {
            return Err(Failure::usage(format!("--mud: no zone is called '{zone}'")));
        }
        let (mut conduits, unplaced) = mud.conduits(&policy, &zone, &Peers::default());
        notes.extend(mud.notes.into_iter().chain(unplaced));
        conduits.extend(policy.conduits.iter().cloned());
        let mut prover = Prover::new(&ruleset);
        let seen = conversations.as_deref().unwrap_or_default();
        tables.push(Declared::of(&zone, &conduits, &intended, &mut prover, &membership, seen));
    }
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let document = json!({
                    "schema": "medward.policy-check/1",
                    "policy": policy.name,
                    "zones": policy.zones.len(),
                    "conduits": policy.conduits.len(),
                    "devices": sight.devices.len(),
                    "concerns": concerns,
                    "declared": tables,
                    "notes": notes,
                });
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                let name = arguments.policy.display();
                for concern in &concerns {
                    let weight = match concern.weight {
                        Weight::Error => "error",
                        Weight::Warning => "warning",
                        Weight::Note => "note",
                    };
                    match concern.line {
                        0 => writeln!(out, "{name}: {weight}: {}", concern.text)?,
                        line => writeln!(out, "{name}:{line}: {weight}: {}", concern.text)?,
                    }
                }
                let count = |weight| concerns.iter().filter(|concern| concern.weight == weight).count();
                writeln!(
                    out,
                    "{name}: {} zones, {} conduits; {} errors, {} warnings, {} notes",
                    policy.zones.len(),
                    policy.conduits.len(),
                    count(Weight::Error),
                    count(Weight::Warning),
                    count(Weight::Note)
                )?;
                tables.iter().try_for_each(|table| declared(table, out))?;
                for note in &notes {
                    writeln!(out, "{}: {}", note.path, note.text)?;
                }
            }
        }
        Ok(())
    })?;
    let met =
        arguments.fail_on.is_some_and(|least| concerns.iter().any(|concern| rank(concern.weight) <= least));
    Ok(if met { Exit::Met } else { sight.exit })
}

/// Declared, seen and allowed, side by side.
fn declared(table: &Declared, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    writeln!(out, "\n{}: declared, seen, allowed", table.zone)?;
    for row in &table.rows {
        let by: Vec<&str> = row.declared_by.iter().map(|by| by.name()).collect();
        let allowed = match row.allowed {
            Allowed::All => "allowed",
            Allowed::Some => "allowed in part",
            Allowed::Nothing => "cut",
            Allowed::Unknown => "no address known",
        };
        let by = if by.is_empty() { "not declared".to_owned() } else { format!("by {}", by.join(", ")) };
        let seen = if row.flows == 0 { "not seen".to_owned() } else { format!("seen {} times", row.flows) };
        let service = row.service.as_ref().map_or_else(|| "any".to_owned(), ToString::to_string);
        writeln!(out, "  {} to {}, {service}: {by}; {seen}; {allowed}", row.from, row.to)?;
    }
    Ok(())
}
