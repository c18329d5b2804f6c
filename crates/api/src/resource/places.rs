//! Places: site, building, floor, room, storage; and the rules that tell where devices are.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use medward_monitor::{DeviceSummary, FacetField, PageRequest, PlaceRule, Stay};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::keep;
use crate::caller::Caller;
use crate::extract::{Asked, Body, Named, Paging, at_most, etag, if_match};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema, secrets};

const KIND: &str = "place";
/// Places of a network, and how deep they lie in each other.
const MOST: usize = 20_000;
const DEPTH: usize = 12;
/// Largest picture of a plan, as a data address.
const PICTURE: usize = 4 * 1024 * 1024;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
        .routes(routes!(devices))
        .routes(routes!(visitors))
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum PlaceKind {
    Site,
    Building,
    Floor,
    Room,
    Storage,
}

/// A plan of a floor.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// In its own units, above 0.
    #[schema(exclusive_minimum = 0.0, maximum = 100_000.0)]
    width: f64,
    #[schema(exclusive_minimum = 0.0, maximum = 100_000.0)]
    height: f64,
    /// A picture as data address: PNG, JPEG or WebP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

/// A rule that tells the place of devices.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// vlan, subnet, switch-port, access-point, hl7-location, name or rtls.
    how: String,
    #[schema(min_length = 1, max_length = 200)]
    pattern: String,
}

/// A place as it is kept and sent. What is told of it besides (id, devices, missing) may be sent back, and is not read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
struct Layout {
    /// The place it lies in.
    #[serde(default)]
    parent: Option<String>,
    kind: PlaceKind,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Plan>,
    /// Where it lies on the plan of its floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<f64>,
    #[serde(default)]
    #[schema(max_items = 200)]
    rules: Vec<Rule>,
}

/// A place with what is there.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Place {
    id: String,
    #[serde(flatten)]
    body: Layout,
    /// Devices that are here.
    devices: u64,
    /// Of those, missing.
    missing: u64,
}

async fn counts(app: &App, caller: &Caller, text: &str) -> Answer<BTreeMap<String, u64>> {
    let list = find::devices(app, caller, Some(text), PageRequest::first(1))?;
    let most = u32::try_from(MOST).unwrap_or(u32::MAX);
    let found = app.store.facets(&list, &[FacetField::Place], most).await?;
    Ok(found.into_iter().flat_map(|facet| facet.values).map(|value| (value.value, value.count)).collect())
}

/// All places.
#[utoipa::path(get, path = "/api/v1/places", tag = "places", responses((status = 200, body = Items<Place>), Problems))]
async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<Items<Place>>> {
    let here = counts(&app, &caller, "").await?;
    let missing = counts(&app, &caller, "is:missing").await?;
    let all = keep::load_all::<Layout>(&*app.store, KIND, app.now()).await?;
    let places = all.into_iter().map(|(id, kept)| Place {
        devices: here.get(&id).copied().unwrap_or(0),
        missing: missing.get(&id).copied().unwrap_or(0),
        id,
        body: kept.body,
    });
    Ok(Json(Items::all(places.collect())))
}

fn missing(id: &str) -> Problem {
    Problem::missing("place", &id.chars().take(64).collect::<String>())
}

fn check(body: &Layout, own: Option<&str>, all: &BTreeMap<String, Layout>) -> Answer<()> {
    at_most("name", &body.name, 100)?;
    if body.name.trim().is_empty() {
        return Err(Problem::refused("The place has no name.", "Give it one."));
    }
    if let Some(plan) = &body.plan {
        let fine = |length: f64| length > 0.0 && length <= 100_000.0;
        if !fine(plan.width) || !fine(plan.height) {
            return Err(Problem::refused(
                "The plan has no size.",
                "Width and height lie above 0, at most 100000.",
            ));
        }
        if let Some(image) = &plan.image {
            // No SVG: it can hold scripts.
            let known = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/webp;base64,"];
            if image.len() > PICTURE || !known.iter().any(|kind| image.starts_with(kind)) {
                return Err(Problem::refused(
                    "The picture of the plan is none that is taken.",
                    "Send PNG, JPEG or WebP as data address of at most 4 MiB.",
                ));
            }
        }
    }
    if body.rules.len() > 200 {
        return Err(Problem::refused("More than 200 rules.", "Use patterns with *."));
    }
    for rule in &body.rules {
        at_most("pattern", &rule.pattern, 200)?;
        if let Some(fault) = (PlaceRule { how: rule.how.clone(), pattern: rule.pattern.clone() }).fault() {
            return Err(Problem::refused(format!("A rule is wrong: {fault}."), "Change or remove the rule."));
        }
    }
    let (mut at, mut depth) = (body.parent.as_deref(), 0);
    while let Some(id) = at {
        let Some(parent) = all.get(id) else {
            return Err(Problem::refused("'parent' is no place.", "Make that place first, or leave it out."));
        };
        depth += 1;
        if Some(id) == own || depth > DEPTH {
            return Err(Problem::refused(
                "The place would lie within itself, or too deep.",
                "Take another 'parent'.",
            ));
        }
        at = parent.parent.as_deref();
    }
    Ok(())
}

