//! How CSAF documents are found: provider metadata, ROLIE feeds, directory listings and hash files
//! (OASIS CSAF 2.0, section 7.1, requirements 7 to 20; RFC 8322 for ROLIE; RFC 9116 for security.txt).
//!
//! Pure: addresses come out, somebody else asks for them. What a publisher lists is material: an address may lead
//! anywhere, and is checked by who follows it. OpenPGP signatures are not verified here.

use medward_model::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256, Sha512};

use crate::documents::{lenient, or_default};
use crate::wording::{line, moment};

/// What a publisher says of itself and of where its documents are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// Where this metadata stands, as it says itself.
    pub canonical_url: String,
    pub publisher: String,
    pub last_updated: Option<Timestamp>,
    pub distributions: Vec<Distribution>,
    pub keys: Vec<OpenPgpKey>,
}

/// One place with documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// A directory with `index.txt` and `changes.csv`.
    Directory(String),
    /// A ROLIE feed, with the label of the Traffic Light Protocol for what it lists.
    Rolie { url: String, tlp: String },
}

/// A key that documents are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPgpKey {
    /// Hexadecimal, upper case; empty where it is not given.
    pub fingerprint: String,
    pub url: String,
}

/// A ROLIE feed of CSAF documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RolieFeed {
    pub id: String,
    pub updated: Option<Timestamp>,
    pub entries: Vec<RolieEntry>,
    /// Entries without the address of a document.
    pub unread: usize,
}

/// A document listed in a ROLIE feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolieEntry {
    pub id: String,
    pub url: String,
    /// Addresses of hash files.
    pub hashes: Vec<String>,
    /// Address of the detached OpenPGP signature.
    pub signature: Option<String>,
    pub updated: Option<Timestamp>,
}

/// A row of `changes.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub url: String,
    /// When the document was last changed; `None` where the time cannot be read.
    pub changed: Option<Timestamp>,
}

/// Why a file of a provider could not be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ProviderError {
    #[error("is not JSON of this shape: {0}")]
    Json(String),
    #[error("names no {0}")]
    Missing(&'static str),
}

/// Why a document is not the one that its hash file speaks of.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HashError {
    #[error("the hash file begins with '{found}', not with a SHA-256 or SHA-512 sum in hexadecimal")]
    Form { found: String },
    #[error("{algorithm} of the document is {computed}, but its hash file says {expected}: fetch both again")]
    Differs { algorithm: &'static str, expected: String, computed: String },
}

/// Where provider metadata may be, most certain first (7.1.8, 7.1.9, 7.1.10). The second is a security.txt, see
/// [`read_security_txt`].
pub fn provider_addresses(domain: &str) -> [String; 3] {
    [
        format!("https://{domain}/.well-known/csaf/provider-metadata.json"),
        format!("https://{domain}/.well-known/security.txt"),
        format!("https://csaf.data.security.{domain}"),
    ]
}

/// Addresses of provider metadata in a security.txt, best first.
pub fn read_security_txt(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let (field, value) = line.trim_start_matches('\u{feff}').trim().split_once(':')?;
            let value = value.trim();
            (field.eq_ignore_ascii_case("csaf") && value.starts_with("https://")).then(|| value.to_owned())
        })
        .collect()
}

/// Reads `provider-metadata.json`.
///
/// # Errors
/// Where it is no JSON object, or names no place with documents.
pub fn read_provider(bytes: &[u8]) -> Result<Provider, ProviderError> {
    let given: GivenProvider = parse(bytes)?;
    let mut distributions = Vec::new();
    for distribution in given.distributions {
        if !distribution.directory_url.is_empty() {
            distributions.push(Distribution::Directory(distribution.directory_url));
        }
        // CSAF 2.1 moves the address of a directory one level down.
        if !distribution.directory.url.is_empty() {
            distributions.push(Distribution::Directory(distribution.directory.url));
        }
        let feeds = distribution.rolie.feeds.into_iter().filter(|feed| !feed.url.is_empty());
        distributions.extend(feeds.map(|feed| Distribution::Rolie { url: feed.url, tlp: feed.tlp_label }));
    }
    if distributions.is_empty() {
        return Err(ProviderError::Missing("distributions with a directory or a ROLIE feed"));
    }
    let keys = given.public_openpgp_keys.into_iter().filter(|key| !key.url.is_empty());
    Ok(Provider {
        canonical_url: given.canonical_url,
        publisher: line(&given.publisher.name).into(),
        last_updated: moment(&given.last_updated),
        distributions,
        keys: keys
            .map(|key| OpenPgpKey {
                fingerprint: key.fingerprint.replace(' ', "").to_uppercase(),
                url: key.url,
            })
            .collect(),
    })
}

