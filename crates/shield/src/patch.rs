//! Virtual patches: which advisory or weakness which shield is for (`catalog/virtual-patches/`).

use std::collections::{BTreeMap, BTreeSet};

use medward_model::{Finding, FindingKind};
use serde::{Deserialize, Serialize};

use crate::shields::shield;

/// The files that are built in, by name.
const BUILTIN: &[(&str, &str)] = &[
    ("building.toml", include_str!("../../../catalog/virtual-patches/building.toml")),
    ("imaging.toml", include_str!("../../../catalog/virtual-patches/imaging.toml")),
    ("monitoring.toml", include_str!("../../../catalog/virtual-patches/monitoring.toml")),
    ("pumps.toml", include_str!("../../../catalog/virtual-patches/pumps.toml")),
    ("weaknesses.toml", include_str!("../../../catalog/virtual-patches/weaknesses.toml")),
    ("windows.toml", include_str!("../../../catalog/virtual-patches/windows.toml")),
];

/// What shields a weakness that cannot be patched away (yet).
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct VirtualPatch {
    /// In kebab case.
    pub id: String,
    /// What is shielded, in a few words.
    pub title: String,
    /// Ids of advisories ("ICSMA-20-170-04"), without the letter of an update.
    #[serde(default)]
    pub advisories: Vec<String>,
    /// The CVEs that the shields stop; others of the same advisory are not named.
    #[serde(default)]
    pub cves: Vec<String>,
    /// Weaknesses seen on the wire.
    #[serde(default)]
    pub weaknesses: Vec<Weakness>,
    /// Names of shields.
    pub shields: Vec<String>,
    /// What to give the scope: its key, and what belongs there, in words.
    #[serde(default)]
    pub parameters: BTreeMap<String, String>,
    /// What it may do to care.
    pub effect: String,
    /// What it does not stop.
    pub remains: String,
    /// Where the facts are from.
    pub source: String,
    /// That the shield stops it is concluded from the text, not said there.
    #[serde(default)]
    pub guess: bool,
}

/// A weakness seen on the wire: a kind of finding, and words of its title.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Weakness {
    /// Name of the kind ("weak-protocol").
    pub kind: String,
    /// One of these stands in the title, in any case.
    pub words: Vec<String>,
}

/// All virtual patches.
#[derive(Clone, Debug, Default)]
pub struct Patches {
    list: Vec<VirtualPatch>,
}

/// Why a file of virtual patches cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PatchError {
    #[error("{file}: {problem}")]
    Shape { file: String, problem: String },
    #[error("{file}, '{id}': {problem}")]
    Entry { file: String, id: String, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileShape {
    patch: Vec<VirtualPatch>,
}

impl Patches {
    /// Those that are built in.
    pub fn builtin() -> Result<Patches, PatchError> {
        Patches::read(BUILTIN)
    }

    /// Reads files, given by name and text.
    pub fn read(files: &[(&str, &str)]) -> Result<Patches, PatchError> {
        let mut patches = Patches::default();
        let mut ids = BTreeSet::new();
        for (file, text) in files {
            let shape: FileShape = toml::from_str(text).map_err(|error| PatchError::Shape {
                file: (*file).to_owned(),
                problem: error.to_string(),
            })?;
            for patch in shape.patch {
                let problem = if ids.insert(patch.id.clone()) {
                    patch.problem()
                } else {
                    Some("is there twice".to_owned())
                };
                if let Some(problem) = problem {
                    return Err(PatchError::Entry { file: (*file).to_owned(), id: patch.id, problem });
                }
                patches.list.push(patch);
            }
        }
        Ok(patches)
    }

    /// All, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = &VirtualPatch> {
        self.list.iter()
    }

    /// Those that shield a device with that finding: by a CVE that they name, by the advisory where the finding names no CVE,
    /// or by the weakness.
    pub fn recommended(&self, finding: &Finding) -> Vec<&VirtualPatch> {
        self.list.iter().filter(|patch| patch.is_for(finding)).collect()
    }
}

impl VirtualPatch {
    fn is_for(&self, finding: &Finding) -> bool {
        let title = finding.title.to_ascii_lowercase();
        let weak = self.weaknesses.iter().any(|weakness| {
            weakness.kind == finding.kind.name()
                && weakness.words.iter().any(|word| title.contains(&word.to_ascii_lowercase()))
        });
        let advised = finding.advisory.as_ref().is_some_and(|advisory| {
            if !advisory.cve.is_empty() {
                return advisory
                    .cve
                    .iter()
                    .any(|cve| self.cves.iter().any(|own| own.eq_ignore_ascii_case(cve)));
            }
            let said = advisory.also.iter().filter_map(|also| also.rsplit(' ').next());
            let mut said = said.chain([advisory.id.as_str()]);
            said.any(|id| {
                self.advisories.iter().any(|own| is_advisory(own, id))
                    || self.cves.iter().any(|own| own.eq_ignore_ascii_case(id))
            })
        });
        weak || advised
    }

    /// What is wrong with it.
    fn problem(&self) -> Option<String> {
        const KEYS: [&str; 5] = ["servers", "archives", "ae-titles", "applications", "windows"];
        if self.id.is_empty()
            || !self.id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return Some("its id is not in kebab case".to_owned());
        }
        for (name, text) in [("title", &self.title), ("effect", &self.effect), ("remains", &self.remains)] {
            if text.trim().is_empty() {
                return Some(format!("{name} is empty"));
            }
        }
        if !self.source.starts_with("https://") {
            return Some("its source is no https address".to_owned());
        }
        if self.shields.is_empty() {
            return Some("names no shield".to_owned());
        }
        if self.advisories.is_empty() && self.cves.is_empty() && self.weaknesses.is_empty() {
            return Some("names no advisory, CVE or weakness".to_owned());
        }
        if let Some(cve) = self.cves.iter().find(|cve| !is_cve(cve)) {
            return Some(format!("'{cve}' is no CVE"));
        }
        let asks: Vec<&str> = self
            .shields
            .iter()
            .filter_map(|name| shield(name))
            .flat_map(|shield| shield.asks)
            .copied()
            .collect();
        if let Some(name) = self.shields.iter().find(|name| shield(name).is_none()) {
            return Some(format!("there is no shield '{name}'"));
        }
        if let Some(key) =
            self.parameters.keys().find(|key| !KEYS.contains(&key.as_str()) || !asks.contains(&key.as_str()))
        {
            return Some(format!("its shields do not ask for '{key}'"));
        }
        if let Some(key) = asks.iter().find(|key| !self.parameters.contains_key(**key)) {
            return Some(format!("does not say what belongs in '{key}'"));
        }
        let kinds = FindingKind::ALL;
        let odd = self
            .weaknesses
            .iter()
            .find(|w| w.words.is_empty() || !kinds.iter().any(|kind| kind.name() == w.kind));
        odd.map(|weakness| format!("'{}' is no kind of finding, or has no words", weakness.kind))
    }
}

/// The same advisory, whatever the letter of its update.
fn is_advisory(own: &str, id: &str) -> bool {
    let bare = |id: &str| id.trim_end_matches(|c: char| c.is_ascii_alphabetic()).to_ascii_uppercase();
    bare(own) == bare(id)
}

fn is_cve(text: &str) -> bool {
    let mut parts = text.split('-');
    let digits = |part: Option<&str>, least: usize| {
        part.is_some_and(|part| part.len() >= least && part.bytes().all(|b| b.is_ascii_digit()))
    };
    parts.next() == Some("CVE")
        && digits(parts.next(), 4)
        && digits(parts.next(), 4)
        && parts.next().is_none()
}
