//! The first start: an administrator with a password for one use.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use thiserror::Error;

use super::person::{self, Person};
use super::{keep, password};
use crate::rights::Role;
use crate::secrets::SecretError;

/// Why there is no first administrator.
#[derive(Debug, Error)]
pub enum FirstRunError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// The first administrator. The password is to be printed once and kept nowhere.
pub struct OneTimePassword {
    pub name: String,
    pub password: String,
}

/// Where nobody has an account yet, makes the administrator "admin", who must take another password at the first
/// sign-in. `None` where there are people.
pub async fn first_run(store: &dyn Store, now: Timestamp) -> Result<Option<OneTimePassword>, FirstRunError> {
    if !store.documents(person::KIND, now).await?.is_empty() {
        return Ok(None);
    }
    renew_administrator(store, now).await.map(Some)
}

/// Makes "admin" an administrator with a new password for one use, whatever was before: for who is locked out and has the
/// machine itself.
pub async fn renew_administrator(
    store: &dyn Store,
    now: Timestamp,
) -> Result<OneTimePassword, FirstRunError> {
    let word = password::one_time()?;
    let to_hash = word.clone();
    let hash = tokio::task::spawn_blocking(move || password::hash_now(&to_hash))
        .await
        .map_err(|_| SecretError::NoRandom)??;
    let before = person::load(store, "admin", now).await?;
    let person = Person {
        name: "admin".to_owned(),
        display: "Administrator".to_owned(),
        role: Role::Administrator,
        password: Some(hash),
        must_change: true,
        generation: before.as_ref().map_or(0, |kept| kept.body.generation.saturating_add(1)),
        ..Person::default()
    };
    let expected = before.map_or(0, |kept| kept.version);
    keep::save(store, person::KIND, "admin", &person, Some(expected), None, now).await?;
    Ok(OneTimePassword { name: "admin".to_owned(), password: word })
}
