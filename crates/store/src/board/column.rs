//! What the board is made of: numbers for texts, a code a device, and sets of devices.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

/// Hashes of numbers that are all different: spread, and no more.
#[derive(Clone, Copy, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // An odd factor with as many ones as noughts; the upper half comes down, as tables look at the lower bits too.
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

/// A table by numbers.
pub(crate) type Numbered<K, V> = HashMap<K, V, std::hash::BuildHasherDefault<Spread>>;

/// Code of "none".
pub(crate) const NOTHING: u32 = 0;

/// The place of a number in a list.
pub(crate) fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Things with a number each, from 1 on.
pub(crate) struct Interned<T> {
    codes: HashMap<T, u32>,
    pub(crate) all: Vec<T>,
}

impl<T> Default for Interned<T> {
    fn default() -> Interned<T> {
        Interned { codes: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Clone + Eq + Hash> Interned<T> {
    pub(crate) fn code<Q>(&mut self, thing: &Q) -> u32
    where
        T: std::borrow::Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(code) = self.codes.get(thing) {
            return *code;
        }
        self.all.push(thing.to_owned());
        let code = u32::try_from(self.all.len()).unwrap_or(NOTHING);
        self.codes.insert(thing.to_owned(), code);
        code
    }

    pub(crate) fn get(&self, code: u32) -> Option<&T> {
        self.all.get(at(code).checked_sub(1)?)
    }
}

/// A value a device, by its slot.
#[derive(Default)]
pub(crate) struct Cells<T> {
    pub(crate) all: Vec<T>,
}

impl<T: Clone + Default> Cells<T> {
    pub(crate) fn put(&mut self, slot: u32, value: T) {
        let slot = at(slot);
        if self.all.len() <= slot {
            if slot == usize::MAX {
                return;
            }
            // By parts, as doubling would leave half of it empty.
            self.all.reserve_exact(slot / 16 + 1024);
            self.all.resize(slot + 1, T::default());
        }
        if let Some(place) = self.all.get_mut(slot) {
            *place = value;
        }
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        self.all.get(at(slot))
    }
}

/// Values of a field, and who has them.
#[derive(Default)]
pub(crate) struct Column {
    pub(crate) names: Interned<String>,
    /// A code a device: of a name, or of a set where there may be several.
    pub(crate) of: Cells<u32>,
    pub(crate) sets: Interned<Vec<u32>>,
}

impl Column {
    pub(crate) fn put(&mut self, slot: u32, code: u32) {
        self.of.put(slot, code);
    }

    pub(crate) fn code(&self, slot: u32) -> u32 {
        self.of.get(slot).copied().unwrap_or(NOTHING)
    }
}

/// A text a device, one behind the other.
#[derive(Default)]
pub(crate) struct Texts {
    text: String,
    /// Where each begins, and how long it is.
    of: Cells<(u32, u16)>,
    /// Bytes of texts that no device has any more.
    left: usize,
    /// By a hash of it, the slot that had it last.
    slots: Numbered<u64, u32>,
}

fn hash(uid: &str) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    uid.hash(&mut hasher);
    hasher.finish()
}

impl Texts {
    pub(crate) fn put(&mut self, slot: u32, uid: &str) {
        let before = self.get(slot);
        if before == uid {
            return;
        }
        self.left += before.len();
        if self.left > self.text.len() / 2 + 65_536 {
            self.tidy();
        }
        let (Ok(start), Ok(length)) = (u32::try_from(self.text.len()), u16::try_from(uid.len())) else {
            return;
        };
        if self.text.capacity() - self.text.len() < uid.len() {
            self.text.reserve_exact(self.text.len() / 16 + 65_536);
        }
        self.text.push_str(uid);
        self.of.put(slot, (start, length));
    }

    /// As [`Texts::put`], to be found by it.
    pub(crate) fn put_unique(&mut self, slot: u32, uid: &str) {
        if self.get(slot) != uid {
            self.slots.remove(&hash(self.get(slot)));
            self.put(slot, uid);
            self.slots.insert(hash(uid), slot);
        }
    }

    /// The slot with that identifier; two of the same hash are as good as never met.
    pub(crate) fn find(&self, uid: &str) -> Option<u32> {
        let slot = *self.slots.get(&hash(uid))?;
        (self.get(slot) == uid).then_some(slot)
    }

