//! What became of devices in a round: new, other, gone, heard, seen again, elsewhere.

use std::collections::BTreeSet;

use medward_identify::{Catalog, Round};
use medward_model::{Device, Scope, ShortId, Timestamp};

use super::known::Kept;
use super::{GROUPS_OF_CARE, KNOWN, LiveSite, SIGHT_EVERY, news};
use crate::commit::{DeviceRow, Gone, Sighting, Stay};
use crate::whereabouts::locate;
use crate::{Commit, Entry, Position, Status};

impl LiveSite {
    /// Devices that are none any more.
    pub(super) fn end(&mut self, round: &Round, commit: &mut Commit, now: Timestamp) {
        for (device, into) in &round.gone {
            let Some(gone) = ShortId::of(device) else { continue };
            let heir = into.as_ref().and_then(ShortId::of);
            self.groups.remove(&gone);
            if let Some(used) = self.used.remove(&gone) {
                self.changed_uses.insert(gone);
                if let Some(heir) = heir {
                    self.use_of(heir, used);
                }
            }
            let Some(before) = self.known.remove(&gone) else { continue };
            commit.entries.push(Entry { table: KNOWN, key: device.0.clone().into_bytes(), body: None });
            if let (Some(into), Some(heir)) = (into, heir) {
                // What it was known by does not make its successor new.
                let heir = &mut self.known.entry(heir).or_insert_with(|| before.clone()).pulse;
                heir.first_seen = heir.first_seen.min(before.pulse.first_seen);
                if before.pulse.is_heard() {
                    heir.hear();
                }
                commit.events.push(news::merged(&self.name, into, &before.open().profile.name, now));
            }
            commit.gone.push(Gone { device: device.clone(), into: into.clone(), at: now });
        }
    }

    /// Devices that were heard for the first time: they sent something to one other.
    pub(super) fn heard(&mut self, round: &Round) -> BTreeSet<ShortId> {
        let groups = round.devices.iter().filter(|device| device.scope == Scope::Multicast);
        self.groups.extend(groups.filter_map(|device| ShortId::of(&device.id)));
        let ends = round
            .exchanges
            .iter()
            .filter(|one| !self.groups.contains(&one.responder))
            .flat_map(|one| [(one.originator, one.packets[0]), (one.responder, one.packets[1])]);
        ends.filter(|(id, sent)| *sent > 0 && self.known.get(id).is_none_or(|kept| !kept.pulse.is_heard()))
            .map(|(id, _)| id)
            .collect()
    }

    /// What was only spoken of speaks. Answers who was known before.
    pub(super) fn hear(&mut self, heard: BTreeSet<ShortId>, now: Timestamp) -> BTreeSet<ShortId> {
        let mut changed = heard;
        changed.retain(|id| match self.known.get_mut(id) {
            Some(kept) if !kept.pulse.is_heard() => {
                kept.pulse.hear();
                kept.pulse.seen(now);
                true
            }
            _ => false,
        });
        changed
    }

    /// Each device is sighted once in a commit.
    pub(super) fn tell_heard(&mut self, heard: BTreeSet<ShortId>, commit: &mut Commit) {
        let mut left = heard;
        for sighting in &commit.sightings {
            if let Some(id) = ShortId::of(&sighting.device) {
                left.remove(&id);
            }
        }
        for id in left {
            self.sight(id, commit);
            self.changed.insert(id);
        }
    }

    /// Tells what was seen again since it was last told.
    pub(super) fn tell_later(&mut self, commit: &mut Commit) {
        let told: BTreeSet<ShortId> =
            commit.sightings.iter().filter_map(|s| ShortId::of(&s.device)).collect();
        for id in self.later.clone() {
            let untold = self.known.get(&id).is_some_and(|kept| kept.pulse.told < kept.pulse.last_seen);
            if untold && !told.contains(&id) {
                self.sight(id, commit);
            }
        }
    }

