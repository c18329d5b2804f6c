//! The catalogue: facts as data. It turns what fields held into claims, names vendors by one name, and describes
//! categories of devices. Built in from `catalog/*.toml`; more files may be added, and override entries by id.

mod error;
mod matching;
mod names;
mod oui;
mod rule;
mod shape;

use std::collections::BTreeMap;

pub use error::CatalogError;
pub(crate) use matching::{Hit, Index};
pub(crate) use names::{Names, normal};
pub(crate) use oui::OuiKind;
pub(crate) use rule::{Rule, Template};

use sha2::{Digest, Sha256};
use shape::FileShape;

/// The files that are built in, by name.
const BUILTIN: &[(&str, &str)] = &[
    ("categories.toml", include_str!("../../../../catalog/categories.toml")),
    ("vendors.toml", include_str!("../../../../catalog/vendors.toml")),
    ("systems.toml", include_str!("../../../../catalog/systems.toml")),
    ("oui.toml", include_str!("../../../../catalog/oui.toml")),
    ("enterprise.toml", include_str!("../../../../catalog/enterprise.toml")),
    ("bacnet.toml", include_str!("../../../../catalog/bacnet.toml")),
    ("dhcp.toml", include_str!("../../../../catalog/dhcp.toml")),
    ("naming.toml", include_str!("../../../../catalog/naming.toml")),
    ("web.toml", include_str!("../../../../catalog/web.toml")),
    ("remote.toml", include_str!("../../../../catalog/remote.toml")),
    ("software.toml", include_str!("../../../../catalog/software.toml")),
    ("windows.toml", include_str!("../../../../catalog/windows.toml")),
    ("network.toml", include_str!("../../../../catalog/network.toml")),
    ("tcp.toml", include_str!("../../../../catalog/tcp.toml")),
    ("dicom.toml", include_str!("../../../../catalog/dicom.toml")),
    ("clinical.toml", include_str!("../../../../catalog/clinical.toml")),
    ("services.toml", include_str!("../../../../catalog/services.toml")),
    ("models.toml", include_str!("../../../../catalog/models.toml")),
    ("hostnames.toml", include_str!("../../../../catalog/hostnames.toml")),
];

/// A kind of device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// The value of the attribute "category".
    pub slug: String,
    /// As shown to a person.
    pub label: String,
    /// Heading under which it is listed ("imaging", "patient care", "laboratory", "IT", "building", …).
    pub group: String,
    /// What it does in care, or on the network.
    pub role: Option<String>,
    /// FDA device class: "1", "2" or "3"; absent where it is no medical device or the class varies.
    pub fda_class: Option<String>,
    /// "yes", "no" or "unknown".
    pub life_supporting: String,
    /// Why: regulation, product code or reason.
    pub basis: String,
    /// A wider category that this one is a case of.
    pub within: Option<String>,
    /// Where the facts are from.
    pub source: String,
}

/// What a person needs to see of a rule to follow a conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleInfo<'a> {
    pub id: &'a str,
    /// File it stands in.
    pub file: &'a str,
    /// Where the fact is from.
    pub source: &'a str,
}

/// A dissector's field that a rule reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    pub source: String,
    pub field: String,
    /// The rule that reads it.
    pub rule: String,
}

/// All facts, checked and indexed.
#[derive(Debug)]
pub struct Catalog {
    pub(crate) categories: BTreeMap<String, Category>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) index: Index,
    pub(crate) vendors: Names,
    pub(crate) systems: Names,
    oui: BTreeMap<String, OuiKind>,
    digest: [u8; 32],
}

impl Catalog {
    /// SHA-256 of the files that it was made of: two catalogues of one digest resolve every name alike.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// What is built in.
    pub fn builtin() -> Result<Catalog, CatalogError> {
        assemble(BUILTIN, BUILTIN.len())
    }

    /// What is built in, extended by more files, given as name and text. An entry with the id of a built-in one
    /// replaces it.
    pub fn extended(files: &[(&str, &str)]) -> Result<Catalog, CatalogError> {
        let all: Vec<(&str, &str)> = BUILTIN.iter().chain(files).copied().collect();
        assemble(&all, BUILTIN.len())
    }

    /// From files, given as name and text. Of entries with one id in two files the later file's counts.
    pub fn parse(files: &[(&str, &str)]) -> Result<Catalog, CatalogError> {
        assemble(files, 0)
    }

    /// The category of that slug.
    pub fn category(&self, slug: &str) -> Option<&Category> {
        self.categories.get(slug)
    }

    /// The category that people call so: by its slug or its label, whatever the order of the words ("Pump, Infusion").
    pub fn category_called(&self, name: &str) -> Option<&Category> {
        let words = |text: &str| -> Vec<String> {
            let mut words: Vec<String> = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(|word| word.to_lowercase().trim_end_matches('s').to_owned())
                .collect();
            words.sort();
            words
        };
        let wanted = words(name);
        if wanted.is_empty() {
            return None;
        }
        self.categories
            .values()
            .find(|category| words(&category.slug) == wanted || words(&category.label) == wanted)
    }

