//! `medward policy plan`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use medward_enforce::Records;
use medward_model::{Day, DeviceId};
use medward_policy::{
    Clock, Consent, Draft, Ground, Layer, Level, Limits, Membership, Path, Plan, Settings, Situation, Source,
    Stages, UsualPorts, Window, target,
};

use super::{facts, told};
use crate::cli::{Common, PlainFormat, Reading};
use crate::exit::{Exit, Failure};
use crate::{output, reading};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward policy plan ward.toml ward.pcapng\n  medward policy plan ward.toml ward.pcapng --output plan.json --manage 10.0.0.5,10.20.0.1,tcp/22\n  medward policy plan ward.toml ward.pcapng --target cisco-acl --format artefact\n\nWithout captures only zones that name networks hold anything, and checks say what they were not told.\nA plan with a veto is written all the same, and not applied."
)]
pub struct PlanArguments {
    /// The policy (TOML).
    #[arg(value_name = "POLICY")]
    pub policy: PathBuf,
    /// Captures that show the devices and what they talk (see `medward assess`).
    #[arg(value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What enforces it (see `medward targets`).
    #[arg(long, value_name = "TARGET", default_value = "nftables")]
    pub target: String,
    /// A routed gateway, or a bridge.
    #[arg(long, value_enum, default_value_t = Family::Inet)]
    pub family: Family,
    /// How far the clock of the place is before UTC, for time windows.
    #[arg(long, value_name = "+HH:MM", default_value = "Z", value_parser = facts::offset, allow_hyphen_values = true)]
    pub utc_offset: i16,
    /// Text for people, the plan as JSON (with --output the default), or what the target reads.
    #[arg(long, short, value_enum)]
    pub format: Option<PlanFormat>,
    /// Where the plan in force is kept (see `medward policy apply`).
    #[arg(long, value_name = "DIR", default_value = super::apply::RECORDS)]
    pub records: PathBuf,
    /// How long the plan may be applied.
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = facts::seconds)]
    pub valid: u32,
    /// How long somebody has to confirm it before the target reverts.
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = facts::seconds)]
    pub dead_man: u32,
    /// A way that must stay open: FROM,TO,SERVICE, such as 10.0.0.5,10.20.0.1,tcp/22.
    #[arg(long, value_name = "FROM,TO,SERVICE", value_parser = facts::path)]
    pub manage: Vec<Path>,
    /// When changes may be made, such as 'sat,sun 02:00-05:00'.
    #[arg(long, value_name = "WINDOW")]
    pub change_window: Option<Window>,
    /// Somebody's word that devices in use and life-supporting ones may be touched, with --because.
    #[arg(long, value_name = "WHO", requires = "because")]
    pub consent: Option<String>,
    /// Why they may be.
    #[arg(long, value_name = "REASON", requires = "consent")]
    pub because: Option<String>,
    /// The devices that the word is for; without one, all.
    #[arg(long, value_name = "DEVICE", requires = "consent")]
    pub consent_for: Vec<String>,
    /// Who plans. Default: the user.
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    /// End with 1 where a check says at least that.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub fail_on: Option<FailOn>,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Family {
    Inet,
    Bridge,
}

