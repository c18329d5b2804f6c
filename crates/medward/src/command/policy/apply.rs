//! `medward policy apply | confirm | status | undo`, and the dead man's switch.

use std::path::PathBuf;

use clap::Args;
use medward_enforce::{
    ApplyError, Executor, Launch, Nft, NftError, Records, Requested, RevertOutcome, Status,
};
use medward_policy::{Layer, Plan};
use serde::Serialize;

use super::facts;
use super::plan::{Family, json};
use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;

/// Where records are kept.
pub const RECORDS: &str = "/var/lib/medward/enforce";

/// What these commands share.
#[derive(Debug, Args)]
pub struct ActArguments {
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// Where it is kept what was applied, and what was there before.
    #[arg(long, value_name = "DIR", default_value = RECORDS)]
    pub records: PathBuf,
    /// The network namespace of the gateway. Default: this one.
    #[arg(long, value_name = "NAME")]
    pub netns: Option<String>,
    /// The nft program.
    #[arg(long, value_name = "PATH", default_value = "nft")]
    pub nft: PathBuf,
    /// A routed gateway, or a bridge. Default: as the plan in force says.
    #[arg(long, value_enum)]
    pub family: Option<Family>,
    /// Who does it. Default: the user.
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The target is as it was before when the time is over and nobody said `medward policy confirm`, even though\nthis program or this machine's session ended meanwhile.\n\nExamples:\n  medward policy apply plan.json --canary pumps\n  medward policy confirm\n  medward policy apply plan.json --dead-man 5m\n\nExit 1: a check vetoes it, or it does not follow what is in force; 5: nft, a right or a feature of the kernel is missing."
)]
pub struct ApplyArguments {
    /// The plan (from `medward policy plan --output`).
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Close these zones only, at first; then confirm, and apply the plan.
    #[arg(long, value_name = "ZONE")]
    pub canary: Vec<String>,
    /// Do not ask.
    #[arg(long)]
    pub yes: bool,
    /// Load over what somebody changed by hand.
    #[arg(long)]
    pub over_drift: bool,
    #[command(flatten)]
    pub act: ActArguments,
}

/// A failure of the executor with its exit code.
pub fn failure(error: impl Into<ApplyError>) -> anyhow::Error {
    match error.into() {
        error @ (ApplyError::NothingWaits | ApplyError::NothingInForce | ApplyError::ByHand(_)) => {
            Failure::usage(error.to_string())
        }
        error => Failure::missing(error.to_string()),
    }
}

/// Whether a plan was refused for what it is, rather than for what is missing here.
const fn refused(error: &ApplyError) -> bool {
    matches!(
        error,
        ApplyError::Expired(_)
            | ApplyError::MovedOn { .. }
            | ApplyError::Drifted(_)
            | ApplyError::InForce(_)
            | ApplyError::Waiting(_)
            | ApplyError::NotChecked(_)
            | ApplyError::Vetoed(_)
            | ApplyError::NotVerified(_)
            | ApplyError::TooLate
    )
}

fn executor(arguments: &ActArguments, planned: Option<Layer>) -> anyhow::Result<Executor> {
    let records = Records::open(&arguments.records).map_err(failure)?;
    let state = records.in_force().map_err(failure)?;
    let layer = arguments.family.map(Layer::from).or(planned).or(state.map(|state| state.nft.layer));
    let nft = Nft {
        program: arguments.nft.clone(),
        namespace: arguments.netns.clone(),
        layer: layer.unwrap_or_default(),
    };
    let program = std::env::current_exe().map_err(|error| {
        Failure::missing(format!("cannot find this program for the dead man's switch: {error}"))
    })?;
    let arguments = ["policy", "revert-at"].map(str::to_owned).to_vec();
    Ok(Executor { records, nft, launch: Launch { program, arguments } })
}

pub fn run(arguments: &ApplyArguments, common: &Common) -> anyhow::Result<Exit> {
    let path = &arguments.plan;
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::unreadable(format!("cannot read {}: {error}", path.display())))?;
    let mut plan =
        Plan::read(&text).map_err(|error| Failure::unreadable(format!("{}: {error}", path.display())))?;
    if !arguments.canary.is_empty() {
        plan = plan.first_part(&arguments.canary).map_err(|error| Failure::usage(error.to_string()))?;
    }
    let by = facts::who(arguments.act.by.as_deref());
    let executor = executor(&arguments.act, Some(plan.settings.layer))?;
    if !arguments.yes && !asked(&plan)? {
        return Err(Failure::usage("not applied: nobody said yes (--yes does without asking)"));
    }
    let now = common.now.unwrap_or_else(crate::clock::now);
    let request = Requested { plan: &plan, by: &by, now, over_drift: arguments.over_drift };
    let applied = match executor.apply(&request) {
        Ok(applied) => applied,
        Err(error) if refused(&error) => {
            anstream::eprintln!("medward: not applied: {error}");
            return Ok(Exit::Met);
        }
        Err(error) => return Err(failure(error)),
    };
    let words = format!(
        "{} is in force. {}\nIt is reverted at {} unless you say: medward policy confirm\n",
        applied.plan, applied.verified, applied.confirm_until
    );
    told(&arguments.act, common, "applied", &applied, &words)
}

