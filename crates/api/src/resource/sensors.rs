//! Sensors: their health, what they hear and what nobody hears.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use medward_model::{DeviceId, Timestamp};
use medward_monitor::{Coverage, DeviceSummary, SensorState};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Items;
use super::cmms::{self, Unseen};
use crate::caller::Caller;
use crate::extract::{Asked, Body, Named, at_most};
use crate::problem::Problems;
use crate::{Answer, App, Invitation, OpenInvitation, Problem, schema};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(coverage))
        .routes(routes!(invite))
        .routes(routes!(remove))
        .routes(routes!(invitations))
        .routes(routes!(withdraw))
}

/// How a sensor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    Good,
    /// It loses packets or reports.
    Dropping,
    /// Nothing is heard of it.
    Silent,
    /// It has reports that are not here yet.
    Behind,
}

/// A sensor with what that means.
#[derive(Serialize, ToSchema)]
pub struct Judged {
    #[serde(flatten)]
    #[schema(value_type = schema::SensorState)]
    pub state: SensorState,
    pub health: Health,
    /// The same in plain words.
    pub words: String,
}

/// Seconds without a report after which a sensor is silent.
const SILENT: i64 = 120;
/// Reports in the spool from which it is behind.
const BEHIND: u64 = 30;
/// Share of dropped packets that matters.
const DROPPING: f64 = 0.0001;

#[expect(clippy::cast_precision_loss, reason = "shares of counts of packets")]
fn judge(state: &SensorState, now: Timestamp) -> (Health, String) {
    let quiet = now.seconds_since(state.last_report);
    if quiet > SILENT {
        return (
            Health::Silent,
            format!("No report for {}. Check that its machine runs and reaches the core.", ago(quiet)),
        );
    }
    let seen = state.packets.saturating_add(state.dropped);
    let share = if seen == 0 { 0.0 } else { state.dropped as f64 / seen as f64 };
    if state.lost_reports > 0 {
        return (
            Health::Dropping,
            format!(
                "{} reports were lost because its spool was full: give it more room.",
                state.lost_reports
            ),
        );
    }
    if share > DROPPING {
        return (
            Health::Dropping,
            format!(
                "{:.2} % of the packets are dropped: some devices and talks may be missed.",
                share * 100.0
            ),
        );
    }
    if state.spooled > BEHIND {
        return (
            Health::Behind,
            format!("{} reports wait to be sent: what is shown is late.", state.spooled),
        );
    }
    (Health::Good, "It hears and reports as it should.".to_owned())
}

fn ago(seconds: i64) -> String {
    match seconds {
        s if s < 7200 => format!("{} minutes", s / 60),
        s if s < 172_800 => format!("{} hours", s / 3600),
        s if s < 86_400 * 20_000 => format!("{} days", s / 86_400),
        _ => "ever".to_owned(),
    }
}

/// The sensors that a caller sees.
pub async fn judged(app: &App, caller: &Caller) -> Answer<Vec<Judged>> {
    let now = app.now();
    let states = app.store.sensors().await?;
    Ok(states
        .into_iter()
        .filter(|state| caller.sees(&state.site))
        .map(|state| {
            let (health, words) = judge(&state, now);
            Judged { state, health, words }
        })
        .collect())
}

