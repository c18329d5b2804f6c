//! `medward lab`: a simulated hospital group, for demonstrations, tests and benches.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use medward_lab::Group;
use medward_model::Timestamp;
use medward_monitor::{Receipt, Report, SensorState, Store};
use medward_store::Database;
use medward_transport::{NatsOutlet, NatsServer, Outlet, Parcel, Peer};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::live::{Compiled, Core, clock};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward lab load --devices 100000 --conversations 100 --database scale.db\n  medward lab load --sites 20 --devices 600000 --nats nats://127.0.0.1:4222\n  medward lab inventory --devices 500 > cmms.csv\n\nThe same --seed gives the same group. What it simulates is no real hospital."
)]
pub struct LabArguments {
    #[command(subcommand)]
    pub command: LabCommand,
}

#[derive(Debug, Subcommand)]
pub enum LabCommand {
    /// Reports of sensors of all sites into a database (or to cores over NATS), as fast as they are taken; tells the rate.
    Load(LoadArguments),
    /// A maintenance system's list of the group, as CSV.
    Inventory(GroupArguments),
}

#[derive(Clone, Copy, Debug, Args)]
pub struct GroupArguments {
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub sites: u32,
    /// Devices of all sites together.
    #[arg(long, default_value_t = 1000)]
    pub devices: u32,
    /// Distinct conversations that each device begins.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub conversations: u32,
}

impl GroupArguments {
    fn group(&self) -> Group {
        Group {
            seed: self.seed,
            sites: self.sites,
            devices: (self.devices / self.sites).clamp(10, 60_000),
            conversations: self.conversations,
        }
    }
}

#[derive(Debug, Args)]
pub struct LoadArguments {
    #[command(flatten)]
    pub group: GroupArguments,
    /// SQLite file, or postgres://…
    #[arg(long, value_name = "PLACE", default_value = "lab.db")]
    pub database: String,
    /// Send over NATS to cores that run, instead.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// In so many reports of each site everything is said once.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Go on after that for so many seconds, repeating, at one report a second.
    #[arg(long, default_value_t = 0)]
    pub soak: u64,
}

pub fn run(arguments: &LabArguments, common: &Common) -> anyhow::Result<Exit> {
    match &arguments.command {
        LabCommand::Inventory(group) => inventory(&group.group(), common),
        LabCommand::Load(load) => {
            super::logging(common);
            let runtime =
                tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
            runtime.block_on(fill(load))
        }
    }
}

fn inventory(group: &Group, common: &Common) -> anyhow::Result<Exit> {
    crate::output::write(common.output.as_deref(), |out| {
        let mut table = csv::Writer::from_writer(out);
        table.write_record([
            "Asset Tag",
            "Manufacturer",
            "Model",
            "Serial Number",
            "MAC Address",
            "IP Address",
        ])?;
        for site in 0..group.sites {
            for number in 0..group.devices {
                let member = group.member(site, number);
                table.write_record([
                    format!("A{site:03}{number:06}"),
                    member.kind.vendor.to_owned(),
                    member.kind.model.to_owned(),
                    member.serial(),
                    member.host.mac.to_string(),
                    member.host.ip.to_string(),
                ])?;
            }
        }
        table.flush()?;
        Ok(())
    })?;
    Ok(Exit::Done)
}

/// Where reports go.
enum Way {
    Core(Core, Arc<dyn Store>),
    Nats(Vec<NatsOutlet>),
}

async fn fill(load: &LoadArguments) -> anyhow::Result<Exit> {
    let group = load.group.group();
    let names = Arc::new(Compiled::new());
    let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let mut way = match &load.nats {
        Some(url) => {
            let mut outlets = Vec::new();
            for site in 0..group.sites {
                let peer = Peer::new(&site_name(site), "lab").map_err(|error| missing(&error))?;
                outlets.push(NatsOutlet::new(NatsServer::new(url), peer));
            }
            Way::Nats(outlets)
        }
        None => {
            let store = Database::open(&load.database).await.map_err(|error| missing(&error))?;
            let store: Arc<dyn Store> = Arc::new(store);
            let catalog = Arc::new(crate::reading::catalog(None)?);
            Way::Core(Core::new(Arc::clone(&store), catalog, Arc::clone(&names), &site_name(0)), store)
        }
    };
    let start = Instant::now();
    let epoch = clock().as_nanos().unsigned_abs();
    let mut sent = 0_u64;
    let mut sequence = 0;
    let total = u64::from(load.rounds) + load.soak;
    while sequence < total && !super::sensor::stop_asked() {
        let round = u32::try_from(sequence).unwrap_or(u32::MAX);
        let began = Instant::now();
        sequence += 1;
        let mut waiting = Vec::new();
        for site in 0..group.sites {
            let now = clock();
            let report = report_of(&group, &names, site, round, load.rounds, now);
            sent += u64::from(group.devices);
            let receipt = Receipt { sensor: "lab".into(), epoch, sequence };
            match &mut way {
                Way::Core(core, _) => {
                    let stored = core.queue(&site_name(site), receipt, report).await?;
                    waiting.push(tokio::spawn(async move { stored.await.is_ok() }));
                }
                Way::Nats(outlets) => {
                    let Some(outlet) = outlets.get_mut(site as usize) else { continue };
                    let body = report.encode().into();
                    let parcel =
                        Parcel { site: site_name(site), sensor: "lab".into(), epoch, sequence, body };
                    let handover = outlet.send(parcel).await?;
                    waiting.push(tokio::spawn(async move { handover.await.is_ok() }));
                }
            }
        }
        for stored in waiting {
            anyhow::ensure!(stored.await?, "a report was not taken");
        }
        tracing::info!("round {sequence} of {total}: {:.1} s", began.elapsed().as_secs_f64());
        if sequence > u64::from(load.rounds) {
            let pause = Duration::from_secs(1).saturating_sub(began.elapsed());
            tokio::time::sleep(pause).await;
        }
    }
    if let Way::Core(core, store) = &way {
        core.stop().await;
        let sizes = store.sizes().await?;
        let seconds = start.elapsed().as_secs_f64();
        let mut out = std::io::stdout().lock();
        writeln!(out, "devices        {}", sizes.devices)?;
        writeln!(out, "conversations  {}", sizes.conversations)?;
        writeln!(out, "events         {}", sizes.events)?;
        writeln!(out, "database       {:.1} MB", sizes.bytes as f64 / 1e6)?;
        writeln!(out, "time           {seconds:.1} s")?;
        writeln!(
            out,
            "ingest         {:.0} sightings/s, {:.0} conversations/s",
            sent as f64 / seconds,
            sizes.conversations as f64 / seconds
        )?;
        writeln!(out, "memory         {:.0} MiB", crate::live::resident() as f64 / f64::from(1 << 20))?;
    }
    Ok(Exit::Done)
}

fn site_name(site: u32) -> String {
    format!("site-{site:02}")
}

fn report_of(group: &Group, names: &Compiled, site: u32, round: u32, rounds: u32, now: Timestamp) -> Report {
    let state = SensorState {
        name: "lab".into(),
        version: env!("CARGO_PKG_VERSION").into(),
        interfaces: vec!["simulated".into()],
        started: now,
        last_packet: now,
        ..SensorState::default()
    };
    Report { state, positions: Vec::new(), ledger: group.observe(names, site, round, rounds, now) }
}
