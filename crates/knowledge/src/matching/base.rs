//! What matching looks in: records of all feeds, compiled and indexed.
//!
//! Names of products are read once however many advisories use them, version claims once an advisory. A name is found by
//! maker and telling word, by CPE vendor and product, or by package. Cost: one pass over the records; memory grows with
//! distinct names and with uses (about 200 bytes a use).

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use medward_identify::Catalog;
use medward_model::{
    Advisory, Bom, CpeConfiguration, DeviceIdentifier, Exploitation, Exploited, Lifecycle, NamedProduct,
    Product, ProductCode, Record, RemedyKind, Statement, Status, VersionSpan, Versions,
};

use super::disclosed::Disclosed;
use super::makers::{Maker, Makers, owners};
use super::name::ProductName;
use super::recalled::Recalled;
use super::words::Vocabulary;
use crate::cpe::{Cpe, Value};
use crate::feeds::{DEVICE, builtin_support};
use crate::versions::Claim;

/// Position of a name in [`Base::names`].
pub(crate) type NameId = u32;

/// Everything that matching looks in.
pub struct Base {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) makers: Makers,
    pub(crate) entries: Vec<Entry>,
    pub(crate) names: Vec<Name>,
    /// Maker's key and telling word; the maker is empty where none is named.
    by_word: HashMap<(Box<str>, Box<str>), Vec<NameId>>,
    /// CPE vendor and product, without "_firmware".
    by_cpe: HashMap<(Box<str>, Box<str>), NameId>,
    /// CPE product alone, for programs whose maker is not known.
    by_program: HashMap<Box<str>, Vec<NameId>>,
    /// Package type and name of a package URL, lower case.
    by_package: HashMap<(Box<str>, Box<str>), Vec<PackageUse>>,
    pub(crate) recalls: Vec<Recalled>,
    pub(crate) recalls_by_word: HashMap<(Box<str>, Box<str>), Vec<u32>>,
    pub(crate) recalls_by_di: HashMap<Box<str>, Vec<u32>>,
    pub(crate) exploited: HashMap<Box<str>, Exploited>,
    pub(crate) scores: HashMap<Box<str>, f32>,
    /// CISA's decision points by CVE.
    pub(crate) exploitation: HashMap<Box<str>, Exploitation>,
    pub(crate) lifecycles: HashMap<Box<str>, Lifecycle>,
    /// Devices with a life cycle of their own, by maker and name.
    pub(crate) supported: Vec<(Vec<Arc<Maker>>, ProductName, Box<str>)>,
    pub(crate) lifecycle_by_cpe: HashMap<(Box<str>, Box<str>), Box<str>>,
    pub(crate) product_codes: HashMap<Box<str>, ProductCode>,
    pub(crate) identifiers: HashMap<Box<str>, Arc<DeviceIdentifier>>,
    pub(crate) boms: Vec<(Vec<Arc<Maker>>, ProductName, Claim, Bom)>,
    pub(crate) disclosures: Vec<Disclosed>,
    pub(crate) has_exploited: bool,
    pub(crate) has_scores: bool,
}

/// An advisory or VEX statement as matching keeps it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub feed: &'static str,
    pub id: Box<str>,
    pub title: Box<str>,
    pub url: Option<Box<str>>,
    pub published: Option<medward_model::Day>,
    pub weaknesses: Vec<Weakness>,
    pub products: Vec<Compiled>,
    /// Somebody's statement about products, rather than an advisory.
    pub author: Option<Box<str>>,
}

/// A status, the products it holds for, and the publisher's reason.
pub(crate) type StatusOf = (Status, Box<[u32]>, Option<Box<str>>);

/// A weakness as matching keeps it.
#[derive(Debug)]
pub(crate) struct Weakness {
    pub cve: Option<Box<str>>,
    pub score: Option<f32>,
    pub cvss_version: Box<str>,
    pub vector: Box<str>,
    pub statuses: Vec<StatusOf>,
    /// Kind, words, and for which products (none stands for all).
    pub remedies: Vec<(RemedyKind, Box<str>, Box<[u32]>)>,
}

/// A product of an entry.
#[derive(Debug)]
pub(crate) enum Compiled {
    Named(Claimed),
    Configuration(Configuration),
    Package,
}

