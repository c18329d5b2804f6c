//! `medward sensor`: watches here, and reports to a core.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use clap::Args;
use medward_transport::{
    Courier, CourierSettings, Credentials, Invitation, NatsOutlet, NatsServer, Outlet, Peer, Spool,
    SpoolSettings, TlsOutlet, TlsOutletSettings, enrol,
};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::live::{Asking, Reporter, Settings, SpoolSink, Watch};

#[derive(Debug, Args)]
#[command(
    after_help = "The first time, with the invitation that the core printed:\n  medward sensor --invitation TEXT --data /var/lib/medward-sensor --capture eth1\n\nFrom then on:\n  medward sensor --data /var/lib/medward-sensor --capture eth1\n\nOver NATS JetStream, whose accounts tell who may report for whom:\n  medward sensor --nats nats://bus:4222 --site north --name ward-3 --data /var/lib/medward-sensor --capture eth1\n\nReports wait on disk while the core is away. Capturing needs CAP_NET_RAW (exit 5 where it is missing)."
)]
pub struct SensorArguments {
    /// Directory for the certificate and for reports that wait.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The core's invitation: `medward invite sensor` or the page Sensors gives one.
    #[arg(long, value_name = "TEXT")]
    pub invitation: Option<String>,
    /// Where the core is now, host:port; without it, where it was when this sensor was enrolled.
    #[arg(long, value_name = "HOST:PORT")]
    pub core: Option<String>,
    /// Report over NATS JetStream, where cores take it from (`medward serve --nats`); no invitation is needed.
    #[arg(long, value_name = "URL", requires_all = ["site", "name"], conflicts_with_all = ["invitation", "core"])]
    pub nats: Option<String>,
    /// With --nats: the site that is watched here.
    #[arg(long, value_name = "NAME", requires = "nats")]
    pub site: Option<String>,
    /// With --nats: what this sensor is called; no other of the site is called so.
    #[arg(long, value_name = "NAME", requires = "nats")]
    pub name: Option<String>,
    /// MiB of reports that may wait on disk while the core is away; the oldest are given up beyond.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(256..=1_048_576))]
    pub spool: u64,
    #[command(flatten)]
    pub asking: Asking,
    #[command(flatten)]
    pub watch: Watch,
}

pub fn run(arguments: &SensorArguments, common: &Common) -> anyhow::Result<Exit> {
    if arguments.watch.is_empty() && arguments.asking.switches.is_empty() {
        return Err(Failure::usage(
            "nothing to watch: give --capture IFACE, --replay FILE, --source NAME=PLACE, or --switch HOST",
        ));
    }
    super::logging(common);
    // Interfaces first: what follows needs no privileges, and no thread may run before they are given up.
    let opened = arguments.watch.open()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    let stop = Arc::new(AtomicBool::new(false));
    runtime.spawn(super::until_asked(Arc::clone(&stop)));
    let Way { peer, place, outlet } = runtime.block_on(way(arguments))?;
    let name = peer.sensor;
    let settings = SpoolSettings { bound: arguments.spool << 20, ..SpoolSettings::new(&peer.site, &name) };
    let spool = Spool::open(&arguments.data.join("spool"), settings)
        .map_err(|error| Failure::missing(error.to_string()))?;
    let sink = runtime.block_on(async {
        let courier = Courier::start(spool.clone(), outlet, CourierSettings::default());
        SpoolSink::new(spool, courier)
    });
    tracing::info!("sensor {name} of {} reports to {place}", peer.site);
    let settings = Settings {
        max_flows: arguments.watch.max_flows,
        max_reassembly: arguments.watch.max_reassembly.saturating_mul(1 << 20),
        taps: opened.taps.len(),
        interval: Duration::from_secs(1),
        current: arguments.watch.is_current(),
        linger: false,
    };
    let reporter = Reporter::start(&name, opened, settings, Arc::clone(&stop))
        .map_err(|error| Failure::missing(error.to_string()))?;
    // A switch is asked again and again: what there is no room for is told the next time.
    let (told, positions) = sync_channel(64);
    // At the end nobody waits for a switch that does not answer.
    let _asking = arguments.asking.start(&stop, move |positions| {
        let _ = told.try_send(positions);
    })?;
    let mut sink = sink;
    reporter.with_positions(positions).run(&mut sink);
    // At the end of a replay what waits is still delivered; on a signal it stays in the spool.
    let courier = sink.into_courier();
    runtime.block_on(async {
        while !stop_asked() && courier.statistics().spooled > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        courier.stop().await;
    });
    stop.store(true, Ordering::Relaxed);
    Ok(Exit::Done)
}

pub fn stop_asked() -> bool {
    super::ASKED_TO_STOP.load(Ordering::Relaxed)
}

/// Who reports, where to, and how.
struct Way {
    peer: Peer,
    place: String,
    outlet: Box<dyn Outlet>,
}

/// Needs a tokio runtime around it.
async fn way(arguments: &SensorArguments) -> anyhow::Result<Way> {
    if let (Some(url), Some(site), Some(name)) = (&arguments.nats, &arguments.site, &arguments.name) {
        let peer = Peer::new(site, name).map_err(|error| Failure::usage(error.to_string()))?;
        let outlet = NatsOutlet::new(NatsServer::new(url), peer.clone());
        return Ok(Way { peer, place: "NATS".to_owned(), outlet: Box::new(outlet) });
    }
    let (credentials, core) = enrolled(arguments).await?;
    let peer = credentials.certified().peer.clone();
    let outlet = TlsOutlet::new(TlsOutletSettings::new(&core), Arc::new(credentials));
    Ok(Way { peer, place: core, outlet: Box::new(outlet) })
}

/// The sensor's certificate and where the core is; redeems the invitation where there is no certificate yet.
async fn enrolled(arguments: &SensorArguments) -> anyhow::Result<(Credentials, String)> {
    let folder = arguments.data.join("certificate");
    let place = arguments.data.join("core");
    let refused = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
    let core = |given: Option<String>| remembered(&place, arguments.core.clone().or(given));
    if folder.exists() {
        let credentials = Credentials::open(&folder).map_err(|error| refused(&error))?;
        return Ok((credentials, core(None)?));
    }
    let Some(text) = &arguments.invitation else {
        return Err(Failure::usage(format!(
            "this sensor is not enrolled ({} is not there): give --invitation with the text that the core printed",
            folder.display()
        )));
    };
    let invitation: Invitation = text.parse().map_err(|error: medward_transport::InvitationError| {
        Failure::usage(format!("--invitation: {error}"))
    })?;
    std::fs::create_dir_all(&arguments.data)
        .map_err(|error| refused(&format!("{}: {error}", arguments.data.display())))?;
    let credentials = enrol(&invitation, &folder).await.map_err(|error| refused(&error))?;
    let core = core(Some(invitation.core.clone()))?;
    Ok((credentials, core))
}

/// The core's address, as given or as it was.
fn remembered(place: &Path, given: Option<String>) -> anyhow::Result<String> {
    if let Some(core) = given {
        std::fs::write(place, &core)
            .map_err(|error| Failure::missing(format!("{}: {error}", place.display())))?;
        return Ok(core);
    }
    std::fs::read_to_string(place).map(|text| text.trim().to_owned()).map_err(|error| {
        Failure::usage(format!("where the core is was not kept ({}: {error}): give --core", place.display()))
    })
}
