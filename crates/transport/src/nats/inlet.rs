//! The core's side: claims sites, and takes what their sensors have published.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_nats::Client;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{self, Context};
use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::claim::{Claim, Claims};
use super::connect::{NatsError, NatsServer, STREAM, all, connect, publisher, site_key};
use super::site::Site;
use crate::{Arrival, Inlet, Peer};

/// Which sites a core serves.
#[derive(Clone, Debug)]
pub enum Sites {
    /// These, as far as no other core has them.
    Named(Vec<String>),
    /// Any that have reports waiting, at most so many.
    Any { most: usize },
}

/// How reports are taken.
#[derive(Clone, Debug)]
pub struct NatsInletSettings {
    pub sites: Sites,
    /// Messages of a site that may wait for their commit, and bytes of bodies beyond the first. A message holds several parcels.
    pub window: usize,
    pub window_bytes: usize,
    /// A message that is not acknowledged within this comes again.
    pub ack_wait: Duration,
    /// A core that is not heard of for so long loses its sites.
    pub claim: Duration,
    /// How often it is looked for sites that nobody serves.
    pub look: Duration,
    /// Bound of the stream in bytes. When it is full, sensors keep their reports.
    pub stream_bytes: i64,
    /// Servers of the NATS cluster that keep a copy, 1 to 5.
    pub replicas: usize,
}

impl NatsInletSettings {
    pub fn new(sites: Sites) -> Self {
        Self {
            sites,
            window: 32,
            window_bytes: 64 << 20,
            ack_wait: Duration::from_secs(60),
            claim: Duration::from_secs(15),
            look: Duration::from_secs(2),
            stream_bytes: 8 << 30,
            replicas: 1,
        }
    }
}

/// What the core's database has committed.
#[async_trait]
pub trait Receipts: Send + Sync {
    /// Sequence of the newest parcel of a sensor and epoch that is committed; `None` where there is none.
    async fn newest(&self, peer: &Peer, epoch: u64) -> Result<Option<u64>, Box<dyn Error + Send + Sync>>;
}

/// What an inlet has seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NatsInletStatistics {
    pub parcels: u64,
    pub body_bytes: u64,
    /// Messages that claimed another sensor than they were published for, or could not be understood; dropped.
    pub refused: u64,
    /// Times that a site was begun again from its oldest report.
    pub restarts: u64,
    /// Sites served now.
    pub sites: BTreeSet<String>,
}

/// What the tasks of an inlet share.
pub(super) struct Shared {
    pub client: Client,
    pub stream: Stream,
    /// How often we connected.
    pub connected: watch::Receiver<u64>,
    pub settings: NatsInletSettings,
    pub receipts: Arc<dyn Receipts>,
    pub arrivals: mpsc::Sender<Arrival>,
    pub statistics: Arc<Mutex<NatsInletStatistics>>,
}