/// A named product: what its versions and numbers say.
#[derive(Debug)]
pub(crate) struct Claimed {
    pub claim: Claim,
    /// As written, for showing.
    pub vendor: Box<str>,
    pub product: Box<str>,
    pub versions: Box<str>,
    pub model_numbers: Box<[Box<str>]>,
    pub serial_numbers: Box<[Box<str>]>,
}

/// CPE nodes, compiled.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub all: bool,
    pub negate: bool,
    pub nodes: Vec<(bool, bool, Vec<Term>)>,
}

/// One CPE match, compiled.
#[derive(Debug)]
pub(crate) struct Term {
    pub name: NameId,
    pub vulnerable: bool,
    pub part: char,
    pub claim: Claim,
    /// The criteria name no version and no bounds: `*`.
    pub unbounded: bool,
    /// Update, editions and targets that the criteria ask for, where they do.
    pub qualifiers: Option<Box<Cpe>>,
    pub criteria: Box<str>,
    pub range: Box<str>,
}

/// A product's name with everything that speaks of it.
#[derive(Debug)]
pub(crate) struct Name {
    pub makers: Vec<Arc<Maker>>,
    pub name: ProductName,
    /// It is a CPE name.
    pub cpe: Option<(Box<str>, Box<str>)>,
    /// Entry and position of the product in it.
    pub uses: Vec<(u32, u32)>,
}

impl Name {
    /// The makers under which it is found; one that is empty where none is named.
    pub(super) fn owners(&self) -> Vec<Box<str>> {
        let owners = owners(&self.makers);
        if owners.is_empty() { vec!["".into()] } else { owners }
    }
}

/// A package that an entry speaks of.
#[derive(Debug)]
pub(crate) struct PackageUse {
    pub entry: u32,
    pub product: u32,
    pub claim: Claim,
    pub versions: Box<str>,
}

/// Builds a [`Base`], record by record.
pub struct Builder {
    base: Base,
    /// Recalls of the base that were read and indexed before.
    read: usize,
    /// Vendor and product as written, to name.
    written: HashMap<(Box<str>, Box<str>), NameId>,
}

impl Builder {
    /// An empty one.
    ///
    /// # Errors
    /// Where the built-in vocabulary is not of its shape.
    pub fn new(catalog: Arc<Catalog>) -> Result<Builder, toml::de::Error> {
        let vocabulary = Vocabulary::builtin()?;
        let makers = Makers::new(catalog, &vocabulary);
        let mut builder = Base::empty(vocabulary, makers).reopen();
        for lifecycle in builtin_support() {
            builder.lifecycle(lifecycle);
        }
        Ok(builder)
    }

    /// There are exploit predictions, though those that no device needs were not added.
    pub fn has_scores(&mut self) {
        self.base.has_scores = true;
    }

    /// Takes a record of the feed of that name.
    pub fn add(&mut self, feed: &'static str, record: Record) {
        match record {
            Record::Advisory(advisory) => self.advisory(feed, *advisory),
            Record::Statement(statement) => self.statement(feed, statement),
            Record::Exploited(exploited) => {
                self.base.has_exploited = true;
                self.base.exploited.insert(exploited.cve.clone(), exploited);
            }
            Record::Score(score) => {
                self.base.has_scores = true;
                self.base.scores.insert(score.cve, score.epss);
            }
            Record::Recall(recall) => self.recall(feed, *recall),
            Record::Lifecycle(lifecycle) => self.lifecycle(*lifecycle),
            Record::ProductCode(code) => {
                self.base.product_codes.insert(code.code.clone(), code);
            }
            Record::DeviceIdentifier(identifier) => {
                let identifier = Arc::new(*identifier);
                for di in identifier.others.iter().chain([&identifier.di]) {
                    self.base.identifiers.insert(di.clone(), Arc::clone(&identifier));
                }
            }
            Record::Bom(bom) => self.bom(*bom),
            Record::Disclosure(disclosure) => {
                let disclosed = Disclosed::new(&disclosure, &self.base);
                self.base.disclosures.push(disclosed);
            }
            Record::Technique(_) => {}
        }
    }

    /// Done: what was added, ready to be looked in.
    pub fn finish(mut self) -> Base {
        self.merge_recalls();
        self.base
    }

