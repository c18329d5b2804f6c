//! `medward serve`: the monitor, with its interface.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::runtime::{Handle, Runtime};

use crate::cli::Common;
use crate::exit::{Exit, Failure};
use crate::live::{Asking, CoreSink, Opened, Reporter, Settings, Watch};
use crate::server::{Server, ServerSettings};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  medward serve --replay ward.pcap --speed 10      try it with a recorded capture\n  medward serve --capture eth1                     watch a mirror port\n  medward serve --listen 0.0.0.0:8443 --sensors 0.0.0.0:8444   take in sensors elsewhere\n  medward serve --database postgres://medward@db/medward\n  medward serve --capture eth1 --knowledge kb       tell weaknesses and recalls, too\n\nThe first start makes an administrator and prints a one-time password. TLS is on, with a certificate that the\nprogram makes itself. Capturing needs CAP_NET_RAW (exit 5 where it is missing)."
)]
pub struct ServeArguments {
    /// Directory for keys, certificates and (without --database) the database.
    #[arg(long, value_name = "DIR", default_value = "medward-data")]
    pub data: PathBuf,
    /// Where people and programs reach the interface.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Host names or addresses by which it is reached from elsewhere; they stand in its certificate.
    #[arg(long = "name", value_name = "HOST")]
    pub names: Vec<String>,
    /// A certificate and its chain (PEM) instead of the one that the program makes.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub certificate: Option<PathBuf>,
    /// The certificate's key (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub key: Option<PathBuf>,
    /// Without TLS: only on loopback, or behind a proxy that does it.
    #[arg(long)]
    pub plain_http: bool,
    /// PostgreSQL (postgres://user@host/database) instead of SQLite in the data directory.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Name of the site that is watched here.
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub site: String,
    /// Take in sensors elsewhere at this address (TLS, by invitation).
    #[arg(long, value_name = "ADDR")]
    pub sensors: Option<SocketAddr>,
    /// Take in reports from NATS JetStream.
    #[arg(long, value_name = "URL")]
    pub nats: Option<String>,
    /// With --nats: the sites that this core serves; may be given several times. Without it, any that no other core
    /// serves.
    #[arg(long = "serve-site", value_name = "NAME", requires = "nats")]
    pub serve_sites: Vec<String>,
    #[command(flatten)]
    pub asking: Asking,
    /// Directory of knowledge (see `medward knowledge`): devices are judged as they change, and anew when it is
    /// imported anew. Without it only what the wire itself shows is judged. Default: $MEDWARD_KNOWLEDGE.
    #[arg(long, value_name = "DIR")]
    pub knowledge: Option<PathBuf>,
    /// Directory of catalogue files (TOML) to add to the built-in ones.
    #[arg(long, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    #[command(flatten)]
    pub watch: Watch,
}

pub fn run(arguments: &ServeArguments, common: &Common) -> anyhow::Result<Exit> {
    super::logging(common);
    if arguments.plain_http && !arguments.listen.ip().is_loopback() && !common.quiet {
        anstream::eprintln!("medward: without TLS on {}: passwords travel in the clear", arguments.listen);
    }
    let catalog = crate::reading::catalog(arguments.catalog.as_deref())?;
    // Interfaces first: what follows needs no privileges, and no thread may run before they are given up.
    let opened = arguments.watch.open()?;
    let runtime = Runtime::new().map_err(|error| Failure::missing(error.to_string()))?;
    let settings = ServerSettings {
        data: arguments.data.clone(),
        listen: arguments.listen,
        names: arguments.names.clone(),
        certificate: arguments.certificate.clone().zip(arguments.key.clone()),
        plain_http: arguments.plain_http,
        database: arguments.database.clone(),
        site: arguments.site.clone(),
        sensors: arguments.sensors,
        nats: arguments.nats.clone(),
        nats_sites: arguments.serve_sites.clone(),
        knowledge: crate::judging::directory(arguments.knowledge.as_ref()),
    };
    let server = runtime.block_on(Server::start(settings, catalog))?;
    if let Some(password) = &server.one_time_password {
        anstream::println!("First start: sign in as 'admin' with the one-time password {password}");
        anstream::println!("It is shown only now; you choose your own at the first sign-in.");
    }
    if let Some(sensors) = server.sensors {
        anstream::println!("Sensors report to {sensors}");
    }
    if let Some(fingerprint) = server.fingerprint {
        anstream::println!("Its certificate's authority has the SHA-256 {fingerprint}");
    }
    anstream::println!("Medward is at {}", server.address);
    let stop = Arc::new(AtomicBool::new(false));
    let watching = watch(arguments, opened, &server, runtime.handle(), &stop)?;
    let (handle, site, core) = (runtime.handle().clone(), arguments.site.clone(), server.core.clone());
    let asking = arguments.asking.start(&stop, move |positions| {
        // The core ends only when all does.
        let _ = handle.block_on(core.place(&site, positions));
    })?;
    runtime.block_on(super::until_asked(Arc::new(AtomicBool::new(false))));
    tracing::info!("asked to end");
    stop.store(true, Ordering::Relaxed);
    for thread in watching.into_iter().chain(asking) {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
    runtime.block_on(server.stop());
    Ok(Exit::Done)
}

/// Watches in threads of their own, where something is to be watched.
fn watch(
    arguments: &ServeArguments,
    opened: Opened,
    server: &Server,
    runtime: &Handle,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    if arguments.watch.is_empty() {
        return Ok(None);
    }
    let settings = Settings {
        max_flows: arguments.watch.max_flows,
        max_reassembly: arguments.watch.max_reassembly.saturating_mul(1 << 20),
        taps: opened.taps.len(),
        interval: Duration::from_secs(1),
        current: arguments.watch.is_current(),
        linger: true,
    };
    let reporter = Reporter::start("local", opened, settings, Arc::clone(stop))
        .map_err(|error| Failure::missing(error.to_string()))?;
    let mut sink = CoreSink::new(server.core.clone(), runtime.clone(), &arguments.site, "local");
    let thread = std::thread::Builder::new()
        .name("reporter".into())
        .spawn(move || reporter.run(&mut sink))
        .context("no thread could be started")?;
    Ok(Some(thread))
}
