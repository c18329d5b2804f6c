//! Backup and restore in one format for both engines, so that it also carries from one to the other.
//!
//! A file of zstd: lines of JSON. First a head (format, schema), then for each table a line with its columns and a line a
//! row, and at the end how many rows there were, so that a file that was cut off is noticed. Bytes stand as `{"b": base64}`.

mod layout;
mod restore;
mod write;

use std::path::{Path, PathBuf};

use thiserror::Error;

pub use restore::restore;

use crate::Database;
use crate::engine::OpenError;

/// Number of the format.
const FORMAT: u64 = 1;

/// Why a backup was not written.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The database did not answer.
    #[error("the backup was not written: {0}")]
    Store(#[from] medward_monitor::StoreError),
    /// The file could not be written.
    #[error("the backup {path} cannot be written: {cause}")]
    File { path: PathBuf, cause: std::io::Error },
}

/// Why a backup was not restored. Nothing was changed then.
#[derive(Debug, Error)]
pub enum RestoreError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the backup was not restored: {0}")]
    Store(#[from] medward_monitor::StoreError),
    /// It cannot be read, or is not whole.
    #[error("the backup {path} cannot be used, line {line}: {cause}")]
    Damaged { path: PathBuf, line: u64, cause: String },
    /// There is something in the database already.
    #[error("the database is not empty; restore into a new one")]
    NotEmpty,
}

impl Database {
    /// Writes all that is stored at this moment to a file, which has its name only once it is whole.
    ///
    /// Others go on reading and writing meanwhile. Answers how many rows were written.
    ///
    /// # Errors
    /// Where the database does not answer or the file cannot be written; no file is left then.
    pub async fn backup(&self, to: &Path) -> Result<u64, BackupError> {
        write::write(self, to).await
    }
}
