//! People as they are kept.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::keep::{self, Kept};
use crate::rights::Role;
use crate::{Answer, Problem};

pub const KIND: &str = "person";

/// Where an account comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    #[default]
    Local,
    Oidc,
}

/// A person with secrets; never answered as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    pub name: String,
    pub display: String,
    pub role: Role,
    /// `None`: all.
    pub sites: Option<Vec<String>>,
    pub disabled: bool,
    pub source: Source,
    /// Argon2id; none for people of single sign-on.
    pub password: Option<String>,
    pub must_change: bool,
    /// Sealed secrets of one-time codes: in force, and waiting to be confirmed.
    pub totp: Option<String>,
    pub totp_pending: Option<String>,
    /// The last step whose code was used.
    pub totp_step: i64,
    /// Grows when sessions made before must end.
    pub generation: u64,
    /// Issuer and subject at the provider.
    pub subject: Option<String>,
    pub last_login: Option<Timestamp>,
}

/// Names: 1 to 64 of lowercase letters, digits and `.-_@`.
pub fn check_name(name: &str) -> Answer<()> {
    let fine = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_@".contains(&byte))
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name != "system";
    if fine {
        return Ok(());
    }
    Err(Problem::refused(
        "The name is not one that can be taken.",
        "Use 1 to 64 lowercase letters, digits, dots, hyphens, underscores or @, beginning with a letter or digit.",
    ))
}

/// The person of that name.
pub async fn load(store: &dyn Store, name: &str, now: Timestamp) -> Result<Option<Kept<Person>>, StoreError> {
    keep::load(store, KIND, name, now).await
}

/// Writes a person that was loaded with that version (0: a new one).
pub async fn save(
    store: &dyn Store,
    person: &Person,
    version: u64,
    now: Timestamp,
) -> Result<u64, StoreError> {
    keep::save(store, KIND, &person.name, person, Some(version), None, now).await
}
