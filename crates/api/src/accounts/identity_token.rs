//! Checking an ID token: signature by the provider's keys (RS256, ES256), then every claim that OpenID Connect Core 3.1.3.7
//! asks for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medward_model::Timestamp;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;

/// Clocks may differ by so many seconds.
const SKEW: i64 = 60;

/// What a token must fit.
pub struct Expected<'e> {
    pub issuer: &'e str,
    pub client_id: &'e str,
    pub nonce: &'e str,
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
}

/// The provider's keys (RFC 7517).
#[derive(Deserialize)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    n: String,
    #[serde(default)]
    e: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

impl Key {
    fn signed(&self, algorithm: &str, message: &[u8], signature: &[u8]) -> bool {
        match (algorithm, self.kty.as_str()) {
            ("RS256", "RSA") => {
                let (Some(n), Some(e)) = (bytes(&self.n), bytes(&self.e)) else { return false };
                RsaPublicKeyComponents { n, e }
                    .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                    .is_ok()
            }
            ("ES256", "EC") if self.crv.as_deref() == Some("P-256") => {
                let (Some(x), Some(y)) = (bytes(&self.x), bytes(&self.y)) else { return false };
                let mut point = vec![4];
                point.extend(x);
                point.extend(y);
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature).is_ok()
            }
            // Everything else, "none" and keys shared with the provider among it, is refused.
            _ => false,
        }
    }
}

/// The claims of a token that is right; else what is wrong.
pub fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Value, &'static str> {
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the ID token is no signed token");
    };
    let parsed: Head = bytes(head)
        .and_then(|text| serde_json::from_slice(&text).ok())
        .ok_or("the head of the ID token is unreadable")?;
    let signature = bytes(signature).ok_or("the signature of the ID token is unreadable")?;
    let message = format!("{head}.{body}");
    let signed = keys
        .keys
        .iter()
        .filter(|key| key.purpose.as_deref().is_none_or(|purpose| purpose == "sig"))
        .filter(|key| parsed.kid.is_none() || key.kid.is_none() || key.kid == parsed.kid)
        .any(|key| key.signed(&parsed.alg, message.as_bytes(), &signature));
    if !signed {
        return Err("the ID token is not signed by a key of the provider with RS256 or ES256");
    }
    let claims: Value = bytes(body)
        .and_then(|text| serde_json::from_slice(&text).ok())
        .ok_or("the ID token is unreadable")?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(expected.issuer) {
        return Err("the ID token is of another issuer");
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if !audience.contains(&expected.client_id) {
        return Err("the ID token is for another client");
    }
    if (audience.len() > 1 || claims.get("azp").is_some()) && text("azp") != Some(expected.client_id) {
        return Err("the ID token is for several clients");
    }
    #[expect(clippy::cast_possible_truncation, reason = "fractions of seconds do not matter")]
    let number =
        |name: &str| claims.get(name).and_then(|v| v.as_i64().or_else(|| v.as_f64().map(|f| f as i64)));
    let now = expected.now.as_seconds();
    if number("exp").is_none_or(|until| until <= now - SKEW) {
        return Err("the ID token has expired; is the clock right?");
    }
    if number("iat").is_none_or(|at| at > now + SKEW) || number("nbf").is_some_and(|from| from > now + SKEW) {
        return Err("the ID token is of the future; is the clock right?");
    }
    if text("nonce") != Some(expected.nonce) {
        return Err("the ID token belongs to another sign-in");
    }
    if text("sub").is_none_or(str::is_empty) {
        return Err("the ID token names nobody");
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;

    const NOW: Timestamp = Timestamp::from_parts(1_795_348_800, 0);

    fn issue(claims: &Value, algorithm: &str) -> (String, Keys) {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(&json!({"alg": algorithm, "kid": "1"})), encode(claims));
        let signature = pair.sign(&random, message.as_bytes()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let key = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "x": x, "y": y}]});
        (format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)), serde_json::from_value(key).unwrap())
    }

    fn claims() -> Value {
        json!({"iss": "https://id.example", "aud": "medward", "sub": "ada", "nonce": "n",
            "iat": NOW.as_seconds(), "exp": NOW.as_seconds() + 300})
    }

    fn told(claims: &Value, algorithm: &str) -> Result<Value, &'static str> {
        let (token, keys) = issue(claims, algorithm);
        let expected = Expected { issuer: "https://id.example", client_id: "medward", nonce: "n", now: NOW };
        check(&token, &keys, &expected)
    }

    #[test]
    fn a_token_that_fits_is_taken() {
        assert_eq!(told(&claims(), "ES256").unwrap()["sub"], "ada");
    }

    #[test]
    fn a_token_of_another_issuer_client_sign_in_or_time_is_refused() {
        for (name, value) in [
            ("iss", json!("https://evil.example")),
            ("aud", json!("other")),
            ("aud", json!(["medward", "other"])),
            ("nonce", json!("m")),
            ("exp", json!(NOW.as_seconds() - 3600)),
            ("iat", json!(NOW.as_seconds() + 3600)),
            ("sub", json!("")),
        ] {
            let mut wrong = claims();
            wrong[name] = value;
            assert!(told(&wrong, "ES256").is_err(), "{name}");
        }
    }

    #[test]
    fn a_token_without_a_signature_or_by_another_key_is_refused() {
        assert!(told(&claims(), "none").is_err());
        assert!(told(&claims(), "HS256").is_err());
        let ((token, _), (_, others)) = (issue(&claims(), "ES256"), issue(&claims(), "ES256"));
        let expected = Expected { issuer: "https://id.example", client_id: "medward", nonce: "n", now: NOW };
        assert!(check(&token, &others, &expected).is_err());
    }
}
