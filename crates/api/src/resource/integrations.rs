//! Integrations: what other systems bring, by name, so that people see what is set up.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::accounts::keep;
use crate::caller::Caller;
use crate::extract::{Body, Named, at_most};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, secrets};

const KIND: &str = "integration";
const MOST: usize = 100;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(remove))
}

/// What it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum IntegrationKind {
    /// Lists of a maintenance system: POST /cmms/import.
    Cmms,
    /// Positions of a wireless controller: POST /locations.
    Wireless,
    /// Positions of a location system: POST /locations.
    Rtls,
}

/// An integration to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewIntegration {
    kind: IntegrationKind,
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// An integration.
#[derive(Serialize, Deserialize, ToSchema)]
struct Integration {
    id: String,
    kind: IntegrationKind,
    name: String,
    by: String,
    #[schema(value_type = String, format = DateTime)]
    made: Timestamp,
    /// Where the other system sends to, with a token that has integration.manage.
    address: String,
}

/// Integrations.
#[utoipa::path(get, path = "/api/v1/integrations", tag = "integrations", responses((status = 200, body = Items<Integration>), Problems))]
async fn list(State(app): State<App>) -> Answer<Json<Items<Integration>>> {
    let all = keep::load_all::<Integration>(&*app.store, KIND, app.now()).await?;
    Ok(Json(Items::all(all.into_iter().map(|(_, kept)| kept.body).collect())))
}

/// Notes an integration.
#[utoipa::path(post, path = "/api/v1/integrations", tag = "integrations", request_body = NewIntegration, responses((status = 201, body = Integration), Problems))]
async fn create(
    State(app): State<App>,
    caller: Caller,
    Body(sent): Body<NewIntegration>,
) -> Answer<Response> {
    at_most("name", &sent.name, 100)?;
    if sent.name.trim().is_empty() {
        return Err(Problem::refused("The integration has no name.", "Give it one."));
    }
    let now = app.now();
    if app.store.documents(KIND, now).await?.len() >= MOST {
        return Err(Problem::refused("There are 100 integrations.", "Remove one first."));
    }
    let path = match sent.kind {
        IntegrationKind::Cmms => "/api/v1/cmms/import",
        IntegrationKind::Wireless | IntegrationKind::Rtls => "/api/v1/locations",
    };
    let made = Integration {
        id: secrets::random_id()?,
        kind: sent.kind,
        name: sent.name,
        by: caller.name,
        made: now,
        address: format!("{}{path}", app.config.public_address.trim_end_matches('/')),
    };
    keep::save(&*app.store, KIND, &made.id, &made, Some(0), None, now).await?;
    let noted = Noted(serde_json::json!({ "id": made.id, "name": made.name }));
    Ok((StatusCode::CREATED, Extension(noted), Json(made)).into_response())
}

/// Removes an integration.
#[utoipa::path(delete, path = "/api/v1/integrations/{id}", tag = "integrations", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn remove(State(app): State<App>, Named(id): Named<String>) -> Answer<StatusCode> {
    if id.len() != 16 || !app.store.delete_document(KIND, &id).await? {
        return Err(Problem::missing("integration", &id.chars().take(64).collect::<String>()));
    }
    Ok(StatusCode::NO_CONTENT)
}
