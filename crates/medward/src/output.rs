//! Where results go.

use std::io::{BufWriter, IsTerminal, Write};
use std::path::Path;

use anyhow::Context as _;

use crate::exit::Failure;

/// Writes a result to standard output, or to a file by way of a temporary one beside it, so that a reader of the file
/// never sees half a result.
pub fn write(
    path: Option<&Path>,
    body: impl FnOnce(&mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let Some(path) = path else {
        let mut out = BufWriter::new(std::io::stdout().lock());
        body(&mut out)?;
        return out.flush().context("cannot write to standard output");
    };
    // A device, pipe or socket is written to; only a file is replaced.
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        let file =
            std::fs::OpenOptions::new().write(true).open(path).map_err(|error| cannot(path, &error))?;
        let mut out = BufWriter::new(file);
        body(&mut out)?;
        return out.flush().map_err(|error| cannot(path, &error));
    }
    // Where a link points, not the link, is what is replaced.
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".medward-")
        .permissions(mode(0o644))
        .tempfile_in(folder)
        .map_err(|error| cannot(path, &error))?;
    let mut out = BufWriter::new(file.as_file_mut());
    body(&mut out)?;
    out.flush().map_err(|error| cannot(path, &error))?;
    drop(out);
    file.persist(path).map_err(|error| cannot(path, &error.error))?;
    Ok(())
}

fn cannot(path: &Path, error: &dyn std::fmt::Display) -> anyhow::Error {
    Failure::missing(format!(
        "cannot write {}: {error}. Give --output a place you may write to",
        path.display()
    ))
}

fn mode(bits: u32) -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(bits)
}

/// Whether standard output shows colour: a terminal, and `NO_COLOR` is not set.
pub fn colour() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Columns of the terminal on standard output; 0 where it is none.
pub fn width() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(0, |(width, _)| usize::from(width.0))
}
