//! How much devices are used.

use axum::Json;
use axum::extract::State;
use medward_monitor::{UseGroup, UseList, UseRow};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::caller::Caller;
use crate::extract::{Asked, Paging};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    q: Option<String>,
    /// device, category, site, place or vendor.
    group: Option<String>,
    /// Four weeks before `until` without.
    #[param(format = DateTime)]
    from: Option<String>,
    /// Now without.
    #[param(format = DateTime)]
    until: Option<String>,
    /// most or least.
    order: Option<String>,
}

/// How much devices are used, by group.
#[utoipa::path(get, path = "/api/v1/usage", tag = "usage", params(Wanted, Paging), responses((status = 200, body = Items<schema::UseRow>), Problems))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<UseRow>>> {
    let group = match wanted.group.as_deref() {
        None | Some("" | "category") => UseGroup::Category,
        Some("device") => UseGroup::Device,
        Some("site") => UseGroup::Site,
        Some("place") => UseGroup::Place,
        Some("vendor") => UseGroup::Vendor,
        Some(_) => {
            return Err(Problem::malformed(
                "'group' is not one that use is summed up by.",
                "Use device, category, site, place or vendor.",
            ));
        }
    };
    let least_first = match wanted.order.as_deref() {
        None | Some("" | "most") => false,
        Some("least") => true,
        Some(_) => return Err(Problem::malformed("'order' is neither most nor least.", "Use one of these.")),
    };
    let (from, until) = find::span(&app, wanted.from.as_deref(), wanted.until.as_deref(), 28)?;
    let devices = find::devices(&app, &caller, wanted.q.as_deref(), paging.request()?)?;
    let list = UseList { devices, group, from, until, least_first };
    Ok(Json(app.store.usage(&list).await?.into()))
}
