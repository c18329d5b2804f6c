//! Who talks to whom.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::extract::State;
use medward_model::DeviceId;
use medward_monitor::{
    ConversationList, DeviceBrief, DeviceSummary, Direction, FacetField, Link, LinkList, NodeGroup,
    PageRequest, Status,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::caller::Caller;
use crate::extract::{Asked, Paging, at_most};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(map)).routes(routes!(conversations))
}

/// A protocol that was asked for.
pub fn protocol(name: Option<String>) -> Answer<Option<String>> {
    if let Some(name) = &name {
        at_most("protocol", name, 64)?;
    }
    Ok(name.filter(|name| !name.is_empty()))
}

/// A node of the map: a device or a group of devices.
#[derive(Debug, Serialize, ToSchema)]
pub struct Node {
    pub id: String,
    pub label: String,
    pub name: String,
    /// Group of the category of a device; else by what it is grouped.
    pub group: Option<String>,
    #[schema(nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    pub devices: u64,
    pub medical: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<schema::Status>)]
    pub status: Option<Status>,
    /// So many of its devices are missing.
    pub missing: u64,
}

/// The map.
#[derive(Serialize, ToSchema)]
struct Map {
    nodes: Vec<Node>,
    #[schema(value_type = Vec<schema::Link>)]
    links: Vec<Link>,
    /// There are more links than were asked for: the smallest are left out.
    cut: bool,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    q: Option<String>,
    /// device, category, group, site, vlan, vendor or place.
    group: Option<String>,
    #[param(format = DateTime)]
    since: Option<String>,
    /// Links.
    #[param(minimum = 1, maximum = 20_000, default = 2000)]
    limit: Option<u32>,
}

fn node(device: DeviceBrief) -> Node {
    Node {
        id: device.id.0,
        label: device.name.clone(),
        name: device.name,
        group: device.group,
        category: device.category,
        devices: 1,
        medical: device.medical,
        scope: Some(device.scope),
        missing: u64::from(device.status == Status::Missing),
        status: Some(device.status),
    }
}

/// The devices at the ends of links.
pub async fn nodes_of_devices(
    app: &App,
    caller: &Caller,
    links: &[Link],
    own: Option<&DeviceSummary>,
) -> Answer<Vec<Node>> {
    let mut ids: BTreeSet<String> =
        links.iter().flat_map(|link| [link.from.clone(), link.to.clone()]).collect();
    ids.extend(own.map(|own| own.id.0.clone()));
    let ids: Vec<DeviceId> = ids.into_iter().map(DeviceId).collect();
    let found = app.store.briefs(&ids).await?;
    // An external address is at no site of its own: it is seen by who sees the talk with it.
    let seen = found.into_iter().filter(|device| caller.sees(&device.site) || device.scope != "internal");
    let mut nodes: Vec<Node> = seen.map(node).collect();
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(nodes)
}

/// Leaves out links of which an end is not seen.
pub fn seen(nodes: Vec<Node>, links: Vec<Link>) -> (Vec<Node>, Vec<Link>) {
    let known: BTreeSet<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    let links = links
        .into_iter()
        .filter(|l| known.contains(l.from.as_str()) && known.contains(l.to.as_str()))
        .collect();
    (nodes, links)
}