async fn others(app: &App) -> Answer<BTreeMap<String, Layout>> {
    let all = keep::load_all::<Layout>(&*app.store, KIND, app.now()).await?;
    Ok(all.into_iter().map(|(id, kept)| (id, kept.body)).collect())
}

/// Makes a place.
#[utoipa::path(post, path = "/api/v1/places", tag = "places", request_body = Layout, responses((status = 201, body = Place), Problems))]
async fn create(State(app): State<App>, Body(body): Body<Layout>) -> Answer<Response> {
    let all = others(&app).await?;
    check(&body, None, &all)?;
    if all.len() >= MOST {
        return Err(Problem::refused("There are 20000 places.", "Remove some first."));
    }
    let id = secrets::random_id()?;
    let version = keep::save(&*app.store, KIND, &id, &body, Some(0), None, app.now()).await?;
    let place = Place { id, body, devices: 0, missing: 0 };
    Ok((StatusCode::CREATED, etag(version), Json(place)).into_response())
}

/// Changes a place.
#[utoipa::path(put, path = "/api/v1/places/{id}", tag = "places", params(("id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = Layout, responses((status = 200, body = Place), Problems))]
async fn change(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Named(id): Named<String>,
    Body(body): Body<Layout>,
) -> Answer<Response> {
    let expected = if_match(&headers)?;
    let all = others(&app).await?;
    if !all.contains_key(&id) {
        return Err(missing(&id));
    }
    check(&body, Some(&id), &all)?;
    let version = keep::save(&*app.store, KIND, &id, &body, expected, None, app.now()).await?;
    let count = |counts: BTreeMap<String, u64>| counts.get(&id).copied().unwrap_or(0);
    let devices = count(counts(&app, &caller, "").await?);
    let missing = count(counts(&app, &caller, "is:missing").await?);
    Ok((etag(version), Json(Place { id, body, devices, missing })).into_response())
}

/// Removes a place that no other lies in.
#[utoipa::path(delete, path = "/api/v1/places/{id}", tag = "places", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, Named(id): Named<String>) -> Answer<StatusCode> {
    let all = others(&app).await?;
    if !all.contains_key(&id) {
        return Err(missing(&id));
    }
    if all.values().any(|place| place.parent.as_ref() == Some(&id)) {
        return Err(Problem::refused("Other places lie in it.", "Remove or move those first."));
    }
    app.store.delete_document(KIND, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn exists(app: &App, id: &str) -> Answer<()> {
    if id.len() > 64 || app.store.document(KIND, id, app.now()).await?.is_none() {
        return Err(missing(id));
    }
    Ok(())
}

/// Devices that are at a place now.
#[utoipa::path(get, path = "/api/v1/places/{id}/devices", tag = "places", params(("id" = String, Path), Paging), responses((status = 200, body = Items<schema::DeviceSummary>), Problems))]
async fn devices(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<DeviceSummary>>> {
    exists(&app, &id).await?;
    let text = format!("place:{}", find::quoted(&id));
    let list = find::devices(&app, &caller, Some(&text), paging.request()?)?;
    let mut items: Items<DeviceSummary> = app.store.devices(&list).await?.into();
    items.total = Some(app.store.count(&list).await?);
    Ok(Json(items))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct When {
    /// A week before `until` without.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Now without.
    #[param(format = DateTime)]
    until: Option<String>,
}

/// Which devices were at a place, latest first.
#[utoipa::path(get, path = "/api/v1/places/{id}/visitors", tag = "places", params(("id" = String, Path), When), responses((status = 200, body = Items<schema::Stay>), Problems))]
async fn visitors(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(when): Asked<When>,
) -> Answer<Json<Items<Stay>>> {
    exists(&app, &id).await?;
    let (from, until) = find::span(&app, when.from.as_deref(), when.until.as_deref(), 7)?;
    let mut stays = app.store.visitors(&id, from, until).await?;
    if caller.sites.is_some() {
        let ids = stays.iter().map(|stay| stay.device.clone()).collect::<std::collections::BTreeSet<_>>();
        let ids: Vec<_> = ids.into_iter().collect();
        let seen: Vec<_> = app
            .store
            .summaries(&ids)
            .await?
            .into_iter()
            .filter(|d| caller.sees(&d.site))
            .map(|d| d.id)
            .collect();
        stays.retain(|stay| seen.contains(&stay.device));
    }
    Ok(Json(Items::all(stays)))
}
