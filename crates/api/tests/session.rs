//! Signing in, lock-out, one-time codes, CSRF, sessions that end.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod house;
mod memory;

use house::{House, Told, ask};
use medward_api::{Role, first_run};
use medward_monitor::Documents as _;
use memory::NOW;
use serde_json::json;

async fn sign_in(house: &House, name: &str, password: &str) -> Told {
    house.send(ask("POST", "/api/v1/session").body(json!({ "name": name, "password": password }))).await
}

/// A house with the administrator of the first run, who has taken the password "stable-correct-horse".
async fn lived_in() -> (House, String, String) {
    let house = House::new();
    let first = first_run(&*house.store, NOW).await.unwrap().unwrap();
    let told = sign_in(&house, "admin", &first.password).await;
    let change = json!({ "old": first.password, "new": "stable-correct-horse" });
    let csrf = told.json()["csrf"].as_str().unwrap().to_owned();
    let told = house
        .send(
            ask("POST", "/api/v1/session/password")
                .with("cookie", &told.cookie())
                .with("x-medward-csrf", &csrf)
                .body(change),
        )
        .await;
    assert_eq!(told.status, 200, "{}", told.text);
    let csrf = told.json()["csrf"].as_str().unwrap().to_owned();
    let cookie = told.cookie();
    (house, cookie, csrf)
}

#[tokio::test]
async fn the_first_password_is_made_once_and_must_be_changed_before_anything_else() {
    let house = House::new();
    let first = first_run(&*house.store, NOW).await.unwrap().unwrap();
    assert!(first_run(&*house.store, NOW).await.unwrap().is_none());
    let told = sign_in(&house, "admin", &first.password).await;
    assert_eq!(told.json()["must_change_password"], true);
    let refused = house.send(ask("GET", "/api/v1/devices").with("cookie", &told.cookie())).await;
    assert_eq!(refused.status, 403);
    assert!(refused.json()["type"].as_str().unwrap().ends_with("password-change-needed"));
}

#[tokio::test]
async fn after_the_change_the_new_password_opens_and_the_cookie_is_closed_to_scripts() {
    let (house, ..) = lived_in().await;
    let told = sign_in(&house, "admin", "stable-correct-horse").await;
    assert_eq!(told.status, 200, "{}", told.text);
    let cookie = told.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
}

#[tokio::test]
async fn under_tls_the_cookie_is_secure_and_bound_to_the_host() {
    let house = House::with(|config| config.tls = true);
    let first = first_run(&*house.store, NOW).await.unwrap().unwrap();
    let told = sign_in(&house, "admin", &first.password).await;
    let cookie = told.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-medward=") && cookie.contains("; Secure"), "{cookie}");
}

#[tokio::test]
async fn a_change_without_the_csrf_token_of_the_session_is_refused() {
    let (house, cookie, csrf) = lived_in().await;
    let view = || ask("POST", "/api/v1/views").body(json!({ "name": "mine" })).with("cookie", &cookie);
    assert_eq!(house.send(view()).await.status, 403);
    assert_eq!(house.send(view().with("x-medward-csrf", "guess")).await.status, 403);
    assert_eq!(house.send(view().with("x-medward-csrf", &csrf)).await.status, 201);
}

#[tokio::test]
async fn wrong_passwords_lock_the_account_for_a_time_that_grows() {
    let (house, ..) = lived_in().await;
    for _ in 0..5 {
        assert_eq!(sign_in(&house, "admin", "wrong-wrong-wrong").await.status, 401);
    }
    let locked = sign_in(&house, "admin", "stable-correct-horse").await;
    assert_eq!(locked.status, 429);
    let first: u64 = locked.headers["retry-after"].to_str().unwrap().parse().unwrap();
    house.pass(20);
    assert_eq!(sign_in(&house, "admin", "wrong-wrong-wrong").await.status, 401);
    let again = sign_in(&house, "admin", "stable-correct-horse").await;
    let second: u64 = again.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(second > first, "{first} {second}");
    house.pass(60);
    assert_eq!(sign_in(&house, "admin", "stable-correct-horse").await.status, 200);
}

#[tokio::test]
async fn guessing_many_names_locks_the_address_and_no_other() {
    let (house, ..) = lived_in().await;
    for number in 0..20 {
        assert_eq!(sign_in(&house, &format!("name-{number}"), "wrong-wrong-wrong").await.status, 401);
    }
    assert_eq!(sign_in(&house, "admin", "stable-correct-horse").await.status, 429);
    let body = json!({ "name": "admin", "password": "stable-correct-horse" });
    assert_eq!(house.send(ask("POST", "/api/v1/session").from([192, 0, 2, 8]).body(body)).await.status, 200);
}

#[tokio::test]
async fn a_session_ends_by_idleness_and_in_any_case_after_twelve_hours() {
    let house = House::new();
    house.person("ada", Role::Viewer, None).await;
    let devices = |cookie: &str| ask("GET", "/api/v1/devices").with("cookie", cookie);
    let idle = house.session("ada").await;
    house.pass(3700);
    assert_eq!(house.send(devices(&idle)).await.status, 401);
    let busy = house.session("ada").await;
    for _ in 0..23 {
        house.pass(1800);
        assert_eq!(house.send(devices(&busy)).await.status, 200);
    }
    house.pass(1800);
    assert_eq!(house.send(devices(&busy)).await.status, 401);
}

