//! The maintenance system's list: taken in as evidence, and compared with the wire.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use axum::http::header;
use medward_model::DeviceId;
use medward_monitor::{
    Annotation, Asset, DeviceSummary, PageRequest, Patch, guess_columns, read_listing, reconcile, worth,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::keep;
use crate::caller::Caller;
use crate::extract::Asked;
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

/// The list is kept in pieces: documents of this kind.
const KIND: &str = "asset-list";
const PIECE: usize = 500;
/// Rows of a list.
const MOST: usize = 200_000;
/// Devices that are compared, and differences of a kind that are told.
const MOST_DEVICES: usize = 200_000;
const TOLD: usize = 1000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(compare))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// Only tell what it would give.
    preview: Option<bool>,
}

/// Rows with the columns' names, and which of these mean what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rows {
    #[schema(min_items = 1)]
    rows: Vec<BTreeMap<String, String>>,
    /// Field of Medward (tag, name, vendor, model, serial, category, firmware, os, mac, ip, location, owner, value, currency) to column.
    #[serde(default)]
    columns: Option<BTreeMap<String, String>>,
}

/// A row of the list.
#[derive(Clone, Serialize, ToSchema)]
pub struct Listed {
    tag: String,
    name: String,
    vendor: String,
    model: String,
    serial: String,
    mac: String,
    ip: String,
    location: String,
    value: String,
}

impl Listed {
    fn of(asset: &Asset) -> Listed {
        Listed {
            tag: asset.tag.clone(),
            name: asset.name.clone(),
            vendor: asset.vendor.clone(),
            model: asset.model.clone(),
            serial: asset.serial.clone(),
            mac: asset.mac.clone(),
            ip: asset.ip.clone(),
            location: asset.location.clone(),
            value: asset
                .worth()
                .map(|(value, currency)| worth(value, currency.as_deref()))
                .unwrap_or_default(),
        }
    }
}

/// What of the list is nowhere on the wire.
#[derive(Clone, Serialize, ToSchema)]
pub struct Unseen {
    pub total: u64,
    /// The first hundred.
    pub items: Vec<Listed>,
}

/// The two say different things of one device.
#[derive(Serialize, ToSchema)]
struct Contradicting {
    device: String,
    field: String,
    cmms: String,
    wire: String,
}

/// The list beside the wire; at most a thousand of each kind are told.
#[derive(Serialize, ToSchema)]
struct Compared {
    /// Field of Medward to column of the list.
    columns: BTreeMap<String, String>,
    rows: u64,
    matched: u64,
    /// On the wire and not in the list.
    #[schema(value_type = Vec<schema::DeviceSummary>)]
    unknown_to_cmms: Vec<DeviceSummary>,
    unknown_total: u64,
    /// In the list and not on the wire.
    missing_on_wire: Vec<Listed>,
    missing_total: u64,
    contradicting: Vec<Contradicting>,
    /// Rows that fit several devices.
    ambiguous: u64,
    /// Rows in which nothing names a device.
    unusable: u64,
    /// Devices of which the list says what they are worth.
    valued: u64,
    /// Rows that were given to the core as evidence.
    taken: u64,
}

/// What a device is worth by the list: whole units, currency.
type Worth = (DeviceId, (u64, Option<String>));

/// Columns and rows of a body, CSV or JSON.
async fn read(
    app: &App,
    request: Request,
) -> Answer<(Vec<BTreeMap<String, String>>, BTreeMap<String, String>)> {
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let (rows, columns) = if kind.starts_with("text/csv") {
        let text =
            axum::body::Bytes::from_request(request, app).await.map_err(|_| crate::extract::too_large())?;
        (read_csv(&text)?, None)
    } else {
        let crate::extract::Body(sent) = crate::extract::Body::<Rows>::from_request(request, app).await?;
        (sent.rows, sent.columns)
    };
    if rows.is_empty() || rows.len() > MOST {
        return Err(Problem::refused("The list has no rows, or more than 200000.", "Send 1 to 200000 rows."));
    }
    let headings: Vec<String> = rows.first().map(|row| row.keys().cloned().collect()).unwrap_or_default();
    Ok((rows, columns.unwrap_or_else(|| guess_columns(&headings))))
}

