//! The monitor as a server: database, core, interface, sensors.

mod book;
mod guests;
mod live;
mod tls;

pub use book::StoredBook;
pub use guests::{GuestError, Guests, command as sensor_command, place as sensors_place};

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use medward_api::{App, Config, Notice, Spoken, SystemClock, first_run, router};
use medward_identify::Catalog;
use medward_monitor::{EventList, Report, Store};
use medward_store::Database;
use medward_transport::{
    Arrival, Authority, Inlet, InvitationBook, Listener, ListenerSettings, NatsInlet, NatsInletSettings,
    NatsServer, Peer, Receipts, Reception, Sites,
};
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use crate::asking::Fingerprint;
use crate::exit::Failure;
use crate::live::{Compiled, Core, Judge, Knowledge, Signal, chores};
use live::CoreLive;

/// How a server is set up.
pub struct ServerSettings {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub names: Vec<String>,
    /// Certificate and key, in files.
    pub certificate: Option<(PathBuf, PathBuf)>,
    pub plain_http: bool,
    pub database: Option<String>,
    pub site: String,
    pub sensors: Option<SocketAddr>,
    pub nats: Option<String>,
    pub nats_sites: Vec<String>,
    /// Where knowledge is kept; none where only what the wire shows is judged.
    pub knowledge: Option<PathBuf>,
}

/// A running server.
pub struct Server {
    pub core: Core,
    /// As people type it.
    pub address: String,
    /// Where sensors are taken in.
    pub sensors: Option<SocketAddr>,
    pub one_time_password: Option<String>,
    /// Of the authority whose certificate the interface shows; none where it shows another's, or none.
    pub fingerprint: Option<Fingerprint>,
    handle: axum_server::Handle<SocketAddr>,
    tasks: JoinSet<()>,
    _listener: Option<Listener>,
}

/// How long open requests may go on when the server ends.
const GRACE: Duration = Duration::from_secs(5);

