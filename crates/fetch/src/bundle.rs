//! Bundles: knowledge for a hospital without the internet, in one signed file.
//!
//! A zstd-compressed tar of `manifest.json`, `manifest.sig` and, for each feed, `<feed>.records` (each record with its length
//! in four bytes before it). The manifest names each part's SHA-256; the signature is Ed25519 (RFC 8032) over the
//! manifest's bytes. A receiver trusts the public keys in the directory `trusted-keys` of its knowledge: files `*.pub`, one
//! line of 64 hexadecimal digits. Everything is checked before anything is applied. The same store gives the same bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use medward_knowledge::{Feed, feed};
use medward_model::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::import::hex;
use crate::state::FeedStatus;
use crate::store::{Store, StoreError, encode};

/// Version of the manifest.
const SCHEMA: &str = "medward.bundle/1";

/// Largest manifest.
const MOST_MANIFEST: u64 = 4 << 20;

/// Largest part when unpacked.
const MOST_PART: u64 = 32 << 30;

/// Largest single record.
const MOST_RECORD: u32 = 256 << 20;

/// Why a bundle could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {error}")]
    Io { path: String, error: io::Error },
    #[error(
        "{0} is no signing key: it must be one line of 64 hexadecimal digits. `medward knowledge bundle --new-key FILE` makes one"
    )]
    Key(String),
    #[error(
        "{path} is signed by a key that is not trusted here ({key}). If its fingerprint is the sender's, put the sender's .pub file into {trusted}"
    )]
    Untrusted { path: String, key: String, trusted: String },
    #[error("{path} was changed or damaged after it was signed: {what}")]
    Tampered { path: String, what: String },
    #[error("{path} is no bundle that this version reads: {reason}")]
    Shape { path: String, reason: String },
}

/// A key to sign with.
pub struct BundleKey(SigningKey);

impl BundleKey {
    /// From thirty-two random bytes.
    pub fn from_seed(seed: [u8; 32]) -> BundleKey {
        BundleKey(SigningKey::from_bytes(&seed))
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// Where it cannot be read or is no key.
    pub fn read(path: &Path) -> Result<BundleKey, BundleError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| BundleError::Io { path: path.display().to_string(), error })?;
        unhex(text.trim())
            .map(BundleKey::from_seed)
            .ok_or_else(|| BundleError::Key(path.display().to_string()))
    }

    /// The line of a key file.
    pub fn secret_line(&self) -> String {
        format!("{}\n", hex(&self.0.to_bytes()))
    }
}

/// The line of a `.pub` file for that key.
pub fn public_key(key: &BundleKey) -> String {
    format!("{}\n", hex(&key.0.verifying_key().to_bytes()))
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, slot) in bytes.iter_mut().enumerate() {
        *slot = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    schema: String,
    producer: String,
    created: Timestamp,
    feeds: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    sha256: String,
    bytes: u64,
    status: FeedStatus,
}

