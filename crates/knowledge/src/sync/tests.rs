//! Dialogues ask for what is needed, no more, and never lose their place.

use super::{Answer, Request, Role, SYNCS, SyncState};

fn state(watermark: Option<&str>) -> SyncState {
    SyncState {
        now: "2026-11-01T12:00:00Z".parse().expect("a time"),
        watermark: watermark.map(str::to_owned),
        base: None,
        api_key: None,
    }
}

/// Runs a dialogue against answers by address; gives the requests and the watermark.
fn run(
    feed: &str,
    state: &SyncState,
    answers: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> (Vec<Request>, Option<String>) {
    let sync = SYNCS.iter().find(|sync| sync.feed == feed).expect("a feed");
    let mut dialogue = (sync.begin)(state, state.base.as_deref().unwrap_or(sync.base));
    let mut asked = Vec::new();
    while let Some(request) = dialogue.next() {
        let body = answers(&request.url);
        dialogue.answer(&request, body.as_deref().map_or(Answer::Missing, Answer::Body));
        asked.push(request);
        assert!(asked.len() < 100, "{feed} does not end");
    }
    (asked, dialogue.watermark())
}

#[test]
fn every_dialogue_ends_when_nothing_can_be_had_and_keeps_its_place() {
    for sync in SYNCS {
        let before = Some("2026-10-20T00:00:00Z");
        let (asked, after) = run(sync.feed, &state(before), &|_| None);
        assert!(!asked.is_empty(), "{}", sync.feed);
        assert!(after.is_none() || after.as_deref() == before, "{} moved on without an answer", sync.feed);
    }
}

#[test]
fn pages_of_the_nvd_are_asked_for_to_the_last() {
    let page = |url: &str| {
        let start = if url.contains("startIndex=2000") { 2000 } else { 0 };
        Some(
            format!(
                "{{\"resultsPerPage\":2000,\"startIndex\":{start},\"totalResults\":2500,\"vulnerabilities\":["
            )
            .into_bytes(),
        )
    };
    let (asked, after) = run("nvd", &state(None), &page);
    assert_eq!(asked.len(), 2);
    assert_eq!(after.as_deref(), Some("2026-11-01T12:00:00Z"));
    // A year in windows of at most 120 days, two pages each.
    let (asked, _) = run("nvd", &state(Some("2025-11-01T12:00:00Z")), &page);
    assert_eq!(asked.len(), 8);
    assert!(asked[0].url.contains("lastModStartDate=2025-11-01T12:00:00Z"), "{}", asked[0].url);
}

#[test]
fn parts_of_openfda_are_asked_for_when_the_export_is_newer() {
    let listing = br#"{"results":{"device":{"recall":{"export_date":"2026-10-30","partitions":[{"file":"https://a.example/r-1.json.zip"},{"file":"https://a.example/r-2.json.zip"}]}}}}"#;
    let answers = |_: &str| Some(listing.to_vec());
    let (asked, after) = run("fda-recall", &state(None), &answers);
    assert_eq!(asked.len(), 3);
    assert_eq!(after.as_deref(), Some("2026-10-30"));
    let (asked, _) = run("fda-recall", &state(Some("2026-10-30")), &answers);
    assert_eq!(asked.len(), 1);
}

#[test]
fn csaf_documents_come_with_their_hash_and_only_when_changed() {
    let provider = br#"{"canonical_url":"https://a.example/provider-metadata.json","metadata_version":"2.0","role":"csaf_publisher","publisher":{"name":"A","category":"vendor","namespace":"https://a.example"},"last_updated":"2026-10-01T00:00:00Z","distributions":[{"directory_url":"https://a.example/white"}]}"#;
    let answers = |url: &str| {
        Some(if url.ends_with("provider-metadata.json") {
            provider.to_vec()
        } else if url.ends_with("changes.csv") {
            b"\"2026/new.json\",\"2026-10-25T00:00:00Z\"\n\"2026/old.json\",\"2026-01-01T00:00:00Z\"\n"
                .to_vec()
        } else {
            b"{}".to_vec()
        })
    };
    let (asked, after) = run("csaf", &state(Some("2026-10-20T00:00:00Z")), &answers);
    let urls: Vec<&str> = asked.iter().map(|request| request.url.as_str()).collect();
    assert_eq!(
        urls[2..],
        ["https://a.example/white/2026/new.json.sha512", "https://a.example/white/2026/new.json"]
    );
    assert_eq!(asked[2].role, Role::Beside { name: "new.json".to_owned(), ending: "sha512" });
    assert_eq!(after.as_deref(), Some("2026-10-25T00:00:00Z"));
}

#[test]
fn signatures_are_asked_for_where_the_provider_names_keys() {
    let provider = br#"{"canonical_url":"https://a.example/provider-metadata.json","metadata_version":"2.0","role":"csaf_provider","publisher":{"name":"A","category":"vendor","namespace":"https://a.example"},"last_updated":"2026-10-01T00:00:00Z","public_openpgp_keys":[{"fingerprint":"fe27 6dcb","url":"https://a.example/key.asc"}],"distributions":[{"rolie":{"feeds":[{"url":"https://a.example/feed.json","tlp_label":"WHITE"}]}}]}"#;
    let feed = br#"{"feed":{"id":"f","updated":"2026-10-25T00:00:00Z","entry":[{"id":"new","updated":"2026-10-25T00:00:00Z","content":{"src":"https://a.example/new.json"},"link":[{"rel":"hash","href":"https://a.example/new.json.sha256"},{"rel":"signature","href":"https://a.example/new.json.asc"}]}]}}"#;
    let answers = |url: &str| {
        Some(match url {
            "https://a.example/key.asc" => b"key".to_vec(),
            "https://a.example/feed.json" => feed.to_vec(),
            url if url.ends_with("provider-metadata.json") => provider.to_vec(),
            _ => b"{}".to_vec(),
        })
    };
    let (asked, _) = run("csaf", &state(None), &answers);
    let roles: Vec<&Role> = asked.iter().skip(1).map(|request| &request.role).collect();
    let beside = |ending| Role::Beside { name: "new.json".to_owned(), ending };
    assert_eq!(
        roles,
        [
            &Role::Key { fingerprint: "FE276DCB".to_owned() },
            &Role::Directions,
            &beside("sha256"),
            &beside("asc"),
            &Role::Document { name: "new.json".to_owned() },
        ]
    );
}

#[test]
fn a_provider_is_found_by_its_domain_and_listed_without_days() {
    let provider = br#"{"canonical_url":"https://elsewhere.example/provider-metadata.json","publisher":{"name":"A"},"distributions":[{"directory_url":"https://elsewhere.example/white/"}]}"#;
    let answers = |url: &str| match url {
        "https://a.example/.well-known/security.txt" => {
            Some(b"CSAF: https://elsewhere.example/provider-metadata.json\n".to_vec())
        }
        "https://elsewhere.example/provider-metadata.json" => Some(provider.to_vec()),
        "https://elsewhere.example/white/index.txt" => Some(b"2026/one.json\n2026/two.json\n".to_vec()),
        url if url.ends_with(".json") && !url.contains("well-known") => Some(b"{}".to_vec()),
        _ => None,
    };
    let place = SyncState { base: Some("a.example".to_owned()), ..state(None) };
    let (asked, _) = run("csaf", &place, &answers);
    let documents: Vec<&str> = asked
        .iter()
        .filter(|request| matches!(request.role, Role::Document { .. }))
        .map(|request| request.url.as_str())
        .collect();
    assert_eq!(
        documents,
        ["https://elsewhere.example/white/2026/one.json", "https://elsewhere.example/white/2026/two.json"]
    );
}
