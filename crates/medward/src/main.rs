//! The `medward` command: subcommands and wiring only.
#![forbid(unsafe_code)]

mod asking;
mod cli;
mod clock;
mod command;
mod exit;
mod judging;
mod live;
mod output;
mod pipeline;
mod progress;
mod reading;
mod server;
mod trace;
mod work_list;

use clap::Parser;

/// Sessions and evidence are many small allocations: this allocator makes a run a fifth faster than the C library's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    let cli = cli::Cli::parse();
    let result = match &cli.command {
        cli::Command::Assess(arguments) => command::assess::run(arguments, &cli.common),
        cli::Command::Why(arguments) => command::why::run(arguments, &cli.common),
        cli::Command::Protocols(arguments) => command::protocols::run(arguments, &cli.common),
        cli::Command::Knowledge(arguments) => command::knowledge::run(arguments, &cli.common),
        cli::Command::Match(arguments) => command::inventory::run(arguments, &cli.common),
        cli::Command::Feeds(arguments) => command::feeds::run(arguments, &cli.common),
        cli::Command::Serve(arguments) => command::serve::run(arguments, &cli.common),
        cli::Command::Policy(arguments) => command::policy::run(arguments, &cli.common),
        cli::Command::Lab(arguments) => command::lab::run(arguments, &cli.common),
        cli::Command::Data(arguments) => command::stored::run(arguments, &cli.common),
        cli::Command::Sources(arguments) => command::sources::run(arguments, &cli.common),
        cli::Command::Invite(arguments) => command::invite::run(arguments, &cli.common),
        cli::Command::Targets(arguments) => command::targets::run(arguments, &cli.common),
        cli::Command::Checks(arguments) => command::checks::run(arguments, &cli.common),
        cli::Command::Shields(arguments) => command::shields::run(arguments, &cli.common),
        cli::Command::Gateway(arguments) => command::gateway::run(arguments, &cli.common),
        cli::Command::Sensor(arguments) => command::sensor::run(arguments, &cli.common),
    };
    match result {
        Ok(code) => code.into(),
        Err(error) => exit::report(&error),
    }
}
