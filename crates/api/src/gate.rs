//! The one place that every request passes: who asks, may they, how often, and the record of it.

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use medward_monitor::AuditEntry;

use crate::app::Origin;
use crate::caller::{self, Caller, Via};
use crate::rights::{self, Entry, Need};
use crate::{Answer, App, Problem, idempotency, secrets};

/// The header in which a page shows that it belongs to the session.
pub const CSRF: &str = "x-medward-csrf";

/// What a handler wants to have in the audit trail beside who, what and where. Never a secret.
#[derive(Clone, Debug)]
pub struct Noted(pub serde_json::Value);

/// Passes a request on, or refuses it.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = origin_of(&request);
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let entry = path.and_then(|path| rights::entry(request.method().as_str(), &path));
    let object = object_of(request.uri().path());
    let caller = match admit(&app, request.method().clone(), request.headers().clone(), origin, entry).await {
        Ok(caller) => caller,
        Err(refused) => {
            let (caller, problem) = *refused;
            if let (Some(caller), Some(entry), true) = (&caller, entry, problem.status == 403) {
                note(&app, &caller.shown, origin, name_of(entry), &object, "denied", serde_json::json!({}))
                    .await;
            }
            return problem.into_response();
        }
    };
    let timeout = app.config.timeout;
    let answer = tokio::time::timeout(timeout, carry_out(&app, request, next, origin, caller.clone()));
    let response = match answer.await {
        Ok(response) => response,
        Err(_) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too-slow",
            "Too slow",
            "The answer took too long and was given up.",
            "Narrow the request (a shorter time, a smaller limit), or try again later.",
        )
        .into_response(),
    };
    if let (Some(caller), Some(entry)) = (&caller, entry) {
        let outcome = match response.status().as_u16() {
            403 => Some(("denied", name_of(entry))),
            500.. => entry.action.map(|action| ("failed", action)),
            200..400 => entry.action.map(|action| ("done", action)),
            _ => None,
        };
        if let Some((outcome, action)) = outcome {
            let details =
                response.extensions().get::<Noted>().map_or(serde_json::json!({}), |noted| noted.0.clone());
            note(&app, &caller.shown, origin, action, &object, outcome, details).await;
        }
    }
    response
}

/// Who was refused, and why.
type Refused = Box<(Option<Caller>, Problem)>;

/// Who asks, where they may; else who was refused.
async fn admit(
    app: &App,
    method: Method,
    headers: HeaderMap,
    origin: Origin,
    entry: Option<&Entry>,
) -> Result<Option<Caller>, Refused> {
    let nobody = |problem| Box::new((None, problem));
    app.pace.address(&origin.address()).map_err(nobody)?;
    let Some(entry) = entry else {
        return Err(nobody(Problem::forbidden(
            "This route is not in the table of rights.",
            "Tell the makers of Medward; no route answers without an entry.",
        )));
    };
    let caller = caller::find(app, &headers).await.map_err(nobody)?;
    let Some(caller) = caller else {
        return match entry.need {
            Need::Nothing => Ok(None),
            Need::LocalOr(_) if origin.is_local() => Ok(None),
            _ => Err(nobody(Problem::signed_out())),
        };
    };
    let account = match &caller.via {
        Via::Session { .. } => caller.name.clone(),
        Via::Token { id } => format!("token {id}"),
    };
    let refuse = |problem| Err(Box::new((Some(caller.clone()), problem)));
    if let Err(problem) = app.pace.person(&account) {
        return refuse(problem);
    }
    if let (Via::Session { csrf, .. }, false) = (&caller.via, is_safe(&method))
        && entry.need != Need::Nothing
    {
        let shown = headers.get(CSRF).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !secrets::same(csrf, shown) {
            return refuse(
                Problem::forbidden(
                    "The header X-Medward-CSRF is missing or is not that of this session.",
                    "Send the 'csrf' of GET /api/v1/session in the header X-Medward-CSRF.",
                )
                .with_kind("csrf"),
            );
        }
    }
    if caller.must_change && !matches!(entry.need, Need::Nothing | Need::SignedIn) {
        return refuse(
            Problem::forbidden(
                "The password was for one use and must be changed first.",
                "Take another password with POST /api/v1/session/password.",
            )
            .with_kind("password-change-needed"),
        );
    }
    if matches!(entry.need, Need::LocalOr(_)) && origin.is_local() {
        return Ok(Some(caller));
    }
    if !caller.meets(entry.need) {
        let (detail, advice) = match entry.need {
            Need::May(permission) | Need::LocalOr(permission) => (
                format!("This needs the permission {}.", permission.name()),
                "Ask an administrator for a role that has it; a token may also be too narrow.",
            ),
            Need::MayEverywhere(permission) => (
                format!("This needs the permission {} at all sites.", permission.name()),
                "Ask an administrator who is responsible for all sites.",
            ),
            Need::Nothing | Need::SignedIn => ("This is not allowed.".to_owned(), "Ask an administrator."),
        };
        return refuse(Problem::forbidden(detail, advice));
    }
    Ok(Some(caller))
}

async fn carry_out(
    app: &App,
    mut request: Request,
    next: Next,
    origin: Origin,
    caller: Option<Caller>,
) -> Response {
    request.extensions_mut().insert(origin);
    let Some(caller) = caller else { return next.run(request).await };
    request.extensions_mut().insert(caller.clone());
    match idempotency::key_of(&request) {
        Ok(None) => next.run(request).await,
        Ok(Some(key)) => idempotency::once(app, &caller, &key, request, next).await,
        Err(problem) => problem.into_response(),
    }
}

/// Writes to the audit trail. What cannot be recorded is told in the log; the change itself is done already.
pub async fn note(
    app: &App,
    who: &str,
    origin: Origin,
    action: &str,
    object: &str,
    outcome: &str,
    details: serde_json::Value,
) {
    let entry = AuditEntry {
        at: app.now(),
        who: who.to_owned(),
        from: origin.address(),
        action: action.to_owned(),
        object: object.to_owned(),
        outcome: outcome.to_owned(),
        details,
    };
    if let Err(error) = app.store.audit(entry).await {
        tracing::error!(%error, action, "the audit trail could not be written");
    }
}

fn name_of(entry: &Entry) -> &'static str {
    entry.action.unwrap_or("read")
}

fn object_of(path: &str) -> String {
    path.strip_prefix("/api/v1/").unwrap_or(path).chars().filter(|c| !c.is_control()).take(200).collect()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn origin_of(request: &Request<Body>) -> Origin {
    Origin(request.extensions().get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0))
}

impl FromRequestParts<App> for Origin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Answer<Origin> {
        Ok(parts.extensions.get::<Origin>().copied().unwrap_or(Origin(None)))
    }
}
