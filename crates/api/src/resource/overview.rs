//! The overview: what needs attention, then numbers.

use axum::Json;
use axum::extract::State;
use medward_model::{Severity, Timestamp, Verdict};
use medward_monitor::{
    BucketSize, DeviceList, Event, EventList, FacetField, FindingCounts, FindingList, PageRequest,
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::devices::Count;
use super::missing::{self, Stakes};
use super::sensors::{self, Health};
use crate::caller::Caller;
use crate::problem::Problems;
use crate::rights::Permission;
use crate::{Answer, App, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(show))
}

#[derive(Default, Serialize, ToSchema)]
struct Devices {
    total: u64,
    medical: u64,
    active: u64,
    silent: u64,
    missing: u64,
    unheard: u64,
    external: u64,
    new_24h: u64,
}

/// Something that a person should look at.
#[derive(Serialize, ToSchema)]
struct Attention {
    kind: String,
    #[schema(value_type = schema::Severity)]
    severity: Severity,
    title: String,
    count: u64,
    /// Search that finds the devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    query: Option<String>,
    /// Page of the interface.
    link: String,
}

#[derive(Default, Serialize, ToSchema)]
struct Sensors {
    total: u64,
    healthy: u64,
    dropping: u64,
    silent: u64,
}

#[derive(Serialize, ToSchema)]
struct Traffic {
    bytes_24h: u64,
    /// null for who sees some sites only: it is counted over all.
    conversations: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct At {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    total: u64,
}

#[derive(Serialize, ToSchema)]
struct Trend {
    /// Devices known at the end of each of the last 14 days.
    devices: Vec<At>,
    /// Traffic by the hour in the last 7 days.
    #[schema(value_type = Vec<schema::VolumePoint>)]
    volume: Vec<medward_monitor::VolumePoint>,
}

/// What is found to be wrong, without what only may concern a device.
#[derive(Default, Serialize, ToSchema)]
struct Found {
    findings: u64,
    critical: u64,
    high: u64,
    /// Known to be exploited.
    exploited: u64,
    /// Devices with any of it.
    devices: u64,
    /// Devices with something critical or exploited.
    grave_devices: u64,
}

/// The overview.
#[derive(Serialize, ToSchema)]
struct Overview {
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
    devices: Devices,
    /// What is at stake with what is missing.
    missing: Stakes,
    findings: Found,
    attention: Vec<Attention>,
    sensors: Sensors,
    traffic: Traffic,
    trend: Trend,
    categories: Vec<Count>,
    #[schema(value_type = Vec<schema::Event>)]
    recent: Vec<Event>,
}

const DAY: i64 = 86_400;
/// Days of the trend.
const DAYS: i64 = 14;
/// Sets of sites whose trend is kept.
const MOST_TRENDS: usize = 64;

async fn counted(app: &App, caller: &Caller, text: &str) -> Answer<u64> {
    Ok(app.store.count(&list(app, caller, text)?).await?)
}

fn list(app: &App, caller: &Caller, text: &str) -> Answer<DeviceList> {
    find::devices(app, caller, Some(text), PageRequest::first(1))
}

/// What needs attention now, then the numbers.
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview", responses((status = 200, body = Overview), Problems))]
async fn show(State(app): State<App>, caller: Caller) -> Answer<Json<Overview>> {
    let now = app.now();
    let facets = app
        .store
        .facets(
            &list(&app, &caller, "-scope:multicast")?,
            &[FacetField::Status, FacetField::Category, FacetField::Scope],
            50,
        )
        .await?;
    let mut devices = Devices::default();
    let mut categories = Vec::new();
    for facet in facets {
        for value in facet.values {
            match (facet.field, value.value.as_str()) {
                (FacetField::Status, "active") => devices.active = value.count,
                (FacetField::Status, "silent") => devices.silent = value.count,
                (FacetField::Status, "missing") => devices.missing = value.count,
                (FacetField::Status, "unheard") => devices.unheard = value.count,
                (FacetField::Scope, "external") => devices.external = value.count,
                (FacetField::Category, _) => {
                    categories.push(Count { value: value.value, count: value.count })
                }
                _ => {}
            }
        }
    }
    devices.total = devices.active + devices.silent + devices.missing + devices.unheard;
    devices.medical = counted(&app, &caller, "is:medical").await?;
    devices.new_24h = counted(&app, &caller, "first<24h scope:internal").await?;
    let gone = if devices.missing == 0 { Vec::new() } else { missing::gone(&app, &caller).await? };
    let stakes = |medical| Stakes::of(gone.iter().filter(|one| one.summary.medical == medical));
    let volume = app
        .store
        .volume(None, caller.sites.as_deref(), now.plus_seconds(-7 * DAY), now, BucketSize::Hour)
        .await?;
    let bytes_24h =
        volume.iter().filter(|point| point.at >= now.plus_seconds(-DAY)).map(|point| point.bytes).sum();
    let conversations =
        if caller.sites.is_none() { Some(app.store.sizes().await?.conversations) } else { None };
    let trend = trend(&app, &caller, devices.total, now).await?;
    let recent = if caller.may(Permission::EventRead) {
        let list = EventList { sites: caller.sites.clone(), limit: 12, ..EventList::default() };
        app.store.events(&list).await?.items
    } else {
        Vec::new()
    };
    let judged =
        if caller.may(Permission::SensorRead) { sensors::judged(&app, &caller).await? } else { Vec::new() };
    let mut sensors = Sensors { total: judged.len() as u64, ..Sensors::default() };
    for sensor in &judged {
        match sensor.health {
            Health::Good | Health::Behind => sensors.healthy += 1,
            Health::Dropping => sensors.dropping += 1,
            Health::Silent => sensors.silent += 1,
        }
    }
    let grave = grave(&app, &caller, now).await?;
    let findings = found(&app, &caller).await?;
    let attention = attention(&devices, &sensors, &findings, &stakes(true), &stakes(false), grave);
    Ok(Json(Overview {
        now,
        devices,
        missing: Stakes::of(&gone),
        findings,
        attention,
        sensors,
        traffic: Traffic { bytes_24h, conversations },
        trend: Trend { devices: trend, volume },
        categories,
        recent,
    }))
}

/// What is found and sure enough.
async fn found(app: &App, caller: &Caller) -> Answer<Found> {
    let mut list = FindingList::all(PageRequest::first(1));
    list.sites.clone_from(&caller.sites);
    list.statuses = vec![Verdict::Affected, Verdict::Likely];
    let counts = app.store.count_findings(&list).await?;
    let of = |severity: Severity| counts.severities.get(severity.name()).copied().unwrap_or(0);
    let (critical, high) = (of(Severity::Critical), of(Severity::High));
    let grave_devices = if critical > 0 || counts.exploited > 0 {
        counted(app, caller, "finding:critical or finding:exploited").await?
    } else {
        0
    };
    let FindingCounts { findings, devices, exploited, .. } = counts;
    Ok(Found { findings, critical, high, exploited, devices, grave_devices })
}

/// How many devices were known before: counted anew every ten minutes, as the past hardly changes.
async fn trend(app: &App, caller: &Caller, total: u64, now: Timestamp) -> Answer<Vec<At>> {
    let key = serde_json::to_string(&caller.sites).unwrap_or_default();
    let kept =
        app.trends.lock().await.get(&key).filter(|kept| now.seconds_since(kept.0).abs() < 600).cloned();
    let mut past = kept.map(|kept| kept.1).unwrap_or_default();
    if past.is_empty() {
        for day in (1..DAYS).rev() {
            let text = format!("-scope:multicast first>{}h", day * 24);
            past.push((now.plus_seconds(-day * DAY), counted(app, caller, &text).await?));
        }
        let mut trends = app.trends.lock().await;
        if trends.len() >= MOST_TRENDS {
            trends.clear();
        }
        trends.insert(key, (now, past.clone()));
    }
    past.push((now, total));
    Ok(past.into_iter().map(|(at, total)| At { at, total }).collect())
}

/// Grave events of the last day, at most a hundred.
async fn grave(app: &App, caller: &Caller, now: Timestamp) -> Answer<u64> {
    if !caller.may(Permission::EventRead) {
        return Ok(0);
    }
    let list = EventList {
        sites: caller.sites.clone(),
        severity: Some(Severity::High),
        from: Some(now.plus_seconds(-DAY)),
        limit: 100,
        ..EventList::default()
    };
    Ok(app.store.events(&list).await?.items.len() as u64)
}

fn attention(
    devices: &Devices,
    sensors: &Sensors,
    found: &Found,
    medical: &Stakes,
    others: &Stakes,
    grave: u64,
) -> Vec<Attention> {
    let with = |text: &str, stakes: &Stakes| format!("{text}{}", stakes.words());
    let mut all = Vec::new();
    let mut add =
        |kind: &str, severity, count: u64, one: &str, many: &str, query: Option<&str>, link: &str| {
            if count > 0 {
                let title = if count == 1 { one.to_owned() } else { many.replace('#', &count.to_string()) };
                let (kind, link) = (kind.to_owned(), link.to_owned());
                all.push(Attention { kind, severity, title, count, query: query.map(str::to_owned), link });
            }
        };
    add(
        "finding-grave",
        Severity::Critical,
        found.grave_devices,
        "A device has a critical weakness, or one that attackers use",
        "# devices have a critical weakness, or one that attackers use",
        Some("finding:critical or finding:exploited"),
        "/findings?by=device&severity=critical",
    );
    add(
        "sensor-silent",
        Severity::High,
        sensors.silent,
        "A sensor is silent: its part of the network is not watched",
        "# sensors are silent: their parts of the network are not watched",
        None,
        "/sensors",
    );
    add(
        "missing-medical",
        Severity::High,
        medical.devices,
        &with("A medical device is missing", medical),
        &with("# medical devices are missing", medical),
        Some("is:missing is:medical"),
        "/devices?q=is%3Amissing%20is%3Amedical",
    );
    add(
        "events",
        Severity::High,
        grave,
        "A grave event within a day",
        "# grave events within a day",
        None,
        "/events?severity=high",
    );
    add(
        "finding-high",
        Severity::High,
        found.high,
        "A finding of high severity",
        "# findings of high severity",
        Some("finding:high"),
        "/findings?severity=high",
    );
    add(
        "sensor-dropping",
        Severity::Medium,
        sensors.dropping,
        "A sensor loses packets",
        "# sensors lose packets",
        None,
        "/sensors",
    );
    add(
        "missing",
        Severity::Medium,
        others.devices,
        &with("Another device is missing", others),
        &with("# other devices are missing", others),
        Some("is:missing -is:medical"),
        "/devices?q=is%3Amissing%20-is%3Amedical",
    );
    add(
        "new",
        Severity::Low,
        devices.new_24h,
        "A device is new since yesterday",
        "# devices are new since yesterday",
        Some("first<24h scope:internal"),
        "/devices?q=first%3C24h%20scope%3Ainternal",
    );
    add(
        "unheard",
        Severity::Info,
        devices.unheard,
        "A device is known but never heard",
        "# devices are known but never heard",
        Some("is:unheard"),
        "/devices?q=is%3Aunheard",
    );
    all
}
