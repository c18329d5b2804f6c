//! Reading what was sent: bodies, parameters and cursors, with problems that say what to do.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use medward_monitor::PageRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::{Answer, App, Problem};

/// 413.
pub fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too-large",
        "Too large",
        "The body is larger than is taken here.",
        "Send it in several pieces.",
    )
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Answer<Body<T>> {
        match axum::Json::<T>::from_request(request, app).await {
            Ok(axum::Json(body)) => Ok(Body(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Not JSON",
                "The header Content-Type is not application/json.",
                "Send JSON with 'Content-Type: application/json'.",
            )),
            Err(JsonRejection::BytesRejection(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(too_large())
            }
            Err(error) => Err(Problem::malformed(
                format!("The body cannot be read: {}", error.body_text()),
                "Compare it with the description at /api/v1/openapi.json.",
            )),
        }
    }
}

/// Parameters behind the question mark.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Asked<T>> {
        let result: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, app).await;
        match result {
            Ok(Query(asked)) => Ok(Asked(asked)),
            Err(error) => Err(Problem::malformed(
                format!("The parameters cannot be read: {}", error.body_text()),
                "Compare them with the description at /api/v1/openapi.json.",
            )),
        }
    }
}

/// Parameters in the path.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Named<T>> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(named)) => Ok(Named(named)),
            Err(error) => Err(Problem::malformed(
                format!("The path cannot be read: {}", error.body_text()),
                "Compare it with the description at /api/v1/openapi.json.",
            )),
        }
    }
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// At most so many.
    #[param(minimum = 1, maximum = 1000, default = 50)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[param(max_length = 4096)]
    pub cursor: Option<String>,
}

impl Paging {
    /// For the store.
    pub fn request(&self) -> Answer<PageRequest> {
        page(self.limit, self.cursor.as_deref())
    }
}

/// For the store.
pub fn page(limit: Option<u32>, cursor: Option<&str>) -> Answer<PageRequest> {
    let limit = limit.unwrap_or(50);
    if !(1..=1000).contains(&limit) {
        return Err(Problem::malformed(
            format!("limit={limit} is not within 1 to 1000."),
            "Ask for 1 to 1000 at a time and follow 'next'.",
        ));
    }
    if cursor.is_some_and(|cursor| cursor.len() > 4096) {
        return Err(medward_monitor::StoreError::BadCursor.into());
    }
    Ok(PageRequest { limit, cursor: cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned) })
}

/// Refuses what is longer than it may be.
pub fn at_most(what: &str, text: &str, most: usize) -> Answer<()> {
    if text.chars().count() > most {
        return Err(Problem::refused(
            format!("'{what}' is longer than {most} characters."),
            "Make it shorter.",
        ));
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err(Problem::refused(format!("'{what}' has control characters."), "Take them out."));
    }
    Ok(())
}

/// The version of `If-Match`, where it was sent: `"7"`, or `*` for any.
pub fn if_match(headers: &HeaderMap) -> Answer<Option<u64>> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.trim_start_matches("W/").trim_matches('"');
    tag.split('.').next().unwrap_or_default().parse().map(Some).map_err(|_| {
        Problem::malformed(
            "If-Match is not a tag that this interface gave.",
            "Send the ETag of the GET, as it was.",
        )
    })
}

/// A version as ETag.
pub fn etag(version: u64) -> [(header::HeaderName, String); 1] {
    [(header::ETAG, format!("\"{version}\""))]
}
