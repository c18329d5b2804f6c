//! `medward policy prove`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use medward_policy::{Addresses, Note, Passing, Proof, Prover, Ruleset, Stages, Standing, network};
use serde_json::json;

use super::existing::{self, Dialect};
use super::sight::Sight;
use super::{Looking, text};
use crate::cli::{Common, PlainFormat};
use crate::exit::{Exit, Failure};
use crate::output;

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy prove policy.toml ward.pcapng\n  medward policy prove policy.toml --data /var/lib/medward --fail-on fails\n  medward policy prove --existing rules.txt --dialect nft\n  medward policy prove --existing acl.txt --dialect cisco --from 10.99.0.0/16 --to 10.20.0.0/24\n  medward policy prove policy.toml ward.pcapng --existing rules.json --dialect nft-json\n\nEvery address, protocol and port is looked at. Zones hold the addresses of the devices that were seen: without captures and\nwithout a monitor, only networks. With --existing the policy's invariants are asked of those rules; --existing alone tells\nwhat they let through today."
)]
pub struct ProveArguments {
    /// The policy; - for standard input.
    #[arg(value_name = "POLICY", required_unless_present = "existing")]
    pub policy: Option<PathBuf>,
    /// Captures, or directories of them.
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Rules that stand somewhere today.
    #[arg(long, value_name = "RULES")]
    pub existing: Option<PathBuf>,
    /// How these are written; guessed where it is not said.
    #[arg(long, value_enum, requires = "existing", value_name = "DIALECT")]
    pub dialect: Option<Dialect>,
    /// What do they let through from this network? (with --existing)
    #[arg(long, requires = "existing", value_name = "NETWORK")]
    pub from: Option<String>,
    /// And to this one? (with --existing)
    #[arg(long, requires = "existing", value_name = "NETWORK")]
    pub to: Option<String>,
    /// Take each zone's stage as it is written, not as if all enforced.
    #[arg(long)]
    pub as_written: bool,
    #[arg(long, short, value_enum, default_value_t = PlainFormat::Text)]
    pub format: PlainFormat,
    /// End with 1 where an answer is at least that bad.
    #[arg(long, value_enum, value_name = "STANDING")]
    pub fail_on: Option<Threshold>,
    #[command(flatten)]
    pub looking: Looking,
}

/// How bad an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// Something does not hold.
    Fails,
    /// Something does not hold, or may not.
    MayFail,
    /// The same, or a rule is needless.
    Needless,
}

impl Threshold {
    fn met(self, standing: Standing) -> bool {
        standing
            <= match self {
                Threshold::Fails => Standing::Fails,
                Threshold::MayFail => Standing::MayFail,
                Threshold::Needless => Standing::Needless,
            }
    }
}

/// What a rule set that stands somewhere lets through.
struct Today {
    ruleset: Ruleset,
    passing: Passing,
    proof: Proof,
}

pub fn run(arguments: &ProveArguments, common: &Common) -> anyhow::Result<Exit> {
    let policy = arguments.policy.as_deref().map(text::policy).transpose()?;
    let existing =
        arguments.existing.as_deref().map(|path| existing::read(path, arguments.dialect)).transpose()?;
    let from = side("--from", arguments.from.as_deref())?;
    let to = side("--to", arguments.to.as_deref())?;
    let looked = Sight::of(&arguments.files, &arguments.looking, common)?;
    let sight = match looked {
        Some(sight) => sight,
        None => Sight::nothing(common)?,
    };
    let stages = if arguments.as_written { Stages::AsWritten } else { Stages::Enforced };
    let ground = policy.as_ref().map(|policy| sight.ground(policy).1);
    let source =
        policy.as_ref().zip(ground.as_ref()).map(|(policy, ground)| sight.source(policy, ground, stages));
    let mut proofs = Vec::new();
    let mut today = Vec::new();
    match existing {
        None => {
            if let Some(source) = &source {
                let ruleset = source.compile();
                proofs.push(Prover::new(&ruleset).prove(source));
            }
        }
        Some(rulesets) => {
            for ruleset in rulesets {
                let mut prover = Prover::new(&ruleset);
                let mut answers = prover.rules();
                if let Some(source) = &source {
                    let asked = source.policy.invariants.iter();
                    answers.extend(asked.map(|invariant| prover.invariant(source, invariant)));
                }
                let (passing, proof) = (prover.passing(&from, &to), prover.proof(answers));
                today.push(Today { ruleset, passing, proof });
            }
        }
    }
    output::write(common.output.as_deref(), |out| {
        match arguments.format {
            PlainFormat::Json => {
                let today: Vec<_> = today
                    .iter()
                    .map(|today| {
                        json!({
                            "name": today.ruleset.name,
                            "default": today.ruleset.default,
                            "stateful": today.ruleset.stateful,
                            "passing": today.passing,
                            "proof": today.proof,
                        })
                    })
                    .collect();
                let document =
                    json!({"schema": "medward.policy-proof/1", "proofs": proofs, "existing": today});
                serde_json::to_writer_pretty(&mut *out, &document)?;
                writeln!(out)?;
            }
            PlainFormat::Text => {
                proofs.iter().try_for_each(|proof| told(proof, out))?;
                for today in &today {
                    writeln!(out, "{}", today.passing.sentence)?;
                    told(&today.proof, out)?;
                }
            }
        }
        Ok(())
    })?;
    let all = proofs.iter().chain(today.iter().map(|today| &today.proof));
    let met = arguments
        .fail_on
        .is_some_and(|least| all.flat_map(|proof| &proof.answers).any(|answer| least.met(answer.standing)));
    Ok(if met { Exit::Met } else { sight.exit })
}

/// A network, or any address.
fn side(option: &str, text: Option<&str>) -> anyhow::Result<Addresses> {
    let Some(text) = text else { return Ok(Addresses::all()) };
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    let address: Option<IpAddr> = address.parse().ok();
    let read = address.and_then(|address| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = if prefix.is_empty() { most } else { prefix.parse::<u8>().ok()? };
        (prefix <= most).then(|| network(address, prefix))
    });
    read.ok_or_else(|| Failure::usage(format!("{option}: '{text}' is no network like 10.20.0.0/16")))
}

fn told(proof: &Proof, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let stands = if proof.holds { "holds" } else { "does not hold" };
    let bound = if proof.exact { "" } else { ", as far as was understood" };
    writeln!(out, "{}: {} rules; {stands}{bound}", proof.ruleset, proof.rules)?;
    for answer in &proof.answers {
        let mark = match answer.standing {
            Standing::Fails => "FAILS    ",
            Standing::MayFail => "MAY FAIL ",
            Standing::Needless => "needless ",
            Standing::Vacuous => "nothing  ",
            Standing::Holds => "holds    ",
        };
        let line = if answer.line == 0 { String::new() } else { format!("line {}: ", answer.line) };
        writeln!(out, "  {mark}{line}{}", answer.sentence)?;
        if let Some(reason) = answer.reason.as_ref().filter(|_| !answer.holds()) {
            writeln!(out, "             it was asked because: {reason}")?;
        }
    }
    for Note { line, text, widens } in &proof.notes {
        let line = if *line == 0 { String::new() } else { format!("line {line}: ") };
        let mark = if *widens { "bound    " } else { "note     " };
        writeln!(out, "  {mark}{line}{text}")?;
    }
    Ok(())
}
