//! `medward gateway`: verdicts in line, over NFQUEUE.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use medward_gateway::{Gate, install_rules};
use medward_policy::Fail;
use medward_shield::Config;

use super::until_asked;
use crate::cli::Common;
use crate::exit::{Exit, Failure};

#[derive(Debug, Args)]
#[command(
    after_help = "Where it stands: on the router or bridge between devices and the rest, as root or with CAP_NET_ADMIN. At its start it \
prints the rules that hand packets over; install those, or run it with --print-rules first.\n\n\
Open or closed: a rule with --queue-bypass lets packets pass while no gateway listens: a scope that fails open is never cut by a gateway \
that is away or restarts. A scope that fails closed gets rules without it: while no gateway listens, nothing passes. On a bridge, set \
net.bridge.bridge-nf-call-iptables=1.\n\n\
What it writes: a JSON line for each refusal on standard output (or --output), and the sums at the end. No patient's data, no values \
that were to be set.\n\n\
Examples:\n  medward gateway --queue 3 --config shields.toml --print-rules | sh\n  medward gateway --queue 3 --config shields.toml"
)]
pub struct GatewayArguments {
    /// Number of the queue.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub queue: u16,
    /// What is protected, and who may do what (TOML, schema medward.shields/1).
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// What happens to what cannot be judged, where a scope does not say.
    #[arg(long, value_enum, value_name = "WAY", default_value_t = FailWay::Open)]
    pub fail: FailWay,
    /// Only print the rules to install.
    #[arg(long)]
    pub print_rules: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailWay {
    /// It passes.
    Open,
    /// It does not pass.
    Closed,
}

pub fn run(arguments: &GatewayArguments, common: &Common) -> anyhow::Result<Exit> {
    let place = arguments.config.display();
    let text = std::fs::read_to_string(&arguments.config)
        .map_err(|error| Failure::unreadable(format!("{place}: {error}")))?;
    let mut config = Config::read(&text).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
    config.fail(if arguments.fail == FailWay::Closed { Fail::Closed } else { Fail::Open });
    let rules = install_rules(&config, arguments.queue);
    if arguments.print_rules {
        let add = rules.split("\n\n").next().unwrap_or_default();
        crate::output::write(common.output.as_deref(), |out| Ok(writeln!(out, "{add}")?))?;
        return Ok(Exit::Done);
    }
    let log: Box<dyn std::io::Write + Send> = match &common.output {
        Some(path) => {
            Box::new(std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = Arc::new(AtomicBool::new(false));
    let gate =
        Gate::open(arguments.queue, config, log).map_err(|error| Failure::missing(error.to_string()))?;
    if !common.quiet {
        let (add, remove) = rules.split_once("\n\n").unwrap_or((&rules, ""));
        anstream::eprintln!(
            "Judging queue {}. To hand packets over:\n{add}\nTo take that away:\n{}",
            arguments.queue,
            remove.trim_end()
        );
    }
    let failure = runtime.block_on(async {
        let signal = until_asked(Arc::clone(&asked));
        tokio::pin!(signal);
        loop {
            tokio::select! {
                () = &mut signal => return None,
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
            if asked.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(failure) = gate.failure() {
                return Some(failure);
            }
        }
    });
    let summary = gate.close()?;
    if let Some(failure) = failure {
        return Err(Failure::missing(failure.to_string()));
    }
    if !common.quiet {
        anstream::eprintln!(
            "{} packets, {} requests judged, {} refused; half of the verdicts within {} us, 99 of 100 within {} us",
            summary.packets,
            summary.judged,
            summary.refused,
            summary.half_us,
            summary.p99_us
        );
    }
    Ok(Exit::Done)
}
