//! What a person does with knowledge: load it, look at it, carry it, match an inventory with it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod proof;

use std::path::Path;
use std::process::Output;

use serde_json::Value;

const NOW: &str = "2026-11-26T00:00:00Z";

fn run(arguments: &[&str]) -> Output {
    proof::medward(arguments).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("standard output is no JSON: {error}\n{}", complaint(output)))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The feeds of the tests, loaded.
fn knowledge() -> tempfile::TempDir {
    let place = tempfile::tempdir().expect("a temporary directory");
    let output =
        run(&["knowledge", "import", "tests/feeds", "--knowledge", &shown(place.path()), "--now", NOW]);
    assert!(matches!(code(&output), 0 | 3), "{}", complaint(&output));
    place
}

fn matched(more: &[&str]) -> Output {
    let place = knowledge();
    let knowledge = shown(place.path());
    let mut arguments =
        vec!["match", "tests/inventories/cmms.csv", "--knowledge", &knowledge, "--now", NOW, "--quiet"];
    arguments.extend(more);
    run(&arguments)
}

/// Finding of an asset by a part of its advisory's id.
fn finding<'v>(document: &'v Value, list: &str, asset: &str, advisory: &str) -> Option<&'v Value> {
    let device = document["devices"].as_array()?.iter().find(|d| d["particulars"]["asset tag"] == asset)?;
    document[list].as_array()?.iter().find(|finding| {
        finding["device"] == device["id"]
            && finding["advisory"]["id"].as_str().is_some_and(|id| id.contains(advisory))
    })
}

#[test]
fn an_inventory_is_matched_as_its_rows_say() {
    let document = json(&matched(&["--format", "json"]));
    for (asset, advisory, expected) in [
        ("A-001", "ICSMA-18-156-01", Some("likely")),
        // Release N is none of those that are named.
        ("A-002", "ICSMA-18-156-01", None),
        // No version, nothing certain.
        ("A-003", "ICSMA-18-156-01", Some("possible")),
        ("A-004", "ICSMA-21-294-01", Some("affected")),
        // Serial numbers 1001 to 2000 are recalled.
        ("A-005", "Z-1001-2026", Some("affected")),
        ("A-006", "Z-1001-2026", None),
        ("A-007", "NVM-2025-004", Some("affected")),
    ] {
        let found = finding(&document, "findings", asset, advisory);
        assert_eq!(found.and_then(|f| f["status"].as_str()), expected, "{asset} and {advisory}");
    }
}

#[test]
fn a_finding_says_how_it_was_matched_and_what_would_make_it_surer() {
    let document = json(&matched(&["--format", "json"]));
    let sure = finding(&document, "findings", "A-004", "ICSMA-21-294-01").expect("it is found");
    assert!(!sure["match"]["matched"].as_array().expect("a list").is_empty(), "{sure}");
    assert!(sure["match"]["method"].is_string());
    let unsure = finding(&document, "findings", "A-003", "ICSMA-18-156-01").expect("it is found");
    assert!(!unsure["match"]["would_help"].as_array().expect("a list").is_empty(), "{unsure}");
}

#[test]
fn a_recall_of_these_units_is_the_first_thing_to_do_and_in_the_work_list() {
    let document = json(&matched(&["--format", "json"]));
    let first = &document["actions"][0];
    assert!(first["title"].as_str().expect("a title").contains("Z-1001-2026"), "{first}");
    let device = &finding(&document, "findings", "A-005", "Z-1001-2026").expect("it is found")["device"];
    let list = document["work_list"].as_array().expect("a list");
    assert!(list.iter().any(|item| item["device"] == *device && item["state"] == "open"), "{list:?}");
}

/// The work list of the inventory, as it is written.
fn work_list(more: &[&str]) -> String {
    text(&matched(&[&["--format", "work-list"], more].concat()))
}

