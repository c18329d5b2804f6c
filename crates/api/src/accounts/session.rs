//! Sessions: kept by the SHA-256 of a random cookie, ended by idleness, by age, and by a changed password.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use serde::{Deserialize, Serialize};

use super::keep::{self, Kept};
use super::person::Person;
use crate::secrets;
use crate::{Answer, App, Problem};

pub const KIND: &str = "session";
/// A session ends after so many seconds without a request, and after so many in any case.
const IDLE: i64 = 60 * 60;
const LONGEST: i64 = 12 * 60 * 60;
/// The time of the last request is written at most so often, in seconds.
const REFRESH: i64 = 60;

/// A session as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    pub person: String,
    pub csrf: String,
    pub created: Timestamp,
    pub last: Timestamp,
    pub address: String,
    /// The person's generation when it began.
    pub generation: u64,
}

/// The cookie's name.
pub fn cookie_name(tls: bool) -> &'static str {
    if tls { "__Host-medward" } else { "medward" }
}

/// Begins a session; answers the cookie's value and the session.
pub async fn begin(app: &App, person: &Person, address: &str) -> Answer<(String, Session)> {
    let now = app.now();
    let cookie = secrets::random_text()?;
    let session = Session {
        person: person.name.clone(),
        csrf: secrets::random_text()?,
        created: now,
        last: now,
        address: address.to_owned(),
        generation: person.generation,
    };
    let id = secrets::fingerprint(cookie.as_bytes());
    keep::save(&*app.store, KIND, &id, &session, Some(0), Some(now.plus_seconds(IDLE)), now).await?;
    Ok((cookie, session))
}

/// The session of a cookie, with its identifier.
pub async fn find(
    store: &dyn Store,
    cookie: &str,
    now: Timestamp,
) -> Result<Option<(String, Kept<Session>)>, StoreError> {
    if cookie.len() != 43 {
        return Ok(None);
    }
    let id = secrets::fingerprint(cookie.as_bytes());
    let Some(kept) = keep::load::<Session>(store, KIND, &id, now).await? else { return Ok(None) };
    if now.seconds_since(kept.body.created) >= LONGEST || now.seconds_since(kept.body.last) >= IDLE {
        store.delete_document(KIND, &id).await?;
        return Ok(None);
    }
    if now.seconds_since(kept.body.last) >= REFRESH {
        let refreshed = Session { last: now, ..kept.body.clone() };
        let end = now.plus_seconds(IDLE).min(kept.body.created.plus_seconds(LONGEST));
        match keep::save(store, KIND, &id, &refreshed, Some(kept.version), Some(end), now).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(Some((id, kept)))
}

/// Ends a session.
pub async fn end(store: &dyn Store, id: &str) -> Result<(), StoreError> {
    store.delete_document(KIND, id).await.map(|_| ())
}

/// The Set-Cookie header that sets the cookie, or takes it away.
pub fn set_cookie(tls: bool, value: Option<&str>) -> Result<axum::http::HeaderValue, Problem> {
    let name = cookie_name(tls);
    let secure = if tls { "; Secure" } else { "" };
    let text = match value {
        Some(value) => {
            format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={LONGEST}{secure}")
        }
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0{secure}"),
    };
    axum::http::HeaderValue::from_str(&text).map_err(|_| Problem::internal("cookie"))
}
