//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP names first (19 MiB, 2 passes, 1 lane).

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::secrets::{self, SecretError};
use crate::{Answer, App, Problem};

/// Shortest and longest password, in characters and bytes.
const SHORTEST: usize = 12;
const LONGEST: usize = 1024;

/// Hash of a password that nobody has: checked where there is no such person, so that the time tells nothing.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bWVkd2FyZC1ub2JvZHk$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn hasher() -> Result<Argon2<'static>, SecretError> {
    let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(|_| SecretError::NoRandom)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password as a PHC string. Takes tens of milliseconds.
pub fn hash_now(password: &str) -> Result<String, SecretError> {
    let salt = secrets::random::<16>()?;
    hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| SecretError::NoRandom)
}

fn matches_now(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|parsed| {
        hasher().is_ok_and(|hasher| hasher.verify_password(password.as_bytes(), &parsed).is_ok())
    })
}

/// Hashes a password beside the other work.
pub async fn hash(app: &App, password: String) -> Answer<String> {
    let _turn = app.checks.acquire().await.map_err(|_| Problem::internal("no more checks"))?;
    tokio::task::spawn_blocking(move || hash_now(&password))
        .await
        .map_err(|_| Problem::internal("hashing was ended"))?
        .map_err(Problem::from)
}

/// Checks a password beside the other work. Without a hash (no such person) it takes as long and is false.
pub async fn matches(app: &App, password: String, hash: Option<String>) -> Answer<bool> {
    if password.len() > LONGEST {
        return Ok(false);
    }
    let _turn = app.checks.acquire().await.map_err(|_| Problem::internal("no more checks"))?;
    tokio::task::spawn_blocking(move || {
        let right = matches_now(&password, hash.as_deref().unwrap_or(NOBODY));
        right && hash.is_some()
    })
    .await
    .map_err(|_| Problem::internal("checking was ended"))
}

/// Whether somebody may take this as a password.
pub fn accept(name: &str, password: &str) -> Answer<()> {
    let advice =
        "Take at least 12 characters; several words that have nothing to do with each other are good.";
    if password.chars().count() < SHORTEST {
        return Err(Problem::refused("The password is too short.", advice));
    }
    if password.len() > LONGEST {
        return Err(Problem::refused("The password is longer than 1024 bytes.", advice));
    }
    let lower = password.to_lowercase();
    let mut letters: Vec<char> = lower.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5
        || lower.contains("password")
        || (name.len() > 3 && lower.contains(&name.to_lowercase()))
    {
        return Err(Problem::refused("The password is too easy to guess.", advice));
    }
    Ok(())
}

/// A password for one use: 20 characters of 32 that are not taken for each other; 100 bits.
pub fn one_time() -> Result<String, SecretError> {
    const SIGNS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut text = String::new();
    for (at, byte) in secrets::random::<20>()?.iter().enumerate() {
        if at > 0 && at % 5 == 0 {
            text.push('-');
        }
        text.push(SIGNS.get(usize::from(byte % 32)).copied().map_or('a', char::from));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_hash_and_no_other_does() {
        let hash = hash_now("correct horse battery").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(matches_now("correct horse battery", &hash));
        assert!(!matches_now("correct horse batterz", &hash));
    }

    #[test]
    fn the_hash_of_nobody_is_well_formed_so_that_checking_it_takes_its_time() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!matches_now("anything", NOBODY));
    }

    #[test]
    fn short_and_simple_passwords_are_refused() {
        for word in ["short", "aaaaaaaaaaaaaaaa", "password1234567", "ada.lovelace-1815"] {
            assert!(accept("ada.lovelace", word).is_err(), "{word}");
        }
        assert!(accept("ada.lovelace", "stable-correct-horse").is_ok());
    }
}
