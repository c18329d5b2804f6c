//! Where a page ended, as a text that means nothing to others.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use medward_monitor::{PageRequest, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest cursor that is looked at, in bytes.
const LONGEST: usize = 4096;

/// A cursor for a list of that name; the name holds its order, so that it fits no other.
pub(crate) fn write<T: Serialize>(list: &str, at: &T) -> Result<String, StoreError> {
    Ok(URL_SAFE_NO_PAD.encode(crate::sql::to_json(&(list, at))?))
}

/// What was written for that list.
pub(crate) fn read<T: DeserializeOwned>(list: &str, cursor: &str) -> Result<T, StoreError> {
    if cursor.len() > LONGEST {
        return Err(StoreError::BadCursor);
    }
    let text = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StoreError::BadCursor)?;
    let (name, at): (String, T) = serde_json::from_slice(&text).map_err(|_| StoreError::BadCursor)?;
    if name == list { Ok(at) } else { Err(StoreError::BadCursor) }
}

/// The size of a page, 1 to 1000.
pub(crate) fn limit(page: &PageRequest) -> Result<usize, StoreError> {
    bounded(page.limit, 1000)
}

/// A limit from 1 to `most`.
pub(crate) fn bounded(limit: u32, most: u32) -> Result<usize, StoreError> {
    if (1..=most).contains(&limit) {
        Ok(usize::try_from(limit).unwrap_or(1))
    } else {
        Err(StoreError::Refused(format!("the limit is {limit}; it must be 1 to {most}")))
    }
}