/// Reads a ROLIE feed in JSON.
///
/// # Errors
/// Where it is no JSON object with a member `feed`.
pub fn read_rolie(bytes: &[u8]) -> Result<RolieFeed, ProviderError> {
    let given: GivenRolie = parse(bytes)?;
    let feed = given.feed.ok_or(ProviderError::Missing("member 'feed'"))?;
    let listed = feed.entry.len();
    let entries: Vec<RolieEntry> = feed.entry.into_iter().filter_map(rolie_entry).collect();
    Ok(RolieFeed { id: feed.id, updated: moment(&feed.updated), unread: listed - entries.len(), entries })
}

fn rolie_entry(given: GivenEntry) -> Option<RolieEntry> {
    let links = |rel: &str| {
        let links = given.link.iter().filter(|link| link.rel == rel && !link.href.is_empty());
        links.map(|link| link.href.clone()).collect::<Vec<_>>()
    };
    let source = Some(given.content.src.clone()).filter(|src| !src.is_empty());
    Some(RolieEntry {
        url: source.or_else(|| links("self").into_iter().next())?,
        hashes: links("hash"),
        signature: links("signature").into_iter().next(),
        updated: moment(&given.updated),
        id: given.id,
    })
}

/// Addresses of the documents that `index.txt` lists, in its order. `directory` is the address it stands in.
pub fn read_index(text: &str, directory: &str) -> Vec<String> {
    text.lines().filter_map(|line| resolve(directory, line)).collect()
}

/// Reads `changes.csv`, newest first as published; a heading is passed over. `directory` is the address it stands in.
pub fn read_changes(bytes: &[u8], directory: &str) -> Vec<Change> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
        .byte_records()
        .filter_map(|row| {
            let row = row.ok()?;
            let path = std::str::from_utf8(row.get(0)?).ok()?;
            let time = row.get(1).and_then(|time| std::str::from_utf8(time).ok());
            Some(Change { url: resolve(directory, path)?, changed: time.and_then(moment) })
        })
        .collect()
}

/// The address of a listed document; `None` where the line names none or leads out of the directory.
///
/// Paths are relative to the directory. CISA writes them from the root of its repository, so a beginning that the
/// directory already ends with is not doubled.
fn resolve(directory: &str, path: &str) -> Option<String> {
    let path = path.trim().trim_matches('"').trim_start_matches('\u{feff}');
    if !path.to_ascii_lowercase().ends_with(".json") {
        return None;
    }
    if path.starts_with("https://") || path.starts_with("http://") {
        return Some(path.to_owned());
    }
    let segments: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if segments.contains(&"..") || path.contains('\\') {
        return None;
    }
    // The directory may be given by the address of a file in it.
    let directory = match directory.rsplit_once('/') {
        Some((before, "index.txt" | "changes.csv")) => before,
        _ => directory.trim_end_matches('/'),
    };
    let above: Vec<&str> = directory.split('/').skip(3).collect();
    let known = |count: &usize| segments.get(..*count).is_some_and(|beginning| above.ends_with(beginning));
    let doubled = (1..segments.len()).rev().find(known).unwrap_or(0);
    Some(format!("{directory}/{}", segments.get(doubled..)?.join("/")))
}

