//! The audit trail.

use axum::Json;
use axum::extract::State;
use medward_monitor::AuditRecord;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::extract::{Asked, Paging, at_most};
use crate::problem::Problems;
use crate::{Answer, App, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(verify))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// In who, action or object.
    #[param(max_length = 200)]
    text: Option<String>,
}

/// Who did what, latest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(Wanted, Paging), responses((status = 200, body = Items<schema::AuditRecord>), Problems))]
async fn list(
    State(app): State<App>,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<AuditRecord>>> {
    let text = wanted.text.unwrap_or_default();
    at_most("text", &text, 200)?;
    Ok(Json(app.store.audit_page(&text, &paging.request()?).await?.into()))
}

/// Whether the chain is whole.
#[derive(Serialize, ToSchema)]
struct Verified {
    ok: bool,
    /// Records that were read.
    records: u64,
    /// Number of the first record that does not follow from the one before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    broken_at: Option<u64>,
}

/// Checks the chain from its beginning.
#[utoipa::path(get, path = "/api/v1/audit/verify", tag = "audit", responses((status = 200, body = Verified), Problems))]
async fn verify(State(app): State<App>) -> Answer<Json<Verified>> {
    let (mut previous, mut records) = (AuditRecord::ORIGIN.to_owned(), 0);
    loop {
        let some = app.store.audit_from(records + 1, 1000).await?;
        if some.is_empty() {
            return Ok(Json(Verified { ok: true, records, broken_at: None }));
        }
        for record in some {
            if record.number != records + 1 || !record.follows(&previous) {
                return Ok(Json(Verified { ok: false, records, broken_at: Some(records + 1) }));
            }
            records = record.number;
            previous = record.hash;
        }
    }
}
