//! The command line as scripts see it: exit codes, inputs of every kind, outputs, silence.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod proof;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use serde_json::Value;

fn capture(name: &str) -> PathBuf {
    proof::root().join("tests/captures").join(name)
}

fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

fn output(arguments: &[&str]) -> Output {
    proof::medward(arguments).output().expect("the program starts")
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("standard output is JSON")
}

/// Devices and conversations, without the names of the files.
fn inventory(assessment: &Value) -> (Value, Value, Value) {
    (
        assessment["devices"].clone(),
        assessment["conversations"].clone(),
        assessment["capture"]["packets"].clone(),
    )
}

fn assessed(path: &str) -> Value {
    let output = output(&["assess", "--format", "json", path]);
    assert_eq!(code(&output), 0, "{path}: {}", complaint(&output));
    json(&output)
}

#[test]
fn wrong_usage_is_2() {
    let hl7 = text(&capture("clinical/hl7.pcap"));
    for arguments in [
        &["assess"][..],
        &["assess", "--format", "papyrus", &hl7],
        &["assess", "--threads", "0", &hl7],
        &["assess", "--filter", "category:(", &hl7],
        &["why", &hl7, "10.99.99.99"],
        &["why", &hl7, "10.20.30.21", "colour"],
        &["nonsense"],
    ] {
        let output = output(arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", complaint(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_file_that_is_cut_off_is_3_and_used_up_to_there() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let whole = std::fs::read(capture("clinical/hl7.pcap")).expect("a capture");
    let path = place.path().join("cut.pcap");
    std::fs::write(&path, &whole[..9_000]).expect("written");
    let output = output(&["assess", "--format", "json", &text(&path)]);
    assert_eq!(code(&output), 3);
    let told = complaint(&output);
    assert!(told.contains("byte") && told.contains("packet"), "{told}");
    let assessment = json(&output);
    let packets = assessment["capture"]["packets"].as_u64().unwrap_or(0);
    assert!(packets > 10 && packets < 69, "{packets} packets");
    assert!(assessment["devices"].as_array().is_some_and(|devices| devices.len() > 3));
    assert!(assessment["capture"]["files"][0]["truncated_at"].is_u64(), "{}", assessment["capture"]);
}

#[test]
fn nothing_readable_is_4_and_says_what_it_looks_like() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let file = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        text(&path)
    };
    let png = [&b"\x89PNG\r\n\x1a\n"[..], &[0; 64]].concat();
    for (path, looks_like) in [
        (file("a.zip", b"PK\x03\x04 a zip archive of something"), "zip"),
        (file("a.txt", b"source,destination\n10.0.0.1,10.0.0.2\n"), "text"),
        (file("a.png", &png), "PNG"),
        (file("empty.pcap", b""), "empty"),
        (text(&place.path().join("missing.pcap")), "No such file"),
    ] {
        let output = output(&["assess", &path]);
        let told = complaint(&output);
        assert_eq!(code(&output), 4, "{path}: {told}");
        assert!(told.to_lowercase().contains(&looks_like.to_lowercase()), "{path}: {told}");
        assert!(output.stdout.is_empty(), "{path}");
    }
    let folder = tempfile::tempdir().expect("a temporary directory");
    assert_eq!(code(&output(&["assess", &text(folder.path())])), 4);
}

#[test]
fn where_nothing_can_be_written_is_5() {
    let hl7 = text(&capture("clinical/hl7.pcap"));
    for option in ["--output", "--trace"] {
        let output = output(&["assess", option, "/nonexistent/place/result", &hl7]);
        assert_eq!(code(&output), 5, "{option}: {}", complaint(&output));
        assert!(complaint(&output).contains("cannot write"), "{}", complaint(&output));
    }
}

#[test]
fn compressed_and_piped_input_is_the_same() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let plain = capture("clinical/dicom.pcap");
    let bytes = std::fs::read(&plain).expect("a capture");
    let expected = inventory(&assessed(&text(&plain)));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&bytes).expect("compressed");
    let forms = [
        ("a.pcap.gz", encoder.finish().expect("compressed")),
        ("a.pcap.zst", zstd::encode_all(&*bytes, 3).expect("compressed")),
        // What it is shows in the bytes, not in the name.
        ("a.bin", bytes),
    ];
    for (name, form) in forms {
        let path = place.path().join(name);
        std::fs::write(&path, &form).expect("written");
        assert_eq!(inventory(&assessed(&text(&path))), expected, "{name}");
        let mut child = proof::medward(["assess", "--format", "json", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("a pipe");
        let writer = std::thread::spawn(move || input.write_all(&form));
        let output = child.wait_with_output().expect("it ends");
        writer.join().expect("no panic").expect("all was taken");
        assert_eq!(code(&output), 0, "{name}: {}", complaint(&output));
        assert_eq!(inventory(&json(&output)), expected, "{name} from standard input");
    }
}

#[test]
fn directories_and_several_files_are_merged() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let inside = place.path().join("day");
    std::fs::create_dir(&inside).expect("made");
    let names = ["hl7.pcap", "astm.pcap"];
    for name in names {
        std::fs::copy(capture("clinical").join(name), inside.join(name)).expect("copied");
    }
    std::fs::write(inside.join("notes.txt"), "not a capture").expect("written");
    let folder = assessed(&text(place.path()));
    let [a, b] = names.map(|name| text(&inside.join(name)));
    let output = output(&["assess", "--format", "json", &a, &b]);
    let files = json(&output);
    assert_eq!(inventory(&folder), inventory(&files));
    let alone = |name: &str| assessed(&text(&inside.join(name)))["capture"]["packets"].as_u64().unwrap_or(0);
    assert_eq!(files["capture"]["packets"].as_u64(), Some(alone("hl7.pcap") + alone("astm.pcap")));
    assert_eq!(files["capture"]["files"].as_array().map(Vec::len), Some(2));
}

