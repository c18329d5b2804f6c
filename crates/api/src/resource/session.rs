//! Signing in and out, one's own password and one-time codes.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Done;
use crate::accounts::keep::Kept;
use crate::accounts::person::{self, Person, Source};
use crate::accounts::{guess, oidc, password, session, totp};
use crate::app::Origin;
use crate::caller::{Caller, Perhaps, Via};
use crate::extract::Body;
use crate::gate::note;
use crate::problem::Problems;
use crate::rights::{Permission, Role};
use crate::{Answer, App, Problem};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show, sign_in, sign_out))
        .routes(routes!(change_password))
        .routes(routes!(prepare_totp, enable_totp, disable_totp))
}

/// Who somebody is.
#[derive(Serialize, ToSchema)]
pub struct Me {
    name: String,
    display: String,
    role: Role,
    /// null: all sites.
    sites: Option<Vec<String>>,
    totp: bool,
}

/// Single sign-on, where it is set up.
#[derive(Serialize, ToSchema)]
pub struct Offer {
    label: String,
    url: String,
}

/// The state of the session.
#[derive(Serialize, ToSchema)]
pub struct State {
    signed_in: bool,
    /// Nobody has signed in yet: the password printed at the first start is waiting.
    setup_needed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person: Option<Me>,
    /// To be sent as X-Medward-CSRF with every change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    csrf: Option<String>,
    must_change_password: bool,
    permissions: Vec<Permission>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    oidc: Option<Offer>,
}

async fn state_of(app: &App, caller: Option<&Caller>) -> Answer<State> {
    let now = app.now();
    let oidc = oidc::settings(app)
        .await?
        .filter(|settings| settings.enabled)
        .map(|settings| Offer { label: settings.label, url: "/api/v1/session/oidc".to_owned() });
    let Some(caller) = caller else {
        let people = app.store.documents(person::KIND, now).await?;
        let setup_needed = people
            .iter()
            .all(|document| document.body.get("last_login").is_none_or(serde_json::Value::is_null));
        return Ok(State {
            signed_in: false,
            setup_needed,
            person: None,
            csrf: None,
            must_change_password: false,
            permissions: Vec::new(),
            oidc,
        });
    };
    let person =
        person::load(&*app.store, &caller.name, now).await?.map(|kept| kept.body).unwrap_or_default();
    Ok(State {
        signed_in: true,
        setup_needed: false,
        person: Some(Me {
            name: caller.name.clone(),
            display: person.display,
            role: caller.role,
            sites: caller.sites.clone(),
            totp: person.totp.is_some(),
        }),
        csrf: match &caller.via {
            Via::Session { csrf, .. } => Some(csrf.clone()),
            Via::Token { .. } => None,
        },
        must_change_password: caller.must_change,
        permissions: caller.permissions.clone(),
        oidc,
    })
}

/// Who is signed in, and what they may do.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses((status = 200, body = State), Problems))]
async fn show(
    axum::extract::State(app): axum::extract::State<App>,
    Perhaps(caller): Perhaps,
) -> Answer<Json<State>> {
    state_of(&app, caller.as_ref()).await.map(Json)
}

/// Name and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    #[schema(max_length = 64)]
    name: String,
    #[schema(max_length = 1024)]
    password: String,
    /// One-time code, where the account has one.
    #[serde(default)]
    code: Option<String>,
}