/// All sensors.
#[utoipa::path(get, path = "/api/v1/sensors", tag = "sensors", responses((status = 200, body = Items<Judged>), Problems))]
async fn list(State(app): State<App>, caller: Caller) -> Answer<Json<Items<Judged>>> {
    Ok(Json(Items::all(judged(&app, &caller).await?)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct At {
    #[param(min_length = 1, max_length = 100)]
    site: String,
}

/// What is heard, with the devices that are not.
#[derive(Serialize, ToSchema)]
struct Heard {
    #[serde(flatten)]
    #[schema(value_type = CoverageCounts)]
    coverage: Coverage,
    /// In place of the identifiers of the coverage.
    #[schema(value_type = Vec<schema::DeviceSummary>)]
    blind_spots: Vec<DeviceSummary>,
    /// What the maintenance system lists and nobody heard at any site; only for who sees all sites.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    inventory: Option<Unseen>,
}

/// What is heard.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
struct CoverageCounts {
    site: String,
    heard: u64,
    unheard: u64,
    /// VLANs with the number of devices heard in each, and of those never heard.
    vlans: std::collections::BTreeMap<String, u64>,
    unheard_vlans: std::collections::BTreeMap<String, u64>,
    /// The same by switch, as far as somebody tells at which ports devices are.
    switches: std::collections::BTreeMap<String, u64>,
    unheard_switches: std::collections::BTreeMap<String, u64>,
}

/// What is heard at a site and what is not.
#[utoipa::path(get, path = "/api/v1/coverage", tag = "sensors", params(At), responses((status = 200, body = Heard), Problems))]
async fn coverage(
    State(app): State<App>,
    caller: Caller,
    Asked(at): Asked<At>,
) -> Answer<Json<serde_json::Value>> {
    at_most("site", &at.site, 100)?;
    if at.site.is_empty() {
        return Err(Problem::malformed("'site' is empty.", "Name the site."));
    }
    if !caller.sees(&at.site) {
        return Err(Problem::missing("site", &at.site));
    }
    let coverage = app.store.coverage(&at.site).await?;
    let ids: Vec<DeviceId> = coverage.blind_spots.iter().take(1000).cloned().collect();
    let blind = app.store.summaries(&ids).await?;
    let mut value = serde_json::to_value(coverage).map_err(|_| Problem::internal("coverage"))?;
    let named = serde_json::to_value(blind).map_err(|_| Problem::internal("coverage"))?;
    if let Some(object) = value.as_object_mut() {
        object.insert("blind_spots".to_owned(), named);
        // The list is of all sites: beside a part of them, most of it would seem to be missing.
        if caller.sites.is_none()
            && let Some(unseen) = cmms::unseen(&app, &caller).await?
        {
            let unseen = serde_json::to_value(unseen).map_err(|_| Problem::internal("coverage"))?;
            object.insert("inventory".to_owned(), unseen);
        }
    }
    Ok(Json(value))
}

/// A sensor to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Guest {
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]*$")]
    site: String,
    #[schema(min_length = 1, max_length = 63, pattern = "^[a-z0-9][a-z0-9-]*$")]
    name: String,
}

fn check_word(what: &str, text: &str) -> Answer<()> {
    let fine = (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-');
    if fine {
        return Ok(());
    }
    Err(Problem::refused(
        format!("'{what}' is not a name that can be taken."),
        "Use 1 to 63 lowercase letters, digits and hyphens, beginning with a letter or digit.",
    ))
}

/// Makes an invitation for a new sensor.
#[utoipa::path(post, path = "/api/v1/sensors/invite", tag = "sensors", request_body = Guest, responses((status = 200, body = Invitation), Problems))]
async fn invite(
    State(app): State<App>,
    caller: Caller,
    Body(guest): Body<Guest>,
) -> Answer<Json<Invitation>> {
    check_word("site", &guest.site)?;
    check_word("name", &guest.name)?;
    if !caller.sees(&guest.site) {
        return Err(Problem::forbidden("You are not responsible for that site.", "Ask somebody who is."));
    }
    Ok(Json(app.live.invite(&guest.site, &guest.name).await?))
}

/// Invitations that nobody has used yet. Their texts are not told again.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "sensors", responses((status = 200, body = Items<OpenInvitation>), Problems))]
async fn invitations(State(app): State<App>, caller: Caller) -> Answer<Json<Items<OpenInvitation>>> {
    Ok(Json(Items::all(open(&app, &caller).await?)))
}

async fn open(app: &App, caller: &Caller) -> Answer<Vec<OpenInvitation>> {
    let mut open = app.live.invitations().await?;
    open.retain(|invitation| caller.sees(&invitation.site));
    Ok(open)
}

/// Takes an invitation back: it lets nobody in any more.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "sensors", params(("id" = String, Path)), responses((status = 204), Problems))]
async fn withdraw(State(app): State<App>, caller: Caller, Named(id): Named<String>) -> Answer<StatusCode> {
    let known = open(&app, &caller).await?.iter().any(|invitation| invitation.id == id);
    if known && app.live.withdraw(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::missing("invitation", &id.chars().take(64).collect::<String>()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Where {
    /// Only the sensor of this site; without it, those of that name at all sites that are seen.
    #[param(max_length = 100)]
    site: Option<String>,
}

/// Takes a sensor's right to report away.
#[utoipa::path(delete, path = "/api/v1/sensors/{name}", tag = "sensors", params(("name" = String, Path), Where), responses((status = 204), Problems))]
async fn remove(
    State(app): State<App>,
    caller: Caller,
    Named(name): Named<String>,
    Asked(asked): Asked<Where>,
) -> Answer<StatusCode> {
    if let Some(site) = &asked.site {
        at_most("site", site, 100)?;
    }
    let sites = caller.narrow(asked.site.as_deref());
    if app.live.dismiss(sites.as_deref(), &name).await? > 0 {
        return Ok(StatusCode::NO_CONTENT);
    }
    let short: String = name.chars().take(64).collect();
    let here = |site: &String| sites.as_ref().is_none_or(|sites| sites.contains(site));
    if app.store.sensors().await?.iter().any(|state| state.name == name && here(&state.site)) {
        return Err(Problem::refused(
            format!("No certificate that is still valid was issued to a sensor '{short}'."),
            "It watches in the monitor itself, or was removed before.",
        ));
    }
    Err(Problem::missing("sensor", &short))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(packets: u64, dropped: u64, spooled: u64) -> SensorState {
        let now = Timestamp::from_parts(1_000_000, 0);
        SensorState { packets, dropped, spooled, last_report: now, ..SensorState::default() }
    }

    #[test]
    fn health_tells_silence_before_drops_before_delay() {
        let now = Timestamp::from_parts(1_000_000, 0);
        assert_eq!(judge(&state(1000, 0, 0), now).0, Health::Good);
        assert_eq!(judge(&state(1000, 10, 90), now).0, Health::Dropping);
        assert_eq!(judge(&state(1000, 0, 90), now).0, Health::Behind);
        assert_eq!(judge(&state(1000, 10, 90), now.plus_seconds(1000)).0, Health::Silent);
    }
}
