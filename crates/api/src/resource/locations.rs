//! Positions told by wireless controllers and location systems.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use medward_model::{Mac, Timestamp};
use medward_monitor::{DeviceSummary, PageRequest, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::extract::{Body, at_most};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find};

/// Positions of one report.
const MOST: usize = 1000;
/// Positions lie at most so far ahead, in seconds.
const AHEAD: i64 = 300;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report))
}

/// How a position is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum How {
    Rtls,
    AccessPoint,
}

/// Where something is; one of mac, tag and serial names it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    #[schema(max_length = 32)]
    mac: Option<String>,
    /// A tag of the device in Medward, such as the number of its RTLS tag.
    #[serde(default)]
    #[schema(max_length = 64)]
    tag: Option<String>,
    #[serde(default)]
    #[schema(max_length = 100)]
    serial: Option<String>,
    #[schema(min_length = 1, max_length = 200)]
    position: String,
    how: How,
    /// Now without.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
}

/// Positions.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Report {
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<Told>,
}

/// What became of them.
#[derive(Serialize, ToSchema)]
struct TakenPositions {
    taken: u64,
    /// Nothing is known by that name, or several are.
    unknown: u64,
}

/// The device that a position is about, where it is just one.
async fn device(app: &App, caller: &Caller, told: &Told) -> Answer<Option<DeviceSummary>> {
    let text = match (&told.mac, &told.tag, &told.serial) {
        (Some(mac), ..) => {
            let Ok(mac) = mac.trim().parse::<Mac>() else { return Ok(None) };
            format!("mac:{}", find::quoted(&mac.to_string()))
        }
        (_, Some(tag), _) => format!("tag:{}", find::quoted(tag)),
        (.., Some(serial)) => format!("serial:{}", find::quoted(serial)),
        _ => return Ok(None),
    };
    let list = find::devices(app, caller, Some(&text), PageRequest::first(10))?;
    let found = app.store.devices(&list).await?.items;
    // A search finds parts of values too: only what is the very same counts.
    let mut same = found.into_iter().filter(|device| match (&told.mac, &told.tag, &told.serial) {
        (Some(mac), ..) => mac.trim().parse::<Mac>().is_ok_and(|mac| device.macs.contains(&mac.to_string())),
        (_, Some(tag), _) => device.tags.contains(tag),
        (.., Some(serial)) => device.serial.as_ref() == Some(serial),
        _ => false,
    });
    let first = same.next();
    Ok(if same.next().is_some() { None } else { first })
}

/// Takes in positions.
#[utoipa::path(post, path = "/api/v1/locations", tag = "integrations", request_body = Report, responses((status = 200, body = TakenPositions), Problems))]
async fn report(
    State(app): State<App>,
    caller: Caller,
    Body(sent): Body<Report>,
) -> Answer<Json<TakenPositions>> {
    if !(1..=MOST).contains(&sent.items.len()) {
        return Err(Problem::refused("A report has 1 to 1000 positions.", "Send several reports."));
    }
    let now = app.now();
    for told in &sent.items {
        at_most("position", &told.position, 200)?;
        if told.position.trim().is_empty() {
            return Err(Problem::refused("A position is empty.", "Say where it is, or leave it out."));
        }
        let names = [("mac", &told.mac, 32), ("tag", &told.tag, 64), ("serial", &told.serial, 100)];
        if names.iter().all(|(_, name, _)| name.is_none()) {
            return Err(Problem::refused("A position names nothing.", "Give 'mac', 'tag' or 'serial'."));
        }
        for (what, name, most) in names {
            at_most(what, name.as_deref().unwrap_or_default(), most)?;
        }
        if told.at.is_some_and(|at| at.seconds_since(now) > AHEAD) {
            return Err(Problem::refused("A position lies in the future.", "Check the clock of the sender."));
        }
    }
    let (mut by_site, mut unknown): (BTreeMap<String, Vec<Position>>, u64) = (BTreeMap::new(), 0);
    for told in &sent.items {
        let found = device(&app, &caller, told).await?;
        let mac =
            found.as_ref().and_then(|device| device.macs.first()).and_then(|mac| mac.parse::<Mac>().ok());
        let (Some(device), Some(mac)) = (found, mac) else {
            unknown += 1;
            continue;
        };
        let how = match told.how {
            How::Rtls => "rtls",
            How::AccessPoint => "access-point",
        };
        by_site.entry(device.site).or_default().push(Position {
            mac,
            position: told.position.trim().to_owned(),
            how: how.to_owned(),
            at: told.at.unwrap_or(now),
        });
    }
    let mut taken = 0;
    for (site, positions) in by_site {
        taken += positions.len() as u64;
        app.live.locate(&site, positions).await?;
    }
    Ok(Json(TakenPositions { taken, unknown }))
}
