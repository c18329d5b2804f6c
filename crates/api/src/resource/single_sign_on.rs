//! Signing in at an OpenID Connect provider.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::accounts::{oidc, session};
use crate::app::Origin;
use crate::caller;
use crate::extract::Asked;
use crate::gate::note;
use crate::problem::Problems;
use crate::{Answer, App, Problem};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(begin)).routes(routes!(finish))
}

/// The cookie that binds a sign-in to its browser. Lax: the provider's page sends the browser back here.
fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-medward-sso" } else { "medward-sso" }
}

fn cookie(tls: bool, value: &str, seconds: u32) -> Answer<HeaderValue> {
    let secure = if tls { "; Secure" } else { "" };
    let text =
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}", cookie_name(tls));
    HeaderValue::from_str(&text).map_err(|_| Problem::internal("cookie"))
}

/// Sends the browser to the provider.
#[utoipa::path(get, path = "/api/v1/session/oidc", tag = "session", responses((status = 302, description = "to the provider"), Problems))]
async fn begin(State(app): State<App>) -> Answer<Response> {
    let (url, browser) = oidc::begin(&app).await?;
    let location = HeaderValue::from_str(&url).map_err(|_| Problem::internal("location"))?;
    let headers =
        [(header::LOCATION, location), (header::SET_COOKIE, cookie(app.config.tls, &browser, 600)?)];
    Ok((StatusCode::FOUND, headers).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Back {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

/// Where the provider sends the browser back to.
#[utoipa::path(get, path = "/api/v1/session/oidc/callback", tag = "session", params(Back), responses((status = 200, body = String, content_type = "text/html"), Problems))]
async fn finish(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    Asked(back): Asked<Back>,
) -> Answer<Response> {
    let browser = caller::cookie(&headers, cookie_name(app.config.tls)).unwrap_or_default().to_owned();
    let (Some(state), Some(code)) = (back.state, back.code) else {
        let said: String =
            back.error.unwrap_or_default().chars().filter(char::is_ascii_graphic).take(60).collect();
        return Err(Problem::malformed(
            format!("The provider sent no code back (it said: '{said}')."),
            "Begin again at the sign-in page.",
        ));
    };
    let person = match oidc::finish(&app, &state, &code, &browser).await {
        Ok(person) => person,
        Err(problem) => {
            let why = serde_json::json!({ "why": problem.detail, "by": "oidc" });
            note(&app, "unknown", origin, "login", "session", "denied", why).await;
            return Err(problem);
        }
    };
    let (value, _) = session::begin(&app, &person, &origin.address()).await?;
    note(&app, &person.name, origin, "login", "session", "done", serde_json::json!({ "by": "oidc" })).await;
    // A redirect would still count as coming from the provider, and the strict cookie would stay behind.
    let page = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Medward</title>\
                <meta http-equiv=\"refresh\" content=\"0;url=/\"></head><body><p><a href=\"/\">Go on to Medward</a></p>\
                </body></html>";
    let mut response = Html(page).into_response();
    response.headers_mut().append(header::SET_COOKIE, session::set_cookie(app.config.tls, Some(&value))?);
    response.headers_mut().append(header::SET_COOKIE, cookie(app.config.tls, "", 0)?);
    Ok(response)
}
