//! What one device did, with whom, where and when.

use axum::Json;
use axum::extract::State;
use medward_model::Timestamp;
use medward_monitor::{
    BucketSize, ConversationList, DeviceRecord, Direction, EventList, LinkList, NodeGroup, PageRequest,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::map::Node;
use crate::caller::Caller;
use crate::extract::{Asked, Named, Paging, page};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(conversations))
        .routes(routes!(peers))
        .routes(routes!(volume))
        .routes(routes!(activity))
        .routes(routes!(history))
        .routes(routes!(stays))
        .routes(routes!(events))
}

/// Which conversations.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// originated, answered or either.
    direction: Option<String>,
    /// With traffic since then.
    #[param(format = DateTime)]
    since: Option<String>,
    protocol: Option<String>,
    /// volume or time.
    by: Option<String>,
}

/// Whether most bytes come first, or the latest.
pub fn by_volume(by: Option<&str>) -> Answer<bool> {
    match by {
        None | Some("" | "time") => Ok(false),
        Some("volume") => Ok(true),
        Some(_) => Err(Problem::malformed("'by' is neither volume nor time.", "Use one of these.")),
    }
}

/// Conversations of a device.
#[utoipa::path(get, path = "/api/v1/devices/{id}/conversations", tag = "devices", params(("id" = String, Path), Which, Paging), responses((status = 200, body = Items<schema::ConversationRow>), Problems))]
async fn conversations(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<medward_monitor::ConversationRow>>> {
    let direction = match which.direction.as_deref() {
        None | Some("" | "either") => Direction::Either,
        Some("originated") => Direction::Originated,
        Some("answered") => Direction::Answered,
        Some(_) => {
            return Err(Problem::malformed(
                "'direction' is none of originated, answered, either.",
                "Use one of these.",
            ));
        }
    };
    let record = find::device(&app, &caller, &id).await?;
    let list = ConversationList {
        device: Some(record.summary.id),
        direction,
        sites: caller.sites.clone(),
        since: find::time("since", which.since.as_deref())?,
        protocol: super::map::protocol(which.protocol)?,
        by_volume: by_volume(which.by.as_deref())?,
        page: paging.request()?,
    };
    Ok(Json(app.store.conversations(&list).await?.into()))
}

/// A device with those it talks with.
#[derive(Serialize, ToSchema)]
struct Peers {
    nodes: Vec<Node>,
    #[schema(value_type = Vec<schema::Link>)]
    links: Vec<medward_monitor::Link>,
}

const MOST_PEERS: u32 = 200;

/// With whom a device talks: for a picture.
#[utoipa::path(get, path = "/api/v1/devices/{id}/peers", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Peers), Problems))]
async fn peers(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<Json<Peers>> {
    let record = find::device(&app, &caller, &id).await?;
    let text = format!("id:{}", find::quoted(&record.summary.id.0));
    let list = LinkList {
        devices: find::devices(&app, &caller, Some(&text), PageRequest::first(1))?,
        group: NodeGroup::Device,
        since: None,
        limit: MOST_PEERS,
    };
    let links = app.store.links(&list).await?;
    let nodes = super::map::nodes_of_devices(&app, &caller, &links, Some(&record.summary)).await?;
    let (nodes, links) = super::map::seen(nodes, links);
    Ok(Json(Peers { nodes, links }))
}

/// When, and in which steps.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct When {
    /// A week before `until` without.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Now without.
    #[param(format = DateTime)]
    until: Option<String>,
    /// hour or day.
    bucket: Option<String>,
}

async fn within(
    app: &App,
    caller: &Caller,
    id: &str,
    when: &When,
) -> Answer<(DeviceRecord, Timestamp, Timestamp, BucketSize)> {
    let bucket = match when.bucket.as_deref() {
        None | Some("" | "hour") => BucketSize::Hour,
        Some("day") => BucketSize::Day,
        Some(_) => return Err(Problem::malformed("'bucket' is neither hour nor day.", "Use one of these.")),
    };
    let (from, until) = find::span(app, when.from.as_deref(), when.until.as_deref(), 7)?;
    Ok((find::device(app, caller, id).await?, from, until, bucket))
}

#[derive(Serialize, ToSchema)]
struct Volume {
    #[schema(value_type = Vec<schema::VolumePoint>)]
    points: Vec<medward_monitor::VolumePoint>,
}

/// Traffic of a device over time; empty buckets are left out.
#[utoipa::path(get, path = "/api/v1/devices/{id}/volume", tag = "devices", params(("id" = String, Path), When), responses((status = 200, body = Volume), Problems))]
async fn volume(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(when): Asked<When>,
) -> Answer<Json<Volume>> {
    let (record, from, until, bucket) = within(&app, &caller, &id, &when).await?;
    let points =
        app.store.volume(Some(&record.summary.id), caller.sites.as_deref(), from, until, bucket).await?;
    Ok(Json(Volume { points }))
}

#[derive(Serialize, ToSchema)]
struct Activity {
    #[schema(value_type = Vec<schema::UseBucket>)]
    buckets: Vec<medward_monitor::UseBucket>,
}

/// What a device did over time.
#[utoipa::path(get, path = "/api/v1/devices/{id}/activity", tag = "devices", params(("id" = String, Path), When), responses((status = 200, body = Activity), Problems))]
async fn activity(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(when): Asked<When>,
) -> Answer<Json<Activity>> {
    let (record, from, until, bucket) = within(&app, &caller, &id, &when).await?;
    Ok(Json(Activity { buckets: app.store.activity(&record.summary.id, from, until, bucket).await? }))
}

/// All values that a device's attributes ever had, latest first.
#[utoipa::path(get, path = "/api/v1/devices/{id}/history", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Items<schema::AttributeChange>), Problems))]
async fn history(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Answer<Json<Items<medward_monitor::AttributeChange>>> {
    let record = find::device(&app, &caller, &id).await?;
    Ok(Json(Items::all(app.store.attributes(&record.summary.id).await?)))
}

/// Where a device was, latest first.
#[utoipa::path(get, path = "/api/v1/devices/{id}/stays", tag = "devices", params(("id" = String, Path)), responses((status = 200, body = Items<schema::Stay>), Problems))]
async fn stays(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
) -> Answer<Json<Items<medward_monitor::Stay>>> {
    let record = find::device(&app, &caller, &id).await?;
    Ok(Json(Items::all(app.store.stays(&record.summary.id).await?)))
}

/// Events of a device, latest first.
#[utoipa::path(get, path = "/api/v1/devices/{id}/events", tag = "devices", params(("id" = String, Path), Paging), responses((status = 200, body = Items<schema::Event>), Problems))]
async fn events(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<medward_monitor::Event>>> {
    let record = find::device(&app, &caller, &id).await?;
    let page = page(paging.limit, paging.cursor.as_deref())?;
    let list = EventList {
        device: Some(record.summary.id),
        sites: caller.sites.clone(),
        limit: page.limit,
        cursor: page.cursor,
        ..EventList::default()
    };
    Ok(Json(app.store.events(&list).await?.into()))
}
