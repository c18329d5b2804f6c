//! OpenPGP signatures beside documents (CSAF 2.0, 7.1.19; RFC 9580, 5.2).
//!
//! Keys lie in `openpgp-keys` of the knowledge directory: those that providers name, put there by `sync` when their fingerprint
//! is the named one, and those that a person put there. A signature of a key that is not there is told and keeps nothing out; one that does
//! not fit the document does. Limits: that a key ended or was withdrawn after it signed is not looked at.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use pgp::composed::{Deserializable, DetachedSignature, SignedPublicKey};
use pgp::types::{KeyDetails, KeyId};

use crate::import::hex;

/// Largest key or signature, in bytes.
const MOST: u64 = 1 << 20;
/// Most keys that are looked at.
const MOST_KEYS: usize = 1_000;

/// What a signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    /// By the key of this fingerprint.
    By(String),
    /// By a key that is not known here: its id.
    Unknown(String),
    /// The document is not what was signed, or this is no signature.
    Wrong(String),
}

/// Keys that signatures are checked with.
#[derive(Default)]
pub(crate) struct Keys(Vec<SignedPublicKey>);

impl Keys {
    /// Where keys lie.
    pub(crate) fn place(knowledge: &Path) -> PathBuf {
        knowledge.join("openpgp-keys")
    }

    /// All of them; what is no key is passed over.
    pub(crate) fn read(knowledge: &Path) -> Keys {
        let entries = std::fs::read_dir(Keys::place(knowledge)).into_iter().flatten().flatten();
        let files =
            entries.filter(|entry| entry.metadata().is_ok_and(|file| file.is_file() && file.len() <= MOST));
        let bytes = files.take(MOST_KEYS).filter_map(|entry| std::fs::read(entry.path()).ok());
        Keys(bytes.flat_map(|bytes| keys(&bytes)).collect())
    }

    /// What a signature says of a document.
    pub(crate) fn check(&self, document: &[u8], signature: &[u8]) -> Signed {
        let Some(signature) = detached(signature) else {
            return Signed::Wrong("it is no OpenPGP signature".to_owned());
        };
        let issuers: Vec<KeyId> = signature.signature.issuer_key_id().into_iter().copied().collect();
        // Some name only a fingerprint, or nobody: then every key may be it.
        let may_be = |id: KeyId| issuers.is_empty() || issuers.contains(&id);
        let mut known = false;
        for key in &self.0 {
            let mut fits = false;
            if may_be(key.legacy_key_id()) {
                known = true;
                fits |= signature.verify(&key.primary_key, document).is_ok();
            }
            for sub in key.public_subkeys.iter().filter(|sub| may_be(sub.key.legacy_key_id())) {
                known = true;
                // A subkey counts where the key itself says that it is its own.
                fits |= sub.verify_bindings(&key.primary_key).is_ok()
                    && signature.verify(&sub.key, document).is_ok();
            }
            if fits {
                return Signed::By(format!("{:X}", key.fingerprint()));
            }
        }
        if known {
            return Signed::Wrong(
                "its signature does not fit: it was changed or damaged on its way".to_owned(),
            );
        }
        let issuer = issuers.first().map(|id| hex(id.as_ref()).to_uppercase());
        Signed::Unknown(issuer.unwrap_or_else(|| "unnamed".to_owned()))
    }
}

/// The signature, in armour or plain.
fn detached(bytes: &[u8]) -> Option<DetachedSignature> {
    if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        DetachedSignature::from_armor_single(Cursor::new(bytes)).ok().map(|(signature, _)| signature)
    } else {
        DetachedSignature::from_bytes(Cursor::new(bytes)).ok()
    }
}

/// The keys of a file, in armour or plain.
fn keys(bytes: &[u8]) -> Vec<SignedPublicKey> {
    let read = if bytes.trim_ascii_start().starts_with(b"-----BEGIN") {
        SignedPublicKey::from_armor_many(Cursor::new(bytes)).map(|(keys, _)| keys.flatten().collect())
    } else {
        SignedPublicKey::from_bytes_many(Cursor::new(bytes)).map(|keys| keys.flatten().collect())
    };
    read.unwrap_or_default()
}

/// Keeps a publisher's key, where it is the one that its provider names.
pub(crate) fn keep_key(knowledge: &Path, fetched: &Path, fingerprint: &str) -> Result<(), String> {
    let bytes = std::fs::read(fetched).map_err(|error| error.to_string())?;
    if !keys(&bytes).iter().any(|key| format!("{:X}", key.fingerprint()) == fingerprint) {
        return Err(format!("is not the key of fingerprint {fingerprint} that the provider names: not used"));
    }
    let place = Keys::place(knowledge);
    std::fs::create_dir_all(&place).map_err(|error| error.to_string())?;
    // A fingerprint has letters and digits only, as it was just compared with one.
    std::fs::write(place.join(format!("{fingerprint}.asc")), bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Keys, Signed, keep_key};

    fn example(name: &str) -> Vec<u8> {
        std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/signatures").join(name))
            .expect("the example is there")
    }

    fn with_key(name: &str, fingerprint: &str) -> tempfile::TempDir {
        let place = tempfile::tempdir().expect("a temporary directory");
        let key = place.path().join("fetched");
        std::fs::write(&key, example(name)).expect("it can be written");
        keep_key(place.path(), &key, fingerprint).expect("the key is the named one");
        place
    }

    #[test]
    fn signatures_of_each_kind_of_key_are_checked() {
        for line in String::from_utf8(example("keys.tsv")).expect("text").lines() {
            let (kind, fingerprint) = line.split_once('\t').expect("kind and fingerprint");
            let place = with_key(&format!("{kind}.key.asc"), fingerprint);
            let keys = Keys::read(place.path());
            let signature = example(&format!("advisory.json.{kind}.asc"));
            assert_eq!(keys.check(&example("advisory.json"), &signature), Signed::By(fingerprint.to_owned()));
            let mut changed = example("advisory.json");
            changed.push(b' ');
            assert!(matches!(keys.check(&changed, &signature), Signed::Wrong(_)), "{kind}");
        }
    }

    #[test]
    fn a_signature_of_a_key_that_is_not_here_is_unknown_and_other_bytes_are_none() {
        let keys = Keys::default();
        let signature = example("advisory.json.rsa.asc");
        assert!(matches!(keys.check(&example("advisory.json"), &signature), Signed::Unknown(_)));
        assert!(matches!(keys.check(b"", b"not a signature"), Signed::Wrong(_)));
    }

    #[test]
    fn a_key_of_another_fingerprint_is_not_kept() {
        let place = tempfile::tempdir().expect("a temporary directory");
        let key = place.path().join("fetched");
        std::fs::write(&key, example("rsa.key.asc")).expect("it can be written");
        assert!(keep_key(place.path(), &key, "00112233445566778899AABBCCDDEEFF00112233").is_err());
        assert!(Keys::read(place.path()).0.is_empty());
    }
}
