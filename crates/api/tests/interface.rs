//! Lists, changes, downloads, the stream: what a program that uses the interface relies on.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod house;
mod memory;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use house::{House, ask};
use http_body_util::BodyExt as _;
use medward_api::{Notice, Role};
use medward_model::Severity;
use medward_monitor::{Event, EventKind};
use memory::NOW;
use serde_json::json;
use tower::ServiceExt as _;

const PUMP: &str = "/api/v1/devices/dev-000000000001";

async fn with_token() -> (House, String) {
    let house = House::new();
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    (house, token)
}

#[tokio::test]
async fn pages_follow_each_other_without_holes_or_doubles() {
    let (house, token) = with_token().await;
    let (mut path, mut seen) = ("/api/v1/devices?limit=3&sort=name".to_owned(), Vec::new());
    loop {
        let page = house.send(ask("GET", &path).bearer(&token)).await.json();
        assert_eq!(page["total"], 4);
        seen.extend(page["items"].as_array().unwrap().iter().map(|d| d["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/devices?limit=3&sort=name&cursor={next}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
}

#[tokio::test]
async fn only_the_fields_that_were_asked_for_come_with_the_id() {
    let (house, token) = with_token().await;
    let page =
        house.send(ask("GET", "/api/v1/devices?fields=name,vendor&q=pump").bearer(&token)).await.json();
    assert_eq!(page["items"], json!([{ "id": "dev-000000000001", "name": "pump-1", "vendor": "B. Braun" }]));
}

#[tokio::test]
async fn a_wrong_search_is_answered_with_what_to_do() {
    let (house, token) = with_token().await;
    let told = house.send(ask("GET", "/api/v1/devices?q=colour:red").bearer(&token)).await;
    assert_eq!(told.status, 400);
    assert_eq!(told.headers["content-type"], "application/problem+json");
    assert!(told.json()["do"].as_str().unwrap().contains("category:"));
}

#[tokio::test]
async fn a_change_to_what_somebody_else_changed_is_refused() {
    let (house, token) = with_token().await;
    let tag = house.send(ask("GET", PUMP).bearer(&token)).await.headers["etag"].to_str().unwrap().to_owned();
    let change =
        |tag: &str| ask("PATCH", PUMP).bearer(&token).with("if-match", tag).body(json!({ "owner": "ICU" }));
    assert_eq!(house.send(change(&tag)).await.status, 200);
    assert_eq!(house.send(change(&tag)).await.status, 412);
}

#[tokio::test]
async fn null_takes_away_and_absence_leaves() {
    let (house, token) = with_token().await;
    let change = |body| ask("PATCH", PUMP).bearer(&token).body(body);
    house.send(change(json!({ "owner": "ICU", "criticality": 4 }))).await;
    let told = house.send(change(json!({ "owner": null }))).await.json();
    assert_eq!((&told["owner"], &told["criticality"]), (&json!(null), &json!(4)));
}

#[tokio::test]
async fn the_same_post_sent_twice_is_carried_out_once() {
    let (house, token) = with_token().await;
    let post = |body| ask("POST", "/api/v1/views").bearer(&token).with("idempotency-key", "one").body(body);
    let first = house.send(post(json!({ "name": "mine" }))).await;
    let second = house.send(post(json!({ "name": "mine" }))).await;
    assert_eq!((first.status.as_u16(), first.text.as_str()), (second.status.as_u16(), second.text.as_str()));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(house.send(post(json!({ "name": "other" }))).await.status, 422);
    let views = house.send(ask("GET", "/api/v1/views").bearer(&token)).await.json();
    assert_eq!(views["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn why_is_told_in_plain_words() {
    let (house, token) = with_token().await;
    let why = house.send(ask("GET", &format!("{PUMP}/why/vendor")).bearer(&token)).await.json();
    assert!(
        why["words"].as_str().unwrap().starts_with("The vendor of pump-1 is very likely B. Braun (93 %)")
    );
}

#[tokio::test]
async fn the_csv_of_devices_holds_no_formula_whatever_the_network_calls_itself() {
    let (house, token) = with_token().await;
    let told = house.send(ask("GET", "/api/v1/devices/export?format=csv").bearer(&token)).await;
    assert_eq!(told.text.lines().count(), 5);
    assert!(told.text.contains("'=cmd|"), "{}", told.text);
    assert!(house.audited().contains(&("export.devices".to_owned(), "done".to_owned())));
}

#[tokio::test]
async fn json_lines_hold_one_device_each_and_a_spreadsheet_is_a_zip() {
    let (house, token) = with_token().await;
    let told =
        house.send(ask("GET", "/api/v1/devices/export?format=jsonl&q=site:south").bearer(&token)).await;
    let lines: Vec<serde_json::Value> =
        told.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1);
    let sheet = house.send(ask("GET", "/api/v1/devices/export?format=xlsx").bearer(&token)).await;
    assert!(sheet.text.starts_with("PK"));
}

#[tokio::test]
async fn people_join_records_and_take_it_back_and_the_core_is_told() {
    let (house, token) = with_token().await;
    let body = json!({ "ids": ["dev-000000000001", "dev-000000000002"], "reason": "one pump, two cards" });
    let told = house.send(ask("POST", "/api/v1/devices/merge").bearer(&token).body(body)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(house.send(ask("DELETE", "/api/v1/decisions/1").bearer(&token)).await.status, 204);
    assert_eq!(*house.live.0.lock().unwrap(), ["decided 1", "undone 1"]);
}

#[tokio::test]
async fn devices_of_different_sites_cannot_be_joined() {
    let (house, token) = with_token().await;
    let body = json!({ "ids": ["dev-000000000001", "dev-000000000004"] });
    assert_eq!(house.send(ask("POST", "/api/v1/devices/merge").bearer(&token).body(body)).await.status, 422);
}

#[tokio::test]
async fn a_list_of_a_maintenance_system_is_compared_with_the_wire() {
    let (house, token) = with_token().await;
    let csv = "Asset Tag;Serial No;Manufacturer\nA1;SN-1;B. Braun\nA2;SN-99;Baxter\n";
    let import =
        ask("POST", "/api/v1/cmms/import?preview=true").bearer(&token).with("content-type", "text/csv");
    let told = house.send(import.body(json!(csv))).await.json();
    assert_eq!((&told["matched"], &told["missing_total"], &told["taken"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(told["missing_on_wire"][0]["serial"], "SN-99");
}

#[tokio::test]
async fn what_is_missing_is_worth_what_the_list_says() {
    let (house, token) = with_token().await;
    let csv =
        "Asset Tag;Serial No;Price (EUR)\nA3;SN-3;12.500,00\nA1;SN-1;900\nA2;SN-99;7\nA4;SN-4;unknown\n";
    let import = ask("POST", "/api/v1/cmms/import").bearer(&token).with("content-type", "text/csv");
    let told = house.send(import.body(json!(csv))).await.json();
    assert_eq!((&told["valued"], &told["missing_on_wire"][0]["value"]), (&json!(2), &json!("7 EUR")));
    let missing = house.send(ask("GET", "/api/v1/missing").bearer(&token)).await.json();
    assert_eq!(missing["words"], "One device is missing; worth 12,500 EUR.");
    assert_eq!(missing["worth"], json!([{ "currency": "EUR", "amount": 12_500, "devices": 1 }]));
    let one = &missing["items"][0];
    assert_eq!(
        (&one["device"]["name"], &one["value"], &one["currency"]),
        (&json!("pacs"), &json!(12_500), &json!("EUR"))
    );
    let overview = house.send(ask("GET", "/api/v1/overview").bearer(&token)).await.json();
    assert_eq!(overview["missing"]["worth"], missing["worth"]);
    let title = "A medical device is missing; worth 12,500 EUR";
    assert!(
        overview["attention"].as_array().unwrap().iter().any(|item| item["title"] == title),
        "{overview}"
    );
    // What is listed and nowhere on the wire is a blind spot.
    let coverage = house.send(ask("GET", "/api/v1/coverage?site=north").bearer(&token)).await.json();
    assert_eq!(
        (&coverage["inventory"]["total"], &coverage["inventory"]["items"][0]["serial"]),
        (&json!(1), &json!("SN-99"))
    );
}

#[tokio::test]
async fn who_sees_one_site_is_not_told_the_list_of_all() {
    let (house, token) = with_token().await;
    let import = ask("POST", "/api/v1/cmms/import").bearer(&token).with("content-type", "text/csv");
    house.send(import.body(json!("Asset Tag;Serial No\nA2;SN-99\n"))).await;
    house.person("eve", Role::ClinicalEngineer, Some(&["north"])).await;
    let token = house.token("eve", Role::ClinicalEngineer, &[], None).await;
    let coverage = house.send(ask("GET", "/api/v1/coverage?site=north").bearer(&token)).await;
    assert!(coverage.status == 200 && !coverage.text.contains("SN-99"), "{}", coverage.text);
}

#[tokio::test]
async fn a_position_of_a_known_address_reaches_the_core_of_its_site() {
    let (house, token) = with_token().await;
    let body = json!({ "items": [
        { "mac": "00:1b:21:00:00:01", "position": "AP 3-West-2", "how": "access-point" },
        { "mac": "00:00:00:00:00:99", "position": "AP 1", "how": "access-point" } ] });
    let told = house.send(ask("POST", "/api/v1/locations").bearer(&token).body(body)).await;
    assert_eq!(told.json(), json!({ "taken": 1, "unknown": 1 }), "{}", told.text);
    assert_eq!(*house.live.0.lock().unwrap(), ["locate north 1"]);
}

#[tokio::test]
async fn invitations_and_sensors_are_taken_back_only_at_sites_that_are_seen() {
    let (house, token) = with_token().await;
    house.person("nan", Role::NetworkEngineer, Some(&["north"])).await;
    let north = house.token("nan", Role::NetworkEngineer, &[], None).await;
    let list = |token: &str| ask("GET", "/api/v1/invitations").bearer(token);
    assert_eq!(house.send(list(&token)).await.json()["items"].as_array().unwrap().len(), 2);
    let seen = house.send(list(&north)).await.json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["name"], "north-2");
    let withdraw = |id: &str| ask("DELETE", &format!("/api/v1/invitations/{id}")).bearer(&north);
    assert_eq!(house.send(withdraw("1111111111111111")).await.status, 404);
    assert_eq!(house.send(withdraw("0000000000000000")).await.status, 204);
    let remove = |name: &str| ask("DELETE", &format!("/api/v1/sensors/{name}")).bearer(&north);
    assert_eq!(house.send(remove("north-1?site=south")).await.status, 204);
    assert_eq!(house.send(remove("north-1")).await.status, 204);
    assert_eq!(house.send(remove("other")).await.status, 404);
    let told = house.live.0.lock().unwrap().clone();
    assert_eq!(
        told,
        [
            "withdraw 0000000000000000",
            "dismiss north-1 at ",
            "dismiss north-1 at north",
            "dismiss other at north"
        ]
    );
}

#[tokio::test]
async fn an_audit_trail_that_was_touched_is_found_broken_where_it_was() {
    let (house, token) = with_token().await;
    for name in ["a", "b", "c"] {
        house.send(ask("POST", "/api/v1/views").bearer(&token).body(json!({ "name": name }))).await;
    }
    let verify = || ask("GET", "/api/v1/audit/verify").bearer(&token);
    assert_eq!(house.send(verify()).await.json(), json!({ "ok": true, "records": 3 }));
    house.store.lock().audit[1].entry.who = "somebody else".to_owned();
    assert_eq!(house.send(verify()).await.json()["broken_at"], 2);
}

#[tokio::test]
async fn a_page_of_another_name_that_leads_here_is_refused() {
    let house = House::with(|config| config.hosts = vec!["medward.example".to_owned()]);
    assert_eq!(house.send(ask("GET", "/healthz").with("host", "evil.example")).await.status, 421);
    assert_eq!(house.send(ask("GET", "/healthz").with("host", "medward.example")).await.status, 200);
}

#[tokio::test]
async fn every_answer_forbids_frames_and_foreign_scripts() {
    let house = House::new();
    for path in ["/", "/api/v1/devices", "/healthz", "/none.js"] {
        let told = house.send(ask("GET", path)).await;
        let policy = told.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("script-src 'self';"), "{path}");
        assert!(!told.headers.contains_key("access-control-allow-origin"), "{path}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let house = House::with(|config| config.body_limit = 1000);
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    let post = || ask("POST", "/api/v1/views").bearer(&token).body(json!({ "name": "x".repeat(2000) }));
    assert_eq!(house.send(post()).await.status, 413);
    assert_eq!(house.send(post().with("idempotency-key", "1")).await.status, 413);
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_to_wait() {
    let house = House::with(|config| config.per_address = 5);
    for _ in 0..5 {
        assert_eq!(house.send(ask("GET", "/healthz")).await.status, 200);
    }
    let told = house.send(ask("GET", "/healthz")).await;
    assert_eq!(told.status, 429);
    assert!(told.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn metrics_are_for_the_machine_itself_or_for_a_token() {
    let house = House::new();
    assert_eq!(house.send(ask("GET", "/metrics")).await.status, 401);
    let told = house.send(ask("GET", "/metrics").from([127, 0, 0, 1])).await;
    assert!(told.text.contains("medward_packets_total 42"));
}

fn event(number: u64, site: &str) -> Event {
    Event {
        number,
        at: NOW,
        site: site.to_owned(),
        kind: EventKind::Missing,
        severity: Severity::High,
        device: None,
        title: format!("event {number}"),
        details: std::collections::BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_listener_that_comes_back_is_told_what_it_missed_and_only_of_its_sites() {
    let house = House::new();
    house.person("nan", Role::Viewer, Some(&["north"])).await;
    let token = house.token("nan", Role::Viewer, &[], None).await;
    let request = Request::get("/api/v1/stream")
        .header("authorization", format!("Bearer {token}"))
        .header("last-event-id", "1")
        .body(Body::empty())
        .unwrap();
    let response = house.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    let mut body = response.into_body();
    for sent in [event(4, "south"), event(5, "north")] {
        house.events.send(Notice::Event(Arc::new(sent))).unwrap();
    }
    let mut text = String::new();
    while !text.contains("event 5") {
        let frame = body.frame().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
    }
    let numbers: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert_eq!(numbers, ["2", "5"], "{text}");
}
