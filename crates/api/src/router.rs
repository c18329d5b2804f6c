//! The router: resources, gate, limits and headers put together.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;

use crate::{App, Problem, gate, resource};

/// What the page may load: itself only. Pictures may be data (plans of floors); styles may stand in attributes, which the
/// component kit needs for positions.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: \
     blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Medward", version = "1", description = "The HTTP interface of the Medward monitor."),
    security(("token" = []), ("session" = []))
)]
struct Description;

fn parts() -> (Router<App>, OpenApi) {
    let (router, mut description) =
        OpenApiRouter::with_openapi(Description::openapi()).merge(resource::routes()).split_for_parts();
    let components = description.components.get_or_insert_default();
    components.add_security_scheme(
        "token",
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("mw_…").build()),
    );
    components
        .add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("medward"))));
    // Functions of different resources have the same names; an operation has one of its own.
    for (path, item) in &mut description.paths.paths {
        let words = path.trim_start_matches("/api/v1").replace(['{', '}'], "").replace(['/', '.', '-'], "_");
        for (method, operation) in [
            ("get", &mut item.get),
            ("put", &mut item.put),
            ("post", &mut item.post),
            ("patch", &mut item.patch),
            ("delete", &mut item.delete),
        ] {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}{words}"));
            }
        }
    }
    (router, description)
}

/// The description of the interface (OpenAPI 3.1), generated from the code.
pub fn description() -> OpenApi {
    parts().1
}

/// The whole interface. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`: limits and local routes need
/// the address of who asks.
pub fn router(app: App) -> Router {
    let (router, description) = parts();
    let text = serde_json::to_string(&description).unwrap_or_default();
    let described = axum::routing::get(move || {
        let text = text.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], text) }
    });
    router
        .route("/api/v1/openapi.json", described)
        .method_not_allowed_fallback(wrong_method)
        .route_layer(from_fn_with_state(app.clone(), gate::pass))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(app.config.body_limit))
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(app.clone(), check_host))
        .layer(from_fn(headers))
        .with_state(app)
}

async fn unknown(State(app): State<App>, request: Request) -> Response {
    let path = request.uri().path();
    if !path.starts_with("/api/")
        && let Some(response) = app.site.answer(request.method(), path)
    {
        return response;
    }
    Problem::missing("route", &path.chars().take(100).collect::<String>()).into_response()
}

async fn wrong_method(method: Method) -> Response {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "Not possible",
        format!("{method} is not possible here."),
        "Look at the header Allow, or at /api/v1/openapi.json.",
    )
    .into_response()
}

/// Refuses requests for other names: a page elsewhere whose name was made to point here (DNS rebinding).
async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let hosts = &app.config.hosts;
    if !hosts.is_empty() {
        let asked = request
            .headers()
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| request.uri().authority().map(|authority| authority.as_str()))
            .unwrap_or_default();
        if !hosts.iter().any(|host| host.eq_ignore_ascii_case(asked)) {
            return Problem::new(
                axum::http::StatusCode::MISDIRECTED_REQUEST,
                "host",
                "Wrong host",
                "This program does not answer to the name that was asked for.",
                "Open it by one of its own names, or add this one to the setting 'hosts'.",
            )
            .into_response();
        }
    }
    next.run(request).await
}

async fn headers(request: Request, next: Next) -> Response {
    let interface = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if interface && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}
