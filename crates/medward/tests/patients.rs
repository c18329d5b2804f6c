//! Patients stay out: whatever is printed, written or told, no planted patient is in it.
//!
//! `tests/captures/planted-patients.txt` lists every string about a person in our captures. All of them are searched in
//! every format, in the trace, in `why`, and in what is told on standard error: as they are (without regard to case), in
//! hexadecimal, and in base64 however it is aligned. That the search can find them is checked on the captures themselves.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a proof fails by panicking")]

mod monitor;
mod proof;

use std::path::Path;

use serde_json::Value;

const FORMATS: [&str; 7] = ["text", "json", "jsonl", "csv", "html", "cyclonedx", "findings"];
/// Captures of which every device is asked for with `why`.
const ASKED: [&str; 6] = [
    "clinical/hl7.pcap",
    "clinical/dicom.pcap",
    "clinical/astm.pcap",
    "clinical/fhir.pcap",
    "documents/poct1a.pcap",
    "documents/intellivue.pcap",
];

fn planted() -> Vec<String> {
    let path = proof::root().join("tests/captures/planted-patients.txt");
    let text = std::fs::read_to_string(path).expect("planted-patients.txt can be read");
    let all: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .map(str::to_owned)
        .collect();
    assert!(all.len() > 20, "only {} planted strings", all.len());
    all
}

/// What is looked for: text in lower case, and exact forms of other encodings.
struct Wanted {
    plain: Vec<String>,
    encoded: Vec<String>,
}

impl Wanted {
    fn new() -> Wanted {
        let planted = planted();
        let plain = planted.iter().map(|text| text.to_lowercase());
        let hex = planted.iter().map(|text| text.bytes().map(|b| format!("{b:02x}")).collect::<String>());
        // Three bytes make four characters, so a string inside longer base64 has one of three forms, of which the ends
        // depend on what is around it.
        let encoded = planted.iter().flat_map(|text| {
            (0..3).filter_map(move |shift| {
                let padded = [&b"\0\0"[..shift], text.as_bytes()].concat();
                let whole = base64(&padded);
                let end = padded.len() / 3 * 4;
                whole.get(shift * 2..end).filter(|core| core.len() >= 8).map(str::to_owned)
            })
        });
        Wanted { plain: plain.chain(hex).collect(), encoded: encoded.collect() }
    }

    /// The planted strings that occur.
    fn in_text(&self, text: &[u8]) -> Vec<String> {
        let text = String::from_utf8_lossy(text);
        let lower = text.to_lowercase();
        let plain = self.plain.iter().filter(|wanted| holds(&lower, wanted));
        let encoded = self.encoded.iter().filter(|wanted| text.contains(wanted.as_str()));
        plain.chain(encoded).cloned().collect()
    }
}

/// A bare name counts as a word only: there is a "hanne" in every "channel".
fn holds(text: &str, wanted: &str) -> bool {
    if wanted.starts_with("zz") || !wanted.chars().all(char::is_alphabetic) {
        return text.contains(wanted);
    }
    text.match_indices(wanted).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + wanted.len()..]);
        !before.ends_with(char::is_alphabetic) && !after.starts_with(char::is_alphabetic)
    })
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let number = group.iter().chain([0, 0].iter()).take(3).fold(0_usize, |n, b| n << 8 | usize::from(*b));
        for place in [18, 12, 6, 0] {
            text.push(char::from(LETTERS[number >> place & 63]));
        }
    }
    text
}

fn check(wanted: &Wanted, what: &str, bytes: &[u8]) -> Vec<String> {
    wanted.in_text(bytes).into_iter().map(|found| format!("{what}: {found}")).collect()
}

fn assert_none(leaks: Vec<String>) {
    assert!(leaks.is_empty(), "patients got out:\n{}", leaks.join("\n"));
}

#[test]
fn the_search_finds_what_is_planted() {
    let wanted = Wanted::new();
    assert_eq!(base64(b"ZZTEST^ANNA\n"), "WlpURVNUXkFOTkEK");
    for leak in [
        &b"name: zztest^anna"[..],
        b"{\"object\":\"5a5a54455354\"}".to_ascii_lowercase().as_slice(),
        format!("\"{}\"", base64(b"id=ZZPAT0001;")).as_bytes(),
        b"born 1901-02-03.",
    ] {
        assert!(!wanted.in_text(leak).is_empty(), "not found in {}", String::from_utf8_lossy(leak));
    }
    assert!(wanted.in_text(b"{\"vendor\":\"Philips\",\"serial\":\"DE76240231\"}").is_empty());
    assert!(wanted.in_text(b"multi-channel").is_empty());
    // Every planted string is in some capture: as it is, or with 16 bits a character.
    let captures: Vec<Vec<u8>> =
        proof::captures().iter().map(|path| std::fs::read(path).expect("a capture can be read")).collect();
    let holds =
        |form: &[u8]| captures.iter().any(|bytes| bytes.windows(form.len()).any(|window| window == form));
    for text in planted() {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let narrow: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = holds(text.as_bytes()) || holds(&wide) || holds(&narrow);
        assert!(found, "{text} is in no capture: take it off planted-patients.txt");
    }
}