/// Writes everything in the store as a bundle.
///
/// # Errors
/// Where the store cannot be read or the file not be written.
pub fn create_bundle(
    store: &Store,
    key: &BundleKey,
    created: Timestamp,
    producer: &str,
    out: &mut dyn Write,
) -> Result<u64, BundleError> {
    let place = store.directory().join("outgoing");
    let fail = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| BundleError::Io { path: path.clone(), error }
    };
    fresh(&place).map_err(fail(&place))?;
    let states = store.states()?;
    let mut parts: BTreeMap<&'static str, (BufWriter<File>, Sha256, u64)> = BTreeMap::new();
    let mut problem: Option<BundleError> = None;
    let mut records = 0;
    store.scan(|name, record| {
        if problem.is_some() {
            return;
        }
        let written = (|| -> Result<(), String> {
            let value = encode(&record)?;
            let (file, hash, length) = match parts.entry(name) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let file = File::create(place.join(name)).map_err(|error| error.to_string())?;
                    entry.insert((BufWriter::new(file), Sha256::new(), 0))
                }
            };
            let size = u32::try_from(value.len()).map_err(|error| error.to_string())?.to_le_bytes();
            for bytes in [size.as_slice(), value.as_slice()] {
                hash.update(bytes);
                file.write_all(bytes).map_err(|error| error.to_string())?;
                *length += bytes.len() as u64;
            }
            records += 1;
            Ok(())
        })();
        if let Err(reason) = written {
            problem =
                Some(BundleError::Io { path: place.display().to_string(), error: io::Error::other(reason) });
        }
    })?;
    if let Some(problem) = problem {
        return Err(problem);
    }
    let mut feeds = BTreeMap::new();
    let mut lengths = Vec::new();
    for (name, (mut file, hash, bytes)) in parts {
        file.flush().map_err(fail(&place))?;
        let mut status = states.get(name).cloned().unwrap_or_default();
        status.validators.clear();
        status.watermark = None;
        feeds.insert(name.to_owned(), Entry { sha256: hex(&hash.finalize()), bytes, status });
        lengths.push((name, bytes));
    }
    let manifest = Manifest { schema: SCHEMA.to_owned(), producer: producer.to_owned(), created, feeds };
    let manifest = serde_json::to_vec_pretty(&manifest)
        .map_err(|error| BundleError::Shape { path: "the manifest".to_owned(), reason: error.to_string() })?;
    let signature = key.0.sign(&manifest);
    let signed = format!("{}\n{}\n", hex(&key.0.verifying_key().to_bytes()), hex(&signature.to_bytes()));
    let here = Path::new("the bundle");
    let packed = zstd::Encoder::new(out, 9).map_err(fail(here))?;
    let mut tar = tar::Builder::new(packed);
    append(&mut tar, "manifest.json", manifest.len() as u64, &mut manifest.as_slice()).map_err(fail(here))?;
    append(&mut tar, "manifest.sig", signed.len() as u64, &mut signed.as_bytes()).map_err(fail(here))?;
    for (name, bytes) in lengths {
        let mut file = BufReader::new(File::open(place.join(name)).map_err(fail(&place))?);
        append(&mut tar, &format!("{name}.records"), bytes, &mut file).map_err(fail(here))?;
    }
    tar.into_inner().and_then(|packed| packed.finish()).map_err(fail(here))?;
    std::fs::remove_dir_all(&place).map_err(fail(&place))?;
    Ok(records)
}

/// Nothing that differs between two runs is in a header.
fn append(tar: &mut tar::Builder<impl Write>, name: &str, size: u64, data: &mut dyn Read) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_cksum();
    tar.append_data(&mut header, name, data)
}

fn fresh(place: &Path) -> io::Result<()> {
    if place.exists() {
        std::fs::remove_dir_all(place)?;
    }
    std::fs::create_dir_all(place)
}

/// A feed of an opened bundle.
pub(crate) struct Part {
    pub feed: &'static Feed,
    pub path: PathBuf,
    pub status: FeedStatus,
}

/// An opened bundle: checked, its parts unpacked beside the store until this is dropped.
pub(crate) struct Opened {
    pub parts: Vec<Part>,
    place: PathBuf,
}

impl Drop for Opened {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next bundle.
        let _ = std::fs::remove_dir_all(&self.place);
    }
}

/// Whether the file is a bundle, by its first bytes and the first name in it.
pub(crate) fn is_bundle(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let Ok(decoder) = zstd::Decoder::new(file) else { return false };
    let mut head = [0; 512];
    let mut decoder = decoder;
    decoder.read_exact(&mut head).is_ok() && head.starts_with(b"manifest.json\0")
}