    fn advisory(&mut self, feed: &'static str, advisory: Advisory) {
        if advisory.withdrawn {
            return;
        }
        for vulnerability in &advisory.vulnerabilities {
            if let (Some(cve), Some(ssvc)) = (&vulnerability.cve, &vulnerability.ssvc) {
                let worst = self.base.exploitation.entry(cve.clone()).or_insert(ssvc.exploitation);
                *worst = ssvc.exploitation.max(*worst);
            }
        }
        let title =
            if advisory.title.is_empty() { beginning(&advisory.summary) } else { advisory.title.clone() };
        let weaknesses = advisory
            .vulnerabilities
            .into_iter()
            .map(|vulnerability| {
                let best = vulnerability.cvss.first();
                Weakness {
                    cve: vulnerability.cve,
                    score: best.map(|cvss| cvss.score),
                    cvss_version: best.map_or("".into(), |cvss| cvss.version.clone()),
                    vector: best.map_or("".into(), |cvss| cvss.vector.clone()),
                    statuses: vulnerability
                        .statuses
                        .into_iter()
                        .map(|status| (status.status, status.products.into(), status.justification))
                        .collect(),
                    remedies: vulnerability
                        .remedies
                        .into_iter()
                        .map(|remedy| (remedy.kind, remedy.details, remedy.products.into()))
                        .collect(),
                }
            })
            .collect();
        let entry = Entry {
            feed,
            id: advisory.id,
            title,
            url: advisory.url,
            published: advisory.published,
            weaknesses,
            products: Vec::new(),
            author: None,
        };
        self.entry(entry, advisory.products);
    }

    fn statement(&mut self, feed: &'static str, statement: Statement) {
        let all: Box<[u32]> = (0..u32::try_from(statement.products.len()).unwrap_or(u32::MAX)).collect();
        let words = match (&statement.justification, statement.details.is_empty()) {
            (Some(label), false) => Some(format!("{label}: {}", statement.details).into()),
            (Some(label), true) => Some(label.clone()),
            (None, false) => Some(statement.details.clone()),
            (None, true) => None,
        };
        let entry = Entry {
            feed,
            id: statement.document,
            title: "".into(),
            url: None,
            published: statement.issued.map(medward_model::Day::of),
            weaknesses: vec![Weakness {
                cve: Some(statement.vulnerability),
                score: None,
                cvss_version: "".into(),
                vector: "".into(),
                statuses: vec![(statement.status, all, words)],
                remedies: Vec::new(),
            }],
            products: Vec::new(),
            author: Some(statement.author),
        };
        self.entry(entry, statement.products);
    }

    fn entry(&mut self, mut entry: Entry, products: Vec<Product>) {
        let Ok(position) = u32::try_from(self.base.entries.len()) else { return };
        for (at, product) in products.into_iter().enumerate() {
            let Ok(at) = u32::try_from(at) else { break };
            let compiled = match product {
                Product::Named(named) => self.named(position, at, named),
                Product::Configuration(configuration) => self.configuration(position, at, configuration),
                Product::Package(package) => {
                    let claim = Claim::read(&package.versions);
                    let key = package_key(package.purl.as_deref(), &package.ecosystem, &package.name);
                    self.base.by_package.entry(key).or_default().push(PackageUse {
                        entry: position,
                        product: at,
                        claim,
                        versions: shown(&package.versions).into(),
                    });
                    Compiled::Package
                }
            };
            entry.products.push(compiled);
        }
        self.base.entries.push(entry);
    }

    fn named(&mut self, entry: u32, at: u32, named: NamedProduct) -> Compiled {
        let claim = Claim::read(&named.versions);
        let id = self.name(&named.vendor, &named.product);
        self.used(id, entry, at);
        for cpe in &named.cpes {
            if let Some(cpe) = Cpe::parse(cpe)
                && let Some((vendor, product)) = cpe_key(&cpe)
            {
                let id = self.cpe_name(&vendor, &product);
                self.used(id, entry, at);
            }
        }
        for purl in &named.purls {
            let key = package_key(Some(purl), "", "");
            let version = purl.split('@').nth(1).and_then(|v| v.split(['?', '#']).next());
            let versions = match version {
                Some(version) if matches!(named.versions, Versions::Unstated) => {
                    Versions::Spans { default: Some(false), spans: vec![VersionSpan::exactly(true, version)] }
                }
                _ if matches!(named.versions, Versions::Unstated) => Versions::All,
                _ => named.versions.clone(),
            };
            self.base.by_package.entry(key).or_default().push(PackageUse {
                entry,
                product: at,
                claim: Claim::read(&versions),
                versions: shown(&versions).into(),
            });
        }
        Compiled::Named(Claimed {
            claim,
            versions: shown(&named.versions).into(),
            vendor: named.vendor,
            product: named.product,
            model_numbers: named.model_numbers.into(),
            serial_numbers: named.serial_numbers.into(),
        })
    }