#[test]
fn no_format_holds_a_patient() {
    let wanted = Wanted::new();
    let folder = proof::root().join("tests/captures");
    let formats = proof::each(&FORMATS, |format| {
        let captures = folder.to_string_lossy();
        // A directory holds all captures: one inventory of everything.
        let output = proof::run(["assess", "--log-level", "info", "--format", format, captures.as_ref()]);
        assert!(output.stdout.len() > 5_000, "{format}: only {} bytes", output.stdout.len());
        let mut leaks = check(&wanted, format, &output.stdout);
        leaks.extend(check(&wanted, &format!("standard error with {format}"), &output.stderr));
        leaks
    });
    assert_none(formats.concat());
}

#[test]
fn no_trace_holds_a_patient() {
    let wanted = Wanted::new();
    let place = tempfile::tempdir().expect("a temporary directory");
    let leaks = proof::each(&proof::captures(), |capture| {
        let short = proof::short(capture);
        let trace = place.path().join(format!("{}.jsonl", short.replace('/', "-")));
        let output = proof::run([
            "assess".as_ref(),
            "--format".as_ref(),
            "json".as_ref(),
            "--log-level".as_ref(),
            "info".as_ref(),
            "--trace".as_ref(),
            trace.as_os_str(),
            capture.as_os_str(),
        ]);
        let said = std::fs::read(&trace).expect("the trace was written");
        let mut leaks = check(&wanted, &format!("trace of {short}"), &said);
        leaks.extend(check(&wanted, &format!("inventory of {short}"), &output.stdout));
        leaks.extend(check(&wanted, &format!("standard error of {short}"), &output.stderr));
        leaks
    });
    assert_none(leaks.concat());
}

#[test]
fn no_reason_holds_a_patient() {
    let wanted = Wanted::new();
    let folder = proof::root().join("tests/captures");
    let questions: Vec<(String, String)> = ASKED
        .iter()
        .flat_map(|name| {
            let capture = folder.join(name);
            let assessment = proof::assess(&capture);
            ids(&assessment)
                .into_iter()
                .map(|id| (capture.to_string_lossy().into_owned(), id))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(questions.len() > 15, "only {} devices to ask for", questions.len());
    let leaks = proof::each(&questions, |(capture, id)| {
        let mut leaks = Vec::new();
        for format in ["text", "json"] {
            let output = proof::run(["why", "--log-level", "info", "--format", format, capture, id]);
            let what = format!("why {id} of {} as {format}", proof::short(Path::new(capture)));
            leaks.extend(check(&wanted, &what, &output.stdout));
            leaks.extend(check(&wanted, &what, &output.stderr));
        }
        leaks
    });
    assert_none(leaks.concat());
}

#[test]
fn the_monitor_keeps_and_tells_no_patient() {
    let wanted = Wanted::new();
    let captures = proof::root().join("tests/captures");
    let place = tempfile::tempdir().expect("a temporary directory");
    let arguments =
        ["--speed", "max", "--recorded-times", "--replay", captures.to_str().expect("a plain path")];
    let monitor = monitor::Monitor::start(place.path(), &arguments);
    // All is there when nothing more comes.
    let count = |monitor: &monitor::Monitor| monitor.get("/devices?limit=1")["total"].as_u64().unwrap_or(0);
    let (mut before, mut same) = (0, 0);
    monitor.until("nothing more comes", std::time::Duration::from_secs(120), || {
        let now = count(&monitor);
        same = if now == before && now > 50 { same + 1 } else { 0 };
        before = now;
        same > 12
    });
    let mut leaks = Vec::new();
    let mut look = |path: &str| {
        let told = monitor.get(path);
        leaks.extend(check(&wanted, path, told.to_string().as_bytes()));
        told
    };
    for path in ["/overview", "/events?limit=1000", "/conversations?limit=1000", "/sensors", "/audit", "/map"]
    {
        look(path);
    }
    let list = look("/devices?limit=1000");
    let devices: Vec<String> = ids(&serde_json::json!({ "devices": list["items"] }));
    assert!(devices.len() > 50, "only {} devices", devices.len());
    for id in &devices {
        look(&format!("/devices/{id}"));
        look(&format!("/devices/{id}/history"));
        look(&format!("/devices/{id}/activity"));
    }
    monitor.stop();
    let backup = place.path().join("backup");
    let output = proof::run([
        "data".as_ref(),
        "backup".as_ref(),
        backup.as_os_str(),
        "--data".as_ref(),
        place.path().as_os_str(),
    ]);
    leaks.extend(check(&wanted, "standard error of the backup", &output.stderr));
    let kept = zstd::decode_all(std::fs::read(&backup).expect("a backup").as_slice()).expect("zstd");
    assert!(kept.len() > 50_000, "only {} bytes are kept", kept.len());
    leaks.extend(check(&wanted, "what is stored", &kept));
    assert_none(leaks);
}

fn ids(assessment: &Value) -> Vec<String> {
    let devices = assessment["devices"].as_array().into_iter().flatten();
    devices.filter_map(|device| device["id"].as_str().map(str::to_owned)).collect()
}
