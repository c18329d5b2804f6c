//! Serves the interface on a small ward in memory, for tests from outside: prints its address, a session's cookie, a token.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a program for tests")]

#[path = "../tests/memory/mod.rs"]
mod memory;

use std::net::SocketAddr;
use std::sync::Arc;

use medward_api::{App, Config, SystemClock, deliver_forever, first_run, router};
use medward_monitor::Documents as _;

#[tokio::main]
async fn main() {
    let store = Arc::new(memory::ward());
    let now = medward_api::Clock::now(&SystemClock);
    let first = first_run(&*store, now).await.unwrap().unwrap();
    // An administrator with a session, so that a tester need not sign in; its CSRF token is "csrf".
    let person = serde_json::json!({ "name": "tester", "display": "Tester", "role": "administrator" });
    store.put_document("person", "tester", &person, None, None, now).await.unwrap();
    let cookie = "t".repeat(43);
    let id: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(cookie.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let session = serde_json::json!({
        "person": "tester", "csrf": "csrf", "created": now, "last": now, "address": "127.0.0.1", "generation": 0,
    });
    store.put_document("session", &id, &session, None, None, now).await.unwrap();
    // And a token, whose secret is the cookie's value, so that its hash is the same.
    let token = serde_json::json!({
        "id": "0123456789abcdef", "name": "test", "owner": "tester", "role": "administrator", "sites": null,
        "scopes": [], "expires": now.plus_seconds(86_400), "last_used": null, "hash": id,
    });
    store.put_document("token", "0123456789abcdef", &token, None, None, now).await.unwrap();
    let (events, _) = tokio::sync::broadcast::channel(256);
    let mut config = Config::with_key([7; 32]);
    config.per_address = 1_000_000;
    config.per_person = 1_000_000;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    config.public_address = format!("http://{address}");
    let live = Arc::new(memory::Remembering::default());
    let app = App::new(store, live, events, Arc::new(SystemClock), config).unwrap();
    tokio::spawn(deliver_forever(app.clone()));
    println!("http://{address}");
    println!("medward={cookie}");
    println!("mw_0123456789abcdef_{cookie}");
    println!("{} {}", first.name, first.password);
    axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}