    fn configuration(&mut self, entry: u32, at: u32, configuration: CpeConfiguration) -> Compiled {
        let mut nodes = Vec::with_capacity(configuration.nodes.len());
        for node in configuration.nodes {
            let mut terms = Vec::with_capacity(node.matches.len());
            for matched in node.matches {
                let Some(cpe) = Cpe::parse(&matched.criteria) else { continue };
                let Some((vendor, product)) = cpe_key(&cpe) else { continue };
                let id = self.cpe_name(&vendor, &product);
                if matched.vulnerable {
                    self.used(id, entry, at);
                }
                let (versions, unbounded) = cpe_versions(&cpe, matched.from, matched.to);
                terms.push(Term {
                    name: id,
                    vulnerable: matched.vulnerable,
                    part: cpe.part_letter(),
                    claim: Claim::read(&versions),
                    unbounded,
                    range: shown(&versions).into(),
                    qualifiers: cpe.has_qualifiers().then(|| Box::new(cpe)),
                    criteria: matched.criteria,
                });
            }
            nodes.push((node.all, node.negate, terms));
        }
        Compiled::Configuration(Configuration { all: configuration.all, negate: configuration.negate, nodes })
    }

    fn used(&mut self, id: NameId, entry: u32, product: u32) {
        if let Some(name) = self.base.names.get_mut(id as usize)
            && name.uses.last() != Some(&(entry, product))
        {
            name.uses.push((entry, product));
        }
    }

    /// The name of that maker's product, read once.
    fn name(&mut self, vendor: &str, product: &str) -> NameId {
        let key: (Box<str>, Box<str>) = (vendor.into(), product.into());
        if let Some(id) = self.written.get(&key) {
            return *id;
        }
        let makers = self.base.makers.named(vendor);
        let id = self.push_name(makers, product, None);
        self.written.insert(key, id);
        id
    }

    fn cpe_name(&mut self, vendor: &str, product: &str) -> NameId {
        let key: (Box<str>, Box<str>) = (vendor.into(), product.into());
        if let Some(id) = self.base.by_cpe.get(&key) {
            return *id;
        }
        let makers = vec![self.base.makers.resolve(vendor)];
        let id = self.push_name(makers, &product.replace('_', " "), Some(key.clone()));
        self.base.by_program.entry(program_key(product).into()).or_default().push(id);
        self.base.by_cpe.insert(key, id);
        id
    }

    fn push_name(
        &mut self,
        makers: Vec<Arc<Maker>>,
        text: &str,
        cpe: Option<(Box<str>, Box<str>)>,
    ) -> NameId {
        let id = u32::try_from(self.base.names.len()).unwrap_or(u32::MAX);
        let name = self.base.read_name(text, &makers);
        let keys = name.keys();
        let mut owners = owners(&makers);
        if owners.is_empty() {
            owners.push("".into());
        }
        for owner in &owners {
            for word in &keys {
                self.base.by_word.entry((owner.clone(), (*word).into())).or_default().push(id);
            }
        }
        self.base.names.push(Name { makers, name, cpe, uses: Vec::new() });
        id
    }

    fn lifecycle(&mut self, lifecycle: Lifecycle) {
        for (kind, identifier) in &lifecycle.identifiers {
            if &**kind == "cpe"
                && let Some(cpe) = Cpe::parse(identifier)
                && let Some(key) = cpe_key(&cpe)
            {
                self.base.lifecycle_by_cpe.insert(key, lifecycle.slug.clone());
            }
        }
        for (_, named) in lifecycle.identifiers.iter().filter(|(kind, _)| &**kind == DEVICE) {
            let Some((vendor, product)) = named.split_once('\t') else { continue };
            // The same product once more: what came later counts.
            self.base.supported.retain(|(.., slug)| *slug != lifecycle.slug);
            let makers = self.base.makers.named(vendor);
            let name = self.base.read_name(product, &makers);
            self.base.supported.push((makers, name, lifecycle.slug.clone()));
        }
        self.base.lifecycles.insert(lifecycle.slug.clone(), lifecycle);
    }

