//! Alert channels.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_model::{Severity, Timestamp};
use medward_monitor::{EventKind, EventList};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::keep;
use crate::channels::{self, Channel, KIND, STATE, Standing, Target};
use crate::extract::{Body, Named, at_most, etag, if_match};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, schema, secrets};

const MOST: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
        .routes(routes!(try_out))
}

/// A channel to be made or changed.
#[derive(Deserialize, ToSchema)]
struct NewChannel {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    /// Events at least so severe.
    #[schema(value_type = schema::Severity)]
    threshold: Severity,
    /// Empty: all kinds.
    #[serde(default)]
    #[schema(value_type = Vec<schema::EventKind>)]
    kinds: Vec<EventKind>,
    /// null: all sites.
    #[serde(default)]
    sites: Option<Vec<String>>,
    #[serde(flatten)]
    target: Target,
    /// Key of the webhook's signature, or password of the mail account; never shown. Absent: stays, unless the channel
    /// leads elsewhere than before. Empty: none.
    #[serde(default)]
    #[schema(max_length = 1000)]
    secret: Option<String>,
}

const fn yes() -> bool {
    true
}

/// How a channel is doing.
#[derive(Serialize, ToSchema)]
struct Progress {
    #[schema(value_type = Option<String>, format = DateTime)]
    last_sent: Option<Timestamp>,
    last_error: Option<String>,
    /// Events that wait, at most a hundred.
    waiting: u64,
    /// When it is tried again after a failure.
    #[schema(value_type = Option<String>, format = DateTime)]
    again: Option<Timestamp>,
}

/// A channel as it is shown.
#[derive(Serialize, ToSchema)]
struct ChannelShown {
    id: String,
    name: String,
    enabled: bool,
    #[schema(value_type = schema::Severity)]
    threshold: Severity,
    #[schema(value_type = Vec<schema::EventKind>)]
    kinds: Vec<EventKind>,
    sites: Option<Vec<String>>,
    #[serde(flatten)]
    target: Target,
    has_secret: bool,
    state: Progress,
}

async fn shown(app: &App, channel: Channel) -> Answer<ChannelShown> {
    let kept = keep::load::<Standing>(&*app.store, STATE, &channel.id, app.now()).await?;
    let standing = kept.map(|kept| kept.body).unwrap_or_default();
    let waiting = channels::waiting(app, &channel, &standing).await?;
    Ok(ChannelShown {
        id: channel.id,
        name: channel.name,
        enabled: channel.enabled,
        threshold: channel.threshold,
        kinds: channel.kinds,
        sites: channel.sites,
        target: channel.target,
        has_secret: channel.secret.is_some(),
        state: Progress {
            last_sent: standing.last_sent,
            last_error: standing.last_error,
            waiting,
            again: standing.again,
        },
    })
}

/// Alert channels.
#[utoipa::path(get, path = "/api/v1/channels", tag = "channels", responses((status = 200, body = Items<ChannelShown>), Problems))]
async fn list(State(app): State<App>) -> Answer<Json<Items<ChannelShown>>> {
    let mut items = Vec::new();
    for (_, kept) in keep::load_all::<Channel>(&*app.store, KIND, app.now()).await? {
        items.push(shown(&app, kept.body).await?);
    }
    Ok(Json(Items::all(items)))
}

fn read(app: &App, id: String, sent: NewChannel, before: Option<&Channel>) -> Answer<Channel> {
    at_most("name", &sent.name, 100)?;
    if sent.name.trim().is_empty() {
        return Err(Problem::refused("The channel has no name.", "Give it one."));
    }
    super::people::check_sites(sent.sites.as_deref())?;
    at_most("secret", sent.secret.as_deref().unwrap_or_default(), 1000)?;
    channels::check(app, &sent.target)?;
    let secret = match sent.secret.as_deref() {
        // A secret that was entered for one receiver never goes to another.
        None => before.filter(|before| before.target == sent.target).and_then(|before| before.secret.clone()),
        Some("") => None,
        Some(secret) => Some(app.vault.seal(&format!("channel {id}"), secret)?),
    };
    Ok(Channel {
        id,
        name: sent.name,
        enabled: sent.enabled,
        threshold: sent.threshold,
        kinds: sent.kinds,
        sites: sent.sites,
        target: sent.target,
        secret,
    })
}

fn noted(channel: &Channel) -> Extension<Noted> {
    Extension(Noted(serde_json::json!({
        "id": channel.id, "name": channel.name, "kind": channel.target.name(), "enabled": channel.enabled,
    })))
}

/// Makes a channel; it tells what happens from now on.
#[utoipa::path(post, path = "/api/v1/channels", tag = "channels", request_body = NewChannel, responses((status = 201, body = ChannelShown), Problems))]
async fn create(State(app): State<App>, Body(sent): Body<NewChannel>) -> Answer<Response> {
    let now = app.now();
    if app.store.documents(KIND, now).await?.len() >= MOST {
        return Err(Problem::refused("There are 100 channels.", "Take one away first."));
    }
    let channel = read(&app, secrets::random_id()?, sent, None)?;
    let last = app.store.events(&EventList { limit: 1, ..EventList::default() }).await?;
    let cursor = last.items.first().map_or(0, |event| event.number);
    let standing = Standing { cursor, ..Standing::default() };
    keep::save(&*app.store, STATE, &channel.id, &standing, None, None, now).await?;
    let version = keep::save(&*app.store, KIND, &channel.id, &channel, Some(0), None, now).await?;
    let noted = noted(&channel);
    Ok((StatusCode::CREATED, etag(version), noted, Json(shown(&app, channel).await?)).into_response())
}

async fn found(app: &App, id: &str) -> Answer<keep::Kept<Channel>> {
    let missing = || Problem::missing("channel", &id.chars().take(64).collect::<String>());
    if id.len() != 16 {
        return Err(missing());
    }
    keep::load::<Channel>(&*app.store, KIND, id, app.now()).await?.ok_or_else(missing)
}

/// Changes a channel.
#[utoipa::path(put, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = NewChannel, responses((status = 200, body = ChannelShown), Problems))]
async fn change(
    State(app): State<App>,
    headers: HeaderMap,
    Named(id): Named<String>,
    Body(sent): Body<NewChannel>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    let before = found(&app, &id).await?;
    let channel = read(&app, id, sent, Some(&before.body))?;
    let expected = Some(expected.unwrap_or(before.version));
    let version = keep::save(&*app.store, KIND, &channel.id, &channel, expected, None, app.now()).await?;
    let noted = noted(&channel);
    Ok((etag(version), noted, Json(shown(&app, channel).await?)).into_response())
}

/// Takes a channel away.
#[utoipa::path(delete, path = "/api/v1/channels/{id}", tag = "channels", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, Named(id): Named<String>) -> Answer<StatusCode> {
    found(&app, &id).await?;
    app.store.delete_document(KIND, &id).await?;
    app.store.delete_document(STATE, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How a test went.
#[derive(Serialize, ToSchema)]
struct Tried {
    ok: bool,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
}

/// Sends a test through a channel now.
#[utoipa::path(post, path = "/api/v1/channels/{id}/test", tag = "channels", params(("id" = String, Path)), responses((status = 200, body = Tried), Problems))]
async fn try_out(State(app): State<App>, Named(id): Named<String>) -> Answer<Json<Tried>> {
    let channel = found(&app, &id).await?.body;
    let error = channels::deliver(&app, &channel, &channels::test_event(&app)).await.err();
    Ok(Json(Tried { ok: error.is_none(), error: error.map(|error| error.to_string()) }))
}
