//! Devices by what would be looked for on their behalf: which of them a new record can concern.
//!
//! Matching goes from a device to records, by an index of the records. This is the index the other way, of the same
//! keys, so that a new advisory, recall, statement or life cycle leads to the few kinds of devices that must be judged again.
//! The same keys, written beside records on disk, tell which of them a few devices need.
//! What it gives is never too few; it may be too many, as only judging tells whether a device is concerned.
//! Cost: about 60 keys a kind to build (8 bytes each and their list), a look-up for each key of the new records.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet};
use medward_identify::Catalog;
use medward_model::Record;
use sha2::{Digest, Sha256};

use super::base::{Base, Builder, Key, program_key};
use super::lifecycle::slug_of;
use super::subject::Subject;
use super::thing::{Sort, Things};
use crate::udi::Udi;
use crate::{Feed, Kind};

/// Above so many CVEs with a new score or mark everything is judged again: the whole of EPSS, say.
const MOST_ANNOTATED: usize = 2_000;

/// Devices, by key.
pub struct Fleet {
    /// Positions of the devices of each kind.
    members: Vec<Vec<u32>>,
    /// Kinds by the hash of a key. Two keys of one hash only make devices be judged for nothing.
    kinds: HashMap<u64, Vec<u32>>,
    /// Device identifiers are a unit's own, not its kind's.
    identifiers: HashMap<u64, Vec<u32>>,
    count: u32,
}

impl Fleet {
    /// Of devices in an order that [`Fleet::concerned`] answers in. `base` tells what bills of materials add to them.
    pub fn new(subjects: &[Subject], base: &Base) -> Fleet {
        let mut fleet = Fleet {
            members: Vec::new(),
            kinds: HashMap::new(),
            identifiers: HashMap::new(),
            count: u32::try_from(subjects.len()).unwrap_or(u32::MAX),
        };
        let mut seen: HashMap<String, u32> = HashMap::new();
        for (position, subject) in (0u32..).zip(subjects) {
            if let Some(udi) = subject.udi.as_ref().and_then(|udi| Udi::read(&udi.value)) {
                fleet.identifiers.entry(hash(Key::Identifier(&udi.di))).or_default().push(position);
            }
            let kind = *seen.entry(subject.kind()).or_insert_with(|| {
                let kind = u32::try_from(fleet.members.len()).unwrap_or(u32::MAX);
                fleet.members.push(Vec::new());
                for key in keys(subject, base) {
                    fleet.kinds.entry(key).or_default().push(kind);
                }
                kind
            });
            if let Some(members) = fleet.members.get_mut(kind as usize) {
                members.push(position);
            }
        }
        fleet
    }

    /// How many kinds of devices there are: devices of one kind are judged once.
    pub fn kinds(&self) -> usize {
        self.members.len()
    }

    /// Positions of the devices that records of `new` can concern, in order. `all` has everything that is known, `new` included.
    pub fn concerned(&self, new: &Base, all: &Base) -> Vec<u32> {
        let mut kinds: BTreeSet<u32> = BTreeSet::new();
        let mut positions: BTreeSet<u32> = BTreeSet::new();
        let mut look = |key: Key<'_>| {
            let hash = hash(key);
            kinds.extend(self.kinds.get(&hash).into_iter().flatten());
            positions.extend(self.identifiers.get(&hash).into_iter().flatten());
        };
        new.each_key(&mut look);
        let annotated: HashSet<&str> = new.annotated().take(MOST_ANNOTATED + 1).collect();
        if annotated.len() > MOST_ANNOTATED {
            return (0..self.count).collect();
        }
        if !annotated.is_empty() {
            for name in all.names_with(|cve| annotated.contains(cve)) {
                for owner in name.owners() {
                    name.name.keys().into_iter().for_each(|word| look(Key::Word(&owner, word)));
                }
                if let Some((vendor, product)) = &name.cpe {
                    look(Key::Cpe(vendor, product));
                    look(Key::Program(&program_key(product)));
                }
            }
        }
        for kind in kinds {
            positions.extend(self.members.get(kind as usize).into_iter().flatten());
        }
        positions.into_iter().collect()
    }
}