/// Unpacks a bundle and checks all of it.
pub(crate) fn open(path: &Path, directory: &Path, trust_unsigned: bool) -> Result<Opened, BundleError> {
    let shown = path.display().to_string();
    let fail = |error: io::Error| BundleError::Io { path: shown.clone(), error };
    let shape = |reason: String| BundleError::Shape { path: shown.clone(), reason };
    let tampered = |what: String| BundleError::Tampered { path: shown.clone(), what };
    let place = directory.join("incoming");
    fresh(&place).map_err(fail)?;
    let mut opened = Opened { parts: Vec::new(), place: place.clone() };
    let decoder = zstd::Decoder::new(File::open(path).map_err(fail)?).map_err(fail)?;
    let mut tar = tar::Archive::new(decoder);
    let (mut manifest, mut signature) = (Vec::new(), String::new());
    let mut hashes: BTreeMap<String, (String, u64, PathBuf)> = BTreeMap::new();
    for entry in tar.entries().map_err(|error| tampered(error.to_string()))? {
        let entry = entry.map_err(|error| tampered(error.to_string()))?;
        let name = entry.path().map_err(|error| tampered(error.to_string()))?.to_string_lossy().into_owned();
        match name.as_str() {
            "manifest.json" => {
                entry
                    .take(MOST_MANIFEST)
                    .read_to_end(&mut manifest)
                    .map_err(|error| tampered(error.to_string()))?;
            }
            "manifest.sig" => {
                entry
                    .take(MOST_MANIFEST)
                    .read_to_string(&mut signature)
                    .map_err(|error| tampered(error.to_string()))?;
            }
            _ => {
                // Only names of feeds are written, so no path can lead elsewhere.
                let Some(known) = name.strip_suffix(".records").and_then(feed) else {
                    return Err(shape(format!("it holds '{name}'")));
                };
                let target = place.join(known.name);
                let (hash, length) = unpack(entry, &target).map_err(|error| tampered(error.to_string()))?;
                hashes.insert(known.name.to_owned(), (hash, length, target));
            }
        }
    }
    if manifest.is_empty() {
        return Err(shape("it has no manifest".to_owned()));
    }
    check_signature(&manifest, &signature, directory, trust_unsigned, &shown)?;
    let manifest: Manifest = serde_json::from_slice(&manifest).map_err(|error| shape(error.to_string()))?;
    if manifest.schema != SCHEMA {
        return Err(shape(format!("its manifest is {}", manifest.schema)));
    }
    for (name, entry) in manifest.feeds {
        let Some(known) = feed(&name) else { continue };
        let Some((hash, length, target)) = hashes.remove(&name) else {
            return Err(tampered(format!("{name} is missing")));
        };
        if hash != entry.sha256 || length != entry.bytes {
            return Err(tampered(format!("{name} is not what was signed")));
        }
        opened.parts.push(Part { feed: known, path: target, status: entry.status });
    }
    if let Some(name) = hashes.keys().next() {
        return Err(tampered(format!("{name} is not in the manifest")));
    }
    Ok(opened)
}

fn unpack(entry: impl Read, target: &Path) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut file = BufWriter::new(File::create(target)?);
    let mut input = entry.take(MOST_PART);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let taken = input.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..taken).filter(|bytes| !bytes.is_empty()) else { break };
        hash.update(bytes);
        file.write_all(bytes)?;
        length += taken as u64;
    }
    file.flush()?;
    Ok((hex(&hash.finalize()), length))
}

fn check_signature(
    manifest: &[u8],
    signature: &str,
    directory: &Path,
    trust_unsigned: bool,
    shown: &str,
) -> Result<(), BundleError> {
    let mut lines = signature.lines();
    let (key, value) = (lines.next().unwrap_or_default().trim(), lines.next().unwrap_or_default().trim());
    let trusted = directory.join("trusted-keys");
    let is_trusted = std::fs::read_dir(&trusted).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            entry.path().extension().is_some_and(|ending| ending == "pub")
                && std::fs::read_to_string(entry.path())
                    .is_ok_and(|text| text.trim().eq_ignore_ascii_case(key))
        })
    });
    if key.is_empty() || !is_trusted {
        if trust_unsigned && key.is_empty() {
            return Ok(());
        }
        if !trust_unsigned {
            return Err(BundleError::Untrusted {
                path: shown.to_owned(),
                key: if key.is_empty() { "it is not signed".to_owned() } else { key.to_owned() },
                trusted: trusted.display().to_string(),
            });
        }
    }
    let tampered =
        || BundleError::Tampered { path: shown.to_owned(), what: "the signature does not fit".to_owned() };
    let key = unhex(key).and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()).ok_or_else(tampered)?;
    let (first, second) = (value.get(..64), value.get(64..));
    let (Some(first), Some(second)) = (first.and_then(unhex), second.and_then(unhex)) else {
        return Err(tampered());
    };
    let signature = Signature::from_components(first, second);
    key.verify(manifest, &signature).map_err(|_| tampered())
}

/// The next coded record of a part.
pub(crate) fn next_value(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read(&mut length[..1])? {
        0 => return Ok(None),
        _ => input.read_exact(&mut length[1..])?,
    }
    let length = u32::from_le_bytes(length);
    if length > MOST_RECORD {
        return Err(io::Error::other("holds a record that is larger than any may be"));
    }
    let mut value = vec![0; length as usize];
    input.read_exact(&mut value)?;
    Ok(Some(value))
}
