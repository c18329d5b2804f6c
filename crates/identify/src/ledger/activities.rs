//! What an address did and what was done to it, counted by kind; it tells roles (who creates CT images is a CT).

use std::net::IpAddr;

use medward_model::{Activity, Timestamp, Verb};

use super::{Limits, Map};

/// Which part an address played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Part {
    /// Did it.
    Actor,
    /// It was done to this one.
    Target,
}

/// A kind of activity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Deed {
    pub part: Part,
    pub protocol: &'static str,
    pub verb: Verb,
    pub operation: Box<str>,
    /// Only where the object is a kind of thing rather than a name (a DICOM SOP class).
    pub object: Box<str>,
}

/// How often and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeedSum {
    pub count: u64,
    pub packet: u64,
    pub time: Timestamp,
    pub last: Timestamp,
}

/// All kinds of activity, by address.
#[derive(Debug, Default)]
pub(crate) struct Deeds {
    by_address: Map<IpAddr, Vec<(Deed, DeedSum)>>,
    total: usize,
}

impl Deeds {
    /// False where some of it had to be dropped.
    pub(super) fn note(&mut self, activity: &Activity, limits: &Limits) -> bool {
        let actor = self.note_one(activity.actor.ip, Part::Actor, activity, limits);
        let target = self.note_one(activity.target.ip, Part::Target, activity, limits);
        actor && target
    }

    fn note_one(&mut self, ip: IpAddr, part: Part, activity: &Activity, limits: &Limits) -> bool {
        if ip.is_unspecified() || ip.is_multicast() {
            return true;
        }
        let object: &str = if activity.protocol == "dicom" { &activity.object } else { "" };
        let sum = DeedSum { count: 1, packet: activity.packet, time: activity.time, last: activity.time };
        let known = self.by_address.get_mut(&ip);
        if let Some(known) = known {
            let same = known.iter_mut().find(|(d, _)| {
                d.part == part
                    && d.verb == activity.verb
                    && *d.operation == *activity.operation
                    && *d.object == *object
                    && d.protocol == activity.protocol
            });
            if let Some((_, ours)) = same {
                absorb(ours, &sum);
                return true;
            }
            if known.len() >= limits.activities_per_address {
                return false;
            }
        }
        if self.total >= limits.activities {
            return false;
        }
        let deed = Deed {
            part,
            protocol: activity.protocol,
            verb: activity.verb,
            operation: activity.operation.clone(),
            object: object.into(),
        };
        self.by_address.entry(ip).or_default().push((deed, sum));
        self.total += 1;
        true
    }

    /// Every second entry to each side.
    pub(super) fn halve(self, left: &mut Deeds, right: &mut Deeds) {
        for (at, (key, entry)) in self.by_address.into_iter().enumerate() {
            let side = if at % 2 == 0 { &mut *left } else { &mut *right };
            side.restore(key, entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    pub(super) fn merge(&mut self, other: Deeds) {
        for (ip, theirs) in other.by_address {
            let ours = self.by_address.entry(ip).or_default();
            for (deed, sum) in theirs {
                match ours.iter_mut().find(|(d, _)| *d == deed) {
                    Some((_, same)) => absorb(same, &sum),
                    None => {
                        ours.push((deed, sum));
                        self.total += 1;
                    }
                }
            }
        }
    }

    /// Puts back what was written down.
    pub(crate) fn restore(&mut self, ip: IpAddr, list: Vec<(Deed, DeedSum)>) {
        self.total += list.len();
        self.by_address.insert(ip, list);
    }

    /// Everything, in no order.
    pub(super) fn into_lists(self) -> impl Iterator<Item = (IpAddr, Vec<(Deed, DeedSum)>)> {
        self.by_address.into_iter()
    }

    /// All of them, by address, then kind.
    pub(crate) fn into_sorted(self) -> Vec<(IpAddr, Vec<(Deed, DeedSum)>)> {
        let mut all: Vec<_> = self.by_address.into_iter().collect();
        all.sort_unstable_by_key(|entry| entry.0);
        for (_, list) in &mut all {
            list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        }
        all
    }

    /// A copy of all, by address, then kind.
    pub(super) fn sums(&self) -> Vec<(IpAddr, Vec<(Deed, DeedSum)>)> {
        self.sorted()
            .into_iter()
            .map(|(ip, list)| (ip, list.into_iter().map(|(deed, sum)| (deed.clone(), sum)).collect()))
            .collect()
    }

    /// All of them, by address, then kind.
    pub(crate) fn sorted(&self) -> Vec<(IpAddr, Vec<(&Deed, DeedSum)>)> {
        let mut all: Vec<_> = self
            .by_address
            .iter()
            .map(|(ip, done)| {
                let mut list: Vec<_> = done.iter().map(|(deed, sum)| (deed, *sum)).collect();
                list.sort_unstable_by(|a, b| a.0.cmp(b.0));
                (*ip, list)
            })
            .collect();
        all.sort_unstable_by_key(|entry| entry.0);
        all
    }
}

fn absorb(ours: &mut DeedSum, theirs: &DeedSum) {
    ours.count = ours.count.saturating_add(theirs.count);
    ours.last = ours.last.max(theirs.last);
    if (theirs.packet, theirs.time) < (ours.packet, ours.time) {
        (ours.packet, ours.time) = (theirs.packet, theirs.time);
    }
}

/// Adds what one address did to what is known of it; true where a kind is new.
pub(super) fn add(ours: &mut Vec<(Deed, DeedSum)>, theirs: Vec<(Deed, DeedSum)>, limits: &Limits) -> bool {
    let mut more = false;
    for (deed, sum) in theirs {
        let room = ours.len() < limits.activities_per_address;
        match ours.iter_mut().find(|(d, _)| *d == deed) {
            Some((_, same)) => absorb(same, &sum),
            None if room => {
                ours.push((deed, sum));
                more = true;
            }
            None => {}
        }
    }
    more
}
