//! Alert channels: events above a threshold go out by webhook, e-mail and syslog.
//!
//! Each channel keeps the number of the last event that it delivered: an event is delivered at least once, in order, and
//! a failure is tried again with growing waits. Nothing here holds capture up: events are read from the store.

mod email;
mod syslog;
mod webhook;

use std::time::Duration;

use medward_model::{Severity, Timestamp};
use medward_monitor::{Event, EventKind, EventList, StoreError};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::accounts::keep;
use crate::outgoing::OutgoingError;
use crate::secrets::SecretError;
use crate::{Answer, App, Notice, Problem};

pub const KIND: &str = "channel";
/// Where a channel stands: beside it, so that a change by a person and a delivery do not meet.
pub const STATE: &str = "channel-state";

/// Events of one page.
const PAGE: u32 = 100;
/// Waits after failures, in seconds.
const FIRST_WAIT: i64 = 5;
const LONGEST_WAIT: i64 = 900;
/// Looks at the store without being told, so often.
const LOOK: Duration = Duration::from_secs(5);
/// A delivery that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why an event was not delivered. Never holds a secret.
#[derive(Debug, Error)]
pub enum DeliveryError {
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the mail server did not take it: {0}")]
    Mail(String),
    #[error("the address is not right: {0}")]
    Address(String),
    #[error("the receiver cannot be reached: {0}")]
    Network(#[from] std::io::Error),
    #[error("no answer within 30 seconds")]
    Slow,
    #[error("the event cannot be written: {0}")]
    Unwritable(String),
}

/// How a syslog receiver is reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Carrier {
    #[default]
    Udp,
    Tcp,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after STARTTLS, or not at all.
    Starttls,
    /// In the clear: only for a relay on the same machine or network.
    None,
}

/// Where a channel leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "config", rename_all = "kebab-case")]
pub enum Target {
    Webhook(WebhookTarget),
    Email(EmailTarget),
    Syslog(SyslogTarget),
}

/// POST of JSON with the header `X-Medward-Signature: sha256=<HMAC of time and body>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookTarget {
    #[schema(max_length = 1000)]
    pub url: String,
}

/// A mail for each event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailTarget {
    #[schema(max_length = 253)]
    pub host: String,
    #[schema(minimum = 1)]
    pub port: u16,
    #[serde(default)]
    pub security: MailSecurity,
    /// With the secret as password; empty: without signing in.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub user: String,
    #[schema(max_length = 254)]
    pub from: String,
    #[schema(min_items = 1, max_items = 50)]
    pub to: Vec<String>,
}

/// A line of RFC 5424 for each event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyslogTarget {
    #[schema(max_length = 253)]
    pub host: String,
    #[schema(minimum = 1)]
    pub port: u16,
    #[serde(default)]
    pub carrier: Carrier,
}

impl Target {
    /// As in output.
    pub const fn name(&self) -> &'static str {
        match self {
            Target::Webhook(_) => "webhook",
            Target::Email(_) => "email",
            Target::Syslog(_) => "syslog",
        }
    }
}

/// A channel as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Channel {
    pub id: String,
    pub name: String,
    pub enabled: bool,
    pub threshold: Severity,
    /// Empty: all.
    pub kinds: Vec<EventKind>,
    /// `None`: all.
    pub sites: Option<Vec<String>>,
    #[serde(flatten)]
    pub target: Target,
    /// Sealed.
    pub secret: Option<String>,
}

/// Where a channel stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standing {
    /// Number of the last event that was delivered or is none of its.
    pub cursor: u64,
    pub last_sent: Option<Timestamp>,
    pub last_error: Option<String>,
    /// Failures one after the other, and when it is tried again.
    pub failures: u32,
    pub again: Option<Timestamp>,
}

/// What a channel needs to deliver.
pub struct Delivery<'a> {
    pub app: &'a App,
    pub channel: &'a Channel,
    pub secret: Option<String>,
}

impl Delivery<'_> {
    async fn carry(&self, event: &Event) -> Result<(), DeliveryError> {
        match &self.channel.target {
            Target::Webhook(target) => webhook::deliver(self, target, event).await,
            Target::Email(target) => email::deliver(self, target, event).await,
            Target::Syslog(target) => syslog::deliver(self, target, event).await,
        }
    }
}

/// Delivers one event now.
pub async fn deliver(app: &App, channel: &Channel, event: &Event) -> Result<(), DeliveryError> {
    let secret = match &channel.secret {
        Some(sealed) => Some(app.vault.open(&format!("channel {}", channel.id), sealed)?),
        None => None,
    };
    let delivery = Delivery { app, channel, secret };
    match tokio::time::timeout(PATIENCE, delivery.carry(event)).await {
        Ok(result) => result,
        Err(_) => Err(DeliveryError::Slow),
    }
}

/// An event to try a channel with.
pub fn test_event(app: &App) -> Event {
    Event {
        number: 0,
        at: app.now(),
        site: "test".to_owned(),
        kind: EventKind::External,
        severity: Severity::Info,
        device: None,
        title: "Test of an alert channel: Medward reaches you here".to_owned(),
        details: std::collections::BTreeMap::new(),
    }
}