    fn bom(&mut self, bom: Bom) {
        let makers = self.base.makers.named(&bom.vendor);
        let name = self.base.read_name(&bom.product, &makers);
        let versions = match &bom.version {
            Some(version) => {
                Versions::Spans { default: Some(false), spans: vec![VersionSpan::exactly(true, version)] }
            }
            None => Versions::All,
        };
        self.base.boms.push((makers, name, Claim::read(&versions), bom));
    }

    fn recall(&mut self, feed: &'static str, recall: medward_model::Recall) {
        let makers = self.base.makers.named(&recall.firm);
        self.base.recalls.push(Recalled::new(feed, recall, makers));
    }

    /// The same number in two feeds is one recall: each tells what the other does not.
    fn merge_recalls(&mut self) {
        let mut merged: Vec<Recalled> = Vec::with_capacity(self.base.recalls.len());
        let mut by_number: HashMap<Box<str>, usize> = HashMap::new();
        // Those to read: new ones, and such that were read before and have more to tell now.
        let mut unread: Vec<usize> = Vec::new();
        for (position, recalled) in std::mem::take(&mut self.base.recalls).into_iter().enumerate() {
            let at = match by_number.get(&recalled.recall.number).copied() {
                Some(at) => {
                    if let Some(first) = merged.get_mut(at) {
                        first.merge(recalled);
                    }
                    at
                }
                None => {
                    by_number.insert(recalled.recall.number.clone(), merged.len());
                    merged.push(recalled);
                    merged.len() - 1
                }
            };
            if position >= self.read {
                unread.push(at);
            }
        }
        unread.sort_unstable();
        unread.dedup();
        for position in unread {
            let (Ok(at), Some(recalled)) = (u32::try_from(position), merged.get_mut(position)) else { break };
            recalled.read(&self.base);
            for di in recalled.dis() {
                self.base.recalls_by_di.entry(di).or_default().push(at);
            }
            for key in recalled.keys() {
                self.base.recalls_by_word.entry(key).or_default().push(at);
            }
        }
        self.base.recalls = merged;
    }
}

impl Base {
    fn empty(vocabulary: Vocabulary, makers: Makers) -> Base {
        Base {
            vocabulary,
            makers,
            entries: Vec::new(),
            names: Vec::new(),
            by_word: HashMap::new(),
            by_cpe: HashMap::new(),
            by_program: HashMap::new(),
            by_package: HashMap::new(),
            recalls: Vec::new(),
            recalls_by_word: HashMap::new(),
            recalls_by_di: HashMap::new(),
            exploited: HashMap::new(),
            scores: HashMap::new(),
            exploitation: HashMap::new(),
            lifecycles: HashMap::new(),
            supported: Vec::new(),
            lifecycle_by_cpe: HashMap::new(),
            product_codes: HashMap::new(),
            identifiers: HashMap::new(),
            boms: Vec::new(),
            disclosures: Vec::new(),
            has_exploited: false,
            has_scores: false,
        }
    }

    /// The same without any record; what was learnt of makers stays.
    pub(super) fn emptied(self) -> Base {
        Base::empty(self.vocabulary, self.makers)
    }

    /// The CVEs that its advisories and statements speak of.
    pub fn cves(&self) -> impl Iterator<Item = &str> {
        self.entries
            .iter()
            .flat_map(|entry| entry.weaknesses.iter())
            .filter_map(|weakness| weakness.cve.as_deref())
    }

    /// To add records that came later.
    pub fn reopen(self) -> Builder {
        Builder { read: self.recalls.len(), base: self, written: HashMap::new() }
    }

