//! Makers: which names mean one maker, and which makers belong together.

use std::sync::{Arc, PoisonError, RwLock};

use foldhash::{HashMap, HashMapExt};
use medward_identify::Catalog;

use super::words::Vocabulary;

/// How the maker that an advisory names stands to the device's, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kinship {
    /// The same maker.
    Same,
    /// One belongs, or belonged, to the other.
    Related,
    /// The device's maker, or the advisory's, is not known.
    Unknown,
}

/// A maker as resolved.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Maker {
    /// Its common name.
    pub name: String,
    /// Lower case, for comparing names that the catalogue does not have.
    pub key: String,
    /// Names of makers that belong to it or that it belongs to, itself included, sorted.
    pub related: Vec<String>,
    /// The catalogue has it.
    pub known: bool,
    /// Key of the known maker that its name begins with: "philips" of "Philips North America".
    pub lead: Option<String>,
}

impl Maker {
    /// The first word of a name that the catalogue does not have, where it tells makers apart.
    pub(crate) fn short(&self) -> Option<&str> {
        let first = self.key.split([' ', ',', '-']).next()?;
        (!self.known && first.len() >= 4 && !COMMON.contains(&first)).then_some(first)
    }
}

/// The names under which something of these makers is found, sorted.
pub(crate) fn owners(makers: &[Arc<Maker>]) -> Vec<Box<str>> {
    let mut owners: Vec<Box<str>> = makers
        .iter()
        .flat_map(|maker| [Some(maker.key.as_str()), maker.short(), maker.lead.as_deref()])
        .flatten()
        .map(Into::into)
        .collect();
    owners.sort();
    owners.dedup();
    owners
}

/// First words that many makers share.
const COMMON: [&str; 16] = [
    "medical",
    "health",
    "healthcare",
    "general",
    "american",
    "national",
    "united",
    "advanced",
    "digital",
    "global",
    "international",
    "universal",
    "smart",
    "open",
    "data",
    "clinical",
];

/// One is the other with words behind it.
fn begins(a: &str, b: &str) -> bool {
    let longer = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',', '-']))
    };
    longer(a, b) || longer(b, a)
}

/// Resolves names of makers; remembers what it resolved.
pub(crate) struct Makers {
    catalog: Arc<Catalog>,
    kin: HashMap<String, Vec<(String, String)>>,
    known: RwLock<HashMap<String, Arc<Maker>>>,
}

/// Most names that are remembered.
const MAX_REMEMBERED: usize = 400_000;

impl Makers {
    pub(crate) fn new(catalog: Arc<Catalog>, vocabulary: &Vocabulary) -> Makers {
        let mut kin: HashMap<String, Vec<(String, String)>> = HashMap::new();
        for (names, why) in &vocabulary.kin {
            for name in names {
                for other in names.iter().filter(|other| *other != name) {
                    kin.entry(name.clone()).or_default().push((other.clone(), why.clone()));
                }
            }
        }
        Makers { catalog, kin, known: RwLock::new(HashMap::new()) }
    }

    /// The maker of that name; underscores stand for blanks, as in CPE names.
    pub(crate) fn resolve(&self, name: &str) -> Arc<Maker> {
        if let Some(maker) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Arc::clone(maker);
        }
        let plain = name.replace('_', " ");
        let canonical = self.catalog.vendor_name(plain.trim());
        let mut related: Vec<String> = Vec::new();
        let mut open = vec![canonical.clone()];
        while let Some(next) = open.pop() {
            if related.contains(&next) {
                continue;
            }
            let kin = self.kin.get(&next).into_iter().flatten().map(|(other, _)| other.clone());
            // Owners and owned of kin are not taken along: kinship does not spread.
            if related.is_empty() {
                open.extend(self.catalog.vendor_names(&next));
                open.extend(kin);
            }
            related.push(next);
        }
        let known = self.catalog.knows_vendor(&canonical);
        let lead = (!known).then(|| self.lead(&canonical)).flatten();
        if let Some(lead) = &lead {
            related.push(lead.clone());
        }
        related.sort();
        related.dedup();
        let lead = lead.map(|name| name.to_lowercase());
        let maker = Arc::new(Maker { key: canonical.to_lowercase(), known, lead, name: canonical, related });
        let mut remembered = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() < MAX_REMEMBERED {
            remembered.insert(name.to_owned(), Arc::clone(&maker));
        }
        maker
    }

    /// The known maker that a name begins with.
    fn lead(&self, name: &str) -> Option<String> {
        let words: Vec<&str> = name.split_whitespace().collect();
        (1..words.len()).rev().find_map(|length| {
            let front = words.get(..length)?.join(" ");
            self.catalog.is_vendor(&front).then(|| self.catalog.vendor_name(&front))
        })
    }

    /// Whether the catalogue knows this spelling of a maker.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        self.catalog.knows_vendor(name)
    }

    /// Whether this is a maker's name and nothing more.
    pub(crate) fn is_name(&self, text: &str) -> bool {
        self.catalog.is_vendor(text)
    }

    /// The makers that an advisory's vendor text names: one, or each of "Silex Technology and GE Healthcare".
    pub(crate) fn named(&self, text: &str) -> Vec<Arc<Maker>> {
        let text = text.trim();
        if text.is_empty()
            || ["n/a", "unknown", "unspecified", "-", "*"].contains(&text.to_ascii_lowercase().as_str())
        {
            return Vec::new();
        }
        let mut makers = vec![self.resolve(text)];
        let parts: Vec<&str> = text
            .split([',', ';', '/'])
            .flat_map(|part| part.split(" and "))
            .flat_map(|part| part.split(" & "))
            .map(str::trim)
            .filter(|part| part.len() > 1)
            .collect();
        if !self.is_known(text) && parts.len() > 1 {
            makers.extend(parts.into_iter().map(|part| self.resolve(part.trim_start_matches("and "))));
        }
        // "General Electric (GE)" is named twice over.
        if let Some((before, _)) = text.split_once('(')
            && !self.is_known(text)
            && !before.trim().is_empty()
        {
            makers.push(self.resolve(before.trim()));
        }
        makers
    }

    /// How two makers stand to each other, with words for it; `None`: they have nothing to do with each other.
    pub(crate) fn kinship(&self, own: &Maker, named: &[Arc<Maker>]) -> Option<(Kinship, String)> {
        if let Some(same) = named.iter().find(|maker| maker.key == own.key) {
            return Some((Kinship::Same, format!("the same maker: {}", same.name)));
        }
        for maker in named {
            if own.related.contains(&maker.name) || maker.related.contains(&own.name) {
                return Some((Kinship::Related, self.why(own, maker)));
            }
        }
        // Names that the catalogue does not have: "SOOIL" for "SOOIL Developments".
        named
            .iter()
            .find(|maker| {
                own.short().is_some() && own.short() == maker.short() && begins(&own.key, &maker.key)
            })
            .map(|maker| (Kinship::Related, format!("{} and {} begin alike", own.name, maker.name)))
    }

    fn why(&self, own: &Maker, other: &Maker) -> String {
        let kin = self.kin.get(&own.name).into_iter().flatten().find(|(name, _)| *name == other.name);
        match kin {
            Some((_, why)) => why.clone(),
            None => format!("{} and {} belong together", own.name, other.name),
        }
    }
}