impl Server {
    pub async fn start(settings: ServerSettings, catalog: Catalog) -> anyhow::Result<Server> {
        let missing = |error: &dyn std::fmt::Display| Failure::missing(error.to_string());
        private_folder(&settings.data)?;
        let place = settings
            .database
            .clone()
            .unwrap_or_else(|| settings.data.join("medward.db").display().to_string());
        let store: Arc<dyn Store> = Arc::new(Database::open(&place).await.map_err(|error| missing(&error))?);
        let plain = plain_site(&*store, &settings.site).await.map_err(|error| missing(&error))?;
        let names = Arc::new(Compiled::new());
        let catalog = Arc::new(catalog);
        let core = Core::new(Arc::clone(&store), Arc::clone(&catalog), Arc::clone(&names), &plain);
        let authority = Authority::open_or_create(&settings.data.join("authority"), SystemTime::now());
        let authority = Arc::new(authority.map_err(|error| missing(&error))?);
        let book = Arc::new(StoredBook(Arc::clone(&store)));

        let listener = match settings.sensors {
            Some(address) => {
                let keeper = Arc::clone(&book) as Arc<dyn InvitationBook>;
                let reception = Arc::new(Intake { core: core.clone(), names: Arc::clone(&names) });
                let mut own: Vec<&str> = settings.names.iter().map(String::as_str).collect();
                own.extend(["localhost", "127.0.0.1", "::1"]);
                let bounds = ListenerSettings::new(&own);
                let started =
                    Listener::start(address, Arc::clone(&authority), keeper, bounds, reception).await;
                Some(started.map_err(|error| missing(&error))?)
            }
            None => None,
        };

        let place = listener.as_ref().map(|listener| sensors_address(listener.address(), &settings.names));
        guests::keep_place(&*store, place.as_deref()).await.map_err(|error| missing(&error))?;

        let (notices, _) = broadcast::channel(4096);
        let live = CoreLive {
            core: core.clone(),
            store: Arc::clone(&store),
            guests: Guests { authority: Arc::clone(&authority), book },
            sensors: place,
        };
        let scheme = if settings.plain_http { "http" } else { "https" };
        let host = settings.names.first().cloned().unwrap_or_else(|| match settings.listen.ip() {
            ip if ip.is_unspecified() => "localhost".to_owned(),
            ip => SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(),
        });
        let config = Config {
            tls: !settings.plain_http,
            public_address: format!("{scheme}://{host}:{}", settings.listen.port()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            protocols: spoken(),
            ..Config::with_key(key(&settings.data.join("key"))?)
        };
        let app =
            App::new(Arc::clone(&store), Arc::new(live), notices.clone(), Arc::new(SystemClock), config)
                .map_err(|error| missing(&error))?;
        let one_time_password = first_run(&*store, crate::live::clock())
            .await
            .map_err(|error| missing(&error))?
            .map(|made| made.password);

        let mut tasks = JoinSet::new();
        tasks.spawn(chores(Arc::clone(&store), core.clone()));
        let knowledge = settings.knowledge.clone().map(|directory| Knowledge::new(directory, catalog));
        tasks.spawn(Judge::new(Arc::clone(&store), core.clone(), knowledge).run());
        tasks.spawn(medward_api::deliver_forever(app.clone()));
        tasks.spawn(tell(core.listen(), Arc::clone(&store), notices));

        if let Some(url) = &settings.nats {
            let sites = match settings.nats_sites.is_empty() {
                true => Sites::Any { most: 1000 },
                false => Sites::Named(settings.nats_sites.clone()),
            };
            let receipts = Arc::new(StoredReceipts(Arc::clone(&store)));
            let inlet = NatsInlet::start(&NatsServer::new(url), NatsInletSettings::new(sites), receipts)
                .await
                .map_err(|error| missing(&error))?;
            tasks.spawn(take_in(inlet, Intake { core: core.clone(), names: Arc::clone(&names) }));
        }

        let own = !settings.plain_http && settings.certificate.is_none();
        let handle = axum_server::Handle::new();
        let service = router(app).into_make_service_with_connect_info::<SocketAddr>();
        let socket = std::net::TcpListener::bind(settings.listen)
            .map_err(|error| Failure::missing(format!("{}: {error}", settings.listen)))?;
        socket.set_nonblocking(true)?;
        let bound = socket.local_addr()?;
        let serving = handle.clone();
        if settings.plain_http {
            let server = axum_server::from_tcp(socket)?.handle(serving);
            tasks.spawn(async move {
                if let Err(error) = server.serve(service).await {
                    tracing::error!("the interface ended: {error}");
                }
            });
        } else {
            let config = tls::config(&authority, settings.certificate.as_ref(), &settings.names)?;
            let server = axum_server::from_tcp_rustls(socket, config)?.handle(serving);
            tasks.spawn(async move {
                if let Err(error) = server.serve(service).await {
                    tracing::error!("the interface ended: {error}");
                }
            });
        }
        Ok(Server {
            core,
            address: format!("{scheme}://{host}:{}", bound.port()),
            sensors: listener.as_ref().map(Listener::address),
            one_time_password,
            fingerprint: own.then(|| Fingerprint(authority.fingerprint())),
            handle,
            tasks,
            _listener: listener,
        })
    }

    /// Stores everything, and ends.
    pub async fn stop(mut self) {
        self._listener = None;
        self.core.stop().await;
        self.handle.graceful_shutdown(Some(GRACE));
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.tasks.shutdown().await;
    }
}

/// What the database has committed.
struct StoredReceipts(Arc<dyn Store>);

#[async_trait::async_trait]
impl Receipts for StoredReceipts {
    async fn newest(
        &self,
        peer: &Peer,
        epoch: u64,
    ) -> Result<Option<u64>, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.newest_receipt(&peer.site, &peer.sensor, epoch).await?)
    }
}

/// Takes parcels in for the core.
struct Intake {
    core: Core,
    names: Arc<Compiled>,
}

impl Intake {
    async fn take(&self, arrival: Arrival) {
        let Arrival { parcel, ack } = arrival;
        let limits = medward_identify::Limits::site();
        let room = self.core.room(parcel.body.len()).await;
        let report = match Report::decode(&parcel.body, &limits, &*self.names) {
            Ok(report) => report,
            Err(error) => {
                // Sent again it would be no better.
                tracing::error!("a report of {}/{} cannot be read: {error}", parcel.site, parcel.sensor);
                ack.committed();
                return;
            }
        };
        let receipt = medward_monitor::Receipt {
            sensor: parcel.sensor.clone(),
            epoch: parcel.epoch,
            sequence: parcel.sequence,
        };
        let core = self.core.clone();
        let site = parcel.site.clone();
        // In order: the channel takes it before the next is looked at; the answer comes when it is stored.
        let stored = core.queue_with(&site, receipt, report, room).await;
        tokio::spawn(async move {
            if let Ok(stored) = stored
                && stored.await.is_ok()
            {
                ack.committed();
            }
        });
    }
}

