//! Events: lists, and the stream as they happen.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use medward_model::{DeviceId, Severity};
use medward_monitor::{Event, EventKind, EventList};
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::caller::{self, Caller};
use crate::extract::{Asked, Paging, at_most};
use crate::problem::Problems;
use crate::{Answer, App, Notice, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(stream))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    device: Option<String>,
    site: Option<String>,
    /// Kinds, with commas between.
    kind: Option<String>,
    /// At least so severe: critical, high, medium, low, info.
    severity: Option<String>,
    #[param(format = DateTime)]
    from: Option<String>,
    #[param(format = DateTime)]
    until: Option<String>,
}

/// Kinds of events by their names.
pub fn kinds(names: &str) -> Answer<Vec<EventKind>> {
    names
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| {
            EventKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
                let known: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
                Problem::malformed("'kind' names no kind of events.", format!("Use {}.", known.join(", ")))
            })
        })
        .collect()
}

fn severity(name: &str) -> Answer<Severity> {
    [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info]
        .into_iter()
        .find(|severity| severity.name() == name)
        .ok_or_else(|| {
            Problem::malformed("'severity' is not one.", "Use critical, high, medium, low or info.")
        })
}

/// Events, latest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(Wanted, Paging), responses((status = 200, body = Items<schema::Event>), Problems))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<Event>>> {
    let page = paging.request()?;
    if let Some(site) = &wanted.site {
        at_most("site", site, 100)?;
    }
    if let Some(device) = &wanted.device {
        at_most("device", device, 64)?;
    }
    let list = EventList {
        device: wanted.device.filter(|device| !device.is_empty()).map(DeviceId),
        sites: caller.narrow(wanted.site.as_deref().filter(|site| !site.is_empty())),
        kinds: kinds(wanted.kind.as_deref().unwrap_or_default())?,
        severity: wanted.severity.as_deref().filter(|name| !name.is_empty()).map(severity).transpose()?,
        from: find::time("from", wanted.from.as_deref())?,
        until: find::time("until", wanted.until.as_deref())?,
        after: None,
        limit: page.limit,
        cursor: page.cursor,
    };
    Ok(Json(app.store.events(&list).await?.into()))
}

/// Events of the past that a listener is told at most when it comes back.
const CATCH_UP: usize = 5000;
/// A listener's rights are looked up anew so often.
const RECHECK: Duration = Duration::from_secs(60);

/// Server-sent events as they happen: `event` (an Event), `devices` ({changed}), `sensors`, `findings`. With `Last-Event-ID`, what
/// was missed comes first; `reset` says that more was missed than is told.
#[utoipa::path(get, path = "/api/v1/stream", tag = "events", params(("Last-Event-ID" = Option<u64>, Header)), responses((status = 200, body = String, content_type = "text/event-stream"), Problems))]
async fn stream(State(app): State<App>, caller: Caller, headers: HeaderMap) -> Answer<Response> {
    let after = match headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default()) {
        None | Some("") => None,
        Some(text) => Some(text.trim().parse::<u64>().map_err(|_| {
            Problem::malformed("Last-Event-ID is not a number.", "Send the id of the last event, or nothing.")
        })?),
    };
    let turn = app
        .streams
        .clone()
        .try_acquire_owned()
        .map_err(|_| Problem::slow_down("Too many streams and downloads are open.", 10))?;
    let (give, take) = mpsc::channel(64);
    // Listening begins before the past is read, so that nothing falls in between.
    let listen = app.events.subscribe();
    tokio::spawn(async move {
        let _turn = turn;
        feed(app, caller, headers, after, listen, give).await;
    });
    let alive = KeepAlive::new().interval(Duration::from_secs(15)).text("here");
    Ok(Sse::new(Received(take)).keep_alive(alive).into_response())
}

/// Gives a listener what happens until it leaves, falls behind for good, or may not listen any more.
async fn feed(
    app: App,
    caller: Caller,
    headers: HeaderMap,
    after: Option<u64>,
    mut listen: broadcast::Receiver<Notice>,
    give: mpsc::Sender<Sent>,
) {
    let mut last = after;
    if give.send(Sent::default().comment("listening")).await.is_err() {
        return;
    }
    if let Some(from) = after {
        match catch_up(&app, &caller, from, &give).await {
            Some(reached) => last = Some(reached),
            None => return,
        }
    }
    let mut recheck = tokio::time::interval(RECHECK);
    recheck.tick().await;
    loop {
        tokio::select! {
            () = give.closed() => return,
            _ = recheck.tick() => {
                // Signed out, disabled, or with other rights: the listener must come again.
                match caller::find(&app, &headers).await {
                    Ok(Some(now)) if now.permissions == caller.permissions && now.sites == caller.sites => {}
                    Err(problem) if problem.status == 503 => {}
                    _ => return,
                }
            }
            notice = listen.recv() => {
                let sent = match notice {
                    Ok(Notice::Event(event)) => {
                        if last.is_some_and(|last| event.number <= last) || !caller.sees(&event.site) {
                            continue;
                        }
                        last = Some(event.number);
                        of_event(&event)
                    }
                    Ok(Notice::Devices { site, changed }) if caller.sees(&site) => {
                        Sent::default().event("devices").data(format!("{{\"changed\":{changed}}}"))
                    }
                    Ok(Notice::Sensors { site }) if caller.sees(&site) => Sent::default().event("sensors").data("{}"),
                    Ok(Notice::Findings) => Sent::default().event("findings").data("{}"),
                    Ok(_) => continue,
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        // Too slow for what happened: what was missed is in the store.
                        let Some(from) = last else {
                            if give.send(Sent::default().event("reset").data("{}")).await.is_err() {
                                return;
                            }
                            continue;
                        };
                        match catch_up(&app, &caller, from, &give).await {
                            Some(reached) => last = Some(reached),
                            None => return,
                        }
                        continue;
                    }
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                if give.send(sent).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Tells what the store has after a number; answers up to where. `None`: the listener left or the store failed.
async fn catch_up(app: &App, caller: &Caller, from: u64, give: &mpsc::Sender<Sent>) -> Option<u64> {
    let (mut last, mut told) = (from, 0);
    loop {
        let list =
            EventList { sites: caller.sites.clone(), after: Some(last), limit: 500, ..EventList::default() };
        let page = app.store.events(&list).await.ok()?;
        let full = page.items.len() >= 500;
        for event in page.items {
            last = last.max(event.number);
            told += 1;
            give.send(of_event(&event)).await.ok()?;
        }
        if !full {
            return Some(last);
        }
        if told >= CATCH_UP {
            give.send(Sent::default().event("reset").data("{}")).await.ok()?;
            return Some(last);
        }
    }
}

fn of_event(event: &Event) -> Sent {
    let data = serde_json::to_string(event).unwrap_or_default();
    Sent::default().event("event").id(event.number.to_string()).data(data)
}

/// A channel as a stream.
struct Received(mpsc::Receiver<Sent>);

impl Stream for Received {
    type Item = Result<Sent, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|sent| sent.map(Ok))
    }
}
