//! Whether the monitor lives, is ready, and its numbers: outside the versioned interface, for machines.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problems;
use crate::{Answer, App, Problem};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(alive)).routes(routes!(ready)).routes(routes!(metrics))
}

/// The program runs.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = String, content_type = "text/plain"), Problems))]
async fn alive() -> &'static str {
    "ok\n"
}

/// The program runs, its database answers, and its core listens.
#[utoipa::path(get, path = "/readyz", tag = "health", responses((status = 200, body = String, content_type = "text/plain"), Problems))]
async fn ready(State(app): State<App>) -> Answer<&'static str> {
    app.store.health().await?;
    app.live.ready().await.map_err(|why| {
        tracing::warn!(why, "not ready");
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "Not ready",
            "The core is not ready.",
            "Wait some seconds; the log says why if it stays.",
        )
    })?;
    Ok("ready\n")
}

/// Numbers in Prometheus' text format: for a token, or from the machine itself.
#[utoipa::path(get, path = "/metrics", tag = "health", responses((status = 200, body = String, content_type = "text/plain"), Problems))]
async fn metrics(State(app): State<App>) -> Answer<Response> {
    let mut text = app.live.metrics().await;
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let listeners = 256_usize.saturating_sub(app.streams.available_permits());
    text.push_str(
        "# HELP medward_api_streams Streams and downloads that are open.\n# TYPE medward_api_streams gauge\n",
    );
    text.push_str(&format!("medward_api_streams {listeners}\n"));
    text.push_str("# HELP medward_build_info Version of Medward.\n# TYPE medward_build_info gauge\n");
    let version: String = app.config.version.chars().filter(|c| !matches!(c, '"' | '\\' | '\n')).collect();
    text.push_str(&format!("medward_build_info{{version=\"{version}\"}} 1\n"));
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