/// Signs in.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = Credentials, responses((status = 200, body = State), Problems))]
async fn sign_in(
    axum::extract::State(app): axum::extract::State<App>,
    origin: Origin,
    headers: HeaderMap,
    Body(sent): Body<Credentials>,
) -> Answer<Response> {
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        return Err(Problem::forbidden(
            "Signing in from the page of another site is refused.",
            "Open Medward itself.",
        ));
    }
    let now = app.now();
    let name = sent.name.trim().to_lowercase();
    // What was typed as a name may be a password: only names that exist are recorded.
    let (kept, shown) = match person::load(&*app.store, &name, now).await? {
        Some(kept) => (Some(kept), name.clone()),
        None => (None, "unknown".to_owned()),
    };
    let failed = |app: App, shown: String, why: &'static str| async move {
        note(&app, &shown, origin, "login", "session", "denied", serde_json::json!({ "why": why })).await;
    };
    if let Err(problem) = guess::attempt(&*app.store, &name, &origin.address(), now).await {
        failed(app.clone(), shown, "locked").await;
        return Err(problem);
    }
    let hash = kept.as_ref().and_then(|kept| kept.body.password.clone());
    let right = password::matches(&app, sent.password, hash).await?;
    let wrong = || {
        let mut problem = Problem::signed_out();
        problem.kind = "urn:medward:problem:wrong-credentials".to_owned();
        problem.detail = "The name, the password or the code is wrong.".to_owned();
        problem.advice = "Check them and try again; after several wrong ones there is a wait.".to_owned();
        problem
    };
    let Some(Kept { body: mut person, version }) =
        kept.filter(|kept| right && !kept.body.disabled && kept.body.source == Source::Local)
    else {
        failed(app.clone(), shown, "credentials").await;
        return Err(wrong());
    };
    if let Some(sealed) = &person.totp {
        let Some(code) = sent.code.filter(|code| !code.is_empty()) else {
            // The password was right: this is no guess.
            guess::forgive(&*app.store, &name, &origin.address(), now).await?;
            let mut problem = wrong();
            problem.kind = "urn:medward:problem:code-needed".to_owned();
            problem.detail = "This account also asks for a one-time code.".to_owned();
            problem.advice = "Send the six digits of the authenticator app as 'code'.".to_owned();
            return Err(problem);
        };
        let secret = app.vault.open(&format!("totp {}", person.name), sealed)?;
        let Some(step) = totp::step(&secret, &code, now, person.totp_step) else {
            failed(app.clone(), shown, "code").await;
            return Err(wrong());
        };
        person.totp_step = step;
    }
    guess::forgive(&*app.store, &name, &origin.address(), now).await?;
    person.last_login = Some(now);
    person::save(&*app.store, &person, version, now).await?;
    let (cookie, made) = session::begin(&app, &person, &origin.address()).await?;
    note(&app, &person.name, origin, "login", "session", "done", serde_json::json!({})).await;
    let caller = Caller {
        shown: person.name.clone(),
        name: person.name,
        role: person.role,
        sites: person.sites,
        permissions: if person.must_change { Vec::new() } else { person.role.permissions().to_vec() },
        via: Via::Session { id: String::new(), csrf: made.csrf },
        must_change: person.must_change,
    };
    let state = state_of(&app, Some(&caller)).await?;
    let cookie = session::set_cookie(app.config.tls, Some(&cookie))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(state)).into_response())
}

/// Signs out.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses((status = 204), Problems))]
async fn sign_out(axum::extract::State(app): axum::extract::State<App>, caller: Caller) -> Answer<Response> {
    let id = session_of(&caller)?;
    session::end(&*app.store, id).await?;
    let cookie = session::set_cookie(app.config.tls, None)?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

fn session_of(caller: &Caller) -> Answer<&str> {
    match &caller.via {
        Via::Session { id, .. } => Ok(id),
        Via::Token { .. } => Err(Problem::forbidden(
            "A token has no session and cannot change how its owner signs in.",
            "Sign in with name and password.",
        )),
    }
}

async fn own(app: &App, caller: &Caller) -> Answer<Kept<Person>> {
    session_of(caller)?;
    person::load(&*app.store, &caller.name, app.now())
        .await?
        .ok_or_else(|| Problem::missing("person", &caller.name))
}

/// Old and new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[schema(max_length = 1024)]
    old: String,
    #[schema(min_length = 12, max_length = 1024)]
    new: String,
}

