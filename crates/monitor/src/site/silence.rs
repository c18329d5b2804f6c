//! What fell silent: sensors, and devices whose silence is not usual for them.

use std::collections::BTreeMap;

use medward_model::{Severity, ShortId, Timestamp};

use super::{CHECK_EVERY, LiveSite, SENSOR_SILENT, news};
use crate::commit::Sighting;
use crate::{Commit, Position, Status};

impl LiveSite {
    /// Looks for what fell silent.
    pub(super) fn check(&mut self, commit: &mut Commit, now: Timestamp) {
        for sensor in self.sensors.values_mut() {
            let silence = now.seconds_since(sensor.last_report);
            if silence > SENSOR_SILENT && silence <= SENSOR_SILENT + 2 * CHECK_EVERY {
                let title = format!("Sensor {} stopped reporting", sensor.name);
                commit.events.push(news::sensor(&self.name, &sensor.name, Severity::High, title, now));
            }
        }
        // While the wire itself is silent, nothing is known of anybody.
        let heard = self.sensors.values().map(|s| s.last_packet).max().unwrap_or(Timestamp::MIN);
        if now.seconds_since(heard) > SENSOR_SILENT {
            return;
        }
        let lately = heard.plus_seconds(-3600);
        let mut here: BTreeMap<u16, (u32, u32)> = BTreeMap::new();
        for pulse in
            self.known.values().map(|kept| &kept.pulse).filter(|pulse| pulse.internal && pulse.is_heard())
        {
            let (all, active) = here.entry(pulse.vlan).or_default();
            *all += 1;
            *active += u32::from(pulse.last_seen >= lately);
        }
        let mut others = Vec::new();
        for (id, kept) in &mut self.known {
            let pulse = &mut kept.pulse;
            let before = pulse.status;
            let said = if self.said.is_empty() { None } else { self.said.get(&id.id()) };
            let mut status = pulse.status(now, said.map_or(Timestamp::MIN, |said| said.counted_from(now)));
            let planned = said.is_some_and(|said| said.planned(now).is_some());
            // Half of its network must be there: else the network is silent, not the device.
            let alive = here.get(&pulse.vlan).is_some_and(|(all, active)| *all < 4 || active * 2 >= *all);
            let expected = planned || !pulse.internal || self.excused.contains(id);
            if status == Status::Missing && (expected || !alive && before != Status::Missing) {
                status = Status::Silent;
            }
            if status == before {
                continue;
            }
            pulse.status = status;
            others.push(*id);
            if status == Status::Missing {
                let known = kept.open();
                let told = known.macs.iter().filter_map(|mac| self.positions.get(mac)).flatten();
                let here = known.whereabouts.as_ref().map(|whereabouts| &whereabouts.position);
                let (at_it, elsewhere): (Vec<&Position>, Vec<&Position>) =
                    told.partition(|told| Some(&told.position) == here);
                let stake = news::Stake {
                    said,
                    place_at: at_it.into_iter().map(|told| told.at).max(),
                    elsewhere: elsewhere.into_iter().max_by_key(|told| told.at),
                    used: self.used.get(id).copied(),
                };
                commit.events.push(news::missing(&self.name, &id.id(), &known, &stake, now));
            }
        }
        // Each device is sighted once in a commit.
        if !others.is_empty() {
            let told = |sighting: &Sighting| ShortId::of(&sighting.device);
            commit.sightings.retain(|s| told(s).is_none_or(|id| others.binary_search(&id).is_err()));
        }
        for id in others {
            self.sight(id, commit);
            self.changed.insert(id);
        }
    }
}
