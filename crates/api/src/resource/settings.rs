//! Settings that people make: names, retention, single sign-on.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use medward_monitor::{Retention, Sizes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::keep;
use crate::accounts::oidc::{self, RoleRule};
use crate::extract::{Body, at_most, etag, if_match};
use crate::gate::Noted;
use crate::problem::Problems;
use crate::{Answer, App, Problem, schema};

const KIND: &str = "settings";

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(retention, keep_so_long))
        .routes(routes!(sizes))
        .routes(routes!(general, set_general))
        .routes(routes!(single_sign_on, set_single_sign_on))
        .routes(routes!(test_single_sign_on))
}

/// How long is kept what.
#[utoipa::path(get, path = "/api/v1/settings/retention", tag = "settings", responses((status = 200, body = schema::Retention), Problems))]
async fn retention(State(app): State<App>) -> Answer<Response> {
    let kept = keep::load::<Retention>(&*app.store, KIND, "retention", app.now()).await?;
    let (body, version) = kept.map_or((Retention::default(), 0), |kept| (kept.body, kept.version));
    Ok((etag(version), Json(body)).into_response())
}

/// Days, each 0 (for good) to 36500.
#[derive(Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Days {
    #[schema(maximum = 36_500)]
    hours: u32,
    #[schema(maximum = 36_500)]
    days: u32,
    #[schema(maximum = 36_500)]
    events: u32,
    #[schema(maximum = 36_500)]
    grave_events: u32,
    #[schema(maximum = 36_500)]
    attributes: u32,
    #[schema(maximum = 36_500)]
    stays: u32,
    #[schema(maximum = 36_500)]
    external_devices: u32,
    #[schema(maximum = 36_500)]
    devices: u32,
}

/// Says how long is kept what.
#[utoipa::path(put, path = "/api/v1/settings/retention", tag = "settings", params(("If-Match" = Option<String>, Header)), request_body = Days, responses((status = 200, body = schema::Retention), Problems))]
async fn keep_so_long(
    State(app): State<App>,
    headers: HeaderMap,
    Body(sent): Body<Days>,
) -> Answer<Response> {
    let keep = Retention {
        hours: sent.hours,
        days: sent.days,
        events: sent.events,
        grave_events: sent.grave_events,
        attributes: sent.attributes,
        stays: sent.stays,
        external_devices: sent.external_devices,
        devices: sent.devices,
    };
    let most = [
        keep.hours,
        keep.days,
        keep.events,
        keep.grave_events,
        keep.attributes,
        keep.stays,
        keep.external_devices,
        keep.devices,
    ]
    .into_iter()
    .max();
    if most.is_some_and(|most| most > 36_500) {
        return Err(Problem::refused("A number of days is above 36500.", "Use 0 to keep for good."));
    }
    if keep.days != 0 && (keep.hours == 0 || keep.hours > keep.days) {
        return Err(Problem::refused(
            "Hourly numbers would be kept longer than daily ones.",
            "Make 'hours' at most as long as 'days'.",
        ));
    }
    let version =
        keep::save(&*app.store, KIND, "retention", &keep, if_match(&headers)?, None, app.now()).await?;
    let noted = serde_json::to_value(keep).unwrap_or_default();
    Ok((Extension(Noted(noted)), etag(version), Json(keep)).into_response())
}

/// How large everything is.
#[utoipa::path(get, path = "/api/v1/settings/sizes", tag = "settings", responses((status = 200, body = schema::Sizes), Problems))]
async fn sizes(State(app): State<App>) -> Answer<Json<Sizes>> {
    Ok(Json(app.store.sizes().await?))
}

/// General settings.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct General {
    /// What the network is called.
    #[schema(max_length = 100)]
    network_name: String,
    /// Where most people are, such as Europe/Berlin; people's own zone wins.
    #[schema(max_length = 64)]
    time_zone_hint: String,
    /// Code of the currency of device values, such as EUR.
    #[schema(max_length = 8)]
    currency: String,
    /// Shown at sign-in.
    #[schema(max_length = 1000)]
    notice: String,
}

/// General settings.
#[utoipa::path(get, path = "/api/v1/settings/general", tag = "settings", responses((status = 200, body = General), Problems))]
async fn general(State(app): State<App>) -> Answer<Response> {
    let kept = keep::load::<General>(&*app.store, KIND, "general", app.now()).await?;
    let (body, version) = kept.map_or((General::default(), 0), |kept| (kept.body, kept.version));
    Ok((etag(version), Json(body)).into_response())
}

/// Sets general settings.
#[utoipa::path(put, path = "/api/v1/settings/general", tag = "settings", params(("If-Match" = Option<String>, Header)), request_body = General, responses((status = 200, body = General), Problems))]
async fn set_general(
    State(app): State<App>,
    headers: HeaderMap,
    Body(sent): Body<General>,
) -> Answer<Response> {
    at_most("network_name", &sent.network_name, 100)?;
    at_most("time_zone_hint", &sent.time_zone_hint, 64)?;
    at_most("currency", &sent.currency, 8)?;
    at_most("notice", &sent.notice, 1000)?;
    let version =
        keep::save(&*app.store, KIND, "general", &sent, if_match(&headers)?, None, app.now()).await?;
    Ok((etag(version), Json(sent)).into_response())
}

