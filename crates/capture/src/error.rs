//! Why nothing could be read.

use std::io;
use std::path::PathBuf;

/// Why no capture could be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("no capture was named; give files, directories, or '-' for standard input")]
    NoInput,
    #[error("cannot read {}: {source}", shown(.path))]
    Unreadable { path: PathBuf, source: io::Error },
    /// `looks_like` says what it seems to be, and what to do about it where that is known.
    #[error("{} is not a packet capture: it looks like {looks_like}", shown(.path))]
    NotACapture { path: PathBuf, looks_like: String },
    #[error("no packet capture in the directory {} ({files} files were looked at)", shown(.path))]
    NoCaptureIn { path: PathBuf, files: usize },
    #[error("none of the inputs can be read:{}", lines(.0))]
    NoneReadable(Vec<OpenError>),
}

fn shown(path: &std::path::Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

fn lines(errors: &[OpenError]) -> String {
    const SHOWN: usize = 20;
    let mut text: String = errors.iter().take(SHOWN).map(|error| format!("\n  {error}")).collect();
    if errors.len() > SHOWN {
        text.push_str(&format!("\n  and {} more", errors.len() - SHOWN));
    }
    text
}
