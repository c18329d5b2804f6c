//! `medward policy learn`.

use std::path::PathBuf;

use clap::Args;
use medward_policy::{Learned, Learning, Mud, Peers, Superfluous, UsualPorts};

use super::sight::{Kinds, Sight};
use super::{Looking, counted, text};
use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy learn ward.pcapng > policy.toml\n  medward policy learn --data /var/lib/medward --name 'Ward 3' --output policy.toml\n  medward policy learn ward.pcapng --mud ip-camera=camera.json > policy.toml\n\nThe policy is for people to review: nothing is enforced by it. What was seen and is not allowed stands on standard error,\nwith its cause and the lines that would allow it; with --format json in the document."
)]
pub struct LearnArguments {
    /// Captures, directories of them, or - for standard input.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the policy is to be called.
    #[arg(long, value_name = "NAME", default_value = "learned")]
    pub name: String,
    /// Add what a maker says that the devices of a zone need (MUD, RFC 8520).
    #[arg(long, value_name = "ZONE=FILE")]
    pub mud: Vec<String>,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    #[command(flatten)]
    pub looking: Looking,
}

pub fn run(arguments: &LearnArguments, common: &Common) -> anyhow::Result<Exit> {
    let sight = Sight::needed(&arguments.files, &arguments.looking, common)?;
    let conversations = sight.conversations()?;
    let mut learned = Learned::from(&Learning {
        name: &arguments.name,
        devices: &sight.devices,
        conversations: &conversations,
        categories: &Kinds(&sight.catalog),
        ports: &UsualPorts,
        now: sight.now,
    });
    for (zone, mud) in descriptions(&arguments.mud)? {
        if learned.policy.zone(&zone).is_none() {
            let names: Vec<&str> = learned.policy.zones.iter().map(|zone| zone.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "--mud: no zone is called '{zone}'. There are: {}",
                names.join(", ")
            )));
        }
        let (conduits, notes) = mud.conduits(&learned.policy, &zone, &Peers::default());
        for note in mud.notes.iter().chain(&notes).filter(|_| !common.quiet) {
            anstream::eprintln!("medward: {}: {}: {}", mud.url, note.path, note.text);
        }
        learned.policy.conduits.extend(conduits);
    }
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Text => write!(out, "{}", learned.policy.text())?,
            PlainFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &learned)?;
                writeln!(out)?;
            }
        }
        Ok(())
    })?;
    if arguments.format == PlainFormat::Text && !common.quiet {
        apart(&learned, &mut anstream::stderr().lock())?;
    }
    Ok(sight.exit)
}

/// The usage descriptions of `ZONE=FILE`.
pub fn descriptions(given: &[String]) -> anyhow::Result<Vec<(String, Mud)>> {
    let read = given.iter().map(|word| {
        let (zone, file) =
            word.split_once('=').ok_or_else(|| Failure::usage(format!("--mud {word}: give ZONE=FILE")))?;
        let mud = Mud::read(&text::read(file.as_ref())?)
            .map_err(|error| Failure::unreadable(format!("{file}: {error}")))?;
        Ok((zone.to_owned(), mud))
    });
    read.collect()
}

/// What is superfluous, for people.
fn apart(learned: &Learned, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let policy = &learned.policy;
    writeln!(
        out,
        "medward: {} zones, {} conduits, {} invariants; {} devices are in no zone",
        policy.zones.len(),
        policy.conduits.len(),
        policy.invariants.len(),
        learned.unplaced
    )?;
    if learned.superfluous.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nSeen, and not allowed by the policy:")?;
    let mut cause = None;
    for item in &learned.superfluous {
        if cause != Some(item.cause) {
            cause = Some(item.cause);
            writeln!(out, "\n  {}", item.cause.words())?;
        }
        one(item, out)?;
    }
    writeln!(out)?;
    Ok(())
}

fn one(item: &Superfluous, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let services: Vec<String> = item.services.iter().map(ToString::to_string).collect();
    let [from, to] = item.devices;
    writeln!(
        out,
        "    {} to {}: {} ({}); {} of {} to {to}",
        item.from,
        item.to,
        services.join(", "),
        item.protocols.join(", "),
        counted(item.flows, "flow"),
        counted(from as u64, "device"),
    )?;
    // On one line, as TOML may be read.
    let allow: Vec<&str> = item.allow.lines().filter(|line| !line.is_empty()).collect();
    writeln!(out, "      allow it: {}", allow.join("; "))?;
    Ok(())
}
