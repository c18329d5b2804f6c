//! What is read: protocols and other sources, as people write them.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::problem::Problems;
use crate::{App, Spoken};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Protocols and sources by the names that stand in conversations, services and evidence.
#[utoipa::path(get, path = "/api/v1/protocols", tag = "devices", responses((status = 200, body = Items<Spoken>), Problems))]
async fn list(State(app): State<App>) -> Json<Items<Spoken>> {
    Json(Items::all(app.config.protocols.to_vec()))
}
