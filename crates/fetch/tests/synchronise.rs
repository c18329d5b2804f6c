//! Synchronisation against a server on this machine that does what servers do.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use medward_fetch::{Store, SyncOptions, SyncOutcome, synchronise};

/// Answers by path: status, headers, body. Ends with the test's process.
type Answers = Arc<Mutex<Box<dyn FnMut(&str, &BTreeMap<String, String>) -> Reply + Send>>>;

struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection breaks.
    cut: Option<usize>,
}

fn reply(status: u16, body: &[u8]) -> Reply {
    Reply { status, headers: vec![], body: body.to_vec(), cut: None }
}

fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            std::thread::spawn(move || one(stream, &answers));
        }
    });
    address
}

fn one(stream: TcpStream, answers: &Answers) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut headers = BTreeMap::new();
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    let reply = (answers.lock().expect("a lock"))(&path, &headers);
    let mut stream = stream;
    let mut head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nConnection: close\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(head.as_bytes());
    let end = reply.cut.unwrap_or(reply.body.len());
    let _ = stream.write_all(&reply.body[..end.min(reply.body.len())]);
}

fn answering(f: impl FnMut(&str, &BTreeMap<String, String>) -> Reply + Send + 'static) -> String {
    serve(Arc::new(Mutex::new(Box::new(f))))
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/feeds").join(name))
        .expect("the file")
}

fn run(store: &Store, feed: &str, source: &str) -> SyncOutcome {
    let options = SyncOptions {
        now: "2026-11-01T12:00:00Z".parse().expect("a time"),
        feeds: vec![feed.to_owned()],
        sources: BTreeMap::from([(feed.to_owned(), source.to_owned())]),
        backoff: Duration::from_millis(10),
        tries: 4,
        timeout: Duration::from_secs(10),
        ..SyncOptions::default()
    };
    synchronise(store, &options, &mut |_| {}).expect("the store").remove(0)
}

fn records(store: &Store, feed: &str) -> u64 {
    store.states().expect("states").get(feed).map_or(0, |state| state.records)
}

#[test]
fn what_did_not_change_is_not_sent_again() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let kev = file("kev/catalogue.json");
    let base = answering(move |_, headers| {
        if headers.get("if-none-match").is_some_and(|tag| tag == "\"v1\"") {
            return reply(304, b"");
        }
        Reply { headers: vec![("ETag", "\"v1\"".to_owned())], ..reply(200, &kev) }
    });
    let first = run(&store, "kev", &format!("{base}/kev.json"));
    assert_eq!((first.documents, first.problems.len()), (1, 0), "{first:?}");
    assert_eq!(records(&store, "kev"), 8);
    let second = run(&store, "kev", &format!("{base}/kev.json"));
    assert_eq!((second.documents, second.unchanged), (0, 1), "{second:?}");
}

#[test]
fn a_busy_publisher_is_tried_again_and_a_broken_download_goes_on() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let kev = file("kev/catalogue.json");
    let ranges = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ranges);
    let mut calls = 0;
    let base = answering(move |_, headers| {
        calls += 1;
        let tag = ("ETag", "\"v1\"".to_owned());
        match calls {
            1 => Reply { headers: vec![("Retry-After", "0".to_owned())], ..reply(429, b"") },
            2 => Reply { headers: vec![tag], cut: Some(1_000), ..reply(200, &kev) },
            _ => match headers.get("range") {
                Some(range) => {
                    seen.lock().expect("a lock").push(range.clone());
                    let from: usize =
                        range.trim_start_matches("bytes=").trim_end_matches('-').parse().expect("a number");
                    Reply { headers: vec![tag], ..reply(206, &kev[from..]) }
                }
                None => reply(200, &kev),
            },
        }
    });
    let outcome = run(&store, "kev", &format!("{base}/kev.json"));
    assert!(outcome.problems.is_empty(), "{outcome:?}");
    assert_eq!(records(&store, "kev"), 8);
    assert_eq!(*ranges.lock().expect("a lock"), ["bytes=1000-"]);
}

#[test]
fn a_changed_shape_or_a_dead_publisher_leaves_everything_as_it_was() {
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let kev = file("kev/catalogue.json");
    let good = answering(move |_, _| reply(200, &kev));
    run(&store, "kev", &format!("{good}/kev.json"));
    let html = answering(|_, _| reply(200, b"<html>Moved</html>"));
    let outcome = run(&store, "kev", &format!("{html}/kev.json"));
    assert_eq!(outcome.problems.len(), 1, "{outcome:?}");
    let dead = answering(|_, _| reply(503, b""));
    let outcome = run(&store, "kev", &format!("{dead}/kev.json"));
    assert_eq!(outcome.problems.len(), 1, "{outcome:?}");
    assert_eq!(records(&store, "kev"), 8);
}

#[test]
fn a_csaf_provider_is_followed_and_a_document_with_a_wrong_hash_is_refused() {
    use sha2::{Digest, Sha512};
    let place = tempfile::tempdir().expect("a directory");
    let store = Store::open(place.path()).expect("a store");
    let (good, bad) = (file("csaf/icsma-22-335-01.json"), file("csaf/icsma-23-117-01.json"));
    let base = Arc::new(Mutex::new(String::new()));
    let own = Arc::clone(&base);
    let address = answering(move |path, _| {
        let base = own.lock().expect("a lock").clone();
        match path {
            "/provider-metadata.json" => reply(200, format!(r#"{{"canonical_url":"{base}/provider-metadata.json","metadata_version":"2.0","role":"csaf_publisher","publisher":{{"name":"A","category":"vendor","namespace":"https://a.example"}},"last_updated":"2026-10-01T00:00:00Z","distributions":[{{"directory_url":"{base}/white"}}]}}"#).as_bytes()),
            "/white/changes.csv" => reply(200, b"\"2022/icsma-22-335-01.json\",\"2026-10-02T00:00:00Z\"\n\"2023/icsma-23-117-01.json\",\"2026-10-01T00:00:00Z\"\n"),
            "/white/2022/icsma-22-335-01.json" => reply(200, &good),
            "/white/2022/icsma-22-335-01.json.sha512" => {
                let hash: String = Sha512::digest(&good).iter().map(|byte| format!("{byte:02x}")).collect();
                reply(200, format!("{hash}  icsma-22-335-01.json\n").as_bytes())
            }
            "/white/2023/icsma-23-117-01.json" => reply(200, &bad),
            "/white/2023/icsma-23-117-01.json.sha512" => reply(200, "0".repeat(128).as_bytes()),
            _ => reply(404, b""),
        }
    });
    base.lock().expect("a lock").clone_from(&address);
    let outcome = run(&store, "csaf", &format!("{address}/provider-metadata.json"));
    assert_eq!(records(&store, "csaf"), 1, "{outcome:?}");
    assert!(outcome.problems.iter().any(|problem| problem.contains("hash")), "{outcome:?}");
}
