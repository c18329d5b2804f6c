//! Findings: what is wrong with devices, worst first, one by one or by what they are about.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use medward_model::{DeviceId, FindingKind, Severity, Timestamp, Treatment, Verdict};
use medward_monitor::{FindingCounts, FindingList, FindingRow, PageRequest, TopicRow};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use crate::caller::Caller;
use crate::extract::{Asked, Named, Paging, at_most};
use crate::problem::Problems;
use crate::{Answer, App, Problem, find, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(topics))
        .routes(routes!(counts))
        .routes(routes!(one))
        .routes(routes!(of_device))
}

/// Which findings. Several names stand with commas between.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    device: Option<String>,
    site: Option<String>,
    /// vulnerability, recall, end-of-support, weak-protocol, weak-cipher, certificate, clear-text-login,
    /// clear-text-patient-data, default-credential, anonymous-access.
    kind: Option<String>,
    /// At least so severe: critical, high, medium, low, info.
    severity: Option<String>,
    /// remove, patch, isolate, virtual-patch, segment, replace, review.
    treatment: Option<String>,
    /// affected, likely, possible.
    status: Option<String>,
    /// Known to be exploited (CISA's catalogue), or not.
    exploited: Option<bool>,
    /// The advisory, or what findings are put together by.
    topic: Option<String>,
    /// In title, advisory, CVE, reason or the device's name.
    text: Option<String>,
    /// open (so without) or ended.
    state: Option<String>,
}

