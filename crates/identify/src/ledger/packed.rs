//! What is remembered for long, as bytes: statements and deeds of a site's every device take a third of the space, and are
//! read back only when somebody looks at the site or says more of that device.

use std::net::IpAddr;

use medward_model::{Field, Subject, Timestamp, Value, Verb};
use serde::{Deserialize, Serialize};

use super::memory::{Change, Key};
use super::observations::add;
use super::{Deed, DeedSum, Deeds, Limits, Map, Observation, Observations, Part};

/// Numbers for what is compiled in, so that two bytes stand for it.
#[derive(Debug)]
struct Numbers<T> {
    all: Vec<T>,
    numbers: Map<(usize, usize), u16>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Numbers<T> {
        Numbers { all: Vec::new(), numbers: Map::default() }
    }
}

impl<T: Copy> Numbers<T> {
    /// The number of something static, by where it lies in memory. The last number stands for nothing; there are never so
    /// many dissectors and fields.
    fn of(&mut self, place: (usize, usize), what: T) -> u16 {
        *self.numbers.entry(place).or_insert_with(|| {
            self.all.push(what);
            u16::try_from(self.all.len() - 1).unwrap_or(u16::MAX)
        })
    }

    fn get(&self, number: u16) -> Option<T> {
        self.all.get(usize::from(number)).copied()
    }
}

/// A list in bytes, and whether its times changed since it was last written down.
#[derive(Debug, Default)]
struct Packed {
    bytes: Box<[u8]>,
    later: bool,
}

#[derive(Serialize, Deserialize)]
enum Shown<'a> {
    Text(&'a str),
    Software(&'a str, Option<&'a str>),
}

#[derive(Serialize, Deserialize)]
struct Statement<'a> {
    /// Number of source and field.
    said: u16,
    #[serde(borrow)]
    value: Shown<'a>,
    count: u64,
    packet: u64,
    first: i64,
    /// Nanoseconds from first to last.
    lasting: u64,
}

/// All statements, by subject.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    names: Numbers<(&'static str, &'static Field)>,
    by_subject: Map<Subject, Packed>,
    total: usize,
}

