//! The committed description of the interface is that of the code. `UPDATE_GOLDENS=1` writes it anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test")]

use std::path::Path;

#[test]
fn the_committed_description_is_that_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let value = serde_json::to_value(medward_api::description()).unwrap();
    let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "openapi.json is old: run UPDATE_GOLDENS=1 cargo test -p medward-api --test openapi"
    );
}

#[test]
fn every_operation_declares_success_and_problems() {
    let value = serde_json::to_value(medward_api::description()).unwrap();
    for (path, item) in value["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap_or_else(|| panic!("{method} {path}"));
            assert!(responses.keys().any(|status| status.starts_with(['2', '3'])), "{method} {path}");
            for status in ["400", "401", "403", "404", "412", "422", "429", "503"] {
                assert!(responses.contains_key(status), "{method} {path} {status}");
            }
        }
    }
}

#[test]
fn every_operation_has_an_identifier_of_its_own() {
    let value = serde_json::to_value(medward_api::description()).unwrap();
    let mut known = std::collections::BTreeSet::new();
    for item in value["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            assert!(known.insert(id.clone()), "{id} is there twice");
        }
    }
}
