//! A policy's text: read, and its mistakes shown where they stand.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::Path;

use medward_policy::{Errors, Policy, UsualPorts};

use crate::exit::Failure;

/// Largest file that is read: what is larger is told to be too long by who reads it.
const LARGEST: u64 = 65 << 20;

/// The text of a file, or of standard input for `-`.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let unreadable = |error: std::io::Error| Failure::unreadable(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(LARGEST).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::unreadable(format!("{}: it is not text (UTF-8)", path.display())))
}

/// A policy; where it has mistakes, all of them with their lines.
pub fn policy(path: &Path) -> anyhow::Result<Policy> {
    with_text(path).map(|(policy, _)| policy)
}

/// The same, with its text.
pub fn with_text(path: &Path) -> anyhow::Result<(Policy, String)> {
    let text = read(path)?;
    let policy = Policy::parse(&text, &UsualPorts)
        .map_err(|errors| Failure::unreadable(shown(&path.display().to_string(), &text, &errors)))?;
    Ok((policy, text))
}

/// Each mistake with its line of the text and a caret below it.
fn shown(name: &str, text: &str, errors: &Errors) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let count = errors.0.len();
    let mut out = format!("{name}: {count} {}", if count == 1 { "mistake" } else { "mistakes" });
    for error in &errors.0 {
        let place = error.place;
        let _ = write!(out, "\n\n{name}:{}:{}: {}", place.line, place.column, error.what);
        if let Some(meant) = &error.suggestion {
            let _ = write!(out, "; did you mean '{meant}'?");
        }
        let at = usize::try_from(place.line).unwrap_or(0).checked_sub(1);
        if let Some(line) = at.and_then(|at| lines.get(at)) {
            let before = usize::try_from(place.column).unwrap_or(1).saturating_sub(1);
            // Tabs stay, so that the caret stands where the terminal puts the letter.
            let blank: String =
                line.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
            let number = place.line.to_string();
            let margin = " ".repeat(number.len());
            let _ = write!(out, "\n {number} | {line}\n {margin} | {blank}^");
        }
    }
    out
}
