//! `medward policy`: what may talk to what, learned, checked, tried on history, proven, planned and put in force.

mod apply;
mod check;
mod existing;
mod facts;
mod learn;
mod plan;
mod prove;
mod sight;
mod simulate;
mod stored;
mod text;
mod told;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{Common, Reading};
use crate::exit::Exit;

/// `medward policy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy learn ward.pcapng > policy.toml\n  medward policy check policy.toml ward.pcapng\n  medward policy simulate policy.toml ward.pcapng\n  medward policy prove policy.toml ward.pcapng\n  medward policy plan policy.toml ward.pcapng --target nftables --output plan.json\n  medward policy apply plan.json\n\nOnly apply, confirm and undo change anything."
)]
pub struct PolicyArguments {
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// What to do with a policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// From what was seen to a policy to review; what is superfluous is told apart, on standard error.
    Learn(learn::LearnArguments),
    /// What is odd about a policy.
    Check(check::CheckArguments),
    /// What a policy would have done to what was seen.
    Simulate(simulate::SimulateArguments),
    /// Whether a policy does what it says, for every packet; or what existing rules let through today.
    Prove(prove::ProveArguments),
    /// A policy and what was seen in; what would be done at a target, checked, out.
    Plan(Box<plan::PlanArguments>),
    /// Applies a plan; the target reverts by itself unless somebody confirms in time.
    Apply(apply::ApplyArguments),
    /// The plan that was applied stays.
    Confirm(apply::ActArguments),
    /// What is in force, what it counted, what ends, what waits.
    Status(apply::ActArguments),
    /// Takes back the plan in force: the target is as it was before.
    Undo(apply::ActArguments),
    /// The dead man's switch; started by `apply`.
    #[command(hide = true)]
    RevertAt,
}

/// Where devices and conversations are known from, beside captures.
#[derive(Debug, Args)]
pub struct Looking {
    /// Take what a monitor stored in this directory.
    #[arg(long, value_name = "DIR", conflicts_with = "database")]
    pub data: Option<PathBuf>,
    /// Take what a monitor stored in PostgreSQL (postgres://user@host/database).
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    #[command(flatten)]
    pub reading: Reading,
}

pub fn run(arguments: &PolicyArguments, common: &Common) -> anyhow::Result<Exit> {
    match &arguments.command {
        PolicyCommand::Learn(arguments) => learn::run(arguments, common),
        PolicyCommand::Check(arguments) => check::run(arguments, common),
        PolicyCommand::Simulate(arguments) => simulate::run(arguments, common),
        PolicyCommand::Prove(arguments) => prove::run(arguments, common),
        PolicyCommand::Plan(arguments) => plan::run(arguments, common),
        PolicyCommand::Apply(arguments) => apply::run(arguments, common),
        PolicyCommand::Confirm(arguments) => apply::confirm(arguments, common),
        PolicyCommand::Status(arguments) => apply::status(arguments, common),
        PolicyCommand::Undo(arguments) => apply::undo(arguments, common),
        PolicyCommand::RevertAt => apply::revert_at(),
    }
}

/// A number of things in words.
fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