    /// All categories, by slug.
    pub fn categories(&self) -> impl Iterator<Item = &Category> {
        self.categories.values()
    }

    /// A rule by its id, to show where a conclusion comes from. Takes the id with or without "catalog:".
    pub fn rule(&self, id: &str) -> Option<RuleInfo<'_>> {
        let id = id.strip_prefix("catalog:").unwrap_or(id);
        self.rules.iter().find(|rule| rule.id == id).map(|rule| RuleInfo {
            id: &rule.id,
            file: &rule.file,
            source: &rule.source,
        })
    }

    /// How many rules there are.
    pub fn rule_count(&self) -> usize {
        self.rules.len()
    }

    /// A vendor's common name for a name as found, or the name itself, tidied.
    pub fn vendor_name(&self, found: &str) -> String {
        self.vendors.canonical(found)
    }

    /// Whether that is a spelling of a vendor of the catalogue.
    pub fn knows_vendor(&self, found: &str) -> bool {
        self.vendors.known(found).is_some()
    }

    /// Whether that is just a vendor's name, with nothing behind it.
    pub fn is_vendor(&self, found: &str) -> bool {
        self.vendors.is_spelling(found)
    }

    /// Names under which a vendor's products may be known: its own, former owners' and the present owner's.
    pub fn vendor_names(&self, name: &str) -> Vec<String> {
        self.vendors.related(name)
    }

    /// Fields of dissectors that rules read, sorted; a test compares them with what dissectors declare.
    pub fn references(&self) -> Vec<Reference> {
        let mut all: Vec<Reference> = self
            .rules
            .iter()
            .flat_map(|rule| {
                rule.fields().filter(|(source, _)| !rule::OWN_SOURCES.contains(source)).map(
                    |(source, field)| Reference {
                        source: source.to_owned(),
                        field: field.to_owned(),
                        rule: rule.id.clone(),
                    },
                )
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The first `trusted` files are known to be right (a test checks them).
fn assemble(files: &[(&str, &str)], trusted: usize) -> Result<Catalog, CatalogError> {
    let mut shapes = Vec::new();
    for (name, text) in files {
        let shape: FileShape = toml::from_str(text)
            .map_err(|e| CatalogError::Syntax { file: (*name).to_owned(), reason: e.to_string() })?;
        shapes.push(((*name).to_owned(), shape));
    }
    let is_trusted = |file: &str| files.iter().take(trusted).any(|(name, _)| *name == file);
    let mut catalog = build(&shapes, is_trusted)?;
    let mut digest = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    }
    catalog.digest = digest.finalize().into();
    Ok(catalog)
}

fn build(shapes: &[(String, FileShape)], trusted: impl Fn(&str) -> bool) -> Result<Catalog, CatalogError> {
    let mut categories = BTreeMap::new();
    let mut vendors = Names::default();
    let mut systems = Names::default();
    let mut oui = BTreeMap::new();
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for (file, shape) in shapes {
        for entry in &shape.category {
            categories.insert(entry.slug.clone(), entry.check(file)?);
        }
        for entry in &shape.vendor {
            entry.check(file)?;
            vendors.add(entry);
        }
        for entry in &shape.system {
            entry.check(file)?;
            systems.add(entry);
        }
        for entry in &shape.oui {
            let kind = entry.check(file)?;
            oui.extend(entry.organisations.iter().map(|name| (normal(name), kind)));
        }
    }
    for category in categories.values() {
        if let Some(wider) = &category.within
            && !categories.contains_key(wider)
        {
            return Err(CatalogError::entry(
                "categories",
                &category.slug,
                format!("names the unknown category '{wider}'"),
            ));
        }
    }
    for (file, shape) in shapes {
        let tables = shape.table.iter().map(|table| table.rules(file));
        let models = std::iter::once(shape.model.iter().map(|model| model.rule(file)).collect());
        let plain = std::iter::once(shape.rule.iter().map(|rule| rule.check(file)).collect());
        for group in tables.chain(models).chain(plain) {
            let group: Vec<Rule> = group?;
            for rule in group {
                rule.check_claims(&categories)?;
                let twin = rules.get(&rule.id);
                if twin.is_some_and(|twin| twin.file == rule.file) {
                    return Err(CatalogError::entry(
                        file,
                        &rule.id,
                        "has the id of another entry in this file".into(),
                    ));
                }
                if twin.is_none() {
                    order.push(rule.id.clone());
                }
                rules.insert(rule.id.clone(), rule);
            }
        }
    }
    let rules: Vec<Rule> = order.iter().filter_map(|id| rules.remove(id)).collect();
    let index = Index::new(&rules, trusted)?;
    Ok(Catalog { categories, rules, index, vendors, systems, oui, digest: [0; 32] })
}

#[cfg(test)]
mod tests;
