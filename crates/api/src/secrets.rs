//! Random secrets, their fingerprints, and secrets sealed at rest (ChaCha20-Poly1305, RFC 8439).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// Why a secret could not be made, sealed or opened. Says nothing of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SecretError {
    /// The system gives no random numbers.
    #[error("the system gives no random numbers; check /dev/urandom")]
    NoRandom,
    /// It was sealed with another key, for another purpose, or was damaged.
    #[error("a stored secret cannot be opened: was the key file replaced? Enter the secret again")]
    Unreadable,
}

/// So many random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], SecretError> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| SecretError::NoRandom)?;
    Ok(bytes)
}

/// 32 random bytes as text of 43 characters that is safe in addresses and headers.
pub fn random_text() -> Result<String, SecretError> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A short random identifier: 16 hexadecimal digits.
pub fn random_id() -> Result<String, SecretError> {
    Ok(hex(&random::<8>()?))
}

/// SHA-256 in hexadecimal.
pub fn fingerprint(of: &[u8]) -> String {
    hex(&Sha256::digest(of))
}

/// Lowercase hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two texts are equal, in a time that does not tell where they differ.
pub fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    left.len() == right.len()
        && left.iter().zip(right).fold(0, |odd, (a, b)| std::hint::black_box(odd | (a ^ b))) == 0
}

/// Seals secrets with the key of the installation.
pub struct Vault {
    key: LessSafeKey,
}

impl Vault {
    /// With a key of 32 random bytes, kept in a file beside the database and not in it.
    pub fn new(key: &[u8; 32]) -> Result<Vault, SecretError> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).map_err(|_| SecretError::Unreadable)?;
        Ok(Vault { key: LessSafeKey::new(key) })
    }

    /// Seals a secret for a purpose ("totp ada"); it opens for the same purpose only.
    pub fn seal(&self, purpose: &str, secret: &str) -> Result<String, SecretError> {
        let nonce = random::<NONCE_LEN>()?;
        let mut body = secret.as_bytes().to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), &mut body)
            .map_err(|_| SecretError::Unreadable)?;
        let mut whole = nonce.to_vec();
        whole.extend(body);
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// Opens what was sealed for that purpose.
    pub fn open(&self, purpose: &str, sealed: &str) -> Result<String, SecretError> {
        let whole = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| SecretError::Unreadable)?;
        let (nonce, body) = whole.split_first_chunk::<NONCE_LEN>().ok_or(SecretError::Unreadable)?;
        let mut body = body.to_vec();
        let plain = self
            .key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(purpose), &mut body)
            .map_err(|_| SecretError::Unreadable)?;
        String::from_utf8(plain.to_vec()).map_err(|_| SecretError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_for_its_purpose_and_with_its_key() {
        let vault = Vault::new(&[7; 32]).unwrap();
        let sealed = vault.seal("totp ada", "JBSWY3DP").unwrap();
        assert!(!sealed.contains("JBSWY3DP"));
        assert_eq!(vault.open("totp ada", &sealed).as_deref(), Ok("JBSWY3DP"));
        assert_eq!(vault.open("totp eve", &sealed), Err(SecretError::Unreadable));
        assert_eq!(Vault::new(&[8; 32]).unwrap().open("totp ada", &sealed), Err(SecretError::Unreadable));
    }
}