#[tokio::test]
async fn signing_out_ends_the_session_itself_and_not_only_the_cookie() {
    let (house, cookie, csrf) = lived_in().await;
    let told = house
        .send(ask("DELETE", "/api/v1/session").with("cookie", &cookie).with("x-medward-csrf", &csrf))
        .await;
    assert_eq!(told.status, 204);
    assert_eq!(house.send(ask("GET", "/api/v1/devices").with("cookie", &cookie)).await.status, 401);
}

#[tokio::test]
async fn with_one_time_codes_the_password_alone_does_not_open() {
    let (house, cookie, csrf) = lived_in().await;
    let own =
        |method| ask(method, "/api/v1/session/totp").with("cookie", &cookie).with("x-medward-csrf", &csrf);
    let secret = house.send(own("POST")).await.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(house.send(own("PUT").body(json!({ "code": "000000" }))).await.status, 422);
    let code = code_of(&secret, house.app.now().as_seconds() / 30);
    assert_eq!(house.send(own("PUT").body(json!({ "code": code }))).await.status, 200);
    let told = sign_in(&house, "admin", "stable-correct-horse").await;
    assert!(told.json()["type"].as_str().unwrap().ends_with("code-needed"));
    house.pass(30);
    let code = code_of(&secret, house.app.now().as_seconds() / 30);
    let body = json!({ "name": "admin", "password": "stable-correct-horse", "code": code });
    assert_eq!(house.send(ask("POST", "/api/v1/session").body(body.clone())).await.status, 200);
    assert_eq!(house.send(ask("POST", "/api/v1/session").body(body)).await.status, 401, "a code counts once");
}

/// RFC 6238 by other means than the code under test: ring's HMAC and a plain base 32.
fn code_of(secret: &str, step: i64) -> String {
    let mut bits = String::new();
    for sign in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == sign).unwrap();
        bits.push_str(&format!("{value:05b}"));
    }
    let key: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
        .collect();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = ring::hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let word = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", word % 1_000_000)
}

#[tokio::test]
async fn secrets_are_sealed_or_hashed_in_the_store_and_absent_from_the_audit_trail() {
    let (house, cookie, csrf) = lived_in().await;
    let with = |a: house::Ask| a.with("cookie", &cookie).with("x-medward-csrf", &csrf);
    let totp = house.send(with(ask("POST", "/api/v1/session/totp"))).await.json()["secret"].clone();
    let body = json!({ "name": "export", "role": "viewer" });
    let token =
        house.send(with(ask("POST", "/api/v1/tokens").body(body).with("idempotency-key", "k1"))).await;
    let channel = json!({ "name": "c", "threshold": "high", "kind": "webhook",
        "config": { "url": "https://hooks.example/x" }, "secret": "hush-hush-hush" });
    assert_eq!(house.send(with(ask("POST", "/api/v1/channels").body(channel))).await.status, 201);
    let oidc = json!({ "enabled": false, "label": "x", "issuer": "https://id.example", "client_id": "m",
        "secret": "client-secret-1" });
    assert_eq!(house.send(with(ask("PUT", "/api/v1/settings/oidc").body(oidc))).await.status, 200);
    let token = token.json()["token"].as_str().unwrap().to_owned();
    let kept = house.store.lock();
    let whole = format!("{:?} {:?}", kept.documents, kept.audit);
    let cookie = cookie.split_once('=').unwrap().1;
    let token_secret = token.rsplit_once('_').unwrap().1;
    for secret in [
        totp.as_str().unwrap(),
        token_secret,
        "hush-hush-hush",
        "client-secret-1",
        "stable-correct-horse",
        cookie,
    ] {
        assert!(!whole.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_person_who_was_disabled_is_out_at_once_with_sessions_and_tokens() {
    let (house, cookie, csrf) = lived_in().await;
    house.person("eve", Role::SecurityAnalyst, None).await;
    let (session, token) = (house.session("eve").await, house.token("eve", Role::Viewer, &[], None).await);
    let body = json!({ "disabled": true });
    let change =
        ask("PUT", "/api/v1/people/eve").with("cookie", &cookie).with("x-medward-csrf", &csrf).body(body);
    assert_eq!(house.send(change).await.status, 200);
    assert_eq!(house.send(ask("GET", "/api/v1/devices").with("cookie", &session)).await.status, 401);
    assert_eq!(house.send(ask("GET", "/api/v1/devices").bearer(&token)).await.status, 401);
}

#[tokio::test]
async fn the_last_administrator_cannot_be_made_less() {
    let (house, cookie, csrf) = lived_in().await;
    let change = ask("PUT", "/api/v1/people/admin").body(json!({ "role": "viewer" }));
    let told = house.send(change.with("cookie", &cookie).with("x-medward-csrf", &csrf)).await;
    assert_eq!(told.status, 422, "{}", told.text);
}

#[tokio::test]
async fn an_expired_token_opens_nothing() {
    let house = House::new();
    house.person("ada", Role::Viewer, None).await;
    let token = house.token("ada", Role::Viewer, &[], None).await;
    assert_eq!(house.send(ask("GET", "/api/v1/devices").bearer(&token)).await.status, 200);
    house.pass(86_400);
    assert_eq!(house.send(ask("GET", "/api/v1/devices").bearer(&token)).await.status, 401);
    assert!(house.store.documents("session", NOW).await.unwrap().is_empty());
}
