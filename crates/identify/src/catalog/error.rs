//! What can be wrong with a catalogue file.

/// A catalogue that cannot be used: which file, which entry, what is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// Not TOML, or a key that no entry has.
    #[error("catalogue file {file} cannot be read: {reason}")]
    Syntax { file: String, reason: String },
    /// An entry that cannot be used.
    #[error("catalogue file {file}, entry '{entry}' {reason}")]
    Entry { file: String, entry: String, reason: String },
}

impl CatalogError {
    pub(crate) fn entry(file: &str, entry: &str, reason: String) -> CatalogError {
        CatalogError::Entry { file: file.to_owned(), entry: entry.to_owned(), reason }
    }
}
