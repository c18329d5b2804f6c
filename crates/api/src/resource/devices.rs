//! Lists of devices: search, facets, completion, changes to many.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use medward_model::DeviceId;
use medward_monitor::{FacetField, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::device::Change;
use crate::caller::Caller;
use crate::extract::{Asked, Body, Paging};
use crate::find::{self, FACETS};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(facets))
        .routes(routes!(complete))
        .routes(routes!(bulk))
}

/// A device of which only some fields were asked for; the id always is there.
pub struct DeviceListed;

impl PartialSchema for DeviceListed {
    fn schema() -> RefOr<Schema> {
        let mut schema = schema::DeviceSummary::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.required = vec!["id".to_owned()];
        }
        schema
    }
}

impl ToSchema for DeviceListed {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schema::DeviceSummary::schemas(schemas);
    }
}

/// What to list.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// A search, such as `category:"infusion pump" seen<24h`.
    q: Option<String>,
    /// last_seen, first_seen, name, vendor, model, category, site, location, criticality or findings; - before it turns it round.
    sort: Option<String>,
    /// Names of fields, with commas between; all without.
    fields: Option<String>,
}

/// Devices that a search finds.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", params(Wanted, Paging), responses((status = 200, body = Items<DeviceListed>), Problems))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<serde_json::Value>>> {
    let mut list = find::devices(&app, &caller, wanted.q.as_deref(), paging.request()?)?;
    list.sort = find::sort(wanted.sort.as_deref())?;
    let fields: Option<BTreeSet<&str>> = wanted
        .fields
        .as_deref()
        .filter(|fields| !fields.is_empty())
        .map(|fields| fields.split(',').map(str::trim).chain(["id"]).collect());
    if let Some(unknown) = fields.iter().flatten().find(|field| !FIELDS.contains(field)) {
        return Err(Problem::malformed(
            format!("Devices have no field '{unknown}'."),
            format!("'fields' may name: {}.", FIELDS.join(", ")),
        ));
    }
    let page = app.store.devices(&list).await?;
    let total = app.store.count(&list).await?;
    let mut items = Vec::with_capacity(page.items.len());
    for summary in page.items {
        let mut value = serde_json::to_value(summary).map_err(|_| Problem::internal("summary"))?;
        if let (Some(fields), Some(object)) = (&fields, value.as_object_mut()) {
            object.retain(|key, _| fields.contains(key.as_str()));
        }
        items.push(value);
    }
    Ok(Json(Items { items, next: page.next, total: Some(total) }))
}

/// All fields of a device in one line.
pub const FIELDS: [&str; 29] = [
    "id",
    "site",
    "name",
    "status",
    "scope",
    "vendor",
    "family",
    "model",
    "serial",
    "category",
    "group",
    "medical",
    "os",
    "os_version",
    "firmware",
    "role",
    "life_supporting",
    "ips",
    "macs",
    "vlans",
    "whereabouts",
    "first_seen",
    "last_seen",
    "tags",
    "owner",
    "criticality",
    "lifecycle",
    "findings",
    "worst_finding",
];

/// By what to count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Counted {
    q: Option<String>,
    /// Names of facets with commas between: site, group, category, vendor, model, os, status, scope, vlan, tag, owner,
    /// lifecycle, place, service.
    fields: Option<String>,
    /// Values of each.
    #[param(minimum = 1, maximum = 200, default = 20)]
    limit: Option<u32>,
}

/// A value with how many devices have it.
#[derive(Serialize, ToSchema)]
pub struct Count {
    pub value: String,
    pub count: u64,
}

/// A field with its most frequent values.
#[derive(Serialize, ToSchema)]
struct FacetOf {
    field: String,
    values: Vec<Count>,
    /// Devices that have none.
    without: u64,
}

#[derive(Serialize, ToSchema)]
struct Facets {
    facets: Vec<FacetOf>,
}

