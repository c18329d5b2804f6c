//! Devices by what would be looked for on their behalf: which of them a new record can concern.
//!
//! Matching goes from a device to records, by an index of the records. This is the index the other way, of the same
//! keys, so that a new advisory, recall, statement or life cycle leads to the few kinds of devices that must be judged again.
//! What it gives is never too few; it may be too many, as only judging tells whether a device is concerned.
//! Cost: about 60 keys a kind to build (8 bytes each and their list), a look-up for each key of the new records.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;

use foldhash::{HashMap, HashMapExt, HashSet};

use super::base::{Base, Key, program_key};
use super::lifecycle::slug_of;
use super::subject::Subject;
use super::thing::{Sort, Things};
use crate::udi::Udi;

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

fn hash(key: Key<'_>) -> u64 {
    foldhash::fast::FixedState::with_seed(0).hash_one(key)
}
