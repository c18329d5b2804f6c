//! From the ward's capture to a policy that holds: learned, checked, tried on history, proven.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod proof;

use std::path::Path;
use std::process::Output;

use medward_dissect::{Group, dissectors};
use medward_policy::{Ports as _, Purpose, TCP, UDP, UsualPorts, port_range};
use serde_json::Value;

const ACCEPT: &str = "UPDATE_GOLDENS=1 cargo test -p medward --test policy";
const WARD: &str = "tests/captures/ward/ward.pcap";

fn run(arguments: &[&str]) -> Output {
    proof::medward(arguments).output().expect("the program starts")
}

#[track_caller]
fn ends(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", complaint(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn json(output: &Output, code: i32) -> Value {
    let text = ends(output, code);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn learned(folder: &Path) -> String {
    let path = folder.join("policy.toml").to_string_lossy().into_owned();
    ends(&run(&["policy", "learn", WARD, "--name", "Ward", "--quiet", "--output", &path]), 0);
    path
}

#[test]
fn the_learned_policy_is_what_was_accepted() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let now = std::fs::read_to_string(learned(folder.path())).expect("it was written");
    let path = proof::root().join("tests/golden/policy/ward.toml");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder is made");
        std::fs::write(&path, &now).expect("a golden is written");
    }
    let accepted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(accepted == now, "the policy learned from the ward is another now. Accept it with: {ACCEPT}");
}

#[test]
fn what_is_learned_is_clean_holds_and_cuts_nothing_but_the_superfluous() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let policy = learned(folder.path());
    let checked =
        json(&run(&["policy", "check", &policy, WARD, "--fail-on", "warning", "--format", "json"]), 0);
    assert_eq!(checked["schema"], "medward.policy-check/1");
    let proven =
        json(&run(&["policy", "prove", &policy, WARD, "--fail-on", "may-fail", "--format", "json"]), 0);
    assert_eq!(proven["proofs"][0]["holds"], true);
    let simulated = json(&run(&["policy", "simulate", &policy, WARD, "--format", "json"]), 0);
    assert_eq!(simulated["schema"], "medward.policy-simulation/1");
    let learned = json(&run(&["policy", "learn", WARD, "--format", "json"]), 0);
    let apart: u64 = learned["superfluous"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|item| item["flows"].as_u64())
        .sum();
    let cut = simulated["cut"]["flows"].as_u64().expect("a number");
    assert!(cut <= apart, "{cut} flows are cut, {apart} are superfluous");
    assert_eq!(simulated["perhaps_cut"]["flows"], 0);
    let groups = simulated["groups"].as_array().expect("a list");
    for group in groups {
        let protocol = group["protocol"].as_str().unwrap_or_default();
        assert_ne!(Purpose::of(protocol), Purpose::Clinical, "care is cut: {group}");
    }
    // Nothing is enforced by what is only learned.
    let as_written =
        json(&run(&["policy", "simulate", &policy, WARD, "--as-written", "--format", "json"]), 0);
    assert_eq!(as_written["cut"]["flows"], 0);
}

#[test]
fn what_is_tightened_cuts_what_it_should_and_the_proof_says_so() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let policy = learned(folder.path());
    let text = std::fs::read_to_string(&policy).expect("it was written");
    // Without the conduit of the scanner to its archive.
    let way = "[[conduit]]\nfrom = \"ct-siemens-healthineers\"\nto = \"pacs-supermicro\"\n";
    let start = text.find(way).expect("the conduit is there");
    let end = start + text[start..].find("\n\n").expect("others follow");
    let tighter = folder.path().join("tighter.toml");
    std::fs::write(&tighter, format!("{}{}", &text[..start], &text[end..])).expect("it is written");
    let tighter = tighter.to_string_lossy().into_owned();
    let simulated =
        json(&run(&["policy", "simulate", &tighter, WARD, "--fail-on", "clinical", "--format", "json"]), 1);
    let cut: Vec<&Value> = simulated["groups"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|group| group["meaning"] == "clinical")
        .collect();
    assert_eq!(cut.len(), 1, "{cut:#?}");
    assert_eq!(cut[0]["fate"], "cut");
    assert_eq!(cut[0]["from"], "ct-siemens-healthineers");
    assert_eq!(cut[0]["to"], "pacs-supermicro");
    assert_eq!(cut[0]["protocol"], "dicom");
    let proven = run(&["policy", "prove", &tighter, WARD, "--fail-on", "fails"]);
    let said = ends(&proven, 1);
    assert!(said.contains("FAILS"), "{said}");
    assert!(said.contains("Always ct-siemens-healthineers to pacs-supermicro on dicom: broken"), "{said}");
    ends(&run(&["policy", "check", &tighter, WARD, "--fail-on", "error"]), 1);
}