#[test]
fn what_was_done_about_a_recall_is_given_back_and_stays_on_the_list() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let list = place.path().join("recalls.csv");
    let open = work_list(&[]);
    let row = open.lines().find(|row| row.contains("Z-1001-2026")).expect("the recall is on the list");
    assert!(row.contains(",A-005,") && row.contains(",open,"), "{row}");
    std::fs::write(&list, open.replace(",open,,,", ",corrected,R. Miller,2026-11-20,")).expect("written");
    let document = json(&matched(&["--format", "json", "--work-list", &shown(&list)]));
    assert!(finding(&document, "findings", "A-005", "Z-1001-2026").is_none());
    let hidden = finding(&document, "hidden", "A-005", "Z-1001-2026").expect("it stays visible");
    assert_eq!(hidden["hidden"]["details"], "corrected by R. Miller on 2026-11-20");
    let again = work_list(&["--work-list", &shown(&list)]);
    assert!(again.contains(",corrected,R. Miller,2026-11-20,"), "{again}");
}

#[test]
fn a_list_of_another_system_finds_devices_by_asset_tag_and_keeps_what_it_does_not_find() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let list = place.path().join("recalls.csv");
    std::fs::write(
        &list,
        "asset_tag,device,recall,state,person,date\nA-005,,Z-1001-2026,not ours,,\n,dev-gone,Z-9-2020,removed,S. Lee,2020-01-02\n",
    )
    .expect("written");
    let document = json(&matched(&["--format", "json", "--work-list", &shown(&list)]));
    assert!(finding(&document, "hidden", "A-005", "Z-1001-2026").is_some());
    let kept =
        document["work_list"].as_array().expect("a list").iter().find(|item| item["device"] == "dev-gone");
    assert_eq!(kept.expect("it is kept")["person"], "S. Lee");
}

#[test]
fn a_list_that_says_nonsense_is_refused_with_the_line() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let list = place.path().join("recalls.csv");
    for (content, said) in [
        ("device,recall,state\nd,Z-1,melted\n", "line 2: the state 'melted'"),
        ("device,recall,state,date\nd,Z-1,removed,yesterday\n", "line 2: 'yesterday' is no date"),
        ("device,recall\nd,Z-1\n", "no column 'state'"),
        ("recall,state\nZ-1,open\n", "none of the columns"),
    ] {
        std::fs::write(&list, content).expect("written");
        let output = matched(&["--work-list", &shown(&list)]);
        assert_eq!(code(&output), 2);
        assert!(complaint(&output).contains(said), "{}", complaint(&output));
    }
}

#[test]
fn points_of_every_device_add_up_to_its_score() {
    let document = json(&matched(&["--format", "json"]));
    for risk in document["risk"].as_array().expect("a list") {
        let sum: f64 =
            risk["factors"].as_array().expect("a list").iter().filter_map(|f| f["points"].as_f64()).sum();
        let score = risk["score"].as_f64().expect("a number");
        assert!((sum - score).abs() <= 0.51, "{sum} and {score} of {}", risk["device"]);
    }
}

#[test]
fn what_the_maker_discloses_stands_beside_the_device() {
    let document = json(&matched(&["--format", "json"]));
    let devices = document["devices"].as_array().expect("a list");
    let device = devices.iter().find(|d| d["particulars"]["asset tag"] == "A-008").expect("it is listed");
    assert_eq!(device["particulars"]["maker states: operator can patch"], "no");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    for format in ["json", "html", "vex", "findings", "cyclonedx"] {
        let one = matched(&["--format", format, "--threads", "1"]);
        let four = matched(&["--format", format, "--threads", "4"]);
        assert_eq!(code(&one), 0, "{}", complaint(&one));
        assert!(one.stdout == four.stdout, "{format}");
    }
}

