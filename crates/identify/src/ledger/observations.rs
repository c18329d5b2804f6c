//! Evidence, deduplicated by subject, source, field and value.

use medward_model::{Evidence, Field, Subject, Timestamp, Value};

use super::{Limits, Map};

/// A statement with how often and when it was made.
#[derive(Clone, Debug)]
pub(crate) struct Observation {
    pub source: &'static str,
    pub field: &'static Field,
    pub value: Value,
    pub count: u64,
    /// Lowest packet number, with the time of that packet.
    pub packet: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

impl Observation {
    /// What statements are ordered by.
    pub(crate) fn order(&self) -> (u64, &str, &str, &Value) {
        (self.packet, self.source, self.field.name, &self.value)
    }

    fn is(&self, source: &str, field: &Field, value: &Value) -> bool {
        // A field is a static: its address is its identity, and comparing it first spares most comparisons of text.
        std::ptr::eq(self.field, field) && self.value == *value && self.source == source
    }

    pub(super) fn absorb(&mut self, count: u64, packet: u64, first: Timestamp, last: Timestamp) {
        self.count = self.count.saturating_add(count);
        if (packet, first) < (self.packet, self.first) {
            (self.packet, self.first) = (packet, first);
        }
        self.last = self.last.max(last);
    }
}

/// All statements, by subject.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    by_subject: Map<Subject, Vec<Observation>>,
    total: usize,
}

impl Observations {
    /// False where it had to be dropped.
    pub(super) fn note(&mut self, evidence: Evidence, limits: &Limits) -> bool {
        let Evidence { subject, source, field, value, packet, time } = evidence;
        if let Some(known) = self.by_subject.get_mut(&subject) {
            if let Some(same) = known.iter_mut().find(|o| o.is(source, field, &value)) {
                same.absorb(1, packet, time, time);
                return true;
            }
            if known.len() >= limits.evidence_per_subject || self.total >= limits.evidence {
                return false;
            }
        } else if self.by_subject.len() >= limits.subjects || self.total >= limits.evidence {
            return false;
        }
        let fresh = Observation { source, field, value, count: 1, packet, first: time, last: time };
        self.by_subject.entry(subject).or_default().push(fresh);
        self.total += 1;
        true
    }

    /// Every second entry to each side.
    pub(super) fn halve(self, left: &mut Observations, right: &mut Observations) {
        for (at, (key, entry)) in self.by_subject.into_iter().enumerate() {
            let side = if at % 2 == 0 { &mut *left } else { &mut *right };
            side.restore(key, entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_subject.is_empty()
    }

    pub(super) fn merge(&mut self, other: Observations) {
        for (subject, theirs) in other.by_subject {
            let ours = self.by_subject.entry(subject).or_default();
            for one in theirs {
                match ours.iter_mut().find(|o| o.is(one.source, one.field, &one.value)) {
                    Some(same) => same.absorb(one.count, one.packet, one.first, one.last),
                    None => {
                        ours.push(one);
                        self.total += 1;
                    }
                }
            }
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, subject: Subject, list: Vec<Observation>) {
        self.total += list.len();
        self.by_subject.insert(subject, list);
    }

    /// Everything, in no order.
    pub(super) fn into_lists(self) -> impl Iterator<Item = (Subject, Vec<Observation>)> {
        self.by_subject.into_iter()
    }

    /// Everything, ordered by subject, then packet, source, field, value.
    pub(crate) fn into_sorted(self) -> Vec<(Subject, Vec<Observation>)> {
        let mut all: Vec<_> = self.by_subject.into_iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (_, list) in &mut all {
            list.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        }
        all
    }

    /// When each subject was last spoken of, hearsay aside.
    pub(super) fn latest(&self) -> impl Iterator<Item = (Subject, Timestamp)> + '_ {
        self.by_subject.iter().filter_map(|(subject, list)| {
            let last = list.iter().map(|o| o.last).max()?;
            (!matches!(subject, Subject::Ip(_))).then(|| (subject.clone(), last))
        })
    }

    /// Everything, ordered by subject, then packet, source, field, value.
    pub(crate) fn sorted(&self) -> Vec<(&Subject, Vec<&Observation>)> {
        let mut all: Vec<(&Subject, Vec<&Observation>)> =
            self.by_subject.iter().map(|(subject, told)| (subject, told.iter().collect())).collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        for (_, observations) in &mut all {
            observations.sort_unstable_by(|a, b| a.order().cmp(&b.order()));
        }
        all
    }
}

/// Adds statements about one subject to those that are known; true where one is new. Where they are too many, the statement
/// that was made longest ago gives way.
pub(super) fn add(ours: &mut Vec<Observation>, theirs: Vec<Observation>, limits: &Limits) -> bool {
    let mut more = false;
    for one in theirs {
        if let Some(same) = ours.iter_mut().find(|o| o.is(one.source, one.field, &one.value)) {
            same.absorb(one.count, one.packet, one.first, one.last);
            continue;
        }
        if ours.len() >= limits.evidence_per_subject {
            let oldest = ours.iter().enumerate().min_by_key(|(_, o)| o.last).map(|(at, _)| at);
            if let Some(at) = oldest {
                ours.swap_remove(at);
            }
        }
        ours.push(one);
        more = true;
    }
    more
}
