//! Single sign-on against a real provider on loopback: `oidc-provider-mock` from PyPI (set OIDC_PROVIDER_MOCK to its
//! program where it is not in the path).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod house;
mod memory;

use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use house::{House, ask};
use medward_api::Role;
use memory::NOW;
use serde_json::json;

/// A provider that is ended with the test.
struct Provider {
    child: Child,
    issuer: String,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn provider() -> Option<Provider> {
    let program = std::env::var("OIDC_PROVIDER_MOCK").unwrap_or_else(|_| "oidc-provider-mock".to_owned());
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let spawned = Command::new(&program)
        .args([
            "--port",
            &port.to_string(),
            "--host",
            "127.0.0.1",
            "--require-nonce",
            "true",
            "--require-registration",
            "true",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(child) = spawned else {
        eprintln!("skipped: there is no {program}; install it with: pip install oidc-provider-mock");
        return None;
    };
    let provider = Provider { child, issuer: format!("http://127.0.0.1:{port}") };
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Some(provider);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{program} did not begin to listen");
}

fn browser() -> ureq::Agent {
    ureq::Agent::config_builder()
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .build()
        .into()
}

fn field<'t>(url: &'t str, name: &str) -> &'t str {
    url.split(['?', '&']).find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap()
}

/// A house that knows the provider, with the time of day, at which the provider's tokens are valid.
async fn house_with(provider: &Provider) -> House {
    let house = House::with(|config| {
        config.private_outgoing = true;
        config.public_address = "http://127.0.0.1:4999".to_owned();
    });
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    house.clock.0.store(i64::try_from(now).unwrap() - NOW.as_seconds(), Ordering::SeqCst);
    house.person("ada", Role::Administrator, None).await;
    let cookie = house.session("ada").await;
    let mut registered = browser()
        .post(format!("{}/oauth2/clients", provider.issuer))
        .header("content-type", "application/json")
        .send(json!({ "redirect_uris": ["http://127.0.0.1:4999/api/v1/session/oidc/callback"] }).to_string())
        .unwrap();
    let client = registered.body_mut().read_to_string().unwrap();
    let client: serde_json::Value = serde_json::from_str(&client).unwrap();
    let body = json!({ "enabled": true, "label": "Hospital", "issuer": provider.issuer,
        "client_id": client["client_id"], "secret": client["client_secret"],
        "rules": [{ "claim": "email", "value": "carla@hospital.example", "role": "clinical-engineer", "sites": ["north"] }] });
    let put =
        ask("PUT", "/api/v1/settings/oidc").with("cookie", &cookie).with("x-medward-csrf", "csrf").body(body);
    let told = house.send(put).await;
    assert_eq!(told.status, 200, "{}", told.text);
    house
}

/// Signs in at the provider as somebody; answers where it sends the browser back to.
async fn through(provider: &Provider, begin: &str, who: &str) -> String {
    let (issuer, begin, who) = (provider.issuer.clone(), begin.to_owned(), who.to_owned());
    tokio::task::spawn_blocking(move || {
        let user = json!({ "email": format!("{who}@hospital.example"), "name": who });
        browser()
            .put(format!("{issuer}/users/{who}"))
            .header("content-type", "application/json")
            .send(user.to_string())
            .unwrap();
        let told = browser().post(&begin).send_form([("sub", who.as_str())]).unwrap();
        told.headers()["location"].to_str().unwrap().to_owned()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_whom_the_provider_vouches_for_gets_the_role_of_the_rule_once() {
    let Some(provider) = provider().await else { return };
    let house = house_with(&provider).await;
    let begun = house.send(ask("GET", "/api/v1/session/oidc")).await;
    assert_eq!(begun.status, 302, "{}", begun.text);
    let back = through(&provider, begun.headers["location"].to_str().unwrap(), "carla").await;
    let path = back.strip_prefix("http://127.0.0.1:4999").unwrap();
    let stolen = house.send(ask("GET", path)).await;
    assert_eq!(stolen.status, 400, "another browser must not end the sign-in");
    let ended = house.send(ask("GET", path).with("cookie", &begun.cookie())).await;
    assert_eq!(ended.status, 200, "{}", ended.text);
    let state = house.send(ask("GET", "/api/v1/session").with("cookie", &ended.cookie())).await.json();
    assert_eq!(
        (&state["person"]["role"], &state["person"]["sites"]),
        (&json!("clinical-engineer"), &json!(["north"]))
    );
    let again = house.send(ask("GET", path).with("cookie", &begun.cookie())).await;
    assert_eq!(again.status, 400, "a code counts once");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_no_rule_fits_may_not_come_in() {
    let Some(provider) = provider().await else { return };
    let house = house_with(&provider).await;
    let begun = house.send(ask("GET", "/api/v1/session/oidc")).await;
    let url = begun.headers["location"].to_str().unwrap();
    assert_eq!(field(url, "code_challenge_method"), "S256");
    let back = through(&provider, url, "mallory").await;
    let path = back.strip_prefix("http://127.0.0.1:4999").unwrap();
    let ended = house.send(ask("GET", path).with("cookie", &begun.cookie())).await;
    assert_eq!(ended.status, 403, "{}", ended.text);
}
