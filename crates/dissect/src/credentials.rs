//! Known factory defaults: pairs of user and password that makers ship, from `catalog/default-credentials.toml`.
//!
//! What is asked is whether a pair is one of them; the answer is the product and user of the entry, so that a password never
//! leaves the dissector that read it. User names compare without regard to case, passwords exactly. An entry may be limited to
//! services by the names of their dissectors.
//!
//! Limits: a pair that many makers ship (admin/admin) says nothing of whose device it is; entries are in the order of the
//! file, and the first that fits is told.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;

/// Longest user name or password that is compared, in bytes.
pub(crate) const MAX_CREDENTIAL: usize = 64;

#[derive(Debug, Deserialize)]
struct File {
    credential: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    #[cfg(test)]
    id: String,
    product: String,
    user: String,
    password: String,
    #[serde(default)]
    services: Vec<String>,
    /// As it is told: product and user, never the password.
    #[serde(skip)]
    shown: String,
}

fn entries() -> &'static [Entry] {
    static ENTRIES: OnceLock<Vec<Entry>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        let text = include_str!("../../../catalog/default-credentials.toml");
        // The file is part of the program and checked by a test: it cannot be wrong here.
        let mut entries = toml::from_str::<File>(text).map(|file| file.credential).unwrap_or_default();
        for entry in &mut entries {
            entry.shown = format!("{}, user \"{}\"", entry.product, entry.user);
        }
        entries
    })
}

/// Product and user of the first entry that a login at that service equals.
pub(crate) fn known_default(service: &str, user: &[u8], password: &[u8]) -> Option<&'static str> {
    if user.len() > MAX_CREDENTIAL || password.len() > MAX_CREDENTIAL {
        return None;
    }
    let fits = |entry: &&Entry| {
        user.eq_ignore_ascii_case(entry.user.as_bytes())
            && password == entry.password.as_bytes()
            && (entry.services.is_empty() || entry.services.iter().any(|name| name == service))
    };
    entries().iter().find(fits).map(|entry| entry.shown.as_str())
}

/// Bytes that base64 stands for (RFC 4648, 4), with or without padding; `None` where it is none, or too long.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim().trim_end_matches('=');
    if text.len() > 4 * MAX_CREDENTIAL {
        return None;
    }
    STANDARD_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MAX_CREDENTIAL, entries, from_base64, known_default};

    #[test]
    fn every_entry_has_an_id_of_its_own_and_fits_the_bound() {
        assert!(entries().len() > 20);
        let ids: BTreeSet<&str> = entries().iter().map(|e| e.id.as_str()).collect();
        assert_eq!(ids.len(), entries().len());
        for entry in entries() {
            assert!(entry.user.len() <= MAX_CREDENTIAL && entry.password.len() <= MAX_CREDENTIAL);
            assert!(entry.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
        }
    }

    #[test]
    fn the_user_compares_without_case_and_the_password_with_it() {
        assert!(known_default("http", b"Admin", b"admin").is_some());
        assert_eq!(known_default("http", b"admin", b"ADMIN-"), None);
        assert_eq!(known_default("http", b"nurse", b"correct horse"), None);
    }

    #[test]
    fn an_entry_of_one_service_says_nothing_at_another() {
        assert!(known_default("tds", b"sa", b"").is_some());
        assert_eq!(known_default("telnet", b"sa", b""), None);
    }

    #[test]
    fn base64_is_read_with_and_without_padding() {
        assert_eq!(from_base64("YWRtaW46YWRtaW4=").as_deref(), Some(&b"admin:admin"[..]));
        assert_eq!(from_base64("YWRtaW46YWRtaW4").as_deref(), Some(&b"admin:admin"[..]));
        assert_eq!(from_base64("not base64!"), None);
    }
}
