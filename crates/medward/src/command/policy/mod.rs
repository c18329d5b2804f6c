//! `medward policy`: what may talk to what, learned, checked, tried on history and proven.

mod check;
mod existing;
mod learn;
mod prove;
mod sight;
mod simulate;
mod stored;
mod text;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{Common, Reading};
use crate::exit::Exit;

/// `medward policy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy learn ward.pcapng > policy.toml\n  medward policy check policy.toml ward.pcapng\n  medward policy simulate policy.toml ward.pcapng\n  medward policy prove policy.toml ward.pcapng\n\nNothing here changes the network."
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
    }
}

/// A number of things in words.
fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