/// Single sign-on; the secret is never shown.
#[derive(Serialize, ToSchema)]
struct SingleSignOn {
    enabled: bool,
    label: String,
    issuer: String,
    client_id: String,
    has_secret: bool,
    rules: Vec<RoleRule>,
    /// To be registered at the provider.
    redirect_url: String,
}

fn shown(app: &App, settings: oidc::Settings) -> SingleSignOn {
    SingleSignOn {
        enabled: settings.enabled,
        label: settings.label,
        issuer: settings.issuer,
        client_id: settings.client_id,
        has_secret: settings.secret.is_some(),
        rules: settings.rules,
        redirect_url: oidc::redirect_url(app),
    }
}

/// Settings of single sign-on.
#[utoipa::path(get, path = "/api/v1/settings/oidc", tag = "settings", responses((status = 200, body = SingleSignOn), Problems))]
async fn single_sign_on(State(app): State<App>) -> Answer<Json<SingleSignOn>> {
    Ok(Json(shown(&app, oidc::settings(&app).await?.unwrap_or_default())))
}

/// Single sign-on to be set.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSingleSignOn {
    enabled: bool,
    #[schema(max_length = 60)]
    label: String,
    /// Its https address, as in its discovery document.
    #[schema(max_length = 500)]
    issuer: String,
    #[schema(max_length = 300)]
    client_id: String,
    /// Absent: the one before stays. Empty: none (a public client).
    #[serde(default)]
    #[schema(max_length = 1000)]
    secret: Option<String>,
    /// The first that fits counts; who fits none may not come in.
    #[serde(default)]
    #[schema(max_items = 100)]
    rules: Vec<RoleRule>,
}

/// Sets single sign-on.
#[utoipa::path(put, path = "/api/v1/settings/oidc", tag = "settings", request_body = NewSingleSignOn, responses((status = 200, body = SingleSignOn), Problems))]
async fn set_single_sign_on(
    State(app): State<App>,
    Body(sent): Body<NewSingleSignOn>,
) -> Answer<(Extension<Noted>, Json<SingleSignOn>)> {
    at_most("label", &sent.label, 60)?;
    at_most("issuer", &sent.issuer, 500)?;
    at_most("client_id", &sent.client_id, 300)?;
    at_most("secret", sent.secret.as_deref().unwrap_or_default(), 1000)?;
    if sent.rules.len() > 100 {
        return Err(Problem::refused("More than 100 rules.", "Draw some together."));
    }
    for rule in &sent.rules {
        at_most("claim", &rule.claim, 100)?;
        at_most("value", &rule.value, 300)?;
        super::people::check_sites(rule.sites.as_deref())?;
    }
    if sent.enabled || !sent.issuer.is_empty() {
        app.outgoing.check_address(&sent.issuer).map_err(|error| {
            Problem::refused(format!("'issuer': {error}."), "Enter the https address of the provider.")
        })?;
    }
    if sent.enabled && app.config.public_address.is_empty() {
        return Err(Problem::refused(
            "Medward does not know by which address people reach it.",
            "Start it with its public address, then set this again.",
        ));
    }
    let before = oidc::settings(&app).await?.unwrap_or_default();
    let secret = match sent.secret.as_deref() {
        // A secret belongs to the provider it was entered for: it never goes to another.
        None if before.issuer == sent.issuer => before.secret,
        None | Some("") => None,
        Some(secret) => Some(app.vault.seal("oidc", secret)?),
    };
    let settings = oidc::Settings {
        enabled: sent.enabled,
        label: sent.label,
        issuer: sent.issuer,
        client_id: sent.client_id,
        secret,
        rules: sent.rules,
    };
    keep::save(&*app.store, oidc::KIND, oidc::ID, &settings, None, None, app.now()).await?;
    let noted = serde_json::json!({ "enabled": settings.enabled, "issuer": settings.issuer, "rules": settings.rules.len() });
    Ok((Extension(Noted(noted)), Json(shown(&app, settings))))
}

/// What the provider answered.
#[derive(Serialize, ToSchema)]
struct Provided {
    /// Where people will sign in.
    authorization_endpoint: String,
}

/// Asks the provider that is set what it says of itself: whether its address is right and it answers. Nobody signs in by it.
#[utoipa::path(post, path = "/api/v1/settings/oidc/test", tag = "settings", responses((status = 200, body = Provided), Problems))]
async fn test_single_sign_on(State(app): State<App>) -> Answer<Json<Provided>> {
    let settings = oidc::settings(&app).await?.filter(|settings| !settings.issuer.is_empty());
    let Some(settings) = settings else {
        return Err(Problem::refused("No provider is set.", "Save its address first."));
    };
    Ok(Json(Provided { authorization_endpoint: oidc::look(&app, &settings).await? }))
}
