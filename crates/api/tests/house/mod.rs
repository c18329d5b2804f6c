//! A running interface on a small ward, and ways to ask it.
#![allow(dead_code, reason = "each test uses a part")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use medward_api::{App, Clock, Config, Notice, Role, router};
use medward_model::Timestamp;
use medward_monitor::Documents as _;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tower::ServiceExt as _;

use crate::memory::{Memory, NOW, Remembering, ward};

/// A clock that is moved by hand.
pub struct HandClock(pub AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        NOW.plus_seconds(self.0.load(Ordering::SeqCst))
    }
}

/// The interface with all that it stands on.
pub struct House {
    pub store: Arc<Memory>,
    pub live: Arc<Remembering>,
    pub events: broadcast::Sender<Notice>,
    pub clock: Arc<HandClock>,
    pub app: App,
    pub router: Router,
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Told {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The session's cookie as it is sent back.
    pub fn cookie(&self) -> String {
        let whole = self.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        whole.split(';').next().unwrap().to_owned()
    }
}

/// A request to be made.
pub struct Ask {
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<Value>,
    pub from: [u8; 4],
}

pub fn ask(method: &'static str, path: &str) -> Ask {
    Ask { method, path: path.to_owned(), headers: Vec::new(), body: None, from: [192, 0, 2, 7] }
}

impl Ask {
    pub fn with(mut self, name: &str, value: &str) -> Ask {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Ask {
        self.with("authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, body: Value) -> Ask {
        self.body = Some(body);
        self
    }

    pub fn from(mut self, ip: [u8; 4]) -> Ask {
        self.from = ip;
        self
    }
}

impl House {
    pub fn new() -> House {
        House::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> House {
        let (store, live) = (Arc::new(ward()), Arc::new(Remembering::default()));
        let (events, _) = broadcast::channel(64);
        let clock = Arc::new(HandClock(AtomicI64::new(0)));
        let mut config = Config::with_key([7; 32]);
        config.per_address = 100_000;
        config.per_person = 100_000;
        config.public_address = "http://127.0.0.1:1".to_owned();
        change(&mut config);
        let app = App::new(store.clone(), live.clone(), events.clone(), clock.clone(), config).unwrap();
        House { store, live, events, clock, router: router(app.clone()), app }
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn send(&self, ask: Ask) -> Told {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let body = match ask.body {
            Some(Value::String(text)) => Body::from(text),
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((ask.from, 4000))));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        // A stream never ends: only its head is of interest here.
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let text = if kind.starts_with("text/event-stream") {
            String::new()
        } else {
            String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned()
        };
        Told { status: parts.status, headers: parts.headers, text }
    }

    /// Puts a person into the store, with the password "stable-correct-horse" where `password` says so.
    pub async fn person(&self, name: &str, role: Role, sites: Option<&[&str]>) {
        let body = json!({ "name": name, "display": name, "role": role, "sites": sites });
        self.store.put_document("person", name, &body, None, None, NOW).await.unwrap();
    }

    /// Puts a token of a person into the store and answers its text.
    pub async fn token(&self, owner: &str, role: Role, scopes: &[&str], sites: Option<&[&str]>) -> String {
        let number = self.store.lock().documents.len();
        let (id, secret) = (format!("{number:016x}"), "s".repeat(43));
        let hash: String = {
            use sha2::Digest as _;
            sha2::Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let body = json!({
            "id": id, "name": "test", "owner": owner, "role": role, "sites": sites, "scopes": scopes,
            "expires": NOW.plus_seconds(86_400), "last_used": null, "hash": hash,
        });
        self.store.put_document("token", &id, &body, None, None, NOW).await.unwrap();
        format!("mw_{id}_{secret}")
    }

    /// Puts a session of a person into the store and answers its cookie; its CSRF token is "csrf".
    pub async fn session(&self, person: &str) -> String {
        let number = self.store.lock().documents.len();
        let cookie = format!("{number:0>43}");
        let id: String = {
            use sha2::Digest as _;
            sha2::Sha256::digest(cookie.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let now = self.app.now();
        let body = json!({
            "person": person, "csrf": "csrf", "created": now, "last": now, "address": "192.0.2.7", "generation": 0,
        });
        self.store.put_document("session", &id, &body, None, None, now).await.unwrap();
        format!("medward={cookie}")
    }

    /// Actions and outcomes of the audit trail so far.
    pub fn audited(&self) -> Vec<(String, String)> {
        self.store.lock().audit.iter().map(|r| (r.entry.action.clone(), r.entry.outcome.clone())).collect()
    }
}