#[test]
fn one_advisory_tells_which_devices_it_concerns() {
    let by_id = json(&matched(&["--format", "json", "--advisory", "icsma-21-294-01"]));
    let assets: Vec<&str> = by_id["devices"]
        .as_array()
        .expect("devices")
        .iter()
        .filter_map(|device| device["particulars"]["asset tag"].as_str())
        .collect();
    assert_eq!(assets, ["A-004"]);
    assert!(finding(&by_id, "findings", "A-004", "ICSMA-21-294-01").is_some());
    assert_eq!(by_id["findings"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_advisory_that_is_not_loaded_is_looked_into_and_not_kept() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let knowledge = shown(place.path());
    let recalls = "tests/feeds/fda-recall";
    run(&["knowledge", "import", recalls, "--knowledge", &knowledge, "--now", NOW]);
    let advisory = proof::root().join("tests/feeds/csaf");
    let advisory = std::fs::read_dir(advisory)
        .expect("the advisories")
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| shown(path).to_ascii_lowercase().contains("icsma-21-294-01"))
        .expect("the advisory is among the examples");
    let asked = |wanted: &str| {
        run(&[
            "match",
            "tests/inventories/cmms.csv",
            "--knowledge",
            &knowledge,
            "--now",
            NOW,
            "--format",
            "json",
            "--advisory",
            wanted,
        ])
    };
    assert!(finding(&json(&asked(&shown(&advisory))), "findings", "A-004", "ICSMA-21-294-01").is_some());
    let unknown = asked("ICSMA-21-294-01");
    assert_eq!(code(&unknown), 2, "{}", complaint(&unknown));
    assert!(complaint(&unknown).contains("neither a file nor the id"), "{}", complaint(&unknown));
}

#[test]
fn a_finding_can_be_an_exit_code() {
    assert_eq!(code(&matched(&["--fail-on", "critical"])), 1);
    assert_eq!(code(&matched(&["--format", "json"])), 0);
}

#[test]
fn an_action_shows_what_it_would_change() {
    let output = matched(&["--what-if", "1", "--format", "json"]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    assert!(text(&output).contains("Z-1001-2026"));
    let unknown = matched(&["--what-if", "paint it green"]);
    assert_eq!(code(&unknown), 2);
    assert!(complaint(&unknown).contains("no action"), "{}", complaint(&unknown));
}

#[test]
fn what_somebody_says_does_not_apply_is_hidden_and_stays_visible() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let statement = place.path().join("own.json");
    std::fs::write(
        &statement,
        r#"{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://hospital.example/vex/7",
            "author": "Example Hospital, medical technology", "timestamp": "2026-11-01T00:00:00Z", "version": 1,
            "statements": [{"vulnerability": {"name": "CVE-2024-99001"},
              "products": [{"@id": "pkg:generic/northview-medical/flowline-500",
                "identifiers": {"cpe23": "cpe:2.3:h:northview_medical:flowline_500:*:*:*:*:*:*:*:*"}}],
              "status": "not_affected", "justification": "vulnerable_code_cannot_be_controlled_by_adversary"}]}"#,
    )
    .expect("a file is written");
    let kept = shown(&place.path().join("kb"));
    for path in ["tests/feeds/csaf/vex-2.0.json", &shown(&statement)] {
        let output = run(&["knowledge", "import", path, "--knowledge", &kept, "--now", NOW]);
        assert_eq!(code(&output), 0, "{path}: {}", complaint(&output));
    }
    let output = run(&[
        "match",
        "tests/inventories/cmms.csv",
        "--knowledge",
        &kept,
        "--now",
        NOW,
        "--format",
        "json",
        "--quiet",
    ]);
    let document = json(&output);
    assert!(finding(&document, "findings", "A-007", "NVM-2025-004").is_none());
    let hidden = finding(&document, "hidden", "A-007", "NVM-2025-004").expect("it stays as hidden");
    assert!(hidden["hidden"]["by"].as_str().expect("who").contains("Example Hospital"), "{hidden}");
}

#[test]
fn feeds_that_were_never_loaded_are_not_called_empty() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let kept = shown(place.path());
    let output = run(&["knowledge", "import", "tests/feeds/kev", "--knowledge", &kept, "--now", NOW]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    let status = json(&run(&["knowledge", "status", "--format", "json", "--knowledge", &kept, "--now", NOW]));
    let loaded = |name: &str| status["feeds"][name]["loaded"].as_bool();
    assert_eq!((loaded("kev"), loaded("nvd")), (Some(true), Some(false)), "{status}");
    assert!(text(&run(&["knowledge", "status", "--knowledge", &kept])).contains("never loaded"));
}