fn read_csv(text: &[u8]) -> Answer<Vec<BTreeMap<String, String>>> {
    read_listing(text, MOST)
        .map_err(|error| Problem::malformed(format!("The list: {error}."), "Send UTF-8 with a head line."))
}

/// Devices that a list can be about: those of the house.
async fn devices(app: &App, caller: &Caller) -> Answer<Vec<DeviceSummary>> {
    let mut list = find::devices(app, caller, Some("scope:internal"), PageRequest::first(1000))?;
    let mut all = Vec::new();
    loop {
        let page = app.store.devices(&list).await?;
        all.extend(page.items);
        match page.next {
            Some(next) if all.len() < MOST_DEVICES => list.page.cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

async fn compared(
    app: &App,
    caller: &Caller,
    assets: Vec<Asset>,
    columns: BTreeMap<String, String>,
) -> Answer<(Compared, Vec<Worth>)> {
    let devices = devices(app, caller).await?;
    tokio::task::spawn_blocking(move || {
        let told = reconcile(&assets, &devices);
        let by_id: BTreeMap<_, _> = devices.iter().map(|device| (&device.id, device)).collect();
        let unknown: Vec<_> = told
            .unlisted
            .iter()
            .take(TOLD)
            .filter_map(|id| by_id.get(id))
            .map(|device| (*device).clone())
            .collect();
        let missing = told.unseen.iter().take(TOLD).filter_map(|at| assets.get(*at)).map(Listed::of);
        let worth: Vec<Worth> = told
            .matched
            .iter()
            .filter_map(|pair| Some((pair.device.clone(), assets.get(pair.asset)?.worth()?)))
            .collect();
        let compared = Compared {
            columns,
            rows: assets.len() as u64,
            matched: told.matched.len() as u64,
            unknown_to_cmms: unknown,
            unknown_total: told.unlisted.len() as u64,
            missing_on_wire: missing.collect(),
            missing_total: told.unseen.len() as u64,
            contradicting: told
                .contradicting
                .into_iter()
                .take(TOLD)
                .map(|c| Contradicting {
                    device: c.device.0,
                    field: c.field.to_owned(),
                    cmms: c.listed,
                    wire: c.seen,
                })
                .collect(),
            ambiguous: told.ambiguous.len() as u64,
            valued: worth.len() as u64,
            unusable: 0,
            taken: 0,
        };
        (compared, worth)
    })
    .await
    .map_err(|_| Problem::internal("comparison was ended"))
}

/// Takes a list in (CSV, or JSON rows), or only tells what it would give.
#[utoipa::path(post, path = "/api/v1/cmms/import", tag = "integrations", params(How), request_body(content((Rows = "application/json"), (String = "text/csv"))), responses((status = 200, body = Compared), Problems))]
async fn import(
    State(app): State<App>,
    caller: Caller,
    Asked(how): Asked<How>,
    request: Request,
) -> Answer<Json<Compared>> {
    let (rows, columns) = read(&app, request).await?;
    let all = rows.len();
    let assets: Vec<Asset> = rows.iter().filter_map(|row| Asset::of(row, &columns)).collect();
    if assets.is_empty() {
        return Err(Problem::refused(
            "In no row is anything that names a device.",
            "Say in 'columns' which column holds tag, serial, mac, ip or name.",
        ));
    }
    let unusable = (all - assets.len()) as u64;
    let mut taken = 0;
    if !how.preview.unwrap_or(false) {
        keep_list(&app, &assets, &columns).await?;
        taken = app.live.take_inventory("cmms", assets.clone()).await?;
    }
    let (mut told, worth) = compared(&app, &caller, assets, columns).await?;
    if !how.preview.unwrap_or(false) {
        *app.unseen.lock().await = None;
        value(&app, worth).await?;
    }
    told.unusable = unusable;
    told.taken = taken;
    Ok(Json(told))
}

/// Devices are worth what the list says, where it says something.
async fn value(app: &App, worth: Vec<Worth>) -> Answer<()> {
    for some in worth.chunks(PIECE) {
        let ids: Vec<DeviceId> = some.iter().map(|(device, _)| device.clone()).collect();
        let said: BTreeMap<DeviceId, Annotation> = app.store.annotations(&ids).await?.into_iter().collect();
        let other = some.iter().filter(|(device, (value, currency))| {
            said.get(device).is_none_or(|said| {
                said.value != Some(*value) || currency.is_some() && said.currency != *currency
            })
        });
        let changes: Vec<(DeviceId, Patch)> = other
            .map(|(device, (value, currency))| {
                let currency = currency.clone().map(Some);
                (device.clone(), Patch { value: Some(Some(*value)), currency, ..Patch::default() })
            })
            .collect();
        if !changes.is_empty() {
            app.store.annotate_each(&changes).await?;
        }
    }
    Ok(())
}

/// What of the list is nowhere on the wire, compared anew every five minutes; `None` where there is no list.
pub async fn unseen(app: &App, caller: &Caller) -> Answer<Option<Unseen>> {
    let mut kept = app.unseen.lock().await;
    let now = app.now();
    if let Some((at, unseen)) = &*kept
        && now.seconds_since(*at).abs() < 300
    {
        return Ok(Some(unseen.clone()));
    }
    let Some((assets, columns)) = list(app).await? else { return Ok(None) };
    let (told, _) = compared(app, caller, assets, columns).await?;
    let items = told.missing_on_wire.into_iter().take(100).collect();
    let unseen = Unseen { total: told.missing_total, items };
    *kept = Some((now, unseen.clone()));
    Ok(Some(unseen))
}

/// The list that was taken in last.
async fn list(app: &App) -> Answer<Option<(Vec<Asset>, BTreeMap<String, String>)>> {
    let pieces = keep::load_all::<Piece>(&*app.store, KIND, app.now()).await?;
    if pieces.is_empty() {
        return Ok(None);
    }
    let (mut assets, mut columns) = (Vec::new(), BTreeMap::new());
    for (_, kept) in pieces {
        assets.extend(kept.body.assets);
        columns = kept.body.columns;
    }
    Ok(Some((assets, columns)))
}

#[derive(Serialize, Deserialize)]
struct Piece {
    columns: BTreeMap<String, String>,
    assets: Vec<Asset>,
}

/// Keeps a list in place of the one before.
async fn keep_list(app: &App, assets: &[Asset], columns: &BTreeMap<String, String>) -> Answer<()> {
    let now = app.now();
    let before = app.store.documents(KIND, now).await?;
    let mut written = Vec::new();
    for (number, some) in assets.chunks(PIECE).enumerate() {
        let id = format!("{number:05}");
        let piece = Piece { columns: columns.clone(), assets: some.to_vec() };
        keep::save(&*app.store, KIND, &id, &piece, None, None, now).await?;
        written.push(id);
    }
    for old in before.iter().filter(|old| !written.contains(&old.id)) {
        app.store.delete_document(KIND, &old.id).await?;
    }
    Ok(())
}

/// Compares the list that was taken in last with what is on the wire now.
#[utoipa::path(get, path = "/api/v1/cmms/reconcile", tag = "integrations", responses((status = 200, body = Compared), Problems))]
async fn compare(State(app): State<App>, caller: Caller) -> Answer<Json<Compared>> {
    let Some((assets, columns)) = list(&app).await? else {
        return Err(Problem::new(
            axum::http::StatusCode::NOT_FOUND,
            "not-found",
            "No list",
            "No list of a maintenance system was taken in.",
            "Send one to POST /api/v1/cmms/import.",
        ));
    };
    Ok(Json(compared(&app, &caller, assets, columns).await?.0))
}