#[async_trait::async_trait]
impl Reception for Intake {
    async fn arrived(&self, arrival: Arrival) {
        self.take(arrival).await;
    }
}

async fn take_in(mut inlet: impl Inlet, intake: Intake) {
    while let Some(arrival) = inlet.next().await {
        intake.take(arrival).await;
    }
}

/// Tells those who listen what was stored: events with their numbers, and that devices changed.
async fn tell(
    mut signals: broadcast::Receiver<Signal>,
    store: Arc<dyn Store>,
    notices: broadcast::Sender<Notice>,
) {
    let mut told: Option<u64> = None;
    loop {
        let signal = match signals.recv().await {
            Ok(signal) => signal,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let (site, last_event, devices, events, sensors) = match signal {
            Signal::Stored { site, last_event, devices, events, sensors } => {
                (site, last_event, devices, events, sensors)
            }
            Signal::Judged { last_event, events } => {
                let _ = notices.send(Notice::Findings);
                if events == 0 {
                    continue;
                }
                (String::new(), last_event, 0, events, false)
            }
        };
        if notices.receiver_count() == 0 {
            told = Some(last_event);
            continue;
        }
        if events > 0 {
            let after = told.unwrap_or_else(|| last_event.saturating_sub(events as u64));
            let list = EventList { after: Some(after), limit: 1000, ..EventList::default() };
            if let Ok(page) = store.events(&list).await {
                for event in page.items {
                    told = Some(event.number);
                    let _ = notices.send(Notice::Event(Arc::new(event)));
                }
            }
        }
        if devices > 0 {
            let _ = notices.send(Notice::Devices { site: site.clone(), changed: devices as u64 });
        }
        if sensors {
            let _ = notices.send(Notice::Sensors { site });
        }
    }
}

/// Everything that is read, as people write it.
fn spoken() -> Arc<[Spoken]> {
    let read = medward_dissect::dissectors().map(|d| (d.name, d.label, d.title));
    let told = medward_sources::SOURCES.iter().map(|s| (s.name, s.title, s.title));
    let spoken = |(name, label, title): (&str, &str, &str)| Spoken {
        name: name.to_owned(),
        label: label.to_owned(),
        title: title.to_owned(),
    };
    read.chain(told).map(spoken).collect()
}

/// Where sensors elsewhere reach this core: by its first name, where it has any.
fn sensors_address(address: SocketAddr, names: &[String]) -> String {
    let host = names.first().cloned().unwrap_or_else(|| match address.ip() {
        ip if ip.is_unspecified() => "localhost".to_owned(),
        ip => SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(),
    });
    format!("{host}:{}", address.port())
}

/// Makes the folder, for its owner alone.
fn private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Failure::missing(format!("{}: {error}", path.display())))
}

/// The key that seals secrets at rest: made at the first start.
fn key(path: &Path) -> anyhow::Result<[u8; 32]> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let wrong = |error: &dyn std::fmt::Display| Failure::missing(format!("{}: {error}", path.display()));
    match std::fs::read(path) {
        Ok(bytes) => {
            return <[u8; 32]>::try_from(bytes.as_slice())
                .map_err(|_| wrong(&"not a key of 32 bytes; put the right one back"));
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(wrong(&error)),
        Err(_) => {}
    }
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| wrong(&error))?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| wrong(&error))?;
    file.write_all(&key).and_then(|()| file.sync_all()).map_err(|error| wrong(&error))?;
    Ok(key)
}

/// The site whose ids carry no name: the one that this database began with, whatever `--site` says later.
async fn plain_site(store: &dyn Store, site: &str) -> Result<String, medward_monitor::StoreError> {
    let now = crate::live::clock();
    if let Some(known) = store.document("core", "first-site", now).await? {
        return Ok(known.body.get("site").and_then(|s| s.as_str()).unwrap_or(site).to_owned());
    }
    let body = serde_json::json!({ "site": site });
    match store.put_document("core", "first-site", &body, Some(0), None, now).await {
        Ok(_) | Err(medward_monitor::StoreError::Conflict { .. }) => Ok(site.to_owned()),
        Err(error) => Err(error),
    }
}