/// Whether a person at a terminal says yes.
fn asked(plan: &Plan) -> anyhow::Result<bool> {
    use std::io::{IsTerminal as _, Write as _};
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let mut err = anstream::stderr();
    write!(err, "{}: {} devices are affected. Apply? [y/N] ", plan.id, plan.affected.len())?;
    err.flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// The dead man's switch: its task comes by standard input.
pub fn revert_at() -> anyhow::Result<Exit> {
    match medward_enforce::run_reverter(std::io::stdin().lock(), std::io::stdout().lock()).map_err(failure)? {
        RevertOutcome::Decided | RevertOutcome::Reverted => Ok(Exit::Done),
        RevertOutcome::Failed => Ok(Exit::Met),
    }
}

pub fn confirm(arguments: &ActArguments, common: &Common) -> anyhow::Result<Exit> {
    let now = common.now.unwrap_or_else(crate::clock::now);
    let plan =
        executor(arguments, None)?.confirm(&facts::who(arguments.by.as_deref()), now).map_err(failure)?;
    told(arguments, common, "confirmed", &serde_json::json!({ "plan": plan }), &format!("{plan} stays.\n"))
}

pub fn undo(arguments: &ActArguments, common: &Common) -> anyhow::Result<Exit> {
    let now = common.now.unwrap_or_else(crate::clock::now);
    let undone =
        executor(arguments, None)?.undo(&facts::who(arguments.by.as_deref()), now).map_err(failure)?;
    let there = undone.in_force.as_ref().map_or_else(|| "No plan is".to_owned(), |plan| format!("{plan} is"));
    let how = if undone.identical { "byte for byte" } else { "but not byte for byte" };
    let words = format!("{} is taken back: the table is as it was, {how}. {there} in force.\n", undone.plan);
    told(arguments, common, "undone", &undone, &words)
}

pub fn status(arguments: &ActArguments, common: &Common) -> anyhow::Result<Exit> {
    let now = common.now.unwrap_or_else(crate::clock::now);
    let status = match executor(arguments, None)?.status(now) {
        Ok(status) => status,
        Err(ApplyError::Nft(error @ (NftError::Absent(_) | NftError::NotPermitted))) => {
            return Err(Failure::missing(error.to_string()));
        }
        Err(error) => return Err(failure(error)),
    };
    told(arguments, common, "status", &status, &standing(&status))
}

fn standing(status: &Status) -> String {
    let mut text = String::new();
    match &status.in_force {
        Some(state) => {
            let confirmed = state
                .confirmed_by
                .as_ref()
                .map_or_else(|| "not confirmed".to_owned(), |who| format!("confirmed by {who}"));
            text += &format!(
                "{} is in force since {}, applied by {}, {confirmed}\n",
                state.plan, state.applied_at, state.applied_by
            );
        }
        None => text += "no plan is in force\n",
    }
    if let Some(pending) = &status.pending {
        text += &format!("{} waits: it is reverted at {} unless confirmed\n", pending.plan, pending.until);
    }
    if status.in_force.is_some() && !status.present {
        text += "the table is NOT there: apply the plan again\n";
    } else if status.drifted {
        text += "the table was CHANGED by somebody since\n";
    }
    for (until, label) in &status.ends {
        text += &format!("ends at {until}: {label}\n");
    }
    for counter in &status.counters {
        text += &format!("{:>12} packets {:>14} bytes  {}\n", counter.packets, counter.bytes, counter.name);
    }
    for entry in &status.journal {
        let detail = if entry.detail.is_empty() { String::new() } else { format!(": {}", entry.detail) };
        text += &format!("{} {} {} by {}{detail}\n", entry.time, entry.what, entry.plan, entry.by);
    }
    text
}

fn told(
    arguments: &ActArguments,
    common: &Common,
    kind: &str,
    value: &impl Serialize,
    words: &str,
) -> anyhow::Result<Exit> {
    output::write(common.output.as_deref(), |out| {
        if json(arguments.format) {
            let document = serde_json::json!({ "schema": format!("medward.policy-{kind}/1"), kind: value });
            serde_json::to_writer_pretty(&mut *out, &document)?;
            writeln!(out)?;
        } else {
            out.write_all(words.as_bytes())?;
        }
        Ok(())
    })?;
    Ok(Exit::Done)
}