#[test]
fn a_bundle_carries_knowledge_to_a_place_that_trusts_its_key() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| shown(&place.path().join(name));
    let (key, bundle, there) = (at("hospital.key"), at("week.bundle"), at("kb"));
    let here = knowledge();
    let here = shown(here.path());
    assert_eq!(code(&run(&["knowledge", "bundle", "--new-key", &key, "--knowledge", &here])), 0);
    let made =
        run(&["knowledge", "bundle", "--key", &key, "--output", &bundle, "--knowledge", &here, "--now", NOW]);
    assert_eq!(code(&made), 0, "{}", complaint(&made));
    let refused = run(&["knowledge", "import", &bundle, "--knowledge", &there, "--now", NOW]);
    assert_ne!(code(&refused), 0, "nobody trusts the key yet");
    let trusted = place.path().join("kb/trusted-keys");
    std::fs::create_dir_all(&trusted).expect("a directory");
    std::fs::copy(place.path().join("hospital.pub"), trusted.join("hospital.pub")).expect("a key is copied");
    let taken = run(&["knowledge", "import", &bundle, "--knowledge", &there, "--now", NOW]);
    assert_eq!(code(&taken), 0, "{}{}", text(&taken), complaint(&taken));
    assert_eq!(code(&run(&["knowledge", "verify", "--knowledge", &there])), 0);
}

/// The signed advisory in a directory of its own, and a knowledge directory that has the key.
fn signed(change: &[u8]) -> (tempfile::TempDir, tempfile::TempDir) {
    let (place, files) = (tempfile::tempdir().expect("a place"), tempfile::tempdir().expect("a place"));
    let examples = proof::root().join("tests/signatures");
    let read = |name: &str| std::fs::read(examples.join(name)).expect("an example");
    let mut advisory = read("advisory.json");
    advisory.extend(change);
    std::fs::write(files.path().join("ex-2026-1.json"), advisory).expect("written");
    std::fs::write(files.path().join("ex-2026-1.json.asc"), read("advisory.json.rsa.asc")).expect("written");
    std::fs::create_dir(place.path().join("openpgp-keys")).expect("made");
    std::fs::write(place.path().join("openpgp-keys/rsa.asc"), read("rsa.key.asc")).expect("written");
    (place, files)
}

#[test]
fn a_file_that_is_not_what_was_signed_is_refused() {
    for (change, expected, said) in
        [(&b""[..], 0, "signatures found right: 1"), (b"\n", 4, "its signature does not fit")]
    {
        let (place, files) = signed(change);
        let output = run(&[
            "knowledge",
            "import",
            &shown(files.path()),
            "--knowledge",
            &shown(place.path()),
            "--now",
            NOW,
        ]);
        assert_eq!(code(&output), expected, "{}", complaint(&output));
        assert!(text(&output).contains(said), "{}", text(&output));
    }
}

#[test]
fn a_signature_of_a_key_that_is_not_known_is_told() {
    let (place, files) = signed(b"");
    std::fs::remove_dir_all(place.path().join("openpgp-keys")).expect("removed");
    let output = run(&[
        "knowledge",
        "import",
        &shown(files.path()),
        "--knowledge",
        &shown(place.path()),
        "--now",
        NOW,
    ]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    assert!(text(&output).contains("4F765140698BA747"), "{}", text(&output));
}

#[test]
fn what_cannot_be_done_is_told_by_code_and_words() {
    let nowhere = "/nonexistent/kb";
    let place = knowledge();
    let knowledge = shown(place.path());
    for (arguments, expected, words) in [
        (&["match", "tests/inventories/cmms.csv", "--knowledge", nowhere][..], 5, "knowledge"),
        (&["match", "tests/inventories/cmms.csv"][..], 2, "needs knowledge"),
        (&["match", "tests/feeds/README.md", "--knowledge", &knowledge][..], 4, "header"),
        (&["knowledge", "sync", "nothing", "--knowledge", nowhere][..], 2, "no feed"),
        (&["knowledge", "sync", "spdx", "--knowledge", nowhere][..], 2, "files only"),
    ] {
        let output = run(arguments);
        assert_eq!(code(&output), expected, "{arguments:?}: {}", complaint(&output));
        assert!(complaint(&output).to_lowercase().contains(words), "{arguments:?}: {}", complaint(&output));
    }
}