/// Who talks to whom, by device or by group.
#[utoipa::path(get, path = "/api/v1/map", tag = "map", params(Wanted), responses((status = 200, body = Map), Problems))]
async fn map(State(app): State<App>, caller: Caller, Asked(wanted): Asked<Wanted>) -> Answer<Json<Map>> {
    let (group, facet) = match wanted.group.as_deref() {
        None | Some("" | "category") => (NodeGroup::Category, Some(FacetField::Category)),
        Some("device") => (NodeGroup::Device, None),
        Some("group") => (NodeGroup::Group, Some(FacetField::Group)),
        Some("site") => (NodeGroup::Site, Some(FacetField::Site)),
        Some("vlan") => (NodeGroup::Vlan, Some(FacetField::Vlan)),
        Some("vendor") => (NodeGroup::Vendor, Some(FacetField::Vendor)),
        Some("place") => (NodeGroup::Place, Some(FacetField::Place)),
        Some(_) => {
            return Err(Problem::malformed(
                "'group' is not one that devices are drawn together by.",
                "Use device, category, group, site, vlan, vendor or place.",
            ));
        }
    };
    let limit = wanted.limit.unwrap_or(2000);
    if !(1..=20_000).contains(&limit) {
        return Err(Problem::malformed("'limit' is not within 1 to 20000.", "Ask for 1 to 20000 links."));
    }
    let devices = find::devices(&app, &caller, wanted.q.as_deref(), PageRequest::first(1))?;
    let since = find::time("since", wanted.since.as_deref())?;
    let links = app.store.links(&LinkList { devices: devices.clone(), group, since, limit }).await?;
    let cut = links.len() >= limit as usize;
    let Some(facet) = facet else {
        let nodes = nodes_of_devices(&app, &caller, &links, None).await?;
        let (nodes, links) = seen(nodes, links);
        return Ok(Json(Map { nodes, links, cut }));
    };
    let all = app.store.facets(&devices, &[facet], 1000).await?;
    let medical = narrowed(&app, &caller, wanted.q.as_deref(), "is:medical", facet).await?;
    let missing = narrowed(&app, &caller, wanted.q.as_deref(), "is:missing", facet).await?;
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for facet in all {
        counts.extend(facet.values.into_iter().map(|value| (value.value, value.count)));
        if facet.without > 0 {
            counts.insert(String::new(), facet.without);
        }
    }
    // Ends outside the search are nodes too, of unknown size.
    let ends: BTreeSet<String> = links.iter().flat_map(|link| [link.from.clone(), link.to.clone()]).collect();
    let nodes = ends
        .into_iter()
        .map(|id| {
            let label = if id.is_empty() { "unknown".to_owned() } else { id.clone() };
            let medical = medical.get(&id).copied().unwrap_or(0);
            let devices = counts.get(&id).copied().unwrap_or(0);
            Node {
                name: label.clone(),
                label,
                group: Some(wanted.group.clone().unwrap_or_else(|| "category".to_owned())),
                category: None,
                devices,
                medical: medical * 2 > devices,
                scope: None,
                status: None,
                missing: missing.get(&id).copied().unwrap_or(0),
                id,
            }
        })
        .collect();
    Ok(Json(Map { nodes, links, cut }))
}

async fn narrowed(
    app: &App,
    caller: &Caller,
    q: Option<&str>,
    and: &str,
    facet: FacetField,
) -> Answer<BTreeMap<String, u64>> {
    let text = match q {
        Some(q) if !q.trim().is_empty() => format!("({q}) {and}"),
        _ => and.to_owned(),
    };
    let list = find::devices(app, caller, Some(&text), PageRequest::first(1))?;
    let found = app.store.facets(&list, &[facet], 1000).await?;
    Ok(found.into_iter().flat_map(|facet| facet.values).map(|value| (value.value, value.count)).collect())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    #[param(format = DateTime)]
    since: Option<String>,
    protocol: Option<String>,
    /// volume or time.
    by: Option<String>,
}

/// Conversations of all devices.
#[utoipa::path(get, path = "/api/v1/conversations", tag = "map", params(Which, Paging), responses((status = 200, body = Items<schema::ConversationRow>), Problems))]
async fn conversations(
    State(app): State<App>,
    caller: Caller,
    Asked(which): Asked<Which>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<medward_monitor::ConversationRow>>> {
    let list = ConversationList {
        device: None,
        direction: Direction::Either,
        sites: caller.sites.clone(),
        since: find::time("since", which.since.as_deref())?,
        protocol: protocol(which.protocol)?,
        by_volume: super::device_history::by_volume(which.by.as_deref())?,
        page: paging.request()?,
    };
    Ok(Json(app.store.conversations(&list).await?.into()))
}