/// How many devices have which values.
#[utoipa::path(get, path = "/api/v1/devices/facets", tag = "devices", params(Counted), responses((status = 200, body = Facets), Problems))]
async fn facets(
    State(app): State<App>,
    caller: Caller,
    Asked(counted): Asked<Counted>,
) -> Answer<Json<Facets>> {
    let limit = counted.limit.unwrap_or(20);
    if !(1..=200).contains(&limit) {
        return Err(Problem::malformed("'limit' is not within 1 to 200.", "Ask for 1 to 200 values."));
    }
    let list = find::devices(&app, &caller, counted.q.as_deref(), PageRequest::first(1))?;
    let mut fields: Vec<FacetField> = Vec::new();
    for name in counted.fields.as_deref().unwrap_or("category,vendor,status,site").split(',').map(str::trim) {
        let Some((_, field)) = FACETS.iter().find(|(known, _)| *known == name) else {
            return Err(Problem::malformed(
                "Devices are not counted by what 'fields' says.",
                "Use site, group, category, vendor, model, os, status, scope, vlan, tag, owner, lifecycle, place or service.",
            ));
        };
        if !fields.contains(field) {
            fields.push(*field);
        }
    }
    let found = app.store.facets(&list, &fields, limit).await?;
    let facets = found
        .into_iter()
        .map(|facet| FacetOf {
            field: FACETS
                .iter()
                .find(|(_, field)| *field == facet.field)
                .map_or("", |(name, _)| *name)
                .to_owned(),
            values: facet.values.into_iter().map(|v| Count { value: v.value, count: v.count }).collect(),
            without: facet.without,
        })
        .collect();
    Ok(Json(Facets { facets }))
}

/// A search that is being typed.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Typed {
    text: Option<String>,
}

/// What a suggestion is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SuggestionKind {
    Field,
    Value,
    Help,
}

/// A way to go on with the last word.
#[derive(Serialize, ToSchema)]
pub struct Suggestion {
    /// Takes the place of the last word.
    pub insert: String,
    pub label: String,
    pub kind: SuggestionKind,
}

#[derive(Serialize, ToSchema)]
struct Suggestions {
    suggestions: Vec<Suggestion>,
}

/// Ways to go on with the last word of a search.
#[utoipa::path(get, path = "/api/v1/devices/complete", tag = "devices", params(Typed), responses((status = 200, body = Suggestions), Problems))]
async fn complete(
    State(app): State<App>,
    caller: Caller,
    Asked(typed): Asked<Typed>,
) -> Answer<Json<Suggestions>> {
    let text: String = typed.text.unwrap_or_default().chars().take(500).collect();
    let suggestions = super::complete::suggest(&app, &caller, &text).await?;
    Ok(Json(Suggestions { suggestions }))
}

/// A change to many devices: those of a search, or those named.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Bulk {
    #[serde(default)]
    q: Option<String>,
    /// At most 1000.
    #[serde(default)]
    #[schema(max_items = 1000)]
    ids: Option<Vec<String>>,
    patch: Change,
}

#[derive(Serialize, ToSchema)]
struct ManyChanged {
    changed: u64,
}

/// Changes what people say of many devices.
#[utoipa::path(post, path = "/api/v1/devices/bulk", tag = "devices", request_body = Bulk, responses((status = 200, body = ManyChanged), Problems))]
async fn bulk(
    State(app): State<App>,
    caller: Caller,
    Body(sent): Body<Bulk>,
) -> Answer<(Extension<Noted>, Json<ManyChanged>)> {
    let noted = serde_json::json!({ "q": sent.q, "devices": sent.ids.as_ref().map(Vec::len), "patch": sent.patch.noted() });
    let patch = sent.patch.read()?;
    let mut changed = 0;
    match (sent.q, sent.ids) {
        (Some(q), None) => {
            let list = find::devices(&app, &caller, Some(&q), PageRequest::first(1000))?;
            changed = app.store.annotate_all(&list, &patch).await?;
        }
        (None, Some(ids)) => {
            if ids.len() > 1000 {
                return Err(Problem::refused(
                    "More than 1000 devices are named.",
                    "Use a search, or several requests.",
                ));
            }
            let ids: Vec<DeviceId> = ids.into_iter().filter(|id| id.len() <= 64).map(DeviceId).collect();
            for summary in app.store.summaries(&ids).await? {
                if caller.sees(&summary.site) {
                    app.store.annotate(&summary.id, &patch, None).await?;
                    changed += 1;
                }
            }
        }
        _ => {
            return Err(Problem::refused("Either 'q' or 'ids' says which devices.", "Send one of the two."));
        }
    }
    Ok((Extension(Noted(noted)), Json(ManyChanged { changed })))
}