impl Shared {
    pub fn count(&self, change: impl FnOnce(&mut NatsInletStatistics)) {
        change(&mut self.statistics.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Parcels of the sites that this core serves.
pub struct NatsInlet {
    arrivals: mpsc::Receiver<Arrival>,
    statistics: Arc<Mutex<NatsInletStatistics>>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl NatsInlet {
    /// Connects, makes the stream where there is none, and begins to claim sites. Needs a tokio runtime.
    pub async fn start(
        server: &NatsServer,
        settings: NatsInletSettings,
        receipts: Arc<dyn Receipts>,
    ) -> Result<Self, NatsError> {
        let (client, connected) = connect(server, "medward.inbox.core").await?;
        let context = jetstream::new(client.clone());
        let stream = context.get_or_create_stream(configuration(&settings)).await;
        let stream =
            stream.map_err(|error| NatsError::JetStream { what: "the stream", reason: error.to_string() })?;
        let claims = Claims::open(context.clone(), settings.claim, settings.replicas).await?;
        let (sender, arrivals) = mpsc::channel(256);
        let statistics = Arc::new(Mutex::new(NatsInletStatistics::default()));
        let shared = Arc::new(Shared {
            client,
            stream,
            connected,
            settings,
            receipts,
            arrivals: sender,
            statistics: Arc::clone(&statistics),
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(look(Looking { context, claims: Arc::new(claims), shared, stopped }));
        Ok(Self { arrivals, statistics, stop, tasks })
    }

    pub fn statistics(&self) -> NatsInletStatistics {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives all sites back at once, so that other cores can take them.
    pub async fn close(mut self) {
        self.stop.send_replace(true);
        self.arrivals.close();
        while self.tasks.join_next().await.is_some() {}
    }
}

#[async_trait]
impl Inlet for NatsInlet {
    async fn next(&mut self) -> Option<Arrival> {
        self.arrivals.recv().await
    }
}

fn configuration(settings: &NatsInletSettings) -> Config {
    Config {
        name: STREAM.into(),
        description: Some("Reports of sensors until a core has committed them".into()),
        subjects: vec![all()],
        // What is acknowledged leaves the stream: whatever is in it is not yet committed.
        retention: RetentionPolicy::WorkQueue,
        discard: DiscardPolicy::New,
        max_bytes: settings.stream_bytes,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        duplicate_window: Duration::from_secs(600),
        ..Default::default()
    }
}

struct Looking {
    context: Context,
    claims: Arc<Claims>,
    shared: Arc<Shared>,
    stopped: watch::Receiver<bool>,
}

/// Looks for sites to serve, and serves each in a task of its own.
async fn look(mut looking: Looking) {
    let mut serving: BTreeMap<String, tokio::task::Id> = BTreeMap::new();
    let mut tasks = JoinSet::new();
    let mut ticks = tokio::time::interval(looking.shared.settings.look);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looking.stopped.wait_for(|stopped| *stopped) => break,
            _ = ticks.tick() => {}
            Some(ended) = tasks.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                };
                serving.retain(|_, task| *task != id);
            }
        }
        let most = match &looking.shared.settings.sites {
            Sites::Named(_) => usize::MAX,
            Sites::Any { most } => *most,
        };
        if serving.len() < most {
            for name in waiting(&looking).await {
                if serving.len() >= most {
                    break;
                }
                if serving.contains_key(&name) {
                    continue;
                }
                if let Some(claim) = looking.claims.take(&site_key(&name)).await {
                    let task =
                        serve(name.clone(), claim, Arc::clone(&looking.shared), looking.stopped.clone());
                    serving.insert(name, tasks.spawn(task).id());
                }
            }
        }
    }
    while tasks.join_next().await.is_some() {}
}

/// Sites that could be served.
async fn waiting(looking: &Looking) -> BTreeSet<String> {
    if let Sites::Named(names) = &looking.shared.settings.sites {
        return names.iter().cloned().collect();
    }
    let found = async {
        let stream = looking.context.get_stream_no_info(STREAM).await.ok()?;
        let info = stream.info_with_subjects(all()).await.ok()?;
        info.map_ok(|(subject, _)| publisher(&subject)).try_collect::<Vec<_>>().await.ok()
    };
    found.await.unwrap_or_default().into_iter().flatten().map(|peer| peer.site).collect()
}

/// Serves a site while the claim holds.
async fn serve(name: String, mut claim: Claim, shared: Arc<Shared>, mut stopped: watch::Receiver<bool>) {
    tracing::info!(site = %name, "this core serves the site now");
    shared.count(|statistics| {
        statistics.sites.insert(name.clone());
    });
    let site = Site::new(&name, Arc::clone(&shared));
    let kept = tokio::select! {
        () = site.run() => true,
        () = claim.hold() => false,
        _ = stopped.wait_for(|stopped| *stopped) => true,
    };
    shared.count(|statistics| {
        statistics.sites.remove(&name);
    });
    if kept {
        claim.release().await;
    } else {
        tracing::warn!(site = %name, "the claim on the site was lost");
    }
}