/// Takes another password; all other sessions of the person end.
#[utoipa::path(post, path = "/api/v1/session/password", tag = "session", request_body = PasswordChange, responses((status = 200, body = State), Problems))]
async fn change_password(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
    origin: Origin,
    Body(sent): Body<PasswordChange>,
) -> Answer<Response> {
    let Kept { body: mut person, version } = own(&app, &caller).await?;
    if person.source == Source::Oidc {
        return Err(Problem::refused(
            "This account signs in at the single sign-on provider.",
            "Change the password there.",
        ));
    }
    let now = app.now();
    guess::attempt(&*app.store, &caller.name, &origin.address(), now).await?;
    if !password::matches(&app, sent.old.clone(), person.password.clone()).await? {
        return Err(Problem::refused(
            "The old password is wrong.",
            "Enter the password that you signed in with.",
        ));
    }
    guess::forgive(&*app.store, &caller.name, &origin.address(), now).await?;
    password::accept(&person.name, &sent.new)?;
    if sent.old == sent.new {
        return Err(Problem::refused("The new password is the old one.", "Take another one."));
    }
    person.password = Some(password::hash(&app, sent.new).await?);
    person.must_change = false;
    person.generation = person.generation.saturating_add(1);
    person::save(&*app.store, &person, version, now).await?;
    session::end(&*app.store, session_of(&caller)?).await?;
    let (cookie, made) = session::begin(&app, &person, &origin.address()).await?;
    let caller = Caller {
        permissions: person.role.permissions().to_vec(),
        via: Via::Session { id: String::new(), csrf: made.csrf },
        must_change: false,
        ..caller
    };
    let state = state_of(&app, Some(&caller)).await?;
    let cookie = session::set_cookie(app.config.tls, Some(&cookie))?;
    Ok(([(header::SET_COOKIE, cookie)], Json(state)).into_response())
}

/// A new secret for an authenticator app.
#[derive(Serialize, ToSchema)]
pub struct TotpSecret {
    secret: String,
    uri: String,
}

/// Makes a secret for one-time codes; it is in force once a code was shown with PUT.
#[utoipa::path(post, path = "/api/v1/session/totp", tag = "session", responses((status = 200, body = TotpSecret), Problems))]
async fn prepare_totp(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
) -> Answer<Json<TotpSecret>> {
    let Kept { body: mut person, version } = own(&app, &caller).await?;
    let secret = totp::secret()?;
    person.totp_pending = Some(app.vault.seal(&format!("totp {}", person.name), &secret)?);
    person::save(&*app.store, &person, version, app.now()).await?;
    Ok(Json(TotpSecret { uri: totp::uri(&person.name, &secret), secret }))
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Code {
    #[schema(max_length = 16)]
    code: String,
}

/// Puts one-time codes in force.
#[utoipa::path(put, path = "/api/v1/session/totp", tag = "session", request_body = Code, responses((status = 200, body = Done), Problems))]
async fn enable_totp(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
    Body(sent): Body<Code>,
) -> Answer<Json<Done>> {
    let Kept { body: mut person, version } = own(&app, &caller).await?;
    let Some(sealed) = person.totp_pending.take() else {
        return Err(Problem::refused("No secret was made.", "Begin with POST /api/v1/session/totp."));
    };
    let secret = app.vault.open(&format!("totp {}", person.name), &sealed)?;
    let Some(step) = totp::step(&secret, &sent.code, app.now(), 0) else {
        return Err(Problem::refused(
            "The code is not right.",
            "Check that the clock of the phone is right, and enter the code that is shown now.",
        ));
    };
    person.totp = Some(sealed);
    person.totp_step = step;
    person::save(&*app.store, &person, version, app.now()).await?;
    Ok(Json(Done { done: true }))
}

/// Takes one-time codes away.
#[utoipa::path(delete, path = "/api/v1/session/totp", tag = "session", responses((status = 204), Problems))]
async fn disable_totp(
    axum::extract::State(app): axum::extract::State<App>,
    caller: Caller,
) -> Answer<StatusCode> {
    let Kept { body: mut person, version } = own(&app, &caller).await?;
    person.totp = None;
    person.totp_pending = None;
    person::save(&*app.store, &person, version, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
