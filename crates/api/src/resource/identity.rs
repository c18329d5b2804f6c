//! What people decide about identities: these records are one device, this address belongs to another.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use medward_monitor::{Decision, DecisionRecord, DeviceRecord};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::caller::Caller;
use crate::extract::{Asked, Body, Named, at_most};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(merge))
        .routes(routes!(split))
        .routes(routes!(list))
        .routes(routes!(undo))
}

/// Records that are one device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Merge {
    #[schema(min_items = 2, max_items = 16)]
    ids: Vec<String>,
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: String,
}

/// An address that belongs to another device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Split {
    /// As in the device: "mac 00:1b:21:aa:bb:cc" or "ip 10.1.2.3"; an address alone will do.
    #[schema(max_length = 100)]
    node: String,
    #[serde(default)]
    #[schema(max_length = 500)]
    reason: String,
}

/// The nodes of a device: its hardware addresses, else its addresses.
fn nodes(record: &DeviceRecord) -> Vec<String> {
    let summary = &record.summary;
    if summary.macs.is_empty() {
        summary.ips.iter().map(|ip| format!("ip {ip}")).collect()
    } else {
        summary.macs.iter().map(|mac| format!("mac {mac}")).collect()
    }
}

async fn decide(
    app: &App,
    caller: &Caller,
    site: String,
    decision: Decision,
    reason: String,
) -> Answer<DecisionRecord> {
    at_most("reason", &reason, 500)?;
    let mut record =
        DecisionRecord { number: 0, site, decision, by: caller.name.clone(), at: app.now(), reason };
    record.number = app.store.decide(&record).await?;
    // It is kept; where the core does not answer, it applies it at its next start.
    if let Err(error) = app.live.decided(&record).await {
        tracing::warn!(%error, number = record.number, "a decision is kept, and applied later");
    }
    Ok(record)
}

/// Says that records are one device.
#[utoipa::path(post, path = "/api/v1/devices/merge", tag = "identity", request_body = Merge, responses((status = 200, body = schema::DecisionRecord), Problems))]
async fn merge(
    State(app): State<App>,
    caller: Caller,
    Body(sent): Body<Merge>,
) -> Answer<(Extension<Noted>, Json<DecisionRecord>)> {
    let mut ids = sent.ids;
    ids.sort();
    ids.dedup();
    if !(2..=16).contains(&ids.len()) {
        return Err(Problem::refused("2 to 16 different devices can be joined.", "Name them by 'ids'."));
    }
    let (mut site, mut joined) = (None, Vec::new());
    for id in &ids {
        let record = find::device(&app, &caller, id).await?;
        if site.get_or_insert_with(|| record.summary.site.clone()) != &record.summary.site {
            return Err(Problem::refused(
                "The devices are at different sites.",
                "Only devices of one site can be joined.",
            ));
        }
        let nodes = nodes(&record);
        if nodes.is_empty() {
            return Err(Problem::refused(format!("The device '{id}' has no address."), "Leave it out."));
        }
        joined.extend(nodes);
    }
    joined.sort();
    joined.dedup();
    let record =
        decide(&app, &caller, site.unwrap_or_default(), Decision::Join { nodes: joined }, sent.reason)
            .await?;
    Ok((Extension(Noted(serde_json::json!({ "ids": ids, "decision": record.number }))), Json(record)))
}

/// Says that an address is no part of a device.
#[utoipa::path(post, path = "/api/v1/devices/{id}/split", tag = "identity", params(("id" = String, Path)), request_body = Split, responses((status = 200, body = schema::DecisionRecord), Problems))]
async fn split(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Body(sent): Body<Split>,
) -> Answer<(Extension<Noted>, Json<DecisionRecord>)> {
    let record = find::device(&app, &caller, &id).await?;
    let wanted = sent.node.trim().to_lowercase();
    let macs = record.summary.macs.iter().map(|mac| format!("mac {mac}"));
    let all: Vec<String> = macs.chain(record.summary.ips.iter().map(|ip| format!("ip {ip}"))).collect();
    let node = all.iter().find(|node| {
        node.to_lowercase() == wanted
            || node.split_once(' ').is_some_and(|(_, address)| address.to_lowercase() == wanted)
    });
    let Some(node) = node.cloned() else {
        return Err(Problem::refused(
            "The device has no such address.",
            "Name one of its 'macs' or 'ips', like 'mac 00:1b:21:aa:bb:cc'.",
        ));
    };
    let from: Vec<String> = all.into_iter().filter(|other| *other != node).collect();
    if from.is_empty() {
        return Err(Problem::refused(
            "It is the only address of the device.",
            "There is nothing to part it from.",
        ));
    }
    let noted = serde_json::json!({ "node": node });
    let record =
        decide(&app, &caller, record.summary.site, Decision::Part { node, from }, sent.reason).await?;
    Ok((Extension(Noted(noted)), Json(record)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Of {
    /// All sites that the caller sees without.
    site: Option<String>,
}

/// Who took a decision back.
#[derive(Serialize, ToSchema)]
struct Undone {
    by: String,
    #[schema(value_type = String, format = DateTime)]
    at: medward_model::Timestamp,
}

/// A decision and whether it holds.
#[derive(Serialize, ToSchema)]
struct TakenDecision {
    #[schema(value_type = schema::DecisionRecord)]
    record: DecisionRecord,
    undone: Option<Undone>,
}

async fn all(app: &App, caller: &Caller, site: Option<&str>) -> Answer<Vec<TakenDecision>> {
    let mut found = Vec::new();
    for name in app.store.sites().await? {
        if caller.sees(&name) && site.is_none_or(|site| site == name) {
            found.extend(app.store.decisions(&name).await?.into_iter().map(|(record, undone)| {
                TakenDecision { record, undone: undone.map(|(by, at)| Undone { by, at }) }
            }));
        }
    }
    Ok(found)
}

/// Decisions, oldest first.
#[utoipa::path(get, path = "/api/v1/decisions", tag = "identity", params(Of), responses((status = 200, body = Items<TakenDecision>), Problems))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(of): Asked<Of>,
) -> Answer<Json<Items<TakenDecision>>> {
    Ok(Json(Items::all(all(&app, &caller, of.site.as_deref()).await?)))
}

/// Takes a decision back.
#[utoipa::path(delete, path = "/api/v1/decisions/{number}", tag = "identity", params(("number" = u64, Path)), responses((status = 204), Problems))]
async fn undo(State(app): State<App>, caller: Caller, Named(number): Named<u64>) -> Answer<StatusCode> {
    let found = all(&app, &caller, None).await?.into_iter().find(|taken| taken.record.number == number);
    let Some(taken) = found else { return Err(Problem::missing("decision", &number.to_string())) };
    if taken.undone.is_some() {
        return Err(Problem::refused("The decision was taken back before.", "There is nothing to do."));
    }
    app.store.undo_decision(number, &caller.name, app.now()).await?;
    if let Err(error) = app.live.undone(&taken.record).await {
        tracing::warn!(%error, number, "a decision is taken back, and undone later");
    }
    Ok(StatusCode::NO_CONTENT)
}