/// Checks a document against its hash file (`hex  filename`), SHA-256 or SHA-512 by the length of the sum.
///
/// # Errors
/// Where the file has another form, or the sum differs.
pub fn verify_hash(file_text: &str, document: &[u8]) -> Result<(), HashError> {
    let first = file_text.trim_start_matches('\u{feff}').split_whitespace().next().unwrap_or_default();
    // Of a file in binary mode some tools write `*` or a backslash before the sum.
    let expected = first.trim_start_matches(['*', '\\']).to_ascii_lowercase();
    let sum = expected.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (algorithm, computed) = match expected.len() {
        64 if sum => ("SHA-256", hex(&Sha256::digest(document))),
        128 if sum => ("SHA-512", hex(&Sha512::digest(document))),
        _ => {
            let shown: String = first.chars().take(20).collect();
            return Err(HashError::Form { found: shown.escape_debug().to_string() });
        }
    };
    if computed == expected { Ok(()) } else { Err(HashError::Differs { algorithm, expected, computed }) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, ProviderError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| ProviderError::Json(error.to_string()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenProvider {
    #[serde(deserialize_with = "or_default")]
    canonical_url: String,
    #[serde(deserialize_with = "or_default")]
    last_updated: String,
    #[serde(deserialize_with = "lenient")]
    publisher: GivenPublisher,
    #[serde(deserialize_with = "or_default")]
    distributions: Vec<GivenDistribution>,
    #[serde(deserialize_with = "lenient")]
    public_openpgp_keys: Vec<GivenKey>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenPublisher {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenDistribution {
    #[serde(deserialize_with = "or_default")]
    directory_url: String,
    #[serde(deserialize_with = "lenient")]
    directory: GivenFeed,
    #[serde(deserialize_with = "lenient")]
    rolie: GivenFeeds,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenFeeds {
    feeds: Vec<GivenFeed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenFeed {
    url: String,
    tlp_label: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenKey {
    fingerprint: String,
    url: String,
}

#[derive(Deserialize)]
struct GivenRolie {
    feed: Option<GivenRolieFeed>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenRolieFeed {
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    updated: String,
    #[serde(deserialize_with = "or_default")]
    entry: Vec<GivenEntry>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenEntry {
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    updated: String,
    #[serde(deserialize_with = "lenient")]
    link: Vec<GivenLink>,
    #[serde(deserialize_with = "lenient")]
    content: GivenContent,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenLink {
    rel: String,
    href: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GivenContent {
    src: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: &str = "https://raw.githubusercontent.com/cisagov/CSAF/develop/csaf_files/OT/white/";

    #[test]
    fn a_listed_path_is_relative_to_the_directory() {
        let expected = format!("{WHITE}2025/icsma-25-030-01.json");
        for directory in [WHITE, WHITE.trim_end_matches('/'), &format!("{WHITE}index.txt")] {
            assert_eq!(
                read_index("2025/icsma-25-030-01.json\r\n", directory),
                [expected.as_str()],
                "{directory}"
            );
        }
    }

    #[test]
    fn a_path_from_the_root_of_the_repository_is_not_doubled() {
        let expected = format!("{WHITE}2025/icsma-25-030-01.json");
        assert_eq!(read_index("csaf_files/OT/white/2025/icsma-25-030-01.json\n", WHITE), [expected.as_str()]);
        // A maker's directory with a name that comes again below it stays.
        assert_eq!(
            read_index("csaf/2024/a.json", "https://maker.example/files/white"),
            ["https://maker.example/files/white/csaf/2024/a.json"]
        );
    }

    #[test]
    fn a_path_that_leads_out_of_the_directory_is_refused() {
        assert!(read_index("../../secret.json\n\n# note\n2024/a.json.asc\n", WHITE).is_empty());
    }

    #[test]
    fn changes_are_read_with_and_without_quotation_marks() {
        let plain = b"2024/a.json,2024-02-13T07:00:00.000000Z\n2024/b.json,soon\n";
        let quoted = b"\"2024/a.json\",\"2024-02-13T07:00:00.000000Z\"\r\n\"2024/b.json\",\"soon\"\r\n";
        let changes = read_changes(plain, WHITE);
        assert_eq!(changes, read_changes(quoted, WHITE));
        assert_eq!(changes[0].url, format!("{WHITE}2024/a.json"));
        assert_eq!(changes[0].changed, moment("2024-02-13T07:00:00Z"));
        assert_eq!(changes[1].changed, None);
        assert_eq!(read_changes(b"path,changed\n2024/a.json,2024-02-13T07:00:00Z\n", WHITE).len(), 1);
    }

    #[test]
    fn provider_metadata_names_feeds_directories_and_keys() {
        let provider = read_provider(
            br#"{"canonical_url":"https://maker.example/.well-known/csaf/provider-metadata.json",
            "distributions":[{"directory_url":"https://maker.example/csaf/white/"},
              {"rolie":{"feeds":[{"summary":"all","tlp_label":"WHITE","url":"https://maker.example/feed.json"}]}},
              {"directory":{"tlp_label":"CLEAR","url":"https://maker.example/csaf/clear/"}}],
            "last_updated":"2025-01-01T00:00:00Z","metadata_version":"2.0",
            "public_openpgp_keys":[{"fingerprint":"ab cd","url":"https://maker.example/key.asc"}],
            "publisher":{"category":"vendor","name":"Maker","namespace":"https://maker.example"},"role":"csaf_provider"}"#,
        )
        .expect("provider metadata");
        assert_eq!(provider.publisher, "Maker");
        assert_eq!(provider.keys[0].fingerprint, "ABCD");
        assert_eq!(
            provider.distributions,
            [
                Distribution::Directory("https://maker.example/csaf/white/".to_owned()),
                Distribution::Rolie {
                    url: "https://maker.example/feed.json".to_owned(),
                    tlp: "WHITE".to_owned()
                },
                Distribution::Directory("https://maker.example/csaf/clear/".to_owned()),
            ]
        );
    }

    #[test]
    fn provider_metadata_without_a_place_is_refused() {
        assert!(matches!(read_provider(b"{}"), Err(ProviderError::Missing(_))));
        assert!(matches!(read_provider(b"<html>"), Err(ProviderError::Json(_))));
    }

    #[test]
    fn a_rolie_feed_lists_documents_with_hashes_and_signature() {
        let feed = read_rolie(
            br#"{"feed":{"id":"f","title":"t","updated":"2025-02-27T18:49:54Z","entry":[
            {"id":"A-1","link":[{"rel":"self","href":"https://m.example/a.json"},
              {"rel":"hash","href":"https://m.example/a.json.sha512"},
              {"rel":"signature","href":"https://m.example/a.json.asc"}],
             "updated":"2025-01-01T00:00:00Z","content":{"src":"https://m.example/a.json","type":"application/json"}},
            {"id":"A-2","link":[{"rel":"self","href":"https://m.example/b.json"}]},
            {"id":"A-3"}]}}"#,
        )
        .expect("a feed");
        assert_eq!(feed.entries.len(), 2);
        assert_eq!(feed.unread, 1);
        assert_eq!(feed.entries[0].hashes, ["https://m.example/a.json.sha512"]);
        assert_eq!(feed.entries[0].signature.as_deref(), Some("https://m.example/a.json.asc"));
        assert_eq!(feed.entries[1].url, "https://m.example/b.json");
        assert_eq!(read_rolie(b"{}"), Err(ProviderError::Missing("member 'feed'")));
    }

    #[test]
    fn security_txt_names_provider_metadata() {
        let text = "Contact: mailto:a@b.example\r\ncsaf: https://b.example/provider-metadata.json\r\n\
                    CSAF: http://plain.example/x.json\n# CSAF: https://c.example/";
        assert_eq!(read_security_txt(text), ["https://b.example/provider-metadata.json"]);
    }

    #[test]
    fn a_hash_file_is_checked_by_the_length_of_its_sum() {
        // FIPS 180-4, the message "abc".
        let short = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let long = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                    2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        for sum in [short, long] {
            assert_eq!(verify_hash(&format!("{sum}  abc.json\n"), b"abc"), Ok(()));
            assert_eq!(verify_hash(&sum.to_uppercase(), b"abc"), Ok(()));
            assert!(matches!(verify_hash(sum, b"abd"), Err(HashError::Differs { .. })));
        }
        for text in ["", "<html>", &short[..40]] {
            assert!(matches!(verify_hash(text, b"abc"), Err(HashError::Form { .. })), "{text}");
        }
    }
}