impl Channel {
    /// Whether an event is one of its.
    pub fn wants(&self, event: &Event) -> bool {
        // Severities are ordered worst first.
        event.severity <= self.threshold
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self.sites.as_ref().is_none_or(|sites| sites.contains(&event.site))
    }

    fn list(&self, after: u64) -> EventList {
        EventList {
            sites: self.sites.clone(),
            kinds: self.kinds.clone(),
            severity: Some(self.threshold),
            after: Some(after),
            limit: PAGE,
            ..EventList::default()
        }
    }
}

/// Delivers as long as it runs: give it a task of its own.
pub async fn deliver_forever(app: App) {
    let mut listen = app.events.subscribe();
    let mut open = true;
    loop {
        if let Err(error) = deliver_round(&app).await {
            tracing::warn!(%error, "alert channels could not be looked at");
        }
        tokio::select! {
            notice = listen.recv(), if open => {
                open = !matches!(notice, Err(tokio::sync::broadcast::error::RecvError::Closed));
                if !matches!(notice, Ok(Notice::Event(_))) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// One round: each channel takes what waits for it. Channels do not wait for each other.
pub async fn deliver_round(app: &App) -> Result<(), StoreError> {
    let mut running = tokio::task::JoinSet::new();
    for (_, kept) in keep::load_all::<Channel>(&*app.store, KIND, app.now()).await? {
        if kept.body.enabled {
            let app = app.clone();
            running.spawn(async move { catch_up(&app, &kept.body).await });
        }
    }
    while let Some(result) = running.join_next().await {
        if let Ok(Err(error)) = result {
            tracing::warn!(%error, "an alert channel could not be looked at");
        }
    }
    Ok(())
}

async fn catch_up(app: &App, channel: &Channel) -> Result<(), StoreError> {
    let kept = keep::load::<Standing>(&*app.store, STATE, &channel.id, app.now()).await?;
    let mut standing = kept.map(|kept| kept.body).unwrap_or_default();
    if standing.again.is_some_and(|again| again > app.now()) {
        return Ok(());
    }
    loop {
        let page = app.store.events(&channel.list(standing.cursor)).await?;
        for event in &page.items {
            if channel.wants(event) {
                match deliver(app, channel, event).await {
                    Ok(()) => {
                        standing.last_sent = Some(app.now());
                        standing.last_error = None;
                        standing.failures = 0;
                        standing.again = None;
                    }
                    Err(error) => {
                        let wait = FIRST_WAIT.checked_shl(standing.failures.min(16)).unwrap_or(LONGEST_WAIT);
                        standing.failures = standing.failures.saturating_add(1);
                        standing.last_error = Some(error.to_string().chars().take(300).collect());
                        standing.again = Some(app.now().plus_seconds(wait.min(LONGEST_WAIT)));
                        save(app, channel, &standing).await?;
                        return Ok(());
                    }
                }
            }
            standing.cursor = standing.cursor.max(event.number);
            save(app, channel, &standing).await?;
        }
        if page.items.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// Writes where a channel stands, unless it was taken away meanwhile.
async fn save(app: &App, channel: &Channel, standing: &Standing) -> Result<(), StoreError> {
    if app.store.document(KIND, &channel.id, app.now()).await?.is_none() {
        return Ok(());
    }
    keep::save(&*app.store, STATE, &channel.id, standing, None, None, app.now()).await.map(|_| ())
}

/// Events that wait for a channel, at most a page of them.
pub async fn waiting(app: &App, channel: &Channel, standing: &Standing) -> Answer<u64> {
    let page = app.store.events(&channel.list(standing.cursor)).await?;
    Ok(page.items.iter().filter(|event| channel.wants(event)).count() as u64)
}

/// Checks where a channel leads, without calling it.
pub fn check(app: &App, target: &Target) -> Answer<()> {
    use crate::extract::at_most;
    match target {
        Target::Webhook(target) => {
            at_most("url", &target.url, 1000)?;
            let fault =
                |error: OutgoingError| Problem::refused(format!("'url': {error}."), "Enter another address.");
            app.outgoing.check_address(&target.url).map_err(fault)?;
        }
        Target::Email(target) => {
            check_host(&target.host, target.port)?;
            at_most("user", &target.user, 200)?;
            if !(1..=50).contains(&target.to.len()) {
                return Err(Problem::refused(
                    "'to' names nobody, or more than 50.",
                    "Name 1 to 50 addresses.",
                ));
            }
            for address in target.to.iter().chain([&target.from]) {
                email::check(address).map_err(|error| {
                    Problem::refused(format!("{error}."), "Enter mail addresses like it@hospital.example.")
                })?;
            }
        }
        Target::Syslog(target) => check_host(&target.host, target.port)?,
    }
    Ok(())
}

fn check_host(host: &str, port: u16) -> Answer<()> {
    let fine = (1..=253).contains(&host.len())
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte));
    if !fine || port == 0 {
        return Err(Problem::refused(
            "'host' or 'port' is none.",
            "Enter a name or address, and a port from 1 to 65535.",
        ));
    }
    Ok(())
}