    /// Leaves out what no device has any more.
    fn tidy(&mut self) {
        let mut text = String::with_capacity(self.text.len());
        for slot in 0..u32::try_from(self.of.all.len()).unwrap_or(u32::MAX) {
            let (start, length) = (text.len(), self.get(slot).len());
            text.push_str(self.get(slot));
            if let (Ok(start), Ok(length)) = (u32::try_from(start), u16::try_from(length)) {
                self.of.put(slot, (start, length));
            }
        }
        self.text = text;
        self.left = 0;
    }

    pub(crate) fn get(&self, slot: u32) -> &str {
        let Some((start, length)) = self.of.get(slot) else { return "" };
        let start = at(*start);
        self.text.get(start..start.saturating_add(usize::from(*length))).unwrap_or_default()
    }

    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        let index = self.slots.capacity() * 8 / 7 * (size_of::<(u64, u32)>() + 1);
        self.text.capacity() + self.of.all.capacity() * size_of::<(u32, u16)>() + index
    }
}

/// A set of slots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    /// Of so many slots, those that `holds` says.
    pub(crate) fn of(slots: usize, mut holds: impl FnMut(u32) -> bool) -> Bits {
        let mut bits = Bits { words: vec![0; slots.div_ceil(64)] };
        let slots = u32::try_from(slots).unwrap_or(u32::MAX);
        for (base, word) in (0..slots).step_by(64).zip(&mut bits.words) {
            for slot in base..slots.min(base.saturating_add(64)) {
                *word |= u64::from(holds(slot)) << (slot - base);
            }
        }
        bits
    }

    pub(crate) fn set(&mut self, slot: u32) {
        let word = at(slot / 64);
        if self.words.len() <= word && word < usize::MAX / 2 {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << (slot % 64);
        }
    }

    pub(crate) fn clear(&mut self, slot: u32) {
        if let Some(word) = self.words.get_mut(at(slot / 64)) {
            *word &= !(1 << (slot % 64));
        }
    }

    pub(crate) fn has(&self, slot: u32) -> bool {
        self.words.get(at(slot / 64)).is_some_and(|word| word & (1 << (slot % 64)) != 0)
    }

    pub(crate) fn and(mut self, other: &Bits) -> Bits {
        self.words.truncate(other.words.len());
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
        self
    }

    pub(crate) fn or(mut self, other: &Bits) -> Bits {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self
    }

    /// What is in it and not in the other.
    pub(crate) fn without(mut self, other: &Bits) -> Bits {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
        self
    }

    pub(crate) fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = u32> {
        (0_u32..).step_by(64).zip(&self.words).flat_map(|(base, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(base + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_slots_are_sets() {
        let odd = Bits::of(130, |slot| slot % 2 == 1);
        let mut few = Bits::default();
        for slot in [1, 64, 129, 200] {
            few.set(slot);
        }
        assert_eq!(odd.count(), 65);
        assert_eq!(few.slots().collect::<Vec<_>>(), [1, 64, 129, 200]);
        assert_eq!(few.clone().and(&odd).slots().collect::<Vec<_>>(), [1, 129]);
        assert_eq!(few.clone().without(&odd).slots().collect::<Vec<_>>(), [64, 200]);
        assert_eq!(few.clone().or(&odd).count(), 67);
        few.clear(64);
        assert!(!few.has(64) && few.has(200) && !few.has(100_000));
    }

    #[test]
    fn texts_that_change_again_and_again_are_kept_once() {
        let mut texts = Texts::default();
        for turn in 0..100_000 {
            texts.put(turn % 10, &format!("text {turn}"));
        }
        assert!(texts.text.len() < 400_000, "{}", texts.text.len());
        assert_eq!(texts.get(3), "text 99993");
    }

    #[test]
    fn identifiers_are_read_back() {
        let mut uids = Texts::default();
        uids.put_unique(3, "abc");
        uids.put_unique(0, "de");
        uids.put_unique(3, "fgh");
        assert_eq!([uids.get(0), uids.get(1), uids.get(3)], ["de", "", "fgh"]);
        assert_eq!(["de", "fgh", "abc", ""].map(|uid| uids.find(uid)), [Some(0), Some(3), None, None]);
    }
}