impl Statements {
    fn pack(&mut self, list: &[Observation]) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(list.len() * 40);
        for one in list {
            let place = (one.source.as_ptr() as usize, std::ptr::from_ref(one.field) as usize);
            let value = match &one.value {
                Value::Text(text) => Shown::Text(text),
                Value::Software { name, version } => Shown::Software(name, version.as_deref()),
            };
            let (first, last) = (one.first.as_nanos(), one.last.as_nanos());
            let statement = Statement {
                said: self.names.of(place, (one.source, one.field)),
                value,
                count: one.count,
                packet: one.packet,
                first,
                lasting: last.abs_diff(first.min(last)),
            };
            // Writing to a vector does not fail.
            bytes = postcard::to_extend(&statement, bytes).unwrap_or_default();
        }
        bytes.into_boxed_slice()
    }

    fn unpack(&self, packed: &[u8]) -> Vec<Observation> {
        let mut list = Vec::new();
        let mut rest = packed;
        while let Ok((one, after)) = postcard::take_from_bytes::<Statement<'_>>(rest) {
            rest = after;
            let Some((source, field)) = self.names.get(one.said) else { continue };
            let value = match one.value {
                Shown::Text(text) => Value::Text(text.into()),
                Shown::Software(name, version) => {
                    Value::Software { name: name.into(), version: version.map(Into::into) }
                }
            };
            list.push(Observation {
                source,
                field,
                value,
                count: one.count,
                packet: one.packet,
                first: Timestamp::from_nanos(one.first),
                last: Timestamp::from_nanos(one.first.saturating_add_unsigned(one.lasting)),
            });
        }
        list
    }

    /// Takes in what was said since; tells what changed. Where a subject is full, the statement that was made longest ago
    /// gives way.
    pub(super) fn absorb(
        &mut self,
        other: Observations,
        limits: &Limits,
        changed: &mut dyn FnMut(Key, Change),
    ) {
        for (subject, theirs) in other.into_lists() {
            let known = self.by_subject.get(&subject);
            if known.is_none() && self.by_subject.len() >= limits.subjects {
                continue;
            }
            let mut ours = known.map(|known| self.unpack(&known.bytes)).unwrap_or_default();
            let before = ours.len();
            let more = add(&mut ours, theirs, limits);
            self.total = (self.total + ours.len()).saturating_sub(before);
            let packed = Packed { bytes: self.pack(&ours), later: !more };
            let entry = self.by_subject.entry(subject.clone()).or_default();
            *entry = packed;
            if more {
                changed(Key::Subject(subject), Change::Material);
            } else {
                changed(Key::Subject(subject), Change::Times);
            }
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, subject: Subject, list: &[Observation]) {
        self.total += list.len();
        let packed = Packed { bytes: self.pack(list), later: false };
        self.by_subject.insert(subject, packed);
    }

    pub(super) fn remove(&mut self, subject: &Subject) {
        if let Some(known) = self.by_subject.remove(subject) {
            self.total = self.total.saturating_sub(self.unpack(&known.bytes).len());
        }
    }

    pub(crate) fn get(&self, subject: &Subject) -> Option<Vec<Observation>> {
        self.by_subject.get(subject).map(|known| self.unpack(&known.bytes))
    }

    /// Subjects of which only times changed; they count as written from then on.
    pub(super) fn later(&mut self, keys: &mut Vec<Key>) {
        for (subject, known) in &mut self.by_subject {
            if std::mem::take(&mut known.later) {
                keys.push(Key::Subject(subject.clone()));
            }
        }
    }

    /// Everything, ordered by subject, then packet, source, field, value.
    pub(crate) fn sorted(&self) -> Vec<(Subject, Vec<Observation>)> {
        let mut all: Vec<(&Subject, &Packed)> = self.by_subject.iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        all.into_iter()
            .map(|(subject, known)| {
                let mut list = self.unpack(&known.bytes);
                list.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
                (subject.clone(), list)
            })
            .collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Done<'a> {
    actor: bool,
    /// Number of the protocol.
    protocol: u16,
    verb: Verb,
    operation: &'a str,
    object: &'a str,
    count: u64,
    packet: u64,
    first: i64,
    last: i64,
}

/// What every address did and what was done to it.
#[derive(Debug, Default)]
pub(crate) struct Doings {
    names: Numbers<&'static str>,
    by_address: Map<IpAddr, Packed>,
}

impl Doings {
    fn pack(&mut self, list: &[(Deed, DeedSum)]) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(list.len() * 48);
        for (deed, sum) in list {
            let place = (deed.protocol.as_ptr() as usize, deed.protocol.len());
            let done = Done {
                actor: deed.part == Part::Actor,
                protocol: self.names.of(place, deed.protocol),
                verb: deed.verb,
                operation: &deed.operation,
                object: &deed.object,
                count: sum.count,
                packet: sum.packet,
                first: sum.time.as_nanos(),
                last: sum.last.as_nanos(),
            };
            // Writing to a vector does not fail.
            bytes = postcard::to_extend(&done, bytes).unwrap_or_default();
        }
        bytes.into_boxed_slice()
    }

    fn unpack(&self, packed: &[u8]) -> Vec<(Deed, DeedSum)> {
        let mut list = Vec::new();
        let mut rest = packed;
        while let Ok((one, after)) = postcard::take_from_bytes::<Done<'_>>(rest) {
            rest = after;
            let Some(protocol) = self.names.get(one.protocol) else { continue };
            let deed = Deed {
                part: if one.actor { Part::Actor } else { Part::Target },
                protocol,
                verb: one.verb,
                operation: one.operation.into(),
                object: one.object.into(),
            };
            let (time, last) = (Timestamp::from_nanos(one.first), Timestamp::from_nanos(one.last));
            list.push((deed, DeedSum { count: one.count, packet: one.packet, time, last }));
        }
        list
    }

    /// Takes in what was done since; tells what changed.
    pub(super) fn absorb(&mut self, other: Deeds, limits: &Limits, changed: &mut dyn FnMut(Key, Change)) {
        for (ip, theirs) in other.into_lists() {
            let known = self.by_address.get(&ip).map(|known| self.unpack(&known.bytes));
            if known.is_none() && self.by_address.len() >= limits.subjects {
                continue;
            }
            let mut ours = known.unwrap_or_default();
            let more = super::activities::add(&mut ours, theirs, limits);
            let packed = Packed { bytes: self.pack(&ours), later: !more };
            self.by_address.insert(ip, packed);
            changed(Key::Deeds(ip), if more { Change::Material } else { Change::Times });
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, ip: IpAddr, list: &[(Deed, DeedSum)]) {
        let packed = Packed { bytes: self.pack(list), later: false };
        self.by_address.insert(ip, packed);
    }

    pub(crate) fn get(&self, ip: &IpAddr) -> Option<Vec<(Deed, DeedSum)>> {
        self.by_address.get(ip).map(|known| self.unpack(&known.bytes))
    }

    /// Addresses of which only times changed; they count as written from then on.
    pub(super) fn later(&mut self, keys: &mut Vec<Key>) {
        for (ip, known) in &mut self.by_address {
            if std::mem::take(&mut known.later) {
                keys.push(Key::Deeds(*ip));
            }
        }
    }

    /// All of them, by address, then kind.
    pub(crate) fn sorted(&self) -> Vec<(IpAddr, Vec<(Deed, DeedSum)>)> {
        let mut all: Vec<_> = self
            .by_address
            .iter()
            .map(|(ip, known)| {
                let mut list = self.unpack(&known.bytes);
                list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
                (*ip, list)
            })
            .collect();
        all.sort_unstable_by_key(|entry| entry.0);
        all
    }
}
