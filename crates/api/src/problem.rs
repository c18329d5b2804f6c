//! Errors as RFC 9457 problem documents that also say what to do.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use medward_monitor::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as `application/problem+json` (RFC 9457) with one more member, `do`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// Names the kind of problem: `urn:medward:problem:not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same in two words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong, and where.
    pub detail: String,
    /// What to do about it.
    #[serde(rename = "do")]
    pub advice: String,
    /// Seconds after which it is worth trying again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// Answers of the interface.
pub type Answer<T> = Result<T, Problem>;

impl Problem {
    /// A problem of a kind (its slug).
    pub fn new(
        status: StatusCode,
        slug: &str,
        title: &str,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Problem {
        Problem {
            kind: format!("urn:medward:problem:{slug}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            advice: advice.into(),
            retry_after: None,
        }
    }

    /// 400: the request cannot be understood.
    pub fn malformed(detail: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "malformed", "Not understood", detail, advice)
    }

    /// 422: understood, but it cannot be done as it is.
    pub fn refused(detail: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", "Cannot be done", detail, advice)
    }

    /// 404.
    pub fn missing(what: &str, id: &str) -> Problem {
        Problem::new(
            StatusCode::NOT_FOUND,
            "not-found",
            "Not found",
            format!("There is no {what} '{id}', or you may not see it."),
            "Check the identifier, or search for it.",
        )
    }

    /// 401.
    pub fn signed_out() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "signed-out",
            "Not signed in",
            "This needs a session or an API token that is still valid.",
            "Sign in, or send the header 'Authorization: Bearer mw_…'.",
        )
    }

    /// 403.
    pub fn forbidden(detail: impl Into<String>, advice: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail, advice)
    }

    /// 429.
    pub fn slow_down(detail: impl Into<String>, seconds: u64) -> Problem {
        let mut problem = Problem::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too-many",
            "Too many requests",
            detail,
            format!("Wait {seconds} seconds, then try again."),
        );
        problem.retry_after = Some(seconds);
        problem
    }

    /// 500, with nothing said of the inside.
    pub fn internal(what: &str) -> Problem {
        tracing::error!(what, "internal error");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "Something failed inside Medward; it is in its log.",
            "Try again; if it stays, look into the log of the monitor at this time.",
        )
    }

    /// The same with another kind.
    pub fn with_kind(mut self, slug: &str) -> Problem {
        self.kind = format!("urn:medward:problem:{slug}");
        self
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store did not answer");
                let mut problem = Problem::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "unavailable",
                    "Not available",
                    "The database is not available or too busy.",
                    "Try again in some seconds.",
                );
                problem.retry_after = Some(5);
                problem
            }
            StoreError::Conflict { expected, found } => Problem::new(
                StatusCode::PRECONDITION_FAILED,
                "changed",
                "Changed in the meantime",
                format!("It was changed by somebody else: version {found} now, not {expected}."),
                "Load it again, look at what changed, and repeat your change.",
            ),
            StoreError::Missing { what, id } => Problem::missing(what, &id),
            StoreError::BadCursor => Problem::malformed(
                "The cursor is not valid: it was not made by this list.",
                "Start again without 'cursor'.",
            ),
            StoreError::Refused(why) => Problem::refused(why, "Change the request."),
            StoreError::AlreadyStored { .. } | StoreError::Corrupt(_) => {
                Problem::internal(&error.to_string())
            }
        }
    }
}

impl From<crate::LiveError> for Problem {
    fn from(error: crate::LiveError) -> Problem {
        match error {
            crate::LiveError::Absent(_) => Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "absent",
                "Not available here",
                error.to_string(),
                "Start the monitor with this part.",
            ),
            crate::LiveError::Refused(why) => Problem::refused(why, "Change the request."),
            crate::LiveError::Failed(why) => Problem::internal(&why),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// All problems that any route may answer with, for the description of the interface.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "only described, never made")]
pub enum Problems {
    /// The request cannot be understood.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(#[to_schema] Problem),
    /// Not signed in.
    #[response(status = 401, content_type = "application/problem+json")]
    SignedOut(#[to_schema] Problem),
    /// Not allowed.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(#[to_schema] Problem),
    /// Not found, or not to be seen.
    #[response(status = 404, content_type = "application/problem+json")]
    Missing(#[to_schema] Problem),
    /// Another request with this idempotency key is being answered.
    #[response(status = 409, content_type = "application/problem+json")]
    Busy(#[to_schema] Problem),
    /// Changed in the meantime.
    #[response(status = 412, content_type = "application/problem+json")]
    Changed(#[to_schema] Problem),
    /// Too large.
    #[response(status = 413, content_type = "application/problem+json")]
    Large(#[to_schema] Problem),
    /// The body is of no kind that is understood here.
    #[response(status = 415, content_type = "application/problem+json")]
    Kind(#[to_schema] Problem),
    /// Understood, but it cannot be done.
    #[response(status = 422, content_type = "application/problem+json")]
    Refused(#[to_schema] Problem),
    /// Too many requests.
    #[response(status = 429, content_type = "application/problem+json")]
    Many(#[to_schema] Problem),
    /// The database, or the part that is asked, is not available.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(#[to_schema] Problem),
}
