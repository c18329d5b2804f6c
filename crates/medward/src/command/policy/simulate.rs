//! `medward policy simulate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use medward_policy::{Fate, Meaning, Simulation, Simulator, Stages, Struck};

use super::sight::Sight;
use super::{Looking, counted, text};
use crate::cli::{Common, PlainFormat};
use crate::exit::Exit;
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy simulate policy.toml ward.pcapng\n  medward policy simulate policy.toml --data /var/lib/medward\n  medward policy simulate policy.toml ward.pcapng --fail-on clinical --format json\n\nHistory goes through the rules as if every zone enforced; with --as-written as far as each zone has come. 'May be cut' is\nwhat depends on which of its addresses a device used, on the time, or on how often."
)]
pub struct SimulateArguments {
    /// The policy; - for standard input.
    #[arg(value_name = "POLICY")]
    pub policy: PathBuf,
    /// Captures, or directories of them.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Take each zone's stage as it is written, not as if all enforced.
    #[arg(long)]
    pub as_written: bool,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// End with 1 where that would happen.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<Threshold>,
    #[command(flatten)]
    pub looking: Looking,
}

/// What must not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Something of care is cut, or may be.
    Clinical,
    /// Anything is cut.
    Cut,
    /// Anything is cut, or may be.
    PerhapsCut,
    /// Anything is cut, may be, or raises an alert.
    Alerts,
}

impl Threshold {
    fn met(self, group: &Struck) -> bool {
        match self {
            Threshold::Clinical => group.fate <= Fate::PerhapsCut && group.meaning <= Meaning::Clinical,
            Threshold::Cut => group.fate <= Fate::Cut,
            Threshold::PerhapsCut => group.fate <= Fate::PerhapsCut,
            Threshold::Alerts => group.fate <= Fate::Alerts,
        }
    }
}

pub fn run(arguments: &SimulateArguments, common: &Common) -> anyhow::Result<Exit> {
    let policy = text::policy(&arguments.policy)?;
    let sight = Sight::needed(&arguments.files, &arguments.looking, common)?;
    let (membership, ground) = sight.ground(&policy);
    let stages = if arguments.as_written { Stages::AsWritten } else { Stages::Enforced };
    let ruleset = sight.source(&policy, &ground, stages).compile();
    let mut simulator = Simulator::new(&policy, &ruleset, &membership, &sight.devices);
    sight.each(|talk| simulator.conversation(talk))?;
    let simulation = simulator.finish();
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                serde_json::to_writer_pretty(&mut *out, &simulation)?;
                writeln!(out)?;
            }
            PlainFormat::Text => told(&simulation, out)?,
        }
        Ok(())
    })?;
    let met = arguments.fail_on.is_some_and(|what| simulation.groups.iter().any(|group| what.met(group)));
    Ok(if met { Exit::Met } else { sight.exit })
}

fn told(simulation: &Simulation, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let total = simulation.total;
    write!(out, "{}: {} conversations, {} flows", simulation.policy, total.conversations, total.flows)?;
    if let (Some(first), Some(last)) = (simulation.first_seen, simulation.last_seen) {
        write!(out, ", from {first} to {last}")?;
    }
    writeln!(out)?;
    let lines = [
        ("would be cut", simulation.cut),
        ("may be cut", simulation.perhaps_cut),
        ("would pass with an alert", simulation.alerts),
        ("would pass", simulation.passes),
        ("rules do not speak of (links)", simulation.beside),
        ("no address known", simulation.undecided),
    ];
    for (what, count) in lines {
        writeln!(out, "  {:>9}  {what}", count.conversations)?;
    }
    let mut before: Option<(Fate, Meaning)> = None;
    for group in &simulation.groups {
        if before != Some((group.fate, group.meaning)) {
            before = Some((group.fate, group.meaning));
            let meaning = match group.meaning {
                Meaning::LifeSupporting => "of devices that a life may depend on",
                Meaning::Clinical => "of care",
                Meaning::Other => "other",
            };
            writeln!(out, "\n{}, {meaning}", group.fate.words())?;
        }
        one(group, out)?;
    }
    Ok(())
}

fn one(group: &Struck, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let zone = |name: &Option<String>| name.clone().unwrap_or_else(|| "no zone".to_owned());
    let [from, to] = group.devices;
    writeln!(
        out,
        "  {} to {}: {} ({}); {} of {} to {to}, last {}",
        zone(&group.from),
        zone(&group.to),
        group.service,
        group.protocol,
        counted(group.total.flows, "flow"),
        counted(from as u64, "device"),
        group.last_seen
    )?;
    let names = |ids: &[medward_model::DeviceId]| {
        let shown: Vec<&str> = ids.iter().take(3).map(|id| id.0.as_str()).collect();
        if ids.len() > 3 { format!("{} …", shown.join(" ")) } else { shown.join(" ") }
    };
    writeln!(out, "    {} to {}", names(&group.originators), names(&group.responders))?;
    writeln!(out, "    {}", group.rule.words())?;
    Ok(())
}
