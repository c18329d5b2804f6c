//! The rules of the house, as checks. Each rule is one file and says what is wrong, where, and what to do.

mod captures;
mod catalog;
mod files;
mod layers;
mod plugins;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Something that breaks a rule.
pub struct Complaint {
    pub place: String,
    pub what: String,
}

impl Complaint {
    pub fn at(place: impl std::fmt::Display, what: impl Into<String>) -> Complaint {
        Complaint { place: place.to_string(), what: what.into() }
    }
}

type Rule = (&'static str, fn(&Path) -> anyhow::Result<Vec<Complaint>>);

const RULES: &[Rule] = &[
    ("layers", layers::check),
    ("files", files::check),
    ("plugins", plugins::check),
    ("catalogue", catalog::check),
    ("captures", captures::check),
];

pub fn run(root: &Path) -> anyhow::Result<()> {
    let mut wrong = 0;
    for (name, rule) in RULES {
        let complaints = rule(root).with_context(|| format!("rule '{name}'"))?;
        for complaint in &complaints {
            eprintln!("tidy: {name}: {}: {}", complaint.place, complaint.what);
        }
        wrong += complaints.len();
    }
    anyhow::ensure!(wrong == 0, "{wrong} complaints");
    println!("tidy: {} rules hold", RULES.len());
    Ok(())
}

/// All files below `folder` whose name ends so, sorted; nothing where the folder is missing.
pub fn files_below(folder: &Path, endings: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            if kind.is_dir()
                && !matches!(name.as_str(), "target" | ".git" | "node_modules")
                && !name.starts_with('.')
            {
                open.push(path);
            } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path as shown: relative to the root.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