impl Base {
    /// The keys under which anything that can concern these devices is found, sorted. `self` must have all bills of materials.
    pub fn keys_of(&self, subjects: &[Subject]) -> Vec<u64> {
        let mut seen: HashSet<String> = HashSet::default();
        let mut all: HashSet<u64> = HashSet::default();
        for subject in subjects {
            if let Some(udi) = subject.udi.as_ref().and_then(|udi| Udi::read(&udi.value)) {
                all.insert(hash(Key::Identifier(&udi.di)));
            }
            if seen.insert(subject.kind()) {
                all.extend(keys(subject, self));
            }
        }
        let mut all: Vec<u64> = all.into_iter().collect();
        all.sort_unstable();
        all
    }
}

/// Tells under which keys records are found.
pub struct Indexer {
    /// Empty but for what it remembers of makers; absent only while it works.
    base: Option<Base>,
    digest: [u8; 32],
}

/// Raise it when keys are made otherwise.
const KEYS: u32 = 2;

impl Indexer {
    /// For that catalogue.
    ///
    /// # Errors
    /// Where the built-in vocabulary is not of its shape.
    pub fn new(catalog: Arc<Catalog>) -> Result<Indexer, toml::de::Error> {
        let mut digest = Sha256::new();
        digest.update(KEYS.to_le_bytes());
        digest.update(env!("CARGO_PKG_VERSION"));
        digest.update(catalog.digest());
        digest.update(super::words::BUILTIN);
        digest.update(super::system::BUILTIN);
        let base = Builder::new(catalog)?.finish().emptied();
        Ok(Indexer { base: Some(base), digest: digest.finalize().into() })
    }

    /// Names all that decides keys: keys of another fingerprint cannot be compared.
    pub fn fingerprint(&self) -> String {
        self.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether records of that feed are found by keys. Others are few, or found by their CVE.
    pub fn is_indexed(feed: &Feed) -> bool {
        let yields = |kind: Kind| feed.yields.contains(&kind);
        !yields(Kind::Bom)
            && [Kind::Advisory, Kind::Statement, Kind::Recall, Kind::DeviceIdentifier].into_iter().any(yields)
    }

    /// The keys of a record, sorted.
    pub fn keys(&mut self, feed: &'static str, record: Record) -> Vec<u64> {
        let Some(base) = self.base.take() else { return Vec::new() };
        let mut builder = base.reopen();
        builder.add(feed, record);
        let base = builder.finish();
        let mut keys = Vec::new();
        base.each_key(|key| keys.push(hash(key)));
        keys.sort_unstable();
        keys.dedup();
        self.base = Some(base.emptied());
        keys
    }
}

/// Everything that is looked for on behalf of such a device.
fn keys(subject: &Subject, base: &Base) -> HashSet<u64> {
    let things = Things::listed(subject, base);
    let mut keys: HashSet<u64> = HashSet::default();
    for thing in &things.all {
        keys.extend(thing.cpes.iter().map(|(vendor, product)| hash(Key::Cpe(vendor, product))));
        keys.extend(thing.package.iter().map(|(kind, name)| hash(Key::Package(kind, name))));
        if matches!(thing.sort, Sort::Program | Sort::Component) {
            keys.insert(hash(Key::Program(&program_key(&thing.shown))));
            keys.insert(hash(Key::Lifecycle(&slug_of(&thing.shown))));
            continue;
        }
        thing.each_lookup(|maker, word| {
            keys.insert(hash(Key::Word(maker, word)));
        });
        thing.each_recall_lookup(|maker, word| {
            keys.insert(hash(Key::Word(maker, word)));
        });
    }
    let cycles = things.system.iter().flat_map(|system| system.lifecycle.iter());
    keys.extend(cycles.map(|(slug, _)| hash(Key::Lifecycle(slug))));
    keys
}

/// FNV-1a of 64 bits over kind and texts: it is written to disk, so it must never change by itself.
fn hash(key: Key<'_>) -> u64 {
    let (kind, first, second) = match key {
        Key::Word(maker, word) => (1u8, maker, word),
        Key::Cpe(vendor, product) => (2, vendor, product),
        Key::Program(name) => (3, name, ""),
        Key::Package(kind, name) => (4, kind, name),
        Key::Identifier(di) => (5, di, ""),
        Key::Lifecycle(slug) => (6, slug, ""),
    };
    let bytes = [kind].into_iter().chain(first.bytes()).chain([0]).chain(second.bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The last bytes must reach the first bits as well, by which it is filed.
    hash ^ hash.rotate_left(32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
