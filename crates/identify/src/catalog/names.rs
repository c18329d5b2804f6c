//! One name for one maker or system, whatever the spelling.

use std::collections::{BTreeMap, BTreeSet};

use super::shape::NameShape;

/// Words at the end of a company's name that do not tell companies apart.
const SUFFIXES: [&str; 27] = [
    "inc",
    "incorporated",
    "corp",
    "corporation",
    "co",
    "company",
    "ltd",
    "limited",
    "llc",
    "gmbh",
    "ag",
    "sa",
    "bv",
    "nv",
    "ab",
    "as",
    "oy",
    "kg",
    "plc",
    "srl",
    "spa",
    "pte",
    "pty",
    "sas",
    "kk",
    "se",
    "sarl",
];

/// A name for comparing: lower case, letters and digits of any script only, single blanks, no legal form.
pub(crate) fn normal(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '.' | '\'' | '’' | '®' | '™' => {}
            c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
            _ if !plain.ends_with(' ') => plain.push(' '),
            _ => {}
        }
    }
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    while words.len() > 1
        && words.last().is_some_and(|w| SUFFIXES.contains(w) || w.len() == 1 && words.len() > 2)
    {
        words.pop();
    }
    words.join(" ")
}

/// Names with their spellings.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// Spellings as written, where case tells names apart (Apple's iOS, Cisco's IOS).
    written: BTreeMap<String, String>,
    /// Normal spelling to canonical name.
    exact: BTreeMap<String, String>,
    /// Normal beginnings to canonical name.
    starts: BTreeMap<String, String>,
    within: BTreeMap<String, String>,
    family_only: BTreeSet<String>,
}

impl Names {
    pub(super) fn add(&mut self, entry: &NameShape) {
        self.written.insert(entry.name.clone(), entry.name.clone());
        self.exact.insert(normal(&entry.name), entry.name.clone());
        for alias in &entry.aliases {
            match alias.strip_suffix('*') {
                Some(start) => self.starts.insert(normal(start), entry.name.clone()),
                None => {
                    self.exact.entry(normal(alias)).or_insert_with(|| entry.name.clone());
                    self.written.insert(alias.clone(), entry.name.clone())
                }
            };
        }
        if entry.family_only {
            self.family_only.insert(entry.name.clone());
        }
        if let Some(wider) = &entry.within {
            self.within.insert(entry.name.clone(), wider.clone());
        }
    }

    /// The known name that `found` is a spelling of.
    pub(crate) fn known(&self, found: &str) -> Option<&str> {
        if let Some(name) = self.written.get(found) {
            return Some(name);
        }
        let plain = normal(found);
        if let Some(name) = self.exact.get(&plain) {
            return Some(name);
        }
        // The longest beginning that ends at a word.
        let mut start = plain.as_str();
        loop {
            if let Some(name) = self.starts.get(start) {
                return Some(name);
            }
            start = start.rsplit_once(' ')?.0;
        }
    }

    /// True where `found` is itself a spelling: not one that goes on with further words.
    pub(crate) fn is_spelling(&self, found: &str) -> bool {
        let plain = normal(found);
        self.exact.contains_key(&plain) || self.starts.contains_key(&plain)
    }

    /// The known name, or `found` without legal form and surplus blanks.
    pub(crate) fn canonical(&self, found: &str) -> String {
        if let Some(name) = self.known(found) {
            return name.to_owned();
        }
        let mut words: Vec<&str> = found.split_whitespace().collect();
        let is_suffix = |word: &str| {
            let plain: String = word.chars().filter(|c| c.is_alphanumeric()).collect();
            plain.is_empty() || SUFFIXES.contains(&plain.to_lowercase().as_str())
        };
        while words.len() > 1 && words.last().is_some_and(|w| is_suffix(w)) {
            words.pop();
        }
        words.join(" ").trim_end_matches([',', ';', '.']).to_owned()
    }

    /// True where the name stands for a family and is not to be published itself.
    pub(crate) fn is_family_only(&self, name: &str) -> bool {
        self.family_only.contains(name)
    }

    /// True where `narrow` lies within `wide`, at any distance.
    pub(crate) fn lies_within(&self, narrow: &str, wide: &str) -> bool {
        let mut at = narrow;
        // No chain is longer than there are entries, so a circle in the file ends too.
        for _ in 0..self.within.len() {
            match self.within.get(at) {
                Some(wider) if wider == wide => return true,
                Some(wider) => at = wider,
                None => return false,
            }
        }
        false
    }

    /// `name` with all that lie within it and all that it lies within.
    pub(super) fn related(&self, name: &str) -> Vec<String> {
        let own = self.canonical(name);
        let mut all: Vec<String> = self
            .within
            .iter()
            .flat_map(|(narrow, wide)| [narrow, wide])
            .filter(|other| self.lies_within(other, &own) || self.lies_within(&own, other))
            .cloned()
            .collect();
        all.push(own);
        all.sort();
        all.dedup();
        all
    }
}
