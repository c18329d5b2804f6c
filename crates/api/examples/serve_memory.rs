//! Serves the interface on a small ward in memory, for tests from outside: prints its address, then a token.
#![forbid(unsafe_code)]

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
    // The administrator with a token, so that a tester need not sign in.
    let person = serde_json::json!({ "name": "tester", "display": "Tester", "role": "administrator" });
    store.put_document("person", "tester", &person, None, None, now).await.unwrap();
    let secret = "t".repeat(43);
    let hash: String = {
        use sha2::Digest as _;
        sha2::Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let token = serde_json::json!({
        "id": "0123456789abcdef", "name": "test", "owner": "tester", "role": "administrator", "sites": null,
        "scopes": [], "expires": now.plus_seconds(86_400), "last_used": null, "hash": hash,
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
    println!("mw_0123456789abcdef_{secret}");
    println!("{} {}", first.name, first.password);
    axum::serve(listener, router(app).into_make_service_with_connect_info::<SocketAddr>()).await.unwrap();
}