#[test]
fn output_is_whole_or_not_there() {
    let place = tempfile::tempdir().expect("a temporary directory");
    let path = place.path().join("inventory.json");
    std::fs::write(&path, "what was there before").expect("written");
    let hl7 = text(&capture("clinical/hl7.pcap"));
    let printed = output(&["assess", "--format", "json", &hl7]);
    let written = output(&["assess", "--format", "json", "--output", &text(&path), &hl7]);
    assert_eq!(code(&written), 0);
    assert!(written.stdout.is_empty());
    assert_eq!(std::fs::read(&path).expect("written"), printed.stdout);
    // A run that fails leaves the old file and no rest of its own.
    let failed = output(&["assess", "--output", &text(&path), "/nonexistent.pcap"]);
    assert_eq!(code(&failed), 4);
    assert_eq!(std::fs::read(&path).expect("still there"), printed.stdout);
    let left: Vec<_> = std::fs::read_dir(place.path()).expect("a directory").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn a_filter_leaves_what_matches() {
    let ward = text(&capture("ward/ward.pcap"));
    let all = assessed(&ward);
    let output = output(&["assess", "--format", "json", "--filter", "vendor:Zebra", &ward]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    let some = json(&output);
    let count = |assessment: &Value| assessment["devices"].as_array().map_or(0, Vec::len);
    assert!(count(&some) > 0 && count(&some) < count(&all), "{} of {}", count(&some), count(&all));
    for device in some["devices"].as_array().into_iter().flatten() {
        assert_eq!(device["attributes"]["vendor"]["value"], "Zebra");
    }
}

#[test]
fn protocols_are_listed() {
    let output = output(&["protocols", "--format", "json"]);
    assert_eq!(code(&output), 0);
    let listed = json(&output);
    let names: Vec<&str> =
        listed["protocols"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).collect();
    for dissector in medward_dissect::dissectors() {
        assert!(names.contains(&dissector.name), "{} is not listed", dissector.name);
    }
    for name in ["dicom", "hl7", "poct1a", "dhcpv4", "lldp", "tls", "bacnet"] {
        assert!(names.contains(&name), "{name} is not listed: {names:?}");
    }
}

#[test]
fn why_tells_source_field_and_packet() {
    let hl7 = text(&capture("clinical/hl7.pcap"));
    let output = output(&["why", "--format", "json", &hl7, "DE76240231", "serial"]);
    assert!(matches!(code(&output), 0 | 2), "{}", complaint(&output));
    let output = self::output(&["why", "--format", "json", &hl7, "10.20.30.21", "vendor"]);
    assert_eq!(code(&output), 0, "{}", complaint(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Philips"));
}

#[test]
fn pipes_show_no_colour_and_no_bar() {
    let ward = text(&capture("ward/ward.pcap"));
    for arguments in
        [&["assess", &ward][..], &["protocols"], &["why", &ward, "10.20.30.11"], &["assess", "/nonexistent"]]
    {
        let output = output(arguments);
        for bytes in [&output.stdout, &output.stderr] {
            assert!(!bytes.contains(&0x1b), "{arguments:?} shows escape codes");
            assert!(!bytes.contains(&b'\r'), "{arguments:?} shows a bar");
        }
    }
    let quiet = output(&["assess", "--quiet", "--log-level", "info", &ward]);
    assert!(quiet.stderr.is_empty() && !quiet.stdout.is_empty(), "{}", complaint(&quiet));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    for arguments in [
        vec!["protocols".to_owned(), "--format".into(), "json".into()],
        vec!["assess".into(), text(&capture("ward/ward.pcap"))],
    ] {
        let mut child = proof::medward(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(code(&output), 0, "{arguments:?}: {}", complaint(&output));
        assert!(output.stderr.is_empty(), "{arguments:?}: {}", complaint(&output));
    }
}