fn named<T: Copy>(
    what: &str,
    text: Option<&str>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Answer<Vec<T>> {
    let wanted = text.unwrap_or_default().split(',').map(str::trim).filter(|part| !part.is_empty());
    wanted
        .map(|part| {
            all.iter().copied().find(|one| name(*one) == part).ok_or_else(|| {
                let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
                Problem::malformed(
                    format!("'{what}' names something that is none."),
                    format!("Use {}.", known.join(", ")),
                )
            })
        })
        .collect()
}

impl Wanted {
    fn list(&self, caller: &Caller, page: PageRequest) -> Answer<FindingList> {
        fn given(text: &Option<String>) -> Option<&str> {
            text.as_deref().filter(|text| !text.is_empty())
        }
        for (name, text, most) in [
            ("device", &self.device, 64),
            ("site", &self.site, 100),
            ("topic", &self.topic, 500),
            ("text", &self.text, 200),
        ] {
            if let Some(text) = text {
                at_most(name, text, most)?;
            }
        }
        let severities = named("severity", given(&self.severity), &Severity::ALL, Severity::name)?;
        let ended = match given(&self.state) {
            None | Some("open") => false,
            Some("ended") => true,
            Some(_) => {
                return Err(Problem::malformed("'state' is neither open nor ended.", "Use one of these."));
            }
        };
        Ok(FindingList {
            sites: caller.narrow(given(&self.site)),
            device: given(&self.device).map(|id| DeviceId(id.to_owned())),
            kinds: named("kind", given(&self.kind), &FindingKind::ALL, FindingKind::name)?,
            treatments: named("treatment", given(&self.treatment), &Treatment::ALL, Treatment::name)?,
            statuses: named("status", given(&self.status), &Verdict::ALL, Verdict::name)?,
            // The worst is first: "at least" the least severe of them.
            severity: severities.into_iter().max(),
            exploited: self.exploited,
            topic: given(&self.topic).map(str::to_owned),
            text: given(&self.text).map(str::to_owned),
            ended,
            page,
        })
    }
}

/// Findings, worst first: severity, then what is exploited, then how sure it is.
#[utoipa::path(get, path = "/api/v1/findings", tag = "findings", params(Wanted, Paging), responses((status = 200, body = Items<schema::Finding>), Problems))]
async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<FindingRow>>> {
    let list = wanted.list(&caller, paging.request()?)?;
    let mut page = app.store.findings(&list).await?;
    for row in &mut page.items {
        if let Some(body) = row.body.as_object_mut() {
            body.remove("match");
        }
    }
    Ok(Json(page.into()))
}

/// What findings are about, worst first: an advisory with how many devices it concerns.
#[utoipa::path(get, path = "/api/v1/findings/topics", tag = "findings", params(Wanted, Paging), responses((status = 200, body = Items<schema::FindingTopic>), Problems))]
async fn topics(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<TopicRow>>> {
    let list = wanted.list(&caller, paging.request()?)?;
    Ok(Json(app.store.topics(&list).await?.into()))
}

/// A feed that was loaded.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
struct FeedLoaded {
    records: u64,
    #[schema(value_type = Option<String>, format = DateTime)]
    as_of: Option<Timestamp>,
}

/// With what devices are judged.
#[derive(Default, Serialize, ToSchema)]
struct KnowledgeLoaded {
    /// Without any, only what the wire itself shows is found: nothing found is not "nothing known".
    loaded: bool,
    feeds: BTreeMap<String, FeedLoaded>,
    /// Since when it is judged with.
    #[schema(value_type = Option<String>, format = DateTime)]
    since: Option<Timestamp>,
    /// Devices that are still to be judged; null for who sees some sites only.
    waiting: Option<u64>,
}

/// How many there are, and what they rest on.
#[derive(Serialize, ToSchema)]
struct Counted {
    findings: u64,
    devices: u64,
    exploited: u64,
    /// By their names.
    severities: BTreeMap<String, u64>,
    kinds: BTreeMap<String, u64>,
    treatments: BTreeMap<String, u64>,
    statuses: BTreeMap<String, u64>,
    knowledge: KnowledgeLoaded,
}

/// How many findings there are, and with what devices are judged.
#[utoipa::path(get, path = "/api/v1/findings/counts", tag = "findings", params(Wanted), responses((status = 200, body = Counted), Problems))]
async fn counts(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Answer<Json<Counted>> {
    let list = wanted.list(&caller, PageRequest::first(1))?;
    let counts = app.store.count_findings(&list).await?;
    let mut knowledge = KnowledgeLoaded::default();
    if let Some(told) = app.store.document("core", "knowledge", app.now()).await? {
        let body = told.body;
        let feeds = body.get("feeds").cloned().unwrap_or_default();
        let feeds: BTreeMap<String, FeedLoaded> = serde_json::from_value(feeds).unwrap_or_default();
        let since = body.get("since").and_then(|at| at.as_str()).and_then(|at| at.parse().ok());
        let stamp = body.get("stamp").and_then(serde_json::Value::as_i64);
        let waiting = match stamp {
            Some(stamp) if caller.sites.is_none() => Some(app.store.count_unjudged(stamp).await?),
            _ => None,
        };
        let loaded = feeds.values().any(|feed| feed.records > 0);
        knowledge = KnowledgeLoaded { loaded, feeds, since, waiting };
    }
    let FindingCounts { findings, devices, exploited, severities, kinds, treatments, statuses } = counts;
    Ok(Json(Counted { findings, devices, exploited, severities, kinds, treatments, statuses, knowledge }))
}

/// One finding with what matched.
#[utoipa::path(get, path = "/api/v1/findings/{id}", tag = "findings", params(("id" = String, Path)), responses((status = 200, body = schema::Finding), Problems))]
async fn one(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<Json<FindingRow>> {
    let short = id.len() <= 64 && !id.contains('\0');
    let found = if short { app.store.finding(&id).await? } else { None };
    found
        .filter(|row| caller.sees(&row.site))
        .map(Json)
        .ok_or_else(|| Problem::missing("finding", &id.chars().take(64).collect::<String>()))
}

/// Whether those that are so no more.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Standing {
    /// open (so without) or ended.
    state: Option<String>,
}

/// What is wrong with one device, worst first, with what matched.
#[utoipa::path(get, path = "/api/v1/devices/{id}/findings", tag = "findings", params(("id" = String, Path), Standing, Paging), responses((status = 200, body = Items<schema::Finding>), Problems))]
async fn of_device(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<String>,
    Asked(which): Asked<Standing>,
    Asked(paging): Asked<Paging>,
) -> Answer<Json<Items<FindingRow>>> {
    let record = find::device(&app, &caller, &id).await?;
    let wanted = Wanted { device: Some(record.summary.id.0), state: which.state, ..Wanted::default() };
    let list = wanted.list(&caller, paging.request()?)?;
    let total = app.store.count_findings(&list).await?.findings;
    let page = app.store.findings(&list).await?;
    Ok(Json(Items { total: Some(total), ..page.into() }))
}