    /// Under what its names, packages, recalls, models and life cycles are found, for [`super::fleet::Fleet`].
    pub(super) fn each_key(&self, mut key: impl FnMut(Key<'_>)) {
        self.by_word.keys().for_each(|(maker, word)| key(Key::Word(maker, word)));
        self.recalls_by_word.keys().for_each(|(maker, word)| key(Key::Word(maker, word)));
        self.by_cpe.keys().for_each(|(vendor, product)| key(Key::Cpe(vendor, product)));
        self.lifecycle_by_cpe.keys().for_each(|(vendor, product)| key(Key::Cpe(vendor, product)));
        self.by_program.keys().for_each(|name| key(Key::Program(name)));
        self.by_package.keys().for_each(|(kind, name)| key(Key::Package(kind, name)));
        self.recalls_by_di.keys().for_each(|di| key(Key::Identifier(di)));
        self.identifiers.keys().for_each(|di| key(Key::Identifier(di)));
        self.lifecycles.keys().for_each(|slug| key(Key::Lifecycle(slug)));
        let models = self.boms.iter().map(|(makers, name, ..)| (makers, name));
        let supported = self.supported.iter().map(|(makers, name, _)| (makers, name));
        for (makers, name) in models.chain(self.disclosures.iter().map(Disclosed::model)).chain(supported) {
            for owner in owners(makers) {
                name.keys().into_iter().for_each(|word| key(Key::Word(&owner, word)));
            }
        }
    }

    /// CVEs of which it says something that no product is named with: exploited, scored, decided.
    pub(super) fn annotated(&self) -> impl Iterator<Item = &str> {
        self.exploited.keys().chain(self.scores.keys()).chain(self.exploitation.keys()).map(|cve| &**cve)
    }

    /// Names of which an advisory says that they have one of these weaknesses.
    pub(super) fn names_with<'b>(
        &'b self,
        is_one: impl Fn(&str) -> bool + 'b,
    ) -> impl Iterator<Item = &'b Name> {
        self.names.iter().filter(move |name| {
            name.uses.iter().filter_map(|(entry, _)| self.entries.get(*entry as usize)).any(|entry| {
                entry.weaknesses.iter().any(|weakness| weakness.cve.as_deref().is_some_and(&is_one))
            })
        })
    }

    /// Reads a product's name; words that only name one of `makers` or their kin do not count.
    pub(crate) fn read_name(&self, text: &str, makers: &[Arc<Maker>]) -> ProductName {
        let is_vendor = |front: &str| self.names_maker(front, makers);
        ProductName::read(text, &self.vocabulary, &is_vendor)
    }

    /// Whether `front` is a spelling of one of the makers, or of their kin.
    pub(crate) fn names_maker(&self, front: &str, makers: &[Arc<Maker>]) -> bool {
        if !self.makers.is_name(front) {
            return makers.iter().any(|maker| maker.key == front.to_lowercase());
        }
        let maker = self.makers.resolve(front);
        makers.is_empty()
            || makers.iter().any(|own| own.related.contains(&maker.name) || own.key == maker.key)
    }

    /// Names of that maker (by key; empty: of no named maker) that have that word.
    pub(crate) fn with_word(&self, maker: &str, word: &str) -> &[NameId] {
        self.by_word.get(&(maker.into(), word.into()) as &(Box<str>, Box<str>)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn with_cpe(&self, key: &(Box<str>, Box<str>)) -> Option<NameId> {
        self.by_cpe.get(key).copied()
    }

    pub(crate) fn with_program(&self, name: &str) -> &[NameId] {
        self.by_program.get(program_key(name).as_str()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn with_package(&self, key: &(Box<str>, Box<str>)) -> &[PackageUse] {
        self.by_package.get(key).map_or(&[], Vec::as_slice)
    }

    /// How many advisories and statements, names and recalls there are.
    pub fn size(&self) -> (usize, usize, usize) {
        (self.entries.len(), self.names.len(), self.recalls.len())
    }
}

/// Under what something is looked for.
#[derive(Clone, Copy, Debug, Hash)]
pub(crate) enum Key<'k> {
    /// Maker, lower case, and a telling word.
    Word(&'k str, &'k str),
    /// CPE vendor and product.
    Cpe(&'k str, &'k str),
    Program(&'k str),
    /// Type and name of a package.
    Package(&'k str, &'k str),
    /// A device identifier of a UDI.
    Identifier(&'k str),
    /// The name of a life cycle.
    Lifecycle(&'k str),
}

/// Vendor and product of a CPE, unescaped, the product without "_firmware".
pub(crate) fn cpe_key(cpe: &Cpe) -> Option<(Box<str>, Box<str>)> {
    let (Value::Is(vendor), Value::Is(product)) = (&cpe.vendor, &cpe.product) else { return None };
    let product = product.strip_suffix("_firmware").unwrap_or(product);
    Some((vendor.as_str().into(), product.into()))
}

/// A program's name for comparing: letters and digits.
pub(super) fn program_key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Type and name of a package: from its URL, else from ecosystem and name.
pub(crate) fn package_key(purl: Option<&str>, ecosystem: &str, name: &str) -> (Box<str>, Box<str>) {
    if let Some(rest) = purl.and_then(|purl| purl.strip_prefix("pkg:")) {
        let path = rest.split(['@', '?', '#']).next().unwrap_or(rest);
        if let Some((kind, name)) = path.split_once('/') {
            return (kind.to_lowercase().into(), name.to_lowercase().replace("%40", "@").into());
        }
    }
    let ecosystem = ecosystem.split(':').next().unwrap_or_default().to_lowercase();
    // The package URL types of OSV's ecosystems (purl-spec, types).
    let kind = match ecosystem.as_str() {
        "crates.io" => "cargo",
        "packagist" => "composer",
        "go" => "golang",
        "rubygems" => "gem",
        "debian" | "ubuntu" => return ("deb".into(), format!("{ecosystem}/{}", name.to_lowercase()).into()),
        "alpine" => return ("apk".into(), format!("alpine/{}", name.to_lowercase()).into()),
        other => other,
    };
    let name = if kind == "maven" { name.replace(':', "/") } else { name.to_owned() };
    (kind.into(), name.to_lowercase().into())
}

/// The versions of a CPE match; true where it is `*` without bounds.
fn cpe_versions(
    cpe: &Cpe,
    from: Option<medward_model::Bound>,
    to: Option<medward_model::Bound>,
) -> (Versions, bool) {
    match &cpe.version {
        Value::Is(version) => {
            let version = match &cpe.update {
                Value::Is(update) => format!("{version} {update}"),
                _ => version.clone(),
            };
            (
                Versions::Spans { default: Some(false), spans: vec![VersionSpan::exactly(true, &version)] },
                false,
            )
        }
        Value::Any if from.is_none() && to.is_none() => (Versions::All, true),
        Value::Any => (
            Versions::Spans {
                default: Some(false),
                spans: vec![VersionSpan { affected: true, from, to, scheme: None }],
            },
            false,
        ),
        Value::Na => (Versions::Unstated, false),
    }
}

/// Versions as shown to a person.
pub(crate) fn shown(versions: &Versions) -> String {
    match versions {
        Versions::Unstated => "no version is stated".to_owned(),
        Versions::All => "all versions".to_owned(),
        Versions::Prose(text) => text.to_string(),
        Versions::Spans { spans, .. } => {
            let one = |span: &VersionSpan| {
                let bound = match (&span.from, &span.to) {
                    (Some(from), Some(to)) if from == to => from.version.to_string(),
                    (from, to) => [
                        from.as_ref()
                            .map(|b| format!("{} {}", if b.inclusive { ">=" } else { ">" }, b.version)),
                        to.as_ref()
                            .map(|b| format!("{} {}", if b.inclusive { "<=" } else { "<" }, b.version)),
                    ]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(", "),
                };
                if span.affected { bound } else { format!("not {bound}") }
            };
            // A few say enough; advisories may list hundreds.
            let mut all: Vec<String> = spans.iter().take(8).map(one).collect();
            if spans.len() > 8 {
                all.push(format!("and {} more", spans.len() - 8));
            }
            all.join("; ")
        }
    }
}

/// The first sentence or so.
fn beginning(text: &str) -> Box<str> {
    const LONGEST: usize = 140;
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = one_line.as_str();
    let end = text.char_indices().map(|(at, _)| at).take_while(|at| *at <= LONGEST).last().unwrap_or(0);
    if text.len() <= LONGEST {
        return text.into();
    }
    let cut = text.get(..end).unwrap_or_default();
    let at_word = cut.rfind(' ').unwrap_or(end);
    format!("{}…", cut.get(..at_word).unwrap_or(cut)).into()
}
