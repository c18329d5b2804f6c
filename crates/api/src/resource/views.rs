//! Saved views of the device list: one's own, and those that others share.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::keep;
use crate::caller::Caller;
use crate::extract::{Body, Named, at_most};
use crate::problem::Problems;
use crate::rights::Role;
use crate::{Answer, App, Problem, find, secrets};

const KIND: &str = "view";
/// Views of one person.
const MOST: usize = 200;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(remove))
}

/// What to save.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewView {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    #[serde(default)]
    #[schema(max_length = 2000)]
    q: String,
    #[serde(default)]
    #[schema(max_length = 40)]
    sort: String,
    #[serde(default)]
    #[schema(max_items = 40)]
    columns: Vec<String>,
    #[serde(default)]
    shared: bool,
}

/// A saved view.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
struct View {
    id: String,
    name: String,
    q: String,
    sort: String,
    columns: Vec<String>,
    /// Others see it too.
    shared: bool,
    owner: String,
}

/// Saved views.
#[utoipa::path(get, path = "/api/v1/views", tag = "views", responses((status = 200, body = Items<View>), Problems))]
async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<Items<View>>> {
    let all = keep::load_all::<View>(&*app.store, KIND, app.now()).await?;
    let mut views: Vec<View> = all
        .into_iter()
        .map(|(_, kept)| kept.body)
        .filter(|view| view.shared || view.owner == caller.name)
        .collect();
    views.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.id.cmp(&b.id)));
    Ok(Json(Items::all(views)))
}

/// Saves a view.
#[utoipa::path(post, path = "/api/v1/views", tag = "views", request_body = NewView, responses((status = 201, body = View), Problems))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(sent): Body<NewView>,
) -> Answer<(StatusCode, Json<View>)> {
    at_most("name", &sent.name, 100)?;
    if sent.name.trim().is_empty() {
        return Err(Problem::refused("The view has no name.", "Give it one."));
    }
    find::query(Some(&sent.q))?;
    find::sort(Some(&sent.sort))?;
    if sent.columns.len() > 40 || sent.columns.iter().any(|column| column.len() > 40) {
        return Err(Problem::refused("Too many columns, or too long names.", "At most 40 of 40 characters."));
    }
    let all = keep::load_all::<View>(&*app.store, KIND, app.now()).await?;
    if all.iter().filter(|(_, kept)| kept.body.owner == caller.name).count() >= MOST {
        return Err(Problem::refused("You have 200 saved views.", "Take one away first."));
    }
    let view = View {
        id: secrets::random_id()?,
        name: sent.name,
        q: sent.q,
        sort: sent.sort,
        columns: sent.columns,
        shared: sent.shared,
        owner: caller.name,
    };
    keep::save(&*app.store, KIND, &view.id, &view, Some(0), None, app.now()).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Takes a view away: one's own, or any by an administrator.
#[utoipa::path(delete, path = "/api/v1/views/{id}", tag = "views", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<StatusCode> {
    let missing = || Problem::missing("view", &id.chars().take(64).collect::<String>());
    if id.len() != 16 {
        return Err(missing());
    }
    let view = keep::load::<View>(&*app.store, KIND, &id, app.now()).await?.ok_or_else(missing)?.body;
    if view.owner != caller.name && caller.role != Role::Administrator {
        return Err(if view.shared {
            Problem::forbidden("The view belongs to somebody else.", "Ask its owner, or an administrator.")
        } else {
            missing()
        });
    }
    app.store.delete_document(KIND, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
