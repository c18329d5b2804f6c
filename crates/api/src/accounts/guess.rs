//! Lock-out: waits that grow with each wrong password, by account and by address.

use medward_model::Timestamp;
use medward_monitor::{Store, StoreError};
use serde::{Deserialize, Serialize};

use super::keep;
use crate::{Answer, Problem};

/// Wrong ones that cost nothing: by account, and by address (behind which may stand a whole ward).
const FREE_ACCOUNT: u32 = 4;
const FREE_ADDRESS: u32 = 19;
/// The first wait, and the longest, in seconds.
const FIRST: i64 = 15;
const LONGEST: i64 = 3600;
/// Failures are forgotten so long after the last.
const MEMORY: i64 = 24 * 3600;
const KIND: &str = "lockout";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Failures {
    count: u32,
    until: Option<Timestamp>,
}

/// The documents that count for a sign-in.
fn keys(account: &str, address: &str) -> [(String, u32); 2] {
    // Names are what somebody typed: hashed, they are short and say nothing where a password was typed as name.
    let account = crate::secrets::fingerprint(account.as_bytes());
    [(format!("account:{account}"), FREE_ACCOUNT), (format!("address:{address}"), FREE_ADDRESS)]
}

/// Counts an attempt before it is checked, so that many at the same time gain nothing; refuses it while locked.
pub async fn attempt(store: &dyn Store, account: &str, address: &str, now: Timestamp) -> Answer<()> {
    for (key, free) in keys(account, address) {
        if let Some(wait) = count(store, &key, free, now).await? {
            let mut problem =
                Problem::slow_down("Too many wrong sign-ins: this is locked for a while.", wait);
            problem.kind = "urn:medward:problem:locked".to_owned();
            return Err(problem);
        }
    }
    Ok(())
}

async fn count(store: &dyn Store, key: &str, free: u32, now: Timestamp) -> Result<Option<u64>, StoreError> {
    for _ in 0..32 {
        let kept = keep::load::<Failures>(store, KIND, key, now).await?;
        let (mut failures, version) = kept.map_or((Failures::default(), 0), |kept| (kept.body, kept.version));
        if let Some(until) = failures.until
            && until > now
        {
            return Ok(Some(u64::try_from(until.seconds_since(now)).unwrap_or(0).saturating_add(1)));
        }
        failures.count = failures.count.saturating_add(1);
        failures.until = failures.count.checked_sub(free + 1).map(|over| {
            let wait = FIRST.checked_shl(over.min(16)).unwrap_or(LONGEST).min(LONGEST);
            now.plus_seconds(wait)
        });
        let expires = Some(now.plus_seconds(MEMORY));
        match keep::save(store, KIND, key, &failures, Some(version), expires, now).await {
            Ok(_) => return Ok(None),
            Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    // So many at once are no person.
    Ok(Some(1))
}

/// Forgets the failures of an account after a right sign-in; those of the address count one less.
pub async fn forgive(
    store: &dyn Store,
    account: &str,
    address: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let [(account, _), (address, _)] = keys(account, address);
    store.delete_document(KIND, &account).await?;
    if let Some(kept) = keep::load::<Failures>(store, KIND, &address, now).await? {
        let failures = Failures { count: kept.body.count.saturating_sub(1), until: None };
        let expires = Some(now.plus_seconds(MEMORY));
        match keep::save(store, KIND, &address, &failures, Some(kept.version), expires, now).await {
            Ok(_) | Err(StoreError::Conflict { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}