    /// Tells that a device was seen, and how it stands.
    pub(super) fn sight(&mut self, id: ShortId, commit: &mut Commit) {
        if let Some(kept) = self.known.get_mut(&id) {
            let pulse = &mut kept.pulse;
            pulse.told = pulse.last_seen;
            let (status, last_seen) = (pulse.status, pulse.last_seen);
            commit.sightings.push(Sighting { device: id.id(), last_seen, status });
        }
    }

    /// Devices that are new or other than they were.
    pub(super) fn build(
        &mut self,
        devices: &[Device],
        heard: &BTreeSet<ShortId>,
        catalog: &Catalog,
        commit: &mut Commit,
        now: Timestamp,
    ) {
        for device in devices {
            let last = device.last_seen.unwrap_or(now);
            let first = device.first_seen.unwrap_or(last);
            let group = device
                .value(medward_model::Attribute::Category)
                .and_then(|category| catalog.category(category))
                .map(|category| category.group.clone());
            let medical = group.as_deref().is_some_and(|group| GROUPS_OF_CARE.contains(&group));
            let Some(id) = ShortId::of(&device.id) else { continue };
            let fresh = !self.known.contains_key(&id);
            let kept = self.known.entry(id).or_insert_with(|| Kept::new(first, last));
            let mut known = kept.open();
            // Of what is elsewhere or behind a gateway nothing but its talks can be known.
            let told = device.scope != Scope::Internal || device.parent.is_some();
            if told || !device.services.is_empty() || heard.contains(&id) {
                known.pulse.hear();
            }
            let pulse = &mut known.pulse;
            let (back, before) = (pulse.status == Status::Missing, pulse.last_seen);
            pulse.regularity.note(first, last);
            (pulse.first_seen, pulse.last_seen) = (pulse.first_seen.min(first), pulse.last_seen.max(last));
            pulse.told = pulse.last_seen;
            if device.scope != Scope::Multicast {
                news::of(&self.name, device, &known, fresh, now, commit);
            }
            known.pulse.medical = medical;
            known.learn(device);
            let told: Vec<Position> =
                device.macs.iter().filter_map(|mac| self.positions.get(mac)).flatten().cloned().collect();
            let whereabouts = match device.scope {
                Scope::Internal => locate(device, &told, &self.places, known.whereabouts.as_ref(), now),
                _ => None,
            };
            news::moved(&self.name, &device.id, &known, whereabouts.as_ref(), now, commit);
            if let Some(stay) = whereabouts.clone().filter(|w| known.is_elsewhere(w)) {
                commit.stays.push(Stay { device: device.id.clone(), whereabouts: stay });
            }
            known.whereabouts.clone_from(&whereabouts);
            self.changed.insert(id);
            let status = known.pulse.seen(now);
            if back && status != Status::Missing {
                commit.events.push(news::reappeared(&self.name, &device.id, &known, before, now));
            }
            commit.devices.push(DeviceRow {
                name: known.name.clone(),
                whereabouts,
                status,
                group,
                medical,
                device: device.clone(),
            });
            if let Some(kept) = self.known.get_mut(&id) {
                kept.close(known);
            }
        }
    }

    /// Devices that are as they were, and were seen again.
    pub(super) fn see(&mut self, round: &Round, commit: &mut Commit, now: Timestamp) {
        for (id, first, last) in &round.unchanged {
            let Some(kept) = self.known.get_mut(id) else { continue };
            let pulse = &mut kept.pulse;
            if *last <= pulse.last_seen {
                continue;
            }
            let (standing, before) = (pulse.status, pulse.last_seen);
            pulse.regularity.note((*first).max(before), *last);
            pulse.last_seen = *last;
            let status = pulse.seen(now);
            let due = status != standing || last.seconds_since(pulse.told) >= SIGHT_EVERY;
            if standing == Status::Missing && status != Status::Missing {
                commit.events.push(news::reappeared(&self.name, &id.id(), &kept.open(), before, now));
            }
            if due {
                self.sight(*id, commit);
            }
            if status != standing {
                self.changed.insert(*id);
            } else {
                self.later.insert(*id);
            }
        }
    }
}