impl From<Family> for Layer {
    fn from(family: Family) -> Layer {
        match family {
            Family::Inet => Layer::Inet,
            Family::Bridge => Layer::Bridge,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// The plan, schema medward.plan/1.
    Json,
    /// What the target reads.
    Artefact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    Veto,
    Warn,
}

/// What was seen.
struct Seen {
    devices: Vec<medward_model::Device>,
    conversations: Option<Vec<medward_model::Conversation>>,
    last: Option<medward_model::Timestamp>,
    exit: Exit,
}

fn seen(arguments: &PlanArguments, common: &Common) -> anyhow::Result<Seen> {
    if arguments.files.is_empty() {
        return Ok(Seen { devices: Vec::new(), conversations: None, last: None, exit: Exit::Done });
    }
    let catalog = Arc::new(reading::catalog(arguments.reading.catalog.as_deref())?);
    let (assessment, exit) = reading::assess(&arguments.files, &arguments.reading, &catalog, common, None)?;
    let last = assessment.capture.last;
    Ok(Seen { devices: assessment.devices, conversations: Some(assessment.conversations), last, exit })
}

pub fn run(arguments: &PlanArguments, common: &Common) -> anyhow::Result<Exit> {
    let (policy, policy_text) = super::text::with_text(&arguments.policy)?;
    let target = target(&arguments.target).ok_or_else(|| {
        let known: Vec<&str> = medward_policy::TARGETS.iter().map(|target| target.name()).collect();
        Failure::usage(format!("no target is called '{}'; there are {}", arguments.target, known.join(", ")))
    })?;
    if !(5..=86_400).contains(&arguments.dead_man) {
        return Err(Failure::usage("--dead-man takes 5 s to one day"));
    }
    let seen = seen(arguments, common)?;
    let now = common.now.unwrap_or_else(crate::clock::now);
    let membership = Membership::assign(&policy, &seen.devices, &BTreeMap::new(), now);
    let ground = Ground::of(&policy, &membership, &seen.devices);
    let stages = Stages::AsWritten;
    let source = Source { policy: &policy, ground: &ground, ports: &UsualPorts, now, stages, lifted: &[] };
    let ruleset = source.compile();
    let (parent, before) = in_force(arguments)?;
    let settings = Settings { layer: arguments.family.into(), utc_offset_minutes: arguments.utc_offset };
    let draft = Draft {
        ruleset: &ruleset,
        before: before.as_ref().map(|plan| &plan.ruleset),
        policy_text: &policy_text,
        membership: &membership,
        devices: &seen.devices,
        target,
        settings: &settings,
        parent: parent.as_ref(),
        now,
        by: &facts::who(arguments.by.as_deref()),
        valid_seconds: arguments.valid.into(),
        dead_man_seconds: arguments.dead_man,
    };
    let plan = draft.plan().map_err(|cannot| Failure::missing(cannot.to_string()))?;
    // In use is what talked at the end of what was seen.
    let in_use = seen.conversations.as_ref().zip(seen.last).map(|(all, last)| facts::in_use(all, last));
    let essentials = seen.conversations.as_ref().map(|all| facts::essentials(&seen.devices, all));
    let today = Day::of(now);
    let expired: Vec<String> = policy
        .conduits
        .iter()
        .filter(|conduit| conduit.expires.is_some_and(|day| day < today))
        .map(|conduit| format!("{} to {} (line {})", conduit.from, conduit.to, conduit.place.line))
        .collect();
    let consent = arguments.consent.as_ref().map(|who| Consent {
        who: who.clone(),
        reason: arguments.because.clone().unwrap_or_default(),
        devices: arguments.consent_for.iter().map(|id| DeviceId(id.clone())).collect::<BTreeSet<_>>(),
    });
    let plan = plan.checked(&Situation {
        now,
        clock: Clock::at(now, arguments.utc_offset),
        devices: &seen.devices,
        membership: &membership,
        conversations: seen.conversations.as_deref(),
        in_use: in_use.as_ref(),
        essentials: essentials.as_deref(),
        paths: (!arguments.manage.is_empty()).then_some(arguments.manage.as_slice()),
        change_window: arguments.change_window,
        expired_conduits: &expired,
        first_part_confirmed: false,
        consent: consent.as_ref(),
        limits: Limits::default(),
    });
    write(&plan, arguments, common)?;
    let met = plan.opinions.iter().flatten().any(|opinion| match arguments.fail_on {
        Some(FailOn::Veto) => opinion.level == Level::Veto,
        Some(FailOn::Warn) => opinion.level <= Level::Warn,
        None => false,
    });
    Ok(if met { Exit::Met } else { seen.exit })
}

/// The plan in force, where there are records.
fn in_force(arguments: &PlanArguments) -> anyhow::Result<(Option<medward_policy::PlanId>, Option<Plan>)> {
    if !arguments.records.is_dir() {
        return Ok((None, None));
    }
    let records = Records::open(&arguments.records).map_err(super::apply::failure)?;
    let Some(state) = records.in_force().map_err(super::apply::failure)? else { return Ok((None, None)) };
    let plan = records.plan(&state.plan).map_err(super::apply::failure)?;
    Ok((Some(state.plan), plan))
}

fn write(plan: &Plan, arguments: &PlanArguments, common: &Common) -> anyhow::Result<()> {
    let to_file = common.output.is_some();
    let format = arguments.format.unwrap_or(if to_file { PlanFormat::Json } else { PlanFormat::Text });
    output::write(common.output.as_deref(), |out| match format {
        PlanFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, plan)?;
            Ok(writeln!(out)?)
        }
        PlanFormat::Text => told::plan(plan, out),
        PlanFormat::Artefact => Ok(write!(out, "{}", plan.artefact().unwrap_or_default())?),
    })?;
    if to_file && format == PlanFormat::Json && !common.quiet {
        let mut text = Vec::new();
        told::plan(plan, &mut text)?;
        anstream::eprint!("{}", String::from_utf8_lossy(&text));
    }
    Ok(())
}

/// The same as JSON, for other commands.
pub fn json(format: PlainFormat) -> bool {
    format == PlainFormat::Json
}