#[test]
fn what_is_superfluous_stands_on_standard_error() {
    let output = run(&["policy", "learn", WARD]);
    assert!(ends(&output, 0).starts_with("schema = \"medward.policy/1\""));
    let said = complaint(&output);
    assert!(said.contains("passwords or files in the clear"), "{said}");
    assert!(said.contains("allow it: [[conduit]]"), "{said}");
    assert!(complaint(&run(&["policy", "learn", WARD, "--quiet"])).is_empty());
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let path = folder.path().join("wrong.toml");
    let text = "schema = \"medward.policy/1\"\nname = \"x\"\n\n[zone.pumps]\nwhere = 'vendr = \"BD\"'\n\n[[conduit]]\nfrom = \"pumps\"\nto = \"pump\"\n";
    std::fs::write(&path, text).expect("it is written");
    let output = run(&["policy", "check", &path.to_string_lossy()]);
    ends(&output, 4);
    let said = complaint(&output);
    assert!(said.contains("2 mistakes"), "{said}");
    assert!(said.contains("wrong.toml:5:10: no field is called 'vendr'; did you mean 'vendor'?"), "{said}");
    assert!(said.contains(" 5 | where = 'vendr = \"BD\"'\n   |          ^"), "{said}");
    assert!(said.contains("did you mean 'pumps'?"), "{said}");
}

#[test]
fn usage_is_checked() {
    ends(&run(&["policy", "learn"]), 2);
    ends(&run(&["policy", "prove"]), 2);
    ends(&run(&["policy", "learn", "none.pcap"]), 4);
    ends(&run(&["policy", "check", "none.toml"]), 4);
    ends(&run(&["policy", "learn", WARD, "--data", "x"]), 4);
    for command in ["learn", "check", "simulate", "prove"] {
        let help = ends(&run(&["policy", command, "--help"]), 0);
        assert!(help.contains("Examples:"), "{help}");
    }
}

#[test]
fn existing_rules_are_read_in_every_dialect_and_tell_what_they_let_through() {
    let listings = "crates/policy/tests/listings";
    let mut read = 0;
    for file in proof::files_below(&proof::root().join(listings), &[""]) {
        let name = file.to_string_lossy().into_owned();
        let output = run(&["policy", "prove", "--existing", &name, "--format", "json"]);
        let told = json(&output, 0);
        for today in told["existing"].as_array().expect("a list") {
            assert!(today["passing"]["sentence"].is_string(), "{name}");
            read += 1;
        }
    }
    assert!(read > 3, "{read} rule sets");
}

#[test]
fn every_usual_port_of_a_dissector_is_one_of_the_policys_language() {
    for dissector in dissectors().filter(|dissector| !dissector.ports.is_empty()) {
        let known = UsualPorts.services(dissector.name);
        let known =
            known.unwrap_or_else(|| panic!("'{}' has ports, and no policy can name it", dissector.name));
        let carrier = dissector.carrier.name();
        let stands = |port: u16| {
            let on = |number| port_range(number, port, port).is_within(&known);
            (!carrier.contains("udp") && on(TCP))
                || (carrier.contains("udp") && on(UDP))
                || (carrier.contains("tcp") && on(TCP))
        };
        // What carries many things is hinted at on many ports, and meant on few.
        let broad = Purpose::of(dissector.name) == Purpose::Carrier || carrier == "http";
        let missing: Vec<u16> = dissector.ports.iter().copied().filter(|port| !stands(*port)).collect();
        if broad {
            assert!(missing.len() < dissector.ports.len(), "{}: {missing:?}", dissector.name);
        } else {
            assert!(
                missing.is_empty(),
                "{}: {missing:?} are usual, and the policy does not know",
                dissector.name
            );
        }
    }
}

#[test]
fn every_protocol_of_care_is_known_as_such() {
    for dissector in dissectors().filter(|dissector| dissector.group == Group::Clinical) {
        assert_eq!(Purpose::of(dissector.name), Purpose::Clinical, "{}", dissector.name);
    }
}
