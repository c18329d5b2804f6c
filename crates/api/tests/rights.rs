//! Every endpoint by every role, by nobody, by a narrow token, and by a person of another site, against the table.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

mod house;
mod memory;

use std::collections::BTreeSet;

use house::{Ask, House, ask};
use medward_api::{Need, Permission, Role, TABLE, description};

/// The path with something in the place of each parameter.
fn filled(path: &str) -> String {
    let path = path
        .replace("/devices/{id}", "/devices/dev-000000000001")
        .replace("{attribute}", "vendor")
        .replace("{number}", "1")
        .replace("{name}", "nobody")
        .replace("{id}", "0000000000000000");
    match path.as_str() {
        "/api/v1/coverage" => "/api/v1/coverage?site=north".to_owned(),
        _ => path,
    }
}

fn of(entry: &medward_api::Entry) -> Ask {
    ask(entry.method, &filled(entry.path)).with("x-medward-csrf", "csrf")
}

#[test]
fn every_route_of_the_description_is_in_the_table_and_none_else() {
    let described: serde_json::Value = serde_json::to_value(description()).unwrap();
    let mut routes = BTreeSet::from([("GET".to_owned(), "/api/v1/openapi.json".to_owned())]);
    for (path, item) in described["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if item.get(method).is_some() {
                routes.insert((method.to_uppercase(), path.clone()));
            }
        }
    }
    let table: BTreeSet<_> = TABLE.iter().map(|e| (e.method.to_owned(), e.path.to_owned())).collect();
    assert_eq!(routes, table);
}

#[tokio::test]
async fn every_role_may_do_just_what_the_table_says() {
    let house = House::new();
    for role in Role::ALL {
        house.person(role.name(), role, None).await;
        for entry in TABLE {
            // A session of its own: one of the routes ends it.
            let cookie = house.session(role.name()).await;
            let told = house.send(of(entry).with("cookie", &cookie)).await;
            let may = match entry.need {
                Need::Nothing | Need::SignedIn => true,
                Need::May(permission) | Need::MayEverywhere(permission) | Need::LocalOr(permission) => {
                    role.permissions().contains(&permission)
                }
            };
            let (method, path) = (entry.method, entry.path);
            assert_ne!(told.status, 401, "{role:?} {method} {path}: {}", told.text);
            assert_eq!(told.status == 403, !may, "{role:?} {method} {path}: {} {}", told.status, told.text);
            assert!(told.status.as_u16() < 500, "{role:?} {method} {path}: {} {}", told.status, told.text);
        }
    }
}

#[tokio::test]
async fn nobody_may_do_nothing_but_what_is_for_everybody() {
    let house = House::new();
    for entry in TABLE.iter().filter(|entry| entry.need != Need::Nothing) {
        let told = house.send(of(entry)).await;
        assert_eq!(told.status, 401, "{} {}", entry.method, entry.path);
    }
}

#[tokio::test]
async fn a_token_may_do_only_what_its_scopes_say() {
    let house = House::new();
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &["event.read"], None).await;
    for entry in TABLE {
        let told = house.send(of(entry).bearer(&token)).await;
        let may = match entry.need {
            Need::Nothing | Need::SignedIn => continue,
            Need::May(permission) | Need::MayEverywhere(permission) | Need::LocalOr(permission) => {
                permission == Permission::EventRead
            }
        };
        assert_eq!(told.status == 403, !may, "{} {}: {}", entry.method, entry.path, told.status);
    }
}

#[tokio::test]
async fn a_token_of_an_administrator_cannot_make_people_or_tokens() {
    let house = House::new();
    house.person("ada", Role::Administrator, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    for path in ["/api/v1/people", "/api/v1/tokens"] {
        assert_eq!(house.send(ask("POST", path).bearer(&token)).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_token_can_do_no_more_than_its_owner_can_now() {
    let house = House::new();
    house.person("ada", Role::Viewer, None).await;
    let token = house.token("ada", Role::Administrator, &[], None).await;
    assert_eq!(house.send(ask("GET", "/api/v1/audit").bearer(&token)).await.status, 403);
    assert_eq!(house.send(ask("GET", "/api/v1/devices").bearer(&token)).await.status, 200);
}

#[tokio::test]
async fn a_person_of_another_site_finds_no_device_of_this_one_anywhere() {
    let house = House::new();
    house.person("sue", Role::Administrator, Some(&["south"])).await;
    for entry in TABLE.iter().filter(|entry| entry.need != Need::Nothing) {
        let cookie = house.session("sue").await;
        let told = house.send(of(entry).with("cookie", &cookie)).await;
        let (method, path) = (entry.method, entry.path);
        match entry.need {
            Need::MayEverywhere(_) => assert_eq!(told.status, 403, "{method} {path}"),
            _ if method == "GET" && path.starts_with("/api/v1/devices/{id}") => {
                assert_eq!(told.status, 404, "{method} {path}");
            }
            _ => {}
        }
        // What stands of the north: its pump, its monitor, its sensor. The archive's name may be told as peer of the south.
        for name in ["pump-1", "10.0.0.1", "calc", "north-1", "north-2", "CVE-2026-1234"] {
            assert!(!told.text.contains(&format!("\"{name}")), "{method} {path} tells {name}: {}", told.text);
        }
    }
}

#[tokio::test]
async fn every_change_and_every_refusal_is_in_the_audit_trail() {
    let house = House::new();
    house.person("ada", Role::Administrator, None).await;
    house.person("vic", Role::Viewer, None).await;
    let (ada, vic) = (house.session("ada").await, house.session("vic").await);
    let change = || ask("PATCH", "/api/v1/devices/dev-000000000001").with("x-medward-csrf", "csrf");
    let body = serde_json::json!({ "add_tags": ["ward 3"], "note": "secret words" });
    assert_eq!(house.send(change().with("cookie", &ada).body(body.clone())).await.status, 200);
    assert_eq!(house.send(change().with("cookie", &vic).body(body)).await.status, 403);
    let expected = [("device.annotate", "done"), ("device.annotate", "denied")];
    assert_eq!(house.audited(), expected.map(|(a, o)| (a.to_owned(), o.to_owned())));
    assert!(!format!("{:?}", house.store.lock().audit).contains("secret words"));
}

#[test]
fn every_route_that_changes_something_has_a_name_in_the_audit_trail() {
    for entry in TABLE.iter().filter(|entry| entry.method != "GET" && entry.need != Need::Nothing) {
        assert!(entry.action.is_some(), "{} {}", entry.method, entry.path);
    }
}
