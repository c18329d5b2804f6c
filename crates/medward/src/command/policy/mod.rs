//! `medward policy`: one file a subcommand.

mod apply;
mod facts;
mod plan;
mod told;

use clap::{Args, Subcommand};

use crate::cli::Common;
use crate::exit::Exit;

#[derive(Debug, Args)]
pub struct PolicyArguments {
    #[command(subcommand)]
    pub command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
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

pub fn run(arguments: &PolicyArguments, common: &Common) -> anyhow::Result<Exit> {
    match &arguments.command {
        PolicyCommand::Plan(arguments) => plan::run(arguments, common),
        PolicyCommand::Apply(arguments) => apply::run(arguments, common),
        PolicyCommand::Confirm(arguments) => apply::confirm(arguments, common),
        PolicyCommand::Status(arguments) => apply::status(arguments, common),
        PolicyCommand::Undo(arguments) => apply::undo(arguments, common),
        PolicyCommand::RevertAt => apply::revert_at(),
    }
}
