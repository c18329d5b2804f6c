//! `Idempotency-Key`: the same POST sent twice is carried out once, and answered alike for 24 hours.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use medward_monitor::StoreError;
use serde::{Deserialize, Serialize};

use crate::accounts::keep;
use crate::caller::{Caller, Via};
use crate::gate::Noted;
use crate::{Answer, App, Problem, secrets};

const KIND: &str = "idempotency";
/// How long an answer is kept, and how long a request may take, in seconds.
const KEPT: i64 = 24 * 3600;
const RUNNING: i64 = 120;
/// Larger answers are not kept: the request is then carried out again.
const MOST: usize = 256 * 1024;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Run {
    /// Of method, address and body.
    hash: String,
    answer: Option<Kept>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    status: u16,
    content_type: Option<String>,
    /// Sealed: an answer may hold a new token.
    body: String,
}

/// The key of a request that has one and is a POST.
pub fn key_of(request: &Request) -> Answer<Option<String>> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    if request.method() != Method::POST {
        return Ok(None);
    }
    match value.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::malformed(
            "The header Idempotency-Key is empty, longer than 255 characters, or not plain text.",
            "Send a random text, such as a UUID.",
        )),
    }
}

/// Carries a request out once.
pub async fn once(app: &App, caller: &Caller, key: &str, request: Request, next: Next) -> Response {
    match try_once(app, caller, key, request, next).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn try_once(app: &App, caller: &Caller, key: &str, request: Request, next: Next) -> Answer<Response> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, app.config.body_limit).await.map_err(|_| crate::extract::too_large())?;
    let mut whole = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    whole.extend_from_slice(&body);
    let hash = secrets::fingerprint(&whole);
    let via = match &caller.via {
        Via::Session { .. } => String::new(),
        Via::Token { id } => id.clone(),
    };
    let id = secrets::fingerprint(format!("{}\n{via}\n{key}", caller.name).as_bytes());
    let now = app.now();
    let begun = Run { hash: hash.clone(), answer: None };
    let expires = Some(now.plus_seconds(RUNNING));
    let version = match keep::save(&*app.store, KIND, &id, &begun, Some(0), expires, now).await {
        Ok(version) => version,
        Err(StoreError::Conflict { .. }) => return again(app, &id, &hash).await,
        Err(other) => return Err(other.into()),
    };
    let response = next.run(axum::http::Request::from_parts(parts, Body::from(body))).await;
    keep_answer(app, &id, version, hash, response).await
}

async fn again(app: &App, id: &str, hash: &str) -> Answer<Response> {
    let busy = || {
        Problem::new(
            StatusCode::CONFLICT,
            "busy",
            "Still being done",
            "The first request with this Idempotency-Key is still being carried out.",
            "Wait some seconds and send it again.",
        )
    };
    let run = keep::load::<Run>(&*app.store, KIND, id, app.now()).await?.ok_or_else(busy)?.body;
    if run.hash != hash {
        return Err(Problem::refused(
            "This Idempotency-Key was used for another request.",
            "Use a new key for each request; repeat a key only with the very same request.",
        )
        .with_kind("key-reused"));
    }
    let kept = run.answer.ok_or_else(busy)?;
    let body = app.vault.open(&format!("answer {id}"), &kept.body)?;
    let body = STANDARD.decode(body).map_err(|_| Problem::internal("kept answer"))?;
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, body).into_response();
    if let Some(kind) = kept.content_type.and_then(|kind| HeaderValue::from_str(&kind).ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    let replayed = HeaderName::from_static("idempotency-replayed");
    response.headers_mut().insert(replayed, HeaderValue::from_static("true"));
    response.extensions_mut().insert(Noted(serde_json::json!({ "repeated": true })));
    Ok(response)
}

async fn keep_answer(
    app: &App,
    id: &str,
    version: u64,
    hash: String,
    response: Response,
) -> Answer<Response> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Problem::internal("own answer"))?;
    if parts.status.is_server_error() || body.len() > MOST {
        app.store.delete_document(KIND, id).await?;
    } else {
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let sealed = app.vault.seal(&format!("answer {id}"), &STANDARD.encode(&body))?;
        let kept = Kept { status: parts.status.as_u16(), content_type, body: sealed };
        let run = Run { hash, answer: Some(kept) };
        let now = app.now();
        keep::save(&*app.store, KIND, id, &run, Some(version), Some(now.plus_seconds(KEPT)), now).await?;
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}
